/* writer.h: the one thread that writes. Jobs from any thread are gathered into one transaction
 * while the previous one waits for the disk (group commit); each runs between savepoints, so one
 * that fails leaves the others whole. done() is called after the commit: nobody is told "yes"
 * before it is on disk (product.md G1). */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "base/base.h"
#include "base/err.h"
#include "store/store.h"

typedef struct Writer Writer;
typedef struct WriteJob WriteJob;

struct WriteJob {
	/* On the writer thread, inside the transaction. False undoes this job alone and fails it
	 * with *err. */
	bool (*run)(WriteJob *job, Store *store, Err *err);
	/* On the writer thread, after the commit (ok) or when run or commit failed. May free the
	 * job. */
	void (*done)(WriteJob *job, bool ok, const Err *err);
};

typedef struct WriterOptions {
	size_t queue_max; /* jobs that may wait; beyond that writer_submit refuses */
	size_t group_max; /* jobs in one commit */
	/* On the writer's thread, once: a checkpoint failed for good (store_checkpoint's
	 * ERR_FATAL). It is logged; what is left is to end the process
	 * at once, as a crash would. NULL: abort(). */
	void (*on_lost)(void *ctx, const Err *err);
	void *ctx;
} WriterOptions;

/* Takes over *store (clears the caller's pointer). */
WARN_UNUSED bool writer_open(Store **store, const WriterOptions *options, Writer **out, Err *err);
/* Without a thread, for simulations: what is submitted waits until writer_turn; writer_call takes
 * the turn itself. All by one thread. */
Writer *writer_open_unthreaded(Store **store, const WriterOptions *options);
/* Takes one group to the disk; false: nothing waited. */
bool writer_turn(Writer *writer);
/* Finishes what is queued, commits, checkpoints, closes the store. */
void writer_close(Writer **writer);

/* Any thread. Whether the store failed at the last change (a refused job is no failure): *out says
 * how. Only another change shows whether it is well again. */
bool writer_trouble(Writer *writer, Err *out);

/* Any thread. False with ERR_LIMIT ("try again in a second") when the queue is full; the job stays
 * the caller's. */
WARN_UNUSED bool writer_submit(Writer *writer, WriteJob *job, Err *err);
/* For worker threads: submits run(ctx) and waits for the commit. Waits for room in the queue as
 * well. */
WARN_UNUSED bool writer_call(
	Writer *writer, bool (*run)(void *ctx, Store *store, Err *err), void *ctx, Err *err);

#endif
