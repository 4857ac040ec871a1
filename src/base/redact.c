#include "base/base.h"

#include "base/redact.h"

#include "base/enc.h"

enum { SHOWN_BYTES = 6, FOLDED_BYTES_MAX = 1024 };

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

/* Where the local part that ends before `at` begins, not before `from`; `at` when there is none. */
static size_t local_begin(Str text, size_t from, size_t at)
{
	size_t begin = at;
	if (at > from + 1 && text.ptr[at - 1] == '"') {
		for (begin = at - 1; begin > from && text.ptr[begin - 1] != '"';)
			begin--;
		return begin > from ? begin - 1 : at; /* at: the quote was never opened */
	}
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

void redact_text(Buf *out, const unsigned char key[KEY_BYTES], Str text)
{
	size_t done = 0;
	ptrdiff_t hit;
	for (size_t look = 0; (hit = str_find_char(text, '@', look)) >= 0;) {
		size_t at = (size_t)hit;
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
