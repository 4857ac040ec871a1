#include "base/base.h"

#include "store/readers.h"

#include "base/alloc.h"

#include <pthread.h>

enum { READERS_MAX = 32 }; /* the most that `reader_threads` allows */

typedef struct Reader {
	Readers *readers; /* foreign: the pool */
	Store *store;     /* own, read-only; used by the thread alone once it runs */
	pthread_t thread;
	bool is_running;
} Reader;

/* base/queue.h has one consumer; a pool has several, so it keeps a ring of its own. */
struct Readers {
	Reader pool[READERS_MAX];
	size_t count;
	pthread_mutex_t jobs_lock; /* guards everything below */
	pthread_cond_t has_jobs;
	ReadJob **jobs; /* own, a ring of jobs_max */
	size_t jobs_max, jobs_first, jobs_waiting;
	bool is_shut;
};

/* The next job; NULL when shut and nothing is left. */
static ReadJob *take_job(Readers *readers)
{
	ReadJob *job = NULL;
	pthread_mutex_lock(&readers->jobs_lock);
	while (readers->jobs_waiting == 0 && !readers->is_shut)
		pthread_cond_wait(&readers->has_jobs, &readers->jobs_lock);
	if (readers->jobs_waiting > 0) {
		job = readers->jobs[readers->jobs_first];
		readers->jobs_first = (readers->jobs_first + 1) % readers->jobs_max;
		readers->jobs_waiting--;
	}
	pthread_mutex_unlock(&readers->jobs_lock);
	return job;
}

static void *reader_thread(void *context)
{
	Reader *reader = context;
	for (ReadJob *job; (job = take_job(reader->readers));) {
		Err err = { 0 };
		bool ok = job->run(job, reader->store, &err);
		job->done(job, ok, ok ? NULL : &err);
	}
	return NULL;
}

static bool reader_start(
	Readers *readers, Reader *reader, Str url, const StoreOptions *options, Err *err)
{
	StoreOptions read_only = *options;
	read_only.read_only = true;
	reader->readers = readers;
	if (!store_open(url, &read_only, &reader->store, err))
		return false;
	int rc = pthread_create(&reader->thread, NULL, reader_thread, reader);
	if (rc != 0)
		return ERR_CODE(
			err, ERR_FATAL, rc, "a reader's thread did not start: %s", strerror(rc));
	reader->is_running = true;
	return true;
}

bool readers_open(Str url, const StoreOptions *options, size_t threads, size_t queue_max,
	Readers **out, Err *err)
{
	assert(threads > 0 && threads <= READERS_MAX && queue_max > 0);
	Readers *readers = xcalloc(1, sizeof *readers);
	readers->jobs = xcalloc(queue_max, sizeof(ReadJob *));
	readers->jobs_max = queue_max;
	pthread_mutex_init(&readers->jobs_lock, NULL);
	pthread_cond_init(&readers->has_jobs, NULL);
	bool ok = true;
	while (ok && readers->count < threads) {
		ok = reader_start(readers, &readers->pool[readers->count], url, options, err);
		readers->count++;
	}
	if (!ok) {
		readers_close(&readers);
		return false;
	}
	*out = readers;
	return true;
}

void readers_close(Readers **readers_ref)
{
	Readers *readers = *readers_ref;
	if (!readers)
		return;
	pthread_mutex_lock(&readers->jobs_lock);
	readers->is_shut = true;
	pthread_cond_broadcast(&readers->has_jobs);
	pthread_mutex_unlock(&readers->jobs_lock);
	for (size_t i = 0; i < readers->count; i++) {
		if (readers->pool[i].is_running)
			pthread_join(readers->pool[i].thread, NULL);
		store_close(&readers->pool[i].store);
	}
	pthread_cond_destroy(&readers->has_jobs);
	pthread_mutex_destroy(&readers->jobs_lock);
	free(readers->jobs);
	free(readers);
	*readers_ref = NULL;
}

bool readers_submit(Readers *readers, ReadJob *job, Err *err)
{
	assert(job->run && job->done);
	pthread_mutex_lock(&readers->jobs_lock);
	bool is_shut = readers->is_shut;
	bool fits = !is_shut && readers->jobs_waiting < readers->jobs_max;
	if (fits) {
		size_t at = (readers->jobs_first + readers->jobs_waiting++) % readers->jobs_max;
		readers->jobs[at] = job;
		pthread_cond_signal(&readers->has_jobs);
	}
	pthread_mutex_unlock(&readers->jobs_lock);
	if (is_shut)
		return ERR(err, ERR_RETRY, "the store is closing; try again after the restart");
	return fits || ERR(err, ERR_LIMIT, "too many reads wait; try again in a second");
}
