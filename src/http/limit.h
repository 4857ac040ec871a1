/* limit.h: how often one client may ask: a token bucket each. A client starts with `burst` requests
 * and earns `per_minute` more every minute, up to the burst. The number of remembered clients is
 * bounded; the one that was quiet longest is forgotten first. Pure over the given time; one thread
 * at a time. */
#ifndef HTTP_LIMIT_H
#define HTTP_LIMIT_H

#include "base/base.h"
#include "base/str.h"

typedef struct RateLimit RateLimit;

typedef struct RateLimitOptions {
	int64_t burst;      /* at least 1 */
	int64_t per_minute; /* at least 1 */
	size_t clients_max; /* about 200 bytes each */
} RateLimitOptions;

RateLimit *rate_limit_open(const RateLimitOptions *options);
void rate_limit_close(RateLimit **limit);

/* True: one request is taken. False: *out_wait_ms until the next one is earned. now_mono_ms must
 * not go back. */
WARN_UNUSED bool rate_limit_take(
	RateLimit *limit, Str client, int64_t now_mono_ms, int64_t *out_wait_ms);
size_t rate_limit_clients(const RateLimit *limit);

#endif
