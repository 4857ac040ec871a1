/* A whole conversation with something that is not Salesforce (sf/client.h, query.h, bulk.h):
 * answers are cut from the input, one after the other, at lines of "====". First a line that says
 * what is asked; each answer is its status, "name: value" up to an empty line, and its body. */
#include "base/base.h"

#include "base/clock.h"
#include "base/log.h"
#include "fuzz.h"
#include "sf/bulk.h"
#include "sf/client.h"
#include "sf/describe.h"
#include "sf/inproc.h"
#include "sf/query.h"

enum { HEADERS_MAX = 10, CALLS_MAX = 200, ROWS_MAX = 20 };

#define LOGIN_URL "https://example.my.salesforce.com"
#define INSTANCE  "https://instance.example.com"

typedef struct Script {
	Str rest;
	size_t calls;
	size_t rows;
	bool is_stopped; /* the caller wants no more rows */
} Script;

static Str take_answer(Script *script)
{
	const Str mark = STR("\n====\n");
	ptrdiff_t end = str_find(script->rest, mark);
	Str answer = end < 0 ? script->rest : str_sub(script->rest, 0, (size_t)end);
	if (end >= 0)
		script->rest = str_from_pos(script->rest, (size_t)end + mark.len);
	return answer;
}

/* The token goes to the instance that the login named, and to nobody else; nothing in a request
 * could be read as the end of its line. */
static void check_request(const TransportRequest *request)
{
	bool has_token = false;
	for (size_t i = 0; i < request->header_count; i++) {
		has_token |= str_eq_nocase(request->headers[i].name, STR("Authorization"));
		MUST(fuzz_is_one_line(request->headers[i].value));
	}
	for (size_t i = 0; i < request->url.len; i++)
		MUST(request->url.ptr[i] > ' ' && request->url.ptr[i] < 0x7f);
	if (has_token)
		MUST(str_starts(request->url, STR(INSTANCE "/services/data/")));
	else
		MUST(str_eq(request->url, STR(LOGIN_URL "/services/oauth2/token")));
}

static void answer(void *ctx, const TransportRequest *request, TransportReply *reply)
{
	Script *script = ctx;
	TransportHeader headers[HEADERS_MAX];
	size_t count = 0;
	Str text = STR("");
	int64_t status;
	check_request(request);
	/* Whatever is answered, the asking ends. */
	MUST(++script->calls < CALLS_MAX);
	if (str_ends(request->url, STR("/token"))) {
		inproc_answer(reply, 200, NULL, 0,
			STR("{\"access_token\":\"00D!secret\",\"instance_url\":\"" INSTANCE "\","
			    "\"id\":\"https://login/id/00D000000000001EAA/005000000000001AAA\"}"));
		return;
	}
	text = take_answer(script);
	if (!str_to_i64(fuzz_line(&text), 100, 599, &status)) {
		inproc_fail(reply, TRANSPORT_UNKNOWN, "reset");
		return;
	}
	for (Str line; (line = fuzz_line(&text)).len > 0 && count < HEADERS_MAX;) {
		Str name;
		(void)str_split(&line, ':', &name);
		headers[count++] = (TransportHeader){ name, str_trim(line) };
	}
	inproc_answer(reply, (int)status, headers, count, text);
}

static bool on_row(void *ctx, const JsonVal *record, Err *err)
{
	Script *script = ctx;
	MUST(++script->rows <= ROWS_MAX && !script->is_stopped);
	script->is_stopped = json_member(record, "stop") != NULL;
	return !script->is_stopped || ERR(err, ERR_CONFLICT, "the caller has enough");
}

static bool ask_query(SfClient *client, Script *script, Err *err)
{
	SfQuery query = { .soql = STR("SELECT Id FROM Contact"), .rows_max = ROWS_MAX };
	return sf_query_each(client, &query, on_row, script, err);
}

static bool ask_organization(SfClient *client, Script *script, Err *err)
{
	(void)script;
	SfOrganization org;
	if (!sf_organization_fetch(client, &org, err))
		return false;
	MUST(sfid_is_set(&org.id) && memchr(org.name, '\0', sizeof org.name));
	return true;
}

static bool ask_describe(SfClient *client, Script *script, Err *err)
{
	(void)script;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(8 * 1024 * 1024);
	SfDescribe describe;
	return sf_describe_fetch(client, SF_CONTACT, &arena, &describe, err);
}

/* Creates, looks once, reads pages to the end, removes: as the night does. */
static bool ask_bulk(SfClient *client, Script *script, Err *err)
{
	SfBulkJob job;
	char locator[SF_LOCATOR_MAX] = "";
	bool is_last = false;
	if (!sf_bulk_query_create(client, STR("SELECT Id FROM Lead"), true, &job, err)
		|| !sf_bulk_query_look(client, &job, err))
		return false;
	while (!is_last && script->calls < CALLS_MAX / 2) {
		SfBulkPage page;
		if (!sf_bulk_query_page(client, &job, str_from(locator), 100, &page, err))
			return false;
		is_last = page.is_last;
		memcpy(locator, page.next_locator, sizeof locator);
		sf_bulk_page_fini(&page);
	}
	return sf_bulk_query_delete(client, &job, err);
}

static const struct {
	const char *name;
	bool (*ask)(SfClient *client, Script *script, Err *err);
} questions[] = { { "query", ask_query }, { "organization", ask_organization },
	{ "describe", ask_describe }, { "bulk", ask_bulk } };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	Err err;
	MUST(secret_library_init(&err));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Script script = { .rest = fuzz_text(data, size) };
	Str what = fuzz_line(&script.rest);
	CLEANUP(transport_close)
	Transport *transport = inproc_open(&(InprocOptions){ .handler = answer, .ctx = &script });
	CLEANUP(sf_client_close) SfClient *client = NULL;
	FakeClock clock;
	Err err = { 0 };
	fake_clock_init(&clock, INT64_C(1767323045000));
	SfClientOptions options = { .transport = transport,
		.clock = &clock.base,
		.credentials = { .grant = SF_GRANT_CLIENT_CREDENTIALS,
			.login_url = STR(LOGIN_URL),
			.client_id = STR("key"),
			.secret = STR("secret") } };
	MUST(sf_client_open(&options, &client, &err));
	for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
		if (!str_eq(what, str_from(questions[i].name)))
			continue;
		bool done = questions[i].ask(client, &script, &err);
		MUST(done || (err.kind != ERR_NONE && err.text[0]));
	}
	MUST(sf_client_in_flight(client) == 0);
	return 0;
}
