/* clicker.c: recipients' mail programs, many at once: one-click unsubscribes (RFC 8058) for
 * distinct people over connections that are kept alive, each sending its next when it has its
 * answer. Connections that end are opened again, for as long as it takes: the server may be killed
 * any time.
 *
 *     clicker PORT CONNECTIONS [endless] < paths of links, one a line
 *
 * Says on standard output what became of click N (the line it stood in, from 0):
 *     ok N              answered 2xx
 *     no N STATUS       answered otherwise
 *     lost N SENT_US    not answered; wholly sent at that time of the monotonic clock, 0: never
 *     end CLICKS        how many of them were ever sent, at the end
 * A click of an even line is sent again until it is answered 2xx, one of an odd line never. Ends
 * when all are answered; endless: begins anew with the first line then. After SIGTERM it sends no
 * more, and ends with the answers under way. */
#include "base/base.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 1024,
	CLICKS_BYTES_MAX = 256 * 1024 * 1024,
	REQUEST_BYTES_MAX = 1024,
	REPLY_BYTES_MAX = 4096,
	CONNECT_AGAIN_MS = 3, /* while nobody listens */
};

typedef struct Link {
	int fd; /* -1: not connected */
	bool is_busy;
	size_t click; /* when busy */
	int64_t sent_us;
	size_t got;
	char reply[REPLY_BYTES_MAX];
} Link;

typedef struct Clicker {
	struct sockaddr_in server;
	int epoll_fd;
	Str *paths;
	size_t count, next;
	bool is_endless;
	size_t *again; /* a stack of clicks to be sent again, before any new one: never more than
			  links */
	size_t again_count;
	Link *links;
	size_t link_count, busy_count;
	Buf out;
} Clicker;

static volatile sig_atomic_t is_stopping;

static void on_signal(int number)
{
	(void)number;
	is_stopping = 1;
}

static int64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static NORETURN void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ------------------------------------------------------------------ clicks */

static bool take_click(Clicker *self, size_t *out)
{
	bool is_done = self->next >= self->count && !self->is_endless;
	if (is_stopping || (self->again_count == 0 && is_done))
		return false;
	*out = self->again_count > 0 ? self->again[--self->again_count]
				     : self->next++ % self->count;
	return true;
}

static void give_back(Clicker *self, size_t click)
{
	if (click % 2 == 0)
		self->again[self->again_count++] = click;
}

static void link_lose(Clicker *self, Link *link)
{
	close(link->fd);
	link->fd = -1;
	if (!link->is_busy)
		return;
	buf_printf(&self->out, "lost %zu %lld\n", link->click, (long long)link->sent_us);
	give_back(self, link->click);
	link->is_busy = false;
	self->busy_count--;
}

static void link_send(Clicker *self, Link *link)
{
	char request[REQUEST_BYTES_MAX];
	if (!take_click(self, &link->click))
		return;
	int len = snprintf(request, sizeof request,
		"POST %.*s HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
		"application/x-www-form-urlencoded\r\nContent-Length: 26\r\n\r\n"
		"List-Unsubscribe=One-Click",
		STR_ARG(self->paths[link->click]));
	assert(len > 0 && (size_t)len < sizeof request);
	link->is_busy = true;
	link->got = 0;
	link->sent_us = 0;
	self->busy_count++;
	/* The socket's buffer is empty, so it takes the whole request. */
	if (send(link->fd, request, (size_t)len, MSG_NOSIGNAL) == len)
		link->sent_us = now_us();
	else
		link_lose(self, link);
}

/* ------------------------------------------------------------------ answers */

/* 0: not whole yet. */
static int whole_status(const Link *link, bool *out_is_last)
{
	Str text = { link->reply, link->got };
	ptrdiff_t end = str_find(text, STR("\r\n\r\n"));
	if (end < 0)
		return 0;
	Str head = str_sub(text, 0, (size_t)end + 2);
	int64_t body_bytes = 0, status = 0;
	Str name = STR("\r\nContent-Length: ");
	ptrdiff_t at = str_find_nocase(head, name);
	ptrdiff_t line_end = at < 0 ? -1
				    : str_find(str_from_pos(head, (size_t)at + 2), STR("\r\n"));
	if (line_end < 0
		|| !str_to_i64(
			str_sub(head, (size_t)at + name.len, (size_t)line_end + 2 - name.len), 0,
			REPLY_BYTES_MAX, &body_bytes)
		|| !str_to_i64(str_sub(head, strlen("HTTP/1.1 "), 3), 100, 999, &status)) {
		fprintf(stderr, "clicker: an answer without status and length: %.*s\n",
			STR_ARG(head));
		exit(1);
	}
	if (text.len < (size_t)end + 4 + (size_t)body_bytes)
		return 0;
	*out_is_last = str_find_nocase(head, STR("\r\nConnection: close\r\n")) >= 0;
	return (int)status;
}

static void link_answered(Clicker *self, Link *link, int status, bool is_last)
{
	if (status / 100 == 2) {
		buf_printf(&self->out, "ok %zu\n", link->click);
	} else {
		buf_printf(&self->out, "no %zu %d\n", link->click, status);
		give_back(self, link->click);
	}
	link->is_busy = false;
	self->busy_count--;
	if (is_last)
		link_lose(self, link);
	else
		link_send(self, link);
}

static void link_read(Clicker *self, Link *link)
{
	ssize_t got = recv(
		link->fd, link->reply + link->got, sizeof link->reply - link->got, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		link_lose(self, link);
		return;
	}
	link->got += (size_t)got;
	bool is_last = false;
	int status = link->is_busy ? whole_status(link, &is_last) : 0;
	if (status)
		link_answered(self, link, status, is_last);
}

/* ------------------------------------------------------------- connections */

static bool link_open(Clicker *self, Link *link)
{
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	if (connect(fd, (const void *)&self->server, sizeof self->server) != 0) {
		close(fd);
		return false;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = link } };
	if (epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		die("epoll_ctl");
	link->fd = fd;
	link_send(self, link);
	return true;
}

/* True when all are connected. The first that is refused speaks for the others. */
static bool links_open(Clicker *self)
{
	for (size_t i = 0; i < self->link_count && !is_stopping; i++)
		if (self->links[i].fd < 0 && !link_open(self, &self->links[i]))
			return false;
	return true;
}

static void say(Clicker *self)
{
	Str left = buf_str(&self->out);
	while (left.len > 0) {
		ssize_t put = write(STDOUT_FILENO, left.ptr, left.len);
		if (put < 0 && errno != EINTR)
			die("standard output");
		left = str_from_pos(left, put > 0 ? (size_t)put : 0);
	}
	buf_reset(&self->out);
}

static bool is_over(const Clicker *self)
{
	bool is_done = self->next >= self->count && self->again_count == 0;
	return self->busy_count == 0 && (is_stopping || (is_done && !self->is_endless));
}

static void run(Clicker *self)
{
	struct epoll_event events[CONNECTIONS_MAX];
	while (!is_over(self)) {
		bool is_connected = links_open(self);
		int count = epoll_wait(self->epoll_fd, events, CONNECTIONS_MAX,
			is_connected ? 100 : CONNECT_AGAIN_MS);
		for (int i = 0; i < count; i++)
			link_read(self, events[i].data.ptr);
		say(self);
	}
	buf_printf(&self->out, "end %zu\n", MIN_OF(self->next, self->count));
	say(self);
}

/* ------------------------------------------------------------------- start */

static void read_paths(Clicker *self, Buf *text)
{
	ssize_t got;
	do {
		char *room = buf_room(text, 64 * 1024);
		if (!room)
			die("standard input is too long");
		got = read(STDIN_FILENO, room, 64 * 1024);
		buf_grow(text, got > 0 ? (size_t)got : 0);
	} while (got > 0);
	size_t lines = 0;
	for (size_t i = 0; i < text->len; i++)
		lines += text->ptr[i] == '\n';
	self->paths = xcalloc(lines + 1, sizeof *self->paths);
	Str rest = buf_str(text);
	while (self->count < lines && str_split(&rest, '\n', &self->paths[self->count]))
		self->count++;
}

int main(int argc, char **argv)
{
	int64_t port = 0, connections = 0;
	if (argc < 3 || !str_to_i64(str_from(argv[1]), 1, UINT16_MAX, &port)
		|| !str_to_i64(str_from(argv[2]), 1, CONNECTIONS_MAX, &connections)) {
		fputs("usage: clicker PORT CONNECTIONS [endless] < PATHS\n", stderr);
		return 2;
	}
	Clicker self = {
		.server = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) },
		.epoll_fd = epoll_create1(EPOLL_CLOEXEC),
		.is_endless = argc > 3,
		.link_count = (size_t)connections,
		.again = xcalloc((size_t)connections, sizeof(size_t)),
		.out = BUF_MAX(CLICKS_BYTES_MAX),
	};
	self.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (self.epoll_fd < 0)
		die("epoll_create1");
	struct sigaction stop = { .sa_handler = on_signal };
	sigaction(SIGTERM, &stop, NULL);
	CLEANUP(buf_fini) Buf text = BUF_MAX(CLICKS_BYTES_MAX);
	read_paths(&self, &text);
	self.links = xcalloc(self.link_count, sizeof *self.links);
	for (size_t i = 0; i < self.link_count; i++)
		self.links[i].fd = -1;
	run(&self);
	for (size_t i = 0; i < self.link_count; i++)
		if (self.links[i].fd >= 0)
			close(self.links[i].fd);
	close(self.epoll_fd);
	free(self.paths);
	free(self.again);
	free(self.links);
	buf_fini(&self.out);
	return 0;
}
