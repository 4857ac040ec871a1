#include "base/base.h"

#include "sync/schedule.h"

enum {
	/* A change of zone moves the local date by one day at most. A last run further ahead was
	 * written by a wrong clock, and would silence the nights until then. */
	LAST_DATE_AHEAD_DAYS_MAX = 2,
};

int32_t schedule_date_number(CivilDate date)
{
	return (int32_t)(date.year * 10000 + date.month * 100 + date.day);
}

CivilDate schedule_date_from_number(int32_t number)
{
	return (CivilDate){
		.year = number / 10000, .month = number / 100 % 100, .day = number % 100
	};
}

static int64_t due_ms(const Schedule *schedule, int64_t day)
{
	return zone_instant(schedule->zone, civil_from_days(day), schedule->hour, schedule->minute);
}

/* A zone that moves across the date line leaves a date out: all its times are the first instant
 * after the gap. */
static bool day_exists(const Schedule *schedule, int64_t day)
{
	CivilDate date = civil_from_days(day);
	return zone_instant(schedule->zone, date, 0, 0)
		!= zone_instant(schedule->zone, date, 23, 59);
}

static int64_t day_after(const Schedule *schedule, int64_t day)
{
	do
		day++;
	while (!day_exists(schedule, day));
	return day;
}

/* The newest day whose due time has passed. */
static int64_t newest_due_day(const Schedule *schedule, int64_t today, int64_t now_ms)
{
	int64_t day = today;
	while (!day_exists(schedule, day) || due_ms(schedule, day) > now_ms)
		day--;
	return day;
}

static int64_t last_run_day(const Schedule *schedule, int64_t today)
{
	if (schedule->last_date == 0)
		return INT64_MIN;
	int64_t day = civil_to_days(schedule_date_from_number(schedule->last_date));
	return day > today + LAST_DATE_AHEAD_DAYS_MAX ? INT64_MIN : day;
}

/* Was this day's run missed, and is it worth starting now? */
static bool is_to_start(
	const Schedule *schedule, int64_t day, int64_t last_day, int64_t now_ms, bool *out_is_late)
{
	int64_t due = due_ms(schedule, day);
	if (day <= last_day || due < schedule->enabled_at_ms)
		return false;
	*out_is_late = now_ms - due > SCHEDULE_LATE_MS;
	int64_t next_due = due_ms(schedule, day_after(schedule, day));
	return !*out_is_late || next_due - now_ms >= SCHEDULE_CATCH_UP_MIN_MS;
}

bool schedule_next(const Schedule *schedule, int64_t now_ms, ScheduleDue *out)
{
	if (schedule->is_running)
		return false;
	int64_t today = civil_to_days(zone_local(schedule->zone, now_ms).date);
	int64_t last_day = last_run_day(schedule, today);
	int64_t day = newest_due_day(schedule, today, now_ms);
	bool is_late = false;
	if (is_to_start(schedule, day, last_day, now_ms, &is_late)) {
		*out = (ScheduleDue){ .due_at_ms = due_ms(schedule, day),
			.start_at_ms = now_ms,
			.is_catch_up = is_late };
	} else {
		day = day_after(schedule, MAX_OF(day, last_day));
		*out = (ScheduleDue){ .due_at_ms = due_ms(schedule, day) };
		out->start_at_ms = out->due_at_ms;
	}
	out->local_date = schedule_date_number(civil_from_days(day));
	return true;
}
