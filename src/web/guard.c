#include "base/base.h"

#include "web/guard.h"

#include "store/desk.h"
#include "web/internal.h"

/* -------------------------------------------------------------- cache */

void token_cache_init(TokenCache *cache)
{
	*cache = (TokenCache){ 0 };
	pthread_mutex_init(&cache->slots_lock, NULL);
}

void token_cache_fini(TokenCache *cache)
{
	pthread_mutex_destroy(&cache->slots_lock);
}

static bool cache_get(
	TokenCache *cache, const unsigned char *hash, int64_t mono_ms, TokenCacheSlot *out)
{
	bool found = false;
	pthread_mutex_lock(&cache->slots_lock);
	for (size_t i = 0; i < TOKEN_CACHE_SLOTS && !found; i++) {
		const TokenCacheSlot *slot = &cache->slots[i];
		found = mono_ms < slot->until_mono_ms && memcmp(slot->hash, hash, HASH_BYTES) == 0;
		if (found)
			*out = *slot;
	}
	pthread_mutex_unlock(&cache->slots_lock);
	return found;
}

static void cache_put(TokenCache *cache, const TokenCacheSlot *slot)
{
	pthread_mutex_lock(&cache->slots_lock);
	size_t at = cache->next;
	for (size_t i = 0; i < TOKEN_CACHE_SLOTS; i++)
		if (memcmp(cache->slots[i].hash, slot->hash, HASH_BYTES) == 0)
			at = i;
	cache->slots[at] = *slot;
	if (at == cache->next)
		cache->next = (cache->next + 1) % TOKEN_CACHE_SLOTS;
	pthread_mutex_unlock(&cache->slots_lock);
}

/* --------------------------------------------------------------- scopes */

unsigned scopes_expand(unsigned scopes)
{
	if (scopes & SCOPE_ADMIN)
		return SCOPE_ADMIN | SCOPE_USER | SCOPE_READ | SCOPE_SEND;
	if (scopes & SCOPE_USER)
		return scopes | SCOPE_READ;
	return scopes;
}

static const char *scope_names(unsigned scopes, Arena *arena)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = { { SCOPE_SEND, "send" }, { SCOPE_READ, "read" }, { SCOPE_USER, "user" },
		{ SCOPE_ADMIN, "admin" } };
	CLEANUP(buf_fini) Buf out = BUF_MAX(64);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (scopes & names[i].bit)
			buf_printf(&out, "%s%s", out.len ? " or " : "", names[i].name);
	return arena_z(arena, buf_str(&out));
}

/* ---------------------------------------------------------------- guard */

static void actor_set(HttpExchange *exchange, Str name, unsigned scopes)
{
	Actor *actor = arena_alloc(&exchange->arena, 1, sizeof *actor);
	*actor = (Actor){ .name = name, .scopes = scopes_expand(scopes) };
	exchange->actor = actor;
}

static bool allow(const Route *route, HttpExchange *exchange)
{
	const Actor *actor = exchange->actor;
	if (actor->scopes & route->scopes)
		return true;
	reply_problem(exchange, 403, "this needs a token with scope %s",
		scope_names(route->scopes, &exchange->arena));
	return false;
}

static void refuse(HttpExchange *exchange, const char *what)
{
	reply_problem(exchange, 401,
		"%s; send \"Authorization: Bearer TOKEN\" with "
		"a token that an admin made (optout token add)",
		what);
	http_reply_header(
		&exchange->reply, STR("WWW-Authenticate"), STR("Bearer realm=\"optout\""));
}

/* "Bearer optout_..." of the right length and letters; what is not cannot be one of ours and costs
 * no look-up. */
static bool bearer_token(const HttpRequest *request, Str *out)
{
	Str header = http_request_header(request, STR("Authorization"));
	if (!str_eq_nocase(str_sub(header, 0, 7), STR("Bearer ")))
		return false;
	Str token = str_trim(str_from_pos(header, 7));
	if (!str_starts(token, STR(API_TOKEN_PREFIX)) || token.len > 64)
		return false;
	*out = token;
	return true;
}

/* Looks the token up and then goes on with the route, on the reader's thread. */
typedef struct TokenCheck {
	ReadJob job;
	Web *web;
	const Route *route;
	HttpExchange *exchange;
	Str token; /* borrows from the request */
	TokenCacheSlot found;
} TokenCheck;

static bool check_run(ReadJob *job, Store *store, Err *err)
{
	TokenCheck *check = CONTAINER_OF(job, TokenCheck, job);
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(64 * 1024); /* one token's row */
	ApiToken row;
	if (!desk_token_find(store_desk(store), check->token, &arena, &row, err))
		return false;
	check->found.scopes = row.scopes;
	Str name = str_sub(row.name, 0, API_TOKEN_NAME_BYTES_MAX);
	return str_copy(name, check->found.name, sizeof check->found.name)
		|| ERR(err, ERR_FATAL, "token %lld has a damaged name", (long long)row.token_id);
}

static void enter(Web *web, const Route *route, HttpExchange *exchange, const TokenCacheSlot *slot)
{
	actor_set(exchange, arena_printf(&exchange->arena, "token %s", slot->name), slot->scopes);
	if (allow(route, exchange))
		route->handle(web, exchange);
}

static void check_done(ReadJob *job, bool ok, const Err *err)
{
	TokenCheck *check = CONTAINER_OF(job, TokenCheck, job);
	HttpExchange *exchange = check->exchange;
	Web *web = check->web;
	if (ok) {
		check->found.until_mono_ms = clock_mono_ms(web->options.clock) + TOKEN_CACHE_MS;
		cache_put(&web->tokens, &check->found);
		enter(web, check->route, exchange, &check->found);
	} else if (err->kind == ERR_MISSING) {
		refuse(exchange, "this token is not known here");
	} else {
		reply_err(exchange, err);
	}
	http_exchange_finish(exchange);
}

static void check_token(Web *web, const Route *route, HttpExchange *exchange, Str token)
{
	TokenCheck *check = arena_alloc(&exchange->arena, 1, sizeof *check);
	*check = (TokenCheck){ .job = { .run = check_run, .done = check_done },
		.web = web,
		.route = route,
		.exchange = exchange,
		.token = token };
	plain_hash(check->found.hash, token);
	TokenCacheSlot slot;
	if (cache_get(&web->tokens, check->found.hash, clock_mono_ms(web->options.clock), &slot)) {
		enter(web, route, exchange, &slot);
		return;
	}
	Err err;
	if (!http_exchange_park(exchange))
		return;
	if (!readers_submit(web->options.readers, &check->job, &err)) {
		reply_err(exchange, &err);
		http_exchange_finish(exchange);
	}
}

bool guard(void *ctx, const Route *route, HttpExchange *exchange)
{
	if (!route->scopes)
		return true;
	if (exchange->request.listener == LISTENER_LOCAL) {
		actor_set(exchange, STR("local admin"), SCOPE_ADMIN);
		return allow(route, exchange);
	}
	Str token;
	if (bearer_token(&exchange->request, &token))
		check_token(ctx, route, exchange, token);
	else
		refuse(exchange, "no usable token came with this request");
	return false;
}

Str guard_actor(const HttpExchange *exchange)
{
	const Actor *actor = exchange->actor;
	return actor ? actor->name : STR("recipient");
}
