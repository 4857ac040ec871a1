/* Encodings of the web (base/enc.h): what is encoded comes back, what decodes has one spelling, and
 * nothing dangerous is left in what goes into a page or a URL. */
#include "base/base.h"

#include "base/enc.h"
#include "fuzz.h"

typedef void (*Encode)(Buf *out, Str bytes);
typedef bool (*Decode)(Buf *out, Str text);

static bool percent_decode_plain(Buf *out, Str text)
{
	return percent_decode(out, text, false);
}

static bool percent_decode_form(Buf *out, Str text)
{
	return percent_decode(out, text, true);
}

static const struct {
	Encode encode;
	Decode decode;
	bool is_canonical; /* one text for the same bytes */
} codecs[] = {
	{ base64url_encode, base64url_decode, true },
	{ base64_encode, base64_decode, true },
	{ hex_encode, hex_decode, false },
	{ percent_encode, percent_decode_plain, false },
	{ percent_encode, percent_decode_form, false },
};

/* URLs, headers, HTML attributes: none of these needs another layer of escapes. */
static bool is_unreserved(Str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_alnum(text.ptr[i])
			&& (!text.ptr[i] || !strchr("-._~%+/=", text.ptr[i])))
			return false;
	return true;
}

static void check_codec(Str bytes, Encode encode, Decode decode, bool is_canonical)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(4 * bytes.len + 8), back = BUF_MAX(4 * bytes.len + 8);
	encode(&text, bytes);
	MUST(!text.overflow && is_unreserved(buf_str(&text)));
	MUST(decode(&back, buf_str(&text)) && str_eq(buf_str(&back), bytes));

	/* The input as text that somebody else encoded. */
	buf_reset(&text);
	buf_reset(&back);
	buf_put(&back, STR("kept"));
	if (!decode(&back, bytes)) {
		MUST(str_eq(buf_str(&back), STR("kept")));
		return;
	}
	Str decoded = str_from_pos(buf_str(&back), 4);
	MUST(decoded.len <= bytes.len);
	encode(&text, decoded);
	MUST(!is_canonical || str_eq(buf_str(&text), bytes));
	if (decoded.len > 0) {
		CLEANUP(buf_fini) Buf narrow = BUF_MAX(decoded.len);
		buf_put(&narrow, STR("k"));
		MUST(!decode(&narrow, bytes) && narrow.overflow);
		MUST(str_eq(buf_str(&narrow), STR("k")));
	}
}

static void unescape(Buf *out, Str html)
{
	static const struct {
		Str entity;
		char c;
	} entities[] = { { STR_INIT("&amp;"), '&' }, { STR_INIT("&lt;"), '<' },
		{ STR_INIT("&gt;"), '>' }, { STR_INIT("&quot;"), '"' },
		{ STR_INIT("&#39;"), '\'' } };
	while (html.len > 0) {
		size_t i = 0, len = 1;
		while (i < ARRAY_LEN(entities) && !str_starts(html, entities[i].entity))
			i++;
		MUST(html.ptr[0] != '&' || i < ARRAY_LEN(entities));
		len = i < ARRAY_LEN(entities) ? entities[i].entity.len : 1;
		buf_put_char(out, i < ARRAY_LEN(entities) ? entities[i].c : html.ptr[0]);
		html = str_from_pos(html, len);
	}
}

static void check_html(Str text)
{
	CLEANUP(buf_fini) Buf html = BUF_MAX(6 * text.len + 1), back = BUF_MAX(6 * text.len + 1);
	html_escape(&html, text);
	MUST(!html.overflow);
	for (size_t i = 0; i < html.len; i++)
		MUST(!html.ptr[i] || !strchr("<>\"'", html.ptr[i]));
	unescape(&back, buf_str(&html));
	MUST(str_eq(buf_str(&back), text));
}

static void check_form(Str body)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(1024 * 1024);
	CLEANUP(buf_fini) Buf again = BUF_MAX(8 * body.len + 2 * FORM_FIELDS_MAX);
	FormField *fields = NULL, *same;
	size_t count = 4711, same_count;
	Err err = { 0 };
	if (!form_parse(body, &arena, &fields, &count, &err)) {
		MUST(fuzz_err_is(&err, 1u << ERR_INPUT) && !fields && count == 4711);
		return;
	}
	MUST(count <= FORM_FIELDS_MAX);
	for (size_t i = 0; i < count; i++) {
		percent_encode(&again, fields[i].name);
		buf_put_char(&again, '=');
		percent_encode(&again, fields[i].value);
		buf_put_char(&again, '&');
	}
	MUST(!again.overflow);
	MUST(form_parse(buf_str(&again), &arena, &same, &same_count, &err) && same_count == count);
	for (size_t i = 0; i < count; i++) {
		MUST(str_eq(same[i].name, fields[i].name));
		MUST(str_eq(same[i].value, fields[i].value));
		MUST(form_get(fields, count, fields[i].name).ptr);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str bytes = fuzz_text(data, size);
	for (size_t i = 0; i < ARRAY_LEN(codecs); i++)
		check_codec(bytes, codecs[i].encode, codecs[i].decode, codecs[i].is_canonical);
	check_html(bytes);
	check_form(bytes);
	return 0;
}
