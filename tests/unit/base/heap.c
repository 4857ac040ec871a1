#include "base/base.h"

#include "base/heap.h"

#include "base/rng.h"

#include "../../lib/expect.h"

static void equal_keys_leave_in_the_order_they_came(void **state)
{
	(void)state;
	CLEANUP(heap_fini) Heap heap = { 0 };
	int values[100];
	for (int i = 0; i < 100; i++) {
		values[i] = i;
		heap_push(&heap, i % 2, &values[i]);
	}
	for (int i = 0; i < 100; i++) {
		const int *value = heap_pop(&heap);
		assert_int_equal(*value, i < 50 ? 2 * i : 2 * (i - 50) + 1);
	}
	assert_null(heap_pop(&heap));
	assert_null(heap_peek(&heap));
}

typedef struct Naive {
	int64_t key;
	bool is_there;
} Naive;

/* Index of the least key, the first among equals; -1 when there is none. */
static int naive_least(const Naive *items, int count)
{
	int least = -1;
	for (int i = 0; i < count; i++)
		if (items[i].is_there && (least < 0 || items[i].key < items[least].key))
			least = i;
	return least;
}

static void random_pushes_and_pops_agree_with_a_plain_search(void **state)
{
	(void)state;
	enum { ITEMS = 400 };
	for (uint64_t seed = 1; seed <= 10; seed++) {
		SeededRng rng;
		rng_seed(&rng, seed);
		CLEANUP(heap_fini) Heap heap = { 0 };
		Naive items[ITEMS] = { 0 };
		int pushed = 0;
		while (pushed < ITEMS || heap.count > 0) {
			if (pushed < ITEMS && rng_chance(&rng.base, 60)) {
				int64_t key = (int64_t)rng_below(&rng.base, 50) - 25;
				items[pushed] = (Naive){ key, true };
				heap_push(&heap, key, &items[pushed++]);
				continue;
			}
			int least = naive_least(items, pushed);
			if (least >= 0)
				assert_int_equal(heap_peek(&heap)->key, items[least].key);
			assert_ptr_equal(heap_pop(&heap), least < 0 ? NULL : &items[least]);
			if (least >= 0)
				items[least].is_there = false;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_keys_leave_in_the_order_they_came),
		cmocka_unit_test(random_pushes_and_pops_agree_with_a_plain_search),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
