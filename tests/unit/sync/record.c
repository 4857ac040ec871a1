#include "base/base.h"

#include "sync/fields.h"
#include "sync/record.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void id_comes_back_with_its_end(void **state)
{
	(void)state;
	RunRecord record = { .object = SF_LEAD };
	memcpy(record.sfid, "00Q5g00000AbCdEEAV", SFID_LEN);
	SfId id = record_sfid(&record);
	assert_string_equal(id.text, "00Q5g00000AbCdEEAV");
}

static void records_are_ordered_by_id_in_exact_case(void **state)
{
	(void)state;
	RunRecord a = { 0 }, b = { .flags = RECORD_DELETED };
	memcpy(a.sfid, "00Q5g00000AbCdEEAV", SFID_LEN);
	memcpy(b.sfid, "00Q5g00000AbCdEEAV", SFID_LEN);
	assert_int_equal(record_cmp_id(&a, &b), 0);
	memcpy(b.sfid, "00Q5g00000AbCdeEAF", SFID_LEN);
	assert_true(record_cmp_id(&a, &b) < 0 && record_cmp_id(&b, &a) > 0);
}

static void unknown_field_is_neither_ticked_nor_unticked(void **state)
{
	(void)state;
	static const struct {
		unsigned flags, ticked, unticked;
	} cases[] = {
		{ 0, 0, 0 },
		{ RECORD_STANDARD_YES, FIELD_STANDARD, 0 },
		{ RECORD_STANDARD_NO, 0, FIELD_STANDARD },
		{ RECORD_SALES_YES | RECORD_STANDARD_NO, FIELD_SALES, FIELD_STANDARD },
		{ RECORD_SALES_YES | RECORD_STANDARD_YES, FIELD_ALL, 0 },
		{ RECORD_SALES_NO | RECORD_STANDARD_NO, 0, FIELD_ALL },
		{ RECORD_CONVERTED | RECORD_DELETED | RECORD_HAS_ADDRESS, 0, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		RunRecord record = { .flags = (uint8_t)cases[i].flags };
		assert_int_equal(record_ticked(&record), cases[i].ticked);
		assert_int_equal(record_unticked(&record), cases[i].unticked);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(id_comes_back_with_its_end),
		cmocka_unit_test(records_are_ordered_by_id_in_exact_case),
		cmocka_unit_test(unknown_field_is_neither_ticked_nor_unticked),
	};
	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
