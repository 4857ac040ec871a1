#include "base/base.h"

#include "base/rng.h"
#include "sync/push.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { NOW = 1000000 };

static PushRow row_of(int64_t outbox_id, const char *prefix, int number, int64_t created_at_ms)
{
	char text[32];
	snprintf(text, sizeof text, "%s%012d", prefix, number);
	PushRow row = {
		.outbox_id = outbox_id, .person_id = outbox_id * 10, .created_at_ms = created_at_ms
	};
	assert_true(sfid_parse(str_from(text), &row.sfid, NULL));
	return row;
}

static void add(PushCore *core, PushRow row)
{
	PushSettle refused;
	assert_int_equal(push_add(core, &row, 1, NOW, &refused), 0);
}

static void add_contacts(PushCore *core, int from, int count)
{
	for (int i = from; i < from + count; i++)
		add(core, row_of(i, "003", i, i));
}

static PushBatch batch;
static PushResult results[PUSH_BATCH_ROWS_MAX];
static PushSettle settles[PUSH_BATCH_ROWS_MAX];

static void take(PushCore *core, int64_t now_ms)
{
	assert_true(push_next(core, now_ms, &batch));
}

/* Answers the newest batch with this class for every row. */
static size_t answer(PushCore *core, FailClass fail, int64_t now_ms)
{
	for (size_t i = 0; i < batch.count; i++)
		results[i] = (PushResult){
			.fail = fail, .code = STR("SOME_CODE"), .text = STR("some text")
		};
	return push_reply(core,
		&(PushReply){ .batch_id = batch.batch_id,
			.results = results,
			.result_count = batch.count },
		now_ms, 12345, settles);
}

static size_t answer_call(PushCore *core, FailClass fail, int64_t retry_after_ms, int64_t now_ms)
{
	return push_reply(core,
		&(PushReply){ .batch_id = batch.batch_id,
			.call_fail = fail,
			.code = STR("CALL_CODE"),
			.text = STR("call text"),
			.retry_after_ms = retry_after_ms },
		now_ms, 12345, settles);
}

static void every_move_that_is_not_in_the_table_is_impossible(void **state)
{
	(void)state;
	static const struct {
		PushState from;
		PushEvent event;
		PushState to;
	} moves[] = {
		{ PUSH_PENDING, PUSH_EV_SENT, PUSH_IN_FLIGHT },
		{ PUSH_PENDING, PUSH_EV_REFUSED, PUSH_DEAD },
		{ PUSH_PENDING, PUSH_EV_NOT_SENT, PUSH_PENDING },
		{ PUSH_PENDING, PUSH_EV_REMOVED, PUSH_CANCELLED },
		{ PUSH_IN_FLIGHT, PUSH_EV_ACCEPTED, PUSH_DONE },
		{ PUSH_IN_FLIGHT, PUSH_EV_AGAIN, PUSH_WAITING },
		{ PUSH_IN_FLIGHT, PUSH_EV_TIMED_OUT, PUSH_UNKNOWN },
		{ PUSH_IN_FLIGHT, PUSH_EV_REFUSED, PUSH_DEAD },
		{ PUSH_IN_FLIGHT, PUSH_EV_NOT_SENT, PUSH_PENDING },
		{ PUSH_WAITING, PUSH_EV_DUE, PUSH_PENDING },
		{ PUSH_WAITING, PUSH_EV_REMOVED, PUSH_CANCELLED },
		{ PUSH_UNKNOWN, PUSH_EV_DUE, PUSH_PENDING },
		{ PUSH_UNKNOWN, PUSH_EV_REMOVED, PUSH_CANCELLED },
		{ PUSH_DEAD, PUSH_EV_DUE, PUSH_PENDING },
		{ PUSH_DEAD, PUSH_EV_REMOVED, PUSH_CANCELLED },
	};
	for (int from = 0; from < PUSH_STATE_COUNT; from++) {
		for (int event = 0; event < PUSH_EVENT_COUNT; event++) {
			PushState want = PUSH_NONE;
			for (size_t i = 0; i < ARRAY_LEN(moves); i++)
				if ((int)moves[i].from == from && (int)moves[i].event == event)
					want = moves[i].to;
			assert_int_equal(push_state_next((PushState)from, (PushEvent)event), want);
		}
	}
}

static void idle_single_row_leaves_at_once(void **state)
{
	(void)state;
	CLEANUP(push_close) PushCore *core = push_open(NULL);
	assert_false(push_next(core, NOW, &batch));
	assert_int_equal(push_wake_at(core, NOW), INT64_MAX);
	add_contacts(core, 1, 1);
	assert_int_equal(push_wake_at(core, NOW), 0);
	take(core, NOW);
	assert_int_equal(batch.count, 1);
	assert_int_equal(batch.object, SF_CONTACT);
	assert_int_not_equal(batch.batch_id, 0);
	assert_int_equal(push_wake_at(core, NOW), INT64_MAX);
	assert_int_equal(answer(core, FAIL_NONE, NOW), 1);
	assert_int_equal(settles[0].outbox_id, 1);
	assert_int_equal(settles[0].person_id, 10);
	assert_int_equal(settles[0].state, PUSH_DONE);
	assert_int_equal(settles[0].due_at_ms, 0);
	assert_false(settles[0].record_deleted);
	assert_int_equal(push_rows(core), 0);
	assert_int_equal(push_calls_in_flight(core), 0);
}

static void batch_holds_one_object_type_at_most_200_rows_oldest_first(void **state)
{
	(void)state;
	CLEANUP(push_close) PushCore *core = push_open(NULL);
	for (int i = 500; i > 0; i--)
		add(core, row_of(i, i % 2 ? "003" : "00Q", i, 1000 + i));
	add(core, row_of(900, "00Q", 900, 5)); /* the oldest of all is a lead */
	take(core, NOW);
	assert_int_equal(batch.object, SF_LEAD);
	assert_int_equal(batch.count, PUSH_BATCH_ROWS_MAX);
	assert_int_equal(batch.rows[0].outbox_id, 900);
	for (size_t i = 1; i < batch.count; i++)
		assert_int_equal(batch.rows[i].outbox_id, 2 * i);
	uint64_t first = batch.batch_id;
	take(core, NOW);
	assert_int_equal(batch.object, SF_CONTACT);
	assert_int_equal(batch.rows[0].outbox_id, 1);
	assert_int_not_equal(batch.batch_id, first);
	assert_false(push_next(core, NOW, &batch)); /* two calls are out */
	assert_int_equal(push_calls_in_flight(core), 2);
}

static void rows_of_one_moment_go_in_the_order_of_the_outbox(void **state)
{
	(void)state;
	CLEANUP(push_close) PushCore *core = push_open(NULL);
	for (int i = 9; i > 0; i--)
		add(core, row_of(i, "003", 100 - i, 7));
	take(core, NOW);
	for (size_t i = 0; i < batch.count; i++)
		assert_int_equal(batch.rows[i].outbox_id, i + 1);
}

static void record_is_in_one_call_at_a_time_and_once_in_it(void **state)
{
	(void)state;
	CLEANUP(push_close) PushCore *core = push_open(NULL);
	add(core, row_of(1, "003", 5, 1));
	add(core, row_of(2, "003", 5, 2));
	add(core, row_of(3, "003", 6, 3));
	add(core, row_of(3, "003", 6, 3)); /* the same row twice: ignored */
	assert_int_equal(push_rows(core), 3);
	take(core, NOW);
	assert_int_equal(batch.count, 2);
	assert_int_equal(batch.rows[0].outbox_id, 1);
	assert_int_equal(batch.rows[1].outbox_id, 3);
	PushBatch none;
	assert_false(push_next(core, NOW, &none));
	assert_int_equal(push_wake_at(core, NOW), INT64_MAX);
	assert_int_equal(answer(core, FAIL_NONE, NOW), 2);
	take(core, NOW);
	assert_int_equal(batch.rows[0].outbox_id, 2);
}

static void account_is_a_type_of_its_own(void **state)
{
	(void)state;
	CLEANUP(push_close) PushCore *core = push_open(NULL);
	add(core, row_of(1, "001", 1, 1));
	add(core, row_of(2, "003", 2, 2));
	take(core, NOW);
	assert_int_equal(batch.object, SF_ACCOUNT);
	assert_int_equal(batch.count, 1);
}

static void id_of_another_object_comes_back_dead(void **state)
{
	(void)state;
	CLEANUP(push_close) PushCore *core = push_open(NULL);
	PushRow rows[3] = { row_of(1, "003", 1, 1), row_of(2, "006", 2, 2),
		row_of(3, "00Q", 3, 3) };
	PushSettle refused[3];
	assert_int_equal(push_add(core, rows, 3, NOW, refused), 1);
	assert_int_equal(refused[0].outbox_id, 2);
	assert_int_equal(refused[0].state, PUSH_DEAD);
	assert_int_equal(refused[0].due_at_ms, NOW + RETRY_RECORD_MS);
	assert_true(str_eq(refused[0].code, STR("MALFORMED_ID")));
	assert_int_equal(push_rows(core), 2);
}

static void one_bad_record_does_not_stop_the_others(void **state)
{
	(void)state;
	CLEANUP(push_close) PushCore *core = push_open(NULL);
	add_contacts(core, 1, 200);
	take(core, NOW);
	for (size_t i = 0; i < 200; i++)
		results[i] = (PushResult){ .fail = FAIL_NONE };
	results[7] = (PushResult){ FAIL_RECORD, STR("CANNOT_UPDATE_CONVERTED_LEAD"), STR("x") };
	results[8] = (PushResult){ FAIL_DELETED, STR("ENTITY_IS_DELETED"), STR("y") };
	results[9] = (PushResult){ FAIL_AGAIN, STR("UNABLE_TO_LOCK_ROW"), STR("z") };
	results[10] = (PushResult){ FAIL_ADMIN, STR("INVALID_FIELD"), STR("w") };
	PushReply reply = { .batch_id = batch.batch_id, .results = results, .result_count = 200 };
	assert_int_equal(push_reply(core, &reply, NOW, 99, settles), 200);
	for (size_t i = 0; i < 200; i++)
		if (i < 7 || i > 10)
			assert_int_equal(settles[i].state, PUSH_DONE);
	assert_int_equal(settles[7].state, PUSH_DEAD);
	assert_true(settles[7].due_at_ms >= NOW + RETRY_RECORD_MS);
	assert_false(settles[7].record_deleted);
	assert_true(str_eq(settles[7].code, STR("CANNOT_UPDATE_CONVERTED_LEAD")));
	assert_int_equal(settles[8].state, PUSH_DEAD);
	assert_true(settles[8].record_deleted);
	assert_int_equal(settles[9].state, PUSH_WAITING);
	assert_in_range(settles[9].due_at_ms, NOW + RETRY_BASE_MS, NOW + 2 * RETRY_BASE_MS);
	assert_int_equal(settles[10].state, PUSH_DEAD);
	assert_true(settles[10].due_at_ms >= NOW + RETRY_ADMIN_MS
		&& settles[10].due_at_ms < NOW + RETRY_RECORD_MS);
	assert_int_equal(push_breaker(core)->state, BREAKER_CLOSED);
}

static void row_that_is_locked_again_and_again_ends_as_dead(void **state)
{
	(void)state;
	CLEANUP(push_close) PushCore *core = push_open(NULL);
	PushRow row = row_of(1, "003", 1, 1);
	for (row.attempts = 0; row.attempts < RETRY_ROW_ATTEMPTS_MAX; row.attempts++) {
		add(core, row);
		take(core, NOW);
		assert_int_equal(answer(core, FAIL_AGAIN, NOW), 1);
		bool is_last = row.attempts + 1 == RETRY_ROW_ATTEMPTS_MAX;
		assert_int_equal(settles[0].state, is_last ? PUSH_DEAD : PUSH_WAITING);
	}
	assert_true(settles[0].due_at_ms >= NOW + RETRY_ADMIN_MS);
}

static void org_that_is_down_makes_no_row_dead(void **state)
{
	(void)state;
	CLEANUP(push_close) PushCore *core = push_open(NULL);
	PushRow row = row_of(1, "003", 1, 1);
	row.attempts = 5000;
	add(core, row);
	take(core, NOW);
	assert_int_equal(answer_call(core, FAIL_AGAIN, 0, NOW), 1);
	assert_int_equal(settles[0].state, PUSH_WAITING);
	assert_true(settles[0].due_at_ms <= NOW + RETRY_CAP_MS);
	assert_true(str_eq(settles[0].code, STR("CALL_CODE")));
}

static void timed_out_row_is_unknown_and_sent_again(void **state)
{
	(void)state;
	CLEANUP(push_close) PushCore *core = push_open(NULL);
	add_contacts(core, 1, 3);
	take(core, NOW);
	uint64_t late = batch.batch_id;
	assert_int_equal(answer_call(core, FAIL_UNKNOWN_OUTCOME, 0, NOW), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(settles[i].state, PUSH_UNKNOWN);
		assert_true(settles[i].due_at_ms > NOW);
	}
	add_contacts(core, 1, 3); /* the ledger gives them back */
	take(core, NOW);
	assert_int_equal(batch.count, 3);
	/* The answer of the first call comes after all: it is nobody's any more. */
	PushReply reply = { .batch_id = late, .results = results, .result_count = 3 };
	assert_int_equal(push_reply(core, &reply, NOW, 1, settles), 0);
	assert_int_equal(push_calls_in_flight(core), 1);
	assert_int_equal(answer(core, FAIL_NONE, NOW), 3);
	assert_int_equal(answer(core, FAIL_NONE, NOW), 0); /* answered twice */
	reply.batch_id = 0;
	assert_int_equal(push_reply(core, &reply, NOW, 1, settles), 0);
}

static void answer_of_another_length_says_nothing_about_any_row(void **state)
{
	(void)state;
	for (size_t count = 0; count < 5; count++) {
		CLEANUP(push_close) PushCore *core = push_open(NULL);
		add_contacts(core, 1, 3);
		take(core, NOW);
		for (size_t i = 0; i < 5; i++)
			results[i] = (PushResult){ 0 };
		PushReply reply = {
			.batch_id = batch.batch_id, .results = results, .result_count = count
		};
		assert_int_equal(push_reply(core, &reply, NOW, 1, settles), 3);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(settles[i].state, count == 3 ? PUSH_DONE : PUSH_UNKNOWN);
	}
}

static void session_that_ended_is_no_try_of_the_row(void **state)
{
	(void)state;
	CLEANUP(push_close) PushCore *core = push_open(NULL);
	add_contacts(core, 1, 2);
	take(core, NOW);
	assert_int_equal(answer_call(core, FAIL_SESSION, 0, NOW), 2);
	assert_int_equal(settles[0].state, PUSH_PENDING);
	assert_int_equal(settles[0].due_at_ms, NOW);
	assert_int_equal(push_room(core, NOW), 0);
	push_retry_now(core); /* logged in again */
	assert_int_equal(push_room(core, NOW), PUSH_CORE_ROWS_MAX);
	add_contacts(core, 1, 2);
	take(core, NOW);
	results[0] = (PushResult){ .fail = FAIL_NONE };
	results[1] = (PushResult){ .fail = FAIL_SESSION };
	PushReply reply = { .batch_id = batch.batch_id, .results = results, .result_count = 2 };
	assert_int_equal(push_reply(core, &reply, NOW, 1, settles), 2);
	assert_int_equal(settles[0].state, PUSH_DONE);
	assert_int_equal(settles[1].state, PUSH_PENDING);
	assert_int_equal(push_room(core, NOW), 0);
}

static void used_up_budget_holds_the_queue_and_probes_later(void **state)
{
	(void)state;
	CLEANUP(push_close) PushCore *core = push_open(NULL);
	add_contacts(core, 1, 300);
	take(core, NOW);
	assert_int_equal(answer_call(core, FAIL_BUDGET, 0, NOW), 200);
	assert_int_equal(settles[199].state, PUSH_PENDING);
	PushBatch none;
	assert_false(push_next(core, NOW + RETRY_BUDGET_MS - 1, &none));
	int64_t wake = push_wake_at(core, NOW);
	assert_in_range(wake, NOW + RETRY_BUDGET_MS, NOW + RETRY_BUDGET_MS * 11 / 10);
	assert_int_equal(push_wake_at(core, wake), 0);
	assert_true(push_room(core, wake) > 0);
	take(core, wake);
	assert_int_equal(batch.count, 100);
	assert_int_equal(batch.rows[0].outbox_id, 201);
	add_contacts(core, 1, 10);
	assert_false(push_next(core, wake, &none)); /* one probe */
	assert_int_equal(push_wake_at(core, wake), INT64_MAX);
	assert_int_equal(push_room(core, wake), 0);
	assert_int_equal(answer(core, FAIL_NONE, wake), 100);
	assert_true(push_next(core, wake, &none));
	assert_int_equal(none.rows[0].outbox_id, 1); /* in order */
}

static void retry_after_of_a_call_holds_rows_and_calls(void **state)
{
	(void)state;
	CLEANUP(push_close) PushCore *core = push_open(NULL);
	add_contacts(core, 1, 1);
	take(core, NOW);
	assert_int_equal(answer_call(core, FAIL_AGAIN, 600 * 1000, NOW), 1);
	assert_int_equal(settles[0].due_at_ms, NOW + 600 * 1000);
	assert_int_equal(push_room(core, NOW + 600 * 1000 - 1), 0);
	assert_true(push_room(core, NOW + 600 * 1000) > 0);
}

static void three_failed_calls_open_the_breaker(void **state)
{
	(void)state;
	CLEANUP(push_close) PushCore *core = push_open(NULL);
	for (int i = 0; i < BREAKER_FAILURES_MAX; i++) {
		add_contacts(core, 1, 1);
		assert_true(push_room(core, NOW) > 0);
		take(core, NOW);
		assert_int_equal(answer_call(core, FAIL_AGAIN, 0, NOW), 1);
	}
	assert_int_equal(push_breaker(core)->state, BREAKER_OPEN);
	assert_int_equal(push_room(core, NOW), 0);
}

/* Maintenance of an hour: a row that was tried all the while is due as soon as the breaker lets
 * calls through, and that is never more than a minute away. */
static void no_click_waits_longer_than_a_minute_once_the_org_is_back(void **state)
{
	(void)state;
	static const FailClass faults[] = { FAIL_AGAIN, FAIL_UNKNOWN_OUTCOME };
	for (size_t f = 0; f < ARRAY_LEN(faults); f++) {
		CLEANUP(push_close) PushCore *core = push_open(NULL);
		int64_t now = NOW;
		for (int64_t attempts = 0; now < NOW + 3600 * 1000; attempts++) {
			PushRow row = row_of(1, "003", 1, 1);
			row.attempts = attempts;
			add(core, row);
			take(core, now);
			assert_int_equal(answer_call(core, faults[f], 0, now), 1);
			int64_t opens = MAX_OF(breaker_opens_at(push_breaker(core)), now);
			assert_in_range(opens, now, now + BREAKER_CAP_MS);
			assert_in_range(settles[0].due_at_ms, now, now + 2 * RETRY_BASE_MS);
			now = MAX_OF(opens, settles[0].due_at_ms);
		}
	}
}

static void rows_in_no_call_can_be_given_back(void **state)
{
	(void)state;
	CLEANUP(push_close)
	PushCore *core = push_open(&(PushOptions){ .calls_in_flight_max = 1, .batch_rows_max = 3 });
	add_contacts(core, 1, 10);
	take(core, NOW);
	assert_int_equal(batch.count, 3);
	assert_int_equal(push_give_back(core, NOW, settles, 5), 5);
	assert_int_equal(settles[0].outbox_id, 4);
	assert_int_equal(settles[0].state, PUSH_PENDING);
	assert_int_equal(push_give_back(core, NOW, settles, 5), 2);
	assert_int_equal(settles[1].outbox_id, 10);
	assert_int_equal(push_give_back(core, NOW, settles, 5), 0);
	assert_int_equal(push_rows(core), 3);
	assert_int_equal(answer(core, FAIL_NONE, NOW), 3);
	assert_int_equal(push_rows(core), 0);
}

static void core_says_how_much_it_can_take(void **state)
{
	(void)state;
	CLEANUP(push_close) PushCore *core = push_open(NULL);
	assert_int_equal(push_room(core, NOW), PUSH_CORE_ROWS_MAX);
	add_contacts(core, 1, PUSH_CORE_ROWS_MAX);
	assert_int_equal(push_room(core, NOW), 0);
	take(core, NOW);
	answer(core, FAIL_NONE, NOW);
	assert_int_equal(push_room(core, NOW), PUSH_BATCH_ROWS_MAX);
	PushCore *none = NULL;
	push_close(&none);
}

/* ------------------------------------------------- a small world, seeded */

enum { WORLD_ROWS = 300, WORLD_RECORDS = 40, CALLS = 8 };

typedef struct WorldRow {
	PushRow row;
	int record;
	PushState state; /* as the ledger has it */
	int64_t due_at_ms;
} WorldRow;

typedef struct WireCall {
	bool is_open;
	PushBatch batch;
	bool is_applied; /* reached the org */
	int64_t answer_at_ms;
	FailClass fail; /* of the call */
} WireCall;

typedef struct Wire {
	SeededRng rng;
	WorldRow rows[WORLD_ROWS];
	bool ticked[WORLD_RECORDS];
	WireCall calls[CALLS];
	int64_t now_ms;
	int deaths;
} Wire;

static void claim(Wire *w, PushCore *core)
{
	size_t room = push_room(core, w->now_ms);
	for (int i = 0; i < WORLD_ROWS && room > 0; i++) {
		WorldRow *row = &w->rows[i];
		bool is_claimable = row->state == PUSH_PENDING || row->state == PUSH_WAITING
			|| row->state == PUSH_UNKNOWN || row->state == PUSH_DEAD;
		if (!is_claimable || row->due_at_ms > w->now_ms
			|| row->row.created_at_ms > w->now_ms)
			continue;
		row->state = PUSH_IN_FLIGHT;
		add(core, row->row);
		room--;
	}
}

static void send(Wire *w, PushCore *core)
{
	for (int i = 0; i < CALLS; i++) {
		WireCall *call = &w->calls[i];
		if (call->is_open || !push_next(core, w->now_ms, &call->batch))
			continue;
		for (size_t a = 0; a < call->batch.count;
			a++) /* never a record twice on the wire */
			for (int other = 0; other < CALLS; other++)
				for (size_t b = 0;
					w->calls[other].is_open && b < w->calls[other].batch.count;
					b++)
					assert_false(sfid_eq(&call->batch.rows[a].sfid,
						&w->calls[other].batch.rows[b].sfid));
		call->is_open = true;
		call->is_applied = rng_chance(&w->rng.base, 85);
		call->answer_at_ms = w->now_ms + 10 + (int64_t)rng_below(&w->rng.base, 3000);
		static const FailClass faults[] = { FAIL_AGAIN, FAIL_SESSION, FAIL_BUDGET,
			FAIL_ADMIN, FAIL_UNKNOWN_OUTCOME };
		bool is_answered = call->is_applied && rng_chance(&w->rng.base, 85);
		call->fail = is_answered ? FAIL_NONE
					 : faults[rng_below(&w->rng.base, ARRAY_LEN(faults))];
	}
}

static int record_of(const Wire *w, const SfId *id)
{
	for (int i = 0; i < WORLD_ROWS; i++)
		if (sfid_eq(&w->rows[i].row.sfid, id))
			return w->rows[i].record;
	fail();
	return -1;
}

/* The org works on a call: some rows of it are refused for a while. */
static size_t work(Wire *w, const WireCall *call)
{
	static const FailClass faults[] = { FAIL_AGAIN, FAIL_ADMIN, FAIL_RECORD };
	for (size_t i = 0; i < call->batch.count; i++) {
		bool is_refused = rng_chance(&w->rng.base, 15);
		results[i].fail = is_refused ? faults[rng_below(&w->rng.base, 3)] : FAIL_NONE;
		if (!is_refused)
			w->ticked[record_of(w, &call->batch.rows[i].sfid)] = true;
	}
	return rng_chance(&w->rng.base, 3) ? call->batch.count / 2 : call->batch.count;
}

static void receive(Wire *w, PushCore *core)
{
	for (int i = 0; i < CALLS; i++) {
		WireCall *call = &w->calls[i];
		if (!call->is_open || call->answer_at_ms > w->now_ms)
			continue;
		call->is_open = false;
		PushReply reply = { .batch_id = call->batch.batch_id, .call_fail = call->fail };
		if (call->is_applied)
			reply.result_count = work(w, call);
		reply.results = results;
		size_t count = push_reply(core, &reply, w->now_ms, rng_u64(&w->rng.base), settles);
		assert_int_equal(count, call->batch.count);
		for (size_t k = 0; k < count; k++) {
			WorldRow *row = &w->rows[settles[k].outbox_id - 1];
			assert_int_equal(row->state, PUSH_IN_FLIGHT);
			row->state = settles[k].state;
			row->due_at_ms = settles[k].due_at_ms;
			row->row.attempts += settles[k].state != PUSH_PENDING;
			w->deaths += settles[k].state == PUSH_DEAD;
		}
		assert_int_equal(push_reply(core, &reply, w->now_ms, 1, settles), 0);
	}
}

static bool world_is_quiet(const Wire *w)
{
	for (int i = 0; i < WORLD_ROWS; i++)
		if (w->rows[i].state != PUSH_DONE)
			return false;
	return true;
}

static int64_t next_moment(const Wire *w, const PushCore *core)
{
	int64_t next = push_wake_at(core, w->now_ms);
	int64_t opens = breaker_opens_at(push_breaker(core));
	if (opens > w->now_ms)
		next = MIN_OF(next, opens);
	for (int i = 0; i < CALLS; i++)
		if (w->calls[i].is_open)
			next = MIN_OF(next, w->calls[i].answer_at_ms);
	for (int i = 0; i < WORLD_ROWS; i++) {
		const WorldRow *row = &w->rows[i];
		int64_t due = MAX_OF(row->due_at_ms, row->row.created_at_ms);
		bool is_open = row->state != PUSH_DONE && row->state != PUSH_IN_FLIGHT;
		if (is_open && (due > w->now_ms || push_room(core, w->now_ms) > 0))
			next = MIN_OF(next, due);
	}
	assert_true(next < INT64_MAX);
	return MAX_OF(next, w->now_ms + 1);
}

static void play(uint64_t seed)
{
	static Wire w;
	w = (Wire){ 0 };
	rng_seed(&w.rng, seed);
	for (int i = 0; i < WORLD_ROWS; i++) {
		int record = (int)rng_below(&w.rng.base, WORLD_RECORDS);
		w.rows[i] = (WorldRow){ .record = record,
			.state = PUSH_PENDING,
			.row = row_of(i + 1, record % 3 ? "003" : "00Q", record,
				(int64_t)rng_below(&w.rng.base, 60 * 1000)) };
	}
	CLEANUP(push_close)
	PushCore *core = push_open(&(PushOptions){ .calls_in_flight_max = 1 + seed % PUSH_CALLS_MAX,
		.batch_rows_max = 1 + seed % 20 });
	for (int steps = 0;; steps++) {
		claim(&w, core);
		send(&w, core);
		receive(&w, core);
		if (world_is_quiet(&w))
			break;
		w.now_ms = next_moment(&w, core);
		if (steps > 200000)
			fail_msg("seed %lu does not come to rest", seed);
	}
	for (int i = 0; i < WORLD_ROWS; i++)
		assert_true(w.ticked[w.rows[i].record]);
	assert_int_equal(push_rows(core), 0);
	assert_true(w.deaths > 0);
}

static void lost_late_and_partial_answers_end_with_every_record_ticked(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++)
		play(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_move_that_is_not_in_the_table_is_impossible),
		cmocka_unit_test(idle_single_row_leaves_at_once),
		cmocka_unit_test(batch_holds_one_object_type_at_most_200_rows_oldest_first),
		cmocka_unit_test(rows_of_one_moment_go_in_the_order_of_the_outbox),
		cmocka_unit_test(record_is_in_one_call_at_a_time_and_once_in_it),
		cmocka_unit_test(account_is_a_type_of_its_own),
		cmocka_unit_test(id_of_another_object_comes_back_dead),
		cmocka_unit_test(one_bad_record_does_not_stop_the_others),
		cmocka_unit_test(row_that_is_locked_again_and_again_ends_as_dead),
		cmocka_unit_test(org_that_is_down_makes_no_row_dead),
		cmocka_unit_test(timed_out_row_is_unknown_and_sent_again),
		cmocka_unit_test(answer_of_another_length_says_nothing_about_any_row),
		cmocka_unit_test(session_that_ended_is_no_try_of_the_row),
		cmocka_unit_test(used_up_budget_holds_the_queue_and_probes_later),
		cmocka_unit_test(retry_after_of_a_call_holds_rows_and_calls),
		cmocka_unit_test(three_failed_calls_open_the_breaker),
		cmocka_unit_test(no_click_waits_longer_than_a_minute_once_the_org_is_back),
		cmocka_unit_test(rows_in_no_call_can_be_given_back),
		cmocka_unit_test(core_says_how_much_it_can_take),
		cmocka_unit_test(lost_late_and_partial_answers_end_with_every_record_ticked),
	};
	return cmocka_run_group_tests_name("push", tests, NULL, NULL);
}
