/* describe_field.c: what describe tells about each field: 57 properties, in alphabetical order as
 * in real answers. */
#include "base/base.h"

#include "org/state.h"

static void put_picklist(JsonWriter *w, const FieldDef *def)
{
	Str rest = str_from(def->picklist), value;
	jw_key(w, "picklistValues");
	jw_array_begin(w);
	while (rest.len && str_split(&rest, '|', &value)) {
		jw_object_begin(w);
		jw_kv_bool(w, "active", true);
		jw_kv_bool(
			w, "defaultValue", def->fallback && str_eq(str_from(def->fallback), value));
		jw_kv_str(w, "label", value);
		jw_kv_null(w, "validFor");
		jw_kv_str(w, "value", value);
		jw_object_end(w);
	}
	jw_array_end(w);
}

static void put_references(JsonWriter *w, const FieldDef *def)
{
	Str rest = str_from(def->references), name;
	jw_key(w, "referenceTo");
	jw_array_begin(w);
	while (rest.len && str_split(&rest, ' ', &name))
		jw_str(w, name);
	jw_array_end(w);
}

static void put_default(JsonWriter *w, const FieldDef *def)
{
	jw_key(w, "defaultValue");
	if (def->type == TYPE_BOOLEAN)
		jw_bool(w, false);
	else
		jw_str(w, str_from(def->fallback));
}

static unsigned byte_length(const FieldDef *def)
{
	switch (def->type) {
	case TYPE_ID:
	case TYPE_REFERENCE:
		return 18;
	case TYPE_BOOLEAN:
	case TYPE_INT:
	case TYPE_DOUBLE:
	case TYPE_CURRENCY:
	case TYPE_DATE:
	case TYPE_DATETIME:
	case TYPE_ADDRESS:
		return 0;
	case TYPE_STRING:
	case TYPE_TEXTAREA:
	case TYPE_PHONE:
	case TYPE_URL:
	case TYPE_EMAIL:
	case TYPE_PICKLIST:
	case FIELD_TYPES:
		break;
	}
	return def->length * 3; /* recorded: three bytes a character */
}

static bool is_groupable(const FieldDef *def)
{
	return !(def->flags & FIELD_LONG) && def->type != TYPE_DOUBLE && def->type != TYPE_CURRENCY
		&& def->type != TYPE_DATETIME && def->type != TYPE_ADDRESS;
}

static bool is_aggregatable(const FieldDef *def)
{
	return !(def->flags & FIELD_LONG) && def->type != TYPE_BOOLEAN && def->type != TYPE_ADDRESS;
}

static void put_field_start(JsonWriter *w, const OrgField *field)
{
	const FieldDef *def = &field->def;
	jw_kv_bool(w, "aggregatable", is_aggregatable(def));
	jw_kv_bool(w, "aiPredictionField", false);
	jw_kv_bool(w, "autoNumber", false);
	jw_kv_i64(w, "byteLength", byte_length(def));
	jw_kv_bool(w, "calculated", false);
	jw_kv_null(w, "calculatedFormula");
	jw_kv_bool(w, "cascadeDelete", false);
	jw_kv_bool(w, "caseSensitive", false);
	jw_kv_str(w, "compoundFieldName", str_from(def->compound));
	jw_kv_null(w, "controllerName");
	jw_kv_bool(w, "createable", !(def->flags & FIELD_NO_CREATE) && field->can_edit);
	jw_kv_bool(w, "custom", def->flags & FIELD_CUSTOM);
	put_default(w, def);
	jw_kv_null(w, "defaultValueFormula");
	jw_kv_bool(w, "defaultedOnCreate", def->flags & FIELD_DEFAULTED);
	jw_kv_bool(w, "dependentPicklist", false);
	jw_kv_bool(w, "deprecatedAndHidden", false);
	jw_kv_i64(w, "digits", def->digits);
	jw_kv_bool(w, "displayLocationInDecimal", false);
	jw_kv_bool(w, "encrypted", false);
	jw_kv_bool(w, "externalId", false);
	jw_kv_str(w, "extraTypeInfo", str_from(def->extra));
	jw_kv_bool(w, "filterable", !(def->flags & FIELD_LONG));
	jw_kv_null(w, "filteredLookupInfo");
	jw_kv_bool(w, "formulaTreatNullNumberAsZero", false);
	jw_kv_bool(w, "groupable", is_groupable(def));
	jw_kv_bool(w, "highScaleNumber", false);
	jw_kv_bool(w, "htmlFormatted", false);
	jw_kv_bool(w, "idLookup", def->flags & FIELD_ID_LOOKUP);
	jw_kv_null(w, "inlineHelpText");
}

static void put_field_end(JsonWriter *w, const OrgField *field)
{
	const FieldDef *def = &field->def;
	jw_kv_str(w, "label", str_from(def->label));
	jw_kv_i64(w, "length", def->length);
	jw_kv_null(w, "mask");
	jw_kv_null(w, "maskType");
	jw_kv_str(w, "name", field->name);
	jw_kv_bool(w, "nameField", def->flags & FIELD_NAME);
	jw_kv_bool(w, "namePointing", def->flags & FIELD_POLYMORPHIC);
	jw_kv_bool(w, "nillable", !(def->flags & FIELD_REQUIRED));
	jw_kv_bool(w, "permissionable", !(def->flags & FIELD_NO_SECURITY) && def->type != TYPE_ID);
	put_picklist(w, def);
	jw_kv_bool(w, "polymorphicForeignKey", def->flags & FIELD_POLYMORPHIC);
	jw_kv_i64(w, "precision", def->precision);
	jw_kv_bool(w, "queryByDistance", def->type == TYPE_ADDRESS);
	jw_kv_null(w, "referenceTargetField");
	put_references(w, def);
	jw_kv_str(w, "relationshipName", str_from(def->relationship));
	jw_kv_null(w, "relationshipOrder");
	jw_kv_bool(w, "restrictedDelete", false);
	jw_kv_bool(w, "restrictedPicklist", def->flags & FIELD_RESTRICTED);
	jw_kv_i64(w, "scale", def->scale);
	jw_kv_bool(w, "searchPrefilterable", def->flags & FIELD_PREFILTER);
	jw_kv_str(w, "soapType", str_from(field_soap_type(def->type)));
	jw_kv_bool(w, "sortable", !(def->flags & FIELD_LONG) && def->type != TYPE_ADDRESS);
	jw_kv_str(w, "type", str_from(field_type_name(def->type)));
	jw_kv_bool(w, "unique", false);
	jw_kv_bool(w, "updateable", !(def->flags & FIELD_NO_UPDATE) && field->can_edit);
	jw_kv_bool(w, "writeRequiresMasterRead", false);
}

void describe_put_fields(Call *call, JsonWriter *w, const OrgTable *table)
{
	(void)call;
	jw_array_begin(w);
	for (size_t i = 0; i < table->field_count; i++) {
		const OrgField *field = &table->fields[i];
		if (!field->can_read)
			continue;
		jw_object_begin(w);
		put_field_start(w, field);
		put_field_end(w, field);
		jw_object_end(w);
	}
	jw_array_end(w);
}
