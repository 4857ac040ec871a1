#include "base/base.h"

#include "web/api.h"

#include "web/internal.h"

static bool add_work(WebCall *call, Store *store, Err *err)
{
	StopOutcome outcome;
	if (!web_stop(call, store, call->input, &outcome, err))
		return false;
	JsonWriter w;
	jw_init(&w, &call->body);
	jw_object_begin(&w);
	jw_kv_i64(&w, "person_id", outcome.person_id);
	jw_kv_i64(&w, "event_id", outcome.event_id);
	jw_kv_bool(&w, "is_new", outcome.is_new_stop);
	jw_kv_i64(&w, "pushes", (int64_t)outcome.pushes);
	jw_object_end(&w);
	return true;
}

/* The sources that a program or a user may claim. The others are ours to write: a link, a one-click
 * or a sync must have happened here. */
static bool source_member(const JsonVal *object, Source *out, Err *err)
{
	static const Source allowed[] = { SOURCE_MANUAL, SOURCE_API, SOURCE_FORM, SOURCE_BOUNCE,
		SOURCE_COMPLAINT, SOURCE_IMPORT };
	Str name;
	if (!json_opt_str(object, "source", STR("manual"), &name, err))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
		if (str_eq(name, str_from(source_name(allowed[i])))) {
			*out = allowed[i];
			return true;
		}
	}
	return ERR(err, ERR_INPUT,
		"member \"source\": \"%.*s\" is not one of "
		"manual, api, form, bounce, complaint, import",
		STR_ARG(name));
}

/* Exactly one of address and person_id. */
static bool whom(const JsonVal *object, StopWish *wish, Err *err)
{
	bool has_address = json_member(object, "address") != NULL;
	bool has_person = json_member(object, "person_id") != NULL;
	Str text;
	if (has_address == has_person)
		return ERR(err, ERR_INPUT,
			"name the person by \"address\" or by \"person_id\", one of the two");
	if (has_address)
		return json_get_str(object, "address", &text, err)
			&& (address_parse(text, &wish->address, err)
				|| err_wrap(err, "member \"address\""));
	if (!json_get_i64(object, "person_id", &wish->person_id, err))
		return false;
	return wish->person_id > 0
		|| ERR(err, ERR_MISSING, "there is no person %lld", (long long)wish->person_id);
}

static bool parse(const JsonVal *object, Arena *arena, StopWish *wish, Err *err)
{
	return whom(object, wish, err) && source_member(object, &wish->source, err)
		&& web_text_member(
			object, "reason", LEDGER_REASON_BYTES_MAX, arena, &wish->reason, err)
		&& web_text_member(
			object, "evidence", LEDGER_EVIDENCE_BYTES_MAX, arena, &wish->evidence, err)
		&& web_text_member(
			object, "details", LEDGER_DETAILS_BYTES_MAX, arena, &wish->details, err);
}

void api_unsubscribes_add(void *ctx, HttpExchange *exchange)
{
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	Err err;
	StopWish *wish = arena_alloc(&exchange->arena, 1, sizeof *wish);
	if (!web_json(exchange, &doc))
		return;
	if (!parse(doc.root, &exchange->arena, wish, &err)) {
		reply_err(exchange, &err);
		return;
	}
	wish->actor = guard_actor(exchange);
	wish->now_ms = web_now_ms(ctx);
	WebCall *call = web_call(ctx, exchange, add_work);
	call->input = wish;
	web_call_write(call);
}
