#include "base/base.h"

#include "web/api.h"

#include "model/token.h"
#include "web/internal.h"

/* One mailing's worth per request: some 10 microseconds each on a reader thread. */
enum { LINKS_ADDRESSES_MAX = 10000 };

/* RFC 8058 3.1: both headers, exactly one https URI of ours in angle brackets (RFC 2369 2). */
static void put_headers(JsonWriter *w, Str url, Arena *arena)
{
	jw_key(w, "headers");
	jw_object_begin(w);
	jw_kv_str(w, "List-Unsubscribe", arena_printf(arena, "<%.*s>", STR_ARG(url)));
	jw_kv_str(w, "List-Unsubscribe-Post", STR("List-Unsubscribe=One-Click"));
	jw_object_end(w);
}

static bool put_link(WebCall *call, JsonWriter *w, const char *public_url, Str text, Err *err)
{
	const WebOptions *options = &call->web->options;
	CLEANUP(buf_fini) Buf token = BUF_MAX(TOKEN_TEXT_MAX);
	Address address;
	Err fault;
	jw_object_begin(w);
	jw_kv_str(w, "address", text.ptr ? text : STR(""));
	if (!address_parse(text, &address, &fault)) {
		jw_kv_null(w, "url");
		jw_kv_null(w, "headers");
		jw_kv_str(w, "error", str_from(fault.text));
	} else {
		if (!token_mint(options->keyring, &address, options->rng, &token, err)) {
			if (err->kind == ERR_MISSING)
				err->kind = ERR_CONFLICT;
			return false;
		}
		arena_reset(&call->arena);
		Str url = arena_printf(&call->arena, "%s/u/%s", public_url, buf_z(&token));
		jw_kv_str(w, "url", url);
		put_headers(w, url, &call->arena);
	}
	jw_object_end(w);
	return true;
}

static bool links_work(WebCall *call, Store *store, Err *err)
{
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	const JsonVal *addresses;
	HouseSettings house;
	(void)store;
	web_house(call->web, &house);
	if (!house.public_url[0])
		return ERR(err, ERR_CONFLICT,
			"links need the address under which recipients "
			"reach this service: set public.url first");
	if (!web_address_list(call->exchange, LINKS_ADDRESSES_MAX, &doc, &addresses, err))
		return false;
	JsonWriter w;
	jw_init(&w, &call->body);
	jw_object_begin(&w);
	jw_key(&w, "links");
	jw_array_begin(&w);
	for (size_t i = 0; i < json_array_len(addresses); i++)
		if (!put_link(call, &w, house.public_url, json_as_str(json_array_at(addresses, i)),
			    err))
			return false;
	jw_array_end(&w);
	jw_object_end(&w);
	return true;
}

/* On a reader thread for the time it takes, not for the store. */
void api_links_add(void *ctx, HttpExchange *exchange)
{
	web_call_read(web_call(ctx, exchange, links_work));
}
