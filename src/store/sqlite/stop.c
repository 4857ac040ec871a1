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
	RemoveOutcome outcome = { .is_waiting = true, .event_id = person.removal_event_id };
	if (person.standing.removal_asked_at_ms) {
		*out = outcome; /* asked again: it waits already */
		return true;
	}
	if (!outbox_cancel_queued(db, person.person_id, &outcome.cancelled, err)
		|| !outbox_has_unsettled(db, person.person_id, &outcome.is_waiting, err)
		|| !add_removal_event(
			db, &person, wish, outcome.is_waiting, &outcome.event_id, err))
		return false;
	if (!(outcome.is_waiting
			    ? DB_RUN(db, SQL_PERSON_SET_REMOVAL, err, person.person_id,
				    wish->now_ms, outcome.event_id)
			    : DB_RUN(db, SQL_PERSON_LIFT, err, person.person_id, wish->now_ms)))
		return false;
	*out = outcome;
	return true;
}

bool removal_settle(Db *db, int64_t person_id, int64_t now_ms, Err *err)
{
	PersonRow person;
	bool is_unsettled = false;
	if (!person_row_by_id(db, person_id, &person, err))
		return false;
	if (!person.standing.removal_asked_at_ms)
		return true;
	if (!outbox_has_unsettled(db, person_id, &is_unsettled, err))
		return false;
	if (is_unsettled)
		return true;
	/* By whom and why was said when it was asked for. */
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(64 * 1024);
	HistoryEntry asked;
	size_t cancelled = 0;
	int64_t event_id;
	if (!event_read(db, person_id, person.removal_event_id, &arena, &asked, err)
		|| !outbox_cancel_queued(db, person_id, &cancelled, err))
		return false;
	const RemoveWish wish = { .person_id = person_id,
		.reason = asked.reason,
		.actor = asked.actor,
		.now_ms = now_ms };
	return add_removal_event(db, &person, &wish, false, &event_id, err)
		&& DB_RUN(db, SQL_PERSON_LIFT, err, person_id, now_ms);
}
