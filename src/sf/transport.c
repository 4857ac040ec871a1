#include "base/base.h"

#include "sf/transport.h"

#include "base/alloc.h"

void transport_reply_fini(TransportReply *reply)
{
	free(reply->headers);
	free(reply->body);
	*reply = (TransportReply){ 0 };
}

static Str copy_into(char **at, Str s)
{
	Str copy = { *at, s.len };
	if (s.len > 0)
		memcpy(*at, s.ptr, s.len);
	*at += s.len;
	return copy;
}

void transport_reply_set_headers(
	TransportReply *reply, const TransportHeader *headers, size_t count)
{
	size_t bytes = count * sizeof *headers;
	for (size_t i = 0; i < count; i++)
		bytes += headers[i].name.len + headers[i].value.len;
	TransportHeader *own = xcalloc(1, bytes + 1);
	char *at = (char *)(own + count);
	for (size_t i = 0; i < count; i++) {
		own[i].name = copy_into(&at, headers[i].name);
		own[i].value = copy_into(&at, headers[i].value);
	}
	free(reply->headers);
	reply->headers = own;
	reply->header_count = count;
}

Str transport_reply_header(const TransportReply *reply, Str name)
{
	for (size_t i = 0; i < reply->header_count; i++) {
		if (str_eq_nocase(reply->headers[i].name, name))
			return reply->headers[i].value;
	}
	return STR_NONE;
}

Str transport_reply_body(const TransportReply *reply)
{
	return (Str){ reply->body, reply->body_len };
}

bool transport_start(
	Transport *transport, const TransportRequest *request, uint64_t *out_call_id, Err *err)
{
	assert(request->method && request->timeout_ms > 0 && request->reply_bytes_max > 0);
	return transport->start(transport, request, out_call_id, err);
}

bool transport_poll(
	Transport *transport, int64_t timeout_ms, TransportReply *out, bool *out_has, Err *err)
{
	assert(timeout_ms >= 0);
	return transport->poll(transport, timeout_ms, out, out_has, err);
}

void transport_wake(Transport *transport)
{
	transport->wake(transport);
}

void transport_close(Transport **transport)
{
	if (!*transport)
		return;
	(*transport)->close(*transport);
	*transport = NULL;
}
