#include "base/base.h"

#include "store/driver.h"

/* The two faces of the store, handed to whichever driver the handle belongs to, and the names of
 * their states. */

bool ledger_org_put(Ledger *ledger, const SfId *org_id, int64_t now_ms, int64_t *out_org, Err *err)
{
	return ledger->ops->org_put(ledger, org_id, now_ms, out_org, err);
}

bool ledger_org_list(Ledger *ledger, OrgRow *rows, size_t max, size_t *out_count, Err *err)
{
	return ledger->ops->org_list(ledger, rows, max, out_count, err);
}

bool ledger_person_put(Ledger *ledger, const PersonPut *put, PersonPutOutcome *out, Err *err)
{
	return ledger->ops->person_put(ledger, put, out, err);
}

bool ledger_person_by_id(Ledger *ledger, int64_t person_id, Arena *arena, Person *out, Err *err)
{
	return ledger->ops->person_by_id(ledger, person_id, arena, out, err);
}

bool ledger_person_by_hash(
	Ledger *ledger, const AddressHash *hash, Arena *arena, Person *out, Err *err)
{
	return ledger->ops->person_by_hash(ledger, hash, arena, out, err);
}

bool ledger_person_list(Ledger *ledger, PersonFilter filter, int64_t after_id, Arena *arena,
	Person *rows, size_t max, size_t *out_count, Err *err)
{
	return ledger->ops->person_list(ledger, filter, after_id, arena, rows, max, out_count, err);
}

bool ledger_person_records(
	Ledger *ledger, int64_t person_id, Record *rows, size_t max, size_t *out_count, Err *err)
{
	return ledger->ops->person_records(ledger, person_id, rows, max, out_count, err);
}

bool ledger_history(Ledger *ledger, int64_t person_id, int64_t before_id, Arena *arena,
	HistoryEntry *rows, size_t max, size_t *out_count, Err *err)
{
	return ledger->ops->history(ledger, person_id, before_id, arena, rows, max, out_count, err);
}

bool ledger_chain_head(Ledger *ledger, unsigned partition, ChainHead *out, Err *err)
{
	return ledger->ops->chain_head(ledger, partition, out, err);
}

bool ledger_chain_verify(Ledger *ledger, unsigned partition, Err *err)
{
	return ledger->ops->chain_verify(ledger, partition, err);
}

bool ledger_stop(Ledger *ledger, const StopWish *wish, StopOutcome *out, Err *err)
{
	return ledger->ops->stop(ledger, wish, out, err);
}

bool ledger_remove(Ledger *ledger, const RemoveWish *wish, RemoveOutcome *out, Err *err)
{
	return ledger->ops->remove(ledger, wish, out, err);
}

bool ledger_link(Ledger *ledger, const LinkWish *wish, bool *out_is_new, Err *err)
{
	return ledger->ops->link(ledger, wish, out_is_new, err);
}

bool ledger_record_deleted(Ledger *ledger, const RecordRef *record, int64_t now_ms, Err *err)
{
	return ledger->ops->record_deleted(ledger, record, now_ms, err);
}

bool ledger_record_seen(
	Ledger *ledger, const RecordRef *record, TickState seen, int64_t read_at_ms, Err *err)
{
	return ledger->ops->record_seen(ledger, record, seen, read_at_ms, err);
}

bool ledger_outbox_claim(Ledger *ledger, int64_t org, Str owner, int64_t now_ms, OutboxRow *rows,
	size_t max, size_t *out_count, Err *err)
{
	return ledger->ops->outbox_claim(ledger, org, owner, now_ms, rows, max, out_count, err);
}

bool ledger_outbox_settle(
	Ledger *ledger, const Settle *settles, size_t count, int64_t now_ms, Err *err)
{
	return ledger->ops->outbox_settle(ledger, settles, count, now_ms, err);
}

bool ledger_outbox_recover(Ledger *ledger, Str owner, int64_t now_ms, size_t *out_count, Err *err)
{
	return ledger->ops->outbox_recover(ledger, owner, now_ms, out_count, err);
}

bool ledger_push_record(
	Ledger *ledger, const RecordRef *record, int64_t now_ms, bool *out_queued, Err *err)
{
	return ledger->ops->push_record(ledger, record, now_ms, out_queued, err);
}

bool ledger_outbox_next_due(Ledger *ledger, int64_t org, int64_t *out_due_ms, Err *err)
{
	return ledger->ops->outbox_next_due(ledger, org, out_due_ms, err);
}

bool ledger_outbox_open_rows(
	Ledger *ledger, Arena *arena, OutboxProblem *rows, size_t max, size_t *out_count, Err *err)
{
	return ledger->ops->outbox_open_rows(ledger, arena, rows, max, out_count, err);
}

bool ledger_scan_links(Ledger *ledger, int64_t org, const SfId *after_sfid, int64_t after_person,
	LinkRow *rows, size_t max, size_t *out_count, Err *err)
{
	return ledger->ops->scan_links(
		ledger, org, after_sfid, after_person, rows, max, out_count, err);
}

bool ledger_scan_hashes(Ledger *ledger, const AddressHash *after, HashRow *rows, size_t max,
	size_t *out_count, Err *err)
{
	return ledger->ops->scan_hashes(ledger, after, rows, max, out_count, err);
}

bool ledger_run_put(Ledger *ledger, Run *run, Err *err)
{
	return ledger->ops->run_put(ledger, run, err);
}

bool ledger_run_get(Ledger *ledger, int64_t run_id, Run *out, Err *err)
{
	return ledger->ops->run_get(ledger, run_id, out, err);
}

bool ledger_run_list(Ledger *ledger, int64_t org, int64_t before_id, Run *rows, size_t max,
	size_t *out_count, Err *err)
{
	return ledger->ops->run_list(ledger, org, before_id, rows, max, out_count, err);
}

bool ledger_lease_take(Ledger *ledger, Str name, Str owner, int64_t now_ms, int64_t until_ms,
	bool *out_taken, Err *err)
{
	return ledger->ops->lease_take(ledger, name, owner, now_ms, until_ms, out_taken, err);
}

bool ledger_lease_release(Ledger *ledger, Str name, Str owner, Err *err)
{
	return ledger->ops->lease_release(ledger, name, owner, err);
}

bool ledger_counts(Ledger *ledger, LedgerCounts *out, Err *err)
{
	return ledger->ops->counts(ledger, out, err);
}

bool desk_setting_get(Desk *desk, Str scope, Str name, Arena *arena, Setting *out, Err *err)
{
	return desk->ops->setting_get(desk, scope, name, arena, out, err);
}

bool desk_setting_put(
	Desk *desk, Str scope, Str name, Str value, Str actor, int64_t now_ms, Err *err)
{
	return desk->ops->setting_put(desk, scope, name, value, actor, now_ms, err);
}

bool desk_setting_list(
	Desk *desk, Str scope, Arena *arena, Setting *rows, size_t max, size_t *out_count, Err *err)
{
	return desk->ops->setting_list(desk, scope, arena, rows, max, out_count, err);
}

bool desk_org_put(Desk *desk, const OrgConnection *org, int64_t now_ms, Err *err)
{
	return desk->ops->org_put(desk, org, now_ms, err);
}

bool desk_org_list(
	Desk *desk, Arena *arena, OrgConnection *rows, size_t max, size_t *out_count, Err *err)
{
	return desk->ops->org_list(desk, arena, rows, max, out_count, err);
}

bool desk_token_add(Desk *desk, Str name, unsigned scopes, Str token_text, int64_t now_ms,
	int64_t *out_id, Err *err)
{
	return desk->ops->token_add(desk, name, scopes, token_text, now_ms, out_id, err);
}

bool desk_token_find(Desk *desk, Str token_text, Arena *arena, ApiToken *out, Err *err)
{
	return desk->ops->token_find(desk, token_text, arena, out, err);
}

const char *outbox_state_name(OutboxState state)
{
	static const char *const names[OUTBOX_STATE_COUNT] = {
		[OUTBOX_NONE] = "none",
		[OUTBOX_PENDING] = "pending",
		[OUTBOX_IN_FLIGHT] = "in_flight",
		[OUTBOX_WAITING] = "waiting",
		[OUTBOX_UNKNOWN] = "unknown",
		[OUTBOX_DONE] = "done",
		[OUTBOX_CANCELLED] = "cancelled",
		[OUTBOX_DEAD] = "dead",
	};
	return state < OUTBOX_STATE_COUNT ? names[state] : "none";
}

const char *run_state_name(RunState state)
{
	static const char *const names[RUN_STATE_COUNT] = {
		[0] = "none",
		[RUN_ASKED] = "asked",
		[RUN_READING] = "reading",
		[RUN_PLANNING] = "planning",
		[RUN_HELD] = "held",
		[RUN_APPROVED] = "approved",
		[RUN_APPLYING] = "applying",
		[RUN_DONE] = "done",
		[RUN_FAILED] = "failed",
		[RUN_DISCARDED] = "discarded",
	};
	return state < RUN_STATE_COUNT ? names[state] : "none";
}

const char *run_kind_name(RunKind kind)
{
	static const char *const names[] = { "none", "night", "now", "dry" };
	return (size_t)kind < ARRAY_LEN(names) ? names[kind] : "none";
}
