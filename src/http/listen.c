#include "base/base.h"

#include "http/listen.h"

#include "base/alloc.h"
#include "base/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Connections that the kernel holds for us while the loop is busy; the kernel cuts it to its own
 * maximum. */
enum { BACKLOG = 1024 };

static bool fail(Err *err, const char *what, Str address)
{
	int number = errno;
	ErrKind kind = number == EADDRINUSE ? ERR_CONFLICT : ERR_FATAL;
	return ERR_CODE(err, kind, number, "cannot %s \"%.*s\": %s", what, STR_ARG(address),
		strerror(number));
}

static int socket_new(int family)
{
	return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* A file that no process listens on is left over from a crash. */
static bool stale_file_remove(const SocketAddress *at, Err *err)
{
	const char *path = at->local.sun_path;
	Str name = str_from(path);
	struct stat info;
	if (lstat(path, &info) != 0)
		return errno == ENOENT || fail(err, "look at", name);
	if (!S_ISSOCK(info.st_mode))
		return ERR(err, ERR_INPUT, "\"%s\" exists and is not a socket; move it away", path);
	CLEANUP(fd_close) int probe = socket_new(AF_UNIX);
	if (probe < 0)
		return fail(err, "make a socket for", name);
	if (connect(probe, &at->any, sizeof at->local) == 0 || errno == EAGAIN)
		return ERR(err, ERR_CONFLICT, "another process listens on \"%s\"", path);
	if (unlink(path) != 0 && errno != ENOENT)
		return fail(err, "remove the old socket", name);
	return true;
}

static bool unix_open(Str path, ListenSocket *out, Err *err)
{
	SocketAddress at = { .local = { .sun_family = AF_UNIX } };
	if (path.len == 0 || !str_copy(path, at.local.sun_path, sizeof at.local.sun_path))
		return ERR(err, ERR_INPUT, "a socket path has 1 to %zu bytes",
			sizeof at.local.sun_path - 1);
	if (!stale_file_remove(&at, err))
		return false;
	CLEANUP(fd_close) int fd = socket_new(AF_UNIX);
	if (fd < 0 || bind(fd, &at.any, sizeof at.local) != 0)
		return fail(err, "listen on", path);
	/* Nobody can connect before listen(), so the mode is right from the first moment on. */
	if (chmod(at.local.sun_path, S_IRUSR | S_IWUSR) != 0 || listen(fd, BACKLOG) != 0) {
		bool failed = fail(err, "listen on", path);
		unlink(at.local.sun_path);
		return failed;
	}
	*out = (ListenSocket){ .fd = fd, .unix_path = xstrndup(path.ptr, path.len) };
	fd = -1;
	return true;
}

static bool tcp_parse(Str address, SocketAddress *out, socklen_t *out_len, Err *err)
{
	char host[INET6_ADDRSTRLEN];
	int64_t port;
	size_t at = address.len;
	while (at > 0 && address.ptr[at - 1] != ':')
		at--;
	Str name = str_sub(address, 0, at > 0 ? at - 1 : 0);
	bool is_v6 = str_starts(name, STR("[")) && str_ends(name, STR("]"));
	if (is_v6)
		name = str_sub(name, 1, name.len - 2);
	*out = (SocketAddress){ 0 };
	void *to = is_v6 ? (void *)&out->v6.sin6_addr : (void *)&out->v4.sin_addr;
	if (!str_to_i64(str_from_pos(address, at), 0, UINT16_MAX, &port)
		|| !str_copy(name, host, sizeof host)
		|| inet_pton(is_v6 ? AF_INET6 : AF_INET, host, to) != 1)
		return ERR(err, ERR_INPUT,
			"\"%.*s\" is not an address to listen on; write 127.0.0.1:8080, [::1]:8080 "
			"or unix:/path",
			STR_ARG(address));
	out->any.sa_family = is_v6 ? AF_INET6 : AF_INET;
	*(is_v6 ? &out->v6.sin6_port : &out->v4.sin_port) = htons((uint16_t)port);
	*out_len = is_v6 ? sizeof out->v6 : sizeof out->v4;
	return true;
}

static bool tcp_open(Str address, ListenSocket *out, Err *err)
{
	SocketAddress at;
	socklen_t len;
	const int on = 1;
	if (!tcp_parse(address, &at, &len, err))
		return false;
	CLEANUP(fd_close) int fd = socket_new(at.any.sa_family);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0
		|| (at.any.sa_family == AF_INET6
			&& setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
		|| bind(fd, &at.any, len) != 0 || listen(fd, BACKLOG) != 0
		|| getsockname(fd, &at.any, &len) != 0)
		return fail(err, "listen on", address);
	uint16_t port = at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port;
	*out = (ListenSocket){ .fd = fd, .port = ntohs(port) };
	fd = -1;
	return true;
}

bool listen_open(Str address, ListenSocket *out, Err *err)
{
	if (str_starts(address, STR("unix:")))
		return unix_open(str_from_pos(address, strlen("unix:")), out, err);
	return tcp_open(address, out, err);
}

void listen_fini(ListenSocket *listening)
{
	if (listening->unix_path)
		unlink(listening->unix_path);
	free(listening->unix_path);
	listening->unix_path = NULL;
	fd_close(&listening->fd);
	listening->fd = -1;
}

bool listen_has_arrival(const ListenSocket *listening)
{
	struct pollfd poll_fd = { .fd = listening->fd, .events = POLLIN };
	return poll(&poll_fd, 1, 0) > 0;
}

/* False: not an IP socket. */
static bool address_of(const SocketAddress *at, IpAddress *out)
{
	IpAddress address = { .bytes = { [10] = 0xff, [11] = 0xff } };
	if (at->any.sa_family == AF_INET)
		memcpy(address.bytes + 12, &at->v4.sin_addr, 4);
	else if (at->any.sa_family == AF_INET6)
		memcpy(address.bytes, &at->v6.sin6_addr, sizeof address.bytes);
	else
		return false;
	*out = address;
	return true;
}

int listen_accept(const ListenSocket *listening, Arrival *out)
{
	Arrival arrival = { .socket_address_len = sizeof arrival.socket_address };
	arrival.fd = accept4(listening->fd, &arrival.socket_address.any,
		&arrival.socket_address_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (arrival.fd < 0)
		return errno;
	arrival.is_ip = address_of(&arrival.socket_address, &arrival.address);
	*out = arrival;
	return 0;
}
