/* ledger.h: the ledger on SQLite; what its files share. Private to store/sqlite/. Functions that
 * write expect checked input and an open transaction. */
#ifndef STORE_SQLITE_LEDGER_H
#define STORE_SQLITE_LEDGER_H

#include "base/base.h"
#include "store/details.h"
#include "store/rules.h"
#include "store/sqlite/db.h"

extern const LedgerOps sqlite_ledger_ops;

/* What decisions about a person are taken from. Reading one takes the person's key in hand of the
 * vault. */
typedef struct PersonRow {
	int64_t person_id;
	AddressHash hash;
	Standing standing;
	int64_t removal_event_id;
} PersonRow;

/* people.c. ERR_MISSING when unknown. */
WARN_UNUSED bool person_row_by_id(Db *db, int64_t person_id, PersonRow *out, Err *err);
WARN_UNUSED bool person_row_by_hash(
	Db *db, const AddressHash *hash, bool *out_found, PersonRow *out, Err *err);
typedef struct NewPerson {
	const Address *address;
	AddressHash hash;
	Str first_name, last_name;
	int64_t record_count;
	int64_t now_ms;
} NewPerson;
WARN_UNUSED bool person_add(Db *db, const NewPerson *person, PersonRow *out, Err *err);
/* ERR_MISSING when no org has this key. */
WARN_UNUSED bool org_check(Db *db, int64_t org, Err *err);

/* history.c */
typedef struct NewEvent {
	const PersonRow *person;
	EventKind kind;
	Source source;
	EventText text;
	int64_t now_ms;
} NewEvent;
WARN_UNUSED bool event_add(Db *db, const NewEvent *event, int64_t *out_event_id, Err *err);
/* An entry equal to the wish that it is to be counted on; 0: none. */
WARN_UNUSED bool event_find_repeat(Db *db, const PersonRow *person, Source source,
	const EventText *wish, int64_t now_ms, int64_t *out_event_id, Err *err);
WARN_UNUSED bool event_read(
	Db *db, int64_t person_id, int64_t event_id, Arena *arena, HistoryEntry *out, Err *err);

/* link.c. *out_is_new: the link is new, or stands again because its record was deleted. by: of a
 * new link. */
typedef struct LinkChange {
	bool is_new;
	bool is_revived; /* the record was deleted: links of other people stand again too */
} LinkChange;
WARN_UNUSED bool link_put(Db *db, const RecordRef *record, int64_t person_id, LinkedBy by,
	int64_t now_ms, LinkChange *out, Err *err);
/* The history entries, counts and pushes of everybody else whose link stands again. */
WARN_UNUSED bool link_revive_others(Db *db, const RecordRef *record, int64_t except_person_id,
	int64_t now_ms, size_t *pushes, Err *err);
WARN_UNUSED bool record_unlink(Db *db, const RecordRef *record, int64_t now_ms, Err *err);

/* outbox.c */
/* Queues a tick unless an unsent row of the record waits; adds to *pushes. */
WARN_UNUSED bool outbox_push(Db *db, const RecordRef *record, int64_t person_id, int64_t now_ms,
	size_t *pushes, Err *err);
/* Cancels a person's unsent rows; one whose record has somebody else to be unsubscribed is given to
 * that one. Counts the cancelled ones that were queued. */
WARN_UNUSED bool outbox_take_back(Db *db, int64_t person_id, size_t *out_cancelled, Err *err);

/* stop.c */
/* Completes the waiting removals whose time has come, of the record's people or (NULL) of all. */
WARN_UNUSED bool removals_settle(Db *db, const RecordRef *record, int64_t now_ms, Err *err);
/* When the first of all waiting removals may complete; INT64_MAX: none can yet. */
WARN_UNUSED bool removals_next_due(Db *db, int64_t *out_due_ms, Err *err);

/* The functions of sqlite_ledger_ops. */
bool sqlite_org_put(Ledger *ledger, const SfId *org_id, int64_t now_ms, int64_t *out_org, Err *err);
bool sqlite_org_list(Ledger *ledger, OrgRow *rows, size_t max, size_t *out_count, Err *err);
bool sqlite_person_put(Ledger *ledger, const PersonPut *put, PersonPutOutcome *out, Err *err);
bool sqlite_person_by_id(Ledger *ledger, int64_t person_id, Arena *arena, Person *out, Err *err);
bool sqlite_person_by_hash(
	Ledger *ledger, const AddressHash *hash, Arena *arena, Person *out, Err *err);
bool sqlite_person_list(Ledger *ledger, PersonFilter filter, int64_t after_id, Arena *arena,
	Person *rows, size_t max, size_t *out_count, Err *err);
bool sqlite_person_records(
	Ledger *ledger, int64_t person_id, Record *rows, size_t max, size_t *out_count, Err *err);
bool sqlite_history(Ledger *ledger, int64_t person_id, int64_t before_id, Arena *arena,
	HistoryEntry *rows, size_t max, size_t *out_count, Err *err);
bool sqlite_chain_head(Ledger *ledger, unsigned partition, ChainHead *out, Err *err);
bool sqlite_chain_verify(Ledger *ledger, unsigned partition, Err *err);
bool sqlite_stop(Ledger *ledger, const StopWish *wish, StopOutcome *out, Err *err);
bool sqlite_remove(Ledger *ledger, const RemoveWish *wish, RemoveOutcome *out, Err *err);
bool sqlite_link(Ledger *ledger, const LinkWish *wish, bool *out_is_new, Err *err);
bool sqlite_record_deleted(Ledger *ledger, const RecordRef *record, int64_t now_ms, Err *err);
bool sqlite_record_seen(
	Ledger *ledger, const RecordRef *record, TickState seen, int64_t read_at_ms, Err *err);
bool sqlite_outbox_claim(Ledger *ledger, int64_t org, Str owner, int64_t now_ms, OutboxRow *rows,
	size_t max, size_t *out_count, Err *err);
bool sqlite_outbox_settle(
	Ledger *ledger, const Settle *settles, size_t count, int64_t now_ms, Err *err);
bool sqlite_outbox_recover(Ledger *ledger, Str owner, int64_t now_ms, size_t *out_count, Err *err);
bool sqlite_push_record(
	Ledger *ledger, const RecordRef *record, int64_t now_ms, bool *out_queued, Err *err);
bool sqlite_outbox_next_due(Ledger *ledger, int64_t org, int64_t *out_due_ms, Err *err);
bool sqlite_outbox_open_rows(
	Ledger *ledger, Arena *arena, OutboxProblem *rows, size_t max, size_t *out_count, Err *err);
bool sqlite_scan_links(Ledger *ledger, int64_t org, const SfId *after_sfid, int64_t after_person,
	LinkRow *rows, size_t max, size_t *out_count, Err *err);
bool sqlite_scan_hashes(Ledger *ledger, const AddressHash *after, HashRow *rows, size_t max,
	size_t *out_count, Err *err);
bool sqlite_run_put(Ledger *ledger, Run *run, Err *err);
bool sqlite_run_get(Ledger *ledger, int64_t run_id, Run *out, Err *err);
bool sqlite_run_list(Ledger *ledger, int64_t org, int64_t before_id, Run *rows, size_t max,
	size_t *out_count, Err *err);
bool sqlite_lease_take(Ledger *ledger, Str name, Str owner, int64_t now_ms, int64_t until_ms,
	bool *out_taken, Err *err);
bool sqlite_lease_release(Ledger *ledger, Str name, Str owner, Err *err);
bool sqlite_counts(Ledger *ledger, LedgerCounts *out, Err *err);

#endif
