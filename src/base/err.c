#include "base/base.h"

#include "base/err.h"

#include "base/str.h"

#include <stdarg.h>

/* A text that was cut may end with a part of a character, which a terminal shows as rubbish. */
static void end_on_character(Err *err)
{
	enum { UTF8_BYTES_MAX = 4 };
	size_t len = strlen(err->text), last = len;
	if (len < sizeof err->text - 1)
		return;
	while (len - last < UTF8_BYTES_MAX && ((unsigned char)err->text[last - 1] & 0xC0) == 0x80)
		last--;
	if (str_utf8_len((Str){ err->text, len }, last - 1) == 0)
		err->text[last - 1] = '\0';
}

bool err_set(Err *err, ErrKind kind, int code, const char *origin, const char *format, ...)
{
	if (!err)
		return false;
	va_list args;
	va_start(args, format);
	vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	end_on_character(err);
	err->kind = kind;
	err->code = code;
	err->origin = origin;
	return false;
}

bool err_wrap(Err *err, const char *format, ...)
{
	if (!err)
		return false;
	char old[sizeof err->text];
	memcpy(old, err->text, sizeof old);
	va_list args;
	va_start(args, format);
	int used = vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	if (used >= 0 && (size_t)used < sizeof err->text) {
		int more = snprintf(err->text + used, sizeof err->text - (size_t)used, ": %s", old);
		(void)more; /* a text that is too long is cut */
	}
	end_on_character(err);
	return false;
}

const char *err_kind_name(ErrKind kind)
{
	switch (kind) {
	case ERR_NONE:
		return "none";
	case ERR_RETRY:
		return "retry";
	case ERR_AUTH:
		return "auth";
	case ERR_LIMIT:
		return "limit";
	case ERR_CONFLICT:
		return "conflict";
	case ERR_INPUT:
		return "input";
	case ERR_MISSING:
		return "missing";
	case ERR_FATAL:
		return "fatal";
	}
	return "unknown";
}
