/* app.h: the whole program behind its API, with or without listeners. app_open starts the store's
 * writer and readers, the push worker and the sync worker; daemon_run adds the listeners and stays
 * until a signal. The command line uses the same App in its own process when no daemon runs, so
 * that a command means the same either way (doc/architecture.md). */
#ifndef APP_APP_H
#define APP_APP_H

#include "app/config.h"
#include "base/base.h"
#include "base/err.h"
#include "http/message.h"

typedef struct App App;

/* Takes the write lock of the database, opens it, starts the workers. ERR_CONFLICT when a daemon
 * holds the lock. */
WARN_UNUSED bool app_open(const Config *config, App **out, Err *err);
/* Graceful: gives fresh pushes a chance when a request of app_request changed something, finishes
 * what is in flight within config's drain time, commits, closes. What is not done by then stays
 * queued for the next start. */
void app_close(App **app);
/* Any thread: the end is near (/readyz says so), and app_close takes until then at most, on the
 * monotonic clock. */
void app_stop_by(App *app, int64_t mono_ms);

/* One request as the local admin, in this thread, waiting for parked replies. The reply is the
 * caller's (http_reply_fini). */
WARN_UNUSED bool app_request(App *app, HttpMethod method, Str path_and_query, Str content_type,
	Str body, HttpReply *out, Err *err);

/* `optout serve`: until SIGTERM or SIGINT. A second signal exits at once. */
WARN_UNUSED bool daemon_run(const Config *config, Err *err);

#endif
