#include "base/base.h"

#include "base/time.h"

#include "base/rng.h"

#include "../../lib/expect.h"

/* 400 years are one whole cycle of the calendar; the C library's gmtime_r is the other opinion. */
static void each_day_of_400_years_comes_back(void **state)
{
	(void)state;
	int64_t first = civil_to_days((CivilDate){ 1601, 1, 1 });
	int64_t last = civil_to_days((CivilDate){ 2001, 1, 1 });
	assert_int_equal(last - first, 146097);
	for (int64_t days = first; days <= last; days++) {
		CivilDate date = civil_from_days(days);
		time_t seconds = days * 86400;
		struct tm tm;
		assert_non_null(gmtime_r(&seconds, &tm));
		if (civil_to_days(date) != days || date.year != tm.tm_year + 1900
			|| date.month != tm.tm_mon + 1 || date.day != tm.tm_mday)
			fail_msg("day %lld is %d-%d-%d", (long long)days, date.year, date.month,
				date.day);
	}
}

static void known_days_have_their_numbers(void **state)
{
	(void)state;
	assert_int_equal(civil_to_days((CivilDate){ 1970, 1, 1 }), 0);
	assert_int_equal(civil_to_days((CivilDate){ 1969, 12, 31 }), -1);
	assert_int_equal(civil_to_days((CivilDate){ 2000, 2, 29 }), 11016);
	assert_int_equal(civil_to_days((CivilDate){ 9999, 12, 31 }), 2932896);
	assert_int_equal(civil_from_days(2932896).year, 9999);
	assert_true(civil_date_cmp((CivilDate){ 2026, 1, 31 }, (CivilDate){ 2026, 2, 1 }) < 0);
	assert_true(civil_date_cmp((CivilDate){ 2026, 2, 1 }, (CivilDate){ 2025, 12, 31 }) > 0);
	assert_int_equal(civil_date_cmp((CivilDate){ 2026, 2, 1 }, (CivilDate){ 2026, 2, 1 }), 0);
}

static void instants_before_1970_are_split_downwards(void **state)
{
	(void)state;
	CivilTime t = civil_from_ms(-1);
	assert_int_equal(t.date.year, 1969);
	assert_int_equal(t.hour, 23);
	assert_int_equal(t.minute, 59);
	assert_int_equal(t.second, 59);
	assert_int_equal(t.millisecond, 999);
}

static void each_form_is_printed_as_its_reader_expects(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf out = BUF_MAX(200);
	time_put_rfc3339(&out, INT64_C(1767323045678));
	assert_buf(out, "2026-01-02T03:04:05.678Z");
	buf_reset(&out);
	time_put_salesforce(&out, INT64_C(1767323045000));
	assert_buf(out, "2026-01-02T03:04:05.000+0000");
	buf_reset(&out);
	time_put_http(&out, 0);
	assert_buf(out, "Thu, 01 Jan 1970 00:00:00 GMT");
	buf_reset(&out);
	time_put_http(&out, INT64_C(784111777000)); /* RFC 9110 5.6.7's own example */
	assert_buf(out, "Sun, 06 Nov 1994 08:49:37 GMT");
	buf_reset(&out);
	time_put_http(&out, -1);
	assert_buf(out, "Wed, 31 Dec 1969 23:59:59 GMT");
	buf_reset(&out);
	date_put(&out, (CivilDate){ 1700, 3, 9 });
	assert_buf(out, "1700-03-09");
}

static void all_accepted_forms_mean_the_same_instant(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t at_ms;
	} cases[] = {
		{ "2026-01-02T03:04:05Z", INT64_C(1767323045000) },
		{ "2026-01-02T03:04:05.678Z", INT64_C(1767323045678) },
		{ "2026-01-02t03:04:05.678z", INT64_C(1767323045678) },
		{ "2026-01-02T03:04:05.000+0000", INT64_C(1767323045000) },
		{ "2026-01-02T03:04:05.000+00:00", INT64_C(1767323045000) },
		{ "2026-01-02T03:04:05-00:00", INT64_C(1767323045000) },
		{ "2026-01-01T19:04:05.000-0800", INT64_C(1767323045000) },
		{ "2026-01-02T08:34:05+05:30", INT64_C(1767323045000) },
		{ "2026-01-02T03:04:05.6Z", INT64_C(1767323045600) },
		{ "2026-01-02T03:04:05.678999999Z", INT64_C(1767323045678) },
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1969-12-31T23:59:59.999Z", -1 },
		{ "2016-12-31T23:59:60Z", INT64_C(1483228800000) },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t at_ms = 0;
		Err err = { 0 };
		if (!time_parse(str_from(cases[i].text), &at_ms, &err) || at_ms != cases[i].at_ms)
			fail_msg("%s gives %lld (%s)", cases[i].text, (long long)at_ms, err.text);
	}
}

static void other_texts_are_no_times(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "2026-01-02", "2026-01-02T03:04:05",
		"2026-01-02T03:04Z", "2026-01-02 03:04:05Z", "2026-1-02T03:04:05Z",
		"2026-01-02T3:04:05Z", "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
		"2026-01-32T00:00:00Z", "2026-01-02T24:00:00Z", "2026-01-02T03:60:00Z",
		"2026-01-02T03:04:61Z", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05,5Z",
		"2026-01-02T03:04:05.1234567890Z", "2026-01-02T03:04:05Z ", " 2026-01-02T03:04:05Z",
		"2026-01-02T03:04:05+00", "2026-01-02T03:04:05+0", "2026-01-02T03:04:05+00:0",
		"2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05+00:60", "2026-01-02T03:04:05ZZ",
		"1600-12-31T00:00:00Z", "+026-01-02T03:04:05Z", "-026-01-02T03:04:05Z",
		"2026-01-02T-3:04:05Z", "10000-01-01T00:00:00Z",
		/* The zone, or a 60th second, leads out of the years that can be written. */
		"9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z", "1601-01-01T00:00:00+00:01" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t at_ms = 4711;
		Err err = { 0 };
		if (time_parse(str_from(bad[i]), &at_ms, &err))
			fail_msg("took \"%s\"", bad[i]);
		assert_int_equal(at_ms, 4711);
		assert_int_equal(err.kind, ERR_INPUT);
	}
}

static void dates_are_parsed_strictly(void **state)
{
	(void)state;
	CivilDate date = { 0 };
	assert_true(date_parse(STR("2024-02-29"), &date));
	assert_int_equal(date.year * 10000 + date.month * 100 + date.day, 20240229);
	assert_false(date_parse(STR("2023-02-29"), &date));
	assert_false(date_parse(STR("1900-02-29"), &date));
	assert_true(date_parse(STR("2000-02-29"), &date));
	assert_false(date_parse(STR("2024-02-29 "), &date));
	assert_false(date_parse(STR("2024-2-9"), &date));
	assert_false(date_parse(STR("20240229"), &date));
	assert_false(date_parse(STR_NONE, &date));
	assert_int_equal(date.year, 2000);
}

static void printed_instants_are_read_back(void **state)
{
	(void)state;
	SeededRng rng;
	rng_seed(&rng, 3);
	int64_t first_ms = civil_to_days((CivilDate){ 1601, 1, 1 }) * MS_PER_DAY;
	int64_t end_ms = civil_to_days((CivilDate){ 9999, 12, 31 }) * MS_PER_DAY;
	for (int i = 0; i < 5000; i++) {
		int64_t at_ms = first_ms
			+ (int64_t)rng_below(&rng.base, (uint64_t)(end_ms - first_ms));
		CLEANUP(buf_fini) Buf text = BUF_MAX(64);
		if (i % 2)
			time_put_rfc3339(&text, at_ms);
		else
			time_put_salesforce(&text, at_ms);
		int64_t again_ms = 0;
		Err err = { 0 };
		assert_true(time_parse(buf_str(&text), &again_ms, &err));
		assert_int_equal(again_ms, at_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_day_of_400_years_comes_back),
		cmocka_unit_test(known_days_have_their_numbers),
		cmocka_unit_test(instants_before_1970_are_split_downwards),
		cmocka_unit_test(each_form_is_printed_as_its_reader_expects),
		cmocka_unit_test(all_accepted_forms_mean_the_same_instant),
		cmocka_unit_test(other_texts_are_no_times),
		cmocka_unit_test(dates_are_parsed_strictly),
		cmocka_unit_test(printed_instants_are_read_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
