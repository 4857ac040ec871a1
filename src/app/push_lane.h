/* push_lane.h: the pushes of one org. All decisions are sync/push.h's; here are the effects: claim
 * through the writer, call through sf/, settle through the writer. Turned by one thread at a time:
 * push_worker.h gives each lane one of its own, a simulation turns all by itself. */
#ifndef APP_PUSH_LANE_H
#define APP_PUSH_LANE_H

#include "app/worker.h"
#include "base/base.h"
#include "base/err.h"
#include "store/ledger.h"

typedef struct PushLane PushLane;

/* reader: borrowed, a handle for the thread that turns the lane. */
PushLane *push_lane_open(const WorkerOptions *options, const OrgRow *org, Store *reader);
void push_lane_close(PushLane **lane); /* calls under way are forgotten: drain first */

/* Claims, sends, and takes one answer, for which it waits up to push_lane_sleep_ms; returns early
 * when woken. False: nothing was lost, turn it again after a pause. */
WARN_UNUSED bool push_lane_turn(PushLane *lane, Err *err);
/* How long there is nothing to do but to wait for answers. */
int64_t push_lane_sleep_ms(PushLane *lane);
/* After push_lane_stop, the last thing: rows in no call go back, calls under way may end until the
 * deadline. What then is unanswered stays in flight and is taken up by the next start. */
void push_lane_drain(PushLane *lane);

/* Any thread. */
const OrgRow *push_lane_org(const PushLane *lane);
void push_lane_wake(PushLane *lane);                          /* new rows */
void push_lane_reload(PushLane *lane);                        /* connection or settings changed */
void push_lane_stop(PushLane *lane, int64_t stop_by_mono_ms); /* start no more calls */
bool push_lane_is_stopping(const PushLane *lane);

#endif
