/* str.h: borrowed views of bytes. A Str never owns; whoever stores one says what it borrows from.
 * Not NUL-terminated: such strings exist only at the C library's door. Pure, any thread. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/base.h"

typedef struct Str {
	const char *ptr;
	size_t len;
} Str;

#define STR(literal) ((Str){ "" literal, sizeof(literal) - 1 })
#define STR_INIT(literal)                                                                          \
	{                                                                                          \
		"" literal, sizeof(literal) - 1                                                    \
	}
#define STR_NONE ((Str){ NULL, 0 })
/* For printf: "%.*s" with STR_ARG(s). */
#define STR_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

Str str_from(const char *nul_terminated); /* NULL gives STR_NONE */
bool str_eq(Str a, Str b);
bool str_eq_nocase(Str a, Str b); /* ASCII letters only */
int str_cmp(Str a, Str b);        /* bytewise, shorter first on a tie */
bool str_starts(Str s, Str prefix);
bool str_ends(Str s, Str suffix);
Str str_sub(Str s, size_t from, size_t len); /* clamped to s */
Str str_from_pos(Str s, size_t from);        /* the rest, clamped */
Str str_trim(Str s);                         /* blanks, tabs, CR, LF at both ends */

/* Position of the first c at or after from, or -1. */
ptrdiff_t str_find_char(Str s, char c, size_t from);
/* Position of the first needle, or -1. An empty needle is found at 0. */
ptrdiff_t str_find(Str s, Str needle);
ptrdiff_t str_find_nocase(Str s, Str needle);

/* Cuts the part before the next separator off *rest. False when *rest is used up (ptr NULL).
 * "a,,b" gives "a", "", "b"; "" gives one "". */
bool str_split(Str *rest, char separator, Str *out_part);

/* Whole string as a decimal number within [min, max]; sign allowed for min < 0. Nothing else around
 * it. */
WARN_UNUSED bool str_to_i64(Str s, int64_t min, int64_t max, int64_t *out);
/* "true/false", "yes/no", "on/off", "1/0", any case. */
WARN_UNUSED bool str_to_bool(Str s, bool *out);

/* Copies into a fixed array with NUL; false (out untouched) when it does not fit or holds a NUL. */
WARN_UNUSED bool str_copy(Str s, char *out, size_t out_size);

/* True if all bytes form valid UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool str_is_utf8(Str s);
/* Length (1..4) of the valid UTF-8 sequence that starts at s.ptr[at], or 0 when there is none.
 * `at` is below s.len. */
size_t str_utf8_len(Str s, size_t at);

char ascii_lower(char c);
bool ascii_is_digit(char c);
bool ascii_is_alnum(char c);

#endif
