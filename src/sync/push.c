#include "base/base.h"

#include "sync/push.h"

#include "base/alloc.h"
#include "base/map.h"
#include "base/planted.h"

enum { CALLS_DEFAULT = 2 };

typedef struct Slot {
	PushRow row;
	PushState state;
	uint64_t batch_id; /* while in flight, else 0 */
} Slot;

typedef struct Call {
	uint64_t batch_id; /* 0: free */
	size_t count;
} Call;

struct PushCore {
	PushOptions options;
	Breaker breaker;
	uint64_t next_batch_id;
	Call calls[PUSH_CALLS_MAX];
	Slot slots[PUSH_CORE_ROWS_MAX]; /* oldest first */
	size_t slot_count;
	Map *busy; /* own; IDs of records that are in a call */
};

static const PushState next_state[PUSH_STATE_COUNT][PUSH_EVENT_COUNT] = {
	[PUSH_PENDING] = {
		[PUSH_EV_SENT] = PUSH_IN_FLIGHT,
		[PUSH_EV_REFUSED] = PUSH_DEAD,      /* can never be sent */
		[PUSH_EV_NOT_SENT] = PUSH_PENDING,  /* given back */
		[PUSH_EV_REMOVED] = PUSH_CANCELLED,
	},
	[PUSH_IN_FLIGHT] = {
		[PUSH_EV_ACCEPTED] = PUSH_DONE,
		[PUSH_EV_AGAIN] = PUSH_WAITING,
		[PUSH_EV_TIMED_OUT] = PUSH_UNKNOWN,
		[PUSH_EV_REFUSED] = PUSH_DEAD,
		[PUSH_EV_NOT_SENT] = PUSH_PENDING,
		/* no REMOVED: a removal waits until the call is settled */
	},
	[PUSH_WAITING] = {
		[PUSH_EV_DUE] = PUSH_PENDING,
		[PUSH_EV_REMOVED] = PUSH_CANCELLED,
	},
	[PUSH_UNKNOWN] = {
		[PUSH_EV_DUE] = PUSH_PENDING, /* a tick is simply sent again */
		[PUSH_EV_REMOVED] = PUSH_CANCELLED, /* waits until the call cannot land */
	},
	[PUSH_DEAD] = {
		[PUSH_EV_DUE] = PUSH_PENDING,
		[PUSH_EV_REMOVED] = PUSH_CANCELLED,
	},
	/* DONE and CANCELLED are the end. */
};

PushState push_state_next(PushState state, PushEvent event)
{
	assert((unsigned)state < PUSH_STATE_COUNT && (unsigned)event < PUSH_EVENT_COUNT);
	return next_state[state][event];
}

static void slot_move(Slot *slot, PushEvent event)
{
	PushState to = push_state_next(slot->state, event);
	assert(to != PUSH_NONE);
	slot->state = to;
}

PushCore *push_open(const PushOptions *options)
{
	PushCore *core = xcalloc(1, sizeof *core);
	core->options = options ? *options : (PushOptions){ 0 };
	if (core->options.calls_in_flight_max == 0)
		core->options.calls_in_flight_max = CALLS_DEFAULT;
	if (core->options.batch_rows_max == 0)
		core->options.batch_rows_max = PUSH_BATCH_ROWS_MAX;
	assert(core->options.calls_in_flight_max <= PUSH_CALLS_MAX);
	assert(core->options.batch_rows_max <= PUSH_BATCH_ROWS_MAX);
	core->next_batch_id = 1;
	core->busy = map_open();
	breaker_init(&core->breaker);
	return core;
}

void push_close(PushCore **core)
{
	if (!*core)
		return;
	map_close(&(*core)->busy);
	free(*core);
	*core = NULL;
}

size_t push_room(const PushCore *core, int64_t now_ms)
{
	if (!breaker_allows(&core->breaker, now_ms))
		return 0;
	return PUSH_CORE_ROWS_MAX - core->slot_count;
}

/* ----------------------------------------------------------------- queue */

static bool is_older(const PushRow *a, const PushRow *b)
{
	if (a->created_at_ms != b->created_at_ms)
		return a->created_at_ms < b->created_at_ms;
	return a->outbox_id < b->outbox_id;
}

static bool is_inside(const PushCore *core, int64_t outbox_id)
{
	for (size_t i = 0; i < core->slot_count; i++)
		if (core->slots[i].row.outbox_id == outbox_id)
			return true;
	return false;
}

static void insert(PushCore *core, const PushRow *row)
{
	assert(core->slot_count < PUSH_CORE_ROWS_MAX);
	size_t at = core->slot_count; /* rows come in order: the end is usually the place */
	while (at > 0 && is_older(row, &core->slots[at - 1].row))
		at--;
	memmove(&core->slots[at + 1], &core->slots[at],
		(core->slot_count - at) * sizeof core->slots[0]);
	core->slots[at] = (Slot){ .row = *row, .state = PUSH_PENDING };
	core->slot_count++;
}

static void drop_settled(PushCore *core, uint64_t batch_id)
{
	size_t kept = 0;
	for (size_t i = 0; i < core->slot_count; i++) {
		if (core->slots[i].batch_id == batch_id)
			map_remove(core->busy, sfid_str(&core->slots[i].row.sfid));
		else
			core->slots[kept++] = core->slots[i];
	}
	core->slot_count = kept;
}

size_t push_add(
	PushCore *core, const PushRow *rows, size_t count, int64_t now_ms, PushSettle *out_refused)
{
	size_t refused = 0;
	for (size_t i = 0; i < count; i++) {
		const PushRow *row = &rows[i];
		if (sfid_object(&row->sfid) == SF_OBJECT_NONE)
			out_refused[refused++] = (PushSettle){ .outbox_id = row->outbox_id,
				.sfid = row->sfid,
				.person_id = row->person_id,
				.state = push_state_next(PUSH_PENDING, PUSH_EV_REFUSED),
				.due_at_ms = now_ms + RETRY_RECORD_MS,
				.code = STR("MALFORMED_ID"),
				.text = STR("the ID belongs to no Contact, Lead or Account") };
		else if (!is_inside(core, row->outbox_id))
			insert(core, row);
	}
	return refused;
}

/* ------------------------------------------------------------------ send */

static Call *find_call(PushCore *core, uint64_t batch_id)
{
	for (size_t i = 0; i < core->options.calls_in_flight_max; i++)
		if (core->calls[i].batch_id == batch_id)
			return &core->calls[i];
	return NULL;
}

static bool is_sendable(const PushCore *core, const Slot *slot)
{
	return slot->state == PUSH_PENDING && !map_get(core->busy, sfid_str(&slot->row.sfid));
}

static size_t first_sendable(const PushCore *core)
{
	size_t i = 0;
	while (i < core->slot_count && !is_sendable(core, &core->slots[i]))
		i++;
	return i;
}

static void take(PushCore *core, Slot *slot, PushBatch *batch)
{
	slot_move(slot, PUSH_EV_SENT);
	slot->batch_id = batch->batch_id;
	map_put(core->busy, sfid_str(&slot->row.sfid), core);
	batch->rows[batch->count++] = slot->row;
}

bool push_next(PushCore *core, int64_t now_ms, PushBatch *out)
{
	Call *call = find_call(core, 0);
	if (!call || !breaker_allows(&core->breaker, now_ms))
		return false;
	size_t i = first_sendable(core);
	if (i == core->slot_count)
		return false;
	out->batch_id = core->next_batch_id++;
	out->object = sfid_object(&core->slots[i].row.sfid);
	out->count = 0;
	for (; i < core->slot_count && out->count < core->options.batch_rows_max; i++) {
		Slot *slot = &core->slots[i];
		if (is_sendable(core, slot) && sfid_object(&slot->row.sfid) == out->object)
			take(core, slot, out);
	}
	*call = (Call){ .batch_id = out->batch_id, .count = out->count };
	breaker_sent(&core->breaker, now_ms);
	return true;
}

int64_t push_wake_at(const PushCore *core, int64_t now_ms)
{
	bool has_call = push_calls_in_flight(core) < core->options.calls_in_flight_max;
	if (!has_call || first_sendable(core) == core->slot_count)
		return INT64_MAX;
	return breaker_allows(&core->breaker, now_ms) ? 0 : breaker_opens_at(&core->breaker);
}

/* ----------------------------------------------------------------- reply */

/* What one row met: its own result, or what happened to the whole call. */
typedef struct Fate {
	FailClass fail;
	Str code, text;
	bool is_call;
} Fate;

static Fate row_fate(const PushReply *reply, size_t position, size_t sent)
{
	if (reply->call_fail != FAIL_NONE)
		return (Fate){ reply->call_fail, reply->code, reply->text, true };
	if (reply->result_count != sent)
		return (Fate){ FAIL_UNKNOWN_OUTCOME, STR("RESULT_COUNT"),
			STR("the answer has another number of results than rows were sent"), true };
	const PushResult *result = &reply->results[position];
	if (PLANTED(NOT_FOUND_IS_NO) && str_eq(result->code, STR("NOT_FOUND")))
		return (Fate){ FAIL_DELETED, result->code, result->text, false };
	return (Fate){ result->fail, result->code, result->text, false };
}

static PushEvent fate_event(const Fate *fate, int64_t attempts)
{
	switch (fate->fail) {
	case FAIL_NONE:
		return PUSH_EV_ACCEPTED;
	case FAIL_AGAIN:
		/* An org that is down is no fault of the row: only its own refusals count. */
		return !fate->is_call && attempts >= RETRY_ROW_ATTEMPTS_MAX ? PUSH_EV_REFUSED
									    : PUSH_EV_AGAIN;
	case FAIL_ADMIN:
	case FAIL_RECORD:
	case FAIL_DELETED:
		return PUSH_EV_REFUSED;
	case FAIL_SESSION:
	case FAIL_BUDGET:
		return PUSH_EV_NOT_SENT;
	case FAIL_UNKNOWN_OUTCOME:
		return PLANTED(TIMEOUT_IS_DONE) ? PUSH_EV_ACCEPTED : PUSH_EV_TIMED_OUT;
	case FAIL_CLASS_COUNT:
		break;
	}
	return PUSH_EV_NONE;
}

static int64_t fate_due_ms(const Fate *fate, PushEvent event, int64_t attempts,
	const PushReply *reply, int64_t now_ms, uint64_t random)
{
	if (event == PUSH_EV_ACCEPTED)
		return 0;
	if (event == PUSH_EV_NOT_SENT)
		return now_ms; /* the breaker keeps it back, not the row */
	/* An org that is down, or closed to us, holds every row back by the breaker; when it opens
	 * again no click may sit out a clock of its own. */
	if (fate->is_call)
		return now_ms + retry_delay_ms(FAIL_AGAIN, 1, reply->retry_after_ms, random);
	bool is_tired = event == PUSH_EV_REFUSED && fate->fail == FAIL_AGAIN;
	FailClass fail = is_tired ? FAIL_ADMIN : fate->fail;
	return now_ms + retry_delay_ms(fail, attempts, reply->retry_after_ms, random);
}

static void settle_slot(Slot *slot, const Fate *fate, const PushReply *reply, int64_t now_ms,
	uint64_t random, PushSettle *out)
{
	int64_t attempts = slot->row.attempts + 1;
	PushEvent event = fate_event(fate, attempts);
	slot_move(slot, event);
	*out = (PushSettle){ .outbox_id = slot->row.outbox_id,
		.sfid = slot->row.sfid,
		.person_id = slot->row.person_id,
		.state = slot->state,
		.due_at_ms = fate_due_ms(fate, event, attempts, reply, now_ms, random),
		.code = fate->code,
		.text = fate->text,
		.record_deleted = fate->fail == FAIL_DELETED };
}

/* What the answer says about calling at all. One row that met the end of the budget speaks for all
 * calls. */
static FailClass reply_fail(const PushReply *reply, size_t sent)
{
	if (reply->call_fail != FAIL_NONE)
		return reply->call_fail;
	if (reply->result_count != sent)
		return FAIL_UNKNOWN_OUTCOME;
	for (size_t i = 0; i < sent; i++)
		if (reply->results[i].fail == FAIL_SESSION || reply->results[i].fail == FAIL_BUDGET)
			return reply->results[i].fail;
	return FAIL_NONE;
}

static void tell_breaker(
	Breaker *breaker, const PushReply *reply, size_t sent, int64_t now_ms, uint64_t random)
{
	FailClass fail = reply_fail(reply, sent);
	if (fail == FAIL_NONE)
		breaker_succeeded(breaker);
	else
		breaker_failed(breaker, fail, reply->retry_after_ms, now_ms, random);
}

size_t push_reply(
	PushCore *core, const PushReply *reply, int64_t now_ms, uint64_t random, PushSettle *out)
{
	assert((unsigned)reply->call_fail < FAIL_CLASS_COUNT);
	Call *call = reply->batch_id ? find_call(core, reply->batch_id) : NULL;
	if (!call)
		return 0;
	size_t position = 0;
	for (size_t i = 0; i < core->slot_count; i++) {
		Slot *slot = &core->slots[i];
		if (slot->batch_id != reply->batch_id)
			continue;
		Fate fate = row_fate(reply, position, call->count);
		settle_slot(slot, &fate, reply, now_ms, random, &out[position++]);
	}
	assert(position == call->count);
	tell_breaker(&core->breaker, reply, call->count, now_ms, random);
	*call = (Call){ 0 };
	drop_settled(core, reply->batch_id);
	return position;
}

/* ------------------------------------------------------------------ rest */

size_t push_give_back(PushCore *core, int64_t now_ms, PushSettle *out, size_t max)
{
	size_t given = 0, kept = 0;
	for (size_t i = 0; i < core->slot_count; i++) {
		Slot *slot = &core->slots[i];
		if (given < max && slot->state == PUSH_PENDING) {
			slot_move(slot, PUSH_EV_NOT_SENT);
			out[given++] = (PushSettle){ .outbox_id = slot->row.outbox_id,
				.sfid = slot->row.sfid,
				.person_id = slot->row.person_id,
				.state = slot->state,
				.due_at_ms = now_ms };
		} else {
			core->slots[kept++] = *slot;
		}
	}
	core->slot_count = kept;
	return given;
}

size_t push_calls_in_flight(const PushCore *core)
{
	size_t count = 0;
	for (size_t i = 0; i < PUSH_CALLS_MAX; i++)
		count += core->calls[i].batch_id != 0;
	return count;
}

size_t push_rows(const PushCore *core)
{
	return core->slot_count;
}

void push_retry_now(PushCore *core)
{
	breaker_init(&core->breaker);
}

const Breaker *push_breaker(const PushCore *core)
{
	return &core->breaker;
}
