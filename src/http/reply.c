#include "base/base.h"

#include "http/reply.h"

#include "base/json.h"
#include "base/log.h"

#include <stdarg.h>

/* An explanation for people; longer ones are cut. */
enum { DETAIL_BYTES_MAX = 1024, PROBLEM_BYTES_MAX = 8 * 1024 };

/* A later answer replaces an earlier one; headers that the handler has added stay. */
static void reply_start(HttpExchange *exchange, int status, Str content_type)
{
	static const HttpHeader careful[] = {
		{ STR_INIT("X-Content-Type-Options"), STR_INIT("nosniff") },
		{ STR_INIT("Cache-Control"), STR_INIT("no-store") },
	};
	HttpReply *reply = &exchange->reply;
	reply->status = status;
	buf_fini(&reply->body);
	for (size_t i = 0; i < reply->header_count; i++)
		if (str_eq_nocase(reply->headers[i].name, STR("Content-Type")))
			reply->headers[i] = reply->headers[--reply->header_count];
	http_reply_header(reply, STR("Content-Type"), content_type);
	for (size_t i = 0; i < ARRAY_LEN(careful); i++)
		if (!http_reply_get(reply, careful[i].name).ptr)
			http_reply_header(reply, careful[i].name, careful[i].value);
}

static void reply_move(HttpExchange *exchange, int status, Str content_type, Buf *body)
{
	if (body->overflow) {
		log_event(LOG_ERROR, "http.reply.too_large", LOG_INT("bytes_max", body->bytes_max));
		reply_problem(exchange, 500, "the answer is too large; ask for less at a time");
		return;
	}
	reply_start(exchange, status, content_type);
	exchange->reply.body = *body;
	exchange->reply.body.bytes_max = MAX_OF(body->bytes_max, (size_t)HTTP_REPLY_BODY_MAX);
	*body = (Buf)BUF_MAX(body->bytes_max);
}

void reply_json(HttpExchange *exchange, int status, Buf *json)
{
	reply_move(exchange, status, STR("application/json"), json);
}

void reply_html(HttpExchange *exchange, int status, Buf *html)
{
	reply_move(exchange, status, STR("text/html; charset=utf-8"), html);
}

void reply_text(HttpExchange *exchange, int status, Str text)
{
	reply_start(exchange, status, STR("text/plain; charset=utf-8"));
	buf_put(&exchange->reply.body, text);
}

void reply_problem(HttpExchange *exchange, int status, const char *format, ...)
{
	char detail[DETAIL_BYTES_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(detail, sizeof detail, format, args);
	va_end(args);

	CLEANUP(buf_fini) Buf json = BUF_MAX(PROBLEM_BYTES_MAX);
	JsonWriter w;
	jw_init(&w, &json);
	jw_object_begin(&w);
	jw_kv_str(&w, "title", str_from(http_status_text(status)));
	jw_kv_i64(&w, "status", status);
	jw_kv_str(&w, "detail", str_from(detail));
	jw_object_end(&w);
	assert(!json.overflow);
	reply_move(exchange, status, STR("application/problem+json"), &json);
}

void reply_err(HttpExchange *exchange, const Err *err)
{
	static const int statuses[] = {
		[ERR_RETRY] = 503,
		[ERR_AUTH] = 502,
		[ERR_LIMIT] = 503,
		[ERR_CONFLICT] = 409,
		[ERR_INPUT] = 400,
		[ERR_MISSING] = 404,
		[ERR_FATAL] = 500,
	};
	assert(err->kind != ERR_NONE && (size_t)err->kind < ARRAY_LEN(statuses));
	int status = statuses[err->kind];
	if (status == 500) {
		log_event(LOG_ERROR, "http.failed", LOG_ERR(err));
		reply_problem(exchange, status, "something is broken here; the log says what");
		return;
	}
	reply_problem(exchange, status, "%s", err->text);
	if (status == 503)
		http_reply_header(&exchange->reply, STR("Retry-After"), STR("5"));
}
