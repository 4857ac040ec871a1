/* heap.h: a binary min-heap of 64-bit keys with a pointer each, ties in insertion order. One
 * thread. */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include "base/base.h"

typedef struct HeapItem {
	int64_t key;
	uint64_t order; /* insertion number: first in, first out among equal keys */
	void *value;
} HeapItem;

typedef struct Heap {
	HeapItem *items; /* own */
	size_t count, cap;
	uint64_t next_order;
} Heap;

void heap_fini(Heap *heap); /* a zeroed Heap is empty and ready */
void heap_push(Heap *heap, int64_t key, void *value);
const HeapItem *heap_peek(const Heap *heap); /* NULL when empty */
void *heap_pop(Heap *heap);                  /* NULL when empty */

#endif
