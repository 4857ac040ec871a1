#include "base/base.h"

#include "cases.h"

static Run a_night(const World *w, int32_t local_date)
{
	return (Run){
		.org = w->org,
		.kind = RUN_NIGHT,
		.state = RUN_READING,
		.local_date = local_date,
		.asked_at_ms = w->now_ms,
	};
}

/* By member: the bytes between them are nobody's. */
static void expect_run(const Run *got, const Run *want)
{
	assert_int_equal(got->run_id, want->run_id);
	assert_int_equal(got->org, want->org);
	assert_int_equal(got->kind, want->kind);
	assert_int_equal(got->state, want->state);
	assert_int_equal(got->local_date, want->local_date);
	assert_int_equal(got->asked_at_ms, want->asked_at_ms);
	assert_int_equal(got->started_at_ms, want->started_at_ms);
	assert_int_equal(got->finished_at_ms, want->finished_at_ms);
	assert_int_equal(got->contacts_read, want->contacts_read);
	assert_int_equal(got->leads_read, want->leads_read);
	assert_int_equal(got->planned_here, want->planned_here);
	assert_int_equal(got->planned_there, want->planned_there);
	assert_int_equal(got->done_here, want->done_here);
	assert_int_equal(got->done_there, want->done_there);
	assert_int_equal(got->skipped, want->skipped);
	assert_int_equal(got->calls, want->calls);
	assert_string_equal(got->field_contact, want->field_contact);
	assert_string_equal(got->field_lead, want->field_lead);
	assert_string_equal(got->actor, want->actor);
	assert_string_equal(got->note, want->note);
}

static void run_is_written_read_and_overwritten(void **state)
{
	World *w = *state;
	Run run = { .org = w->org,
		.kind = RUN_NOW,
		.state = RUN_ASKED,
		.asked_at_ms = 1,
		.started_at_ms = 2,
		.finished_at_ms = 3,
		.contacts_read = 4,
		.leads_read = 5,
		.planned_here = 6,
		.planned_there = 7,
		.done_here = 8,
		.done_there = 9,
		.skipped = 10,
		.calls = 11,
		.field_contact = "HasOptedOutOfEmail",
		.field_lead = "Sales__c",
		.actor = "admin",
		.note = "why" };
	w_begin(w);
	MUST(ledger_run_put(w->ledger, &run, &err));
	w_commit(w);
	assert_int_not_equal(run.run_id, 0);
	Run read;
	MUST(ledger_run_get(w->ledger, run.run_id, &read, &err));
	expect_run(&read, &run);
	run.state = RUN_DONE;
	run.done_there = 99;
	w_begin(w);
	MUST(ledger_run_put(w->ledger, &run, &err));
	w_commit(w);
	MUST(ledger_run_get(w->ledger, run.run_id, &read, &err));
	expect_run(&read, &run);
	REFUSED(ERR_MISSING, ledger_run_get(w->ledger, run.run_id + 1, &read, &err));
}

static void org_has_one_night_a_date(void **state)
{
	World *w = *state;
	Run first = a_night(w, 20260102), second = a_night(w, 20260102);
	Run next_day = a_night(w, 20260103), other_org = a_night(w, 20260102);
	other_org.org = w->org_b;
	w_begin(w);
	MUST(ledger_run_put(w->ledger, &first, &err));
	REFUSED(ERR_CONFLICT, ledger_run_put(w->ledger, &second, &err));
	MUST(ledger_run_put(w->ledger, &next_day, &err));
	MUST(ledger_run_put(w->ledger, &other_org, &err));
	MUST(ledger_run_put(w->ledger, &first, &err)); /* itself, again */
	next_day.local_date = 20260102;
	REFUSED(ERR_CONFLICT, ledger_run_put(w->ledger, &next_day, &err));
	w_commit(w);
}

static void senseless_runs_are_refused(void **state)
{
	World *w = *state;
	Run no_date = a_night(w, 0), no_org = a_night(w, 20260102), no_kind = a_night(w, 20260102);
	Run unknown = a_night(w, 20260102);
	no_org.org = 99;
	no_kind.kind = 0;
	unknown.run_id = 55;
	w_begin(w);
	REFUSED(ERR_INPUT, ledger_run_put(w->ledger, &no_date, &err));
	REFUSED(ERR_MISSING, ledger_run_put(w->ledger, &no_org, &err));
	REFUSED(ERR_INPUT, ledger_run_put(w->ledger, &no_kind, &err));
	REFUSED(ERR_MISSING, ledger_run_put(w->ledger, &unknown, &err));
	w_commit(w);
}

static void runs_are_listed_newest_first(void **state)
{
	World *w = *state;
	int64_t ids[5];
	w_begin(w);
	for (int i = 0; i < 5; i++) {
		Run run = a_night(w, 20260101 + i);
		run.org = i == 2 ? w->org_b : w->org;
		MUST(ledger_run_put(w->ledger, &run, &err));
		ids[i] = run.run_id;
	}
	w_commit(w);
	Run rows[8];
	size_t count;
	MUST(ledger_run_list(w->ledger, 0, 0, rows, 8, &count, &err));
	assert_int_equal(count, 5);
	assert_int_equal(rows[0].run_id, ids[4]);
	MUST(ledger_run_list(w->ledger, w->org, 0, rows, 8, &count, &err));
	assert_int_equal(count, 4);
	MUST(ledger_run_list(w->ledger, w->org, ids[3], rows, 1, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(rows[0].run_id, ids[1]);
}

static bool take(World *w, const char *owner, int64_t now_ms, int64_t until_ms)
{
	bool taken;
	w_begin(w);
	MUST(ledger_lease_take(
		w->ledger, STR("night"), str_from(owner), now_ms, until_ms, &taken, &err));
	w_commit(w);
	return taken;
}

static void lease_has_one_owner_until_it_ends(void **state)
{
	World *w = *state;
	assert_true(take(w, "a", 0, 100));
	assert_false(take(w, "b", 99, 200));
	assert_true(take(w, "a", 50, 150)); /* renewed */
	assert_false(take(w, "b", 149, 200));
	assert_true(take(w, "b", 150, 200));
	assert_false(take(w, "a", 160, 300));
	w_begin(w);
	MUST(ledger_lease_release(w->ledger, STR("night"), STR("a"), &err)); /* not its own */
	w_commit(w);
	assert_false(take(w, "a", 160, 300));
	w_begin(w);
	MUST(ledger_lease_release(w->ledger, STR("night"), STR("b"), &err));
	w_commit(w);
	assert_true(take(w, "a", 160, 300));
}

static void chains_grow_with_every_entry_and_verify(void **state)
{
	World *w = *state;
	const Address address = an_address("ann@example.com");
	AddressHash hash = address_hash(&w->keyring.hash, &address);
	unsigned partition = address_partition(&hash);
	ChainHead before, after;
	MUST(ledger_chain_head(w->ledger, partition, &before, &err));
	assert_int_equal(before.length, 0);
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "");
	MUST(ledger_chain_head(w->ledger, partition, &after, &err));
	assert_int_equal(after.partition, partition);
	assert_int_equal(after.length, 2);
	assert_memory_not_equal(before.hash, after.hash, HASH_BYTES);
	w_stop(w, ann, SOURCE_LINK, ""); /* counted on the entry: no new one */
	MUST(ledger_chain_head(w->ledger, partition, &before, &err));
	assert_memory_equal(before.hash, after.hash, HASH_BYTES);
	w_verify_chains(w);
}

static void history_is_paged_newest_first(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "");
	w_person(w, "bob@example.com", "");
	for (int i = 0; i < 5; i++) {
		char reason[8];
		snprintf(reason, sizeof reason, "r%d", i);
		w_stop(w, ann, SOURCE_LINK, reason);
	}
	HistoryEntry entries[4];
	size_t count;
	MUST(ledger_history(w->ledger, ann, 0, &w->arena, entries, 4, &count, &err));
	assert_int_equal(count, 4);
	assert_str_equal(entries[0].reason, STR("r4"));
	MUST(ledger_history(
		w->ledger, ann, entries[3].event_id, &w->arena, entries, 4, &count, &err));
	assert_int_equal(count, 2);
	assert_str_equal(entries[0].reason, STR("r0"));
	assert_int_equal(entries[1].kind, EVENT_ADDED);
}

CaseList run_cases(void)
{
	static const struct CMUnitTest cases[] = {
		LEDGER_CASE(run_is_written_read_and_overwritten),
		LEDGER_CASE(org_has_one_night_a_date),
		LEDGER_CASE(senseless_runs_are_refused),
		LEDGER_CASE(runs_are_listed_newest_first),
		LEDGER_CASE(lease_has_one_owner_until_it_ends),
		LEDGER_CASE(chains_grow_with_every_entry_and_verify),
		LEDGER_CASE(history_is_paged_newest_first),
	};
	return (CaseList){ cases, ARRAY_LEN(cases) };
}
