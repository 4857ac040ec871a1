#include "base/base.h"

#include "cases.h"

static void link_is_new_once_and_an_id_says_more_than_an_address(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "");
	assert_true(w_link(w, w->org, "c1", ann, LINKED_BY_ADDRESS));
	assert_false(w_link(w, w->org, "c1", ann, LINKED_BY_ID));
	Record rows[ROWS_MAX];
	w_records(w, ann, rows);
	assert_int_equal(rows[0].linked_by, LINKED_BY_ID);
	assert_false(w_link(w, w->org, "c1", ann, LINKED_BY_ADDRESS));
	w_records(w, ann, rows);
	assert_int_equal(rows[0].linked_by, LINKED_BY_ID);
	assert_int_equal(w_get(w, ann).record_count, 1);
	HistoryEntry entries[ROWS_MAX];
	assert_int_equal(w_history(w, ann, entries), 2);
	assert_int_equal(entries[0].kind, EVENT_LINKED);
}

static void new_record_of_an_unsubscribed_person_is_pushed(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "");
	int64_t bob = w_person(w, "bob@example.com", "");
	w_stop(w, ann, SOURCE_LINK, "");
	w_link(w, w->org, "c1", ann, LINKED_BY_ADDRESS);
	w_link(w, w->org, "c2", bob, LINKED_BY_ADDRESS);
	OutboxRow rows[4];
	assert_int_equal(w_claim(w, w->org, rows, 4), 1);
	assert_true(sfid_eq(&rows[0].sfid, &(SfId){ .text = "003000000000001AAA" }));
}

static void link_to_a_ticked_record_pushes_nothing(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "");
	w_stop(w, ann, SOURCE_LINK, "");
	const LinkWish wish = { .record = a_record(w->org, "c1"),
		.person_id = ann,
		.by = LINKED_BY_ADDRESS,
		.is_ticked = true,
		.now_ms = w->now_ms };
	bool is_new = false;
	w_begin(w);
	MUST(ledger_link(w->ledger, &wish, &is_new, &err));
	w_commit(w);
	assert_true(is_new);
	OutboxRow rows[4];
	assert_int_equal(w_claim(w, w->org, rows, 4), 0);
	assert_int_equal(w_get(w, ann).record_count, 1);
}

static void link_needs_a_known_person_and_org(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "");
	const LinkWish nobody = { a_record(w->org, "c1"), 77, LINKED_BY_ID, false, w->now_ms };
	const LinkWish nowhere = { a_record(99, "c1"), ann, LINKED_BY_ID, false, w->now_ms };
	bool is_new;
	w_begin(w);
	REFUSED(ERR_MISSING, ledger_link(w->ledger, &nobody, &is_new, &err));
	REFUSED(ERR_MISSING, ledger_link(w->ledger, &nowhere, &is_new, &err));
	w_commit(w);
	assert_int_equal(w_get(w, ann).record_count, 0);
}

static void delete_record(World *w, const char *name)
{
	const RecordRef ref = a_record(w->org, name);
	w_begin(w);
	MUST(ledger_record_deleted(w->ledger, &ref, w->now_ms, &err));
	w_commit(w);
}

static size_t scan_all(World *w, LinkRow *rows)
{
	const SfId start = { 0 };
	size_t count;
	MUST(ledger_scan_links(w->ledger, w->org, &start, 0, rows, ROWS_MAX, &count, &err));
	return count;
}

static void deleted_record_is_unlinked_from_everybody(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1 c2");
	int64_t bob = w_person(w, "bob@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "");
	delete_record(w, "c1");
	delete_record(w, "c1"); /* again: nothing */
	delete_record(w, "l9"); /* unknown: nothing */
	assert_int_equal(w_get(w, ann).record_count, 1);
	assert_int_equal(w_get(w, bob).record_count, 0);
	assert_int_equal(w_counts(w).without_record, 1);
	assert_int_equal(w_counts(w).outbox[OUTBOX_CANCELLED], 1);
	assert_int_equal(w_counts(w).outbox[OUTBOX_PENDING], 1);
	HistoryEntry entries[ROWS_MAX];
	assert_int_equal(w_history(w, bob, entries), 2);
	assert_int_equal(entries[0].kind, EVENT_UNLINKED);
	LinkRow links[ROWS_MAX];
	assert_int_equal(scan_all(w, links), 1);
	Record rows[ROWS_MAX];
	assert_int_equal(w_records(w, bob, rows), 1);
	assert_true(rows[0].deleted);
	/* A stop does not push to what is deleted. */
	assert_int_equal(w_stop(w, bob, SOURCE_LINK, "").pushes, 0);
}

static void undelete_links_everybody_again(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	int64_t bob = w_person(w, "bob@example.com", "c1");
	w_stop(w, bob, SOURCE_LINK, "");
	delete_record(w, "c1");
	assert_true(w_link(w, w->org, "c1", ann, LINKED_BY_ADDRESS));
	assert_int_equal(w_get(w, ann).record_count, 1);
	assert_int_equal(w_get(w, bob).record_count, 1);
	HistoryEntry entries[ROWS_MAX];
	w_history(w, bob, entries);
	assert_int_equal(entries[0].kind, EVENT_LINKED);
	/* Bob is unsubscribed: his record is pushed although Ann was the one who was linked. */
	assert_int_equal(w_counts(w).outbox[OUTBOX_PENDING], 1);
	LinkRow links[ROWS_MAX];
	assert_int_equal(scan_all(w, links), 2);
	w_verify_chains(w);
}

static void last_reading_of_a_record_is_kept(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	const RecordRef ref = a_record(w->org, "c1"), unknown = a_record(w->org, "c9");
	w_begin(w);
	MUST(ledger_record_seen(w->ledger, &ref, TICK_YES, 500, &err));
	MUST(ledger_record_seen(w->ledger, &ref, TICK_NO, 400, &err)); /* older */
	MUST(ledger_record_seen(w->ledger, &unknown, TICK_YES, 500, &err));
	w_commit(w);
	Record rows[ROWS_MAX];
	assert_int_equal(w_records(w, ann, rows), 1);
	assert_int_equal(rows[0].seen, TICK_YES);
	assert_int_equal(rows[0].seen_at_ms, 500);
	assert_false(rows[0].ticked_by_us);
}

static void links_are_scanned_in_order_of_record_and_person(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c3 c1 l1");
	int64_t bob = w_person(w, "bob@example.com", "c1 c2");
	w_link(w, w->org_b, "c1", ann, LINKED_BY_ID); /* of another org: left out */
	w_stop(w, bob, SOURCE_LINK, "");
	const int64_t want_people[] = { ann, bob, bob, ann, ann };
	SfId last = { 0 };
	int64_t last_person = 0;
	size_t seen = 0;
	for (size_t count = 2; count == 2;) {
		LinkRow rows[2];
		MUST(ledger_scan_links(
			w->ledger, w->org, &last, last_person, rows, 2, &count, &err));
		for (size_t i = 0; i < count; i++) {
			assert_true(seen < ARRAY_LEN(want_people));
			int order = sfid_cmp(&rows[i].sfid, &last);
			assert_true(order > 0 || (order == 0 && rows[i].person_id > last_person));
			assert_int_equal(rows[i].person_id, want_people[seen++]);
			assert_int_equal(rows[i].is_unsubscribed, rows[i].person_id == bob);
			last = rows[i].sfid;
			last_person = rows[i].person_id;
		}
	}
	assert_int_equal(seen, ARRAY_LEN(want_people));
}

CaseList link_cases(void)
{
	static const struct CMUnitTest cases[] = {
		LEDGER_CASE(link_is_new_once_and_an_id_says_more_than_an_address),
		LEDGER_CASE(new_record_of_an_unsubscribed_person_is_pushed),
		LEDGER_CASE(link_to_a_ticked_record_pushes_nothing),
		LEDGER_CASE(link_needs_a_known_person_and_org),
		LEDGER_CASE(deleted_record_is_unlinked_from_everybody),
		LEDGER_CASE(undelete_links_everybody_again),
		LEDGER_CASE(last_reading_of_a_record_is_kept),
		LEDGER_CASE(links_are_scanned_in_order_of_record_and_person),
	};
	return (CaseList){ cases, ARRAY_LEN(cases) };
}
