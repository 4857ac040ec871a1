#include "base/base.h"

#include "http/limit.h"

#include "../../lib/expect.h"

static const RateLimitOptions three_then_two_a_minute = {
	.burst = 3, .per_minute = 2, .clients_max = 2
};

static void a_burst_is_followed_by_the_steady_rate(void **state)
{
	(void)state;
	RateLimit *limit = rate_limit_open(&three_then_two_a_minute);
	int64_t wait_ms = 0, now_ms = 1000;
	for (int i = 0; i < 3; i++)
		assert_true(rate_limit_take(limit, STR("a"), now_ms, &wait_ms));
	assert_false(rate_limit_take(limit, STR("a"), now_ms, &wait_ms));
	assert_int_equal(wait_ms, 30 * 1000);
	assert_false(rate_limit_take(limit, STR("a"), now_ms + 29999, &wait_ms));
	assert_int_equal(wait_ms, 1);
	assert_true(rate_limit_take(limit, STR("a"), now_ms + 30000, &wait_ms));
	assert_false(rate_limit_take(limit, STR("a"), now_ms + 30000, &wait_ms));
	rate_limit_close(&limit);
}

static void asking_while_limited_does_not_make_it_longer(void **state)
{
	(void)state;
	RateLimit *limit = rate_limit_open(&three_then_two_a_minute);
	int64_t wait_ms = 0;
	int taken = 0;
	for (int64_t ms = 0; ms < 10 * 60 * 1000; ms += 7)
		taken += rate_limit_take(limit, STR("a"), ms, &wait_ms);
	assert_int_equal(taken, 3 + 2 * 10 - 1); /* the last is earned at the very end */
	rate_limit_close(&limit);
}

static void years_of_silence_earn_one_burst(void **state)
{
	(void)state;
	RateLimit *limit = rate_limit_open(&three_then_two_a_minute);
	int64_t wait_ms = 0, later_ms = INT64_MAX / 2;
	assert_true(rate_limit_take(limit, STR("a"), 0, &wait_ms));
	for (int i = 0; i < 3; i++)
		assert_true(rate_limit_take(limit, STR("a"), later_ms, &wait_ms));
	assert_false(rate_limit_take(limit, STR("a"), later_ms, &wait_ms));
	rate_limit_close(&limit);
}

static void clients_do_not_share(void **state)
{
	(void)state;
	RateLimit *limit = rate_limit_open(&three_then_two_a_minute);
	int64_t wait_ms = 0;
	for (int i = 0; i < 3; i++)
		assert_true(rate_limit_take(limit, STR("a"), 0, &wait_ms));
	assert_false(rate_limit_take(limit, STR("a"), 0, &wait_ms));
	assert_true(rate_limit_take(limit, STR("b"), 0, &wait_ms));
	rate_limit_close(&limit);
}

static void the_client_quiet_longest_is_forgotten_first(void **state)
{
	(void)state;
	RateLimit *limit = rate_limit_open(&three_then_two_a_minute);
	int64_t wait_ms = 0;
	for (int i = 0; i < 3; i++)
		assert_true(rate_limit_take(limit, STR("busy"), 0, &wait_ms));
	assert_true(rate_limit_take(limit, STR("quiet"), 1, &wait_ms));
	assert_false(rate_limit_take(limit, STR("busy"), 2, &wait_ms));
	assert_true(rate_limit_take(limit, STR("new"), 3, &wait_ms));
	assert_int_equal(rate_limit_clients(limit), 2);
	assert_false(rate_limit_take(limit, STR("busy"), 4, &wait_ms));
	rate_limit_close(&limit);
	assert_null(limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_is_followed_by_the_steady_rate),
		cmocka_unit_test(asking_while_limited_does_not_make_it_longer),
		cmocka_unit_test(years_of_silence_earn_one_burst),
		cmocka_unit_test(clients_do_not_share),
		cmocka_unit_test(the_client_quiet_longest_is_forgotten_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
