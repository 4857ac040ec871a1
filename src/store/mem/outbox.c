#include "base/base.h"

#include "store/mem/mem.h"

/* ----------------------------------------------------------------- queueing */

void mem_push(Mem *mem, const RecordRef *ref, int64_t person_id, int64_t now_ms, size_t *pushes)
{
	for (size_t i = 0; i < mem->now.outbox.count; i++) {
		const MemOutbox *row = mem_at(&mem->now.outbox, i);
		if (mem_ref_cmp(&row->ref, ref) == 0 && outbox_is_claimable(row->state))
			return;
	}
	const MemOutbox row = {
		.ref = *ref,
		.person_id = person_id,
		.state = OUTBOX_PENDING,
		.created_at_ms = now_ms,
		.due_at_ms = now_ms,
	};
	mem_add(&mem->now.outbox, &row);
	(*pushes)++;
}

/* Somebody of the record other than `except` who is unsubscribed and is to stay so; 0: nobody. */
static int64_t find_unsubscribed(const Mem *mem, const RecordRef *ref, int64_t except)
{
	for (size_t i = 0; i < mem->now.links.count; i++) {
		const MemLink *link = mem_at(&mem->now.links, i);
		if (mem_ref_cmp(&link->ref, ref) == 0 && link->person_id != except
			&& rules_may_push(&mem_person(mem, link->person_id)->standing))
			return link->person_id;
	}
	return 0;
}

bool mem_op_push_record(
	Ledger *ledger, const RecordRef *ref, int64_t now_ms, bool *out_queued, Err *err)
{
	(void)err;
	Mem *mem = mem_for_write(ledger);
	const MemRecord *record = mem_record(mem, ref);
	int64_t person_id = find_unsubscribed(mem, ref, 0);
	size_t pushes = 0;
	if (record && !record->deleted && person_id)
		mem_push(mem, ref, person_id, now_ms, &pushes);
	*out_queued = pushes > 0;
	return true;
}

/* ---------------------------------------------------------------- claiming */

static bool is_in_flight(const Mem *mem, const RecordRef *ref)
{
	for (size_t i = 0; i < mem->now.outbox.count; i++) {
		const MemOutbox *row = mem_at(&mem->now.outbox, i);
		if (row->state == OUTBOX_IN_FLIGHT && mem_ref_cmp(&row->ref, ref) == 0)
			return true;
	}
	return false;
}

/* The claimable row of the org that is due first, the older one on a tie; 0: none. */
static int64_t first_claimable(const Mem *mem, int64_t org)
{
	int64_t best_id = 0;
	const MemOutbox *best = NULL;
	for (size_t i = 0; i < mem->now.outbox.count; i++) {
		const MemOutbox *row = mem_at(&mem->now.outbox, i);
		if (row->ref.org != org || !outbox_is_claimable(row->state)
			|| (best && row->due_at_ms >= best->due_at_ms)
			|| is_in_flight(mem, &row->ref))
			continue;
		best = row;
		best_id = (int64_t)i + 1;
	}
	return best_id;
}

static void read_row(const Mem *mem, int64_t outbox_id, OutboxRow *out)
{
	const MemOutbox *row = mem_by_id(&mem->now.outbox, outbox_id);
	*out = (OutboxRow){
		.outbox_id = outbox_id,
		.org = row->ref.org,
		.sfid = row->ref.sfid,
		.person_id = row->person_id,
		.state = row->state,
		.created_at_ms = row->created_at_ms,
		.due_at_ms = row->due_at_ms,
		.attempts = row->attempts,
		.lands_until_ms = row->lands_until_ms,
	};
	memcpy(out->error_code, row->error_code.ptr ? row->error_code.ptr : "",
		row->error_code.len);
}

bool mem_op_outbox_claim(Ledger *ledger, int64_t org, Str owner, int64_t now_ms, OutboxRow *rows,
	size_t max, size_t *out_count, Err *err)
{
	Mem *mem = mem_for_write(ledger);
	size_t count = 0;
	if (!mem_removals_settle(mem, NULL, now_ms, err))
		return false;
	while (count < max) {
		int64_t outbox_id = first_claimable(mem, org);
		MemOutbox *row = mem_by_id(&mem->now.outbox, outbox_id);
		if (!row || row->due_at_ms > now_ms)
			break;
		row->state = OUTBOX_IN_FLIGHT;
		row->owner = mem_str(mem, owner);
		row->attempts++;
		read_row(mem, outbox_id, &rows[count++]);
	}
	*out_count = count;
	return true;
}

bool mem_op_outbox_next_due(Ledger *ledger, int64_t org, int64_t *out_due_ms, Err *err)
{
	(void)err;
	Mem *mem = mem_of(ledger);
	const MemOutbox *row = mem_by_id(&mem->now.outbox, first_claimable(mem, org));
	int64_t due_ms = row ? row->due_at_ms : INT64_MAX;
	for (int64_t person_id = 1; mem_person(mem, person_id); person_id++) {
		if (mem_person(mem, person_id)->standing.removal_asked_at_ms)
			due_ms = MIN_OF(due_ms, mem_removal_due(mem, person_id));
	}
	*out_due_ms = due_ms;
	return true;
}

static void note_landing(MemOutbox *row, int64_t now_ms)
{
	row->lands_until_ms = MAX_OF(row->lands_until_ms, rules_lands_until(row->state, now_ms));
}

bool mem_op_outbox_recover(Ledger *ledger, Str owner, int64_t now_ms, size_t *out_count, Err *err)
{
	(void)err;
	Mem *mem = mem_for_write(ledger);
	size_t count = 0;
	for (size_t i = 0; i < mem->now.outbox.count; i++) {
		MemOutbox *row = mem_at(&mem->now.outbox, i);
		if (row->state != OUTBOX_IN_FLIGHT || !str_eq(row->owner, owner))
			continue;
		row->state = OUTBOX_UNKNOWN;
		row->due_at_ms = now_ms;
		note_landing(row, now_ms);
		row->owner = STR("");
		count++;
	}
	*out_count = count;
	return true;
}

/* ---------------------------------------------------------------- settling */

static bool check_settle(const Mem *mem, const Settle *settle, Err *err)
{
	if (!rules_check_settle(settle, err))
		return false;
	const MemOutbox *row = mem_by_id(&mem->now.outbox, settle->outbox_id);
	if (!row)
		return ERR(err, ERR_MISSING, "there is no outbox row %lld",
			(long long)settle->outbox_id);
	return outbox_may_settle(row->state, settle->state)
		|| ERR(err, ERR_CONFLICT, "outbox row %lld cannot go from %s to %s",
			(long long)settle->outbox_id, outbox_state_name(row->state),
			outbox_state_name(settle->state));
}

static void write_settle(Mem *mem, const Settle *settle, int64_t now_ms, MemOutbox *row)
{
	row->state = settle->state;
	note_landing(row, now_ms);
	row->owner = STR("");
	row->error_code = mem_str(mem, settle->error_code);
	row->error_text = mem_str(mem, settle->error_text);
	if (settle->state == OUTBOX_PENDING)
		row->attempts--; /* never sent */
	else if (settle->state != OUTBOX_DONE)
		row->due_at_ms = settle->due_at_ms;
	if (settle->state == OUTBOX_DEAD)
		row->was_dead = true;
}

static bool add_event(Mem *mem, const MemOutbox *row, EventKind kind, const Details *details,
	int64_t now_ms, Err *err)
{
	int64_t event_id;
	const MemNewEvent event = {
		.person_id = row->person_id,
		.kind = kind,
		.text = { .details = details_str(details) },
		.now_ms = now_ms,
	};
	return mem_event_add(mem, &event, &event_id, err);
}

static bool settle_one(Mem *mem, const Settle *settle, int64_t now_ms, Err *err)
{
	MemOutbox *row = mem_by_id(&mem->now.outbox, settle->outbox_id);
	bool is_first_refusal = settle->state == OUTBOX_DEAD && !row->was_dead;
	write_settle(mem, settle, now_ms, row);
	Details details;
	if (settle->record_deleted)
		return mem_unlink(mem, &row->ref, now_ms, err);
	if (settle->state == OUTBOX_DONE) {
		MemRecord *record = mem_record(mem, &row->ref);
		record->ticked_by_us = true;
		record->seen = TICK_YES;
		record->seen_at_ms = MAX_OF(record->seen_at_ms, now_ms);
		details_ticked(&details, &row->ref.sfid, settle->fields_written);
		return add_event(mem, row, EVENT_TICKED, &details, now_ms, err);
	}
	if (is_first_refusal) {
		details_refused(&details, &row->ref.sfid, settle->error_code, settle->error_text);
		return add_event(mem, row, EVENT_TICK_REFUSED, &details, now_ms, err);
	}
	return true;
}

bool mem_op_outbox_settle(
	Ledger *ledger, const Settle *settles, size_t count, int64_t now_ms, Err *err)
{
	Mem *mem = mem_for_write(ledger);
	for (size_t i = 0; i < count; i++) {
		if (!check_settle(mem, &settles[i], err))
			return false;
	}
	for (size_t i = 0; i < count; i++) {
		const MemOutbox *row = mem_by_id(&mem->now.outbox, settles[i].outbox_id);
		if (!settle_one(mem, &settles[i], now_ms, err)
			|| !mem_removals_settle(mem, &row->ref, now_ms, err))
			return false;
	}
	return true;
}

/* --------------------------------------------------------------- removals */

int64_t mem_removal_due(const Mem *mem, int64_t person_id)
{
	bool in_flight = false;
	int64_t lands_until_ms = 0;
	for (size_t i = 0; i < mem->now.outbox.count; i++) {
		const MemOutbox *row = mem_at(&mem->now.outbox, i);
		if (!mem_is_linked(mem, &row->ref, person_id))
			continue;
		in_flight |= row->state == OUTBOX_IN_FLIGHT;
		/* Also of a deleted record: it may be back from the recycle bin before the call
		 * lands (simulation seed 2560). */
		lands_until_ms = MAX_OF(lands_until_ms, row->lands_until_ms);
	}
	return rules_removal_due(in_flight, lands_until_ms);
}

size_t mem_take_back(Mem *mem, int64_t person_id)
{
	size_t cancelled = 0;
	for (size_t i = 0; i < mem->now.outbox.count; i++) {
		MemOutbox *row = mem_at(&mem->now.outbox, i);
		if (row->person_id != person_id || !outbox_is_claimable(row->state))
			continue;
		int64_t other_id = find_unsubscribed(mem, &row->ref, person_id);
		if (other_id) {
			row->person_id = other_id;
		} else {
			cancelled += outbox_is_queued(row->state);
			row->state = OUTBOX_CANCELLED;
		}
	}
	return cancelled;
}

/* ------------------------------------------------------------- diagnostics */

bool mem_op_outbox_open_rows(
	Ledger *ledger, Arena *arena, OutboxProblem *rows, size_t max, size_t *out_count, Err *err)
{
	(void)err;
	Mem *mem = mem_of(ledger);
	size_t count = 0;
	/* By age, then by ID: pick the next one above the last again and again. */
	int64_t last_ms = INT64_MIN, last_id = 0;
	while (count < max) {
		int64_t best_id = 0, best_ms = 0;
		for (size_t i = 0; i < mem->now.outbox.count; i++) {
			const MemOutbox *row = mem_at(&mem->now.outbox, i);
			int64_t id = (int64_t)i + 1;
			bool is_above = row->created_at_ms > last_ms
				|| (row->created_at_ms == last_ms && id > last_id);
			if (!outbox_is_open(row->state) || !is_above
				|| (best_id && row->created_at_ms >= best_ms))
				continue;
			best_id = id;
			best_ms = row->created_at_ms;
		}
		if (!best_id)
			break;
		const MemOutbox *best = mem_by_id(&mem->now.outbox, best_id);
		read_row(mem, best_id, &rows[count].row);
		rows[count++].error_text = arena_str(arena, best->error_text);
		last_ms = best_ms;
		last_id = best_id;
	}
	*out_count = count;
	return true;
}
