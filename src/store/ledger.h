/* ledger.h: people, Salesforce records, unsubscribes, history, outbox, runs and leases. One of the
 * two faces of the store (the other is desk.h); neither knows the other's tables. Three drivers
 * keep this contract and run one suite (tests/contract): sqlite, mem (the executable
 * specification), later postgresql.
 *
 * Handles are not thread-safe: a handle belongs to one thread. Writing functions run inside a
 * transaction that the caller opened with store_begin; the writer thread is the only caller outside
 * tests. Each writing function either does the whole of what it says or returns false and leaves no
 * trace. Reading functions work on any handle.
 *
 * The rules behind the words are in product.md ("The rules of the merge"). In short: the state of a
 * person is two-valued and only grows by sync; a stop beats a go; history only appends. */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "base/str.h"
#include "model/address.h"
#include "model/sfid.h"
#include "model/stop.h"

typedef struct Ledger Ledger;

/* Longest texts that go in, in bytes; longer ones are ERR_INPUT. Names: 80 characters in
 * Salesforce, 4 bytes each. Evidence holds the headers of one request or one bounce report's
 * essence. */
enum {
	LEDGER_NAME_BYTES_MAX = 320,
	LEDGER_ACTOR_BYTES_MAX = 320,
	LEDGER_SOURCE_NAME_BYTES_MAX = 64,
	LEDGER_REASON_BYTES_MAX = 1024,
	LEDGER_DETAILS_BYTES_MAX = 1024,
	LEDGER_EVIDENCE_BYTES_MAX = 8192,
	LEDGER_PUT_RECORDS_MAX = 16, /* records in one PersonPut */
};

/* ------------------------------------------------------------------ orgs */

/* Registers a connected org by its Organization ID; the same ID gives the same key, also after a
 * disconnect. */
WARN_UNUSED bool ledger_org_put(
	Ledger *ledger, const SfId *org_id, int64_t now_ms, int64_t *out_org, Err *err);

typedef struct OrgRow {
	int64_t org; /* small local key, used in every other call */
	SfId org_id;
} OrgRow;
WARN_UNUSED bool ledger_org_list(
	Ledger *ledger, OrgRow *rows, size_t max, size_t *out_count, Err *err);

/* ---------------------------------------------------------------- people */

typedef struct RecordRef {
	int64_t org;
	SfId sfid;
} RecordRef;

typedef enum LinkedBy { LINKED_BY_ID = 1, LINKED_BY_ADDRESS = 2 } LinkedBy;

typedef struct PersonPut {
	Address address;
	Str first_name, last_name; /* empty: leave what is there */
	const RecordRef *records;  /* linked by ID; existing links stay */
	size_t record_count;
	Source source;
	Str actor;
	int64_t now_ms;
} PersonPut;

typedef struct PersonPutOutcome {
	int64_t person_id;
	bool is_new;
	bool is_unsubscribed; /* an import never lifts it */
	size_t linked;        /* new links */
	size_t pushes;        /* outbox rows, when an unsubscribed person gained a record */
} PersonPutOutcome;

/* Inserts or completes the person of an address; history gets one entry: EVENT_ADDED (naming the
 * records) for a new person, EVENT_LINKED for new links of a known one, nothing otherwise.
 * ERR_MISSING: unknown org. An erased address gains its links but neither names nor its address
 * back. */
WARN_UNUSED bool ledger_person_put(
	Ledger *ledger, const PersonPut *put, PersonPutOutcome *out, Err *err);

typedef struct Person {
	int64_t person_id;
	AddressHash hash;
	Str address; /* empty after erasure; strings borrow from the arena that was passed */
	Str first_name, last_name;
	int64_t created_at_ms;
	int64_t unsubscribed_at_ms; /* 0: may be mailed */
	Source source;              /* of the stop */
	Str reason;
	int64_t removed_at_ms; /* last time a stop was lifted, 0: never */
	bool removal_waiting;
	int64_t last_event_id; /* newest history entry */
	int64_t stop_count;    /* stop wishes so far, those counted on an equal entry as well */
	size_t record_count;   /* linked and not deleted */
} Person;

/* False with ERR_MISSING when unknown. */
WARN_UNUSED bool ledger_person_by_id(
	Ledger *ledger, int64_t person_id, Arena *arena, Person *out, Err *err);
WARN_UNUSED bool ledger_person_by_hash(
	Ledger *ledger, const AddressHash *hash, Arena *arena, Person *out, Err *err);

typedef enum PersonFilter {
	PERSONS_ALL,
	PERSONS_UNSUBSCRIBED,
	PERSONS_WITHOUT_RECORD
} PersonFilter;

/* People in order of person_id above after_id. */
WARN_UNUSED bool ledger_person_list(Ledger *ledger, PersonFilter filter, int64_t after_id,
	Arena *arena, Person *rows, size_t max, size_t *out_count, Err *err);

typedef enum TickState { TICK_UNKNOWN, TICK_NO, TICK_YES } TickState;

typedef struct Record {
	int64_t org;
	SfId sfid;
	SfObject object;
	LinkedBy linked_by;
	TickState seen; /* what Salesforce last said of the synced field */
	int64_t seen_at_ms;
	bool ticked_by_us; /* we wrote it and Salesforce confirmed */
	bool deleted;
} Record;
WARN_UNUSED bool ledger_person_records(
	Ledger *ledger, int64_t person_id, Record *rows, size_t max, size_t *out_count, Err *err);

/* --------------------------------------------------------------- history */

typedef struct HistoryEntry {
	int64_t event_id;
	int64_t at_ms;
	EventKind kind;
	Source source;
	/* Opened with the person's key, empty once that was erased. Borrow from the arena. */
	Str details, actor, reason, evidence;
	Str source_name;      /* NAME of webhook:NAME */
	int64_t repeat_count; /* equal stop wishes within an hour of the first */
} HistoryEntry;

/* Newest first, entries with event_id < before_id (0: from the newest). */
WARN_UNUSED bool ledger_history(Ledger *ledger, int64_t person_id, int64_t before_id, Arena *arena,
	HistoryEntry *rows, size_t max, size_t *out_count, Err *err);

typedef struct ChainHead {
	unsigned partition;
	int64_t length; /* entries */
	unsigned char hash[HASH_BYTES];
} ChainHead;
/* The proof chain of each address partition: head_n = chain_hash(head_n-1, person_id, at_ms, kind,
 * source, ciphertext). */
WARN_UNUSED bool ledger_chain_head(Ledger *ledger, unsigned partition, ChainHead *out, Err *err);
/* Recomputes a partition's chain from its entries. ERR_FATAL names the first entry that does not
 * fit. */
WARN_UNUSED bool ledger_chain_verify(Ledger *ledger, unsigned partition, Err *err);

/* ----------------------------------------------------------------- stops */

typedef struct StopWish {
	int64_t person_id; /* or 0, then by address: an unknown one becomes a person */
	Address address;   /* used when person_id is 0 */
	Source source;
	Str source_name; /* NAME of webhook:NAME */
	Str details;     /* plain words for the history card; empty: made from the source */
	Str reason, actor, evidence;
	int64_t now_ms;
	int64_t read_at_ms; /* sync only: when Salesforce was read; 0 otherwise */
	RecordRef cause;    /* sync only: the ticked record; it is not pushed to itself */
} StopWish;

typedef struct StopOutcome {
	int64_t person_id;
	int64_t event_id;
	bool is_new_person;
	bool is_new_stop;
	bool is_counted; /* equal to an entry less than an hour old: counted there */
	/* A removal happened after read_at_ms: nothing was done, the caller must read that record
	 * again. */
	bool is_stale;
	size_t pushes; /* outbox rows added (an unsent one for the same record is not doubled) */
} StopOutcome;

/* Person, history and one outbox row per linked record of every org, in one go. A stop of somebody
 * already unsubscribed is recorded and pushed again. It also takes back a removal that is still
 * waiting. */
WARN_UNUSED bool ledger_stop(Ledger *ledger, const StopWish *wish, StopOutcome *out, Err *err);

typedef struct RemoveWish {
	int64_t person_id;
	int64_t seen_event_id; /* newest entry the admin saw; a later stop is ERR_CONFLICT */
	/* Person.stop_count as the admin saw it: a stop only counted on an entry since is
	 * ERR_CONFLICT too. 0: not said. */
	int64_t seen_stop_count;
	Str reason, actor; /* reason must not be empty: ERR_INPUT */
	int64_t now_ms;
} RemoveWish;

typedef struct RemoveOutcome {
	/* A call may still tick a record of the person, who stays unsubscribed until none can. */
	bool is_waiting;
	size_t cancelled; /* queued pushes taken back */
	int64_t event_id;
} RemoveOutcome;

/* Waits while a row of one of the person's records, whoever it was queued for, is IN_FLIGHT or may
 * land (lands_until_ms); a tick that lands later would unsubscribe the person again. The person's
 * unsent rows, UNKNOWN ones too, are CANCELLED or go on for somebody else of the record; a stop
 * meanwhile takes the removal back and queues new ones. Asking again completes a removal whose time
 * has come. ERR_MISSING: unknown or not unsubscribed. */
WARN_UNUSED bool ledger_remove(
	Ledger *ledger, const RemoveWish *wish, RemoveOutcome *out, Err *err);

/* ----------------------------------------------------------------- links */

typedef struct LinkWish {
	RecordRef record;
	int64_t person_id;
	LinkedBy by;
	bool is_ticked; /* in Salesforce, as just read: there is nothing to push */
	int64_t now_ms;
} LinkWish;
/* Links a record to a person; an unsubscribed person's new record is pushed. *out_is_new false when
 * it stood already. */
WARN_UNUSED bool ledger_link(Ledger *ledger, const LinkWish *wish, bool *out_is_new, Err *err);
/* Only for IsDeleted and ENTITY_IS_DELETED: NOT_FOUND means unknown and unlinks nothing. Its unsent
 * outbox rows are CANCELLED. Unknown and already deleted records are ignored. */
WARN_UNUSED bool ledger_record_deleted(
	Ledger *ledger, const RecordRef *record, int64_t now_ms, Err *err);
/* Notes what Salesforce says of the synced field. Unknown records and readings older than the noted
 * one are ignored. */
WARN_UNUSED bool ledger_record_seen(
	Ledger *ledger, const RecordRef *record, TickState seen, int64_t read_at_ms, Err *err);

/* ---------------------------------------------------------------- outbox */

typedef enum OutboxState {
	OUTBOX_NONE,
	OUTBOX_PENDING,   /* to be sent */
	OUTBOX_IN_FLIGHT, /* claimed by a worker; a call may be under way */
	OUTBOX_WAITING,   /* to be sent again at due_at_ms */
	OUTBOX_UNKNOWN,   /* a call neither answered nor failed; sent again at due_at_ms */
	OUTBOX_DONE,
	OUTBOX_CANCELLED, /* by a removal */
	OUTBOX_DEAD,      /* needs a person; tried again slowly */
	OUTBOX_STATE_COUNT,
} OutboxState;
const char *outbox_state_name(OutboxState state);

enum {
	/* Salesforce ends a transaction after 10 minutes ("maximum execution time for each Apex
	 * transaction"); so long may a call that we gave up on be worked on. */
	OUTBOX_LANDS_MS = 10 * 60 * 1000,
};

typedef struct OutboxRow {
	int64_t outbox_id;
	int64_t org;
	SfId sfid;
	int64_t person_id;
	OutboxState state;
	int64_t created_at_ms;
	int64_t due_at_ms;
	int64_t attempts; /* claims so far, less those settled as PENDING */
	/* A call of this row without an answer may tick the record until then; 0: none. Stays when
	 * the row is settled otherwise later. */
	int64_t lands_until_ms;
	char error_code[64]; /* of the last attempt, "" if none */
} OutboxRow;

/* Moves up to max due rows of an org (PENDING, WAITING, UNKNOWN, DEAD) into IN_FLIGHT for `owner`:
 * oldest first, at most one row per record, never a record that is in flight already. Before that
 * it completes the waiting removals, of all orgs, whose time has come. */
WARN_UNUSED bool ledger_outbox_claim(Ledger *ledger, int64_t org, Str owner, int64_t now_ms,
	OutboxRow *rows, size_t max, size_t *out_count, Err *err);

typedef struct Settle {
	int64_t outbox_id;
	OutboxState state; /* DONE, WAITING, UNKNOWN, DEAD, or PENDING (never sent) */
	int64_t due_at_ms; /* WAITING, UNKNOWN, DEAD: when to try again */
	Str error_code, error_text;
	Str fields_written; /* DONE: "HasOptedOutOfEmail", recorded in the history */
	/* ENTITY_IS_DELETED, with state DONE: the record is unlinked and nothing was ticked; its
	 * other unsent rows are CANCELLED. */
	bool record_deleted;
} Settle;

/* Rows must be IN_FLIGHT or UNKNOWN (ERR_CONFLICT; ERR_MISSING when there is no such row); all or
 * nothing. DONE writes EVENT_TICKED, a first DEAD writes EVENT_TICK_REFUSED, UNKNOWN sets
 * lands_until_ms. While the removal of a row's person waits, a row that would be sent again is
 * CANCELLED; when nothing of the record's people may land any more, their removals complete
 * (EVENT_REMOVED). */
WARN_UNUSED bool ledger_outbox_settle(
	Ledger *ledger, const Settle *settles, size_t count, int64_t now_ms, Err *err);

/* After a crash: rows IN_FLIGHT for `owner` become UNKNOWN, due at once, and may land from now on;
 * how many. */
WARN_UNUSED bool ledger_outbox_recover(
	Ledger *ledger, Str owner, int64_t now_ms, size_t *out_count, Err *err);

/* Queues the tick of a record if a linked person is unsubscribed now and no unsent row waits; else
 * *out_queued false. */
WARN_UNUSED bool ledger_push_record(
	Ledger *ledger, const RecordRef *record, int64_t now_ms, bool *out_queued, Err *err);

/* When ledger_outbox_claim has something to do: the earliest due time of a claimable row of the org
 * or of a waiting removal of anybody; INT64_MAX when there is none. */
WARN_UNUSED bool ledger_outbox_next_due(Ledger *ledger, int64_t org, int64_t *out_due_ms, Err *err);

/* Rows not DONE or CANCELLED, oldest first, with their last error: Diagnostics. Texts borrow from
 * the arena. */
typedef struct OutboxProblem {
	OutboxRow row;
	Str error_text;
} OutboxProblem;
WARN_UNUSED bool ledger_outbox_open_rows(
	Ledger *ledger, Arena *arena, OutboxProblem *rows, size_t max, size_t *out_count, Err *err);

/* ----------------------------------------------------------------- scans */

/* One link of the night's first merge, ordered by (sfid, person_id). */
typedef struct LinkRow {
	SfId sfid;
	int64_t person_id;
	bool is_unsubscribed;
} LinkRow;
/* Links of an org above (after_sfid, after_person); start with an unset sfid. Deleted records are
 * left out. */
WARN_UNUSED bool ledger_scan_links(Ledger *ledger, int64_t org, const SfId *after_sfid,
	int64_t after_person, LinkRow *rows, size_t max, size_t *out_count, Err *err);

/* One person of the night's second merge, ordered by hash. Erased people are included. */
typedef struct HashRow {
	AddressHash hash;
	int64_t person_id;
	bool is_unsubscribed;
} HashRow;
/* after NULL: from the start. */
WARN_UNUSED bool ledger_scan_hashes(Ledger *ledger, const AddressHash *after, HashRow *rows,
	size_t max, size_t *out_count, Err *err);

/* -------------------------------------------------------- runs and leases */

typedef enum RunKind { RUN_NIGHT = 1, RUN_NOW = 2, RUN_DRY = 3 } RunKind;
typedef enum RunState {
	RUN_ASKED = 1, /* written down by web, not started */
	RUN_READING,
	RUN_PLANNING,
	RUN_HELD, /* the brake, or no baseline: waits for approval */
	RUN_APPROVED,
	RUN_APPLYING,
	RUN_DONE,
	RUN_FAILED,
	RUN_DISCARDED,
	RUN_STATE_COUNT,
} RunState;
const char *run_state_name(RunState state);
const char *run_kind_name(RunKind kind);

typedef struct Run {
	int64_t run_id;
	int64_t org;
	RunKind kind;
	RunState state;
	int32_t local_date; /* yyyymmdd of a night run, 0 otherwise */
	int64_t asked_at_ms, started_at_ms, finished_at_ms;
	int64_t contacts_read, leads_read;
	int64_t planned_here, planned_there; /* unsubscribes here, ticks there */
	int64_t done_here;                   /* unsubscribed here, after the re-check */
	int64_t done_there;                  /* records of the plan whose tick is queued */
	int64_t skipped;                     /* rows that the re-check left out */
	int64_t calls;                       /* API calls made */
	char field_contact[96], field_lead[96];
	char actor[96];
	char note[256]; /* why it is held or failed */
} Run;

/* Inserts when run_id is 0 (and sets it), else overwrites. A second RUN_NIGHT of the same org and
 * local_date: ERR_CONFLICT. */
WARN_UNUSED bool ledger_run_put(Ledger *ledger, Run *run, Err *err);
WARN_UNUSED bool ledger_run_get(Ledger *ledger, int64_t run_id, Run *out, Err *err);
/* Newest first, below before_id (0: from the newest). org 0: all. */
WARN_UNUSED bool ledger_run_list(Ledger *ledger, int64_t org, int64_t before_id, Run *rows,
	size_t max, size_t *out_count, Err *err);

/* Takes or renews a named lease until until_ms. *out_taken false when another owner holds it beyond
 * now_ms. */
WARN_UNUSED bool ledger_lease_take(Ledger *ledger, Str name, Str owner, int64_t now_ms,
	int64_t until_ms, bool *out_taken, Err *err);
WARN_UNUSED bool ledger_lease_release(Ledger *ledger, Str name, Str owner, Err *err);

/* ---------------------------------------------------------------- counts */

typedef struct LedgerCounts {
	int64_t people, unsubscribed, without_record, unsubscribed_without_record;
	int64_t outbox[OUTBOX_STATE_COUNT];
	int64_t outbox_oldest_ms; /* created_at_ms of the oldest open row, 0 if none */
} LedgerCounts;
WARN_UNUSED bool ledger_counts(Ledger *ledger, LedgerCounts *out, Err *err);

#endif
