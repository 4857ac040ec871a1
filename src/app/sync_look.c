#include "base/base.h"

#include "app/sync_look.h"

#include "app/night.h"
#include "base/alloc.h"
#include "base/log.h"
#include "sync/schedule.h"

enum {
	RUNS_LOOKED_AT = 100, /* newest runs of an org: open ones are always among them */
};

static bool write_run(void *ctx, Store *store, Err *err)
{
	return ledger_run_put(store_ledger(store), ctx, err);
}

static bool is_open(RunState state)
{
	return state == RUN_ASKED || state == RUN_READING || state == RUN_PLANNING
		|| state == RUN_APPROVED || state == RUN_APPLYING;
}

/* ---------------------------------------------------------------- schedule */

static bool enabled_at(
	const SyncLook *look, const SfId *org_id, Arena *arena, int64_t *out, Err *err)
{
	Setting setting = { 0 };
	if (!desk_setting_get(store_desk(look->reader), sfid_str(org_id), STR("sync.nightly"),
		    arena, &setting, err))
		return false;
	*out = setting.changed_at_ms;
	return true;
}

static void figure_schedule(const Run *runs, size_t count, Schedule *schedule)
{
	for (size_t i = 0; i < count; i++) {
		if (runs[i].kind == RUN_NIGHT)
			schedule->last_date = MAX_OF(schedule->last_date, runs[i].local_date);
		schedule->is_running |= is_open(runs[i].state);
	}
}

/* Writes down the night run of an org when its time has come. */
static bool ask_if_due(
	const SyncLook *look, const OrgRow *org, const Run *runs, size_t count, Err *err)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(ORG_SETUP_BYTES_MAX);
	OrgSetup setup = { 0 };
	if (!org_setup_load(look->reader, &org->org_id, &arena, &setup, err))
		return false;
	if (!setup.settings.nightly)
		return true;
	CLEANUP(zone_close) Zone *zone = NULL;
	Schedule schedule = { .hour = setup.settings.hour, .minute = setup.settings.minute };
	if (!zone_open(setup.settings.zone, &zone, err)
		|| !enabled_at(look, &org->org_id, &arena, &schedule.enabled_at_ms, err))
		return false;
	schedule.zone = zone;
	figure_schedule(runs, count, &schedule);
	int64_t now = clock_wall_ms(look->options->clock);
	ScheduleDue due = { 0 };
	if (!schedule_next(&schedule, now, &due) || due.start_at_ms > now)
		return true;
	Run run = {
		.org = org->org,
		.kind = RUN_NIGHT,
		.state = RUN_ASKED,
		.local_date = due.local_date,
		.asked_at_ms = now,
	};
	snprintf(run.actor, sizeof run.actor, "%s",
		due.is_catch_up ? "schedule, caught up" : "schedule");
	Err taken = { 0 };
	if (writer_call(look->options->writer, write_run, &run, &taken)) {
		log_event(LOG_INFO, "run.due", LOG_INT("run", run.run_id),
			LOG_INT("local_date", run.local_date),
			LOG_INT("catch_up", due.is_catch_up));
		return true;
	}
	if (taken.kind == ERR_CONFLICT) /* another machine wrote it down first */
		return true;
	*err = taken;
	return false;
}

/* -------------------------------------------------------------------- runs */

/* What a crash or a stop left half done: a reading starts anew, an application goes on with its
 * plan, whose every row is checked again. */
static RunState resume_state(RunState state)
{
	switch (state) {
	case RUN_READING:
	case RUN_PLANNING:
		return RUN_ASKED;
	case RUN_APPLYING:
		return RUN_APPROVED;
	case RUN_ASKED:
	case RUN_HELD:
	case RUN_APPROVED:
	case RUN_DONE:
	case RUN_FAILED:
	case RUN_DISCARDED:
	case RUN_STATE_COUNT:
		break;
	}
	return state;
}

/* The next run replaces one that is still held: a plan of yesterday is never applied beside a newer
 * one (G9). */
static bool discard_held(const SyncLook *look, Run *runs, size_t count, const Run *newer, Err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (runs[i].state != RUN_HELD || runs[i].run_id >= newer->run_id)
			continue;
		runs[i].state = RUN_DISCARDED;
		runs[i].finished_at_ms = clock_wall_ms(look->options->clock);
		snprintf(runs[i].note, sizeof runs[i].note, "replaced by run %lld",
			(long long)newer->run_id);
		if (!writer_call(look->options->writer, write_run, &runs[i], err))
			return false;
	}
	return true;
}

/* Works off what is open, oldest first. */
static bool work_runs(const SyncLook *look, Run *runs, size_t count, Err *err)
{
	for (size_t i = count; i-- > 0 && !stop_is_thrown(look->stop);) {
		if (!is_open(runs[i].state))
			continue;
		Run run = runs[i];
		run.state = resume_state(run.state);
		if (run.state == RUN_ASKED && run.kind != RUN_DRY
			&& !discard_held(look, runs, count, &run, err))
			return false;
		if (!night_run(look->options, look->reader, look->stop, &run, err))
			return false;
		runs[i] = run;
		look->wake_push(look->ctx);
	}
	return true;
}

bool sync_look(const SyncLook *look, Err *err)
{
	OrgRow orgs[ORGS_MAX];
	size_t org_count = 0;
	if (!ledger_org_list(store_ledger(look->reader), orgs, ORGS_MAX, &org_count, err))
		return false;
	CLEANUP(free_ptr) Run *runs = xcalloc(RUNS_LOOKED_AT, sizeof *runs);
	for (size_t i = 0; i < org_count && !stop_is_thrown(look->stop); i++) {
		size_t count = 0;
		Err fault = { 0 }; /* of this org: the others go on */
		bool ok = ledger_run_list(store_ledger(look->reader), orgs[i].org, 0, runs,
				  RUNS_LOOKED_AT, &count, &fault)
			&& ask_if_due(look, &orgs[i], runs, count, &fault)
			&& work_runs(look, runs, count, &fault);
		if (!ok && !stop_is_thrown(look->stop))
			log_event(LOG_ERROR, "run.look.failed",
				LOG_STR("org", sfid_str(&orgs[i].org_id)), LOG_ERR(&fault));
	}
	return true;
}
