#include "base/base.h"

#include "base/buf.h"

#include "../../lib/expect.h"

static void exactly_the_maximum_fits(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf buf = BUF_MAX(5);
	buf_put(&buf, STR("12345"));
	Err err = { 0 };
	assert_true(buf_check(&buf, "x", &err));
	assert_buf(buf, "12345");
}

static void one_byte_more_is_refused_and_remembered(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf buf = BUF_MAX(5);
	buf_put_z(&buf, "1234");
	buf_put_z(&buf, "56");
	buf_put_char(&buf, '7'); /* would fit, but there is a hole before it */
	Err err = { 0 };
	assert_false(buf_check(&buf, "the request body", &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_has(str_from(err.text), "the request body");
	assert_buf(buf, "1234");
	buf_reset(&buf);
	assert_true(buf_check(&buf, "x", &err));
	buf_put_z(&buf, "fresh");
	assert_buf(buf, "fresh");
}

static void formatted_text_that_does_not_fit_leaves_nothing(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf buf = BUF_MAX(8);
	buf_printf(&buf, "%d/%s", 12, "abc");
	assert_buf(buf, "12/abc");
	buf_printf(&buf, "%s", "too long");
	assert_true(buf.overflow);
	assert_buf(buf, "12/abc");
}

static void numbers_are_written_whole(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf buf = BUF_MAX(100);
	buf_put_i64(&buf, INT64_MIN);
	buf_put_char(&buf, ' ');
	buf_put_i64(&buf, INT64_MAX);
	assert_buf(buf, "-9223372036854775808 9223372036854775807");
}

static void consume_and_cut_take_from_the_two_ends(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf buf = BUF_MAX(100);
	buf_cut(&buf, 0); /* nothing there yet */
	buf_put_z(&buf, "abcdef");
	buf_consume(&buf, 2);
	assert_buf(buf, "cdef");
	buf_cut(&buf, 3);
	assert_string_equal(buf_z(&buf), "cde");
	buf_consume(&buf, 3);
	assert_buf(buf, "");
}

static void room_is_filled_by_the_caller(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf buf = BUF_MAX(10);
	char *room = buf_room(&buf, 4);
	memcpy(room, "wxyz", 4);
	buf_grow(&buf, 2); /* used only half of it */
	assert_buf(buf, "wx");
	assert_null(buf_room(&buf, 9));
	assert_true(buf.overflow);
}

static void taken_bytes_belong_to_the_taker(void **state)
{
	(void)state;
	Buf buf = BUF_MAX(10);
	buf_put_z(&buf, "mine");
	size_t len;
	char *bytes = buf_take(&buf, &len);
	assert_int_equal(len, 4);
	assert_string_equal(bytes, "mine");
	free(bytes);
	assert_buf(buf, "");
	char *empty = buf_take(&buf, NULL);
	assert_string_equal(empty, "");
	free(empty);
	buf_put_z(&buf, "again");
	assert_buf(buf, "again");
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exactly_the_maximum_fits),
		cmocka_unit_test(one_byte_more_is_refused_and_remembered),
		cmocka_unit_test(formatted_text_that_does_not_fit_leaves_nothing),
		cmocka_unit_test(numbers_are_written_whole),
		cmocka_unit_test(consume_and_cut_take_from_the_two_ends),
		cmocka_unit_test(room_is_filled_by_the_caller),
		cmocka_unit_test(taken_bytes_belong_to_the_taker),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
