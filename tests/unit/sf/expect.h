/* expect.h: what all tests expect with, faults compared, and replies to feed to parsers. */
#ifndef TESTS_UNIT_SF_EXPECT_H
#define TESTS_UNIT_SF_EXPECT_H

#include "../../lib/expect.h"
#include "sf/inproc.h"
#include "sf/sferror.h"
#include "sf/transport.h"

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
