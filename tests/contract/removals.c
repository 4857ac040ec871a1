#include "base/base.h"

#include "cases.h"

static void removal_lifts_and_cancels_what_is_queued(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1 c2 l1");
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow rows[4];
	assert_int_equal(w_claim(w, w->org, rows, 2), 2);
	w_settle(w, rows[0].outbox_id, OUTBOX_DEAD, w->now_ms + 9);
	w_settle(w, rows[1].outbox_id, OUTBOX_WAITING, w->now_ms + 9);
	w->now_ms += 7;
	RemoveOutcome out = w_remove(w, ann);
	assert_false(out.is_waiting);
	assert_int_equal(out.cancelled, 3); /* dead, waiting, pending */
	Person person = w_get(w, ann);
	assert_int_equal(person.unsubscribed_at_ms, 0);
	assert_int_equal(person.removed_at_ms, w->now_ms);
	assert_int_equal(person.source, SOURCE_NONE);
	assert_str_equal(person.reason, STR(""));
	assert_false(person.removal_waiting);
	HistoryEntry entries[ROWS_MAX];
	w_history(w, ann, entries);
	assert_int_equal(entries[0].event_id, out.event_id);
	assert_int_equal(entries[0].kind, EVENT_REMOVED);
	assert_str_equal(entries[0].reason, STR("asked by mail"));
	assert_str_equal(entries[0].actor, STR("admin"));
	assert_int_equal(w_counts(w).outbox[OUTBOX_CANCELLED], 3);
}

static void removal_needs_a_reason_and_an_unsubscribed_person(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "");
	int64_t bob = w_person(w, "bob@example.com", "");
	StopOutcome stop = w_stop(w, ann, SOURCE_LINK, "");
	const RemoveWish blank = { .person_id = ann,
		.seen_event_id = stop.event_id,
		.reason = STR(" "),
		.now_ms = w->now_ms };
	const RemoveWish mailable = {
		.person_id = bob, .seen_event_id = 99, .reason = STR("r"), .now_ms = w->now_ms
	};
	const RemoveWish nobody = {
		.person_id = 77, .seen_event_id = 99, .reason = STR("r"), .now_ms = w->now_ms
	};
	RemoveOutcome out;
	w_begin(w);
	REFUSED(ERR_INPUT, ledger_remove(w->ledger, &blank, &out, &err));
	REFUSED(ERR_MISSING, ledger_remove(w->ledger, &mailable, &out, &err));
	REFUSED(ERR_MISSING, ledger_remove(w->ledger, &nobody, &out, &err));
	w_commit(w);
	assert_int_equal(w_counts(w).unsubscribed, 1);
}

static void removal_is_refused_when_a_later_stop_exists(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	int64_t seen = w_stop(w, ann, SOURCE_LINK, "").event_id;
	w_stop(w, ann, SOURCE_COMPLAINT, "spam");
	const RemoveWish wish = {
		.person_id = ann, .seen_event_id = seen, .reason = STR("r"), .now_ms = w->now_ms
	};
	RemoveOutcome out;
	w_begin(w);
	REFUSED(ERR_CONFLICT, ledger_remove(w->ledger, &wish, &out, &err));
	w_commit(w);
	assert_int_equal(w_counts(w).unsubscribed, 1);
	assert_int_equal(w_counts(w).outbox[OUTBOX_PENDING], 1);
}

static void removal_is_refused_when_an_equal_stop_was_counted_since(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_COMPLAINT, "spam");
	w_stop(w, ann, SOURCE_COMPLAINT, "spam");
	Person seen = w_get(w, ann);
	assert_true(w_stop(w, ann, SOURCE_COMPLAINT, "spam").is_counted);
	RemoveWish wish = {
		.person_id = ann,
		.seen_event_id = w_get(w, ann).last_event_id,
		.seen_stop_count = seen.stop_count,
		.reason = STR("r"),
		.now_ms = w->now_ms,
	};
	RemoveOutcome out;
	w_begin(w);
	REFUSED(ERR_CONFLICT, ledger_remove(w->ledger, &wish, &out, &err));
	w_commit(w);
	assert_int_equal(w_counts(w).unsubscribed, 1);
	wish.seen_stop_count = w_get(w, ann).stop_count;
	assert_int_equal(wish.seen_stop_count, 3);
	w_begin(w);
	MUST(ledger_remove(w->ledger, &wish, &out, &err));
	w_commit(w);
	assert_int_equal(w_counts(w).unsubscribed, 0);
}

/* One row in flight, one pending. */
static int64_t person_with_call_under_way(World *w, OutboxRow *out_row)
{
	int64_t ann = w_person(w, "ann@example.com", "c1 c2");
	w_stop(w, ann, SOURCE_LINK, "");
	assert_int_equal(w_claim(w, w->org, out_row, 1), 1);
	return ann;
}

static void removal_waits_for_a_call_in_flight(void **state)
{
	World *w = *state;
	OutboxRow row;
	int64_t ann = person_with_call_under_way(w, &row);
	RemoveOutcome out = w_remove(w, ann);
	assert_true(out.is_waiting);
	assert_int_equal(out.cancelled, 1);
	Person person = w_get(w, ann);
	assert_true(person.removal_waiting);
	assert_int_not_equal(person.unsubscribed_at_ms, 0);
	HistoryEntry entries[ROWS_MAX];
	w_history(w, ann, entries);
	assert_int_equal(entries[0].kind, EVENT_REMOVAL_WAITING);
	w->now_ms += 50;
	w_settle(w, row.outbox_id, OUTBOX_DONE, 0);
	person = w_get(w, ann);
	assert_false(person.removal_waiting);
	assert_int_equal(person.unsubscribed_at_ms, 0);
	assert_int_equal(person.removed_at_ms, w->now_ms);
	w_history(w, ann, entries);
	assert_int_equal(entries[0].kind, EVENT_REMOVED);
	assert_str_equal(entries[0].reason, STR("asked by mail"));
	assert_str_equal(entries[0].actor, STR("admin"));
	assert_int_equal(entries[1].kind, EVENT_TICKED);
}

static int64_t next_due(World *w, int64_t org)
{
	int64_t due_ms;
	MUST(ledger_outbox_next_due(w->ledger, org, &due_ms, &err));
	return due_ms;
}

static void removal_waits_until_an_unanswered_call_cannot_land(void **state)
{
	World *w = *state;
	OutboxRow row;
	int64_t ann = person_with_call_under_way(w, &row);
	w_remove(w, ann);
	assert_int_equal(next_due(w, w->org), INT64_MAX); /* settling says when */
	w_settle(w, row.outbox_id, OUTBOX_UNKNOWN, w->now_ms + 10);
	int64_t lands_ms = w->now_ms + OUTBOX_LANDS_MS;
	assert_int_equal(next_due(w, w->org), lands_ms);
	assert_int_equal(next_due(w, w->org_b), lands_ms); /* the other may be disconnected */
	w->now_ms = lands_ms - 1;
	assert_int_equal(w_claim(w, w->org, &row, 1), 0); /* no tick for who is resubscribed */
	assert_true(w_get(w, ann).removal_waiting);
	w->now_ms = lands_ms;
	assert_int_equal(w_claim(w, w->org_b, &row, 1), 0);
	Person person = w_get(w, ann);
	assert_false(person.removal_waiting);
	assert_int_equal(person.unsubscribed_at_ms, 0);
	assert_int_equal(person.removed_at_ms, lands_ms);
	HistoryEntry entries[ROWS_MAX];
	w_history(w, ann, entries);
	assert_int_equal(entries[0].kind, EVENT_REMOVED);
	assert_str_equal(entries[0].reason, STR("asked by mail"));
	assert_int_equal(w_counts(w).outbox[OUTBOX_CANCELLED], 2);
	assert_int_equal(next_due(w, w->org), INT64_MAX);
}

static void removal_waits_though_the_unanswered_tick_was_sent_again_and_done(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow row;
	w_claim(w, w->org, &row, 1);
	w_settle(w, row.outbox_id, OUTBOX_UNKNOWN, w->now_ms + 10);
	int64_t lands_ms = w->now_ms + OUTBOX_LANDS_MS;
	w->now_ms += 10;
	assert_int_equal(w_claim(w, w->org, &row, 1), 1);
	w_settle(w, row.outbox_id, OUTBOX_DONE, 0);
	assert_true(w_remove(w, ann).is_waiting);
	assert_int_equal(next_due(w, w->org), lands_ms);
	w->now_ms = lands_ms;
	w_claim(w, w->org, &row, 1);
	assert_int_equal(w_get(w, ann).unsubscribed_at_ms, 0);
	assert_int_equal(w_counts(w).outbox[OUTBOX_DONE], 1);
}

static void removal_need_not_wait_for_a_call_that_cannot_land_any_more(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow row;
	w_claim(w, w->org, &row, 1);
	w_settle(w, row.outbox_id, OUTBOX_UNKNOWN, w->now_ms + 10);
	w->now_ms += OUTBOX_LANDS_MS;
	RemoveOutcome out = w_remove(w, ann);
	assert_false(out.is_waiting);
	assert_int_equal(out.cancelled, 0); /* it was sent */
	assert_int_equal(w_counts(w).outbox_oldest_ms, 0);
}

static void removal_waits_on_over_a_crash_and_nothing_is_sent_again(void **state)
{
	World *w = *state;
	OutboxRow row;
	int64_t ann = person_with_call_under_way(w, &row);
	w_remove(w, ann);
	size_t count;
	w->now_ms += 10;
	w_begin(w);
	MUST(ledger_outbox_recover(w->ledger, STR("pusher"), w->now_ms, &count, &err));
	w_commit(w);
	assert_int_equal(count, 1);
	assert_int_equal(w_claim(w, w->org, &row, 1), 0);
	assert_int_equal(next_due(w, w->org), w->now_ms + OUTBOX_LANDS_MS);
	assert_true(w_get(w, ann).removal_waiting);
	w->now_ms += OUTBOX_LANDS_MS;
	w_claim(w, w->org, &row, 1);
	assert_int_equal(w_get(w, ann).unsubscribed_at_ms, 0);
}

static void asking_again_completes_a_removal_whose_time_has_come(void **state)
{
	World *w = *state;
	OutboxRow row;
	int64_t ann = person_with_call_under_way(w, &row);
	RemoveOutcome first = w_remove(w, ann);
	w_settle(w, row.outbox_id, OUTBOX_UNKNOWN, w->now_ms + 10);
	w->now_ms += OUTBOX_LANDS_MS;
	RemoveOutcome second = w_remove(w, ann);
	assert_false(second.is_waiting);
	assert_true(second.event_id > first.event_id);
	assert_int_equal(w_get(w, ann).unsubscribed_at_ms, 0);
}

static void what_would_be_sent_again_is_taken_back_while_the_removal_waits(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1 c2 c3 c4");
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow rows[4];
	assert_int_equal(w_claim(w, w->org, rows, 4), 4);
	w_remove(w, ann);
	w_settle(w, rows[0].outbox_id, OUTBOX_WAITING, w->now_ms);
	w_settle(w, rows[1].outbox_id, OUTBOX_DEAD, w->now_ms);
	w_settle(w, rows[2].outbox_id, OUTBOX_PENDING, 0);
	assert_int_equal(w_counts(w).outbox[OUTBOX_CANCELLED], 3);
	assert_true(w_get(w, ann).removal_waiting);
	w_settle(w, rows[3].outbox_id, OUTBOX_WAITING, w->now_ms);
	assert_int_equal(w_get(w, ann).unsubscribed_at_ms, 0);
	assert_int_equal(w_counts(w).outbox_oldest_ms, 0);
}

/* One row serves ann and bob; it was queued for ann. */
static void two_people_and_a_call_under_way(
	World *w, int64_t *out_ann, int64_t *out_bob, OutboxRow *out_row)
{
	*out_ann = w_person(w, "ann@example.com", "c1");
	*out_bob = w_person(w, "bob@example.com", "c1");
	w_stop(w, *out_ann, SOURCE_LINK, "");
	w_stop(w, *out_bob, SOURCE_LINK, "");
	assert_int_equal(w_claim(w, w->org, out_row, 1), 1);
	assert_int_equal(out_row->person_id, *out_ann);
}

static void removal_waits_for_the_call_of_another_person_of_the_record(void **state)
{
	World *w = *state;
	int64_t ann, bob;
	OutboxRow row;
	two_people_and_a_call_under_way(w, &ann, &bob, &row);
	assert_true(w_remove(w, bob).is_waiting);
	assert_true(w_remove(w, ann).is_waiting);
	w_settle(w, row.outbox_id, OUTBOX_DONE, 0);
	assert_int_equal(w_get(w, ann).unsubscribed_at_ms, 0);
	assert_int_equal(w_get(w, bob).unsubscribed_at_ms, 0);
	w_verify_chains(w);
}

static void unknown_row_goes_on_for_whoever_else_is_unsubscribed(void **state)
{
	World *w = *state;
	int64_t ann, bob;
	OutboxRow row;
	two_people_and_a_call_under_way(w, &ann, &bob, &row);
	w_settle(w, row.outbox_id, OUTBOX_UNKNOWN, w->now_ms);
	assert_true(w_remove(w, ann).is_waiting);
	assert_int_equal(next_due(w, w->org), w->now_ms);
	assert_int_equal(w_claim(w, w->org, &row, 1), 1);
	assert_int_equal(row.person_id, bob);
	assert_true(w_get(w, ann).removal_waiting);
}

static void row_in_flight_goes_on_for_whoever_else_is_unsubscribed(void **state)
{
	World *w = *state;
	int64_t ann, bob;
	OutboxRow row;
	two_people_and_a_call_under_way(w, &ann, &bob, &row);
	w_remove(w, ann);
	w_settle(w, row.outbox_id, OUTBOX_UNKNOWN, w->now_ms);
	assert_int_equal(w_claim(w, w->org, &row, 1), 1);
	assert_int_equal(row.person_id, bob);
}

static void record_is_ticked_for_somebody_unsubscribed_while_a_removal_waits(void **state)
{
	World *w = *state;
	OutboxRow row;
	int64_t ann = person_with_call_under_way(w, &row);
	int64_t bob = w_person(w, "bob@example.com", "c1");
	w_remove(w, ann);
	w_settle(w, row.outbox_id, OUTBOX_UNKNOWN, w->now_ms);
	assert_int_equal(w_claim(w, w->org, &row, 1), 0);
	assert_int_equal(w_stop(w, bob, SOURCE_LINK, "").pushes, 1);
	assert_int_equal(w_claim(w, w->org, &row, 1), 1);
	assert_int_equal(row.person_id, bob);
	assert_true(w_get(w, ann).removal_waiting);
}

static void record_is_ticked_again_when_a_stop_takes_the_removal_back(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow row;
	w_claim(w, w->org, &row, 1);
	w_remove(w, ann);
	w_settle(w, row.outbox_id, OUTBOX_UNKNOWN, w->now_ms);
	assert_int_equal(w_claim(w, w->org, &row, 1), 0);
	assert_int_equal(w_stop(w, ann, SOURCE_LINK, "").pushes, 1);
	assert_int_equal(next_due(w, w->org), w->now_ms);
	assert_int_equal(w_claim(w, w->org, &row, 1), 1);
	w->now_ms += OUTBOX_LANDS_MS;
	w_claim(w, w->org, &row, 1);
	assert_int_not_equal(w_get(w, ann).unsubscribed_at_ms, 0);
}

static void stop_takes_back_a_waiting_removal(void **state)
{
	World *w = *state;
	OutboxRow row;
	int64_t ann = person_with_call_under_way(w, &row);
	w_remove(w, ann);
	StopOutcome out = w_stop(w, ann, SOURCE_LINK, "");
	assert_false(out.is_new_stop || out.is_counted);
	assert_int_equal(out.pushes, 2);
	assert_false(w_get(w, ann).removal_waiting);
	w_settle(w, row.outbox_id, OUTBOX_DONE, 0);
	assert_int_not_equal(w_get(w, ann).unsubscribed_at_ms, 0);
}

static void sync_may_not_take_back_a_waiting_removal_with_an_old_reading(void **state)
{
	World *w = *state;
	OutboxRow row;
	int64_t ann = person_with_call_under_way(w, &row);
	w->now_ms += 100;
	w_remove(w, ann);
	StopWish wish = {
		.person_id = ann,
		.source = SOURCE_SALESFORCE_SYNC,
		.now_ms = w->now_ms + 10,
		.read_at_ms = w->now_ms - 10,
	};
	StopOutcome out;
	w_begin(w);
	MUST(ledger_stop(w->ledger, &wish, &out, &err));
	assert_true(out.is_stale);
	wish.read_at_ms = w->now_ms + 5;
	MUST(ledger_stop(w->ledger, &wish, &out, &err));
	w_commit(w);
	assert_false(out.is_stale);
	assert_false(w_get(w, ann).removal_waiting);
}

static void asking_twice_waits_once(void **state)
{
	World *w = *state;
	OutboxRow row;
	int64_t ann = person_with_call_under_way(w, &row);
	RemoveOutcome first = w_remove(w, ann);
	RemoveOutcome second = w_remove(w, ann);
	assert_true(second.is_waiting);
	assert_int_equal(second.event_id, first.event_id);
	assert_int_equal(second.cancelled, 0);
}

static void nothing_is_queued_while_a_removal_waits(void **state)
{
	World *w = *state;
	OutboxRow row;
	int64_t ann = person_with_call_under_way(w, &row);
	w_remove(w, ann);
	w_link(w, w->org, "l9", ann, LINKED_BY_ADDRESS);
	const RecordRef ref = a_record(w->org, "c2");
	bool queued;
	w_begin(w);
	MUST(ledger_push_record(w->ledger, &ref, w->now_ms, &queued, &err));
	w_commit(w);
	assert_false(queued);
	assert_int_equal(w_counts(w).outbox[OUTBOX_PENDING], 0);
}

static void row_goes_on_for_whoever_else_is_unsubscribed(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	int64_t bob = w_person(w, "bob@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "");
	assert_int_equal(w_stop(w, bob, SOURCE_LINK, "").pushes, 0); /* one row serves both */
	assert_int_equal(w_remove(w, ann).cancelled, 0);
	OutboxRow rows[2];
	assert_int_equal(w_claim(w, w->org, rows, 2), 1);
	assert_int_equal(rows[0].person_id, bob);
}

static void removal_waits_for_an_unanswered_call_on_a_record_deleted_since(void **state)
{
	World *w = *state;
	OutboxRow row;
	int64_t ann = person_with_call_under_way(w, &row);
	w_remove(w, ann);
	w_settle(w, row.outbox_id, OUTBOX_UNKNOWN, w->now_ms + 1000);
	const RecordRef ref = { .org = w->org, .sfid = row.sfid };
	w_begin(w);
	MUST(ledger_record_deleted(w->ledger, &ref, w->now_ms, &err));
	w_commit(w);
	assert_true(w_get(w, ann).removal_waiting); /* it may be undeleted before the call lands */
	w->now_ms += OUTBOX_LANDS_MS;
	OutboxRow none;
	assert_int_equal(w_claim(w, w->org, &none, 1), 0);
	assert_int_equal(w_get(w, ann).unsubscribed_at_ms, 0);
	w_verify_chains(w);
}

CaseList removal_cases(void)
{
	static const struct CMUnitTest cases[] = {
		LEDGER_CASE(removal_lifts_and_cancels_what_is_queued),
		LEDGER_CASE(removal_needs_a_reason_and_an_unsubscribed_person),
		LEDGER_CASE(removal_is_refused_when_a_later_stop_exists),
		LEDGER_CASE(removal_is_refused_when_an_equal_stop_was_counted_since),
		LEDGER_CASE(removal_waits_for_a_call_in_flight),
		LEDGER_CASE(removal_waits_until_an_unanswered_call_cannot_land),
		LEDGER_CASE(removal_waits_though_the_unanswered_tick_was_sent_again_and_done),
		LEDGER_CASE(removal_need_not_wait_for_a_call_that_cannot_land_any_more),
		LEDGER_CASE(removal_waits_on_over_a_crash_and_nothing_is_sent_again),
		LEDGER_CASE(asking_again_completes_a_removal_whose_time_has_come),
		LEDGER_CASE(what_would_be_sent_again_is_taken_back_while_the_removal_waits),
		LEDGER_CASE(removal_waits_for_the_call_of_another_person_of_the_record),
		LEDGER_CASE(unknown_row_goes_on_for_whoever_else_is_unsubscribed),
		LEDGER_CASE(row_in_flight_goes_on_for_whoever_else_is_unsubscribed),
		LEDGER_CASE(record_is_ticked_for_somebody_unsubscribed_while_a_removal_waits),
		LEDGER_CASE(record_is_ticked_again_when_a_stop_takes_the_removal_back),
		LEDGER_CASE(stop_takes_back_a_waiting_removal),
		LEDGER_CASE(sync_may_not_take_back_a_waiting_removal_with_an_old_reading),
		LEDGER_CASE(asking_twice_waits_once),
		LEDGER_CASE(nothing_is_queued_while_a_removal_waits),
		LEDGER_CASE(row_goes_on_for_whoever_else_is_unsubscribed),
		LEDGER_CASE(removal_waits_for_an_unanswered_call_on_a_record_deleted_since),
	};
	return (CaseList){ cases, ARRAY_LEN(cases) };
}
