#include "base/base.h"

#include "base/time.h"
#include "org/value.h"

static void set_text(OrgValue *out, Str text)
{
	out->kind = text.len ? VALUE_TEXT : VALUE_NULL;
	out->text = text;
}

static void set_time(OrgValue *out, uint32_t at_s)
{
	out->kind = VALUE_TIME;
	out->at_s = at_s;
}

static void set_id(OrgValue *out, const OrgData *data, OrgKind kind, size_t row)
{
	OrgId id = data_id(data, kind, row);
	memcpy(out->room, id.text, ORG_ID_LEN);
	out->kind = VALUE_TEXT;
	out->text = (Str){ out->room, ORG_ID_LEN };
}

static void set_name(OrgValue *out, const OrgTable *table, const OrgRow *row)
{
	Str first = table->first_name ? row_text(row, table->first_name->number) : STR_NONE;
	Str last = row_text(row, table->last_name->number);
	if (!first.len) {
		set_text(out, last);
		return;
	}
	int len = snprintf(out->room, sizeof out->room, "%.*s %.*s", STR_ARG(first), STR_ARG(last));
	assert(len > 0 && (size_t)len < sizeof out->room);
	set_text(out, (Str){ out->room, (size_t)len });
}

static void set_stored_text(OrgValue *out, const OrgRow *row, const OrgField *field)
{
	set_text(out, row_text(row, field->number));
	if (out->kind == VALUE_NULL)
		return;
	switch (field->def.type) {
	case TYPE_INT:
	case TYPE_DOUBLE:
	case TYPE_CURRENCY:
		out->kind = VALUE_NUMBER;
		break;
	case TYPE_DATE:
		out->kind = VALUE_DATE;
		break;
	case TYPE_DATETIME: {
		int64_t at_ms = 0;
		out->kind = time_parse(out->text, &at_ms, NULL) ? VALUE_TIME : VALUE_NULL;
		out->at_s = at_ms / MS_PER_SECOND;
		break;
	}
	case TYPE_ID:
	case TYPE_BOOLEAN:
	case TYPE_STRING:
	case TYPE_TEXTAREA:
	case TYPE_PHONE:
	case TYPE_URL:
	case TYPE_EMAIL:
	case TYPE_PICKLIST:
	case TYPE_REFERENCE:
	case TYPE_ADDRESS:
	case FIELD_TYPES:
		break;
	}
}

static OrgKind parent_kind(const OrgTable *table)
{
	return table->def->kind == ORG_LEAD ? ORG_CONTACT : ORG_ACCOUNT;
}

static void set_photo(OrgValue *out, const OrgData *data, OrgKind kind, size_t row)
{
	OrgId id = data_id(data, kind, row);
	int len = snprintf(out->room, sizeof out->room, "/services/images/photo/%s", id.text);
	set_text(out, (Str){ out->room, (size_t)len });
}

void value_get(const OrgData *data, const OrgTable *table, size_t row, const OrgField *field,
	OrgValue *out)
{
	const OrgRow *r = &table->rows[row];
	out->kind = VALUE_NULL;
	switch (field->def.store) {
	case STORE_TEXT:
		set_stored_text(out, r, field);
		break;
	case STORE_FLAG:
		out->kind = VALUE_BOOL;
		out->truth = row_flag(r, field->def.slot);
		break;
	case STORE_ID:
		set_id(out, data, table->def->kind, row);
		break;
	case STORE_CREATED:
		set_time(out, r->created_s);
		break;
	case STORE_MODIFIED:
		set_time(out, r->modified_s);
		break;
	case STORE_STAMP:
		set_time(out, r->stamp_s);
		break;
	case STORE_CREATED_BY:
		set_id(out, data, ORG_USER, r->created_by);
		break;
	case STORE_MODIFIED_BY:
		set_id(out, data, ORG_USER, r->modified_by);
		break;
	case STORE_OWNER:
		set_id(out, data, ORG_USER, r->owner);
		break;
	case STORE_PARENT:
		if (r->parent)
			set_id(out, data, parent_kind(table), r->parent - 1);
		break;
	case STORE_NAME:
		set_name(out, table, r);
		break;
	case STORE_PHOTO:
		set_photo(out, data, table->def->kind, row);
		break;
	case STORE_ADDRESS:
		out->kind = VALUE_ADDRESS;
		break;
	case STORE_NEVER:
		break;
	}
}

uint32_t value_target(const OrgData *data, const OrgTable *table, size_t row, const OrgField *field,
	OrgKind *out_kind)
{
	const OrgRow *r = &table->rows[row];
	*out_kind = ORG_USER;
	switch (field->def.store) {
	case STORE_CREATED_BY:
		return r->created_by + 1U;
	case STORE_MODIFIED_BY:
		return r->modified_by + 1U;
	case STORE_OWNER:
		return r->owner + 1U;
	case STORE_PARENT:
		*out_kind = parent_kind(table);
		return r->parent;
	case STORE_TEXT: {
		OrgId id;
		size_t target;
		if (!org_id_parse(row_text(r, field->number), &id))
			return 0;
		for (size_t k = 0; k < ORG_KINDS; k++)
			if (data_find(data, (OrgKind)k, &id, &target)) {
				*out_kind = (OrgKind)k;
				return (uint32_t)target + 1;
			}
		return 0;
	}
	case STORE_FLAG:
	case STORE_ID:
	case STORE_CREATED:
	case STORE_MODIFIED:
	case STORE_STAMP:
	case STORE_NAME:
	case STORE_ADDRESS:
	case STORE_PHOTO:
	case STORE_NEVER:
		return 0;
	}
	return 0;
}

/* Compound addresses: members in alphabetical order; null when no part is set (recorded). */
static void put_address(
	JsonWriter *w, const OrgTable *table, const OrgRow *row, const OrgField *address)
{
	static const char *const parts[][2] = {
		{ "city", "City" },
		{ "country", "Country" },
		{ "geocodeAccuracy", "GeocodeAccuracy" },
		{ "latitude", "Latitude" },
		{ "longitude", "Longitude" },
		{ "postalCode", "PostalCode" },
		{ "state", "State" },
		{ "street", "Street" },
	};
	Str texts[ARRAY_LEN(parts)] = { 0 };
	const OrgField *fields[ARRAY_LEN(parts)] = { 0 };
	bool any = false;
	for (size_t i = 0; i < table->field_count; i++) {
		const OrgField *field = &table->fields[i];
		if (!field->def.compound || !str_eq(str_from(field->def.compound), address->name))
			continue;
		for (size_t p = 0; p < ARRAY_LEN(parts); p++)
			if (str_ends(field->name, str_from(parts[p][1]))) {
				fields[p] = field;
				texts[p] = row_text(row, field->number);
				any = any || texts[p].len;
			}
	}
	if (!any) {
		jw_null(w);
		return;
	}
	jw_object_begin(w);
	for (size_t p = 0; p < ARRAY_LEN(parts); p++) {
		jw_key(w, parts[p][0]);
		if (!texts[p].len)
			jw_null(w);
		else if (fields[p]->def.type == TYPE_DOUBLE)
			jw_raw(w, texts[p]);
		else
			jw_str(w, texts[p]);
	}
	jw_object_end(w);
}

static void put_time(JsonWriter *w, int64_t at_s)
{
	Buf text = BUF_MAX(64);
	buf_put_char(&text, '"');
	time_put_salesforce(&text, at_s * MS_PER_SECOND);
	buf_put_char(&text, '"');
	jw_raw(w, buf_str(&text));
	buf_fini(&text);
}

void value_put_json(JsonWriter *w, const OrgData *data, const OrgTable *table, size_t row,
	const OrgField *field)
{
	OrgValue value;
	value_get(data, table, row, field, &value);
	switch (value.kind) {
	case VALUE_NULL:
		jw_null(w);
		break;
	case VALUE_BOOL:
		jw_bool(w, value.truth);
		break;
	case VALUE_TEXT:
	case VALUE_DATE:
		jw_str(w, value.text);
		break;
	case VALUE_NUMBER:
		jw_raw(w, value.text);
		break;
	case VALUE_TIME:
		put_time(w, value.at_s);
		break;
	case VALUE_ADDRESS:
		put_address(w, table, &table->rows[row], field);
		break;
	}
}

static void put_quoted(Buf *out, Str text)
{
	buf_put_char(out, '"');
	ptrdiff_t quote;
	while ((quote = str_find_char(text, '"', 0)) >= 0) {
		buf_put(out, str_sub(text, 0, (size_t)quote + 1));
		buf_put_char(out, '"');
		text = str_from_pos(text, (size_t)quote + 1);
	}
	buf_put(out, text);
	buf_put_char(out, '"');
}

void value_put_csv(
	Buf *out, const OrgData *data, const OrgTable *table, size_t row, const OrgField *field)
{
	OrgValue value;
	value_get(data, table, row, field, &value);
	switch (value.kind) {
	case VALUE_NULL:
	case VALUE_ADDRESS: /* refused before: compound data cannot be selected in Bulk */
		buf_put(out, STR("\"\""));
		break;
	case VALUE_BOOL:
		buf_put(out, value.truth ? STR("\"true\"") : STR("\"false\""));
		break;
	case VALUE_TEXT:
	case VALUE_NUMBER:
	case VALUE_DATE:
		put_quoted(out, value.text);
		break;
	case VALUE_TIME:
		buf_put_char(out, '"');
		time_put_rfc3339(out, value.at_s * MS_PER_SECOND);
		buf_put_char(out, '"');
		break;
	}
}
