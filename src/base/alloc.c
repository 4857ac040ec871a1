#include "base/base.h"

#include "base/alloc.h"

static NORETURN void out_of_memory(size_t count, size_t size)
{
	fprintf(stderr, "out of memory: %zu x %zu bytes\n", count, size);
	abort();
}

void *xcalloc(size_t count, size_t size)
{
	void *ptr = calloc(count ? count : 1, size ? size : 1);
	if (!ptr)
		out_of_memory(count, size);
	return ptr;
}

void *xrealloc(void *old, size_t count, size_t size)
{
	size_t bytes;
	if (!mul_size(count ? count : 1, size ? size : 1, &bytes))
		out_of_memory(count, size);
	void *ptr = realloc(old, bytes);
	if (!ptr)
		out_of_memory(count, size);
	return ptr;
}

char *xstrndup(const char *ptr, size_t len)
{
	char *copy = xcalloc(len + 1, 1);
	if (len)
		memcpy(copy, ptr, len);
	return copy;
}

bool array_reserve(void **items, size_t *cap, size_t need, size_t max, size_t item_size)
{
	if (need > max)
		return false;
	if (need <= *cap)
		return true;
	size_t grown = *cap ? *cap : 8;
	while (grown < need)
		grown = grown > max / 2 ? max : grown * 2;
	*items = xrealloc(*items, grown, item_size);
	memset((char *)*items + *cap * item_size, 0, (grown - *cap) * item_size);
	*cap = grown;
	return true;
}

void free_ptr(void *pointer_to_pointer)
{
	void **pp = pointer_to_pointer;
	free(*pp);
	*pp = NULL;
}
