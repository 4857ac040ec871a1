/* When the worker starts nights: the real thread, store and writer under a clock that the test
 * moves. The org cannot be called, so each night ends as failed; when it was asked for is what
 * counts here (product.md M3, "Orgs and runs"). */
#include "base/base.h"

#include "app/sync_worker.h"

#include "../../lib/world.h"
#include "base/time.h"

#include <stdatomic.h>
#include <unistd.h>

enum { PATIENCE_MS = 20 * 1000, STEP_MS = 5 };

/* Moved by the test, read by the worker's threads. */
typedef struct TestClock {
	Clock base;
	_Atomic int64_t at_ms;
} TestClock;

static int64_t test_clock_ms(Clock *clock)
{
	return atomic_load(&CONTAINER_OF(clock, TestClock, base)->at_ms);
}

static void test_clock_sleep_ms(Clock *clock, int64_t ms)
{
	(void)clock; /* the test moves it */
	clock_sleep_ms(clock_system(), MIN_OF(ms, (int64_t)STEP_MS));
}

typedef struct Nights {
	World world;
	TestClock clock;
	Config config;
	CurlNet net;
	Writer *writer;
	Store *reader;
	PushWorker *push;
	SyncWorker *sync;
	WorkerOptions options;
} Nights;

static int64_t at(const char *text)
{
	int64_t ms = 0;
	MUST(time_parse(str_from(text), &ms, &err));
	return ms;
}

static void start(Nights *n)
{
	MUST(push_worker_open(&n->options, &n->push, &err));
	MUST(sync_worker_open(&n->options, n->push, &n->sync, &err));
}

static void stop(Nights *n)
{
	sync_worker_close(&n->sync);
	push_worker_close(&n->push, clock_mono_ms(&n->clock.base) + 1000);
}

/* Orgs whose credentials no login can use, so that nobody calls anywhere; the first has had its
 * nightly switch on since `enabled_at_ms`. */
static void connect_orgs(World *world, int64_t enabled_at_ms)
{
	OrgRow orgs[2];
	size_t count = 0;
	MUST(ledger_org_list(world->ledger, orgs, ARRAY_LEN(orgs), &count, &err));
	w_begin(world);
	for (size_t i = 0; i < count; i++) {
		const OrgConnection connection = {
			.org_id = orgs[i].org_id,
			.name = STR("Unusable"),
			.login_url = STR("https://login.salesforce.com"), /* not for this grant */
			.api_version = STR("64.0"),
			.grant = GRANT_CLIENT_CREDENTIALS,
			.client_id = STR("id"),
			.secret = STR("secret"),
		};
		MUST(desk_org_put(store_desk(world->store), &connection, enabled_at_ms, &err));
	}
	MUST(desk_setting_put(store_desk(world->store), sfid_str(&orgs[0].org_id),
		STR("sync.nightly"), STR("on"), STR("admin"), enabled_at_ms, &err));
	w_commit(world);
}

static int up(void **state)
{
	Nights *n = calloc(1, sizeof *n);
	if (!n)
		return -1;
	world_open(&n->world, "sqlite", 1);
	/* Noon in Los Angeles; the night is due at 20:00 there, 04:00 UTC of the next day. */
	const int64_t noon_ms = at("2026-11-21T20:00:00Z");
	connect_orgs(&n->world, noon_ms);
	n->clock = (TestClock){ .base = { test_clock_ms, test_clock_ms, test_clock_sleep_ms } };
	atomic_store(&n->clock.at_ms, noon_ms);
	n->config = (Config){
		.drain_ms = 1000,
		.push_calls_in_flight_max = 1,
		.sf_timeout_ms = 1000,
		.sort_memory_bytes = 1 << 20,
	};
	snprintf(n->config.state_dir, sizeof n->config.state_dir, "%s", n->world.folder);
	snprintf(n->config.store_url, sizeof n->config.store_url, "%s", n->world.url);
	curl_net_init(&n->net, &n->config);
	const StoreOptions read_only = { .read_only = true, .keyring = &n->world.keyring };
	MUST(store_open(str_from(n->world.url), &read_only, &n->reader, &err));
	const WriterOptions writer = { .queue_max = 16, .group_max = 16 };
	MUST(writer_open(&n->world.store, &writer, &n->writer, &err));
	n->options = (WorkerOptions){
		.config = &n->config,
		.keyring = &n->world.keyring,
		.writer = n->writer,
		.net = &n->net.net,
		.clock = &n->clock.base,
		.rng = rng_system(),
	};
	start(n);
	*state = n;
	return 0;
}

static int down(void **state)
{
	Nights *n = *state;
	stop(n);
	writer_close(&n->writer);
	store_close(&n->reader);
	world_close(&n->world);
	free(n);
	return 0;
}

/* The night runs so far, newest first; 0 while one of the runs has not ended. */
static size_t nights_ended(Nights *n, Run *nights, size_t max)
{
	Run runs[16];
	size_t count = 0, night_count = 0;
	MUST(ledger_run_list(
		store_ledger(n->reader), n->world.org, 0, runs, ARRAY_LEN(runs), &count, &err));
	for (size_t i = 0; i < count; i++) {
		if (runs[i].state != RUN_FAILED)
			return 0;
		if (runs[i].kind == RUN_NIGHT && night_count < max)
			nights[night_count++] = runs[i];
	}
	return night_count;
}

static void move_to(Nights *n, const char *text)
{
	atomic_store(&n->clock.at_ms, at(text));
	sync_worker_wake(n->sync);
}

/* Waits for the event; fails when it does not come. */
static void expect_nights(Nights *n, size_t want, int32_t newest_date)
{
	Run runs[8];
	size_t count = 0;
	for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
		count = nights_ended(n, runs, ARRAY_LEN(runs));
		if (count >= want)
			break;
		usleep(STEP_MS * 1000);
	}
	assert_int_equal(count, want);
	assert_int_equal(runs[0].kind, RUN_NIGHT);
	assert_int_equal(runs[0].local_date, newest_date);
}

static bool ask_dry_run(void *ctx, Store *store, Err *err)
{
	return ledger_run_put(store_ledger(store), ctx, err);
}

/* Restarts the worker and has it work off a dry run: it looks at the schedule before that. */
static void expect_no_more_after_restart(Nights *n, size_t want)
{
	stop(n);
	start(n);
	Run dry = { .org = n->world.org, .kind = RUN_DRY, .state = RUN_ASKED };
	MUST(writer_call(n->writer, ask_dry_run, &dry, &err));
	sync_worker_wake(n->sync);
	for (int waited = 0; dry.state != RUN_FAILED && waited < PATIENCE_MS; waited += STEP_MS) {
		usleep(STEP_MS * 1000);
		MUST(ledger_run_get(store_ledger(n->reader), dry.run_id, &dry, &err));
	}
	assert_int_equal(dry.state, RUN_FAILED);
	Run nights[8];
	assert_int_equal(nights_ended(n, nights, ARRAY_LEN(nights)), want);
}

static void a_night_runs_once_per_local_date_however_often_the_program_restarts(void **state)
{
	Nights *n = *state;
	expect_no_more_after_restart(n, 0);
	move_to(n, "2026-11-22T03:59:59Z");
	expect_no_more_after_restart(n, 0);
	move_to(n, "2026-11-22T04:00:01Z");
	expect_nights(n, 1, 20261121);
	expect_no_more_after_restart(n, 1);
	move_to(n, "2026-11-23T01:00:00Z");
	expect_no_more_after_restart(n, 1);
	move_to(n, "2026-11-23T04:00:00Z");
	expect_nights(n, 2, 20261122);
}

static void downtime_is_caught_up_once_under_the_date_that_was_missed(void **state)
{
	Nights *n = *state;
	stop(n); /* down from 19:00 to 23:00 */
	atomic_store(&n->clock.at_ms, at("2026-11-22T07:00:00Z"));
	start(n);
	expect_nights(n, 1, 20261121);
	expect_no_more_after_restart(n, 1);
	move_to(n, "2026-11-23T04:00:00Z");
	expect_nights(n, 2, 20261122);
}

static void a_catch_up_close_to_the_next_night_is_dropped(void **state)
{
	Nights *n = *state;
	stop(n); /* until 18:30 of the next day, an hour and a half before its night */
	atomic_store(&n->clock.at_ms, at("2026-11-23T02:30:00Z"));
	start(n);
	expect_no_more_after_restart(n, 0);
	move_to(n, "2026-11-23T04:00:00Z");
	expect_nights(n, 1, 20261122);
}

int main(void)
{
	MUST(secret_library_init(&err));
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_night_runs_once_per_local_date_however_often_the_program_restarts, up,
			down),
		cmocka_unit_test_setup_teardown(
			downtime_is_caught_up_once_under_the_date_that_was_missed, up, down),
		cmocka_unit_test_setup_teardown(
			a_catch_up_close_to_the_next_night_is_dropped, up, down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
