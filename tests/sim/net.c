#include "base/base.h"

#include "base/alloc.h"
#include "sf/inproc.h"
#include "sim.h"

enum {
	HOP_MS_MIN = 5,
	HOP_MS_MAX = 400,
	/* Salesforce may work on a call for ten minutes after its caller gave up. */
	LATE_MS_MAX = 9 * 60 * 1000,
	RESET_MS_MAX = 5000,
};

typedef struct SimTransport {
	Transport base;
	SimNet *net;
	int owner; /* a lane, or NET_NIGHT */
	bool is_woken;
} SimTransport;

typedef struct NetCall {
	ListNode node;
	uint64_t call_id;
	SimTransport *from; /* NULL: the caller is gone, the call goes on */
	SimOrg *to;
	bool is_night;
	NetFate fate;
	Arena arena;
	TransportRequest request;
	int64_t arrives_ms, arrives_again_ms; /* INT64_MAX: never */
	int64_t answers_ms;                   /* the caller hears, or gives up */
	bool is_given_up;                     /* what he hears at answers_ms is nothing */
	int hearings;                         /* times the caller still hears of it */
	TransportReply reply;
} NetCall;

static const char *const fate_names[NET_FATES] = {
	[NET_WELL] = "well",
	[NET_NO_CONNECTION] = "no connection",
	[NET_LOST] = "request lost",
	[NET_ANSWER_LOST] = "answer lost",
	[NET_LATE] = "arrives late",
	[NET_TWICE] = "arrives twice",
	[NET_ANSWER_TWICE] = "answered twice",
	[NET_THROTTLED] = "throttled",
	[NET_HTML] = "a page",
	[NET_CUT] = "answer cut",
};

const char *net_fate_name(NetFate fate)
{
	return fate_names[fate];
}

/* ------------------------------------------------------------------ calls */

static NetCall *call_of(ListNode *node)
{
	return CONTAINER_OF(node, NetCall, node);
}

static void call_free(SimNet *net, NetCall *call)
{
	list_remove(&net->calls, &call->node);
	transport_reply_fini(&call->reply);
	arena_fini(&call->arena);
	free(call);
}

static int64_t between(SimNet *net, int64_t min, int64_t max)
{
	return min + (int64_t)rng_below(&net->rng.base, (uint64_t)(max - min + 1));
}

static SimOrg *find_org(SimNet *net, Str url)
{
	for (size_t i = 0; i < net->sim->org_count; i++)
		if (str_starts(url, str_from(net->sim->orgs[i].url)))
			return &net->sim->orgs[i];
	return NULL;
}

/* When it arrives, and what the caller hears when. */
static void decide(SimNet *net, NetCall *call)
{
	const int64_t now = net->sim->now_ms, timeout_ms = call->request.timeout_ms;
	bool is_hit = rng_below(&net->rng.base, 100) < net->fault_percent;
	call->fate = is_hit ? (NetFate)(1 + rng_below(&net->rng.base, NET_FATES - 1)) : NET_WELL;
	if (net->strike_in > 0 && --net->strike_in == 0) {
		call->fate = net->strike_fate;
		if (net->strike_kills)
			house_crash(&net->sim->house);
	}
	call->arrives_ms = now + between(net, HOP_MS_MIN, HOP_MS_MAX);
	call->arrives_again_ms = INT64_MAX;
	call->answers_ms = call->arrives_ms + between(net, HOP_MS_MIN, HOP_MS_MAX);
	call->hearings = 1;
	switch (call->fate) {
	case NET_NO_CONNECTION:
		call->arrives_ms = INT64_MAX;
		break;
	case NET_LOST:
		call->arrives_ms = INT64_MAX;
		call->answers_ms = now + timeout_ms;
		call->is_given_up = true;
		break;
	case NET_ANSWER_LOST:
		/* A reset soon, or silence until the time is up. */
		call->answers_ms = rng_chance(&net->rng.base, 50)
			? call->arrives_ms + between(net, 1, RESET_MS_MAX)
			: now + timeout_ms;
		call->is_given_up = true;
		break;
	case NET_LATE:
		call->answers_ms = rng_chance(&net->rng.base, 50)
			? now + between(net, 1, RESET_MS_MAX)
			: now + timeout_ms;
		call->arrives_ms = call->answers_ms + between(net, 1, LATE_MS_MAX);
		call->is_given_up = true;
		break;
	case NET_TWICE:
		/* A proxy that sends it again before it answers. */
		call->arrives_again_ms = call->arrives_ms + between(net, 1, RESET_MS_MAX);
		call->answers_ms = call->arrives_again_ms + between(net, HOP_MS_MIN, HOP_MS_MAX);
		break;
	case NET_ANSWER_TWICE:
		call->hearings = 2;
		break;
	case NET_WELL:
	case NET_THROTTLED:
	case NET_HTML:
	case NET_CUT:
	case NET_FATES:
		break;
	}
}

/* -------------------------------------------------------------- the org's side */

static HttpRequest as_http(NetCall *call)
{
	const TransportRequest *request = &call->request;
	Str target = str_from_pos(request->url, strlen(call->to->url));
	ptrdiff_t question = str_find_char(target, '?', 0);
	size_t count = request->header_count;
	HttpHeader *headers = arena_alloc(&call->arena, count + 1, sizeof *headers);
	for (size_t i = 0; i < count; i++)
		headers[i] = (HttpHeader){ request->headers[i].name, request->headers[i].value };
	headers[count] = (HttpHeader){ STR("Host"),
		str_from_pos(str_from(call->to->url), strlen("http://")) };
	Str method = str_from(request->method);
	return (HttpRequest){
		.method = http_method_parse(method),
		.method_name = method,
		.path = question < 0 ? target : str_sub(target, 0, (size_t)question),
		.query = question < 0 ? STR("") : str_from_pos(target, (size_t)question + 1),
		.headers = headers,
		.header_count = count + 1,
		.body = request->body,
		.peer = STR("127.0.0.1"),
		.client = STR("127.0.0.1"),
	};
}

static void keep_answer(NetCall *call, const HttpReply *http)
{
	TransportHeader headers[HTTP_REPLY_HEADERS_MAX];
	for (size_t i = 0; i < http->header_count; i++)
		headers[i] = (TransportHeader){ http->headers[i].name, http->headers[i].value };
	Str body = buf_str(&http->body);
	if (http->drop_connection || http->cut_after_bytes)
		inproc_fail(&call->reply, TRANSPORT_UNKNOWN, "the connection was reset");
	else
		inproc_answer(&call->reply, http->status, headers, http->header_count, body);
}

static void arrive(NetCall *call)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(64 * 1024 * 1024);
	HttpReply http;
	HttpRequest request = as_http(call);
	http_reply_init(&http);
	call->to->sim->net.arriving = &request;
	oracle_before_call(call->to, call->is_night, request.path);
	(void)org_handle(call->to->org, &request, &arena, &http);
	oracle_after_call(call->to);
	call->to->sim->net.arriving = NULL;
	sim_say(call->to->sim, "  org %zu: %s %.*s -> %d (%s)", call->to->index,
		call->request.method, STR_ARG(request.path), http.status,
		net_fate_name(call->fate));
	if (call->reply.outcome == 0)
		keep_answer(call, &http);
	http_reply_fini(&http);
}

void net_deliver(SimNet *net)
{
	LIST_FOR_EACH(&net->calls, node)
	{
		NetCall *call = call_of(node);
		if (call->arrives_ms <= net->sim->now_ms) {
			call->arrives_ms = call->arrives_again_ms;
			call->arrives_again_ms = INT64_MAX;
			if (call->fate != NET_THROTTLED)
				arrive(call);
		}
		if (!call->from && call->arrives_ms == INT64_MAX)
			call_free(net, call);
	}
}

int64_t net_next_ms(const SimNet *net)
{
	int64_t next = INT64_MAX;
	LIST_FOR_EACH(&net->calls, node)
	{
		const NetCall *call = call_of(node);
		next = MIN_OF(next, call->arrives_ms);
	}
	return next;
}

/* ---------------------------------------------------------- the caller's side */

static void spoil(NetCall *call, TransportReply *reply)
{
	static const TransportHeader html[] = { { STR_INIT("Content-Type"),
		STR_INIT("text/html") } };
	static const TransportHeader wait[] = { { STR_INIT("Retry-After"), STR_INIT("7") } };
	switch (call->fate) {
	case NET_NO_CONNECTION:
		inproc_fail(reply, TRANSPORT_NOT_SENT, "no connection");
		return;
	case NET_THROTTLED:
		inproc_answer(reply, 503, wait, 1, STR(""));
		return;
	case NET_HTML:
		inproc_answer(
			reply, 200, html, 1, STR("<html><body>Down for a moment</body></html>"));
		return;
	case NET_CUT:
		reply->body_len /= 2;
		return;
	case NET_WELL:
	case NET_LOST:
	case NET_ANSWER_LOST:
	case NET_LATE:
	case NET_TWICE:
	case NET_ANSWER_TWICE:
	case NET_FATES:
		return;
	}
}

static void copy_reply(const TransportReply *from, TransportReply *out)
{
	*out = (TransportReply){ 0 };
	if (from->outcome != TRANSPORT_ANSWERED) {
		out->outcome = from->outcome ? from->outcome : TRANSPORT_UNKNOWN;
		out->err = from->err;
		return;
	}
	inproc_answer(
		out, from->status, from->headers, from->header_count, transport_reply_body(from));
}

/* The caller hears of a call. */
static void hear(SimNet *net, NetCall *call, TransportReply *out)
{
	if (call->is_given_up) {
		*out = (TransportReply){ 0 };
		inproc_fail(out, TRANSPORT_UNKNOWN, "no answer in time");
	} else {
		copy_reply(&call->reply, out);
		spoil(call, out);
	}
	out->call_id = call->call_id;
	out->duration_ms = 1;
	if (--call->hearings > 0) {
		call->answers_ms += between(net, 1, RESET_MS_MAX);
		return;
	}
	call->from = NULL;
	if (call->arrives_ms == INT64_MAX)
		call_free(net, call);
}

static NetCall *next_heard(SimTransport *transport)
{
	NetCall *best = NULL;
	LIST_FOR_EACH(&transport->net->calls, node)
	{
		NetCall *call = call_of(node);
		if (call->from == transport && (!best || call->answers_ms < best->answers_ms))
			best = call;
	}
	return best;
}

int64_t net_lane_next_ms(const SimNet *net, int lane)
{
	int64_t next = INT64_MAX;
	LIST_FOR_EACH(&net->calls, node)
	{
		const NetCall *call = call_of(node);
		if (call->from && call->from->owner == lane)
			next = MIN_OF(next, call->answers_ms);
	}
	return next;
}

static SimTransport *transport_of(Transport *transport)
{
	return CONTAINER_OF(transport, SimTransport, base);
}

static bool start(
	Transport *transport, const TransportRequest *request, uint64_t *out_call_id, Err *err)
{
	SimNet *net = transport_of(transport)->net;
	SimOrg *org = find_org(net, request->url);
	if (!org)
		return ERR(err, ERR_INPUT, "nobody answers at %.*s", STR_ARG(request->url));
	NetCall *call = xcalloc(1, sizeof *call);
	arena_init(&call->arena, SIZE_MAX);
	call->call_id = ++net->next_id;
	call->from = transport_of(transport);
	call->to = org;
	call->is_night = call->from->owner == NET_NIGHT;
	call->request = *request;
	call->request.url = arena_str(&call->arena, request->url);
	call->request.body = arena_str(&call->arena, request->body);
	TransportHeader *headers = arena_alloc(
		&call->arena, request->header_count + 1, sizeof *headers);
	for (size_t i = 0; i < request->header_count; i++) {
		headers[i].name = arena_str(&call->arena, request->headers[i].name);
		headers[i].value = arena_str(&call->arena, request->headers[i].value);
	}
	call->request.headers = headers;
	decide(net, call);
	/* A dead process sends nothing. */
	if (house_is_dead(&net->sim->house)) {
		call->arrives_ms = call->arrives_again_ms = INT64_MAX;
		call->is_given_up = true;
	}
	list_push(&net->calls, &call->node);
	*out_call_id = call->call_id;
	return true;
}

static bool poll_reply(
	Transport *transport, int64_t timeout_ms, TransportReply *out, bool *out_has, Err *err)
{
	(void)err;
	SimTransport *self = transport_of(transport);
	SimNet *net = self->net;
	Sim *sim = net->sim;
	const int64_t until_ms = sim->now_ms + timeout_ms;
	*out_has = false;
	for (;;) {
		NetCall *call = next_heard(self);
		if (call && (call->answers_ms <= sim->now_ms || house_is_dead(&sim->house))) {
			hear(net, call, out);
			*out_has = true;
			return true;
		}
		bool may_wait = (self->owner == NET_NIGHT || net->is_draining) && !self->is_woken
			&& !house_is_dead(&sim->house) && !sim->has_failed;
		if (!may_wait || sim->now_ms >= until_ms)
			break;
		sim_run(sim, call ? MIN_OF(call->answers_ms, until_ms) : until_ms, &self->is_woken);
	}
	self->is_woken = false;
	return true;
}

static void wake(Transport *transport)
{
	transport_of(transport)->is_woken = true;
}

static size_t in_flight(Transport *transport)
{
	size_t count = 0;
	LIST_FOR_EACH(&transport_of(transport)->net->calls, node)
	count += call_of(node)->from == transport_of(transport);
	return count;
}

static void close_transport(Transport *transport)
{
	SimTransport *self = transport_of(transport);
	LIST_FOR_EACH(&self->net->calls, node)
	{
		NetCall *call = call_of(node);
		if (call->from != self)
			continue;
		call->from = NULL;
		if (call->arrives_ms == INT64_MAX)
			call_free(self->net, call);
	}
	free(self);
}

static bool open_transport(OrgNet *org_net, Transport **out, Err *err)
{
	(void)err;
	SimNet *net = CONTAINER_OF(org_net, SimNet, net);
	SimTransport *transport = xcalloc(1, sizeof *transport);
	transport->base = (Transport){
		.start = start,
		.poll = poll_reply,
		.wake = wake,
		.in_flight = in_flight,
		.close = close_transport,
	};
	transport->net = net;
	transport->owner = net->opener;
	*out = &transport->base;
	return true;
}

void net_init(SimNet *net, Sim *sim, uint64_t seed)
{
	*net = (SimNet){ .net = { open_transport }, .sim = sim, .opener = NET_NIGHT };
	list_init(&net->calls);
	rng_seed(&net->rng, seed);
}

void net_fini(SimNet *net)
{
	LIST_FOR_EACH(&net->calls, node)
	call_free(net, call_of(node));
}
