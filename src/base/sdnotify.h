/* sdnotify.h: ready, status and watchdog datagrams for a service manager (sd_notify(3)'s wire
 * protocol). Does nothing when NOTIFY_SOCKET is unset. Any thread. */
#ifndef BASE_SDNOTIFY_H
#define BASE_SDNOTIFY_H

#include "base/base.h"

bool sdnotify(const char *state); /* "READY=1\nSTATUS=..."; false when nobody listens */

#endif
