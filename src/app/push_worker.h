/* push_worker.h: brings outbox rows to Salesforce: a lane (thread, session, PushCore) per connected
 * org, so that one org being slow or down delays no other, and a supervisor that opens lanes as
 * orgs are connected. */
#ifndef APP_PUSH_WORKER_H
#define APP_PUSH_WORKER_H

#include "app/worker.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

typedef struct PushWorker PushWorker;

/* What an earlier process left in flight becomes unknown, due at once. Before any lane is turned.
 */
WARN_UNUSED bool push_recover(const WorkerOptions *options, Err *err);

/* Recovers, then starts. */
WARN_UNUSED bool push_worker_open(const WorkerOptions *options, PushWorker **out, Err *err);
/* Calls under way may end until stop_by on the monotonic clock; what is then unanswered stays in
 * flight and is taken up again by the next start. */
void push_worker_close(PushWorker **worker, int64_t stop_by_mono_ms);
/* Any thread, for /readyz: appends a line when an org's pushes could not be started. */
void push_worker_trouble(PushWorker *worker, Buf *reasons);

void push_worker_wake(PushWorker *worker);   /* any thread: there are new outbox rows */
void push_worker_reload(PushWorker *worker); /* any thread: an org or a setting changed */

#endif
