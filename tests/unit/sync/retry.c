#include "base/base.h"

#include "base/rng.h"
#include "sync/retry.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void every_class_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int a = 0; a < FAIL_CLASS_COUNT; a++) {
		assert_non_null(fail_class_name((FailClass)a));
		for (int b = 0; b < a; b++)
			assert_string_not_equal(
				fail_class_name((FailClass)a), fail_class_name((FailClass)b));
	}
}

static void delay_grows_between_base_and_cap(void **state)
{
	(void)state;
	SeededRng rng;
	rng_seed(&rng, 3);
	static const FailClass quick[] = { FAIL_AGAIN, FAIL_SESSION, FAIL_UNKNOWN_OUTCOME };
	for (size_t k = 0; k < ARRAY_LEN(quick); k++) {
		int64_t end = RETRY_BASE_MS;
		for (int64_t attempts = 1; attempts < 100; attempts++) {
			end = MIN_OF(2 * end, RETRY_CAP_MS);
			int64_t most = 0;
			for (int i = 0; i < 200; i++) {
				int64_t delay = retry_delay_ms(
					quick[k], attempts, 0, rng_u64(&rng.base));
				assert_true(delay >= RETRY_BASE_MS && delay <= end);
				most = MAX_OF(most, delay);
			}
			assert_true(most > end * 3 / 4); /* the whole range is used */
		}
	}
	assert_true(retry_delay_ms(FAIL_AGAIN, 0, 0, 5) >= RETRY_BASE_MS);
	assert_true(retry_delay_ms(FAIL_AGAIN, INT64_MAX, 0, UINT64_MAX) <= RETRY_CAP_MS);
}

static void slow_clocks_are_slow_and_jittered(void **state)
{
	(void)state;
	static const struct {
		FailClass fail;
		int64_t period_ms;
	} cases[] = {
		{ FAIL_ADMIN, RETRY_ADMIN_MS },
		{ FAIL_RECORD, RETRY_RECORD_MS },
		{ FAIL_DELETED, RETRY_RECORD_MS },
		{ FAIL_BUDGET, RETRY_BUDGET_MS },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (uint64_t random = 0; random < 50; random++) {
			int64_t delay = retry_delay_ms(cases[i].fail, (int64_t)random + 1, 0,
				random * 0x9e3779b97f4a7c15u);
			assert_true(delay >= cases[i].period_ms);
			assert_true(delay < cases[i].period_ms * 11 / 10);
		}
	}
}

static void retry_after_is_honoured_within_reason(void **state)
{
	(void)state;
	assert_int_equal(retry_delay_ms(FAIL_AGAIN, 1, 90 * 1000, 1), 90 * 1000);
	assert_int_equal(retry_delay_ms(FAIL_AGAIN, 1, INT64_MAX, 1), RETRY_AFTER_MS_MAX);
	assert_true(retry_delay_ms(FAIL_AGAIN, 1, -5, 1) >= RETRY_BASE_MS);
	assert_true(retry_delay_ms(FAIL_RECORD, 1, 1000, 1) >= RETRY_RECORD_MS);
}

static void breaker_opens_after_failures_in_a_row_only(void **state)
{
	(void)state;
	Breaker b;
	breaker_init(&b);
	for (int i = 0; i < 20; i++) {
		breaker_sent(&b, i);
		breaker_failed(&b, FAIL_AGAIN, 0, i, 7);
		breaker_sent(&b, i);
		breaker_failed(&b, FAIL_UNKNOWN_OUTCOME, 0, i, 7);
		assert_true(breaker_allows(&b, i));
		assert_int_equal(breaker_opens_at(&b), 0);
		breaker_succeeded(&b);
	}
	for (int i = 0; i < BREAKER_FAILURES_MAX; i++)
		breaker_failed(&b, FAIL_AGAIN, 0, 1000, 7);
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_false(breaker_allows(&b, 1000 + RETRY_BASE_MS - 1));
	assert_true(breaker_allows(&b, breaker_opens_at(&b)));
}

static void open_breaker_lets_one_call_probe(void **state)
{
	(void)state;
	Breaker b;
	breaker_init(&b);
	breaker_failed(&b, FAIL_SESSION, 0, 0, 9);
	int64_t at = breaker_opens_at(&b);
	assert_true(at >= RETRY_BASE_MS);
	breaker_sent(&b, at);
	assert_int_equal(b.state, BREAKER_PROBING);
	assert_false(breaker_allows(&b, at + RETRY_CAP_MS));
	assert_int_equal(breaker_opens_at(&b), INT64_MAX);
	breaker_failed(&b, FAIL_AGAIN, 0, at, 9); /* one is enough now */
	assert_int_equal(b.state, BREAKER_OPEN);
	breaker_sent(&b, breaker_opens_at(&b));
	breaker_succeeded(&b);
	assert_true(breaker_allows(&b, 0));
	assert_int_equal(b.failures, 0);
}

static void fault_that_the_next_call_would_meet_too_opens_at_once(void **state)
{
	(void)state;
	static const FailClass faults[] = { FAIL_ADMIN, FAIL_RECORD, FAIL_DELETED, FAIL_SESSION,
		FAIL_BUDGET };
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		Breaker b;
		breaker_init(&b);
		breaker_failed(&b, faults[i], 0, 500, 3);
		assert_int_equal(b.state, BREAKER_OPEN);
		int64_t wait = breaker_opens_at(&b) - 500;
		assert_true(faults[i] == FAIL_SESSION ? wait <= 2 * RETRY_BASE_MS
						      : wait >= RETRY_BUDGET_MS);
		assert_true(wait <= RETRY_BUDGET_MS * 11 / 10);
	}
	Breaker b;
	breaker_init(&b);
	breaker_failed(&b, FAIL_AGAIN, 120 * 1000, 0, 3);
	assert_int_equal(breaker_opens_at(&b), 120 * 1000);
}

static void later_failure_never_shortens_the_wait(void **state)
{
	(void)state;
	Breaker b;
	breaker_init(&b);
	breaker_failed(&b, FAIL_BUDGET, 0, 0, 0);
	int64_t at = breaker_opens_at(&b);
	breaker_failed(&b, FAIL_AGAIN, 0, 10, 0);
	assert_int_equal(breaker_opens_at(&b), at);
}

static void clicks_go_on_when_the_night_must_stop(void **state)
{
	(void)state;
	static const struct {
		int64_t used, ours;
		bool push, lookup, night;
	} cases[] = {
		{ 0, 0, true, true, true },
		{ 799, 0, true, true, true },
		{ 800, 0, true, true, false },
		{ 100, 299, true, true, true },
		{ 100, 300, true, true, false },
		{ 949, 0, true, true, false },
		{ 950, 0, true, false, false },
		{ 1000, 900, true, false, false },
		{ 1200, 0, true, false, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		Budget b = { .used = cases[i].used, .max = 1000, .ours = cases[i].ours };
		assert_int_equal(budget_allows(&b, BUDGET_PUSH, 1), cases[i].push);
		assert_int_equal(budget_allows(&b, BUDGET_LOOKUP, 1), cases[i].lookup);
		assert_int_equal(budget_allows(&b, BUDGET_NIGHT, 1), cases[i].night);
	}
	Budget unknown = { .used = 5 };
	assert_true(budget_allows(&unknown, BUDGET_NIGHT, 1000));
	Budget own = { .max = 1000, .share_percent = 10, .reserve_percent = 50 };
	assert_true(budget_allows(&own, BUDGET_NIGHT, 100));
	assert_false(budget_allows(&own, BUDGET_NIGHT, 101));
	assert_true(budget_allows(&own, BUDGET_LOOKUP, 500));
	assert_false(budget_allows(&own, BUDGET_LOOKUP, 501));
	assert_false(budget_allows(&own, (BudgetUse)0, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class_has_a_name_of_its_own),
		cmocka_unit_test(delay_grows_between_base_and_cap),
		cmocka_unit_test(slow_clocks_are_slow_and_jittered),
		cmocka_unit_test(retry_after_is_honoured_within_reason),
		cmocka_unit_test(breaker_opens_after_failures_in_a_row_only),
		cmocka_unit_test(open_breaker_lets_one_call_probe),
		cmocka_unit_test(fault_that_the_next_call_would_meet_too_opens_at_once),
		cmocka_unit_test(later_failure_never_shortens_the_wait),
		cmocka_unit_test(clicks_go_on_when_the_night_must_stop),
	};
	return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
