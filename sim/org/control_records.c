/* control_records.c: the control port's view of the records: a dump of everything, and changes as a
 * person in the UI makes them, past field-level security. */
#include "base/base.h"

#include "org/control.h"
#include "org/value.h"
#include "org/write.h"

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
void control_get_records(Control *c)
{
	Str object = control_param(c, "object"), limit = control_param(c, "limit");
	OrgTable *only = object.len ? data_table(&c->org->data, object) : NULL;
	Dump dump = { .control = c,
		.email = control_param(c, "email"),
		.id = control_param(c, "id"),
		.limit = INT64_MAX,
		.with_deleted = str_eq(control_param(c, "deleted"), STR("true")) };
	if ((object.len && !only) || (limit.len && !str_to_i64(limit, 0, INT64_MAX, &dump.limit))) {
		control_refuse(c, 400, STR("no such object, or limit is not a number"));
		return;
	}
	for (size_t k = 0; k < ORG_KINDS; k++) {
		const OrgTable *table = &c->org->data.tables[k];
		bool is_person = table->def->kind == ORG_CONTACT || table->def->kind == ORG_LEAD;
		if (only ? table == only : is_person)
			dump_table(&dump, table, control_param(c, "after"));
	}
	c->reply->status = 200;
	http_reply_header(c->reply, STR("Content-Type"), STR("application/x-ndjson"));
}

/* Who edits: a user name of the User table; the admin when none is given. */
static bool find_editor(Control *c, uint8_t *out)
{
	Str name = control_member(c, "as");
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
	control_refuse(c, 400, STR("\"as\" is no user name of this org"));
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
			control_refuse(c, 400,
				arena_printf(c->arena, "%s has no field \"%.*s\"", table->def->name,
					STR_ARG(name)));
			return false;
		}
		if (!write_value(call, field, value, &changes[*count], &error)) {
			control_refuse(c, 400, error.message);
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

OrgTable *control_table(Control *c)
{
	Str object = control_member(c, "object");
	OrgId id;
	OrgTable *table = object.ptr                         ? data_table(&c->org->data, object)
		: org_id_parse(control_member(c, "id"), &id) ? data_table_of_id(&c->org->data, &id)
							     : NULL;
	if (!table)
		control_refuse(c, 400, STR("\"object\" must name Contact, Lead, Account or User"));
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

void control_post_edit(Control *c)
{
	OrgTable *table = control_table(c);
	uint8_t editor;
	size_t count, row;
	OrgId id;
	Call call = call_of(c);
	FieldChange *changes = arena_alloc(c->arena, ORG_FIELDS_MAX, sizeof *changes);
	if (!table || !find_editor(c, &editor) || !read_changes(c, &call, table, changes, &count))
		return;
	Str email = arena_str(c->arena, control_member(c, "email"));
	bool by_id = org_id_parse(control_member(c, "id"), &id)
		&& data_find(&c->org->data, table->def->kind, &id, &row);
	JsonWriter w = control_begin(c, 200);
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
	control_end(c, &w);
}

void control_post_create(Control *c)
{
	OrgTable *table = control_table(c);
	uint8_t editor;
	size_t count;
	Call call = call_of(c);
	FieldChange *changes = arena_alloc(c->arena, ORG_FIELDS_MAX, sizeof *changes);
	if (!table || !find_editor(c, &editor) || !read_changes(c, &call, table, changes, &count))
		return;
	if (!(table->def->able & ABLE_DELETE) || table->count == ORG_RECORDS_MAX) {
		control_refuse(c, 400,
			STR("records of that object cannot be made, or there are too many"));
		return;
	}
	size_t row = table_add(table, org_now_s(c->org), editor);
	table_set(table, row, changes, count);
	OrgId id = data_id(&c->org->data, table->def->kind, row);
	JsonWriter w = control_begin(c, 201);
	jw_kv_str(&w, "id", org_id_str(&id));
	control_end(c, &w);
}

static bool find_row(Control *c, OrgTable *table, const char *name, size_t *out)
{
	OrgId id;
	if (table && org_id_parse(control_member(c, name), &id)
		&& data_find(&c->org->data, table->def->kind, &id, out))
		return true;
	if (table)
		control_refuse(c, 404, arena_printf(c->arena, "\"%s\" is no such record", name));
	return false;
}

/* {"id", "master": id of the record it was merged into, "hard": true} */
void control_post_delete(Control *c)
{
	OrgTable *table = control_table(c);
	size_t row, master;
	uint8_t editor;
	if (!find_row(c, table, "id", &row) || !find_editor(c, &editor))
		return;
	if (control_member(c, "master").ptr) {
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
	control_done(c);
}

void control_post_undelete(Control *c)
{
	OrgTable *table = control_table(c);
	size_t row;
	uint8_t editor;
	if (!find_row(c, table, "id", &row) || !find_editor(c, &editor))
		return;
	table->rows[row].flags &= ~(1U << FLAG_DELETED);
	table_touch(table, row, org_now_s(c->org), editor);
	control_done(c);
}

/* {"id": lead, "contact": contact}: the lead becomes read-only and points at the contact. */
void control_post_convert(Control *c)
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
	control_done(c);
}
