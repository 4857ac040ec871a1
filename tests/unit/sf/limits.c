#include "base/base.h"

#include "sf/limits.h"

#include "expect.h"

static void usage_is_read_wherever_it_stands(void **state)
{
	(void)state;
	static const char *const headers[] = { "api-usage=18/5000", "API-Usage=18/5000",
		"api-usage=18/5000; per-app-api-usage=17/250(appName=sample-connected-app)",
		"per-app-api-usage=17/250(appName=sample); api-usage=18/5000",
		"x=1, api-usage=18/5000,y" };
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		SfUsage usage;
		assert_true(sf_limit_info_parse(str_from(headers[i]), &usage));
		assert_int_equal(usage.used, 18);
		assert_int_equal(usage.max, 5000);
	}
}

static void app_allowance_is_kept_apart(void **state)
{
	(void)state;
	SfUsage usage;
	assert_true(sf_limit_info_parse(
		STR("per-app-api-usage=17/250(appName=sample); api-usage=25/5000"), &usage));
	assert_true(usage.has_app);
	assert_int_equal(usage.app_used, 17);
	assert_int_equal(usage.app_max, 250);
	assert_true(sf_limit_info_parse(STR("api-usage=25/5000"), &usage));
	assert_false(usage.has_app);
}

static void a_header_without_usage_changes_nothing(void **state)
{
	(void)state;
	static const char *const headers[] = { NULL, "", "api-usage", "api-usage=", "api-usage=5",
		"api-usage=/5", "api-usage=x/y", "api-usage=5/", "per-app-api-usage=17/250",
		"api-usage=99999999999999999999/1" };
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		SfUsage usage = { .used = 7 };
		assert_false(sf_limit_info_parse(str_from(headers[i]), &usage));
		assert_int_equal(usage.used, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usage_is_read_wherever_it_stands),
		cmocka_unit_test(app_allowance_is_kept_apart),
		cmocka_unit_test(a_header_without_usage_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
