/* bulk_query.c: Bulk 2.0 query jobs. The result is what the org held when the job was created, kept
 * as CSV until the job goes; the configured delay only hides it. Locators are base64url of the next
 * row's number (recorded: "MTAwMDA" is 10000). */
#include "base/base.h"

#include "base/alloc.h"
#include "base/enc.h"
#include "org/bulk.h"
#include "org/soql.h"
#include "org/value.h"

enum {
	PAGE_BYTES_MAX = 200 * 1024 * 1024, /* below HTTP_REPLY_BODY_MAX with the header row */
	PARALLEL_PAGES_MAX = 5,             /* salesforce-api.md 3.1 */
	QUERY_JOBS_PER_DAY = 10000,
};

/* ---- creating ---- */

static bool refuse(Call *call, const char *code, Str message)
{
	fail_plain(call, 400, code, message);
	return false;
}

static bool compile(Call *call, Str statement, SoqlQuery *query)
{
	SoqlError error;
	if (!soql_compile(statement, call_data(call), call->arena, query, &error)) {
		if (str_eq(str_from(error.code), STR("INVALID_TYPE")))
			return refuse(call, "INVALIDENTITY",
				arena_printf(call->arena,
					"Entity '%.*s' is not supported by the Bulk API.",
					STR_ARG(query->object.text)));
		return refuse(call, error.code, soql_error_message(statement, &error, call->arena));
	}
	if (query->has_address)
		return refuse(call, "FUNCTIONALITY_NOT_ENABLED",
			STR("Selecting compound data not supported in Bulk Query"));
	if (query->is_count || query->has_aggregate || query->offset)
		return refuse(call, "FUNCTIONALITY_NOT_ENABLED",
			STR("Aggregate Relationships not supported in Bulk Query"));
	return true;
}

static void put_separator(Buf *out, const BulkJob *job, bool is_last)
{
	if (!is_last)
		buf_put_char(out, job->delimiter);
	else
		buf_put(out, job->is_crlf ? STR("\r\n") : STR("\n"));
}

static void put_header(BulkJob *job, const SoqlQuery *query)
{
	for (size_t i = 0; i < query->item_count; i++) {
		const SoqlName *name = &query->items[i].name;
		buf_put_char(&job->header, '"');
		if (name->via)
			buf_printf(&job->header, "%s.", name->via->def.relationship);
		buf_put(&job->header, name->field->name);
		buf_put_char(&job->header, '"');
		put_separator(&job->header, job, i + 1 == query->item_count);
	}
}

static void put_row(Call *call, BulkJob *job, const SoqlQuery *query, size_t row)
{
	const OrgData *data = call_data(call);
	for (size_t i = 0; i < query->item_count; i++) {
		const SoqlName *name = &query->items[i].name;
		OrgKind kind = query->table->def->kind;
		uint32_t target = name->via
			? value_target(data, query->table, row, name->via, &kind)
			: (uint32_t)row + 1;
		if (!target || &data->tables[kind] != name->of)
			buf_put(&job->csv, STR("\"\""));
		else
			value_put_csv(&job->csv, data, name->of, target - 1, name->field);
		put_separator(&job->csv, job, i + 1 == query->item_count);
	}
}

static void fill(Call *call, BulkJob *job, const SoqlQuery *query)
{
	SoqlRows rows = soql_run(
		query, call_data(call), str_eq(str_from(job->operation), STR("queryAll")));
	job->row_ends = xcalloc(MAX_OF(rows.count, (size_t)1), sizeof(uint64_t));
	put_header(job, query);
	for (size_t i = 0; i < rows.count; i++) {
		put_row(call, job, query, rows.rows[i]);
		job->row_ends[i] = job->csv.len;
	}
	assert(!job->csv.overflow);
	job->rows = rows.count;
	free(rows.rows);
}

void bulk_query_create(Call *call)
{
	Org *org = call->org;
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	if (!call_read_object(call, &doc))
		return;
	Str operation = json_as_str(json_member(doc.root, "operation"));
	Str statement = arena_str(call->arena, json_as_str(json_member(doc.root, "query")));
	char delimiter;
	bool is_crlf;
	SoqlQuery query = { 0 };
	if (!str_eq(operation, STR("query")) && !str_eq(operation, STR("queryAll"))) {
		(void)refuse(call, "API_ERROR", STR("operation must be query or queryAll"));
		return;
	}
	if (org->usage.query_jobs >= QUERY_JOBS_PER_DAY) {
		(void)refuse(call, "LIMIT_EXCEEDED", STR("Daily query job limit exceeded"));
		return;
	}
	if (!bulk_read_format(call, doc.root, &delimiter, &is_crlf)
		|| !compile(call, statement, &query))
		return;
	BulkJob *job = bulk_add(call, false, query.table, operation);
	job->delimiter = delimiter;
	job->is_crlf = is_crlf;
	job->state = BULK_UPLOAD_COMPLETE;
	fill(call, job, &query);
	org->usage.query_jobs++;
	job->due_ms = call->now_ms + 1; /* the answer to the creation never says JobComplete */
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	bulk_put_head(call, &w, job);
	bulk_put_format(&w, job);
	jw_object_end(&w);
	job->due_ms = call->now_ms + org->bulk_delay_ms;
}

/* ---- looking, ending ---- */

void bulk_query_list(Call *call)
{
	bulk_put_list(call, false);
}

void bulk_query_get(Call *call)
{
	const BulkJob *job = bulk_find(call, false);
	if (!job)
		return;
	BulkState state = bulk_state_at(job, call->now_ms);
	bool is_done = state == BULK_COMPLETE;
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	bulk_put_head(call, &w, job);
	jw_kv_str(&w, "jobType", STR("V2Query"));
	bulk_put_format(&w, job);
	jw_kv_i64(&w, "numberRecordsProcessed", is_done ? (int64_t)job->rows : 0);
	jw_kv_i64(&w, "retries", 0);
	jw_kv_i64(&w, "totalProcessingTime", is_done ? job->due_ms - job->created_ms : 0);
	jw_kv_bool(&w, "isPkChunkingSupported", job->table->def->able & ABLE_DELETE);
	if (state == BULK_FAILED && job->error_message)
		jw_kv_str(&w, "errorMessage", str_from(job->error_message));
	jw_object_end(&w);
}

void bulk_query_abort(Call *call)
{
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	BulkJob *job = bulk_find(call, false);
	if (!job || !call_read_object(call, &doc))
		return;
	if (str_eq(json_as_str(json_member(doc.root, "state")), STR("Aborted")))
		bulk_abort(call, job);
	else
		(void)refuse(call, "INVALIDJOBSTATE", STR("Only the state Aborted can be set"));
}

void bulk_query_delete(Call *call)
{
	BulkJob *job = bulk_find(call, false);
	if (job)
		bulk_delete(call, job);
}

/* ---- results ---- */

static BulkJob *find_complete(Call *call)
{
	BulkJob *job = bulk_find(call, false);
	if (!job)
		return NULL;
	if (!str_eq(str_from(job->version), call->version_text)) {
		fail_plain(call, 409, "API_VERSION_MISMATCH",
			STR("The API version of the request differs from that of the job"));
		return NULL;
	}
	if (bulk_state_at(job, call->now_ms) != BULK_COMPLETE) {
		(void)refuse(call, "INVALIDJOBSTATE",
			arena_printf(call->arena, "Results are not available: job state is %s",
				bulk_state_name(bulk_state_at(job, call->now_ms))));
		return NULL;
	}
	return job;
}

static Str locator_of(Call *call, size_t row)
{
	Buf text = BUF_MAX(64);
	base64url_encode(&text, arena_printf(call->arena, "%zu", row));
	Str out = arena_str(call->arena, buf_str(&text));
	buf_fini(&text);
	return out;
}

static bool read_locator(Str locator, const BulkJob *job, size_t *out)
{
	int64_t row = 0;
	Buf text = BUF_MAX(64);
	bool done = !locator.len
		|| (base64url_decode(&text, locator)
			&& str_to_i64(buf_str(&text), 1, (int64_t)job->rows, &row));
	*out = (size_t)row;
	buf_fini(&text);
	return done;
}

static uint64_t row_begin(const BulkJob *job, size_t row)
{
	return row == 0 ? 0 : job->row_ends[row - 1];
}

/* Where the page that begins at `from` ends. */
static size_t page_end(const BulkJob *job, size_t from, size_t rows)
{
	size_t to = MIN_OF(job->rows - from, rows) + from;
	while (to > from + 1 && row_begin(job, to) - row_begin(job, from) > PAGE_BYTES_MAX)
		to = from + (to - from) / 2;
	return to;
}

static size_t wanted_rows(Call *call)
{
	int64_t rows;
	Str text = call_param(call, "maxRecords");
	bool is_set = text.len && str_to_i64(text, 1, ORG_RECORDS_MAX, &rows);
	return is_set ? (size_t)rows : call->org->bulk_page_rows;
}

void bulk_query_results(Call *call)
{
	const BulkJob *job = find_complete(call);
	size_t from;
	if (!job)
		return;
	if (!read_locator(call_param(call, "locator"), job, &from)) {
		(void)refuse(call, "INVALID_LOCATOR", STR("invalid query locator"));
		return;
	}
	size_t to = page_end(job, from, wanted_rows(call));
	uint64_t begin = row_begin(job, from), end = row_begin(job, to);
	call_text(call, 200, STR("text/csv"), buf_str(&job->header));
	if (end > begin)
		buf_put(&call->reply->body,
			str_sub(buf_str(&job->csv), (size_t)begin, (size_t)(end - begin)));
	call_header(
		call, STR("Sforce-NumberOfRecords"), arena_printf(call->arena, "%zu", to - from));
	call_header(
		call, STR("Sforce-Locator"), to < job->rows ? locator_of(call, to) : STR("null"));
}

void bulk_query_pages(Call *call)
{
	const BulkJob *job = find_complete(call);
	size_t from;
	if (!job)
		return;
	if (!read_locator(call_param(call, "locator"), job, &from)) {
		(void)refuse(call, "INVALID_LOCATOR", STR("invalid query locator"));
		return;
	}
	Str base = arena_printf(
		call->arena, "%.*s/jobs/query/%s", STR_ARG(call_api_path(call)), job->id.text);
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	jw_key(&w, "resultPages");
	jw_array_begin(&w);
	bool more = true;
	for (size_t page = 0; page < PARALLEL_PAGES_MAX && more; page++) {
		Str tail = from ? arena_printf(
				   call->arena, "?locator=%.*s", STR_ARG(locator_of(call, from)))
				: STR("");
		jw_object_begin(&w);
		jw_kv_str(&w, "resultUrl",
			arena_printf(
				call->arena, "%.*s/results%.*s", STR_ARG(base), STR_ARG(tail)));
		jw_object_end(&w);
		from = page_end(job, from, call->org->bulk_page_rows);
		more = from < job->rows;
	}
	jw_array_end(&w);
	if (more)
		jw_kv_str(&w, "nextRecordsUrl",
			arena_printf(call->arena, "%.*s/resultPages?locator=%.*s", STR_ARG(base),
				STR_ARG(locator_of(call, from))));
	jw_kv_bool(&w, "done", !more);
	jw_object_end(&w);
}
