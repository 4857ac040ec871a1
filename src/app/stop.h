/* stop.h: how a thread that is in the middle of a call to Salesforce is told to end: the switch is
 * thrown by whoever closes the worker, and the call that stands at it ends at once. */
#ifndef APP_STOP_H
#define APP_STOP_H

#include "base/base.h"
#include "sf/client.h"

#include <pthread.h>

typedef struct StopSwitch {
	pthread_mutex_t lock; /* guards all below */
	bool is_thrown;
	SfClient *sf; /* borrowed; whose calls end with it, NULL: nobody's now */
} StopSwitch;

void stop_init(StopSwitch *stop);
void stop_fini(StopSwitch *stop);
void stop_throw(StopSwitch *stop);     /* any thread; for good */
bool stop_is_thrown(StopSwitch *stop); /* any thread */
/* By the thread that calls: before its first call, and with NULL before the client is closed. */
void stop_watch(StopSwitch *stop, SfClient *sf);

#endif
