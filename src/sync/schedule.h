/* schedule.h: when the next night run is due. One run per local date however often the program
 * restarts; a missed one is caught up once, under its own date, unless the next is less than two
 * hours away; never two at once (product.md M3, "Orgs and runs"). Pure, given tzdata. */
#ifndef SYNC_SCHEDULE_H
#define SYNC_SCHEDULE_H

#include "base/base.h"
#include "base/time.h"

enum {
	SCHEDULE_LATE_MS = 15 * 60 * 1000,          /* later than this is called a catch-up */
	SCHEDULE_CATCH_UP_MIN_MS = 2 * 3600 * 1000, /* closer to the next due time: dropped */
};

typedef struct Schedule {
	const Zone *zone;      /* borrowed */
	int hour, minute;      /* local */
	int64_t enabled_at_ms; /* when the switch was turned on: nothing before it was missed */
	int32_t last_date; /* yyyymmdd of the newest night run, whatever came of it; 0: none yet */
	bool is_running;   /* any run of this org is under way */
} Schedule;

typedef struct ScheduleDue {
	int64_t due_at_ms;   /* the instant of the local time on local_date */
	int64_t start_at_ms; /* due_at_ms, or now for one that is late */
	int32_t local_date;  /* yyyymmdd: what the run is called */
	bool is_catch_up;
} ScheduleDue;

/* False while a run is under way: ask again when it has ended. start_at_ms <= now_ms means start
 * it. */
bool schedule_next(const Schedule *schedule, int64_t now_ms, ScheduleDue *out);

int32_t schedule_date_number(CivilDate date); /* 20260131 */
CivilDate schedule_date_from_number(int32_t number);

#endif
