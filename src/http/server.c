#include "base/base.h"

#include "http/server.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "http/parts.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	/* Unless the listener says otherwise. Browsers send about 1 KB of headers, and proxies cut
	   at 8 to 32 KB. */
	HEAD_BYTES_MAX = 32 * 1024,
	SLOWEST_BYTES_PER_MS = 64, /* half a megabit a second */
	/* The loop turns at least this often: a lost wake-up would cost no more. */
	TURN_MS_MAX = 1000,
	EVENTS_MAX = 64, /* taken at once: the listeners, and connections whose clients leave */
};

int64_t server_now_ms(void)
{
	return clock_mono_ms(clock_system());
}

void server_poke(Server *server)
{
	const uint64_t one = 1;
	int saved = errno;
	/* Fails only when the counter is full: then the loop is awake anyway. */
	ssize_t done = write(server->wake_fd, &one, sizeof one);
	(void)done;
	errno = saved;
}

void server_stop(Server *server)
{
	atomic_store(&server->is_stopping, true);
	server_poke(server);
}

int server_port(const Server *server, size_t listener)
{
	assert(listener < server->options.listener_count);
	return server->listeners[listener].listening.port;
}

ServerStats server_stats(const Server *server)
{
	return (ServerStats){ .connections = atomic_load(&server->conn_count),
		.parked = atomic_load(&server->parked_count) };
}

/* What the library has to say is about odd clients, not about us. */
PRINTF_LIKE(2, 0) static void library_log(void *server, const char *format, va_list args)
{
	char line[256];
	(void)server;
	vsnprintf(line, sizeof line, format, args);
	log_event(LOG_DEBUG, "http.microhttpd", LOG_STR("text", str_trim(str_from(line))));
}

/* Targets stay as sent; handlers decode what they use. */
static size_t unescape_nothing(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls, (void)mhd;
	return strlen(text);
}

static bool epoll_watch(const Server *server, int fd, Source *source, Err *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = source } };
	if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		return ERR_CODE(err, ERR_FATAL, errno, "epoll_ctl: %s", strerror(errno));
	return true;
}

/* External mode, one turn per MHD_run: the library's own epoll thread stalls when exactly 128, 256,
 * ... connections are ready. It gets its connections from accept.c: its own accept would spin when
 * descriptors run out, and knows no client. Its strict mode stays off: what that refuses the gate
 * refuses too, and 0.9.75 sends the head of such a refusal twice. */
static bool daemon_start(Listener *listener, Err *err)
{
	const Server *server = listener->server;
	const ServerOptions *options = &server->options;
	int64_t idle_s = (options->idle_timeout_ms + 999) / 1000;
	assert(idle_s > 0 && idle_s <= INT_MAX);
	listener->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET
			| MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG,
		0, NULL, NULL, call_on_request, listener, MHD_OPTION_EXTERNAL_LOGGER, library_log,
		NULL, MHD_OPTION_CONNECTION_LIMIT, (unsigned)INT_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, listener->head_bytes_max,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)idle_s, MHD_OPTION_URI_LOG_CALLBACK,
		call_on_target, listener, MHD_OPTION_NOTIFY_COMPLETED, call_on_completed, listener,
		MHD_OPTION_NOTIFY_CONNECTION, conn_on_notify, listener,
		MHD_OPTION_UNESCAPE_CALLBACK, unescape_nothing, NULL, MHD_OPTION_END);
	if (!listener->daemon)
		return ERR(err, ERR_FATAL, "the HTTP library does not start");
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(
		listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	listener->inside = (Source){ .kind = SOURCE_INSIDE, .listener = listener };
	listener->door = (Source){ .kind = SOURCE_DOOR, .listener = listener };
	return epoll_watch(server, info->epoll_fd, &listener->inside, err)
		&& epoll_watch(server, listener->listening.fd, &listener->door, err);
}

static bool listener_open(Server *server, size_t index, Err *err)
{
	const ServerListener *wish = &server->options.listeners[index];
	Listener *listener = &server->listeners[index];
	assert(wish->body_bytes_max > 0 && wish->tag >= 0 && wish->tag < 32);
	listener->server = server;
	listener->tag = wish->tag;
	listener->head_bytes_max = wish->head_bytes_max ? wish->head_bytes_max : HEAD_BYTES_MAX;
	listener->body_bytes_max = wish->body_bytes_max;
	listener->requests_bytes_max = wish->requests_bytes_max;
	listener->opens_mono_ms = INT64_MAX;
	list_init(&listener->waiting);
	return listen_open(wish->address, &listener->listening, err) && daemon_start(listener, err);
}

static bool server_start(Server *server, Err *err)
{
	const ServerOptions *options = &server->options;
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server->epoll_fd < 0 || server->wake_fd < 0)
		return ERR_CODE(err, ERR_FATAL, errno, "epoll or eventfd: %s", strerror(errno));
	if (!epoll_watch(server, server->wake_fd, NULL, err))
		return false;
	if (options->trusted_proxy_count > TRUSTED_PROXIES_MAX)
		return ERR(err, ERR_INPUT, "more than %d trusted proxies", TRUSTED_PROXIES_MAX);
	for (size_t i = 0; i < options->trusted_proxy_count; i++) {
		if (!ip_net_parse(options->trusted_proxies[i], &server->proxies[i], err))
			return err_wrap(err, "trusted proxy");
		server->proxy_count++;
	}
	for (size_t i = 0; i < options->listener_count; i++)
		if (!listener_open(server, i, err))
			return false;
	return true;
}

bool server_open(const ServerOptions *options, Server **out, Err *err)
{
	assert(options->listener_count <= SERVER_LISTENERS_MAX && options->handle);
	assert(options->request_deadline_ms > 0 && options->parked_deadline_ms > 0);
	Server *server = xcalloc(1, sizeof *server);
	server->options = *options;
	if (!options->slowest_bytes_per_ms)
		server->options.slowest_bytes_per_ms = SLOWEST_BYTES_PER_MS;
	server->epoll_fd = server->wake_fd = -1;
	for (size_t i = 0; i < SERVER_LISTENERS_MAX; i++)
		server->listeners[i].listening.fd = -1;
	list_init(&server->conns);
	list_init(&server->calls);
	server->shares = shares_open();
	pthread_mutex_init(&server->finished_lock, NULL);
	server->next_sweep_mono_ms = INT64_MAX;
	server->next_tick_mono_ms = server_now_ms();
	if (!server_start(server, err)) {
		server_close(&server);
		return false;
	}
	*out = server;
	return true;
}

/* When the loop must turn although nothing happens. */
static int64_t next_turn_ms(Server *server, int64_t now_ms)
{
	int64_t next = MIN_OF(now_ms + TURN_MS_MAX, server->next_sweep_mono_ms);
	if (server->options.tick)
		next = MIN_OF(next, server->next_tick_mono_ms);
	for (size_t i = 0; i < server->options.listener_count; i++) {
		Listener *listener = &server->listeners[i];
		MHD_UNSIGNED_LONG_LONG wait_ms = 0;
		listener->due_mono_ms = INT64_MAX;
		if (listener->is_due)
			listener->due_mono_ms = now_ms;
		else if (MHD_get_timeout(listener->daemon, &wait_ms) == MHD_YES)
			listener->due_mono_ms = now_ms
				+ (int64_t)MIN_OF(wait_ms, (unsigned)INT_MAX);
		next = MIN_OF(next, listener->due_mono_ms);
		next = MIN_OF(next, listener->is_shut ? listener->opens_mono_ms : INT64_MAX);
		if (listener->is_knocking)
			next = now_ms;
	}
	return next;
}

static void events_wait(Server *server, int64_t until_ms)
{
	struct epoll_event events[EVENTS_MAX];
	int64_t wait_ms = MAX_OF(until_ms - server_now_ms(), 0);
	int count = epoll_wait(server->epoll_fd, events, ARRAY_LEN(events), (int)wait_ms);
	for (int i = 0; i < count; i++) {
		Source *source = events[i].data.ptr;
		uint64_t pokes;
		if (source && source->kind == SOURCE_CONN)
			conn_on_peer_end(CONTAINER_OF(source, Conn, source));
		else if (source && source->kind == SOURCE_DOOR)
			source->listener->is_knocking = true;
		else if (source)
			source->listener->is_due = true;
		else if (read(server->wake_fd, &pokes, sizeof pokes) < 0)
			assert(errno == EAGAIN);
	}
}

static void daemons_run(Server *server, int64_t now_ms)
{
	for (size_t i = 0; i < server->options.listener_count; i++) {
		Listener *listener = &server->listeners[i];
		if (!server->is_draining)
			arrivals_take(listener, now_ms);
		if (!listener->is_due && now_ms < listener->due_mono_ms)
			continue;
		listener->is_due = false;
		MHD_run(listener->daemon);
	}
}

static void tick_if_due(Server *server, int64_t now_ms)
{
	const ServerOptions *options = &server->options;
	if (!options->tick || now_ms < server->next_tick_mono_ms)
		return;
	server->next_tick_mono_ms = now_ms + options->tick_ms;
	options->tick(options->ctx);
}

static void loop_turn(Server *server)
{
	events_wait(server, next_turn_ms(server, server_now_ms()));
	calls_take_finished(server);
	int64_t now_ms = server_now_ms();
	conns_sweep(server, now_ms);
	daemons_run(server, now_ms);
	tick_if_due(server, now_ms);
}

static void stop_accepting(Server *server)
{
	for (size_t i = 0; i < server->options.listener_count; i++) {
		Listener *listener = &server->listeners[i];
		/* New clients are turned away at once; the loop forgets the closed socket. */
		listen_fini(&listener->listening);
		listener->is_knocking = listener->is_shut = false;
	}
	server->is_draining = true;
	conns_drain(server);
}

void server_run(Server *server, int64_t drain_ms)
{
	while (!atomic_load(&server->is_stopping))
		loop_turn(server);
	stop_accepting(server);
	int64_t deadline_ms = server_now_ms() + drain_ms;
	while (atomic_load(&server->conn_count) > 0 && server_now_ms() < deadline_ms)
		loop_turn(server);
}

/* The library refuses to stop with suspended connections. */
static void resume_all(Server *server)
{
	calls_take_finished(server);
	LIST_FOR_EACH(&server->conns, node)
	{
		Conn *conn = CONTAINER_OF(node, Conn, node);
		if (conn->phase == CONN_PARKED)
			call_abandon(conn);
	}
}

void server_close(Server **server_slot)
{
	Server *server = *server_slot;
	if (!server)
		return;
	resume_all(server);
	for (size_t i = 0; i < SERVER_LISTENERS_MAX; i++) {
		Listener *listener = &server->listeners[i];
		if (listener->daemon)
			MHD_stop_daemon(listener->daemon);
		listen_fini(&listener->listening);
	}
	assert(list_is_empty(&server->conns));
	/* Calls that nobody finished, or finished since resume_all; by contract no thread holds one
	 * any more. */
	LIST_FOR_EACH(&server->calls, node)
	call_free(CONTAINER_OF(node, Call, node));
	fd_close(&server->wake_fd);
	fd_close(&server->epoll_fd);
	shares_close(&server->shares);
	pthread_mutex_destroy(&server->finished_lock);
	free(server);
	*server_slot = NULL;
}
