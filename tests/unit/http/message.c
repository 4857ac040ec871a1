#include "base/base.h"

#include "http/message.h"

#include "../../lib/expect.h"

static void methods_are_case_sensitive(void **state)
{
	(void)state;
	assert_int_equal(http_method_parse(STR("PATCH")), HTTP_PATCH);
	assert_int_equal(http_method_parse(STR("get")), HTTP_OTHER);
	assert_int_equal(http_method_parse(STR("")), HTTP_OTHER);
	assert_string_equal(http_method_name(HTTP_DELETE), "DELETE");
	assert_string_equal(http_method_name(HTTP_OTHER), "OTHER");
}

static void tokens_are_what_rfc_9110_says(void **state)
{
	(void)state;
	assert_true(http_is_token(STR("X-Trace_1.~!")));
	assert_false(http_is_token(STR("")));
	assert_false(http_is_token(STR("Host ")));
	assert_false(http_is_token(STR("a:b")));
	assert_false(http_is_token(STR("a\0b")));
	assert_false(http_is_token(STR("h\xc3\xa9")));
}

static void header_names_ignore_case_and_the_first_counts(void **state)
{
	(void)state;
	const HttpHeader headers[] = {
		{ STR("content-type"), STR("text/csv") },
		{ STR("Content-Type"), STR("text/html") },
	};
	HttpRequest request = { .headers = headers, .header_count = 2 };
	assert_str(http_request_header(&request, STR("CONTENT-TYPE")), "text/csv");
	assert_null(http_request_header(&request, STR("Content")).ptr);
}

static Str query(Arena *arena, Str text, Str name)
{
	HttpRequest request = { .query = text };
	return http_query_param(&request, name, arena);
}

static void query_parameters_are_decoded(void **state)
{
	(void)state;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(4096);
	Str text = STR("a=1&address=x%2By%40e.org&b+c=d+e&empty=&bare&bad=%4");
	assert_str(query(&arena, text, STR("address")), "x+y@e.org");
	assert_str(query(&arena, text, STR("b c")), "d e");
	assert_str(query(&arena, text, STR("empty")), "");
	assert_non_null(query(&arena, text, STR("empty")).ptr);
	assert_str(query(&arena, text, STR("bare")), "");
	assert_null(query(&arena, text, STR("bad")).ptr);
	assert_null(query(&arena, text, STR("none")).ptr);
	assert_null(query(&arena, STR(""), STR("")).ptr);
}

static void outside_text_cannot_split_a_reply(void **state)
{
	(void)state;
	HttpReply reply;
	http_reply_init(&reply);
	http_reply_header(&reply, STR("Location"), STR("/a\r\nSet-Cookie: x=1"));
	http_reply_header(&reply, STR("Bad Name"), STR("x"));
	http_reply_header(&reply, STR("X-Nul"), STR("a\0b"));
	assert_int_equal(reply.header_count, 0);
	http_reply_header(&reply, STR("Location"), STR("/a\tb"));
	assert_str(http_reply_get(&reply, STR("location")), "/a\tb");
	http_reply_fini(&reply);
}

static void note_finish(HttpExchange *exchange)
{
	++*(int *)exchange->owner;
}

static bool refuse_park(HttpExchange *exchange)
{
	(void)exchange;
	return false;
}

static void the_reply_leaves_with_the_last_hold(void **state)
{
	(void)state;
	int finished = 0;
	HttpExchange exchange;
	http_exchange_init(&exchange);
	exchange.owner = &finished;
	exchange.on_finish = note_finish;
	/* given: a guard parks, and the handler it calls later parks again */
	assert_true(http_exchange_park(&exchange));
	assert_false(http_exchange_release(&exchange));
	assert_true(http_exchange_park(&exchange));
	/* when: the guard is done, and then the handler's work */
	http_exchange_finish(&exchange);
	assert_int_equal(finished, 0);
	http_exchange_finish(&exchange);
	assert_int_equal(finished, 1);
	http_exchange_fini(&exchange);
}

static void an_answer_before_the_handler_returns_needs_no_finish(void **state)
{
	(void)state;
	HttpExchange exchange;
	http_exchange_init(&exchange);
	exchange.reply.status = 200;
	assert_true(http_exchange_release(&exchange));
	assert_false(exchange.is_parked);
	http_exchange_fini(&exchange);
}

static void work_finished_before_the_handler_returns_is_taken_by_the_dispatcher(void **state)
{
	(void)state;
	int finished = 0;
	HttpExchange exchange;
	http_exchange_init(&exchange);
	exchange.owner = &finished;
	exchange.on_finish = note_finish;
	assert_true(http_exchange_park(&exchange));
	http_exchange_finish(&exchange);
	assert_true(http_exchange_release(&exchange));
	assert_int_equal(finished, 0);
	assert_true(exchange.is_parked);
	http_exchange_fini(&exchange);
}

static void a_refused_park_is_already_answered(void **state)
{
	(void)state;
	HttpExchange exchange;
	http_exchange_init(&exchange);
	exchange.on_park = refuse_park;
	assert_false(http_exchange_park(&exchange));
	assert_int_equal(exchange.reply.status, 503);
	assert_non_null(http_reply_get(&exchange.reply, STR("Retry-After")).ptr);
	assert_true(http_exchange_release(&exchange));
	http_exchange_fini(&exchange);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(methods_are_case_sensitive),
		cmocka_unit_test(tokens_are_what_rfc_9110_says),
		cmocka_unit_test(header_names_ignore_case_and_the_first_counts),
		cmocka_unit_test(query_parameters_are_decoded),
		cmocka_unit_test(outside_text_cannot_split_a_reply),
		cmocka_unit_test(the_reply_leaves_with_the_last_hold),
		cmocka_unit_test(an_answer_before_the_handler_returns_needs_no_finish),
		cmocka_unit_test(
			work_finished_before_the_handler_returns_is_taken_by_the_dispatcher),
		cmocka_unit_test(a_refused_park_is_already_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
