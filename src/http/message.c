#include "base/base.h"

#include "http/message.h"

#include "base/enc.h"
#include "base/log.h"
#include "http/reply.h"

#include <stdatomic.h>

static const struct {
	Str name;
	HttpMethod method;
} methods[] = {
	{ STR_INIT("GET"), HTTP_GET },
	{ STR_INIT("HEAD"), HTTP_HEAD },
	{ STR_INIT("POST"), HTTP_POST },
	{ STR_INIT("PUT"), HTTP_PUT },
	{ STR_INIT("PATCH"), HTTP_PATCH },
	{ STR_INIT("DELETE"), HTTP_DELETE },
	{ STR_INIT("OPTIONS"), HTTP_OPTIONS },
};

HttpMethod http_method_parse(Str name)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (str_eq(name, methods[i].name))
			return methods[i].method;
	return HTTP_OTHER;
}

const char *http_method_name(HttpMethod method)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (methods[i].method == method)
			return methods[i].name.ptr;
	return "OTHER";
}

/* RFC 9110 15, and 429, 431 of RFC 6585. */
static const struct {
	int status;
	const char *text;
} statuses[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 300, "Multiple Choices" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
};

const char *http_status_text(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].text;
	return "Unknown";
}

bool http_is_token(Str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alnum(s.ptr[i])
			&& (!s.ptr[i] || !strchr("!#$%&'*+-.^_`|~", s.ptr[i])))
			return false;
	return s.len > 0;
}

static Str header_find(const HttpHeader *headers, size_t count, Str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq_nocase(headers[i].name, name))
			return headers[i].value;
	return STR_NONE;
}

Str http_request_header(const HttpRequest *request, Str name)
{
	return header_find(request->headers, request->header_count, name);
}

static bool query_part_is(Str part, Str name)
{
	CLEANUP(buf_fini) Buf decoded = BUF_MAX(part.len + 1);
	return percent_decode(&decoded, part, true) && str_eq(buf_str(&decoded), name);
}

Str http_query_param(const HttpRequest *request, Str name, Arena *arena)
{
	Str rest = request->query, pair;
	while (rest.len > 0 && str_split(&rest, '&', &pair)) {
		ptrdiff_t equals = str_find_char(pair, '=', 0);
		size_t name_len = equals < 0 ? pair.len : (size_t)equals;
		if (!query_part_is(str_sub(pair, 0, name_len), name))
			continue;
		Str value = str_from_pos(pair, name_len + 1);
		CLEANUP(buf_fini) Buf decoded = BUF_MAX(value.len + 1);
		if (!percent_decode(&decoded, value, true))
			return STR_NONE;
		return arena_str(arena, buf_str(&decoded));
	}
	return STR_NONE;
}

void http_reply_init(HttpReply *reply)
{
	*reply = (HttpReply){ .body = BUF_MAX(HTTP_REPLY_BODY_MAX) };
}

void http_reply_fini(HttpReply *reply)
{
	buf_fini(&reply->body);
	http_reply_init(reply);
}

static bool value_is_safe(Str value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

void http_reply_header(HttpReply *reply, Str name, Str value)
{
	assert(reply->header_count < HTTP_REPLY_HEADERS_MAX);
	if (!http_is_token(name) || !value_is_safe(value)) {
		log_event(LOG_ERROR, "http.reply.bad_header", LOG_STR("name", name));
		return;
	}
	reply->headers[reply->header_count++] = (HttpHeader){ name, value };
}

Str http_reply_get(const HttpReply *reply, Str name)
{
	return header_find(reply->headers, reply->header_count, name);
}

void http_exchange_init(HttpExchange *exchange)
{
	*exchange = (HttpExchange){ .arena = ARENA_MAX(HTTP_ARENA_BYTES_MAX) };
	http_reply_init(&exchange->reply);
	atomic_init(&exchange->holds, 1);
}

void http_exchange_fini(HttpExchange *exchange)
{
	http_reply_fini(&exchange->reply);
	arena_fini(&exchange->arena);
}

bool http_exchange_park(HttpExchange *exchange)
{
	if (!exchange->is_parked && exchange->on_park && !exchange->on_park(exchange)) {
		reply_problem(exchange, 503, "too many requests are waiting; try again shortly");
		http_reply_header(&exchange->reply, STR("Retry-After"), STR("1"));
		return false;
	}
	exchange->is_parked = true;
	atomic_fetch_add_explicit(&exchange->holds, 1, memory_order_relaxed);
	return true;
}

bool http_exchange_release(HttpExchange *exchange)
{
	/* Release what this thread wrote, acquire what the others did: the last one sees all. */
	int before = atomic_fetch_sub_explicit(&exchange->holds, 1, memory_order_acq_rel);
	assert(before > 0);
	return before == 1;
}

void http_exchange_finish(HttpExchange *exchange)
{
	if (http_exchange_release(exchange) && exchange->on_finish)
		exchange->on_finish(exchange);
}
