#include "base/base.h"

#include "store/details.h"

#include "../../lib/world.h"

static void every_source_has_words(void **state)
{
	(void)state;
	Details details;
	for (Source source = SOURCE_NONE + 1; source < SOURCE_COUNT; source++) {
		const StopWish wish = { .source = source };
		details_stop(&details, &wish);
		assert_true(details.len > 10);
	}
}

static void callers_words_come_first(void **state)
{
	(void)state;
	Details details;
	const StopWish wish = { .source = SOURCE_MANUAL, .details = STR("on the phone") };
	details_stop(&details, &wish);
	assert_str_equal(details_str(&details), STR("on the phone"));
}

static void long_words_are_cut_between_characters(void **state)
{
	(void)state;
	Details details;
	char text[LEDGER_DETAILS_BYTES_MAX];
	for (size_t i = 0; i + 1 < sizeof text; i += 2)
		memcpy(&text[i], "\xc3\xa4", 2);
	const SfId id = a_sfid("c1");
	for (size_t shift = 0; shift < 2; shift++) {
		details_refused(
			&details, &id, shift ? STR("X") : STR("XY"), (Str){ text, sizeof text });
		assert_true(details.len > LEDGER_DETAILS_BYTES_MAX - 2);
		assert_true(str_is_utf8(details_str(&details)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_source_has_words),
		cmocka_unit_test(callers_words_come_first),
		cmocka_unit_test(long_words_are_cut_between_characters),
	};
	return cmocka_run_group_tests_name("details", tests, NULL, NULL);
}
