/* arena.h: memory with one lifetime (one request, one batch, one page): bump allocation, freed all
 * at once by its owner. Bounded: past bytes_max the process aborts, because whoever feeds an arena
 * bounds its input. One thread at a time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/base.h"
#include "base/str.h"

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
	ArenaBlock *blocks; /* own, newest first */
	size_t bytes;       /* handed out since init or reset */
	size_t bytes_max;
} Arena;

#define ARENA_MAX(bytes_)                                                                          \
	{                                                                                          \
		.bytes_max = (bytes_)                                                              \
	}

void arena_init(Arena *arena, size_t bytes_max);
void arena_fini(Arena *arena);
void arena_reset(Arena *arena); /* everything handed out becomes invalid; keeps the newest block */

void *arena_alloc(Arena *arena, size_t count, size_t size); /* zeroed, 16-byte aligned */
Str arena_str(Arena *arena, Str s); /* a copy, NUL-terminated for convenience */
char *arena_z(Arena *arena, Str s);
Str arena_printf(Arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
