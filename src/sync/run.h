/* run.h: external sort of fixed-size records. Records are added in any order; what does not fit the
 * memory limit is sorted and appended to a RunFile as a run; then all runs are merged. Records that
 * fit never touch the file. One thread. The file is the caller's: a temporary file in app/, memory
 * in tests. */
#ifndef SYNC_RUN_H
#define SYNC_RUN_H

#include "base/base.h"
#include "base/err.h"

typedef struct RunFile RunFile;
struct RunFile {
	bool (*append)(RunFile *file, const void *bytes, size_t len, Err *err);
	/* Exactly len bytes from offset, or false. */
	bool (*read)(RunFile *file, uint64_t offset, void *out, size_t len, Err *err);
};

enum {
	RUN_RECORD_BYTES_MAX = 256,
	RUN_RUNS_MAX = 1024, /* with the smallest memory still 60 million records of 48 bytes */
	RUN_MEMORY_BYTES_MIN = 16 * 1024, /* tests; the night gives 64 MB and more */
};

typedef int (*RunCompare)(const void *a, const void *b);

typedef struct RunSorterOptions {
	size_t record_bytes; /* 1..RUN_RECORD_BYTES_MAX */
	RunCompare compare;  /* equal records may come out in any order */
	size_t memory_bytes; /* for records and for sorting them, together */
	RunFile *file;       /* borrowed, empty; written from its start */
} RunSorterOptions;

typedef struct RunSorter RunSorter;

RunSorter *run_sorter_open(const RunSorterOptions *options);
void run_sorter_close(RunSorter **sorter);
/* False with ERR_LIMIT past RUN_RUNS_MAX runs, or with the file's error. */
WARN_UNUSED bool run_sorter_add(RunSorter *sorter, const void *record, Err *err);
/* After the last add, before the first next. */
WARN_UNUSED bool run_sorter_finish(RunSorter *sorter, Err *err);
/* Next in order; *out_end true (out_record untouched) after the last. */
WARN_UNUSED bool run_sorter_next(RunSorter *sorter, void *out_record, bool *out_end, Err *err);
uint64_t run_sorter_count(const RunSorter *sorter); /* added */
size_t run_sorter_runs(const RunSorter *sorter);    /* runs written to the file */

#endif
