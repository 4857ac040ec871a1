#include "base/base.h"

#include "app/app_parts.h"
#include "app/descriptors.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sdnotify.h"
#include "http/server.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

enum {
	TICK_MS = 1000, /* also the watchdog's heartbeat; systemd units ask for 30 s */
	/* An import of a hundred thousand rows takes seconds; what takes longer than this is lost
	   anyway. */
	PARKED_DEADLINE_MS = 10 * 60 * 1000,
	PARKED_MAX = 4096,
	/* A browser with the cookies of the whole company still fits. */
	PUBLIC_HEAD_BYTES_MAX = 16 * 1024,
	PUBLIC_BODY_BYTES_MAX = 16 * 1024,       /* one form */
	ADMIN_BODY_BYTES_MAX = 64 * 1024 * 1024, /* one CSV of about a million people */
	/* Clicks are small and count for nothing; this is for what else comes. */
	PUBLIC_REQUESTS_BYTES_MAX = 8 * 1024 * 1024,
	ADMIN_REQUESTS_BYTES_MAX = 2 * ADMIN_BODY_BYTES_MAX + 1024 * 1024,
	FLOOD_CONNECTIONS = 200,
	EXIT_SECOND_SIGNAL = 1,
};

/* Signals are blocked in every thread and taken here, so no code runs in signal context. */
typedef struct SignalThread {
	App *app;
	Server *server;
	int64_t drain_ms;
	atomic_bool is_done; /* daemon_run is: somebody else may send SIGUSR1 as well */
	sigset_t set;
	pthread_t thread;
} SignalThread;

static void *signal_thread(void *arg)
{
	SignalThread *self = arg;
	for (bool stopping = false;;) {
		int number = 0;
		if (sigwait(&self->set, &number) != 0)
			continue;
		if (atomic_load(&self->is_done))
			return NULL;
		if (number == SIGUSR1)
			continue;
		if (stopping)
			_exit(EXIT_SECOND_SIGNAL);
		stopping = true;
		log_event(LOG_INFO, "daemon.stopping", LOG_INT("signal", number));
		sdnotify("STOPPING=1");
		app_stop_by(self->app, clock_mono_ms(clock_system()) + self->drain_ms);
		server_stop(self->server);
	}
}

static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* A file that may not grow (ulimit -f) is a full disk, not a reason to die. */
	signal(SIGXFSZ, SIG_IGN);
}

/* What the server calls, on its own thread. */
typedef struct Loop {
	Web *web;
	Server *server;
	size_t connections_peak; /* since memory was last given back */
} Loop;

static void handle(void *ctx, HttpExchange *exchange)
{
	Loop *loop = ctx;
	web_handle(loop->web, exchange);
}

/* After a flood: the allocator keeps what was freed, for the next one. */
static void give_back_memory(Loop *loop)
{
	size_t connections = server_stats(loop->server).connections;
	if (connections > loop->connections_peak)
		loop->connections_peak = connections;
	if (loop->connections_peak < FLOOD_CONNECTIONS || connections > loop->connections_peak / 4)
		return;
	loop->connections_peak = connections;
	malloc_trim(0);
}

static void tick(void *ctx)
{
	sdnotify("WATCHDOG=1");
	log_flush_suppressed();
	give_back_memory(ctx);
}

static void add_listener(ServerOptions *options, ServerListener listener)
{
	if (listener.address.len > 0)
		options->listeners[options->listener_count++] = listener;
}

static void add_listeners(ServerOptions *options, const Config *config, Str local)
{
	const ServerListener admin = {
		.body_bytes_max = ADMIN_BODY_BYTES_MAX,
		.requests_bytes_max = ADMIN_REQUESTS_BYTES_MAX,
	};
	ServerListener each = {
		.address = str_from(config->listen_public),
		.tag = LISTENER_RECIPIENTS,
		.head_bytes_max = PUBLIC_HEAD_BYTES_MAX,
		.body_bytes_max = PUBLIC_BODY_BYTES_MAX,
		.requests_bytes_max = PUBLIC_REQUESTS_BYTES_MAX,
	};
	add_listener(options, each);
	each = admin;
	each.address = str_from(config->listen_admin);
	each.tag = LISTENER_ADMIN;
	add_listener(options, each);
	each = admin;
	each.address = local;
	each.tag = LISTENER_LOCAL;
	add_listener(options, each);
}

static bool open_server(const Config *config, Loop *loop, Server **out, Err *err)
{
	Str proxies[CONFIG_PROXIES_MAX];
	ServerOptions options = {
		.handle = handle,
		.ctx = loop,
		.connections_max = (size_t)config->connections_max,
		.connections_per_client_max = (size_t)config->connections_per_client_max,
		.parked_max = PARKED_MAX,
		.idle_timeout_ms = config->idle_timeout_ms,
		.request_deadline_ms = config->request_deadline_ms,
		.parked_deadline_ms = PARKED_DEADLINE_MS,
		.trusted_proxies = proxies,
		.trusted_proxy_count = config_trusted_proxies(config, proxies),
		.tick = tick,
		.tick_ms = TICK_MS,
	};
	char local[CONFIG_TEXT_MAX + 8];
	snprintf(local, sizeof local, "unix:%s", config->socket);
	add_listeners(&options, config, str_from(local));
	if (!descriptors_ensure(options.listener_count, &options.connections_max, err))
		return false;
	if (options.connections_per_client_max == 0)
		options.connections_per_client_max = options.connections_max / 2;
	if (!server_open(&options, &loop->server, err))
		return false;
	*out = loop->server;
	return true;
}

static bool serve(const Config *config, App *app, Loop *loop, SignalThread *signals, Err *err)
{
	loop->web = app_web(app);
	if (!open_server(config, loop, &signals->server, err))
		return false;
	signals->app = app;
	signals->drain_ms = config->drain_ms;
	int failed = pthread_create(&signals->thread, NULL, signal_thread, signals);
	if (failed) {
		server_close(&signals->server);
		return ERR_CODE(
			err, ERR_FATAL, failed, "cannot start a thread: %s", strerror(failed));
	}
	log_event(LOG_INFO, "daemon.ready", LOG_Z("version", OPTOUT_VERSION),
		LOG_Z("public", config->listen_public), LOG_Z("admin", config->listen_admin),
		LOG_Z("socket", config->socket));
	sdnotify("READY=1\nSTATUS=collecting unsubscribes");
	server_run(signals->server, config->drain_ms);
	return true;
}

bool daemon_run(const Config *config, Err *err)
{
	SignalThread signals = { 0 };
	Loop loop = { 0 };
	block_signals(&signals.set); /* before any thread starts: they inherit it */
	App *app = NULL;
	if (!app_open(config, &app, err))
		return false;
	bool ok = serve(config, app, &loop, &signals, err);
	/* The workers end before the server is freed: they may still finish exchanges. */
	app_close(&app);
	if (ok) {
		log_event(LOG_INFO, "daemon.stopped", LOG_Z("version", OPTOUT_VERSION));
		atomic_store(&signals.is_done, true);
		pthread_kill(signals.thread, SIGUSR1);
		pthread_join(signals.thread, NULL);
		server_close(&signals.server);
	}
	return ok;
}
