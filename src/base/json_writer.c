#include "base/base.h"

#include "base/json.h"

#include "base/time.h"

void jw_init(JsonWriter *w, Buf *out)
{
	*w = (JsonWriter){ .out = out };
}

static uint64_t level_bit(const JsonWriter *w)
{
	assert(w->depth > 0);
	return UINT64_C(1) << (w->depth - 1);
}

/* A comma when something stands before on this level; from now on something does. */
static void before_value(JsonWriter *w)
{
	if (w->depth == 0)
		return;
	if (w->has_items & level_bit(w))
		buf_put_char(w->out, ',');
	w->has_items |= level_bit(w);
}

static void begin(JsonWriter *w, char bracket)
{
	before_value(w);
	buf_put_char(w->out, bracket);
	assert(w->depth < JSON_DEPTH_MAX);
	w->depth++;
	w->has_items &= ~level_bit(w);
}

static void end(JsonWriter *w, char bracket)
{
	assert(w->depth > 0);
	w->depth--;
	buf_put_char(w->out, bracket);
}

void jw_object_begin(JsonWriter *w)
{
	begin(w, '{');
}

void jw_object_end(JsonWriter *w)
{
	end(w, '}');
}

void jw_array_begin(JsonWriter *w)
{
	begin(w, '[');
}

void jw_array_end(JsonWriter *w)
{
	end(w, ']');
}

static void put_control(Buf *out, char c)
{
	static const struct {
		char c;
		const char *text;
	} short_forms[] = { { '"', "\\\"" }, { '\\', "\\\\" }, { '\n', "\\n" }, { '\r', "\\r" },
		{ '\t', "\\t" } };
	for (size_t i = 0; i < ARRAY_LEN(short_forms); i++)
		if (short_forms[i].c == c) {
			buf_put_z(out, short_forms[i].text);
			return;
		}
	buf_printf(out, "\\u%04x", (unsigned)(unsigned char)c);
}

static bool stands_plain(char c)
{
	return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

static void put_quoted(Buf *out, Str s)
{
	buf_put_char(out, '"');
	for (size_t at = 0; at < s.len;) {
		size_t from = at;
		while (at < s.len && stands_plain(s.ptr[at]))
			at++;
		buf_put(out, str_sub(s, from, at - from));
		if (at == s.len)
			break;
		size_t len = str_utf8_len(s, at);
		if (len > 1)
			buf_put(out, str_sub(s, at, len));
		else if (len == 1 && s.ptr[at])
			put_control(out, s.ptr[at]);
		else /* U+FFFD for each byte that is not UTF-8, and for NUL */
			buf_put_z(out, "\xEF\xBF\xBD");
		at += MAX_OF(len, (size_t)1);
	}
	buf_put_char(out, '"');
}

void jw_key(JsonWriter *w, const char *name)
{
	before_value(w);
	put_quoted(w->out, str_from(name));
	buf_put_char(w->out, ':');
	w->has_items &= ~level_bit(w); /* no comma between key and value; the value sets it again */
}

void jw_str(JsonWriter *w, Str value)
{
	if (!value.ptr) {
		jw_null(w);
		return;
	}
	before_value(w);
	put_quoted(w->out, value);
}

void jw_i64(JsonWriter *w, int64_t value)
{
	before_value(w);
	buf_put_i64(w->out, value);
}

void jw_bool(JsonWriter *w, bool value)
{
	jw_raw(w, value ? STR("true") : STR("false"));
}

void jw_null(JsonWriter *w)
{
	jw_raw(w, STR("null"));
}

void jw_raw(JsonWriter *w, Str json)
{
	before_value(w);
	buf_put(w->out, json);
}

void jw_kv_str(JsonWriter *w, const char *name, Str value)
{
	jw_key(w, name);
	jw_str(w, value);
}

void jw_kv_i64(JsonWriter *w, const char *name, int64_t value)
{
	jw_key(w, name);
	jw_i64(w, value);
}

void jw_kv_bool(JsonWriter *w, const char *name, bool value)
{
	jw_key(w, name);
	jw_bool(w, value);
}

void jw_kv_null(JsonWriter *w, const char *name)
{
	jw_key(w, name);
	jw_null(w);
}

void jw_kv_time(JsonWriter *w, const char *name, int64_t at_ms)
{
	jw_key(w, name);
	if (at_ms == 0) {
		jw_null(w);
		return;
	}
	before_value(w);
	buf_put_char(w->out, '"');
	time_put_rfc3339(w->out, at_ms);
	buf_put_char(w->out, '"');
}
