#include "base/base.h"

#include "cli/view.h"

#include "../../lib/expect.h"

static void expect(int status, const char *body, ErrKind kind, const char *text)
{
	Err err = { 0 };
	view_problem(status, str_from(body), &err);
	assert_int_equal(err.kind, kind);
	assert_int_equal(err.code, status);
	assert_string_equal(err.text, text);
}

static void a_problem_document_becomes_its_detail(void **state)
{
	(void)state;
	expect(409,
		"{\"type\":\"about:blank\",\"title\":\"Conflict\",\"status\":409,\"detail\":\"a later stop exists\"}",
		ERR_CONFLICT, "a later stop exists");
	expect(404, "{\"title\":\"Not Found\",\"status\":404}", ERR_MISSING, "Not Found");
}

static void an_answer_that_is_no_problem_document_is_still_told(void **state)
{
	(void)state;
	expect(502, "<html>", ERR_FATAL, "the daemon answered 502 without saying why");
	expect(400, "", ERR_INPUT, "the daemon answered 400 without saying why");
	expect(500, "{\"detail\":7}", ERR_FATAL, "the daemon answered 500 without saying why");
}

static void no_problem_is_taken_for_an_unreachable_daemon(void **state)
{
	(void)state;
	static const int statuses[] = { 301, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500,
		501, 503 };
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		Err err = { 0 };
		view_problem(statuses[i], STR(""), &err);
		assert_int_not_equal(err.kind, ERR_RETRY);
		assert_int_not_equal(err.kind, ERR_NONE);
	}
}

static void what_it_says_cannot_move_the_cursor(void **state)
{
	(void)state;
	expect(400, "{\"detail\":\"bad \\u001b[31m\"}", ERR_INPUT, "bad \xEF\xBF\xBD[31m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_problem_document_becomes_its_detail),
		cmocka_unit_test(an_answer_that_is_no_problem_document_is_still_told),
		cmocka_unit_test(no_problem_is_taken_for_an_unreachable_daemon),
		cmocka_unit_test(what_it_says_cannot_move_the_cursor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
