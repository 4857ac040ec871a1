/* web.h: everything that speaks to people and programs over HTTP: recipients' pages, the JSON API,
 * health and metrics. The paths, methods, scopes and operation ids are one table in routes.c;
 * doc/openapi.yaml describes them.
 *
 * Threads. web_handle is called on the server's loop thread (or, without listeners, by whoever
 * called http/local.h). It never touches the store: a change becomes a WriteJob, a question a
 * ReadJob, both living in the exchange's arena, and the exchange is parked until the job's done()
 * has filled the reply. So no 2xx leaves before the commit that backs it (product.md G1). A handler
 * behind a Bearer token that is not in the cache continues on a reader thread; everything a handler
 * uses of Web is therefore constant, or behind the mutex named after it.
 *
 * web/ starts work by writing it down and then wakes the worker that owns it; the only calls into
 * app/ are the function pointers of WebApp. Several Webs may stand side by side. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "base/base.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/str.h"
#include "http/message.h"
#include "http/route.h"
#include "model/keyring.h"
#include "store/desk.h"
#include "store/readers.h"
#include "store/writer.h"

typedef struct Web Web;

/* Tags of the listeners (ServerListener.tag). */
enum {
	LISTENER_RECIPIENTS = 1, /* public */
	LISTENER_ADMIN = 2,      /* TCP, Authorization: Bearer TOKEN */
	LISTENER_LOCAL = 3,      /* Unix socket or the same process: the local admin, no token */
};

/* What web/ asks of app/. Any pointer may be NULL (then the wake-up is skipped, or the route
 * answers 503). Every function may be called from any thread, several at once, and until the
 * readers and the writer are closed: their last jobs wake workers as well. */
typedef struct WebApp {
	void *ctx;
	/* After a commit that added outbox rows. */
	void (*wake_push)(void *ctx);
	/* After a commit that wrote or changed a run row, or a setting of the sync. */
	void (*wake_sync)(void *ctx);
	/* Log in as the wish says, read Organization, store the connection, answer. A handler like
	 * any other: fills the reply, or parks the exchange and finishes it later. wish and its
	 * strings live in the exchange's arena; its org_id, name, is_sandbox and connected_at_ms
	 * are unset. */
	void (*org_connect)(void *ctx, HttpExchange *exchange, const OrgConnection *wish);
	/* Live check of one org: login, API version, fields, budget. org_id is 18 characters, or ""
	 * when none was named. */
	void (*org_status)(void *ctx, HttpExchange *exchange, Str org_id);
	/* Appends one line per reason why the service is not ready; nothing when it is. Must not
	 * block. */
	void (*readiness)(void *ctx, Buf *reasons);
	/* The plan of a run as JSON objects with commas between ("{...},{...}", no brackets), at
	 * most `limit` rows. Called on a reader thread. ERR_MISSING: no plan file. */
	bool (*plan_rows)(void *ctx, int64_t run_id, size_t limit, Buf *rows, Err *err);
	/* What an admin does about an error code of Salesforce; a static text, "" when nothing is
	 * to be done. The table of codes is sf/'s, which web/ does not see. */
	const char *(*error_advice)(Str code);
} WebApp;

typedef struct WebOptions {
	Writer *writer;   /* borrowed, all of them; they outlive the Web */
	Readers *readers; /* closed before the writer: an import on a reader waits for commits */
	const Keyring *keyring;
	Rng *rng; /* tokens of the API and of links */
	Clock *clock;
	const char *version;
	WebApp app;
} WebOptions;

/* Reads the house settings through the readers (so these must be running). */
WARN_UNUSED bool web_open(const WebOptions *options, Web **out, Err *err);
/* After the server stopped and the readers and the writer were closed: no job of ours is left
 * anywhere. */
void web_close(Web **web);

/* ServerOptions.handle: `ctx` is the Web. Dispatches through the router. */
void web_handle(void *web, HttpExchange *exchange);

#endif
