#include "base/base.h"

#include "app/push_lane.h"

#include "app/org_client.h"
#include "app/org_settings.h"
#include "app/push_call.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/metric.h"
#include "store/store.h"
#include "sync/push.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	CLAIM_ROWS_MAX = 2
		* PUSH_BATCH_ROWS_MAX, /* one write of the store for up to two full calls */
	IDLE_MS = 30 * 1000,           /* a lost wake-up costs at most this */
	PAUSE_MS = 1000,               /* after a failure of the store */
};

static_assert((int)OUTBOX_PENDING == (int)PUSH_PENDING && (int)OUTBOX_DEAD == (int)PUSH_DEAD
		&& (int)OUTBOX_STATE_COUNT == (int)PUSH_STATE_COUNT,
	"PushState and OutboxState are the same words");

struct PushLane {
	WorkerOptions options;
	OrgRow org;
	atomic_bool stopping, woken, reload;
	_Atomic int64_t stop_by_mono_ms; /* once stopping */
	pthread_mutex_t
		client_lock; /* guards client.sf against push_lane_wake from other threads */

	/* Of the thread that turns it. */
	Store *reader; /* borrowed */
	Arena arena;   /* of the connection */
	OrgSetup setup;
	OrgClient client;
	PushCore *core;
	PushCall calls[PUSH_CALLS_MAX];
	int64_t next_due_ms; /* earliest claimable row; 0: ask */
};

static int64_t now_ms(PushLane *lane)
{
	return clock_wall_ms(lane->options.clock);
}

bool push_lane_is_stopping(const PushLane *lane)
{
	return atomic_load(&lane->stopping);
}

/* ------------------------------------------------------------------ set-up */

static void swap_client(PushLane *lane, OrgClient client)
{
	pthread_mutex_lock(&lane->client_lock);
	OrgClient old = lane->client;
	lane->client = client;
	pthread_mutex_unlock(&lane->client_lock);
	org_client_close(&old);
}

/* Settings and connection as they are now. The session is kept unless the connection changed, and
 * never exchanged under calls that are in flight. */
static bool lane_reload(PushLane *lane, Err *err)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(ORG_SETUP_BYTES_MAX);
	OrgSetup fresh = { 0 };
	if (!org_setup_load(lane->reader, &lane->org.org_id, &arena, &fresh, err))
		return false;
	lane->setup.sync = fresh.sync;
	bool is_changed = !lane->client.sf
		|| lane->setup.connection.connected_at_ms != fresh.connection.connected_at_ms;
	if (!is_changed)
		return true;
	if (push_calls_in_flight(lane->core) > 0) {
		atomic_store(&lane->reload, true); /* again when they have ended */
		return true;
	}
	OrgClient client = { 0 };
	if (!org_client_open(
		    lane->options.net, lane->options.clock, &fresh.connection, &client, err))
		return false;
	swap_client(lane, client);
	arena_fini(&lane->arena);
	lane->arena = arena;
	arena = (Arena)ARENA_MAX(ORG_SETUP_BYTES_MAX);
	lane->setup = fresh;
	push_retry_now(lane->core);
	return true;
}

/* ------------------------------------------------------------------- claim */

typedef struct Claim {
	PushLane *lane;
	int64_t now_ms;
	size_t room;
	OutboxRow rows[CLAIM_ROWS_MAX];
	size_t count;
	int64_t next_due_ms;
} Claim;

static bool claim_rows(void *ctx, Store *store, Err *err)
{
	Claim *claim = ctx;
	int64_t org = claim->lane->org.org;
	return ledger_outbox_claim(store_ledger(store), org, STR(WORKER_OWNER), claim->now_ms,
		       claim->rows, claim->room, &claim->count, err)
		&& ledger_outbox_next_due(store_ledger(store), org, &claim->next_due_ms, err);
}

typedef struct Settling {
	const Settle *settles;
	size_t count;
	int64_t now_ms;
} Settling;

static bool write_settles(void *ctx, Store *store, Err *err)
{
	const Settling *settling = ctx;
	return ledger_outbox_settle(
		store_ledger(store), settling->settles, settling->count, settling->now_ms, err);
}

/* A row that is not ours any more, or gone, would fail the others with it for ever. */
static bool is_refused(const Err *err)
{
	return err->kind == ERR_CONFLICT || err->kind == ERR_MISSING || err->kind == ERR_INPUT;
}

/* What Salesforce said must reach the disk: a full disk is waited out. At the stop it is given up;
 * the rows are then taken up as unknown by the next start, which only costs sending them again. */
static void settle_rows(PushLane *lane, const Settle *settles, size_t count)
{
	Settling settling = { .settles = settles, .count = count, .now_ms = now_ms(lane) };
	Err err = { 0 };
	while (!writer_call(lane->options.writer, write_settles, &settling, &err)) {
		log_event(LOG_ERROR, "push.settle.failed", LOG_INT("rows", count),
			LOG_INT("first", settles[0].outbox_id), LOG_ERR(&err));
		if (is_refused(&err)) {
			for (size_t i = 0; count > 1 && i < count; i++)
				settle_rows(lane, &settles[i], 1);
			return;
		}
		if (push_lane_is_stopping(lane))
			return;
		clock_sleep_ms(lane->options.clock, PAUSE_MS);
	}
}

static void lane_settle(PushLane *lane, const PushSettle *pushed, size_t count, Str fields)
{
	if (count == 0)
		return;
	CLEANUP(free_ptr) Settle *settles = xcalloc(count, sizeof *settles);
	for (size_t i = 0; i < count; i++)
		settles[i] = (Settle){
			.outbox_id = pushed[i].outbox_id,
			.state = (OutboxState)pushed[i].state,
			.due_at_ms = pushed[i].due_at_ms,
			.error_code = pushed[i].code,
			.error_text = pushed[i].text,
			.fields_written = pushed[i].state == PUSH_DONE ? fields : STR_NONE,
			.record_deleted = pushed[i].record_deleted,
		};
	settle_rows(lane, settles, count);
	lane->next_due_ms = 0;
}

/* While nobody may call, a row in our hands would only make a removal wait. */
static void lane_give_back(PushLane *lane)
{
	PushSettle back[PUSH_BATCH_ROWS_MAX];
	size_t count;
	while ((count = push_give_back(lane->core, now_ms(lane), back, ARRAY_LEN(back))) > 0)
		lane_settle(lane, back, count, STR_NONE);
}

static bool lane_claim(PushLane *lane, Err *err)
{
	int64_t now = now_ms(lane);
	bool woken = atomic_exchange(&lane->woken, false);
	size_t room = MIN_OF(push_room(lane->core, now), (size_t)CLAIM_ROWS_MAX);
	if (room == 0) {
		if (woken)
			lane->next_due_ms = 0; /* look again when there is room */
		return true;
	}
	if (!woken && now < lane->next_due_ms)
		return true;
	CLEANUP(free_ptr) Claim *claim = xcalloc(1, sizeof *claim);
	claim->lane = lane;
	claim->now_ms = now;
	claim->room = room;
	if (!writer_call(lane->options.writer, claim_rows, claim, err)) {
		atomic_store(&lane->woken, true);
		return false;
	}
	/* A full claim may have left rows that are due now. */
	lane->next_due_ms = claim->count == room ? 0 : MAX_OF(claim->next_due_ms, now + 1);
	PushRow rows[CLAIM_ROWS_MAX];
	for (size_t i = 0; i < claim->count; i++)
		rows[i] = (PushRow){
			.outbox_id = claim->rows[i].outbox_id,
			.sfid = claim->rows[i].sfid,
			.person_id = claim->rows[i].person_id,
			.created_at_ms = claim->rows[i].created_at_ms,
			.attempts = claim->rows[i].attempts,
		};
	PushSettle refused[CLAIM_ROWS_MAX];
	size_t count = push_add(lane->core, rows, claim->count, now, refused);
	lane_settle(lane, refused, count, STR_NONE);
	return true;
}

/* -------------------------------------------------------------------- send */

static void lane_answer(PushLane *lane, PushCall *call, const PushReply *reply)
{
	PushSettle settles[PUSH_BATCH_ROWS_MAX];
	size_t count = push_reply(
		lane->core, reply, now_ms(lane), rng_u64(lane->options.rng), settles);
	CLEANUP(buf_fini) Buf fields = BUF_MAX(FIELDS_MAX * (FIELD_NAME_MAX + 1));
	fields_put(&fields, &call->fields);
	size_t done = 0, dead = 0;
	for (size_t i = 0; i < count; i++) {
		done += settles[i].state == PUSH_DONE;
		dead += settles[i].state == PUSH_DEAD;
	}
	lane_settle(lane, settles, count, buf_str(&fields));
	metric_add(M_PUSH_TICKED, (int64_t)done);
	metric_add(M_PUSH_REFUSED, (int64_t)dead);
	metric_add(M_PUSH_RETRIED, (int64_t)(count - done - dead));
	log_event(done == count ? LOG_INFO : LOG_WARN, "push.batch.settled",
		LOG_STR("org", sfid_str(&lane->org.org_id)),
		LOG_Z("object", sf_object_name(call->batch.object)), LOG_INT("rows", count),
		LOG_INT("done", done), LOG_INT("refused", dead),
		LOG_STR("fields", buf_str(&fields)), LOG_STR("code", reply->code));
	call->call_id = 0;
}

static PushCall *find_call(PushLane *lane, uint64_t call_id)
{
	for (size_t i = 0; i < ARRAY_LEN(lane->calls); i++)
		if (lane->calls[i].call_id == call_id)
			return &lane->calls[i];
	return NULL;
}

static void lane_send(PushLane *lane)
{
	PushCall *call;
	while ((call = find_call(lane, 0)) && push_next(lane->core, now_ms(lane), &call->batch)) {
		fields_for_push(&lane->setup.sync, call->batch.object, &call->fields);
		Err err = { 0 };
		bool has_field = call->fields.count > 0;
		if (has_field
			&& push_call_start(
				call, lane->client.sf, lane->options.config->sf_timeout_ms, &err))
			continue;
		CLEANUP(free_ptr) PushAnswer *answer = xcalloc(1, sizeof *answer);
		if (has_field)
			push_call_not_sent(call, &err, answer);
		else
			push_call_refuse(call, answer);
		lane_answer(lane, call, &answer->reply);
	}
}

static void lane_take(PushLane *lane, const SfReply *reply)
{
	PushCall *call = find_call(lane, reply->call_id);
	if (!call)
		return;
	if (!reply->ok)
		log_event(LOG_WARN, "push.call.failed", LOG_STR("org", sfid_str(&lane->org.org_id)),
			LOG_INT("status", reply->fault.status), LOG_Z("code", reply->fault.code),
			LOG_Z("text", reply->fault.text), LOG_Z("advice", reply->fault.advice));
	CLEANUP(free_ptr) PushAnswer *answer = xcalloc(1, sizeof *answer);
	push_call_read(call, reply, answer);
	lane_answer(lane, call, &answer->reply);
}

/* -------------------------------------------------------------------- turn */

int64_t push_lane_sleep_ms(PushLane *lane)
{
	int64_t now = now_ms(lane);
	int64_t until = MIN_OF(lane->next_due_ms, push_wake_at(lane->core, now));
	if (atomic_load(&lane->woken) || atomic_load(&lane->reload))
		return push_calls_in_flight(lane->core) ? PAUSE_MS : 0;
	if (push_room(lane->core, now) == 0)
		until = push_wake_at(lane->core, now);
	/* The rows wait in the store meanwhile, and the core knows nothing of them. */
	if (!breaker_allows(push_breaker(lane->core), now))
		until = breaker_opens_at(push_breaker(lane->core));
	return until <= now ? 0 : MIN_OF(until - now, (int64_t)IDLE_MS);
}

bool push_lane_turn(PushLane *lane, Err *err)
{
	if (atomic_exchange(&lane->reload, false) && !lane_reload(lane, err)) {
		atomic_store(&lane->reload, true);
		return false;
	}
	/* Calls of the old connection come to their end before a new one takes over. */
	bool is_changing = atomic_load(&lane->reload);
	if (!is_changing && !lane_claim(lane, err))
		return false;
	if (!is_changing)
		lane_send(lane);
	if (!breaker_allows(push_breaker(lane->core), now_ms(lane)))
		lane_give_back(lane);
	SfReply reply = { 0 };
	bool has = false;
	if (!sf_client_poll(lane->client.sf, push_lane_sleep_ms(lane), &reply, &has, err))
		return false;
	if (has)
		lane_take(lane, &reply);
	sf_reply_fini(&reply);
	return true;
}

void push_lane_drain(PushLane *lane)
{
	lane_give_back(lane);
	int64_t deadline = atomic_load(&lane->stop_by_mono_ms);
	while (push_calls_in_flight(lane->core) > 0) {
		int64_t left = deadline - clock_mono_ms(lane->options.clock);
		SfReply reply = { 0 };
		bool has = false;
		if (left <= 0 || !sf_client_poll(lane->client.sf, left, &reply, &has, NULL))
			break;
		if (has)
			lane_take(lane, &reply);
		sf_reply_fini(&reply);
	}
	if (push_calls_in_flight(lane->core) > 0)
		log_event(LOG_WARN, "push.stop.unanswered",
			LOG_INT("calls", push_calls_in_flight(lane->core)));
}

/* -------------------------------------------------------------------- life */

PushLane *push_lane_open(const WorkerOptions *options, const OrgRow *org, Store *reader)
{
	PushLane *lane = xcalloc(1, sizeof *lane);
	lane->options = *options;
	lane->org = *org;
	lane->reader = reader;
	arena_init(&lane->arena, ORG_SETUP_BYTES_MAX);
	pthread_mutex_init(&lane->client_lock, NULL);
	atomic_store(&lane->woken, true);
	atomic_store(&lane->reload, true);
	const PushOptions push = {
		.calls_in_flight_max = MIN_OF(
			(size_t)options->config->push_calls_in_flight_max, (size_t)PUSH_CALLS_MAX),
	};
	lane->core = push_open(&push);
	return lane;
}

void push_lane_stop(PushLane *lane, int64_t stop_by_mono_ms)
{
	atomic_store(&lane->stop_by_mono_ms, stop_by_mono_ms);
	atomic_store(&lane->stopping, true);
	push_lane_wake(lane);
}

void push_lane_close(PushLane **handle)
{
	PushLane *lane = *handle;
	if (!lane)
		return;
	org_client_close(&lane->client);
	push_close(&lane->core);
	arena_fini(&lane->arena);
	pthread_mutex_destroy(&lane->client_lock);
	free(lane);
	*handle = NULL;
}

const OrgRow *push_lane_org(const PushLane *lane)
{
	return &lane->org;
}

void push_lane_wake(PushLane *lane)
{
	atomic_store(&lane->woken, true);
	pthread_mutex_lock(&lane->client_lock);
	if (lane->client.sf)
		sf_client_wake(lane->client.sf);
	pthread_mutex_unlock(&lane->client_lock);
}

void push_lane_reload(PushLane *lane)
{
	atomic_store(&lane->reload, true);
	push_lane_wake(lane);
}
