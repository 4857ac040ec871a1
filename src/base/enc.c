#include "base/base.h"

#include "base/enc.h"

static const char alphabet_standard[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode_64(Buf *out, Str bytes, const char *alphabet, bool pad)
{
	for (size_t at = 0; at < bytes.len; at += 3) {
		size_t have = MIN_OF(bytes.len - at, (size_t)3);
		unsigned char in[3] = { 0 };
		memcpy(in, bytes.ptr + at, have);
		uint32_t group = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
		char text[4];
		for (int i = 0; i < 4; i++)
			text[i] = alphabet[group >> (18 - 6 * i) & 63];
		if (pad)
			memset(text + 1 + have, '=', 3 - have);
		buf_put(out, (Str){ text, pad ? 4 : have + 1 });
	}
}

void base64url_encode(Buf *out, Str bytes)
{
	encode_64(out, bytes, alphabet_url, false);
}

void base64_encode(Buf *out, Str bytes)
{
	encode_64(out, bytes, alphabet_standard, true);
}

static int value_64(char c, const char *alphabet)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == alphabet[62] ? 62 : c == alphabet[63] ? 63 : -1;
}

/* One group of 2 to 4 characters without padding gives 1 to 3 bytes. */
static bool decode_group(Buf *out, Str group, const char *alphabet)
{
	uint32_t bits = 0;
	for (size_t i = 0; i < 4; i++) {
		int value = i < group.len ? value_64(group.ptr[i], alphabet) : 0;
		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
	}
	char bytes[3] = { (char)(bits >> 16), (char)(bits >> 8), (char)bits };
	/* RFC 4648 3.5: bits past the last byte are zero, else two texts mean the same bytes. */
	uint32_t stray = group.len == 2 ? bits & 0xFFFF : group.len == 3 ? bits & 0xFF : 0;
	if (stray != 0)
		return false;
	buf_put(out, (Str){ bytes, group.len - 1 });
	return true;
}

/* Ends a decoder: on any failure out is cut back to what it held. */
static bool decoded(Buf *out, size_t len_before, bool ok)
{
	ok = ok && !out->overflow;
	if (!ok)
		buf_cut(out, len_before);
	return ok;
}

static bool decode_64(Buf *out, Str text, const char *alphabet)
{
	size_t len_before = out->len;
	bool ok = text.len % 4 != 1;
	for (size_t at = 0; ok && at < text.len; at += 4)
		ok = decode_group(out, str_sub(text, at, 4), alphabet);
	return decoded(out, len_before, ok);
}

bool base64url_decode(Buf *out, Str text)
{
	return decode_64(out, text, alphabet_url);
}

bool base64_decode(Buf *out, Str text)
{
	if (text.len % 4 != 0)
		return false;
	for (int i = 0; i < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; i++)
		text.len--;
	return decode_64(out, text, alphabet_standard);
}

static const char hex_lower[] = "0123456789abcdef";
static const char hex_upper[] = "0123456789ABCDEF";

static int value_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	char low = ascii_lower(c);
	return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* The byte written as two hex digits at s[at], or -1. */
static int hex_byte(Str s, size_t at)
{
	if (at + 2 > s.len)
		return -1;
	int high = value_hex(s.ptr[at]);
	int low = value_hex(s.ptr[at + 1]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void hex_encode(Buf *out, Str bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char byte = (unsigned char)bytes.ptr[i];
		char text[2] = { hex_lower[byte >> 4], hex_lower[byte & 15] };
		buf_put(out, (Str){ text, 2 });
	}
}

bool hex_decode(Buf *out, Str text)
{
	size_t len_before = out->len;
	bool ok = text.len % 2 == 0;
	for (size_t at = 0; ok && at < text.len; at += 2) {
		int byte = hex_byte(text, at);
		ok = byte >= 0;
		if (ok)
			buf_put_char(out, (char)byte);
	}
	return decoded(out, len_before, ok);
}

void percent_encode(Buf *out, Str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
			buf_put_char(out, c);
			continue;
		}
		unsigned char byte = (unsigned char)c;
		char text[3] = { '%', hex_upper[byte >> 4], hex_upper[byte & 15] };
		buf_put(out, (Str){ text, 3 });
	}
}

bool percent_decode(Buf *out, Str s, bool plus_is_blank)
{
	size_t len_before = out->len;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (c == '%') {
			int byte = hex_byte(s, i + 1);
			if (byte < 0)
				return decoded(out, len_before, false);
			c = (char)byte;
			i += 2;
		} else if (c == '+' && plus_is_blank) {
			c = ' ';
		}
		buf_put_char(out, c);
	}
	return decoded(out, len_before, true);
}

static bool form_text(Str raw, Buf *scratch, Arena *arena, Str *out)
{
	buf_reset(scratch);
	if (!percent_decode(scratch, raw, true))
		return false;
	*out = arena_str(arena, buf_str(scratch));
	return true;
}

bool form_parse(Str body, Arena *arena, FormField **out_fields, size_t *out_count, Err *err)
{
	/* Decoding never grows. */
	CLEANUP(buf_fini) Buf scratch = BUF_MAX(body.len + 1);
	FormField *fields = arena_alloc(arena, FORM_FIELDS_MAX, sizeof *fields);
	size_t count = 0;
	Str part;
	while (str_split(&body, '&', &part)) {
		if (part.len == 0)
			continue;
		if (count == FORM_FIELDS_MAX)
			return ERR(err, ERR_INPUT, "the form has more than %d fields",
				FORM_FIELDS_MAX);
		Str value = part;
		Str name = part;
		str_split(&value, '=', &name); /* without a '=' the value is empty */
		FormField *field = &fields[count++];
		if (!form_text(name, &scratch, arena, &field->name)
			|| !form_text(value, &scratch, arena, &field->value))
			return ERR(err, ERR_INPUT, "form field %zu has a bad %%-escape", count);
	}
	*out_fields = fields;
	*out_count = count;
	return true;
}

Str form_get(const FormField *fields, size_t count, Str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(fields[i].name, name))
			return fields[i].value;
	return STR_NONE;
}

static const char *html_entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void html_escape(Buf *out, Str text)
{
	size_t plain_from = 0;
	for (size_t i = 0; i < text.len; i++) {
		const char *entity = html_entity(text.ptr[i]);
		if (!entity)
			continue;
		buf_put(out, str_sub(text, plain_from, i - plain_from));
		buf_put_z(out, entity);
		plain_from = i + 1;
	}
	buf_put(out, str_from_pos(text, plain_from));
}
