#include "base/base.h"

#include "store/sqlite/ledger.h"

/* A page of a chain: enough to keep the statement's cost small, short enough not to hold up a
 * checkpoint. */
enum { CHAIN_PAGE_ROWS = 1000 };

typedef struct Chain {
	int64_t length;
	unsigned char head[HASH_BYTES];
} Chain;

static bool chain_read(Db *db, unsigned partition, Chain *out, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_CHAIN_GET, &query, err))
		return false;
	query_put_i64(&query, partition);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	Chain chain = { 0 };
	if (has_row) {
		Str head = query_str(&query, 1);
		if (head.len != HASH_BYTES)
			return ERR(
				err, ERR_FATAL, "the head of proof chain %u is damaged", partition);
		chain.length = query_i64(&query, 0);
		memcpy(chain.head, head.ptr, HASH_BYTES);
	}
	*out = chain;
	return true;
}

static bool chain_write(Db *db, unsigned partition, const Chain *chain, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_CHAIN_PUT, &query, err))
		return false;
	query_put_i64(&query, partition);
	query_put_i64(&query, chain->length);
	query_put_blob(&query, chain->head, HASH_BYTES);
	return query_run(&query, err);
}

static bool next_event_id(Db *db, int64_t *out, Err *err)
{
	if (!db->next_event_id) {
		CLEANUP(query_fini) Query query = { 0 };
		bool has_row = false;
		if (!query_open(db, SQL_EVENT_NEWEST, &query, err)
			|| !query_next(&query, &has_row, err))
			return false;
		db->next_event_id = query_i64(&query, 0) + 1;
	}
	*out = db->next_event_id++;
	return true;
}

bool event_add(Db *db, const NewEvent *event, int64_t *out_event_id, Err *err)
{
	const PersonRow *person = event->person;
	PersonRow again;
	if (!vault_person_is(&db->vault, &person->hash)
		&& !person_row_by_id(db, person->person_id, &again, err))
		return false;
	unsigned partition = address_partition(&person->hash);
	int64_t event_id;
	Chain chain;
	if (!next_event_id(db, &event_id, err) || !chain_read(db, partition, &chain, err))
		return false;
	Str body = vault_event_seal(&db->vault, person->person_id, event_id, &event->text);
	const ChainLink entry = {
		.person_id = person->person_id,
		.at_ms = event->now_ms,
		.kind = event->kind,
		.source = event->source,
		.ciphertext = body,
	};
	vault_chain_add(chain.head, &entry);
	chain.length++;
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_EVENT_ADD, &query, err))
		return false;
	query_put_i64(&query, event_id);
	query_put_i64(&query, person->person_id);
	query_put_i64(&query, partition);
	query_put_i64(&query, event->now_ms);
	query_put_i64(&query, event->kind);
	query_put_i64(&query, event->source);
	query_put_blob(&query, body.ptr, body.len);
	query_put_blob(&query, chain.head, HASH_BYTES);
	if (!query_run(&query, err) || !chain_write(db, partition, &chain, err))
		return false;
	*out_event_id = event_id;
	return true;
}

/* Columns: event_id, at_ms, kind, source, body, repeat_count. */
static bool read_entry(
	Db *db, const Query *query, int64_t person_id, Arena *arena, HistoryEntry *out, Err *err)
{
	HistoryEntry entry = {
		.event_id = query_i64(query, 0),
		.at_ms = query_i64(query, 1),
		.kind = (EventKind)query_i64(query, 2),
		.source = (Source)query_i64(query, 3),
		.repeat_count = query_i64(query, 5),
	};
	EventText text;
	if (!vault_event_open(
		    &db->vault, person_id, entry.event_id, query_str(query, 4), arena, &text, err))
		return false;
	entry.details = text.details;
	entry.actor = text.actor;
	entry.reason = text.reason;
	entry.evidence = text.evidence;
	entry.source_name = text.source_name;
	*out = entry;
	return true;
}

static bool entry_is_repeat(const HistoryEntry *entry, Source source, const EventText *wish)
{
	const EventText text = {
		.details = entry->details,
		.actor = entry->actor,
		.reason = entry->reason,
		.source_name = entry->source_name,
	};
	return rules_repeat_equal(entry->source, &text, source, wish);
}

bool event_find_repeat(Db *db, const PersonRow *person, Source source, const EventText *wish,
	int64_t now_ms, int64_t *out_event_id, Err *err)
{
	/* Texts of the entries looked at: REPEAT_LOOK_MAX of them, each bounded by ledger.h. */
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(1024 * 1024);
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_EVENT_PAGE, &query, err))
		return false;
	query_put_i64(&query, person->person_id);
	query_put_i64(&query, INT64_MAX);
	query_put_i64(&query, REPEAT_LOOK_MAX);
	*out_event_id = 0;
	for (bool has_row = false;;) {
		if (!query_next(&query, &has_row, err))
			return false;
		if (!has_row)
			return true;
		RepeatLook look = rules_repeat_look(
			(EventKind)query_i64(&query, 2), query_i64(&query, 1), now_ms);
		if (look == REPEAT_END)
			return true;
		if (look == REPEAT_SKIP)
			continue;
		HistoryEntry entry;
		if (!read_entry(db, &query, person->person_id, &arena, &entry, err))
			return false;
		if (entry_is_repeat(&entry, source, wish)) {
			*out_event_id = entry.event_id;
			return true;
		}
	}
}

bool event_read(
	Db *db, int64_t person_id, int64_t event_id, Arena *arena, HistoryEntry *out, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_EVENT_GET, &query, err))
		return false;
	query_put_i64(&query, event_id);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	if (!has_row)
		return ERR(err, ERR_FATAL, "history entry %lld is missing", (long long)event_id);
	return read_entry(db, &query, person_id, arena, out, err);
}

bool sqlite_history(Ledger *ledger, int64_t person_id, int64_t before_id, Arena *arena,
	HistoryEntry *rows, size_t max, size_t *out_count, Err *err)
{
	Db *db = db_of_ledger(ledger);
	PersonRow person;
	CLEANUP(query_fini) Query query = { 0 };
	if (!person_row_by_id(db, person_id, &person, err)
		|| !query_open(db, SQL_EVENT_PAGE, &query, err))
		return false;
	query_put_i64(&query, person_id);
	query_put_i64(&query, before_id ? before_id : INT64_MAX);
	query_put_i64(&query, (int64_t)max);
	size_t count = 0;
	for (bool has_row = false;; count++) {
		if (!query_next(&query, &has_row, err))
			return false;
		if (!has_row)
			break;
		if (!read_entry(db, &query, person_id, arena, &rows[count], err))
			return false;
	}
	*out_count = count;
	return true;
}

/* ---------------------------------------------------------------- chains */

bool sqlite_chain_head(Ledger *ledger, unsigned partition, ChainHead *out, Err *err)
{
	assert(partition < ADDRESS_PARTITIONS);
	Chain chain;
	if (!chain_read(db_of_ledger(ledger), partition, &chain, err))
		return false;
	*out = (ChainHead){ .partition = partition, .length = chain.length };
	memcpy(out->hash, chain.head, HASH_BYTES);
	return true;
}

/* Columns: event_id, person_id, at_ms, kind, source, body, head. Moves *at on by the entry. */
static bool verify_entry(const Query *query, Chain *at, Err *err)
{
	const ChainLink entry = {
		.person_id = query_i64(query, 1),
		.at_ms = query_i64(query, 2),
		.kind = (EventKind)query_i64(query, 3),
		.source = (Source)query_i64(query, 4),
		.ciphertext = query_str(query, 5),
	};
	vault_chain_add(at->head, &entry);
	at->length++;
	Str head = query_str(query, 6);
	if (head.len == HASH_BYTES && memcmp(head.ptr, at->head, HASH_BYTES) == 0)
		return true;
	return ERR(err, ERR_FATAL,
		"history entry %lld does not fit the proof chain: "
		"it, or one before it, was changed or taken out",
		(long long)query_i64(query, 0));
}

static bool verify_page(Db *db, unsigned partition, int64_t length, int64_t *after_id, Chain *at,
	size_t *out_rows, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_CHAIN_ENTRIES, &query, err))
		return false;
	query_put_i64(&query, partition);
	query_put_i64(&query, *after_id);
	query_put_i64(&query, MIN_OF(CHAIN_PAGE_ROWS, length - at->length));
	size_t rows = 0;
	for (bool has_row = false;; rows++) {
		if (!query_next(&query, &has_row, err))
			return false;
		if (!has_row)
			break;
		if (!verify_entry(&query, at, err))
			return false;
		*after_id = query_i64(&query, 0);
	}
	*out_rows = rows;
	return true;
}

bool sqlite_chain_verify(Ledger *ledger, unsigned partition, Err *err)
{
	assert(partition < ADDRESS_PARTITIONS);
	Db *db = db_of_ledger(ledger);
	Chain head, at = { 0 };
	/* The head first: entries that the writer adds meanwhile lie beyond its length. */
	if (!chain_read(db, partition, &head, err))
		return false;
	int64_t after_id = 0;
	while (at.length < head.length) {
		size_t rows = 0;
		if (!verify_page(db, partition, head.length, &after_id, &at, &rows, err))
			return false;
		if (rows == 0)
			return ERR(err, ERR_FATAL,
				"proof chain %u should have %lld entries and "
				"has %lld: entries after %lld were taken out",
				partition, (long long)head.length, (long long)at.length,
				(long long)after_id);
	}
	if (memcmp(at.head, head.head, HASH_BYTES) != 0)
		return ERR(err, ERR_FATAL,
			"the head of proof chain %u does not fit its last entry %lld", partition,
			(long long)after_id);
	return true;
}
