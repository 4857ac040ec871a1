/* What one client sees of a server: requests and replies. */
#include "base/base.h"

#include "http/server.h"

#include "../../lib/expect.h"
#include "http/gzip.h"
#include "stage.h"
#include "wire.h"

#include <sys/socket.h>
#include <unistd.h>

static Stage stage;

static void several_requests_share_a_connection(void **state)
{
	(void)state;
	stage_start(&stage);
	int fd = wire_connect(stage.port);
	for (int i = 0; i < 3; i++) {
		wire_send_z(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
		CLEANUP(wire_reply_fini) WireReply reply;
		wire_read(fd, false, &reply);
		assert_int_equal(reply.status, 200);
		assert_str(buf_str(&reply.body), "POST on 1: hello");
		assert_null(wire_header(&reply, "Server").ptr);
		assert_non_null(wire_header(&reply, "Date").ptr);
	}
	/* pipelined */
	wire_send_z(fd,
		"GET /echo HTTP/1.1\r\nHost: a\r\n\r\nGET /park HTTP/1.1\r\nHost: a\r\n\r\n"
		"GET /client HTTP/1.1\r\nHost: a\r\n\r\n");
	static const char *const bodies[] = { "GET on 1: ", "GET on 1: ", "127.0.0.1 127.0.0.1" };
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		CLEANUP(wire_reply_fini) WireReply reply;
		wire_read(fd, false, &reply);
		assert_str(buf_str(&reply.body), bodies[i]);
	}
	close(fd);
}

static void chunked_bodies_arrive_whole(void **state)
{
	(void)state;
	stage_start(&stage);
	CLEANUP(buf_fini) Buf body = BUF_MAX(1000);
	int status = wire_ask(stage.port,
		"POST /park HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
		"5\r\nhello\r\n1;x=y\r\n \r\n5\r\nworld\r\n0\r\nX-Trailer: 1\r\n\r\n",
		&body);
	assert_int_equal(status, 200);
	assert_str(buf_str(&body), "POST on 1: hello world");
}

static void a_client_that_expects_100_is_told_to_go_on(void **state)
{
	(void)state;
	stage_start(&stage);
	int fd = wire_connect(stage.port);
	wire_send_z(fd,
		"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
		"Expect: 100-continue\r\n\r\n");
	char first[32] = "";
	assert_true(recv(fd, first, sizeof first - 1, 0) > 0);
	assert_has(str_from(first), "HTTP/1.1 100 Continue\r\n");
	wire_send_z(fd, "ok");
	CLEANUP(wire_reply_fini) WireReply reply;
	wire_read(fd, false, &reply);
	assert_str(buf_str(&reply.body), "POST on 1: ok");
	close(fd);
}

static void head_has_the_length_and_no_body(void **state)
{
	(void)state;
	stage_start(&stage);
	int fd = wire_connect(stage.port);
	for (int i = 0; i < 2; i++) {
		wire_send_z(fd, "HEAD /text?2000 HTTP/1.1\r\nHost: a\r\n\r\n");
		CLEANUP(wire_reply_fini) WireReply reply;
		wire_read(fd, true, &reply);
		assert_int_equal(reply.status, 200);
		assert_str(wire_header(&reply, "Content-Length"), "2000");
	}
	close(fd);
}

static void large_bodies_go_both_ways(void **state)
{
	(void)state;
	stage.options.listeners[0].body_bytes_max = 8 * 1024 * 1024;
	stage_start(&stage);
	static char bytes[8 * 1024 * 1024];
	memset(bytes, 'b', sizeof bytes);
	int fd = wire_connect(stage.port);
	wire_send_z(fd, "PUT /park HTTP/1.1\r\nHost: a\r\nContent-Length: 8388608\r\n\r\n");
	wire_send(fd, (Str){ bytes, sizeof bytes });
	CLEANUP(wire_reply_fini) WireReply reply;
	wire_read(fd, false, &reply);
	assert_true(reply.is_whole);
	assert_int_equal(reply.body.len, strlen("PUT on 1: ") + sizeof bytes);
	assert_memory_equal(reply.body.ptr + strlen("PUT on 1: "), bytes, sizeof bytes);
	close(fd);
}

static void provoked_faults_break_the_reply(void **state)
{
	(void)state;
	stage_start(&stage);
	int fd = wire_connect(stage.port);
	wire_send_z(fd, "GET /cut?300 HTTP/1.1\r\nHost: a\r\n\r\n");
	CLEANUP(wire_reply_fini) WireReply cut;
	wire_read(fd, false, &cut);
	assert_int_equal(cut.status, 200);
	assert_int_equal(cut.body.len, 300);
	assert_false(cut.is_whole);
	close(fd);

	fd = wire_connect(stage.port);
	wire_send_z(fd, "GET /drop HTTP/1.1\r\nHost: a\r\n\r\n");
	CLEANUP(wire_reply_fini) WireReply drop;
	wire_read(fd, false, &drop);
	assert_int_equal(drop.status, -1);
	close(fd);

	fd = wire_connect(stage.port);
	wire_send_z(fd, "GET /close HTTP/1.1\r\nHost: a\r\n\r\n");
	CLEANUP(wire_reply_fini) WireReply last;
	wire_read(fd, false, &last);
	assert_int_equal(last.status, 200);
	assert_str(wire_header(&last, "Connection"), "close");
	assert_true(wire_is_closed(fd));
	close(fd);
}

static void a_handler_that_forgets_to_answer_gives_500(void **state)
{
	(void)state;
	stage_start(&stage);
	assert_int_equal(
		wire_ask(stage.port, "GET /silent HTTP/1.1\r\nHost: a\r\n\r\n", NULL), 500);
}

static void replies_are_packed_only_when_asked(void **state)
{
	(void)state;
	stage.options.gzip_replies = true;
	stage_start(&stage);
	static const struct {
		const char *request;
		bool is_packed;
	} rows[] = {
		{ "GET /text?5000 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n", true },
		{ "GET /text?5000 HTTP/1.1\r\nHost: a\r\n\r\n", false },
		{ "GET /text?500 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n", false },
		/* without a text type */
		{ "GET /echo HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n", false },
	};
	int fd = wire_connect(stage.port);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		wire_send_z(fd, rows[i].request);
		CLEANUP(wire_reply_fini) WireReply reply;
		wire_read(fd, false, &reply);
		assert_int_equal(
			wire_header(&reply, "Content-Encoding").ptr != NULL, rows[i].is_packed);
		if (!rows[i].is_packed)
			continue;
		CLEANUP(buf_fini) Buf plain = BUF_MAX(5000);
		Err err;
		assert_str(wire_header(&reply, "Vary"), "Accept-Encoding");
		assert_true(gzip_decode(buf_str(&reply.body), &plain, &err));
		assert_int_equal(plain.len, 5000);
	}
	close(fd);
}

static int send_packed(const char *text, Str damage)
{
	CLEANUP(buf_fini) Buf packed = BUF_MAX(100 * 1000), request = BUF_MAX(100 * 1000);
	assert_true(gzip_encode(str_from(text), &packed));
	buf_put(&packed, damage);
	buf_printf(&request,
		"POST /echo HTTP/1.1\r\nHost: a\r\n"
		"Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
		packed.len);
	buf_put(&request, buf_str(&packed));
	int fd = wire_connect(stage.port);
	wire_send(fd, buf_str(&request));
	CLEANUP(wire_reply_fini) WireReply reply;
	wire_read(fd, false, &reply);
	if (reply.status == 200)
		assert_has(buf_str(&reply.body), text);
	close(fd);
	return reply.status;
}

static void packed_requests_are_unpacked_within_the_maximum(void **state)
{
	(void)state;
	stage.options.accept_gzip_requests = true;
	stage.options.listeners[0].body_bytes_max = 100;
	stage_start(&stage);
	char text[102];
	memset(text, 'a', sizeof text);
	text[100] = '\0';
	assert_int_equal(send_packed(text, STR("")), 200);
	assert_int_equal(send_packed(text, STR("x")), 400);
	text[100] = 'a';
	text[101] = '\0';
	assert_int_equal(send_packed(text, STR("")), 413);
	assert_int_equal(wire_ask(stage.port,
				 "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: br\r\n"
				 "Content-Length: 1\r\n\r\nx",
				 NULL),
		415);
}

static void packed_requests_are_415_unless_switched_on(void **state)
{
	(void)state;
	stage_start(&stage);
	assert_int_equal(send_packed("hello", STR("")), 415);
	assert_int_equal(wire_ask(stage.port,
				 "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: identity\r\n"
				 "Content-Length: 1\r\n\r\nx",
				 NULL),
		200);
}

static void the_client_is_found_behind_trusted_proxies(void **state)
{
	(void)state;
	const Str trusted[] = { STR("127.0.0.0/8") };
	stage.options.trusted_proxies = trusted;
	stage.options.trusted_proxy_count = 1;
	stage_start(&stage);
	CLEANUP(buf_fini) Buf body = BUF_MAX(100);
	wire_ask(stage.port,
		"GET /client HTTP/1.1\r\nHost: a\r\n"
		"X-Forwarded-For: 192.0.2.1, 203.0.113.5\r\n\r\n",
		&body);
	assert_str(buf_str(&body), "127.0.0.1 203.0.113.5");
}

static void the_tick_comes_by_itself(void **state)
{
	(void)state;
	stage.options.tick_ms = 20;
	stage_start(&stage);
	for (int i = 0; i < 1000 && atomic_load(&stage.ticks) < 5; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 1000 * 1000 }, NULL);
	assert_true(atomic_load(&stage.ticks) >= 5);
}

#define server_test(name) STAGE_TEST(name, &stage)

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(several_requests_share_a_connection),
		server_test(chunked_bodies_arrive_whole),
		server_test(a_client_that_expects_100_is_told_to_go_on),
		server_test(head_has_the_length_and_no_body),
		server_test(large_bodies_go_both_ways),
		server_test(provoked_faults_break_the_reply),
		server_test(a_handler_that_forgets_to_answer_gives_500),
		server_test(replies_are_packed_only_when_asked),
		server_test(packed_requests_are_unpacked_within_the_maximum),
		server_test(packed_requests_are_415_unless_switched_on),
		server_test(the_client_is_found_behind_trusted_proxies),
		server_test(the_tick_comes_by_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
