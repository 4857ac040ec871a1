/* list.h: one intrusive, doubly linked list. The node lives in the listed struct; CONTAINER_OF
 * leads back. A List must be list_init'ed; a node must be in at most one list. One thread at a
 * time. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/base.h"

typedef struct ListNode {
	struct ListNode *prev, *next;
} ListNode;

typedef struct List {
	ListNode head;
	size_t count;
} List;

static inline void list_init(List *list)
{
	list->head.prev = list->head.next = &list->head;
	list->count = 0;
}

static inline bool list_is_empty(const List *list)
{
	return list->head.next == &list->head;
}

static inline void list_push(List *list, ListNode *node)
{
	assert(!node->next && !node->prev);
	node->prev = list->head.prev;
	node->next = &list->head;
	node->prev->next = node;
	list->head.prev = node;
	list->count++;
}

static inline void list_remove(List *list, ListNode *node)
{
	assert(node->next && node->prev && list->count > 0);
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->prev = node->next = NULL;
	list->count--;
}

/* First node, taken out; NULL when empty. */
static inline ListNode *list_pop(List *list)
{
	if (list_is_empty(list))
		return NULL;
	ListNode *node = list->head.next;
	list_remove(list, node);
	return node;
}

#define LIST_FOR_EACH(list, node)                                                                  \
	for (ListNode *node = (list)->head.next, *node##_next = node->next; node != &(list)->head; \
		node = node##_next, node##_next = node->next)

#endif
