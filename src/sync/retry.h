/* retry.h: when to try again, whether to call at all, whether the day's calls allow it. The table
 * that turns Salesforce codes into a FailClass is sf/sferror; here a class becomes a delay. Pure:
 * time and randomness are arguments. */
#ifndef SYNC_RETRY_H
#define SYNC_RETRY_H

#include "base/base.h"

/* What a failure means for the row or call that met it (product.md, "Errors from Salesforce"). */
typedef enum FailClass {
	FAIL_NONE,            /* not a failure */
	FAIL_AGAIN,           /* lock, limit, 5xx, maintenance: the same again soon */
	FAIL_ADMIN,           /* needs an admin; also every code that nobody knows */
	FAIL_RECORD,          /* this record only: converted, malformed ID, not found */
	FAIL_DELETED,         /* ENTITY_IS_DELETED: the record is unlinked */
	FAIL_SESSION,         /* 401: log in again; says nothing about the row, is no attempt */
	FAIL_BUDGET,          /* the day's calls are used up: wait for the window, is no attempt */
	FAIL_UNKNOWN_OUTCOME, /* sent, but never answered: it may have happened */
	FAIL_CLASS_COUNT,
} FailClass;

const char *fail_class_name(FailClass fail); /* "again", "admin", ...: for logs and Diagnostics */

enum {
	RETRY_BASE_MS = 1000, /* locks are held for seconds (salesforce-api.md 4.2) */
	RETRY_CAP_MS = 15 * 60 * 1000,
	RETRY_ROW_ATTEMPTS_MAX = 10, /* then a row that is always "again" counts as FAIL_ADMIN */
	RETRY_ADMIN_MS = 6 * 3600 * 1000,   /* four times a day: a fix is found by tomorrow */
	RETRY_RECORD_MS = 24 * 3600 * 1000, /* once a day, after the night had its chance */
	RETRY_BUDGET_MS = 15 * 60 * 1000,   /* the window of 24 hours rolls on all the time (8.1) */
	RETRY_AFTER_MS_MAX = 6 * 3600 * 1000, /* a longer Retry-After is taken for a mistake */
};

/* Delay before the next try. attempts: tries made, this one included, at least 1. retry_after_ms:
 * what the answer asked for, 0 if nothing; never undercut. Exponential with full jitter for AGAIN,
 * SESSION and UNKNOWN_OUTCOME (RETRY_BASE_MS .. RETRY_CAP_MS); the slow clocks carry a tenth of
 * jitter. */
int64_t retry_delay_ms(FailClass fail, int64_t attempts, int64_t retry_after_ms, uint64_t random);

/* ------------------------------------------------------------- breaker */

/* One per org. Whole-call failures in a row open it: nobody calls; then one call probes. */
typedef enum BreakerState { BREAKER_CLOSED = 1, BREAKER_OPEN, BREAKER_PROBING } BreakerState;

enum {
	BREAKER_FAILURES_MAX = 3, /* in a row: two may be one hiccup of the network */
	/* One probe a minute: at worst 1,440 of the 15,000 calls of the smallest org, and no click
	 * waits longer than that once an org is back. */
	BREAKER_CAP_MS = 60 * 1000,
};

typedef struct Breaker {
	BreakerState state;
	int64_t failures; /* whole calls failed in a row */
	int64_t open_until_ms;
} Breaker;

void breaker_init(Breaker *breaker);
/* May a call start now? An open one whose time has come answers true. */
bool breaker_allows(const Breaker *breaker, int64_t now_ms);
/* breaker_allows was true and the call starts. */
void breaker_sent(Breaker *breaker, int64_t now_ms);
void breaker_succeeded(Breaker *breaker); /* an answer came, whatever it says of the rows */
/* A whole call failed. ADMIN, SESSION and BUDGET open it at once: the next call would meet the
 * same. */
void breaker_failed(
	Breaker *breaker, FailClass fail, int64_t retry_after_ms, int64_t now_ms, uint64_t random);
int64_t breaker_opens_at(const Breaker *breaker); /* 0 when calls may start now */

/* -------------------------------------------------------------- budget */

/* Who wants to call: the later in this list, the earlier it must stop (salesforce-api.md 8.1). */
typedef enum BudgetUse {
	/* Clicks: always tried. Only an answer tells that the window has moved on; FAIL_BUDGET and
	 * the breaker keep it to one call in a quarter of an hour. */
	BUDGET_PUSH = 1,
	BUDGET_LOOKUP, /* twins by address: until the reserve for pushes begins */
	BUDGET_NIGHT,  /* the night run: until its share is used up or the org is at 80 percent */
} BudgetUse;

typedef struct Budget {
	int64_t used, max;   /* Sforce-Limit-Info; max 0: not known, everything is allowed */
	int64_t ours;        /* calls that we made in the last 24 hours */
	int share_percent;   /* of max, for the night run; 0: the default 30 */
	int reserve_percent; /* of max, kept for pushes; 0: the default 5 */
} Budget;

bool budget_allows(const Budget *budget, BudgetUse use, int64_t calls);

#endif
