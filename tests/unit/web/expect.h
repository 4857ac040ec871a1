/* expect.h: cmocka, and checks that show both texts. */
#ifndef TESTS_WEB_EXPECT_H
#define TESTS_WEB_EXPECT_H

#include "base/base.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static inline void assert_str_at(Str have, const char *want, const char *file, int line)
{
	if (str_eq(have, (Str){ want, strlen(want) }))
		return;
	print_error("have \"%.*s\"\nwant \"%s\"\n", STR_ARG(have), want);
	_fail(file, line);
}

static inline void assert_has_at(
	Str have, const char *part, bool wanted, const char *file, int line)
{
	if ((str_find(have, str_from(part)) >= 0) == wanted)
		return;
	print_error("\"%.*s\"\n%s \"%s\"\n", STR_ARG(have), wanted ? "lacks" : "holds", part);
	_fail(file, line);
}

#define assert_str(have, want)     assert_str_at((have), (want), __FILE__, __LINE__)
#define assert_has(have, part)     assert_has_at((have), (part), true, __FILE__, __LINE__)
#define assert_has_not(have, part) assert_has_at((have), (part), false, __FILE__, __LINE__)

#endif
