/* From an answer to one SfFault: which code, which class, what to tell people. */
#include "base/base.h"

#include "sf/sferror.h"

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"

enum {
	ERROR_BODY_MAX = 1024 * 1024,  /* 200 errors of a broken composite answer stay far below */
	RETRY_AFTER_MAX_S = 24 * 3600, /* one rolling window of the API budget */
};

/* Texts that turn a code into another class. A row without code fits every code; the first that
 * fits counts. */
static const struct {
	Str code;
	Str needle;
	SfErrorInfo info;
} variants[] = {
	{ STR_INIT("INVALID_SESSION_ID"), STR_INIT("not valid for use with the REST API"),
		{ STR_INIT("INVALID_SESSION_ID"), SF_CLASS_ADMIN,
			"the app may not use the REST API",
			"Add the OAuth scope \"api\" to the connected app, and check its IP "
			"restrictions" } },
	{ STR_INIT("INVALID_SESSION_ID"), STR_INIT("Connected app is not attached to Agent"),
		{ STR_INIT("INVALID_SESSION_ID"), SF_CLASS_ADMIN,
			"the app may not use the REST API",
			"Use a connected app that is made for integrations" } },
	{ STR_INIT("REQUEST_LIMIT_EXCEEDED"), STR_INIT("concurrent"),
		{ STR_INIT("REQUEST_LIMIT_EXCEEDED"), SF_CLASS_AGAIN,
			"too many long calls run at the same time", "" } },
};

/* Status codes that mean more than an unknown code in the body, and answers without a code. */
static const struct {
	int status;
	bool overrules_unknown;
	SfErrorInfo info;
} statuses[] = {
	{ 401, true,
		{ STR_INIT("HTTP_401"), SF_CLASS_SESSION, "Salesforce does not accept the session",
			"" } },
	{ 404, false,
		{ STR_INIT("HTTP_404"), SF_CLASS_ADMIN, "the address does not exist",
			"Check that the org still exists and offers the API version" } },
	{ 405, false,
		{ STR_INIT("HTTP_405"), SF_CLASS_BUG, "our call used the wrong method", "" } },
	{ 406, true,
		{ STR_INIT("HTTP_406"), SF_CLASS_AGAIN, "Salesforce had a passing problem", "" } },
	{ 408, true, { STR_INIT("HTTP_408"), SF_CLASS_AGAIN, "the call took too long", "" } },
	{ 409, false,
		{ STR_INIT("HTTP_409"), SF_CLASS_BUG, "the call does not fit the API version",
			"" } },
	{ 410, true,
		{ STR_INIT("HTTP_410"), SF_CLASS_ADMIN, "this API version is retired",
			"Set a newer API version for the connection" } },
	{ 413, false, { STR_INIT("HTTP_413"), SF_CLASS_BUG, "our call was too large", "" } },
	{ 414, false, { STR_INIT("HTTP_414"), SF_CLASS_BUG, "our address was too long", "" } },
	{ 415, false, { STR_INIT("HTTP_415"), SF_CLASS_BUG, "our call had the wrong type", "" } },
	{ 420, true,
		{ STR_INIT("HTTP_420"), SF_CLASS_AGAIN, "Salesforce has no route to the org yet",
			"" } },
	{ 429, true, { STR_INIT("HTTP_429"), SF_CLASS_AGAIN, "too many calls", "" } },
	{ 431, false, { STR_INIT("HTTP_431"), SF_CLASS_BUG, "our headers were too large", "" } },
	{ 500, true,
		{ STR_INIT("HTTP_500"), SF_CLASS_AGAIN, "Salesforce had an internal error", "" } },
	{ 503, true,
		{ STR_INIT("HTTP_503"), SF_CLASS_AGAIN,
			"Salesforce is in maintenance or overloaded", "" } },
};
static const SfErrorInfo other_server_error = { STR_INIT("HTTP_5XX"), SF_CLASS_AGAIN,
	"Salesforce could not be reached behind its edge", "" };
static const SfErrorInfo redirected = { STR_INIT("HTTP_3XX"), SF_CLASS_ADMIN,
	"the org answers under another address",
	"Connect the org again with its My Domain URL of today" };
static const SfErrorInfo refused = { STR_INIT("HTTP_4XX"), SF_CLASS_ADMIN,
	"Salesforce refused without saying why", "Check the login URL and the network between" };
static const SfErrorInfo html_page = { STR_INIT("HTML_PAGE"), SF_CLASS_AGAIN,
	"a page for people came instead of data",
	"If it stays, open the org in a browser: it may be moved, expired or behind a proxy" };
static const SfErrorInfo bad_answer = { STR_INIT("BAD_ANSWER"), SF_CLASS_AGAIN,
	"the answer cannot be read", "" };
static const SfErrorInfo not_sent = { STR_INIT("NOT_SENT"), SF_CLASS_AGAIN,
	"Salesforce could not be reached", "If it stays, check the network and the login URL" };
static const SfErrorInfo no_answer = { STR_INIT("NO_ANSWER"), SF_CLASS_AGAIN,
	"the call was sent, but no whole answer came", "" };

static const SfErrorInfo *info_of_status(int status, bool only_overruling)
{
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		if (statuses[i].status == status
			&& (!only_overruling || statuses[i].overrules_unknown))
			return &statuses[i].info;
	}
	if (status >= 500)
		return &other_server_error;
	if (only_overruling)
		return NULL;
	return status >= 400 ? &refused : &redirected;
}

/* One line without control characters: SOQL errors come with line breaks and a caret line. */
static void put_line(char *out, size_t out_size, Str text)
{
	size_t len = 0;
	bool blank_due = false;
	for (size_t i = 0; i < text.len && len + 2 < out_size; i++) {
		char c = text.ptr[i];
		bool is_blank = (unsigned char)c <= ' ' || c == 0x7f;
		if (is_blank) {
			blank_due = len > 0;
			continue;
		}
		if (blank_due)
			out[len++] = ' ';
		blank_due = false;
		out[len++] = c;
	}
	/* A cut must not leave half a character of UTF-8. */
	while (len > 0 && !str_is_utf8((Str){ out, len }))
		len--;
	out[len] = '\0';
}

static bool is_code_char(char c)
{
	return (c >= 'A' && c <= 'Z') || c == '_' || ascii_is_digit(c);
}

/* The next word made of capitals that the table knows, such as UNABLE_TO_LOCK_ROW inside a
 * trigger's message. */
static const SfErrorInfo *next_inner_code(Str text, size_t *at)
{
	while (*at < text.len) {
		size_t from = *at;
		while (*at < text.len && is_code_char(text.ptr[*at]))
			(*at)++;
		Str word = str_sub(text, from, *at - from);
		if (word.len > 5 && str_find_char(word, '_', 0) > 0) {
			const SfErrorInfo *info = sf_error_info(word);
			if (info->code.len > 0)
				return info;
		}
		if (*at == from)
			(*at)++;
	}
	return NULL;
}

/* A code inside the text of a failed trigger tells what really happened, but to which record is
 * unsure: so it may only make us try again, never unlink or give up. A session error is also
 * wrapped as text (10.2 no. 25). */
static const SfErrorInfo *look_inside(
	const SfErrorInfo *outer, int status, Str message, SfFault *out)
{
	bool may_wrap_session = status == 401 || status == 400;
	const SfErrorInfo *inner;
	for (size_t at = 0; (inner = next_inner_code(message, &at));) {
		bool counts = outer->cls == SF_CLASS_ADMIN
			&& (inner->cls == SF_CLASS_AGAIN || inner->cls == SF_CLASS_BUDGET
				|| (inner->cls == SF_CLASS_SESSION && may_wrap_session));
		if (counts || out->inner_code[0] == '\0')
			put_line(out->inner_code, sizeof out->inner_code, inner->code);
		if (counts)
			return inner;
	}
	return outer;
}

static const SfErrorInfo *variant_of(Str code, Str message)
{
	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		if (str_eq(variants[i].code, code)
			&& str_find_nocase(message, variants[i].needle) >= 0)
			return &variants[i].info;
	}
	return NULL;
}

static void fault_fill(SfFault *out, const SfErrorInfo *info, int status, Str code, Str message)
{
	out->cls = info->cls;
	out->status = status;
	put_line(out->code, sizeof out->code, code.len > 0 ? code : info->code);
	put_line(out->text, sizeof out->text, message.len > 0 ? message : str_from(info->meaning));
	out->meaning = info->meaning;
	out->advice = info->advice;
}

void sf_fault_set(SfFault *out, int status, Str code, Str message)
{
	*out = (SfFault){ 0 };
	const SfErrorInfo *info = variant_of(code, message);
	if (!info) {
		info = sf_error_info(code);
		const SfErrorInfo *by_status = info->code.len == 0 && status > 0
			? info_of_status(status, true)
			: NULL;
		info = look_inside(by_status ? by_status : info, status, message, out);
	}
	fault_fill(out, info, status, code, message);
}

/* ------------------------------------------------------------ whole answers */

static bool looks_like_json(const TransportReply *reply)
{
	Str type = str_trim(transport_reply_header(reply, STR("Content-Type")));
	if (type.len > 0)
		return str_find_nocase(type, STR("json")) >= 0;
	Str body = str_trim(transport_reply_body(reply));
	return body.len > 0 && (body.ptr[0] == '[' || body.ptr[0] == '{');
}

static bool looks_like_html(const TransportReply *reply)
{
	Str type = transport_reply_header(reply, STR("Content-Type"));
	Str body = str_trim(transport_reply_body(reply));
	return str_find_nocase(type, STR("html")) >= 0
		|| (type.len == 0 && body.len > 0 && body.ptr[0] == '<');
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7, the one form that servers may send). */
static bool parse_http_date(Str text, int64_t *out_ms)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	if (text.len != 29 || !str_ends(text, STR(" GMT")))
		return false;
	ptrdiff_t month = str_find(str_from(months), str_sub(text, 8, 3));
	int64_t day, year, hour, minute, second;
	if (month < 0 || month % 3 != 0 || !str_to_i64(str_sub(text, 5, 2), 1, 31, &day)
		|| !str_to_i64(str_sub(text, 12, 4), 1970, 9999, &year)
		|| !str_to_i64(str_sub(text, 17, 2), 0, 23, &hour)
		|| !str_to_i64(str_sub(text, 20, 2), 0, 59, &minute)
		|| !str_to_i64(str_sub(text, 23, 2), 0, 60, &second))
		return false;
	int64_t days = civil_to_days(
		(CivilDate){ .year = (int)year, .month = (int)(month / 3) + 1, .day = (int)day });
	*out_ms = days * MS_PER_DAY + hour * MS_PER_HOUR + minute * MS_PER_MINUTE
		+ second * MS_PER_SECOND;
	return true;
}

/* Salesforce documents no Retry-After, but its edge and proxies in between may send one. */
static int64_t retry_after_ms(const TransportReply *reply, int64_t now_ms)
{
	Str value = str_trim(transport_reply_header(reply, STR("Retry-After")));
	int64_t seconds, at_ms;
	if (str_to_i64(value, 0, INT64_MAX, &seconds))
		return MIN_OF(seconds, RETRY_AFTER_MAX_S) * MS_PER_SECOND;
	if (parse_http_date(value, &at_ms) && at_ms > now_ms)
		return MIN_OF(at_ms - now_ms, (int64_t)RETRY_AFTER_MAX_S * MS_PER_SECOND);
	return 0;
}

/* [{"errorCode":..,"message":..}], also as one object; the first error counts. */
static bool fault_from_json(const TransportReply *reply, SfFault *out)
{
	JsonDoc doc;
	if (!json_doc_parse(transport_reply_body(reply), ERROR_BODY_MAX, &doc, NULL))
		return false;
	const JsonVal *error = json_array_len(doc.root) > 0 ? json_array_at(doc.root, 0) : doc.root;
	Str code = json_as_str(json_member(error, "errorCode"));
	if (code.len == 0)
		code = json_as_str(json_member(error, "statusCode"));
	if (code.len == 0)
		code = json_as_str(json_member(error, "exceptionCode"));
	Str message = json_as_str(json_member(error, "message"));
	if (code.len > 0)
		sf_fault_set(out, reply->status, code, message);
	json_doc_fini(&doc);
	return code.len > 0;
}

static void fault_from_status(const TransportReply *reply, SfFault *out)
{
	*out = (SfFault){ 0 };
	const SfErrorInfo *info = info_of_status(reply->status, false);
	char code[SF_CODE_MAX];
	snprintf(code, sizeof code, "HTTP_%d", reply->status);
	/* Markup is no text for people. */
	bool has_text = reply->body_len > 0 && !looks_like_html(reply) && !looks_like_json(reply);
	fault_fill(out, info, reply->status, str_from(code),
		has_text ? transport_reply_body(reply) : STR_NONE);
}

static bool is_expected(const TransportReply *reply, SfBodyKind expected)
{
	if (expected == SF_BODY_NONE || reply->status == 204)
		return true;
	if (expected == SF_BODY_CSV)
		return !looks_like_html(reply) && !looks_like_json(reply);
	return looks_like_json(reply);
}

bool sf_fault_from_reply(
	const TransportReply *reply, SfBodyKind expected, int64_t now_ms, SfFault *out)
{
	if (reply->outcome != TRANSPORT_ANSWERED) {
		const SfErrorInfo *info = reply->outcome == TRANSPORT_NOT_SENT ? &not_sent
									       : &no_answer;
		*out = (SfFault){ 0 };
		fault_fill(out, info, 0, STR_NONE, str_from(reply->err.text));
		return true;
	}
	if (reply->status >= 200 && reply->status < 300) {
		if (is_expected(reply, expected))
			return false;
		*out = (SfFault){ 0 };
		fault_fill(out, looks_like_html(reply) ? &html_page : &bad_answer, reply->status,
			STR_NONE, STR_NONE);
		return true;
	}
	if (!looks_like_json(reply) || !fault_from_json(reply, out))
		fault_from_status(reply, out);
	out->retry_after_ms = retry_after_ms(reply, now_ms);
	return true;
}

/* --------------------------------------------------------------------- Err */

static ErrKind kind_of(const SfFault *fault)
{
	if (fault->status == 404)
		return ERR_MISSING;
	switch (fault->cls) {
	case SF_CLASS_AGAIN:
		return ERR_RETRY;
	case SF_CLASS_BUDGET:
		return ERR_LIMIT;
	case SF_CLASS_SESSION:
	case SF_CLASS_ADMIN:
		return ERR_AUTH;
	case SF_CLASS_RECORD:
	case SF_CLASS_DELETED:
	case SF_CLASS_CONVERTED:
		return ERR_MISSING;
	case SF_CLASS_NONE:
	case SF_CLASS_BUG:
	case SF_CLASS_COUNT:
		break;
	}
	return ERR_INPUT;
}

bool sf_fault_to_err(const SfFault *fault, const char *what, Err *err)
{
	bool has_advice = fault->advice && fault->advice[0] != '\0';
	return ERR_CODE(err, kind_of(fault), fault->status, "%s: %s: %s%s%s", what, fault->code,
		fault->text, has_advice ? ". " : "", has_advice ? fault->advice : "");
}
