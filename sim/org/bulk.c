#include "base/base.h"

#include "base/alloc.h"
#include "base/time.h"
#include "org/bulk.h"

enum { RETENTION_DAYS = 7 };

static const char *const state_names[BULK_STATES] = {
	[BULK_OPEN] = "Open",
	[BULK_UPLOAD_COMPLETE] = "UploadComplete",
	[BULK_IN_PROGRESS] = "InProgress",
	[BULK_COMPLETE] = "JobComplete",
	[BULK_FAILED] = "Failed",
	[BULK_ABORTED] = "Aborted",
};

static const struct {
	const char *name;
	char c;
} delimiters[] = { { "COMMA", ',' }, { "SEMICOLON", ';' }, { "TAB", '\t' }, { "PIPE", '|' },
	{ "CARET", '^' }, { "BACKQUOTE", '`' } };

const char *bulk_state_name(BulkState state)
{
	return state_names[state];
}

bool bulk_is_final(BulkState state)
{
	return state == BULK_COMPLETE || state == BULK_FAILED || state == BULK_ABORTED;
}

/* A job that waits for its work is in progress until the work is due. */
BulkState bulk_state_at(const BulkJob *job, int64_t now_ms)
{
	if (job->state != BULK_UPLOAD_COMPLETE)
		return job->state;
	if (now_ms < job->due_ms)
		return now_ms > job->changed_ms ? BULK_IN_PROGRESS : BULK_UPLOAD_COMPLETE;
	return job->error_message ? BULK_FAILED : BULK_COMPLETE;
}

bool bulk_read_format(Call *call, const JsonVal *request, char *delimiter, bool *is_crlf)
{
	Str name = json_as_str(json_member(request, "columnDelimiter"));
	Str ending = json_as_str(json_member(request, "lineEnding"));
	*delimiter = ',';
	*is_crlf = str_eq(ending, STR("CRLF"));
	bool known = !name.ptr;
	for (size_t i = 0; i < ARRAY_LEN(delimiters); i++)
		if (str_eq(name, str_from(delimiters[i].name))) {
			known = true;
			*delimiter = delimiters[i].c;
		}
	if (known && (!ending.ptr || *is_crlf || str_eq(ending, STR("LF"))))
		return true;
	fail_plain(call, 400, "JSON_PARSER_ERROR",
		STR("Unexpected value of columnDelimiter or lineEnding at [line:1, column:1]"));
	return false;
}

static void job_free(BulkJob *job)
{
	buf_fini(&job->header);
	buf_fini(&job->csv);
	buf_fini(&job->successful);
	buf_fini(&job->failed);
	free(job->row_ends);
	free(job->error_message);
	free(job);
}

void bulk_remove(Org *org, BulkJob *job)
{
	BulkJob **at = &org->jobs;
	while (*at != job)
		at = &(*at)->older;
	*at = job->older;
	job_free(job);
}

void bulk_close_all(Org *org)
{
	while (org->jobs)
		bulk_remove(org, org->jobs);
}

static void forget_old(Org *org, int64_t now_ms)
{
	size_t count = 0;
	BulkJob **at = &org->jobs;
	while (*at) {
		BulkJob *job = *at;
		bool is_old = now_ms - job->created_ms > (int64_t)RETENTION_DAYS * MS_PER_DAY;
		if (!is_old && ++count < BULK_JOBS_MAX) {
			at = &job->older;
			continue;
		}
		*at = job->older;
		job_free(job);
	}
}

BulkJob *bulk_add(Call *call, bool is_ingest, OrgTable *table, Str operation)
{
	Org *org = call->org;
	forget_old(org, call->now_ms);
	BulkJob *job = xcalloc(1, sizeof *job);
	job->id = org_new_id(org, "750");
	job->is_ingest = is_ingest;
	job->user = call->session->user;
	job->table = table;
	job->created_ms = job->changed_ms = job->due_ms = call->now_ms;
	bool fits = str_copy(operation, job->operation, sizeof job->operation)
		&& str_copy(call->version_text, job->version, sizeof job->version);
	assert(fits);
	(void)fits;
	buf_init(&job->header, 64 * 1024);
	buf_init(&job->csv, BULK_CSV_MAX);
	buf_init(&job->successful, BULK_CSV_MAX);
	buf_init(&job->failed, BULK_CSV_MAX);
	job->older = org->jobs;
	org->jobs = job;
	return job;
}

BulkJob *bulk_find(Call *call, bool is_ingest)
{
	OrgId id;
	if (org_id_parse(call->params[0], &id))
		for (BulkJob *job = call->org->jobs; job; job = job->older)
			if (job->is_ingest == is_ingest
				&& str_eq(org_id_str(&job->id), org_id_str(&id)))
				return job;
	fail_not_found(call);
	return NULL;
}

static void put_moment(JsonWriter *w, const char *name, int64_t at_ms)
{
	Buf text = BUF_MAX(64);
	time_put_salesforce(&text, at_ms - at_ms % MS_PER_SECOND);
	jw_kv_str(w, name, buf_str(&text));
	buf_fini(&text);
}

void bulk_put_head(Call *call, JsonWriter *w, const BulkJob *job)
{
	OrgId user_id = data_id(call_data(call), ORG_USER, job->user);
	BulkState state = bulk_state_at(job, call->now_ms);
	jw_kv_str(w, "id", org_id_str(&job->id));
	jw_kv_str(w, "operation", str_from(job->operation));
	jw_kv_str(w, "object", job->table->name);
	jw_kv_str(w, "createdById", org_id_str(&user_id));
	put_moment(w, "createdDate", job->created_ms);
	put_moment(w, "systemModstamp", bulk_is_final(state) ? job->due_ms : job->changed_ms);
	jw_kv_str(w, "state", str_from(state_names[state]));
	jw_kv_str(w, "concurrencyMode", STR("Parallel"));
	jw_kv_str(w, "contentType", STR("CSV"));
	jw_key(w, "apiVersion");
	jw_raw(w, str_from(job->version)); /* a number with one decimal */
}

void bulk_put_format(JsonWriter *w, const BulkJob *job)
{
	jw_kv_str(w, "lineEnding", job->is_crlf ? STR("CRLF") : STR("LF"));
	for (size_t i = 0; i < ARRAY_LEN(delimiters); i++)
		if (delimiters[i].c == job->delimiter)
			jw_kv_str(w, "columnDelimiter", str_from(delimiters[i].name));
}

/* All in one page: at most BULK_JOBS_MAX; real orgs give 1000 a page. */
void bulk_put_list(Call *call, bool is_ingest)
{
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	jw_kv_bool(&w, "done", true);
	jw_key(&w, "records");
	jw_array_begin(&w);
	for (const BulkJob *job = call->org->jobs; job; job = job->older) {
		if (job->is_ingest != is_ingest)
			continue;
		jw_object_begin(&w);
		bulk_put_head(call, &w, job);
		jw_kv_str(&w, "jobType", is_ingest ? STR("V2Ingest") : STR("V2Query"));
		bulk_put_format(&w, job);
		jw_object_end(&w);
	}
	jw_array_end(&w);
	jw_kv_null(&w, "nextRecordsUrl");
	jw_object_end(&w);
}

void bulk_put_value(Buf *out, Str value, const BulkJob *job, bool is_last)
{
	buf_put_char(out, '"');
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '"')
			buf_put_char(out, '"');
		buf_put_char(out, value.ptr[i]);
	}
	buf_put_char(out, '"');
	if (!is_last)
		buf_put_char(out, job->delimiter);
	else
		buf_put(out, job->is_crlf ? STR("\r\n") : STR("\n"));
}

void bulk_abort(Call *call, BulkJob *job)
{
	if (bulk_is_final(bulk_state_at(job, call->now_ms))) {
		fail_plain(call, 400, "INVALIDJOBSTATE",
			STR("Aborting already Completed Job not allowed"));
		return;
	}
	job->state = BULK_ABORTED;
	job->changed_ms = job->due_ms = call->now_ms;
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	bulk_put_head(call, &w, job);
	jw_object_end(&w);
}

void bulk_delete(Call *call, BulkJob *job)
{
	BulkState state = bulk_state_at(job, call->now_ms);
	if (!bulk_is_final(state) && state != BULK_UPLOAD_COMPLETE) {
		fail_plain(call, 400, "INVALIDJOBSTATE",
			arena_printf(call->arena, "Invalid job state %s for deletion",
				state_names[state]));
		return;
	}
	bulk_remove(call->org, job);
	call_empty(call, 204);
}
