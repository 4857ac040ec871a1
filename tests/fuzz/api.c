/* The whole program behind HTTP (web/web.h), over a real database: pages, API, guard, one-click.
 * Requests stand in the input one after the other, at lines of "====". Each begins with the
 * listener (R: recipients, A: admins with token, L: the local admin), a blank, method, a blank and
 * target; "name: value" follows up to an empty line, then the body. {LINK} and {TOKEN} stand for a
 * link of ours and for an admin's token of the API. */
#include "base/base.h"

#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "fuzz.h"
#include "model/token.h"
#include "store/store.h"
#include "web/web.h"

#include <pthread.h>
#include <unistd.h>

enum { HEADERS_MAX = 10, REQUESTS_MAX = 8, BODY_BYTES_MAX = 32 * 1024 * 1024 };

/* The fuzzer learns it from comparisons, so it must not come from the input. */
#define ORG_SECRET "a secret that no answer shows"

static char folder[80], url[128], link_text[TOKEN_TEXT_MAX + 1], api_token[80];
static Keyring keyring;
static FakeClock clock_now;
static Writer *writer;
static Readers *readers;
static Store *eyes; /* looks at what requests have changed */
static Web *web;

typedef struct Asked {
	HttpExchange exchange;
	HttpHeader headers[HEADERS_MAX];
	pthread_mutex_t done_lock;
	pthread_cond_t done_changed;
	bool is_done;
} Asked;

static void on_finish(HttpExchange *exchange)
{
	Asked *asked = CONTAINER_OF(exchange, Asked, exchange);
	pthread_mutex_lock(&asked->done_lock);
	asked->is_done = true;
	pthread_cond_signal(&asked->done_changed);
	pthread_mutex_unlock(&asked->done_lock);
}

static void asked_init(Asked *asked)
{
	*asked = (Asked){ .done_lock = PTHREAD_MUTEX_INITIALIZER,
		.done_changed = PTHREAD_COND_INITIALIZER };
	http_exchange_init(&asked->exchange);
	asked->exchange.on_finish = on_finish;
}

static void asked_fini(Asked *asked)
{
	http_exchange_fini(&asked->exchange);
	pthread_cond_destroy(&asked->done_changed);
	pthread_mutex_destroy(&asked->done_lock);
}

static void ask(Asked *asked)
{
	/* Limits per minute are not what is looked at here. */
	fake_clock_advance(&clock_now, MS_PER_HOUR);
	web_handle(web, &asked->exchange);
	if (http_exchange_release(&asked->exchange))
		return;
	pthread_mutex_lock(&asked->done_lock);
	while (!asked->is_done)
		pthread_cond_wait(&asked->done_changed, &asked->done_lock);
	pthread_mutex_unlock(&asked->done_lock);
}

/* ------------------------------------------------------------------- house */

static void request_set(Asked *asked, int listener, Str method, Str target, Str body)
{
	HttpRequest *request = &asked->exchange.request;
	request->listener = listener;
	request->method_name = method;
	request->method = http_method_parse(method);
	(void)str_split(&target, '?', &request->path);
	request->query = target.ptr ? target : STR("");
	request->peer = request->client = STR("192.0.2.1");
	request->headers = asked->headers;
	request->body = body;
}

/* As the local admin. */
static void prepare(Str method, Str target, Str body, Buf *out)
{
	Asked asked;
	asked_init(&asked);
	request_set(&asked, LISTENER_LOCAL, method, target, body);
	ask(&asked);
	MUST(asked.exchange.reply.status == 200);
	buf_put(out, buf_str(&asked.exchange.reply.body));
	asked_fini(&asked);
}

static bool put_org(void *ctx, Store *store, Err *err)
{
	int64_t key, now_ms = clock_wall_ms(&clock_now.base);
	OrgConnection org = { .name = STR("Example"),
		.login_url = STR("https://example.my.salesforce.com"),
		.api_version = STR("64.0"),
		.grant = GRANT_CLIENT_CREDENTIALS,
		.client_id = STR("client"),
		.secret = STR(ORG_SECRET),
		.username = STR(""),
		.connected_at_ms = now_ms };
	(void)ctx;
	return sfid_parse(STR("00D000000000001EAA"), &org.org_id, err)
		&& ledger_org_put(store_ledger(store), &org.org_id, now_ms, &key, err)
		&& desk_org_put(store_desk(store), &org, now_ms, err);
}

static void prepare_house(void)
{
	CLEANUP(buf_fini) Buf answer = BUF_MAX(BODY_BYTES_MAX), token = BUF_MAX(TOKEN_TEXT_MAX);
	Address ann;
	Err err;
	JsonDoc doc;
	MUST(writer_call(writer, put_org, NULL, &err));
	prepare(STR("PATCH"), STR("/api/v1/settings"),
		STR("{\"company.name\":\"<fuzz> & \\\"Sons\\\"\","
		    "\"public.url\":\"https://mail.example.com\"}"),
		&answer);
	buf_reset(&answer);
	prepare(STR("POST"), STR("/api/v1/people/import"),
		STR("email,first_name,contact_id\nann@example.org,Ann,003000000000001\n\"<b>\"@example.org,<b>,\n"),
		&answer);
	buf_reset(&answer);
	prepare(STR("POST"), STR("/api/v1/tokens"),
		STR("{\"name\":\"fuzz\",\"scopes\":[\"admin\"]}"), &answer);
	MUST(json_doc_parse(buf_str(&answer), BODY_BYTES_MAX, &doc, &err));
	MUST(str_copy(json_as_str(json_member(doc.root, "token")), api_token, sizeof api_token));
	json_doc_fini(&doc);
	MUST(address_parse(STR("ann@example.org"), &ann, &err));
	MUST(token_mint(&keyring, &ann, rng_system(), &token, &err));
	MUST(str_copy(buf_str(&token), link_text, sizeof link_text));
}

static void close_house(void)
{
	static const char *const files[] = { "optout.db", "optout.db-wal", "optout.db-shm",
		"optout.db.lock" };
	store_close(&eyes);
	readers_close(&readers);
	writer_close(&writer);
	web_close(&web);
	keyring_fini(&keyring);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char path[128];
		snprintf(path, sizeof path, "%s/%s", folder, files[i]);
		(void)unlink(path);
	}
	(void)rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	const char *temporary = getenv("TMPDIR");
	StoreOptions options = { .keyring = &keyring };
	Store *store = NULL;
	Err err = { 0 };
	log_init(&(LogOptions){ .level = LOG_ERROR });
	MUST(secret_library_init(&err));
	keyring_generate(&keyring, rng_system());
	fake_clock_init(&clock_now, INT64_C(1767323045000));
	snprintf(folder, sizeof folder, "%.50s/fuzz-XXXXXX", temporary ? temporary : "/tmp");
	MUST(mkdtemp(folder));
	snprintf(url, sizeof url, "sqlite:%s/optout.db", folder);
	MUST(store_open(str_from(url), &options, &store, &err));
	MUST(writer_open(
		&store, &(WriterOptions){ .queue_max = 64, .group_max = 64 }, &writer, &err));
	MUST(readers_open(str_from(url), &options, 1, 64, &readers, &err));
	options.read_only = true;
	MUST(store_open(str_from(url), &options, &eyes, &err));
	WebOptions wish = { .writer = writer,
		.readers = readers,
		.keyring = &keyring,
		.rng = rng_system(),
		.clock = &clock_now.base,
		.version = "1.2.3" };
	MUST(web_open(&wish, &web, &err));
	prepare_house();
	atexit(close_house);
	return 0;
}

/* ---------------------------------------------------------------- promises */

typedef struct Footprint {
	LedgerCounts counts;
	int64_t entries;
} Footprint;

static Footprint footprint(void)
{
	Footprint print = { 0 };
	ChainHead head;
	Err err;
	MUST(ledger_counts(store_ledger(eyes), &print.counts, &err));
	for (unsigned p = 0; p < ADDRESS_PARTITIONS; p++) {
		MUST(ledger_chain_head(store_ledger(eyes), p, &head, &err));
		print.entries += head.length;
	}
	return print;
}

static bool has_our_token(const HttpRequest *request)
{
	Str value = http_request_header(request, STR("Authorization"));
	return str_ends(str_trim(value), str_from(api_token));
}

/* A look changes nothing: mail scanners and previews look at every link. A recipient needs a link,
 * or an address that is typed; a program needs a token. */
static bool may_change(const HttpRequest *request)
{
	if (request->method == HTTP_GET || request->method == HTTP_HEAD)
		return false;
	if (request->listener == LISTENER_ADMIN)
		return has_our_token(request);
	if (request->listener == LISTENER_RECIPIENTS)
		return str_find(request->path, str_from(link_text)) >= 0
			|| str_eq(request->path, STR("/u"));
	return true;
}

/* Every '<' begins markup of ours: no text came through unescaped. */
static void check_html(Str html)
{
	static const Str tags[] = { STR_INIT("!doctype html>"), STR_INIT("html "),
		STR_INIT("head>"), STR_INIT("meta "), STR_INIT("title>"), STR_INIT("style>"),
		STR_INIT("body>"), STR_INIT("main>"), STR_INIT("h1>"), STR_INIT("p>"),
		STR_INIT("p "), STR_INIT("form "), STR_INIT("input "), STR_INIT("label "),
		STR_INIT("button "), STR_INIT("bdi>"), STR_INIT("bdi "), STR_INIT("wbr>"),
		STR_INIT("dl>"), STR_INIT("dt>"), STR_INIT("dd>"), STR_INIT("svg "),
		STR_INIT("circle "), STR_INIT("path ") };
	for (size_t i = 0; i < html.len; i++) {
		if (html.ptr[i] != '<')
			continue;
		Str rest = str_from_pos(html, i + 1);
		bool is_known = str_starts(rest, STR("/"));
		for (size_t t = 0; t < ARRAY_LEN(tags) && !is_known; t++)
			is_known = str_eq_nocase(str_sub(rest, 0, tags[t].len), tags[t]);
		if (!is_known)
			fprintf(stderr, "markup: %.*s\n", STR_ARG(str_sub(rest, 0, 40)));
		MUST(is_known);
	}
}

static void check_json(int status, Str body)
{
	JsonDoc doc;
	Err err;
	MUST(json_doc_parse(body, BODY_BYTES_MAX, &doc, &err));
	MUST(json_val_type(doc.root) == JSON_T_OBJECT);
	if (status >= 400) {
		MUST(json_as_i64(json_member(doc.root, "status"), 0) == status);
		MUST(json_as_str(json_member(doc.root, "detail")).len > 0);
	}
	json_doc_fini(&doc);
}

static void check_reply(const HttpRequest *request, const HttpReply *reply)
{
	Str type = http_reply_get(reply, STR("Content-Type")), body = buf_str(&reply->body);
	MUST(strcmp(http_status_text(reply->status), "Unknown") != 0);
	/* Nothing that is sent is our fault; 503 is what needs the rest of the program. */
	MUST(reply->status < 500 || reply->status == 503);
	MUST(str_eq(http_reply_get(reply, STR("X-Content-Type-Options")), STR("nosniff")));
	MUST(str_find(body, STR(ORG_SECRET)) < 0);
	MUST(!reply->body.overflow && !reply->drop_connection && reply->cut_after_bytes == 0);
	for (size_t i = 0; i < reply->header_count; i++)
		MUST(fuzz_is_one_line(reply->headers[i].value));
	if (str_find(type, STR("json")) >= 0)
		check_json(reply->status, body);
	else if (str_find(type, STR("html")) >= 0)
		check_html(body);
	bool is_open = str_eq(request->path, STR("/healthz"))
		|| str_eq(request->path, STR("/readyz"));
	if (request->listener == LISTENER_ADMIN && !is_open && !has_our_token(request))
		MUST(reply->status >= 400 && reply->status < 500);
}

/* ------------------------------------------------------------------- input */

/* With the link and the token in the places of their names. */
static void fill_in(Str text, Buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		Str rest = str_from_pos(text, i);
		if (str_starts(rest, STR("{LINK}"))) {
			buf_put_z(out, link_text);
			i += strlen("{LINK}") - 1;
		} else if (str_starts(rest, STR("{TOKEN}"))) {
			buf_put_z(out, api_token);
			i += strlen("{TOKEN}") - 1;
		} else {
			buf_put_char(out, text.ptr[i]);
		}
	}
}

static int listener_of(Str letter)
{
	return str_eq(letter, STR("R"))    ? LISTENER_RECIPIENTS
		: str_eq(letter, STR("A")) ? LISTENER_ADMIN
					   : LISTENER_LOCAL;
}

static void ask_one(Str text)
{
	Asked asked;
	Str target = fuzz_line(&text), letter, method;
	(void)str_split(&target, ' ', &letter);
	(void)str_split(&target, ' ', &method);
	if (!str_starts(target, STR("/")))
		return; /* the gate */
	asked_init(&asked);
	size_t count = 0;
	for (Str line; (line = fuzz_line(&text)).len > 0 && count < HEADERS_MAX;) {
		Str name;
		(void)str_split(&line, ':', &name);
		asked.headers[count++] = (HttpHeader){ name, str_trim(line) };
	}
	request_set(&asked, listener_of(letter), method, target, text);
	asked.exchange.request.header_count = count;
	if (may_change(&asked.exchange.request)) {
		ask(&asked);
	} else {
		Footprint before = footprint();
		ask(&asked);
		Footprint after = footprint();
		MUST(memcmp(&before, &after, sizeof before) == 0);
	}
	check_reply(&asked.exchange.request, &asked.exchange.reply);
	asked_fini(&asked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const Str mark = STR("\n====\n");
	CLEANUP(buf_fini) Buf text = BUF_MAX(size * 128 + 1);
	fill_in(fuzz_text(data, size), &text);
	if (str_find(buf_str(&text), STR(ORG_SECRET)) >= 0)
		return 0;
	Str rest = buf_str(&text);
	for (int i = 0; i < REQUESTS_MAX && rest.len > 0; i++) {
		ptrdiff_t end = str_find(rest, mark);
		ask_one(end < 0 ? rest : str_sub(rest, 0, (size_t)end));
		rest = end < 0 ? STR("") : str_from_pos(rest, (size_t)end + mark.len);
	}
	return 0;
}
