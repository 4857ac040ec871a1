/* session.h: logins. A token is "00D...!" and random characters (salesforce-api.md 1.9); it lives
 * as long as it is used within the idle time. */
#ifndef ORG_SESSION_H
#define ORG_SESSION_H

#include "base/base.h"
#include "base/map.h"
#include "base/rng.h"
#include "base/str.h"

enum {
	SESSION_TOKEN_LEN = 15 + 1 + 96,
	SESSIONS_MAX = 100 * 1000
}; /* old ones are forgotten beyond that */

typedef struct Session {
	char token[SESSION_TOKEN_LEN + 1];
	uint8_t user; /* row of the User table */
	int64_t issued_ms, used_ms;
	struct Session *older;
} Session;

typedef struct Sessions {
	Map *by_token;
	Session *newest; /* all of them, own */
	size_t count;
	int64_t idle_ms;
} Sessions;

void sessions_init(Sessions *sessions, int64_t idle_ms);
void sessions_fini(Sessions *sessions);
Session *session_start(Sessions *sessions, Rng *rng, Str org_id_15, uint8_t user, int64_t now_ms);
/* The live session of that token, its use noted; NULL when unknown, revoked or idle too long. */
Session *session_find(Sessions *sessions, Str token, int64_t now_ms);
/* False when there was none. */
bool session_end(Sessions *sessions, Str token);
void sessions_end_all(Sessions *sessions);

#endif
