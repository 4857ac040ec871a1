/* What a server refuses: bodies, time, connections. */
#include "base/base.h"

#include "http/server.h"

#include "../../lib/expect.h"
#include "stage.h"
#include "wire.h"

#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

static Stage stage;

static void a_declared_body_that_is_too_large_is_refused_unread(void **state)
{
	(void)state;
	stage.options.listeners[0].body_bytes_max = 10;
	stage_start(&stage);
	int fd = wire_connect(stage.port);
	wire_send_z(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
	CLEANUP(wire_reply_fini) WireReply reply;
	wire_read(fd, false, &reply);
	assert_int_equal(reply.status, 413);
	assert_str(wire_header(&reply, "Connection"), "close");
	assert_true(wire_is_closed(fd));
	close(fd);
	assert_int_equal(atomic_load(&stage.handled), 0);
	assert_int_equal(
		wire_ask(stage.port,
			"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789",
			NULL),
		200);
}

static void a_chunked_body_that_grows_too_large_is_413(void **state)
{
	(void)state;
	stage.options.listeners[0].body_bytes_max = 10;
	stage_start(&stage);
	assert_int_equal(
		wire_ask(stage.port,
			"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
			"8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n",
			NULL),
		413);
	/* A megabyte later the patience ends. */
	int fd = wire_connect(stage.port);
	wire_send_z(fd,
		"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
		"F00000\r\n");
	static char zeros[64 * 1024];
	int sent = 0;
	while (sent < 200 && wire_try_send(fd, (Str){ zeros, sizeof zeros }))
		sent++;
	CLEANUP(wire_reply_fini) WireReply reply;
	wire_read(fd, false, &reply);
	assert_int_equal(reply.status, 413);
	assert_true(wire_is_closed(fd));
	close(fd);
	assert_int_equal(atomic_load(&stage.handled), 0);
}

static void a_slow_drip_ends_at_the_deadline(void **state)
{
	(void)state;
	stage.options.request_deadline_ms = 300;
	stage_start(&stage);
	static const char request[] =
		"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n";
	int in_head = wire_connect(stage.port), in_body = wire_connect(stage.port);
	wire_send_z(in_body, request);
	int drops = 0;
	while (drops < 200 && wire_try_send(in_head, (Str){ request, 1 })
		&& wire_try_send(in_body, STR("x"))) {
		nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
		drops++;
	}
	assert_in_range(drops, 1, 150);
	stage_wait_connections(&stage, 0);
	assert_int_equal(atomic_load(&stage.handled), 0);
	close(in_head);
	close(in_body);
}

static void a_silent_connection_is_closed(void **state)
{
	(void)state;
	stage.options.idle_timeout_ms = 1000;
	stage_start(&stage);
	int fd = wire_connect(stage.port);
	wire_send_z(fd, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
	CLEANUP(wire_reply_fini) WireReply reply;
	wire_read(fd, false, &reply);
	assert_true(wire_is_closed(fd));
	close(fd);
}

static void beyond_the_connection_limit_clients_wait_their_turn(void **state)
{
	(void)state;
	stage.options.connections_max = 2;
	stage_start(&stage);
	int first = wire_connect(stage.port), second = wire_connect(stage.port);
	wire_send_z(first, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
	wire_send_z(second, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
	stage_wait_connections(&stage, 2);
	int third = wire_connect(stage.port);
	wire_send_z(third, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
	CLEANUP(wire_reply_fini) WireReply reply;
	wire_read(first, false, &reply);
	assert_int_equal(server_stats(stage.server).connections, 2);
	close(first);
	CLEANUP(wire_reply_fini) WireReply late;
	wire_read(third, false, &late);
	assert_int_equal(late.status, 200);
	close(second);
	close(third);
}

static void a_client_that_leaves_within_its_request_holds_no_connection(void **state)
{
	(void)state;
	static const char *const requests[] = {
		"GET /ec",
		"GET /echo HTTP/1.1\r\nHost: a\r\n",
		"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf",
		"GET /echo HTTP/1.1\r\nHost: a\r\n\r\nGET /ec",
	};
	stage_start(&stage);
	int busy = wire_connect(stage.port), leaving[ARRAY_LEN(requests)];
	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		leaving[i] = wire_connect(stage.port);
	stage_wait_connections(&stage, 1 + ARRAY_LEN(requests));
	/* The server sees bytes and end at once. */
	wire_send_z(busy, "GET /stall HTTP/1.1\r\nHost: a\r\n\r\n");
	while (atomic_load(&stage.handled) == 0)
		sched_yield();
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		wire_send_z(leaving[i], requests[i]);
		close(leaving[i]);
	}
	CLEANUP(wire_reply_fini) WireReply reply;
	wire_read(busy, false, &reply);
	stage_wait_connections(&stage, 1);
	close(busy);
}

static void a_client_that_has_sent_its_last_request_gets_its_answers(void **state)
{
	(void)state;
	static const char *const paths[] = { "/echo", "/park" };
	stage_start(&stage);
	for (int i = 0; i < 40; i++) {
		char request[200];
		snprintf(request, sizeof request,
			"GET %s HTTP/1.1\r\nHost: a\r\n\r\nGET %s HTTP/1.1\r\nHost: a\r\n\r\n",
			paths[i % 2], paths[i / 2 % 2]);
		int fd = wire_connect(stage.port);
		wire_send_z(fd, request);
		assert_int_equal(shutdown(fd, SHUT_WR), 0);
		CLEANUP(wire_reply_fini) WireReply first, second;
		wire_read(fd, false, &first);
		wire_read(fd, false, &second);
		assert_int_equal(first.status, 200);
		assert_int_equal(second.status, 200);
		assert_true(wire_is_closed(fd));
		close(fd);
	}
	stage_wait_connections(&stage, 0);
}

#define server_test(name) STAGE_TEST(name, &stage)

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(a_client_that_leaves_within_its_request_holds_no_connection),
		server_test(a_client_that_has_sent_its_last_request_gets_its_answers),
		server_test(a_declared_body_that_is_too_large_is_refused_unread),
		server_test(a_chunked_body_that_grows_too_large_is_413),
		server_test(a_slow_drip_ends_at_the_deadline),
		server_test(a_silent_connection_is_closed),
		server_test(beyond_the_connection_limit_clients_wait_their_turn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
