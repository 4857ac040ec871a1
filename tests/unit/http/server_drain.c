/* How a server stops: nothing that was acknowledged is lost, nothing that was handled stays
 * unanswered. */
#include "base/base.h"

#include "http/server.h"

#include "../../lib/expect.h"
#include "base/clock.h"
#include "stage.h"
#include "wire.h"

#include <signal.h>
#include <unistd.h>

static Stage stage;

static int64_t now_ms(void)
{
	return clock_mono_ms(clock_system());
}

typedef struct Asker {
	pthread_t thread;
	int acknowledged;
	bool is_park;
} Asker;

/* Asks until the server is gone; connects again as a client would. Reports by counting only:
 * cmocka's checks belong to the main thread. */
static void *ask_until_gone(void *arg)
{
	Asker *asker = arg;
	Str request = asker->is_park ? STR("GET /park HTTP/1.1\r\nHost: a\r\n\r\n")
				     : STR("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
	int fd;
	while ((fd = wire_connect(stage.port)) >= 0) {
		bool is_open = true;
		while (is_open && wire_try_send(fd, request)) {
			CLEANUP(wire_reply_fini) WireReply reply;
			wire_read(fd, false, &reply);
			asker->acknowledged += reply.status == 200 && reply.is_whole;
			is_open = reply.status == 200 && !wire_header(&reply, "Connection").ptr;
		}
		close(fd);
	}
	return NULL;
}

static void acknowledged_is_handled_when_stopped_under_load(void **state)
{
	(void)state;
	enum { ASKERS = 24 };
	Asker askers[ASKERS] = { 0 };
	int acknowledged = 0;
	stage_start(&stage);
	for (size_t i = 0; i < ASKERS; i++) {
		askers[i].is_park = i % 4 != 0;
		assert_int_equal(
			pthread_create(&askers[i].thread, NULL, ask_until_gone, &askers[i]), 0);
	}
	while (atomic_load(&stage.handled) < 2000)
		nanosleep(&(struct timespec){ .tv_nsec = 1000 * 1000 }, NULL);
	int64_t start_ms = now_ms();
	stage_stop(&stage);
	int64_t took_ms = now_ms() - start_ms;
	for (size_t i = 0; i < ASKERS; i++) {
		pthread_join(askers[i].thread, NULL);
		acknowledged += askers[i].acknowledged;
	}
	assert_int_equal(acknowledged, atomic_load(&stage.handled));
	assert_in_range(took_ms, 0, stage.drain_ms - 1);
	assert_int_equal(server_stats(stage.server).connections, 0);
}

static void parked_requests_are_answered_before_the_end(void **state)
{
	(void)state;
	stage_start(&stage);
	int idle = wire_connect(stage.port), parked = wire_connect(stage.port);
	wire_send_z(idle, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
	CLEANUP(wire_reply_fini) WireReply before, reply;
	wire_read(idle, false, &before);
	wire_send_z(parked, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	stage_wait_held(&stage, 1);
	/* when: the server stops while one is held */
	server_stop(stage.server);
	assert_true(wire_is_closed(idle));
	assert_int_equal(wire_connect(stage.port), -1);
	/* then: it is answered, as the last on its connection */
	stage_release(&stage);
	wire_read(parked, false, &reply);
	assert_int_equal(reply.status, 200);
	assert_str(wire_header(&reply, "Connection"), "close");
	assert_true(wire_is_closed(parked));
	stage_stop(&stage);
	close(idle);
	close(parked);
}

static void the_drain_ends_at_its_deadline(void **state)
{
	(void)state;
	stage.drain_ms = 200;
	stage_start(&stage);
	int held = wire_connect(stage.port), half = wire_connect(stage.port);
	wire_send_z(held, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	wire_send_z(half, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
	stage_wait_held(&stage, 1);
	int64_t start_ms = now_ms();
	stage_stop(&stage);
	assert_in_range(now_ms() - start_ms, 190, WIRE_PATIENCE_MS);
	/* A worker may still finish between the end of the loop and server_close. */
	stage_release(&stage);
	stage_fini(&stage);
	wire_read_to_end(held);
	wire_read_to_end(half);
	close(held);
	close(half);
	stage_init(&stage);
}

static void a_request_half_sent_may_be_completed_while_draining(void **state)
{
	(void)state;
	stage_start(&stage);
	int fd = wire_connect(stage.port);
	wire_send_z(fd, "POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n");
	wire_send_z(fd, "h");
	int first = wire_connect(
		stage.port); /* when this is held, the head of the other was read */
	wire_send_z(first, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	stage_wait_held(&stage, 1);
	server_stop(stage.server);
	wire_send_z(fd, "i");
	stage_wait_held(&stage, 2);
	stage_release(&stage);
	CLEANUP(wire_reply_fini) WireReply reply;
	wire_read(fd, false, &reply);
	assert_str(buf_str(&reply.body), "POST on 1: hi");
	close(fd);
	close(first);
}

static Server *stopped_by_signal;

static void on_signal(int number)
{
	(void)number;
	server_stop(stopped_by_signal);
}

static void a_signal_handler_may_stop_it(void **state)
{
	(void)state;
	stage_start(&stage);
	stopped_by_signal = stage.server;
	struct sigaction action = { .sa_handler = on_signal };
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	assert_int_equal(raise(SIGUSR1), 0);
	pthread_join(stage.loop, NULL);
	stage.is_running = false;
}

#define server_test(name) STAGE_TEST(name, &stage)

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(acknowledged_is_handled_when_stopped_under_load),
		server_test(parked_requests_are_answered_before_the_end),
		server_test(the_drain_ends_at_its_deadline),
		server_test(a_request_half_sent_may_be_completed_while_draining),
		server_test(a_signal_handler_may_stop_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
