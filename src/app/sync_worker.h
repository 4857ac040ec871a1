/* sync_worker.h: the thread of the nights: starts what is due or asked for, one run at a time,
 * takes up what a crash interrupted. web/ asks by writing a run row and waking it. */
#ifndef APP_SYNC_WORKER_H
#define APP_SYNC_WORKER_H

#include "app/push_worker.h"
#include "app/worker.h"
#include "base/base.h"
#include "base/err.h"

typedef struct SyncWorker SyncWorker;

/* push is woken after a run queued ticks; borrowed. */
WARN_UNUSED bool sync_worker_open(
	const WorkerOptions *options, PushWorker *push, SyncWorker **out, Err *err);
/* A run under way is left as it stands on disk and taken up by the next start. */
void sync_worker_close(SyncWorker **worker);
void sync_worker_wake(SyncWorker *worker); /* any thread */

#endif
