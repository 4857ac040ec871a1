/* journal.h: the last requests, for tests and for people (GET /log of the control port). */
#ifndef ORG_JOURNAL_H
#define ORG_JOURNAL_H

#include "base/base.h"
#include "base/json.h"
#include "http/message.h"
#include "org/org.h"

/* body: as the org read it. A reply with status 0 was never sent. */
void journal_add(Org *org, const HttpRequest *request, Str body, const HttpReply *reply);
/* Oldest first, those with a number above `after`. */
void journal_put_json(const Org *org, int64_t after, JsonWriter *w);

#endif
