#include "base/base.h"

#include "web/api.h"

#include "base/time.h"
#include "web/internal.h"

enum {
	RUNS_ROWS_MAX = 200,
	RUNS_ROWS_USUAL = 30,
	RUNS_LOOK_BACK = 100, /* an open run is among the newest: no new one begins beside it */
	PLAN_ROWS_MAX = 10000,
	PLAN_ROWS_USUAL = 200,
	PLAN_BYTES_MAX = 16 * 1024 * 1024, /* 10,000 rows of up to 1.6 KB */
};

/* ------------------------------------------------------------------ JSON */

static void put_date(JsonWriter *w, const char *name, int32_t yyyymmdd)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(16);
	if (!yyyymmdd) {
		jw_kv_null(w, name);
		return;
	}
	date_put(&text,
		(CivilDate){ .year = yyyymmdd / 10000,
			.month = yyyymmdd / 100 % 100,
			.day = yyyymmdd % 100 });
	jw_kv_str(w, name, buf_str(&text));
}

static void put_run(JsonWriter *w, const OrgNames *names, const Run *run)
{
	const struct {
		const char *name;
		int64_t value;
	} figures[] = {
		{ "contacts_read", run->contacts_read },
		{ "leads_read", run->leads_read },
		{ "planned_here", run->planned_here },
		{ "planned_there", run->planned_there },
		{ "done_here", run->done_here },
		{ "done_there", run->done_there },
		{ "skipped", run->skipped },
		{ "calls", run->calls },
	};
	jw_object_begin(w);
	jw_kv_i64(w, "run_id", run->run_id);
	jw_kv_str(w, "org_id", org_names_id(names, run->org));
	jw_kv_str(w, "kind", str_from(run_kind_name(run->kind)));
	jw_kv_str(w, "state", str_from(run_state_name(run->state)));
	put_date(w, "local_date", run->local_date);
	jw_kv_time(w, "asked_at", run->asked_at_ms);
	jw_kv_time(w, "started_at", run->started_at_ms);
	jw_kv_time(w, "finished_at", run->finished_at_ms);
	for (size_t i = 0; i < ARRAY_LEN(figures); i++)
		jw_kv_i64(w, figures[i].name, figures[i].value);
	jw_kv_str(w, "field_contact", str_from(run->field_contact));
	jw_kv_str(w, "field_lead", str_from(run->field_lead));
	jw_kv_str(w, "actor", str_from(run->actor));
	jw_kv_str(w, "note", str_from(run->note));
	jw_object_end(w);
}

static bool answer_run(WebCall *call, Store *store, const Run *run, Err *err)
{
	OrgNames names;
	if (!org_names_load(store_ledger(store), &names, err))
		return false;
	JsonWriter w;
	jw_init(&w, &call->body);
	put_run(&w, &names, run);
	return true;
}

/* ------------------------------------------------------------ list, get */

typedef struct ListInput {
	Str org_id; /* "" for all */
	int64_t before, limit;
} ListInput;

static bool list_work(WebCall *call, Store *store, Err *err)
{
	const ListInput *input = call->input;
	size_t max = (size_t)input->limit, count = 0;
	OrgNames names;
	OrgRow org = { 0 };
	Run *rows = arena_alloc(&call->arena, max + 1, sizeof *rows);
	if (!org_names_load(store_ledger(store), &names, err)
		|| (input->org_id.len && !org_names_pick(&names, input->org_id, &org, err))
		|| !ledger_run_list(
			store_ledger(store), org.org, input->before, rows, max + 1, &count, err))
		return false;
	JsonWriter w;
	jw_init(&w, &call->body);
	jw_object_begin(&w);
	jw_key(&w, "runs");
	jw_array_begin(&w);
	for (size_t i = 0; i < MIN_OF(count, max); i++)
		put_run(&w, &names, &rows[i]);
	jw_array_end(&w);
	if (count > max)
		jw_kv_i64(&w, "next", rows[max - 1].run_id);
	else
		jw_kv_null(&w, "next");
	jw_object_end(&w);
	return true;
}

void api_runs_list(void *ctx, HttpExchange *exchange)
{
	ListInput *input = arena_alloc(&exchange->arena, 1, sizeof *input);
	if (!web_query_org(exchange, &input->org_id)
		|| !web_query_i64(exchange, "before", 0, 0, INT64_MAX, &input->before)
		|| !web_query_i64(
			exchange, "limit", RUNS_ROWS_USUAL, 1, RUNS_ROWS_MAX, &input->limit))
		return;
	WebCall *call = web_call(ctx, exchange, list_work);
	call->input = input;
	web_call_read(call);
}

static bool get_work(WebCall *call, Store *store, Err *err)
{
	Run run;
	return ledger_run_get(store_ledger(store), route_int(call->exchange, 0), &run, err)
		&& answer_run(call, store, &run, err);
}

void api_runs_get(void *ctx, HttpExchange *exchange)
{
	web_call_read(web_call(ctx, exchange, get_work));
}

/* ------------------------------------------------------------------ ask */

typedef struct AskInput {
	RunKind kind;
	Str org_id, actor;
	int64_t now_ms;
} AskInput;

static bool is_active(RunState state)
{
	switch (state) {
	case RUN_ASKED:
	case RUN_READING:
	case RUN_PLANNING:
	case RUN_APPROVED:
	case RUN_APPLYING:
		return true;
	case RUN_HELD:
	case RUN_DONE:
	case RUN_FAILED:
	case RUN_DISCARDED:
	case RUN_STATE_COUNT:
		return false;
	}
	return false;
}

/* Never two at once (product.md M3). A held run stands in the way of "now" alone: asking for
 * another one would throw away a plan that somebody was alerted about. */
static bool nothing_stands_in_the_way(
	WebCall *call, Store *store, const OrgRow *org, RunKind kind, Err *err)
{
	Run *rows = arena_alloc(&call->arena, RUNS_LOOK_BACK, sizeof *rows);
	size_t count;
	if (!ledger_run_list(store_ledger(store), org->org, 0, rows, RUNS_LOOK_BACK, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (is_active(rows[i].state))
			return ERR(err, ERR_CONFLICT, "run %lld is %s; wait until it has ended",
				(long long)rows[i].run_id, run_state_name(rows[i].state));
		if (rows[i].state == RUN_HELD && kind == RUN_NOW)
			return ERR(err, ERR_CONFLICT,
				"run %lld is held; approve or discard it first",
				(long long)rows[i].run_id);
	}
	return true;
}

static bool ask_work(WebCall *call, Store *store, Err *err)
{
	const AskInput *input = call->input;
	OrgNames names;
	OrgRow org;
	OrgSettings settings;
	if (!org_names_load(store_ledger(store), &names, err)
		|| !org_names_pick(&names, input->org_id, &org, err)
		|| !settings_load_org(
			store_desk(store), sfid_str(&org.org_id), &call->arena, &settings, err))
		return false;
	if (input->kind == RUN_NOW && !settings.nightly)
		return ERR(err, ERR_CONFLICT,
			"the sync of this org is off: set "
			"sync.nightly to on, or ask for a dry run");
	if (!nothing_stands_in_the_way(call, store, &org, input->kind, err))
		return false;
	Run run = { .org = org.org,
		.kind = input->kind,
		.state = RUN_ASKED,
		.asked_at_ms = input->now_ms };
	(void)!str_copy(
		str_sub(input->actor, 0, sizeof run.actor - 1), run.actor, sizeof run.actor);
	if (!ledger_run_put(store_ledger(store), &run, err))
		return false;
	call->status = 202;
	call->wakes = WAKE_SYNC;
	return answer_run(call, store, &run, err);
}

void api_runs_add(void *ctx, HttpExchange *exchange)
{
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	Err err;
	Str kind, org;
	AskInput *input = arena_alloc(&exchange->arena, 1, sizeof *input);
	if (!web_json(exchange, &doc))
		return;
	if (!json_get_str(doc.root, "kind", &kind, &err)
		|| !json_opt_str(doc.root, "org", STR(""), &org, &err)
		|| !web_org_text(org, &exchange->arena, &input->org_id, &err)) {
		reply_err(exchange, &err);
		return;
	}
	if (!str_eq(kind, STR("now")) && !str_eq(kind, STR("dry"))) {
		reply_problem(exchange, 400, "member \"kind\": \"now\" or \"dry\"");
		return;
	}
	input->kind = str_eq(kind, STR("now")) ? RUN_NOW : RUN_DRY;
	input->actor = guard_actor(exchange);
	input->now_ms = web_now_ms(ctx);
	WebCall *call = web_call(ctx, exchange, ask_work);
	call->input = input;
	web_call_write(call);
}

/* ------------------------------------------------------ approve, discard */

typedef struct JudgeInput {
	RunState state;
	const char *verb;
	Str actor;
	int64_t now_ms;
} JudgeInput;

static bool judge_work(WebCall *call, Store *store, Err *err)
{
	const JudgeInput *input = call->input;
	Run run;
	if (!ledger_run_get(store_ledger(store), route_int(call->exchange, 0), &run, err))
		return false;
	if (run.state != RUN_HELD)
		return ERR(err, ERR_CONFLICT, "run %lld is %s; only a held run can be %s",
			(long long)run.run_id, run_state_name(run.state), input->verb);
	run.state = input->state;
	if (input->state == RUN_DISCARDED)
		run.finished_at_ms = input->now_ms;
	/* The reason why it was held stays readable behind who decided. */
	char held_for[sizeof run.note];
	memcpy(held_for, run.note, sizeof held_for);
	Str note = arena_printf(
		&call->arena, "%s by %.*s; held: %s", input->verb, STR_ARG(input->actor), held_for);
	(void)!str_copy(str_sub(note, 0, sizeof run.note - 1), run.note, sizeof run.note);
	if (!ledger_run_put(store_ledger(store), &run, err))
		return false;
	call->wakes = WAKE_SYNC;
	return answer_run(call, store, &run, err);
}

static void judge(Web *web, HttpExchange *exchange, RunState state, const char *verb)
{
	JudgeInput *input = arena_alloc(&exchange->arena, 1, sizeof *input);
	*input = (JudgeInput){ .state = state,
		.verb = verb,
		.actor = guard_actor(exchange),
		.now_ms = web_now_ms(web) };
	WebCall *call = web_call(web, exchange, judge_work);
	call->input = input;
	web_call_write(call);
}

void api_runs_approve(void *ctx, HttpExchange *exchange)
{
	judge(ctx, exchange, RUN_APPROVED, "approved");
}

void api_runs_discard(void *ctx, HttpExchange *exchange)
{
	judge(ctx, exchange, RUN_DISCARDED, "discarded");
}

/* ----------------------------------------------------------------- plan */

static bool plan_work(WebCall *call, Store *store, Err *err)
{
	const int64_t *limit = call->input;
	const WebApp *app = &call->web->options.app;
	CLEANUP(buf_fini) Buf rows = BUF_MAX(PLAN_BYTES_MAX);
	Run run;
	if (!ledger_run_get(store_ledger(store), route_int(call->exchange, 0), &run, err))
		return false;
	if (!app->plan_rows)
		return ERR(err, ERR_RETRY, "this process cannot read plans; ask the daemon");
	if (!app->plan_rows(app->ctx, run.run_id, (size_t)*limit, &rows, err)
		|| !buf_check(&rows, "the plan", err))
		return false;
	JsonWriter w;
	jw_init(&w, &call->body);
	jw_object_begin(&w);
	jw_kv_i64(&w, "run_id", run.run_id);
	jw_kv_str(&w, "state", str_from(run_state_name(run.state)));
	jw_kv_i64(&w, "planned_here", run.planned_here);
	jw_kv_i64(&w, "planned_there", run.planned_there);
	jw_key(&w, "rows");
	jw_raw(&w, arena_printf(&call->arena, "[%s]", buf_z(&rows)));
	jw_object_end(&w);
	return true;
}

void api_runs_plan(void *ctx, HttpExchange *exchange)
{
	int64_t *limit = arena_alloc(&exchange->arena, 1, sizeof *limit);
	if (!web_query_i64(exchange, "limit", PLAN_ROWS_USUAL, 1, PLAN_ROWS_MAX, limit))
		return;
	WebCall *call = web_call(ctx, exchange, plan_work);
	call->input = limit;
	web_call_read(call);
}
