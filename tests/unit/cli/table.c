#include "base/base.h"

#include "cli/table.h"

#include "show.h"

static const Column columns[] = {
	{ "ID", "id", CELL_NUMBER, 0 },
	{ "NAME", "name", CELL_TEXT, 10 },
	{ "WHEN", "at", CELL_TIME, 0 },
	{ "OK", "ok", CELL_YES_NO, 0 },
	{ "TAGS", "tags", CELL_LIST, 0 },
	{ "DEEP", "a.b", CELL_TEXT, 0 },
};

static void put(Buf *out, const JsonVal *root)
{
	table_put(out, root, columns, ARRAY_LEN(columns));
}

static void put_pairs(Buf *out, const JsonVal *root)
{
	table_put_pairs(out, root, columns, ARRAY_LEN(columns));
}

static void numbers_stand_right_texts_left_and_no_line_ends_in_blanks(void **state)
{
	(void)state;
	expect_view(put,
		"[{\"id\":7,\"name\":\"Ann\",\"at\":\"2026-01-02T03:04:05.678Z\",\"ok\":true,\"tags\":[\"a\",\"b\"],"
		"\"a\":{\"b\":\"x\"}},{\"id\":1234,\"name\":\"\",\"at\":null,\"ok\":false}]",
		"  ID  NAME  WHEN                 OK   TAGS  DEEP\n"
		"   7  Ann   2026-01-02 03:04:05  yes  a, b  x\n"
		"1234                             no\n");
}

static void columns_without_a_value_are_left_out(void **state)
{
	(void)state;
	expect_view(
		put, "[{\"id\":1,\"ok\":true},{\"id\":2,\"name\":\"\"}]", "ID  OK\n 1  yes\n 2\n");
}

static void long_texts_are_cut_where_a_character_ends(void **state)
{
	(void)state;
	expect_view(put,
		"[{\"name\":\"1234567890\"},{\"name\":\"12345678901\"},{\"name\":\"ääääääääääääää\"}]",
		"NAME\n1234567890\n1234567...\näääääää...\n");
}

static void east_asian_characters_take_two_columns(void **state)
{
	(void)state;
	expect_view(put,
		"[{\"name\":\"田中\",\"ok\":true},{\"name\":\"abcd\",\"ok\":true},{\"name\":\"田中田中田中\"}]",
		"NAME       OK\n田中       yes\nabcd       yes\n田中田...\n");
}

static void control_characters_cannot_reach_the_terminal(void **state)
{
	(void)state;
	static const struct {
		Str in;
		const char *out;
	} cases[] = {
		{ STR_INIT("a\x1b[2Jb"), "a\xEF\xBF\xBD[2Jb" },
		{ STR_INIT("a\nb\tc"), "a b c" },
		{ STR_INIT("\xC2\x9B"
			   "1m"),
			"\xEF\xBF\xBD"
			"1m" }, /* CSI as one character */
		{ STR_INIT("moc.\xE2\x80\xAE"
			   "x"),
			"moc.\xEF\xBF\xBD"
			"x" },                                        /* right-to-left override */
		{ STR_INIT("\xFF\xC3"), "\xEF\xBF\xBD\xEF\xBF\xBD" }, /* broken UTF-8 */
		{ STR_INIT("\xED\xA0\x80"),
			"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" }, /* a surrogate */
		{ STR_INIT("Zo\xC3\xAB"), "Zo\xC3\xAB" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_fini) Buf out = BUF_MAX(256);
		text_put_clean(&out, cases[i].in);
		assert_buf(out, cases[i].out);
	}
}

static void width_counts_columns_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(text_width(STR("abc")), 3);
	assert_int_equal(text_width(STR("é")), 1);
	assert_int_equal(text_width(STR("e\xCC\x81")), 1); /* e and a combining accent */
	assert_int_equal(text_width(STR("한국어")), 6);
	assert_int_equal(text_width(STR("")), 0);
}

static void pairs_are_aligned_and_empty_ones_left_out(void **state)
{
	(void)state;
	expect_view(put_pairs, "{\"id\":1,\"name\":\"Ann\",\"tags\":[],\"a\":{\"b\":\"x\"}}",
		"ID:    1\nNAME:  Ann\nDEEP:  x\n");
}

static void what_is_no_time_is_shown_as_it_is(void **state)
{
	(void)state;
	expect_view(put, "[{\"at\":\"soon\"}]", "WHEN\nsoon\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_stand_right_texts_left_and_no_line_ends_in_blanks),
		cmocka_unit_test(columns_without_a_value_are_left_out),
		cmocka_unit_test(long_texts_are_cut_where_a_character_ends),
		cmocka_unit_test(east_asian_characters_take_two_columns),
		cmocka_unit_test(control_characters_cannot_reach_the_terminal),
		cmocka_unit_test(width_counts_columns_not_bytes),
		cmocka_unit_test(pairs_are_aligned_and_empty_ones_left_out),
		cmocka_unit_test(what_is_no_time_is_shown_as_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
