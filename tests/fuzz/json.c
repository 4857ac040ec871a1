/* JSON from anywhere (base/json.h): typed accessors, and what the writer makes of what was read. */
#include "base/base.h"

#include "base/json.h"
#include "fuzz.h"

enum { BYTES_MAX = 64 * 1024, OUT_BYTES_MAX = 1024 * 1024 };

/* Exactly the accessor of the type that is there answers; the others leave their output alone. */
static void check_member(const JsonVal *object, const char *name, const JsonVal *val)
{
	JsonType type = json_val_type(val);
	Str text = STR_NONE;
	int64_t number = 4711;
	bool truth = true, ok;
	const JsonVal *inner = object;
	Err err = { 0 };

	ok = json_get_str(object, name, &text, &err);
	MUST(ok == (type == JSON_T_STR) && (ok || fuzz_err_is(&err, 1u << ERR_INPUT)));
	MUST(ok ? str_is_utf8(text) && str_eq(text, json_as_str(val)) : !text.ptr);
	ok = json_get_i64(object, name, &number, &err);
	MUST(ok == (type == JSON_T_INT) && (ok || number == 4711));
	MUST(!ok || (json_as_i64(val, number ^ 1) == number));
	ok = json_get_bool(object, name, &truth, &err);
	MUST(ok == (type == JSON_T_BOOL) && (ok || truth));
	ok = json_get_array(object, name, &inner, &err);
	MUST(ok == (type == JSON_T_ARRAY) && (ok || inner == object));
	inner = object;
	ok = json_get_object(object, name, &inner, &err);
	MUST(ok == (type == JSON_T_OBJECT) && (ok || inner == object));

	text = STR("untouched");
	ok = json_opt_str(object, name, STR("else"), &text, &err);
	MUST(ok == (type == JSON_T_STR || type == JSON_T_NULL));
	MUST(type != JSON_T_NULL || str_eq(text, STR("else")));
	MUST(ok || str_eq(text, STR("untouched")));
	number = 4711;
	ok = json_opt_i64(object, name, -1, &number, &err);
	MUST(ok == (type == JSON_T_INT || type == JSON_T_NULL));
	MUST(type != JSON_T_NULL || number == -1);
	MUST(json_member(object, name) == val && json_member_nocase(object, name));
}

static void write_val(JsonWriter *w, const JsonVal *val)
{
	CLEANUP(buf_fini) Buf plain = BUF_MAX(OUT_BYTES_MAX);
	void *iter = NULL;
	Str name;
	const JsonVal *inner;
	switch (json_val_type(val)) {
	case JSON_T_NULL:
		jw_null(w);
		break;
	case JSON_T_BOOL:
		jw_bool(w, json_as_bool(val, false));
		break;
	case JSON_T_INT:
		jw_i64(w, json_as_i64(val, 0));
		break;
	case JSON_T_REAL:
		json_put_val(&plain, val);
		jw_raw(w, buf_str(&plain));
		break;
	case JSON_T_STR:
		jw_str(w, json_as_str(val));
		break;
	case JSON_T_ARRAY:
		jw_array_begin(w);
		for (size_t i = 0; i < json_array_len(val); i++)
			write_val(w, json_array_at(val, i));
		jw_array_end(w);
		MUST(json_array_at(val, json_array_len(val)) == NULL);
		break;
	case JSON_T_OBJECT:
		jw_object_begin(w);
		while (json_object_next(val, &iter, &name, &inner)) {
			check_member(val, name.ptr, inner);
			jw_key(w, name.ptr);
			write_val(w, inner);
		}
		jw_object_end(w);
		break;
	}
}

static bool parse(Str text, JsonDoc *out)
{
	Err err = { 0 };
	if (json_doc_parse(text, OUT_BYTES_MAX, out, &err))
		return true;
	MUST(fuzz_err_is(&err, 1u << ERR_INPUT));
	return false;
}

/* Text of the same value. */
static void check_same(Str text, Str want)
{
	JsonDoc doc;
	CLEANUP(buf_fini) Buf out = BUF_MAX(OUT_BYTES_MAX);
	MUST(parse(text, &doc));
	json_put_val(&out, doc.root);
	MUST(str_eq(buf_str(&out), want));
	json_doc_fini(&doc);
}

static void check_doc(Str text)
{
	JsonDoc doc;
	Err err = { 0 };
	if (text.len > 0) {
		MUST(!json_doc_parse(text, text.len - 1, &doc, &err));
		MUST(fuzz_err_is(&err, 1u << ERR_LIMIT));
	}
	if (!parse(text, &doc))
		return;
	CLEANUP(buf_fini) Buf dumped = BUF_MAX(OUT_BYTES_MAX), written = BUF_MAX(OUT_BYTES_MAX);
	json_put_val(&dumped, doc.root);
	check_same(buf_str(&dumped), buf_str(&dumped));
	JsonWriter w;
	jw_init(&w, &written);
	write_val(&w, doc.root);
	check_same(buf_str(&written), buf_str(&dumped));
	MUST(w.depth == 0 && !written.overflow);
	json_doc_fini(&doc);
}

/* Whatever bytes go into a string, what comes out is JSON; good text comes back as it was. */
static void check_string(Str bytes)
{
	CLEANUP(buf_fini) Buf out = BUF_MAX(OUT_BYTES_MAX);
	JsonWriter w;
	JsonDoc doc;
	jw_init(&w, &out);
	jw_object_begin(&w);
	jw_kv_str(&w, "s", bytes);
	jw_kv_i64(&w, "n", (int64_t)bytes.len);
	jw_object_end(&w);
	MUST(str_is_utf8(buf_str(&out)));
	for (size_t i = 0; i < out.len; i++)
		MUST((unsigned char)out.ptr[i] >= 0x20);
	MUST(parse(buf_str(&out), &doc));
	Str back = json_as_str(json_member(doc.root, "s"));
	MUST(json_as_i64(json_member(doc.root, "n"), -1) == (int64_t)bytes.len);
	bool is_text = str_is_utf8(bytes) && str_find_char(bytes, '\0', 0) < 0;
	MUST(!is_text || str_eq(back, bytes));
	json_doc_fini(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str text = fuzz_text(data, MIN_OF(size, (size_t)BYTES_MAX));
	check_doc(text);
	check_string(text);
	return 0;
}
