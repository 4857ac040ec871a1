#include "base/base.h"

#include "sync/plan.h"

static const char *const kind_names[PLAN_KIND_COUNT] = {
	[PLAN_UNSUBSCRIBE] = "unsubscribe",
	[PLAN_TICK] = "tick",
	[PLAN_ADOPT] = "adopt",
	[PLAN_LINK] = "link",
};

static const char *const reason_names[PLAN_REASON_COUNT] = {
	[PLAN_TICKED_RECORD] = "ticked-record",
	[PLAN_UNSUBSCRIBED_PERSON] = "unsubscribed-person",
	[PLAN_SAME_ADDRESS] = "same-address",
};

const char *plan_kind_name(PlanKind kind)
{
	assert(kind > 0 && kind < PLAN_KIND_COUNT);
	return kind_names[kind];
}

const char *plan_reason_name(PlanReason reason)
{
	assert(reason > 0 && reason < PLAN_REASON_COUNT);
	return reason_names[reason];
}

int64_t plan_here(const PlanCounts *counts)
{
	return counts->rows[PLAN_UNSUBSCRIBE] + counts->rows[PLAN_ADOPT];
}

int64_t plan_there(const PlanCounts *counts)
{
	return counts->rows[PLAN_TICK];
}
