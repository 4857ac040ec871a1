#include "base/base.h"

#include "base/err.h"

#include <stdarg.h>

bool err_set(Err *err, ErrKind kind, int code, const char *origin, const char *format, ...)
{
	if (!err)
		return false;
	va_list args;
	va_start(args, format);
	vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
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
	if (used < 0 || (size_t)used >= sizeof err->text)
		return false;
	int more = snprintf(err->text + used, sizeof err->text - (size_t)used, ": %s", old);
	(void)more; /* a text that is too long is cut */
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
