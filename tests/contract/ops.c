#include "base/base.h"

#include "ops.h"

#include "base/enc.h"
#include "base/time.h"

/* Few of each, so that they meet often. */
enum { ADDRESSES = 6, RECORDS = 8 };

static int64_t any_org(World *w, Rng *rng)
{
	return rng_chance(rng, 75) ? w->org : w->org_b;
}

static RecordRef any_record(World *w, Rng *rng)
{
	char name[16];
	snprintf(name, sizeof name, "%c%u", rng_chance(rng, 50) ? 'c' : 'l',
		(unsigned)rng_below(rng, RECORDS));
	return a_record(any_org(w, rng), name);
}

static Address any_address(Rng *rng)
{
	char text[32];
	snprintf(text, sizeof text, "p%u@example.com", (unsigned)rng_below(rng, ADDRESSES));
	return an_address(text);
}

/* Mostly somebody; sometimes nobody. */
static int64_t any_person(Rng *rng)
{
	return (int64_t)rng_below(rng, ADDRESSES + 1) + 1;
}

static Str any_text(Rng *rng)
{
	static const Str texts[] = { STR_INIT(""), STR_INIT("too many"), STR_INIT("not me") };
	return texts[rng_below(rng, ARRAY_LEN(texts))];
}

/* The answer, or the kind of refusal. */
static void put_result(Buf *trace, bool ok, const Err *err)
{
	buf_put_z(trace, ok ? "ok" : err_kind_name(err->kind));
}

/* ------------------------------------------------------------- operations */

static void op_put(World *w, Rng *rng, Buf *trace)
{
	RecordRef refs[3];
	PersonPut put = {
		.address = any_address(rng),
		.first_name = any_text(rng),
		.records = refs,
		.record_count = rng_below(rng, 4),
		.source = SOURCE_IMPORT,
		.now_ms = w->now_ms,
	};
	for (size_t i = 0; i < put.record_count; i++)
		refs[i] = any_record(w, rng);
	PersonPutOutcome out = { 0 };
	Err err = { 0 };
	put_result(trace, ledger_person_put(w->ledger, &put, &out, &err), &err);
	buf_printf(trace, " put %lld %d %d %zu %zu", (long long)out.person_id, out.is_new,
		out.is_unsubscribed, out.linked, out.pushes);
}

static void op_stop(World *w, Rng *rng, Buf *trace)
{
	bool is_sync = rng_chance(rng, 30);
	StopWish wish = {
		.source = is_sync ? SOURCE_SALESFORCE_SYNC : SOURCE_LINK,
		.reason = any_text(rng),
		.evidence = any_text(rng),
		.now_ms = w->now_ms,
	};
	if (rng_chance(rng, 50))
		wish.person_id = any_person(rng);
	else
		wish.address = any_address(rng);
	if (is_sync) {
		wish.read_at_ms = w->now_ms - (int64_t)rng_below(rng, 5000);
		wish.cause = any_record(w, rng);
	}
	StopOutcome out = { 0 };
	Err err = { 0 };
	put_result(trace, ledger_stop(w->ledger, &wish, &out, &err), &err);
	buf_printf(trace, " stop %lld %lld %d%d%d%d %zu", (long long)out.person_id,
		(long long)out.event_id, out.is_new_person, out.is_new_stop, out.is_counted,
		out.is_stale, out.pushes);
}

static void op_remove(World *w, Rng *rng, Buf *trace)
{
	RemoveWish wish = {
		.person_id = any_person(rng),
		.seen_event_id = rng_chance(rng, 90) ? INT64_MAX - 1 : (int64_t)rng_below(rng, 40),
		.seen_stop_count = rng_chance(rng, 90) ? 0 : (int64_t)rng_below(rng, 6),
		.reason = rng_chance(rng, 90) ? STR("asked") : STR(""),
		.actor = STR("admin"),
		.now_ms = w->now_ms,
	};
	RemoveOutcome out = { 0 };
	Err err = { 0 };
	put_result(trace, ledger_remove(w->ledger, &wish, &out, &err), &err);
	buf_printf(trace, " remove %d %zu %lld", out.is_waiting, out.cancelled,
		(long long)out.event_id);
}

static void op_link(World *w, Rng *rng, Buf *trace)
{
	const LinkWish wish = {
		.record = any_record(w, rng),
		.by = rng_chance(rng, 50) ? LINKED_BY_ID : LINKED_BY_ADDRESS,
		.person_id = any_person(rng),
		.is_ticked = rng_chance(rng, 30),
		.now_ms = w->now_ms,
	};
	bool is_new = false;
	Err err = { 0 };
	put_result(trace, ledger_link(w->ledger, &wish, &is_new, &err), &err);
	buf_printf(trace, " link %d", is_new);
}

static void op_delete(World *w, Rng *rng, Buf *trace)
{
	const RecordRef ref = any_record(w, rng);
	Err err = { 0 };
	put_result(trace, ledger_record_deleted(w->ledger, &ref, w->now_ms, &err), &err);
	buf_put_z(trace, " delete");
}

static void op_seen(World *w, Rng *rng, Buf *trace)
{
	const RecordRef ref = any_record(w, rng);
	TickState seen = (TickState)rng_below(rng, 3);
	int64_t read_at_ms = w->now_ms - (int64_t)rng_below(rng, 5000);
	Err err = { 0 };
	put_result(trace, ledger_record_seen(w->ledger, &ref, seen, read_at_ms, &err), &err);
	buf_put_z(trace, " seen");
}

static void op_claim(World *w, Rng *rng, Buf *trace)
{
	OutboxRow rows[4];
	size_t count = 0;
	Str owner = rng_chance(rng, 70) ? STR("a") : STR("b");
	Err err = { 0 };
	put_result(trace,
		ledger_outbox_claim(w->ledger, any_org(w, rng), owner, w->now_ms, rows,
			1 + rng_below(rng, 4), &count, &err),
		&err);
	buf_put_z(trace, " claim");
	for (size_t i = 0; i < count; i++)
		buf_printf(trace, " %lld/%lld/%lld/%s", (long long)rows[i].outbox_id,
			(long long)rows[i].person_id, (long long)rows[i].attempts,
			rows[i].error_code);
}

static void op_settle(World *w, Rng *rng, Buf *trace)
{
	static const OutboxState states[] = { OUTBOX_DONE, OUTBOX_DONE, OUTBOX_WAITING,
		OUTBOX_UNKNOWN, OUTBOX_DEAD, OUTBOX_PENDING, OUTBOX_CANCELLED };
	OutboxProblem open[ROWS_MAX];
	size_t open_count = w_open_rows(w, open);
	Settle settles[3];
	size_t count = 0;
	for (size_t i = 0; i < open_count && count < ARRAY_LEN(settles); i++) {
		/* Mostly what may be settled. */
		if (open[i].row.state != OUTBOX_IN_FLIGHT && !rng_chance(rng, 5))
			continue;
		settles[count++] = (Settle){
			.outbox_id = open[i].row.outbox_id,
			.state = states[rng_below(rng, rng_chance(rng, 95) ? 6 : 7)],
			.due_at_ms = w->now_ms + (int64_t)rng_below(rng, 4000),
			.error_code = any_text(rng),
			.error_text = any_text(rng),
			.fields_written = STR("HasOptedOutOfEmail"),
			.record_deleted = rng_chance(rng, 10),
		};
	}
	Err err = { 0 };
	put_result(trace, ledger_outbox_settle(w->ledger, settles, count, w->now_ms, &err), &err);
	buf_printf(trace, " settle %zu", count);
}

static void op_recover(World *w, Rng *rng, Buf *trace)
{
	size_t count = 0;
	Err err = { 0 };
	Str owner = rng_chance(rng, 50) ? STR("a") : STR("b");
	put_result(trace, ledger_outbox_recover(w->ledger, owner, w->now_ms, &count, &err), &err);
	buf_printf(trace, " recover %zu", count);
}

static void op_push(World *w, Rng *rng, Buf *trace)
{
	const RecordRef ref = any_record(w, rng);
	bool queued = false;
	Err err = { 0 };
	put_result(trace, ledger_push_record(w->ledger, &ref, w->now_ms, &queued, &err), &err);
	buf_printf(trace, " push %d", queued);
}

static void op_run(World *w, Rng *rng, Buf *trace)
{
	Run run = {
		.run_id = rng_chance(rng, 50) ? 0 : 1 + (int64_t)rng_below(rng, 4),
		.org = any_org(w, rng),
		.kind = rng_chance(rng, 70) ? RUN_NIGHT : RUN_NOW,
		.state = RUN_ASKED,
		.asked_at_ms = w->now_ms,
	};
	if (run.kind == RUN_NIGHT)
		run.local_date = 20260101 + (int32_t)rng_below(rng, 3);
	Err err = { 0 };
	put_result(trace, ledger_run_put(w->ledger, &run, &err), &err);
	buf_printf(trace, " run %lld", (long long)run.run_id);
}

static void op_lease(World *w, Rng *rng, Buf *trace)
{
	Str owner = rng_chance(rng, 50) ? STR("a") : STR("b");
	bool taken = false;
	Err err = { 0 };
	if (rng_chance(rng, 70))
		put_result(trace,
			ledger_lease_take(w->ledger, STR("night"), owner, w->now_ms,
				w->now_ms + (int64_t)rng_below(rng, 4000), &taken, &err),
			&err);
	else
		put_result(trace, ledger_lease_release(w->ledger, STR("night"), owner, &err), &err);
	buf_printf(trace, " lease %d", taken);
}

/* ------------------------------------------------------- operations, desk */

static Str any_scope(Rng *rng)
{
	return rng_chance(rng, 50) ? STR("") : STR("00D1");
}

static void op_setting(World *w, Rng *rng, Buf *trace)
{
	static const Str names[] = { STR_INIT("b"), STR_INIT("a.b"), STR_INIT("B"), STR_INIT("a") };
	Str scope = any_scope(rng), name = names[rng_below(rng, ARRAY_LEN(names))];
	Err err = { 0 };
	put_result(trace,
		desk_setting_put(store_desk(w->store), scope, name, any_text(rng), STR("admin"),
			w->now_ms, &err),
		&err);
	buf_put_z(trace, " setting");
}

static void op_connection(World *w, Rng *rng, Buf *trace)
{
	OrgConnection org = {
		.name = any_text(rng),
		.grant = GRANT_JWT_BEARER,
		.secret = any_text(rng),
		.connected_at_ms = (int64_t)rng_below(rng, 2),
	};
	org.org_id = any_record(w, rng).sfid; /* any ID will do */
	Err err = { 0 };
	put_result(trace, desk_org_put(store_desk(w->store), &org, w->now_ms, &err), &err);
	buf_put_z(trace, " connection");
}

static void op_token(World *w, Rng *rng, Buf *trace)
{
	static const Str texts[] = { STR_INIT("t1"), STR_INIT("t2"), STR_INIT("t3") };
	Str text = texts[rng_below(rng, ARRAY_LEN(texts))];
	Desk *desk = store_desk(w->store);
	ApiToken known = { 0 };
	int64_t token_id = 0;
	Err err = { 0 };
	bool is_known = desk_token_find(desk, text, &w->arena, &known, &err);
	put_result(trace,
		is_known
			|| desk_token_add(desk, text, SCOPE_SEND, text, w->now_ms, &token_id, &err),
		&err);
	buf_printf(trace, " token %lld %lld", (long long)known.token_id, (long long)token_id);
}

void ops_step(World *w, Rng *rng, Buf *trace)
{
	static const struct {
		void (*run)(World *, Rng *, Buf *);
		unsigned weight;
	} ops[] = {
		{ op_put, 13 },
		{ op_stop, 21 },
		{ op_remove, 12 },
		{ op_link, 8 },
		{ op_delete, 3 },
		{ op_seen, 3 },
		{ op_claim, 13 },
		{ op_settle, 14 },
		{ op_recover, 2 },
		{ op_push, 3 },
		{ op_run, 2 },
		{ op_lease, 2 },
		{ op_setting, 2 },
		{ op_connection, 1 },
		{ op_token, 1 },
	};
	/* Mostly small steps in time; now and then past the hour that counts repeats. */
	w->now_ms += (int64_t)rng_below(rng, rng_chance(rng, 10) ? 2 * MS_PER_HOUR : 2000);
	uint64_t pick = rng_below(rng, 100);
	size_t at = 0;
	while (pick >= ops[at].weight)
		pick -= ops[at++].weight;
	MUST(store_savepoint(w->store, &err));
	ops[at].run(w, rng, trace);
	buf_put_char(trace, '\n');
	if (rng_chance(rng, 7))
		store_savepoint_rollback(w->store);
	else
		MUST(store_savepoint_release(w->store, &err));
}

/* ------------------------------------------------------------------- dump */

static void dump_history(World *w, int64_t person_id, Buf *out)
{
	HistoryEntry entries[ROWS_MAX];
	size_t count = w_history(w, person_id, entries);
	for (size_t i = 0; i < count; i++) {
		const HistoryEntry *e = &entries[i];
		buf_printf(out,
			"  event %lld at %lld %s %s \"%.*s\" \"%.*s\" \"%.*s\" \"%.*s\" x%lld\n",
			(long long)e->event_id, (long long)e->at_ms, event_kind_name(e->kind),
			e->source ? source_name(e->source) : "-", STR_ARG(e->details),
			STR_ARG(e->actor), STR_ARG(e->reason), STR_ARG(e->evidence),
			(long long)e->repeat_count);
	}
}

static void dump_records(World *w, int64_t person_id, Buf *out)
{
	Record rows[ROWS_MAX];
	size_t count = w_records(w, person_id, rows);
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "  record %lld %s by %d seen %d at %lld ticked %d deleted %d\n",
			(long long)rows[i].org, rows[i].sfid.text, (int)rows[i].linked_by,
			(int)rows[i].seen, (long long)rows[i].seen_at_ms, rows[i].ticked_by_us,
			rows[i].deleted);
}

static void dump_people(World *w, Buf *out)
{
	static const char *const filters[] = { "all", "unsubscribed", "without record" };
	for (unsigned filter = 0; filter < ARRAY_LEN(filters); filter++) {
		Person rows[ROWS_MAX];
		size_t count;
		MUST(ledger_person_list(w->ledger, (PersonFilter)filter, 0, &w->arena, rows,
			ROWS_MAX, &count, &err));
		buf_printf(out, "%s: %zu\n", filters[filter], count);
		for (size_t i = 0; i < count; i++) {
			const Person *p = &rows[i];
			buf_printf(out,
				" person %lld %.*s \"%.*s\" stop %lld %d "
				"\"%.*s\" removed %lld %d last %lld stops %lld records %zu\n",
				(long long)p->person_id, STR_ARG(p->address),
				STR_ARG(p->first_name), (long long)p->unsubscribed_at_ms,
				(int)p->source, STR_ARG(p->reason), (long long)p->removed_at_ms,
				p->removal_waiting, (long long)p->last_event_id,
				(long long)p->stop_count, p->record_count);
			if (filter == 0) {
				dump_records(w, p->person_id, out);
				dump_history(w, p->person_id, out);
			}
		}
	}
}

static void dump_outbox(World *w, Buf *out)
{
	OutboxProblem rows[ROWS_MAX];
	size_t count = w_open_rows(w, rows);
	for (size_t i = 0; i < count; i++) {
		const OutboxRow *row = &rows[i].row;
		buf_printf(out,
			" outbox %lld org %lld %s person %lld "
			"%s made %lld due %lld n %lld lands %lld %s %.*s\n",
			(long long)row->outbox_id, (long long)row->org, row->sfid.text,
			(long long)row->person_id, outbox_state_name(row->state),
			(long long)row->created_at_ms, (long long)row->due_at_ms,
			(long long)row->attempts, (long long)row->lands_until_ms, row->error_code,
			STR_ARG(rows[i].error_text));
	}
	int64_t due_ms;
	MUST(ledger_outbox_next_due(w->ledger, w->org, &due_ms, &err));
	LedgerCounts c = w_counts(w);
	buf_printf(out, "due %lld people %lld %lld %lld %lld oldest %lld states", (long long)due_ms,
		(long long)c.people, (long long)c.unsubscribed, (long long)c.without_record,
		(long long)c.unsubscribed_without_record, (long long)c.outbox_oldest_ms);
	for (size_t i = 0; i < OUTBOX_STATE_COUNT; i++)
		buf_printf(out, " %lld", (long long)c.outbox[i]);
	buf_put_char(out, '\n');
}

static void dump_scans(World *w, Buf *out)
{
	const SfId start = { 0 };
	LinkRow links[ROWS_MAX];
	HashRow hashes[ROWS_MAX];
	Run runs[ROWS_MAX];
	size_t count;
	MUST(ledger_scan_links(w->ledger, w->org, &start, 0, links, ROWS_MAX, &count, &err));
	for (size_t i = 0; i < count; i++)
		buf_printf(out, " link %s %lld %d\n", links[i].sfid.text,
			(long long)links[i].person_id, links[i].is_unsubscribed);
	MUST(ledger_scan_hashes(w->ledger, NULL, hashes, ROWS_MAX, &count, &err));
	for (size_t i = 0; i < count; i++)
		buf_printf(out, " hash %lld %d\n", (long long)hashes[i].person_id,
			hashes[i].is_unsubscribed);
	MUST(ledger_run_list(w->ledger, 0, 0, runs, ROWS_MAX, &count, &err));
	for (size_t i = 0; i < count; i++)
		buf_printf(out, " run %lld org %lld %s %d\n", (long long)runs[i].run_id,
			(long long)runs[i].org, run_kind_name(runs[i].kind),
			(int)runs[i].local_date);
}

/* Both drivers seal with the same randomness in the same order, so even the proofs are equal. */
static void dump_chains(World *w, Buf *out)
{
	for (unsigned i = 0; i < ADDRESS_PARTITIONS; i++) {
		ChainHead head;
		MUST(ledger_chain_head(w->ledger, i, &head, &err));
		if (head.length == 0)
			continue;
		MUST(ledger_chain_verify(w->ledger, i, &err));
		buf_printf(out, " chain %u %lld ", i, (long long)head.length);
		hex_encode(out, (Str){ (const char *)head.hash, HASH_BYTES });
		buf_put_char(out, '\n');
	}
}

static void dump_desk(World *w, Buf *out)
{
	Desk *desk = store_desk(w->store);
	static const Str scopes[] = { STR_INIT(""), STR_INIT("00D1") };
	Setting settings[ROWS_MAX];
	OrgConnection orgs[ROWS_MAX];
	size_t count;
	for (size_t k = 0; k < ARRAY_LEN(scopes); k++) {
		MUST(desk_setting_list(
			desk, scopes[k], &w->arena, settings, ROWS_MAX, &count, &err));
		for (size_t i = 0; i < count; i++)
			buf_printf(out, " setting \"%.*s\" %.*s \"%.*s\" at %lld\n",
				STR_ARG(settings[i].scope), STR_ARG(settings[i].name),
				STR_ARG(settings[i].value), (long long)settings[i].changed_at_ms);
	}
	MUST(desk_org_list(desk, &w->arena, orgs, ROWS_MAX, &count, &err));
	for (size_t i = 0; i < count; i++)
		buf_printf(out, " connection %s \"%.*s\" \"%.*s\" at %lld\n", orgs[i].org_id.text,
			STR_ARG(orgs[i].name), STR_ARG(orgs[i].secret),
			(long long)orgs[i].connected_at_ms);
}

void ops_dump(World *w, Buf *out)
{
	dump_people(w, out);
	dump_outbox(w, out);
	dump_scans(w, out);
	dump_chains(w, out);
	dump_desk(w, out);
	arena_reset(&w->arena);
}
