#include "base/base.h"

#include "base/heap.h"

#include "base/alloc.h"

/* Far above any list of timers; a heap that grows past it is a leak. */
enum { HEAP_ITEMS_MAX = 64 * 1024 * 1024 };

void heap_fini(Heap *heap)
{
	free(heap->items);
	*heap = (Heap){ 0 };
}

static bool comes_before(const HeapItem *a, const HeapItem *b)
{
	return a->key != b->key ? a->key < b->key : a->order < b->order;
}

static void swap_items(Heap *heap, size_t a, size_t b)
{
	HeapItem kept = heap->items[a];
	heap->items[a] = heap->items[b];
	heap->items[b] = kept;
}

void heap_push(Heap *heap, int64_t key, void *value)
{
	void *items = heap->items;
	bool fits = array_reserve(
		&items, &heap->cap, heap->count + 1, HEAP_ITEMS_MAX, sizeof *heap->items);
	assert(fits);
	(void)fits;
	heap->items = items;
	size_t at = heap->count++;
	heap->items[at] = (HeapItem){ .key = key, .order = heap->next_order++, .value = value };
	while (at > 0 && comes_before(&heap->items[at], &heap->items[(at - 1) / 2])) {
		swap_items(heap, at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
}

const HeapItem *heap_peek(const Heap *heap)
{
	return heap->count ? &heap->items[0] : NULL;
}

void *heap_pop(Heap *heap)
{
	if (heap->count == 0)
		return NULL;
	void *value = heap->items[0].value;
	heap->items[0] = heap->items[--heap->count];
	for (size_t at = 0;;) {
		size_t least = at;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
			if (child < heap->count
				&& comes_before(&heap->items[child], &heap->items[least]))
				least = child;
		if (least == at)
			return value;
		swap_items(heap, at, least);
		at = least;
	}
}
