/* bulk_ingest.c: Bulk 2.0 ingest jobs: create, upload, close, poll, results. The rows are worked
 * off when the job is closed; the configured delay only hides the outcome. */
#include "base/base.h"

#include "base/alloc.h"
#include "base/csv.h"
#include "org/bulk.h"
#include "org/write.h"

enum { UPLOAD_MAX = 100 * 1024 * 1024 }; /* salesforce-api.md 3.8 */

static bool refuse(Call *call, const char *code, Str message)
{
	fail_plain(call, 400, code, message);
	return false;
}

/* ---- create, list, look ---- */

static bool is_operation(Str name)
{
	static const char *const known[] = { "insert", "update", "delete", "hardDelete" };
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq(name, str_from(known[i])))
			return true;
	return false;
}

void bulk_ingest_create(Call *call)
{
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	char delimiter;
	bool is_crlf;
	if (!call_read_object(call, &doc))
		return;
	Str operation = arena_str(call->arena, json_as_str(json_member(doc.root, "operation")));
	Str object = json_as_str(json_member(doc.root, "object"));
	OrgTable *table = data_table(call_data(call), object);
	if (!table || !(table->def->able & ABLE_DELETE)) {
		(void)refuse(call, "INVALIDENTITY",
			arena_printf(call->arena, "Entity '%.*s' is not supported by the Bulk API.",
				STR_ARG(object)));
		return;
	}
	if (!is_operation(operation)) {
		(void)refuse(call, "API_ERROR",
			STR("operation must be insert, update, delete or hardDelete"));
		return;
	}
	if (!bulk_read_format(call, doc.root, &delimiter, &is_crlf))
		return;
	BulkJob *job = bulk_add(call, true, table, operation);
	job->delimiter = delimiter;
	job->is_crlf = is_crlf;
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	bulk_put_head(call, &w, job);
	jw_kv_str(&w, "contentUrl",
		arena_printf(call->arena, "services/data/v%s/jobs/ingest/%s/batches", job->version,
			job->id.text));
	bulk_put_format(&w, job);
	jw_object_end(&w);
}

void bulk_ingest_list(Call *call)
{
	bulk_put_list(call, true);
}

void bulk_ingest_get(Call *call)
{
	const BulkJob *job = bulk_find(call, true);
	if (!job)
		return;
	BulkState state = bulk_state_at(job, call->now_ms);
	bool is_done = state == BULK_COMPLETE;
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	bulk_put_head(call, &w, job);
	jw_kv_str(&w, "jobType", STR("V2Ingest"));
	bulk_put_format(&w, job);
	jw_kv_i64(&w, "numberRecordsProcessed", is_done ? (int64_t)job->rows : 0);
	jw_kv_i64(&w, "numberRecordsFailed", is_done ? (int64_t)job->failed_rows : 0);
	jw_kv_i64(&w, "retries", 0);
	jw_kv_i64(&w, "totalProcessingTime", is_done ? job->due_ms - job->changed_ms : 0);
	jw_kv_i64(&w, "apiActiveProcessingTime", 0);
	jw_kv_i64(&w, "apexProcessingTime", 0);
	if (state == BULK_FAILED)
		jw_kv_str(&w, "errorMessage", str_from(job->error_message));
	jw_object_end(&w);
}

void bulk_ingest_delete(Call *call)
{
	BulkJob *job = bulk_find(call, true);
	if (job)
		bulk_delete(call, job);
}

/* ---- upload ---- */

void bulk_ingest_upload(Call *call)
{
	BulkJob *job = bulk_find(call, true);
	if (!job)
		return;
	Str type = http_request_header(call->request, STR("Content-Type"));
	if (!str_starts(type, STR("text/csv"))) {
		fail_route(call, 415, "UNSUPPORTED_MEDIA_TYPE",
			arena_printf(
				call->arena, "Content-Type not supported: %.*s", STR_ARG(type)));
		return;
	}
	if (job->state != BULK_OPEN) {
		(void)refuse(call, "INVALIDJOBSTATE", STR("The job is not open"));
		return;
	}
	if (call->body.len > UPLOAD_MAX) {
		(void)refuse(call, "LIMIT_EXCEEDED", STR("The upload is larger than 100 MB"));
		return;
	}
	/* A second upload is noticed when the job is closed (salesforce-api.md 3.2). */
	if (job->uploads++ == 0)
		buf_put(&job->csv, call->body);
	call_empty(call, 201);
}

/* ---- working off ---- */

typedef struct Work {
	Call *call;
	BulkJob *job;
	const OrgField *columns[CSV_COLUMNS_MAX]; /* NULL: Id */
	size_t column_count;
	size_t id_column; /* SIZE_MAX: none */
	Arena arena;      /* one row's */
} Work;

static void fail_job(BulkJob *job, Str message)
{
	free(job->error_message);
	job->error_message = xstrndup(message.ptr, message.len);
}

/* Unknown and non-editable columns fail the whole job before any row is touched. */
static bool read_header(Work *work, const CsvRow *row)
{
	BulkJob *job = work->job;
	bool is_insert = str_eq(str_from(job->operation), STR("insert"));
	work->id_column = SIZE_MAX;
	work->column_count = row->count;
	for (size_t i = 0; i < row->count; i++) {
		const OrgField *field = table_visible_field(job->table, row->fields[i]);
		if (field && field->def.store == STORE_ID) {
			work->id_column = i;
			continue;
		}
		unsigned barred = is_insert ? FIELD_NO_CREATE : FIELD_NO_UPDATE;
		if (!field || (field->def.flags & barred) || !field->can_edit) {
			fail_job(job,
				arena_printf(&work->arena,
					"InvalidBatch : Field name not found : %.*s",
					STR_ARG(row->fields[i])));
			return false;
		}
		work->columns[i] = field;
	}
	return true;
}

/* A row's fields as changes: empty is left alone, #N/A is null. */
static void read_row(Work *work, const CsvRow *row, RecordWrite *write)
{
	write->changes = arena_alloc(&work->arena,
		work->column_count + work->job->table->field_count + 1, sizeof(FieldChange));
	write->change_cap = work->column_count + work->job->table->field_count + 1;
	for (size_t i = 0; i < row->count; i++) {
		Str text = row->fields[i];
		if (!work->columns[i] || !text.len)
			continue;
		if (str_eq(text, STR("#N/A")))
			text = STR("");
		if (!write_text_value(work->call, work->columns[i], text,
			    &write->changes[write->change_count], &write->error))
			return;
		write->change_count++;
	}
}

static void put_row(Buf *out, Work *work, const CsvRow *row)
{
	for (size_t i = 0; i < row->count; i++)
		bulk_put_value(out, row->fields[i], work->job, i + 1 == row->count);
}

static void put_result(Work *work, const CsvRow *row, const RecordWrite *write)
{
	BulkJob *job = work->job;
	Str id_text = work->id_column < row->count ? row->fields[work->id_column] : STR("");
	OrgId id = { 0 };
	if (!write->error.code) {
		id = data_id(call_data(work->call), job->table->def->kind, write->row);
		bulk_put_value(&job->successful, org_id_str(&id), job, false);
		buf_put_char(&job->successful, '"');
		buf_put(&job->successful, write->is_create ? STR("true\"") : STR("false\""));
		buf_put_char(&job->successful, job->delimiter);
		put_row(&job->successful, work, row);
		return;
	}
	job->failed_rows++;
	bulk_put_value(&job->failed, id_text, job, false);
	bulk_put_value(&job->failed,
		arena_printf(&work->arena, "%s:%.*s:%.*s --", write->error.code,
			STR_ARG(write->error.message), STR_ARG(write->error.field)),
		job, false);
	put_row(&job->failed, work, row);
}

static void work_row(Work *work, const CsvRow *row)
{
	BulkJob *job = work->job;
	Call *call = work->call;
	bool is_delete = str_eq(str_from(job->operation), STR("delete"));
	bool is_hard = str_eq(str_from(job->operation), STR("hardDelete"));
	RecordWrite write = { .table = job->table,
		.is_create = str_eq(str_from(job->operation), STR("insert")) };
	job->rows++;
	if (row->count != work->column_count)
		write.error = (RecordError){ .code = "InvalidBatch",
			.message = STR("The row has another number of columns than the header") };
	else if (!write.is_create && work->id_column == SIZE_MAX)
		write.error = (RecordError){ .code = "MISSING_ARGUMENT",
			.message = STR("Id not specified in an update call") };
	bool found = !write.error.code
		&& (write.is_create ? write_may_create(call, &write)
				    : write_find(call, job->table, row->fields[work->id_column],
					    &write.row, &write.error));
	if (found && !is_delete && !is_hard) {
		read_row(work, row, &write);
		if (!write.error.code)
			write_check_changes(call, &write);
		if (!write.error.code)
			write_apply(call, &write);
	} else if (found && write_may_delete(call, job->table, &write.error)) {
		write_delete(call, job->table, write.row);
		if (is_hard)
			job->table->rows[write.row].flags |= 1U << FLAG_PURGED;
	}
	put_result(work, row, &write);
	arena_reset(&work->arena);
}

/* The line ends in the file must be the ones the job declared. */
static bool check_line_ending(BulkJob *job)
{
	Str csv = buf_str(&job->csv);
	ptrdiff_t end = str_find_char(csv, '\n', 0);
	bool has_crlf = end > 0 && csv.ptr[end - 1] == '\r';
	if (end < 0 || has_crlf == job->is_crlf)
		return true;
	fail_job(job,
		job->is_crlf ? STR("InvalidBatch : LineEnding is invalid on user data. "
				   "Current LineEnding setting is CRLF")
			     : STR("InvalidBatch : LineEnding is invalid on user data. "
				   "Current LineEnding setting is LF"));
	return false;
}

static void work_rows(Work *work, CsvReader *reader)
{
	BulkJob *job = work->job;
	CsvRow row;
	Err err;
	for (;;) {
		CsvStep step = csv_next(reader, &row, &err);
		if (step == CSV_DONE || step == CSV_MORE)
			return;
		if (step == CSV_BAD) {
			job->rows++;
			job->failed_rows++;
			bulk_put_value(&job->failed, STR(""), job, false);
			bulk_put_value(&job->failed,
				arena_printf(&work->arena, "InvalidBatch:%s: --", err.text), job,
				true);
		} else if (row.row == 1) {
			if (!read_header(work, &row))
				return;
			buf_reset(&job->header);
			for (size_t i = 0; i < row.count; i++)
				buf_printf(&job->header, "%.*s%s", STR_ARG(row.fields[i]),
					i + 1 == row.count ? (job->is_crlf ? "\r\n" : "\n")
							   : (char[2]){ job->delimiter, '\0' });
		} else {
			work_row(work, &row);
		}
	}
}

static void work_off(Call *call, BulkJob *job)
{
	if (!check_line_ending(job))
		return;
	Work *work = xcalloc(1, sizeof *work);
	work->call = call;
	work->job = job;
	arena_init(&work->arena,
		16 * 1024 * 1024); /* one row: at most 1 MiB, and what is made of it */
	CsvReader *reader = csv_open(&(CsvOptions){ .separator = job->delimiter });
	csv_feed(reader, buf_str(&job->csv));
	csv_end(reader);
	/* The checks put their texts into the call's arena; with a row's own arena in its place, a
	 * million rows need no more than one. */
	Arena *outer = call->arena;
	call->arena = &work->arena;
	work_rows(work, reader);
	call->arena = outer;
	csv_close(&reader);
	arena_fini(&work->arena);
	free(work);
}

static void close_upload(Call *call, BulkJob *job)
{
	if (job->state != BULK_OPEN) {
		(void)refuse(call, "INVALIDJOBSTATE",
			arena_printf(call->arena, "The job is in state %s",
				bulk_state_name(bulk_state_at(job, call->now_ms))));
		return;
	}
	if (job->uploads > 1) {
		(void)refuse(call, "INVALIDJOB",
			arena_printf(call->arena, "Found multiple contents for job: <%s>",
				job->id.text));
		return;
	}
	job->state = BULK_UPLOAD_COMPLETE;
	job->changed_ms = call->now_ms;
	job->due_ms = call->now_ms + 1;
	work_off(call, job);
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	bulk_put_head(call, &w, job);
	jw_object_end(&w);
	job->due_ms = call->now_ms + call->org->bulk_delay_ms;
}

void bulk_ingest_change(Call *call)
{
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	BulkJob *job = bulk_find(call, true);
	if (!job || !call_read_object(call, &doc))
		return;
	Str state = json_as_str(json_member(doc.root, "state"));
	if (str_eq(state, STR("UploadComplete")))
		close_upload(call, job);
	else if (str_eq(state, STR("Aborted")))
		bulk_abort(call, job);
	else
		(void)refuse(call, "INVALIDJOBSTATE",
			STR("Only the states UploadComplete and Aborted can be set"));
}

/* ---- results ---- */

static void answer_rows(Call *call, const BulkJob *job, const char *columns, const Buf *rows)
{
	bool is_final = bulk_is_final(bulk_state_at(job, call->now_ms));
	call_text(call, 200, STR("text/csv"), STR(""));
	if (!is_final)
		return;
	Str rest = str_from(columns), column;
	while (rest.len && str_split(&rest, ' ', &column))
		bulk_put_value(&call->reply->body, column, job, false);
	buf_put(&call->reply->body, buf_str(&job->header));
	buf_put(&call->reply->body, buf_str(rows));
}

void bulk_ingest_successful(Call *call)
{
	const BulkJob *job = bulk_find(call, true);
	if (job)
		answer_rows(call, job, "sf__Id sf__Created", &job->successful);
}

void bulk_ingest_failed(Call *call)
{
	const BulkJob *job = bulk_find(call, true);
	if (job)
		answer_rows(call, job, "sf__Id sf__Error", &job->failed);
}

/* Rows that were never reached: all of them when the job failed or was aborted before the work. */
void bulk_ingest_unprocessed(Call *call)
{
	const BulkJob *job = bulk_find(call, true);
	if (!job)
		return;
	call_text(call, 200, STR("text/csv"), STR(""));
	bool reached = job->state == BULK_UPLOAD_COMPLETE && !job->error_message;
	buf_put(&call->reply->body, reached ? buf_str(&job->header) : buf_str(&job->csv));
}
