#include "base/base.h"

#include "base/str.h"

#include "../../lib/expect.h"

static void empty_and_absent_are_equal_but_told_apart_by_ptr(void **state)
{
	(void)state;
	assert_true(str_eq(STR(""), STR_NONE));
	assert_null(str_from(NULL).ptr);
	assert_non_null(str_from("").ptr);
	assert_int_equal(str_cmp(STR_NONE, STR("")), 0);
}

static void comparison_is_bytewise_and_shorter_first(void **state)
{
	(void)state;
	assert_true(str_cmp(STR("a"), STR("b")) < 0);
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("\xFF"), STR("a")) > 0);
	assert_true(str_eq_nocase(STR("AbC-1"), STR("aBc-1")));
	assert_false(str_eq_nocase(STR("\xC3\x84"), STR("\xC3\xA4"))); /* ASCII only */
	assert_false(str_eq_nocase(STR("@"), STR("`"))); /* differ by 0x20, are no letters */
	assert_false(str_eq(STR("a\0b"), STR("a\0c")));
}

static void parts_are_clamped_to_the_whole(void **state)
{
	(void)state;
	assert_str(str_sub(STR("hello"), 1, 3), "ell");
	assert_str(str_sub(STR("hello"), 4, 99), "o");
	assert_str(str_sub(STR("hello"), 99, 1), "");
	assert_str(str_from_pos(STR("hello"), 5), "");
	assert_int_equal(str_sub(STR_NONE, 3, 3).len, 0);
	assert_true(str_starts(STR("hello"), STR("he")));
	assert_true(str_starts(STR("hello"), STR("")));
	assert_false(str_starts(STR("he"), STR("hello")));
	assert_true(str_ends(STR("hello"), STR("llo")));
	assert_false(str_ends(STR("lo"), STR("hello")));
}

static void trim_takes_blanks_off_both_ends_only(void **state)
{
	(void)state;
	assert_str(str_trim(STR(" \t\r\n a b \n")), "a b");
	assert_str(str_trim(STR("  ")), "");
	assert_int_equal(str_trim(STR_NONE).len, 0);
}

static void searching_gives_the_first_place_or_minus_one(void **state)
{
	(void)state;
	assert_int_equal(str_find_char(STR("abcabc"), 'c', 0), 2);
	assert_int_equal(str_find_char(STR("abcabc"), 'c', 3), 5);
	assert_int_equal(str_find_char(STR("abcabc"), 'c', 6), -1);
	assert_int_equal(str_find(STR("abcabd"), STR("abd")), 3);
	assert_int_equal(str_find(STR("ab"), STR("abd")), -1);
	assert_int_equal(str_find(STR("ab"), STR("")), 0);
	assert_int_equal(str_find_nocase(STR("xxHeLLo"), STR("hello")), 2);
	assert_int_equal(str_find_nocase(STR("hell"), STR("hello")), -1);
}

static void splitting_keeps_empty_parts_and_ends(void **state)
{
	(void)state;
	Str rest = STR("a,,b");
	Str part;
	assert_true(str_split(&rest, ',', &part));
	assert_str(part, "a");
	assert_true(str_split(&rest, ',', &part));
	assert_str(part, "");
	assert_true(str_split(&rest, ',', &part));
	assert_str(part, "b");
	assert_false(str_split(&rest, ',', &part));
	rest = STR("x,");
	assert_true(str_split(&rest, ',', &part));
	assert_true(str_split(&rest, ',', &part));
	assert_str(part, "");
	assert_false(str_split(&rest, ',', &part));
	rest = STR("");
	assert_true(str_split(&rest, ',', &part));
	assert_false(str_split(&rest, ',', &part));
}

static void numbers_are_whole_strings_within_their_range(void **state)
{
	(void)state;
	static const struct {
		Str text;
		int64_t min, max;
		bool ok;
		int64_t value;
	} cases[] = {
		{ STR_INIT("0"), 0, 9, true, 0 },
		{ STR_INIT("9"), 0, 9, true, 9 },
		{ STR_INIT("10"), 0, 9, false, 0 },
		{ STR_INIT("-1"), 0, 9, false, 0 },
		{ STR_INIT("-1"), -1, 9, true, -1 },
		{ STR_INIT("007"), 0, 9, true, 7 },
		{ STR_INIT("+1"), 0, 9, false, 0 },
		{ STR_INIT(" 1"), 0, 9, false, 0 },
		{ STR_INIT("1 "), 0, 9, false, 0 },
		{ STR_INIT("1.0"), 0, 9, false, 0 },
		{ STR_INIT("0x1"), 0, 9, false, 0 },
		{ STR_INIT(""), 0, 9, false, 0 },
		{ STR_INIT("-"), -9, 9, false, 0 },
		{ STR_INIT("9223372036854775807"), INT64_MIN, INT64_MAX, true, INT64_MAX },
		{ STR_INIT("9223372036854775808"), INT64_MIN, INT64_MAX, false, 0 },
		{ STR_INIT("-9223372036854775808"), INT64_MIN, INT64_MAX, true, INT64_MIN },
		{ STR_INIT("-9223372036854775809"), INT64_MIN, INT64_MAX, false, 0 },
		{ STR_INIT("99999999999999999999999"), INT64_MIN, INT64_MAX, false, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t value = 4711;
		bool ok = str_to_i64(cases[i].text, cases[i].min, cases[i].max, &value);
		if (ok != cases[i].ok || value != (ok ? cases[i].value : 4711))
			fail_msg("case %zu: \"%.*s\"", i, STR_ARG(cases[i].text));
	}
}

static void yes_and_no_have_four_spellings(void **state)
{
	(void)state;
	bool value = false;
	assert_true(str_to_bool(STR("TRUE"), &value) && value);
	assert_true(str_to_bool(STR("off"), &value) && !value);
	assert_true(str_to_bool(STR("Yes"), &value) && value);
	assert_true(str_to_bool(STR("0"), &value) && !value);
	assert_false(str_to_bool(STR("y"), &value));
	assert_false(str_to_bool(STR(""), &value));
}

static void copy_fits_with_its_nul_or_not_at_all(void **state)
{
	(void)state;
	char out[4] = "old";
	assert_false(str_copy(STR("four"), out, sizeof out));
	assert_string_equal(out, "old");
	assert_false(str_copy(STR("a\0b"), out, sizeof out));
	assert_string_equal(out, "old");
	assert_true(str_copy(STR("new"), out, sizeof out));
	assert_string_equal(out, "new");
	assert_true(str_copy(STR_NONE, out, sizeof out));
	assert_string_equal(out, "");
}

/* RFC 3629 section 4, at every edge of its table. */
static void utf8_is_taken_by_the_table_of_rfc_3629(void **state)
{
	(void)state;
	static const struct {
		Str text;
		bool ok;
	} cases[] = {
		{ STR_INIT(""), true },
		{ STR_INIT("\x00"), true },
		{ STR_INIT("\x7F"), true },
		{ STR_INIT("\x80"), false },
		{ STR_INIT("\xBF"), false },
		{ STR_INIT("\xC0\x80"), false }, /* overlong NUL */
		{ STR_INIT("\xC1\xBF"), false },
		{ STR_INIT("\xC2\x80"), true },
		{ STR_INIT("\xDF\xBF"), true },
		{ STR_INIT("\xC2"), false },
		{ STR_INIT("\xC2\x41"), false },
		{ STR_INIT("\xE0\x9F\xBF"), false }, /* overlong */
		{ STR_INIT("\xE0\xA0\x80"), true },
		{ STR_INIT("\xED\x9F\xBF"), true },
		{ STR_INIT("\xED\xA0\x80"), false }, /* surrogate */
		{ STR_INIT("\xED\xBF\xBF"), false },
		{ STR_INIT("\xEE\x80\x80"), true },
		{ STR_INIT("\xEF\xBF\xBF"), true },
		{ STR_INIT("\xE2\x82"), false },
		{ STR_INIT("\xF0\x8F\xBF\xBF"), false }, /* overlong */
		{ STR_INIT("\xF0\x90\x80\x80"), true },
		{ STR_INIT("\xF4\x8F\xBF\xBF"), true },
		{ STR_INIT("\xF4\x90\x80\x80"), false }, /* above U+10FFFF */
		{ STR_INIT("\xF5\x80\x80\x80"), false },
		{ STR_INIT("\xF0\x9F\x98"), false },
		{ STR_INIT("\xFE"), false },
		{ STR_INIT("\xFF"), false },
		{ STR_INIT("ok \xC3\xA4 \xF0\x9F\x98\x80 ok"), true },
		{ STR_INIT("ok \xC3"), false },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (str_is_utf8(cases[i].text) != cases[i].ok)
			fail_msg("case %zu", i);
}

/* Encodes each code point and expects exactly that length back. */
static void each_code_point_has_one_length(void **state)
{
	(void)state;
	for (uint32_t cp = 0; cp <= 0x10FFFF; cp += cp < 0x800 ? 1 : 61) {
		char b[4];
		size_t len;
		if (cp < 0x80) {
			b[0] = (char)cp;
			len = 1;
		} else if (cp < 0x800) {
			b[0] = (char)(0xC0 | cp >> 6);
			b[1] = (char)(0x80 | (cp & 63));
			len = 2;
		} else if (cp < 0x10000) {
			b[0] = (char)(0xE0 | cp >> 12);
			b[1] = (char)(0x80 | (cp >> 6 & 63));
			b[2] = (char)(0x80 | (cp & 63));
			len = 3;
		} else {
			b[0] = (char)(0xF0 | cp >> 18);
			b[1] = (char)(0x80 | (cp >> 12 & 63));
			b[2] = (char)(0x80 | (cp >> 6 & 63));
			b[3] = (char)(0x80 | (cp & 63));
			len = 4;
		}
		bool is_surrogate = cp >= 0xD800 && cp <= 0xDFFF;
		assert_int_equal(str_utf8_len((Str){ b, len }, 0), is_surrogate ? 0 : len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_and_absent_are_equal_but_told_apart_by_ptr),
		cmocka_unit_test(comparison_is_bytewise_and_shorter_first),
		cmocka_unit_test(parts_are_clamped_to_the_whole),
		cmocka_unit_test(trim_takes_blanks_off_both_ends_only),
		cmocka_unit_test(searching_gives_the_first_place_or_minus_one),
		cmocka_unit_test(splitting_keeps_empty_parts_and_ends),
		cmocka_unit_test(numbers_are_whole_strings_within_their_range),
		cmocka_unit_test(yes_and_no_have_four_spellings),
		cmocka_unit_test(copy_fits_with_its_nul_or_not_at_all),
		cmocka_unit_test(utf8_is_taken_by_the_table_of_rfc_3629),
		cmocka_unit_test(each_code_point_has_one_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
