#include "base/base.h"

#include "base/json.h"
#include "base/rng.h"

#include "../../lib/expect.h"

static void commas_stand_between_values_only(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf out = BUF_MAX(1000);
	JsonWriter w;
	jw_init(&w, &out);
	jw_object_begin(&w);
	jw_kv_str(&w, "s", STR("x"));
	jw_kv_i64(&w, "i", -5);
	jw_kv_bool(&w, "b", true);
	jw_kv_null(&w, "n");
	jw_key(&w, "a");
	jw_array_begin(&w);
	jw_i64(&w, 1);
	jw_array_begin(&w);
	jw_array_end(&w);
	jw_object_begin(&w);
	jw_object_end(&w);
	jw_null(&w);
	jw_raw(&w, STR("{\"raw\":1}"));
	jw_array_end(&w);
	jw_key(&w, "o");
	jw_object_begin(&w);
	jw_kv_bool(&w, "f", false);
	jw_object_end(&w);
	jw_object_end(&w);
	assert_buf(out,
		"{\"s\":\"x\",\"i\":-5,\"b\":true,\"n\":null,"
		"\"a\":[1,[],{},null,{\"raw\":1}],\"o\":{\"f\":false}}");
}

static void bare_values_stand_alone(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf out = BUF_MAX(100);
	JsonWriter w;
	jw_init(&w, &out);
	jw_str(&w, STR(""));
	assert_buf(out, "\"\"");
}

static void text_is_escaped_where_json_asks_for_it(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf out = BUF_MAX(200);
	JsonWriter w;
	jw_init(&w, &out);
	jw_str(&w, STR("q\" b\\ \n\r\t\x01\x1F\x7F/ \xC3\xA4\xF0\x9F\x98\x80 \0."));
	assert_buf(out,
		"\"q\\\" b\\\\ \\n\\r\\t\\u0001\\u001f\x7F/ \xC3\xA4\xF0\x9F\x98\x80 "
		"\xEF\xBF\xBD.\"");
	buf_reset(&out);
	jw_array_begin(&w);
	jw_str(&w, STR_NONE);
	jw_str(&w, STR("a\xFF\xC3"));
	jw_str(&w,
		STR("\xED\xA0\x80"
		    "b"));
	jw_array_end(&w);
	assert_buf(out,
		"[null,\"a\xEF\xBF\xBD\xEF\xBF\xBD\","
		"\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
		"b\"]");
}

static void times_have_a_fixed_form(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf out = BUF_MAX(200);
	JsonWriter w;
	jw_init(&w, &out);
	jw_object_begin(&w);
	jw_kv_time(&w, "at", INT64_C(1767323045678));
	jw_kv_time(&w, "never", 0);
	jw_object_end(&w);
	assert_buf(out, "{\"at\":\"2026-01-02T03:04:05.678Z\",\"never\":null}");
}

static void writer_reaches_the_depth_that_the_reader_takes(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf out = BUF_MAX(1000);
	JsonWriter w;
	jw_init(&w, &out);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		jw_array_begin(&w);
	jw_i64(&w, 1);
	jw_i64(&w, 2);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		jw_array_end(&w);
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	assert_true(json_doc_parse(buf_str(&out), 1000, &doc, NULL));
}

static void random_bytes_written_are_read_back(void **state)
{
	(void)state;
	static const char *const parts[] = { "a", "\"", "\\", "\n", "\x1F", "\xC3\xA4",
		"\xF0\x9F\x98\x80", "\xE2\x80\xA8", "\x7F", "</script>" };
	for (uint64_t seed = 1; seed <= 2000; seed++) {
		SeededRng rng;
		rng_seed(&rng, seed);
		CLEANUP(buf_fini) Buf text = BUF_MAX(1000);
		for (uint64_t left = rng_below(&rng.base, 12); left > 0; left--)
			buf_put_z(&text, parts[rng_below(&rng.base, ARRAY_LEN(parts))]);
		CLEANUP(buf_fini) Buf json = BUF_MAX(8000);
		JsonWriter w;
		jw_init(&w, &json);
		jw_str(&w, buf_str(&text));
		CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
		assert_true(json_doc_parse(buf_str(&json), 8000, &doc, NULL));
		assert_true(str_eq(json_as_str(doc.root), buf_str(&text)));
	}
}

/* Whatever bytes go in, NULs too, what comes out is JSON that we read ourselves. */
static void bytes_that_are_no_utf8_still_give_json(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 2000; seed++) {
		SeededRng rng;
		rng_seed(&rng, seed);
		char bytes[20];
		rng_fill(&rng.base, bytes, sizeof bytes);
		CLEANUP(buf_fini) Buf json = BUF_MAX(8000);
		JsonWriter w;
		jw_init(&w, &json);
		jw_str(&w, (Str){ bytes, rng_below(&rng.base, sizeof bytes) });
		CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
		assert_true(json_doc_parse(buf_str(&json), 8000, &doc, NULL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_stand_between_values_only),
		cmocka_unit_test(bare_values_stand_alone),
		cmocka_unit_test(text_is_escaped_where_json_asks_for_it),
		cmocka_unit_test(times_have_a_fixed_form),
		cmocka_unit_test(writer_reaches_the_depth_that_the_reader_takes),
		cmocka_unit_test(random_bytes_written_are_read_back),
		cmocka_unit_test(bytes_that_are_no_utf8_still_give_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
