#include "base/base.h"

#include "http/respond.h"

#include "base/alloc.h"
#include "base/log.h"
#include "http/gzip.h"

#include <microhttpd.h>
#include <sys/socket.h>

/* Below this a packet is saved by nobody. */
enum { GZIP_BYTES_MIN = 1024, CUT_BLOCK_BYTES = 64 * 1024 };

static bool type_is_text(Str content_type)
{
	static const Str types[] = {
		STR_INIT("text/"),
		STR_INIT("application/json"),
		STR_INIT("application/problem+json"),
		STR_INIT("application/javascript"),
		STR_INIT("image/svg+xml"),
	};
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_starts(content_type, types[i]))
			return true;
	return false;
}

void respond_gzip(HttpExchange *exchange)
{
	HttpReply *reply = &exchange->reply;
	Str accepted = http_request_header(&exchange->request, STR("Accept-Encoding"));
	if (reply->body.len < GZIP_BYTES_MIN || reply->body.overflow || reply->status == 206
		|| reply->header_count + 2 > HTTP_REPLY_HEADERS_MAX
		|| !type_is_text(http_reply_get(reply, STR("Content-Type")))
		|| http_reply_get(reply, STR("Content-Encoding")).ptr)
		return;
	http_reply_header(reply, STR("Vary"), STR("Accept-Encoding"));
	/* The maximum: packed text must be smaller than the text. */
	Buf packed = BUF_MAX(reply->body.len - 1);
	if (!gzip_is_accepted(accepted) || !gzip_encode(buf_str(&reply->body), &packed)) {
		buf_fini(&packed);
		return;
	}
	http_reply_header(reply, STR("Content-Encoding"), STR("gzip"));
	packed.bytes_max = reply->body.bytes_max;
	buf_fini(&reply->body);
	reply->body = packed;
}

typedef struct CutBody {
	char *bytes; /* own */
	size_t cut_after;
} CutBody;

static ssize_t cut_read(void *cls, uint64_t position, char *out, size_t out_max)
{
	const CutBody *cut = cls;
	if (position >= cut->cut_after)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	size_t len = MIN_OF(out_max, cut->cut_after - (size_t)position);
	memcpy(out, cut->bytes + position, len);
	return (ssize_t)len;
}

static void cut_free(void *cls)
{
	CutBody *cut = cls;
	free(cut->bytes);
	free(cut);
}

static struct MHD_Response *response_new(HttpReply *reply)
{
	size_t len = 0;
	size_t cut_after = reply->cut_after_bytes;
	char *bytes = buf_take(&reply->body, &len);
	if (cut_after == 0 || cut_after >= len)
		return MHD_create_response_from_buffer_with_free_callback(len, bytes, free);
	CutBody *cut = xcalloc(1, sizeof *cut);
	*cut = (CutBody){ bytes, cut_after };
	return MHD_create_response_from_callback(len, CUT_BLOCK_BYTES, cut_read, cut, cut_free);
}

static void header_add(struct MHD_Response *response, Str name, Str value)
{
	CLEANUP(free_ptr) char *name_z = xstrndup(name.ptr, name.len);
	CLEANUP(free_ptr) char *value_z = xstrndup(value.ptr ? value.ptr : "", value.len);
	if (MHD_add_response_header(response, name_z, value_z) != MHD_YES)
		log_event(LOG_ERROR, "http.reply.bad_header", LOG_STR("name", name));
}

/* A reset instead of an orderly end: the client's next read fails. */
static void socket_reset(int fd)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	(void)connect(fd, &nobody, sizeof nobody); /* a Unix socket cannot, and is just closed */
}

void respond_raw(int fd, int status)
{
	char text[256];
	int len = snprintf(text, sizeof text,
		"HTTP/1.1 %d %s\r\nContent-Length: 0\r\n%sConnection: close\r\n\r\n", status,
		http_status_text(status), status == 503 ? "Retry-After: 1\r\n" : "");
	ssize_t sent = send(fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)sent;
}

bool respond_queue(struct MHD_Connection *connection, int fd, HttpReply *reply)
{
	if (reply->drop_connection) {
		socket_reset(fd);
		return false;
	}
	struct MHD_Response *response = response_new(reply);
	if (!response)
		return false;
	for (size_t i = 0; i < reply->header_count; i++)
		header_add(response, reply->headers[i].name, reply->headers[i].value);
	if (reply->close_connection)
		header_add(response, STR("Connection"), STR("close"));
	bool queued = MHD_queue_response(connection, (unsigned)reply->status, response) == MHD_YES;
	MHD_destroy_response(response);
	return queued;
}
