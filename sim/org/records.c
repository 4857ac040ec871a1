/* records.c: one record by id: GET, PATCH, POST, DELETE of /sobjects/X[/ID]. */
#include "base/base.h"

#include <inttypes.h>

#include "base/time.h"
#include "org/state.h"
#include "org/value.h"
#include "org/write.h"

static OrgTable *named_table(Call *call)
{
	OrgTable *table = data_table(call_data(call), call->params[0]);
	if (!table)
		fail_not_found(call);
	return table;
}

void record_put_attributes(Call *call, JsonWriter *w, const OrgTable *table, const OrgId *id)
{
	jw_key(w, "attributes");
	jw_object_begin(w);
	jw_kv_str(w, "type", table->name);
	jw_kv_str(w, "url",
		arena_printf(call->arena, "/services/data/v%.*s/sobjects/%s/%s",
			STR_ARG(call->version_text), table->def->name, id->text));
	jw_object_end(w);
}

/* ?fields=A,B or everything that is visible, in the order of describe. */
static bool put_record(Call *call, JsonWriter *w, OrgTable *table, size_t row, Str fields)
{
	const OrgData *data = call_data(call);
	Str name;
	while (fields.len && str_split(&fields, ',', &name)) {
		const OrgField *field = table_visible_field(table, str_trim(name));
		if (!field) {
			fail_plain(call, 400, "INVALID_FIELD",
				arena_printf(call->arena,
					"\nNo such column '%.*s' on entity '%s'. If you are attempting to "
					"use a custom field, be sure to append the '__c' after the custom "
					"field name. Please reference your WSDL or the describe call for "
					"the appropriate names.",
					STR_ARG(str_trim(name)), table->def->name));
			return false;
		}
		jw_key(w, field->def.name);
		value_put_json(w, data, table, row, field);
	}
	return true;
}

static void put_all(Call *call, JsonWriter *w, const OrgTable *table, size_t row)
{
	for (size_t i = 0; i < table->field_count; i++) {
		const OrgField *field = &table->fields[i];
		if (!field->can_read)
			continue;
		jw_key(w, field->def.name);
		value_put_json(w, call_data(call), table, row, field);
	}
}

void record_get(Call *call)
{
	OrgTable *table = named_table(call);
	if (!table)
		return;
	OrgId id;
	size_t row;
	if (!org_id_parse(call->params[1], &id)) {
		fail_route(call, 404, "NOT_FOUND",
			arena_printf(call->arena,
				"Provided external ID field does not exist or is not accessible: %.*s",
				STR_ARG(call->params[1])));
		return;
	}
	if (!data_find(call_data(call), table->def->kind, &id, &row)
		|| (table->rows[row].flags & (1U << FLAG_DELETED | 1U << FLAG_PURGED))) {
		fail_not_found(call);
		return;
	}
	Str fields = call_param(call, "fields");
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	record_put_attributes(call, &w, table, &id);
	if (fields.len && !put_record(call, &w, table, row, fields))
		return;
	if (!fields.len)
		put_all(call, &w, table, row);
	jw_object_end(&w);
	Buf date = BUF_MAX(64);
	time_put_http(&date, (int64_t)table->rows[row].modified_s * MS_PER_SECOND);
	call_header(call, STR("Last-Modified"), arena_str(call->arena, buf_str(&date)));
	buf_fini(&date);
}

/* Text from memory. */
static bool refuse_media_type(Call *call, Str type)
{
	fail_route(call, 415, "UNSUPPORTED_MEDIA_TYPE",
		arena_printf(call->arena,
			"Content-Type header specified in HTTP request is not supported: %.*s",
			STR_ARG(type)));
	return false;
}

bool call_read_object(Call *call, JsonDoc *doc)
{
	Err err = { 0 };
	int64_t line = 1, column = 1;
	Str type = http_request_header(call->request, STR("Content-Type"));
	if (type.len && !str_eq_nocase(str_sub(type, 0, 16), STR("application/json")))
		return refuse_media_type(call, type);
	if (json_doc_parse(call->body, REQUEST_BODY_MAX, doc, &err)
		&& json_val_type(doc->root) == JSON_T_OBJECT)
		return true;
	(void)sscanf(err.text, "line %" SCNd64 " column %" SCNd64, &line, &column);
	fail_plain(call, 400, "JSON_PARSER_ERROR",
		arena_printf(call->arena,
			"Unexpected character or end of the document at [line:%" PRId64
			", column:%" PRId64 "]",
			line, column));
	return false;
}

void record_update(Call *call)
{
	OrgTable *table = named_table(call);
	if (!table)
		return;
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	if (!call_read_object(call, &doc))
		return;
	RecordWrite write = { .table = table };
	if (json_member_nocase(doc.root, "id")) {
		write.error = (RecordError){ .code = "INVALID_FIELD_FOR_INSERT_UPDATE",
			.message = STR("The Id field should not be specified in the sobject data."),
			.status = 400,
			.without_fields = true };
		fail_record(call, &write.error);
		return;
	}
	if (write_find(call, table, call->params[1], &write.row, &write.error))
		write_check(call, &write, doc.root);
	else if (str_eq(str_from(write.error.code), STR("INVALID_CROSS_REFERENCE_KEY"))) {
		fail_not_found(call);
		return;
	}
	if (write.error.code) {
		fail_record(call, &write.error);
		return;
	}
	write_apply(call, &write);
	call_empty(call, 204);
}

void record_create(Call *call)
{
	OrgTable *table = named_table(call);
	if (!table)
		return;
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	if (!call_read_object(call, &doc))
		return;
	RecordWrite write = { .table = table, .is_create = true };
	if (write_may_create(call, &write))
		write_check(call, &write, doc.root);
	if (write.error.code) {
		fail_record(call, &write.error);
		return;
	}
	write_apply(call, &write);
	OrgId id = data_id(call_data(call), table->def->kind, write.row);
	JsonWriter w = call_json(call, 201);
	jw_object_begin(&w);
	jw_kv_str(&w, "id", org_id_str(&id));
	jw_kv_bool(&w, "success", true);
	jw_key(&w, "errors");
	jw_array_begin(&w);
	jw_array_end(&w);
	jw_object_end(&w);
	call_header(call, STR("Location"),
		arena_printf(call->arena, "/services/data/v%.*s/sobjects/%s/%s",
			STR_ARG(call->version_text), table->def->name, id.text));
}

void record_delete(Call *call)
{
	OrgTable *table = named_table(call);
	if (!table)
		return;
	RecordError error = { 0 };
	size_t row;
	if (!write_find(call, table, call->params[1], &row, &error)) {
		if (str_eq(str_from(error.code), STR("INVALID_CROSS_REFERENCE_KEY")))
			fail_not_found(call);
		else
			fail_record(call, &error);
		return;
	}
	if (!write_may_delete(call, table, &error)) {
		fail_record(call, &error);
		return;
	}
	write_delete(call, table, row);
	call_empty(call, 204);
}
