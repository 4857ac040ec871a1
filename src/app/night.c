#include "base/base.h"

#include "app/night.h"

#include "base/log.h"
#include "base/metric.h"
#include "base/time.h"
#include "sync/lease.h"
#include "sync/retry.h"

#define NIGHT_LEASE "night"

enum {
	STOP_CHECK_MS = 100,  /* while waiting */
	RUNS_OF_DAY_MAX = 64, /* more in a day are asked for by a machine; their calls are few */
};

static int64_t wall_ms(const Night *night)
{
	return clock_wall_ms(night->options->clock);
}

/* -------------------------------------------------------------------- note */

static bool write_run(void *ctx, Store *store, Err *err)
{
	return ledger_run_put(store_ledger(store), ctx, err);
}

bool night_note(Night *night, RunState state, Err *err)
{
	night->run->state = state;
	if (night->client.sf)
		night->run->calls = night->calls_before + sf_client_calls(night->client.sf);
	if (state == RUN_DONE || state == RUN_FAILED)
		night->run->finished_at_ms = wall_ms(night);
	log_event(LOG_INFO, "run.state", LOG_INT("run", night->run->run_id),
		LOG_Z("state", run_state_name(state)), LOG_INT("calls", night->run->calls));
	return writer_call(night->options->writer, write_run, night->run, err);
}

/* ------------------------------------------------------------------- lease */

typedef struct LeaseWish {
	int64_t now_ms;
	bool taken;
} LeaseWish;

static bool take_lease(void *ctx, Store *store, Err *err)
{
	LeaseWish *wish = ctx;
	return ledger_lease_take(store_ledger(store), STR(NIGHT_LEASE), STR(WORKER_OWNER),
		wish->now_ms, wish->now_ms + LEASE_MS, &wish->taken, err);
}

static bool drop_lease(void *ctx, Store *store, Err *err)
{
	(void)ctx;
	return ledger_lease_release(store_ledger(store), STR(NIGHT_LEASE), STR(WORKER_OWNER), err);
}

bool night_go_on(Night *night, Err *err)
{
	if (stop_is_thrown(night->stop))
		return ERR(err, ERR_RETRY,
			"the program is stopping; the run goes on at its next start");
	int64_t now = wall_ms(night);
	if (now < night->lease_renew_at_ms)
		return true;
	LeaseWish wish = { .now_ms = now };
	if (!writer_call(night->options->writer, take_lease, &wish, err))
		return false;
	if (!wish.taken)
		return ERR(err, ERR_CONFLICT, "another machine leads the night runs");
	night->lease_renew_at_ms = now + LEASE_RENEW_MS;
	return true;
}

bool night_wait(Night *night, int64_t until_ms, Err *err)
{
	for (;;) {
		if (!night_go_on(night, err))
			return false;
		int64_t left_ms = until_ms - wall_ms(night);
		if (left_ms <= 0)
			return true;
		clock_sleep_ms(night->options->clock, MIN_OF(left_ms, (int64_t)STOP_CHECK_MS));
	}
}

/* ------------------------------------------------------------------ budget */

static bool count_calls_of_day(Night *night, Err *err)
{
	Run runs[RUNS_OF_DAY_MAX];
	size_t count = 0;
	if (!ledger_run_list(store_ledger(night->reader), night->run->org, 0, runs, RUNS_OF_DAY_MAX,
		    &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (runs[i].run_id != night->run->run_id
			&& runs[i].started_at_ms > wall_ms(night) - MS_PER_DAY)
			night->calls_of_day += runs[i].calls;
	return true;
}

bool night_may_call(const Night *night, Err *err)
{
	SfUsage usage;
	if (!sf_client_usage(night->client.sf, &usage))
		return true; /* no answer has told yet */
	const Budget budget = {
		.used = usage.used,
		.max = usage.max,
		.ours = night->calls_of_day + night->calls_before
			+ sf_client_calls(night->client.sf),
	};
	return budget_allows(&budget, BUDGET_NIGHT, 1)
		|| ERR(err, ERR_LIMIT,
			"%lld of the org's %lld API calls of 24 hours are used, %lld of them by runs; the rest is left to clicks. Run it later, or raise bulk_page_rows",
			(long long)usage.used, (long long)usage.max, (long long)budget.ours);
}

/* ------------------------------------------------------------------ a run */

static bool night_open(Night *night, Err *err)
{
	OrgRow orgs[ORGS_MAX];
	size_t count = 0;
	if (!ledger_org_list(store_ledger(night->reader), orgs, ORGS_MAX, &count, err))
		return false;
	const SfId *org_id = NULL;
	for (size_t i = 0; i < count; i++)
		if (orgs[i].org == night->run->org)
			org_id = &orgs[i].org_id;
	if (!org_id)
		return ERR(err, ERR_MISSING, "the org of this run is not connected");
	if (!org_setup_load(night->reader, org_id, &night->arena, &night->setup, err)
		|| !org_client_open(night->options->net, night->options->clock,
			&night->setup.connection, &night->client, err))
		return false;
	stop_watch(night->stop, night->client.sf);
	return count_calls_of_day(night, err);
}

static void night_close(Night *night)
{
	if (night->sorter)
		run_sorter_close(&night->sorter);
	temp_file_close(&night->sort_file);
	temp_file_close(&night->spool);
	stop_watch(night->stop, NULL);
	org_client_close(&night->client);
	arena_fini(&night->arena);
}

/* Reads and plans; the run rests as HELD or DONE (dry), or is APPROVED. */
static bool read_and_plan(Night *night, Err *err)
{
	night->is_resumed = night->run->started_at_ms != 0;
	night->run->started_at_ms = wall_ms(night);
	if (!night_note(night, RUN_READING, err) || !night_read(night, err)
		|| !night_note(night, RUN_PLANNING, err) || !night_plan(night, err))
		return false;
	if (night->run->kind == RUN_DRY) {
		snprintf(night->run->note, sizeof night->run->note, "dry run: nothing was written");
		return night_note(night, RUN_DONE, err);
	}
	bool hold = false;
	if (!night_brake(night, &hold, err))
		return false;
	if (hold)
		log_event(LOG_WARN, "run.held", LOG_INT("run", night->run->run_id),
			LOG_Z("reason", night->run->note));
	return night_note(night, hold ? RUN_HELD : RUN_APPROVED, err);
}

static bool apply_plan(Night *night, Err *err)
{
	if (!night_note(night, RUN_APPLYING, err) || !night_apply(night, err))
		return false;
	metric_add(M_RUN_STOPPED_HERE, night->run->done_here);
	metric_add(M_RUN_TICKED_THERE, night->run->done_there);
	night->run->note[0] = '\0';
	return night_note(night, RUN_DONE, err);
}

static bool take_steps(Night *night, Err *err)
{
	if (!night_open(night, err) || !night_go_on(night, err))
		return false;
	if (night->run->kind != RUN_DRY && !night->setup.settings.nightly)
		return ERR(err, ERR_CONFLICT, "the sync was switched off");
	if (night->run->state == RUN_ASKED && !read_and_plan(night, err))
		return false;
	return night->run->state != RUN_APPROVED || apply_plan(night, err);
}

bool night_run(const WorkerOptions *options, Store *reader, StopSwitch *stop, Run *run, Err *err)
{
	Night night = {
		.options = options,
		.reader = reader,
		.stop = stop,
		.run = run,
		.calls_before = run->calls,
		.arena = ARENA_MAX(ORG_SETUP_BYTES_MAX),
		.spool = TEMP_FILE_CLOSED,
		.sort_file = TEMP_FILE_CLOSED,
	};
	Err fault = { 0 };
	bool ok = take_steps(&night, &fault);
	if (!ok && stop_is_thrown(stop)) {
		*err = fault;
	} else if (!ok) {
		log_event(LOG_ERROR, "run.failed", LOG_INT("run", run->run_id), LOG_ERR(&fault));
		snprintf(
			run->note, sizeof run->note, "%.*s", (int)sizeof run->note - 1, fault.text);
		ok = night_note(&night, RUN_FAILED, err);
	}
	if (run->state == RUN_DONE || run->state == RUN_FAILED)
		metric_add(M_RUNS, 1);
	night_close(&night);
	Err ignored = { 0 }; /* a lease that could not be given back runs out by itself */
	(void)!writer_call(options->writer, drop_lease, NULL, &ignored);
	return ok;
}
