/* readers.h: a few threads with read-only handles, for work that reads much: lists, pages, checks.
 * readers_submit may come from any thread. */
#ifndef STORE_READERS_H
#define STORE_READERS_H

#include "base/base.h"
#include "base/err.h"
#include "store/store.h"

typedef struct Readers Readers;
typedef struct ReadJob ReadJob;

struct ReadJob {
	bool (*run)(ReadJob *job, Store *store, Err *err); /* on a reader thread */
	void (*done)(ReadJob *job, bool ok, const Err *err);
};

WARN_UNUSED bool readers_open(Str url, const StoreOptions *options, size_t threads,
	size_t queue_max, Readers **out, Err *err);
void readers_close(Readers **readers); /* finishes what is queued */
WARN_UNUSED bool readers_submit(Readers *readers, ReadJob *job, Err *err); /* ERR_LIMIT when full */

#endif
