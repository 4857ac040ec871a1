#include "base/base.h"

#include "base/err.h"

#include "../../lib/expect.h"

static bool fail_plainly(Err *err)
{
	return ERR(err, ERR_INPUT, "row %d is odd", 7);
}

static void failure_carries_kind_text_and_place(void **state)
{
	(void)state;
	Err err = { 0 };
	assert_false(fail_plainly(&err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_int_equal(err.code, 0);
	assert_string_equal(err.text, "row 7 is odd");
	assert_has(str_from(err.origin), "err.c:");
	assert_false(ERR_CODE(&err, ERR_RETRY, 503, "busy"));
	assert_int_equal(err.code, 503);
}

static void nobody_has_to_listen(void **state)
{
	(void)state;
	assert_false(fail_plainly(NULL));
	assert_false(err_wrap(NULL, "outer"));
}

static void wrapping_puts_words_in_front_and_keeps_the_rest(void **state)
{
	(void)state;
	Err err = { 0 };
	ERR_CODE(&err, ERR_AUTH, 401, "token refused");
	assert_false(err_wrap(&err, "org %s", "00D1"));
	assert_string_equal(err.text, "org 00D1: token refused");
	assert_int_equal(err.kind, ERR_AUTH);
	assert_int_equal(err.code, 401);
}

static void long_text_is_cut_not_overrun(void **state)
{
	(void)state;
	char word[1000];
	memset(word, 'x', sizeof word);
	word[sizeof word - 1] = '\0';
	Err err = { 0 };
	ERR(&err, ERR_FATAL, "%s", word);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
	err_wrap(&err, "before");
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
	assert_true(str_starts(str_from(err.text), STR("before: xxx")));
	err_wrap(&err, "%s", word);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void long_text_is_cut_between_characters(void **state)
{
	(void)state;
	static const char *const characters[] = { "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80" };
	for (size_t c = 0; c < ARRAY_LEN(characters); c++)
		for (size_t shift = 0; shift < 4; shift++) {
			CLEANUP(buf_fini) Buf text = BUF_MAX(4096);
			Err err = { 0 };
			for (size_t i = 0; i < shift; i++)
				buf_put_char(&text, 'x');
			for (size_t i = 0; i < 600; i++)
				buf_put_z(&text, characters[c]);
			ERR(&err, ERR_FATAL, "%s", buf_z(&text));
			assert_true(str_is_utf8(str_from(err.text)));
			assert_true(strlen(err.text) >= sizeof err.text - 4);
			err_wrap(&err, "%s", "before");
			assert_true(str_is_utf8(str_from(err.text)));
			err_wrap(&err, "%s", buf_z(&text));
			assert_true(str_is_utf8(str_from(err.text)));
		}
}

static void each_kind_has_its_own_name(void **state)
{
	(void)state;
	for (int a = ERR_NONE; a <= ERR_FATAL; a++) {
		assert_string_not_equal(err_kind_name((ErrKind)a), "unknown");
		for (int b = ERR_NONE; b < a; b++)
			assert_string_not_equal(
				err_kind_name((ErrKind)a), err_kind_name((ErrKind)b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failure_carries_kind_text_and_place),
		cmocka_unit_test(nobody_has_to_listen),
		cmocka_unit_test(wrapping_puts_words_in_front_and_keeps_the_rest),
		cmocka_unit_test(long_text_is_cut_not_overrun),
		cmocka_unit_test(long_text_is_cut_between_characters),
		cmocka_unit_test(each_kind_has_its_own_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
