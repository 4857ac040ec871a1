/* soql_bind.c: names to objects and fields the integration user may see, literals to the field's
 * type. */
#include "base/base.h"

#include "org/soql.h"

typedef struct Binder {
	SoqlQuery *query;
	OrgData *data;
	Arena *arena;
	SoqlError *error;
} Binder;

static bool fail_at(Binder *b, size_t at, const char *code, Str text)
{
	*b->error = (SoqlError){ .code = code, .text = text, .has_place = true, .at = at };
	return false;
}

static bool fail_no_column(Binder *b, const SoqlName *name, Str column, Str entity)
{
	return fail_at(b, name->at, "INVALID_FIELD",
		arena_printf(b->arena,
			"No such column '%.*s' on entity '%.*s'. If you are attempting to use a custom "
			"field, be sure to append the '__c' after the custom field name. Please "
			"reference your WSDL or the describe call for the appropriate names.",
			STR_ARG(column), STR_ARG(entity)));
}

static bool bind_object(Binder *b)
{
	SoqlName *object = &b->query->object;
	b->query->table = data_table(b->data, object->text);
	if (b->query->table)
		return true;
	return fail_at(b, object->at, "INVALID_TYPE",
		arena_printf(b->arena,
			"sObject type '%.*s' is not supported. If you are attempting to use a custom "
			"object, be sure to append the '__c' after the entity name. Please reference "
			"your WSDL or the describe call for the appropriate names.",
			STR_ARG(object->text)));
}

static const OrgField *find_relationship(const OrgTable *table, Str name)
{
	for (size_t i = 0; i < table->field_count; i++) {
		const OrgField *field = &table->fields[i];
		if (field->def.relationship && field->can_read
			&& str_eq_nocase(str_from(field->def.relationship), name))
			return field;
	}
	return NULL;
}

static OrgTable *target_table(OrgData *data, const OrgField *reference)
{
	Str names = str_from(reference->def.references), name;
	while (str_split(&names, ' ', &name)) {
		OrgTable *table = data_table(data, name);
		if (table)
			return table;
	}
	return NULL;
}

static bool bind_name(Binder *b, SoqlName *name)
{
	OrgTable *table = b->query->table;
	Str text = name->text;
	ptrdiff_t dot = str_find_char(text, '.', 0);
	Str first = dot < 0 ? STR_NONE : str_sub(text, 0, (size_t)dot);
	if (dot >= 0
		&& (str_eq_nocase(first, table->name)
			|| (b->query->alias.len && str_eq_nocase(first, b->query->alias)))) {
		text = str_from_pos(text, (size_t)dot + 1);
		dot = str_find_char(text, '.', 0);
		first = dot < 0 ? STR_NONE : str_sub(text, 0, (size_t)dot);
	}
	if (dot >= 0) {
		name->via = find_relationship(table, first);
		table = name->via && name->via->def.references ? target_table(b->data, name->via)
							       : NULL;
		if (!table)
			return fail_at(b, name->at, "INVALID_FIELD",
				arena_printf(b->arena,
					"Didn't understand relationship '%.*s' in field path. If you "
					"are attempting to use a custom relationship, be sure to "
					"append the '__r' after the custom relationship name. Please "
					"reference your WSDL or the describe call for the appropriate "
					"names.",
					STR_ARG(first)));
		text = str_from_pos(text, (size_t)dot + 1);
	}
	name->of = table;
	name->field = table_visible_field(table, text);
	if (!name->field)
		return fail_no_column(b, name, text, table->name);
	return true;
}

static bool bind_select(Binder *b)
{
	SoqlQuery *query = b->query;
	if (query->is_count)
		return true;
	for (size_t i = 0; i < query->item_count; i++) {
		SoqlItem *item = &query->items[i];
		if (!bind_name(b, &item->name))
			return false;
		for (size_t k = 0; k < i; k++)
			if (query->items[k].name.field == item->name.field
				&& query->items[k].name.via == item->name.via
				&& item->aggregate == AGGREGATE_NONE)
				return fail_at(b, item->name.at, "INVALID_FIELD",
					arena_printf(b->arena, "duplicate field selected: %.*s",
						STR_ARG(item->name.field->name)));
		if (query->has_aggregate && item->aggregate == AGGREGATE_NONE)
			return fail_at(b, item->name.at, "MALFORMED_QUERY",
				arena_printf(b->arena, "Field must be grouped or aggregated: %.*s",
					STR_ARG(item->name.field->name)));
		query->has_long_text = query->has_long_text
			|| (item->name.field->def.flags & FIELD_LONG);
		query->has_address = query->has_address
			|| item->name.field->def.type == TYPE_ADDRESS;
	}
	return true;
}

/* ---- literals ---- */

typedef enum LiteralWant {
	WANT_TEXT,
	WANT_ID,
	WANT_BOOL,
	WANT_NUMBER,
	WANT_DATE,
	WANT_TIME
} LiteralWant;

static LiteralWant want_of(FieldType type)
{
	switch (type) {
	case TYPE_ID:
	case TYPE_REFERENCE:
		return WANT_ID;
	case TYPE_BOOLEAN:
		return WANT_BOOL;
	case TYPE_INT:
	case TYPE_DOUBLE:
	case TYPE_CURRENCY:
		return WANT_NUMBER;
	case TYPE_DATE:
		return WANT_DATE;
	case TYPE_DATETIME:
		return WANT_TIME;
	case TYPE_STRING:
	case TYPE_TEXTAREA:
	case TYPE_PHONE:
	case TYPE_URL:
	case TYPE_EMAIL:
	case TYPE_PICKLIST:
	case TYPE_ADDRESS:
	case FIELD_TYPES:
		break;
	}
	return WANT_TEXT;
}

static bool bind_literal(Binder *b, const SoqlName *name, SoqlLiteral *literal)
{
	static const struct {
		LiteralKind kind;
		const char *type;
		bool quoted;
	} wanted[] = {
		[WANT_TEXT] = { LITERAL_STRING, "string", true },
		[WANT_ID] = { LITERAL_STRING, "id", true },
		[WANT_BOOL] = { LITERAL_BOOL, "boolean", false },
		[WANT_NUMBER] = { LITERAL_NUMBER, "double", false },
		[WANT_DATE] = { LITERAL_DATE, "date", false },
		[WANT_TIME] = { LITERAL_TIME, "dateTime", false },
	};
	if (literal->kind == LITERAL_NULL)
		return true;
	LiteralWant want = want_of(name->field->def.type);
	if (literal->kind == LITERAL_WORD)
		return fail_at(b, literal->at, "MALFORMED_QUERY",
			STR("Bind variables only allowed in Apex code"));
	if (literal->kind != wanted[want].kind)
		return fail_at(b, name->at, "INVALID_FIELD",
			arena_printf(b->arena,
				"value of filter criterion for field '%.*s' must be of type %s and "
				"should %sbe enclosed in quotes",
				STR_ARG(name->field->name),
				name->field->def.type == TYPE_INT ? "int" : wanted[want].type,
				wanted[want].quoted ? "" : "not "));
	if (want != WANT_ID)
		return true;
	OrgId id;
	if (!org_id_parse(literal->text, &id))
		return fail_at(b, name->at, "INVALID_QUERY_FILTER_OPERATOR",
			arena_printf(b->arena, "invalid ID field: %.*s", STR_ARG(literal->text)));
	literal->text = arena_str(b->arena, org_id_str(&id));
	return true;
}

int soql_compare_literal(FieldType type, const SoqlLiteral *a, const SoqlLiteral *b)
{
	switch (want_of(type)) {
	case WANT_TEXT:
		return soql_compare_text(a->text, b->text);
	case WANT_ID:
	case WANT_DATE:
		return str_cmp(a->text, b->text);
	case WANT_BOOL:
		return (int)a->truth - (int)b->truth;
	case WANT_NUMBER:
		return (a->number > b->number) - (a->number < b->number);
	case WANT_TIME:
		return (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);
	}
	return 0;
}

static int compare_for_sort(const void *a, const void *b, void *type)
{
	return soql_compare_literal(*(FieldType *)type, a, b);
}

static void sort_list(SoqlCond *cond)
{
	size_t kept = 0;
	for (size_t i = 0; i < cond->value_count; i++) {
		if (cond->values[i].kind == LITERAL_NULL)
			cond->has_null = true;
		else
			cond->values[kept++] = cond->values[i];
	}
	cond->value_count = kept;
	FieldType type = cond->name.field->def.type;
	qsort_r(cond->values, kept, sizeof cond->values[0], compare_for_sort, &type);
}

static bool bind_comparison(Binder *b, SoqlCond *cond)
{
	SoqlName *name = &cond->name;
	if (!bind_name(b, name))
		return false;
	FieldType type = name->field->def.type;
	if ((name->field->def.flags & FIELD_LONG) || type == TYPE_ADDRESS)
		return fail_at(b, name->at, "INVALID_FIELD",
			arena_printf(b->arena, "field '%.*s' can not be filtered in a query call",
				STR_ARG(name->field->name)));
	if (cond->op == OP_LIKE && want_of(type) != WANT_TEXT)
		return fail_at(b, name->at, "INVALID_QUERY_FILTER_OPERATOR",
			STR("invalid operator on field"));
	bool is_order = cond->op >= OP_LT && cond->op <= OP_GE;
	if (is_order && (type == TYPE_BOOLEAN || want_of(type) == WANT_ID))
		return fail_at(b, name->at, "INVALID_QUERY_FILTER_OPERATOR",
			arena_printf(b->arena, "invalid operator on %s field",
				want_of(type) == WANT_ID ? "id" : "boolean"));
	for (size_t i = 0; i < cond->value_count; i++)
		if (!bind_literal(b, name, &cond->values[i]))
			return false;
	if (cond->op == OP_IN || cond->op == OP_NOT_IN)
		sort_list(cond);
	return true;
}

static bool bind_condition(Binder *b, SoqlCond *cond)
{
	if (cond->kind == COND_COMPARE)
		return bind_comparison(b, cond);
	for (SoqlCond *child = cond->first; child; child = child->next)
		if (!bind_condition(b, child))
			return false;
	return true;
}

static bool bind_sorts(Binder *b)
{
	for (size_t i = 0; i < b->query->sort_count; i++) {
		SoqlName *name = &b->query->sorts[i].name;
		if (!bind_name(b, name))
			return false;
		if ((name->field->def.flags & FIELD_LONG) || name->field->def.type == TYPE_ADDRESS)
			return fail_at(b, name->at, "MALFORMED_QUERY",
				arena_printf(b->arena,
					"field '%.*s' can not be sorted in a query call",
					STR_ARG(name->field->name)));
	}
	return true;
}

bool soql_bind(SoqlQuery *query, OrgData *data, Arena *arena, SoqlError *error)
{
	Binder b = { query, data, arena, error };
	return bind_object(&b) && bind_select(&b)
		&& (!query->where || bind_condition(&b, query->where)) && bind_sorts(&b);
}

bool soql_compile(Str text, OrgData *data, Arena *arena, SoqlQuery *out, SoqlError *error)
{
	return soql_parse(text, arena, out, error) && soql_bind(out, data, arena, error);
}
