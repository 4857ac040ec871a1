/* local.h: one request answered in this process, without a socket: the command line when no daemon
 * runs, and tests. */
#ifndef HTTP_LOCAL_H
#define HTTP_LOCAL_H

#include "base/base.h"
#include "base/err.h"
#include "http/message.h"

/* Calls handle in this thread and waits for the reply, however long other threads work on it. The
 * peer is "local". method is a name ("GET"); a HEAD reply has no body; content_type may be empty.
 * On success *out is the caller's (http_reply_fini). Its headers live in *arena. False with
 * ERR_INPUT for a bad method or path. */
WARN_UNUSED bool local_request(void (*handle)(void *ctx, HttpExchange *exchange), void *ctx,
	Str method, Str path_and_query, Str content_type, Str body, int listener_tag, Arena *arena,
	HttpReply *out, Err *err);

#endif
