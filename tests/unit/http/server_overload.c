/* More clients than there is room for: who gets in, who has to go, and that the loop neither spins
 * nor ends. Clients come from several addresses of this machine, so that they are several. */
#include "base/base.h"

#include "http/server.h"

#include "../../lib/expect.h"
#include "base/clock.h"
#include "base/metric.h"
#include "stage.h"
#include "wire.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static Stage stage;

#define ECHO "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"
#define HOLD "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n"

/* As in accept.c. */
enum { GRACE_MS = 1000 };

static int64_t now_ms(void)
{
	return clock_mono_ms(clock_system());
}

static void ask(int fd, int status)
{
	CLEANUP(wire_reply_fini) WireReply reply;
	wire_send_z(fd, ECHO);
	wire_read(fd, false, &reply);
	assert_int_equal(reply.status, status);
}

static bool is_readable(int fd, int wait_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	return poll(&poll_fd, 1, wait_ms) > 0;
}

static void at_the_maximum_whoever_idles_makes_room(void **state)
{
	(void)state;
	enum { MAX = 4 };
	int fds[MAX];
	stage.options.connections_max = MAX;
	stage_start(&stage);
	/* given: one that said nothing, one in the middle of its head, two in work */
	fds[0] = wire_connect(stage.port);
	stage_wait_connections(&stage, 1);
	fds[1] = wire_connect(stage.port);
	wire_send_z(fds[1], "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
	stage_wait_connections(&stage, 2);
	for (int i = 2; i < MAX; i++) {
		fds[i] = wire_connect(stage.port);
		wire_send_z(fds[i], HOLD);
	}
	stage_wait_held(&stage, 2);
	int64_t start_ms = now_ms();
	/* when: two more come, then: they get the places of the two that idle, after the grace */
	for (int i = 0; i < 2; i++) {
		int fd = wire_connect(stage.port);
		ask(fd, 200);
		assert_true(wire_is_closed(fds[i]));
		close(fds[i]);
		fds[i] = fd;
	}
	assert_in_range(now_ms() - start_ms, GRACE_MS - 500, WIRE_PATIENCE_MS);
	assert_int_equal(metric_value(M_HTTP_DISPLACED), 2);
	/* and what is in work is not touched */
	stage_release(&stage);
	for (int i = 2; i < MAX; i++) {
		CLEANUP(wire_reply_fini) WireReply reply;
		wire_read(fds[i], false, &reply);
		assert_int_equal(reply.status, 200);
	}
	for (int i = 0; i < MAX; i++)
		close(fds[i]);
}

static void the_client_that_holds_most_has_to_go_first(void **state)
{
	(void)state;
	stage.options.connections_max = 4;
	stage_start(&stage);
	int quiet = wire_connect_from("127.0.0.2", stage.port), greedy[3];
	stage_wait_connections(&stage, 1);
	for (size_t i = 0; i < ARRAY_LEN(greedy); i++)
		greedy[i] = wire_connect_from("127.0.0.1", stage.port);
	stage_wait_connections(&stage, 4);
	(void)is_readable(quiet, GRACE_MS + 100);
	int late = wire_connect_from("127.0.0.3", stage.port);
	ask(late, 200);
	assert_true(wire_is_closed(greedy[0]));
	/* the one that idles longest is alone of its client, and stays */
	ask(quiet, 200);
	ask(greedy[1], 200);
	close(quiet);
	close(late);
	for (size_t i = 0; i < ARRAY_LEN(greedy); i++)
		close(greedy[i]);
}

static void one_client_cannot_take_all_connections(void **state)
{
	(void)state;
	stage.options.connections_per_client_max = 2;
	stage_start(&stage);
	int first = wire_connect(stage.port), second = wire_connect(stage.port);
	wire_send_z(first, HOLD);
	stage_wait_held(&stage, 1);
	ask(second, 200);
	/* beyond its share it is told so, unasked */
	int third = wire_connect(stage.port);
	CLEANUP(wire_reply_fini) WireReply refusal;
	wire_read(third, false, &refusal);
	assert_int_equal(refusal.status, 503);
	assert_non_null(wire_header(&refusal, "Retry-After").ptr);
	assert_true(wire_is_closed(third));
	close(third);
	/* others are served */
	int other = wire_connect_from("127.0.0.2", stage.port);
	ask(other, 200);
	/* and so is it, when it gives something back, or leaves it lying for a while */
	close(second);
	stage_wait_connections(&stage, 2);
	second = wire_connect(stage.port);
	ask(second, 200);
	(void)is_readable(second, GRACE_MS + 100);
	third = wire_connect(stage.port);
	ask(third, 200);
	assert_true(wire_is_closed(second));
	close(first);
	close(second);
	close(third);
	close(other);
	stage_release(&stage);
	stage_wait_connections(&stage, 0);
}

static void trusted_proxies_and_their_clients_are_told_apart(void **state)
{
	(void)state;
	static const char held[] =
		"GET /hold HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.%d\r\n\r\n";
	const Str trusted[] = { STR("127.0.0.0/8") };
	stage.options.trusted_proxies = trusted;
	stage.options.trusted_proxy_count = 1;
	stage.options.connections_per_client_max = 2;
	stage_start(&stage);
	/* given: many connections of the proxy, two requests of one client in work */
	int fds[5];
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = wire_connect(stage.port);
	stage_wait_connections(&stage, ARRAY_LEN(fds));
	char request[128];
	for (size_t i = 0; i < 2; i++) {
		snprintf(request, sizeof request, held, 1);
		wire_send_z(fds[i], request);
	}
	stage_wait_held(&stage, 2);
	/* its third must wait, another client's first not */
	CLEANUP(wire_reply_fini) WireReply refusal;
	wire_send_z(fds[2], request);
	wire_read(fds[2], false, &refusal);
	assert_int_equal(refusal.status, 503);
	assert_non_null(wire_header(&refusal, "Retry-After").ptr);
	snprintf(request, sizeof request, held, 2);
	wire_send_z(fds[3], request);
	stage_wait_held(&stage, 3);
	/* when those are done, the first client may come again */
	stage_release(&stage);
	stage_wait_parked(&stage, 0);
	snprintf(request, sizeof request, held, 1);
	wire_send_z(fds[4], request);
	stage_wait_held(&stage, 1);
	stage_release(&stage);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
}

static int64_t cpu_ms(void)
{
	struct rusage usage;
	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000
		+ (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* A while in which nothing can happen. */
static void assert_no_spinning(void)
{
	int64_t before_ms = cpu_ms();
	nanosleep(&(struct timespec){ .tv_nsec = 400 * 1000 * 1000 }, NULL);
	assert_in_range(cpu_ms() - before_ms, 0, 120);
}

static void who_waits_outside_costs_no_time(void **state)
{
	(void)state;
	stage.options.connections_max = 1;
	stage_start(&stage);
	int in = wire_connect(stage.port);
	wire_send_z(in, HOLD);
	stage_wait_held(&stage, 1);
	int out = wire_connect(stage.port);
	assert_no_spinning();
	stage_release(&stage);
	close(in);
	ask(out, 200);
	close(out);
}

/* The lowest limit that leaves `more` descriptors to this process. */
static void descriptors_leave(int more, struct rlimit *before)
{
	int next = dup(STDIN_FILENO);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
	struct rlimit low = { .rlim_cur = (rlim_t)(next + more), .rlim_max = before->rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
}

static void without_descriptors_it_neither_spins_nor_gives_up(void **state)
{
	(void)state;
	enum { CLIENTS = 6, ROOM = 2 };
	struct rlimit before;
	int fds[CLIENTS];
	stage_start(&stage);
	/* given: descriptors for the clients' ends, and for two of ours */
	for (int i = 0; i < CLIENTS; i++)
		fds[i] = wire_socket();
	descriptors_leave(ROOM, &before);
	for (int i = 0; i < CLIENTS; i++)
		wire_connect_socket(fds[i], stage.port);
	stage_wait_connections(&stage, ROOM);
	assert_no_spinning();
	assert_int_equal(server_stats(stage.server).connections, ROOM);
	/* whoever idles makes room, so that the last are served as well */
	int64_t start_ms = now_ms();
	for (int i = CLIENTS - ROOM; i < CLIENTS; i++)
		ask(fds[i], 200);
	assert_in_range(now_ms() - start_ms, 0, WIRE_PATIENCE_MS);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
	stage_wait_connections(&stage, 0);
	assert_int_equal(wire_ask(stage.port, ECHO, NULL), 200);
}

static void a_reply_that_is_not_taken_ends_at_its_deadline(void **state)
{
	(void)state;
	stage.options.request_deadline_ms = 200;
	stage.options.slowest_bytes_per_ms = 16 * 1024;
	stage_start(&stage);
	/* given: a reply of more than the sockets hold, of which nothing is read */
	int fd = wire_connect(stage.port);
	wire_send_z(fd, "GET /text?16384000 HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(is_readable(fd, WIRE_PATIENCE_MS));
	int64_t start_ms = now_ms();
	stage_wait_connections(&stage, 0);
	assert_in_range(now_ms() - start_ms, 200 + 900, WIRE_PATIENCE_MS);
	close(fd);
}

static void what_requests_hold_together_has_a_maximum(void **state)
{
	(void)state;
	stage.options.listeners[0].requests_bytes_max = 100 * 1000;
	stage_start(&stage);
	/* given: heads and bodies of a few large requests that do not end */
	static char zeros[40 * 1000];
	int fds[3];
	memset(zeros, '0', sizeof zeros);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = wire_connect(stage.port);
		wire_send_z(
			fds[i], "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n");
		(void)wire_try_send(fds[i], (Str){ zeros, sizeof zeros });
	}
	/* the one too many is refused in the middle */
	CLEANUP(wire_reply_fini) WireReply refusal;
	wire_read(fds[2], false, &refusal);
	assert_int_equal(refusal.status, 503);
	assert_non_null(wire_header(&refusal, "Retry-After").ptr);
	assert_true(wire_is_closed(fds[2]));
	/* what was held is free again when it is over */
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	stage_wait_connections(&stage, 0);
	CLEANUP(buf_fini) Buf whole = BUF_MAX(60 * 1000);
	buf_put_z(&whole, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n");
	buf_put(&whole, (Str){ zeros, sizeof zeros });
	assert_int_equal(wire_ask(stage.port, buf_z(&whole), NULL), 200);
}

static void small_requests_do_not_feel_that_maximum(void **state)
{
	(void)state;
	enum { CLICKS = 60 };
	stage.options.listeners[0].requests_bytes_max = 4096;
	stage_start(&stage);
	int fds[CLICKS];
	for (size_t i = 0; i < CLICKS; i++) {
		fds[i] = wire_connect(stage.port);
		wire_send_z(fds[i],
			"POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 26\r\n\r\n"
			"List-Unsubscribe=One-Click");
	}
	stage_wait_held(&stage, CLICKS);
	stage_release(&stage);
	for (size_t i = 0; i < CLICKS; i++) {
		CLEANUP(wire_reply_fini) WireReply reply;
		wire_read(fds[i], false, &reply);
		assert_int_equal(reply.status, 200);
		close(fds[i]);
	}
}

static void a_client_that_only_stops_sending_costs_no_time(void **state)
{
	(void)state;
	stage.options.request_deadline_ms = 1000;
	stage_start(&stage);
	int held = wire_connect(stage.port), half = wire_connect(stage.port);
	wire_send_z(held, HOLD);
	stage_wait_held(&stage, 1);
	shutdown(held, SHUT_WR);
	wire_send_z(half, "GET /echo HTTP/1.1\r\nHost");
	shutdown(half, SHUT_WR);
	assert_no_spinning();
	/* The library may miss an end that comes along with data; the deadline does not. */
	assert_true(wire_is_closed(half));
	stage_release(&stage);
	stage_wait_connections(&stage, 0);
	close(held);
	close(half);
}

static int stage_up_and_counting(void **state)
{
	metric_reset_all();
	return stage_up(state);
}

#define server_test(name)                                                                          \
	cmocka_unit_test_prestate_setup_teardown(name, stage_up_and_counting, stage_down, &stage)

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(at_the_maximum_whoever_idles_makes_room),
		server_test(the_client_that_holds_most_has_to_go_first),
		server_test(one_client_cannot_take_all_connections),
		server_test(trusted_proxies_and_their_clients_are_told_apart),
		server_test(who_waits_outside_costs_no_time),
		server_test(without_descriptors_it_neither_spins_nor_gives_up),
		server_test(a_reply_that_is_not_taken_ends_at_its_deadline),
		server_test(what_requests_hold_together_has_a_maximum),
		server_test(small_requests_do_not_feel_that_maximum),
		server_test(a_client_that_only_stops_sending_costs_no_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
