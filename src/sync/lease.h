/* lease.h: who leads, given a lease row and a time. The row is kept by ledger_lease_take; this is
 * the rule. Pure. */
#ifndef SYNC_LEASE_H
#define SYNC_LEASE_H

#include "base/base.h"
#include "base/str.h"

enum {
	LEASE_MS = 60 * 1000,       /* a dead leader is replaced within a minute */
	LEASE_RENEW_MS = 20 * 1000, /* two renewals may fail before it is lost */
	LEASE_MARGIN_MS = 5 * 1000, /* clocks of two machines may differ: stop acting this early */
};

typedef struct Lease {
	Str owner; /* borrowed; empty: nobody */
	int64_t until_ms;
} Lease;

/* May `me` take or renew it now? */
bool lease_may_take(const Lease *lease, Str me, int64_t now_ms);
/* May `me` act as the leader now? Ends LEASE_MARGIN_MS before the lease does. */
bool lease_leads(const Lease *lease, Str me, int64_t now_ms);
/* When `me` should write to the row next: to renew its own, or to take it when the other's has run
 * out. */
int64_t lease_ask_at(const Lease *lease, Str me, int64_t now_ms);

#endif
