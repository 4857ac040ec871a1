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

enum { HTTP_HEADERS_MAX = 100, HTTP_REPLY_HEADERS_MAX = 32, HTTP_PATH_PARAMS_MAX = 4 };

typedef struct HttpRequest {
	HttpMethod method;
	Str method_name;
	Str path;  /* as sent, still percent-encoded, without the query; begins with '/' */
	Str query; /* after '?', still encoded; empty if none */
	const HttpHeader *headers;
	size_t header_count;
	Str body;   /* whole, chunked already decoded */
	Str peer;   /* address of the socket's other end, "127.0.0.1"; "unix" for a local socket */
	Str client; /* past trusted proxies (http/client_ip.h); peer when there are none */
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
	bool close_connection; /* after this reply */
	/* Provoked faults of the simulated org. Bytes of the body to send before the connection is
	 * reset; 0: whole. */
	size_t cut_after_bytes;
	bool drop_connection; /* reset without any reply: the caller cannot know what happened */
} HttpReply;

enum { HTTP_REPLY_BODY_MAX = 256 * 1024 * 1024 }; /* one page of a Bulk result */

void http_reply_init(HttpReply *reply);
void http_reply_fini(HttpReply *reply);
/* name and value must outlive the reply (literals or the exchange's arena). A pair that cannot be a
 * header (not a token, or CR, LF, NUL in the value) is left out and logged: outside text must not
 * split a reply. */
void http_reply_header(HttpReply *reply, Str name, Str value);
/* The first header of that name, any case; STR_NONE if there is none. */
Str http_reply_get(const HttpReply *reply, Str name);

/* A character string that RFC 9110 5.6.2 calls a token: header names, methods. */
bool http_is_token(Str s);

/* A path, a hundred headers, and what a handler computes from them and from a body that has its own
 * maximum. */
enum { HTTP_ARENA_BYTES_MAX = 64 * 1024 * 1024 };

/* One request and its reply, from the handler's side. It lives as long as somebody holds it: the
 * dispatcher from the start, and each http_exchange_park that was granted. Only a holder's thread
 * may touch it.
 *
 * A handler either fills the reply before it returns, or parks the exchange BEFORE it hands it to
 * another thread; whoever then works on it fills the reply and calls http_exchange_finish exactly
 * once, and must not touch it afterwards. */
typedef struct HttpExchange HttpExchange;
struct HttpExchange {
	HttpRequest request;
	HttpReply reply;
	Arena arena;                           /* everything this exchange needs; freed with it */
	Str path_params[HTTP_PATH_PARAMS_MAX]; /* the {parts} of the route, decoded */
	void *actor; /* who asks, set by the guard of the route table; arena memory */
	int64_t started_mono_ms;
	_Atomic int holds;
	bool is_parked; /* was ever; written by http_exchange_park only */
	/* Set by whoever dispatched (http/server.h, http/local.h). */
	bool (*on_park)(HttpExchange *exchange);   /* before the first park; NULL: always allowed */
	void (*on_finish)(HttpExchange *exchange); /* the last hold is gone */
	void *owner;
};

void http_exchange_init(HttpExchange *exchange); /* held once, by the caller */
void http_exchange_fini(HttpExchange *exchange);

/* False: too many are parked already; the reply is filled (503 with Retry-After) and the handler
 * just returns. A handler that cannot hand the exchange on after all fills the reply and finishes
 * it itself. Parks nest (a guard parks, later another thread calls the handler, which parks again):
 * each needs its own finish, the reply leaves with the last. park: a holder's thread. finish: any
 * thread. */
WARN_UNUSED bool http_exchange_park(HttpExchange *exchange);
void http_exchange_finish(HttpExchange *exchange);

/* For dispatchers, after the handler returned: gives up their own hold. True: it was the last, the
 * reply is complete. False: the exchange is parked, and on_finish will be called by the thread that
 * finishes last. */
WARN_UNUSED bool http_exchange_release(HttpExchange *exchange);

#endif
