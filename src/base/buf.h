/* buf.h: growable bytes with a mandatory maximum (curl's dynbuf idea). A Buf is born with its
 * maximum: `CLEANUP(buf_fini) Buf body = BUF_MAX(64 * 1024);`. Growing past it sets a sticky
 * overflow flag and drops what did not fit; the builder checks once at the end with buf_check. One
 * owner, one thread at a time. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/base.h"
#include "base/err.h"
#include "base/str.h"

typedef struct Buf {
	char *ptr; /* own; always NUL-terminated one past len once anything was put */
	size_t len;
	size_t cap;
	size_t bytes_max;
	bool overflow;
} Buf;

#define BUF_MAX(bytes)                                                                             \
	{                                                                                          \
		.bytes_max = (bytes)                                                               \
	}

void buf_init(Buf *buf, size_t bytes_max);
void buf_fini(Buf *buf);  /* frees; the Buf may be used again with the same maximum */
void buf_reset(Buf *buf); /* keeps the memory, clears content and the overflow flag */

void buf_put(Buf *buf, Str s);
void buf_put_char(Buf *buf, char c);
void buf_put_z(Buf *buf, const char *nul_terminated);
void buf_put_i64(Buf *buf, int64_t value);
void buf_printf(Buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
/* Room for `len` more bytes, uninitialised; NULL on overflow. The caller fills and then counts them
 * with buf_grow. */
char *buf_room(Buf *buf, size_t len);
void buf_grow(Buf *buf, size_t len);
/* Drops the first len bytes. */
void buf_consume(Buf *buf, size_t len);
/* Keeps only the first len bytes; the overflow flag stays. */
void buf_cut(Buf *buf, size_t len);

Str buf_str(const Buf *buf);       /* borrows until the next change */
const char *buf_z(const Buf *buf); /* "" when empty */
/* False with ERR_LIMIT when anything did not fit; `what` is its name for people: "the page". */
WARN_UNUSED bool buf_check(const Buf *buf, const char *what, Err *err);
/* Moves the bytes out: the caller owns the result (free()), the Buf is empty. */
char *buf_take(Buf *buf, size_t *out_len);

#endif
