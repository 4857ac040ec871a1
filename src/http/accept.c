#include "base/base.h"

#include "http/parts.h"

#include "base/file.h"
#include "base/log.h"
#include "base/metric.h"
#include "http/respond.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
	/* Then those that are connected already get their turn. */
	ARRIVALS_PER_TURN = 64,
	/* A client that has kept its connection waiting for less than this may be in the middle of
	   something; one that waits longer may have to go when there is no room. */
	GRACE_MS = 1000,
	/* Connections looked at to find the one that goes. */
	LOOK_MAX = 1000,
	/* Until a descriptor or kernel memory may be free again, and between two complaints. */
	SHORTAGE_MS = 100,
	COMPLAINT_MS = 10 * 1000,
};

static bool interest_set(Listener *listener, uint32_t events)
{
	struct epoll_event event = { .events = events, .data = { .ptr = &listener->door } };
	return epoll_ctl(listener->server->epoll_fd, EPOLL_CTL_MOD, listener->listening.fd, &event)
		== 0;
}

/* A listening socket that is not served stays readable: watched, it would make the loop spin. */
static void door_close(Listener *listener, int64_t until_mono_ms)
{
	listener->is_knocking = false;
	listener->is_shut = interest_set(listener, 0);
	listener->opens_mono_ms = until_mono_ms;
}

static void door_open(Listener *listener)
{
	listener->is_shut = !interest_set(listener, EPOLLIN);
	listener->is_knocking = true;
	listener->opens_mono_ms = INT64_MAX;
}

/* The connection that waits longest for its client, among those of the client that holds most; of
 * `share` alone, if there is one. NULL: none has waited long enough. */
static Conn *find_idler(Listener *listener, const Share *share, int64_t now_mono_ms)
{
	Conn *found = NULL;
	size_t most = 0, looked = 0;
	LIST_FOR_EACH(&listener->waiting, node)
	{
		Conn *conn = CONTAINER_OF(node, Conn, waiting_node);
		size_t holds = conn->share ? conn->share->connections : 0;
		if (now_mono_ms - conn->waiting_since_mono_ms < GRACE_MS || looked++ == LOOK_MAX)
			break;
		if (share && conn->share != share)
			continue;
		if (!found || holds > most) {
			found = conn;
			most = holds;
		}
	}
	return found;
}

static bool make_room(Listener *listener, const Share *share, int64_t now_mono_ms)
{
	Conn *idler = find_idler(listener, share, now_mono_ms);
	if (!idler)
		return false;
	metric_add(M_HTTP_DISPLACED, 1);
	conn_displace(idler);
	return true;
}

/* When the connection that waits longest has done so long enough. */
static int64_t next_idler_ms(const Listener *listener, int64_t now_mono_ms)
{
	if (list_is_empty(&listener->waiting))
		return INT64_MAX;
	const Conn *oldest = CONTAINER_OF(listener->waiting.head.next, Conn, waiting_node);
	return MAX_OF(oldest->waiting_since_mono_ms + GRACE_MS, now_mono_ms + 1);
}

/* NULL for those that are not counted: proxies, and local sockets. */
static Share *share_of(Server *server, const Arrival *arrival)
{
	if (!arrival->is_ip
		|| ip_nets_have(server->proxies, server->proxy_count, &arrival->address))
		return NULL;
	return shares_get(server->shares, &arrival->address);
}

static void admit(Listener *listener, const Arrival *arrival)
{
	listener->arriving = arrival;
	/* The library calls conn_on_notify, or closes the socket. */
	if (MHD_add_connection(listener->daemon, arrival->fd, &arrival->socket_address.any,
		    arrival->socket_address_len)
		!= MHD_YES)
		log_event(LOG_WARN, "http.arrival.failed", LOG_INT("listener", listener->tag));
	listener->arriving = NULL;
}

static void refuse(Arrival *arrival)
{
	metric_add(M_HTTP_REFUSED, 1);
	respond_raw(arrival->fd, 503);
	fd_close(&arrival->fd);
}

static void admit_or_refuse(Listener *listener, Arrival *arrival, int64_t now_mono_ms)
{
	Server *server = listener->server;
	size_t share_max = server->options.connections_per_client_max;
	Share *share = share_of(server, arrival);
	if (share)
		share->connections++; /* conn_on_notify takes it over */
	listener->arriving_share = share;
	if (share && share_max && share->connections > share_max
		&& !make_room(listener, share, now_mono_ms))
		refuse(arrival);
	else
		admit(listener, arrival);
	Share *left = listener->arriving_share; /* no connection has taken it over */
	if (left) {
		left->connections--;
		shares_settle(server->shares, left);
	}
}

/* What was wrong with one arrival, or with us. False: no more for now. */
static bool arrival_failed(Listener *listener, int number, int64_t now_mono_ms)
{
	if (number == EAGAIN) {
		listener->is_knocking = false;
		return false;
	}
	if (number == EINTR || number == ECONNABORTED)
		return true;
	/* Out of descriptors or memory, most likely. Somebody who does nothing frees some. */
	if (now_mono_ms >= listener->complains_mono_ms) {
		listener->complains_mono_ms = now_mono_ms + COMPLAINT_MS;
		log_event(LOG_WARN, "http.arrival.failed", LOG_INT("listener", listener->tag),
			LOG_Z("error", strerror(number)));
	}
	(void)make_room(listener, NULL, now_mono_ms);
	door_close(listener, now_mono_ms + SHORTAGE_MS);
	return false;
}

static bool arrival_take(Listener *listener, int64_t now_mono_ms)
{
	Arrival arrival;
	if (listener->held >= listener->server->options.connections_max) {
		/* Nobody has to go for nobody. */
		listener->is_knocking = listen_has_arrival(&listener->listening);
		if (!listener->is_knocking)
			return false;
		if (!make_room(listener, NULL, now_mono_ms)) {
			door_close(listener, next_idler_ms(listener, now_mono_ms));
			return false;
		}
	}
	int number = listen_accept(&listener->listening, &arrival);
	if (number != 0)
		return arrival_failed(listener, number, now_mono_ms);
	admit_or_refuse(listener, &arrival, now_mono_ms);
	return true;
}

void arrivals_take(Listener *listener, int64_t now_mono_ms)
{
	if (listener->is_shut && now_mono_ms >= listener->opens_mono_ms)
		door_open(listener);
	for (int i = 0; listener->is_knocking && i < ARRIVALS_PER_TURN; i++)
		if (!arrival_take(listener, now_mono_ms))
			return;
}
