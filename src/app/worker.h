/* worker.h: what every worker thread is given, all borrowed and outliving it. A worker opens a
 * read-only handle of its own and changes things only through the writer. */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include "app/config.h"
#include "app/org_client.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/rng.h"
#include "model/keyring.h"
#include "store/writer.h"

/* Owner of claimed outbox rows and leases. On one machine the lock file admits one process, so a
 * fixed name is right: what an earlier process left in flight is ours to take up again. */
#define WORKER_OWNER "optout"

typedef struct WorkerOptions {
	const Config *config;
	const Keyring *keyring;
	Writer *writer;
	OrgNet *net;
	Clock *clock;
	Rng *rng;
} WorkerOptions;

#endif
