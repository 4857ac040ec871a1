/* The table of bad requests, through a real socket: what the gate refuses, and what the library
 * below refuses or lets through by itself. */
#include "base/base.h"

#include "http/server.h"

#include "../../lib/expect.h"
#include "stage.h"
#include "wire.h"

#include <unistd.h>

static Stage stage;

static int stage_up_and_started(void **state)
{
	(void)stage_up(state);
	stage_start(&stage);
	return 0;
}

typedef enum Decider { BY_NOBODY, BY_GATE, BY_LIBRARY } Decider;

typedef struct BadRow {
	const char *what;
	Decider by;
	int status;
	const char *request;
} BadRow;

#define POST "POST /echo HTTP/1.1\r\nHost: a\r\n"

static const BadRow rows[] = {
	{ "nothing wrong", BY_NOBODY, 200, POST "Content-Length: 7\r\n\r\n1234567" },
	{ "Content-Length and Transfer-Encoding together", BY_GATE, 400,
		POST
		"Content-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n1234567\r\n0\r\n\r\n" },
	{ "Transfer-Encoding and Content-Length together", BY_GATE, 400,
		POST
		"Transfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n7\r\n1234567\r\n0\r\n\r\n" },
	{ "two different Content-Length", BY_GATE, 400,
		POST "Content-Length: 7\r\nContent-Length: 8\r\n\r\n1234567" },
	{ "two equal Content-Length", BY_GATE, 400,
		POST "Content-Length: 7\r\nContent-Length: 7\r\n\r\n1234567" },
	{ "space before the colon", BY_GATE, 400, POST "Content-Length : 7\r\n\r\n1234567" },
	{ "unknown Transfer-Encoding", BY_GATE, 400, POST "Transfer-Encoding: xchunked\r\n\r\n" },
	{ "list of Transfer-Encodings", BY_GATE, 400,
		POST "Transfer-Encoding: gzip, chunked\r\n\r\n" },
	{ "two Transfer-Encodings", BY_GATE, 400,
		POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" },
	{ "chunked in HTTP/1.0", BY_GATE, 400,
		"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
	{ "two Host headers", BY_GATE, 400, "GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" },
	{ "no Host in HTTP/1.1", BY_GATE, 400, "GET /echo HTTP/1.1\r\nAccept: */*\r\n\r\n" },
	{ "no Host in HTTP/1.0", BY_NOBODY, 200, "GET /echo HTTP/1.0\r\n\r\n" },
	/* For these three the library sends its head twice; the connection ends anyway. */
	{ "signed Content-Length", BY_LIBRARY, 400, POST "Content-Length: +7\r\n\r\n1234567" },
	{ "negative Content-Length", BY_LIBRARY, 400, POST "Content-Length: -7\r\n\r\n1234567" },
	{ "Content-Length beyond 64 bits", BY_LIBRARY, 413,
		POST "Content-Length: 99999999999999999999999\r\n\r\n" },
	{ "chunk size 0x7", BY_LIBRARY, 400,
		POST "Transfer-Encoding: chunked\r\n\r\n0x7\r\n1234567\r\n0\r\n\r\n" },
	{ "chunk without its line end", BY_LIBRARY, 400,
		POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n" },
	/* Both are tolerated by RFC 9112 (2.2, 5.2) as long as nothing is read differently. */
	{ "bare LF", BY_NOBODY, 200, "GET /echo HTTP/1.1\nHost: a\n\n" },
	{ "folded header", BY_NOBODY, 200,
		"GET /echo HTTP/1.1\r\nHost: a\r\nX-Long: a\r\n b\r\n\r\n" },
	{ "absolute target", BY_GATE, 400, "GET http://a/echo HTTP/1.1\r\nHost: a\r\n\r\n" },
	{ "asterisk target", BY_GATE, 400, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" },
	{ "control byte in the path", BY_GATE, 400, "GET /ec\x01ho HTTP/1.1\r\nHost: a\r\n\r\n" },
	{ "control byte in a value", BY_GATE, 400,
		"GET /echo HTTP/1.1\r\nHost: a\r\nX: \x02\r\n\r\n" },
	{ "path in Host", BY_GATE, 400, "GET /echo HTTP/1.1\r\nHost: a/b\r\n\r\n" },
	{ "later minor version", BY_GATE, 505, "GET /echo HTTP/1.2\r\nHost: a\r\n\r\n" },
	{ "other major version", BY_LIBRARY, 505, "GET /echo HTTP/2.0\r\nHost: a\r\n\r\n" },
	{ "CR in a value", BY_GATE, 400, "GET /echo HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n" },
	{ "CR in a name", BY_GATE, 400, "GET /echo HTTP/1.1\r\nHost: a\r\nX\rY: a\r\n\r\n" },
	{ "list of equal Content-Length", BY_LIBRARY, 400,
		POST "Content-Length: 7, 7\r\n\r\n1234567" },
	{ "Content-Length in hexadecimal", BY_LIBRARY, 400,
		POST "Content-Length: 0x7\r\n\r\n1234567" },
	{ "empty Content-Length", BY_LIBRARY, 400, POST "Content-Length:\r\n\r\n1234567" },
	{ "chunked twice", BY_GATE, 400,
		POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" },
	{ "chunked after a tab", BY_NOBODY, 200,
		POST "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n" },
	/* Unfolded it is chunked, and read so (RFC 9112 5.2). */
	{ "chunked in a folded header", BY_NOBODY, 200,
		POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" },
	{ "header before a colon", BY_GATE, 400, "GET /echo HTTP/1.1\r\n: x\r\nHost: a\r\n\r\n" },
	{ "chunk size beyond 64 bits", BY_LIBRARY, 413,
		POST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx" },
	{ "negative chunk size", BY_LIBRARY, 400,
		POST "Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n" },
	{ "too large a body and Expect", BY_GATE, 413,
		POST "Content-Length: 9999999\r\nExpect: 100-continue\r\n\r\n" },
	{ "blank in the path", BY_GATE, 400, "GET /ec ho HTTP/1.1\r\nHost: a\r\n\r\n" },
	{ "method that is no token", BY_GATE, 400, "GE\xc9 /echo HTTP/1.1\r\nHost: a\r\n\r\n" },
	{ "not HTTP", BY_LIBRARY, 400, "hello there friend\r\n\r\n" },
	{ "header without colon", BY_LIBRARY, 400, "GET /echo HTTP/1.1\r\nHost: a\r\nbad\r\n\r\n" },
};

/* The gate answers with a problem document, the library with a page of its own. */
static Decider decider_of(const WireReply *reply)
{
	Str type = wire_header(reply, "Content-Type");
	if (reply->status == 200)
		return BY_NOBODY;
	return str_eq(type, STR("application/problem+json")) ? BY_GATE : BY_LIBRARY;
}

static void every_row_of_the_table_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fd = wire_connect(stage.port);
		int handled = atomic_load(&stage.handled);
		CLEANUP(wire_reply_fini) WireReply reply;
		wire_send_z(fd, rows[i].request);
		wire_read(fd, false, &reply);
		if (reply.status != rows[i].status || decider_of(&reply) != rows[i].by)
			print_error("row \"%s\": %d\n", rows[i].what, reply.status);
		assert_int_equal(reply.status, rows[i].status);
		assert_int_equal(decider_of(&reply), rows[i].by);
		/* What is refused never reached a handler, and nothing that follows on the
		 * connection is believed. */
		assert_int_equal(atomic_load(&stage.handled) - handled, rows[i].status == 200);
		if (reply.status >= 400)
			wire_read_to_end(fd);
		close(fd);
	}
}

static void a_smuggled_second_request_is_never_handled(void **state)
{
	(void)state;
	int fd = wire_connect(stage.port);
	wire_send_z(fd,
		POST "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
		     "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
	CLEANUP(wire_reply_fini) WireReply reply;
	wire_read(fd, false, &reply);
	assert_int_equal(reply.status, 400);
	assert_true(wire_is_closed(fd));
	close(fd);
	assert_int_equal(atomic_load(&stage.handled), 0);
}

static int ask_padded(const char *before, char pad, size_t count, const char *after)
{
	CLEANUP(buf_fini) Buf request = BUF_MAX(200 * 1000);
	buf_put_z(&request, before);
	for (size_t i = 0; i < count; i++)
		buf_put_char(&request, pad);
	buf_put_z(&request, after);
	int fd = wire_connect(stage.port);
	CLEANUP(wire_reply_fini) WireReply reply;
	(void)wire_try_send(fd, buf_str(&request));
	wire_read(fd, false, &reply);
	close(fd);
	return reply.status;
}

static void heads_have_a_maximum(void **state)
{
	(void)state;
	static const char get[] = "GET /echo HTTP/1.1\r\nHost: a\r\nX: ";
	assert_int_equal(ask_padded(get, 'x', 16 * 1024, "\r\n\r\n"), 200);
	assert_int_equal(ask_padded(get, 'x', 64 * 1024, "\r\n\r\n"), 431);
	assert_int_equal(ask_padded("GET /", 'x', 64 * 1024, " HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
}

static void more_than_a_hundred_headers_are_431(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf request = BUF_MAX(10 * 1000);
	buf_put_z(&request, "GET /echo HTTP/1.1\r\nHost: a\r\n");
	for (int i = 0; i < HTTP_HEADERS_MAX; i++)
		buf_put_z(&request, "X: y\r\n");
	buf_put_z(&request, "\r\n");
	assert_int_equal(wire_ask(stage.port, buf_z(&request), NULL), 431);
}

/* The library reads lines as C strings and keeps the rest to itself: nothing behind a NUL byte is
 * seen by anybody here. */
static void what_follows_a_nul_byte_in_a_line_is_not_seen(void **state)
{
	(void)state;
	static const struct {
		Str request;
		int status;
	} nul_rows[] = {
		{ STR_INIT("GET /echo\0x HTTP/1.1\r\nHost: a\r\n\r\n"), 200 },
		{ STR_INIT("GET /ec\0ho HTTP/1.1\r\nHost: a\r\n\r\n"), 404 },
		{ STR_INIT("GET /echo HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"), 200 },
		{ STR_INIT("GET /echo HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n"), 400 },
		{ STR_INIT("GET /echo HTTP/1.1\r\nHost\0: a\r\n\r\n"), 400 },
		{ STR_INIT(POST "Transfer-Encoding: chunked\0x\r\n\r\n0\r\n\r\n"), 200 },
	};
	for (size_t i = 0; i < ARRAY_LEN(nul_rows); i++) {
		int fd = wire_connect(stage.port);
		CLEANUP(wire_reply_fini) WireReply reply;
		wire_send(fd, nul_rows[i].request);
		wire_read(fd, false, &reply);
		assert_int_equal(reply.status, nul_rows[i].status);
		close(fd);
	}
}

/* Somebody before us may read these differently. Whatever we make of them, what follows on the
 * connection is never taken for a request. */
static void a_head_that_is_spelled_oddly_is_the_last_of_its_connection(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		Str request;
		bool is_odd;
	} heads[] = {
		{ "usual", STR_INIT(POST "Content-Length: 1\r\n\r\nx"), false },
		{ "usual, no headers",
			STR_INIT("GET /echo?a=b HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"),
			false },
		{ "empty line before", STR_INIT("\r\n" POST "Content-Length: 1\r\n\r\nx"), false },
		{ "empty value", STR_INIT(POST "X: \r\nContent-Length: 1\r\n\r\nx"), false },
		{ "folded length", STR_INIT(POST "Content-Length: 1\r\n 0\r\n\r\n0123456789"),
			true },
		{ "no name", STR_INIT(POST ": y\r\nContent-Length: 29\r\n\r\n"), true },
		{ "NUL in the target", STR_INIT("GET /echo\0x HTTP/1.1\r\nHost: a\r\n\r\n"), true },
		{ "NUL in the length", STR_INIT(POST "Content-Length: 1\0\0\0\0\r\nX: y\r\n\r\nx"),
			true },
		{ "line that begins with NUL", STR_INIT(POST "\0Content-Length: 1\r\n\r\nx"),
			true },
		{ "the same behind a bare LF", STR_INIT(POST "X: y\n\0y\n"), true },
		{ "chunked body, whose trailers we do not see",
			STR_INIT(POST "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
			true },
		{ "bare LF", STR_INIT("GET /echo HTTP/1.1\nHost: a\n\n"), true },
		{ "bare LF at the end", STR_INIT("GET /echo HTTP/1.1\r\nHost: a\r\n\n"), true },
		{ "no blank behind the colon", STR_INIT("GET /echo HTTP/1.1\r\nHost:a\r\n\r\n"),
			true },
	};
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		int fd = wire_connect(stage.port), handled = atomic_load(&stage.handled);
		CLEANUP(wire_reply_fini) WireReply reply;
		wire_send(fd, heads[i].request);
		wire_read(fd, false, &reply);
		bool is_ended = str_eq_nocase(wire_header(&reply, "Connection"), STR("close"));
		if (reply.status != 200 || is_ended != heads[i].is_odd)
			fail_msg("%s: status %d, %s", heads[i].what, reply.status,
				is_ended ? "ended" : "kept");
		(void)wire_try_send(fd, STR("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
		if (heads[i].is_odd) {
			assert_true(wire_is_closed(fd));
		} else {
			CLEANUP(wire_reply_fini) WireReply second;
			wire_read(fd, false, &second);
			assert_int_equal(second.status, 200);
		}
		assert_int_equal(atomic_load(&stage.handled), handled + (heads[i].is_odd ? 1 : 2));
		close(fd);
	}
}

#define server_test(name)                                                                          \
	cmocka_unit_test_prestate_setup_teardown(name, stage_up_and_started, stage_down, &stage)

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(every_row_of_the_table_holds),
		server_test(a_smuggled_second_request_is_never_handled),
		server_test(heads_have_a_maximum),
		server_test(more_than_a_hundred_headers_are_431),
		server_test(what_follows_a_nul_byte_in_a_line_is_not_seen),
		server_test(a_head_that_is_spelled_oddly_is_the_last_of_its_connection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
