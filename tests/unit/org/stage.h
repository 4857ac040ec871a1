/* stage.h: a small org with a clock that stands still, and calls to it without sockets. One call's
 * reply and its JSON live until the next call. */
#ifndef TEST_ORG_STAGE_H
#define TEST_ORG_STAGE_H

#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "http/message.h"
#include "org/org.h"

typedef struct Stage {
	FakeClock clock;
	Org *org;
	Str token;
	Arena arena; /* of the reply at hand */
	HttpReply reply;
	JsonDoc json; /* its body, when that is JSON */
	int64_t held_ms;
	char token_text[256];
} Stage;

/* 2026-03-04T05:06:07Z */
#define STAGE_NOW_MS ((int64_t)1772600767000)

/* 30 contacts, 20 leads, seed 1, Email Opt Out granted, API named "sim.test". */
OrgOptions stage_options(void);
void stage_open(Stage *stage, const OrgOptions *options); /* NULL: stage_options; logs in */
void stage_close(Stage *stage);
void stage_login(Stage *stage);

/* "GET /services/data/v60.0/limits", extra headers as "Name: value\n..." or NULL, body or NULL.
 * With the session's Authorization unless the headers have one. */
void stage_call(Stage *stage, const char *request, const char *headers, const char *body);
/* The same for /services/data/v60.0 + path. */
void stage_api(Stage *stage, const char *method_and_path, const char *body);
/* The control port. Gives the JSON of the answer. */
const JsonVal *stage_control(Stage *stage, const char *method_and_path, const char *body);

Str stage_header(const Stage *stage, const char *name);
Str stage_body(const Stage *stage);

void expect_status(const Stage *stage, int status);
void expect_body(const Stage *stage, const char *text);
/* The whole body is that JSON, byte for byte after compacting. */
void expect_str(Str got, const char *wanted);

/* SELECT Id of the first row of an object, by the control port; valid until the stage closes. */
Str stage_id(Stage *stage, const char *object, size_t row, char room[32]);
/* A field as the control port shows it, as JSON text. */
Str stage_field(Stage *stage, const char *id, const char *field, char *room, size_t size);

#define EXPECT_BODY(stage, text) expect_body((stage), (text))

#endif
