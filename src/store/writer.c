#include "base/base.h"

#include "store/writer.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/planted.h"
#include "base/queue.h"

#include <pthread.h>

enum {
	/* Nothing to do for this long: a good moment to move the log into the database. */
	IDLE_MS = 500,
	/* Beyond this the log is moved between two commits: it is read by every reader, and
	   replayed after a crash. */
	LOG_BYTES_MAX = 64 * 1024 * 1024,
	LOG_PAUSE_MS = 1000,
};

struct Writer {
	Store *store; /* own; used by the thread alone once it runs */
	Queue *queue; /* own; WriteJob */
	bool has_thread;
	pthread_t thread;
	size_t queue_max;
	size_t group_max;
	WriteJob **group;          /* own: what is taken from the queue at once */
	WriteJob **passed;         /* own: of those, what waits for the commit */
	pthread_mutex_t room_lock; /* guards the moment between "full" and waiting in writer_call */
	pthread_cond_t has_room;
	void (*on_lost)(void *ctx, const Err *err);
	void *ctx; /* foreign: on_lost's */
	bool is_lost;
	pthread_mutex_t trouble_lock;   /* guards trouble */
	Err trouble;                    /* ERR_NONE: the last change went well */
	int64_t trouble_logged_mono_ms; /* of the writer's thread, as the next */
	bool is_trouble_logged;
};

/* ------------------------------------------------------- the writer's thread */

/* A full disk refuses every change, one that comes and goes every other: the log gets a line when
 * it begins, at most one a second, and one when that ends. */
static void note_trouble(Writer *writer, const Err *err)
{
	int64_t now_ms = clock_mono_ms(clock_system());
	pthread_mutex_lock(&writer->trouble_lock);
	bool is_news = writer->trouble.kind == ERR_NONE
		&& now_ms - writer->trouble_logged_mono_ms >= LOG_PAUSE_MS;
	writer->trouble = *err;
	pthread_mutex_unlock(&writer->trouble_lock);
	metric_add(M_COMMITS_FAILED, 1);
	if (!is_news)
		return;
	writer->trouble_logged_mono_ms = now_ms;
	writer->is_trouble_logged = true;
	log_event(LOG_ERROR, "store.write.failed", LOG_ERR(err));
}

static void note_well(Writer *writer)
{
	pthread_mutex_lock(&writer->trouble_lock);
	writer->trouble = (Err){ .kind = ERR_NONE };
	pthread_mutex_unlock(&writer->trouble_lock);
	if (writer->is_trouble_logged)
		log_event(LOG_INFO, "store.write.recovered",
			LOG_INT("failures", metric_value(M_COMMITS_FAILED)));
	writer->is_trouble_logged = false;
}

/* The store's own fault, not a refusal of what was asked. */
static bool is_trouble(const Err *err)
{
	return err->code != 0 && (err->kind == ERR_RETRY || err->kind == ERR_FATAL);
}

/* Runs a job between savepoints. False: it left no trace and was told. */
static bool run_job(Writer *writer, WriteJob *job)
{
	Err err = { 0 };
	if (!store_savepoint(writer->store, &err)) {
		job->done(job, false, &err);
		return false;
	}
	if (job->run(job, writer->store, &err) && store_savepoint_release(writer->store, &err))
		return true;
	store_savepoint_rollback(writer->store);
	if (is_trouble(&err))
		note_trouble(writer, &err);
	job->done(job, false, &err);
	return false;
}

static void tell_all(WriteJob **jobs, size_t count, bool ok, const Err *err)
{
	for (size_t i = 0; i < count; i++)
		jobs[i]->done(jobs[i], ok, err);
}

static void count_commit(size_t jobs, int64_t began_mono_ms)
{
	metric_add(M_COMMITS, 1);
	metric_add(M_COMMIT_JOBS, (int64_t)jobs);
	metric_observe_ms(M_COMMIT_MS, clock_mono_ms(clock_system()) - began_mono_ms);
}

static void run_group(Writer *writer, size_t count)
{
	Err err = { 0 };
	int64_t began_mono_ms = clock_mono_ms(clock_system());
	if (!store_begin(writer->store, &err)) {
		note_trouble(writer, &err);
		tell_all(writer->group, count, false, &err);
		return;
	}
	size_t passed = 0;
	for (size_t i = 0; i < count; i++) {
		if (run_job(writer, writer->group[i]))
			writer->passed[passed++] = writer->group[i];
	}
	if (passed == 0) {
		store_rollback(writer->store);
		return;
	}
	if (PLANTED(ANSWER_BEFORE_COMMIT)) {
		tell_all(writer->passed, passed, true, NULL);
		passed = 0;
	}
	int64_t log_bytes = store_log_bytes(writer->store);
	bool ok = store_commit(writer->store, &err);
	/* A commit of nothing says nothing of the disk. */
	bool has_written = store_log_bytes(writer->store) != log_bytes;
	if (ok)
		count_commit(passed, began_mono_ms);
	if (!ok)
		note_trouble(writer, &err);
	else if (has_written)
		note_well(writer);
	tell_all(writer->passed, passed, ok, ok ? NULL : &err);
}

/* A checkpoint that fails otherwise costs nothing but a longer log; if the disk is at fault the
 * next commit says so to somebody who can act. */
static void move_log(Writer *writer)
{
	Err err;
	if (writer->is_lost || store_checkpoint(writer->store, &err) || err.kind != ERR_FATAL)
		return;
	writer->is_lost = true;
	log_event(LOG_ERROR, "store.lost", LOG_ERR(&err));
	if (!writer->on_lost)
		abort();
	writer->on_lost(writer->ctx, &err);
}

static void wake_callers(Writer *writer)
{
	pthread_mutex_lock(&writer->room_lock);
	pthread_cond_broadcast(&writer->has_room);
	pthread_mutex_unlock(&writer->room_lock);
}

/* What came while the last commit waited for the disk goes into this one. */
static size_t take_group(Writer *writer, int wait_ms)
{
	size_t count = queue_take(
		writer->queue, (void **)writer->group, writer->group_max, wait_ms);
	metric_set(M_WRITER_QUEUE, (int64_t)queue_depth(writer->queue));
	if (count > 0) {
		wake_callers(writer);
		run_group(writer, count);
	}
	if (count == 0 || store_log_bytes(writer->store) > LOG_BYTES_MAX)
		move_log(writer);
	return count;
}

static void *writer_thread(void *context)
{
	Writer *writer = context;
	for (;;) {
		int wait_ms = store_log_bytes(writer->store) > 0 ? IDLE_MS : -1;
		size_t count = take_group(writer, wait_ms);
		if (count == 0 && queue_is_shut(writer->queue) && queue_depth(writer->queue) == 0)
			break;
	}
	move_log(writer);
	return NULL;
}

/* ------------------------------------------------------------ other threads */

static void writer_free(Writer *writer)
{
	store_close(&writer->store);
	queue_close(&writer->queue);
	pthread_cond_destroy(&writer->has_room);
	pthread_mutex_destroy(&writer->room_lock);
	pthread_mutex_destroy(&writer->trouble_lock);
	free(writer->group);
	free(writer->passed);
	free(writer);
}

Writer *writer_open_unthreaded(Store **store, const WriterOptions *options)
{
	assert(*store && options->queue_max > 0 && options->group_max > 0);
	Writer *writer = xcalloc(1, sizeof *writer);
	writer->store = *store;
	*store = NULL;
	writer->queue = queue_open(options->queue_max);
	writer->queue_max = options->queue_max;
	writer->group_max = options->group_max;
	writer->group = xcalloc(options->group_max, sizeof(WriteJob *));
	writer->passed = xcalloc(options->group_max, sizeof(WriteJob *));
	pthread_mutex_init(&writer->room_lock, NULL);
	pthread_cond_init(&writer->has_room, NULL);
	pthread_mutex_init(&writer->trouble_lock, NULL);
	writer->on_lost = options->on_lost;
	writer->ctx = options->ctx;
	return writer;
}

bool writer_turn(Writer *writer)
{
	assert(!writer->has_thread);
	return take_group(writer, 0) > 0;
}

bool writer_open(Store **store, const WriterOptions *options, Writer **out, Err *err)
{
	Writer *writer = writer_open_unthreaded(store, options);
	writer->has_thread = true;
	int rc = pthread_create(&writer->thread, NULL, writer_thread, writer);
	if (rc != 0) {
		writer_free(writer);
		return ERR_CODE(
			err, ERR_FATAL, rc, "the writer's thread did not start: %s", strerror(rc));
	}
	*out = writer;
	return true;
}

void writer_close(Writer **writer)
{
	if (!*writer)
		return;
	queue_shut((*writer)->queue);
	wake_callers(*writer);
	if ((*writer)->has_thread)
		pthread_join((*writer)->thread, NULL);
	else
		while (writer_turn(*writer)) {}
	writer_free(*writer);
	*writer = NULL;
}

bool writer_trouble(Writer *writer, Err *out)
{
	pthread_mutex_lock(&writer->trouble_lock);
	*out = writer->trouble;
	pthread_mutex_unlock(&writer->trouble_lock);
	return out->kind != ERR_NONE;
}

bool writer_submit(Writer *writer, WriteJob *job, Err *err)
{
	assert(job->run && job->done);
	if (queue_put(writer->queue, job)) {
		metric_set(M_WRITER_QUEUE, (int64_t)queue_depth(writer->queue));
		return true;
	}
	if (queue_is_shut(writer->queue))
		return ERR(err, ERR_RETRY, "the store is closing; try again after the restart");
	return ERR(err, ERR_LIMIT, "too many changes wait for the disk; try again in a second");
}

/* ----------------------------------------------------------------- waiting */

typedef struct Call {
	WriteJob job;
	bool (*run)(void *ctx, Store *store, Err *err);
	void *ctx;
	Err *err;
	bool ok;
	bool is_done;
	pthread_mutex_t done_lock; /* guards ok, is_done and *err */
	pthread_cond_t has_done;
} Call;

static bool call_run(WriteJob *job, Store *store, Err *err)
{
	Call *call = CONTAINER_OF(job, Call, job);
	return call->run(call->ctx, store, err);
}

static void call_done(WriteJob *job, bool ok, const Err *err)
{
	Call *call = CONTAINER_OF(job, Call, job);
	pthread_mutex_lock(&call->done_lock);
	call->ok = ok;
	call->is_done = true;
	if (!ok && call->err)
		*call->err = *err;
	pthread_cond_signal(&call->has_done);
	pthread_mutex_unlock(&call->done_lock);
}

/* Waits for room in the queue; false when the writer is closing. */
static bool put_when_room(Writer *writer, WriteJob *job, Err *err)
{
	if (!writer->has_thread && queue_depth(writer->queue) == writer->queue_max)
		(void)writer_turn(writer);
	pthread_mutex_lock(&writer->room_lock);
	bool is_in = writer_submit(writer, job, err);
	while (!is_in && !queue_is_shut(writer->queue)) {
		pthread_cond_wait(&writer->has_room, &writer->room_lock);
		is_in = writer_submit(writer, job, err);
	}
	pthread_mutex_unlock(&writer->room_lock);
	return is_in;
}

bool writer_call(
	Writer *writer, bool (*run)(void *ctx, Store *store, Err *err), void *ctx, Err *err)
{
	/* It would wait for itself. */
	assert(!writer->has_thread || !pthread_equal(pthread_self(), writer->thread));
	Call call = {
		.job = { .run = call_run, .done = call_done }, .run = run, .ctx = ctx, .err = err
	};
	pthread_mutex_init(&call.done_lock, NULL);
	pthread_cond_init(&call.has_done, NULL);
	bool is_in = put_when_room(writer, &call.job, err);
	while (is_in && !writer->has_thread && !call.is_done)
		(void)writer_turn(writer);
	if (is_in) {
		pthread_mutex_lock(&call.done_lock);
		while (!call.is_done)
			pthread_cond_wait(&call.has_done, &call.done_lock);
		pthread_mutex_unlock(&call.done_lock);
	}
	pthread_cond_destroy(&call.has_done);
	pthread_mutex_destroy(&call.done_lock);
	return is_in && call.ok;
}
