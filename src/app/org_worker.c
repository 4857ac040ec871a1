#include "base/base.h"

#include "app/org_worker.h"

#include "app/org_client.h"
#include "app/stop.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/queue.h"
#include "http/reply.h"
#include "sf/describe.h"
#include "sf/query.h"
#include "store/ledger.h"
#include "store/store.h"
#include "web/settings.h"

#include <pthread.h>

/* Admins ask one thing at a time; more than this at once is a script gone wrong. */
enum { ASKED_MAX = 32, REPLY_BYTES_MAX = 256 * 1024, DESCRIBE_ARENA_MAX = 8 * 1024 * 1024 };

typedef struct Asked {
	HttpExchange *exchange;
	const OrgConnection *wish; /* connect: lives in the exchange's arena; NULL: status */
	Str org_id;                /* status */
} Asked;

struct OrgWorker {
	OrgWorkerOptions options;
	Queue *queue;  /* of Asked, in the exchange's arena */
	Store *reader; /* own, read-only, the thread's */
	StopSwitch stop;
	pthread_t thread;
};

static bool open_client(
	OrgWorker *worker, const OrgConnection *connection, OrgClient *out, Err *err)
{
	if (!org_client_open(worker->options.net, clock_system(), connection, out, err))
		return false;
	stop_watch(&worker->stop, out->sf);
	return true;
}

/* ---------------------------------------------------------------- connect */

typedef struct ConnectedOrg {
	OrgConnection connection;
	int64_t now_ms;
	int64_t org;
} ConnectedOrg;

static bool write_connection(void *ctx, Store *store, Err *err)
{
	ConnectedOrg *connected = ctx;
	return ledger_org_put(store_ledger(store), &connected->connection.org_id, connected->now_ms,
		       &connected->org, err)
		&& desk_org_put(store_desk(store), &connected->connection, connected->now_ms, err);
}

static void put_connection(JsonWriter *w, const OrgConnection *connection)
{
	jw_kv_str(w, "org_id", sfid_str(&connection->org_id));
	jw_kv_str(w, "name", connection->name);
	jw_kv_str(w, "login_url", connection->login_url);
	jw_kv_str(w, "api_version", connection->api_version);
	jw_kv_str(w, "grant",
		connection->grant == GRANT_JWT_BEARER ? STR("jwt_bearer")
						      : STR("client_credentials"));
	jw_kv_bool(w, "is_sandbox", connection->is_sandbox);
	jw_kv_time(w, "connected_at", connection->connected_at_ms);
}

static bool connect_org(OrgWorker *worker, OrgClient *client, HttpExchange *exchange,
	const OrgConnection *wish, Err *err)
{
	if (!open_client(worker, wish, client, err))
		return false;
	SfOrganization organization = { 0 };
	if (!sf_client_login(client->sf, err)
		|| !sf_organization_fetch(client->sf, &organization, err))
		return false;
	int64_t now_ms = clock_wall_ms(clock_system());
	ConnectedOrg connected = { .connection = *wish, .now_ms = now_ms };
	connected.connection.org_id = organization.id;
	connected.connection.name = str_from(organization.name);
	connected.connection.is_sandbox = organization.is_sandbox;
	connected.connection.connected_at_ms = now_ms;
	connected.connection.api_version = sf_client_api_version(client->sf);
	if (!writer_call(worker->options.writer, write_connection, &connected, err))
		return false;
	log_event(LOG_INFO, "org.connected", LOG_STR("org", sfid_str(&organization.id)),
		LOG_STR("login_url", wish->login_url));
	worker->options.on_connected(worker->options.ctx);

	CLEANUP(buf_fini) Buf json = BUF_MAX(REPLY_BYTES_MAX);
	JsonWriter w;
	jw_init(&w, &json);
	jw_object_begin(&w);
	put_connection(&w, &connected.connection);
	jw_object_end(&w);
	reply_json(exchange, 200, &json);
	return true;
}

/* ----------------------------------------------------------------- status */

static bool find_connection(
	OrgWorker *worker, Str org_id, Arena *arena, OrgConnection *out, Err *err)
{
	OrgConnection *rows = arena_alloc(arena, ORGS_MAX, sizeof *rows);
	size_t count = 0;
	if (!desk_org_list(store_desk(worker->reader), arena, rows, ORGS_MAX, &count, err))
		return false;
	if (count == 0)
		return ERR(err, ERR_MISSING,
			"no org is connected; connect one with `optout org connect`");
	if (org_id.len == 0 && count > 1)
		return ERR(
			err, ERR_INPUT, "%zu orgs are connected; say which one with org=ID", count);
	for (size_t i = 0; i < count; i++)
		if (org_id.len == 0 || str_eq(org_id, sfid_str(&rows[i].org_id))) {
			*out = rows[i];
			return true;
		}
	return ERR(err, ERR_MISSING, "org %.*s is not connected", STR_ARG(org_id));
}

static void put_field(JsonWriter *w, const SfDescribe *describe, Str name)
{
	SfFieldState state = sf_field_state(describe, name);
	jw_object_begin(w);
	jw_kv_str(w, "name", name);
	jw_kv_str(w, "state", str_from(sf_field_state_name(state)));
	jw_kv_str(w, "advice", str_from(sf_field_state_advice(state)));
	jw_object_end(w);
}

static bool put_object(JsonWriter *w, SfClient *client, SfObject object, Str sales_field, Err *err)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(DESCRIBE_ARENA_MAX);
	SfDescribe describe = { 0 };
	if (!sf_describe_fetch(client, object, &arena, &describe, err))
		return false;
	jw_object_begin(w);
	jw_kv_str(w, "object", str_from(sf_object_name(object)));
	jw_kv_bool(w, "is_updateable", describe.is_updateable);
	jw_key(w, "fields");
	jw_array_begin(w);
	put_field(w, &describe, sf_opt_out_field(object));
	if (sales_field.len)
		put_field(w, &describe, sales_field);
	jw_array_end(w);
	jw_key(w, "sales_field_candidates");
	jw_array_begin(w);
	const SfField *candidates[8];
	size_t count = sf_sales_field_candidates(&describe, candidates, ARRAY_LEN(candidates));
	for (size_t i = 0; i < count; i++)
		jw_str(w, candidates[i]->name);
	jw_array_end(w);
	jw_object_end(w);
	return true;
}

static bool show_status(
	OrgWorker *worker, OrgClient *client, HttpExchange *exchange, Str org_id, Err *err)
{
	OrgConnection connection = { 0 };
	OrgSettings settings = { 0 };
	if (!find_connection(worker, org_id, &exchange->arena, &connection, err)
		|| !settings_load_org(store_desk(worker->reader), sfid_str(&connection.org_id),
			&exchange->arena, &settings, err))
		return false;
	if (!open_client(worker, &connection, client, err) || !sf_client_login(client->sf, err))
		return false;

	CLEANUP(buf_fini) Buf json = BUF_MAX(REPLY_BYTES_MAX);
	JsonWriter w;
	jw_init(&w, &json);
	jw_object_begin(&w);
	put_connection(&w, &connection);
	jw_kv_bool(&w, "login_ok", true);
	jw_kv_str(&w, "instance_url", str_from(sf_client_session(client->sf)->instance_url));
	jw_key(&w, "objects");
	jw_array_begin(&w);
	if (!put_object(&w, client->sf, SF_CONTACT, settings.field_contact, err)
		|| !put_object(&w, client->sf, SF_LEAD, settings.field_lead, err))
		return false;
	jw_array_end(&w);
	SfUsage usage = { 0 };
	jw_key(&w, "api_usage");
	if (sf_client_usage(client->sf, &usage)) {
		jw_object_begin(&w);
		jw_kv_i64(&w, "used", usage.used);
		jw_kv_i64(&w, "max", usage.max);
		jw_object_end(&w);
	} else {
		jw_null(&w);
	}
	jw_object_end(&w);
	reply_json(exchange, 200, &json);
	return true;
}

/* ------------------------------------------------------------- the thread */

static bool answer(OrgWorker *worker, const Asked *asked, Err *err)
{
	if (stop_is_thrown(&worker->stop))
		return ERR(err, ERR_RETRY, "the program is stopping");
	OrgClient client = { 0 };
	bool ok = asked->wish ? connect_org(worker, &client, asked->exchange, asked->wish, err)
			      : show_status(worker, &client, asked->exchange, asked->org_id, err);
	stop_watch(&worker->stop, NULL);
	org_client_close(&client);
	return ok;
}

static void *org_thread(void *arg)
{
	OrgWorker *worker = arg;
	void *item;
	while (queue_take(worker->queue, &item, 1, -1) == 1) {
		const Asked *asked = item;
		HttpExchange *exchange = asked->exchange;
		Err err = { 0 };
		if (!answer(worker, asked, &err)) {
			log_event(LOG_WARN,
				asked->wish ? "org.connect.failed" : "org.status.failed",
				LOG_ERR(&err));
			reply_err(exchange, &err);
		}
		http_exchange_finish(exchange);
	}
	return NULL;
}

bool org_worker_open(const OrgWorkerOptions *options, OrgWorker **out, Err *err)
{
	OrgWorker *worker = xcalloc(1, sizeof *worker);
	worker->options = *options;
	const StoreOptions store = { .read_only = true, .keyring = options->keyring };
	if (!store_open(str_from(options->config->store_url), &store, &worker->reader, err)) {
		free(worker);
		return false;
	}
	stop_init(&worker->stop);
	worker->queue = queue_open(ASKED_MAX);
	int failed = pthread_create(&worker->thread, NULL, org_thread, worker);
	if (failed) {
		queue_close(&worker->queue);
		stop_fini(&worker->stop);
		store_close(&worker->reader);
		free(worker);
		return ERR_CODE(
			err, ERR_FATAL, failed, "cannot start a thread: %s", strerror(failed));
	}
	*out = worker;
	return true;
}

void org_worker_close(OrgWorker **handle)
{
	OrgWorker *worker = *handle;
	if (!worker)
		return;
	stop_throw(&worker->stop);
	queue_shut(worker->queue);
	pthread_join(worker->thread, NULL);
	queue_close(&worker->queue);
	stop_fini(&worker->stop);
	store_close(&worker->reader);
	free(worker);
	*handle = NULL;
}

static void ask(OrgWorker *worker, const Asked *asked)
{
	HttpExchange *exchange = asked->exchange;
	Asked *kept = arena_alloc(&exchange->arena, 1, sizeof *kept);
	*kept = *asked;
	if (!http_exchange_park(exchange) || queue_put(worker->queue, kept))
		return;
	reply_problem(
		exchange, 503, "too many questions about orgs are waiting; try again in a minute");
	http_exchange_finish(exchange);
}

void org_worker_connect(OrgWorker *worker, HttpExchange *exchange, const OrgConnection *wish)
{
	ask(worker, &(Asked){ .exchange = exchange, .wish = wish });
}

void org_worker_status(OrgWorker *worker, HttpExchange *exchange, Str org_id)
{
	ask(worker, &(Asked){ .exchange = exchange, .org_id = org_id });
}
