#include "base/base.h"

#include "http/local.h"

#include "../../lib/expect.h"
#include "http/reply.h"

#include <pthread.h>

static void *finish_late(void *exchange)
{
	HttpExchange *parked = exchange;
	http_reply_header(
		&parked->reply, STR("X-Late"), arena_printf(&parked->arena, "from %s", "afar"));
	reply_text(parked, 202, STR("late"));
	http_exchange_finish(parked);
	return NULL;
}

typedef struct Script {
	pthread_t thread;
	bool parks;
} Script;

static void handle(void *ctx, HttpExchange *exchange)
{
	Script *script = ctx;
	const HttpRequest *request = &exchange->request;
	if (script->parks) {
		assert_true(http_exchange_park(exchange));
		assert_int_equal(pthread_create(&script->thread, NULL, finish_late, exchange), 0);
		return;
	}
	CLEANUP(buf_fini) Buf text = BUF_MAX(1000);
	Str type = http_request_header(request, STR("content-type"));
	buf_printf(&text, "%.*s %.*s ?%.*s %.*s [%.*s] on %d from %.*s",
		STR_ARG(request->method_name), STR_ARG(request->path), STR_ARG(request->query),
		STR_ARG(type), STR_ARG(request->body), request->listener, STR_ARG(request->client));
	reply_text(exchange, 200, buf_str(&text));
}

static void a_local_request_looks_like_any_other(void **state)
{
	(void)state;
	Script script = { 0 };
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(4096);
	HttpReply reply;
	Err err;
	assert_true(local_request(handle, &script, STR("POST"), STR("/a/b?c=d?e"), STR("text/csv"),
		STR("x,y"), 3, &arena, &reply, &err));
	assert_int_equal(reply.status, 200);
	assert_str(buf_str(&reply.body), "POST /a/b ?c=d?e text/csv [x,y] on 3 from local");
	http_reply_fini(&reply);
}

static void a_parked_request_is_waited_for(void **state)
{
	(void)state;
	Script script = { .parks = true };
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(4096);
	HttpReply reply;
	Err err;
	assert_true(local_request(
		handle, &script, STR("GET"), STR("/"), STR(""), STR(""), 3, &arena, &reply, &err));
	pthread_join(script.thread, NULL);
	assert_int_equal(reply.status, 202);
	assert_str(buf_str(&reply.body), "late");
	assert_str(http_reply_get(&reply, STR("X-Late")), "from afar");
	http_reply_fini(&reply);
}

static void a_head_reply_has_no_body(void **state)
{
	(void)state;
	Script script = { 0 };
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(4096);
	HttpReply reply;
	Err err;
	assert_true(local_request(
		handle, &script, STR("HEAD"), STR("/"), STR(""), STR(""), 3, &arena, &reply, &err));
	assert_int_equal(reply.status, 200);
	assert_int_equal(reply.body.len, 0);
	http_reply_fini(&reply);
}

static void bad_paths_and_methods_are_input_errors(void **state)
{
	(void)state;
	Script script = { 0 };
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(4096);
	HttpReply reply;
	Err err;
	assert_false(local_request(handle, &script, STR("GET"), STR("people"), STR(""), STR(""), 3,
		&arena, &reply, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_false(local_request(handle, &script, STR("GET IT"), STR("/"), STR(""), STR(""), 3,
		&arena, &reply, &err));
	assert_int_equal(err.kind, ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_local_request_looks_like_any_other),
		cmocka_unit_test(a_parked_request_is_waited_for),
		cmocka_unit_test(a_head_reply_has_no_body),
		cmocka_unit_test(bad_paths_and_methods_are_input_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
