/* Where a server listens: addresses, Unix sockets, several at once. */
#include "base/base.h"

#include "http/listen.h"

#include "../../lib/expect.h"
#include "stage.h"
#include "wire.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static Stage stage;

static void each_listener_has_its_tag_and_limits(void **state)
{
	(void)state;
	char dir[] = "/tmp/optout-http-XXXXXX", path[64], address[80];
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/sock", dir);
	snprintf(address, sizeof address, "unix:%s", path);
	stage.options.listeners[1] =
		(ServerListener){ .address = STR("[::1]:0"), .tag = 2, .body_bytes_max = 1 };
	stage.options.listeners[2] =
		(ServerListener){ .address = str_from(address), .tag = 3, .body_bytes_max = 100 };
	stage.options.listener_count = 3;
	stage_start(&stage);

	static const char request[] =
		"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
	CLEANUP(buf_fini) Buf body = BUF_MAX(100);
	assert_int_equal(wire_ask(stage.port, request, &body), 200);
	assert_str(buf_str(&body), "POST on 1: hi");
	assert_true(server_port(stage.server, 1) > 0);
	assert_int_equal(server_port(stage.server, 2), 0);

	struct stat info;
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	int fd = wire_connect_unix(path);
	CLEANUP(wire_reply_fini) WireReply reply, client;
	wire_send_z(fd, request);
	wire_read(fd, false, &reply);
	assert_str(buf_str(&reply.body), "POST on 3: hi");
	wire_send_z(fd, "GET /client HTTP/1.1\r\nHost: a\r\n\r\n");
	wire_read(fd, false, &client);
	assert_str(buf_str(&client.body), "unix unix");
	close(fd);
	stage_stop(&stage);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void only_a_stale_socket_file_is_replaced(void **state)
{
	(void)state;
	char dir[] = "/tmp/optout-http-XXXXXX", path[64], address[80];
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/sock", dir);
	snprintf(address, sizeof address, "unix:%s", path);
	/* given: the file of a process that has died */
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	assert_true(str_copy(str_from(path), at.sun_path, sizeof at.sun_path));
	int dead = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(dead, (const void *)&at, sizeof at), 0);
	close(dead);
	stage.options.listeners[0].address = str_from(address);
	stage_start(&stage);
	/* when: a second server wants the same path */
	Server *second = NULL;
	Err err;
	assert_false(server_open(&stage.options, &second, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_has(str_from(err.text), path);
	/* then: the first still serves there */
	int fd = wire_connect_unix(path);
	CLEANUP(wire_reply_fini) WireReply reply;
	wire_send_z(fd, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
	wire_read(fd, false, &reply);
	assert_int_equal(reply.status, 200);
	close(fd);
	stage_stop(&stage);
	assert_int_equal(rmdir(dir), 0);
}

static void bad_addresses_are_input_errors(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "8080", "127.0.0.1", "127.0.0.1:", "localhost:80",
		"127.0.0.1:65536", "::1:80", "[::1]", "unix:" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		Server *server = NULL;
		Err err = { 0 };
		stage.options.listeners[0].address = str_from(bad[i]);
		assert_false(server_open(&stage.options, &server, &err));
		assert_int_equal(err.kind, ERR_INPUT);
	}
	stage.options.listeners[0].address = STR("127.0.0.1:0");
	stage_start(&stage);
	char taken[32];
	snprintf(taken, sizeof taken, "127.0.0.1:%d", stage.port);
	Server *server = NULL;
	Err err = { 0 };
	stage.options.listeners[0].address = str_from(taken);
	assert_false(server_open(&stage.options, &server, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
}

#define server_test(name) STAGE_TEST(name, &stage)

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(each_listener_has_its_tag_and_limits),
		server_test(only_a_stale_socket_file_is_replaced),
		server_test(bad_addresses_are_input_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
