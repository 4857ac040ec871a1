#include "base/base.h"

#include "http/gzip.h"

#include "../../lib/expect.h"

static void fill(Buf *text, size_t len)
{
	for (size_t i = 0; text->len < len; i++)
		buf_printf(text, "row %zu of the list\n", i * 7919);
}

static void what_is_packed_comes_out_again(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 1, 1000, 64 * 1024, 700 * 1000 };
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		CLEANUP(buf_fini) Buf text = BUF_MAX(1000 * 1000);
		CLEANUP(buf_fini) Buf packed = BUF_MAX(1000 * 1000);
		CLEANUP(buf_fini) Buf again = BUF_MAX(1000 * 1000);
		Err err;
		fill(&text, sizes[i]);
		assert_true(gzip_encode(buf_str(&text), &packed));
		assert_true(gzip_decode(buf_str(&packed), &again, &err));
		assert_true(str_eq(buf_str(&text), buf_str(&again)));
	}
}

static void a_small_body_cannot_become_a_large_one(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf zeros = BUF_MAX(1000 * 1000);
	CLEANUP(buf_fini) Buf packed = BUF_MAX(1000 * 1000);
	Err err;
	memset(buf_room(&zeros, 1000 * 1000), '0', 1000 * 1000);
	buf_grow(&zeros, 1000 * 1000);
	assert_true(gzip_encode(buf_str(&zeros), &packed));
	assert_true(packed.len < 10 * 1000);
	CLEANUP(buf_fini) Buf exact = BUF_MAX(1000 * 1000);
	assert_true(gzip_decode(buf_str(&packed), &exact, &err));
	CLEANUP(buf_fini) Buf small = BUF_MAX(1000 * 1000 - 1);
	assert_false(gzip_decode(buf_str(&packed), &small, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
}

static void damaged_and_cut_bodies_are_refused(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf text = BUF_MAX(100 * 1000), packed = BUF_MAX(100 * 1000);
	fill(&text, 5000);
	assert_true(gzip_encode(buf_str(&text), &packed));
	for (size_t len = 0; len < packed.len; len += 97) {
		CLEANUP(buf_fini) Buf out = BUF_MAX(100 * 1000);
		Err err;
		assert_false(gzip_decode(str_sub(buf_str(&packed), 0, len), &out, &err));
		assert_int_equal(err.kind, ERR_INPUT);
	}
	CLEANUP(buf_fini) Buf out = BUF_MAX(100 * 1000);
	Err err;
	packed.ptr[packed.len / 2] ^= 0x55;
	assert_false(gzip_decode(buf_str(&packed), &out, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_false(gzip_decode(STR("not gzip at all"), &out, &err));
}

static void streams_in_a_row_are_one_text(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf packed = BUF_MAX(1000), out = BUF_MAX(1000);
	Err err;
	assert_true(gzip_encode(STR("one "), &packed));
	assert_true(gzip_encode(STR("two"), &packed));
	assert_true(gzip_decode(buf_str(&packed), &out, &err));
	assert_str(buf_str(&out), "one two");
}

static void a_packed_text_that_is_not_smaller_is_not_taken(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf packed = BUF_MAX(4);
	assert_false(gzip_encode(STR("abcde"), &packed));
}

static void accept_encoding_is_understood(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		bool accepted;
	} rows[] = {
		{ "gzip", true },
		{ "deflate, GZIP;q=0.5", true },
		{ "br, *", true },
		{ "gzip;q=0", false },
		{ "gzip; q=0.000", false },
		{ "*;q=0, gzip", true },
		{ "gzip;q=0, *", false },
		{ "identity", false },
		{ "xgzip", false },
		{ "", false },
		{ NULL, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(gzip_is_accepted(str_from(rows[i].value)), rows[i].accepted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_comes_out_again),
		cmocka_unit_test(a_small_body_cannot_become_a_large_one),
		cmocka_unit_test(damaged_and_cut_bodies_are_refused),
		cmocka_unit_test(streams_in_a_row_are_one_text),
		cmocka_unit_test(a_packed_text_that_is_not_smaller_is_not_taken),
		cmocka_unit_test(accept_encoding_is_understood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
