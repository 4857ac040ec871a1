/* finish.c: what every answer has: the headers of real ones in their order, the pretty layout and
 * compression when asked. */
#include "base/base.h"

#include "base/enc.h"
#include "base/time.h"
#include "http/gzip.h"
#include "org/pretty.h"
#include "org/state.h"

enum { GZIP_FROM_BYTES = 200 /* shorter answers do not shrink */ };

static void put_cookie(Call *call, const char *name, Str value, const char *attributes, Str expires)
{
	call_header(call, STR("Set-Cookie"),
		arena_printf(call->arena,
			"%s=%.*s; %spath=/; expires=%.*s; Max-Age=31536000; secure%s", name,
			STR_ARG(value), attributes, STR_ARG(expires),
			*attributes ? "; SameSite=None" : ""));
}

static Str http_date(Call *call, int64_t at_ms, bool with_dashes)
{
	Buf text = BUF_MAX(64);
	time_put_http(&text, at_ms);
	if (with_dashes) /* "Thu, 06-May-2027 11:27:39 GMT" */
		text.ptr[7] = text.ptr[11] = '-';
	Str out = arena_str(call->arena, buf_str(&text));
	buf_fini(&text);
	return out;
}

static Str random_hex(Call *call, size_t bytes)
{
	unsigned char raw[16];
	assert(bytes <= sizeof raw);
	rng_fill(&call->org->rng.base, raw, bytes);
	Buf text = BUF_MAX(64);
	hex_encode(&text, (Str){ (const char *)raw, bytes });
	Str out = arena_str(call->arena, buf_str(&text));
	buf_fini(&text);
	return out;
}

static void put_common_headers(Call *call)
{
	Str expires = http_date(call, call->now_ms + 365LL * MS_PER_DAY, true);
	Str consent = call->is_token_call ? STR("0:0") : STR("0:1");
	call_header(call, STR("Date"), http_date(call, call->now_ms, false));
	if (!call->is_soap) {
		put_cookie(call, "CookieConsentPolicy", consent, "", expires);
		put_cookie(call, "LSKey-c$CookieConsentPolicy", consent, "", expires);
		call_header(call, STR("Strict-Transport-Security"),
			STR("max-age=63072000; includeSubDomains"));
		call_header(call, STR("X-Content-Type-Options"), STR("nosniff"));
		call_header(call, STR("X-Robots-Tag"), STR("none"));
	}
	call_header(call, STR("Cache-Control"),
		STR("no-cache,must-revalidate,max-age=0,no-store,private"));
	put_cookie(call, "BrowserId", random_hex(call, 11), "domain=.salesforce.com; ", expires);
	if (call->is_token_call) {
		call_header(call, STR("Expires"), STR("Thu, 01 Jan 1970 00:00:00 GMT"));
		call_header(call, STR("X-ReadOnlyMode"), STR("false"));
	}
	if (call->has_limit_info) {
		Usage *usage = &call->org->usage;
		call_header(call, STR("Sforce-Limit-Info"),
			arena_printf(call->arena, "api-usage=%lld/%lld",
				(long long)usage_used(usage, call->now_ms), (long long)usage->max));
	}
}

static void put_closing_headers(Call *call)
{
	int status = call->reply->status;
	bool reads = call->request->method == HTTP_GET || call->request->method == HTTP_HEAD
		|| call->request->method == HTTP_POST;
	if (call->content_type.len)
		call_header(call, STR("Content-Type"), call->content_type);
	if ((status == 200 || status == 201) && reads)
		call_header(call, STR("Vary"), STR("Accept-Encoding"));
	if (call->is_soap)
		return;
	Str request_id = random_hex(call, 16);
	call_header(call, STR("Server"), STR("sfdcedge"));
	call_header(call, STR("X-SFDC-Request-Id"), request_id);
	call_header(call, STR("X-Request-Id"), request_id);
	call_header(call, STR("X-SFDC-Edge-Cache"), STR("none"));
}

static void prettify(Call *call)
{
	Str wish = http_request_header(call->request, STR("X-PrettyPrint"));
	if (!str_eq(wish, STR("1")) || !str_starts(call->content_type, STR("application/json")))
		return;
	Buf pretty = BUF_MAX(HTTP_REPLY_BODY_MAX);
	pretty_json(buf_str(&call->reply->body), &pretty);
	buf_fini(&call->reply->body);
	call->reply->body = pretty;
}

static void compress(Call *call)
{
	HttpReply *reply = call->reply;
	Str accept = http_request_header(call->request, STR("Accept-Encoding"));
	if (reply->body.len < GZIP_FROM_BYTES || !gzip_is_accepted(accept))
		return;
	Buf packed = BUF_MAX(HTTP_REPLY_BODY_MAX);
	if (!gzip_encode(buf_str(&reply->body), &packed)) {
		buf_fini(&packed);
		return;
	}
	buf_fini(&reply->body);
	reply->body = packed;
	call_header(call, STR("Content-Encoding"), STR("gzip"));
	/* A compressed representation has a validator of its own (recorded): "1c6e81f8--gzip". */
	for (size_t i = 0; i < reply->header_count; i++)
		if (str_eq(reply->headers[i].name, STR("ETag")))
			reply->headers[i].value = arena_printf(call->arena, "%.*s--gzip\"",
				(int)reply->headers[i].value.len - 1, reply->headers[i].value.ptr);
}

/* The handler's own headers (ETag, Location ...) stand between the common ones and the last ones.
 */
void call_finish(Call *call)
{
	HttpReply *reply = call->reply;
	HttpHeader own[HTTP_REPLY_HEADERS_MAX];
	size_t own_count = reply->header_count;
	memcpy(own, reply->headers, own_count * sizeof own[0]);
	reply->header_count = 0;
	put_common_headers(call);
	for (size_t i = 0; i < own_count; i++)
		call_header(call, own[i].name, own[i].value);
	put_closing_headers(call);
	prettify(call);
	compress(call);
}
