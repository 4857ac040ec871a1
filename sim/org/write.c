#include "base/base.h"

#include "base/json.h"
#include "base/time.h"
#include "org/state.h"
#include "org/write.h"

static bool refuse(RecordError *error, int status, const char *code, Str field, Str message)
{
	*error =
		(RecordError){ .code = code, .message = message, .field = field, .status = status };
	return false;
}

/* ---- ids ---- */

static bool check_id(Call *call, OrgTable *table, Str text, OrgId *out, RecordError *error)
{
	if (!org_id_parse(text, out))
		return refuse(error, 400, "MALFORMED_ID", STR("Id"),
			arena_printf(call->arena, "malformed id %.*s", STR_ARG(text)));
	if (memcmp(out->text, table->def->prefix, 3) != 0)
		return refuse(error, 400, "MALFORMED_ID", STR("Id"),
			arena_printf(call->arena, "%s ID: id value of incorrect type: %.*s",
				table->def->label, STR_ARG(text)));
	return true;
}

bool write_find(Call *call, OrgTable *table, Str id_text, size_t *out_row, RecordError *error)
{
	OrgId id;
	if (!check_id(call, table, id_text, &id, error))
		return false;
	if (!data_find(call_data(call), table->def->kind, &id, out_row)
		|| row_flag(&table->rows[*out_row], FLAG_PURGED))
		return refuse(error, 400, "INVALID_CROSS_REFERENCE_KEY", STR_NONE,
			STR("invalid cross reference id"));
	if (row_flag(&table->rows[*out_row], FLAG_DELETED))
		return refuse(error, 404, "ENTITY_IS_DELETED", STR_NONE, STR("entity is deleted"));
	return true;
}

/* ---- values ---- */

static size_t count_characters(Str text)
{
	size_t count = 0;
	for (size_t i = 0; i < text.len; i++)
		count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	return count;
}

/* What Salesforce minds in an address; far less than RFC 5321 (from memory). */
static bool looks_like_email(Str text)
{
	ptrdiff_t at = str_find_char(text, '@', 0);
	if (at < 1 || str_find_char(text, '@', (size_t)at + 1) >= 0)
		return false;
	Str domain = str_from_pos(text, (size_t)at + 1);
	ptrdiff_t dot = str_find_char(domain, '.', 0);
	if (dot < 1 || str_ends(domain, STR(".")))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] <= ' ' || strchr("\",:;<>()[]\\", text.ptr[i]))
			return false;
	return true;
}

static bool has_picklist_value(const OrgField *field, Str text)
{
	Str rest = str_from(field->def.picklist), value;
	while (str_split(&rest, '|', &value))
		if (str_eq(value, text))
			return true;
	return false;
}

static bool check_text(Call *call, const OrgField *field, Str text, RecordError *error)
{
	const FieldDef *def = &field->def;
	if (def->length && count_characters(text) > def->length)
		return refuse(error, 400, "STRING_TOO_LONG", field->name,
			arena_printf(call->arena, "%s: data value too large: %.*s (max length=%u)",
				def->label, STR_ARG(text), def->length));
	if (def->type == TYPE_EMAIL && !looks_like_email(text))
		return refuse(error, 400, "INVALID_EMAIL_ADDRESS", field->name,
			arena_printf(call->arena, "%s: invalid email address: %.*s", def->label,
				STR_ARG(text)));
	if ((def->flags & FIELD_RESTRICTED) && def->type == TYPE_PICKLIST
		&& !has_picklist_value(field, text))
		return refuse(error, 400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", field->name,
			arena_printf(call->arena,
				"%s: bad value for restricted picklist field: %.*s", def->label,
				STR_ARG(text)));
	return true;
}

static bool refuse_type(Call *call, const OrgField *field, Str text, RecordError *error)
{
	/* The place in the document is not known here; a real answer names it. */
	refuse(error, 400, "JSON_PARSER_ERROR", STR_NONE,
		arena_printf(call->arena,
			"Cannot deserialize instance of %s from VALUE_STRING value %.*s or request may be "
			"missing a required field at [line:1, column:1]",
			field_type_name(field->def.type), STR_ARG(text)));
	error->without_fields = true;
	return false;
}

static bool is_number(Str text)
{
	char room[64], *end;
	if (!text.len || !str_copy(text, room, sizeof room))
		return false;
	(void)strtod(room, &end);
	return *end == '\0' && strspn(room, "+-0123456789.eE") == strlen(room);
}

static bool check_reference(
	Call *call, const OrgField *field, FieldChange *change, RecordError *error)
{
	OrgId id;
	if (!org_id_parse(change->text, &id))
		return refuse(error, 400, "MALFORMED_ID", field->name,
			arena_printf(call->arena, "%s: id value of incorrect type: %.*s",
				field->def.label, STR_ARG(change->text)));
	change->text = arena_str(call->arena, org_id_str(&id));
	if (field->def.store == STORE_TEXT)
		return true;
	OrgTable *target = data_table_of_id(call_data(call), &id);
	size_t row;
	bool fits = target && str_find(str_from(field->def.references), target->name) >= 0;
	if (!fits)
		return refuse(error, 400, "FIELD_INTEGRITY_EXCEPTION", field->name,
			arena_printf(call->arena, "%s: id value of incorrect type: %.*s",
				field->def.label, STR_ARG(change->text)));
	if (!data_find(call_data(call), target->def->kind, &id, &row)
		|| row_flag(&target->rows[row], FLAG_DELETED))
		return refuse(error, 400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", STR_NONE,
			arena_printf(call->arena,
				"insufficient access rights on cross-reference id: %.15s",
				id.text));
	change->row = (uint32_t)row + 1;
	return true;
}

static bool check_moment(Call *call, const OrgField *field, FieldChange *change, RecordError *error)
{
	int64_t at_ms;
	Str text = change->text;
	if (!time_parse(text, &at_ms, NULL))
		return refuse_type(call, field, text, error);
	Buf out = BUF_MAX(64);
	time_put_salesforce(&out, at_ms - at_ms % MS_PER_SECOND);
	change->text = arena_str(call->arena, buf_str(&out));
	buf_fini(&out);
	return true;
}

bool write_text_value(
	Call *call, const OrgField *field, Str text, FieldChange *out, RecordError *error)
{
	*out = (FieldChange){ .field = field, .text = text };
	CivilDate day;
	switch (field->def.type) {
	case TYPE_BOOLEAN:
		return str_to_bool(text, &out->truth) || refuse_type(call, field, text, error);
	case TYPE_REFERENCE:
		return !text.len || check_reference(call, field, out, error);
	case TYPE_INT:
	case TYPE_DOUBLE:
	case TYPE_CURRENCY:
		return !text.len || is_number(text) || refuse_type(call, field, text, error);
	case TYPE_DATE:
		return !text.len || date_parse(text, &day) || refuse_type(call, field, text, error);
	case TYPE_DATETIME:
		return !text.len || check_moment(call, field, out, error);
	case TYPE_STRING:
	case TYPE_TEXTAREA:
	case TYPE_PHONE:
	case TYPE_URL:
	case TYPE_EMAIL:
	case TYPE_PICKLIST:
		return !text.len || check_text(call, field, text, error);
	case TYPE_ID:
	case TYPE_ADDRESS:
	case FIELD_TYPES:
		break;
	}
	return refuse_type(call, field, text, error);
}

/* null on a checkbox is refused; which code is from memory. */
static bool check_null(Call *call, const OrgField *field, FieldChange *out, RecordError *error)
{
	*out = (FieldChange){ .field = field, .text = STR_NONE };
	if (field->def.type == TYPE_BOOLEAN)
		return refuse(error, 400, "INVALID_TYPE_ON_FIELD_IN_RECORD", field->name,
			arena_printf(call->arena, "%s: value not of required type: null",
				field->def.label));
	return true;
}

/* 48.4 as it came, not as the nearest binary fraction prints. */
static Str real_text(Call *call, const JsonVal *value)
{
	Buf text = BUF_MAX(64);
	json_put_val(&text, value);
	Str shortest = arena_printf(call->arena, "%.15g", strtod(buf_z(&text), NULL));
	buf_fini(&text);
	return shortest;
}

bool write_value(Call *call, const OrgField *field, const JsonVal *value, FieldChange *out,
	RecordError *error)
{
	Buf text = BUF_MAX(REQUEST_BODY_MAX);
	bool done;
	switch (json_val_type(value)) {
	case JSON_T_NULL:
		return check_null(call, field, out, error);
	case JSON_T_BOOL:
		*out = (FieldChange){ .field = field, .truth = json_as_bool(value, false) };
		out->text = out->truth ? STR("true") : STR("false");
		return field->def.type == TYPE_BOOLEAN
			|| write_text_value(call, field, out->text, out, error);
	case JSON_T_STR:
		return write_text_value(
			call, field, arena_str(call->arena, json_as_str(value)), out, error);
	case JSON_T_REAL:
		return write_text_value(call, field, real_text(call, value), out, error);
	case JSON_T_INT:
	case JSON_T_ARRAY:
	case JSON_T_OBJECT:
		json_put_val(&text, value);
		done = write_text_value(
			call, field, arena_str(call->arena, buf_str(&text)), out, error);
		buf_fini(&text);
		return done;
	}
	return false;
}

/* ---- a record ---- */

static bool check_field(Call *call, RecordWrite *write, Str name, const OrgField **out)
{
	const OrgField *field = table_visible_field(write->table, name);
	if (!field) {
		refuse(&write->error, 400, "INVALID_FIELD", STR_NONE,
			arena_printf(call->arena, "No such column '%.*s' on sobject of type %s",
				STR_ARG(name), write->table->def->name));
		write->error.without_fields = true;
		return false;
	}
	unsigned barred = write->is_create ? FIELD_NO_CREATE : FIELD_NO_UPDATE;
	if ((field->def.flags & barred) || !field->can_edit)
		return refuse(&write->error, 400, "INVALID_FIELD_FOR_INSERT_UPDATE", field->name,
			arena_printf(call->arena,
				"Unable to create/update fields: %.*s. Please check the security settings "
				"of this field and verify that it is read/write for your profile or "
				"permission set.",
				STR_ARG(field->name)));
	*out = field;
	return true;
}

/* One change for each member, and one for each field with a default value. */
static void make_room(Call *call, RecordWrite *write, const JsonVal *object)
{
	void *iter = NULL;
	Str name;
	const JsonVal *value;
	write->change_cap = write->table->field_count;
	while (json_object_next(object, &iter, &name, &value))
		write->change_cap++;
	if (!write->is_create)
		write->change_cap -= write->table->field_count;
	write->changes = arena_alloc(call->arena, write->change_cap + 1, sizeof(FieldChange));
}

static bool check_members(Call *call, RecordWrite *write, const JsonVal *object)
{
	void *iter = NULL;
	Str name;
	const JsonVal *value;
	make_room(call, write, object);
	while (json_object_next(object, &iter, &name, &value)) {
		const OrgField *field;
		if (str_eq_nocase(name, STR("attributes")) || str_eq_nocase(name, STR("id")))
			continue;
		if (!check_field(call, write, arena_str(call->arena, name), &field))
			return false;
		assert(write->change_count < write->change_cap);
		if (!write_value(call, field, value, &write->changes[write->change_count],
			    &write->error))
			return false;
		write->change_count++;
	}
	return true;
}

static bool is_set(const RecordWrite *write, const OrgField *field)
{
	for (size_t i = write->change_count; i > 0; i--)
		if (write->changes[i - 1].field == field)
			return write->changes[i - 1].text.len > 0;
	return !write->is_create && row_text(&write->table->rows[write->row], field->number).len;
}

static bool check_required(Call *call, RecordWrite *write)
{
	for (size_t i = 0; i < write->table->field_count; i++) {
		const OrgField *field = &write->table->fields[i];
		bool required = (field->def.flags & FIELD_REQUIRED)
			&& field->def.store == STORE_TEXT && !(field->def.flags & FIELD_DEFAULTED);
		if (required && !is_set(write, field))
			return refuse(&write->error, 400, "REQUIRED_FIELD_MISSING", field->name,
				arena_printf(call->arena, "Required fields are missing: [%.*s]",
					STR_ARG(field->name)));
	}
	return true;
}

static bool refuse_while_read_only(RecordError *error)
{
	return refuse(error, 400, "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", STR_NONE,
		STR("Updates can't be made during maintenance"));
}

/* Users and the Organization are changed by nobody here. */
static bool is_record_object(const OrgTable *table)
{
	return table->def->able & ABLE_DELETE;
}

bool write_may_create(Call *call, RecordWrite *write)
{
	if (!is_record_object(write->table))
		return refuse(&write->error, 400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", STR_NONE,
			arena_printf(call->arena, "entity type cannot be inserted: %s",
				write->table->def->label));
	if (write->table->count == ORG_RECORDS_MAX)
		return refuse(&write->error, 400, "STORAGE_LIMIT_EXCEEDED", STR_NONE,
			STR("storage limit exceeded"));
	return true;
}

bool write_may_delete(Call *call, OrgTable *table, RecordError *error)
{
	if (!is_record_object(table))
		return refuse(error, 400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", STR_NONE,
			arena_printf(call->arena, "entity type cannot be deleted: %s",
				table->def->label));
	return call->org->condition != CONDITION_READ_ONLY || refuse_while_read_only(error);
}

static bool check_state(Call *call, RecordWrite *write)
{
	if (call->org->condition == CONDITION_READ_ONLY)
		return refuse_while_read_only(&write->error);
	if (write->is_create)
		return true;
	const OrgRow *row = &write->table->rows[write->row];
	if (write->table->def->kind == ORG_LEAD && row_flag(row, FLAG_CONVERTED))
		return refuse(&write->error, 400, "CANNOT_UPDATE_CONVERTED_LEAD", STR_NONE,
			STR("cannot reference converted lead"));
	return true;
}

void write_check_changes(Call *call, RecordWrite *write)
{
	if (!check_state(call, write) || !check_required(call, write) || write->is_create)
		return;
	const OrgTable *table = write->table;
	OrgId id = data_id(call_data(call), table->def->kind, write->row);
	Str email = table->email ? row_text(&table->rows[write->row], table->email->number)
				 : STR_NONE;
	(void)faults_take_record(
		&call->org->faults, table->name, &id, email, call->arena, &write->error);
}

void write_check(Call *call, RecordWrite *write, const JsonVal *object)
{
	assert(!write->error.code);
	if (check_members(call, write, object))
		write_check_changes(call, write);
}

static void apply_defaults(RecordWrite *write)
{
	for (size_t i = 0; i < write->table->field_count; i++) {
		const OrgField *field = &write->table->fields[i];
		if (field->def.fallback && !is_set(write, field)
			&& write->change_count < write->change_cap)
			write->changes[write->change_count++] = (FieldChange){ .field = field,
				.text = str_from(field->def.fallback) };
	}
}

void write_apply(Call *call, RecordWrite *write)
{
	assert(!write->error.code);
	uint32_t now_s = org_now_s(call->org);
	if (write->is_create) {
		apply_defaults(write);
		write->row = table_add(write->table, now_s, call->session->user);
	}
	table_set(write->table, write->row, write->changes, write->change_count);
	table_touch(write->table, write->row, now_s, call->session->user);
}

void write_delete(Call *call, OrgTable *table, size_t row)
{
	table->rows[row].flags |= 1U << FLAG_DELETED;
	table_touch(table, row, org_now_s(call->org), call->session->user);
}
