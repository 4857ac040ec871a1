/* driver.h: what a driver of the store provides. Private to store/. One struct of functions per
 * face, in the words and with the contracts of ledger.h, desk.h and store.h; store.c is the only
 * place that knows the list of drivers. */
#ifndef STORE_DRIVER_H
#define STORE_DRIVER_H

#include "base/base.h"
#include "store/desk.h"
#include "store/ledger.h"
#include "store/store.h"

typedef struct LedgerOps {
	bool (*org_put)(Ledger *, const SfId *, int64_t now_ms, int64_t *out_org, Err *);
	bool (*org_list)(Ledger *, OrgRow *, size_t max, size_t *out_count, Err *);
	bool (*person_put)(Ledger *, const PersonPut *, PersonPutOutcome *, Err *);
	bool (*person_by_id)(Ledger *, int64_t person_id, Arena *, Person *, Err *);
	bool (*person_by_hash)(Ledger *, const AddressHash *, Arena *, Person *, Err *);
	bool (*person_list)(Ledger *, PersonFilter, int64_t after_id, Arena *, Person *, size_t max,
		size_t *out_count, Err *);
	bool (*person_records)(
		Ledger *, int64_t person_id, Record *, size_t max, size_t *out_count, Err *);
	bool (*history)(Ledger *, int64_t person_id, int64_t before_id, Arena *, HistoryEntry *,
		size_t max, size_t *out_count, Err *);
	bool (*chain_head)(Ledger *, unsigned partition, ChainHead *, Err *);
	bool (*chain_verify)(Ledger *, unsigned partition, Err *);
	bool (*stop)(Ledger *, const StopWish *, StopOutcome *, Err *);
	bool (*remove)(Ledger *, const RemoveWish *, RemoveOutcome *, Err *);
	bool (*link)(Ledger *, const LinkWish *, bool *out_is_new, Err *);
	bool (*record_deleted)(Ledger *, const RecordRef *, int64_t now_ms, Err *);
	bool (*record_seen)(Ledger *, const RecordRef *, TickState, int64_t read_at_ms, Err *);
	bool (*outbox_claim)(Ledger *, int64_t org, Str owner, int64_t now_ms, OutboxRow *,
		size_t max, size_t *out_count, Err *);
	bool (*outbox_settle)(Ledger *, const Settle *, size_t count, int64_t now_ms, Err *);
	bool (*outbox_recover)(Ledger *, Str owner, int64_t now_ms, size_t *out_count, Err *);
	bool (*push_record)(Ledger *, const RecordRef *, int64_t now_ms, bool *out_queued, Err *);
	bool (*outbox_next_due)(Ledger *, int64_t org, int64_t *out_due_ms, Err *);
	bool (*outbox_open_rows)(
		Ledger *, Arena *, OutboxProblem *, size_t max, size_t *out_count, Err *);
	bool (*scan_links)(Ledger *, int64_t org, const SfId *, int64_t after_person, LinkRow *,
		size_t max, size_t *out_count, Err *);
	bool (*scan_hashes)(
		Ledger *, const AddressHash *, HashRow *, size_t max, size_t *out_count, Err *);
	bool (*run_put)(Ledger *, Run *, Err *);
	bool (*run_get)(Ledger *, int64_t run_id, Run *, Err *);
	bool (*run_list)(Ledger *, int64_t org, int64_t before_id, Run *, size_t max,
		size_t *out_count, Err *);
	bool (*lease_take)(Ledger *, Str name, Str owner, int64_t now_ms, int64_t until_ms,
		bool *out_taken, Err *);
	bool (*lease_release)(Ledger *, Str name, Str owner, Err *);
	bool (*counts)(Ledger *, LedgerCounts *, Err *);
} LedgerOps;

typedef struct DeskOps {
	bool (*setting_get)(Desk *, Str scope, Str name, Arena *, Setting *, Err *);
	bool (*setting_put)(
		Desk *, Str scope, Str name, Str value, Str actor, int64_t now_ms, Err *);
	bool (*setting_list)(
		Desk *, Str scope, Arena *, Setting *, size_t max, size_t *out_count, Err *);
	bool (*org_put)(Desk *, const OrgConnection *, int64_t now_ms, Err *);
	bool (*org_list)(Desk *, Arena *, OrgConnection *, size_t max, size_t *out_count, Err *);
	bool (*token_add)(Desk *, Str name, unsigned scopes, Str token_text, int64_t now_ms,
		int64_t *out_id, Err *);
	bool (*token_find)(Desk *, Str token_text, Arena *, ApiToken *, Err *);
} DeskOps;

typedef struct StoreDriver {
	const char *scheme; /* "sqlite" */
	/* path: what follows the scheme and colon; options->rng is never NULL. */
	bool (*open)(Str path, const StoreOptions *, Store **out, Err *);
	void (*close)(Store *);
	bool (*begin)(Store *, Err *);
	bool (*commit)(Store *, Err *);
	void (*rollback)(Store *);
	bool (*savepoint)(Store *, Err *);
	bool (*savepoint_release)(Store *, Err *);
	void (*savepoint_rollback)(Store *);
	bool (*checkpoint)(Store *, Err *);
	int64_t (*log_bytes)(const Store *);
} StoreDriver;

/* A driver's handle begins with these and fills them in its open. */
struct Store {
	const StoreDriver *driver;
	Ledger *ledger;
	Desk *desk;
};

struct Ledger {
	const LedgerOps *ops;
};

struct Desk {
	const DeskOps *ops;
};

extern const StoreDriver store_sqlite;
extern const StoreDriver store_mem;

#endif
