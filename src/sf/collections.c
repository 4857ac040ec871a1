#include "base/base.h"

#include "sf/collections.h"

#include "base/json.h"

enum { ANSWER_BYTES_MAX = SF_REPLY_BYTES_MAX };

static void assert_one_of_a_kind(SfObject object, const SfId *ids, size_t count)
{
	(void)object;
	for (size_t i = 0; i < count; i++) {
		assert(sfid_object(&ids[i]) == object);
		for (size_t j = 0; j < i; j++)
			assert(!sfid_eq(&ids[i], &ids[j]));
	}
}

bool sf_tick_body(SfObject object, const SfId *ids, size_t count, const Str *fields,
	size_t field_count, Buf *out, Err *err)
{
	assert(count > 0 && count <= SF_COLLECTION_ROWS_MAX);
	assert(field_count > 0 && field_count <= SF_COLLECTION_FIELDS_MAX);
	assert_one_of_a_kind(object, ids, count);
	CLEANUP(buf_fini) Buf field_part = BUF_MAX(SF_COLLECTION_BODY_MAX);
	JsonWriter w;
	jw_init(&w, out);
	jw_object_begin(&w);
	jw_kv_bool(&w, "allOrNone", false);
	jw_key(&w, "records");
	jw_array_begin(&w);
	for (size_t i = 0; i < count; i++) {
		jw_object_begin(&w);
		jw_key(&w, "attributes");
		jw_object_begin(&w);
		jw_kv_str(&w, "type", str_from(sf_object_name(object)));
		jw_object_end(&w);
		jw_kv_str(&w, "id", sfid_str(&ids[i]));
		for (size_t f = 0; f < field_count; f++) {
			buf_reset(&field_part);
			buf_put(&field_part, fields[f]);
			jw_kv_bool(&w, buf_z(&field_part), true);
		}
		jw_object_end(&w);
	}
	jw_array_end(&w);
	jw_object_end(&w);
	return buf_check(out, "the update call", err);
}

SfRequest sf_tick_request(Str body)
{
	return (SfRequest){
		.method = "PATCH",
		.path = STR("composite/sobjects"),
		.body = body,
		.expected = SF_BODY_JSON,
	};
}

/* ----------------------------------------------------------------- results */

/* The higher, the less sense it makes to send the row again: that error of several is told. */
static int finality(SfClass cls)
{
	switch (cls) {
	case SF_CLASS_NONE:
	case SF_CLASS_COUNT:
		return 0;
	case SF_CLASS_AGAIN:
		return 1;
	case SF_CLASS_SESSION:
		return 2;
	case SF_CLASS_BUDGET:
		return 3;
	case SF_CLASS_BUG:
		return 4;
	case SF_CLASS_ADMIN:
		return 5;
	case SF_CLASS_RECORD:
		return 6;
	case SF_CLASS_CONVERTED:
		return 7;
	case SF_CLASS_DELETED:
		return 8;
	}
	return 0;
}

static void read_errors(const JsonVal *errors, SfFault *out)
{
	sf_fault_set(out, 0, STR_NONE, STR("Salesforce says \"failed\" without a reason"));
	for (size_t i = 0; i < json_array_len(errors); i++) {
		const JsonVal *error = json_array_at(errors, i);
		Str code = json_as_str(json_member(error, "statusCode"));
		if (code.len == 0)
			code = json_as_str(json_member(error, "errorCode"));
		SfFault fault;
		sf_fault_set(&fault, 0, code, json_as_str(json_member(error, "message")));
		if (i == 0 || finality(fault.cls) > finality(out->cls))
			*out = fault;
	}
}

/* False when the element belongs to another record. */
static bool read_row(const JsonVal *element, const SfId *asked, SfRowResult *out)
{
	Str id_text = json_as_str(json_member_nocase(element, "id"));
	SfId id;
	if (id_text.len > 0 && (!sfid_parse(id_text, &id, NULL) || !sfid_eq(&id, asked)))
		return false;
	const JsonVal *success = json_member(element, "success");
	if (json_val_type(success) != JSON_T_BOOL)
		return true; /* null, or something else: says nothing about the row */
	out->is_answered = true;
	out->ok = json_as_bool(success, false);
	if (!out->ok)
		read_errors(json_member(element, "errors"), &out->fault);
	return true;
}

static bool read_rows(
	const JsonVal *rows, const SfId *ids, size_t count, SfRowResult *out, Err *err)
{
	size_t row_count = json_array_len(rows);
	if (json_val_type(rows) != JSON_T_ARRAY || row_count > count)
		return ERR(err, ERR_RETRY, "Salesforce's answer has %zu results for %zu records",
			row_count, count);
	for (size_t i = 0; i < row_count; i++) {
		if (!read_row(json_array_at(rows, i), &ids[i], &out[i]))
			return ERR(err, ERR_RETRY,
				"Salesforce's answer names another record than %s at position %zu",
				ids[i].text, i);
	}
	return true;
}

bool sf_tick_results(Str body, const SfId *ids, size_t count, SfRowResult *out, Err *err)
{
	for (size_t i = 0; i < count; i++)
		out[i] = (SfRowResult){ 0 };
	JsonDoc doc;
	if (!json_doc_parse(body, ANSWER_BYTES_MAX, &doc, err)) {
		if (err)
			err->kind = ERR_RETRY;
		return err_wrap(err, "Salesforce's answer cannot be read");
	}
	bool done = read_rows(doc.root, ids, count, out, err);
	json_doc_fini(&doc);
	for (size_t i = 0; i < count && !done; i++)
		out[i] = (SfRowResult){ 0 };
	return done;
}
