#include "base/base.h"

#include "cases.h"

static void same_org_id_gives_same_key(void **state)
{
	World *w = *state;
	SfId org_id;
	MUST(sfid_parse(STR("00D000000000001"), &org_id, &err));
	int64_t again;
	w_begin(w);
	MUST(ledger_org_put(w->ledger, &org_id, w->now_ms, &again, &err));
	w_commit(w);
	assert_int_equal(again, w->org);
	OrgRow rows[4];
	size_t count;
	MUST(ledger_org_list(w->ledger, rows, 4, &count, &err));
	assert_int_equal(count, 2);
	assert_int_equal(rows[0].org, w->org);
	assert_true(sfid_eq(&rows[0].org_id, &org_id));
	assert_int_equal(rows[1].org, w->org_b);
}

static void new_address_becomes_person_with_one_entry(void **state)
{
	World *w = *state;
	PersonPutOutcome out = w_put(w, "ann@example.com", "c1 l1");
	assert_true(out.is_new);
	assert_false(out.is_unsubscribed);
	assert_int_equal(out.linked, 2);
	assert_int_equal(out.pushes, 0);
	Person person = w_get(w, out.person_id);
	assert_str_equal(person.address, STR("ann@example.com"));
	assert_int_equal(person.created_at_ms, START_MS);
	assert_int_equal(person.unsubscribed_at_ms, 0);
	assert_int_equal(person.record_count, 2);
	HistoryEntry entries[ROWS_MAX];
	assert_int_equal(w_history(w, out.person_id, entries), 1);
	assert_int_equal(entries[0].kind, EVENT_ADDED);
	assert_int_equal(entries[0].source, SOURCE_IMPORT);
	assert_int_equal(entries[0].event_id, person.last_event_id);
	assert_str_equal(entries[0].actor, STR("importer"));
	assert_true(str_find(entries[0].details, STR("Contact 003000000000001")) >= 0);
	assert_true(str_find(entries[0].details, STR("Lead 00Q000000000001")) >= 0);
}

static PersonPut names_put(const World *w, const char *first, const char *last)
{
	return (PersonPut){
		.address = an_address("ann@example.com"),
		.first_name = str_from(first),
		.last_name = str_from(last),
		.source = SOURCE_IMPORT,
		.now_ms = w->now_ms,
	};
}

static void empty_names_leave_what_is_there(void **state)
{
	World *w = *state;
	const PersonPut puts[] = { names_put(w, "Ann", "Lee"), names_put(w, "", "Li"),
		names_put(w, "", "") };
	PersonPutOutcome out;
	w_begin(w);
	for (size_t i = 0; i < ARRAY_LEN(puts); i++)
		MUST(ledger_person_put(w->ledger, &puts[i], &out, &err));
	w_commit(w);
	assert_false(out.is_new);
	Person person = w_get(w, out.person_id);
	assert_str_equal(person.first_name, STR("Ann"));
	assert_str_equal(person.last_name, STR("Li"));
	HistoryEntry entries[ROWS_MAX];
	assert_int_equal(w_history(w, out.person_id, entries), 1);
}

static void case_makes_no_second_person(void **state)
{
	World *w = *state;
	int64_t person_id = w_person(w, "Ann@Example.COM", "");
	assert_int_equal(w_person(w, "ann@example.com", ""), person_id);
	assert_int_not_equal(w_person(w, "ann+news@example.com", ""), person_id);
	assert_int_equal(w_counts(w).people, 2);
}

static void record_named_twice_is_linked_once(void **state)
{
	World *w = *state;
	PersonPutOutcome out = w_put(w, "ann@example.com", "c1 c1 c1");
	assert_int_equal(out.linked, 1);
	assert_int_equal(w_get(w, out.person_id).record_count, 1);
	out = w_put(w, "ann@example.com", "c1 c2");
	assert_int_equal(out.linked, 1);
	assert_int_equal(w_get(w, out.person_id).record_count, 2);
	HistoryEntry entries[ROWS_MAX];
	assert_int_equal(w_history(w, out.person_id, entries), 2);
	assert_int_equal(entries[0].kind, EVENT_LINKED);
}

static void records_and_people_are_many_to_many(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1 c2");
	int64_t bob = w_person(w, "bob@example.com", "c1");
	assert_true(w_link(w, w->org_b, "c1", ann, LINKED_BY_ADDRESS));
	Record rows[ROWS_MAX];
	assert_int_equal(w_records(w, ann, rows), 3);
	assert_int_equal(rows[0].org, w->org);
	assert_int_equal(rows[0].linked_by, LINKED_BY_ID);
	assert_int_equal(rows[0].object, SF_CONTACT);
	assert_int_equal(rows[0].seen, TICK_UNKNOWN);
	assert_int_equal(rows[2].org, w->org_b);
	assert_int_equal(rows[2].linked_by, LINKED_BY_ADDRESS);
	assert_int_equal(w_records(w, bob, rows), 1);
	assert_true(sfid_eq(&rows[0].sfid, &(SfId){ .text = "003000000000001AAA" }));
}

static void put_with_unknown_org_changes_nothing(void **state)
{
	World *w = *state;
	const RecordRef refs[] = { a_record(w->org, "c1"), a_record(99, "c2") };
	PersonPut put = names_put(w, "Ann", "Lee");
	put.records = refs;
	put.record_count = 2;
	PersonPutOutcome out;
	w_begin(w);
	REFUSED(ERR_MISSING, ledger_person_put(w->ledger, &put, &out, &err));
	w_commit(w);
	assert_int_equal(w_counts(w).people, 0);
}

static void too_long_texts_are_refused(void **state)
{
	World *w = *state;
	char name[LEDGER_NAME_BYTES_MAX + 2];
	memset(name, 'x', sizeof name);
	name[sizeof name - 1] = '\0';
	const PersonPut put = names_put(w, name, "Lee");
	PersonPutOutcome out;
	w_begin(w);
	REFUSED(ERR_INPUT, ledger_person_put(w->ledger, &put, &out, &err));
	w_commit(w);
	assert_int_equal(w_counts(w).people, 0);
}

static void import_never_lifts_a_stop_and_pushes_new_records(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "");
	PersonPutOutcome out = w_put(w, "ann@example.com", "c1 l1");
	assert_true(out.is_unsubscribed);
	assert_int_equal(out.linked, 1);
	assert_int_equal(out.pushes, 1);
	assert_int_equal(w_counts(w).outbox[OUTBOX_PENDING], 2);
	assert_int_equal(w_counts(w).unsubscribed, 1);
}

static void unknown_people_are_missing(void **state)
{
	World *w = *state;
	Person person;
	const AddressHash hash = { .bytes = { 1, 2, 3 } };
	HistoryEntry entry;
	size_t count;
	REFUSED(ERR_MISSING, ledger_person_by_id(w->ledger, 1, &w->arena, &person, &err));
	REFUSED(ERR_MISSING, ledger_person_by_hash(w->ledger, &hash, &w->arena, &person, &err));
	REFUSED(ERR_MISSING, ledger_history(w->ledger, 1, 0, &w->arena, &entry, 1, &count, &err));
}

static void people_are_found_by_hash(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "");
	const Address address = an_address("ANN@example.com");
	AddressHash hash = address_hash(&w->keyring.hash, &address);
	Person person;
	MUST(ledger_person_by_hash(w->ledger, &hash, &w->arena, &person, &err));
	assert_int_equal(person.person_id, ann);
	assert_int_equal(address_hash_cmp(&person.hash, &hash), 0);
}

static size_t list(World *w, PersonFilter filter, int64_t after_id, size_t max, int64_t *out_ids)
{
	Person rows[ROWS_MAX];
	size_t count;
	MUST(ledger_person_list(w->ledger, filter, after_id, &w->arena, rows, max, &count, &err));
	for (size_t i = 0; i < count; i++)
		out_ids[i] = rows[i].person_id;
	return count;
}

static void lists_filter_and_page(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	int64_t bob = w_person(w, "bob@example.com", "");
	int64_t cat = w_person(w, "cat@example.com", "");
	w_stop(w, ann, SOURCE_LINK, "");
	w_stop(w, cat, SOURCE_LINK, "");
	int64_t ids[ROWS_MAX];
	assert_int_equal(list(w, PERSONS_ALL, 0, 2, ids), 2);
	assert_int_equal(ids[0], ann);
	assert_int_equal(ids[1], bob);
	assert_int_equal(list(w, PERSONS_ALL, ids[1], 2, ids), 1);
	assert_int_equal(ids[0], cat);
	assert_int_equal(list(w, PERSONS_UNSUBSCRIBED, 0, 9, ids), 2);
	assert_int_equal(ids[1], cat);
	assert_int_equal(list(w, PERSONS_UNSUBSCRIBED, ann, 9, ids), 1);
	assert_int_equal(list(w, PERSONS_WITHOUT_RECORD, 0, 9, ids), 2);
	assert_int_equal(ids[0], bob);
}

static void counts_say_who_lacks_a_record(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	int64_t bob = w_person(w, "bob@example.com", "");
	w_person(w, "cat@example.com", "");
	w_stop(w, ann, SOURCE_LINK, "");
	w_stop(w, bob, SOURCE_LINK, "");
	LedgerCounts counts = w_counts(w);
	assert_int_equal(counts.people, 3);
	assert_int_equal(counts.unsubscribed, 2);
	assert_int_equal(counts.without_record, 2);
	assert_int_equal(counts.unsubscribed_without_record, 1);
	w_link(w, w->org, "l9", bob, LINKED_BY_ADDRESS);
	assert_int_equal(w_counts(w).unsubscribed_without_record, 0);
}

static void hashes_are_scanned_in_order(void **state)
{
	World *w = *state;
	for (int i = 0; i < 40; i++) {
		char address[32];
		snprintf(address, sizeof address, "p%d@example.com", i);
		int64_t person_id = w_person(w, address, "");
		if (i % 4 == 0)
			w_stop(w, person_id, SOURCE_LINK, "");
	}
	HashRow rows[7];
	AddressHash last = { 0 };
	size_t seen = 0, unsubscribed = 0;
	for (size_t count = 7; count == 7;) {
		MUST(ledger_scan_hashes(w->ledger, seen ? &last : NULL, rows, 7, &count, &err));
		for (size_t i = 0; i < count; i++) {
			assert_true(address_hash_cmp(&rows[i].hash, &last) > 0);
			last = rows[i].hash;
			unsubscribed += rows[i].is_unsubscribed;
			seen++;
		}
	}
	assert_int_equal(seen, 40);
	assert_int_equal(unsubscribed, 10);
}

static void rolled_back_transaction_leaves_nothing(void **state)
{
	World *w = *state;
	w_person(w, "ann@example.com", "c1");
	const PersonPut put = {
		.address = an_address("bob@example.com"), .source = SOURCE_IMPORT, .now_ms = 5
	};
	PersonPutOutcome first, second;
	w_begin(w);
	MUST(ledger_person_put(w->ledger, &put, &first, &err));
	store_rollback(w->store);
	assert_int_equal(w_counts(w).people, 1);
	w_begin(w);
	MUST(ledger_person_put(w->ledger, &put, &second, &err));
	w_commit(w);
	assert_true(second.is_new);
	HistoryEntry entries[ROWS_MAX];
	assert_int_equal(w_history(w, second.person_id, entries), 1);
	w_verify_chains(w);
}

static void savepoints_undo_their_part_alone(void **state)
{
	World *w = *state;
	const char *addresses[] = { "ann@example.com", "bob@example.com", "cat@example.com" };
	PersonPutOutcome out;
	w_begin(w);
	for (size_t i = 0; i < 3; i++) {
		const PersonPut put = {
			.address = an_address(addresses[i]), .source = SOURCE_IMPORT, .now_ms = 5
		};
		MUST(store_savepoint(w->store, &err));
		MUST(ledger_person_put(w->ledger, &put, &out, &err));
		if (i == 1)
			store_savepoint_rollback(w->store);
		else
			MUST(store_savepoint_release(w->store, &err));
	}
	w_commit(w);
	assert_int_equal(w_counts(w).people, 2);
	Person rows[4];
	size_t count;
	MUST(ledger_person_list(w->ledger, PERSONS_ALL, 0, &w->arena, rows, 4, &count, &err));
	assert_str_equal(rows[1].address, STR("cat@example.com"));
	w_verify_chains(w);
}

CaseList people_cases(void)
{
	static const struct CMUnitTest cases[] = {
		LEDGER_CASE(same_org_id_gives_same_key),
		LEDGER_CASE(new_address_becomes_person_with_one_entry),
		LEDGER_CASE(empty_names_leave_what_is_there),
		LEDGER_CASE(case_makes_no_second_person),
		LEDGER_CASE(record_named_twice_is_linked_once),
		LEDGER_CASE(records_and_people_are_many_to_many),
		LEDGER_CASE(put_with_unknown_org_changes_nothing),
		LEDGER_CASE(too_long_texts_are_refused),
		LEDGER_CASE(import_never_lifts_a_stop_and_pushes_new_records),
		LEDGER_CASE(unknown_people_are_missing),
		LEDGER_CASE(people_are_found_by_hash),
		LEDGER_CASE(lists_filter_and_page),
		LEDGER_CASE(counts_say_who_lacks_a_record),
		LEDGER_CASE(hashes_are_scanned_in_order),
		LEDGER_CASE(rolled_back_transaction_leaves_nothing),
		LEDGER_CASE(savepoints_undo_their_part_alone),
	};
	return (CaseList){ cases, ARRAY_LEN(cases) };
}
