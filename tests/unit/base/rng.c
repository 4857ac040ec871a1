#include "base/base.h"

#include "base/rng.h"

#include "../../lib/expect.h"

static void seed_is_spread_by_splitmix64(void **state)
{
	(void)state;
	SeededRng rng;
	rng_seed(&rng, 0);
	assert_true(rng.state[0] == 0xE220A8397B1DCDAFu);
	assert_true(rng.state[1] == 0x6E789E6AA1B965F4u);
	assert_true(rng.state[2] == 0x06C45D188009454Fu);
	assert_true(rng.state[3] == 0xF88BB8A8724C81ECu);
}

static void seeded_numbers_are_xoshiro256_starstar(void **state)
{
	(void)state;
	SeededRng rng;
	rng_seed(&rng, 0);
	memcpy(rng.state, (uint64_t[]){ 1, 2, 3, 4 }, sizeof rng.state);
	assert_true(rng_u64(&rng.base) == 11520);
	assert_true(rng_u64(&rng.base) == 0);
	assert_true(rng_u64(&rng.base) == 1509978240);
	assert_true(rng_u64(&rng.base) == 1215971899390074240);
}

static void same_seed_repeats_and_another_does_not(void **state)
{
	(void)state;
	SeededRng a, b, c;
	rng_seed(&a, 42);
	rng_seed(&b, 42);
	rng_seed(&c, 43);
	uint64_t first = rng_u64(&a.base);
	assert_true(first == rng_u64(&b.base));
	assert_true(first != rng_u64(&c.base));
}

static void bounded_numbers_stay_below_and_reach_all(void **state)
{
	(void)state;
	SeededRng rng;
	rng_seed(&rng, 1);
	unsigned seen[7] = { 0 };
	for (int i = 0; i < 7000; i++) {
		uint64_t value = rng_below(&rng.base, 7);
		assert_true(value < 7);
		seen[value]++;
	}
	for (size_t i = 0; i < ARRAY_LEN(seen); i++)
		assert_in_range(seen[i], 850, 1150); /* 1000 expected, five sigma */
	assert_true(rng_below(&rng.base, 1) == 0);
	assert_true(rng_below(&rng.base, UINT64_MAX) < UINT64_MAX);
}

/* A plain remainder would give the lowest third half of all draws here. */
static void bound_that_is_no_power_of_two_favours_nobody(void **state)
{
	(void)state;
	SeededRng rng;
	rng_seed(&rng, 2);
	const uint64_t third = UINT64_C(1) << 62;
	unsigned low = 0;
	for (int i = 0; i < 3000; i++)
		low += rng_below(&rng.base, 3 * third) < third;
	assert_in_range(low, 870, 1130); /* 1000 expected, five sigma */
}

static void chance_of_0_is_never_and_of_100_always(void **state)
{
	(void)state;
	SeededRng rng;
	rng_seed(&rng, 5);
	for (int i = 0; i < 1000; i++) {
		assert_false(rng_chance(&rng.base, 0));
		assert_true(rng_chance(&rng.base, 100));
	}
}

static void system_randomness_fills_every_byte(void **state)
{
	(void)state;
	unsigned char seen[37] = { 0 }; /* an odd size; a byte stays 0 in 20 fills once in 2^160 */
	for (int round = 0; round < 20; round++) {
		unsigned char bytes[sizeof seen] = { 0 };
		rng_fill(rng_system(), bytes, sizeof bytes);
		for (size_t i = 0; i < sizeof seen; i++)
			seen[i] |= bytes[i];
	}
	for (size_t i = 0; i < sizeof seen; i++)
		assert_int_not_equal(seen[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seed_is_spread_by_splitmix64),
		cmocka_unit_test(seeded_numbers_are_xoshiro256_starstar),
		cmocka_unit_test(same_seed_repeats_and_another_does_not),
		cmocka_unit_test(bounded_numbers_stay_below_and_reach_all),
		cmocka_unit_test(bound_that_is_no_power_of_two_favours_nobody),
		cmocka_unit_test(chance_of_0_is_never_and_of_100_always),
		cmocka_unit_test(system_randomness_fills_every_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
