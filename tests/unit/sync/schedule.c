#include "base/base.h"

#include "base/rng.h"
#include "sync/schedule.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int64_t at(const char *text)
{
	int64_t ms = 0;
	Err err = { 0 };
	if (!time_parse(str_from(text), &ms, &err))
		fail_msg("%s", err.text);
	return ms;
}

static Zone *open_zone(const char *name)
{
	Zone *zone = NULL;
	Err err = { 0 };
	if (!zone_open(str_from(name), &zone, &err))
		fail_msg("%s", err.text);
	return zone;
}

static void expect(
	const Schedule *s, const char *now, const char *start, int32_t date, bool is_catch_up)
{
	ScheduleDue due;
	assert_true(schedule_next(s, at(now), &due));
	if (due.start_at_ms != at(start) || due.local_date != date
		|| due.is_catch_up != is_catch_up)
		fail_msg("at %s: run of %d at %ld (catch-up %d), not %d at %ld", now,
			due.local_date, (long)due.start_at_ms, due.is_catch_up, date,
			(long)at(start));
}

/* 20:00 in California, switched on at noon of 1 June 2026 (UTC-7). */
static Schedule evening(const Zone *zone)
{
	return (Schedule){ .zone = zone,
		.hour = 20,
		.minute = 0,
		.enabled_at_ms = at("2026-06-01T12:00:00-07:00") };
}

static void first_run_is_the_next_due_time_and_never_a_catch_up(void **state)
{
	(void)state;
	CLEANUP(zone_close) Zone *zone = open_zone("America/Los_Angeles");
	Schedule s = evening(zone);
	expect(&s, "2026-06-01T12:00:00-07:00", "2026-06-01T20:00:00-07:00", 20260601, false);
	s.enabled_at_ms = at("2026-06-01T20:00:01-07:00");
	expect(&s, "2026-06-01T20:00:01-07:00", "2026-06-02T20:00:00-07:00", 20260602, false);
}

static void run_starts_at_its_time_and_only_once(void **state)
{
	(void)state;
	CLEANUP(zone_close) Zone *zone = open_zone("America/Los_Angeles");
	Schedule s = evening(zone);
	expect(&s, "2026-06-01T19:59:59-07:00", "2026-06-01T20:00:00-07:00", 20260601, false);
	expect(&s, "2026-06-01T20:00:00-07:00", "2026-06-01T20:00:00-07:00", 20260601, false);
	expect(&s, "2026-06-01T20:10:00-07:00", "2026-06-01T20:10:00-07:00", 20260601, false);
	s.last_date = 20260601;
	expect(&s, "2026-06-01T20:00:05-07:00", "2026-06-02T20:00:00-07:00", 20260602, false);
	expect(&s, "2026-06-02T19:00:00-07:00", "2026-06-02T20:00:00-07:00", 20260602, false);
}

static void missed_run_is_caught_up_once_under_its_own_date(void **state)
{
	(void)state;
	CLEANUP(zone_close) Zone *zone = open_zone("America/Los_Angeles");
	Schedule s = evening(zone);
	s.last_date = 20260602;
	/* Down from 19:00 to 23:00 of 3 June. */
	expect(&s, "2026-06-03T23:00:00-07:00", "2026-06-03T23:00:00-07:00", 20260603, true);
	/* Down past midnight: still the run of the 3rd. */
	expect(&s, "2026-06-04T09:00:00-07:00", "2026-06-04T09:00:00-07:00", 20260603, true);
	s.last_date = 20260603;
	expect(&s, "2026-06-04T09:00:01-07:00", "2026-06-04T20:00:00-07:00", 20260604, false);
	/* Down for a week: one run, of the newest missed date. */
	expect(&s, "2026-06-11T05:00:00-07:00", "2026-06-11T05:00:00-07:00", 20260610, true);
}

static void catch_up_close_to_the_next_run_is_dropped(void **state)
{
	(void)state;
	CLEANUP(zone_close) Zone *zone = open_zone("America/Los_Angeles");
	Schedule s = evening(zone);
	s.last_date = 20260602;
	expect(&s, "2026-06-04T18:00:00-07:00", "2026-06-04T18:00:00-07:00", 20260603, true);
	expect(&s, "2026-06-04T18:00:01-07:00", "2026-06-04T20:00:00-07:00", 20260604, false);
}

static void nothing_starts_while_a_run_is_under_way(void **state)
{
	(void)state;
	CLEANUP(zone_close) Zone *zone = open_zone("America/Los_Angeles");
	Schedule s = evening(zone);
	s.is_running = true;
	ScheduleDue due;
	assert_false(schedule_next(&s, at("2026-06-01T20:00:00-07:00"), &due));
	/* "Sync now" ran over the due time: the night follows when it has ended. */
	s.is_running = false;
	expect(&s, "2026-06-01T20:40:00-07:00", "2026-06-01T20:40:00-07:00", 20260601, true);
}

static void both_days_of_daylight_saving_have_their_run(void **state)
{
	(void)state;
	CLEANUP(zone_close) Zone *zone = open_zone("America/Los_Angeles");
	Schedule s = evening(zone);
	s.enabled_at_ms = at("2026-01-01T00:00:00Z");
	s.last_date = 20260307;
	expect(&s, "2026-03-08T12:00:00Z", "2026-03-08T20:00:00-07:00", 20260308, false);
	s.last_date = 20261031;
	expect(&s, "2026-11-01T12:00:00Z", "2026-11-01T20:00:00-08:00", 20261101, false);
	/* 02:30 is missing on 8 March: the first instant after the gap. */
	s.hour = 2;
	s.minute = 30;
	s.last_date = 20260307;
	expect(&s, "2026-03-08T08:00:00Z", "2026-03-08T03:00:00-07:00", 20260308, false);
	/* 01:30 comes twice on 1 November: the first. */
	s.hour = 1;
	s.last_date = 20261031;
	expect(&s, "2026-11-01T08:00:00Z", "2026-11-01T01:30:00-07:00", 20261101, false);
	s.last_date = 20261101;
	expect(&s, "2026-11-01T09:30:00Z", "2026-11-02T01:30:00-08:00", 20261102, false);
}

static void change_of_zone_makes_no_second_run_of_a_date(void **state)
{
	(void)state;
	CLEANUP(zone_close) Zone *west = open_zone("America/Los_Angeles");
	CLEANUP(zone_close) Zone *east = open_zone("Asia/Tokyo");
	Schedule s = evening(east);
	s.enabled_at_ms = 0;
	s.last_date = 20260603; /* ran in Tokyo; now California, where it is still 3 June, 04:00 */
	s.zone = west;
	expect(&s, "2026-06-03T20:05:00+09:00", "2026-06-04T20:00:00-07:00", 20260604, false);
}

static void run_dated_by_a_wrong_clock_does_not_silence_the_nights(void **state)
{
	(void)state;
	CLEANUP(zone_close) Zone *zone = open_zone("America/Los_Angeles");
	Schedule s = evening(zone);
	s.last_date = 20991231;
	expect(&s, "2026-06-03T12:00:00-07:00", "2026-06-03T12:00:00-07:00", 20260602, true);
	s.last_date = 20260605; /* two days ahead may be a zone */
	expect(&s, "2026-06-03T12:00:00-07:00", "2026-06-06T20:00:00-07:00", 20260606, false);
}

static void date_numbers_go_both_ways(void **state)
{
	(void)state;
	CivilDate date = schedule_date_from_number(20260131);
	assert_int_equal(date.year, 2026);
	assert_int_equal(date.month, 1);
	assert_int_equal(date.day, 31);
	assert_int_equal(schedule_date_number(date), 20260131);
}

/* ------------------------------------------------------------- ten years */

static const struct {
	const char *zone;
	int hour, minute;
} nights[] = {
	{ "America/Los_Angeles", 20, 0 },
	{ "America/Los_Angeles", 2, 30 },
	{ "Europe/Berlin", 2, 0 },
	{ "Australia/Lord_Howe", 2, 15 }, /* moves by half an hour */
	{ "Asia/Kathmandu", 23, 59 },
	{ "Pacific/Apia", 20, 0 },     /* had no 30 December 2011 */
	{ "America/Sao_Paulo", 0, 0 }, /* midnight was missing once a year */
	{ "Africa/Casablanca", 3, 0 }, /* two changes around Ramadan */
	{ "America/Havana", 0, 30 },
	{ "UTC", 0, 0 },
};

enum { FIRST_YEAR = 2010, YEARS = 10, DAYS_MAX = YEARS * 366 + 2 };

typedef struct Diary {
	int runs[DAYS_MAX]; /* by day since the first */
	int64_t first_day;
	int64_t started_at_ms; /* of the newest */
} Diary;

static void note_run(Diary *diary, const ScheduleDue *due)
{
	int64_t day = civil_to_days(schedule_date_from_number(due->local_date)) - diary->first_day;
	assert_in_range(day, 0, DAYS_MAX - 1);
	if (diary->runs[day]++)
		fail_msg("a second run of %d", due->local_date);
	assert_true(diary->started_at_ms < due->start_at_ms);
	diary->started_at_ms = due->start_at_ms;
}

static bool day_is_there(const Zone *zone, int64_t day)
{
	CivilDate date = civil_from_days(day);
	return civil_date_cmp(zone_local(zone, zone_instant(zone, date, 12, 0)).date, date) == 0;
}

static void service_that_is_always_up_runs_once_each_local_date(size_t n)
{
	CLEANUP(zone_close) Zone *zone = open_zone(nights[n].zone);
	static Diary diary;
	diary = (Diary){ .first_day = civil_to_days((CivilDate){ FIRST_YEAR, 1, 1 }) };
	int64_t now = zone_instant(zone, (CivilDate){ FIRST_YEAR, 1, 1 }, 0, 0);
	int64_t end = zone_instant(zone, (CivilDate){ FIRST_YEAR + YEARS, 1, 1 }, 0, 0);
	Schedule s = { .zone = zone,
		.hour = nights[n].hour,
		.minute = nights[n].minute,
		.enabled_at_ms = now };
	for (;;) {
		ScheduleDue due;
		assert_true(schedule_next(&s, now, &due));
		assert_false(due.is_catch_up);
		if (due.start_at_ms >= end)
			break;
		if (due.start_at_ms <= now) {
			note_run(&diary, &due);
			CivilTime local = zone_local(zone, due.due_at_ms);
			bool is_shifted = local.hour != s.hour || local.minute != s.minute;
			/* Only a gap moves it, and by no more than the gap. */
			if (is_shifted)
				assert_int_equal(due.due_at_ms,
					zone_instant(zone,
						schedule_date_from_number(due.local_date), s.hour,
						s.minute));
			s.last_date = due.local_date;
		}
		now = MAX_OF(now, due.start_at_ms);
	}
	for (int64_t d = 0;
		d < civil_to_days((CivilDate){ FIRST_YEAR + YEARS, 1, 1 }) - diary.first_day; d++)
		assert_int_equal(diary.runs[d], day_is_there(zone, diary.first_day + d));
}

static void ten_years_of_nights_have_one_run_each(void **state)
{
	(void)state;
	for (size_t n = 0; n < ARRAY_LEN(nights); n++)
		service_that_is_always_up_runs_once_each_local_date(n);
}

/* Restarts and outages at random: no date twice, none too close before the next, none skipped that
 * should not be. */
static void unreliable_service(size_t n, uint64_t seed)
{
	SeededRng rng;
	rng_seed(&rng, seed);
	CLEANUP(zone_close) Zone *zone = open_zone(nights[n].zone);
	static Diary diary;
	diary = (Diary){ .first_day = civil_to_days((CivilDate){ FIRST_YEAR, 1, 1 }) };
	int64_t now = zone_instant(zone, (CivilDate){ FIRST_YEAR, 1, 1 }, 0, 0);
	int64_t end = zone_instant(zone, (CivilDate){ FIRST_YEAR + 3, 1, 1 }, 0, 0);
	Schedule s = { .zone = zone,
		.hour = nights[n].hour,
		.minute = nights[n].minute,
		.enabled_at_ms = now };
	int catch_ups = 0;
	while (now < end) {
		ScheduleDue due;
		assert_true(schedule_next(&s, now, &due));
		if (due.start_at_ms > now) {
			/* Sleeps until then, unless stopped first, for up to three days. */
			bool is_outage = rng_chance(&rng.base, 20);
			now = is_outage
				? now + (int64_t)rng_below(&rng.base, 3 * (uint64_t)MS_PER_DAY)
				: due.start_at_ms;
			continue;
		}
		note_run(&diary, &due);
		catch_ups += due.is_catch_up;
		s.last_date = due.local_date;
		ScheduleDue next;
		assert_true(schedule_next(&s, now, &next));
		assert_true(next.start_at_ms > now);
		if (due.is_catch_up)
			assert_true(next.start_at_ms - now >= SCHEDULE_CATCH_UP_MIN_MS);
		s.is_running = true;
		assert_false(schedule_next(&s, now, &next));
		s.is_running = false;
		now += (int64_t)rng_below(&rng.base, 3 * (uint64_t)MS_PER_HOUR);
	}
	assert_true(catch_ups > 20);
}

static void restarts_and_outages_make_no_second_run_of_a_date(void **state)
{
	(void)state;
	for (size_t n = 0; n < ARRAY_LEN(nights); n++)
		for (uint64_t seed = 1; seed <= 5; seed++)
			unreliable_service(n, seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_run_is_the_next_due_time_and_never_a_catch_up),
		cmocka_unit_test(run_starts_at_its_time_and_only_once),
		cmocka_unit_test(missed_run_is_caught_up_once_under_its_own_date),
		cmocka_unit_test(catch_up_close_to_the_next_run_is_dropped),
		cmocka_unit_test(nothing_starts_while_a_run_is_under_way),
		cmocka_unit_test(both_days_of_daylight_saving_have_their_run),
		cmocka_unit_test(change_of_zone_makes_no_second_run_of_a_date),
		cmocka_unit_test(run_dated_by_a_wrong_clock_does_not_silence_the_nights),
		cmocka_unit_test(date_numbers_go_both_ways),
		cmocka_unit_test(ten_years_of_nights_have_one_run_each),
		cmocka_unit_test(restarts_and_outages_make_no_second_run_of_a_date),
	};
	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
