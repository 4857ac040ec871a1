/* collections.c: composite/sobjects: up to 200 records in one call, answered in the order of the
 * request. A failed element has no id (recorded). */
#include "base/base.h"

#include "org/state.h"
#include "org/value.h"
#include "org/write.h"

enum { COLLECTION_MAX = 200, RETRIEVE_MAX = 2000 /* from memory */ };

static bool refuse(RecordError *error, const char *code, Str message)
{
	*error = (RecordError){ .code = code, .message = message, .status = 400 };
	return false;
}

static bool check_count(Call *call, size_t count)
{
	if (count == 0) {
		fail_plain(
			call, 400, "REQUIRED_FIELD_MISSING", STR("At least 1 record is required"));
		return false;
	}
	if (count > COLLECTION_MAX) {
		fail_plain(call, 400, "EXCEEDED_ID_LIMIT",
			STR("record limit reached. cannot submit more than 200 records into this call"));
		return false;
	}
	return true;
}

/* The object named by attributes.type. */
static bool find_type(Call *call, RecordWrite *write, const JsonVal *record)
{
	Str type = json_as_str(json_member(json_member(record, "attributes"), "type"));
	if (!type.len)
		return refuse(&write->error, "JSON_PARSER_ERROR",
			STR("Nested object for polymorphic foreign key must have an attributes field "
			    "before any other fields."));
	write->table = data_table(call_data(call), type);
	if (!write->table)
		return refuse(&write->error, "INVALID_TYPE",
			arena_printf(call->arena, "sObject type '%.*s' is not supported.",
				STR_ARG(type)));
	return true;
}

static bool find_record(Call *call, RecordWrite *write, const JsonVal *record)
{
	Str id = json_as_str(json_member_nocase(record, "id"));
	if (!id.len)
		return refuse(&write->error, "MISSING_ARGUMENT",
			STR("Id not specified in an update call"));
	return write_find(call, write->table, id, &write->row, &write->error);
}

static void check_one(Call *call, RecordWrite *write, const JsonVal *record)
{
	if (!find_type(call, write, record))
		return;
	if (write->is_create ? !write_may_create(call, write) : !find_record(call, write, record))
		return;
	write_check(call, write, record);
}

static void roll_back(RecordWrite *writes, size_t count)
{
	bool any = false;
	for (size_t i = 0; i < count; i++)
		any = any || writes[i].error.code;
	for (size_t i = 0; any && i < count; i++)
		if (!writes[i].error.code)
			refuse(&writes[i].error, "ALL_OR_NONE_OPERATION_ROLLED_BACK",
				STR("Record rolled back because not all records were valid and the "
				    "request was using AllOrNone header"));
}

static void put_success(JsonWriter *w, const OrgId *id)
{
	jw_object_begin(w);
	jw_kv_str(w, "id", org_id_str(id));
	jw_kv_bool(w, "success", true);
	jw_key(w, "errors");
	jw_array_begin(w);
	jw_array_end(w);
	jw_object_end(w);
}

static void put_failure(JsonWriter *w, const RecordError *error)
{
	jw_object_begin(w);
	jw_kv_bool(w, "success", false);
	jw_key(w, "errors");
	jw_array_begin(w);
	put_record_error(w, error);
	jw_array_end(w);
	jw_object_end(w);
}

static void answer_writes(Call *call, RecordWrite *writes, size_t count)
{
	JsonWriter w = call_json(call, 200);
	jw_array_begin(&w);
	for (size_t i = 0; i < count; i++) {
		if (writes[i].error.code) {
			put_failure(&w, &writes[i].error);
			continue;
		}
		OrgId id = data_id(call_data(call), writes[i].table->def->kind, writes[i].row);
		put_success(&w, &id);
	}
	jw_array_end(&w);
}

static void write_all(Call *call, bool is_create)
{
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	if (!call_read_object(call, &doc))
		return;
	const JsonVal *records = json_member(doc.root, "records");
	size_t count = json_array_len(records);
	if (!check_count(call, count))
		return;
	bool all_or_none = json_as_bool(json_member(doc.root, "allOrNone"), false);
	RecordWrite *writes = arena_alloc(call->arena, count, sizeof *writes);
	for (size_t i = 0; i < count; i++) {
		writes[i].is_create = is_create;
		check_one(call, &writes[i], json_array_at(records, i));
		/* Without all-or-none each record is written as it comes: the same one twice meets
		 * its own change. */
		if (!all_or_none && !writes[i].error.code)
			write_apply(call, &writes[i]);
	}
	if (all_or_none) {
		roll_back(writes, count);
		for (size_t i = 0; i < count; i++)
			if (!writes[i].error.code)
				write_apply(call, &writes[i]);
	}
	answer_writes(call, writes, count);
}

void collection_update(Call *call)
{
	write_all(call, false);
}

void collection_create(Call *call)
{
	write_all(call, true);
}

/* ---- DELETE composite/sobjects?ids=A,B&allOrNone=true ---- */

typedef struct Deletion {
	OrgTable *table;
	size_t row;
	RecordError error;
} Deletion;

static void check_deletion(Call *call, Deletion *deletion, Str text)
{
	OrgId id;
	if (!org_id_parse(text, &id)) {
		refuse(&deletion->error, "MALFORMED_ID",
			arena_printf(call->arena, "malformed id %.*s", STR_ARG(text)));
		return;
	}
	deletion->table = data_table_of_id(call_data(call), &id);
	if (!deletion->table)
		refuse(&deletion->error, "INVALID_CROSS_REFERENCE_KEY",
			STR("invalid cross reference id"));
	else if (write_find(call, deletion->table, text, &deletion->row, &deletion->error))
		(void)write_may_delete(call, deletion->table, &deletion->error);
}

static size_t count_parts(Str list)
{
	size_t count = 0;
	Str part;
	while (list.len && str_split(&list, ',', &part))
		count++;
	return count;
}

static void delete_checked(Call *call, Deletion *deletions, size_t count, bool all_or_none)
{
	bool any = false;
	for (size_t i = 0; i < count; i++)
		any = any || deletions[i].error.code;
	JsonWriter w = call_json(call, 200);
	jw_array_begin(&w);
	for (size_t i = 0; i < count; i++) {
		Deletion *deletion = &deletions[i];
		if (any && all_or_none && !deletion->error.code)
			refuse(&deletion->error, "ALL_OR_NONE_OPERATION_ROLLED_BACK",
				STR("Record rolled back because not all records were valid and the "
				    "request was using AllOrNone header"));
		if (deletion->error.code) {
			put_failure(&w, &deletion->error);
			continue;
		}
		write_delete(call, deletion->table, deletion->row);
		OrgId id = data_id(call_data(call), deletion->table->def->kind, deletion->row);
		put_success(&w, &id);
	}
	jw_array_end(&w);
}

void collection_delete(Call *call)
{
	Str ids = call_param(call, "ids"), text;
	size_t count = count_parts(ids);
	if (!check_count(call, count))
		return;
	Deletion *deletions = arena_alloc(call->arena, count, sizeof *deletions);
	for (size_t i = 0; i < count && str_split(&ids, ',', &text); i++)
		check_deletion(call, &deletions[i], str_trim(text));
	delete_checked(
		call, deletions, count, str_eq_nocase(call_param(call, "allOrNone"), STR("true")));
}

/* ---- retrieve: GET ?ids=..&fields=.. or POST {"ids":[..],"fields":[..]} ---- */

typedef struct Names {
	Str *items; /* arena */
	size_t count;
} Names;

static Names names_of_list(Call *call, Str list)
{
	Names names = { 0 };
	Str part;
	names.items = arena_alloc(call->arena, count_parts(list) + 1, sizeof(Str));
	while (list.len && str_split(&list, ',', &part))
		names.items[names.count++] = str_trim(part);
	return names;
}

static Names names_of_array(Call *call, const JsonVal *array)
{
	Names names = { 0 };
	size_t count = json_array_len(array);
	names.items = arena_alloc(call->arena, count + 1, sizeof(Str));
	for (size_t i = 0; i < count; i++)
		names.items[names.count++] = arena_str(
			call->arena, json_as_str(json_array_at(array, i)));
	return names;
}

static bool find_fields(Call *call, OrgTable *table, const Names *names, const OrgField **out)
{
	for (size_t i = 0; i < names->count; i++) {
		out[i] = table_visible_field(table, names->items[i]);
		if (out[i])
			continue;
		fail_plain(call, 400, "INVALID_FIELD",
			arena_printf(call->arena, "No such column '%.*s' on sobject of type %s",
				STR_ARG(names->items[i]), table->def->name));
		return false;
	}
	return true;
}

static void put_retrieved(Call *call, JsonWriter *w, OrgTable *table, Str id_text,
	const OrgField **fields, size_t count)
{
	size_t row;
	RecordError error;
	if (!write_find(call, table, id_text, &row, &error)) {
		jw_null(w);
		return;
	}
	OrgId id = data_id(call_data(call), table->def->kind, row);
	jw_object_begin(w);
	record_put_attributes(call, w, table, &id);
	for (size_t i = 0; i < count; i++) {
		jw_key(w, fields[i]->def.name);
		value_put_json(w, call_data(call), table, row, fields[i]);
	}
	jw_object_end(w);
}

static void retrieve(Call *call, Names ids, Names names)
{
	OrgTable *table = data_table(call_data(call), call->params[0]);
	if (!table) {
		fail_not_found(call);
		return;
	}
	if (ids.count == 0 || names.count == 0 || ids.count > RETRIEVE_MAX) {
		fail_plain(call, 400,
			ids.count > RETRIEVE_MAX ? "EXCEEDED_ID_LIMIT" : "MISSING_ARGUMENT",
			ids.count > RETRIEVE_MAX ? STR(
				"record limit reached. cannot submit more than 2000 records into this call")
						 : STR("The ids and fields parameters are required"));
		return;
	}
	const OrgField **fields = arena_alloc(call->arena, names.count, sizeof(OrgField *));
	if (!find_fields(call, table, &names, fields))
		return;
	JsonWriter w = call_json(call, 200);
	jw_array_begin(&w);
	for (size_t i = 0; i < ids.count; i++)
		put_retrieved(call, &w, table, ids.items[i], fields, names.count);
	jw_array_end(&w);
}

void collection_get(Call *call)
{
	if (call->request->method != HTTP_POST) {
		retrieve(call, names_of_list(call, call_param(call, "ids")),
			names_of_list(call, call_param(call, "fields")));
		return;
	}
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	if (!call_read_object(call, &doc))
		return;
	retrieve(call, names_of_array(call, json_member(doc.root, "ids")),
		names_of_array(call, json_member(doc.root, "fields")));
}
