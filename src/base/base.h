/* base.h: what every file includes first. Attributes, checked arithmetic, clean-up by attribute,
 * and the list of C library functions that nobody here may call. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WARN_UNUSED       __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define NORETURN          __attribute__((noreturn))
#define UNUSED            __attribute__((unused))
#define CLEANUP(fn)       __attribute__((cleanup(fn)))

#define ARRAY_LEN(a)                    (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define MIN_OF(a, b)                    ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b)                    ((a) > (b) ? (a) : (b))

/* Checked arithmetic for sizes that outsiders influence: *out is set, or false on overflow. */
static inline WARN_UNUSED bool add_size(size_t a, size_t b, size_t *out)
{
	return !__builtin_add_overflow(a, b, out);
}

static inline WARN_UNUSED bool mul_size(size_t a, size_t b, size_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

/* Banned: unbounded, locale- or process-wide, or not thread-safe. Use Buf, Str, base/time.h,
 * base/rng.h. */
#undef sprintf /* a macro for clang under _FORTIFY_SOURCE */
#define strcpy    banned_strcpy_use_buf
#define strcat    banned_strcat_use_buf
#define strncpy   banned_strncpy_use_buf
#define strncat   banned_strncat_use_buf
#define sprintf   banned_sprintf_use_buf
#define strtok    banned_strtok_use_str
#define atoi      banned_atoi_use_str_to_i64
#define gmtime    banned_gmtime_use_base_time
#define localtime banned_localtime_use_base_time
#define rand      banned_rand_use_rng
#define setenv    banned_setenv

#endif
