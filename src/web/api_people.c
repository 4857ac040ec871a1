#include "base/base.h"

#include "web/api.h"

#include "web/internal.h"

enum {
	PEOPLE_ROWS_MAX = 1000,
	PEOPLE_ROWS_USUAL = 100,
	PERSON_RECORDS_MAX = 1000, /* one address on more records than that is a shared mailbox */
	PERSON_HISTORY_MAX = 100,
};

static void put_person(JsonWriter *w, const Person *p)
{
	bool stopped = p->unsubscribed_at_ms != 0;
	jw_kv_i64(w, "person_id", p->person_id);
	jw_kv_str(w, "address", p->address);
	jw_kv_str(w, "first_name", p->first_name);
	jw_kv_str(w, "last_name", p->last_name);
	jw_kv_time(w, "created_at", p->created_at_ms);
	jw_kv_bool(w, "unsubscribed", stopped);
	jw_kv_time(w, "unsubscribed_at", p->unsubscribed_at_ms);
	jw_kv_str(w, "source", stopped ? str_from(source_name(p->source)) : STR_NONE);
	jw_kv_str(w, "reason", stopped ? p->reason : STR_NONE);
	jw_kv_time(w, "removed_at", p->removed_at_ms);
	jw_kv_bool(w, "removal_waiting", p->removal_waiting);
	jw_kv_i64(w, "last_event_id", p->last_event_id);
	jw_kv_i64(w, "stop_count", p->stop_count);
	jw_kv_i64(w, "record_count", (int64_t)p->record_count);
}

/* ----------------------------------------------------------------- list */

typedef struct ListInput {
	PersonFilter filter;
	int64_t after, limit;
} ListInput;

static bool list_work(WebCall *call, Store *store, Err *err)
{
	const ListInput *input = call->input;
	size_t max = (size_t)input->limit, count = 0;
	Person *rows = arena_alloc(&call->arena, max + 1, sizeof *rows);
	/* One more than asked for tells whether there is a next page. */
	if (!ledger_person_list(store_ledger(store), input->filter, input->after, &call->arena,
		    rows, max + 1, &count, err))
		return false;
	JsonWriter w;
	jw_init(&w, &call->body);
	jw_object_begin(&w);
	jw_key(&w, "people");
	jw_array_begin(&w);
	for (size_t i = 0; i < MIN_OF(count, max); i++) {
		jw_object_begin(&w);
		put_person(&w, &rows[i]);
		jw_object_end(&w);
	}
	jw_array_end(&w);
	if (count > max)
		jw_kv_i64(&w, "next", rows[max - 1].person_id);
	else
		jw_kv_null(&w, "next");
	jw_object_end(&w);
	return true;
}

static bool filter_parse(HttpExchange *exchange, PersonFilter *out)
{
	static const struct {
		Str name;
		PersonFilter filter;
	} filters[] = {
		{ STR_INIT("all"), PERSONS_ALL },
		{ STR_INIT("unsubscribed"), PERSONS_UNSUBSCRIBED },
		{ STR_INIT("without-record"), PERSONS_WITHOUT_RECORD },
	};
	Str name = http_query_param(&exchange->request, STR("filter"), &exchange->arena);
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		if (!name.ptr || str_eq(name, filters[i].name)) {
			*out = filters[i].filter;
			return true;
		}
	}
	reply_problem(exchange, 400,
		"filter: \"%.*s\" is not one of all, unsubscribed, without-record", STR_ARG(name));
	return false;
}

void api_people_list(void *ctx, HttpExchange *exchange)
{
	ListInput *input = arena_alloc(&exchange->arena, 1, sizeof *input);
	if (!filter_parse(exchange, &input->filter)
		|| !web_query_i64(exchange, "after", 0, 0, INT64_MAX, &input->after)
		|| !web_query_i64(
			exchange, "limit", PEOPLE_ROWS_USUAL, 1, PEOPLE_ROWS_MAX, &input->limit))
		return;
	WebCall *call = web_call(ctx, exchange, list_work);
	call->input = input;
	web_call_read(call);
}

/* ------------------------------------------------------------------ one */

static const char *tick_name(TickState seen)
{
	switch (seen) {
	case TICK_UNKNOWN:
		return "unknown";
	case TICK_NO:
		return "unticked";
	case TICK_YES:
		return "ticked";
	}
	return "unknown";
}

static bool put_records(WebCall *call, Store *store, JsonWriter *w, int64_t person_id, Err *err)
{
	OrgNames names;
	size_t count;
	Record *rows = arena_alloc(&call->arena, PERSON_RECORDS_MAX, sizeof *rows);
	if (!org_names_load(store_ledger(store), &names, err)
		|| !ledger_person_records(
			store_ledger(store), person_id, rows, PERSON_RECORDS_MAX, &count, err))
		return false;
	jw_key(w, "records");
	jw_array_begin(w);
	for (size_t i = 0; i < count; i++) {
		const Record *r = &rows[i];
		jw_object_begin(w);
		jw_kv_str(w, "org_id", org_names_id(&names, r->org));
		jw_kv_str(w, "record_id", sfid_str(&r->sfid));
		jw_kv_str(w, "object", str_from(sf_object_name(r->object)));
		jw_kv_str(
			w, "linked_by", r->linked_by == LINKED_BY_ID ? STR("id") : STR("address"));
		jw_kv_str(w, "seen", str_from(tick_name(r->seen)));
		jw_kv_time(w, "seen_at", r->seen_at_ms);
		jw_kv_bool(w, "ticked_by_us", r->ticked_by_us);
		jw_kv_bool(w, "deleted", r->deleted);
		jw_object_end(w);
	}
	jw_array_end(w);
	return true;
}

static void put_source(JsonWriter *w, Arena *arena, const HistoryEntry *e)
{
	if (e->source == SOURCE_NONE)
		jw_kv_null(w, "source");
	else if (e->source_name.len)
		jw_kv_str(w, "source",
			arena_printf(
				arena, "%s:%.*s", source_name(e->source), STR_ARG(e->source_name)));
	else
		jw_kv_str(w, "source", str_from(source_name(e->source)));
}

static bool put_history(WebCall *call, Store *store, JsonWriter *w, int64_t person_id, Err *err)
{
	size_t count;
	HistoryEntry *rows = arena_alloc(&call->arena, PERSON_HISTORY_MAX, sizeof *rows);
	if (!ledger_history(store_ledger(store), person_id, 0, &call->arena, rows,
		    PERSON_HISTORY_MAX, &count, err))
		return false;
	jw_key(w, "history");
	jw_array_begin(w);
	for (size_t i = 0; i < count; i++) {
		const HistoryEntry *e = &rows[i];
		jw_object_begin(w);
		jw_kv_i64(w, "event_id", e->event_id);
		jw_kv_time(w, "at", e->at_ms);
		jw_kv_str(w, "kind", str_from(event_kind_name(e->kind)));
		jw_kv_str(w, "details", e->details);
		put_source(w, &call->arena, e);
		jw_kv_str(w, "actor", e->actor);
		jw_kv_str(w, "reason", e->reason);
		jw_kv_str(w, "evidence", e->evidence);
		jw_kv_i64(w, "repeats", e->repeat_count);
		jw_object_end(w);
	}
	jw_array_end(w);
	return true;
}

static bool answer_person(WebCall *call, Store *store, const Person *person, Err *err)
{
	JsonWriter w;
	jw_init(&w, &call->body);
	jw_object_begin(&w);
	put_person(&w, person);
	if (!put_records(call, store, &w, person->person_id, err)
		|| !put_history(call, store, &w, person->person_id, err))
		return false;
	jw_object_end(&w);
	return true;
}

static bool get_work(WebCall *call, Store *store, Err *err)
{
	const int64_t *person_id = call->input;
	Person person;
	return ledger_person_by_id(store_ledger(store), *person_id, &call->arena, &person, err)
		&& answer_person(call, store, &person, err);
}

void api_people_get(void *ctx, HttpExchange *exchange)
{
	int64_t *person_id = arena_alloc(&exchange->arena, 1, sizeof *person_id);
	*person_id = route_int(exchange, 0);
	WebCall *call = web_call(ctx, exchange, get_work);
	call->input = person_id;
	web_call_read(call);
}

static bool get_by_address_work(WebCall *call, Store *store, Err *err)
{
	const AddressHash *hash = call->input;
	Person person;
	return ledger_person_by_hash(store_ledger(store), hash, &call->arena, &person, err)
		&& answer_person(call, store, &person, err);
}

void api_people_get_by_address(void *ctx, HttpExchange *exchange)
{
	Web *web = ctx;
	Address address;
	Err err;
	if (!address_parse(exchange->path_params[0], &address, &err)) {
		reply_err(exchange, &err);
		return;
	}
	AddressHash *hash = arena_alloc(&exchange->arena, 1, sizeof *hash);
	*hash = address_hash(&web->options.keyring->hash, &address);
	WebCall *call = web_call(web, exchange, get_by_address_work);
	call->input = hash;
	web_call_read(call);
}

/* -------------------------------------------------------------- removal */

static bool remove_work(WebCall *call, Store *store, Err *err)
{
	const RemoveWish *wish = call->input;
	RemoveOutcome outcome;
	if (!ledger_remove(store_ledger(store), wish, &outcome, err))
		return false;
	call->wakes = outcome.is_waiting ? WAKE_PUSH : WAKE_NOBODY; /* completes it in time */
	JsonWriter w;
	jw_init(&w, &call->body);
	jw_object_begin(&w);
	jw_kv_bool(&w, "waiting", outcome.is_waiting);
	jw_kv_i64(&w, "cancelled", (int64_t)outcome.cancelled);
	jw_kv_i64(&w, "event_id", outcome.event_id);
	jw_object_end(&w);
	return true;
}

void api_people_remove_unsubscribe(void *ctx, HttpExchange *exchange)
{
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	Err err;
	RemoveWish *wish = arena_alloc(&exchange->arena, 1, sizeof *wish);
	if (!web_json(exchange, &doc))
		return;
	if (!web_text_member(doc.root, "reason", LEDGER_REASON_BYTES_MAX, &exchange->arena,
		    &wish->reason, &err)
		|| !json_get_i64(doc.root, "seen_event_id", &wish->seen_event_id, &err)
		|| !json_opt_i64(doc.root, "seen_stop_count", 0, &wish->seen_stop_count, &err)) {
		reply_err(exchange, &err);
		return;
	}
	if (!wish->reason.len) {
		reply_problem(
			exchange, 400, "member \"reason\": say why this unsubscribe is removed");
		return;
	}
	wish->person_id = route_int(exchange, 0);
	wish->actor = guard_actor(exchange);
	wish->now_ms = web_now_ms(ctx);
	WebCall *call = web_call(ctx, exchange, remove_work);
	call->input = wish;
	web_call_write(call);
}
