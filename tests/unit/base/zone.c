#include "base/base.h"

#include "base/time.h"

#include "../../lib/expect.h"

static Zone *open_zone(const char *name)
{
	Zone *zone = NULL;
	Err err = { 0 };
	if (!zone_open(str_from(name), &zone, &err))
		fail_msg("%s: %s", name, err.text);
	return zone;
}

static void expect_instant(const char *name, CivilDate date, int hour, int minute, const char *want)
{
	CLEANUP(zone_close) Zone *zone = open_zone(name);
	CLEANUP(buf_fini) Buf got = BUF_MAX(64);
	time_put_rfc3339(&got, zone_instant(zone, date, hour, minute));
	assert_buf(got, want);
}

static void wall_clock_times_follow_summer_and_winter(void **state)
{
	(void)state;
	expect_instant("America/Los_Angeles", (CivilDate){ 2026, 1, 15 }, 20, 0,
		"2026-01-16T04:00:00.000Z");
	expect_instant("America/Los_Angeles", (CivilDate){ 2026, 7, 15 }, 20, 0,
		"2026-07-16T03:00:00.000Z");
	expect_instant(
		"Asia/Kolkata", (CivilDate){ 2026, 7, 15 }, 20, 0, "2026-07-15T14:30:00.000Z");
	expect_instant(
		"Pacific/Kiritimati", (CivilDate){ 2026, 7, 15 }, 0, 0, "2026-07-14T10:00:00.000Z");
	expect_instant("UTC", (CivilDate){ 2026, 7, 15 }, 20, 0, "2026-07-15T20:00:00.000Z");
}

static void missing_hour_gives_the_first_instant_after_the_gap(void **state)
{
	(void)state;
	CivilDate spring = { 2026, 3, 8 };
	expect_instant("America/Los_Angeles", spring, 1, 59, "2026-03-08T09:59:00.000Z");
	expect_instant("America/Los_Angeles", spring, 2, 0, "2026-03-08T10:00:00.000Z");
	expect_instant("America/Los_Angeles", spring, 2, 1, "2026-03-08T10:00:00.000Z");
	expect_instant("America/Los_Angeles", spring, 2, 30, "2026-03-08T10:00:00.000Z");
	expect_instant("America/Los_Angeles", spring, 2, 59, "2026-03-08T10:00:00.000Z");
	expect_instant("America/Los_Angeles", spring, 3, 0, "2026-03-08T10:00:00.000Z");
	expect_instant("America/Los_Angeles", spring, 3, 1, "2026-03-08T10:01:00.000Z");
	expect_instant("America/Los_Angeles", spring, 20, 0, "2026-03-09T03:00:00.000Z");
}

static void double_hour_gives_the_first_of_the_two(void **state)
{
	(void)state;
	CivilDate fall = { 2026, 11, 1 };
	expect_instant("America/Los_Angeles", fall, 0, 59, "2026-11-01T07:59:00.000Z");
	expect_instant("America/Los_Angeles", fall, 1, 0, "2026-11-01T08:00:00.000Z");
	expect_instant("America/Los_Angeles", fall, 1, 30, "2026-11-01T08:30:00.000Z");
	expect_instant("America/Los_Angeles", fall, 1, 59, "2026-11-01T08:59:00.000Z");
	expect_instant("America/Los_Angeles", fall, 2, 0, "2026-11-01T10:00:00.000Z");
	expect_instant("America/Los_Angeles", fall, 20, 0, "2026-11-02T04:00:00.000Z");
}

static void odd_zones_hold_too(void **state)
{
	(void)state;
	/* Half an hour of summer time. */
	expect_instant("Australia/Lord_Howe", (CivilDate){ 2026, 10, 4 }, 2, 15,
		"2026-10-03T15:30:00.000Z");
	/* Samoa had no 30 December 2011. */
	expect_instant(
		"Pacific/Apia", (CivilDate){ 2011, 12, 30 }, 12, 0, "2011-12-30T10:00:00.000Z");
	/* A gap at midnight: the day begins at one. */
	expect_instant(
		"Africa/Cairo", (CivilDate){ 2026, 4, 24 }, 0, 0, "2026-04-23T22:00:00.000Z");
}

static bool same_clock(CivilTime a, CivilTime b)
{
	return civil_date_cmp(a.date, b.date) == 0 && a.hour == b.hour && a.minute == b.minute;
}

/* Each quarter of an hour in 2026: its local time leads back to it, or to an earlier one with the
 * same local time. */
static void local_time_leads_back_to_its_first_instant(void **state)
{
	(void)state;
	static const char *const names[] = { "America/Los_Angeles", "Europe/Berlin",
		"Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CLEANUP(zone_close) Zone *zone = open_zone(names[i]);
		int64_t from_ms = civil_to_days((CivilDate){ 2026, 1, 1 }) * MS_PER_DAY;
		int64_t repeated = 0;
		for (int64_t at_ms = from_ms; at_ms < from_ms + INT64_C(365) * MS_PER_DAY;
			at_ms += 15 * MS_PER_MINUTE) {
			CivilTime local = zone_local(zone, at_ms);
			int64_t back_ms = zone_instant(zone, local.date, local.hour, local.minute);
			assert_true(back_ms <= at_ms);
			assert_true(same_clock(zone_local(zone, back_ms), local));
			repeated += back_ms != at_ms;
		}
		bool is_fixed = strcmp(names[i], "Asia/Kathmandu") == 0;
		bool is_half = strcmp(names[i], "Australia/Lord_Howe") == 0;
		assert_int_equal(repeated, is_fixed ? 0 : is_half ? 2 : 4);
	}
}

static void names_outside_tzdata_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "Mars/Olympus", "America/Los_Angele", "+05:00", "Z",
		"EST5EDT4,M3.2.0,M11.1.0", "/usr/share/zoneinfo/UTC", "../zoneinfo/UTC",
		"America/../UTC", "America", "America/", "america/los_angeles\n", "J5",
		"PST8PDT7/3" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		Zone *zone = NULL;
		Err err = { 0 };
		if (zone_open(str_from(bad[i]), &zone, &err))
			fail_msg("took \"%s\"", bad[i]);
		assert_int_equal(err.kind, ERR_INPUT);
		assert_null(zone);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wall_clock_times_follow_summer_and_winter),
		cmocka_unit_test(missing_hour_gives_the_first_instant_after_the_gap),
		cmocka_unit_test(double_hour_gives_the_first_of_the_two),
		cmocka_unit_test(odd_zones_hold_too),
		cmocka_unit_test(local_time_leads_back_to_its_first_instant),
		cmocka_unit_test(names_outside_tzdata_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
