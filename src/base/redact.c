#include "base/base.h"

#include "base/redact.h"

#include "base/enc.h"

enum {
	SHOWN_BYTES = 6,
	FOLDED_BYTES_MAX = 1024,
	QUOTED_BYTES_MAX = 2 * 64 + 3, /* 64 bytes (RFC 5321), each with a backslash; quotes, @ */
};

void redact_address(Buf *out, const unsigned char key[KEY_BYTES], Str address)
{
	char folded[FOLDED_BYTES_MAX]; /* an address has 254 bytes at most (RFC 5321) */
	size_t len = MIN_OF(address.len, sizeof folded);
	for (size_t i = 0; i < len; i++)
		folded[i] = ascii_lower(address.ptr[i]);
	unsigned char hash[HASH_BYTES];
	keyed_hash_raw(hash, key, (Str){ folded, len });
	hex_encode(out, (Str){ (const char *)hash, SHOWN_BYTES });
}

static bool is_in(char c, const char *chars)
{
	return ascii_is_alnum(c) || (unsigned char)c >= 0x80 || (c != '\0' && strchr(chars, c));
}

static bool is_escaped(Str text, size_t from, size_t at)
{
	size_t begin = at;
	while (begin > from && text.ptr[begin - 1] == '\\')
		begin--;
	return (at - begin) % 2 == 1;
}

/* The quote that opens what ends with the one at `end`, not before `from`: the nearest without a
 * backslash. Else all from the first one on, because the backslash may belong to the text before;
 * end + 1 when there is none. */
static size_t quote_begin(Str text, size_t from, size_t end)
{
	size_t first = end + 1;
	for (size_t i = end; i > from; i--) {
		if (text.ptr[i - 1] != '"')
			continue;
		if (!is_escaped(text, from, i - 1))
			return i - 1;
		first = i - 1;
	}
	return first;
}

/* Where the local part that ends before `at` begins, not before `from`; `at` when there is none. */
static size_t local_begin(Str text, size_t from, size_t at)
{
	if (at > from + 1 && text.ptr[at - 1] == '"')
		return quote_begin(text, from, at - 1);
	size_t begin = at;
	while (begin > from && is_in(text.ptr[begin - 1], ".!#$%&'*+/=?^_`{|}~-"))
		begin--;
	return begin;
}

static size_t domain_end(Str text, size_t after_at)
{
	size_t end = after_at;
	while (end < text.len && is_in(text.ptr[end], ".-@"))
		end++;
	/* The full stop of a sentence is not the domain's. */
	while (end > after_at && strchr(".-@", text.ptr[end - 1]))
		end--;
	return end;
}

/* True for a quote that ends a quoted local part. */
static bool closes(Str text, size_t from, size_t quote)
{
	return text.ptr[quote] == '"' && text.ptr[quote + 1] == '@'
		&& !is_escaped(text, from, quote);
}

/* A quoted local part may hold an @: then it is the one behind the closing quote that counts. */
static size_t at_of_quoted(Str text, size_t from, size_t at)
{
	if (at > from && closes(text, from, at - 1))
		return at;
	size_t end = MIN_OF(text.len, at + QUOTED_BYTES_MAX);
	for (size_t quote = at; quote + 1 < end; quote++)
		if (closes(text, from, quote) && quote_begin(text, from, quote) < at
			&& domain_end(text, quote + 2) > quote + 2)
			return quote + 1;
	return at;
}

void redact_text(Buf *out, const unsigned char key[KEY_BYTES], Str text)
{
	size_t done = 0;
	ptrdiff_t hit;
	for (size_t look = 0; (hit = str_find_char(text, '@', look)) >= 0;) {
		size_t at = at_of_quoted(text, done, (size_t)hit);
		size_t begin = local_begin(text, done, at);
		size_t end = domain_end(text, at + 1);
		look = at + 1;
		if (begin == at || end == at + 1)
			continue;
		buf_put(out, str_sub(text, done, begin - done));
		redact_address(out, key, str_sub(text, begin, end - begin));
		done = look = end;
	}
	buf_put(out, str_from_pos(text, done));
}
