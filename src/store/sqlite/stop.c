#include "base/base.h"

#include "store/sqlite/ledger.h"

/* ------------------------------------------------------------------ stop */

static bool add_unknown(
	Db *db, const StopWish *wish, const AddressHash *hash, PersonRow *out, Err *err)
{
	const NewPerson new_person = {
		.address = &wish->address, .hash = *hash, .now_ms = wish->now_ms
	};
	Details details;
	details_added(&details, NULL, 0);
	int64_t event_id;
	return person_add(db, &new_person, out, err)
		&& event_add(db,
			&(NewEvent){ .person = out,
				.kind = EVENT_ADDED,
				.source = wish->source,
				.text = { .details = details_str(&details), .actor = wish->actor },
				.now_ms = wish->now_ms },
			&event_id, err);
}

static bool find_person(Db *db, const StopWish *wish, PersonRow *out, bool *out_is_new, Err *err)
{
	*out_is_new = false;
	if (wish->person_id)
		return person_row_by_id(db, wish->person_id, out, err);
	AddressHash hash = vault_address_hash(&db->vault, &wish->address);
	bool is_known = false;
	if (!person_row_by_hash(db, &hash, &is_known, out, err))
		return false;
	*out_is_new = !is_known;
	return is_known || add_unknown(db, wish, &hash, out, err);
}

/* A repeated wish goes onto an equal entry or gets one of its own. */
static bool note_repeat(
	Db *db, const NewEvent *event, int64_t *out_event_id, bool *out_is_counted, Err *err)
{
	int64_t equal_id = 0;
	if (!event_find_repeat(
		    db, event->person, event->source, &event->text, event->now_ms, &equal_id, err))
		return false;
	*out_is_counted = equal_id != 0;
	*out_event_id = equal_id;
	return equal_id ? DB_RUN(db, SQL_EVENT_COUNT_REPEAT, err, equal_id)
			: event_add(db, event, out_event_id, err);
}

static bool set_stop(Db *db, const PersonRow *person, const StopWish *wish, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_PERSON_SET_STOP, &query, err))
		return false;
	query_put_i64(&query, person->person_id);
	query_put_i64(&query, wish->now_ms);
	query_put_i64(&query, wish->source);
	query_put_str(&query, wish->reason);
	return query_run(&query, err);
}

static bool next_record(Db *db, int64_t person_id, RecordRef *at, bool *out_found, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_LINK_NEXT_RECORD, &query, err))
		return false;
	query_put_i64(&query, person_id);
	query_put_i64(&query, at->org);
	query_put_str(&query, sfid_str(&at->sfid));
	if (!query_next(&query, out_found, err))
		return false;
	if (*out_found) {
		RecordRef next = { .org = query_i64(&query, 0) };
		query_sfid(&query, 1, &next.sfid);
		*at = next;
	}
	return true;
}

static bool push_records(
	Db *db, const PersonRow *person, const StopWish *wish, size_t *pushes, Err *err)
{
	RecordRef record = { 0 };
	for (bool found = false;;) {
		if (!next_record(db, person->person_id, &record, &found, err))
			return false;
		if (!found)
			return true;
		bool is_cause = record.org == wish->cause.org
			&& sfid_eq(&record.sfid, &wish->cause.sfid);
		if (!is_cause
			&& !outbox_push(db, &record, person->person_id, wish->now_ms, pushes, err))
			return false;
	}
}

bool sqlite_stop(Ledger *ledger, const StopWish *wish, StopOutcome *out, Err *err)
{
	Db *db = db_for_write(ledger);
	StopOutcome outcome = { 0 };
	PersonRow person;
	if (!rules_check_stop(wish, err)
		|| !find_person(db, wish, &person, &outcome.is_new_person, err))
		return false;
	outcome.person_id = person.person_id;
	StopRule rule = rules_stop(&person.standing, wish->read_at_ms);
	if (rule == STOP_STALE) {
		outcome.is_stale = true;
		*out = outcome;
		return true;
	}
	Details details;
	details_stop(&details, wish);
	const NewEvent event = {
		.person = &person,
		.kind = rule == STOP_NEW ? EVENT_UNSUBSCRIBED : EVENT_STOP_REPEATED,
		.source = wish->source,
		.text = { .details = details_str(&details),
			.actor = wish->actor,
			.reason = wish->reason,
			.evidence = wish->evidence,
			.source_name = wish->source_name },
		.now_ms = wish->now_ms,
	};
	outcome.is_new_stop = rule == STOP_NEW;
	bool ok = rule == STOP_NEW
		? set_stop(db, &person, wish, err) && event_add(db, &event, &outcome.event_id, err)
		: note_repeat(db, &event, &outcome.event_id, &outcome.is_counted, err);
	if (!ok
		|| (person.standing.removal_asked_at_ms
			&& !DB_RUN(db, SQL_PERSON_SET_REMOVAL, err, person.person_id, 0, 0))
		|| !push_records(db, &person, wish, &outcome.pushes, err))
		return false;
	*out = outcome;
	return true;
}

/* ---------------------------------------------------------------- remove */

static bool check_seen(Db *db, const RemoveWish *wish, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_EVENT_LATER_STOP, &query, err))
		return false;
	query_put_i64(&query, wish->person_id);
	query_put_i64(&query, wish->seen_event_id);
	query_put_i64(&query, wish->seen_stop_count);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	return !has_row
		|| ERR(err, ERR_CONFLICT,
			"a later unsubscribe has come in; read the history again before removing");
}

static bool add_removal_event(Db *db, const PersonRow *person, const RemoveWish *wish,
	bool is_waiting, int64_t *out_event_id, Err *err)
{
	Details details;
	details_removed(&details, is_waiting);
	return event_add(db,
		&(NewEvent){ .person = person,
			.kind = is_waiting ? EVENT_REMOVAL_WAITING : EVENT_REMOVED,
			.source = SOURCE_MANUAL,
			.text = { .details = details_str(&details),
				.actor = wish->actor,
				.reason = wish->reason },
			.now_ms = wish->now_ms },
		out_event_id, err);
}

/* When a removal of the person may complete. */
static bool removal_due(Db *db, int64_t person_id, int64_t *out_due_ms, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_REMOVAL_LANDING, &query, err))
		return false;
	query_put_i64(&query, person_id);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	/* max() of no rows is NULL, which reads as 0. */
	*out_due_ms = rules_removal_due(query_i64(&query, 0) != 0, query_i64(&query, 1));
	return true;
}

/* What is asked for is in the history already: by whom and why. *out_event_id 0: it waits on. */
static bool settle_removal(
	Db *db, int64_t person_id, int64_t now_ms, int64_t *out_event_id, Err *err)
{
	PersonRow person;
	int64_t due_ms = 0;
	size_t cancelled = 0;
	*out_event_id = 0;
	if (!removal_due(db, person_id, &due_ms, err)
		|| !outbox_take_back(db, person_id, &cancelled, err))
		return false;
	if (due_ms > now_ms)
		return true;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(64 * 1024);
	HistoryEntry asked;
	if (!person_row_by_id(db, person_id, &person, err)
		|| !event_read(db, person_id, person.removal_event_id, &arena, &asked, err))
		return false;
	const RemoveWish wish = { .person_id = person_id,
		.reason = asked.reason,
		.actor = asked.actor,
		.now_ms = now_ms };
	return add_removal_event(db, &person, &wish, false, out_event_id, err)
		&& DB_RUN(db, SQL_PERSON_LIFT, err, person_id, now_ms);
}

/* The next person above *person_id whose removal waits, of the record or (NULL) of all; 0: none. */
static bool next_waiting(Db *db, const RecordRef *record, int64_t *person_id, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, record ? SQL_REMOVAL_NEXT_OF_RECORD : SQL_REMOVAL_NEXT, &query, err))
		return false;
	if (record) {
		query_put_i64(&query, record->org);
		query_put_str(&query, sfid_str(&record->sfid));
	}
	query_put_i64(&query, *person_id);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	*person_id = query_i64(&query, 0); /* min() of nobody is NULL, which reads as 0 */
	return true;
}

bool removals_settle(Db *db, const RecordRef *record, int64_t now_ms, Err *err)
{
	for (int64_t person_id = 0, event_id;;) {
		if (!next_waiting(db, record, &person_id, err))
			return false;
		if (!person_id)
			return true;
		if (!settle_removal(db, person_id, now_ms, &event_id, err))
			return false;
	}
}

bool removals_next_due(Db *db, int64_t *out_due_ms, Err *err)
{
	int64_t first_ms = INT64_MAX;
	for (int64_t person_id = 0, due_ms;;) {
		if (!next_waiting(db, NULL, &person_id, err))
			return false;
		if (!person_id)
			break;
		if (!removal_due(db, person_id, &due_ms, err))
			return false;
		first_ms = MIN_OF(first_ms, due_ms);
	}
	*out_due_ms = first_ms;
	return true;
}

static bool ask_again(Db *db, const PersonRow *person, int64_t now_ms, RemoveOutcome *out, Err *err)
{
	int64_t event_id;
	if (!settle_removal(db, person->person_id, now_ms, &event_id, err))
		return false;
	*out = (RemoveOutcome){ .is_waiting = event_id == 0,
		.event_id = event_id ? event_id : person->removal_event_id };
	return true;
}

bool sqlite_remove(Ledger *ledger, const RemoveWish *wish, RemoveOutcome *out, Err *err)
{
	Db *db = db_for_write(ledger);
	PersonRow person;
	if (!rules_check_remove(wish, err) || !person_row_by_id(db, wish->person_id, &person, err))
		return false;
	if (!person.standing.unsubscribed_at_ms)
		return ERR(err, ERR_MISSING, "person %lld is not unsubscribed",
			(long long)wish->person_id);
	if (!check_seen(db, wish, err))
		return false;
	if (person.standing.removal_asked_at_ms)
		return ask_again(db, &person, wish->now_ms, out, err);
	RemoveOutcome outcome = { 0 };
	int64_t due_ms = 0;
	if (!outbox_take_back(db, person.person_id, &outcome.cancelled, err)
		|| !removal_due(db, person.person_id, &due_ms, err))
		return false;
	outcome.is_waiting = due_ms > wish->now_ms;
	if (!add_removal_event(db, &person, wish, outcome.is_waiting, &outcome.event_id, err))
		return false;
	if (!(outcome.is_waiting
			    ? DB_RUN(db, SQL_PERSON_SET_REMOVAL, err, person.person_id,
				    wish->now_ms, outcome.event_id)
			    : DB_RUN(db, SQL_PERSON_LIFT, err, person.person_id, wish->now_ms)))
		return false;
	*out = outcome;
	return true;
}
