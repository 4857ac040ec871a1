#include "base/base.h"

#include "web/api.h"

#include "web/internal.h"

/* One question of an e-mail system before a mailing; more go in several requests, so that none
 * holds a reader long. */
enum { CHECK_ADDRESSES_MAX = 10000 };

/* Nobody we know may be mailed; what is no address may not (it cannot be compared with the people
 * we must not mail). */
static bool put_result(WebCall *call, Store *store, JsonWriter *w, Str text, Err *err)
{
	Address address;
	Err fault;
	jw_object_begin(w);
	jw_kv_str(w, "address", text.ptr ? text : STR(""));
	Person person = { 0 };
	const char *state = "invalid";
	bool is_valid = address_parse(text, &address, &fault);
	if (is_valid) {
		AddressHash hash = address_hash(&call->web->options.keyring->hash, &address);
		arena_reset(&call->arena);
		bool is_known = ledger_person_by_hash(
			store_ledger(store), &hash, &call->arena, &person, &fault);
		if (!is_known && fault.kind != ERR_MISSING) {
			*err = fault;
			return false;
		}
		state = !is_known                   ? "unknown"
			: person.unsubscribed_at_ms ? "unsubscribed"
						    : "mailable";
	}
	bool stopped = person.unsubscribed_at_ms != 0;
	jw_kv_bool(w, "may_mail", is_valid && !stopped);
	jw_kv_str(w, "state", str_from(state));
	jw_kv_time(w, "since", person.unsubscribed_at_ms);
	jw_kv_str(w, "source", stopped ? str_from(source_name(person.source)) : STR_NONE);
	jw_kv_str(w, "reason",
		stopped            ? person.reason
			: is_valid ? STR_NONE
				   : str_from(fault.text));
	jw_object_end(w);
	return true;
}

/* input: the addresses as JSON array members or the one of the query. */
static bool check_one_work(WebCall *call, Store *store, Err *err)
{
	const Str *text = call->input;
	JsonWriter w;
	jw_init(&w, &call->body);
	jw_object_begin(&w);
	jw_key(&w, "results");
	jw_array_begin(&w);
	if (!put_result(call, store, &w, *text, err))
		return false;
	jw_array_end(&w);
	jw_object_end(&w);
	return true;
}

void api_check_get(void *ctx, HttpExchange *exchange)
{
	Str *text = arena_alloc(&exchange->arena, 1, sizeof *text);
	*text = http_query_param(&exchange->request, STR("address"), &exchange->arena);
	if (!text->ptr) {
		reply_problem(exchange, 400, "name the address: ?address=someone%%40example.com");
		return;
	}
	WebCall *call = web_call(ctx, exchange, check_one_work);
	call->input = text;
	web_call_read(call);
}

/* Parses here, on the reader thread: megabytes of JSON would hold up the loop. */
static bool check_many_work(WebCall *call, Store *store, Err *err)
{
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	const JsonVal *addresses;
	if (!web_address_list(call->exchange, CHECK_ADDRESSES_MAX, &doc, &addresses, err))
		return false;
	JsonWriter w;
	jw_init(&w, &call->body);
	jw_object_begin(&w);
	jw_key(&w, "results");
	jw_array_begin(&w);
	for (size_t i = 0; i < json_array_len(addresses); i++)
		if (!put_result(call, store, &w, json_as_str(json_array_at(addresses, i)), err))
			return false;
	jw_array_end(&w);
	jw_object_end(&w);
	return true;
}

void api_check_post(void *ctx, HttpExchange *exchange)
{
	web_call_read(web_call(ctx, exchange, check_many_work));
}
