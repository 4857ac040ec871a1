/* guard.h: who asks, and whether he may. The local socket is the local admin; the admin listener
 * wants `Authorization: Bearer TOKEN`, looked up by hash in the store through a reader and
 * remembered for a few seconds; recipients are nobody. Names of actors go into the history. */
#ifndef WEB_GUARD_H
#define WEB_GUARD_H

#include <pthread.h>

#include "base/base.h"
#include "base/secret.h"
#include "base/str.h"
#include "http/message.h"
#include "http/route.h"

typedef struct Actor {
	Str name;        /* "local admin", "token NAME"; exchange's arena */
	unsigned scopes; /* TokenScope bits, with all that they include */
} Actor;

enum {
	TOKEN_CACHE_SLOTS = 32,        /* programs calling at a time; then the oldest goes */
	TOKEN_CACHE_MS = 5000,         /* how long a deleted token may go on working */
	API_TOKEN_RANDOM_BYTES = 32,   /* 43 base64url characters */
	API_TOKEN_NAME_BYTES_MAX = 80, /* shown in lists and in the history */
};
#define API_TOKEN_PREFIX "optout_" /* lets secret scanners find leaked ones */

typedef struct TokenCacheSlot {
	unsigned char hash[HASH_BYTES]; /* of the token's text; the text itself is not kept */
	char name[API_TOKEN_NAME_BYTES_MAX + 1];
	unsigned scopes;
	int64_t until_mono_ms; /* 0: empty */
} TokenCacheSlot;

typedef struct TokenCache {
	pthread_mutex_t slots_lock; /* loop and reader threads */
	TokenCacheSlot slots[TOKEN_CACHE_SLOTS];
	size_t next;
} TokenCache;

void token_cache_init(TokenCache *cache);
void token_cache_fini(TokenCache *cache);

/* All scopes that these include: admin has all, user may read. */
unsigned scopes_expand(unsigned scopes);

/* Router.guard; ctx is the Web. */
bool guard(void *ctx, const Route *route, HttpExchange *exchange);
/* Who a guarded exchange is from; "recipient" on public routes. */
Str guard_actor(const HttpExchange *exchange);

#endif
