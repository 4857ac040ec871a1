#include "base/base.h"

#include "http/gate.h"

static const GateRefusal passed = { 0, NULL };

/* No blanks, control bytes or fragments; bytes above 127 are left to whoever decodes the path. */
static GateRefusal target_check(Str target)
{
	if (target.len == 0 || target.ptr[0] != '/')
		return (GateRefusal){ 400, "the request target must be a path" };
	for (size_t i = 0; i < target.len; i++) {
		unsigned char c = (unsigned char)target.ptr[i];
		if (c <= 0x20 || c == 0x7f || c == '#')
			return (GateRefusal){ 400, "the path holds a forbidden byte" };
	}
	return passed;
}

static GateRefusal header_check(const HttpHeader *header)
{
	if (!http_is_token(header->name))
		return (GateRefusal){ 400, "a header name is not a token" };
	for (size_t i = 0; i < header->value.len; i++) {
		unsigned char c = (unsigned char)header->value.ptr[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return (GateRefusal){ 400, "a header value holds a control byte" };
	}
	return passed;
}

/* uri-host [ ":" port ] of RFC 9110 7.2, loosely: it must not smuggle a path, a user or a second
 * name. */
static bool host_is_sound(Str host)
{
	for (size_t i = 0; i < host.len; i++)
		if (!ascii_is_alnum(host.ptr[i])
			&& (!host.ptr[i] || !strchr("-._~%:[]!$&'()*+;=", host.ptr[i])))
			return false;
	return true;
}

static bool all_digits(Str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_digit(s.ptr[i]))
			return false;
	/* 10^18 bytes is beyond any body and still fits a signed 64-bit number. */
	return s.len > 0 && s.len <= 18;
}

static GateRefusal framing_check(
	bool is_http_1_1, const Str *hosts, const Str *lengths, const Str *encodings)
{
	if (is_http_1_1 && !hosts[0].ptr)
		return (GateRefusal){ 400, "HTTP/1.1 needs a Host header" };
	if (hosts[1].ptr)
		return (GateRefusal){ 400, "more than one Host header" };
	if (hosts[0].ptr && !host_is_sound(hosts[0]))
		return (GateRefusal){ 400, "the Host header is not a host" };
	if (lengths[1].ptr)
		return (GateRefusal){ 400, "more than one Content-Length header" };
	if (encodings[1].ptr)
		return (GateRefusal){ 400, "more than one Transfer-Encoding header" };
	if (lengths[0].ptr && encodings[0].ptr)
		return (GateRefusal){ 400, "both Content-Length and Transfer-Encoding" };
	if (lengths[0].ptr && !all_digits(lengths[0]))
		return (GateRefusal){ 400, "Content-Length is not a number" };
	if (encodings[0].ptr && (!is_http_1_1 || !str_eq_nocase(encodings[0], STR("chunked"))))
		return (GateRefusal){ 400, "the only Transfer-Encoding is chunked, in HTTP/1.1" };
	return passed;
}

/* Keeps the first two values: one is used, two are an error. */
static void note_value(Str values[2], Str value)
{
	Str present = value.ptr ? value : STR("");
	if (!values[0].ptr)
		values[0] = present;
	else
		values[1] = present;
}

GateRefusal gate_check(
	Str method, Str version, Str target, const HttpHeader *headers, size_t header_count)
{
	bool is_http_1_1 = str_eq(version, STR("HTTP/1.1"));
	if (!is_http_1_1 && !str_eq(version, STR("HTTP/1.0")))
		return (GateRefusal){ 505, "speak HTTP/1.1" };
	if (!http_is_token(method))
		return (GateRefusal){ 400, "the method is not a token" };
	if (header_count > HTTP_HEADERS_MAX)
		return (GateRefusal){ 431, "too many headers" };
	GateRefusal refusal = target_check(target);
	Str hosts[2] = { 0 }, lengths[2] = { 0 }, encodings[2] = { 0 };
	for (size_t i = 0; i < header_count && !refusal.status; i++) {
		refusal = header_check(&headers[i]);
		if (str_eq_nocase(headers[i].name, STR("Host")))
			note_value(hosts, headers[i].value);
		else if (str_eq_nocase(headers[i].name, STR("Content-Length")))
			note_value(lengths, headers[i].value);
		else if (str_eq_nocase(headers[i].name, STR("Transfer-Encoding")))
			note_value(encodings, headers[i].value);
	}
	return refusal.status ? refusal : framing_check(is_http_1_1, hosts, lengths, encodings);
}

uint64_t gate_content_length(const HttpHeader *headers, size_t header_count)
{
	HttpRequest request = { .headers = headers, .header_count = header_count };
	int64_t length = 0;
	Str text = http_request_header(&request, STR("Content-Length"));
	if (!text.ptr || !str_to_i64(text, 0, INT64_MAX, &length))
		return 0;
	return (uint64_t)length;
}
