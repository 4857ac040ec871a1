#include "base/base.h"

#include "cases.h"

#include "base/time.h"

static void stop_writes_person_history_and_a_row_per_record_of_every_org(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1 l1");
	w_link(w, w->org_b, "c5", ann, LINKED_BY_ADDRESS);
	const StopWish wish = {
		.person_id = ann,
		.source = SOURCE_MANUAL,
		.details = STR("on the phone"),
		.reason = STR("too many"),
		.actor = STR("eve"),
		.evidence = STR("call 17"),
		.now_ms = w->now_ms + 5,
	};
	StopOutcome out;
	w_begin(w);
	MUST(ledger_stop(w->ledger, &wish, &out, &err));
	w_commit(w);
	assert_int_equal(out.person_id, ann);
	assert_true(out.is_new_stop);
	assert_false(out.is_new_person || out.is_counted || out.is_stale);
	assert_int_equal(out.pushes, 3);
	Person person = w_get(w, ann);
	assert_int_equal(person.unsubscribed_at_ms, w->now_ms + 5);
	assert_int_equal(person.source, SOURCE_MANUAL);
	assert_str_equal(person.reason, STR("too many"));
	HistoryEntry entries[ROWS_MAX];
	w_history(w, ann, entries);
	assert_int_equal(entries[0].event_id, out.event_id);
	assert_int_equal(entries[0].kind, EVENT_UNSUBSCRIBED);
	assert_int_equal(entries[0].at_ms, w->now_ms + 5);
	assert_str_equal(entries[0].details, STR("on the phone"));
	assert_str_equal(entries[0].reason, STR("too many"));
	assert_str_equal(entries[0].actor, STR("eve"));
	assert_str_equal(entries[0].evidence, STR("call 17"));
	OutboxRow rows[4];
	assert_int_equal(w_claim(w, w->org_b, rows, 4), 0); /* due from its own time on */
	w->now_ms += 5;
	assert_int_equal(w_claim(w, w->org_b, rows, 4), 1);
	assert_int_equal(rows[0].person_id, ann);
	assert_int_equal(w_claim(w, w->org, rows, 4), 2);
}

static void stop_by_unknown_address_makes_a_person(void **state)
{
	World *w = *state;
	const StopWish wish = {
		.address = an_address("new@example.com"), .source = SOURCE_FORM, .now_ms = w->now_ms
	};
	StopOutcome out;
	w_begin(w);
	MUST(ledger_stop(w->ledger, &wish, &out, &err));
	w_commit(w);
	assert_true(out.is_new_person && out.is_new_stop);
	assert_int_equal(out.pushes, 0);
	HistoryEntry entries[ROWS_MAX];
	assert_int_equal(w_history(w, out.person_id, entries), 2);
	assert_int_equal(entries[0].kind, EVENT_UNSUBSCRIBED);
	assert_int_equal(entries[1].kind, EVENT_ADDED);
	assert_str_equal(w_get(w, out.person_id).address, STR("new@example.com"));
}

static void stop_by_known_address_finds_the_person(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	const StopWish wish = {
		.address = an_address("ANN@EXAMPLE.com"), .source = SOURCE_FORM, .now_ms = w->now_ms
	};
	StopOutcome out;
	w_begin(w);
	MUST(ledger_stop(w->ledger, &wish, &out, &err));
	w_commit(w);
	assert_int_equal(out.person_id, ann);
	assert_false(out.is_new_person);
}

static void stop_of_nobody_or_from_nowhere_is_refused(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "");
	const StopWish nobody = { .person_id = 77, .source = SOURCE_API, .now_ms = w->now_ms };
	const StopWish nowhere = { .person_id = ann, .now_ms = w->now_ms };
	char reason[LEDGER_REASON_BYTES_MAX + 1];
	memset(reason, 'r', sizeof reason);
	const StopWish wordy = { .person_id = ann,
		.source = SOURCE_API,
		.reason = { reason, sizeof reason },
		.now_ms = w->now_ms };
	StopOutcome out;
	w_begin(w);
	REFUSED(ERR_MISSING, ledger_stop(w->ledger, &nobody, &out, &err));
	REFUSED(ERR_INPUT, ledger_stop(w->ledger, &nowhere, &out, &err));
	REFUSED(ERR_INPUT, ledger_stop(w->ledger, &wordy, &out, &err));
	w_commit(w);
	assert_int_equal(w_counts(w).unsubscribed, 0);
}

static void details_are_made_from_the_source(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "");
	const StopWish wish = { .person_id = ann,
		.source = SOURCE_WEBHOOK,
		.source_name = STR("mailer"),
		.now_ms = w->now_ms };
	StopOutcome out;
	w_begin(w);
	MUST(ledger_stop(w->ledger, &wish, &out, &err));
	w_commit(w);
	HistoryEntry entries[ROWS_MAX];
	w_history(w, ann, entries);
	assert_true(str_find(entries[0].details, STR("mailer")) >= 0);
	assert_str_equal(entries[0].source_name, STR("mailer"));
}

static void repeated_stop_is_recorded_and_pushed_again(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	StopOutcome first = w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow rows[4];
	assert_int_equal(w_claim(w, w->org, rows, 4), 1);
	w_settle(w, rows[0].outbox_id, OUTBOX_DONE, 0);
	w->now_ms += 10;
	StopOutcome again = w_stop(w, ann, SOURCE_COMPLAINT, "spam");
	assert_false(again.is_new_stop || again.is_counted);
	assert_int_equal(again.pushes, 1);
	assert_true(again.event_id > first.event_id);
	HistoryEntry entries[ROWS_MAX];
	w_history(w, ann, entries);
	assert_int_equal(entries[0].kind, EVENT_STOP_REPEATED);
	/* Since when, from where and why stays what it was. */
	Person person = w_get(w, ann);
	assert_int_equal(person.unsubscribed_at_ms, w->now_ms - 10);
	assert_int_equal(person.source, SOURCE_LINK);
}

static void equal_stops_within_an_hour_are_counted_on_one_entry(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "");
	StopOutcome first = w_stop(w, ann, SOURCE_LINK, "a");
	w->now_ms += MS_PER_HOUR - 1;
	StopOutcome counted = w_stop(w, ann, SOURCE_LINK, "a");
	assert_true(counted.is_counted);
	assert_int_equal(counted.event_id, first.event_id);
	StopOutcome other_reason = w_stop(w, ann, SOURCE_LINK, "b");
	assert_false(other_reason.is_counted);
	StopOutcome other_source = w_stop(w, ann, SOURCE_FORM, "b");
	assert_false(other_source.is_counted);
	assert_true(
		w_stop(w, ann, SOURCE_LINK, "a").is_counted); /* others in between do not matter */
	w->now_ms += 1;
	StopOutcome late = w_stop(w, ann, SOURCE_LINK, "a");
	assert_false(late.is_counted);
	HistoryEntry entries[ROWS_MAX];
	assert_int_equal(w_history(w, ann, entries), 5);
	assert_int_equal(entries[3].repeat_count, 2);
	assert_int_equal(entries[0].repeat_count, 0);
	w_verify_chains(w);
}

static void counted_stop_is_still_pushed(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "");
	OutboxRow rows[4];
	w_claim(w, w->org, rows, 4);
	w_settle(w, rows[0].outbox_id, OUTBOX_DONE, 0);
	StopOutcome again = w_stop(w, ann, SOURCE_LINK, "");
	assert_true(again.is_counted);
	assert_int_equal(again.pushes, 1);
}

static void unsent_row_of_a_record_is_not_doubled(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	int64_t bob = w_person(w, "bob@example.com", "c1");
	assert_int_equal(w_stop(w, ann, SOURCE_LINK, "").pushes, 1);
	assert_int_equal(w_stop(w, ann, SOURCE_FORM, "").pushes, 0);
	assert_int_equal(w_stop(w, bob, SOURCE_LINK, "").pushes, 0);
	OutboxRow rows[4];
	assert_int_equal(w_claim(w, w->org, rows, 4), 1);
	/* What is in flight may have been asked for too early: one more goes behind it. */
	assert_int_equal(w_stop(w, ann, SOURCE_API, "").pushes, 1);
	assert_int_equal(w_stop(w, ann, SOURCE_API, "").pushes, 0);
	assert_int_equal(w_counts(w).outbox[OUTBOX_IN_FLIGHT], 1);
	assert_int_equal(w_counts(w).outbox[OUTBOX_PENDING], 1);
}

static StopOutcome sync_stop(World *w, int64_t person_id, const char *cause, int64_t read_at_ms)
{
	const StopWish wish = {
		.person_id = person_id,
		.source = SOURCE_SALESFORCE_SYNC,
		.now_ms = w->now_ms,
		.read_at_ms = read_at_ms,
		.cause = a_record(w->org, cause),
	};
	StopOutcome out;
	w_begin(w);
	MUST(ledger_stop(w->ledger, &wish, &out, &err));
	w_commit(w);
	return out;
}

static void ticked_record_is_not_pushed_to_itself(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1 l1");
	StopOutcome out = sync_stop(w, ann, "c1", w->now_ms);
	assert_int_equal(out.pushes, 1);
	OutboxRow rows[4];
	assert_int_equal(w_claim(w, w->org, rows, 4), 1);
	assert_int_equal(sfid_object(&rows[0].sfid), SF_LEAD);
	HistoryEntry entries[ROWS_MAX];
	w_history(w, ann, entries);
	assert_true(str_find(entries[0].details, STR("Contact 003000000000001")) >= 0);
}

static void sync_that_read_before_a_removal_does_nothing(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "");
	w->now_ms += 100;
	w_remove(w, ann);
	w->now_ms += 100;
	HistoryEntry entries[ROWS_MAX];
	size_t before = w_history(w, ann, entries);
	StopOutcome stale = sync_stop(w, ann, "c1", w->now_ms - 150);
	assert_true(stale.is_stale);
	assert_int_equal(stale.person_id, ann);
	assert_int_equal(stale.pushes, 0);
	assert_int_equal(w_get(w, ann).unsubscribed_at_ms, 0);
	assert_int_equal(w_history(w, ann, entries), before);
	StopOutcome fresh = sync_stop(w, ann, "c1", w->now_ms - 50);
	assert_true(fresh.is_new_stop);
}

static void stop_after_removal_is_a_new_one(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "");
	w_remove(w, ann);
	StopOutcome out = w_stop(w, ann, SOURCE_LINK, "");
	assert_true(out.is_new_stop);
	assert_false(out.is_counted); /* equal and within the hour, but of another story */
	assert_int_equal(out.pushes, 1);
}

CaseList stop_cases(void)
{
	static const struct CMUnitTest cases[] = {
		LEDGER_CASE(stop_writes_person_history_and_a_row_per_record_of_every_org),
		LEDGER_CASE(stop_by_unknown_address_makes_a_person),
		LEDGER_CASE(stop_by_known_address_finds_the_person),
		LEDGER_CASE(stop_of_nobody_or_from_nowhere_is_refused),
		LEDGER_CASE(details_are_made_from_the_source),
		LEDGER_CASE(repeated_stop_is_recorded_and_pushed_again),
		LEDGER_CASE(equal_stops_within_an_hour_are_counted_on_one_entry),
		LEDGER_CASE(counted_stop_is_still_pushed),
		LEDGER_CASE(unsent_row_of_a_record_is_not_doubled),
		LEDGER_CASE(ticked_record_is_not_pushed_to_itself),
		LEDGER_CASE(sync_that_read_before_a_removal_does_nothing),
		LEDGER_CASE(stop_after_removal_is_a_new_one),
	};
	return (CaseList){ cases, ARRAY_LEN(cases) };
}
