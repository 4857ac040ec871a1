/* org_worker.h: the thread for what an admin asks of an org and waits for: connecting one, and
 * looking at its state. Such a call may take many seconds, so it belongs neither to the loop nor to
 * the push worker. */
#ifndef APP_ORG_WORKER_H
#define APP_ORG_WORKER_H

#include "app/config.h"
#include "app/org_client.h"
#include "base/base.h"
#include "base/err.h"
#include "http/message.h"
#include "model/keyring.h"
#include "store/desk.h"
#include "store/writer.h"

typedef struct OrgWorker OrgWorker;

typedef struct OrgWorkerOptions {
	const Config *config;   /* borrowed, like all here */
	const Keyring *keyring; /* for a read-only handle of its own */
	Writer *writer;
	OrgNet *net;
	void (*on_connected)(void *ctx); /* after the commit of a new or changed connection */
	void *ctx;
} OrgWorkerOptions;

WARN_UNUSED bool org_worker_open(const OrgWorkerOptions *options, OrgWorker **out, Err *err);
/* What it works on is broken off; that and all waiting requests are answered 503. */
void org_worker_close(OrgWorker **worker);

/* As WebApp.org_connect and WebApp.org_status. Any thread. */
void org_worker_connect(OrgWorker *worker, HttpExchange *exchange, const OrgConnection *wish);
void org_worker_status(OrgWorker *worker, HttpExchange *exchange, Str org_id);

#endif
