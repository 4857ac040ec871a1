#include "base/base.h"

#include "store/readers.h"

#include "../../lib/world.h"

#include <sched.h>
#include <stdatomic.h>

typedef struct CountJob {
	ReadJob job;
	LedgerCounts counts;
	atomic_int *done_count;
	atomic_bool *gate; /* waits until it is true, when there is one */
	bool fails, ok;
	ErrKind kind;
} CountJob;

static bool count_run(ReadJob *job, Store *store, Err *err)
{
	CountJob *count = CONTAINER_OF(job, CountJob, job);
	while (count->gate && !atomic_load(count->gate))
		sched_yield();
	if (count->fails)
		return ERR(err, ERR_MISSING, "as told");
	return ledger_counts(store_ledger(store), &count->counts, err);
}

static void count_done(ReadJob *job, bool ok, const Err *err)
{
	CountJob *count = CONTAINER_OF(job, CountJob, job);
	count->ok = ok;
	count->kind = ok ? ERR_NONE : err->kind;
	atomic_fetch_add(count->done_count, 1);
}

static Readers *open_readers(World *w, size_t threads, size_t queue_max)
{
	Readers *readers = NULL;
	const StoreOptions options = { .keyring = &w->keyring };
	MUST(readers_open(str_from(w->url), &options, threads, queue_max, &readers, &err));
	return readers;
}

static void every_job_is_run_and_told(void **state)
{
	World *w = *state;
	enum { JOBS = 200 };
	static CountJob jobs[JOBS];
	atomic_int done = 0;
	w_person(w, "ann@example.com", "");
	Readers *readers = open_readers(w, 3, JOBS);
	for (int i = 0; i < JOBS; i++) {
		jobs[i] = (CountJob){ .job = { .run = count_run, .done = count_done },
			.done_count = &done,
			.fails = i % 10 == 0 };
		MUST(readers_submit(readers, &jobs[i].job, &err));
	}
	readers_close(&readers);
	assert_null(readers);
	assert_int_equal(done, JOBS);
	for (int i = 0; i < JOBS; i++) {
		assert_int_equal(jobs[i].ok, i % 10 != 0);
		if (jobs[i].ok)
			assert_int_equal(jobs[i].counts.people, 1);
		else
			assert_int_equal(jobs[i].kind, ERR_MISSING);
	}
}

static void full_queue_refuses(void **state)
{
	World *w = *state;
	static CountJob jobs[8];
	atomic_int done = 0;
	atomic_bool gate = false;
	Readers *readers = open_readers(w, 1, 2);
	int accepted = 0;
	Err err = { 0 };
	for (int i = 0; i < 8; i++) {
		jobs[i] = (CountJob){ .job = { .run = count_run, .done = count_done },
			.done_count = &done,
			.gate = &gate };
		accepted += readers_submit(readers, &jobs[i].job, &err);
	}
	/* Two wait; one may have been taken by the thread, which stands at the gate. */
	assert_true(accepted == 2 || accepted == 3);
	assert_int_equal(err.kind, ERR_LIMIT);
	atomic_store(&gate, true);
	readers_close(&readers);
	assert_int_equal(done, accepted);
}

static void pool_needs_a_database(void **state)
{
	World *w = *state;
	Readers *readers = NULL;
	char url[160];
	snprintf(url, sizeof url, "sqlite:%s/none.db", w->folder);
	const StoreOptions options = { .keyring = &w->keyring };
	REFUSED(ERR_MISSING, readers_open(str_from(url), &options, 2, 8, &readers, &err));
	assert_null(readers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			every_job_is_run_and_told, sqlite_world_up, sqlite_world_down),
		cmocka_unit_test_setup_teardown(
			full_queue_refuses, sqlite_world_up, sqlite_world_down),
		cmocka_unit_test_setup_teardown(
			pool_needs_a_database, sqlite_world_up, sqlite_world_down),
	};
	return cmocka_run_group_tests_name("readers", tests, NULL, NULL);
}
