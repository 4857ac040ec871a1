#include "base/base.h"

#include "store/sqlite/ledger.h"

/* ------------------------------------------------------------------ orgs */

bool sqlite_org_put(Ledger *ledger, const SfId *org_id, int64_t now_ms, int64_t *out_org, Err *err)
{
	Db *db = db_for_write(ledger);
	CLEANUP(query_fini) Query add = { 0 };
	CLEANUP(query_fini) Query find = { 0 };
	if (!query_open(db, SQL_ORG_ADD, &add, err))
		return false;
	query_put_str(&add, sfid_str(org_id));
	query_put_i64(&add, now_ms);
	if (!query_run(&add, err) || !query_open(db, SQL_ORG_FIND, &find, err))
		return false;
	query_put_str(&find, sfid_str(org_id));
	bool has_row = false;
	if (!query_next(&find, &has_row, err))
		return false;
	assert(has_row);
	*out_org = query_i64(&find, 0);
	return true;
}

bool org_check(Db *db, int64_t org, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_ORG_EXISTS, &query, err))
		return false;
	query_put_i64(&query, org);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	return has_row || ERR(err, ERR_MISSING, "org %lld is not connected", (long long)org);
}

bool sqlite_org_list(Ledger *ledger, OrgRow *rows, size_t max, size_t *out_count, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db_of_ledger(ledger), SQL_ORG_LIST, &query, err))
		return false;
	query_put_i64(&query, (int64_t)max);
	size_t count = 0;
	for (bool has_row = false;; count++) {
		if (!query_next(&query, &has_row, err))
			return false;
		if (!has_row)
			break;
		rows[count].org = query_i64(&query, 0);
		query_sfid(&query, 1, &rows[count].org_id);
	}
	*out_count = count;
	return true;
}

/* ---------------------------------------------------------- the lean row */

static bool read_person_row(Db *db, const Query *query, PersonRow *out, Err *err)
{
	PersonRow row = {
		.person_id = query_i64(query, 0),
		.standing = { .unsubscribed_at_ms = query_i64(query, 3),
			.removed_at_ms = query_i64(query, 4),
			.removal_asked_at_ms = query_i64(query, 5) },
		.removal_event_id = query_i64(query, 6),
	};
	memcpy(row.hash.bytes, query_str(query, 1).ptr, ADDRESS_HASH_BYTES);
	if (!vault_person_use(&db->vault, &row.hash, query_str(query, 2), err))
		return err_wrap(err, "person %lld", (long long)row.person_id);
	*out = row;
	return true;
}

bool person_row_by_id(Db *db, int64_t person_id, PersonRow *out, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_PERSON_ROW_BY_ID, &query, err))
		return false;
	query_put_i64(&query, person_id);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	if (!has_row)
		return ERR(err, ERR_MISSING, "there is no person %lld", (long long)person_id);
	return read_person_row(db, &query, out, err);
}

bool person_row_by_hash(Db *db, const AddressHash *hash, bool *out_found, PersonRow *out, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_PERSON_ROW_BY_HASH, &query, err))
		return false;
	query_put_blob(&query, hash->bytes, ADDRESS_HASH_BYTES);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	*out_found = has_row;
	return !has_row || read_person_row(db, &query, out, err);
}

bool person_add(Db *db, const NewPerson *person, PersonRow *out, Err *err)
{
	unsigned char wrapped[WRAPPED_KEY_BYTES];
	vault_person_make(&db->vault, &person->hash, wrapped);
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_PERSON_ADD, &query, err))
		return false;
	query_put_blob(&query, person->hash.bytes, ADDRESS_HASH_BYTES);
	query_put_str(&query, address_str(person->address));
	query_put_str(&query, person->first_name);
	query_put_str(&query, person->last_name);
	query_put_blob(&query, wrapped, sizeof wrapped);
	query_put_i64(&query, person->now_ms);
	query_put_i64(&query, person->record_count);
	if (!query_run(&query, err))
		return false;
	*out = (PersonRow){
		.person_id = sqlite3_last_insert_rowid(db->handle),
		.hash = person->hash,
	};
	return true;
}

/* ------------------------------------------------------------- person put */

/* The records that a put names, each once. */
typedef struct RecordSet {
	RecordRef records[LEDGER_PUT_RECORDS_MAX];
	size_t count;
} RecordSet;

static bool collect_records(Db *db, const PersonPut *put, RecordSet *out, Err *err)
{
	for (size_t i = 0; i < put->record_count; i++) {
		const RecordRef *record = &put->records[i];
		size_t same = 0;
		while (same < out->count
			&& (out->records[same].org != record->org
				|| !sfid_eq(&out->records[same].sfid, &record->sfid)))
			same++;
		if (same < out->count)
			continue;
		if (!org_check(db, record->org, err))
			return false;
		out->records[out->count++] = *record;
	}
	return true;
}

static bool put_names(Db *db, const PersonPut *put, int64_t person_id, Err *err)
{
	if (!put->first_name.len && !put->last_name.len)
		return true;
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_PERSON_SET_NAMES, &query, err))
		return false;
	query_put_i64(&query, person_id);
	query_put_str(&query, put->first_name);
	query_put_str(&query, put->last_name);
	return query_run(&query, err);
}

/* Links what is not linked yet; `linked` becomes the new links. */
static bool put_links(Db *db, const PersonPut *put, const PersonRow *person,
	const RecordSet *wanted, RecordSet *linked, size_t *pushes, Err *err)
{
	for (size_t i = 0; i < wanted->count; i++) {
		const RecordRef *record = &wanted->records[i];
		LinkChange change;
		if (!link_put(
			    db, record, person->person_id, LINKED_BY_ID, put->now_ms, &change, err))
			return false;
		if (!change.is_new)
			continue;
		linked->records[linked->count++] = *record;
		if (rules_may_push(&person->standing)
			&& !outbox_push(db, record, person->person_id, put->now_ms, pushes, err))
			return false;
		if (change.is_revived
			&& !link_revive_others(
				db, record, person->person_id, put->now_ms, pushes, err))
			return false;
	}
	return true;
}

static bool put_event(Db *db, const PersonPut *put, const PersonRow *person, EventKind kind,
	const RecordSet *linked, Err *err)
{
	Details details;
	if (kind == EVENT_ADDED)
		details_added(&details, linked->records, linked->count);
	else
		details_linked(&details, linked->records, linked->count, LINKED_BY_ID);
	int64_t event_id;
	return event_add(db,
		&(NewEvent){ .person = person,
			.kind = kind,
			.source = put->source,
			.text = { .details = details_str(&details), .actor = put->actor },
			.now_ms = put->now_ms },
		&event_id, err);
}

static bool put_new(Db *db, const PersonPut *put, const AddressHash *hash, const RecordSet *wanted,
	PersonPutOutcome *out, Err *err)
{
	const NewPerson new_person = {
		.address = &put->address,
		.hash = *hash,
		.first_name = put->first_name,
		.last_name = put->last_name,
		.record_count = (int64_t)wanted->count,
		.now_ms = put->now_ms,
	};
	PersonRow person;
	RecordSet linked = { .count = 0 };
	if (!person_add(db, &new_person, &person, err)
		|| !put_links(db, put, &person, wanted, &linked, &out->pushes, err)
		|| !put_event(db, put, &person, EVENT_ADDED, &linked, err))
		return false;
	assert(linked.count == wanted->count);
	out->person_id = person.person_id;
	out->is_new = true;
	out->linked = linked.count;
	return true;
}

static bool put_known(Db *db, const PersonPut *put, const PersonRow *person,
	const RecordSet *wanted, PersonPutOutcome *out, Err *err)
{
	RecordSet linked = { .count = 0 };
	if (!put_names(db, put, person->person_id, err)
		|| !put_links(db, put, person, wanted, &linked, &out->pushes, err))
		return false;
	out->person_id = person->person_id;
	out->is_unsubscribed = person->standing.unsubscribed_at_ms != 0;
	out->linked = linked.count;
	return linked.count == 0
		|| (DB_RUN(db, SQL_PERSON_COUNT_RECORDS, err, person->person_id,
			    (int64_t)linked.count)
			&& put_event(db, put, person, EVENT_LINKED, &linked, err));
}

bool sqlite_person_put(Ledger *ledger, const PersonPut *put, PersonPutOutcome *out, Err *err)
{
	Db *db = db_for_write(ledger);
	RecordSet wanted = { .count = 0 };
	if (!rules_check_put(put, err) || !collect_records(db, put, &wanted, err))
		return false;
	AddressHash hash = vault_address_hash(&db->vault, &put->address);
	bool is_known = false;
	PersonRow person;
	PersonPutOutcome outcome = { 0 };
	if (!person_row_by_hash(db, &hash, &is_known, &person, err))
		return false;
	if (!(is_known ? put_known(db, put, &person, &wanted, &outcome, err)
		       : put_new(db, put, &hash, &wanted, &outcome, err)))
		return false;
	*out = outcome;
	return true;
}

/* ---------------------------------------------------------------- reading */

static void read_person(const Query *query, Arena *arena, Person *out)
{
	*out = (Person){
		.person_id = query_i64(query, 0),
		.address = arena_str(arena, query_str(query, 2)),
		.first_name = arena_str(arena, query_str(query, 3)),
		.last_name = arena_str(arena, query_str(query, 4)),
		.created_at_ms = query_i64(query, 5),
		.unsubscribed_at_ms = query_i64(query, 6),
		.source = (Source)query_i64(query, 7),
		.reason = arena_str(arena, query_str(query, 8)),
		.removed_at_ms = query_i64(query, 9),
		.removal_waiting = query_i64(query, 10) != 0,
		.record_count = (size_t)query_i64(query, 11),
		.last_event_id = query_i64(query, 12),
		.stop_count = query_i64(query, 13),
	};
	memcpy(out->hash.bytes, query_str(query, 1).ptr, ADDRESS_HASH_BYTES);
}

bool sqlite_person_by_id(Ledger *ledger, int64_t person_id, Arena *arena, Person *out, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db_of_ledger(ledger), SQL_PERSON_BY_ID, &query, err))
		return false;
	query_put_i64(&query, person_id);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	if (!has_row)
		return ERR(err, ERR_MISSING, "there is no person %lld", (long long)person_id);
	read_person(&query, arena, out);
	return true;
}

bool sqlite_person_by_hash(
	Ledger *ledger, const AddressHash *hash, Arena *arena, Person *out, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db_of_ledger(ledger), SQL_PERSON_BY_HASH, &query, err))
		return false;
	query_put_blob(&query, hash->bytes, ADDRESS_HASH_BYTES);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	if (!has_row)
		return ERR(err, ERR_MISSING, "nobody has this address");
	read_person(&query, arena, out);
	return true;
}

bool sqlite_person_list(Ledger *ledger, PersonFilter filter, int64_t after_id, Arena *arena,
	Person *rows, size_t max, size_t *out_count, Err *err)
{
	static const SqlId statements[] = {
		[PERSONS_ALL] = SQL_PERSON_LIST_ALL,
		[PERSONS_UNSUBSCRIBED] = SQL_PERSON_LIST_UNSUBSCRIBED,
		[PERSONS_WITHOUT_RECORD] = SQL_PERSON_LIST_WITHOUT_RECORD,
	};
	assert((size_t)filter < ARRAY_LEN(statements));
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db_of_ledger(ledger), statements[filter], &query, err))
		return false;
	query_put_i64(&query, after_id);
	query_put_i64(&query, (int64_t)max);
	size_t count = 0;
	for (bool has_row = false;; count++) {
		if (!query_next(&query, &has_row, err))
			return false;
		if (!has_row)
			break;
		read_person(&query, arena, &rows[count]);
	}
	*out_count = count;
	return true;
}

bool sqlite_person_records(
	Ledger *ledger, int64_t person_id, Record *rows, size_t max, size_t *out_count, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db_of_ledger(ledger), SQL_PERSON_RECORDS, &query, err))
		return false;
	query_put_i64(&query, person_id);
	query_put_i64(&query, (int64_t)max);
	size_t count = 0;
	for (bool has_row = false;; count++) {
		if (!query_next(&query, &has_row, err))
			return false;
		if (!has_row)
			break;
		Record *row = &rows[count];
		*row = (Record){
			.org = query_i64(&query, 0),
			.linked_by = (LinkedBy)query_i64(&query, 2),
			.seen = (TickState)query_i64(&query, 3),
			.seen_at_ms = query_i64(&query, 4),
			.ticked_by_us = query_i64(&query, 5) != 0,
			.deleted = query_i64(&query, 6) != 0,
		};
		query_sfid(&query, 1, &row->sfid);
		row->object = sfid_object(&row->sfid);
	}
	*out_count = count;
	return true;
}
