#include "base/base.h"

#include "base/sdnotify.h"

#include "base/file.h"

#include "../../lib/expect.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The environment keeps the pointer: static. */
static char variable[200];

static void listen_address(const char *path)
{
	snprintf(variable, sizeof variable, "NOTIFY_SOCKET=%s", path);
	assert_int_equal(putenv(variable), 0);
}

static int bound_socket(const char *name, size_t len)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	memcpy(address.sun_path, name, len);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address,
				 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
		0);
	return fd;
}

static void expect_datagram(int fd, const char *want)
{
	char got[200];
	ssize_t len = recv(fd, got, sizeof got, MSG_DONTWAIT);
	assert_true(len >= 0);
	assert_str(((Str){ got, (size_t)len }), want);
}

static void nobody_listens_and_nothing_happens(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	assert_false(sdnotify("READY=1"));
	listen_address("");
	assert_false(sdnotify("READY=1"));
	listen_address("relative/path");
	assert_false(sdnotify("READY=1"));
	listen_address("/nowhere/there/is/no/socket");
	assert_false(sdnotify("READY=1"));
	char path[150];
	memset(path, 'p', sizeof path);
	path[0] = '/';
	path[sizeof path - 1] = '\0'; /* longer than a socket's name may be */
	listen_address(path);
	assert_false(sdnotify("READY=1"));
}

static void state_arrives_at_a_path(void **state)
{
	(void)state;
	char folder[] = "/tmp/optout-notify-XXXXXX";
	assert_non_null(mkdtemp(folder));
	char path[100];
	snprintf(path, sizeof path, "%s/socket", folder);
	CLEANUP(fd_close) int fd = bound_socket(path, strlen(path));
	listen_address(path);
	assert_true(sdnotify("READY=1\nSTATUS=serving"));
	assert_true(sdnotify("WATCHDOG=1"));
	expect_datagram(fd, "READY=1\nSTATUS=serving");
	expect_datagram(fd, "WATCHDOG=1");
	unlink(path);
	rmdir(folder);
}

static void state_arrives_at_an_abstract_name(void **state)
{
	(void)state;
	char name[100];
	int len = snprintf(name, sizeof name, "@optout-notify-%d", (int)getpid());
	listen_address(name);
	name[0] = '\0';
	CLEANUP(fd_close) int fd = bound_socket(name, (size_t)len);
	assert_true(sdnotify("STOPPING=1"));
	expect_datagram(fd, "STOPPING=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_listens_and_nothing_happens),
		cmocka_unit_test(state_arrives_at_a_path),
		cmocka_unit_test(state_arrives_at_an_abstract_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
