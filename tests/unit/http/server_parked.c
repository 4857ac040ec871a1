/* Requests that wait for another thread: many at once, lost clients, deadlines. No tick runs here:
 * it would hide a lost wake-up of the loop, which otherwise costs a whole second. */
#include "base/base.h"

#include "http/server.h"

#include "../../lib/expect.h"
#include "base/clock.h"
#include "stage.h"
#include "wire.h"

#include <sys/socket.h>
#include <unistd.h>

static Stage stage;

static int stage_up_without_tick(void **state)
{
	(void)stage_up(state);
	stage.options.tick = NULL;
	return 0;
}

static int64_t now_ms(void)
{
	return clock_mono_ms(clock_system());
}

/* A lost wake-up costs each round a second; a busy machine may be slow once. */
enum { STALL_MS = 900, CONNECTIONS_MAX = 384, ROUNDS = 4 };

static void ask_all(const int *fds, size_t count, const char *request)
{
	for (size_t i = 0; i < count; i++)
		wire_send_z(fds[i], request);
	for (size_t i = 0; i < count; i++) {
		CLEANUP(wire_reply_fini) WireReply reply;
		wire_read(fds[i], false, &reply);
		assert_int_equal(reply.status, 200);
	}
}

static void no_number_of_connections_stalls(void **state)
{
	(void)state;
	static const size_t counts[] = { 127, 128, 255, 256, CONNECTIONS_MAX };
	stage_start(&stage);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		int fds[CONNECTIONS_MAX];
		for (size_t c = 0; c < counts[i]; c++)
			fds[c] = wire_connect(stage.port);
		int64_t start_ms = now_ms();
		for (int round = 0; round < ROUNDS; round++) {
			ask_all(fds, counts[i], "GET /park HTTP/1.1\r\nHost: a\r\n\r\n");
			ask_all(fds, counts[i], "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
		}
		assert_in_range(now_ms() - start_ms, 0, ROUNDS * STALL_MS);
		for (size_t c = 0; c < counts[i]; c++)
			close(fds[c]);
		stage_wait_connections(&stage, 0);
	}
}

static void all_that_are_ready_in_one_turn_are_served(void **state)
{
	(void)state;
	stage_start(&stage);
	/* given: as many connections parked at once, so that all are resumed in one turn */
	static const size_t counts[] = { 128, 256, CONNECTIONS_MAX };
	int64_t took_ms = 0;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		int fds[CONNECTIONS_MAX];
		for (size_t c = 0; c < counts[i]; c++) {
			fds[c] = wire_connect(stage.port);
			wire_send_z(fds[c], "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
		}
		stage_wait_held(&stage, counts[i]);
		assert_int_equal(server_stats(stage.server).parked, counts[i]);
		int64_t start_ms = now_ms();
		stage_release(&stage);
		for (size_t c = 0; c < counts[i]; c++) {
			CLEANUP(wire_reply_fini) WireReply reply;
			wire_read(fds[c], false, &reply);
			assert_int_equal(reply.status, 200);
			close(fds[c]);
		}
		took_ms += now_ms() - start_ms;
		stage_wait_connections(&stage, 0);
		assert_int_equal(server_stats(stage.server).parked, 0);
	}
	assert_in_range(took_ms, 0, (int)ARRAY_LEN(counts) * STALL_MS);
}

static void each_finish_wakes_the_loop(void **state)
{
	(void)state;
	stage_start(&stage);
	int fd = wire_connect(stage.port);
	int64_t start_ms = now_ms();
	for (int i = 0; i < 300; i++) {
		ask_all(&fd, 1, "GET /park HTTP/1.1\r\nHost: a\r\n\r\n");
		assert_in_range(now_ms() - start_ms, 0, 3 * STALL_MS);
	}
	close(fd);
}

static void a_client_that_goes_while_parked_only_loses_its_reply(void **state)
{
	(void)state;
	stage_start(&stage);
	for (int i = 0; i < 20; i++) {
		int fd = wire_connect(stage.port);
		wire_send_z(fd, "POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
		if (i % 2) { /* half of them with a reset */
			struct linger reset = { .l_onoff = 1 };
			stage_wait_held(&stage, (size_t)i + 1);
			assert_int_equal(
				setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
		}
		close(fd);
	}
	stage_wait_held(&stage, 20);
	stage_release(&stage);
	stage_wait_connections(&stage, 0);
	assert_int_equal(server_stats(stage.server).parked, 0);
	assert_int_equal(wire_ask(stage.port, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n", NULL), 200);
}

static void a_parked_request_is_answered_at_its_deadline(void **state)
{
	(void)state;
	stage.options.parked_deadline_ms = 150;
	stage_start(&stage);
	int fd = wire_connect(stage.port);
	int64_t start_ms = now_ms();
	wire_send_z(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	CLEANUP(wire_reply_fini) WireReply reply, next;
	wire_read(fd, false, &reply);
	assert_in_range(now_ms() - start_ms, 150, WIRE_PATIENCE_MS);
	assert_int_equal(reply.status, 503);
	assert_non_null(wire_header(&reply, "Retry-After").ptr);
	/* It still counts, because somebody still works on it. */
	assert_int_equal(server_stats(stage.server).parked, 1);
	/* The connection goes on while the first request is still held; the late reply goes
	 * nowhere. */
	wire_send_z(fd, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
	wire_read(fd, false, &next);
	assert_str(buf_str(&next.body), "GET on 1: ");
	stage_release(&stage);
	stage_wait_parked(&stage, 0);
	ask_all(&fd, 1, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
	close(fd);
}

static void too_many_parked_requests_are_refused_others_served(void **state)
{
	(void)state;
	stage.options.parked_max = 2;
	stage_start(&stage);
	int fds[3];
	for (size_t i = 0; i < 3; i++)
		fds[i] = wire_connect(stage.port);
	wire_send_z(fds[0], "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	wire_send_z(fds[1], "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	stage_wait_held(&stage, 2);
	CLEANUP(wire_reply_fini) WireReply refused;
	wire_send_z(fds[2], "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	wire_read(fds[2], false, &refused);
	assert_int_equal(refused.status, 503);
	assert_non_null(wire_header(&refused, "Retry-After").ptr);
	ask_all(&fds[2], 1, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
	stage_release(&stage);
	for (size_t i = 0; i < 2; i++) {
		CLEANUP(wire_reply_fini) WireReply reply;
		wire_read(fds[i], false, &reply);
		assert_int_equal(reply.status, 200);
	}
	ask_all(fds, 2, "GET /park HTTP/1.1\r\nHost: a\r\n\r\n");
	for (size_t i = 0; i < 3; i++)
		close(fds[i]);
}

static void what_nobody_finishes_is_freed_with_the_server(void **state)
{
	(void)state;
	stage.options.parked_deadline_ms = 100;
	stage.drain_ms = 50;
	stage_start(&stage);
	int expired = wire_connect(stage.port), parked = wire_connect(stage.port);
	wire_send_z(expired, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	CLEANUP(wire_reply_fini) WireReply reply;
	wire_read(expired, false, &reply);
	assert_int_equal(reply.status, 503);
	wire_send_z(parked, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	stage_wait_held(&stage, 2);
	stage_fini(&stage);
	wire_read_to_end(parked);
	close(expired);
	close(parked);
	stage_init(&stage);
}

#define server_test(name)                                                                          \
	cmocka_unit_test_prestate_setup_teardown(name, stage_up_without_tick, stage_down, &stage)

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(no_number_of_connections_stalls),
		server_test(all_that_are_ready_in_one_turn_are_served),
		server_test(each_finish_wakes_the_loop),
		server_test(a_client_that_goes_while_parked_only_loses_its_reply),
		server_test(a_parked_request_is_answered_at_its_deadline),
		server_test(too_many_parked_requests_are_refused_others_served),
		server_test(what_nobody_finishes_is_freed_with_the_server),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
