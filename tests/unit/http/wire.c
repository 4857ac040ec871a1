#include "base/base.h"

#include "wire.h"

#include "../../lib/expect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int socket_new(int family)
{
	const struct timeval patience = { .tv_sec = WIRE_PATIENCE_MS / 1000 };
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	return fd;
}

static int connected(int fd, const struct sockaddr *at, socklen_t len)
{
	if (connect(fd, at, len) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int connected_to_port(int fd, int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connected(fd, (const void *)&at, sizeof at);
}

int wire_connect(int port)
{
	return connected_to_port(socket_new(AF_INET), port);
}

int wire_connect_from(const char *address, int port)
{
	int fd = socket_new(AF_INET);
	struct sockaddr_in from = { .sin_family = AF_INET };
	assert_int_equal(inet_pton(AF_INET, address, &from.sin_addr), 1);
	assert_int_equal(bind(fd, (const void *)&from, sizeof from), 0);
	return connected_to_port(fd, port);
}

int wire_socket(void)
{
	return socket_new(AF_INET);
}

void wire_connect_socket(int fd, int port)
{
	assert_int_equal(connected_to_port(fd, port), fd);
}

int wire_connect_unix(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	assert_true(str_copy(str_from(path), at.sun_path, sizeof at.sun_path));
	return connected(socket_new(AF_UNIX), (const void *)&at, sizeof at);
}

bool wire_try_send(int fd, Str bytes)
{
	while (bytes.len > 0) {
		ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
		if (sent < 0)
			return false;
		bytes = str_from_pos(bytes, (size_t)sent);
	}
	return true;
}

void wire_send(int fd, Str bytes)
{
	assert_true(wire_try_send(fd, bytes));
}

void wire_send_z(int fd, const char *text)
{
	wire_send(fd, str_from(text));
}

/* Bytes received; 0 at the end, -1 after a reset. */
static ssize_t receive(int fd, char *to, size_t len)
{
	ssize_t got = recv(fd, to, len, 0);
	if (got < 0 && errno == EAGAIN)
		fail_msg("no reply within %d ms", WIRE_PATIENCE_MS);
	return got;
}

/* Byte by byte, so that nothing of the next reply is taken. */
static bool head_read(int fd, WireReply *out)
{
	char c;
	ssize_t got;
	buf_reset(&out->head);
	while ((got = receive(fd, &c, 1)) == 1) {
		buf_put_char(&out->head, c);
		if (c == '\n' && str_ends(buf_str(&out->head), STR("\r\n\r\n")))
			return true;
	}
	out->status = got < 0 ? -1 : 0;
	return false;
}

Str wire_header(const WireReply *reply, const char *name)
{
	Str rest = buf_str(&reply->head), line;
	while (str_split(&rest, '\n', &line)) {
		ptrdiff_t colon = str_find_char(line, ':', 0);
		if (colon > 0 && str_eq_nocase(str_sub(line, 0, (size_t)colon), str_from(name)))
			return str_trim(str_from_pos(line, (size_t)colon + 1));
	}
	return STR_NONE;
}

static void body_read(int fd, size_t len, WireReply *out)
{
	while (out->body.len < len) {
		char *to = buf_room(&out->body, len - out->body.len);
		assert_non_null(to);
		ssize_t got = receive(fd, to, len - out->body.len);
		if (got <= 0)
			return;
		buf_grow(&out->body, (size_t)got);
	}
	out->is_whole = true;
}

void wire_read(int fd, bool is_head, WireReply *out)
{
	int64_t status = 0, len = 0;
	*out = (WireReply){ .head = BUF_MAX(64 * 1024), .body = BUF_MAX(WIRE_BYTES_MAX) };
	do {
		if (!head_read(fd, out))
			return;
		Str first = buf_str(&out->head);
		assert_true(str_to_i64(str_sub(first, strlen("HTTP/1.1 "), 3), 100, 999, &status));
	} while (status == 100);
	Str declared = wire_header(out, "Content-Length");
	if (declared.ptr)
		assert_true(str_to_i64(declared, 0, WIRE_BYTES_MAX, &len));
	out->status = (int)status;
	body_read(fd, is_head ? 0 : (size_t)len, out);
}

void wire_reply_fini(WireReply *reply)
{
	buf_fini(&reply->head);
	buf_fini(&reply->body);
}

bool wire_is_closed(int fd)
{
	char c;
	return receive(fd, &c, 1) <= 0;
}

void wire_read_to_end(int fd)
{
	char bytes[4096];
	while (receive(fd, bytes, sizeof bytes) > 0)
		continue;
}

int wire_ask(int port, const char *request, Buf *body)
{
	int fd = wire_connect(port);
	assert_true(fd >= 0);
	wire_send_z(fd, request);
	CLEANUP(wire_reply_fini) WireReply reply;
	wire_read(fd, false, &reply);
	if (body)
		buf_put(body, buf_str(&reply.body));
	close(fd);
	return reply.status;
}
