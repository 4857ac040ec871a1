/* memfile.h: a RunFile in memory that can be told to fail. */
#ifndef TESTS_UNIT_SYNC_MEMFILE_H
#define TESTS_UNIT_SYNC_MEMFILE_H

#include "base/alloc.h"
#include "base/base.h"
#include "sync/run.h"

typedef struct MemFile {
	RunFile base;
	unsigned char *bytes; /* own */
	size_t len, cap;
	size_t appends, reads;
	size_t fail_append_at, fail_read_at; /* the n-th call fails, 0: none */
} MemFile;

static inline bool memfile_append(RunFile *base, const void *bytes, size_t len, Err *err)
{
	MemFile *file = CONTAINER_OF(base, MemFile, base);
	if (++file->appends == file->fail_append_at)
		return ERR(err, ERR_FATAL, "disk full");
	if (!array_reserve((void **)&file->bytes, &file->cap, file->len + len, 1u << 30, 1))
		return ERR(err, ERR_LIMIT, "too much for a test");
	memcpy(file->bytes + file->len, bytes, len);
	file->len += len;
	return true;
}

static inline bool memfile_read(RunFile *base, uint64_t offset, void *out, size_t len, Err *err)
{
	MemFile *file = CONTAINER_OF(base, MemFile, base);
	if (++file->reads == file->fail_read_at || offset + len > file->len)
		return ERR(err, ERR_FATAL, "disk error");
	memcpy(out, file->bytes + offset, len);
	return true;
}

static inline void memfile_init(MemFile *file)
{
	*file = (MemFile){ .base = { .append = memfile_append, .read = memfile_read } };
}

static inline void memfile_fini(MemFile *file)
{
	free(file->bytes);
}

#endif
