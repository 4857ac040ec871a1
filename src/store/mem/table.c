#include "base/base.h"

#include "store/mem/mem.h"

#include "base/alloc.h"

void mem_table_init(MemTable *table, size_t item_bytes)
{
	*table = (MemTable){ .item_bytes = item_bytes };
}

void mem_table_fini(MemTable *table)
{
	free(table->items);
	table->items = NULL;
	table->count = table->cap = 0;
}

void mem_table_copy(MemTable *out, const MemTable *from)
{
	assert(out->item_bytes == from->item_bytes);
	if (out->cap < from->count) {
		out->cap = from->cap;
		out->items = xrealloc(out->items, out->cap, out->item_bytes);
	}
	if (from->count)
		memcpy(out->items, from->items, from->count * from->item_bytes);
	out->count = from->count;
}

void *mem_at(const MemTable *table, size_t index)
{
	assert(index < table->count);
	return table->items + index * table->item_bytes;
}

void *mem_insert(MemTable *table, size_t index, const void *item)
{
	assert(index <= table->count);
	if (table->count == table->cap) {
		table->cap = MAX_OF(table->cap * 2, (size_t)16);
		table->items = xrealloc(table->items, table->cap, table->item_bytes);
	}
	char *place = table->items + index * table->item_bytes;
	memmove(place + table->item_bytes, place, (table->count - index) * table->item_bytes);
	memcpy(place, item, table->item_bytes);
	table->count++;
	return place;
}

void *mem_by_id(const MemTable *table, int64_t id)
{
	return id < 1 || (size_t)id > table->count ? NULL : mem_at(table, (size_t)id - 1);
}

int64_t mem_add(MemTable *table, const void *item)
{
	mem_insert(table, table->count, item);
	return (int64_t)table->count;
}
