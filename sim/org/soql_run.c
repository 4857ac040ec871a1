/* soql_run.c: which rows match, in which order. Ids and addresses are looked up where the condition
 * allows it; everything else is a scan, which takes milliseconds for the sizes orgsim is used with.
 */
#include "base/base.h"

#include "base/alloc.h"
#include "base/time.h"
#include "org/soql.h"
#include "org/value.h"

typedef struct Run {
	const SoqlQuery *query;
	const OrgData *data;
	const OrgTable *table;
	OrgValue a, b; /* large: kept out of the inner loops' frames */
} Run;

int soql_compare_text(Str a, Str b)
{
	size_t len = MIN_OF(a.len, b.len);
	for (size_t i = 0; i < len; i++) {
		unsigned char x = (unsigned char)ascii_lower(a.ptr[i]);
		unsigned char y = (unsigned char)ascii_lower(b.ptr[i]);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a.len > b.len) - (a.len < b.len);
}

/* The value of a name in a row; a missing parent gives null. */
static void read_name(const Run *run, const SoqlName *name, size_t row, OrgValue *out)
{
	if (!name->via) {
		value_get(run->data, run->table, row, name->field, out);
		return;
	}
	OrgKind kind;
	uint32_t target = value_target(run->data, run->table, row, name->via, &kind);
	out->kind = VALUE_NULL;
	if (target && &run->data->tables[kind] == name->of)
		value_get(run->data, name->of, target - 1, name->field, out);
}

static double number_of(Str text)
{
	char room[64];
	return str_copy(text, room, sizeof room) ? strtod(room, NULL) : 0;
}

/* A literal that means the same as the value, to be compared with soql_compare_literal. */
static SoqlLiteral as_literal(const OrgValue *value)
{
	SoqlLiteral literal = { .text = value->text, .truth = value->truth };
	if (value->kind == VALUE_TIME)
		literal.at_ms = value->at_s * MS_PER_SECOND;
	else if (value->kind == VALUE_NUMBER)
		literal.number = number_of(value->text);
	return literal;
}

/* Pattern with % (any) and _ (one byte-wise character); backslash escapes. No case. */
static bool matches_like(Str text, Str pattern)
{
	size_t t = 0, p = 0, star_p = SIZE_MAX, star_t = 0;
	while (t < text.len) {
		bool escaped = p + 1 < pattern.len && pattern.ptr[p] == '\\';
		if (p < pattern.len && pattern.ptr[p] == '%') {
			star_p = p++;
			star_t = t;
		} else if (p < pattern.len
			&& ((!escaped && pattern.ptr[p] == '_')
				|| ascii_lower(pattern.ptr[p + (escaped ? 1 : 0)])
					== ascii_lower(text.ptr[t]))) {
			p += escaped ? 2 : 1;
			t++;
		} else if (star_p != SIZE_MAX) {
			p = star_p + 1;
			t = ++star_t;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.ptr[p] == '%')
		p++;
	return p == pattern.len;
}

static bool list_has(const SoqlCond *cond, const SoqlLiteral *value)
{
	size_t low = 0, high = cond->value_count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = soql_compare_literal(
			cond->name.field->def.type, value, &cond->values[mid]);
		if (order == 0)
			return true;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

static bool compare_null(const SoqlCond *cond)
{
	bool wants_null = cond->value_count > 0 && cond->values[0].kind == LITERAL_NULL;
	switch (cond->op) {
	case OP_EQ:
		return wants_null;
	case OP_NE:
		return !wants_null;
	case OP_IN:
		return cond->has_null;
	case OP_NOT_IN:
		return !cond->has_null;
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
	case OP_LIKE:
		break;
	}
	return false;
}

static bool matches_comparison(Run *run, const SoqlCond *cond, size_t row)
{
	read_name(run, &cond->name, row, &run->a);
	if (run->a.kind == VALUE_NULL)
		return compare_null(cond);
	SoqlLiteral value = as_literal(&run->a);
	if (cond->op == OP_IN || cond->op == OP_NOT_IN)
		return list_has(cond, &value) == (cond->op == OP_IN);
	const SoqlLiteral *wanted = &cond->values[0];
	if (wanted->kind == LITERAL_NULL)
		return cond->op == OP_NE;
	if (cond->op == OP_LIKE)
		return matches_like(value.text, wanted->text);
	int order = soql_compare_literal(cond->name.field->def.type, &value, wanted);
	switch (cond->op) {
	case OP_EQ:
		return order == 0;
	case OP_NE:
		return order != 0;
	case OP_LT:
		return order < 0;
	case OP_LE:
		return order <= 0;
	case OP_GT:
		return order > 0;
	case OP_GE:
		return order >= 0;
	case OP_LIKE:
	case OP_IN:
	case OP_NOT_IN:
		break;
	}
	return false;
}

static bool matches(Run *run, const SoqlCond *cond, size_t row)
{
	switch (cond->kind) {
	case COND_COMPARE:
		return matches_comparison(run, cond, row);
	case COND_NOT:
		return !matches(run, cond->first, row);
	case COND_AND:
		for (const SoqlCond *child = cond->first; child; child = child->next)
			if (!matches(run, child, row))
				return false;
		return true;
	case COND_OR:
		for (const SoqlCond *child = cond->first; child; child = child->next)
			if (matches(run, child, row))
				return true;
		return false;
	}
	return false;
}

/* ---- candidates from an index ---- */

typedef struct RowList {
	uint32_t *rows;
	size_t count, cap;
} RowList;

static void list_add(RowList *list, uint32_t row)
{
	if (list->count == list->cap) {
		list->cap = MAX_OF(list->cap * 2, (size_t)64);
		list->rows = xrealloc(list->rows, list->cap, sizeof(uint32_t));
	}
	list->rows[list->count++] = row;
}

static bool is_indexed(const SoqlCond *cond, const OrgTable *table)
{
	return cond->kind == COND_COMPARE && !cond->name.via
		&& (cond->op == OP_EQ || cond->op == OP_IN) && !cond->has_null
		&& !(cond->value_count && cond->values[0].kind == LITERAL_NULL)
		&& (cond->name.field->def.store == STORE_ID || cond->name.field == table->email);
}

static const SoqlCond *find_indexed(const SoqlCond *where, const OrgTable *table)
{
	if (!where || is_indexed(where, table))
		return where;
	if (where->kind == COND_AND)
		for (const SoqlCond *child = where->first; child; child = child->next)
			if (is_indexed(child, table))
				return child;
	return NULL;
}

static int compare_rows(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static void collect_indexed(const Run *run, const SoqlCond *cond, RowList *out)
{
	const OrgTable *table = run->table;
	for (size_t i = 0; i < cond->value_count; i++) {
		Str text = cond->values[i].text;
		OrgId id;
		size_t row;
		if (cond->name.field != table->email) {
			if (org_id_parse(text, &id)
				&& data_find(run->data, table->def->kind, &id, &row))
				list_add(out, (uint32_t)row);
			continue;
		}
		for (uint32_t at = table_first_by_email(table, text); at;
			at = table_next_by_email(table, at, text))
			list_add(out, at - 1);
	}
	if (out->count)
		qsort(out->rows, out->count, sizeof(uint32_t), compare_rows);
	size_t kept = 0;
	for (size_t i = 0; i < out->count; i++)
		if (kept == 0 || out->rows[kept - 1] != out->rows[i])
			out->rows[kept++] = out->rows[i];
	out->count = kept;
}

static void collect_all(const Run *run, RowList *out)
{
	out->rows = xcalloc(MAX_OF(run->table->count, (size_t)1), sizeof(uint32_t));
	out->cap = run->table->count;
	for (size_t i = 0; i < run->table->count; i++)
		out->rows[out->count++] = (uint32_t)i;
}

/* ---- order ---- */

static int compare_values(const Run *run, const SoqlSort *sort)
{
	bool a_null = run->a.kind == VALUE_NULL, b_null = run->b.kind == VALUE_NULL;
	if (a_null || b_null) {
		int order = (int)b_null - (int)a_null;
		return sort->nulls_last ? -order : order;
	}
	SoqlLiteral a = as_literal(&run->a), b = as_literal(&run->b);
	int order = soql_compare_literal(sort->name.field->def.type, &a, &b);
	return sort->descending ? -order : order;
}

static int compare_sorted(const void *x, const void *y, void *ctx)
{
	Run *run = ctx;
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
	for (size_t i = 0; i < run->query->sort_count; i++) {
		const SoqlSort *sort = &run->query->sorts[i];
		read_name(run, &sort->name, a, &run->a);
		read_name(run, &sort->name, b, &run->b);
		int order = compare_values(run, sort);
		if (order)
			return order;
	}
	return (a > b) - (a < b);
}

static void cut(SoqlRows *rows, const SoqlQuery *query)
{
	size_t offset = MIN_OF((size_t)query->offset, rows->count);
	if (offset)
		memmove(rows->rows, rows->rows + offset, (rows->count - offset) * sizeof(uint32_t));
	rows->count -= offset;
	/* An aggregate has one row; its LIMIT does not cut what is counted. COUNT() does (from
	 * memory). */
	if (query->has_limit && !query->has_aggregate)
		rows->count = MIN_OF(rows->count, (size_t)query->limit);
}

SoqlRows soql_run(const SoqlQuery *query, const OrgData *data, bool with_deleted)
{
	Run *run = xcalloc(1, sizeof *run);
	run->query = query;
	run->data = data;
	run->table = query->table;
	RowList list = { 0 };
	const SoqlCond *indexed = find_indexed(query->where, run->table);
	if (indexed)
		collect_indexed(run, indexed, &list);
	else
		collect_all(run, &list);
	SoqlRows out = { .rows = list.rows };
	for (size_t i = 0; i < list.count; i++) {
		const OrgRow *row = &run->table->rows[list.rows[i]];
		if (row_flag(row, FLAG_PURGED) || (row_flag(row, FLAG_DELETED) && !with_deleted))
			continue;
		if (!query->where || matches(run, query->where, list.rows[i]))
			out.rows[out.count++] = list.rows[i];
	}
	if (query->sort_count && out.count > 1)
		qsort_r(out.rows, out.count, sizeof(uint32_t), compare_sorted, run);
	free(run);
	cut(&out, query);
	return out;
}
