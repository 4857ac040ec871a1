#include "base/base.h"

#include "web/api.h"

#include "web/internal.h"

enum { PROBLEM_ROWS_MAX = 1000, PROBLEM_ROWS_USUAL = 200 };

/* ---------------------------------------------------------- diagnostics */

static void put_problem(
	JsonWriter *w, Web *web, const OrgNames *names, const OutboxProblem *problem)
{
	const OutboxRow *row = &problem->row;
	const int64_t now_ms = web_now_ms(web);
	const Str code = str_from(row->error_code);
	jw_object_begin(w);
	jw_kv_i64(w, "outbox_id", row->outbox_id);
	jw_kv_str(w, "org_id", org_names_id(names, row->org));
	jw_kv_str(w, "record_id", sfid_str(&row->sfid));
	jw_kv_str(w, "object", str_from(sf_object_name(sfid_object(&row->sfid))));
	jw_kv_i64(w, "person_id", row->person_id);
	jw_kv_str(w, "state", str_from(outbox_state_name(row->state)));
	jw_kv_time(w, "created_at", row->created_at_ms);
	jw_kv_i64(w, "age_ms", MAX_OF(now_ms - row->created_at_ms, 0));
	jw_kv_time(w, "due_at", row->due_at_ms);
	jw_kv_i64(w, "attempts", row->attempts);
	jw_kv_str(w, "error_code", code.len ? code : STR_NONE);
	jw_kv_str(w, "error_text", problem->error_text.len ? problem->error_text : STR_NONE);
	if (code.len && web->options.app.error_advice)
		jw_kv_str(w, "advice", str_from(web->options.app.error_advice(code)));
	else
		jw_kv_null(w, "advice");
	jw_object_end(w);
}

static bool diagnostics_work(WebCall *call, Store *store, Err *err)
{
	const int64_t *limit = call->input;
	size_t max = (size_t)*limit, count;
	OrgNames names;
	OutboxProblem *rows = arena_alloc(&call->arena, max + 1, sizeof *rows);
	if (!org_names_load(store_ledger(store), &names, err)
		|| !ledger_outbox_open_rows(
			store_ledger(store), &call->arena, rows, max + 1, &count, err))
		return false;
	JsonWriter w;
	jw_init(&w, &call->body);
	jw_object_begin(&w);
	jw_key(&w, "rows");
	jw_array_begin(&w);
	for (size_t i = 0; i < MIN_OF(count, max); i++)
		put_problem(&w, call->web, &names, &rows[i]);
	jw_array_end(&w);
	jw_kv_bool(&w, "rows_cut", count > max);
	jw_object_end(&w);
	return true;
}

void api_diagnostics_get(void *ctx, HttpExchange *exchange)
{
	int64_t *limit = arena_alloc(&exchange->arena, 1, sizeof *limit);
	if (!web_query_i64(exchange, "limit", PROBLEM_ROWS_USUAL, 1, PROBLEM_ROWS_MAX, limit))
		return;
	WebCall *call = web_call(ctx, exchange, diagnostics_work);
	call->input = limit;
	web_call_read(call);
}

/* --------------------------------------------------------------- status */

static void put_counts(JsonWriter *w, const LedgerCounts *counts)
{
	jw_key(w, "people");
	jw_object_begin(w);
	jw_kv_i64(w, "all", counts->people);
	jw_kv_i64(w, "unsubscribed", counts->unsubscribed);
	jw_kv_i64(w, "without_record", counts->without_record);
	jw_kv_i64(w, "unsubscribed_without_record", counts->unsubscribed_without_record);
	jw_object_end(w);
	jw_key(w, "outbox");
	jw_object_begin(w);
	for (int state = OUTBOX_PENDING; state < OUTBOX_STATE_COUNT; state++)
		jw_kv_i64(w, outbox_state_name((OutboxState)state), counts->outbox[state]);
	jw_object_end(w);
	jw_kv_time(w, "outbox_oldest_at", counts->outbox_oldest_ms);
}

static bool status_work(WebCall *call, Store *store, Err *err)
{
	LedgerCounts counts;
	OrgNames names;
	if (!ledger_counts(store_ledger(store), &counts, err)
		|| !org_names_load(store_ledger(store), &names, err))
		return false;
	JsonWriter w;
	jw_init(&w, &call->body);
	jw_object_begin(&w);
	jw_kv_str(&w, "version", str_from(call->web->options.version));
	jw_kv_time(&w, "now", web_now_ms(call->web));
	put_counts(&w, &counts);
	jw_key(&w, "orgs");
	jw_array_begin(&w);
	for (size_t i = 0; i < names.count; i++)
		jw_str(&w, sfid_str(&names.rows[i].org_id));
	jw_array_end(&w);
	jw_object_end(&w);
	return true;
}

void api_status_get(void *ctx, HttpExchange *exchange)
{
	web_call_read(web_call(ctx, exchange, status_work));
}
