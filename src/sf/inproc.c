#include "base/base.h"

#include "sf/inproc.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/list.h"

#include <errno.h>
#include <pthread.h>

typedef struct InprocCall {
	ListNode node;
	uint64_t call_id;
	Arena arena; /* the request's bytes */
	TransportRequest request;
} InprocCall;

typedef struct Inproc {
	Transport base;
	InprocOptions options;
	List calls; /* not answered yet, oldest first */
	uint64_t calls_started;
	pthread_mutex_t wake_lock; /* guards is_woken */
	pthread_cond_t wake_cond;
	bool is_woken;
} Inproc;

static Inproc *inproc_of(Transport *transport)
{
	return CONTAINER_OF(transport, Inproc, base);
}

static bool inproc_start(
	Transport *transport, const TransportRequest *request, uint64_t *out_call_id, Err *err)
{
	Inproc *inproc = inproc_of(transport);
	if (request->url.len == 0)
		return ERR(err, ERR_INPUT, "a request without URL");
	InprocCall *call = xcalloc(1, sizeof *call);
	arena_init(&call->arena, SIZE_MAX); /* one request, bounded by its builder */
	call->call_id = ++inproc->calls_started;
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
	list_push(&inproc->calls, &call->node);
	*out_call_id = call->call_id;
	return true;
}

static void call_free(InprocCall *call)
{
	arena_fini(&call->arena);
	free(call);
}

static InprocCall *take_call(Inproc *inproc)
{
	if (list_is_empty(&inproc->calls))
		return NULL;
	size_t skip = inproc->options.order
		? (size_t)rng_below(inproc->options.order, inproc->calls.count)
		: 0;
	LIST_FOR_EACH(&inproc->calls, node)
	{
		if (skip-- == 0) {
			list_remove(&inproc->calls, node);
			return CONTAINER_OF(node, InprocCall, node);
		}
	}
	return NULL;
}

static void answer_call(Inproc *inproc, const InprocCall *call, TransportReply *out)
{
	TransportReply reply = { 0 };
	inproc->options.handler(inproc->options.ctx, &call->request, &reply);
	if (reply.outcome == TRANSPORT_ANSWERED && reply.body_len > call->request.reply_bytes_max) {
		transport_reply_fini(&reply);
		reply.outcome = TRANSPORT_UNKNOWN;
		ERR(&reply.err, ERR_LIMIT, "the answer is larger than %zu bytes",
			call->request.reply_bytes_max);
	}
	if (reply.outcome == 0)
		inproc_fail(&reply, TRANSPORT_UNKNOWN, "the handler gave no answer");
	reply.call_id = call->call_id;
	*out = reply;
}

static void wait_for_wake(Inproc *inproc, int64_t timeout_ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + (timeout_ms % 1000) * 1000000;
	until.tv_sec += (time_t)(timeout_ms / 1000 + ns / 1000000000);
	until.tv_nsec = (long)(ns % 1000000000);
	pthread_mutex_lock(&inproc->wake_lock);
	while (!inproc->is_woken && timeout_ms > 0
		&& pthread_cond_timedwait(&inproc->wake_cond, &inproc->wake_lock, &until)
			!= ETIMEDOUT) {}
	inproc->is_woken = false;
	pthread_mutex_unlock(&inproc->wake_lock);
}

static bool inproc_poll(
	Transport *transport, int64_t timeout_ms, TransportReply *out, bool *out_has, Err *err)
{
	(void)err;
	Inproc *inproc = inproc_of(transport);
	InprocCall *call = take_call(inproc);
	*out_has = call != NULL;
	if (call) {
		answer_call(inproc, call, out);
		call_free(call);
	} else {
		wait_for_wake(inproc, timeout_ms);
	}
	return true;
}

static void inproc_wake(Transport *transport)
{
	Inproc *inproc = inproc_of(transport);
	pthread_mutex_lock(&inproc->wake_lock);
	inproc->is_woken = true;
	pthread_cond_signal(&inproc->wake_cond);
	pthread_mutex_unlock(&inproc->wake_lock);
}

static size_t inproc_in_flight(Transport *transport)
{
	return inproc_of(transport)->calls.count;
}

static void inproc_close(Transport *transport)
{
	Inproc *inproc = inproc_of(transport);
	ListNode *node;
	while ((node = list_pop(&inproc->calls)))
		call_free(CONTAINER_OF(node, InprocCall, node));
	pthread_cond_destroy(&inproc->wake_cond);
	pthread_mutex_destroy(&inproc->wake_lock);
	free(inproc);
}

Transport *inproc_open(const InprocOptions *options)
{
	assert(options->handler);
	Inproc *inproc = xcalloc(1, sizeof *inproc);
	inproc->base = (Transport){
		.start = inproc_start,
		.poll = inproc_poll,
		.wake = inproc_wake,
		.in_flight = inproc_in_flight,
		.close = inproc_close,
	};
	inproc->options = *options;
	list_init(&inproc->calls);
	pthread_mutex_init(&inproc->wake_lock, NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&inproc->wake_cond, &attributes);
	pthread_condattr_destroy(&attributes);
	return &inproc->base;
}

void inproc_answer(TransportReply *reply, int status, const TransportHeader *headers,
	size_t header_count, Str body)
{
	transport_reply_fini(reply);
	reply->outcome = TRANSPORT_ANSWERED;
	reply->status = status;
	transport_reply_set_headers(reply, headers, header_count);
	reply->body = xstrndup(body.ptr ? body.ptr : "", body.len);
	reply->body_len = body.len;
}

void inproc_fail(TransportReply *reply, TransportOutcome outcome, const char *text)
{
	assert(outcome == TRANSPORT_NOT_SENT || outcome == TRANSPORT_UNKNOWN);
	transport_reply_fini(reply);
	reply->outcome = outcome;
	ERR(&reply->err, ERR_RETRY, "%s", text);
}
