/* The live server over a socket (http/server.h): what arrives in one connection is answered in good
 * order, and what reaches the handler is what a strict second reading of the same bytes finds, so
 * that no proxy before us can see other requests than we do (RFC 9112 11.2); or else it is the last
 * of its connection. A NUL at the start of
 * the input asks for pieces: the next byte is their size. */
#include "base/base.h"

#include "base/alloc.h"
#include "base/log.h"
#include "fuzz.h"
#include "http/reply.h"
#include "http/server.h"

#include <errno.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	REQUESTS_MAX = 64, /* in one input */
	BODY_BYTES_MAX = 512,
	REPLY_BYTES_MAX = 1024 * 1024,
	PATIENCE_S = 20, /* ten times what the server's own deadlines allow */
};

/* One request, as handled or as read a second time. */
typedef struct Request {
	Str method, target, body;
} Request;

typedef struct Requests {
	Request items[REQUESTS_MAX];
	size_t count;
	Arena arena;
} Requests;

static char folder[64], path[128];
static Server *server;
static pthread_t loop;
static pthread_mutex_t handled_lock = PTHREAD_MUTEX_INITIALIZER;
static Requests handled;

static void requests_reset(Requests *requests)
{
	requests->count = 0;
	arena_reset(&requests->arena);
}

static void note(Requests *requests, Str method, Str target, Str body)
{
	MUST(requests->count < REQUESTS_MAX);
	requests->items[requests->count++] = (Request){ arena_str(&requests->arena, method),
		arena_str(&requests->arena, target), arena_str(&requests->arena, body) };
}

static void handle(void *ctx, HttpExchange *exchange)
{
	(void)ctx;
	const HttpRequest *request = &exchange->request;
	Str target = request->query.len ? arena_printf(&exchange->arena, "%.*s?%.*s",
			     STR_ARG(request->path), STR_ARG(request->query))
					: request->path;
	MUST(request->body.len <= BODY_BYTES_MAX && http_is_token(request->method_name));
	pthread_mutex_lock(&handled_lock);
	note(&handled, request->method_name, target, request->body);
	pthread_mutex_unlock(&handled_lock);
	reply_text(exchange, 200, STR("seen\n"));
}

static void *run_loop(void *unused)
{
	(void)unused;
	server_run(server, 1000);
	return NULL;
}

static void stop(void)
{
	server_stop(server);
	pthread_join(loop, NULL);
	server_close(&server);
	rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	Err err;
	const char *temporary = getenv("TMPDIR");
	log_init(&(LogOptions){ .level = LOG_ERROR });
	arena_init(&handled.arena, (size_t)16 * 1024 * 1024);
	snprintf(folder, sizeof folder, "%.40s/fuzz-XXXXXX", temporary ? temporary : "/tmp");
	MUST(mkdtemp(folder));
	snprintf(path, sizeof path, "unix:%s/socket", folder);
	ServerOptions options = { .listeners = { { .address = str_from(path),
					  .tag = 1,
					  .body_bytes_max = BODY_BYTES_MAX } },
		.listener_count = 1,
		.handle = handle,
		.connections_max = 16,
		.parked_max = 1,
		.idle_timeout_ms = 1000,
		.request_deadline_ms = 1000,
		.parked_deadline_ms = 1000 };
	MUST(server_open(&options, &server, &err));
	MUST(pthread_create(&loop, NULL, run_loop, NULL) == 0);
	atexit(stop);
	return 0;
}

/* ----------------------------------------------------- the second reading */

/* Ends with LF, with or without a CR before. NULs at the end are none of the line: the library
 * writes NULs over line ends, so that these look the same. False: there is no whole line. */
static bool take_line(Str *rest, Str *out)
{
	ptrdiff_t end = str_find_char(*rest, '\n', 0);
	if (end < 0)
		return false;
	*out = str_sub(*rest, 0, (size_t)end);
	*rest = str_from_pos(*rest, (size_t)end + 1);
	if (str_ends(*out, STR("\r")))
		out->len--;
	while (str_ends(*out, STR("\0")))
		out->len--;
	return true;
}

typedef struct Framing {
	bool is_1_1, has_length, is_chunked, has_host;
	int64_t length;
} Framing;

/* No byte that somebody could take for the end of a line, or of a string. */
static bool is_clean(Str value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* Each of these once, and not both lengths. */
static bool take_framing(Str name, Str value, Framing *out)
{
	bool is_length = str_eq_nocase(name, STR("Content-Length"));
	bool is_encoding = str_eq_nocase(name, STR("Transfer-Encoding"));
	bool is_host = str_eq_nocase(name, STR("Host"));
	bool is_second = is_host ? out->has_host : out->has_length || out->is_chunked;
	out->has_length |= is_length;
	out->is_chunked |= is_encoding;
	out->has_host |= is_host;
	if (!is_length && !is_encoding && !is_host)
		return true;
	if (is_second)
		return false;
	if (is_length)
		return value.len > 0 && ascii_is_digit(value.ptr[0])
			&& str_to_i64(value, 0, INT64_MAX, &out->length);
	return is_host || (out->is_1_1 && str_eq_nocase(value, STR("chunked")));
}

static bool take_header(Str line, Framing *out)
{
	Str name, value = line;
	(void)str_split(&value, ':', &name);
	value = str_trim(value);
	return http_is_token(name) && value.ptr && is_clean(value)
		&& take_framing(name, value, out);
}

static bool take_chunk_size(Str *rest, size_t *out)
{
	Str line, digits;
	*out = 0;
	if (!take_line(rest, &line) || !str_split(&line, ';', &digits))
		return false;
	digits = str_trim(digits);
	for (size_t i = 0; i < digits.len; i++) {
		char c = ascii_lower(digits.ptr[i]);
		bool is_letter = c >= 'a' && c <= 'f';
		if ((!ascii_is_digit(c) && !is_letter) || *out > SIZE_MAX / 32)
			return false;
		*out = *out * 16 + (size_t)(is_letter ? c - 'a' + 10 : c - '0');
	}
	return digits.len > 0;
}

static bool take_chunked(Str *rest, Buf *out)
{
	for (size_t size = 1; size > 0;) {
		Str line;
		if (!take_chunk_size(rest, &size) || size > rest->len)
			return false;
		buf_put(out, str_sub(*rest, 0, size));
		*rest = str_from_pos(*rest, size);
		/* After the last chunk: trailers, and an empty line. */
		do {
			if (!take_line(rest, &line))
				return false;
		} while (size == 0 && line.len > 0);
		if (line.len > 0)
			return false;
	}
	return true;
}

/* The method ends at the first blank, the version begins behind the last one. */
static bool take_request_line(Str *rest, Request *out, Framing *framing)
{
	Str line, version;
	do { /* RFC 9112 2.2: an empty line before is forgiven; to the library a NUL makes one */
		if (!take_line(rest, &line))
			return false;
	} while (line.len == 0 || line.ptr[0] == '\0');
	size_t last = line.len;
	while (last > 0 && line.ptr[last - 1] != ' ')
		last--;
	version = str_from_pos(line, last);
	out->target = str_sub(line, 0, last > 0 ? last - 1 : 0);
	(void)str_split(&out->target, ' ', &out->method);
	if (!out->target.ptr)
		return false;
	while (str_starts(out->target, STR(" "))) /* RFC 9112 3: more blanks are forgiven */
		out->target = str_from_pos(out->target, 1);
	if (str_ends(out->target, STR("?"))
		&& str_find_char(out->target, '?', 0) + 1 == (ptrdiff_t)out->target.len)
		out->target.len--; /* an empty query is none */
	framing->is_1_1 = str_eq(version, STR("HTTP/1.1"));
	return (framing->is_1_1 || str_eq(version, STR("HTTP/1.0"))) && http_is_token(out->method)
		&& is_clean(out->target) && str_find_char(out->target, ' ', 0) < 0;
}

/* A line ":" ends the head for libmicrohttpd 0.9.75, and with a bare LF beside it that looks to the
 * server like a usual end. The line behind, a header for anybody else, then has a method that is no
 * token, which the gate refuses. */
static bool take_headers(Str *rest, Framing *framing)
{
	for (Str line;;) {
		if (!take_line(rest, &line))
			return false;
		if (line.len == 0 || str_eq(line, STR(":")))
			return true;
		if (!take_header(line, framing))
			return false;
	}
}

static bool take_body(Str *rest, const Framing *framing, Buf *out)
{
	if (framing->is_chunked)
		return take_chunked(rest, out);
	if ((uint64_t)framing->length > rest->len)
		return false;
	buf_put(out, str_sub(*rest, 0, (size_t)framing->length));
	*rest = str_from_pos(*rest, (size_t)framing->length);
	return true;
}

/* One request; false: it is not whole, or not sound. */
static bool take_request(Str *rest, Requests *out)
{
	Request request;
	Framing framing = { 0 };
	CLEANUP(buf_fini) Buf body = BUF_MAX((size_t)1 << 20);
	if (!take_request_line(rest, &request, &framing) || !take_headers(rest, &framing)
		|| !take_body(rest, &framing, &body))
		return false;
	note(out, request.method, request.target, buf_str(&body));
	return true;
}

/* -------------------------------------------------------------- the client */

static int connect_to_server(void)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	MUST(str_copy(str_from(path + strlen("unix:")), at.sun_path, sizeof at.sun_path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	MUST(fd >= 0);
	MUST(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
	MUST(connect(fd, (const void *)&at, sizeof at) == 0);
	return fd;
}

/* The library notices the end of the stream at once only when nothing else came with it; otherwise
 * the deadlines end the connection, which takes too long here. */
static void wait_until_read(int fd)
{
	int unread = 1;
	const struct timespec pause = { .tv_nsec = 20 * 1000 };
	for (int i = 0; i < PATIENCE_S * 1000 && unread > 0; i++) {
		if (ioctl(fd, SIOCOUTQ, &unread) != 0)
			return;
		if (unread > 0)
			nanosleep(&pause, NULL);
	}
}

static void send_all(int fd, Str bytes, size_t piece)
{
	while (bytes.len > 0) {
		Str part = str_sub(bytes, 0, piece);
		ssize_t sent = send(fd, part.ptr, part.len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			break; /* the server has closed: it may */
		bytes = str_from_pos(bytes, (size_t)sent);
	}
	wait_until_read(fd);
	(void)shutdown(fd, SHUT_WR);
}

static void receive_all(int fd, Buf *out)
{
	char bytes[4096];
	ssize_t got;
	/* The fuzzer's own timer interrupts. */
	while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0 || (got < 0 && errno == EINTR))
		if (got > 0)
			buf_put(out, (Str){ bytes, (size_t)got });
	MUST(got == 0 || errno == ECONNRESET); /* it ends, and soon */
	MUST(!out->overflow);
}

/* Replies of known length one after the other, a HEAD's without body, up to the one that ends the
 * connection (0.9.75 sends the head of its own refusals twice). The last may be cut by a reset.
 * Gives their number, and whether the server has ended the connection. */
static size_t check_replies(Str rest, bool *out_is_ended)
{
	size_t count = 0;
	bool is_last = false;
	while (rest.len > 0 && !is_last) {
		ptrdiff_t end = str_find(rest, STR("\r\n\r\n"));
		MUST(str_starts(rest, STR("HTTP/1.1 ")) || str_starts(rest, STR("HTTP/1.0 ")));
		if (end < 0)
			break;
		Str head = str_sub(rest, 0, (size_t)end + 2), line;
		int64_t status, length = 0;
		MUST(str_to_i64(str_sub(head, 9, 3), 100, 599, &status));
		rest = str_from_pos(rest, (size_t)end + 4);
		while (str_split(&head, '\n', &line)) {
			is_last |= str_eq_nocase(str_trim(line), STR("Connection: close"));
			if (str_eq_nocase(str_sub(line, 0, 15), STR("Content-Length:")))
				MUST(str_to_i64(str_trim(str_from_pos(line, 15)), 0,
					REPLY_BYTES_MAX, &length));
		}
		count += status != 100;
		bool has_no_body = str_starts(rest, STR("HTTP/1."));
		if (!has_no_body)
			rest = str_from_pos(rest, (size_t)length);
	}
	*out_is_ended = is_last;
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static Requests expected;
	Str bytes = fuzz_text(data, size);
	size_t piece = bytes.len + 1;
	if (str_starts(bytes, STR("\0"))) {
		(void)fuzz_byte(&bytes);
		piece = 1 + fuzz_byte(&bytes);
	}
	arena_init(&expected.arena, (size_t)16 * 1024 * 1024);
	expected.count = 0;
	requests_reset(&handled);
	for (Str rest = bytes; expected.count < REQUESTS_MAX && take_request(&rest, &expected);)
		continue;

	CLEANUP(buf_fini) Buf replies = BUF_MAX(REPLY_BYTES_MAX);
	int fd = connect_to_server();
	send_all(fd, bytes, piece);
	receive_all(fd, &replies);
	close(fd);

	pthread_mutex_lock(&handled_lock);
	bool is_ended;
	size_t answers = check_replies(buf_str(&replies), &is_ended);
	MUST(answers <= handled.count + 1);
	for (size_t i = 0; i < MIN_OF(handled.count, expected.count); i++) {
		MUST(str_eq(handled.items[i].method, expected.items[i].method));
		MUST(str_eq(handled.items[i].target, expected.items[i].target));
		MUST(str_eq(handled.items[i].body, expected.items[i].body));
	}
	/* What only the library can read may be answered (unless we, who have nothing more to say,
	 * count as gone), but nothing comes after it. */
	MUST(handled.count <= expected.count + 1);
	MUST(handled.count <= expected.count || is_ended || answers < handled.count);
	pthread_mutex_unlock(&handled_lock);
	arena_fini(&expected.arena);
	return 0;
}
