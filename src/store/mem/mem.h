/* mem.h: the store in memory; private to store/mem/. The executable specification: sorted arrays,
 * searched and counted by the words of the contract and nothing cleverer. It is the store of
 * simulations and the oracle of the other drivers, so it seals and chains history like them. A
 * transaction is a copy of the arrays into memory that is kept for the next one: 2 us with 50
 * people and 600 entries. Texts live in a pool that only grows, so that copies may share them. */
#ifndef STORE_MEM_MEM_H
#define STORE_MEM_MEM_H

#include "base/arena.h"
#include "base/base.h"
#include "store/details.h"
#include "store/driver.h"
#include "store/rules.h"
#include "store/vault.h"

/* An array that grows. */
typedef struct MemTable {
	char *items; /* own */
	size_t count, cap;
	size_t item_bytes;
} MemTable;

/* Texts borrow from the pool. */
typedef struct MemPerson {
	AddressHash hash;
	Str address, first_name, last_name, reason;
	Str wrapped_key;
	int64_t created_at_ms;
	Standing standing;
	Source source;
	int64_t removal_event_id;
} MemPerson; /* its ID is its place, from 1 */

typedef struct MemHash {
	AddressHash hash;
	int64_t person_id;
} MemHash;

typedef struct MemRecord {
	RecordRef ref;
	TickState seen;
	int64_t seen_at_ms;
	bool ticked_by_us, deleted;
} MemRecord;

typedef struct MemLink {
	RecordRef ref;
	int64_t person_id;
	LinkedBy by;
} MemLink;

typedef struct MemEvent {
	int64_t person_id;
	unsigned partition;
	int64_t at_ms;
	EventKind kind;
	Source source;
	Str body;
	unsigned char head[HASH_BYTES];
	int64_t repeat_count;
} MemEvent; /* its ID is its place, from 1 */

typedef struct MemOutbox {
	RecordRef ref;
	int64_t person_id;
	OutboxState state;
	int64_t created_at_ms, due_at_ms, attempts, lands_until_ms;
	bool was_dead;
	Str owner, error_code, error_text;
} MemOutbox; /* its ID is its place, from 1 */

typedef struct MemLease {
	Str name, owner; /* owner empty: released */
	int64_t until_ms;
} MemLease;

typedef struct MemToken {
	unsigned char hash[HASH_BYTES];
	Str name;
	unsigned scopes;
	int64_t created_at_ms;
} MemToken; /* its ID is its place, from 1 */

typedef struct MemState {
	MemTable orgs;        /* SfId, by key */
	MemTable people;      /* MemPerson, by ID */
	MemTable hashes;      /* MemHash, by hash */
	MemTable records;     /* MemRecord, by org and sfid */
	MemTable links;       /* MemLink, by org, sfid and person */
	MemTable events;      /* MemEvent, by ID */
	MemTable outbox;      /* MemOutbox, by ID */
	MemTable runs;        /* Run, by ID */
	MemTable leases;      /* MemLease, as they came */
	MemTable settings;    /* Setting, by scope and name */
	MemTable connections; /* OrgConnection, as they came; the secret sealed */
	MemTable tokens;      /* MemToken, by ID */
	ChainHead chains[ADDRESS_PARTITIONS];
} MemState;

enum { MEM_POINTS_MAX = 8 }; /* a transaction and points inside it; the writer needs two */

/* Points that are not in use keep their memory. */
typedef struct Mem {
	Store store; /* first: a Store * is a Mem * */
	Ledger ledger;
	Desk desk;
	Vault vault;
	Arena pool;
	MemState now;
	MemState points[MEM_POINTS_MAX]; /* own: the state when each began */
	size_t point_count;              /* 0: no transaction */
} Mem;

Mem *mem_of(Ledger *ledger);
/* The same for functions that write: asserts that a transaction is open. */
Mem *mem_for_write(Ledger *ledger);
Str mem_str(Mem *mem, Str text); /* a copy in the pool */

/* table.c */
void mem_table_init(MemTable *table, size_t item_bytes);
void mem_table_fini(MemTable *table);
/* Both are initialised; out's memory is used again. */
void mem_table_copy(MemTable *out, const MemTable *from);
/* Items move when the table grows: no pointer survives an insertion. */
void *mem_at(const MemTable *table, size_t index);
void *mem_insert(MemTable *table, size_t index, const void *item);
/* A row by an ID that is its place; NULL when there is none. */
void *mem_by_id(const MemTable *table, int64_t id);
int64_t mem_add(MemTable *table, const void *item); /* gives the ID */

/* people.c */
MemPerson *mem_person(const Mem *mem, int64_t person_id);       /* NULL when unknown */
int64_t mem_find_hash(const Mem *mem, const AddressHash *hash); /* 0 when unknown */
int64_t mem_person_add(Mem *mem, const Address *address, const AddressHash *hash, Str first_name,
	Str last_name, int64_t now_ms);
WARN_UNUSED bool mem_person_use(Mem *mem, int64_t person_id, Err *err); /* key in hand */
bool mem_org_check(const Mem *mem, int64_t org, Err *err);

/* links.c */
int mem_ref_cmp(const RecordRef *a, const RecordRef *b);
MemRecord *mem_record(const Mem *mem, const RecordRef *ref); /* NULL when unknown */
MemRecord *mem_record_put(Mem *mem, const RecordRef *ref);
bool mem_is_linked(const Mem *mem, const RecordRef *ref, int64_t person_id);
bool mem_link_stands(const Mem *mem, const MemLink *link); /* its record is not deleted */
/* True when the link is new or stands again; then, if the record was deleted, *out_revived. */
bool mem_link_put(
	Mem *mem, const RecordRef *ref, int64_t person_id, LinkedBy by, bool *out_revived);
WARN_UNUSED bool mem_revive_others(
	Mem *mem, const RecordRef *ref, int64_t except, int64_t now_ms, size_t *pushes, Err *err);
WARN_UNUSED bool mem_unlink(Mem *mem, const RecordRef *ref, int64_t now_ms, Err *err);

/* history.c */
typedef struct MemNewEvent {
	int64_t person_id;
	EventKind kind;
	Source source;
	EventText text;
	int64_t now_ms;
} MemNewEvent;
WARN_UNUSED bool mem_event_add(Mem *mem, const MemNewEvent *event, int64_t *out_event_id, Err *err);
WARN_UNUSED bool mem_entry(Mem *mem, int64_t event_id, Arena *arena, HistoryEntry *out, Err *err);

/* outbox.c */
void mem_push(Mem *mem, const RecordRef *ref, int64_t person_id, int64_t now_ms, size_t *pushes);
/* When a removal of the person may complete. */
int64_t mem_removal_due(const Mem *mem, int64_t person_id);
/* Cancels the person's unsent rows or gives them to somebody else of the record; how many of the
 * cancelled ones were queued. */
size_t mem_take_back(Mem *mem, int64_t person_id);

/* stop.c */
/* Completes the waiting removals whose time has come, of the record's people or (NULL) of all. */
WARN_UNUSED bool mem_removals_settle(Mem *mem, const RecordRef *ref, int64_t now_ms, Err *err);

extern const DeskOps mem_desk_ops; /* desk.c */

/* The functions of mem_ledger_ops. */
extern const LedgerOps mem_ledger_ops;
bool mem_op_org_put(Ledger *ledger, const SfId *org_id, int64_t now_ms, int64_t *out_org, Err *err);
bool mem_op_org_list(Ledger *ledger, OrgRow *rows, size_t max, size_t *out_count, Err *err);
bool mem_op_person_put(Ledger *ledger, const PersonPut *put, PersonPutOutcome *out, Err *err);
bool mem_op_person_by_id(Ledger *ledger, int64_t person_id, Arena *arena, Person *out, Err *err);
bool mem_op_person_by_hash(
	Ledger *ledger, const AddressHash *hash, Arena *arena, Person *out, Err *err);
bool mem_op_person_list(Ledger *ledger, PersonFilter filter, int64_t after_id, Arena *arena,
	Person *rows, size_t max, size_t *out_count, Err *err);
bool mem_op_person_records(
	Ledger *ledger, int64_t person_id, Record *rows, size_t max, size_t *out_count, Err *err);
bool mem_op_history(Ledger *ledger, int64_t person_id, int64_t before_id, Arena *arena,
	HistoryEntry *rows, size_t max, size_t *out_count, Err *err);
bool mem_op_chain_head(Ledger *ledger, unsigned partition, ChainHead *out, Err *err);
bool mem_op_chain_verify(Ledger *ledger, unsigned partition, Err *err);
bool mem_op_stop(Ledger *ledger, const StopWish *wish, StopOutcome *out, Err *err);
int64_t mem_stop_count(const Mem *mem, int64_t person_id); /* as Person.stop_count */
bool mem_op_remove(Ledger *ledger, const RemoveWish *wish, RemoveOutcome *out, Err *err);
bool mem_op_link(Ledger *ledger, const LinkWish *wish, bool *out_is_new, Err *err);
bool mem_op_record_deleted(Ledger *ledger, const RecordRef *record, int64_t now_ms, Err *err);
bool mem_op_record_seen(
	Ledger *ledger, const RecordRef *record, TickState seen, int64_t read_at_ms, Err *err);
bool mem_op_outbox_claim(Ledger *ledger, int64_t org, Str owner, int64_t now_ms, OutboxRow *rows,
	size_t max, size_t *out_count, Err *err);
bool mem_op_outbox_settle(
	Ledger *ledger, const Settle *settles, size_t count, int64_t now_ms, Err *err);
bool mem_op_outbox_recover(Ledger *ledger, Str owner, int64_t now_ms, size_t *out_count, Err *err);
bool mem_op_push_record(
	Ledger *ledger, const RecordRef *record, int64_t now_ms, bool *out_queued, Err *err);
bool mem_op_outbox_next_due(Ledger *ledger, int64_t org, int64_t *out_due_ms, Err *err);
bool mem_op_outbox_open_rows(
	Ledger *ledger, Arena *arena, OutboxProblem *rows, size_t max, size_t *out_count, Err *err);
bool mem_op_scan_links(Ledger *ledger, int64_t org, const SfId *after_sfid, int64_t after_person,
	LinkRow *rows, size_t max, size_t *out_count, Err *err);
bool mem_op_scan_hashes(Ledger *ledger, const AddressHash *after, HashRow *rows, size_t max,
	size_t *out_count, Err *err);
bool mem_op_run_put(Ledger *ledger, Run *run, Err *err);
bool mem_op_run_get(Ledger *ledger, int64_t run_id, Run *out, Err *err);
bool mem_op_run_list(Ledger *ledger, int64_t org, int64_t before_id, Run *rows, size_t max,
	size_t *out_count, Err *err);
bool mem_op_lease_take(Ledger *ledger, Str name, Str owner, int64_t now_ms, int64_t until_ms,
	bool *out_taken, Err *err);
bool mem_op_lease_release(Ledger *ledger, Str name, Str owner, Err *err);
bool mem_op_counts(Ledger *ledger, LedgerCounts *out, Err *err);

#endif
