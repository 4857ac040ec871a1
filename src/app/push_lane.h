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
/* Any thread: start no more calls, and wait for those under way until then. Returns at once. */
void push_lane_stop(PushLane *lane, int64_t stop_by_mono_ms);
void push_lane_close(PushLane **lane); /* after push_lane_stop: waits for its end, frees */

const OrgRow *push_lane_org(const PushLane *lane);
void push_lane_wake(PushLane *lane);   /* any thread: new rows */
void push_lane_reload(PushLane *lane); /* any thread: connection or settings changed */

#endif
