/* parts.h: what server.c, conn.c and call.c share; nobody else includes it. A Listener has one
 * daemon of the library, a Conn is one connection, a Call one request on it. All belong to the loop
 * thread, but for what is marked.
 *
 * A parked Call is held by another thread. Its Conn may go away first (its deadline passed, the
 * server closes): then call->conn is NULL, and the Call is freed when it is finished, or by
 * server_close. */
#ifndef HTTP_PARTS_H
#define HTTP_PARTS_H

#include "base/base.h"
#include "base/list.h"
#include "http/client_ip.h"
#include "http/listen.h"
#include "http/server.h"
#include "http/share.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

typedef struct Call Call;
typedef struct Listener Listener;

/* What an event of the loop is about. */
typedef enum SourceKind {
	SOURCE_DOOR = 1, /* a listening socket */
	SOURCE_INSIDE,   /* the library's connections of a listener */
	SOURCE_CONN,     /* the client of one connection has ended */
} SourceKind;

typedef struct Source {
	SourceKind kind;
	Listener *listener;
} Source;

struct Listener {
	Server *server;
	struct MHD_Daemon *daemon;
	ListenSocket listening;
	int tag;
	size_t head_bytes_max, body_bytes_max, requests_bytes_max;
	/* Connections. */
	Source inside;
	int64_t due_mono_ms; /* when the library wants to run although nothing happened */
	bool is_due;
	size_t held;          /* those that were not displaced */
	List waiting;         /* of Conn: those that wait for their client, longest first */
	size_t request_bytes; /* of all calls, beyond what each may have anyway */
	/* Arrivals (accept.c). */
	Source door;
	bool is_knocking;
	bool is_shut; /* not watched until opens_mono_ms, or until a connection has closed */
	int64_t opens_mono_ms;
	int64_t complains_mono_ms;
	const Arrival *arriving; /* while the library is told of it */
	Share *arriving_share;   /* NULL: not counted */
};

/* What a connection is doing; the library asks us (call_on_request) in the phases HEAD, BODY, READY
 * and EXPIRED. */
typedef enum ConnPhase {
	CONN_INVALID,
	CONN_IDLE,     /* between requests */
	CONN_HEAD,     /* the request line is there */
	CONN_BODY,     /* the gate is passed */
	CONN_PARKED,   /* suspended; the call may be held elsewhere */
	CONN_READY,    /* resumed with a reply */
	CONN_EXPIRED,  /* resumed without: the parked deadline passed */
	CONN_REPLYING, /* the library has the reply */
} ConnPhase;

typedef struct Conn {
	Source source;
	ListNode node;         /* Server.conns */
	ListNode waiting_node; /* Listener.waiting, while it waits for its client */
	int64_t waiting_since_mono_ms;
	Share *share; /* NULL: not counted, or displaced */
	bool is_displaced;
	Listener *listener;
	struct MHD_Connection *mhd; /* borrowed: the library frees it after conn_on_notify */
	int fd;                     /* borrowed */
	ConnPhase phase;
	int64_t deadline_mono_ms; /* INT64_MAX: none of ours */
	Call *call;               /* NULL when idle, replying or expired */
	bool is_ended;            /* by the drain: no request may begin */
	bool has_peer_ended;      /* it sends no more; what it sent may not be read yet */
	bool ends_with_reply;     /* what follows cannot be trusted (call.c) */
	char peer[IP_TEXT_BYTES];
} Conn;

struct Call {
	HttpExchange exchange;
	Server *server;
	Listener *listener;
	Conn *conn;           /* NULL: nobody waits for the reply any more */
	Share *share;         /* of the client, while parked; NULL: not counted */
	size_t charged_bytes; /* of Listener.request_bytes */
	ListNode node;        /* Server.calls */
	Call *next_finished;  /* guarded by finished_lock */
	Str target;           /* as sent */
	Buf body;
	bool is_gzip;
	bool is_too_large; /* the rest of the body is read and forgotten */
	size_t bytes_forgotten;
};

struct Server {
	ServerOptions options;
	Listener listeners[SERVER_LISTENERS_MAX];
	IpNet proxies[TRUSTED_PROXIES_MAX];
	size_t proxy_count;
	int epoll_fd;
	int wake_fd; /* eventfd: finished, stop. Any thread */
	Shares *shares;
	List conns;
	List calls; /* all that are not freed */
	int64_t next_sweep_mono_ms;
	int64_t next_tick_mono_ms;
	bool is_draining;
	/* Any thread. */
	atomic_size_t conn_count, parked_count;
	atomic_bool is_stopping;
	pthread_mutex_t finished_lock;
	Call *finished_first, *finished_last;
};

/* conn.c */
void conn_on_notify(void *listener, struct MHD_Connection *mhd, void **socket_context,
	enum MHD_ConnectionNotificationCode what);
Conn *conn_of(struct MHD_Connection *mhd);
void conn_phase_set(Conn *conn, ConnPhase phase, int64_t deadline_mono_ms);
/* Its place is free from now on; the library closes it in its next turn. */
void conn_displace(Conn *conn);
void conn_idle(Conn *conn); /* the request is over */
void conn_on_peer_end(Conn *conn);
/* Acts on deadlines that have passed and finds the next one. */
void conns_sweep(Server *server, int64_t now_mono_ms);
/* Ends idle connections; bytes that have arrived already are still read. */
void conns_drain(Server *server);

/* call.c: callbacks of the library, and what the loop does with parked calls. */
void *call_on_target(void *listener, const char *target, struct MHD_Connection *mhd);
enum MHD_Result call_on_request(void *listener, struct MHD_Connection *mhd, const char *url,
	const char *method, const char *version, const char *data, size_t *data_len,
	void **request_context);
void call_on_completed(void *listener, struct MHD_Connection *mhd, void **request_context,
	enum MHD_RequestTerminationCode how);
void calls_take_finished(Server *server);
void call_abandon(Conn *conn); /* answers 503 instead */
void call_free(Call *call);    /* nobody holds it */

/* accept.c: takes those who wait at the door, as long as there is room. */
void arrivals_take(Listener *listener, int64_t now_mono_ms);

void server_poke(Server *server); /* wakes the loop; any thread, also a signal handler */
int64_t server_now_ms(void);

#endif
