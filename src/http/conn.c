#include "base/base.h"

#include "http/parts.h"

#include "base/alloc.h"
#include "base/metric.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Deadlines that fall into the same moment are handled together. */
enum { SWEEP_PAUSE_MS = 20 };

Conn *conn_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

/* The library asks a socket again only after an edge. When a client's last bytes and its end come
 * in one, it reads the bytes and never learns of the end; the connection would stay until its
 * deadline, and a stop would wait for it. So the loop watches for the end itself. Without room for
 * one more watch the deadline must do. */
static void watch_for_end(Conn *conn)
{
	struct epoll_event event = { .events = EPOLLRDHUP | EPOLLET,
		.data = { .ptr = &conn->source } };
	int failed = epoll_ctl(conn->listener->server->epoll_fd, EPOLL_CTL_ADD, conn->fd, &event);
	(void)failed;
}

static Conn *conn_open(Listener *listener, struct MHD_Connection *mhd)
{
	Server *server = listener->server;
	const Arrival *arrival = listener->arriving;
	Conn *conn = xcalloc(1, sizeof *conn);
	conn->source = (Source){ .kind = SOURCE_CONN, .listener = listener };
	conn->listener = listener;
	conn->mhd = mhd;
	conn->fd = arrival->fd;
	conn->share = listener->arriving_share;
	listener->arriving_share = NULL;
	if (arrival->is_ip)
		ip_text(&arrival->address, conn->peer);
	else
		memcpy(conn->peer, "unix", sizeof "unix");
	listener->held++;
	list_push(&server->conns, &conn->node);
	atomic_fetch_add(&server->conn_count, 1);
	conn_phase_set(conn, CONN_IDLE, server_now_ms() + server->options.request_deadline_ms);
	watch_for_end(conn);
	return conn;
}

/* Gives back what it counts for. */
static void conn_leave(Conn *conn)
{
	if (conn->waiting_node.next)
		list_remove(&conn->listener->waiting, &conn->waiting_node);
	if (conn->is_displaced)
		return;
	conn->is_displaced = true;
	conn->listener->held--;
	if (conn->share) {
		conn->share->connections--;
		shares_settle(conn->listener->server->shares, conn->share);
		conn->share = NULL;
	}
}

static void conn_close(Conn *conn)
{
	Server *server = conn->listener->server;
	assert(!conn->call);
	conn_leave(conn);
	list_remove(&server->conns, &conn->node);
	atomic_fetch_sub(&server->conn_count, 1);
	conn->listener->opens_mono_ms = 0; /* there is room */
	free(conn);
}

void conn_displace(Conn *conn)
{
	conn_leave(conn);
	conn->deadline_mono_ms = INT64_MAX;
	shutdown(conn->fd, SHUT_RDWR);
	conn->listener->is_due = true;
}

void conn_on_notify(void *listener, struct MHD_Connection *mhd, void **socket_context,
	enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = conn_open(listener, mhd);
	} else if (*socket_context) {
		conn_close(*socket_context);
		*socket_context = NULL;
	}
}

/* Since when it waits for its client: for a request, for the rest of one, or for the reply to be
 * taken. */
static void conn_wait(Conn *conn, ConnPhase phase)
{
	List *waiting = &conn->listener->waiting;
	bool is_waiting = phase == CONN_IDLE || phase == CONN_HEAD || phase == CONN_BODY
		|| phase == CONN_REPLYING;
	if (conn->is_displaced || (phase == CONN_BODY && conn->waiting_node.next))
		return;
	if (conn->waiting_node.next)
		list_remove(waiting, &conn->waiting_node);
	if (is_waiting) {
		conn->waiting_since_mono_ms = server_now_ms();
		list_push(waiting, &conn->waiting_node);
	}
}

void conn_phase_set(Conn *conn, ConnPhase phase, int64_t deadline_mono_ms)
{
	Server *server = conn->listener->server;
	conn_wait(conn, phase);
	conn->phase = phase;
	conn->deadline_mono_ms = deadline_mono_ms;
	server->next_sweep_mono_ms = MIN_OF(server->next_sweep_mono_ms, deadline_mono_ms);
}

/* After the library had its turn. */
static void look_soon(Conn *conn)
{
	Server *server = conn->listener->server;
	server->next_sweep_mono_ms = MIN_OF(
		server->next_sweep_mono_ms, server_now_ms() + SWEEP_PAUSE_MS);
}

static bool has_unread(const Conn *conn)
{
	int waiting = 0;
	return ioctl(conn->fd, FIONREAD, &waiting) == 0 && waiting > 0;
}

/* A request that has arrived already is served. One that comes later is not even begun: the library
 * reads once more when it resumes a parked request, would find the end of the stream and drop the
 * reply. */
static void conn_end_idle(Conn *conn)
{
	if (has_unread(conn))
		return;
	conn->is_ended = true;
	shutdown(conn->fd, SHUT_RD);
}

void conn_idle(Conn *conn)
{
	const ServerOptions *options = &conn->listener->server->options;
	/* The first byte of the next request may come as late as the idle timeout allows; the
	 * library watches that. We only learn of the request when its first line is whole, so the
	 * line has this much time together. */
	conn_phase_set(conn, CONN_IDLE,
		server_now_ms() + options->idle_timeout_ms + options->request_deadline_ms);
	if (conn->listener->server->is_draining)
		conn_end_idle(conn);
	if (conn->has_peer_ended)
		look_soon(conn);
}

void conn_on_peer_end(Conn *conn)
{
	conn->has_peer_ended = true;
	look_soon(conn);
}

/* Its client sends no more. What it sent is read first, and a whole request gets its answer
 * (conn_idle looks again then); one that is not whole never will be. False: look again. */
static bool conn_end_left(Conn *conn)
{
	bool is_asking = conn->phase == CONN_IDLE || conn->phase == CONN_HEAD
		|| conn->phase == CONN_BODY;
	if (is_asking && has_unread(conn))
		return false;
	if (is_asking)
		shutdown(conn->fd, SHUT_RDWR);
	conn->has_peer_ended = !is_asking;
	return true;
}

static void conn_expire(Conn *conn)
{
	metric_add(M_HTTP_REFUSED, 1);
	if (conn->phase == CONN_PARKED) {
		call_abandon(conn);
		return;
	}
	/* The library has no call for it; it sees the end of the stream and closes. */
	conn->deadline_mono_ms = INT64_MAX;
	shutdown(conn->fd, SHUT_RDWR);
}

void conns_sweep(Server *server, int64_t now_mono_ms)
{
	if (now_mono_ms < server->next_sweep_mono_ms)
		return;
	int64_t next = INT64_MAX;
	LIST_FOR_EACH(&server->conns, node)
	{
		Conn *conn = CONTAINER_OF(node, Conn, node);
		if (conn->deadline_mono_ms <= now_mono_ms)
			conn_expire(conn);
		else if (conn->has_peer_ended && !conn_end_left(conn))
			next = now_mono_ms;
		next = MIN_OF(next, conn->deadline_mono_ms);
	}
	server->next_sweep_mono_ms = MAX_OF(next, now_mono_ms + SWEEP_PAUSE_MS);
}

void conns_drain(Server *server)
{
	LIST_FOR_EACH(&server->conns, node)
	{
		Conn *conn = CONTAINER_OF(node, Conn, node);
		if (conn->phase == CONN_IDLE)
			conn_end_idle(conn);
	}
}
