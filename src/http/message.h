/* message.h: requests and replies as plain values, the same for a socket, the command line in one
 * process and the simulated org. A request borrows from its exchange's arena; a reply owns its
 * body. */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/str.h"

typedef enum HttpMethod {
	HTTP_OTHER,
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
} HttpMethod;

HttpMethod http_method_parse(Str name);
const char *http_method_name(HttpMethod method);
const char *http_status_text(int status);

typedef struct HttpHeader {
	Str name, value;
} HttpHeader;

enum { HTTP_HEADERS_MAX = 100, HTTP_REPLY_HEADERS_MAX = 32 };

typedef struct HttpRequest {
	HttpMethod method;
	Str method_name;
	Str path;  /* as sent, still percent-encoded, without the query; begins with '/' */
	Str query; /* after '?', still encoded; empty if none */
	const HttpHeader *headers;
	size_t header_count;
	Str body;   /* whole, chunked already decoded */
	Str peer;   /* address of the socket's other end, "127.0.0.1"; "unix" for a local socket */
	Str client; /* after the trusted proxy chain (http/client_ip.h); equals peer without proxies
		     */
	int listener; /* which listener it came in on: ServerListener.tag */
} HttpRequest;

/* The first header of that name, any case; STR_NONE if there is none. */
Str http_request_header(const HttpRequest *request, Str name);
/* A query parameter, decoded into the arena; STR_NONE if absent or badly escaped. */
Str http_query_param(const HttpRequest *request, Str name, Arena *arena);

typedef struct HttpReply {
	int status; /* 0: not answered yet */
	HttpHeader headers[HTTP_REPLY_HEADERS_MAX];
	size_t header_count;
	Buf body;
	/* Provoked faults of the simulated org: bytes of the body to send before the connection is
	 * reset; 0: whole. */
	size_t cut_after_bytes;
	bool close_connection;
} HttpReply;

enum { HTTP_REPLY_BODY_MAX = 256 * 1024 * 1024 }; /* one page of a Bulk result */

void http_reply_init(HttpReply *reply);
void http_reply_fini(HttpReply *reply);
/* name and value must outlive the reply (literals or the exchange's arena). */
void http_reply_header(HttpReply *reply, Str name, Str value);

/* One request and its reply, from the handler's side. */
typedef struct HttpExchange HttpExchange;
struct HttpExchange {
	HttpRequest request;
	HttpReply reply;
	Arena arena;        /* everything this exchange needs; freed with it */
	Str path_params[4]; /* the {parts} of the route, decoded */
	void *actor;        /* who asks, set by the guard of the route table; arena memory */
	int64_t started_mono_ms;
	/* Set by whoever dispatched; http_exchange_finish calls it. */
	void (*on_finish)(HttpExchange *exchange);
	void *owner;
};

/* A handler either fills reply.status before it returns, or returns with status 0: then the
 * exchange is parked, and another thread fills the reply and calls http_exchange_finish exactly
 * once. After that the exchange is not the caller's. */
void http_exchange_finish(HttpExchange *exchange);

#endif
