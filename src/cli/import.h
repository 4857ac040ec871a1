/* import.h: a CSV file as requests of a bounded size: each has the file's header and whole rows.
 * Rows and lines in the answers are mapped back to those of the file. The separator is the one that
 * the daemon will find in the header: where a row ends depends on it. Pure. */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H

#include "base/base.h"
#include "base/err.h"
#include "base/str.h"

enum {
	/* Small enough for a progress line every second, large enough that a request costs nothing
	 * beside its rows. */
	IMPORT_CHUNK_BYTES = 1024 * 1024,
	/* A chunk grows beyond that only by one row of at most 1 MiB (csv.h), or by rows that are
	 * all broken. */
	IMPORT_CHUNK_BYTES_MAX = 16 * 1024 * 1024,
};

typedef struct ImportSplitter ImportSplitter;

typedef struct ImportChunk {
	Str csv;              /* header and rows; borrows until the next call */
	int64_t rows_before;  /* add to a row number of the chunk's answer */
	int64_t lines_before; /* add to a line number of the chunk's answer */
} ImportChunk;

/* chunk_bytes: IMPORT_CHUNK_BYTES, but for tests. */
ImportSplitter *import_open(size_t chunk_bytes);
void import_close(ImportSplitter **splitter);
/* Bytes of the file, in order; then import_end. */
void import_feed(ImportSplitter *splitter, Str bytes);
void import_end(ImportSplitter *splitter);
/* True: *out is the next chunk. False: feed more, or all is done, or err->kind is set (ERR_LIMIT).
 * A file without data rows gives one chunk, so that its header is judged too. */
bool import_next(ImportSplitter *splitter, ImportChunk *out, Err *err);

#endif
