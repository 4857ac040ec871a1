#include "base/base.h"

#include "base/json.h"

#include "base/rng.h"

#include "../../lib/expect.h"

static bool parses(Str text, Err *err)
{
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	return json_doc_parse(text, 64 * 1024, &doc, err);
}

static void document_is_strict(void **state)
{
	(void)state;
	static const Str bad[] = { STR_INIT(""), STR_INIT(" "), STR_INIT("{"), STR_INIT("{}x"),
		STR_INIT("{\"a\":1,}"), STR_INIT("[1,]"), STR_INIT("{'a':1}"), STR_INIT("{a:1}"),
		STR_INIT("[01]"), STR_INIT("[+1]"), STR_INIT("[.5]"), STR_INIT("[NaN]"),
		STR_INIT("[1] // c"), STR_INIT("{\"a\":1,\"a\":2}"), STR_INIT("[\"\\u0000\"]"),
		STR_INIT("[\"a\0b\"]"), STR_INIT("[1]\0"), STR_INIT("[\"\xFF\"]"),
		STR_INIT("[\"\xC0\x80\"]"), STR_INIT("[\"\xED\xA0\x80\"]"),
		STR_INIT("[\"\\ud800\"]"), STR_INIT("[\"\n\"]"), STR_INIT("[\"\\x\"]"),
		STR_INIT("\xEF\xBB\xBF[]"), STR_INIT("[9223372036854775808]"), STR_INIT("[1e400]"),
		STR_INIT("[\"open") };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		Err err = { 0 };
		if (parses(bad[i], &err))
			fail_msg("took case %zu: %.*s", i, STR_ARG(bad[i]));
		assert_int_equal(err.kind, ERR_INPUT);
	}
	static const Str good[] = { STR_INIT("{}"), STR_INIT(" [ ] \n"), STR_INIT("null"),
		STR_INIT("\"x\""), STR_INIT("-0"), STR_INIT("[1e3,-1.5,\"\\ud83d\\ude00\"]") };
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!parses(good[i], NULL))
			fail_msg("refused case %zu: %.*s", i, STR_ARG(good[i]));
}

static void error_names_line_and_column(void **state)
{
	(void)state;
	Err err = { 0 };
	assert_false(parses(STR("{\n  \"a\": 1,\n  \"b\" 2\n}"), &err));
	assert_has(str_from(err.text), "line 3 column ");
	assert_false(parses(STR_NONE, &err));
}

static void size_has_a_maximum(void **state)
{
	(void)state;
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	Err err = { 0 };
	assert_true(json_doc_parse(STR("[1,2]"), 5, &doc, &err));
	JsonDoc other = { 0 };
	assert_false(json_doc_parse(STR("[1,2]"), 4, &other, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_null(other.root);
}

static void depth_has_a_maximum(void **state)
{
	(void)state;
	for (int depth = JSON_DEPTH_MAX - 1; depth <= JSON_DEPTH_MAX + 1; depth++) {
		CLEANUP(buf_fini) Buf text = BUF_MAX(4096);
		for (int i = 0; i < depth; i++)
			buf_put_z(&text, i % 2 ? "{\"a\":" : "[");
		buf_put_z(&text, "\"[[[[{{{{\\\"[[[[\""); /* brackets in text do not count */
		for (int i = depth; i-- > 0;)
			buf_put_char(&text, i % 2 ? '}' : ']');
		Err err = { 0 };
		assert_int_equal(parses(buf_str(&text), &err), depth <= JSON_DEPTH_MAX);
	}
	CLEANUP(buf_fini) Buf wide = BUF_MAX(4096);
	buf_put_char(&wide, '[');
	for (int i = 0; i < 100; i++)
		buf_put_z(&wide, "[[]],");
	buf_put_z(&wide, "1]");
	assert_true(parses(buf_str(&wide), NULL)); /* depth, not number */
}

static const char sample[] = "{\"s\":\"text\",\"e\":\"\",\"i\":42,\"neg\":-9223372036854775808,"
			     "\"r\":1.5,\"w\":3.0,\"t\":true,\"f\":false,\"n\":null,"
			     "\"a\":[1,2,3],\"o\":{\"x\":1},\"Mixed\":7,\"num\":\"123\"}";

static void required_members_want_their_type(void **state)
{
	(void)state;
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	Err err = { 0 };
	assert_true(json_doc_parse(str_from(sample), 4096, &doc, &err));
	Str s = STR("untouched");
	int64_t i = 4711;
	bool b = true;
	const JsonVal *val = NULL;
	assert_true(json_get_str(doc.root, "s", &s, &err));
	assert_str(s, "text");
	assert_true(json_get_i64(doc.root, "neg", &i, &err));
	assert_true(i == INT64_MIN);
	assert_true(json_get_bool(doc.root, "f", &b, &err));
	assert_false(b);
	assert_true(json_get_array(doc.root, "a", &val, &err));
	assert_int_equal(json_array_len(val), 3);
	assert_true(json_get_object(doc.root, "o", &val, &err));

	const JsonVal *before = val;
	assert_false(json_get_array(doc.root, "o", &val, &err));
	assert_string_equal(err.text, "member \"o\": expected an array");
	assert_false(json_get_array(doc.root, "missing", &val, &err));
	assert_string_equal(err.text, "member \"missing\": missing, expected an array");
	assert_ptr_equal(val, before);
	assert_false(json_get_str(doc.root, "n", &s, &err));
	assert_false(json_get_str(doc.root, "i", &s, &err));
	assert_str(s, "text");
	assert_false(json_get_i64(doc.root, "w", &i, &err));
	assert_false(json_get_i64(doc.root, "num", &i, &err));
	assert_true(i == INT64_MIN);
	assert_false(json_get_bool(doc.root, "i", &b, &err));
	assert_false(json_get_i64(NULL, "i", &i, &err));
	assert_false(json_get_i64(json_member(doc.root, "a"), "i", &i, &err));
}

static void optional_members_fall_back_when_absent_or_null(void **state)
{
	(void)state;
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	Err err = { 0 };
	assert_true(json_doc_parse(str_from(sample), 4096, &doc, &err));
	Str s = STR_NONE;
	int64_t i = 0;
	bool b = false;
	assert_true(json_opt_str(doc.root, "n", STR("fallback"), &s, &err));
	assert_str(s, "fallback");
	assert_true(json_opt_str(doc.root, "e", STR("fallback"), &s, &err));
	assert_str(s, "");
	assert_true(json_opt_i64(doc.root, "missing", 5, &i, &err));
	assert_int_equal(i, 5);
	assert_true(json_opt_i64(doc.root, "i", 5, &i, &err));
	assert_int_equal(i, 42);
	assert_true(json_opt_bool(doc.root, "missing", true, &b, &err));
	assert_true(b);
	assert_false(json_opt_bool(doc.root, "s", false, &b, &err));
	assert_true(b);
	assert_false(json_opt_i64(doc.root, "s", 5, &i, &err));
	assert_false(json_opt_str(doc.root, "i", STR("x"), &s, &err));
	assert_int_equal(err.kind, ERR_INPUT);
}

static void tolerant_lookups_never_fail(void **state)
{
	(void)state;
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	assert_true(json_doc_parse(str_from(sample), 4096, &doc, NULL));
	assert_null(json_member(doc.root, "mixed"));
	assert_int_equal(json_as_i64(json_member_nocase(doc.root, "mIXED"), 0), 7);
	assert_null(json_member_nocase(doc.root, "none"));
	assert_int_equal(json_as_i64(json_member(doc.root, "w"), -1), 3);
	assert_int_equal(json_as_i64(json_member(doc.root, "r"), -1), -1);
	assert_int_equal(json_as_i64(json_member(doc.root, "num"), -1), 123);
	assert_int_equal(json_as_i64(json_member(doc.root, "s"), -1), -1);
	assert_int_equal(json_as_i64(json_member(doc.root, "t"), -1), -1);
	assert_int_equal(json_as_i64(NULL, -1), -1);
	assert_null(json_as_str(json_member(doc.root, "i")).ptr);
	assert_str(json_as_str(json_member(doc.root, "e")), "");
	assert_true(json_as_bool(json_member(doc.root, "t"), false));
	assert_true(json_as_bool(json_member(doc.root, "s"), true));
	assert_int_equal(json_array_len(doc.root), 0);
	assert_int_equal(json_array_len(NULL), 0);
	assert_null(json_array_at(json_member(doc.root, "a"), 3));
	assert_null(json_member(NULL, "x"));
	assert_int_equal(json_val_type(NULL), JSON_T_NULL);
	assert_int_equal(json_val_type(json_member(doc.root, "r")), JSON_T_REAL);
}

static void huge_reals_are_no_integers(void **state)
{
	(void)state;
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	assert_true(json_doc_parse(STR("[1e300,-1e300,9223372036854775808.0,-9223372036854775808.0,"
				       "1e3]"),
		4096, &doc, NULL));
	assert_int_equal(json_as_i64(json_array_at(doc.root, 0), 7), 7);
	assert_int_equal(json_as_i64(json_array_at(doc.root, 1), 7), 7);
	assert_int_equal(json_as_i64(json_array_at(doc.root, 2), 7), 7);
	assert_true(json_as_i64(json_array_at(doc.root, 3), 7) == INT64_MIN);
	assert_int_equal(json_as_i64(json_array_at(doc.root, 4), 7), 1000);
}

static void members_are_walked_in_document_order(void **state)
{
	(void)state;
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	assert_true(json_doc_parse(
		STR("{\"z\":1,\"a\":[2,{\"y\":null}],\"m\":\"x\"}"), 4096, &doc, NULL));
	CLEANUP(buf_fini) Buf names = BUF_MAX(100);
	void *iter = NULL;
	Str name;
	const JsonVal *val;
	while (json_object_next(doc.root, &iter, &name, &val))
		buf_put(&names, name);
	assert_buf(names, "zam");
	iter = NULL;
	assert_false(json_object_next(json_member(doc.root, "a"), &iter, &name, &val));
	CLEANUP(buf_fini) Buf text = BUF_MAX(100);
	json_put_val(&text, doc.root);
	assert_buf(text, "{\"z\":1,\"a\":[2,{\"y\":null}],\"m\":\"x\"}");
	buf_reset(&text);
	json_put_val(&text, NULL);
	assert_buf(text, "null");
}

/* Cuts, flips and joins good text: the parser may refuse, it may not crash. What it takes prints as
 * text that it takes again and prints alike. */
static void damaged_documents_are_refused_or_stable(void **state)
{
	(void)state;
	size_t taken = 0;
	for (uint64_t seed = 1; seed <= 20000; seed++) {
		SeededRng rng;
		rng_seed(&rng, seed);
		char text[sizeof sample];
		memcpy(text, sample, sizeof text);
		for (uint64_t hits = 1 + rng_below(&rng.base, 3); hits > 0; hits--)
			text[rng_below(&rng.base, sizeof text - 1)] =
				"\"\\{}[],:0ae\xC3"[rng_below(&rng.base, 12)];
		CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
		CLEANUP(json_doc_fini) JsonDoc again = { 0 };
		if (!json_doc_parse((Str){ text, sizeof text - 1 }, 4096, &doc, NULL))
			continue;
		taken++;
		CLEANUP(buf_fini) Buf first = BUF_MAX(8192);
		CLEANUP(buf_fini) Buf second = BUF_MAX(8192);
		json_put_val(&first, doc.root);
		assert_true(json_doc_parse(buf_str(&first), 8192, &again, NULL));
		json_put_val(&second, again.root);
		assert_true(str_eq(buf_str(&first), buf_str(&second)));
	}
	assert_true(taken > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(document_is_strict),
		cmocka_unit_test(error_names_line_and_column),
		cmocka_unit_test(size_has_a_maximum),
		cmocka_unit_test(depth_has_a_maximum),
		cmocka_unit_test(required_members_want_their_type),
		cmocka_unit_test(optional_members_fall_back_when_absent_or_null),
		cmocka_unit_test(tolerant_lookups_never_fail),
		cmocka_unit_test(huge_reals_are_no_integers),
		cmocka_unit_test(members_are_walked_in_document_order),
		cmocka_unit_test(damaged_documents_are_refused_or_stable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
