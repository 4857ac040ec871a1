#include "base/base.h"

#include "store/sqlite/ledger.h"

static bool record_find(
	Db *db, const RecordRef *record, bool *out_found, bool *out_deleted, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_RECORD_GET, &query, err))
		return false;
	query_put_i64(&query, record->org);
	query_put_str(&query, sfid_str(&record->sfid));
	if (!query_next(&query, out_found, err))
		return false;
	*out_deleted = *out_found && query_i64(&query, 0) != 0;
	return true;
}

/* A statement whose first values are the record, followed by numbers. */
static bool run_on_record(
	Db *db, SqlId id, const RecordRef *record, const int64_t *values, size_t count, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, id, &query, err))
		return false;
	query_put_i64(&query, record->org);
	query_put_str(&query, sfid_str(&record->sfid));
	for (size_t i = 0; i < count; i++)
		query_put_i64(&query, values[i]);
	return query_run(&query, err);
}

#define RUN_ON_RECORD(db_, id_, record_, err_, ...)                                                \
	run_on_record((db_), (id_), (record_), (const int64_t[]){ __VA_ARGS__ },                   \
		sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t), (err_))

static bool link_find(Db *db, const RecordRef *record, int64_t person_id, bool *out_found,
	LinkedBy *out_by, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_LINK_GET, &query, err))
		return false;
	query_put_i64(&query, record->org);
	query_put_str(&query, sfid_str(&record->sfid));
	query_put_i64(&query, person_id);
	if (!query_next(&query, out_found, err))
		return false;
	if (*out_found)
		*out_by = (LinkedBy)query_i64(&query, 0);
	return true;
}

bool link_put(Db *db, const RecordRef *record, int64_t person_id, LinkedBy by, int64_t now_ms,
	LinkChange *out, Err *err)
{
	bool is_known = false, is_deleted = false, is_linked = false;
	LinkedBy old_by = by;
	if (!record_find(db, record, &is_known, &is_deleted, err)
		|| (!is_known && !run_on_record(db, SQL_RECORD_ADD, record, NULL, 0, err))
		|| (is_deleted && !RUN_ON_RECORD(db, SQL_RECORD_SET_DELETED, record, err, 0))
		|| (is_known && !link_find(db, record, person_id, &is_linked, &old_by, err)))
		return false;
	*out = (LinkChange){ .is_new = !is_linked || is_deleted, .is_revived = is_deleted };
	if (!is_linked)
		return RUN_ON_RECORD(db, SQL_LINK_ADD, record, err, person_id, by, now_ms);
	/* An ID that was given to us says more than an address that a record carries. */
	return old_by == LINKED_BY_ID || by == old_by
		|| RUN_ON_RECORD(db, SQL_LINK_SET_BY, record, err, person_id, by);
}

static bool next_person(
	Db *db, const RecordRef *record, int64_t after_id, int64_t *out_person_id, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_LINK_NEXT_PERSON, &query, err))
		return false;
	query_put_i64(&query, record->org);
	query_put_str(&query, sfid_str(&record->sfid));
	query_put_i64(&query, after_id);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	*out_person_id = query_i64(&query, 0); /* NULL reads as 0: no more */
	return true;
}

/* Writes an entry about a link of the record, and counts it on the person. */
static bool note_link(Db *db, const PersonRow *person, EventKind kind, const Details *details,
	int64_t now_ms, Err *err)
{
	int64_t event_id;
	return DB_RUN(db, SQL_PERSON_COUNT_RECORDS, err, person->person_id,
		       kind == EVENT_LINKED ? 1 : -1)
		&& event_add(db,
			&(NewEvent){ .person = person,
				.kind = kind,
				.text = { .details = details_str(details) },
				.now_ms = now_ms },
			&event_id, err);
}

bool link_revive_others(Db *db, const RecordRef *record, int64_t except_person_id, int64_t now_ms,
	size_t *pushes, Err *err)
{
	Details details;
	details_relinked(&details, &record->sfid);
	for (int64_t person_id = 0;;) {
		PersonRow person;
		if (!next_person(db, record, person_id, &person_id, err))
			return false;
		if (!person_id)
			return true;
		if (person_id == except_person_id)
			continue;
		if (!person_row_by_id(db, person_id, &person, err)
			|| !note_link(db, &person, EVENT_LINKED, &details, now_ms, err)
			|| (rules_may_push(&person.standing)
				&& !outbox_push(db, record, person_id, now_ms, pushes, err)))
			return false;
	}
}

bool sqlite_link(Ledger *ledger, const LinkWish *wish, bool *out_is_new, Err *err)
{
	Db *db = db_for_write(ledger);
	const RecordRef *record = &wish->record;
	PersonRow person;
	LinkChange change;
	if (!org_check(db, record->org, err) || !person_row_by_id(db, wish->person_id, &person, err)
		|| !link_put(db, record, wish->person_id, wish->by, wish->now_ms, &change, err))
		return false;
	if (change.is_new) {
		Details details;
		size_t pushes = 0;
		bool is_pushed = !wish->is_ticked && rules_may_push(&person.standing);
		details_linked(&details, record, 1, wish->by);
		if (!note_link(db, &person, EVENT_LINKED, &details, wish->now_ms, err)
			|| (is_pushed
				&& !outbox_push(
					db, record, wish->person_id, wish->now_ms, &pushes, err))
			|| (change.is_revived
				&& !link_revive_others(
					db, record, wish->person_id, wish->now_ms, &pushes, err)))
			return false;
	}
	*out_is_new = change.is_new;
	return true;
}

bool record_unlink(Db *db, const RecordRef *record, int64_t now_ms, Err *err)
{
	bool is_known = false, is_deleted = false;
	if (!record_find(db, record, &is_known, &is_deleted, err))
		return false;
	if (!is_known || is_deleted)
		return true;
	if (!RUN_ON_RECORD(db, SQL_RECORD_SET_DELETED, record, err, 1))
		return false;
	Details details;
	details_unlinked(&details, &record->sfid);
	for (int64_t person_id = 0;;) {
		PersonRow person;
		if (!next_person(db, record, person_id, &person_id, err))
			return false;
		if (!person_id)
			break;
		if (!person_row_by_id(db, person_id, &person, err)
			|| !note_link(db, &person, EVENT_UNLINKED, &details, now_ms, err))
			return false;
	}
	/* An unsent tick of a deleted record has nowhere to go; a removal may wait for it. */
	return run_on_record(db, SQL_OUTBOX_CANCEL_OF_RECORD, record, NULL, 0, err)
		&& removals_settle(db, record, now_ms, err);
}

bool sqlite_record_deleted(Ledger *ledger, const RecordRef *record, int64_t now_ms, Err *err)
{
	return record_unlink(db_for_write(ledger), record, now_ms, err);
}

bool sqlite_record_seen(
	Ledger *ledger, const RecordRef *record, TickState seen, int64_t read_at_ms, Err *err)
{
	return RUN_ON_RECORD(
		db_for_write(ledger), SQL_RECORD_SET_SEEN, record, err, seen, read_at_ms);
}
