#include "base/base.h"

#include "model/stop.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void every_source_goes_to_its_name_and_back(void **state)
{
	(void)state;
	for (int i = SOURCE_NONE + 1; i < SOURCE_COUNT; i++) {
		const char *name = source_name((Source)i);
		assert_non_null(name);
		Source back = SOURCE_NONE;
		assert_true(source_parse(str_from(name), &back));
		assert_int_equal(back, i);
	}
}

static void webhooks_are_named(void **state)
{
	(void)state;
	Source source = SOURCE_NONE;
	assert_true(source_parse(STR("webhook:sendgrid"), &source));
	assert_int_equal(source, SOURCE_WEBHOOK);
	assert_false(source_parse(STR("webhook:"), &source));
	assert_false(source_parse(STR("webhooks"), &source));
}

static void nothing_is_no_source_and_no_event(void **state)
{
	(void)state;
	Source source = SOURCE_API;
	assert_false(source_parse(STR("none"), &source));
	assert_false(source_parse(STR(""), &source));
	assert_false(source_parse(STR("Link"), &source));
	assert_int_equal(source, SOURCE_API);
	assert_string_equal(source_name(SOURCE_NONE), "none");
	EventKind kind = EVENT_TICKED;
	assert_false(event_kind_parse(STR("none"), &kind));
	assert_false(event_kind_parse(STR("gone"), &kind));
	assert_int_equal(kind, EVENT_TICKED);
	assert_string_equal(event_kind_name(EVENT_NONE), "none");
}

static void every_event_goes_to_its_name_and_back(void **state)
{
	(void)state;
	for (int i = EVENT_NONE + 1; i < EVENT_COUNT; i++) {
		const char *name = event_kind_name((EventKind)i);
		assert_non_null(name);
		EventKind back = EVENT_NONE;
		assert_true(event_kind_parse(str_from(name), &back));
		assert_int_equal(back, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_source_goes_to_its_name_and_back),
		cmocka_unit_test(webhooks_are_named),
		cmocka_unit_test(nothing_is_no_source_and_no_event),
		cmocka_unit_test(every_event_goes_to_its_name_and_back),
	};
	return cmocka_run_group_tests_name("stop", tests, NULL, NULL);
}
