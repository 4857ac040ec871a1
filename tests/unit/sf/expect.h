/* expect.h: cmocka, comparisons that show both sides, and replies to feed to parsers. */
#ifndef TESTS_UNIT_SF_EXPECT_H
#define TESTS_UNIT_SF_EXPECT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "sf/inproc.h"
#include "sf/sferror.h"
#include "sf/transport.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define assert_str(got, want)                                                                      \
	do {                                                                                       \
		Str got_ = (got);                                                                  \
		Str want_ = str_from(want);                                                        \
		if (!str_eq(got_, want_))                                                          \
			fail_msg("got \"%.*s\", want \"%.*s\"", STR_ARG(got_), STR_ARG(want_));    \
	} while (0)

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

#define assert_class(got, want)                                                                    \
	do {                                                                                       \
		SfClass got_ = (got), want_ = (want);                                              \
		if (got_ != want_)                                                                 \
			fail_msg("got %s, want %s", sf_class_name(got_), sf_class_name(want_));    \
	} while (0)

/* A whole answer; content_type NULL for none. */
static inline TransportReply answer_with(int status, const char *content_type, const char *body)
{
	TransportReply reply = { 0 };
	TransportHeader header = { STR("Content-Type"), str_from(content_type) };
	inproc_answer(&reply, status, &header, content_type ? 1 : 0, str_from(body));
	return reply;
}

#define JSON_TYPE "application/json;charset=UTF-8"

#endif
