#include "base/base.h"

#include "base/list.h"

#include "../../lib/expect.h"

typedef struct Item {
	int number;
	ListNode node;
} Item;

/* -1 when the list is empty. */
static int pop_number(List *list)
{
	ListNode *node = list_pop(list);
	return node ? CONTAINER_OF(node, Item, node)->number : -1;
}

static void first_in_is_first_out(void **state)
{
	(void)state;
	List list;
	list_init(&list);
	Item items[3] = { { .number = 1 }, { .number = 2 }, { .number = 3 } };
	for (size_t i = 0; i < 3; i++)
		list_push(&list, &items[i].node);
	for (int want = 1; want <= 3; want++)
		assert_int_equal(pop_number(&list), want);
	assert_int_equal(pop_number(&list), -1);
	assert_true(list_is_empty(&list));
}

static void nodes_may_leave_during_the_walk(void **state)
{
	(void)state;
	List list;
	list_init(&list);
	Item items[5] = { 0 };
	for (int i = 0; i < 5; i++) {
		items[i].number = i;
		list_push(&list, &items[i].node);
	}
	LIST_FOR_EACH(&list, node)
	{
		if (CONTAINER_OF(node, Item, node)->number % 2 == 0)
			list_remove(&list, node);
	}
	assert_int_equal(list.count, 2);
	assert_int_equal(pop_number(&list), 1);
	assert_int_equal(pop_number(&list), 3);
	list_push(&list, &items[0].node); /* a node that left may come back */
	assert_int_equal(list.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_in_is_first_out),
		cmocka_unit_test(nodes_may_leave_during_the_walk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
