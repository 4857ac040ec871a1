#include "base/base.h"

#include "sync/retry.h"

static const char *const class_names[FAIL_CLASS_COUNT] = {
	[FAIL_NONE] = "none",
	[FAIL_AGAIN] = "again",
	[FAIL_ADMIN] = "admin",
	[FAIL_RECORD] = "record",
	[FAIL_DELETED] = "deleted",
	[FAIL_SESSION] = "session",
	[FAIL_BUDGET] = "budget",
	[FAIL_UNKNOWN_OUTCOME] = "unknown-outcome",
};

const char *fail_class_name(FailClass fail)
{
	assert((unsigned)fail < FAIL_CLASS_COUNT);
	return class_names[fail];
}

/* Uniform between the base and an end that doubles with each try: many rows that failed together do
 * not come back together. */
static int64_t exponential_ms(int64_t attempts, uint64_t random)
{
	int64_t end = RETRY_BASE_MS;
	for (int64_t i = 0; i < attempts && end < RETRY_CAP_MS; i++)
		end *= 2;
	end = MIN_OF(end, RETRY_CAP_MS);
	return RETRY_BASE_MS + (int64_t)(random % (uint64_t)(end - RETRY_BASE_MS + 1));
}

static int64_t slow_ms(int64_t period_ms, uint64_t random)
{
	return period_ms + (int64_t)(random % (uint64_t)(period_ms / 10));
}

static int64_t class_delay_ms(FailClass fail, int64_t attempts, uint64_t random)
{
	switch (fail) {
	case FAIL_AGAIN:
	case FAIL_SESSION:
	case FAIL_UNKNOWN_OUTCOME:
		return exponential_ms(attempts, random);
	case FAIL_ADMIN:
		return slow_ms(RETRY_ADMIN_MS, random);
	case FAIL_RECORD:
	case FAIL_DELETED:
		return slow_ms(RETRY_RECORD_MS, random);
	case FAIL_BUDGET:
		return slow_ms(RETRY_BUDGET_MS, random);
	case FAIL_NONE:
	case FAIL_CLASS_COUNT:
		break;
	}
	return 0;
}

int64_t retry_delay_ms(FailClass fail, int64_t attempts, int64_t retry_after_ms, uint64_t random)
{
	assert(fail != FAIL_NONE && (unsigned)fail < FAIL_CLASS_COUNT);
	int64_t delay_ms = class_delay_ms(fail, MAX_OF(attempts, 1), random);
	return MAX_OF(delay_ms, MIN_OF(retry_after_ms, RETRY_AFTER_MS_MAX));
}

void breaker_init(Breaker *breaker)
{
	*breaker = (Breaker){ .state = BREAKER_CLOSED };
}

bool breaker_allows(const Breaker *breaker, int64_t now_ms)
{
	switch (breaker->state) {
	case BREAKER_CLOSED:
		return true;
	case BREAKER_OPEN:
		return now_ms >= breaker->open_until_ms;
	case BREAKER_PROBING:
		break;
	}
	return false;
}

void breaker_sent(Breaker *breaker, int64_t now_ms)
{
	assert(breaker_allows(breaker, now_ms));
	if (breaker->state == BREAKER_OPEN)
		breaker->state = BREAKER_PROBING;
}

void breaker_succeeded(Breaker *breaker)
{
	breaker_init(breaker);
}

/* How long nobody calls. A fault that an admin must mend is looked at every quarter of an hour, not
 * of a row's slow clock: the whole queue stands behind it. */
static int64_t open_ms(FailClass fail, int64_t failures, int64_t retry_after_ms, uint64_t random)
{
	if (fail == FAIL_AGAIN || fail == FAIL_UNKNOWN_OUTCOME || fail == FAIL_SESSION)
		return MAX_OF(
			MIN_OF(retry_delay_ms(fail, failures, 0, random), (int64_t)BREAKER_CAP_MS),
			MIN_OF(retry_after_ms, (int64_t)RETRY_AFTER_MS_MAX));
	return retry_delay_ms(FAIL_BUDGET, failures, retry_after_ms, random);
}

void breaker_failed(
	Breaker *breaker, FailClass fail, int64_t retry_after_ms, int64_t now_ms, uint64_t random)
{
	assert(fail != FAIL_NONE);
	breaker->failures++;
	bool may_be_a_hiccup = fail == FAIL_AGAIN || fail == FAIL_UNKNOWN_OUTCOME;
	if (breaker->state == BREAKER_CLOSED && may_be_a_hiccup && retry_after_ms == 0
		&& breaker->failures < BREAKER_FAILURES_MAX)
		return;
	int64_t until_ms = now_ms + open_ms(fail, breaker->failures, retry_after_ms, random);
	breaker->state = BREAKER_OPEN;
	breaker->open_until_ms = MAX_OF(breaker->open_until_ms, until_ms);
}

int64_t breaker_opens_at(const Breaker *breaker)
{
	switch (breaker->state) {
	case BREAKER_CLOSED:
		return 0;
	case BREAKER_OPEN:
		return breaker->open_until_ms;
	case BREAKER_PROBING:
		break;
	}
	return INT64_MAX;
}

enum {
	SHARE_PERCENT_DEFAULT = 30,
	RESERVE_PERCENT_DEFAULT = 5,
	NIGHT_PERCENT_MAX = 80, /* "stop optional work at 80 %" (salesforce-api.md 8.1) */
};

bool budget_allows(const Budget *budget, BudgetUse use, int64_t calls)
{
	if (budget->max <= 0)
		return true;
	int share = budget->share_percent ? budget->share_percent : SHARE_PERCENT_DEFAULT;
	int reserve = budget->reserve_percent ? budget->reserve_percent : RESERVE_PERCENT_DEFAULT;
	int64_t used = budget->used + calls;
	switch (use) {
	case BUDGET_PUSH:
		return true;
	case BUDGET_LOOKUP:
		return used <= budget->max * (100 - reserve) / 100;
	case BUDGET_NIGHT:
		return used <= budget->max * NIGHT_PERCENT_MAX / 100
			&& budget->ours + calls <= budget->max * share / 100;
	}
	return false;
}
