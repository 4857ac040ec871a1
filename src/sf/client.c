#include "base/base.h"

#include "sf/client.h"

#include "base/alloc.h"
#include "sf/client_flow.h"

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
	if (given->secret.len + given->client_id.len + given->username.len
		> SF_CREDENTIAL_BYTES_MAX)
		return ERR(err, ERR_INPUT, "the credentials are larger than any key");
	SfClient *client = xcalloc(1, sizeof *client);
	client->transport = options->transport;
	client->clock = options->clock;
	arena_init(&client->arena, 2 * SF_CREDENTIAL_BYTES_MAX);
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
	client_move(client, call);
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
		if (client_step(client, SF_WAIT_SLICE_MS, &happened, &inner))
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
	client_start_login(client);
	while (client->login_id != 0) {
		bool happened;
		if (!client_step(client, SF_WAIT_SLICE_MS, &happened, err))
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
