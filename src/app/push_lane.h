/* push_lane.h: the pushes of one org, in a thread of their own. All decisions are sync/push.h's;
 * here are the effects: claim through the writer, call through sf/, settle through the writer. */
#ifndef APP_PUSH_LANE_H
#define APP_PUSH_LANE_H

#include "app/worker.h"
#include "base/base.h"
#include "base/err.h"
#include "store/ledger.h"

typedef struct PushLane PushLane;

WARN_UNUSED bool push_lane_open(
	const WorkerOptions *options, const OrgRow *org, PushLane **out, Err *err);
void push_lane_stop(PushLane *lane); /* any thread: start no more calls; returns at once */
void push_lane_close(
	PushLane **lane); /* stops, waits for the end of what is under way (drain_ms), frees */

const OrgRow *push_lane_org(const PushLane *lane);
void push_lane_wake(PushLane *lane);   /* any thread: new rows */
void push_lane_reload(PushLane *lane); /* any thread: connection or settings changed */

#endif
