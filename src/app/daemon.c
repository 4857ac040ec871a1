#include "base/base.h"

#include "app/app_parts.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sdnotify.h"
#include "http/server.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

enum {
	TICK_MS = 1000, /* also the watchdog's heartbeat; systemd units ask for 30 s */
	IDLE_TIMEOUT_MS = 60 * 1000,
	/* A recipient on the worst mobile line sends 1 KB in this time; a slow drip does not live
	   on. */
	REQUEST_DEADLINE_MS = 60 * 1000,
	/* An import of a hundred thousand rows takes seconds; what takes longer than this is lost
	   anyway. */
	PARKED_DEADLINE_MS = 10 * 60 * 1000,
	PARKED_MAX = 4096,
	PUBLIC_BODY_BYTES_MAX = 16 * 1024,       /* one form */
	ADMIN_BODY_BYTES_MAX = 64 * 1024 * 1024, /* one CSV of about a million people */
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

static void tick(void *ctx)
{
	(void)ctx;
	sdnotify("WATCHDOG=1");
}

static void add_listener(ServerOptions *options, Str address, int tag, size_t body_bytes_max)
{
	if (address.len == 0)
		return;
	options->listeners[options->listener_count++] = (ServerListener){
		.address = address,
		.tag = tag,
		.body_bytes_max = body_bytes_max,
	};
}

static bool open_server(const Config *config, App *app, Server **out, Err *err)
{
	Str proxies[CONFIG_PROXIES_MAX];
	ServerOptions options = {
		.handle = web_handle,
		.ctx = app_web(app),
		.connections_max = (size_t)config->connections_max,
		.parked_max = PARKED_MAX,
		.idle_timeout_ms = IDLE_TIMEOUT_MS,
		.request_deadline_ms = REQUEST_DEADLINE_MS,
		.parked_deadline_ms = PARKED_DEADLINE_MS,
		.trusted_proxies = proxies,
		.trusted_proxy_count = config_trusted_proxies(config, proxies),
		.tick = tick,
		.tick_ms = TICK_MS,
	};
	char local[CONFIG_TEXT_MAX + 8];
	snprintf(local, sizeof local, "unix:%s", config->socket);
	add_listener(&options, str_from(config->listen_public), LISTENER_RECIPIENTS,
		PUBLIC_BODY_BYTES_MAX);
	add_listener(
		&options, str_from(config->listen_admin), LISTENER_ADMIN, ADMIN_BODY_BYTES_MAX);
	add_listener(&options, str_from(local), LISTENER_LOCAL, ADMIN_BODY_BYTES_MAX);
	return server_open(&options, out, err);
}

static bool serve(const Config *config, App *app, SignalThread *signals, Err *err)
{
	if (!open_server(config, app, &signals->server, err))
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
	block_signals(&signals.set); /* before any thread starts: they inherit it */
	App *app = NULL;
	if (!app_open(config, &app, err))
		return false;
	bool ok = serve(config, app, &signals, err);
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
