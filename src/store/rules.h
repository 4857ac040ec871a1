/* rules.h: the decisions that every driver must take alike: pure functions over plain values.
 * Private to store/. The words are those of product.md, "The rules of the merge". */
#ifndef STORE_RULES_H
#define STORE_RULES_H

#include "base/base.h"
#include "base/err.h"
#include "base/time.h"
#include "store/desk.h"
#include "store/ledger.h"
#include "store/vault.h"

enum {
	/* product.md: equal ones within an hour are counted on one entry. */
	REPEAT_WINDOW_MS = MS_PER_HOUR,
	/* Newest entries that a repeated stop is compared with. More different wishes than that
	 * within an hour come from a machine; they get an entry each. */
	REPEAT_LOOK_MAX = 32,
};

/* Where a person stands. */
typedef struct Standing {
	int64_t unsubscribed_at_ms;  /* 0: may be mailed */
	int64_t removed_at_ms;       /* last removal that was completed, 0: never */
	int64_t removal_asked_at_ms; /* the removal that waits, 0: none */
} Standing;

typedef enum StopRule {
	STOP_STALE = 1, /* read before a removal: do nothing, read again */
	STOP_NEW,
	STOP_REPEATED,
} StopRule;
StopRule rules_stop(const Standing *standing, int64_t read_at_ms);

/* A push is queued for unsubscribed people; not while a removal waits, for then a stop or nothing
 * follows. */
bool rules_may_push(const Standing *standing);

/* When a removal may complete, given the rows of the person's records: whether one is in flight,
 * and the last lands_until_ms. INT64_MAX: settling says when; not above now: at once. */
int64_t rules_removal_due(bool in_flight, int64_t lands_until_ms);
/* Until when a row that is settled so may still land; 0 for settlements that were answered. */
int64_t rules_lands_until(OutboxState settled, int64_t now_ms);

/* Whether a repeated stop looks at an entry of the person's history, going from the newest back. */
typedef enum RepeatLook { REPEAT_SKIP = 1, REPEAT_COMPARE, REPEAT_END } RepeatLook;
RepeatLook rules_repeat_look(EventKind kind, int64_t entry_at_ms, int64_t now_ms);
bool rules_repeat_equal(
	Source entry_source, const EventText *entry, Source source, const EventText *wish);

/* Texts within their maxima, known source. */
WARN_UNUSED bool rules_check_stop(const StopWish *wish, Err *err);
WARN_UNUSED bool rules_check_put(const PersonPut *put, Err *err);
WARN_UNUSED bool rules_check_remove(const RemoveWish *wish, Err *err);
WARN_UNUSED bool rules_check_settle(const Settle *settle, Err *err);
WARN_UNUSED bool rules_check_run(const Run *run, Err *err);
WARN_UNUSED bool rules_check_lease(Str name, Str owner, Err *err);
WARN_UNUSED bool rules_check_connection(const OrgConnection *org, Err *err);

/* States of an outbox row as sets. */
bool outbox_is_open(OutboxState state); /* not DONE or CANCELLED */
/* PENDING, WAITING, UNKNOWN, DEAD: an unsent tick of the record. */
bool outbox_is_claimable(OutboxState state);
bool outbox_is_queued(OutboxState state); /* PENDING, WAITING, DEAD: nothing is out for it */
/* Which settlements a row's state allows. */
bool outbox_may_settle(OutboxState from, OutboxState to);

#endif
