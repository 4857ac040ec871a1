#include "base/base.h"

#include "store/sqlite/ledger.h"

bool sqlite_scan_links(Ledger *ledger, int64_t org, const SfId *after_sfid, int64_t after_person,
	LinkRow *rows, size_t max, size_t *out_count, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db_of_ledger(ledger), SQL_SCAN_LINKS, &query, err))
		return false;
	query_put_i64(&query, org);
	query_put_str(&query, sfid_str(after_sfid));
	query_put_i64(&query, after_person);
	query_put_i64(&query, (int64_t)max);
	size_t count = 0;
	for (bool has_row = false;; count++) {
		if (!query_next(&query, &has_row, err))
			return false;
		if (!has_row)
			break;
		query_sfid(&query, 0, &rows[count].sfid);
		rows[count].person_id = query_i64(&query, 1);
		rows[count].is_unsubscribed = query_i64(&query, 2) != 0;
	}
	*out_count = count;
	return true;
}

bool sqlite_scan_hashes(Ledger *ledger, const AddressHash *after, HashRow *rows, size_t max,
	size_t *out_count, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db_of_ledger(ledger), SQL_SCAN_HASHES, &query, err))
		return false;
	query_put_blob(&query, after ? after->bytes : NULL, after ? ADDRESS_HASH_BYTES : 0);
	query_put_i64(&query, (int64_t)max);
	size_t count = 0;
	for (bool has_row = false;; count++) {
		if (!query_next(&query, &has_row, err))
			return false;
		if (!has_row)
			break;
		memcpy(rows[count].hash.bytes, query_str(&query, 0).ptr, ADDRESS_HASH_BYTES);
		rows[count].person_id = query_i64(&query, 1);
		rows[count].is_unsubscribed = query_i64(&query, 2) != 0;
	}
	*out_count = count;
	return true;
}

static bool count_outbox(Db *db, LedgerCounts *out, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_OUTBOX_COUNTS, &query, err))
		return false;
	for (bool has_row = false;;) {
		if (!query_next(&query, &has_row, err))
			return false;
		if (!has_row)
			return true;
		int64_t state = query_i64(&query, 0);
		if (state > OUTBOX_NONE && state < OUTBOX_STATE_COUNT)
			out->outbox[state] = query_i64(&query, 1);
	}
}

static bool find_oldest(Db *db, LedgerCounts *out, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_OUTBOX_OLDEST, &query, err))
		return false;
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	out->outbox_oldest_ms = has_row ? query_i64(&query, 0) : 0;
	return true;
}

bool sqlite_counts(Ledger *ledger, LedgerCounts *out, Err *err)
{
	Db *db = db_of_ledger(ledger);
	CLEANUP(query_fini) Query query = { 0 };
	bool has_row = false;
	if (!query_open(db, SQL_COUNT_PEOPLE, &query, err) || !query_next(&query, &has_row, err))
		return false;
	LedgerCounts counts = {
		.people = query_i64(&query, 0),
		.unsubscribed = query_i64(&query, 1),
		.without_record = query_i64(&query, 2),
		.unsubscribed_without_record = query_i64(&query, 3),
	};
	if (!count_outbox(db, &counts, err) || !find_oldest(db, &counts, err))
		return false;
	*out = counts;
	return true;
}
