#include "base/base.h"

#include "store/writer.h"

#include "../../lib/world.h"

#include "base/metric.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static Writer *open_writer(World *w, size_t queue_max, size_t group_max)
{
	Writer *writer = NULL;
	const WriterOptions options = { .queue_max = queue_max, .group_max = group_max };
	MUST(writer_open(&w->store, &options, &writer, &err));
	assert_null(w->store);
	return writer;
}

/* Closes the writer, which closes the store, and reads what is in the file. */
static void close_and_reopen(World *w, Writer **writer)
{
	writer_close(writer);
	assert_null(*writer);
	world_reopen(w);
}

/* A job that adds one person, and fails after having done so when told to. */
typedef struct AddJob {
	WriteJob job;
	PersonPut put;
	bool fails;
	atomic_int *done_count;
	bool ok;
	ErrKind kind;
	LedgerCounts seen; /* as a reader sees it when the job is told */
	Store *reader;
} AddJob;

static bool add_run(WriteJob *job, Store *store, Err *err)
{
	AddJob *add = CONTAINER_OF(job, AddJob, job);
	PersonPutOutcome out;
	if (!ledger_person_put(store_ledger(store), &add->put, &out, err))
		return false;
	return !add->fails || ERR(err, ERR_INPUT, "as told");
}

static void add_done(WriteJob *job, bool ok, const Err *err)
{
	AddJob *add = CONTAINER_OF(job, AddJob, job);
	add->ok = ok;
	add->kind = ok ? ERR_NONE : err->kind;
	if (add->reader) {
		Err ignored;
		bool did = ledger_counts(store_ledger(add->reader), &add->seen, &ignored);
		assert(did);
		(void)did;
	}
	atomic_fetch_add(add->done_count, 1);
}

static void add_init(AddJob *add, int number, atomic_int *done_count)
{
	char text[64];
	snprintf(text, sizeof text, "p%d@example.com", number);
	*add = (AddJob){ .job = { .run = add_run, .done = add_done },
		.put = { .source = SOURCE_API, .now_ms = 1 },
		.done_count = done_count };
	MUST(address_parse(str_from(text), &add->put.address, &err));
}

static void failing_job_leaves_the_others_whole(void **state)
{
	World *w = *state;
	enum { JOBS = 20 };
	static AddJob jobs[JOBS];
	atomic_int done = 0;
	Writer *writer = open_writer(w, 64, 64);
	for (int i = 0; i < JOBS; i++) {
		add_init(&jobs[i], i, &done);
		jobs[i].fails = i % 3 == 0;
		MUST(writer_submit(writer, &jobs[i].job, &err));
	}
	close_and_reopen(w, &writer);
	assert_int_equal(done, JOBS);
	int good = 0;
	for (int i = 0; i < JOBS; i++) {
		assert_int_equal(jobs[i].ok, i % 3 != 0);
		assert_int_equal(jobs[i].kind, i % 3 != 0 ? ERR_NONE : ERR_INPUT);
		good += i % 3 != 0;
	}
	assert_int_equal(w_counts(w).people, good);
	w_verify_chains(w);
}

static void nobody_is_told_before_the_commit(void **state)
{
	World *w = *state;
	Store *reader = NULL;
	const StoreOptions options = { .read_only = true, .keyring = &w->keyring };
	MUST(store_open(str_from(w->url), &options, &reader, &err));
	static AddJob job;
	atomic_int done = 0;
	Writer *writer = open_writer(w, 4, 4);
	add_init(&job, 1, &done);
	job.reader = reader;
	MUST(writer_submit(writer, &job.job, &err));
	close_and_reopen(w, &writer);
	assert_true(job.ok);
	assert_int_equal(job.seen.people, 1);
	store_close(&reader);
}

/* A job that stays inside the writer until it is let go. */
typedef struct GateJob {
	WriteJob job;
	atomic_bool is_open, is_in;
} GateJob;

static bool gate_run(WriteJob *job, Store *store, Err *err)
{
	(void)store;
	(void)err;
	GateJob *gate = CONTAINER_OF(job, GateJob, job);
	atomic_store(&gate->is_in, true);
	while (!atomic_load(&gate->is_open))
		sched_yield();
	return true;
}

static void gate_done(WriteJob *job, bool ok, const Err *err)
{
	(void)job;
	(void)ok;
	(void)err;
}

static void shut_gate(Writer *writer, GateJob *gate)
{
	*gate = (GateJob){ .job = { .run = gate_run, .done = gate_done } };
	MUST(writer_submit(writer, &gate->job, &err));
	while (!atomic_load(&gate->is_in))
		sched_yield();
}

static void full_queue_refuses_and_leaves_the_job_to_its_owner(void **state)
{
	World *w = *state;
	static AddJob jobs[3];
	static GateJob gate;
	atomic_int done = 0;
	Writer *writer = open_writer(w, 2, 8);
	shut_gate(writer, &gate);
	for (int i = 0; i < 3; i++)
		add_init(&jobs[i], i, &done);
	MUST(writer_submit(writer, &jobs[0].job, &err));
	MUST(writer_submit(writer, &jobs[1].job, &err));
	REFUSED(ERR_LIMIT, writer_submit(writer, &jobs[2].job, &err));
	atomic_store(&gate.is_open, true);
	close_and_reopen(w, &writer);
	assert_int_equal(done, 2);
	assert_int_equal(w_counts(w).people, 2);
}

static void what_came_during_a_commit_shares_the_next_one(void **state)
{
	World *w = *state;
	enum { JOBS = 50 };
	static AddJob jobs[JOBS];
	static GateJob gate;
	atomic_int done = 0;
	metric_reset_all();
	Writer *writer = open_writer(w, 64, 64);
	shut_gate(writer, &gate);
	for (int i = 0; i < JOBS; i++) {
		add_init(&jobs[i], i, &done);
		MUST(writer_submit(writer, &jobs[i].job, &err));
	}
	atomic_store(&gate.is_open, true);
	close_and_reopen(w, &writer);
	assert_int_equal(done, JOBS);
	assert_int_equal(metric_value(M_COMMITS), 2);
	assert_int_equal(metric_value(M_COMMIT_JOBS), JOBS + 1);
	assert_int_equal(metric_value(M_COMMIT_MS), 2);
	assert_int_equal(metric_value(M_WRITER_QUEUE), 0);
}

/* -------------------------------------------------------------- many threads */

enum { PRODUCERS = 4, EACH = 250 };

typedef struct Producer {
	pthread_t thread;
	Writer *writer;
	int number;
	int acknowledged;
} Producer;

static bool call_put(void *ctx, Store *store, Err *err)
{
	PersonPutOutcome out;
	return ledger_person_put(store_ledger(store), ctx, &out, err);
}

static void *produce(void *context)
{
	Producer *producer = context;
	for (int i = 0; i < EACH; i++) {
		char text[64];
		Err err;
		PersonPut put = { .source = SOURCE_API, .now_ms = 1 };
		snprintf(text, sizeof text, "p%d.%d@example.com", producer->number, i);
		if (address_parse(str_from(text), &put.address, &err)
			&& writer_call(producer->writer, call_put, &put, &err))
			producer->acknowledged++;
	}
	return NULL;
}

static void every_acknowledged_change_is_in_the_file(void **state)
{
	World *w = *state;
	static Producer producers[PRODUCERS];
	/* A queue of two for four callers: they must wait for room, and wake. */
	Writer *writer = open_writer(w, 2, 16);
	for (int i = 0; i < PRODUCERS; i++) {
		producers[i] = (Producer){ .writer = writer, .number = i };
		assert_int_equal(
			pthread_create(&producers[i].thread, NULL, produce, &producers[i]), 0);
	}
	int acknowledged = 0;
	for (int i = 0; i < PRODUCERS; i++) {
		pthread_join(producers[i].thread, NULL);
		acknowledged += producers[i].acknowledged;
	}
	close_and_reopen(w, &writer);
	assert_int_equal(acknowledged, PRODUCERS * EACH);
	assert_int_equal(w_counts(w).people, acknowledged);
	w_verify_chains(w);
}

static bool call_fail(void *ctx, Store *store, Err *err)
{
	bool ok = call_put(ctx, store, err);
	assert(ok);
	(void)ok;
	return ERR(err, ERR_CONFLICT, "changed my mind");
}

static void failing_call_gives_its_error_and_leaves_nothing(void **state)
{
	World *w = *state;
	PersonPut put = {
		.address = an_address("ann@example.com"), .source = SOURCE_API, .now_ms = 1
	};
	Writer *writer = open_writer(w, 4, 4);
	Err err = { 0 };
	assert_false(writer_call(writer, call_fail, &put, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_str_equal(str_from(err.text), STR("changed my mind"));
	close_and_reopen(w, &writer);
	assert_int_equal(w_counts(w).people, 0);
}

static bool add_through_call(void *context, Store *store, Err *err)
{
	return add_run(context, store, err);
}

static void unthreaded_writer_works_when_it_is_turned(void **state)
{
	World *w = *state;
	enum { JOBS = 4 };
	static AddJob jobs[JOBS];
	static AddJob called;
	atomic_int done = 0;
	const WriterOptions options = { .queue_max = 3, .group_max = 2 };
	Writer *writer = writer_open_unthreaded(&w->store, &options);
	for (int i = 0; i < JOBS; i++)
		add_init(&jobs[i], i, &done);
	add_init(&called, JOBS, &done);
	for (int i = 0; i < 3; i++)
		MUST(writer_submit(writer, &jobs[i].job, &err));
	REFUSED(ERR_LIMIT, writer_submit(writer, &jobs[3].job, &err));
	assert_int_equal(done, 0);
	assert_true(writer_turn(writer));
	assert_int_equal(done, 2); /* a group */
	MUST(writer_submit(writer, &jobs[3].job, &err));
	assert_true(writer_turn(writer));
	assert_false(writer_turn(writer));
	/* A call takes the turn itself. */
	MUST(writer_call(writer, add_through_call, &called.job, &err));
	close_and_reopen(w, &writer);
	assert_int_equal(done, JOBS);
	assert_int_equal(w_counts(w).people, JOBS + 1);
}

static void closing_moves_the_log(void **state)
{
	World *w = *state;
	PersonPut put = {
		.address = an_address("ann@example.com"), .source = SOURCE_API, .now_ms = 1
	};
	Writer *writer = open_writer(w, 4, 4);
	MUST(writer_call(writer, call_put, &put, &err));
	writer_close(&writer);
	/* Closed in peace: everything is in the database and the log is gone. */
	char path[128];
	snprintf(path, sizeof path, "%s/optout.db-wal", w->folder);
	FILE *log = fopen(path, "r");
	assert_null(log);
	world_reopen(w);
	assert_int_equal(w_counts(w).people, 1);
}

#define WRITER_CASE(function_)                                                                     \
	cmocka_unit_test_setup_teardown(function_, sqlite_world_up, sqlite_world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WRITER_CASE(failing_job_leaves_the_others_whole),
		WRITER_CASE(nobody_is_told_before_the_commit),
		WRITER_CASE(full_queue_refuses_and_leaves_the_job_to_its_owner),
		WRITER_CASE(what_came_during_a_commit_shares_the_next_one),
		WRITER_CASE(every_acknowledged_change_is_in_the_file),
		WRITER_CASE(failing_call_gives_its_error_and_leaves_nothing),
		WRITER_CASE(unthreaded_writer_works_when_it_is_turned),
		WRITER_CASE(closing_moves_the_log),
	};
	return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
