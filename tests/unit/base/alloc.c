#include "base/base.h"

#include "base/alloc.h"

#include "../../lib/expect.h"

static void growing_array_never_passes_its_maximum(void **state)
{
	(void)state;
	void *items = NULL;
	size_t cap = 0;
	assert_true(array_reserve(&items, &cap, 1, 100, sizeof(int)));
	assert_true(cap >= 1 && cap <= 100);
	assert_true(array_reserve(&items, &cap, 100, 100, sizeof(int)));
	assert_int_equal(cap, 100);
	assert_false(array_reserve(&items, &cap, 101, 100, sizeof(int)));
	assert_int_equal(cap, 100);
	free(items);
}

static void growing_array_keeps_the_old_and_zeroes_the_new(void **state)
{
	(void)state;
	void *items = NULL;
	size_t cap = 0;
	assert_true(array_reserve(&items, &cap, 8, 1000, 1));
	memset(items, 7, cap);
	size_t before = cap;
	assert_true(array_reserve(&items, &cap, 500, 1000, 1));
	const unsigned char *bytes = items;
	for (size_t i = 0; i < cap; i++)
		assert_int_equal(bytes[i], i < before ? 7 : 0);
	free(items);
}

static void copied_string_ends_with_nul(void **state)
{
	(void)state;
	CLEANUP(free_ptr) char *copy = xstrndup("hello", 3);
	assert_string_equal(copy, "hel");
	CLEANUP(free_ptr) char *empty = xstrndup(NULL, 0);
	assert_string_equal(empty, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growing_array_never_passes_its_maximum),
		cmocka_unit_test(growing_array_keeps_the_old_and_zeroes_the_new),
		cmocka_unit_test(copied_string_ends_with_nul),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
