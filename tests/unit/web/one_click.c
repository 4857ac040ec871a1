#include "base/base.h"

#include "web/one_click.h"

#include "../../lib/expect.h"

static bool asked(const char *type, const char *body)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(64 * 1024);
	HttpHeader header = { STR("content-type"), str_from(type) };
	HttpRequest request = { .method = HTTP_POST,
		.headers = &header,
		.header_count = type ? 1 : 0,
		.body = str_from(body) };
	return one_click_asked(&request, &arena);
}

static void urlencoded_body_asks(void **state)
{
	(void)state;
	assert_true(asked("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"));
	assert_true(asked("application/x-www-form-urlencoded; charset=utf-8",
		"a=b&List-Unsubscribe=One-Click"));
	assert_true(asked("APPLICATION/X-WWW-FORM-URLENCODED", "list-unsubscribe=one-click\r\n"));
	assert_true(asked(NULL, "List-Unsubscribe=One-Click"));
}

#define PART(name) "Content-Disposition: form-data; name=" name "\r\n\r\n"

static void multipart_body_asks(void **state)
{
	(void)state;
	const char *type = "multipart/form-data; boundary=x--y";
	assert_true(
		asked(type, "--x--y\r\n" PART("\"List-Unsubscribe\"") "One-Click\r\n--x--y--\r\n"));
	assert_true(asked(type, "--x--y\r\n" PART("List-Unsubscribe") "One-Click\r\n--x--y--"));
	assert_true(asked(type,
		"preamble\r\n--x--y\r\nX-Other: 1\r\n" PART(
			"\"a\"") "b\r\n"
				 "--x--y\r\nContent-Type: text/plain\r\n" PART(
					 "\"List-Unsubscribe\"") "One-Click\r\n--x--y--\r\n"));
	assert_true(asked("Multipart/Form-Data; charset=utf-8; Boundary=\"q q\"",
		"--q q\n" PART("\"List-Unsubscribe\"") "One-Click\n--q q--\n"));
}

static void other_bodies_do_not_ask(void **state)
{
	(void)state;
	const char *multipart = "multipart/form-data; boundary=b";
	assert_false(asked("application/x-www-form-urlencoded", ""));
	assert_false(asked("application/x-www-form-urlencoded", "List-Unsubscribe=Two-Clicks"));
	assert_false(asked("application/x-www-form-urlencoded", "List-Unsubscribe"));
	assert_false(
		asked("application/x-www-form-urlencoded", "%zz=1&List-Unsubscribe=One-Click"));
	assert_false(asked(multipart, ""));
	assert_false(asked(multipart, "--b"));
	assert_false(asked(multipart, "--b\r\n"));
	assert_false(
		asked(multipart, "--b--\r\n" PART("\"List-Unsubscribe\"") "One-Click\r\n--b--"));
	assert_false(asked(multipart, "--b\r\n" PART("\"Other\"") "One-Click\r\n--b--"));
	assert_false(asked(multipart, "--b\r\n" PART("\"List-Unsubscribe\"") "No\r\n--b--"));
	assert_false(asked(
		multipart, "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\""));
	assert_false(asked("multipart/form-data; boundary=", "List-Unsubscribe=One-Click"));
	assert_false(asked("multipart/form-data; x=y", "List-Unsubscribe=One-Click"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urlencoded_body_asks),
		cmocka_unit_test(multipart_body_asks),
		cmocka_unit_test(other_bodies_do_not_ask),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
