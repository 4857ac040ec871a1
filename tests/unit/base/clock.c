#include "base/base.h"

#include "base/clock.h"

#include "../../lib/expect.h"

/* What every implementation promises. */
static void check_clock(Clock *clock)
{
	int64_t mono_before_ms = clock_mono_ms(clock);
	int64_t wall_ms = clock_wall_ms(clock);
	assert_true(clock_mono_ms(clock) >= mono_before_ms);
	assert_true(wall_ms > INT64_C(1700000000000)); /* 2023 */
	assert_true(wall_ms < INT64_C(4102444800000)); /* 2100 */
	mono_before_ms = clock_mono_ms(clock);
	clock_sleep_ms(clock, 20);
	/* A signal may end it early, but no signal comes here. */
	assert_in_range(clock_mono_ms(clock) - mono_before_ms, 19, 10000);
}

static void real_and_fake_clock_keep_the_same_promises(void **state)
{
	(void)state;
	check_clock(clock_system());
	FakeClock fake;
	fake_clock_init(&fake, INT64_C(1800000000000));
	check_clock(&fake.base);
}

static void fake_clock_stands_still_until_moved(void **state)
{
	(void)state;
	FakeClock fake;
	fake_clock_init(&fake, INT64_C(1800000000000));
	int64_t mono_ms = clock_mono_ms(&fake.base);
	assert_int_equal(clock_wall_ms(&fake.base), INT64_C(1800000000000));
	assert_int_equal(clock_wall_ms(&fake.base), INT64_C(1800000000000));
	fake_clock_advance(&fake, 250);
	assert_int_equal(clock_wall_ms(&fake.base), INT64_C(1800000000250));
	assert_int_equal(clock_mono_ms(&fake.base), mono_ms + 250);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_and_fake_clock_keep_the_same_promises),
		cmocka_unit_test(fake_clock_stands_still_until_moved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
