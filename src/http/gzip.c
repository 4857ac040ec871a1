#include "base/base.h"

#include "http/gzip.h"

#define ZLIB_CONST /* input is const */
#include <zlib.h>

/* zlib counts in unsigned int: larger bodies go through it in slices. */
enum { SLICE_BYTES_MAX = 1 << 30, ROOM_BYTES = 64 * 1024, GZIP_WINDOW_BITS = 15 + 16 };

static void feed(z_stream *z, Str *rest)
{
	size_t slice = MIN_OF(rest->len, (size_t)SLICE_BYTES_MAX);
	z->next_in = (const Bytef *)rest->ptr;
	z->avail_in = (uInt)slice;
	*rest = str_from_pos(*rest, slice);
}

/* One step into `out`; false when there is no room left within its maximum. */
static bool step(z_stream *z, Buf *out, int (*turn)(z_stream *, int), int flush, int *out_status)
{
	size_t room = MIN_OF((size_t)ROOM_BYTES, out->bytes_max - out->len);
	char *to = room > 0 ? buf_room(out, room) : NULL;
	if (!to)
		return false;
	z->next_out = (Bytef *)to;
	z->avail_out = (uInt)room;
	*out_status = turn(z, flush);
	buf_grow(out, room - z->avail_out);
	return true;
}

static bool inflate_all(z_stream *z, Str rest, Buf *out, Err *err)
{
	int status = Z_OK;
	for (;;) {
		if (z->avail_in == 0 && rest.len > 0)
			feed(z, &rest);
		if (status == Z_STREAM_END) {
			if (z->avail_in == 0)
				return true;
			if (inflateReset(z) != Z_OK)
				return ERR(err, ERR_FATAL, "zlib cannot start again");
		} else if (z->avail_in == 0 && z->avail_out > 0) {
			return ERR(err, ERR_INPUT, "the gzip body ends too early");
		}
		if (!step(z, out, inflate, Z_NO_FLUSH, &status)) {
			/* Exactly full: fine, unless there is one byte more. */
			Bytef spare;
			z->next_out = &spare;
			z->avail_out = 1;
			status = inflate(z, Z_NO_FLUSH);
			if (z->avail_out == 0)
				return ERR(err, ERR_LIMIT,
					"the unpacked body is larger than %zu bytes",
					out->bytes_max);
		}
		if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
			return ERR_CODE(err, ERR_INPUT, status, "the gzip body is damaged");
	}
}

bool gzip_decode(Str packed, Buf *out, Err *err)
{
	z_stream z = { .avail_out = 1 };
	if (inflateInit2(&z, GZIP_WINDOW_BITS) != Z_OK)
		return ERR(err, ERR_FATAL, "zlib does not start");
	bool done = inflate_all(&z, packed, out, err);
	inflateEnd(&z);
	return done;
}

bool gzip_encode(Str text, Buf *out)
{
	z_stream z = { 0 };
	enum { MEMORY_LEVEL = 8 }; /* zlib's default */
	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL,
		    Z_DEFAULT_STRATEGY)
		!= Z_OK)
		return false;
	int status = Z_OK;
	bool has_room = true;
	while (has_room && status != Z_STREAM_END) {
		if (z.avail_in == 0 && text.len > 0)
			feed(&z, &text);
		has_room = step(&z, out, deflate, text.len > 0 ? Z_NO_FLUSH : Z_FINISH, &status);
	}
	deflateEnd(&z);
	return status == Z_STREAM_END;
}

static bool weight_is_zero(Str params)
{
	Str part;
	while (str_split(&params, ';', &part)) {
		Str p = str_trim(part);
		if (!str_starts(p, STR("q=")) && !str_starts(p, STR("Q=")))
			continue;
		Str weight = str_from_pos(p, 2);
		for (size_t i = 0; i < weight.len; i++)
			if (weight.ptr[i] != '0' && weight.ptr[i] != '.')
				return false;
		return true;
	}
	return false;
}

bool gzip_is_accepted(Str accept_encoding)
{
	Str entry, name;
	bool any_is_accepted = false;
	while (str_split(&accept_encoding, ',', &entry)) {
		(void)str_split(&entry, ';', &name);
		name = str_trim(name);
		if (str_eq_nocase(name, STR("gzip")))
			return !weight_is_zero(entry);
		if (str_eq(name, STR("*")))
			any_is_accepted = !weight_is_zero(entry);
	}
	return any_is_accepted;
}
