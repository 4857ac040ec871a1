/* server.h: libmicrohttpd in our own epoll loop. The loop never blocks and never touches the store:
 * handlers answer at once or park the exchange (message.h). Several listeners (recipients, admins,
 * a Unix socket) feed one loop; each request carries its listener's tag. Nothing above this header
 * knows the library's name.
 *
 * A client that ends its sending side while its request is parked counts as gone: the library drops
 * the reply.
 *
 * One thread calls server_run; server_stop and http_exchange_finish may come from any
 * thread. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/base.h"
#include "base/err.h"
#include "base/str.h"
#include "http/message.h"

typedef struct Server Server;

enum { SERVER_LISTENERS_MAX = 4 };

typedef struct ServerListener {
	Str address; /* "127.0.0.1:8080", "[::1]:0" (any free port) or "unix:/path" (mode 0600) */
	int tag;
	size_t body_bytes_max; /* beyond it 413, unread where the length is declared */
	/* Request line and headers, with what is kept about them; beyond it 431 (or 414). Each
	   connection may take that much memory. 0: 32 KB. */
	size_t head_bytes_max;
	/* All requests that are held together, from their heads to their replies; beyond it 503,
	   but for those of up to 4 KB. 0: no limit. */
	size_t requests_bytes_max;
} ServerListener;

typedef struct ServerOptions {
	ServerListener listeners[SERVER_LISTENERS_MAX];
	size_t listener_count;
	void (*handle)(void *ctx, HttpExchange *exchange); /* on the loop thread */
	void *ctx;
	/* Per listener. Beyond it new clients wait outside, until somebody goes: of those that keep
	   their connection waiting for a second or more, one of the client that holds most. */
	size_t connections_max;
	/* Of one client (share.h) on all listeners; beyond it one of its own that waits must go, or
	   the new one gets 503. As many of its requests may be parked. Trusted proxies and local
	   sockets are not counted. 0: no limit. */
	size_t connections_per_client_max;
	size_t parked_max;       /* beyond it: 503 with Retry-After */
	int64_t idle_timeout_ms; /* a silent connection is closed */
	/* From first byte to whole request, and for a reply to be taken, against slow drips; more
	   for a long body. */
	int64_t request_deadline_ms;
	size_t slowest_bytes_per_ms; /* what a long body adds to that; 0: 64 */
	int64_t parked_deadline_ms;  /* then the client gets 503; a late finish is dropped */
	const Str *trusted_proxies;  /* CIDR list (client_ip.h), read by server_open only */
	size_t trusted_proxy_count;
	bool gzip_replies;         /* text of more than 1 KB, for clients that accept it */
	bool accept_gzip_requests; /* else 415; body_bytes_max holds for the unpacked bytes too */
	/* Called about every tick_ms on the loop thread (schedules, watchdog); may be NULL. */
	void (*tick)(void *ctx);
	int64_t tick_ms;
} ServerOptions;

WARN_UNUSED bool server_open(const ServerOptions *options, Server **out, Err *err);
/* The port a TCP listener got; 0 for a Unix socket. */
int server_port(const Server *server, size_t listener);
/* Until server_stop: then stops accepting, answers what is parked with Connection: close, and
 * returns when no connection is left or drain_ms passed. */
void server_run(Server *server, int64_t drain_ms);
void server_stop(Server *server); /* any thread, also a signal handler */
/* Frees everything, also exchanges that nobody finished: the threads that could finish them must
 * have ended. */
void server_close(Server **server);

typedef struct ServerStats {
	size_t connections, parked;
} ServerStats;
ServerStats server_stats(const Server *server); /* any thread */

#endif
