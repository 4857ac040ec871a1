#include "base/base.h"

#include "answers.h"

#include "../lib/expect.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

/* ------------------------------------------------- what each path answers */

static const Answer answers[] = {
	{ .path = "/json", .status = 200, .type = "application/json", .body = "{\"a\":1}" },
	{ .path = "/chunked",
		.status = 200,
		.type = "text/csv",
		.body = "\"Id\"\n",
		.chunked = true },
	{ .path = "/html", .status = 503, .type = "text/html", .body = "<html>down</html>" },
	{ .path = "/none", .status = 204, .type = NULL, .body = "" },
	{ .path = "/moved", .status = 302, .type = NULL, .body = "" },
	{ .path = "/cut", .status = 200, .type = "text/csv", .body = "\"Id\"\n", .manner = CUT },
	{ .path = "/cut-chunked",
		.status = 200,
		.type = "text/csv",
		.body = "\"Id\"\n",
		.manner = CUT_CHUNKED,
		.chunked = true },
	{ .path = "/reset", .status = 200, .manner = RESET },
	{ .path = "/silent", .status = 200, .manner = SILENT },
	{ .path = "/drip", .status = 200, .type = "text/csv", .body = "x", .manner = DRIP },
	{ .path = "/slow", .status = 200, .type = "text/csv", .body = "slow", .delay_ms = 300 },
	{ .path = "/huge", .status = 200, .type = "text/csv", .body = "huge" },
	{ .path = "/gzip", .status = 200, .type = "text/csv", .body = "gzipped", .gzip = true },
	{ .path = "/gzip-huge", .status = 200, .type = "text/csv", .body = "huge", .gzip = true },
	{ .path = "/echo", .status = 200, .type = "text/plain", .body = "echo" },
};

const Answer *answer_for(Str path)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		if (str_eq(path, str_from(answers[i].path)))
			return &answers[i];
	}
	return NULL;
}

/* The body, with the long and the echoed ones filled in. */
static void put_body(const Answer *answer, Str method, Str seen_header, Str body, Buf *out)
{
	if (strcmp(answer->body ? answer->body : "", "huge") == 0) {
		for (int i = 0; i < HUGE_BYTES / 8; i++)
			buf_put_z(out, "01234567");
	} else if (strcmp(answer->path, "/echo") == 0) {
		buf_printf(out, "%.*s|%.*s|%.*s", STR_ARG(method), STR_ARG(seen_header),
			STR_ARG(body));
	} else {
		buf_put_z(out, answer->body ? answer->body : "");
	}
}

/* ------------------------------------------------------------ the server */

typedef struct Peer {
	Server *server;
	int fd;
} Peer;

static void send_all(int fd, Str bytes)
{
	while (bytes.len > 0) {
		ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		bytes = str_from_pos(bytes, (size_t)sent);
	}
}

void pause_ms(int ms)
{
	struct timespec time = { ms / 1000, (ms % 1000) * 1000000L };
	nanosleep(&time, NULL);
}

/* Until the client has hung up. */
static void wait_for_hang_up(int fd)
{
	char byte;
	while (recv(fd, &byte, 1, 0) > 0) {}
}

static void gzip_into(Str plain, Buf *out)
{
	z_stream stream = { 0 };
	if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	size_t room = deflateBound(&stream, plain.len);
	unsigned char *copy = malloc(plain.len);
	memcpy(copy, plain.ptr, plain.len);
	stream.next_in = copy;
	stream.avail_in = (unsigned)plain.len;
	stream.next_out = (unsigned char *)buf_room(out, room);
	stream.avail_out = (unsigned)room;
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort();
	buf_grow(out, stream.total_out);
	deflateEnd(&stream);
	free(copy);
}

static void send_answer(int fd, const Answer *answer, Str body)
{
	CLEANUP(buf_fini) Buf packed = BUF_MAX(HUGE_BYTES * 2);
	CLEANUP(buf_fini) Buf head = BUF_MAX(4096);
	if (answer->gzip) {
		gzip_into(body, &packed);
		body = buf_str(&packed);
	}
	buf_printf(&head,
		"HTTP/1.1 %d Status\r\nX-Twice: one\r\nX-Twice: two\r\nX-Blank:  a b \r\n",
		answer->status);
	if (answer->type)
		buf_printf(&head, "content-TYPE: %s\r\n", answer->type);
	if (answer->gzip)
		buf_put_z(&head, "Content-Encoding: gzip\r\n");
	if (answer->status == 302)
		buf_put_z(&head, "Location: /json\r\n");
	if (answer->chunked)
		buf_printf(&head, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", body.len);
	else if (answer->status == 204)
		buf_put_z(&head, "\r\n");
	else
		buf_printf(&head, "Content-Length: %zu\r\n\r\n",
			body.len + (answer->manner == CUT ? 100 : 0));
	send_all(fd, buf_str(&head));
	if (answer->manner == DRIP) {
		wait_for_hang_up(fd); /* the head came, the body never does */
		return;
	}
	send_all(fd, body);
	if (answer->chunked)
		send_all(fd, answer->manner == CUT_CHUNKED ? STR("\r\n") : STR("\r\n0\r\n\r\n"));
}

static Str header_of(Str head, const char *name)
{
	Str line;
	while (str_split(&head, '\n', &line)) {
		ptrdiff_t colon = str_find_char(line, ':', 0);
		if (colon > 0 && str_eq_nocase(str_sub(line, 0, (size_t)colon), str_from(name)))
			return str_trim(str_from_pos(line, (size_t)colon + 1));
	}
	return STR("");
}

static void send_reset(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* False: the connection ends. */
static bool serve_one(int fd, Str head, Str body)
{
	Str rest = head, method, path;
	str_split(&rest, ' ', &method);
	str_split(&rest, ' ', &path);
	const Answer *answer = answer_for(path);
	CLEANUP(buf_fini) Buf text = BUF_MAX(HUGE_BYTES + 1024);
	if (!answer)
		return false;
	if (answer->manner == RESET) {
		send_reset(fd);
		return false;
	}
	if (answer->manner == SILENT) {
		wait_for_hang_up(fd);
		return false;
	}
	pause_ms(answer->delay_ms);
	put_body(answer, method, header_of(head, "X-Test"), body, &text);
	send_answer(fd, answer, buf_str(&text));
	return answer->manner == WHOLE;
}

static bool read_more(int fd, Buf *in)
{
	enum { TLS_HANDSHAKE = 0x16 };
	char *room = buf_room(in, 4096);
	ssize_t got = room ? recv(fd, room, 4096, 0) : 0;
	if (got > 0 && in->len == 0 && room[0] == TLS_HANDSHAKE)
		return false;
	if (got > 0)
		buf_grow(in, (size_t)got);
	return got > 0;
}

static void *peer_main(void *arg)
{
	Peer peer = *(Peer *)arg;
	free(arg);
	CLEANUP(buf_fini) Buf in = BUF_MAX(1024 * 1024);
	for (bool goes_on = true; goes_on;) {
		ptrdiff_t end;
		while ((end = str_find(buf_str(&in), STR("\r\n\r\n"))) < 0 && goes_on)
			goes_on = read_more(peer.fd, &in);
		if (end < 0)
			break;
		size_t head_len = (size_t)end + 4;
		int64_t body_len = 0;
		Str length = header_of(str_sub(buf_str(&in), 0, head_len), "Content-Length");
		if (length.len > 0 && !str_to_i64(length, 0, 1024 * 1024, &body_len))
			break;
		while (in.len < head_len + (size_t)body_len && goes_on)
			goes_on = read_more(peer.fd, &in);
		goes_on = goes_on
			&& serve_one(peer.fd, str_sub(buf_str(&in), 0, head_len),
				str_sub(buf_str(&in), head_len, (size_t)body_len));
		buf_consume(&in, MIN_OF(in.len, head_len + (size_t)body_len));
	}
	close(peer.fd);
	return NULL;
}

static void *server_main(void *arg)
{
	Server *server = arg;
	int count = 0;
	while (count < (int)ARRAY_LEN(server->peers)) {
		int fd = accept(server->fd, NULL, NULL);
		if (fd < 0 || atomic_load(&server->is_closing)) {
			if (fd >= 0)
				close(fd);
			break;
		}
		atomic_fetch_add(&server->connections, 1);
		Peer *peer = malloc(sizeof *peer);
		*peer = (Peer){ server, fd };
		pthread_create(&server->peers[count++], NULL, peer_main, peer);
	}
	for (int i = 0; i < count; i++)
		pthread_join(server->peers[i], NULL);
	return NULL;
}

int listen_somewhere(int *out_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*out_port = ntohs(address.sin_port);
	return fd;
}

void server_open(Server *server)
{
	server->fd = listen_somewhere(&server->port);
	pthread_create(&server->thread, NULL, server_main, server);
}

void server_close(Server *server)
{
	atomic_store(&server->is_closing, true);
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
		.sin_port = htons((uint16_t)server->port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* wakes accept */
	connect(fd, (struct sockaddr *)&address, sizeof address);
	pthread_join(server->thread, NULL);
	close(fd);
	close(server->fd);
}

/* ------------------------------------------------- the in-process handler */

void answer_in_process(void *ctx, const TransportRequest *request, TransportReply *reply)
{
	(void)ctx;
	ptrdiff_t at = str_find_char(request->url, '/', sizeof "http://" - 1);
	const Answer *answer = answer_for(str_from_pos(request->url, (size_t)at));
	if (!answer || answer->manner != WHOLE) {
		inproc_fail(reply, TRANSPORT_UNKNOWN, "the line is dead");
		return;
	}
	TransportHeader headers[4] = { { STR("X-Twice"), STR("one") },
		{ STR("X-Twice"), STR("two") }, { STR("X-Blank"), STR("a b") } };
	size_t count = 3;
	if (answer->type)
		headers[count++] = (TransportHeader){ STR("content-TYPE"), str_from(answer->type) };
	Str seen = STR("");
	for (size_t i = 0; i < request->header_count; i++) {
		if (str_eq_nocase(request->headers[i].name, STR("X-Test")))
			seen = request->headers[i].value;
	}
	CLEANUP(buf_fini) Buf text = BUF_MAX(HUGE_BYTES + 1024);
	put_body(answer, str_from(request->method), seen, request->body, &text);
	inproc_answer(reply, answer->status, headers, count, buf_str(&text));
}
