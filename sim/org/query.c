/* query.c: /query, /queryAll and the pages after the first. */
#include "base/base.h"

#include "base/alloc.h"
#include "org/soql.h"
#include "org/state.h"
#include "org/value.h"

enum {
	PAGE_MIN = 200,
	PAGE_MAX = 2000,
	PAGE_LONG_TEXT = 1000, /* recorded: a long text area in the SELECT halves the page */
	/* The documented cap of rows for one aggregate page is 2000; ours have one row only. */
};

void cursor_fini(Cursor *cursor)
{
	free(cursor->soql);
	free(cursor->rows);
	*cursor = (Cursor){ 0 };
}

static void fail_soql(Call *call, Str statement, const SoqlError *error)
{
	fail_plain(call, 400, error->code, soql_error_message(statement, error, call->arena));
}

/* Sforce-Query-Options: batchSize=N is a hint between 200 and 2000. */
static size_t page_rows(Call *call, const SoqlQuery *query)
{
	Str rest = http_request_header(call->request, STR("Sforce-Query-Options")), part;
	size_t rows = query->has_long_text ? PAGE_LONG_TEXT : PAGE_MAX;
	while (rest.len && str_split(&rest, ',', &part)) {
		int64_t wanted;
		part = str_trim(part);
		if (str_starts(part, STR("batchSize="))
			&& str_to_i64(str_from_pos(part, 10), 1, 1000000, &wanted))
			rows = (size_t)MIN_OF(MAX_OF(wanted, (int64_t)PAGE_MIN), (int64_t)PAGE_MAX);
	}
	return rows;
}

/* Parent.Field items of one parent go into one nested object, where the first of them stands. */
static void put_parent(Call *call, JsonWriter *w, const SoqlQuery *query, size_t item, size_t row)
{
	const OrgData *data = call_data(call);
	const SoqlName *first = &query->items[item].name;
	OrgKind kind;
	uint32_t target = value_target(data, query->table, row, first->via, &kind);
	jw_key(w, first->via->def.relationship);
	if (!target || &data->tables[kind] != first->of) {
		jw_null(w);
		return;
	}
	OrgId id = data_id(data, kind, target - 1);
	jw_object_begin(w);
	record_put_attributes(call, w, first->of, &id);
	for (size_t i = item; i < query->item_count; i++)
		if (query->items[i].name.via == first->via) {
			jw_key(w, query->items[i].name.field->def.name);
			value_put_json(w, data, first->of, target - 1, query->items[i].name.field);
		}
	jw_object_end(w);
}

static bool is_first_of_parent(const SoqlQuery *query, size_t item)
{
	for (size_t i = 0; i < item; i++)
		if (query->items[i].name.via == query->items[item].name.via)
			return false;
	return true;
}

static void put_row(Call *call, JsonWriter *w, const SoqlQuery *query, size_t row)
{
	const OrgData *data = call_data(call);
	OrgId id = data_id(data, query->table->def->kind, row);
	jw_object_begin(w);
	record_put_attributes(call, w, query->table, &id);
	for (size_t i = 0; i < query->item_count; i++) {
		const SoqlName *name = &query->items[i].name;
		if (name->via) {
			if (is_first_of_parent(query, i))
				put_parent(call, w, query, i, row);
			continue;
		}
		jw_key(w, name->field->def.name);
		value_put_json(w, data, query->table, row, name->field);
	}
	jw_object_end(w);
}

/* COUNT(field), MIN, MAX without GROUP BY: one AggregateResult, no url. */
static void put_aggregate_value(Call *call, JsonWriter *w, const SoqlQuery *query,
	const SoqlItem *item, const SoqlRows *rows)
{
	const OrgData *data = call_data(call);
	int64_t count = 0;
	size_t best = SIZE_MAX;
	OrgValue value;
	CLEANUP(buf_fini) Buf best_key = BUF_MAX(4096), key = BUF_MAX(4096);
	for (size_t i = 0; i < rows->count; i++) {
		value_get(data, query->table, rows->rows[i], item->name.field, &value);
		if (value.kind == VALUE_NULL)
			continue;
		count++;
		if (item->aggregate == AGGREGATE_COUNT)
			continue;
		buf_reset(&key);
		if (value.kind == VALUE_TIME)
			buf_printf(&key, "%020lld", (long long)value.at_s);
		else
			buf_put(&key, value.text);
		int order = best == SIZE_MAX ? 0
					     : soql_compare_text(buf_str(&key), buf_str(&best_key));
		if (best != SIZE_MAX
			&& (item->aggregate == AGGREGATE_MIN ? order >= 0 : order <= 0))
			continue;
		best = rows->rows[i];
		buf_reset(&best_key);
		buf_put(&best_key, buf_str(&key));
	}
	if (item->aggregate == AGGREGATE_COUNT)
		jw_i64(w, count);
	else if (best == SIZE_MAX)
		jw_null(w);
	else
		value_put_json(w, data, query->table, best, item->name.field);
}

static void answer_aggregate(Call *call, const SoqlQuery *query, const SoqlRows *rows)
{
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	jw_kv_i64(&w, "totalSize", 1);
	jw_kv_bool(&w, "done", true);
	jw_key(&w, "records");
	jw_array_begin(&w);
	jw_object_begin(&w);
	jw_key(&w, "attributes");
	jw_object_begin(&w);
	jw_kv_str(&w, "type", STR("AggregateResult"));
	jw_object_end(&w);
	for (size_t i = 0; i < query->item_count; i++) {
		const SoqlItem *item = &query->items[i];
		jw_key(&w,
			item->alias.len ? arena_z(call->arena, item->alias)
					: arena_printf(call->arena, "expr%zu", i).ptr);
		put_aggregate_value(call, &w, query, item, rows);
	}
	jw_object_end(&w);
	jw_array_end(&w);
	jw_object_end(&w);
}

static void answer_page(
	Call *call, const SoqlQuery *query, const SoqlRows *rows, size_t from, const Cursor *cursor)
{
	size_t to = cursor ? MIN_OF(from + page_rows(call, query), rows->count) : rows->count;
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	jw_kv_i64(&w, "totalSize", (int64_t)rows->count);
	jw_kv_bool(&w, "done", to == rows->count);
	if (to < rows->count)
		jw_kv_str(&w, "nextRecordsUrl",
			arena_printf(call->arena, "%.*s/query/%s-%zu", STR_ARG(call_api_path(call)),
				cursor->id.text, to));
	jw_key(&w, "records");
	jw_array_begin(&w);
	for (size_t i = from; i < to; i++)
		put_row(call, &w, query, rows->rows[i]);
	jw_array_end(&w);
	jw_object_end(&w);
}

/* Takes over the rows. */
static Cursor *keep_cursor(Call *call, Str statement, SoqlRows *rows)
{
	Org *org = call->org;
	Cursor *cursor = &org->cursors[org->next_cursor];
	org->next_cursor = (org->next_cursor + 1) % CURSORS_MAX;
	cursor_fini(cursor);
	*cursor = (Cursor){ .id = org_new_id(org, "0r8"),
		.soql = xstrndup(statement.ptr, statement.len),
		.rows = rows->rows,
		.count = rows->count };
	return cursor;
}

static void run(Call *call, bool with_deleted)
{
	Str statement = call_param(call, "q");
	if (!statement.len) {
		fail_plain(call, 400, "MALFORMED_QUERY", STR("A query string has to be specified"));
		return;
	}
	SoqlQuery query;
	SoqlError error;
	if (!soql_compile(statement, call_data(call), call->arena, &query, &error)) {
		fail_soql(call, statement, &error);
		return;
	}
	SoqlRows rows = soql_run(&query, call_data(call), with_deleted);
	if (query.has_aggregate) {
		answer_aggregate(call, &query, &rows);
	} else if (query.is_count) {
		query.item_count = 0;
		JsonWriter w = call_json(call, 200);
		jw_object_begin(&w);
		jw_kv_i64(&w, "totalSize", (int64_t)rows.count);
		jw_kv_bool(&w, "done", true);
		jw_key(&w, "records");
		jw_array_begin(&w);
		jw_array_end(&w);
		jw_object_end(&w);
	} else if (rows.count > page_rows(call, &query)) {
		answer_page(call, &query, &rows, 0, keep_cursor(call, statement, &rows));
		return; /* the rows are the cursor's now */
	} else {
		answer_page(call, &query, &rows, 0, NULL);
	}
	free(rows.rows);
}

void query_get(Call *call)
{
	run(call, false);
}

void query_all(Call *call)
{
	run(call, true);
}

static Cursor *find_cursor(Org *org, Str id)
{
	for (size_t i = 0; i < CURSORS_MAX; i++)
		if (org->cursors[i].soql && str_eq(org_id_str(&org->cursors[i].id), id))
			return &org->cursors[i];
	return NULL;
}

void query_more(Call *call)
{
	Str locator = call->params[0];
	ptrdiff_t dash = str_find_char(locator, '-', 0);
	Cursor *cursor = dash < 0 ? NULL
				  : find_cursor(call->org, str_sub(locator, 0, (size_t)dash));
	int64_t from;
	SoqlQuery query;
	SoqlError error;
	if (!cursor
		|| !str_to_i64(str_from_pos(locator, (size_t)dash + 1), 0, (int64_t)cursor->count,
			&from)) {
		fail_plain(call, 400, "INVALID_QUERY_LOCATOR", STR("invalid query locator"));
		return;
	}
	/* Bound again: a field may have been hidden since the first page. */
	Str statement = str_from(cursor->soql);
	if (!soql_compile(statement, call_data(call), call->arena, &query, &error)) {
		fail_soql(call, statement, &error);
		return;
	}
	SoqlRows rows = { .rows = cursor->rows, .count = cursor->count };
	answer_page(call, &query, &rows, (size_t)from, cursor);
}
