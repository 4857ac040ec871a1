/* script.h: an org that answers what the test wrote down, behind the real in-process transport.
 * Logins are answered by themselves; each data call takes the next answer. Everything that was
 * asked is kept as text. */
#ifndef TESTS_UNIT_SF_SCRIPT_H
#define TESTS_UNIT_SF_SCRIPT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/secret.h"
#include "expect.h"
#include "sf/client.h"
#include "sf/inproc.h"

enum { SCRIPT_ANSWERS_MAX = 32, SCRIPT_LOG_MAX = 256 * 1024 };

typedef struct ScriptAnswer {
	TransportOutcome fail; /* 0: an answer */
	int status;
	const char *type; /* NULL: JSON_TYPE */
	const char *body;
	const char *limit_info; /* Sforce-Limit-Info */
	const char *locator;    /* Sforce-Locator */
	const char *rows;       /* Sforce-NumberOfRecords */
} ScriptAnswer;

typedef struct Script {
	ScriptAnswer answers[SCRIPT_ANSWERS_MAX];
	size_t count;
	size_t given;
	int logins;
	const char *login_refusal; /* a token error instead of a session */
	const char *dead_token;    /* calls with it get 401 INVALID_SESSION_ID */
	char log[SCRIPT_LOG_MAX];  /* "METHOD URL\nName: value\n...\nbody\n\n" of each data call */
	FakeClock clock;
	Transport *transport;
	SfClient *client;
} Script;

static inline Str script_header(const TransportRequest *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++) {
		if (str_eq_nocase(request->headers[i].name, str_from(name)))
			return request->headers[i].value;
	}
	return STR_NONE;
}

static inline void script_log(Script *script, const TransportRequest *request)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(SCRIPT_LOG_MAX / 2);
	buf_printf(&text, "%s %.*s\n", request->method, STR_ARG(request->url));
	for (size_t i = 0; i < request->header_count; i++)
		buf_printf(&text, "%.*s: %.*s\n", STR_ARG(request->headers[i].name),
			STR_ARG(request->headers[i].value));
	buf_printf(&text, "\n%.*s\n\n", STR_ARG(request->body));
	size_t used = strlen(script->log);
	assert(used + text.len < SCRIPT_LOG_MAX);
	memcpy(script->log + used, buf_z(&text), text.len + 1);
}

static inline void script_login(Script *script, TransportReply *reply)
{
	char body[512];
	TransportHeader type = { STR("Content-Type"), STR(JSON_TYPE) };
	script->logins++;
	if (script->login_refusal) {
		inproc_answer(reply, 400, &type, 1, str_from(script->login_refusal));
		return;
	}
	snprintf(body, sizeof body,
		"{\"access_token\":\"token-%d\",\"instance_url\":\"https://eu1.my.salesforce.com\","
		"\"id\":\"https://login.salesforce.com/id/00D58000000arpqEAA/0051a000000PSP3AAO\","
		"\"token_type\":\"Bearer\"}",
		script->logins);
	inproc_answer(reply, 200, &type, 1, str_from(body));
}

static inline void script_data(
	Script *script, const TransportRequest *request, TransportReply *reply)
{
	TransportHeader headers[4];
	size_t count = 0;
	script_log(script, request);
	bool is_dead = script->dead_token
		&& str_eq(script_header(request, "Authorization"), str_from(script->dead_token));
	ScriptAnswer answer = { .status = 401,
		.body = "[{\"message\":\"Session expired or invalid\",\"errorCode\":"
			"\"INVALID_SESSION_ID\"}]" };
	if (!is_dead) {
		assert(script->given < script->count); /* the test wrote down too few answers */
		answer = script->answers[script->given++];
	}
	if (answer.fail) {
		inproc_fail(reply, answer.fail, "the line is dead");
		return;
	}
	headers[count++] = (TransportHeader){ STR("Content-Type"),
		str_from(answer.type ? answer.type : JSON_TYPE) };
	if (answer.limit_info)
		headers[count++] = (TransportHeader){ STR("Sforce-Limit-Info"),
			str_from(answer.limit_info) };
	if (answer.locator)
		headers[count++] = (TransportHeader){ STR("Sforce-Locator"),
			str_from(answer.locator) };
	if (answer.rows)
		headers[count++] = (TransportHeader){ STR("Sforce-NumberOfRecords"),
			str_from(answer.rows) };
	inproc_answer(reply, answer.status, headers, count, str_from(answer.body));
}

static inline void script_handle(void *ctx, const TransportRequest *request, TransportReply *reply)
{
	if (str_ends(request->url, STR("/services/oauth2/token")))
		script_login(ctx, reply);
	else
		script_data(ctx, request, reply);
}

static inline void script_add(Script *script, ScriptAnswer answer)
{
	assert(script->count < SCRIPT_ANSWERS_MAX);
	script->answers[script->count++] = answer;
}

static inline void script_answer(Script *script, int status, const char *body)
{
	script_add(script, (ScriptAnswer){ .status = status, .body = body });
}

static inline SfClientOptions script_options(Script *script)
{
	return (SfClientOptions){
		.transport = script->transport,
		.clock = &script->clock.base,
		.credentials = { .grant = SF_GRANT_CLIENT_CREDENTIALS,
			.login_url = STR("https://acme.my.salesforce.com"),
			.client_id = STR("key"),
			.secret = STR("hush-hush") },
	};
}

static inline int script_set_up(void **state)
{
	Script *script = calloc(1, sizeof *script);
	if (!script || !secret_library_init(NULL))
		return -1;
	fake_clock_init(&script->clock, 1767225600000);
	script->transport = inproc_open(
		&(InprocOptions){ .handler = script_handle, .ctx = script });
	SfClientOptions options = script_options(script);
	*state = script;
	return sf_client_open(&options, &script->client, NULL) ? 0 : -1;
}

static inline int script_tear_down(void **state)
{
	Script *script = *state;
	sf_client_close(&script->client);
	transport_close(&script->transport);
	free(script);
	return 0;
}

#define script_test(name) cmocka_unit_test_setup_teardown(name, script_set_up, script_tear_down)

#endif
