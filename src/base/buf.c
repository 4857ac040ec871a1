#include "base/base.h"

#include "base/buf.h"

#include "base/alloc.h"

#include <stdarg.h>

void buf_init(Buf *buf, size_t bytes_max)
{
	*buf = (Buf){ .bytes_max = bytes_max };
}

void buf_fini(Buf *buf)
{
	free(buf->ptr);
	*buf = (Buf){ .bytes_max = buf->bytes_max };
}

void buf_reset(Buf *buf)
{
	buf->len = 0;
	buf->overflow = false;
	if (buf->ptr)
		buf->ptr[0] = '\0';
}

char *buf_room(Buf *buf, size_t len)
{
	assert(buf->bytes_max > 0); /* born without BUF_MAX or buf_init */
	size_t need;
	if (buf->overflow || !add_size(buf->len, len, &need) || need > buf->bytes_max) {
		buf->overflow = true;
		return NULL;
	}
	if (need + 1 > buf->cap) {
		size_t cap = buf->cap ? buf->cap : 64;
		while (cap < need + 1)
			cap = cap > SIZE_MAX / 2 ? need + 1 : cap * 2;
		buf->ptr = xrealloc(buf->ptr, cap, 1);
		buf->cap = cap;
	}
	return buf->ptr + buf->len;
}

void buf_grow(Buf *buf, size_t len)
{
	assert(buf->len + len < buf->cap);
	buf->len += len;
	buf->ptr[buf->len] = '\0';
}

void buf_put(Buf *buf, Str s)
{
	char *room = buf_room(buf, s.len);
	if (!room)
		return;
	if (s.len)
		memcpy(room, s.ptr, s.len);
	buf_grow(buf, s.len);
}

void buf_put_char(Buf *buf, char c)
{
	buf_put(buf, (Str){ &c, 1 });
}

void buf_put_z(Buf *buf, const char *nul_terminated)
{
	buf_put(buf, str_from(nul_terminated));
}

void buf_put_i64(Buf *buf, int64_t value)
{
	buf_printf(buf, "%lld", (long long)value);
}

void buf_printf(Buf *buf, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *room = len < 0 ? NULL : buf_room(buf, (size_t)len);
	if (room) {
		vsnprintf(room, (size_t)len + 1, format, again);
		buf_grow(buf, (size_t)len);
	}
	va_end(again);
}

void buf_consume(Buf *buf, size_t len)
{
	assert(len <= buf->len);
	if (len == 0)
		return;
	memmove(buf->ptr, buf->ptr + len, buf->len - len);
	buf->len -= len;
	buf->ptr[buf->len] = '\0';
}

void buf_cut(Buf *buf, size_t len)
{
	assert(len <= buf->len);
	buf->len = len;
	if (buf->ptr)
		buf->ptr[len] = '\0';
}

Str buf_str(const Buf *buf)
{
	return (Str){ buf_z(buf), buf->len };
}

const char *buf_z(const Buf *buf)
{
	return buf->ptr ? buf->ptr : "";
}

bool buf_check(const Buf *buf, const char *what, Err *err)
{
	if (!buf->overflow)
		return true;
	return ERR(
		err, ERR_LIMIT, "%s is larger than its maximum of %zu bytes", what, buf->bytes_max);
}

char *buf_take(Buf *buf, size_t *out_len)
{
	char *ptr = buf->ptr ? buf->ptr : xcalloc(1, 1);
	if (out_len)
		*out_len = buf->len;
	*buf = (Buf){ .bytes_max = buf->bytes_max };
	return ptr;
}
