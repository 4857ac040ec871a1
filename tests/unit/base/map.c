#include "base/base.h"

#include "base/map.h"

#include "base/rng.h"

#include "../../lib/expect.h"

static void keys_are_bytes_and_copied(void **state)
{
	(void)state;
	CLEANUP(map_close) Map *map = map_open();
	char key[] = "a\0b";
	int one = 1, two = 2;
	assert_null(map_put(map, (Str){ key, 3 }, &one));
	key[2] = 'c';
	assert_ptr_equal(map_get(map, STR("a\0b")), &one);
	assert_null(map_get(map, STR("a\0c")));
	assert_null(map_put(map, STR(""), &two)); /* the empty key is a key */
	assert_ptr_equal(map_get(map, STR_NONE), &two);
	assert_int_equal(map_count(map), 2);
}

static void putting_again_gives_back_what_stood_there(void **state)
{
	(void)state;
	CLEANUP(map_close) Map *map = map_open();
	int one = 1, two = 2;
	assert_null(map_put(map, STR("k"), &one));
	assert_ptr_equal(map_put(map, STR("k"), &two), &one);
	assert_int_equal(map_count(map), 1);
	assert_ptr_equal(map_remove(map, STR("k")), &two);
	assert_null(map_remove(map, STR("k")));
	assert_int_equal(map_count(map), 0);
}

enum { KEYS = 300 };

static Str key_text(char *buf, size_t size, uint64_t number)
{
	int len = snprintf(buf, size, "key-%llu", (unsigned long long)number);
	return (Str){ buf, (size_t)len };
}

/* What map_next shows is exactly the model. */
static void check_walk(const Map *map, char *const model[KEYS])
{
	bool seen[KEYS] = { 0 };
	size_t at = 0, count = 0;
	Str key;
	void *value;
	while (map_next(map, &at, &key, &value)) {
		int64_t number;
		assert_true(str_to_i64(str_from_pos(key, 4), 0, KEYS - 1, &number));
		assert_false(seen[number]);
		seen[number] = true;
		assert_ptr_equal(value, model[number]);
		count++;
	}
	assert_int_equal(count, map_count(map));
}

static void random_changes_agree_with_a_plain_array(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		SeededRng rng;
		rng_seed(&rng, seed);
		CLEANUP(map_close) Map *map = map_open();
		char *model[KEYS] = { 0 };
		static char values[64];
		size_t count = 0;
		for (int step = 0; step < 20000; step++) {
			/* Long phases of growth and of shrinking. */
			bool growing = step / 2000 % 2 == 0;
			uint64_t number = rng_below(&rng.base, KEYS);
			char buf[32];
			Str key = key_text(buf, sizeof buf, number);
			assert_ptr_equal(map_get(map, key), model[number]);
			char *value = NULL;
			if (rng_chance(&rng.base, growing ? 70 : 30)) {
				value = &values[rng_below(&rng.base, sizeof values)];
				assert_ptr_equal(map_put(map, key, value), model[number]);
			} else {
				assert_ptr_equal(map_remove(map, key), model[number]);
			}
			count = count + (value != NULL) - (model[number] != NULL);
			model[number] = value;
			assert_int_equal(map_count(map), count);
		}
		check_walk(map, model);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_bytes_and_copied),
		cmocka_unit_test(putting_again_gives_back_what_stood_there),
		cmocka_unit_test(random_changes_agree_with_a_plain_array),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
