#include "base/base.h"

#include "sync/lease.h"

static bool is_mine(const Lease *lease, Str me)
{
	assert(me.len > 0);
	return str_eq(lease->owner, me);
}

bool lease_may_take(const Lease *lease, Str me, int64_t now_ms)
{
	return lease->owner.len == 0 || is_mine(lease, me) || now_ms >= lease->until_ms;
}

bool lease_leads(const Lease *lease, Str me, int64_t now_ms)
{
	return is_mine(lease, me) && now_ms < lease->until_ms - LEASE_MARGIN_MS;
}

int64_t lease_ask_at(const Lease *lease, Str me, int64_t now_ms)
{
	if (lease->owner.len == 0)
		return now_ms;
	int64_t at_ms = lease->until_ms;
	if (is_mine(lease, me))
		at_ms -= LEASE_MS - LEASE_RENEW_MS;
	return MAX_OF(at_ms, now_ms);
}
