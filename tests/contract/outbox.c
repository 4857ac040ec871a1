#include "base/base.h"

#include "cases.h"

static void rows_are_claimed_in_order_of_due_time_and_only_when_due(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1 c2");
	int64_t bob = w_person(w, "bob@example.com", "c3");
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow rows[8];
	assert_int_equal(w_claim(w, w->org, rows, 8), 2);
	assert_true(rows[0].outbox_id < rows[1].outbox_id);
	w_settle(w, rows[0].outbox_id, OUTBOX_WAITING, w->now_ms + 30);
	w_settle(w, rows[1].outbox_id, OUTBOX_UNKNOWN, w->now_ms + 10);
	w->now_ms += 20;
	w_stop(w, bob, SOURCE_LINK, "");
	OutboxRow again[8];
	assert_int_equal(w_claim(w, w->org, again, 1), 1);
	assert_int_equal(again[0].outbox_id, rows[1].outbox_id);
	assert_int_equal(again[0].state, OUTBOX_IN_FLIGHT);
	assert_str_equal(str_from(again[0].error_code), STR("UNABLE_TO_LOCK_ROW"));
	assert_int_equal(w_claim(w, w->org, again, 8), 1);
	assert_int_equal(again[0].person_id, bob);
	w->now_ms += 10;
	assert_int_equal(w_claim(w, w->org, again, 8), 1);
	assert_int_equal(again[0].outbox_id, rows[0].outbox_id);
	assert_int_equal(w_claim(w, w->org, again, 8), 0);
}

static void orgs_are_claimed_apart(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_link(w, w->org_b, "c1", ann, LINKED_BY_ID);
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow rows[8];
	assert_int_equal(w_claim(w, w->org_b, rows, 8), 1);
	assert_int_equal(rows[0].org, w->org_b);
	/* The same ID in another org is another record. */
	assert_int_equal(w_claim(w, w->org, rows, 8), 1);
	assert_int_equal(rows[0].org, w->org);
}

static void record_in_flight_is_not_claimed_again(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow first, second;
	assert_int_equal(w_claim(w, w->org, &first, 1), 1);
	w_stop(w, ann, SOURCE_FORM, "");
	assert_int_equal(w_counts(w).outbox[OUTBOX_PENDING], 1);
	assert_int_equal(w_claim(w, w->org, &second, 1), 0);
	int64_t due_ms;
	MUST(ledger_outbox_next_due(w->ledger, w->org, &due_ms, &err));
	assert_int_equal(due_ms, INT64_MAX); /* or the worker would spin on it */
	w_settle(w, first.outbox_id, OUTBOX_DONE, 0);
	assert_int_equal(w_claim(w, w->org, &second, 1), 1);
	assert_int_not_equal(second.outbox_id, first.outbox_id);
}

static void one_claim_takes_one_row_of_a_record(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow row, rows[8];
	w_claim(w, w->org, &row, 1);
	w_stop(w, ann, SOURCE_FORM, "");
	w_settle(w, row.outbox_id, OUTBOX_WAITING, w->now_ms); /* now two unsent rows */
	assert_int_equal(w_claim(w, w->org, rows, 8), 1);
	assert_int_equal(w_counts(w).outbox[OUTBOX_IN_FLIGHT], 1);
}

static void attempts_count_claims_that_were_sent(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow row;
	w_claim(w, w->org, &row, 1);
	assert_int_equal(row.attempts, 1);
	w_settle(w, row.outbox_id, OUTBOX_PENDING, 0);
	w_claim(w, w->org, &row, 1);
	assert_int_equal(row.attempts, 1);
	w_settle(w, row.outbox_id, OUTBOX_WAITING, w->now_ms);
	w_claim(w, w->org, &row, 1);
	assert_int_equal(row.attempts, 2);
}

/* Makes a row of a fresh person stand in a state. */
static int64_t row_in(World *w, OutboxState state, int number)
{
	char address[32], record[16];
	snprintf(address, sizeof address, "p%d@example.com", number);
	snprintf(record, sizeof record, "c%d", number);
	int64_t person_id = w_person(w, address, record);
	w_stop(w, person_id, SOURCE_LINK, "");
	OutboxProblem rows[ROWS_MAX];
	size_t count = w_open_rows(w, rows);
	int64_t outbox_id = 0;
	for (size_t i = 0; i < count; i++) {
		if (rows[i].row.person_id == person_id)
			outbox_id = rows[i].row.outbox_id;
	}
	if (state == OUTBOX_CANCELLED)
		w_remove(w, person_id);
	if (state == OUTBOX_PENDING || state == OUTBOX_CANCELLED)
		return outbox_id;
	OutboxRow claimed[ROWS_MAX];
	size_t claimed_count = w_claim(w, w->org, claimed, ROWS_MAX);
	for (size_t i = 0; i < claimed_count; i++) {
		if (claimed[i].outbox_id != outbox_id)
			w_settle(w, claimed[i].outbox_id, OUTBOX_DONE, 0);
	}
	if (state != OUTBOX_IN_FLIGHT)
		w_settle(w, outbox_id, state, w->now_ms + 1000000);
	return outbox_id;
}

static OutboxState state_of(World *w, int64_t outbox_id)
{
	OutboxProblem rows[ROWS_MAX];
	size_t count = w_open_rows(w, rows);
	for (size_t i = 0; i < count; i++) {
		if (rows[i].row.outbox_id == outbox_id)
			return rows[i].row.state;
	}
	return OUTBOX_NONE; /* closed, one way or the other */
}

static void only_rows_under_way_can_be_settled(void **state)
{
	World *w = *state;
	int number = 0;
	for (OutboxState from = OUTBOX_PENDING; from < OUTBOX_STATE_COUNT; from++) {
		for (OutboxState to = OUTBOX_NONE; to < OUTBOX_STATE_COUNT; to++) {
			bool may = (from == OUTBOX_IN_FLIGHT || from == OUTBOX_UNKNOWN)
				&& to != OUTBOX_NONE && to != OUTBOX_IN_FLIGHT
				&& to != OUTBOX_CANCELLED;
			int64_t outbox_id = row_in(w, from, ++number);
			OutboxState before = state_of(w, outbox_id);
			const Settle settle = {
				.outbox_id = outbox_id, .state = to, .due_at_ms = w->now_ms + 5
			};
			Err err = { 0 };
			w_begin(w);
			bool did = ledger_outbox_settle(w->ledger, &settle, 1, w->now_ms, &err);
			w_commit(w);
			if (did != may)
				fail_msg("%s to %s: %s", outbox_state_name(from),
					outbox_state_name(to), did ? "done" : err.text);
			if (!did)
				assert_int_equal(err.kind, ERR_CONFLICT);
			assert_int_equal(state_of(w, outbox_id),
				!did                        ? before
					: to == OUTBOX_DONE ? OUTBOX_NONE
							    : to);
		}
	}
}

static void settling_is_all_or_nothing(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1 c2");
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow rows[2];
	w_claim(w, w->org, rows, 2);
	const Settle settles[] = {
		{ .outbox_id = rows[0].outbox_id, .state = OUTBOX_DONE },
		{ .outbox_id = 4711, .state = OUTBOX_DONE },
	};
	w_begin(w);
	REFUSED(ERR_MISSING,
		ledger_outbox_settle(w->ledger, settles, ARRAY_LEN(settles), w->now_ms, &err));
	w_commit(w);
	assert_int_equal(w_counts(w).outbox[OUTBOX_IN_FLIGHT], 2);
	HistoryEntry entries[ROWS_MAX];
	assert_int_equal(w_history(w, ann, entries), 2);
}

static void done_row_ticks_the_record_and_says_so(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow row;
	w_claim(w, w->org, &row, 1);
	w->now_ms += 40;
	w_settle(w, row.outbox_id, OUTBOX_DONE, 0);
	Record records[ROWS_MAX];
	w_records(w, ann, records);
	assert_true(records[0].ticked_by_us);
	assert_int_equal(records[0].seen, TICK_YES);
	assert_int_equal(records[0].seen_at_ms, w->now_ms);
	HistoryEntry entries[ROWS_MAX];
	assert_int_equal(w_history(w, ann, entries), 3);
	assert_int_equal(entries[0].kind, EVENT_TICKED);
	assert_true(str_find(entries[0].details, STR("HasOptedOutOfEmail")) >= 0);
	assert_int_equal(w_counts(w).outbox[OUTBOX_DONE], 1);
	assert_int_equal(w_counts(w).outbox_oldest_ms, 0);
}

static void first_refusal_is_told_once(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow row;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(w_claim(w, w->org, &row, 1), 1);
		w_settle(w, row.outbox_id, i == 1 ? OUTBOX_WAITING : OUTBOX_DEAD, w->now_ms);
	}
	HistoryEntry entries[ROWS_MAX];
	assert_int_equal(w_history(w, ann, entries), 3);
	assert_int_equal(entries[0].kind, EVENT_TICK_REFUSED);
	assert_true(str_find(entries[0].details, STR("UNABLE_TO_LOCK_ROW")) >= 0);
}

static void deleted_record_is_unlinked_and_its_rows_cancelled(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow row;
	w_claim(w, w->org, &row, 1);
	w_stop(w, ann, SOURCE_FORM, ""); /* one more behind it */
	const Settle settle = { .outbox_id = row.outbox_id,
		.state = OUTBOX_DONE,
		.error_code = STR("ENTITY_IS_DELETED"),
		.record_deleted = true };
	w_begin(w);
	MUST(ledger_outbox_settle(w->ledger, &settle, 1, w->now_ms, &err));
	w_commit(w);
	assert_int_equal(w_get(w, ann).record_count, 0);
	assert_int_equal(w_counts(w).outbox[OUTBOX_DONE], 1);
	assert_int_equal(w_counts(w).outbox[OUTBOX_CANCELLED], 1);
	HistoryEntry entries[ROWS_MAX];
	w_history(w, ann, entries);
	assert_int_equal(entries[0].kind, EVENT_UNLINKED);
	Record records[ROWS_MAX];
	w_records(w, ann, records);
	assert_false(records[0].ticked_by_us);
}

static void after_a_crash_rows_in_flight_are_unknown_and_due(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1 c2 c3");
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow rows[4];
	w_claim(w, w->org, rows, 2);
	size_t count;
	w_begin(w);
	MUST(ledger_outbox_recover(w->ledger, STR("somebody else"), w->now_ms + 9, &count, &err));
	assert_int_equal(count, 0);
	MUST(ledger_outbox_recover(w->ledger, STR("pusher"), w->now_ms + 9, &count, &err));
	assert_int_equal(count, 2);
	w_commit(w);
	assert_int_equal(w_counts(w).outbox[OUTBOX_UNKNOWN], 2);
	w->now_ms += 9;
	assert_int_equal(w_claim(w, w->org, rows, 4), 3);
	assert_int_equal(rows[1].attempts, 2);
}

static int64_t lands_until(World *w)
{
	OutboxProblem rows[ROWS_MAX];
	assert_int_equal(w_open_rows(w, rows), 1);
	return rows[0].row.lands_until_ms;
}

static void unanswered_call_may_land_for_as_long_as_a_transaction_lasts(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow row;
	w_claim(w, w->org, &row, 1);
	w_settle(w, row.outbox_id, OUTBOX_WAITING, w->now_ms);
	assert_int_equal(lands_until(w), 0); /* it was answered */
	w_claim(w, w->org, &row, 1);
	w_settle(w, row.outbox_id, OUTBOX_UNKNOWN, w->now_ms);
	assert_int_equal(lands_until(w), w->now_ms + OUTBOX_LANDS_MS);
	w->now_ms += 50;
	w_claim(w, w->org, &row, 1);
	assert_int_equal(row.lands_until_ms, w->now_ms - 50 + OUTBOX_LANDS_MS);
	w_settle(
		w, row.outbox_id, OUTBOX_DEAD, w->now_ms); /* the later answer says nothing of it */
	assert_int_equal(lands_until(w), w->now_ms - 50 + OUTBOX_LANDS_MS);
	w_claim(w, w->org, &row, 1);
	size_t count;
	w_begin(w);
	MUST(ledger_outbox_recover(w->ledger, STR("pusher"), w->now_ms, &count, &err));
	w_commit(w);
	assert_int_equal(lands_until(w), w->now_ms + OUTBOX_LANDS_MS);
}

static void next_due_is_the_earliest_claimable(void **state)
{
	World *w = *state;
	int64_t due_ms;
	MUST(ledger_outbox_next_due(w->ledger, w->org, &due_ms, &err));
	assert_int_equal(due_ms, INT64_MAX);
	int64_t ann = w_person(w, "ann@example.com", "c1 c2");
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow rows[2];
	w_claim(w, w->org, rows, 2);
	w_settle(w, rows[0].outbox_id, OUTBOX_DEAD, w->now_ms + 700);
	w_settle(w, rows[1].outbox_id, OUTBOX_WAITING, w->now_ms + 300);
	MUST(ledger_outbox_next_due(w->ledger, w->org, &due_ms, &err));
	assert_int_equal(due_ms, w->now_ms + 300);
	MUST(ledger_outbox_next_due(w->ledger, w->org_b, &due_ms, &err));
	assert_int_equal(due_ms, INT64_MAX);
}

static void open_rows_are_listed_oldest_first_with_their_error(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	int64_t bob = w_person(w, "bob@example.com", "c2");
	w_stop(w, ann, SOURCE_LINK, "");
	w->now_ms += 5;
	w_stop(w, bob, SOURCE_LINK, "");
	OutboxRow row;
	w_claim(w, w->org, &row, 1);
	w_settle(w, row.outbox_id, OUTBOX_DEAD, w->now_ms + 700);
	OutboxProblem rows[ROWS_MAX];
	assert_int_equal(w_open_rows(w, rows), 2);
	assert_int_equal(rows[0].row.person_id, ann);
	assert_int_equal(rows[0].row.state, OUTBOX_DEAD);
	assert_int_equal(rows[0].row.due_at_ms, w->now_ms + 700);
	assert_str_equal(rows[0].error_text, STR("the row is locked"));
	assert_int_equal(rows[1].row.person_id, bob);
	assert_str_equal(rows[1].error_text, STR(""));
	assert_int_equal(w_counts(w).outbox_oldest_ms, w->now_ms - 5);
	size_t count;
	MUST(ledger_outbox_open_rows(w->ledger, &w->arena, rows, 1, &count, &err));
	assert_int_equal(count, 1);
}

static bool push_record(World *w, const char *name)
{
	const RecordRef ref = a_record(w->org, name);
	bool queued;
	w_begin(w);
	MUST(ledger_push_record(w->ledger, &ref, w->now_ms, &queued, &err));
	w_commit(w);
	return queued;
}

static void record_is_queued_if_somebody_of_it_is_unsubscribed(void **state)
{
	World *w = *state;
	w_person(w, "ann@example.com", "c1");
	int64_t bob = w_person(w, "bob@example.com", "c1");
	assert_false(push_record(w, "c1")); /* all may be mailed */
	assert_false(push_record(w, "c9")); /* unknown */
	w_stop(w, bob, SOURCE_LINK, "");
	assert_false(push_record(w, "c1")); /* the stop queued it */
	OutboxRow row;
	w_claim(w, w->org, &row, 1);
	w_settle(w, row.outbox_id, OUTBOX_DONE, 0);
	assert_true(push_record(w, "c1"));
	assert_int_equal(w_claim(w, w->org, &row, 1), 1);
	assert_int_equal(row.person_id, bob);
}

CaseList outbox_cases(void)
{
	static const struct CMUnitTest cases[] = {
		LEDGER_CASE(rows_are_claimed_in_order_of_due_time_and_only_when_due),
		LEDGER_CASE(orgs_are_claimed_apart),
		LEDGER_CASE(record_in_flight_is_not_claimed_again),
		LEDGER_CASE(one_claim_takes_one_row_of_a_record),
		LEDGER_CASE(attempts_count_claims_that_were_sent),
		LEDGER_CASE(only_rows_under_way_can_be_settled),
		LEDGER_CASE(settling_is_all_or_nothing),
		LEDGER_CASE(done_row_ticks_the_record_and_says_so),
		LEDGER_CASE(first_refusal_is_told_once),
		LEDGER_CASE(deleted_record_is_unlinked_and_its_rows_cancelled),
		LEDGER_CASE(after_a_crash_rows_in_flight_are_unknown_and_due),
		LEDGER_CASE(unanswered_call_may_land_for_as_long_as_a_transaction_lasts),
		LEDGER_CASE(next_due_is_the_earliest_claimable),
		LEDGER_CASE(open_rows_are_listed_oldest_first_with_their_error),
		LEDGER_CASE(record_is_queued_if_somebody_of_it_is_unsubscribed),
	};
	return (CaseList){ cases, ARRAY_LEN(cases) };
}
