#include "base/base.h"

#include "sf/client_flow.h"

#include "base/metric.h"

enum {
	LOGIN_TIMEOUT_MS = 30 * 1000,
	LOGIN_ANSWER_MAX = 64 * 1024,
	HEADER_BYTES_MAX = 16 * 1024, /* what Salesforce takes (salesforce-api.md 2.10) */
	CALL_HEADERS_MAX = 8,
};

void fault_of_ours(SfFault *out, const char *code, SfClass cls, Str text)
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

void call_fail(Call *call, TransportOutcome outcome, const SfFault *fault)
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
	CLEANUP(buf_wipe) Buf authorization = BUF_MAX(HEADER_BYTES_MAX);
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
void client_start_login(SfClient *client)
{
	if (client->login_id != 0)
		return;
	CLEANUP(buf_fini) Buf url = BUF_MAX(SF_URL_MAX + 64);
	CLEANUP(buf_wipe) Buf body = BUF_MAX(4 * SF_CREDENTIAL_BYTES_MAX);
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
		client_start_login(client);
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

bool client_step(SfClient *client, int64_t timeout_ms, bool *out_happened, Err *err)
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

void client_move(SfClient *client, Call *call)
{
	if (atomic_load(&client->is_stopped))
		stop_all(client);
	else if (client->has_session)
		call_send(client, call);
	else
		client_start_login(client);
}
