#include "base/base.h"

#include "http/limit.h"

#include "base/alloc.h"
#include "base/list.h"
#include "base/map.h"

/* Levels are kept in thousandths of a request times a minute's milliseconds, so that integer steps
 * lose nothing: one request is 60,000 units and each millisecond earns per_minute units. */
enum { UNITS_PER_REQUEST = 60 * 1000 };

typedef struct Bucket {
	ListNode node; /* RateLimit.by_age */
	char *client;  /* own */
	size_t client_len;
	int64_t units;
	int64_t at_mono_ms;
} Bucket;

struct RateLimit {
	RateLimitOptions options;
	Map *by_client; /* to Bucket, own */
	List by_age;    /* quiet longest first */
};

RateLimit *rate_limit_open(const RateLimitOptions *options)
{
	assert(options->burst > 0 && options->per_minute > 0 && options->clients_max > 0);
	assert(options->burst <= INT32_MAX && options->per_minute <= INT32_MAX);
	RateLimit *limit = xcalloc(1, sizeof *limit);
	limit->options = *options;
	limit->by_client = map_open();
	list_init(&limit->by_age);
	return limit;
}

static void bucket_forget(RateLimit *limit, Bucket *bucket)
{
	map_remove(limit->by_client, (Str){ bucket->client, bucket->client_len });
	list_remove(&limit->by_age, &bucket->node);
	free(bucket->client);
	free(bucket);
}

static Bucket *bucket_oldest(RateLimit *limit)
{
	return CONTAINER_OF(limit->by_age.head.next, Bucket, node);
}

void rate_limit_close(RateLimit **limit)
{
	if (!*limit)
		return;
	while (!list_is_empty(&(*limit)->by_age))
		bucket_forget(*limit, bucket_oldest(*limit));
	map_close(&(*limit)->by_client);
	free(*limit);
	*limit = NULL;
}

static Bucket *bucket_add(RateLimit *limit, Str client, int64_t now_mono_ms)
{
	if (limit->by_age.count >= limit->options.clients_max)
		bucket_forget(limit, bucket_oldest(limit));
	Bucket *bucket = xcalloc(1, sizeof *bucket);
	bucket->client = xstrndup(client.ptr ? client.ptr : "", client.len);
	bucket->client_len = client.len;
	bucket->units = limit->options.burst * UNITS_PER_REQUEST;
	bucket->at_mono_ms = now_mono_ms;
	map_put(limit->by_client, client, bucket);
	list_push(&limit->by_age, &bucket->node);
	return bucket;
}

static void bucket_earn(const RateLimit *limit, Bucket *bucket, int64_t now_mono_ms)
{
	int64_t full = limit->options.burst * UNITS_PER_REQUEST;
	int64_t missing = full - bucket->units;
	int64_t passed_ms = MAX_OF(now_mono_ms - bucket->at_mono_ms, 0);
	/* Compare before multiplying: a client may have been away for years. */
	bool is_full = passed_ms > missing / limit->options.per_minute;
	bucket->units = is_full ? full : bucket->units + passed_ms * limit->options.per_minute;
	bucket->at_mono_ms = now_mono_ms;
}

bool rate_limit_take(RateLimit *limit, Str client, int64_t now_mono_ms, int64_t *out_wait_ms)
{
	Bucket *bucket = map_get(limit->by_client, client);
	if (!bucket)
		bucket = bucket_add(limit, client, now_mono_ms);
	bucket_earn(limit, bucket, now_mono_ms);
	list_remove(&limit->by_age, &bucket->node);
	list_push(&limit->by_age, &bucket->node);
	if (bucket->units >= UNITS_PER_REQUEST) {
		bucket->units -= UNITS_PER_REQUEST;
		return true;
	}
	int64_t missing = UNITS_PER_REQUEST - bucket->units, rate = limit->options.per_minute;
	*out_wait_ms = (missing + rate - 1) / rate;
	return false;
}

size_t rate_limit_clients(const RateLimit *limit)
{
	return limit->by_age.count;
}
