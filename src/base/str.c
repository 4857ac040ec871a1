#include "base/base.h"

#include "base/str.h"

Str str_from(const char *nul_terminated)
{
	return nul_terminated ? (Str){ nul_terminated, strlen(nul_terminated) } : STR_NONE;
}

bool str_eq(Str a, Str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool ascii_is_alnum(char c)
{
	char low = ascii_lower(c);
	return ascii_is_digit(c) || (low >= 'a' && low <= 'z');
}

bool str_eq_nocase(Str a, Str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i]))
			return false;
	return true;
}

int str_cmp(Str a, Str b)
{
	size_t common = MIN_OF(a.len, b.len);
	int order = common ? memcmp(a.ptr, b.ptr, common) : 0;
	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

bool str_starts(Str s, Str prefix)
{
	return s.len >= prefix.len && str_eq(str_sub(s, 0, prefix.len), prefix);
}

bool str_ends(Str s, Str suffix)
{
	return s.len >= suffix.len && str_eq(str_from_pos(s, s.len - suffix.len), suffix);
}

Str str_sub(Str s, size_t from, size_t len)
{
	if (!s.ptr)
		return STR_NONE;
	from = MIN_OF(from, s.len);
	return (Str){ s.ptr + from, MIN_OF(len, s.len - from) };
}

Str str_from_pos(Str s, size_t from)
{
	return str_sub(s, from, s.len);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

Str str_trim(Str s)
{
	while (s.len && is_space(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

ptrdiff_t str_find_char(Str s, char c, size_t from)
{
	if (from >= s.len)
		return -1;
	const char *hit = memchr(s.ptr + from, c, s.len - from);
	return hit ? hit - s.ptr : -1;
}

ptrdiff_t str_find(Str s, Str needle)
{
	if (needle.len == 0)
		return 0;
	if (s.len < needle.len)
		return -1;
	const char *hit = memmem(s.ptr, s.len, needle.ptr, needle.len);
	return hit ? hit - s.ptr : -1;
}

ptrdiff_t str_find_nocase(Str s, Str needle)
{
	for (size_t i = 0; i + needle.len <= s.len; i++)
		if (str_eq_nocase(str_sub(s, i, needle.len), needle))
			return (ptrdiff_t)i;
	return -1;
}

bool str_split(Str *rest, char separator, Str *out_part)
{
	if (!rest->ptr)
		return false;
	ptrdiff_t at = str_find_char(*rest, separator, 0);
	if (at < 0) {
		*out_part = *rest;
		*rest = STR_NONE;
		return true;
	}
	*out_part = str_sub(*rest, 0, (size_t)at);
	*rest = str_from_pos(*rest, (size_t)at + 1);
	return true;
}

bool str_to_i64(Str s, int64_t min, int64_t max, int64_t *out)
{
	size_t at = 0;
	bool negative = s.len && s.ptr[0] == '-';
	if (negative)
		at = 1;
	if (at == s.len)
		return false;
	int64_t value = 0;
	for (; at < s.len; at++) {
		if (!ascii_is_digit(s.ptr[at]))
			return false;
		int64_t digit = s.ptr[at] - '0';
		if (__builtin_mul_overflow(value, 10, &value)
			|| __builtin_add_overflow(value, negative ? -digit : digit, &value))
			return false;
	}
	if (value < min || value > max)
		return false;
	*out = value;
	return true;
}

bool str_to_bool(Str s, bool *out)
{
	static const struct {
		Str word;
		bool value;
	} words[] = {
		{ STR_INIT("true"), true },
		{ STR_INIT("false"), false },
		{ STR_INIT("yes"), true },
		{ STR_INIT("no"), false },
		{ STR_INIT("on"), true },
		{ STR_INIT("off"), false },
		{ STR_INIT("1"), true },
		{ STR_INIT("0"), false },
	};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq_nocase(s, words[i].word)) {
			*out = words[i].value;
			return true;
		}
	return false;
}

bool str_copy(Str s, char *out, size_t out_size)
{
	if (s.len >= out_size || str_find_char(s, '\0', 0) >= 0)
		return false;
	if (s.len)
		memcpy(out, s.ptr, s.len);
	out[s.len] = '\0';
	return true;
}

size_t str_utf8_len(Str s, size_t at)
{
	unsigned char lead = (unsigned char)s.ptr[at];
	if (lead < 0x80)
		return 1;
	size_t len = lead >= 0xC2 && lead <= 0xDF ? 2
		: (lead & 0xF0) == 0xE0           ? 3
		: lead >= 0xF0 && lead <= 0xF4    ? 4
						  : 0;
	if (len == 0 || at + len > s.len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if (((unsigned char)s.ptr[at + i] & 0xC0) != 0x80)
			return 0;
	unsigned char second = (unsigned char)s.ptr[at + 1];
	bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
	bool surrogate = lead == 0xED && second > 0x9F;
	bool too_high = lead == 0xF4 && second > 0x8F;
	return overlong || surrogate || too_high ? 0 : len;
}

bool str_is_utf8(Str s)
{
	for (size_t at = 0; at < s.len;) {
		size_t len = str_utf8_len(s, at);
		if (len == 0)
			return false;
		at += len;
	}
	return true;
}
