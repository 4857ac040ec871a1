#include "base/base.h"

#include "base/arena.h"

#include "base/alloc.h"

#include <stdarg.h>

#ifndef __has_feature /* clang's way to say __SANITIZE_ADDRESS__ */
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

enum { BLOCK_BYTES = 8 * 1024, ALIGN_BYTES = 16 };

struct ArenaBlock {
	ArenaBlock *next;
	size_t used;
	size_t size;
	alignas(16) char bytes[];
};

void arena_init(Arena *arena, size_t bytes_max)
{
	*arena = (Arena){ .bytes_max = bytes_max };
}

void arena_fini(Arena *arena)
{
	while (arena->blocks) {
		ArenaBlock *block = arena->blocks;
		arena->blocks = block->next;
		UNPOISON(block->bytes, block->size);
		free(block);
	}
	arena->bytes = 0;
}

void arena_reset(Arena *arena)
{
	ArenaBlock *keep = arena->blocks;
	if (keep) {
		arena->blocks = keep->next;
		arena_fini(arena);
		keep->next = NULL;
		keep->used = 0;
		POISON(keep->bytes, keep->size);
		arena->blocks = keep;
	}
	arena->bytes = 0;
}

static ArenaBlock *block_add(Arena *arena, size_t need)
{
	size_t size = MAX_OF(need, (size_t)BLOCK_BYTES);
	ArenaBlock *block = xcalloc(1, sizeof *block + size);
	block->size = size;
	block->next = arena->blocks;
	arena->blocks = block;
	POISON(block->bytes, size);
	return block;
}

void *arena_alloc(Arena *arena, size_t count, size_t size)
{
	size_t bytes;
	bool fits = mul_size(count, size, &bytes) && add_size(bytes, ALIGN_BYTES - 1, &bytes);
	bytes = bytes / ALIGN_BYTES * ALIGN_BYTES;
	if (!fits || arena->bytes > arena->bytes_max || bytes > arena->bytes_max - arena->bytes) {
		fprintf(stderr, "arena: %zu x %zu bytes do not fit in %zu\n", count, size,
			arena->bytes_max);
		abort();
	}
	ArenaBlock *block = arena->blocks;
	if (!block || block->size - block->used < bytes)
		block = block_add(arena, bytes);
	void *ptr = block->bytes + block->used;
	UNPOISON(ptr, bytes);
	block->used += bytes;
	arena->bytes += bytes;
	memset(ptr, 0, bytes);
	return ptr;
}

char *arena_z(Arena *arena, Str s)
{
	char *copy = arena_alloc(arena, s.len + 1, 1);
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return copy;
}

Str arena_str(Arena *arena, Str s)
{
	return (Str){ arena_z(arena, s), s.len };
}

Str arena_printf(Arena *arena, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(len >= 0);
	char *text = arena_alloc(arena, (size_t)len + 1, 1);
	vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	return (Str){ text, (size_t)len };
}
