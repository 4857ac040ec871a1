#include "base/base.h"

#include "house.h"

#include <pthread.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/secret.h"

/* --------------------------------------------------------- open and close */

static void wake_push(void *ctx)
{
	((House *)ctx)->push_wakes++;
}

static void wake_sync(void *ctx)
{
	((House *)ctx)->sync_wakes++;
}

static void readiness(void *ctx, Buf *reasons)
{
	const House *house = ctx;
	if (house->unready)
		buf_printf(reasons, "%s\n", house->unready);
}

static void org_connect(void *ctx, HttpExchange *exchange, const OrgConnection *wish)
{
	(void)ctx;
	assert_true(http_exchange_park(exchange));
	Str text = arena_printf(&exchange->arena, "%.*s|%d|%.*s|%.*s|%.*s",
		STR_ARG(wish->login_url), (int)wish->grant, STR_ARG(wish->client_id),
		STR_ARG(wish->secret), STR_ARG(wish->username));
	http_reply_header(&exchange->reply, STR("X-Wish"), text);
	exchange->reply.status = 200;
	http_exchange_finish(exchange);
}

static void org_status(void *ctx, HttpExchange *exchange, Str org_id)
{
	(void)ctx;
	http_reply_header(&exchange->reply, STR("X-Org"), org_id);
	exchange->reply.status = 200;
}

static bool plan_rows(void *ctx, int64_t run_id, size_t limit, Buf *rows, Err *err)
{
	(void)ctx;
	if (run_id != 1)
		return ERR(err, ERR_MISSING, "no plan of run %lld", (long long)run_id);
	for (size_t i = 0; i < MIN_OF(limit, 3U); i++)
		buf_printf(rows, "%s{\"row\":%zu}", i ? "," : "", i + 1);
	return true;
}

static const char *error_advice(Str code)
{
	return str_starts(code, STR("INSUFFICIENT_ACCESS")) ? "make the field visible" : "";
}

static void open_store_threads(House *house)
{
	Err err = { 0 };
	Store *store = NULL;
	StoreOptions options = { .keyring = &house->keyring, .rng = rng_system() };
	if (!store_open(house->url, &options, &store, &err)
		|| !writer_open(&store, &(WriterOptions){ .queue_max = 256, .group_max = 64 },
			&house->writer, &err)
		|| !readers_open(house->url, &options, 2, 256, &house->readers, &err))
		fail_msg("%s", err.text);
	options.read_only = true;
	if (!store_open(house->url, &options, &house->eyes, &err))
		fail_msg("%s", err.text);
}

int house_setup(void **state)
{
	Err err = { 0 };
	House *house = xcalloc(1, sizeof *house);
	assert_true(secret_library_init(&err));
	assert_true(str_copy(STR("/tmp/optout-web-XXXXXX"), house->dir, sizeof house->dir));
	assert_non_null(mkdtemp(house->dir));
	arena_init(&house->arena, 256 * 1024 * 1024);
	keyring_generate(&house->keyring, rng_system());
	fake_clock_init(&house->clock, HOUSE_START);
	house->url = arena_printf(&house->arena, "sqlite:%s/optout.db", house->dir);
	open_store_threads(house);
	WebOptions options = { .writer = house->writer,
		.readers = house->readers,
		.keyring = &house->keyring,
		.rng = rng_system(),
		.clock = &house->clock.base,
		.version = "1.2.3",
		.app = { .ctx = house,
			.wake_push = wake_push,
			.wake_sync = wake_sync,
			.org_connect = org_connect,
			.org_status = org_status,
			.readiness = readiness,
			.plan_rows = plan_rows,
			.error_advice = error_advice } };
	if (!web_open(&options, &house->web, &err))
		fail_msg("%s", err.text);
	*state = house;
	return 0;
}

int house_teardown(void **state)
{
	House *house = *state;
	static const char *const files[] = { "optout.db", "optout.db-wal", "optout.db-shm",
		"optout.db.lock" };
	store_close(&house->eyes);
	readers_close(&house->readers);
	writer_close(&house->writer);
	web_close(&house->web);
	keyring_fini(&house->keyring);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char path[128];
		snprintf(path, sizeof path, "%s/%s", house->dir, files[i]);
		(void)unlink(path);
	}
	(void)rmdir(house->dir);
	arena_fini(&house->arena);
	free(house);
	return 0;
}

/* --------------------------------------------------------------- asking */

typedef struct Waiting {
	HttpExchange exchange;
	pthread_mutex_t done_lock;
	pthread_cond_t done_changed;
	bool is_done;
} Waiting;

static void on_finish(HttpExchange *exchange)
{
	Waiting *waiting = exchange->owner;
	pthread_mutex_lock(&waiting->done_lock);
	waiting->is_done = true;
	pthread_cond_signal(&waiting->done_changed);
	pthread_mutex_unlock(&waiting->done_lock);
}

static void fill_request(House *house, const Ask *ask, HttpRequest *request)
{
	HttpHeader *headers = arena_alloc(&house->arena, 4, sizeof *headers);
	Str rest = str_from(ask->path);
	size_t n = 0;
	request->method_name = str_from(ask->method);
	request->method = http_method_parse(request->method_name);
	(void)str_split(&rest, '?', &request->path);
	request->query = rest.ptr ? rest : STR("");
	request->body = ask->body ? str_from(ask->body) : STR("");
	request->peer = request->client = str_from(ask->client ? ask->client : "192.0.2.1");
	request->listener = ask->listener ? ask->listener : LISTENER_LOCAL;
	if (ask->type)
		headers[n++] = (HttpHeader){ STR("Content-Type"), str_from(ask->type) };
	if (ask->token)
		headers[n++] = (HttpHeader){ STR("Authorization"),
			arena_printf(&house->arena, "Bearer %s", ask->token) };
	if (ask->agent)
		headers[n++] = (HttpHeader){ STR("User-Agent"), str_from(ask->agent) };
	request->headers = headers;
	request->header_count = n;
}

static void copy_reply(House *house, const HttpReply *reply, Answer *out)
{
	out->status = reply->status;
	out->body = arena_str(&house->arena, buf_str(&reply->body));
	http_reply_init(&out->reply);
	for (size_t i = 0; i < reply->header_count; i++)
		http_reply_header(&out->reply, arena_str(&house->arena, reply->headers[i].name),
			arena_str(&house->arena, reply->headers[i].value));
}

Answer house_ask(House *house, const Ask *ask)
{
	Waiting waiting = { .done_lock = PTHREAD_MUTEX_INITIALIZER,
		.done_changed = PTHREAD_COND_INITIALIZER };
	Answer answer;
	http_exchange_init(&waiting.exchange);
	waiting.exchange.on_finish = on_finish;
	waiting.exchange.owner = &waiting;
	fill_request(house, ask, &waiting.exchange.request);
	web_handle(house->web, &waiting.exchange);
	if (!http_exchange_release(&waiting.exchange)) {
		pthread_mutex_lock(&waiting.done_lock);
		while (!waiting.is_done)
			pthread_cond_wait(&waiting.done_changed, &waiting.done_lock);
		pthread_mutex_unlock(&waiting.done_lock);
	}
	copy_reply(house, &waiting.exchange.reply, &answer);
	http_exchange_fini(&waiting.exchange);
	pthread_cond_destroy(&waiting.done_changed);
	pthread_mutex_destroy(&waiting.done_lock);
	return answer;
}

static Str ask_local(
	House *house, int status, const char *method, const char *path, const char *json)
{
	Answer answer = house_ask(house,
		&(Ask){ .method = method,
			.path = path,
			.body = json,
			.type = json ? "application/json" : NULL });
	if (answer.status != status)
		fail_msg("%s %s: status %d, want %d: %.*s", method, path, answer.status, status,
			STR_ARG(answer.body));
	return answer.body;
}

Str house_get(House *house, int status, const char *path)
{
	return ask_local(house, status, "GET", path, NULL);
}

Str house_post(House *house, int status, const char *path, const char *json)
{
	return ask_local(house, status, "POST", path, json);
}

Str house_patch(House *house, int status, const char *path, const char *json)
{
	return ask_local(house, status, "PATCH", path, json);
}

const char *house_printf(House *house, const char *format, ...)
{
	char text[4096];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	assert_true(len >= 0 && (size_t)len < sizeof text);
	return arena_z(&house->arena, str_from(text));
}

/* ----------------------------------------------------------------- JSON */

const char *house_member(House *house, Str json, const char *path)
{
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	CLEANUP(buf_fini) Buf text = BUF_MAX(1024 * 1024);
	Err err;
	Str rest = str_from(path), part;
	if (!json_doc_parse(json, 64 * 1024 * 1024, &doc, &err))
		fail_msg("%s in %.*s", err.text, STR_ARG(json));
	const JsonVal *val = doc.root;
	while (str_split(&rest, '.', &part)) {
		int64_t index;
		if (str_to_i64(part, 0, INT32_MAX, &index))
			val = json_array_at(val, (size_t)index);
		else
			val = json_member(val, arena_z(&house->arena, part));
		if (!val)
			fail_msg("no \"%s\" in %.*s", path, STR_ARG(json));
	}
	if (json_val_type(val) == JSON_T_STR)
		buf_put(&text, json_as_str(val));
	else
		json_put_val(&text, val);
	return arena_z(&house->arena, buf_str(&text));
}

/* --------------------------------------------------------------- worlds */

static bool put_org(void *ctx, Store *store, Err *err)
{
	OrgConnection *org = ctx;
	int64_t key;
	return ledger_org_put(store_ledger(store), &org->org_id, HOUSE_START, &key, err)
		&& desk_org_put(store_desk(store), org, HOUSE_START, err);
}

void house_connect_org(House *house, const char *org_id)
{
	Err err;
	OrgConnection org = { .name = STR("Example"),
		.login_url = STR("https://example.my.salesforce.com"),
		.api_version = STR("64.0"),
		.grant = GRANT_CLIENT_CREDENTIALS,
		.client_id = STR("client"),
		.secret = STR("very secret"),
		.username = STR(""),
		.connected_at_ms = HOUSE_START };
	assert_true(sfid_parse(str_from(org_id), &org.org_id, &err));
	if (!writer_call(house->writer, put_org, &org, &err))
		fail_msg("%s", err.text);
}

static bool put_run(void *ctx, Store *store, Err *err)
{
	OrgRow org;
	size_t count;
	Run *run = ctx;
	if (!ledger_org_list(store_ledger(store), &org, 1, &count, err))
		return false;
	run->org = org.org;
	return ledger_run_put(store_ledger(store), run, err);
}

void house_put_run(House *house, Run *run)
{
	Err err;
	if (!writer_call(house->writer, put_run, run, &err))
		fail_msg("%s", err.text);
}

const char *house_link(House *house, const char *address)
{
	CLEANUP(buf_fini) Buf token = BUF_MAX(TOKEN_TEXT_MAX);
	Address parsed;
	Err err;
	assert_true(address_parse(str_from(address), &parsed, &err));
	assert_true(token_mint(&house->keyring, &parsed, rng_system(), &token, &err));
	return house_printf(house, "/u/%s", buf_z(&token));
}

const char *house_token(House *house, const char *scopes)
{
	Str answer = house_post(house, 200, "/api/v1/tokens",
		house_printf(house, "{\"name\":\"mailer\",\"scopes\":[%s]}", scopes));
	return house_member(house, answer, "token");
}

Footprint house_footprint(House *house)
{
	Footprint print = { 0 };
	ChainHead head;
	Err err;
	Ledger *ledger = store_ledger(house->eyes);
	assert_true(ledger_counts(ledger, &print.counts, &err));
	for (unsigned p = 0; p < ADDRESS_PARTITIONS; p++) {
		assert_true(ledger_chain_head(ledger, p, &head, &err));
		print.entries += head.length;
	}
	return print;
}

Person house_person(House *house, const char *address)
{
	Address parsed;
	Person person;
	Err err;
	assert_true(address_parse(str_from(address), &parsed, &err));
	AddressHash hash = address_hash(&house->keyring.hash, &parsed);
	if (!ledger_person_by_hash(store_ledger(house->eyes), &hash, &house->arena, &person, &err))
		fail_msg("%s: %s", address, err.text);
	return person;
}

HistoryEntry house_newest(House *house, const char *address)
{
	HistoryEntry entry;
	size_t count;
	Err err;
	assert_true(ledger_history(store_ledger(house->eyes),
		house_person(house, address).person_id, 0, &house->arena, &entry, 1, &count, &err));
	assert_int_equal(count, 1);
	return entry;
}
