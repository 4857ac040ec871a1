#include "base/base.h"

#include "http/route.h"

#include "../../lib/expect.h"

/* Handlers answer with the name of their route and its first part. */
static void answer(HttpExchange *exchange, const char *name)
{
	exchange->reply.status = 200;
	buf_printf(&exchange->reply.body, "%s %.*s", name, STR_ARG(exchange->path_params[0]));
}

static void handle_list(void *ctx, HttpExchange *exchange)
{
	(void)ctx;
	answer(exchange, "list");
}

static void handle_person(void *ctx, HttpExchange *exchange)
{
	(void)ctx;
	assert_int_equal(route_int(exchange, 0) > 0, true);
	answer(exchange, "person");
}

static void handle_address(void *ctx, HttpExchange *exchange)
{
	(void)ctx;
	answer(exchange, "address");
}

static void handle_import(void *ctx, HttpExchange *exchange)
{
	(void)ctx;
	answer(exchange, "import");
}

static void handle_two(void *ctx, HttpExchange *exchange)
{
	(void)ctx;
	answer(exchange, "two");
	buf_printf(&exchange->reply.body, " %.*s", STR_ARG(exchange->path_params[1]));
}

enum { ON_1 = 1 << 1, ON_2 = 1 << 2, SECRET = 1 };

static const Route routes[] = {
	{ HTTP_GET, "/people", handle_list, ON_1 | ON_2, 0, "list" },
	{ HTTP_GET, "/people/{id:int}", handle_person, ON_2, 0, "person" },
	{ HTTP_GET, "/people/by/{address}", handle_address, ON_2, 0, "address" },
	{ HTTP_POST, "/people/import", handle_import, ON_2, SECRET, "import" },
	{ HTTP_POST, "/people", handle_import, ON_2, 0, "add" },
	{ HTTP_GET, "/r/{run:int}/rows/{name}", handle_two, ON_2, 0, "two" },
};

static bool guard(void *ctx, const Route *route, HttpExchange *exchange)
{
	bool may = route->scopes == 0 || *(bool *)ctx;
	if (!may)
		exchange->reply.status = 403;
	return may;
}

static HttpExchange exchange;

static Str ask_as(bool is_admin, int listener, HttpMethod method, const char *path)
{
	Router router = { routes, ARRAY_LEN(routes), &is_admin, guard };
	http_exchange_fini(&exchange);
	http_exchange_init(&exchange);
	exchange.request.method = method;
	exchange.request.path = str_from(path);
	exchange.request.listener = listener;
	router_dispatch(&router, &exchange);
	return buf_str(&exchange.reply.body);
}

static Str ask(HttpMethod method, const char *path)
{
	return ask_as(true, 2, method, path);
}

static void the_first_row_that_fits_answers(void **state)
{
	(void)state;
	assert_str(ask(HTTP_GET, "/people"), "list ");
	assert_str(ask(HTTP_GET, "/people/17"), "person 17");
	assert_str(ask(HTTP_POST, "/people/import"), "import ");
	assert_str(ask(HTTP_GET, "/r/3/rows/x"), "two 3 x");
}

static void parts_are_decoded_and_may_hold_a_slash(void **state)
{
	(void)state;
	assert_str(ask(HTTP_GET, "/people/by/a%2Fb+c%40example.com"), "address a/b+c@example.com");
}

static void a_bad_escape_or_nul_is_400(void **state)
{
	(void)state;
	ask(HTTP_GET, "/people/by/a%4");
	assert_int_equal(exchange.reply.status, 400);
	ask(HTTP_GET, "/people/by/a%00b");
	assert_int_equal(exchange.reply.status, 400);
}

static void integer_parts_take_digits_only(void **state)
{
	(void)state;
	static const char *const bad[] = { "/people/x", "/people/-1", "/people/+1", "/people/1.0",
		"/people/9223372036854775808", "/people/%31" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ask(HTTP_GET, bad[i]);
		assert_int_equal(exchange.reply.status, 404);
	}
	assert_str(ask(HTTP_GET, "/people/9223372036854775807"), "person 9223372036854775807");
}

static void near_misses_are_404(void **state)
{
	(void)state;
	static const char *const bad[] = { "/", "/people/", "/people//", "/people/by/",
		"/people/by", "/People", "/people/1/2", "//people", "/peopl", "/people2" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ask(HTTP_GET, bad[i]);
		assert_int_equal(exchange.reply.status, 404);
	}
}

static void another_method_is_405_with_all_that_are_allowed(void **state)
{
	(void)state;
	ask(HTTP_DELETE, "/people");
	assert_int_equal(exchange.reply.status, 405);
	assert_str(http_reply_get(&exchange.reply, STR("Allow")), "GET, HEAD, POST");
	ask(HTTP_GET, "/people/import");
	assert_int_equal(exchange.reply.status, 405);
	assert_str(http_reply_get(&exchange.reply, STR("Allow")), "POST");
}

static void get_routes_answer_head(void **state)
{
	(void)state;
	assert_str(ask(HTTP_HEAD, "/people/17"), "person 17");
	ask(HTTP_HEAD, "/people/import");
	assert_int_equal(exchange.reply.status, 405);
}

static void a_listener_sees_only_its_own_routes(void **state)
{
	(void)state;
	assert_str(ask_as(true, 1, HTTP_GET, "/people"), "list ");
	ask_as(true, 1, HTTP_GET, "/people/17");
	assert_int_equal(exchange.reply.status, 404);
	ask_as(true, 1, HTTP_POST, "/people");
	assert_str(http_reply_get(&exchange.reply, STR("Allow")), "GET, HEAD");
}

static void the_guard_decides_before_the_handler(void **state)
{
	(void)state;
	ask_as(false, 2, HTTP_POST, "/people/import");
	assert_int_equal(exchange.reply.status, 403);
	assert_int_equal(exchange.reply.body.len, 0);
	http_exchange_fini(&exchange);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_row_that_fits_answers),
		cmocka_unit_test(parts_are_decoded_and_may_hold_a_slash),
		cmocka_unit_test(a_bad_escape_or_nul_is_400),
		cmocka_unit_test(integer_parts_take_digits_only),
		cmocka_unit_test(near_misses_are_404),
		cmocka_unit_test(another_method_is_405_with_all_that_are_allowed),
		cmocka_unit_test(get_routes_answer_head),
		cmocka_unit_test(a_listener_sees_only_its_own_routes),
		cmocka_unit_test(the_guard_decides_before_the_handler),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
