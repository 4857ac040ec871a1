/* err.h: one way to fail. A function that can fail for outside reasons returns bool (true = done)
 * and fills an Err that lives on the caller's stack. The kind is what callers act on; code keeps
 * the foreign number (HTTP status, SQLite code); text is for people and says what to do; origin is
 * file:line. Low layers return, the layer that decides logs once. Any thread. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/base.h"

typedef enum ErrKind {
	ERR_NONE,
	ERR_RETRY,    /* try the same again later */
	ERR_AUTH,     /* log in again, or an admin must renew a credential */
	ERR_LIMIT,    /* slow down: a quota, a queue or a size is used up */
	ERR_CONFLICT, /* somebody else changed it: read again and decide */
	ERR_INPUT,    /* refuse: the caller's data is wrong */
	ERR_MISSING,  /* what was named does not exist */
	ERR_FATAL,    /* stop: damaged file, failed disk, broken promise of a library */
} ErrKind;

typedef struct Err {
	ErrKind kind;
	int code;
	const char *origin; /* static "file:line" */
	char text[512];     /* NUL-terminated, cut between characters when longer */
} Err;

#define ERR_STRING_(x) #x
#define ERR_STRING(x)  ERR_STRING_(x)
#define ERR_PLACE      __FILE__ ":" ERR_STRING(__LINE__)

/* `return ERR(err, ERR_INPUT, "row %zu: ...", row);` sets *err and is false. err may be NULL. */
#define ERR(err, kind, ...) err_false(err_set((err), (kind), 0, ERR_PLACE, __VA_ARGS__))
/* The same with a foreign code. */
#define ERR_CODE(err, kind, code, ...)                                                             \
	err_false(err_set((err), (kind), (code), ERR_PLACE, __VA_ARGS__))

bool err_set(Err *err, ErrKind kind, int code, const char *origin, const char *format, ...)
	PRINTF_LIKE(5, 6);

/* Shows compiler and analyser that a failure is false: else they follow paths on which a function
 * fails and says true, with its output not set. */
static inline bool err_false(bool failed)
{
	(void)failed;
	return false;
}

/* Puts "what: " in front of the text; kind, code and origin stay. Always false, to be returned. */
bool err_wrap(Err *err, const char *format, ...) PRINTF_LIKE(2, 3);

const char *err_kind_name(ErrKind kind);

#endif
