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
/* Graceful: finishes what is in flight within config's drain time, commits, closes. */
void app_close(App **app);

/* One request as the local admin, in this thread, waiting for parked replies. The reply is the
 * caller's (http_reply_fini). */
WARN_UNUSED bool app_request(App *app, HttpMethod method, Str path_and_query, Str content_type,
	Str body, HttpReply *out, Err *err);

/* `optout serve`: until SIGTERM or SIGINT. A second signal exits at once. */
WARN_UNUSED bool daemon_run(const Config *config, Err *err);

#endif
