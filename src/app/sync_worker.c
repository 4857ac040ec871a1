#include "base/base.h"

#include "app/sync_worker.h"

#include "app/night.h"
#include "base/alloc.h"
#include "base/log.h"
#include "sync/schedule.h"

#include <errno.h>
#include <pthread.h>

enum {
	LOOK_EVERY_S = 1, /* schedules and runs are looked at this often, and at every wake-up */
	RUNS_LOOKED_AT = 100, /* newest runs of an org: open ones are always among them */
};

struct SyncWorker {
	WorkerOptions options;
	PushWorker *push;
	Store *reader; /* the thread's own */
	pthread_t thread;
	StopSwitch stop;
	pthread_mutex_t lock; /* guards woken */
	pthread_cond_t changed;
	bool woken;
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

static bool enabled_at(SyncWorker *worker, const SfId *org_id, Arena *arena, int64_t *out, Err *err)
{
	Setting setting = { 0 };
	if (!desk_setting_get(store_desk(worker->reader), sfid_str(org_id), STR("sync.nightly"),
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
	SyncWorker *worker, const OrgRow *org, const Run *runs, size_t count, Err *err)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(ORG_SETUP_BYTES_MAX);
	OrgSetup setup = { 0 };
	if (!org_setup_load(worker->reader, &org->org_id, &arena, &setup, err))
		return false;
	if (!setup.settings.nightly)
		return true;
	CLEANUP(zone_close) Zone *zone = NULL;
	Schedule schedule = { .hour = setup.settings.hour, .minute = setup.settings.minute };
	if (!zone_open(setup.settings.zone, &zone, err)
		|| !enabled_at(worker, &org->org_id, &arena, &schedule.enabled_at_ms, err))
		return false;
	schedule.zone = zone;
	figure_schedule(runs, count, &schedule);
	int64_t now = clock_wall_ms(worker->options.clock);
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
	if (writer_call(worker->options.writer, write_run, &run, &taken)) {
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
static bool discard_held(SyncWorker *worker, Run *runs, size_t count, const Run *newer, Err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (runs[i].state != RUN_HELD || runs[i].run_id >= newer->run_id)
			continue;
		runs[i].state = RUN_DISCARDED;
		runs[i].finished_at_ms = clock_wall_ms(worker->options.clock);
		snprintf(runs[i].note, sizeof runs[i].note, "replaced by run %lld",
			(long long)newer->run_id);
		if (!writer_call(worker->options.writer, write_run, &runs[i], err))
			return false;
	}
	return true;
}

/* Works off what is open, oldest first. */
static bool work_runs(SyncWorker *worker, Run *runs, size_t count, Err *err)
{
	for (size_t i = count; i-- > 0 && !stop_is_thrown(&worker->stop);) {
		if (!is_open(runs[i].state))
			continue;
		Run run = runs[i];
		run.state = resume_state(run.state);
		if (run.state == RUN_ASKED && run.kind != RUN_DRY
			&& !discard_held(worker, runs, count, &run, err))
			return false;
		if (!night_run(&worker->options, worker->reader, &worker->stop, &run, err))
			return false;
		runs[i] = run;
		push_worker_wake(worker->push);
	}
	return true;
}

static bool look(SyncWorker *worker, Err *err)
{
	OrgRow orgs[ORGS_MAX];
	size_t org_count = 0;
	if (!ledger_org_list(store_ledger(worker->reader), orgs, ORGS_MAX, &org_count, err))
		return false;
	CLEANUP(free_ptr) Run *runs = xcalloc(RUNS_LOOKED_AT, sizeof *runs);
	for (size_t i = 0; i < org_count && !stop_is_thrown(&worker->stop); i++) {
		size_t count = 0;
		Err fault = { 0 }; /* of this org: the others go on */
		bool ok = ledger_run_list(store_ledger(worker->reader), orgs[i].org, 0, runs,
				  RUNS_LOOKED_AT, &count, &fault)
			&& ask_if_due(worker, &orgs[i], runs, count, &fault)
			&& work_runs(worker, runs, count, &fault);
		if (!ok && !stop_is_thrown(&worker->stop))
			log_event(LOG_ERROR, "run.look.failed",
				LOG_STR("org", sfid_str(&orgs[i].org_id)), LOG_ERR(&fault));
	}
	return true;
}

/* ------------------------------------------------------------- the thread */

static void wait_for_change(SyncWorker *worker)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LOOK_EVERY_S;
	pthread_mutex_lock(&worker->lock);
	while (!worker->woken && !stop_is_thrown(&worker->stop))
		if (pthread_cond_timedwait(&worker->changed, &worker->lock, &until) == ETIMEDOUT)
			break;
	worker->woken = false;
	pthread_mutex_unlock(&worker->lock);
}

static void *sync_thread(void *arg)
{
	SyncWorker *worker = arg;
	while (!stop_is_thrown(&worker->stop)) {
		Err err = { 0 };
		if (!look(worker, &err))
			log_event(LOG_ERROR, "run.look.failed", LOG_ERR(&err));
		wait_for_change(worker);
	}
	return NULL;
}

bool sync_worker_open(const WorkerOptions *options, PushWorker *push, SyncWorker **out, Err *err)
{
	SyncWorker *worker = xcalloc(1, sizeof *worker);
	worker->options = *options;
	worker->push = push;
	stop_init(&worker->stop);
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->changed, NULL);
	const StoreOptions store = { .read_only = true, .keyring = options->keyring };
	bool ok = store_open(str_from(options->config->store_url), &store, &worker->reader, err);
	int failed = ok ? pthread_create(&worker->thread, NULL, sync_thread, worker) : 0;
	if (failed)
		ok = ERR_CODE(
			err, ERR_FATAL, failed, "cannot start a thread: %s", strerror(failed));
	if (!ok) {
		store_close(&worker->reader);
		pthread_cond_destroy(&worker->changed);
		pthread_mutex_destroy(&worker->lock);
		stop_fini(&worker->stop);
		free(worker);
		return false;
	}
	*out = worker;
	return true;
}

void sync_worker_close(SyncWorker **handle)
{
	SyncWorker *worker = *handle;
	if (!worker)
		return;
	stop_throw(&worker->stop);
	sync_worker_wake(worker);
	pthread_join(worker->thread, NULL);
	store_close(&worker->reader);
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->lock);
	stop_fini(&worker->stop);
	free(worker);
	*handle = NULL;
}

void sync_worker_wake(SyncWorker *worker)
{
	pthread_mutex_lock(&worker->lock);
	worker->woken = true;
	pthread_cond_signal(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
}
