/* alloc.h: memory that is there or the process ends. Running out of memory is treated like a power
 * cut (doc/architecture.md): every size that an outsider controls has a maximum before it gets
 * here, all truth is in the store, and the service manager restarts us. Any thread. */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include "base/base.h"

/* Zeroed memory for count elements of size bytes; aborts on overflow or exhaustion. Owner frees
 * with free(). */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *ptr, size_t count, size_t size);
char *xstrndup(const char *ptr, size_t len);

/* Makes room for at least `need` elements in a growing array: doubles, never beyond max.
 * False (nothing changed) when need > max. */
WARN_UNUSED bool array_reserve(
	void **items, size_t *cap, size_t need, size_t max, size_t item_size);

/* For CLEANUP(free_ptr) on any pointer variable. */
void free_ptr(void *pointer_to_pointer);

#endif
