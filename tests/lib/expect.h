/* expect.h: cmocka, and comparisons of our own types that show both sides when they fail. */
#ifndef TESTS_LIB_EXPECT_H
#define TESTS_LIB_EXPECT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* got is a Str, want a C string. */
#define assert_str(got, want)                                                                      \
	do {                                                                                       \
		Str got_ = (got);                                                                  \
		Str want_ = str_from(want);                                                        \
		if (!got_.ptr || !str_eq(got_, want_))                                             \
			fail_msg("got \"%.*s\", want \"%.*s\"", STR_ARG(got_), STR_ARG(want_));    \
	} while (0)

#define assert_buf(buf, want) assert_str(buf_str(&(buf)), want)

#define assert_has(got, part)                                                                      \
	do {                                                                                       \
		Str got_ = (got);                                                                  \
		if (str_find(got_, str_from(part)) < 0)                                            \
			fail_msg("\"%s\" is not in \"%.*s\"", part, STR_ARG(got_));                \
	} while (0)

#define assert_has_not(got, part)                                                                  \
	do {                                                                                       \
		Str got_ = (got);                                                                  \
		if (str_find(got_, str_from(part)) >= 0)                                           \
			fail_msg("\"%s\" is in \"%.*s\"", part, STR_ARG(got_));                    \
	} while (0)

#endif
