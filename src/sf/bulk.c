#include "base/base.h"

#include "sf/bulk.h"

#include "base/enc.h"
#include "base/json.h"
#include "sf/query.h"

enum { JOB_ANSWER_MAX = 1024 * 1024 };

static const struct {
	Str text;
	SfJobState state;
} job_states[] = {
	{ STR_INIT("Open"), SF_JOB_OPEN },
	{ STR_INIT("UploadComplete"), SF_JOB_UPLOAD_COMPLETE },
	{ STR_INIT("InProgress"), SF_JOB_IN_PROGRESS },
	{ STR_INIT("JobComplete"), SF_JOB_COMPLETE },
	{ STR_INIT("Failed"), SF_JOB_FAILED },
	{ STR_INIT("Aborted"), SF_JOB_ABORTED },
};

static SfJobState job_state(Str text)
{
	for (size_t i = 0; i < ARRAY_LEN(job_states); i++) {
		if (str_eq_nocase(job_states[i].text, text))
			return job_states[i].state;
	}
	return SF_JOB_OTHER;
}

bool sf_job_is_final(SfJobState state)
{
	return state == SF_JOB_COMPLETE || state == SF_JOB_FAILED || state == SF_JOB_ABORTED;
}

/* ------------------------------------------------------------------- parse */

/* "64.0": it becomes part of a path. */
static bool is_version(Str text)
{
	Str minor = text, major = STR_NONE;
	int64_t number;
	return str_split(&minor, '.', &major) && str_to_i64(major, 1, 999, &number)
		&& str_to_i64(minor, 0, 99, &number);
}

/* A JSON number (67.0), also seen as text. */
static bool read_version(const JsonVal *val, char *out, size_t out_size)
{
	Str text = json_as_str(val);
	if (text.len > 0)
		return is_version(text) && str_copy(text, out, out_size);
	int64_t major = json_as_i64(val, 0);
	if (major <= 0 || major > 999)
		return false;
	snprintf(out, out_size, "%lld.0", (long long)major);
	return true;
}

/* A count that is missing, negative or no number is unknown. */
static int64_t read_count(const JsonVal *root, const char *name)
{
	return MAX_OF(json_as_i64(json_member(root, name), 0), 0);
}

static void cut_copy(Str text, char *out, size_t out_size)
{
	Str cut = str_sub(text, 0, out_size - 1);
	while (cut.len > 0 && !str_is_utf8(cut))
		cut.len--;
	if (!str_copy(cut, out, out_size))
		out[0] = '\0';
}

static void read_error_text(const JsonVal *root, SfBulkJob *job)
{
	Str text = str_trim(json_as_str(json_member(root, "errorMessage")));
	if (text.len == 0)
		text = STR(
			"Salesforce gives no reason for the failed job; the same query over REST "
			"with LIMIT 1 usually shows it (a field "
			"hidden from the integration user?)");
	cut_copy(text, job->error_text, sizeof job->error_text);
}

static bool read_job(const JsonVal *root, SfBulkJob *out, Err *err)
{
	SfBulkJob job = { 0 };
	Str id, state;
	if (!json_get_str(root, "id", &id, err) || !json_get_str(root, "state", &state, err)
		|| !sfid_parse(id, &job.id, err))
		return false;
	if (!read_version(json_member(root, "apiVersion"), job.api_version, sizeof job.api_version))
		return ERR(err, ERR_INPUT, "member \"apiVersion\" is missing or no version");
	job.state = job_state(state);
	cut_copy(json_as_str(json_member(root, "object")), job.object, sizeof job.object);
	job.rows_processed = read_count(root, "numberRecordsProcessed");
	job.retries = read_count(root, "retries");
	job.processing_ms = read_count(root, "totalProcessingTime");
	if (job.state == SF_JOB_FAILED)
		read_error_text(root, &job);
	*out = job;
	return true;
}

bool sf_bulk_job_parse(Str body, SfBulkJob *out, Err *err)
{
	JsonDoc doc;
	bool done = false;
	if (json_doc_parse(body, JOB_ANSWER_MAX, &doc, err)) {
		done = read_job(doc.root, out, err);
		json_doc_fini(&doc);
	}
	if (!done && err)
		err->kind = ERR_RETRY; /* a 2xx that cannot be read was cut off on the way */
	return done || err_wrap(err, "Bulk job answer");
}

bool sf_bulk_job_named(Str id, Str api_version, SfBulkJob *out, Err *err)
{
	SfBulkJob job = { 0 };
	if (!sfid_parse(id, &job.id, err) || !is_version(api_version)
		|| !str_copy(api_version, job.api_version, sizeof job.api_version))
		return ERR(err, ERR_INPUT, "\"%.*s\" with version \"%.*s\" names no Bulk job",
			STR_ARG(id), STR_ARG(api_version));
	*out = job;
	return true;
}

/* ------------------------------------------------------------------- calls */

/* With the job's own version, and built from parts: a double slash is answered with 404. */
static void put_job_path(Buf *out, const SfBulkJob *job, const char *tail)
{
	buf_printf(out, "/services/data/v%s/jobs/query/%s%s", job->api_version, job->id.text, tail);
}

static bool call_for_job(SfClient *client, const SfRequest *request, SfBulkJob *job, Err *err)
{
	CLEANUP(sf_reply_fini) SfReply reply = { 0 };
	return sf_client_call(client, request, &reply, err)
		&& sf_bulk_job_parse(sf_reply_body(&reply), job, err);
}

bool sf_bulk_query_create(
	SfClient *client, Str soql, bool include_deleted, SfBulkJob *out, Err *err)
{
	CLEANUP(buf_fini) Buf body = BUF_MAX(3 * SOQL_BYTES_MAX);
	JsonWriter w;
	jw_init(&w, &body);
	jw_object_begin(&w);
	jw_kv_str(&w, "operation", include_deleted ? STR("queryAll") : STR("query"));
	jw_kv_str(&w, "query", soql);
	jw_kv_str(&w, "contentType", STR("CSV"));
	jw_kv_str(&w, "columnDelimiter", STR("COMMA"));
	jw_kv_str(&w, "lineEnding", STR("LF"));
	jw_object_end(&w);
	if (!buf_check(&body, "the query", err))
		return false;
	SfRequest request = {
		.method = "POST",
		.path = STR("jobs/query"),
		.body = buf_str(&body),
	};
	return call_for_job(client, &request, out, err) || err_wrap(err, "Bulk query");
}

bool sf_bulk_query_look(SfClient *client, SfBulkJob *job, Err *err)
{
	CLEANUP(buf_fini) Buf path = BUF_MAX(SF_URL_MAX);
	put_job_path(&path, job, "");
	SfRequest request = { .method = "GET", .path = buf_str(&path) };
	return call_for_job(client, &request, job, err)
		|| err_wrap(err, "Bulk job %s", job->id.text);
}

bool sf_bulk_query_abort(SfClient *client, SfBulkJob *job, Err *err)
{
	CLEANUP(buf_fini) Buf path = BUF_MAX(SF_URL_MAX);
	put_job_path(&path, job, "");
	SfRequest request = {
		.method = "PATCH",
		.path = buf_str(&path),
		.body = STR("{\"state\":\"Aborted\"}"),
	};
	return call_for_job(client, &request, job, err)
		|| err_wrap(err, "abort of Bulk job %s", job->id.text);
}

bool sf_bulk_query_delete(SfClient *client, const SfBulkJob *job, Err *err)
{
	CLEANUP(buf_fini) Buf path = BUF_MAX(SF_URL_MAX);
	CLEANUP(sf_reply_fini) SfReply reply = { 0 };
	put_job_path(&path, job, "");
	SfRequest request = {
		.method = "DELETE",
		.path = buf_str(&path),
		.expected = SF_BODY_NONE,
	};
	return sf_client_call(client, &request, &reply, err) || reply.raw.status == 404
		|| err_wrap(err, "removal of Bulk job %s", job->id.text);
}

/* ------------------------------------------------------------------- pages */

void sf_bulk_page_fini(SfBulkPage *page)
{
	sf_reply_fini(&page->reply);
	*page = (SfBulkPage){ 0 };
}

bool sf_bulk_page_parse(SfReply *reply, SfBulkPage *out, Err *err)
{
	SfBulkPage page = { .rows = -1 };
	Str rows = transport_reply_header(&reply->raw, STR("Sforce-NumberOfRecords"));
	Str locator = transport_reply_header(&reply->raw, STR("Sforce-Locator"));
	if (rows.len > 0 && !str_to_i64(rows, 0, INT64_MAX, &page.rows))
		return ERR(err, ERR_RETRY, "Sforce-NumberOfRecords is no number");
	/* 204, or nothing at all: no rows (salesforce-api.md 3.7). */
	if (reply->raw.body_len == 0 && page.rows < 0)
		page.rows = 0;
	/* The end is the word "null"; an absent header is an end that somebody has to check. */
	page.is_end_assumed = locator.len == 0;
	page.is_last = page.is_end_assumed || str_eq(locator, STR("null"));
	if (!page.is_last && !str_copy(locator, page.next_locator, sizeof page.next_locator))
		return ERR(err, ERR_RETRY, "Sforce-Locator has %zu bytes", locator.len);
	page.reply = *reply;
	*reply = (SfReply){ 0 };
	page.csv = sf_reply_body(&page.reply);
	*out = page;
	return true;
}

bool sf_bulk_query_page(SfClient *client, const SfBulkJob *job, Str locator, int64_t rows_max,
	SfBulkPage *out, Err *err)
{
	CLEANUP(buf_fini) Buf path = BUF_MAX(4 * SF_LOCATOR_MAX);
	CLEANUP(sf_reply_fini) SfReply reply = { 0 };
	put_job_path(&path, job, "/results?maxRecords=");
	buf_put_i64(&path, rows_max);
	if (locator.len > 0) {
		buf_put_z(&path, "&locator=");
		percent_encode(&path, locator);
	}
	if (!buf_check(&path, "the locator", err))
		return false;
	SfRequest request = {
		.method = "GET",
		.path = buf_str(&path),
		.expected = SF_BODY_CSV,
		.timeout_ms = SF_BULK_PAGE_TIMEOUT_MS,
		.reply_bytes_max = SF_BULK_PAGE_BYTES_MAX,
	};
	return (sf_client_call(client, &request, &reply, err)
		       && sf_bulk_page_parse(&reply, out, err))
		|| err_wrap(err, "results of Bulk job %s", job->id.text);
}
