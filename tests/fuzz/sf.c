/* What Salesforce answers, or whoever stands in between (sf/): results of ticks, describes, Bulk
 * jobs and pages, limits, errors, logins. Lines of the input: which of these, the HTTP status, then
 * "name: value" up to an empty line; the rest is the body. */
#include "base/base.h"

#include "base/json.h"
#include "base/time.h"
#include "fuzz.h"
#include "sf/auth.h"
#include "sf/bulk.h"
#include "sf/collections.h"
#include "sf/describe.h"
#include "sf/limits.h"
#include "sf/query.h"
#include "sf/sferror.h"

enum { HEADERS_MAX = 10, ROWS = 5, ARENA_BYTES = 8 * 1024 * 1024, DAY_MS = 24 * 3600 * 1000 };

static const int64_t now_ms = INT64_C(1767323045000); /* 2026-01-02T03:04:05Z */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	Err err;
	MUST(secret_library_init(&err));
	return 0;
}

/* ------------------------------------------------------------------ errors */

static void check_fault(const SfFault *fault)
{
	MUST(fault->cls > SF_CLASS_NONE && fault->cls < SF_CLASS_COUNT);
	MUST(memchr(fault->code, '\0', sizeof fault->code));
	MUST(memchr(fault->inner_code, '\0', sizeof fault->inner_code));
	MUST(memchr(fault->text, '\0', sizeof fault->text));
	/* They are logged, shown in pages and tables, and kept. */
	MUST(fuzz_is_one_line(str_from(fault->code)) && fuzz_is_one_line(str_from(fault->text)));
	MUST(str_is_utf8(str_from(fault->code)) && str_is_utf8(str_from(fault->text)));
	MUST(fault->meaning && fault->advice);
	MUST(fault->retry_after_ms >= 0 && fault->retry_after_ms <= DAY_MS);
	MUST(fault->inner_code[0] == '\0'
		|| sf_error_info(str_from(fault->inner_code))->code.len > 0);
	Err err = { 0 };
	MUST(!sf_fault_to_err(fault, "a call", &err) && err.kind != ERR_NONE);
	MUST(memchr(err.text, '\0', sizeof err.text));
}

static void check_error(const TransportReply *reply)
{
	static const SfBodyKind kinds[] = { SF_BODY_JSON, SF_BODY_CSV, SF_BODY_NONE };
	bool is_2xx = reply->status >= 200 && reply->status < 300;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		SfFault fault = { 0 };
		bool is_fault = sf_fault_from_reply(reply, kinds[i], now_ms, &fault);
		MUST(is_2xx || is_fault);
		MUST(kinds[i] != SF_BODY_NONE || is_fault == !is_2xx);
		if (is_fault)
			check_fault(&fault);
	}
	/* What was answered never becomes a record's end without a code that says so. */
	SfFault fault;
	if (sf_fault_from_reply(reply, SF_BODY_JSON, now_ms, &fault)
		&& (fault.cls == SF_CLASS_DELETED || fault.cls == SF_CLASS_CONVERTED))
		MUST(sf_error_info(str_from(fault.code))->cls == fault.cls);
}

/* A Retry-After in date form says what time_put_http writes. */
static void check_retry_after(Str body)
{
	int64_t wait_s;
	if (!str_to_i64(body, 1, DAY_MS / 1000, &wait_s))
		return;
	CLEANUP(buf_fini) Buf date = BUF_MAX(64);
	time_put_http(&date, now_ms + wait_s * MS_PER_SECOND);
	TransportHeader header = { STR("Retry-After"), buf_str(&date) };
	TransportReply reply = {
		.outcome = TRANSPORT_ANSWERED, .status = 503, .headers = &header, .header_count = 1
	};
	SfFault fault;
	MUST(sf_fault_from_reply(&reply, SF_BODY_JSON, now_ms, &fault));
	MUST(fault.retry_after_ms == wait_s * MS_PER_SECOND);
}

/* ----------------------------------------------------------------- answers */

static void check_results(Str body)
{
	SfId ids[ROWS];
	SfRowResult results[ROWS];
	Err err = { 0 };
	JsonDoc doc = { 0 };
	for (unsigned i = 0; i < ROWS; i++) {
		char text[16];
		snprintf(text, sizeof text, "00300000000000%u", i + 1);
		MUST(sfid_parse(str_from(text), &ids[i], &err));
	}
	bool is_answer = sf_tick_results(body, ids, ROWS, results, &err);
	MUST(is_answer || fuzz_err_is(&err, 1u << ERR_RETRY));
	bool is_json = json_doc_parse(body, SF_REPLY_BYTES_MAX, &doc, NULL);
	MUST(is_json || !is_answer);
	for (size_t i = 0; i < ROWS; i++) {
		const SfRowResult *row = &results[i];
		const JsonVal *element = is_json ? json_array_at(doc.root, i) : NULL;
		MUST(is_answer || !row->is_answered);
		MUST(row->is_answered || !row->ok);
		/* Done only when Salesforce says "success" in this row's place. */
		MUST(!row->ok || json_as_bool(json_member(element, "success"), false));
		if (row->is_answered && !row->ok)
			check_fault(&row->fault);
	}
	if (is_json)
		json_doc_fini(&doc);
}

static void check_describe(Str body)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(ARENA_BYTES);
	const SfField *best[4];
	SfDescribe describe;
	Err err = { 0 };
	if (!sf_describe_parse(body, &arena, &describe, &err)) {
		MUST(fuzz_err_is(&err, 1u << ERR_INPUT | 1u << ERR_LIMIT));
		return;
	}
	MUST(describe.field_count <= SF_FIELDS_MAX);
	for (size_t i = 0; i < describe.field_count; i++) {
		const SfField *field = &describe.fields[i];
		SfFieldState state = sf_field_state(&describe, field->name);
		MUST(field->name.ptr && field->label.ptr && field->type.ptr);
		MUST(state != SF_FIELD_HIDDEN && sf_describe_field(&describe, field->name));
		MUST(state != SF_FIELD_READY || sf_field_state_advice(state)[0] == '\0');
	}
	size_t count = sf_sales_field_candidates(&describe, best, ARRAY_LEN(best));
	MUST(count <= ARRAY_LEN(best) && count <= describe.field_count);
	for (size_t i = 0; i < count; i++) {
		MUST(best[i]->is_custom && !best[i]->is_calculated);
		MUST(str_eq(best[i]->type, STR("boolean")));
		for (size_t j = 0; j < i; j++)
			MUST(best[i] != best[j]);
	}
}

static void check_job(Str body)
{
	SfBulkJob job, again;
	Err err = { 0 };
	if (!sf_bulk_job_parse(body, &job, &err)) {
		MUST(fuzz_err_is(&err, 1u << ERR_RETRY));
		return;
	}
	MUST(job.state != SF_JOB_NONE && sfid_is_set(&job.id));
	MUST(job.state != SF_JOB_FAILED || job.error_text[0]);
	MUST(str_is_utf8(str_from(job.object)) && str_is_utf8(str_from(job.error_text)));
	MUST(job.rows_processed >= 0 && job.retries >= 0 && job.processing_ms >= 0);
	/* Both become part of a URL, and are kept over a restart. */
	Str version = str_from(job.api_version);
	MUST(version.len > 0);
	for (size_t i = 0; i < version.len; i++)
		MUST(ascii_is_digit(version.ptr[i]) || version.ptr[i] == '.');
	MUST(sf_bulk_job_named(sfid_str(&job.id), version, &again, &err));
	MUST(sfid_eq(&job.id, &again.id) && strcmp(job.api_version, again.api_version) == 0);
}

static void check_page(TransportReply *raw)
{
	SfReply reply = { .ok = true, .raw = *raw };
	SfBulkPage page = { 0 };
	Err err = { 0 };
	bool is_page = sf_bulk_page_parse(&reply, &page, &err);
	MUST(is_page || fuzz_err_is(&err, 1u << ERR_RETRY));
	if (is_page) {
		MUST(page.rows >= -1 && page.is_last == (page.next_locator[0] == '\0'));
		MUST(page.is_last || !page.is_end_assumed);
		MUST(str_eq(page.csv, transport_reply_body(&page.reply.raw)));
		/* Only the word "null" is a real end. */
		Str locator = transport_reply_header(&page.reply.raw, STR("Sforce-Locator"));
		MUST(!page.is_last || page.is_end_assumed || str_eq(locator, STR("null")));
		MUST(page.is_last || str_eq(locator, str_from(page.next_locator)));
		*raw = page.reply.raw;
	} else {
		*raw = reply.raw;
	}
}

static void check_limits(const TransportReply *reply)
{
	SfUsage usage = { .used = -4711 };
	Str header = transport_reply_header(reply, STR("Sforce-Limit-Info"));
	if (!sf_limit_info_parse(header, &usage)) {
		MUST(usage.used == -4711);
		return;
	}
	MUST(usage.used >= 0 && usage.max >= 0 && usage.app_used >= 0 && usage.app_max >= 0);
	MUST(str_find_nocase(header, STR("api-usage=")) >= 0);
}

static void check_login(const TransportReply *reply)
{
	SfSession session = { 0 };
	SfFault fault = { 0 };
	if (!sf_auth_answer(reply, now_ms, &session, &fault)) {
		check_fault(&fault);
		MUST(fault.cls != SF_CLASS_SESSION && !secret_is_set(&session.token));
		return;
	}
	MUST(reply->status >= 200 && reply->status < 300);
	Str token = secret_bytes(&session.token), url = str_from(session.instance_url);
	MUST(token.len > 0 && url.len > 0 && fuzz_is_one_line(token));
	MUST(str_find_char(token, ' ', 0) < 0);
	/* Our token goes there: a scheme and a host, nothing else. */
	Str host = str_starts(url, STR("https://")) ? str_from_pos(url, 8) : str_from_pos(url, 7);
	MUST(str_starts(url, STR("http")) && host.len > 0);
	for (size_t i = 0; i < host.len; i++)
		MUST(ascii_is_alnum(host.ptr[i]) || strchr(".-:[]", host.ptr[i]));
	MUST(str_starts(sfid_str(&session.org_id), STR("00D")) && sfid_is_set(&session.user_id));
	sf_session_fini(&session);
}

/* A literal of SOQL ends where it ends, whatever is in it. */
static void check_literal(Str text)
{
	CLEANUP(buf_fini) Buf literal = BUF_MAX(2 * text.len + 2);
	soql_put_literal(&literal, text);
	MUST(!literal.overflow && literal.len >= 2);
	MUST(literal.ptr[0] == '\'' && literal.ptr[literal.len - 1] == '\'');
	for (size_t i = 1; i + 1 < literal.len; i++) {
		MUST(literal.ptr[i] != '\'');
		i += literal.ptr[i] == '\\';
		MUST(i + 1 < literal.len);
	}
	if (soql_is_name(text))
		for (size_t i = 0; i < text.len; i++)
			MUST(ascii_is_alnum(text.ptr[i]) || strchr("_.", text.ptr[i]));
}

/* ------------------------------------------------------------------- input */

static void take_reply(Str text, TransportReply *out)
{
	TransportHeader headers[HEADERS_MAX];
	size_t count = 0;
	int64_t status = 0;
	if (!str_to_i64(fuzz_line(&text), 100, 599, &status))
		status = 200;
	for (Str line; (line = fuzz_line(&text)).len > 0 && count < HEADERS_MAX;) {
		Str name;
		(void)str_split(&line, ':', &name);
		headers[count++] = (TransportHeader){ name, str_trim(line) };
	}
	*out = (TransportReply){ .outcome = TRANSPORT_ANSWERED, .status = (int)status };
	transport_reply_set_headers(out, headers, count);
	out->body_len = text.len;
	out->body = malloc(text.len + 1);
	MUST(out->body);
	memcpy(out->body, text.ptr, text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str text = fuzz_text(data, size), kind = fuzz_line(&text);
	CLEANUP(transport_reply_fini) TransportReply reply = { 0 };
	take_reply(text, &reply);
	Str body = transport_reply_body(&reply);
	if (str_eq(kind, STR("results")))
		check_results(body);
	else if (str_eq(kind, STR("describe")))
		check_describe(body);
	else if (str_eq(kind, STR("job")))
		check_job(body);
	else if (str_eq(kind, STR("page")))
		check_page(&reply);
	else if (str_eq(kind, STR("limits")))
		check_limits(&reply);
	else if (str_eq(kind, STR("login")))
		check_login(&reply);
	else if (str_eq(kind, STR("literal")))
		check_literal(body);
	check_error(&reply);
	check_retry_after(body);
	return 0;
}
