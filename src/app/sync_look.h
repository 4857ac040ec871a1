/* sync_look.h: one look at all orgs: writes down the nights whose time has come, and works off the
 * runs that are open, oldest first; those that a crash interrupted go on. Turned by one thread at a
 * time: sync_worker.h's own, or a simulation. */
#ifndef APP_SYNC_LOOK_H
#define APP_SYNC_LOOK_H

#include "app/stop.h"
#include "app/worker.h"
#include "base/base.h"
#include "base/err.h"

typedef struct SyncLook {
	const WorkerOptions *options;
	Store *reader;                /* of the thread that looks */
	StopSwitch *stop;             /* ends a run where it stands; it is taken up again */
	void (*wake_push)(void *ctx); /* a run has queued ticks */
	void *ctx;
} SyncLook;

/* Returns when nothing is left to do now. What goes wrong with one org stops no other. */
WARN_UNUSED bool sync_look(const SyncLook *look, Err *err);

#endif
