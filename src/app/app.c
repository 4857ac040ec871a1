#include "base/base.h"

#include "app/app.h"

#include "app/app_parts.h"
#include "app/plan_file.h"
#include "app/push_call.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sdnotify.h"
#include "http/local.h"
#include "sf/curl.h"
#include "sf/sferror.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { READER_QUEUE_MAX = 4096, KEY_FILE_BYTES_MAX = 16 * 1024 };

/* A command without a daemon waits for its pushes as long as they move: one call and a lock or two.
 */
enum { PUSH_CHANCE_MS = 5 * 1000, PUSH_LOOK_MS = 20 };

struct App {
	Config config;
	Keyring keyring;
	CurlNet net;
	int lock_fd;
	Writer *writer;
	Readers *readers;
	/* Guards push and sync: the last jobs of readers and writer wake workers that have ended.
	 */
	pthread_mutex_t workers_lock;
	PushWorker *push;
	SyncWorker *sync;
	OrgWorker *org;
	Web *web;
	_Atomic int64_t stop_by_mono_ms; /* 0: not stopping */
	bool has_changed;                /* by app_request, whose thread closes as well */
};

static void wake_push(void *ctx)
{
	App *app = ctx;
	pthread_mutex_lock(&app->workers_lock);
	if (app->push)
		push_worker_wake(app->push);
	pthread_mutex_unlock(&app->workers_lock);
}

/* Also when an org was connected or a setting changed: the push reads the same ones. */
static void wake_sync(void *ctx)
{
	App *app = ctx;
	pthread_mutex_lock(&app->workers_lock);
	if (app->sync)
		sync_worker_wake(app->sync);
	if (app->push)
		push_worker_reload(app->push);
	pthread_mutex_unlock(&app->workers_lock);
}

static void org_connect(void *ctx, HttpExchange *exchange, const OrgConnection *wish)
{
	App *app = ctx;
	org_worker_connect(app->org, exchange, wish);
}

static void org_status(void *ctx, HttpExchange *exchange, Str org_id)
{
	App *app = ctx;
	org_worker_status(app->org, exchange, org_id);
}

static bool plan_rows(void *ctx, int64_t run_id, size_t limit, Buf *rows, Err *err)
{
	App *app = ctx;
	return plan_show(&app->config, run_id, limit, rows, err);
}

static void readiness(void *ctx, Buf *reasons)
{
	App *app = ctx;
	pthread_mutex_lock(&app->workers_lock);
	if (!app->push || atomic_load(&app->stop_by_mono_ms))
		buf_put(reasons, STR("stopping\n"));
	else
		push_worker_trouble(app->push, reasons);
	pthread_mutex_unlock(&app->workers_lock);
}

/* One code is push_call.h's own; all others are in the table of sf/. */
static const char *error_advice(Str code)
{
	if (str_eq(code, STR(PUSH_NO_FIELD_CODE)))
		return "Choose the field with sync.field.contact and sync.field.lead, or set sync.mode=standard.";
	return sf_error_info(code)->advice;
}

/* The same address has the same hash in the log across restarts. */
static void set_log_key(const Keyring *keyring)
{
	CLEANUP(secret_fini) Secret key = { 0 };
	derive_key(&key, &keyring->hash, "optout log addresses v1");
	log_set_address_key((const unsigned char *)secret_bytes(&key).ptr);
}

static bool load_keyring(const Config *config, Keyring *out, Err *err)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(KEY_FILE_BYTES_MAX);
	if (!file_read(config->key_file, &text, err)) {
		if (err && err->kind == ERR_MISSING)
			return ERR(err, ERR_MISSING,
				"there is no key file %s; restore it from its backup, or, before the "
				"first start only, make one with `optout key init`",
				config->key_file);
		return false;
	}
	bool ok = keyring_parse(buf_str(&text), out, err);
	bytes_wipe(text.ptr, text.len);
	if (ok)
		set_log_key(out);
	return ok || err_wrap(err, "restore the key file %s from its backup", config->key_file);
}

/* No way of a stop from here: whatever is read now may be wrong. The next start makes it good. */
static void end_process(void *ctx, const Err *err)
{
	(void)ctx;
	(void)err;
	_exit(EXIT_FAILURE);
}

/* What a process that was killed left half made. */
static void sweep_state(const Config *config)
{
	char folder[CONFIG_TEXT_MAX + 16];
	snprintf(folder, sizeof folder, "%s/runs", config->state_dir);
	size_t files = dir_sweep(folder, STR(""), STR(".plan.part"));
	snprintf(folder, sizeof folder, "%s/spool", config->state_dir);
	files += dir_sweep(folder, STR("night-"), STR(""));
	if (files > 0)
		log_event(LOG_INFO, "state.swept", LOG_INT("files", files));
}

/* The one handle that writes goes to the writer; the readers open theirs after it has migrated. */
static bool open_store(App *app, Err *err)
{
	const Str url = str_from(app->config.store_url);
	StoreOptions options = { .keyring = &app->keyring };
	Store *store = NULL;
	if (!store_lock(url, &app->lock_fd, err) || !store_open(url, &options, &store, err))
		return false;
	if (!store_lock_made(app->lock_fd, err)) {
		store_close(&store);
		return false;
	}
	sweep_state(&app->config);
	const WriterOptions writer = {
		.queue_max = (size_t)app->config.writer_queue_max,
		.group_max = (size_t)app->config.writer_group_max,
		.on_lost = end_process,
	};
	if (!writer_open(&store, &writer, &app->writer, err)) {
		store_close(&store);
		return false;
	}
	options.read_only = true;
	return readers_open(url, &options, (size_t)app->config.reader_threads, READER_QUEUE_MAX,
		&app->readers, err);
}

static bool open_workers(App *app, Err *err)
{
	const WorkerOptions workers = {
		.config = &app->config,
		.keyring = &app->keyring,
		.writer = app->writer,
		.net = &app->net.net,
		.clock = clock_system(),
		.rng = rng_system(),
	};
	const OrgWorkerOptions org = {
		.config = &app->config,
		.keyring = &app->keyring,
		.writer = app->writer,
		.net = &app->net.net,
		.on_connected = wake_sync,
		.ctx = app,
	};
	/* Still alone: nobody can wake them before open_web. */
	return push_worker_open(&workers, &app->push, err)
		&& sync_worker_open(&workers, app->push, &app->sync, err)
		&& org_worker_open(&org, &app->org, err);
}

static void close_workers(App *app)
{
	int64_t stop_by_mono_ms = atomic_load(&app->stop_by_mono_ms);
	if (!stop_by_mono_ms)
		stop_by_mono_ms = clock_mono_ms(clock_system()) + app->config.drain_ms;
	org_worker_close(&app->org);
	pthread_mutex_lock(&app->workers_lock);
	SyncWorker *sync = app->sync;
	PushWorker *push = app->push;
	app->sync = NULL;
	app->push = NULL;
	pthread_mutex_unlock(&app->workers_lock);
	sync_worker_close(&sync); /* first: it wakes the push */
	push_worker_close(&push, stop_by_mono_ms);
}

static bool open_web(App *app, Err *err)
{
	const WebOptions options = {
		.writer = app->writer,
		.readers = app->readers,
		.keyring = &app->keyring,
		.rng = rng_system(),
		.clock = clock_system(),
		.version = OPTOUT_VERSION,
		.app = {
			.ctx = app,
			.wake_push = wake_push,
			.wake_sync = wake_sync,
			.org_connect = org_connect,
			.org_status = org_status,
			.readiness = readiness,
			.plan_rows = plan_rows,
			.error_advice = error_advice,
		},
	};
	return web_open(&options, &app->web, err);
}

bool app_open(const Config *config, App **out, Err *err)
{
	App *app = xcalloc(1, sizeof *app);
	app->config = *config;
	app->lock_fd = -1;
	curl_net_init(&app->net, &app->config);
	pthread_mutex_init(&app->workers_lock, NULL);
	bool ok = secret_library_init(err) && curl_library_init(err)
		&& dir_make(config->state_dir, 0700, err)
		&& load_keyring(config, &app->keyring, err) && open_store(app, err)
		&& open_workers(app, err) && open_web(app, err);
	if (!ok) {
		app_close(&app);
		return false;
	}
	*out = app;
	return true;
}

static bool count_unsent(void *ctx, Store *store, Err *err)
{
	int64_t *unsent = ctx;
	LedgerCounts counts = { 0 };
	if (!ledger_counts(store_ledger(store), &counts, err))
		return false;
	*unsent = counts.outbox[OUTBOX_PENDING] + counts.outbox[OUTBOX_IN_FLIGHT];
	return true;
}

/* Without a daemon nobody else would send them before one is started. */
static void wait_for_pushes(App *app)
{
	int64_t least = INT64_MAX, give_up_mono_ms = 0;
	for (;;) {
		int64_t unsent = 0, now_ms = clock_mono_ms(clock_system());
		if (!writer_call(app->writer, count_unsent, &unsent, NULL) || unsent == 0)
			return;
		if (unsent < least) {
			least = unsent;
			give_up_mono_ms = now_ms + PUSH_CHANCE_MS;
		}
		if (now_ms >= give_up_mono_ms)
			return;
		usleep(PUSH_LOOK_MS * 1000);
	}
}

void app_stop_by(App *app, int64_t mono_ms)
{
	atomic_store(&app->stop_by_mono_ms, mono_ms);
}

/* Reverse order of opening, so that whoever may still call somebody ends before him. The readers
 * end before the writer: an import on a reader thread waits for commits. */
void app_close(App **handle)
{
	App *app = *handle;
	if (!app)
		return;
	if (app->has_changed && !atomic_load(&app->stop_by_mono_ms))
		wait_for_pushes(app);
	close_workers(app);
	if (app->readers)
		readers_close(&app->readers);
	if (app->writer)
		writer_close(&app->writer);
	if (app->web)
		web_close(&app->web);
	keyring_fini(&app->keyring);
	fd_close(&app->lock_fd);
	pthread_mutex_destroy(&app->workers_lock);
	free(app);
	*handle = NULL;
}

bool app_request(App *app, HttpMethod method, Str path_and_query, Str content_type, Str body,
	HttpReply *out, Err *err)
{
	app->has_changed |= method != HTTP_GET && method != HTTP_HEAD;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(HTTP_ARENA_BYTES_MAX);
	bool ok = local_request(web_handle, app->web, str_from(http_method_name(method)),
		path_and_query, content_type, body, LISTENER_LOCAL, &arena, out, err);
	if (ok)
		out->header_count = 0; /* they stood in the arena */
	return ok;
}

Web *app_web(App *app)
{
	return app->web;
}
