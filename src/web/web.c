#include "base/base.h"

#include "web/web.h"

#include "base/alloc.h"
#include "web/internal.h"
#include "web/public.h"

/* The form for typed addresses: a person types one or two; ten a minute leaves room for a household
 * or an office behind one address, and makes it useless for unsubscribing a list of strangers. */
enum { TYPED_BURST = 10, TYPED_PER_MINUTE = 10, TYPED_CLIENTS_MAX = 10000 };

/* ------------------------------------------------------ house settings */

void web_house(Web *web, HouseSettings *out)
{
	pthread_mutex_lock(&web->house_lock);
	*out = web->house;
	pthread_mutex_unlock(&web->house_lock);
}

void web_house_set(Web *web, const HouseSettings *house)
{
	pthread_mutex_lock(&web->house_lock);
	web->house = *house;
	pthread_mutex_unlock(&web->house_lock);
}

/* The first reading, which web_open waits for. */
typedef struct FirstLook {
	ReadJob job;
	HouseSettings house;
	bool ok;
	Err err;
	pthread_mutex_t done_lock;
	pthread_cond_t done_changed;
	bool is_done;
} FirstLook;

static bool first_look_run(ReadJob *job, Store *store, Err *err)
{
	FirstLook *look = CONTAINER_OF(job, FirstLook, job);
	return settings_load_house(store_desk(store), &look->house, err);
}

static void first_look_done(ReadJob *job, bool ok, const Err *err)
{
	FirstLook *look = CONTAINER_OF(job, FirstLook, job);
	pthread_mutex_lock(&look->done_lock);
	look->ok = ok;
	if (!ok)
		look->err = *err;
	look->is_done = true;
	pthread_cond_signal(&look->done_changed);
	pthread_mutex_unlock(&look->done_lock);
}

static bool first_look(Web *web, Err *err)
{
	FirstLook look = { .job = { .run = first_look_run, .done = first_look_done } };
	pthread_mutex_init(&look.done_lock, NULL);
	pthread_cond_init(&look.done_changed, NULL);
	bool ok = readers_submit(web->options.readers, &look.job, err);
	if (ok) {
		pthread_mutex_lock(&look.done_lock);
		while (!look.is_done)
			pthread_cond_wait(&look.done_changed, &look.done_lock);
		pthread_mutex_unlock(&look.done_lock);
		ok = look.ok;
		if (!ok && err)
			*err = look.err;
	}
	pthread_cond_destroy(&look.done_changed);
	pthread_mutex_destroy(&look.done_lock);
	web_house_set(web, &look.house);
	return ok;
}

/* ------------------------------------------------------- open and close */

bool web_open(const WebOptions *options, Web **out, Err *err)
{
	assert(options->writer && options->readers && options->keyring && options->rng
		&& options->clock);
	Web *web = xcalloc(1, sizeof *web);
	web->options = *options;
	web->router = (Router){ .ctx = web, .guard = guard };
	web->router.routes = web_routes(&web->router.count);
	web->typed_limit = rate_limit_open(&(RateLimitOptions){ .burst = TYPED_BURST,
		.per_minute = TYPED_PER_MINUTE,
		.clients_max = TYPED_CLIENTS_MAX });
	token_cache_init(&web->tokens);
	pthread_mutex_init(&web->house_lock, NULL);
	if (!first_look(web, err)) {
		web_close(&web);
		return err_wrap(err, "house settings");
	}
	*out = web;
	return true;
}

void web_close(Web **web)
{
	if (!*web)
		return;
	rate_limit_close(&(*web)->typed_limit);
	pthread_mutex_destroy(&(*web)->house_lock);
	token_cache_fini(&(*web)->tokens);
	free(*web);
	*web = NULL;
}

int64_t web_now_ms(Web *web)
{
	return clock_wall_ms(web->options.clock);
}

void web_handle(void *ctx, HttpExchange *exchange)
{
	Web *web = ctx;
	if (!public_takes_damaged_link(web, exchange))
		router_dispatch(&web->router, exchange);
}
