#include "base/base.h"

#include "base/queue.h"

#include "../../lib/expect.h"

#include <pthread.h>
#include <sched.h>

static void items_leave_in_order_across_the_ring(void **state)
{
	(void)state;
	CLEANUP(queue_close) Queue *queue = queue_open(3);
	int items[10];
	void *out[2];
	assert_true(queue_put(queue, &items[0]));
	for (size_t i = 1; i < ARRAY_LEN(items); i++) {
		assert_true(queue_put(queue, &items[i]));
		assert_int_equal(queue_depth(queue), 2);
		assert_int_equal(queue_take(queue, out, 1, 0), 1);
		assert_ptr_equal(out[0], &items[i - 1]);
	}
	assert_int_equal(queue_take(queue, out, 2, -1), 1);
	assert_ptr_equal(out[0], &items[9]);
	assert_int_equal(queue_take(queue, out, 2, 0), 0);
}

static void full_queue_refuses_at_once(void **state)
{
	(void)state;
	CLEANUP(queue_close) Queue *queue = queue_open(2);
	int a, b, c;
	void *out[5];
	assert_true(queue_put(queue, &a));
	assert_true(queue_put(queue, &b));
	assert_false(queue_put(queue, &c));
	assert_int_equal(queue_take(queue, out, 5, 0), 2);
	assert_ptr_equal(out[0], &a);
	assert_ptr_equal(out[1], &b);
	assert_true(queue_put(queue, &c));
	assert_int_equal(queue_take(queue, out, 5, 0), 1);
}

static void empty_queue_gives_up_after_its_time(void **state)
{
	(void)state;
	CLEANUP(queue_close) Queue *queue = queue_open(1);
	void *out;
	struct timespec before, after;
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(queue_take(queue, &out, 1, 30), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	int64_t ms = (after.tv_sec - before.tv_sec) * 1000
		+ (after.tv_nsec - before.tv_nsec) / 1000000;
	assert_true(ms >= 29);
	assert_false(queue_is_shut(queue));
}

static void shut_queue_refuses_but_gives_what_it_has(void **state)
{
	(void)state;
	CLEANUP(queue_close) Queue *queue = queue_open(4);
	int a;
	void *out;
	assert_true(queue_put(queue, &a));
	queue_shut(queue);
	queue_shut(queue);
	assert_true(queue_is_shut(queue));
	assert_false(queue_put(queue, &a));
	assert_int_equal(queue_take(queue, &out, 1, -1), 1);
	assert_int_equal(queue_take(queue, &out, 1, -1), 0); /* and does not wait for ever */
}

static void *wait_for_one(void *queue)
{
	void *out;
	return queue_take(queue, &out, 1, -1) ? out : NULL;
}

static void waiting_consumer_is_woken_by_shutting_and_by_putting(void **state)
{
	(void)state;
	int item;
	for (int round = 0; round < 200; round++) {
		CLEANUP(queue_close) Queue *queue = queue_open(1);
		pthread_t consumer;
		assert_int_equal(pthread_create(&consumer, NULL, wait_for_one, queue), 0);
		if (round % 2)
			assert_true(queue_put(queue, &item));
		else
			queue_shut(queue);
		void *got;
		pthread_join(consumer, &got);
		assert_ptr_equal(got, round % 2 ? &item : NULL);
	}
}

enum { PRODUCERS = 4, ITEMS_EACH = 5000 };

typedef struct Item {
	int producer;
	int number;
} Item;

typedef struct Producer {
	Queue *queue; /* borrowed */
	Item *items;  /* borrowed: ITEMS_EACH of them */
} Producer;

static void *produce(void *arg)
{
	Producer *producer = arg;
	for (int i = 0; i < ITEMS_EACH; i++)
		while (!queue_put(producer->queue, &producer->items[i]))
			sched_yield();
	return NULL;
}

static void nothing_is_lost_or_reordered_among_several_producers(void **state)
{
	(void)state;
	CLEANUP(queue_close) Queue *queue = queue_open(64);
	static Item items[PRODUCERS][ITEMS_EACH];
	Producer producers[PRODUCERS];
	pthread_t threads[PRODUCERS];
	for (int p = 0; p < PRODUCERS; p++) {
		for (int i = 0; i < ITEMS_EACH; i++)
			items[p][i] = (Item){ p, i };
		producers[p] = (Producer){ queue, items[p] };
		assert_int_equal(pthread_create(&threads[p], NULL, produce, &producers[p]), 0);
	}
	int next[PRODUCERS] = { 0 };
	for (size_t total = 0; total < PRODUCERS * ITEMS_EACH;) {
		void *got[50];
		size_t count = queue_take(queue, got, ARRAY_LEN(got), 10000);
		assert_int_not_equal(count, 0);
		for (size_t i = 0; i < count; i++) {
			const Item *item = got[i];
			assert_int_equal(item->number, next[item->producer]);
			next[item->producer]++;
		}
		total += count;
	}
	for (int p = 0; p < PRODUCERS; p++)
		pthread_join(threads[p], NULL);
	assert_int_equal(queue_depth(queue), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_leave_in_order_across_the_ring),
		cmocka_unit_test(full_queue_refuses_at_once),
		cmocka_unit_test(empty_queue_gives_up_after_its_time),
		cmocka_unit_test(shut_queue_refuses_but_gives_what_it_has),
		cmocka_unit_test(waiting_consumer_is_woken_by_shutting_and_by_putting),
		cmocka_unit_test(nothing_is_lost_or_reordered_among_several_producers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
