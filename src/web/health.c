#include "base/base.h"

#include "web/api.h"
#include "web/internal.h"

/* Reasons are single lines; ten would be a house on fire. */
enum { REASONS_BYTES_MAX = 4096 };

/* A row that comes and goes, to write something. */
#define PROBE_LEASE STR("readyz")

/* The loop answers: alive. Nothing else is asked, so that a slow disk does not get the process
 * killed. */
void health_live(void *ctx, HttpExchange *exchange)
{
	(void)ctx;
	reply_text(exchange, 200, STR("ok\n"));
}

/* Ready means that a click could be kept now: the writer takes a job and commits it, and a reader
 * can read. As long as all is well nothing is written, so nothing is synced to disk. After a change
 * that the disk refused only another one can tell whether it is well again. */
typedef struct Probe {
	WriteJob write;
	ReadJob read;
	Web *web;
	HttpExchange *exchange;
} Probe;

static void probe_end(Probe *probe, const char *what, const Err *err)
{
	const WebApp *app = &probe->web->options.app;
	CLEANUP(buf_fini) Buf reasons = BUF_MAX(REASONS_BYTES_MAX);
	if (err)
		buf_printf(&reasons, "%s: %s\n", what, err->text);
	if (app->readiness)
		app->readiness(app->ctx, &reasons);
	if (reasons.len)
		reply_text(probe->exchange, 503, buf_str(&reasons));
	else
		reply_text(probe->exchange, 200, STR("ready\n"));
	http_exchange_finish(probe->exchange);
}

static bool probe_write_run(WriteJob *job, Store *store, Err *err)
{
	const Probe *probe = CONTAINER_OF(job, Probe, write);
	Ledger *ledger = store_ledger(store);
	int64_t now_ms = web_now_ms(probe->web);
	Err trouble;
	bool taken;
	if (!writer_trouble(probe->web->options.writer, &trouble))
		return true;
	return ledger_lease_take(ledger, PROBE_LEASE, PROBE_LEASE, now_ms, now_ms, &taken, err)
		&& ledger_lease_release(ledger, PROBE_LEASE, PROBE_LEASE, err);
}

static void probe_write_done(WriteJob *job, bool ok, const Err *err)
{
	probe_end(CONTAINER_OF(job, Probe, write), "writer", ok ? NULL : err);
}

static bool probe_read_run(ReadJob *job, Store *store, Err *err)
{
	(void)job;
	HouseSettings house;
	return settings_load_house(store_desk(store), &house, err);
}

static void probe_read_done(ReadJob *job, bool ok, const Err *err)
{
	Probe *probe = CONTAINER_OF(job, Probe, read);
	Err full;
	if (!ok)
		probe_end(probe, "reader", err);
	else if (!writer_submit(probe->web->options.writer, &probe->write, &full))
		probe_end(probe, "writer", &full);
}

void health_ready(void *ctx, HttpExchange *exchange)
{
	Err full;
	Probe *probe = arena_alloc(&exchange->arena, 1, sizeof *probe);
	*probe = (Probe){ .write = { .run = probe_write_run, .done = probe_write_done },
		.read = { .run = probe_read_run, .done = probe_read_done },
		.web = ctx,
		.exchange = exchange };
	if (!http_exchange_park(exchange))
		return;
	if (!readers_submit(probe->web->options.readers, &probe->read, &full))
		probe_end(probe, "reader", &full);
}
