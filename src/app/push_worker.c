#include "base/base.h"

#include "app/push_worker.h"

#include "app/push_lane.h"
#include "base/alloc.h"
#include "base/log.h"
#include "store/store.h"

#include <errno.h>
#include <pthread.h>

enum {
	RETRY_S = 5, /* a lane that could not be opened is tried again */
	/* After a turn that failed; in steps, so that a stop need not wait for its end. */
	PAUSE_STEPS = 10,
	PAUSE_STEP_MS = 100,
};

/* A lane and the thread that turns it. */
typedef struct LaneThread {
	PushLane *lane; /* own */
	Store *reader;  /* own; the thread's */
	Clock *clock;
	pthread_t thread;
} LaneThread;

struct PushWorker {
	WorkerOptions options;
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	bool stopping, reload;
	Err trouble;                 /* why a lane could not be opened; ERR_NONE: all are */
	LaneThread *lanes[ORGS_MAX]; /* own */
	size_t lane_count;

	Store *reader; /* the supervisor's own */
};

typedef struct Recovered {
	int64_t now_ms;
	size_t count;
} Recovered;

static bool recover_rows(void *ctx, Store *store, Err *err)
{
	Recovered *recovered = ctx;
	return ledger_outbox_recover(
		store_ledger(store), STR(WORKER_OWNER), recovered->now_ms, &recovered->count, err);
}

/* ------------------------------------------------------------------- lanes */

static void *turn_lane(void *arg)
{
	LaneThread *self = arg;
	while (!push_lane_is_stopping(self->lane)) {
		Err err = { 0 };
		if (push_lane_turn(self->lane, &err))
			continue;
		log_event(LOG_ERROR, "push.lane.failed",
			LOG_STR("org", sfid_str(&push_lane_org(self->lane)->org_id)),
			LOG_ERR(&err));
		for (int i = 0; i < PAUSE_STEPS && !push_lane_is_stopping(self->lane); i++)
			clock_sleep_ms(self->clock, PAUSE_STEP_MS);
	}
	push_lane_drain(self->lane);
	return NULL;
}

static void lane_free(LaneThread *self)
{
	push_lane_close(&self->lane);
	store_close(&self->reader);
	free(self);
}

static bool open_lane(PushWorker *worker, const OrgRow *org, LaneThread **out, Err *err)
{
	const WorkerOptions *options = &worker->options;
	const StoreOptions store = { .read_only = true, .keyring = options->keyring };
	LaneThread *self = xcalloc(1, sizeof *self);
	self->clock = options->clock;
	bool ok = store_open(str_from(options->config->store_url), &store, &self->reader, err);
	if (ok) {
		self->lane = push_lane_open(options, org, self->reader);
		int failed = pthread_create(&self->thread, NULL, turn_lane, self);
		if (failed)
			ok = ERR_CODE(err, ERR_FATAL, failed, "cannot start a thread: %s",
				strerror(failed));
	}
	if (!ok) {
		lane_free(self);
		return false;
	}
	*out = self;
	return true;
}

static bool has_lane(PushWorker *worker, int64_t org)
{
	for (size_t i = 0; i < worker->lane_count; i++)
		if (push_lane_org(worker->lanes[i]->lane)->org == org)
			return true;
	return false;
}

static void add_lane(PushWorker *worker, LaneThread *lane)
{
	pthread_mutex_lock(&worker->lock);
	worker->lanes[worker->lane_count++] = lane;
	pthread_mutex_unlock(&worker->lock);
}

/* -------------------------------------------------------------- supervisor */

/* Opens a lane for each org that has none yet. Only the supervisor adds, so reading without the
 * lock is right here. */
static bool open_lanes(PushWorker *worker, Err *err)
{
	OrgRow orgs[ORGS_MAX];
	size_t count = 0;
	if (!ledger_org_list(store_ledger(worker->reader), orgs, ORGS_MAX, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		LaneThread *lane = NULL;
		if (has_lane(worker, orgs[i].org))
			continue;
		if (!open_lane(worker, &orgs[i], &lane, err))
			return false;
		add_lane(worker, lane);
	}
	return true;
}

/* True when there is something to do; false at the stop. */
static bool wait_for_change(PushWorker *worker, bool is_retry)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += RETRY_S;
	pthread_mutex_lock(&worker->lock);
	while (!worker->stopping && !worker->reload) {
		int waited = is_retry
			? pthread_cond_timedwait(&worker->changed, &worker->lock, &until)
			: pthread_cond_wait(&worker->changed, &worker->lock);
		if (waited == ETIMEDOUT)
			break;
	}
	worker->reload = false;
	bool go_on = !worker->stopping;
	pthread_mutex_unlock(&worker->lock);
	return go_on;
}

static void *supervisor(void *arg)
{
	PushWorker *worker = arg;
	bool is_retry = false;
	do {
		Err err = { 0 };
		is_retry = !open_lanes(worker, &err);
		if (is_retry)
			log_event(LOG_ERROR, "push.lane.not_opened", LOG_ERR(&err));
		pthread_mutex_lock(&worker->lock);
		worker->trouble = err;
		pthread_mutex_unlock(&worker->lock);
	} while (wait_for_change(worker, is_retry));
	return NULL;
}

bool push_recover(const WorkerOptions *options, Err *err)
{
	Recovered recovered = { .now_ms = clock_wall_ms(options->clock) };
	if (!writer_call(options->writer, recover_rows, &recovered, err))
		return false;
	if (recovered.count > 0)
		log_event(LOG_INFO, "push.recovered", LOG_INT("rows", recovered.count));
	return true;
}

bool push_worker_open(const WorkerOptions *options, PushWorker **out, Err *err)
{
	if (!push_recover(options, err))
		return false;
	PushWorker *worker = xcalloc(1, sizeof *worker);
	worker->options = *options;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->changed, NULL);
	const StoreOptions store = { .read_only = true, .keyring = options->keyring };
	bool ok = store_open(str_from(options->config->store_url), &store, &worker->reader, err);
	int failed = ok ? pthread_create(&worker->thread, NULL, supervisor, worker) : 0;
	if (failed)
		ok = ERR_CODE(
			err, ERR_FATAL, failed, "cannot start a thread: %s", strerror(failed));
	if (!ok) {
		store_close(&worker->reader);
		pthread_cond_destroy(&worker->changed);
		pthread_mutex_destroy(&worker->lock);
		free(worker);
		return false;
	}
	*out = worker;
	return true;
}

void push_worker_close(PushWorker **handle, int64_t stop_by_mono_ms)
{
	PushWorker *worker = *handle;
	if (!worker)
		return;
	pthread_mutex_lock(&worker->lock);
	worker->stopping = true;
	pthread_cond_signal(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
	pthread_join(worker->thread, NULL);
	/* All at once, so that they drain side by side. */
	for (size_t i = 0; i < worker->lane_count; i++)
		push_lane_stop(worker->lanes[i]->lane, stop_by_mono_ms);
	for (size_t i = 0; i < worker->lane_count; i++) {
		pthread_join(worker->lanes[i]->thread, NULL);
		lane_free(worker->lanes[i]);
	}
	store_close(&worker->reader);
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
	*handle = NULL;
}

void push_worker_trouble(PushWorker *worker, Buf *reasons)
{
	pthread_mutex_lock(&worker->lock);
	if (worker->trouble.kind != ERR_NONE)
		buf_printf(reasons, "push: %s\n", worker->trouble.text);
	pthread_mutex_unlock(&worker->lock);
}

void push_worker_wake(PushWorker *worker)
{
	pthread_mutex_lock(&worker->lock);
	for (size_t i = 0; i < worker->lane_count; i++)
		push_lane_wake(worker->lanes[i]->lane);
	pthread_mutex_unlock(&worker->lock);
}

void push_worker_reload(PushWorker *worker)
{
	pthread_mutex_lock(&worker->lock);
	worker->reload = true;
	pthread_cond_signal(&worker->changed);
	for (size_t i = 0; i < worker->lane_count; i++)
		push_lane_reload(worker->lanes[i]->lane);
	pthread_mutex_unlock(&worker->lock);
}
