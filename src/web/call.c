#include "base/base.h"

#include "web/internal.h"

#include "base/metric.h"

static void call_finish(WebCall *call, bool ok, const Err *err)
{
	HttpExchange *exchange = call->exchange;
	const WebApp *app = &call->web->options.app;
	unsigned wakes = ok ? call->wakes : WAKE_NOBODY;
	if (ok)
		metric_add(M_STOPS, call->stops);
	call->answer(call, ok, err);
	buf_fini(&call->body);
	arena_fini(&call->arena);
	if ((wakes & WAKE_PUSH) && app->wake_push)
		app->wake_push(app->ctx);
	if ((wakes & WAKE_SYNC) && app->wake_sync)
		app->wake_sync(app->ctx);
	http_exchange_finish(exchange); /* and with it the call is gone */
}

static bool read_run(ReadJob *job, Store *store, Err *err)
{
	WebCall *call = CONTAINER_OF(job, WebCall, read);
	return call->work(call, store, err);
}

static void read_done(ReadJob *job, bool ok, const Err *err)
{
	call_finish(CONTAINER_OF(job, WebCall, read), ok, err);
}

static bool write_run(WriteJob *job, Store *store, Err *err)
{
	WebCall *call = CONTAINER_OF(job, WebCall, write);
	return call->work(call, store, err);
}

static void write_done(WriteJob *job, bool ok, const Err *err)
{
	call_finish(CONTAINER_OF(job, WebCall, write), ok, err);
}

bool web_stop(WebCall *call, Store *store, const StopWish *wish, StopOutcome *out, Err *err)
{
	if (!ledger_stop(store_ledger(store), wish, out, err))
		return false;
	call->stops = 1;
	call->wakes = out->pushes ? WAKE_PUSH : WAKE_NOBODY;
	return true;
}

void web_answer_json(WebCall *call, bool ok, const Err *err)
{
	if (ok)
		reply_json(call->exchange, call->status, &call->body);
	else
		reply_err(call->exchange, err);
}

WebCall *web_call(Web *web, HttpExchange *exchange, bool (*work)(WebCall *, Store *, Err *))
{
	WebCall *call = arena_alloc(&exchange->arena, 1, sizeof *call);
	*call = (WebCall){ .write = { .run = write_run, .done = write_done },
		.read = { .run = read_run, .done = read_done },
		.web = web,
		.exchange = exchange,
		.work = work,
		.answer = web_answer_json,
		.arena = ARENA_MAX(WEB_WORK_BYTES_MAX),
		.body = BUF_MAX(WEB_ANSWER_BYTES_MAX),
		.status = 200 };
	return call;
}

void web_call_read(WebCall *call)
{
	Err err;
	if (!http_exchange_park(call->exchange))
		return;
	if (!readers_submit(call->web->options.readers, &call->read, &err))
		call_finish(call, false, &err);
}

void web_call_write(WebCall *call)
{
	Err err;
	if (!http_exchange_park(call->exchange))
		return;
	if (!writer_submit(call->web->options.writer, &call->write, &err))
		call_finish(call, false, &err);
}

/* --------------------------------------------------- reading requests */

bool web_json(HttpExchange *exchange, JsonDoc *out)
{
	Err err;
	JsonDoc doc;
	if (!json_doc_parse(exchange->request.body, WEB_JSON_BYTES_MAX, &doc, &err)) {
		reply_problem(exchange, 400, "the body is not JSON: %s", err.text);
		return false;
	}
	if (json_val_type(doc.root) != JSON_T_OBJECT) {
		json_doc_fini(&doc);
		reply_problem(exchange, 400, "the body must be a JSON object");
		return false;
	}
	*out = doc;
	return true;
}

bool web_query_i64(HttpExchange *exchange, const char *name, int64_t fallback, int64_t min,
	int64_t max, int64_t *out)
{
	Str text = http_query_param(&exchange->request, str_from(name), &exchange->arena);
	if (!text.ptr) {
		*out = fallback;
		return true;
	}
	if (str_to_i64(text, min, max, out))
		return true;
	reply_problem(exchange, 400, "%s: \"%.*s\" is not a whole number from %lld to %lld", name,
		STR_ARG(text), (long long)min, (long long)max);
	return false;
}

bool web_text_member(
	const JsonVal *object, const char *name, size_t bytes_max, Arena *arena, Str *out, Err *err)
{
	Str text;
	if (!json_opt_str(object, name, STR(""), &text, err))
		return false;
	text = str_trim(text);
	if (text.len > bytes_max)
		return ERR(err, ERR_INPUT, "member \"%s\": at most %zu bytes", name, bytes_max);
	*out = arena_str(arena, text);
	return true;
}

bool web_address_list(
	const HttpExchange *exchange, size_t max, JsonDoc *doc, const JsonVal **out, Err *err)
{
	const JsonVal *addresses;
	if (!json_doc_parse(exchange->request.body, WEB_JSON_BYTES_MAX, doc, err))
		return err_wrap(err, "the body is not JSON");
	if (!json_get_array(doc->root, "addresses", &addresses, err))
		return false;
	if (json_array_len(addresses) > max)
		return ERR(err, ERR_INPUT, "at most %zu addresses in one request", max);
	*out = addresses;
	return true;
}

bool web_org_text(Str text, Arena *arena, Str *out, Err *err)
{
	SfId id;
	if (!text.len) {
		*out = STR("");
		return true;
	}
	if (!sfid_parse(text, &id, err))
		return err_wrap(err, "org");
	*out = arena_str(arena, sfid_str(&id));
	return true;
}

bool web_query_org(HttpExchange *exchange, Str *out)
{
	Err err;
	Str text = http_query_param(&exchange->request, STR("org"), &exchange->arena);
	if (web_org_text(text, &exchange->arena, out, &err))
		return true;
	reply_err(exchange, &err);
	return false;
}

/* ------------------------------------------------------------- orgs */

bool org_names_load(Ledger *ledger, OrgNames *out, Err *err)
{
	return ledger_org_list(ledger, out->rows, WEB_ORGS_MAX, &out->count, err);
}

Str org_names_id(const OrgNames *names, int64_t org)
{
	for (size_t i = 0; i < names->count; i++)
		if (names->rows[i].org == org)
			return sfid_str(&names->rows[i].org_id);
	return STR_NONE;
}

bool org_names_pick(const OrgNames *names, Str org_id, OrgRow *out, Err *err)
{
	if (names->count == 0)
		return ERR(err, ERR_CONFLICT,
			"no Salesforce org is connected; connect one "
			"first (POST /api/v1/org, or optout org connect)");
	if (!org_id.len && names->count > 1)
		return ERR(err, ERR_CONFLICT,
			"%zu orgs are connected; name one with "
			"?org=ID (GET /api/v1/org lists them)",
			names->count);
	for (size_t i = 0; i < names->count; i++) {
		if (!org_id.len || str_eq(org_id, sfid_str(&names->rows[i].org_id))) {
			*out = names->rows[i];
			return true;
		}
	}
	return ERR(err, ERR_MISSING, "org %.*s is not connected", STR_ARG(org_id));
}
