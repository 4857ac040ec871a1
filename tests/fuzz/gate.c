/* What a request must be before anything looks at it (http/gate.h). Lines of the input: the
 * method, the version, the target, then "name:value" with every other byte as it is. */
#include "base/base.h"

#include "fuzz.h"
#include "http/gate.h"

enum { HEADERS = HTTP_HEADERS_MAX + 4 };

static size_t count_of(const HttpHeader *headers, size_t count, const char *name, Str *out_value)
{
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		if (!str_eq_nocase(headers[i].name, str_from(name)))
			continue;
		*out_value = headers[i].value;
		found++;
	}
	return found;
}

/* No byte that could end or split a line, or hide a part of it. */
static bool is_printable(Str s, bool may_hold_blanks)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		bool is_blank = c == ' ' || c == '\t';
		if (is_blank ? !may_hold_blanks : c < 0x21 || c == 0x7f)
			return false;
	}
	return true;
}

/* RFC 9112 6.3 and 9110 7.2, said once more: one reading of where the body ends and whose it is. */
static void check_passed(
	Str method, Str version, Str target, const HttpHeader *headers, size_t count)
{
	Str host = STR_NONE, length = STR_NONE, encoding = STR_NONE;
	size_t hosts = count_of(headers, count, "host", &host);
	size_t lengths = count_of(headers, count, "content-length", &length);
	size_t encodings = count_of(headers, count, "transfer-encoding", &encoding);
	MUST(str_eq(version, STR("HTTP/1.1")) || str_eq(version, STR("HTTP/1.0")));
	MUST(method.len > 0 && is_printable(method, false));
	MUST(count <= HTTP_HEADERS_MAX && str_starts(target, STR("/")));
	MUST(is_printable(target, false) && str_find_char(target, '#', 0) < 0);
	for (size_t i = 0; i < count; i++) {
		MUST(headers[i].name.len > 0 && is_printable(headers[i].name, false));
		MUST(str_find_char(headers[i].name, ':', 0) < 0);
		MUST(is_printable(headers[i].value, true));
	}
	MUST(hosts <= 1 && (hosts == 1 || str_eq(version, STR("HTTP/1.0"))));
	MUST(is_printable(host, false));
	MUST(lengths + encodings <= 1);
	MUST(encodings == 0
		|| (str_eq_nocase(encoding, STR("chunked")) && str_eq(version, STR("HTTP/1.1"))));
	if (lengths) {
		CLEANUP(buf_fini) Buf digits = BUF_MAX(32);
		buf_printf(
			&digits, "%llu", (unsigned long long)gate_content_length(headers, count));
		while (length.len > 1 && length.ptr[0] == '0')
			length = str_from_pos(length, 1);
		MUST(str_eq(buf_str(&digits), length));
	} else {
		MUST(gate_content_length(headers, count) == 0);
	}
}

static bool passes(Str method, Str version, Str target, const HttpHeader *headers, size_t count)
{
	GateRefusal refusal = gate_check(method, version, target, headers, count);
	MUST(refusal.status == 0 || refusal.status == 400 || refusal.status == 431
		|| refusal.status == 505);
	MUST((refusal.status == 0) == (refusal.reason == NULL));
	return refusal.status == 0;
}

/* A second header that says where the body ends is refused, whatever it says and wherever it
 * stands. */
static void check_doubles(Str method, Str version, Str target, HttpHeader *headers, size_t count)
{
	static const HttpHeader added[] = { { STR_INIT("Content-Length"), STR_INIT("0") },
		{ STR_INIT("TRANSFER-ENCODING"), STR_INIT("chunked") },
		{ STR_INIT("hOST"), STR_INIT("") }, { STR_INIT("Transfer-Encoding"), STR_INIT("") },
		{ STR_INIT("X y"), STR_INIT("1") }, { STR_INIT("X"), STR_INIT("1\r\nY: 2") } };
	Str value = STR_NONE;
	bool is_framed = count_of(headers, count, "content-length", &value)
		+ count_of(headers, count, "transfer-encoding", &value);
	bool has_host = count_of(headers, count, "host", &value);
	for (size_t i = 0; i < ARRAY_LEN(added); i++) {
		bool must_refuse = i == 2 ? has_host : i < 2 ? is_framed : true;
		headers[count] = added[i];
		MUST(!must_refuse || !passes(method, version, target, headers, count + 1));
		memmove(headers + 1, headers, count * sizeof *headers);
		HttpHeader saved = headers[0];
		headers[0] = added[i];
		MUST(!must_refuse || !passes(method, version, target, headers, count + 1));
		headers[0] = saved;
		memmove(headers, headers + 1, count * sizeof *headers);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str text = fuzz_text(data, size);
	Str method = fuzz_line(&text), version = fuzz_line(&text), target = fuzz_line(&text);
	HttpHeader headers[HEADERS + 2];
	size_t count = 0;
	while (text.len > 0 && count < HEADERS) {
		Str value = fuzz_line(&text), name;
		(void)str_split(&value, ':', &name);
		headers[count++] = (HttpHeader){ name, value };
	}
	if (!passes(method, version, target, headers, count))
		return 0;
	check_passed(method, version, target, headers, count);
	check_doubles(method, version, target, headers, count);
	return 0;
}
