#include "base/base.h"

#include "http/local.h"

#include "base/clock.h"

#include <pthread.h>

typedef struct LocalCall {
	HttpExchange exchange;
	pthread_mutex_t lock; /* is_done */
	pthread_cond_t done;
	bool is_done;
} LocalCall;

static void local_on_finish(HttpExchange *exchange)
{
	LocalCall *call = exchange->owner;
	pthread_mutex_lock(&call->lock);
	call->is_done = true;
	/* Under the lock: the waiter frees the call as soon as it has seen is_done. */
	pthread_cond_signal(&call->done);
	pthread_mutex_unlock(&call->lock);
}

static void local_wait(LocalCall *call)
{
	pthread_mutex_lock(&call->lock);
	while (!call->is_done)
		pthread_cond_wait(&call->done, &call->lock);
	pthread_mutex_unlock(&call->lock);
}

static bool local_fill(HttpRequest *request, Str method, Str path_and_query, Str content_type,
	Str body, Arena *arena, Err *err)
{
	Str rest = path_and_query;
	if (!http_is_token(method))
		return ERR(err, ERR_INPUT, "\"%.*s\" is not a method", STR_ARG(method));
	if (!str_starts(path_and_query, STR("/")))
		return ERR(err, ERR_INPUT, "\"%.*s\" is not a path", STR_ARG(path_and_query));
	request->method = http_method_parse(method);
	request->method_name = method;
	(void)str_split(&rest, '?', &request->path);
	request->query = rest.ptr ? rest : STR("");
	request->body = body;
	request->peer = request->client = STR("local");
	if (content_type.len > 0) {
		HttpHeader *header = arena_alloc(arena, 1, sizeof *header);
		*header = (HttpHeader){ STR("Content-Type"), content_type };
		request->headers = header;
		request->header_count = 1;
	}
	return true;
}

/* Moves the reply out, header texts into the caller's arena: the exchange's goes away. */
static void local_take(HttpExchange *exchange, Arena *arena, HttpReply *out)
{
	HttpReply *reply = &exchange->reply;
	for (size_t i = 0; i < reply->header_count; i++) {
		reply->headers[i].name = arena_str(arena, reply->headers[i].name);
		reply->headers[i].value = arena_str(arena, reply->headers[i].value);
	}
	if (exchange->request.method == HTTP_HEAD)
		buf_fini(&reply->body);
	*out = *reply;
	http_reply_init(reply);
}

bool local_request(void (*handle)(void *ctx, HttpExchange *exchange), void *ctx, Str method,
	Str path_and_query, Str content_type, Str body, int listener_tag, Arena *arena,
	HttpReply *out, Err *err)
{
	LocalCall call = { .lock = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER };
	http_exchange_init(&call.exchange);
	call.exchange.request.listener = listener_tag;
	call.exchange.started_mono_ms = clock_mono_ms(clock_system());
	call.exchange.on_finish = local_on_finish;
	call.exchange.owner = &call;
	bool filled = local_fill(&call.exchange.request, method, path_and_query, content_type, body,
		&call.exchange.arena, err);
	if (filled) {
		handle(ctx, &call.exchange);
		if (!http_exchange_release(&call.exchange))
			local_wait(&call);
		local_take(&call.exchange, arena, out);
	}
	http_exchange_fini(&call.exchange);
	pthread_cond_destroy(&call.done);
	pthread_mutex_destroy(&call.lock);
	return filled;
}
