/* control.c: the control port: tests and people change and inspect the org here, outside the API.
 * Documented in doc/orgsim.md. A GET never changes anything. */
#include "base/base.h"

#include "base/time.h"
#include "org/journal.h"
#include "org/state.h"
#include "org/value.h"
#include "org/write.h"

typedef struct Control {
	Org *org;
	const HttpRequest *request;
	Arena *arena;
	HttpReply *reply;
	JsonDoc doc; /* the body of a POST */
} Control;

static const char *const condition_names[CONDITIONS] = {
	[CONDITION_NORMAL] = "normal",
	[CONDITION_MAINTENANCE] = "maintenance",
	[CONDITION_READ_ONLY] = "read-only",
	[CONDITION_GONE] = "gone",
};

/* ---- answers ---- */

static JsonWriter begin(Control *c, int status)
{
	JsonWriter w;
	c->reply->status = status;
	buf_reset(&c->reply->body);
	jw_init(&w, &c->reply->body);
	jw_object_begin(&w);
	return w;
}

static void end(Control *c, JsonWriter *w)
{
	jw_object_end(w);
	http_reply_header(c->reply, STR("Content-Type"), STR("application/json"));
}

static void refuse(Control *c, int status, Str text)
{
	JsonWriter w = begin(c, status);
	jw_kv_str(&w, "error", text);
	end(c, &w);
}

static void done(Control *c)
{
	JsonWriter w = begin(c, 200);
	jw_kv_bool(&w, "ok", true);
	end(c, &w);
}

static Str param(Control *c, const char *name)
{
	return http_query_param(c->request, str_from(name), c->arena);
}

static Str member(Control *c, const char *name)
{
	return json_as_str(json_member(c->doc.root, name));
}

/* ---- records ---- */

static void put_dump_line(Control *c, JsonWriter *w, const OrgTable *table, size_t row)
{
	jw_object_begin(w);
	jw_kv_str(w, "object", table->name);
	for (size_t i = 0; i < table->field_count; i++) {
		const OrgField *field = &table->fields[i];
		bool is_shown = field->def.store != STORE_NEVER && field->def.store != STORE_ADDRESS
			&& field->def.store != STORE_PHOTO;
		if (!is_shown
			|| (field->def.store == STORE_TEXT
				&& !row_text(&table->rows[row], field->number).len))
			continue;
		jw_key(w, field->def.name);
		value_put_json(w, &c->org->data, table, row, field);
	}
	jw_object_end(w);
}

typedef struct Dump {
	Control *control;
	Str email, id;
	int64_t limit, count;
	bool with_deleted;
} Dump;

static void dump_row(Dump *dump, const OrgTable *table, size_t row)
{
	const OrgRow *r = &table->rows[row];
	bool is_gone = row_flag(r, FLAG_PURGED)
		|| (row_flag(r, FLAG_DELETED) && !dump->with_deleted);
	if (is_gone || dump->count == dump->limit)
		return;
	JsonWriter w;
	jw_init(&w, &dump->control->reply->body);
	put_dump_line(dump->control, &w, table, row);
	buf_put_char(&dump->control->reply->body, '\n');
	dump->count++;
}

static void dump_table(Dump *dump, const OrgTable *table, Str after)
{
	OrgId id;
	size_t row = 0;
	if (dump->email.len) {
		for (uint32_t at = table_first_by_email(table, dump->email); at;
			at = table_next_by_email(table, at, dump->email))
			dump_row(dump, table, at - 1);
		return;
	}
	if (dump->id.len) {
		if (org_id_parse(dump->id, &id)
			&& data_find(&dump->control->org->data, table->def->kind, &id, &row))
			dump_row(dump, table, row);
		return;
	}
	if (after.len && org_id_parse(after, &id)
		&& data_find(&dump->control->org->data, table->def->kind, &id, &row))
		row++;
	for (; row < table->count && dump->count < dump->limit; row++)
		dump_row(dump, table, row);
}

/* NDJSON: one record a line, in the order of ids. Hidden fields are shown: this is not the API. */
static void get_records(Control *c)
{
	Str object = param(c, "object"), limit = param(c, "limit");
	OrgTable *only = object.len ? data_table(&c->org->data, object) : NULL;
	Dump dump = { .control = c,
		.email = param(c, "email"),
		.id = param(c, "id"),
		.limit = INT64_MAX,
		.with_deleted = str_eq(param(c, "deleted"), STR("true")) };
	if ((object.len && !only) || (limit.len && !str_to_i64(limit, 0, INT64_MAX, &dump.limit))) {
		refuse(c, 400, STR("no such object, or limit is not a number"));
		return;
	}
	for (size_t k = 0; k < ORG_KINDS; k++) {
		const OrgTable *table = &c->org->data.tables[k];
		bool is_person = table->def->kind == ORG_CONTACT || table->def->kind == ORG_LEAD;
		if (only ? table == only : is_person)
			dump_table(&dump, table, param(c, "after"));
	}
	c->reply->status = 200;
	http_reply_header(c->reply, STR("Content-Type"), STR("application/x-ndjson"));
}

/* Who edits: a user name of the User table; the admin when none is given. */
static bool find_editor(Control *c, uint8_t *out)
{
	Str name = member(c, "as");
	OrgTable *users = &c->org->data.tables[ORG_USER];
	const OrgField *username = table_field(users, STR("Username"));
	*out = USER_ADMIN;
	if (!name.ptr)
		return true;
	for (size_t i = 0; i < users->count; i++)
		if (str_eq_nocase(row_text(&users->rows[i], username->number), name)) {
			*out = (uint8_t)i;
			return true;
		}
	refuse(c, 400, STR("\"as\" is no user name of this org"));
	return false;
}

/* The changes of "set", with the checks of a write but without field-level security: a person in
 * the UI. */
static bool read_changes(
	Control *c, Call *call, OrgTable *table, FieldChange *changes, size_t *count)
{
	const JsonVal *set = json_member(c->doc.root, "set"), *value;
	void *iter = NULL;
	Str name;
	*count = 0;
	while (json_object_next(set, &iter, &name, &value)) {
		const OrgField *field = table_field(table, name);
		RecordError error = { 0 };
		if (!field || *count == ORG_FIELDS_MAX) {
			refuse(c, 400,
				arena_printf(c->arena, "%s has no field \"%.*s\"", table->def->name,
					STR_ARG(name)));
			return false;
		}
		if (!write_value(call, field, value, &changes[*count], &error)) {
			refuse(c, 400, error.message);
			return false;
		}
		(*count)++;
	}
	return true;
}

static void edit_row(Control *c, JsonWriter *w, OrgTable *table, size_t row,
	const FieldChange *changes, size_t count, uint8_t editor)
{
	if (table->rows[row].flags & (1U << FLAG_DELETED | 1U << FLAG_PURGED))
		return;
	table_set(table, row, changes, count);
	table_touch(table, row, org_now_s(c->org), editor);
	OrgId id = data_id(&c->org->data, table->def->kind, row);
	jw_str(w, org_id_str(&id));
}

static OrgTable *named_table(Control *c)
{
	Str object = member(c, "object");
	OrgId id;
	OrgTable *table = object.ptr                 ? data_table(&c->org->data, object)
		: org_id_parse(member(c, "id"), &id) ? data_table_of_id(&c->org->data, &id)
						     : NULL;
	if (!table)
		refuse(c, 400, STR("\"object\" must name Contact, Lead, Account or User"));
	return table;
}

/* A control request as a call, for the checks of values that need one. */
static Call call_of(Control *c)
{
	return (Call){ .org = c->org,
		.request = c->request,
		.arena = c->arena,
		.reply = c->reply,
		.now_ms = org_now_ms(c->org) };
}

static void post_edit(Control *c)
{
	OrgTable *table = named_table(c);
	uint8_t editor;
	size_t count, row;
	OrgId id;
	Call call = call_of(c);
	FieldChange *changes = arena_alloc(c->arena, ORG_FIELDS_MAX, sizeof *changes);
	if (!table || !find_editor(c, &editor) || !read_changes(c, &call, table, changes, &count))
		return;
	Str email = arena_str(c->arena, member(c, "email"));
	bool by_id = org_id_parse(member(c, "id"), &id)
		&& data_find(&c->org->data, table->def->kind, &id, &row);
	JsonWriter w = begin(c, 200);
	jw_key(&w, "edited");
	jw_array_begin(&w);
	if (by_id)
		edit_row(c, &w, table, row, changes, count, editor);
	uint32_t at = by_id ? 0 : table_first_by_email(table, email);
	while (at) {
		/* The next one is looked up first: the edit may change the address. */
		uint32_t next = table_next_by_email(table, at, email);
		edit_row(c, &w, table, at - 1, changes, count, editor);
		at = next;
	}
	jw_array_end(&w);
	end(c, &w);
}

static void post_create(Control *c)
{
	OrgTable *table = named_table(c);
	uint8_t editor;
	size_t count;
	Call call = call_of(c);
	FieldChange *changes = arena_alloc(c->arena, ORG_FIELDS_MAX, sizeof *changes);
	if (!table || !find_editor(c, &editor) || !read_changes(c, &call, table, changes, &count))
		return;
	if (!(table->def->able & ABLE_DELETE) || table->count == ORG_RECORDS_MAX) {
		refuse(c, 400, STR("records of that object cannot be made, or there are too many"));
		return;
	}
	size_t row = table_add(table, org_now_s(c->org), editor);
	table_set(table, row, changes, count);
	OrgId id = data_id(&c->org->data, table->def->kind, row);
	JsonWriter w = begin(c, 201);
	jw_kv_str(&w, "id", org_id_str(&id));
	end(c, &w);
}

static bool find_row(Control *c, OrgTable *table, const char *name, size_t *out)
{
	OrgId id;
	if (table && org_id_parse(member(c, name), &id)
		&& data_find(&c->org->data, table->def->kind, &id, out))
		return true;
	if (table)
		refuse(c, 404, arena_printf(c->arena, "\"%s\" is no such record", name));
	return false;
}

/* {"id", "master": id of the record it was merged into, "hard": true} */
static void post_delete(Control *c)
{
	OrgTable *table = named_table(c);
	size_t row, master;
	uint8_t editor;
	if (!find_row(c, table, "id", &row) || !find_editor(c, &editor))
		return;
	if (member(c, "master").ptr) {
		if (!find_row(c, table, "master", &master))
			return;
		OrgId id = data_id(&c->org->data, table->def->kind, master);
		FieldChange change = { .field = table_field(table, STR("MasterRecordId")),
			.text = org_id_str(&id) };
		if (change.field)
			table_set(table, row, &change, 1);
	}
	bool hard = json_as_bool(json_member(c->doc.root, "hard"), false);
	table->rows[row].flags |= 1U << (hard ? FLAG_PURGED : FLAG_DELETED);
	table_touch(table, row, org_now_s(c->org), editor);
	done(c);
}

static void post_undelete(Control *c)
{
	OrgTable *table = named_table(c);
	size_t row;
	uint8_t editor;
	if (!find_row(c, table, "id", &row) || !find_editor(c, &editor))
		return;
	table->rows[row].flags &= ~(1U << FLAG_DELETED);
	table_touch(table, row, org_now_s(c->org), editor);
	done(c);
}

/* {"id": lead, "contact": contact}: the lead becomes read-only and points at the contact. */
static void post_convert(Control *c)
{
	OrgTable *leads = &c->org->data.tables[ORG_LEAD];
	OrgTable *contacts = &c->org->data.tables[ORG_CONTACT];
	size_t lead, contact;
	uint8_t editor;
	if (!find_row(c, leads, "id", &lead) || !find_row(c, contacts, "contact", &contact)
		|| !find_editor(c, &editor))
		return;
	const FieldChange changes[] = {
		{ .field = table_field(leads, STR("IsConverted")), .truth = true },
		{ .field = table_field(leads, STR("ConvertedContactId")),
			.row = (uint32_t)contact + 1 },
		{ .field = table_field(leads, STR("Status")), .text = STR("Closed - Converted") },
	};
	table_set(leads, lead, changes, ARRAY_LEN(changes));
	table_touch(leads, lead, org_now_s(c->org), editor);
	done(c);
}

/* ---- calls, sessions, faults, state, clock, log ---- */

static void get_calls(Control *c)
{
	Usage *usage = &c->org->usage;
	JsonWriter w = begin(c, 200);
	jw_kv_i64(&w, "total", usage->total);
	jw_kv_i64(&w, "used_today", usage_used(usage, org_now_ms(c->org)));
	jw_kv_i64(&w, "daily_limit", usage->max);
	jw_key(&w, "by_kind");
	jw_object_begin(&w);
	for (size_t k = 0; k < CALL_KIND_COUNT; k++)
		jw_kv_i64(&w, call_kind_name((CallKind)k), usage->by_kind[k]);
	jw_object_end(&w);
	end(c, &w);
}

static void post_calls_reset(Control *c)
{
	c->org->usage.total = 0;
	memset(c->org->usage.by_kind, 0, sizeof c->org->usage.by_kind);
	done(c);
}

static void post_session_expire(Control *c)
{
	sessions_end_all(&c->org->sessions);
	done(c);
}

static void get_faults(Control *c)
{
	JsonWriter w = begin(c, 200);
	jw_key(&w, "faults");
	faults_put_json(&c->org->faults, &w);
	end(c, &w);
}

static void post_faults(Control *c)
{
	Err err;
	int64_t number;
	if (!faults_add(&c->org->faults, c->doc.root, &number, &err)) {
		refuse(c, 400, str_from(err.text));
		return;
	}
	JsonWriter w = begin(c, 201);
	jw_kv_i64(&w, "number", number);
	end(c, &w);
}

static void delete_faults(Control *c)
{
	faults_fini(&c->org->faults);
	done(c);
}

/* {"object", "field", "read": bool, "edit": bool} */
static void post_fls(Control *c)
{
	OrgTable *table = named_table(c);
	if (!table)
		return;
	OrgField *field = table_field(table, member(c, "field"));
	if (!field || (field->def.flags & FIELD_NO_SECURITY) || field->def.store == STORE_ID) {
		refuse(c, 400, STR("no such field, or its visibility cannot be set"));
		return;
	}
	field->can_read = json_as_bool(json_member(c->doc.root, "read"), field->can_read);
	field->can_edit = field->can_read
		&& json_as_bool(json_member(c->doc.root, "edit"), field->can_edit);
	org_schema_changed(c->org);
	done(c);
}

/* {"object", "field": "X__c", "label", "visible": bool}: a new checkbox. */
static void post_fields(Control *c)
{
	OrgTable *table = named_table(c);
	Err err;
	if (!table)
		return;
	Str name = member(c, "field"), label = member(c, "label");
	if (!table_add_checkbox(table, name, label.len ? label : name,
		    json_as_bool(json_member(c->doc.root, "visible"), true), &err)) {
		refuse(c, 400, str_from(err.text));
		return;
	}
	org_schema_changed(c->org);
	done(c);
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
	JsonWriter w = begin(c, 200);
	put_state(c, &w);
	end(c, &w);
}

static bool read_state_name(Control *c, OrgCondition *out)
{
	Str name = member(c, "state");
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
		refuse(c, 400, STR("state is normal, maintenance, read-only or gone"));
		return;
	}
	if (!json_opt_i64(c->doc.root, "latency_ms", org->latency_ms, &latency_ms, &err)
		|| !json_opt_i64(c->doc.root, "bulk_delay_ms", org->bulk_delay_ms, &delay_ms, &err)
		|| !json_opt_i64(c->doc.root, "bulk_page_rows", (int64_t)org->bulk_page_rows,
			&page_rows, &err)
		|| !json_opt_i64(c->doc.root, "daily_limit", org->usage.max, &limit, &err)) {
		refuse(c, 400, str_from(err.text));
		return;
	}
	if (latency_ms < 0 || delay_ms < 0 || page_rows < 1 || limit < 0) {
		refuse(c, 400, STR("figures are 0 or more, bulk_page_rows 1 or more"));
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
	JsonWriter w = begin(c, 200);
	jw_kv_time(&w, "now", org_now_ms(c->org));
	jw_kv_i64(&w, "offset_ms", c->org->clock_offset_ms);
	end(c, &w);
}

/* {"offset_ms": n} sets, {"advance_ms": n} adds. */
static void post_clock(Control *c)
{
	int64_t offset_ms, advance_ms;
	Err err;
	if (!json_opt_i64(c->doc.root, "offset_ms", c->org->clock_offset_ms, &offset_ms, &err)
		|| !json_opt_i64(c->doc.root, "advance_ms", 0, &advance_ms, &err)) {
		refuse(c, 400, str_from(err.text));
		return;
	}
	c->org->clock_offset_ms = offset_ms + advance_ms;
	get_clock(c);
}

static void get_log(Control *c)
{
	int64_t after = 0;
	Str text = param(c, "after");
	if (text.len && !str_to_i64(text, 0, INT64_MAX, &after)) {
		refuse(c, 400, STR("after is a number"));
		return;
	}
	JsonWriter w = begin(c, 200);
	jw_key(&w, "requests");
	journal_put_json(c->org, after, &w);
	end(c, &w);
}

static void get_org(Control *c)
{
	OrgFacts facts = org_facts(c->org);
	JsonWriter w = begin(c, 200);
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
	end(c, &w);
}

/* ---- dispatch ---- */

static const struct {
	HttpMethod method;
	const char *path;
	void (*handle)(Control *c);
} routes[] = {
	{ HTTP_GET, "/org", get_org },
	{ HTTP_GET, "/records", get_records },
	{ HTTP_POST, "/records", post_create },
	{ HTTP_POST, "/records/edit", post_edit },
	{ HTTP_POST, "/records/delete", post_delete },
	{ HTTP_POST, "/records/undelete", post_undelete },
	{ HTTP_POST, "/records/convert", post_convert },
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
		refuse(c, 400, str_from(err.text));
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
	refuse(&c, known ? 405 : 404, known ? STR("wrong method") : STR("no such control"));
}
