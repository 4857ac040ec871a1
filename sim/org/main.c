/* main.c: the program orgsim: an org behind two ports, the API and the control port. Held-back
 * replies wait in a heap that one timer thread empties; the org itself runs on the server's thread
 * only. */
#include "base/base.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/str.h"
#include "http/server.h"
#include "org/org.h"

enum { LISTENER_API = 1, LISTENER_CONTROL = 2 };

enum {
	API_BODY_MAX = 128 * 1024 * 1024, /* one Bulk upload of 100 MB, and air */
	CONTROL_BODY_MAX = 16 * 1024 * 1024,
	CONNECTIONS_MAX = 1000,
	IDLE_TIMEOUT_MS = 120 * 1000,
	REQUEST_DEADLINE_MS = 600 * 1000, /* salesforce-api.md 8.3: a request may take 10 minutes */
	DRAIN_MS = 1000,
	PEM_MAX = 64 * 1024,
};

/* ---- replies that are held back ---- */

typedef struct Holder {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	Heap held; /* by due time, monotonic milliseconds */
	bool is_stopped;
	pthread_t thread;
} Holder;

typedef struct Program {
	Org *org;
	Server *server;
	Holder holder;
} Program;

static Server *server_to_stop; /* for the signal handler */

static struct timespec moment_of(int64_t mono_ms)
{
	return (struct timespec){ .tv_sec = (time_t)(mono_ms / 1000),
		.tv_nsec = (long)(mono_ms % 1000) * 1000000 };
}

static void *holder_run(void *ctx)
{
	Holder *holder = ctx;
	pthread_mutex_lock(&holder->lock);
	for (;;) {
		const HeapItem *next = heap_peek(&holder->held);
		if (!next && holder->is_stopped)
			break;
		if (!next) {
			pthread_cond_wait(&holder->changed, &holder->lock);
			continue;
		}
		if (next->key > clock_mono_ms(clock_system()) && !holder->is_stopped) {
			struct timespec until = moment_of(next->key);
			pthread_cond_timedwait(&holder->changed, &holder->lock, &until);
			continue;
		}
		HttpExchange *exchange = heap_pop(&holder->held);
		pthread_mutex_unlock(&holder->lock);
		http_exchange_finish(exchange);
		pthread_mutex_lock(&holder->lock);
	}
	pthread_mutex_unlock(&holder->lock);
	return NULL;
}

static bool holder_init(Holder *holder, Err *err)
{
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&holder->lock, NULL);
	pthread_cond_init(&holder->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	int failed = pthread_create(&holder->thread, NULL, holder_run, holder);
	return !failed
		|| ERR_CODE(err, ERR_FATAL, failed, "cannot start a thread: %s", strerror(failed));
}

static void holder_fini(Holder *holder)
{
	pthread_mutex_lock(&holder->lock);
	holder->is_stopped = true;
	pthread_cond_signal(&holder->changed);
	pthread_mutex_unlock(&holder->lock);
	pthread_join(holder->thread, NULL);
	heap_fini(&holder->held);
}

static void hold(Holder *holder, HttpExchange *exchange, int64_t hold_ms)
{
	if (!http_exchange_park(exchange))
		return;
	pthread_mutex_lock(&holder->lock);
	heap_push(&holder->held, clock_mono_ms(clock_system()) + hold_ms, exchange);
	pthread_cond_signal(&holder->changed);
	pthread_mutex_unlock(&holder->lock);
}

static void handle(void *ctx, HttpExchange *exchange)
{
	Program *program = ctx;
	if (exchange->request.listener == LISTENER_CONTROL) {
		org_control_handle(
			program->org, &exchange->request, &exchange->arena, &exchange->reply);
		return;
	}
	int64_t hold_ms = org_handle(
		program->org, &exchange->request, &exchange->arena, &exchange->reply);
	if (hold_ms > 0)
		hold(&program->holder, exchange, hold_ms);
}

/* ---- options ---- */

typedef struct Settings {
	OrgOptions org;
	int64_t port, control_port;
	const char *public_key_path;
} Settings;

typedef enum OptionType { OPTION_COUNT_, OPTION_TEXT, OPTION_PATH, OPTION_SWITCH } OptionType;

typedef struct Option {
	const char *name;
	OptionType type;
	size_t offset; /* in Settings */
	size_t size;
	int64_t max;
	const char *help;
} Option;

#define COUNT_OPTION(name_, member_, max_, help_)                                                  \
	{                                                                                          \
		(name_), OPTION_COUNT_, offsetof(Settings, member_),                               \
			sizeof(((Settings *)0)->member_), (max_), (help_)                          \
	}
#define OTHER_OPTION(name_, type_, member_, help_)                                                 \
	{                                                                                          \
		(name_), (type_), offsetof(Settings, member_), 0, 0, (help_)                       \
	}

static const Option options[] = {
	COUNT_OPTION("contacts", org.contacts, ORG_RECORDS_MAX, "how many Contacts to make"),
	COUNT_OPTION("leads", org.leads, ORG_RECORDS_MAX, "how many Leads to make"),
	COUNT_OPTION("accounts", org.accounts, ORG_RECORDS_MAX,
		"how many Accounts (default: one for four Contacts)"),
	COUNT_OPTION("opted-out", org.opted_out_percent, 100, "percent with Email Opt Out ticked"),
	COUNT_OPTION(
		"converted", org.converted_percent, 100, "percent of Leads that are converted"),
	COUNT_OPTION("seed", org.seed, INT64_MAX, "the same seed gives the same org"),
	COUNT_OPTION("port", port, 65535, "API port on 127.0.0.1; 0: any free one"),
	COUNT_OPTION(
		"control-port", control_port, 65535, "control port on 127.0.0.1; 0: any free one"),
	COUNT_OPTION("latency-ms", org.latency_ms, 600000, "hold each API reply back that long"),
	COUNT_OPTION("daily-limit", org.daily_calls_max, INT64_MAX, "API calls in 24 hours"),
	COUNT_OPTION("session-minutes", org.session_idle_ms, 60 * 24 * 365,
		"idle minutes until a session ends (default 120)"),
	COUNT_OPTION("bulk-delay-ms", org.bulk_delay_ms, 3600 * 1000,
		"from the creation of a Bulk job to its end"),
	COUNT_OPTION("bulk-page-rows", org.bulk_page_rows, ORG_RECORDS_MAX,
		"rows of a Bulk result page (default 50000)"),
	OTHER_OPTION("client-id", OPTION_TEXT, org.client_id, "consumer key of the connected app"),
	OTHER_OPTION("client-secret", OPTION_TEXT, org.client_secret, "its consumer secret"),
	OTHER_OPTION("username", OPTION_TEXT, org.username, "of the integration user"),
	OTHER_OPTION(
		"password", OPTION_TEXT, org.password, "for SOAP login and the password grant"),
	OTHER_OPTION("jwt-public-key", OPTION_PATH, public_key_path,
		"file with the certificate or public key for JWT bearer"),
	OTHER_OPTION("custom-checkbox", OPTION_TEXT, org.custom_checkbox,
		"API name of a checkbox on Contact and Lead, such as Marketo_Sales_Opt_Out__c"),
	OTHER_OPTION("custom-checkbox-hidden", OPTION_SWITCH, org.custom_checkbox_hidden,
		"nobody may see that checkbox"),
	OTHER_OPTION("grant-email-opt-out", OPTION_SWITCH, org.grant_email_opt_out,
		"Email Opt Out may be read and edited (a fresh org hides it)"),
	OTHER_OPTION("sandbox", OPTION_SWITCH, org.sandbox, "the org says it is a sandbox"),
};

static void print_help(void)
{
	printf("Usage: orgsim [OPTION]...\nA simulated Salesforce org on 127.0.0.1.\n\n");
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		printf("  --%-24s %s\n", options[i].name, options[i].help);
	printf("  --%-24s %s\n", "help", "this text");
}

static bool set_count(const Option *option, void *at, Str text, Err *err)
{
	int64_t value;
	if (!str_to_i64(text, 0, option->max, &value))
		return ERR(err, ERR_INPUT, "--%s wants a whole number up to %lld", option->name,
			(long long)option->max);
	if (option->size == sizeof(unsigned))
		*(unsigned *)at = (unsigned)value;
	else
		*(int64_t *)at = value; /* size_t and uint64_t have the same representation here */
	return true;
}

static bool set_option(Settings *settings, const Option *option, char *text, Err *err)
{
	void *at = (char *)settings + option->offset;
	switch (option->type) {
	case OPTION_COUNT_:
		return set_count(option, at, str_from(text), err);
	case OPTION_TEXT:
		*(Str *)at = str_from(text);
		return true;
	case OPTION_PATH:
		*(const char **)at = text;
		return true;
	case OPTION_SWITCH:
		*(bool *)at = true;
		return true;
	}
	return false;
}

static bool read_options(int argc, char **argv, Settings *settings, bool *wants_help, Err *err)
{
	struct option known[ARRAY_LEN(options) + 2] = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		known[i] = (struct option){ .name = options[i].name,
			.has_arg = options[i].type == OPTION_SWITCH ? no_argument
								    : required_argument,
			.val = (int)i + 1 };
	known[ARRAY_LEN(options)] = (struct option){ .name = "help", .val = 'h' + 1000 };
	int got;
	while ((got = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (got == 'h' + 1000)
			*wants_help = true;
		else if (got == '?')
			return ERR(err, ERR_INPUT, "see orgsim --help");
		else if (!set_option(settings, &options[got - 1], optarg, err))
			return false;
	}
	settings->org.session_idle_ms *= 60 * 1000;
	return optind == argc
		|| ERR(err, ERR_INPUT, "what is \"%s\"? See orgsim --help", argv[optind]);
}

/* ---- running ---- */

static void on_signal(int number)
{
	(void)number;
	server_stop(server_to_stop);
}

static bool serve(Program *program, const Settings *settings, Err *err)
{
	char api[32], control[32];
	(void)snprintf(api, sizeof api, "127.0.0.1:%lld", (long long)settings->port);
	(void)snprintf(
		control, sizeof control, "127.0.0.1:%lld", (long long)settings->control_port);
	const ServerOptions server_options = {
		.listeners = { { .address = str_from(api),
				       .tag = LISTENER_API,
				       .body_bytes_max = API_BODY_MAX },
			{ .address = str_from(control),
				.tag = LISTENER_CONTROL,
				.body_bytes_max = CONTROL_BODY_MAX } },
		.listener_count = 2,
		.handle = handle,
		.ctx = program,
		.connections_max = CONNECTIONS_MAX,
		.parked_max = CONNECTIONS_MAX,
		.idle_timeout_ms = IDLE_TIMEOUT_MS,
		.request_deadline_ms = REQUEST_DEADLINE_MS,
		.parked_deadline_ms = REQUEST_DEADLINE_MS,
		.accept_gzip_requests = true,
	};
	if (!server_open(&server_options, &program->server, err))
		return false;
	if (!holder_init(&program->holder, err)) {
		server_close(&program->server);
		return false;
	}
	server_to_stop = program->server;
	struct sigaction action = { .sa_handler = on_signal };
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	OrgFacts facts = org_facts(program->org);
	printf("orgsim: API http://127.0.0.1:%d control http://127.0.0.1:%d org %.*s client %.*s/%.*s\n",
		server_port(program->server, 0), server_port(program->server, 1),
		STR_ARG(facts.org_id), STR_ARG(facts.client_id), STR_ARG(facts.client_secret));
	(void)fflush(stdout);
	server_run(program->server, DRAIN_MS);
	holder_fini(&program->holder);
	server_close(&program->server);
	return true;
}

static bool run(Settings *settings, Err *err)
{
	CLEANUP(buf_fini) Buf pem = BUF_MAX(PEM_MAX);
	if (settings->public_key_path && !file_read(settings->public_key_path, &pem, err))
		return false;
	settings->org.public_key_pem = buf_str(&pem);
	Program program = { 0 };
	if (!org_open(&settings->org, &program.org, err))
		return false;
	bool done = serve(&program, settings, err);
	org_close(&program.org);
	return done;
}

int main(int argc, char **argv)
{
	log_init(&(LogOptions){ .level = LOG_WARN });
	Settings settings = { 0 };
	bool wants_help = false;
	Err err = { 0 };
	if (!read_options(argc, argv, &settings, &wants_help, &err)) {
		(void)fprintf(stderr, "orgsim: %s\n", err.text);
		return 2;
	}
	if (wants_help) {
		print_help();
		return 0;
	}
	if (run(&settings, &err))
		return 0;
	(void)fprintf(stderr, "orgsim: %s\n", err.text);
	return 1;
}
