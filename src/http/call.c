#include "base/base.h"

#include "http/parts.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/metric.h"
#include "http/gate.h"
#include "http/gzip.h"
#include "http/reply.h"
#include "http/respond.h"

/* What is read of a body that is too large before the connection is closed without an answer:
 * enough for a client that sends its last part before it reads. */
enum { FORGET_BYTES_MAX = 1024 * 1024 };

/* What every request may hold although all together hold too much: a click, a form, a small call.
 */
enum { SMALL_REQUEST_BYTES = 4 * 1024 };

static bool call_on_park(HttpExchange *exchange);
static void call_on_finish(HttpExchange *exchange);

static Call *call_new(Conn *conn, Str target)
{
	Server *server = conn->listener->server;
	Call *call = xcalloc(1, sizeof *call);
	http_exchange_init(&call->exchange);
	call->exchange.on_park = call_on_park;
	call->exchange.on_finish = call_on_finish;
	call->exchange.owner = call;
	call->exchange.started_mono_ms = server_now_ms();
	call->server = server;
	call->listener = conn->listener;
	call->conn = conn;
	call->target = arena_str(&call->exchange.arena, target);
	buf_init(&call->body, conn->listener->body_bytes_max);
	list_push(&server->calls, &call->node);
	return call;
}

/* What the call holds goes onto the listener's account. False: that is too much. */
static bool call_charge(Call *call)
{
	Listener *listener = call->listener;
	size_t bytes = call->exchange.arena.bytes + call->body.cap;
	size_t charge = bytes > SMALL_REQUEST_BYTES ? bytes - SMALL_REQUEST_BYTES : 0;
	listener->request_bytes += charge - call->charged_bytes;
	bool is_more = charge > call->charged_bytes;
	call->charged_bytes = charge;
	return !is_more || !listener->requests_bytes_max
		|| listener->request_bytes <= listener->requests_bytes_max;
}

void call_free(Call *call)
{
	call->listener->request_bytes -= call->charged_bytes;
	if (call->conn)
		call->conn->call = NULL;
	list_remove(&call->server->calls, &call->node);
	buf_fini(&call->body);
	http_exchange_fini(&call->exchange);
	free(call);
}

void *call_on_target(void *listener, const char *target, struct MHD_Connection *mhd)
{
	(void)listener;
	Conn *conn = conn_of(mhd);
	assert(conn && conn->phase == CONN_IDLE && !conn->call);
	conn->call = call_new(conn, str_from(target));
	int64_t deadline = conn->call->exchange.started_mono_ms
		+ conn->listener->server->options.request_deadline_ms;
	conn_phase_set(conn, CONN_HEAD, MIN_OF(conn->deadline_mono_ms, deadline));
	return conn;
}

static int64_t transfer_ms(const Server *server, uint64_t bytes)
{
	return server->options.request_deadline_ms
		+ (int64_t)(bytes / server->options.slowest_bytes_per_ms);
}

static void conn_replying(Conn *conn, const HttpReply *reply)
{
	const Server *server = conn->listener->server;
	conn_phase_set(conn, CONN_REPLYING, server_now_ms() + transfer_ms(server, reply->body.len));
}

/* Gives the reply to the library; the call is over. */
static enum MHD_Result conn_reply(Conn *conn)
{
	Call *call = conn->call;
	HttpReply *reply = &call->exchange.reply;
	metric_add(M_HTTP_REQUESTS, 1);
	if (reply->body.overflow)
		reply_problem(&call->exchange, 500, "the answer is too large");
	if (reply->status == 0 && !reply->drop_connection) {
		log_event(
			LOG_ERROR, "http.unanswered", LOG_STR("path", call->exchange.request.path));
		reply_problem(&call->exchange, 500, "this request was not answered");
	}
	if (conn->listener->server->is_draining || conn->ends_with_reply)
		reply->close_connection = true;
	conn_replying(conn, reply);
	bool queued = respond_queue(conn->mhd, conn->fd, reply);
	call_free(call);
	return queued ? MHD_YES : MHD_NO;
}

/* Before the body is read: the rest of the request cannot be trusted or is not wanted, so the
 * connection ends. */
static enum MHD_Result conn_refuse(Conn *conn, int status, const char *why)
{
	metric_add(M_HTTP_REFUSED, 1);
	reply_problem(&conn->call->exchange, status, "%s", why);
	conn->call->exchange.reply.close_connection = true;
	if (status == 503)
		http_reply_header(&conn->call->exchange.reply, STR("Retry-After"), STR("1"));
	return conn_reply(conn);
}

/* A head may be spelled so that we and a proxy read different headers, or different ends: the
 * library joins folded lines without a blank ("Content-Length: 1", " 0" is 10), takes a header
 * without a name for the end, cuts at NULs, and tells nothing of it (0.9.75). But it leaves the
 * bytes where they arrived and puts NULs over line ends, so that the places of names and values
 * tell whether the head was "Name: value", CR, LF all along, as everybody writes it. Any other gets
 * its answer, and then the connection ends: what follows cannot be trusted to be a request. So does
 * a chunked body, because trailers end as heads do, and nobody shows us their bytes. */
typedef struct HeaderSink {
	Arena *arena;
	HttpHeader *headers;
	size_t count, max;
	const char *next; /* where the next name stands in a usual head */
	bool is_odd;
} HeaderSink;

/* The line that ends there ends with two bytes; moves to the next one. */
static void line_end(HeaderSink *sink, const char *at)
{
	sink->is_odd = sink->is_odd || at[0] != '\0' || at[1] != '\0';
	sink->next = at + 2;
}

static enum MHD_Result header_take(void *cls, enum MHD_ValueKind kind, const char *name,
	size_t name_len, const char *value, size_t value_len)
{
	(void)kind;
	HeaderSink *sink = cls;
	if (sink->count == sink->max)
		return MHD_NO;
	sink->headers[sink->count++] = (HttpHeader){
		arena_str(sink->arena, (Str){ name, name_len }),
		arena_str(sink->arena, (Str){ value, value_len }),
	};
	sink->is_odd = sink->is_odd || name != sink->next || value != name + name_len + 2;
	line_end(sink, value + value_len);
	return MHD_YES;
}

/* Takes the headers; true for a usual head. */
static bool head_take(const Conn *conn, const char *method, const char *version, HeaderSink *sink)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		conn->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	const char *target = method + strlen(method) + 1;
	sink->is_odd = version != target + conn->call->target.len + 1;
	line_end(sink, version + strlen(version));
	MHD_get_connection_values_n(conn->mhd, MHD_HEADER_KIND, header_take, sink);
	if (sink->is_odd || !info || sink->next + 2 != method + info->header_size)
		return false;
	line_end(sink, sink->next);
	return !sink->is_odd;
}

static void request_fill(Conn *conn, const char *method, const char *version)
{
	HttpExchange *exchange = &conn->call->exchange;
	HttpRequest *request = &exchange->request;
	Arena *arena = &exchange->arena;
	int count = MHD_get_connection_values_n(conn->mhd, MHD_HEADER_KIND, NULL, NULL);
	enum { ONE_TOO_MANY = HTTP_HEADERS_MAX + 1 }; /* for the gate to see */
	HeaderSink sink = { .arena = arena, .max = MIN_OF((size_t)count, (size_t)ONE_TOO_MANY) };
	sink.headers = arena_alloc(arena, sink.max, sizeof *sink.headers);
	conn->ends_with_reply = !head_take(conn, method, version, &sink);

	Str rest = conn->call->target;
	(void)str_split(&rest, '?', &request->path);
	request->query = rest.ptr ? rest : STR("");
	request->method_name = arena_str(arena, str_from(method));
	request->method = http_method_parse(request->method_name);
	request->headers = sink.headers;
	request->header_count = sink.count;
	conn->ends_with_reply |= http_request_header(request, STR("Transfer-Encoding")).ptr != NULL;
	request->listener = conn->listener->tag;
	request->peer = arena_str(arena, str_from(conn->peer));
	request->client = client_ip_find(conn->listener->server->proxies,
		conn->listener->server->proxy_count, request, arena);
}

/* 0, or the status that refuses the body's encoding. */
static int encoding_check(Call *call)
{
	Str encoding = http_request_header(&call->exchange.request, STR("Content-Encoding"));
	if (encoding.len == 0 || str_eq_nocase(encoding, STR("identity")))
		return 0;
	call->is_gzip = str_eq_nocase(encoding, STR("gzip"));
	return call->is_gzip && call->server->options.accept_gzip_requests ? 0 : 415;
}

static enum MHD_Result call_begin(Conn *conn, const char *method, const char *version)
{
	Call *call = conn->call;
	HttpRequest *request = &call->exchange.request;
	if (conn->is_ended)
		return MHD_NO;
	request_fill(conn, method, version);
	GateRefusal refusal = gate_check(request->method_name, str_from(version), call->target,
		request->headers, request->header_count);
	if (refusal.status)
		return conn_refuse(conn, refusal.status, refusal.reason);
	uint64_t body_len = gate_content_length(request->headers, request->header_count);
	if (body_len > conn->listener->body_bytes_max)
		return conn_refuse(conn, 413, "the body is too large");
	if (encoding_check(call) != 0)
		return conn_refuse(conn, 415, "this Content-Encoding is not supported");
	if (!call_charge(call))
		return conn_refuse(conn, 503, "too much is being sent; try again shortly");
	int64_t whole_by = call->exchange.started_mono_ms + transfer_ms(call->server, body_len);
	conn_phase_set(conn, CONN_BODY, MAX_OF(conn->deadline_mono_ms, whole_by));
	return MHD_YES;
}

static enum MHD_Result call_break(Call *call, int status)
{
	metric_add(M_HTTP_REFUSED, 1);
	respond_raw(call->conn->fd, status);
	return MHD_NO;
}

/* The library takes no reply in the middle of a body: what is too much is read to its end, within
 * reason. */
static enum MHD_Result call_take_body(Call *call, Str part)
{
	if (!call->is_too_large) {
		buf_put(&call->body, part);
		call->is_too_large = call->body.overflow;
		if (call->is_too_large)
			buf_fini(&call->body);
		if (!call_charge(call))
			return call_break(call, 503);
	}
	if (call->is_too_large)
		call->bytes_forgotten += part.len;
	return call->bytes_forgotten > FORGET_BYTES_MAX ? call_break(call, 413) : MHD_YES;
}

static bool body_unpack(Call *call)
{
	Err err;
	Buf plain = BUF_MAX(call->body.bytes_max);
	if (!gzip_decode(buf_str(&call->body), &plain, &err)) {
		buf_fini(&plain);
		reply_problem(&call->exchange, err.kind == ERR_LIMIT ? 413 : 400, "%s", err.text);
		return false;
	}
	buf_fini(&call->body);
	call->body = plain;
	return true;
}

static void call_handle(Call *call)
{
	const ServerOptions *options = &call->server->options;
	if (call->is_too_large) {
		metric_add(M_HTTP_REFUSED, 1);
		reply_problem(&call->exchange, 413, "the body is larger than %zu bytes",
			call->body.bytes_max);
		return;
	}
	if (call->is_gzip && !body_unpack(call))
		return;
	call->exchange.request.body = buf_str(&call->body);
	options->handle(options->ctx, &call->exchange);
}

/* The client's share; NULL for those that are not counted. */
static Share *client_share(const Call *call)
{
	const Server *server = call->server;
	IpAddress client;
	if (!ip_parse(call->exchange.request.client, &client)
		|| ip_nets_have(server->proxies, server->proxy_count, &client))
		return NULL;
	return shares_get(server->shares, &client);
}

static bool parked_count_up(Call *call)
{
	Server *server = call->server;
	size_t share_max = server->options.connections_per_client_max;
	if (atomic_load(&server->parked_count) >= server->options.parked_max)
		return false;
	Share *share = share_max ? client_share(call) : NULL;
	if (share && share->parked >= share_max)
		return false;
	if (share)
		share->parked++;
	call->share = share;
	atomic_fetch_add(&server->parked_count, 1);
	metric_set(M_HTTP_PARKED, (int64_t)atomic_load(&server->parked_count));
	return true;
}

static void parked_count_down(Call *call)
{
	if (call->share) {
		call->share->parked--;
		shares_settle(call->server->shares, call->share);
		call->share = NULL;
	}
	atomic_fetch_sub(&call->server->parked_count, 1);
	metric_set(M_HTTP_PARKED, (int64_t)atomic_load(&call->server->parked_count));
}

/* The request is whole. */
static enum MHD_Result call_dispatch(Conn *conn)
{
	Call *call = conn->call;
	Server *server = call->server;
	call_handle(call);
	if (!http_exchange_release(&call->exchange)) {
		/* From here on the call belongs to whoever holds it, until it comes back as
		 * finished. */
		MHD_suspend_connection(conn->mhd);
		conn_phase_set(
			conn, CONN_PARKED, server_now_ms() + server->options.parked_deadline_ms);
		return MHD_YES;
	}
	if (call->exchange.is_parked)
		parked_count_down(call);
	if (server->options.gzip_replies)
		respond_gzip(&call->exchange);
	return conn_reply(conn);
}

static enum MHD_Result conn_reply_expired(Conn *conn)
{
	HttpExchange late;
	metric_add(M_HTTP_REQUESTS, 1);
	http_exchange_init(&late);
	reply_problem(&late, 503, "this takes too long; it may still happen");
	http_reply_header(&late.reply, STR("Retry-After"), STR("5"));
	late.reply.close_connection = conn->listener->server->is_draining || conn->ends_with_reply;
	conn_replying(conn, &late.reply);
	bool queued = respond_queue(conn->mhd, conn->fd, &late.reply);
	http_exchange_fini(&late);
	return queued ? MHD_YES : MHD_NO;
}

enum MHD_Result call_on_request(void *listener, struct MHD_Connection *mhd, const char *url,
	const char *method, const char *version, const char *data, size_t *data_len,
	void **request_context)
{
	(void)listener, (void)url, (void)request_context;
	Conn *conn = conn_of(mhd);
	size_t len = *data_len;
	assert(conn);
	switch (conn->phase) {
	case CONN_HEAD:
		return call_begin(conn, method, version);
	case CONN_BODY:
		*data_len = 0;
		return len > 0 ? call_take_body(conn->call, (Str){ data, len })
			       : call_dispatch(conn);
	case CONN_READY:
		return conn_reply(conn);
	case CONN_EXPIRED:
		return conn_reply_expired(conn);
	case CONN_INVALID:
	case CONN_IDLE:
	case CONN_PARKED:
	case CONN_REPLYING:
		break;
	}
	return MHD_NO; /* not expected by the library's contract: close rather than guess */
}

void call_on_completed(void *listener, struct MHD_Connection *mhd, void **request_context,
	enum MHD_RequestTerminationCode how)
{
	(void)listener, (void)how;
	Conn *conn = conn_of(mhd);
	assert(conn && conn->phase != CONN_PARKED);
	*request_context = NULL;
	if (conn->call)
		call_free(conn->call);
	conn_idle(conn);
}

/* On the loop thread: a handler parks before it hands on. */
static bool call_on_park(HttpExchange *exchange)
{
	Call *call = exchange->owner;
	if (parked_count_up(call))
		return true;
	metric_add(M_HTTP_REFUSED, 1);
	return false;
}

/* On the thread that finished it; the loop must not pay for its compression. */
static void call_on_finish(HttpExchange *exchange)
{
	Call *call = exchange->owner;
	Server *server = call->server;
	if (server->options.gzip_replies)
		respond_gzip(exchange);
	pthread_mutex_lock(&server->finished_lock);
	bool was_empty = !server->finished_first;
	call->next_finished = NULL;
	if (was_empty)
		server->finished_first = call;
	else
		server->finished_last->next_finished = call;
	server->finished_last = call;
	/* Resuming alone does not wake an outer epoll. One wake is enough for all that the loop
	 * finds. */
	if (was_empty)
		server_poke(server);
	pthread_mutex_unlock(&server->finished_lock);
}

void calls_take_finished(Server *server)
{
	pthread_mutex_lock(&server->finished_lock);
	Call *call = server->finished_first;
	server->finished_first = server->finished_last = NULL;
	pthread_mutex_unlock(&server->finished_lock);
	while (call) {
		Call *next = call->next_finished;
		Conn *conn = call->conn;
		parked_count_down(call);
		if (conn) {
			assert(conn->phase == CONN_PARKED);
			conn_phase_set(conn, CONN_READY, INT64_MAX);
			MHD_resume_connection(conn->mhd);
			conn->listener->is_due = true;
		} else {
			call_free(call);
		}
		call = next;
	}
}

void call_abandon(Conn *conn)
{
	assert(conn->phase == CONN_PARKED);
	log_event(LOG_WARN, "http.parked.expired", LOG_INT("listener", conn->listener->tag));
	conn->call->conn = NULL;
	conn->call = NULL;
	conn_phase_set(conn, CONN_EXPIRED, INT64_MAX);
	MHD_resume_connection(conn->mhd);
	conn->listener->is_due = true;
}
