#include "base/base.h"

#include "base/enc.h"

#include "base/rng.h"

#include "../../lib/expect.h"

/* RFC 4648 section 10. */
static void base64_gives_the_examples_of_rfc_4648(void **state)
{
	(void)state;
	static const struct {
		Str plain;
		const char *padded;
		const char *url;
	} cases[] = {
		{ STR_INIT(""), "", "" },
		{ STR_INIT("f"), "Zg==", "Zg" },
		{ STR_INIT("fo"), "Zm8=", "Zm8" },
		{ STR_INIT("foo"), "Zm9v", "Zm9v" },
		{ STR_INIT("foob"), "Zm9vYg==", "Zm9vYg" },
		{ STR_INIT("fooba"), "Zm9vYmE=", "Zm9vYmE" },
		{ STR_INIT("foobar"), "Zm9vYmFy", "Zm9vYmFy" },
		{ STR_INIT("\xFB\xFF\xBF"), "+/+/", "-_-_" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_fini) Buf out = BUF_MAX(100);
		base64_encode(&out, cases[i].plain);
		assert_buf(out, cases[i].padded);
		buf_reset(&out);
		base64url_encode(&out, cases[i].plain);
		assert_buf(out, cases[i].url);
		buf_reset(&out);
		assert_true(base64url_decode(&out, str_from(cases[i].url)));
		assert_true(base64_decode(&out, str_from(cases[i].padded)));
		assert_int_equal(out.len, 2 * cases[i].plain.len);
		assert_true(str_eq(str_sub(buf_str(&out), 0, out.len / 2), cases[i].plain));
		assert_true(str_eq(str_from_pos(buf_str(&out), out.len / 2), cases[i].plain));
	}
}

static void base64url_refuses_all_but_the_one_spelling(void **state)
{
	(void)state;
	static const char *const bad[] = { "Z", "Zm9vY", "Zg==", "Zg=", "Zm8=", "Zh", "Zm9", "Z g",
		" Zg", "Zg ", "Zg\n", "Zm+v", "Zm/v", "Zm.v", "Zm\x80v", "=" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CLEANUP(buf_fini) Buf out = BUF_MAX(100);
		buf_put_z(&out, "before");
		if (base64url_decode(&out, str_from(bad[i])))
			fail_msg("took \"%s\"", bad[i]);
		assert_buf(out, "before");
	}
}

static void base64_wants_its_padding(void **state)
{
	(void)state;
	static const char *const bad[] = { "Zg", "Zm8",
		"Zg=", "Zg===", "Z===", "====", "=Zg=", "Zg==Zg==", "Zm9vYg==\n", "-_-_" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CLEANUP(buf_fini) Buf out = BUF_MAX(100);
		if (base64_decode(&out, str_from(bad[i])))
			fail_msg("took \"%s\"", bad[i]);
		assert_int_equal(out.len, 0);
	}
}

/* Among random texts: whatever is taken is the text that encoding gives, so no bytes have two
 * spellings. */
static void each_taken_text_is_the_encoding_of_its_bytes(void **state)
{
	(void)state;
	static const char letters[] = "AQgwZm9v-_+/=.";
	SeededRng rng;
	rng_seed(&rng, 11);
	unsigned taken = 0;
	for (int round = 0; round < 20000; round++) {
		char text[8];
		Str s = { text, rng_below(&rng.base, sizeof text) };
		for (size_t i = 0; i < s.len; i++)
			text[i] = letters[rng_below(&rng.base, sizeof letters - 1)];
		CLEANUP(buf_fini) Buf bytes = BUF_MAX(100);
		CLEANUP(buf_fini) Buf again = BUF_MAX(100);
		bool padded = rng_chance(&rng.base, 50);
		if (!(padded ? base64_decode(&bytes, s) : base64url_decode(&bytes, s)))
			continue;
		taken++;
		if (padded)
			base64_encode(&again, buf_str(&bytes));
		else
			base64url_encode(&again, buf_str(&bytes));
		assert_true(str_eq(buf_str(&again), s));
	}
	assert_true(taken > 500);
}

static void random_bytes_come_back_from_each_encoding(void **state)
{
	(void)state;
	SeededRng rng;
	rng_seed(&rng, 12);
	for (int round = 0; round < 500; round++) {
		char bytes[70];
		Str plain = { bytes, rng_below(&rng.base, sizeof bytes) };
		rng_fill(&rng.base, bytes, plain.len);
		CLEANUP(buf_fini) Buf text = BUF_MAX(1000);
		CLEANUP(buf_fini) Buf back = BUF_MAX(1000);
		base64url_encode(&text, plain);
		assert_true(base64url_decode(&back, buf_str(&text)));
		buf_reset(&text);
		hex_encode(&text, plain);
		assert_true(hex_decode(&back, buf_str(&text)));
		buf_reset(&text);
		percent_encode(&text, plain);
		assert_true(percent_decode(&back, buf_str(&text), round % 2));
		for (size_t i = 0; i < 3; i++)
			assert_true(
				str_eq(str_sub(buf_str(&back), i * plain.len, plain.len), plain));
	}
}

static void hex_takes_both_cases_and_whole_pairs(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf out = BUF_MAX(100);
	hex_encode(&out, STR("\x00\x7F\xAB"));
	assert_buf(out, "007fab");
	buf_reset(&out);
	assert_true(hex_decode(&out, STR("4a4B")));
	assert_buf(out, "JK");
	assert_false(hex_decode(&out, STR("4a4")));
	assert_false(hex_decode(&out, STR("4a4g")));
	assert_false(hex_decode(&out, STR("4a 4")));
	assert_buf(out, "JK");
}

static void percent_keeps_unreserved_characters_only(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf out = BUF_MAX(100);
	percent_encode(&out, STR("aZ9-._~ +/?&=%\xC3\xA4"));
	assert_buf(out, "aZ9-._~%20%2B%2F%3F%26%3D%25%C3%A4");
	buf_reset(&out);
	assert_true(percent_decode(&out, STR("a+b%2b%2B"), true));
	assert_true(percent_decode(&out, STR("a+b"), false));
	assert_buf(out, "a b++a+b");
	buf_reset(&out);
	assert_false(percent_decode(&out, STR("abc%"), false));
	assert_false(percent_decode(&out, STR("abc%4"), false));
	assert_false(percent_decode(&out, STR("abc%4x"), false));
	assert_false(percent_decode(&out, STR("abc%%41"), false));
	assert_buf(out, "");
}

static void result_that_does_not_fit_is_refused_and_leaves_out_alone(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf out = BUF_MAX(5);
	buf_put_z(&out, "abc");
	assert_false(base64url_decode(&out, STR("Zm9v")));
	assert_buf(out, "abc");
	assert_true(out.overflow);
}

static void form_is_decoded_field_by_field(void **state)
{
	(void)state;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(64 * 1024);
	FormField *fields;
	size_t count;
	Err err = { 0 };
	assert_true(form_parse(STR("List-Unsubscribe=One-Click&&a=1+2%263&b&=x&a=second&c=d=e&f="),
		&arena, &fields, &count, &err));
	assert_int_equal(count, 7);
	assert_str(form_get(fields, count, STR("List-Unsubscribe")), "One-Click");
	assert_str(form_get(fields, count, STR("a")), "1 2&3");
	assert_str(form_get(fields, count, STR("b")), "");
	assert_str(form_get(fields, count, STR("")), "x");
	assert_str(form_get(fields, count, STR("c")), "d=e");
	assert_str(form_get(fields, count, STR("f")), "");
	assert_null(form_get(fields, count, STR("list-unsubscribe")).ptr);
	assert_true(form_parse(STR(""), &arena, &fields, &count, &err));
	assert_int_equal(count, 0);
	assert_true(form_parse(STR_NONE, &arena, &fields, &count, &err));
	assert_int_equal(count, 0);
}

static void form_with_a_bad_escape_or_too_many_fields_is_refused(void **state)
{
	(void)state;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(64 * 1024);
	FormField *fields;
	size_t count;
	Err err = { 0 };
	assert_false(form_parse(STR("a=1&b=%zz"), &arena, &fields, &count, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_has(str_from(err.text), "field 2");
	assert_false(form_parse(STR("%=1"), &arena, &fields, &count, &err));
	CLEANUP(buf_fini) Buf body = BUF_MAX(1000);
	for (int i = 0; i < FORM_FIELDS_MAX; i++)
		buf_put_z(&body, "x=1&");
	assert_true(form_parse(buf_str(&body), &arena, &fields, &count, &err));
	assert_int_equal(count, FORM_FIELDS_MAX);
	buf_put_z(&body, "x=1");
	assert_false(form_parse(buf_str(&body), &arena, &fields, &count, &err));
}

static void html_text_cannot_leave_its_place(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf out = BUF_MAX(200);
	html_escape(&out, STR("<b a=\"1\" c='2'>&amp; \xC3\xA4</b>"));
	assert_buf(out, "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp; \xC3\xA4&lt;/b&gt;");
	buf_reset(&out);
	html_escape(&out, STR_NONE);
	assert_buf(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_gives_the_examples_of_rfc_4648),
		cmocka_unit_test(base64url_refuses_all_but_the_one_spelling),
		cmocka_unit_test(base64_wants_its_padding),
		cmocka_unit_test(each_taken_text_is_the_encoding_of_its_bytes),
		cmocka_unit_test(random_bytes_come_back_from_each_encoding),
		cmocka_unit_test(hex_takes_both_cases_and_whole_pairs),
		cmocka_unit_test(percent_keeps_unreserved_characters_only),
		cmocka_unit_test(result_that_does_not_fit_is_refused_and_leaves_out_alone),
		cmocka_unit_test(form_is_decoded_field_by_field),
		cmocka_unit_test(form_with_a_bad_escape_or_too_many_fields_is_refused),
		cmocka_unit_test(html_text_cannot_leave_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
