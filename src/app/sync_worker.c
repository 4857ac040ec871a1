#include "base/base.h"

#include "app/sync_worker.h"

#include "app/sync_look.h"
#include "base/alloc.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>

enum {
	LOOK_EVERY_S = 1, /* schedules and runs are looked at this often, and at every wake-up */
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

static void wake_push(void *ctx)
{
	SyncWorker *worker = ctx;
	push_worker_wake(worker->push);
}

static void *sync_thread(void *arg)
{
	SyncWorker *worker = arg;
	const SyncLook look = {
		.options = &worker->options,
		.reader = worker->reader,
		.stop = &worker->stop,
		.wake_push = wake_push,
		.ctx = worker,
	};
	while (!stop_is_thrown(&worker->stop)) {
		Err err = { 0 };
		if (!sync_look(&look, &err))
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
