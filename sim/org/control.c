/* control.c: the control port: tests and people change and inspect the org here, outside the API.
 * Documented in doc/orgsim.md. A GET never changes anything. */
#include "base/base.h"

#include "org/control.h"
#include "org/journal.h"

static const char *const condition_names[CONDITIONS] = {
	[CONDITION_NORMAL] = "normal",
	[CONDITION_MAINTENANCE] = "maintenance",
	[CONDITION_READ_ONLY] = "read-only",
	[CONDITION_GONE] = "gone",
};

/* ---- answers ---- */

JsonWriter control_begin(Control *c, int status)
{
	JsonWriter w;
	c->reply->status = status;
	buf_reset(&c->reply->body);
	jw_init(&w, &c->reply->body);
	jw_object_begin(&w);
	return w;
}

void control_end(Control *c, JsonWriter *w)
{
	jw_object_end(w);
	http_reply_header(c->reply, STR("Content-Type"), STR("application/json"));
}

void control_refuse(Control *c, int status, Str text)
{
	JsonWriter w = control_begin(c, status);
	jw_kv_str(&w, "error", text);
	control_end(c, &w);
}

void control_done(Control *c)
{
	JsonWriter w = control_begin(c, 200);
	jw_kv_bool(&w, "ok", true);
	control_end(c, &w);
}

Str control_param(Control *c, const char *name)
{
	return http_query_param(c->request, str_from(name), c->arena);
}

Str control_member(Control *c, const char *name)
{
	return json_as_str(json_member(c->doc.root, name));
}

/* ---- calls, sessions, faults, state, clock, log ---- */

static void get_calls(Control *c)
{
	Usage *usage = &c->org->usage;
	JsonWriter w = control_begin(c, 200);
	jw_kv_i64(&w, "total", usage->total);
	jw_kv_i64(&w, "used_today", usage_used(usage, org_now_ms(c->org)));
	jw_kv_i64(&w, "daily_limit", usage->max);
	jw_key(&w, "by_kind");
	jw_object_begin(&w);
	for (size_t k = 0; k < CALL_KIND_COUNT; k++)
		jw_kv_i64(&w, call_kind_name((CallKind)k), usage->by_kind[k]);
	jw_object_end(&w);
	control_end(c, &w);
}

static void post_calls_reset(Control *c)
{
	c->org->usage.total = 0;
	memset(c->org->usage.by_kind, 0, sizeof c->org->usage.by_kind);
	control_done(c);
}

static void post_session_expire(Control *c)
{
	sessions_end_all(&c->org->sessions);
	control_done(c);
}

static void get_faults(Control *c)
{
	JsonWriter w = control_begin(c, 200);
	jw_key(&w, "faults");
	faults_put_json(&c->org->faults, &w);
	control_end(c, &w);
}

static void post_faults(Control *c)
{
	Err err;
	int64_t number;
	if (!faults_add(&c->org->faults, c->doc.root, &number, &err)) {
		control_refuse(c, 400, str_from(err.text));
		return;
	}
	JsonWriter w = control_begin(c, 201);
	jw_kv_i64(&w, "number", number);
	control_end(c, &w);
}

static void delete_faults(Control *c)
{
	faults_fini(&c->org->faults);
	control_done(c);
}

/* {"object", "field", "read": bool, "edit": bool} */
static void post_fls(Control *c)
{
	OrgTable *table = control_table(c);
	if (!table)
		return;
	OrgField *field = table_field(table, control_member(c, "field"));
	if (!field || (field->def.flags & FIELD_NO_SECURITY) || field->def.store == STORE_ID) {
		control_refuse(c, 400, STR("no such field, or its visibility cannot be set"));
		return;
	}
	field->can_read = json_as_bool(json_member(c->doc.root, "read"), field->can_read);
	field->can_edit = field->can_read
		&& json_as_bool(json_member(c->doc.root, "edit"), field->can_edit);
	org_schema_changed(c->org);
	control_done(c);
}

/* {"object", "field": "X__c", "label", "visible": bool}: a new checkbox. */
static void post_fields(Control *c)
{
	OrgTable *table = control_table(c);
	Err err;
	if (!table)
		return;
	Str name = control_member(c, "field"), label = control_member(c, "label");
	if (!table_add_checkbox(table, name, label.len ? label : name,
		    json_as_bool(json_member(c->doc.root, "visible"), true), &err)) {
		control_refuse(c, 400, str_from(err.text));
		return;
	}
	org_schema_changed(c->org);
	control_done(c);
}

static void put_state(Control *c, JsonWriter *w)
{
	const Org *org = c->org;
	jw_kv_str(w, "state", str_from(condition_names[org->condition]));
	jw_kv_i64(w, "latency_ms", org->latency_ms);
	jw_kv_i64(w, "bulk_delay_ms", org->bulk_delay_ms);
	jw_kv_i64(w, "bulk_page_rows", (int64_t)org->bulk_page_rows);
	jw_kv_i64(w, "daily_limit", org->usage.max);
	jw_kv_bool(w, "passwords", !org->refuses_passwords);
}

static void get_state(Control *c)
{
	JsonWriter w = control_begin(c, 200);
	put_state(c, &w);
	control_end(c, &w);
}

static bool read_state_name(Control *c, OrgCondition *out)
{
	Str name = control_member(c, "state");
	if (!name.ptr)
		return true;
	for (size_t i = 0; i < CONDITIONS; i++)
		if (str_eq(name, str_from(condition_names[i]))) {
			*out = (OrgCondition)i;
			return true;
		}
	return false;
}

static void post_state(Control *c)
{
	Org *org = c->org;
	OrgCondition condition = org->condition;
	int64_t latency_ms, delay_ms, page_rows, limit;
	Err err;
	if (!read_state_name(c, &condition)) {
		control_refuse(c, 400, STR("state is normal, maintenance, read-only or gone"));
		return;
	}
	if (!json_opt_i64(c->doc.root, "latency_ms", org->latency_ms, &latency_ms, &err)
		|| !json_opt_i64(c->doc.root, "bulk_delay_ms", org->bulk_delay_ms, &delay_ms, &err)
		|| !json_opt_i64(c->doc.root, "bulk_page_rows", (int64_t)org->bulk_page_rows,
			&page_rows, &err)
		|| !json_opt_i64(c->doc.root, "daily_limit", org->usage.max, &limit, &err)) {
		control_refuse(c, 400, str_from(err.text));
		return;
	}
	if (latency_ms < 0 || delay_ms < 0 || page_rows < 1 || limit < 0) {
		control_refuse(c, 400, STR("figures are 0 or more, bulk_page_rows 1 or more"));
		return;
	}
	org->condition = condition;
	org->latency_ms = latency_ms;
	org->bulk_delay_ms = delay_ms;
	org->bulk_page_rows = (size_t)page_rows;
	org->usage.max = limit;
	org->refuses_passwords = !json_as_bool(
		json_member(c->doc.root, "passwords"), !org->refuses_passwords);
	get_state(c);
}

static void get_clock(Control *c)
{
	JsonWriter w = control_begin(c, 200);
	jw_kv_time(&w, "now", org_now_ms(c->org));
	jw_kv_i64(&w, "offset_ms", c->org->clock_offset_ms);
	control_end(c, &w);
}

/* {"offset_ms": n} sets, {"advance_ms": n} adds. */
static void post_clock(Control *c)
{
	int64_t offset_ms, advance_ms;
	Err err;
	if (!json_opt_i64(c->doc.root, "offset_ms", c->org->clock_offset_ms, &offset_ms, &err)
		|| !json_opt_i64(c->doc.root, "advance_ms", 0, &advance_ms, &err)) {
		control_refuse(c, 400, str_from(err.text));
		return;
	}
	c->org->clock_offset_ms = offset_ms + advance_ms;
	get_clock(c);
}

static void get_log(Control *c)
{
	int64_t after = 0;
	Str text = control_param(c, "after");
	if (text.len && !str_to_i64(text, 0, INT64_MAX, &after)) {
		control_refuse(c, 400, STR("after is a number"));
		return;
	}
	JsonWriter w = control_begin(c, 200);
	jw_key(&w, "requests");
	journal_put_json(c->org, after, &w);
	control_end(c, &w);
}

static void get_org(Control *c)
{
	OrgFacts facts = org_facts(c->org);
	JsonWriter w = control_begin(c, 200);
	jw_kv_str(&w, "org_id", facts.org_id);
	jw_kv_str(&w, "client_id", facts.client_id);
	jw_kv_str(&w, "client_secret", facts.client_secret);
	jw_kv_str(&w, "username", facts.username);
	jw_kv_str(&w, "password", facts.password);
	jw_key(&w, "records");
	jw_object_begin(&w);
	for (size_t k = 0; k < ORG_KINDS; k++)
		jw_kv_i64(&w, c->org->data.tables[k].def->name,
			(int64_t)c->org->data.tables[k].count);
	jw_object_end(&w);
	control_end(c, &w);
}

/* ---- dispatch ---- */

static const struct {
	HttpMethod method;
	const char *path;
	void (*handle)(Control *c);
} routes[] = {
	{ HTTP_GET, "/org", get_org },
	{ HTTP_GET, "/records", control_get_records },
	{ HTTP_POST, "/records", control_post_create },
	{ HTTP_POST, "/records/edit", control_post_edit },
	{ HTTP_POST, "/records/delete", control_post_delete },
	{ HTTP_POST, "/records/undelete", control_post_undelete },
	{ HTTP_POST, "/records/convert", control_post_convert },
	{ HTTP_GET, "/calls", get_calls },
	{ HTTP_POST, "/calls/reset", post_calls_reset },
	{ HTTP_POST, "/session/expire", post_session_expire },
	{ HTTP_GET, "/faults", get_faults },
	{ HTTP_POST, "/faults", post_faults },
	{ HTTP_DELETE, "/faults", delete_faults },
	{ HTTP_POST, "/fls", post_fls },
	{ HTTP_POST, "/fields", post_fields },
	{ HTTP_GET, "/org-state", get_state },
	{ HTTP_POST, "/org-state", post_state },
	{ HTTP_GET, "/clock", get_clock },
	{ HTTP_POST, "/clock", post_clock },
	{ HTTP_GET, "/log", get_log },
};

static bool read_body(Control *c)
{
	Err err;
	Str body = str_trim(c->request->body).len ? c->request->body : STR("{}");
	if (c->request->method != HTTP_POST)
		return true;
	if (!json_doc_parse(body, REQUEST_BODY_MAX, &c->doc, &err)) {
		control_refuse(c, 400, str_from(err.text));
		return false;
	}
	return true;
}

void org_control_handle(Org *org, const HttpRequest *request, Arena *arena, HttpReply *reply)
{
	Control c = { .org = org, .request = request, .arena = arena, .reply = reply };
	HttpMethod method = request->method == HTTP_HEAD ? HTTP_GET : request->method;
	bool known = false;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!str_eq(request->path, str_from(routes[i].path)))
			continue;
		known = true;
		if (routes[i].method != method)
			continue;
		if (read_body(&c))
			routes[i].handle(&c);
		json_doc_fini(&c.doc);
		return;
	}
	control_refuse(&c, known ? 405 : 404, known ? STR("wrong method") : STR("no such control"));
}
