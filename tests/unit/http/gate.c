#include "base/base.h"

#include "http/gate.h"

#include "../../lib/expect.h"

#define H(name_, value_)                                                                           \
	{                                                                                          \
		STR_INIT(name_), STR_INIT(value_)                                                  \
	}

typedef struct GateRow {
	const char *what, *version;
	Str target;
	HttpHeader headers[4];
	int status;
} GateRow;

static const GateRow rows[] = {
	{ "plain", "HTTP/1.1", STR_INIT("/a?b=c"), { H("Host", "a.example:80") }, 0 },
	{ "1.0 without Host", "HTTP/1.0", STR_INIT("/"), { H("Accept", "*/*") }, 0 },
	{ "IPv6 host", "HTTP/1.1", STR_INIT("/"), { H("host", "[::1]:80") }, 0 },
	{ "length", "HTTP/1.1", STR_INIT("/"), { H("Host", "a"), H("Content-Length", "7") }, 0 },
	{ "chunked", "HTTP/1.1", STR_INIT("/"),
		{ H("Host", "a"), H("Transfer-Encoding", "Chunked") }, 0 },
	{ "tab in value", "HTTP/1.1", STR_INIT("/"), { H("Host", "a"), H("X", "a\tb") }, 0 },
	{ "UTF-8 in value and path", "HTTP/1.1", STR_INIT("/\xc3\xa9"),
		{ H("Host", "a"), H("X", "\xc3\xa9") }, 0 },
	{ "both lengths", "HTTP/1.1", STR_INIT("/"),
		{ H("Host", "a"), H("Content-Length", "7"), H("Transfer-Encoding", "chunked") },
		400 },
	{ "two lengths", "HTTP/1.1", STR_INIT("/"),
		{ H("Host", "a"), H("Content-Length", "7"), H("content-length", "8") }, 400 },
	{ "the same length twice", "HTTP/1.1", STR_INIT("/"),
		{ H("Host", "a"), H("Content-Length", "7"), H("Content-Length", "7") }, 400 },
	{ "list of lengths", "HTTP/1.1", STR_INIT("/"),
		{ H("Host", "a"), H("Content-Length", "7, 7") }, 400 },
	{ "signed length", "HTTP/1.1", STR_INIT("/"), { H("Host", "a"), H("Content-Length", "+7") },
		400 },
	{ "empty length", "HTTP/1.1", STR_INIT("/"), { H("Host", "a"), H("Content-Length", "") },
		400 },
	{ "endless length", "HTTP/1.1", STR_INIT("/"),
		{ H("Host", "a"), H("Content-Length", "9999999999999999999") }, 400 },
	{ "unknown coding", "HTTP/1.1", STR_INIT("/"),
		{ H("Host", "a"), H("Transfer-Encoding", "gzip, chunked") }, 400 },
	{ "two codings", "HTTP/1.1", STR_INIT("/"),
		{ H("Host", "a"), H("Transfer-Encoding", "chunked"),
			H("Transfer-Encoding", "chunked") },
		400 },
	{ "coding with blank", "HTTP/1.1", STR_INIT("/"),
		{ H("Host", "a"), H("Transfer-Encoding", "chunked ") }, 400 },
	{ "chunked in 1.0", "HTTP/1.0", STR_INIT("/"), { H("Transfer-Encoding", "chunked") }, 400 },
	{ "blank before colon", "HTTP/1.1", STR_INIT("/"), { H("Host", "a"), H("X ", "b") }, 400 },
	{ "no Host", "HTTP/1.1", STR_INIT("/"), { H("Accept", "*/*") }, 400 },
	{ "two Hosts", "HTTP/1.1", STR_INIT("/"), { H("Host", "a"), H("HOST", "a") }, 400 },
	{ "two Hosts in 1.0", "HTTP/1.0", STR_INIT("/"), { H("Host", "a"), H("Host", "b") }, 400 },
	{ "path in Host", "HTTP/1.1", STR_INIT("/"), { H("Host", "a/b") }, 400 },
	{ "user in Host", "HTTP/1.1", STR_INIT("/"), { H("Host", "u@a") }, 400 },
	{ "NUL in value", "HTTP/1.1", STR_INIT("/"), { H("Host", "a"), H("X", "a\0b") }, 400 },
	{ "CR in value", "HTTP/1.1", STR_INIT("/"), { H("Host", "a"), H("X", "a\rb") }, 400 },
	{ "absolute target", "HTTP/1.1", STR_INIT("http://a/"), { H("Host", "a") }, 400 },
	{ "asterisk target", "HTTP/1.1", STR_INIT("*"), { H("Host", "a") }, 400 },
	{ "empty target", "HTTP/1.1", STR_INIT(""), { H("Host", "a") }, 400 },
	{ "blank in target", "HTTP/1.1", STR_INIT("/a b"), { H("Host", "a") }, 400 },
	{ "control byte in target", "HTTP/1.1", STR_INIT("/a\x01"), { H("Host", "a") }, 400 },
	{ "fragment", "HTTP/1.1", STR_INIT("/a#b"), { H("Host", "a") }, 400 },
	{ "future version", "HTTP/1.2", STR_INIT("/"), { H("Host", "a") }, 505 },
};

static void every_row_of_the_table_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const GateRow *row = &rows[i];
		size_t count = 0;
		while (count < ARRAY_LEN(row->headers) && row->headers[count].name.ptr)
			count++;
		GateRefusal refusal = gate_check(
			STR("GET"), str_from(row->version), row->target, row->headers, count);
		if (refusal.status != row->status)
			print_error("row \"%s\": %s\n", row->what, refusal.reason);
		assert_int_equal(refusal.status, row->status);
		assert_int_equal(refusal.reason != NULL, row->status != 0);
	}
}

static void a_method_is_a_token(void **state)
{
	(void)state;
	static const struct {
		Str method;
		int status;
	} methods[] = { { STR_INIT("GET"), 0 }, { STR_INIT("M-SEARCH"), 0 }, { STR_INIT(""), 400 },
		{ STR_INIT("GE T"), 400 }, { STR_INIT("GE\xc9"), 400 },
		{ STR_INIT("G\x01"), 400 } };
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		assert_int_equal(
			gate_check(methods[i].method, STR("HTTP/1.0"), STR("/"), NULL, 0).status,
			methods[i].status);
}

static void more_than_a_hundred_headers_are_431(void **state)
{
	(void)state;
	HttpHeader headers[HTTP_HEADERS_MAX + 1];
	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		headers[i] = (HttpHeader){ STR("X"), STR("y") };
	headers[0].name = STR("Host");
	assert_int_equal(
		gate_check(STR("GET"), STR("HTTP/1.1"), STR("/"), headers, HTTP_HEADERS_MAX).status,
		0);
	assert_int_equal(
		gate_check(STR("GET"), STR("HTTP/1.1"), STR("/"), headers, HTTP_HEADERS_MAX + 1)
			.status,
		431);
}

static void a_declared_length_is_known_before_the_body(void **state)
{
	(void)state;
	const HttpHeader headers[] = { H("Host", "a"), H("content-length", "123456789012") };
	assert_int_equal(gate_content_length(headers, 2), 123456789012);
	assert_int_equal(gate_content_length(headers, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_the_table_holds),
		cmocka_unit_test(a_method_is_a_token),
		cmocka_unit_test(more_than_a_hundred_headers_are_431),
		cmocka_unit_test(a_declared_length_is_known_before_the_body),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
