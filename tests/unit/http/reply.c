#include "base/base.h"

#include "http/reply.h"

#include "../../lib/expect.h"

static HttpExchange *exchange_new(void)
{
	static HttpExchange exchange;
	http_exchange_init(&exchange);
	return &exchange;
}

static void problems_are_rfc_9457_documents(void **state)
{
	(void)state;
	HttpExchange *exchange = exchange_new();
	reply_problem(exchange, 409, "a \"later\" stop exists: event %d", 7);
	assert_int_equal(exchange->reply.status, 409);
	assert_str(buf_str(&exchange->reply.body),
		"{\"title\":\"Conflict\",\"status\":409,"
		"\"detail\":\"a \\\"later\\\" stop exists: event 7\"}");
	assert_str(
		http_reply_get(&exchange->reply, STR("Content-Type")), "application/problem+json");
	http_exchange_fini(exchange);
}

static void replies_are_not_stored_unless_the_handler_says_so(void **state)
{
	(void)state;
	HttpExchange *exchange = exchange_new();
	http_reply_header(&exchange->reply, STR("Cache-Control"), STR("max-age=60"));
	reply_text(exchange, 200, STR("x"));
	assert_str(http_reply_get(&exchange->reply, STR("Cache-Control")), "max-age=60");
	assert_str(http_reply_get(&exchange->reply, STR("X-Content-Type-Options")), "nosniff");
	http_exchange_fini(exchange);
	exchange = exchange_new();
	reply_text(exchange, 200, STR("x"));
	assert_str(http_reply_get(&exchange->reply, STR("Cache-Control")), "no-store");
	http_exchange_fini(exchange);
}

static void the_body_moves_into_the_reply(void **state)
{
	(void)state;
	HttpExchange *exchange = exchange_new();
	Buf json = BUF_MAX(100);
	buf_put_z(&json, "{}");
	const char *bytes = json.ptr;
	reply_json(exchange, 200, &json);
	assert_ptr_equal(exchange->reply.body.ptr, bytes);
	assert_null(json.ptr);
	http_exchange_fini(exchange);
}

static void a_later_answer_replaces_an_earlier_one(void **state)
{
	(void)state;
	HttpExchange *exchange = exchange_new();
	reply_text(exchange, 200, STR("fine"));
	reply_problem(exchange, 500, "not fine");
	assert_int_equal(exchange->reply.status, 500);
	assert_has(buf_str(&exchange->reply.body), "not fine");
	assert_int_equal(exchange->reply.header_count, 3);
	assert_str(
		http_reply_get(&exchange->reply, STR("content-type")), "application/problem+json");
	http_exchange_fini(exchange);
}

static void a_body_past_its_maximum_is_never_sent_cut(void **state)
{
	(void)state;
	HttpExchange *exchange = exchange_new();
	Buf json = BUF_MAX(3);
	buf_put_z(&json, "{\"a\":1}");
	reply_json(exchange, 200, &json);
	assert_int_equal(exchange->reply.status, 500);
	assert_null(json.ptr);
	http_exchange_fini(exchange);
}

static void error_kinds_have_their_status(void **state)
{
	(void)state;
	static const struct {
		ErrKind kind;
		int status;
		bool has_retry_after, shows_text;
	} rows[] = {
		{ ERR_INPUT, 400, false, true },
		{ ERR_MISSING, 404, false, true },
		{ ERR_CONFLICT, 409, false, true },
		{ ERR_LIMIT, 503, true, true },
		{ ERR_RETRY, 503, true, true },
		{ ERR_AUTH, 502, false, true },
		{ ERR_FATAL, 500, false, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		HttpExchange *exchange = exchange_new();
		Err err;
		err_set(&err, rows[i].kind, 0, "here:1", "the reason");
		reply_err(exchange, &err);
		HttpReply *reply = &exchange->reply;
		assert_int_equal(reply->status, rows[i].status);
		assert_int_equal(
			!!http_reply_get(reply, STR("Retry-After")).ptr, rows[i].has_retry_after);
		assert_int_equal(str_find(buf_str(&reply->body), STR("the reason")) >= 0,
			rows[i].shows_text);
		http_exchange_fini(exchange);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(problems_are_rfc_9457_documents),
		cmocka_unit_test(replies_are_not_stored_unless_the_handler_says_so),
		cmocka_unit_test(the_body_moves_into_the_reply),
		cmocka_unit_test(a_later_answer_replaces_an_earlier_one),
		cmocka_unit_test(a_body_past_its_maximum_is_never_sent_cut),
		cmocka_unit_test(error_kinds_have_their_status),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
