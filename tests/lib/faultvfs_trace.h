/* faultvfs_trace.h: what was written to a disk and synced, and what of it a power cut leaves.
 * Private to faultvfs. */
#ifndef TESTS_LIB_FAULTVFS_TRACE_H
#define TESTS_LIB_FAULTVFS_TRACE_H

#include "base/base.h"

#include <errno.h>

/* Tests stop on the spot when the disk itself cannot work; there is nobody to tell. */
#define NEEDS(what_)                                                                               \
	do {                                                                                       \
		if (!(what_)) {                                                                    \
			fprintf(stderr, "faultvfs: %s: %s\n", #what_, strerror(errno));            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

enum { PATH_BYTES = 512, NO_INODE = -1 };

typedef enum EntryKind {
	ENTRY_FOUND = 1, /* was there before the trace began: on disk */
	ENTRY_MADE,
	ENTRY_WRITE,
	ENTRY_TRUNCATE,
	ENTRY_SYNC,
	ENTRY_SYNC_FAILED,
	ENTRY_DELETE,
	ENTRY_MOVED, /* the name, by faultvfs_kill */
} EntryKind;

typedef struct Entry {
	EntryKind kind;
	int64_t op;
	int inode;
	size_t name, name_to;
	int64_t offset; /* of a write; the new length of a truncate */
	size_t bytes_at, len;
	bool folder; /* the folder is synced as well */
} Entry;

typedef struct Name {
	char path[PATH_BYTES];
	int inode; /* as the system shows it; NO_INODE: there is no such file */
} Name;

/* All owned by the disk. */
typedef struct Trace {
	uint64_t seed; /* decides what a failed sync leaves */
	Entry *entries;
	size_t entry_count, entry_cap;
	unsigned char *bytes;
	size_t byte_count, byte_cap;
	Name *names;
	size_t name_count, name_cap;
	int inode_count;
} Trace;

/* See faultvfs_cut. */
void trace_cut(const Trace *trace, int64_t op, uint64_t seed, const char *from, const char *to);
bool path_is_in(const char *path, const char *folder);
void grow(void **items, size_t *cap, size_t need, size_t item_size);

#endif
