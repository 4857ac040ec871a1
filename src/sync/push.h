/* push.h: outbox rows into calls, replies into new states. One PushCore per org, in one thread,
 * without clock, network or store (doc/architecture.md, "A pure middle"). The worker claims rows
 * from the ledger (there they are IN_FLIGHT), adds them here, makes the calls that push_next gives
 * (collections PATCH: one object type, at most 200 rows, results by position,
 * salesforce-api.md 2.13), hands each answer to push_reply and writes the settles it gets. A
 * settled row leaves the core; rows to be tried again come back from the ledger when they are due.
 *
 * Oldest first; one row per record at a time; a call leaves at once when there is anything to send,
 * rows that arrive meanwhile gather for the next. A tick only ever sets true, so a row whose call
 * was never answered is simply sent again. */
#ifndef SYNC_PUSH_H
#define SYNC_PUSH_H

#include "base/base.h"
#include "base/str.h"
#include "model/sfid.h"
#include "sync/retry.h"

/* Same order and names as OutboxState in store/ledger.h; app/ maps one to the other. */
typedef enum PushState {
	PUSH_NONE,
	PUSH_PENDING,
	PUSH_IN_FLIGHT,
	PUSH_WAITING,
	PUSH_UNKNOWN,
	PUSH_DONE,
	PUSH_CANCELLED,
	PUSH_DEAD,
	PUSH_STATE_COUNT,
} PushState;

typedef enum PushEvent {
	PUSH_EV_NONE,
	PUSH_EV_SENT,      /* put into a call */
	PUSH_EV_ACCEPTED,  /* Salesforce confirmed */
	PUSH_EV_AGAIN,     /* refused for now */
	PUSH_EV_TIMED_OUT, /* no answer: unknown */
	PUSH_EV_REFUSED,   /* needs a person */
	PUSH_EV_NOT_SENT,  /* session, budget, stop: as if it had never been sent */
	PUSH_EV_DUE,       /* its time has come, or somebody pressed the button */
	PUSH_EV_REMOVED,   /* an admin took the unsubscribe away */
	PUSH_EVENT_COUNT,
} PushEvent;

/* The one table of moves; PUSH_NONE: that cannot happen. */
PushState push_state_next(PushState state, PushEvent event);

enum {
	PUSH_BATCH_ROWS_MAX = 200, /* salesforce-api.md 2.13 */
	PUSH_CALLS_MAX = 4,        /* "at most 2-4 simultaneous writers" (8.3) */
	PUSH_CORE_ROWS_MAX = 2000, /* two rounds of full calls: more would only age here */
};

typedef struct PushRow {
	int64_t outbox_id;
	SfId sfid;
	int64_t person_id;
	int64_t created_at_ms;
	int64_t attempts; /* tries before this one */
} PushRow;

typedef struct PushBatch {
	uint64_t batch_id; /* never 0 */
	SfObject object;
	size_t count;
	PushRow rows[PUSH_BATCH_ROWS_MAX];
} PushBatch;

typedef struct PushResult {
	FailClass fail; /* FAIL_NONE: written */
	Str code, text; /* borrow from the caller until the settles are used up */
} PushResult;

typedef struct PushReply {
	uint64_t batch_id;
	FailClass call_fail; /* FAIL_NONE: answered, then results holds one per row, by position */
	Str code, text;      /* of a whole-call failure */
	int64_t retry_after_ms; /* Retry-After, 0 if none */
	const PushResult *results;
	/* Another number than rows sent: nobody knows which is whose, all become UNKNOWN. */
	size_t result_count;
} PushReply;

typedef struct PushSettle {
	int64_t outbox_id;
	SfId sfid;
	int64_t person_id;
	PushState state;     /* DONE, WAITING, UNKNOWN, DEAD, or PENDING (not counted as a try) */
	int64_t due_at_ms;   /* WAITING, UNKNOWN, DEAD, PENDING; 0 when DONE */
	Str code, text;      /* borrow from the PushReply, or static */
	bool record_deleted; /* unlink the record */
} PushSettle;

typedef struct PushCore PushCore;

typedef struct PushOptions {
	size_t calls_in_flight_max; /* 1..PUSH_CALLS_MAX; 0: the default 2 */
	size_t batch_rows_max;      /* 1..PUSH_BATCH_ROWS_MAX; 0: 200 */
} PushOptions;

PushCore *push_open(const PushOptions *options);
void push_close(PushCore **core); /* rows still inside are forgotten: call push_give_back first */

/* How many rows it is worth claiming now: 0 while the breaker is open or the core is full. */
size_t push_room(const PushCore *core, int64_t now_ms);
/* Takes count <= push_room() rows that the ledger gave. Rows whose ID is no Contact, Lead or
 * Account can never be sent: they come back in out_refused (room for count) as DEAD; the result
 * says how many. */
size_t push_add(
	PushCore *core, const PushRow *rows, size_t count, int64_t now_ms, PushSettle *out_refused);
/* The next call to make; false: nothing to do now, ask again at push_wake_at or after a reply or
 * push_add. */
bool push_next(PushCore *core, int64_t now_ms, PushBatch *out);
/* What an answer means: settles for each row of that batch into out (room for PUSH_BATCH_ROWS_MAX);
 * the number of them. An unknown or already answered batch_id (a late answer) gives 0 and changes
 * nothing. */
size_t push_reply(
	PushCore *core, const PushReply *reply, int64_t now_ms, uint64_t random, PushSettle *out);
/* 0: call push_next now; INT64_MAX: nothing to send, or all calls are out; else the time when the
 * breaker lets one try. */
int64_t push_wake_at(const PushCore *core, int64_t now_ms);
/* Stopping, or the breaker opened (push_room is 0): rows that are in no call, as PENDING, so that a
 * removal need not wait for them. At most max; call until 0. */
size_t push_give_back(PushCore *core, int64_t now_ms, PushSettle *out, size_t max);
size_t push_calls_in_flight(const PushCore *core);
size_t push_rows(const PushCore *core); /* queued and in flight */
/* Somebody fixed something (new session, button): the breaker closes. */
void push_retry_now(PushCore *core);
const Breaker *push_breaker(const PushCore *core);

#endif
