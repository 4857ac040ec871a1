#include "base/base.h"

#include "sf/client.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/list.h"
#include "base/metric.h"

#include <stdatomic.h>

enum {
	LOGIN_TIMEOUT_MS = 30 * 1000,
	LOGIN_ANSWER_MAX = 64 * 1024,
	CREDENTIAL_BYTES_MAX = 64 * 1024, /* an RSA key in PEM form has 2 to 12 kB */
	HEADER_BYTES_MAX = 16 * 1024,     /* what Salesforce takes (salesforce-api.md 2.10) */
	CALL_HEADERS_MAX = 8,
	WAIT_SLICE_MS = 1000, /* of a blocking call, which ends by the transport's own time-outs */
};

typedef enum CallState {
	CALL_NONE,
	CALL_WAITING, /* for a session */
	CALL_SENT,
	CALL_DONE, /* reply is there, poll has not given it out yet */
} CallState;

typedef struct Call {
	ListNode node;
	uint64_t call_id;
	uint64_t transport_id; /* CALL_SENT */
	CallState state;
	SfRequest request;   /* path and body are ours */
	uint64_t session_no; /* which session it was sent with */
	bool was_repeated;   /* after a renewal: never twice */
	SfReply reply;
} Call;

struct SfClient {
	Transport *transport;
	Clock *clock;
	Arena arena; /* the credentials' texts */
	SfCredentials credentials;
	Secret secret;
	char api_version[8];
	SfId org_id;
	SfSession session;
	bool has_session;
	uint64_t session_no;
	uint64_t login_id;   /* transport call of the login under way; 0 none */
	SfFault login_fault; /* of the last login that failed */
	List calls;          /* oldest first */
	uint64_t calls_started;
	int64_t calls_sent;
	SfUsage usage;
	bool has_usage;
	atomic_bool is_stopped;
};

/* ------------------------------------------------------------ open, close */

static bool check_version(Str version)
{
	ptrdiff_t dot = str_find_char(version, '.', 0);
	int64_t major;
	return dot > 0 && str_to_i64(str_sub(version, 0, (size_t)dot), 20, 999, &major)
		&& str_eq(str_from_pos(version, (size_t)dot), STR(".0"));
}

bool sf_client_open(const SfClientOptions *options, SfClient **out, Err *err)
{
	Str version = options->api_version.len > 0 ? options->api_version
						   : STR(SF_API_VERSION_DEFAULT);
	if (!sf_credentials_check(&options->credentials, err))
		return false;
	if (!check_version(version))
		return ERR(err, ERR_INPUT, "API version \"%.*s\": expected something like %s",
			STR_ARG(version), SF_API_VERSION_DEFAULT);
	const SfCredentials *given = &options->credentials;
	if (given->secret.len + given->client_id.len + given->username.len > CREDENTIAL_BYTES_MAX)
		return ERR(err, ERR_INPUT, "the credentials are larger than any key");
	SfClient *client = xcalloc(1, sizeof *client);
	client->transport = options->transport;
	client->clock = options->clock;
	arena_init(&client->arena, 2 * CREDENTIAL_BYTES_MAX);
	client->credentials = (SfCredentials){
		.grant = given->grant,
		.login_url = arena_str(&client->arena, given->login_url),
		.client_id = arena_str(&client->arena, given->client_id),
		.username = arena_str(&client->arena, given->username),
	};
	secret_set(&client->secret, given->secret);
	bool fits = str_copy(version, client->api_version, sizeof client->api_version);
	assert(fits);
	(void)fits;
	client->org_id = options->org_id;
	list_init(&client->calls);
	atomic_init(&client->is_stopped, false);
	*out = client;
	return true;
}

static void call_free(SfClient *client, Call *call)
{
	list_remove(&client->calls, &call->node);
	free((void *)(uintptr_t)call->request.path.ptr);
	free((void *)(uintptr_t)call->request.body.ptr);
	sf_reply_fini(&call->reply);
	free(call);
}

void sf_client_close(SfClient **client_ptr)
{
	SfClient *client = *client_ptr;
	if (!client)
		return;
	LIST_FOR_EACH(&client->calls, node)
	call_free(client, CONTAINER_OF(node, Call, node));
	sf_session_fini(&client->session);
	secret_fini(&client->secret);
	arena_fini(&client->arena);
	free(client);
	*client_ptr = NULL;
}

/* ----------------------------------------------------------------- replies */

void sf_reply_fini(SfReply *reply)
{
	transport_reply_fini(&reply->raw);
	*reply = (SfReply){ 0 };
}

Str sf_reply_body(const SfReply *reply)
{
	return transport_reply_body(&reply->raw);
}

bool sf_reply_json(const SfReply *reply, JsonDoc *out, Err *err)
{
	Err inner;
	if (json_doc_parse(sf_reply_body(reply), SIZE_MAX, out, &inner))
		return true;
	return ERR_CODE(err, ERR_RETRY, reply->raw.status,
		"Salesforce's answer cannot be read (%s); it may be cut off", inner.text);
}

/* A fault that Salesforce has no part in. */
static void fault_of_ours(SfFault *out, const char *code, SfClass cls, Str text)
{
	sf_fault_set(out, 0, str_from(code), text);
	out->cls = cls;
	out->meaning = "";
	out->advice = "";
}

static void call_done(Call *call)
{
	call->state = CALL_DONE;
	call->reply.call_id = call->call_id;
}

/* Ends a call that got no answer of its own. */
static void call_fail(Call *call, TransportOutcome outcome, const SfFault *fault)
{
	sf_reply_fini(&call->reply);
	call->reply.raw.outcome = outcome;
	call->reply.fault = *fault;
	call_done(call);
}

/* ----------------------------------------------------------------- sending */

static void put_url(const SfClient *client, Str path, Buf *out)
{
	buf_put_z(out, client->session.instance_url);
	if (!str_starts(path, STR("/")))
		buf_printf(out, "/services/data/v%s/", client->api_version);
	buf_put(out, path);
}

static size_t fill_headers(const Call *call, Str authorization, TransportHeader *headers)
{
	bool is_write = strcmp(call->request.method, "GET") != 0;
	size_t count = 0;
	headers[count++] = (TransportHeader){ STR("Authorization"), authorization };
	headers[count++] = (TransportHeader){ STR("Accept"),
		call->request.expected == SF_BODY_CSV ? STR("text/csv") : STR("application/json") };
	headers[count++] = (TransportHeader){ STR("Sforce-Call-Options"),
		STR("client=" SF_CLIENT_NAME) };
	if (call->request.body.len > 0)
		headers[count++] = (TransportHeader){ STR("Content-Type"),
			STR("application/json; charset=UTF-8") };
	if (is_write) {
		/* Without these a tick could give a lead another owner, or be refused as a
		 * duplicate (salesforce-api.md 2.2, 10.4 no. 46, 53). */
		headers[count++] = (TransportHeader){ STR("Sforce-Auto-Assign"), STR("FALSE") };
		headers[count++] = (TransportHeader){ STR("Sforce-Duplicate-Rule-Header"),
			STR("allowSave=true") };
	}
	assert(count <= CALL_HEADERS_MAX);
	return count;
}

static void call_send(SfClient *client, Call *call)
{
	CLEANUP(buf_fini) Buf url = BUF_MAX(HEADER_BYTES_MAX);
	CLEANUP(buf_fini) Buf authorization = BUF_MAX(HEADER_BYTES_MAX);
	TransportHeader headers[CALL_HEADERS_MAX];
	put_url(client, call->request.path, &url);
	buf_put(&authorization, STR("Bearer "));
	buf_put(&authorization, secret_bytes(&client->session.token));
	TransportRequest request = {
		.method = call->request.method,
		.url = buf_str(&url),
		.headers = headers,
		.header_count = fill_headers(call, buf_str(&authorization), headers),
		.body = call->request.body,
		.timeout_ms = call->request.timeout_ms,
		.reply_bytes_max = call->request.reply_bytes_max,
	};
	Err err = { 0 };
	bool started = buf_check(&url, "the URL of a call", &err)
		&& buf_check(&authorization, "the session", &err)
		&& transport_start(client->transport, &request, &call->transport_id, &err);
	if (authorization.ptr)
		bytes_wipe(authorization.ptr, authorization.len);
	if (started) {
		call->state = CALL_SENT;
		call->session_no = client->session_no;
		client->calls_sent++;
		metric_add(M_PUSH_CALLS, 1);
		return;
	}
	SfFault fault;
	fault_of_ours(&fault, "NOT_SENT", SF_CLASS_BUG, str_from(err.text));
	call_fail(call, TRANSPORT_NOT_SENT, &fault);
}

/* ------------------------------------------------------------------- login */

static void fail_waiting(SfClient *client, const SfFault *fault)
{
	LIST_FOR_EACH(&client->calls, node)
	{
		Call *call = CONTAINER_OF(node, Call, node);
		if (call->state == CALL_WAITING)
			call_fail(call, TRANSPORT_NOT_SENT, fault);
	}
}

static void login_failed(SfClient *client, const SfFault *fault)
{
	client->login_fault = *fault;
	fail_waiting(client, fault);
}

static void drop_session(SfClient *client)
{
	sf_session_fini(&client->session);
	client->has_session = false;
}

/* At most one login is under way, whoever needs it. */
static void start_login(SfClient *client)
{
	if (client->login_id != 0)
		return;
	CLEANUP(buf_fini) Buf url = BUF_MAX(SF_URL_MAX + 64);
	CLEANUP(buf_fini) Buf body = BUF_MAX(4 * CREDENTIAL_BYTES_MAX);
	static const TransportHeader headers[] = {
		{ STR_INIT("Content-Type"), STR_INIT("application/x-www-form-urlencoded") },
		{ STR_INIT("Accept"), STR_INIT("application/json") },
	};
	Err err = { 0 };
	bool started = sf_auth_request(&client->credentials, &client->secret,
		clock_wall_ms(client->clock), &url, &body, &err);
	if (started) {
		TransportRequest request = {
			.method = "POST",
			.url = buf_str(&url),
			.headers = headers,
			.header_count = ARRAY_LEN(headers),
			.body = buf_str(&body),
			.timeout_ms = LOGIN_TIMEOUT_MS,
			.reply_bytes_max = LOGIN_ANSWER_MAX,
		};
		started = transport_start(client->transport, &request, &client->login_id, &err);
	}
	if (body.ptr)
		bytes_wipe(body.ptr, body.len);
	if (started)
		return;
	client->login_id = 0;
	SfFault fault;
	fault_of_ours(&fault, "BAD_CREDENTIALS", SF_CLASS_ADMIN, str_from(err.text));
	login_failed(client, &fault);
}

static void send_waiting(SfClient *client)
{
	LIST_FOR_EACH(&client->calls, node)
	{
		Call *call = CONTAINER_OF(node, Call, node);
		if (call->state == CALL_WAITING)
			call_send(client, call);
	}
}

static bool is_other_org(const SfClient *client, const SfSession *session)
{
	return sfid_is_set(&client->org_id) && !sfid_eq(&client->org_id, &session->org_id);
}

static void on_login_answer(SfClient *client, TransportReply *reply)
{
	client->login_id = 0;
	SfSession session = { 0 };
	SfFault fault;
	bool is_session = sf_auth_answer(reply, clock_wall_ms(client->clock), &session, &fault);
	if (reply->body)
		bytes_wipe(reply->body, reply->body_len);
	if (is_session && is_other_org(client, &session)) {
		CLEANUP(buf_fini) Buf text = BUF_MAX(SF_FAULT_TEXT_MAX);
		buf_printf(&text, "the login URL belongs to org %s, but org %s was connected",
			session.org_id.text, client->org_id.text);
		fault_of_ours(&fault, "OTHER_ORG", SF_CLASS_ADMIN, buf_str(&text));
		fault.advice = "Connect this org anew; a refreshed sandbox gets a new ID";
		sf_session_fini(&session);
		is_session = false;
	}
	drop_session(client);
	if (!is_session) {
		login_failed(client, &fault);
		return;
	}
	client->session = session;
	client->has_session = true;
	client->session_no++;
	client->login_fault = (SfFault){ 0 };
	send_waiting(client);
}

/* ----------------------------------------------------------------- answers */

static void note_usage(SfClient *client, const TransportReply *reply)
{
	Str info = transport_reply_header(reply, STR("Sforce-Limit-Info"));
	if (!sf_limit_info_parse(info, &client->usage))
		return;
	client->has_usage = true;
	metric_set(M_API_BUDGET_USED, client->usage.used);
	metric_set(M_API_BUDGET_MAX, client->usage.max);
}

/* A session that ended is renewed once for a call; if another call has seen to that already, the
 * call is just sent again. False: the answer stands. */
static bool repeat_with_new_session(SfClient *client, Call *call, const SfFault *fault)
{
	if (fault->cls != SF_CLASS_SESSION || call->was_repeated)
		return false;
	call->was_repeated = true;
	if (client->has_session && call->session_no == client->session_no)
		drop_session(client);
	call->state = CALL_WAITING;
	if (client->has_session)
		call_send(client, call);
	else
		start_login(client);
	return true;
}

static void on_call_answer(SfClient *client, Call *call, TransportReply *reply)
{
	SfFault fault = { 0 };
	note_usage(client, reply);
	metric_observe_ms(M_PUSH_CALL_MS, reply->duration_ms);
	bool ok = !sf_fault_from_reply(
		reply, call->request.expected, clock_wall_ms(client->clock), &fault);
	if (!ok && repeat_with_new_session(client, call, &fault)) {
		transport_reply_fini(reply);
		return;
	}
	call->reply = (SfReply){ .ok = ok, .fault = fault, .raw = *reply };
	*reply = (TransportReply){ 0 };
	call_done(call);
}

static Call *call_of_transport(SfClient *client, uint64_t transport_id)
{
	LIST_FOR_EACH(&client->calls, node)
	{
		Call *call = CONTAINER_OF(node, Call, node);
		if (call->state == CALL_SENT && call->transport_id == transport_id)
			return call;
	}
	return NULL;
}

static void stop_all(SfClient *client)
{
	SfFault fault;
	fault_of_ours(&fault, "STOPPED", SF_CLASS_AGAIN, STR("the program is stopping"));
	LIST_FOR_EACH(&client->calls, node)
	{
		Call *call = CONTAINER_OF(node, Call, node);
		if (call->state == CALL_SENT)
			call_fail(call, TRANSPORT_UNKNOWN, &fault);
		else if (call->state == CALL_WAITING)
			call_fail(call, TRANSPORT_NOT_SENT, &fault);
	}
}

/* Waits for one thing to happen. *out_happened false: time-out or woken. */
static bool client_step(SfClient *client, int64_t timeout_ms, bool *out_happened, Err *err)
{
	TransportReply reply = { 0 };
	*out_happened = false;
	if (atomic_load(&client->is_stopped)) {
		stop_all(client);
		return true;
	}
	if (!transport_poll(client->transport, timeout_ms, &reply, out_happened, err))
		return false;
	if (!*out_happened)
		return true;
	Call *call = call_of_transport(client, reply.call_id);
	if (client->login_id != 0 && reply.call_id == client->login_id)
		on_login_answer(client, &reply);
	else if (call)
		on_call_answer(client, call, &reply);
	/* Otherwise a late answer of a call that was given up by a stop. */
	transport_reply_fini(&reply);
	return true;
}

/* ------------------------------------------------------------------- calls */

static bool check_request(const SfClient *client, const SfRequest *request, Err *err)
{
	assert(request->method);
	if (client->calls.count >= SF_IN_FLIGHT_MAX)
		return ERR(err, ERR_LIMIT, "%d calls are under way already", SF_IN_FLIGHT_MAX);
	for (size_t i = 0; i < request->path.len; i++) {
		if (request->path.ptr[i] <= ' ' || request->path.ptr[i] > '~')
			return ERR(err, ERR_INPUT, "the path of a call must be percent-encoded");
	}
	if (request->path.len == 0)
		return ERR(err, ERR_INPUT, "the path of a call is empty");
	return true;
}

static Str own_copy(Str s)
{
	return (Str){ xstrndup(s.ptr ? s.ptr : "", s.len), s.len };
}

static bool start_call(SfClient *client, const SfRequest *request, Call **out, Err *err)
{
	if (!check_request(client, request, err))
		return false;
	Call *call = xcalloc(1, sizeof *call);
	call->call_id = ++client->calls_started;
	call->state = CALL_WAITING;
	call->request = *request;
	call->request.path = own_copy(request->path);
	call->request.body = own_copy(request->body);
	if (call->request.timeout_ms == 0)
		call->request.timeout_ms = SF_CALL_TIMEOUT_MS;
	if (call->request.reply_bytes_max == 0)
		call->request.reply_bytes_max = SF_REPLY_BYTES_MAX;
	list_push(&client->calls, &call->node);
	if (atomic_load(&client->is_stopped))
		stop_all(client);
	else if (client->has_session)
		call_send(client, call);
	else
		start_login(client);
	*out = call;
	return true;
}

/* Moves the reply out and forgets the call. */
static void give_reply(SfClient *client, Call *call, SfReply *out)
{
	assert(call->state == CALL_DONE);
	*out = call->reply;
	call->reply = (SfReply){ 0 };
	call_free(client, call);
}

static Call *done_call(SfClient *client)
{
	LIST_FOR_EACH(&client->calls, node)
	{
		Call *call = CONTAINER_OF(node, Call, node);
		if (call->state == CALL_DONE)
			return call;
	}
	return NULL;
}

bool sf_client_start(SfClient *client, const SfRequest *request, uint64_t *out_call_id, Err *err)
{
	Call *call;
	if (!start_call(client, request, &call, err))
		return false;
	*out_call_id = call->call_id;
	return true;
}

bool sf_client_poll(SfClient *client, int64_t timeout_ms, SfReply *out, bool *out_has, Err *err)
{
	int64_t deadline_ms = clock_mono_ms(client->clock) + timeout_ms;
	for (;;) {
		Call *call = done_call(client);
		if (call) {
			give_reply(client, call, out);
			*out_has = true;
			return true;
		}
		int64_t left_ms = MAX_OF(deadline_ms - clock_mono_ms(client->clock), 0);
		bool happened;
		if (!client_step(client, left_ms, &happened, err))
			return false;
		if (!happened && !done_call(client)) {
			*out_has = false;
			return true;
		}
	}
}

bool sf_client_call(SfClient *client, const SfRequest *request, SfReply *out, Err *err)
{
	Call *call;
	Err inner = { 0 };
	*out = (SfReply){ 0 };
	if (!start_call(client, request, &call, &inner)) {
		fault_of_ours(&out->fault, "NOT_SENT", SF_CLASS_BUG, str_from(inner.text));
		out->raw.outcome = TRANSPORT_NOT_SENT;
		return sf_fault_to_err(&out->fault, "Salesforce", err);
	}
	while (call->state != CALL_DONE) {
		bool happened;
		if (client_step(client, WAIT_SLICE_MS, &happened, &inner))
			continue;
		SfFault fault;
		fault_of_ours(&fault, "NO_ANSWER", SF_CLASS_AGAIN, str_from(inner.text));
		call_fail(call, TRANSPORT_UNKNOWN, &fault);
	}
	give_reply(client, call, out);
	return out->ok || sf_fault_to_err(&out->fault, "Salesforce", err);
}

size_t sf_client_in_flight(const SfClient *client)
{
	return client->calls.count;
}

void sf_client_wake(SfClient *client)
{
	transport_wake(client->transport);
}

void sf_client_stop(SfClient *client)
{
	atomic_store(&client->is_stopped, true);
	transport_wake(client->transport);
}

bool sf_client_login(SfClient *client, Err *err)
{
	uint64_t before = client->session_no;
	client->login_fault = (SfFault){ 0 };
	start_login(client);
	while (client->login_id != 0) {
		bool happened;
		if (!client_step(client, WAIT_SLICE_MS, &happened, err))
			return false;
		if (atomic_load(&client->is_stopped))
			return ERR(err, ERR_RETRY, "STOPPED: the program is stopping");
	}
	if (client->has_session && client->session_no != before)
		return true;
	sf_fault_to_err(&client->login_fault, "login to Salesforce", err);
	if (err && strcmp(client->login_fault.code, "OTHER_ORG") == 0)
		err->kind = ERR_CONFLICT;
	return false;
}

/* ------------------------------------------------------------------- state */

const SfSession *sf_client_session(const SfClient *client)
{
	return client->has_session ? &client->session : NULL;
}

Str sf_client_api_version(const SfClient *client)
{
	return str_from(client->api_version);
}

bool sf_client_usage(const SfClient *client, SfUsage *out)
{
	if (client->has_usage)
		*out = client->usage;
	return client->has_usage;
}

int64_t sf_client_calls(const SfClient *client)
{
	return client->calls_sent;
}
