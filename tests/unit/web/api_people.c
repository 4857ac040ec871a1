#include "base/base.h"

#include "house.h"

static void people_come_in_pages_in_order(void **state)
{
	House *house = *state;
	(void)house_post(house, 200, "/api/v1/people/import",
		"email\na@example.com\nb@example.com\nc@example.com\n");
	Str first = house_get(house, 200, "/api/v1/people?limit=2");
	assert_member(house, first, "people.0.address", "a@example.com");
	assert_member(house, first, "people.1.address", "b@example.com");
	const char *next = house_member(house, first, "next");
	assert_string_equal(next, house_member(house, first, "people.1.person_id"));
	Str second = house_get(
		house, 200, house_printf(house, "/api/v1/people?limit=2&after=%s", next));
	assert_member(house, second, "people.0.address", "c@example.com");
	assert_member(house, second, "next", "null");
}

static void filters_choose(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	(void)house_post(house, 200, "/api/v1/people/import",
		"email,contact_id\na@example.com,003000000000001\nb@example.com,\n");
	(void)house_post(house, 200, "/api/v1/unsubscribes", "{\"address\":\"a@example.com\"}");
	Str all = house_get(house, 200, "/api/v1/people?filter=all");
	Str stopped = house_get(house, 200, "/api/v1/people?filter=unsubscribed");
	Str loose = house_get(house, 200, "/api/v1/people?filter=without-record");
	assert_member(house, all, "people.1.address", "b@example.com");
	assert_member(house, stopped, "people.0.address", "a@example.com");
	assert_has_not(stopped, "b@example.com");
	assert_member(house, loose, "people.0.address", "b@example.com");
	assert_has_not(loose, "a@example.com");
}

static void wrong_queries_are_refused_by_name(void **state)
{
	House *house = *state;
	assert_has(house_get(house, 400, "/api/v1/people?filter=some"), "without-record");
	assert_has(house_get(house, 400, "/api/v1/people?limit=0"), "limit");
	assert_has(house_get(house, 400, "/api/v1/people?limit=1001"), "limit");
	assert_has(house_get(house, 400, "/api/v1/people?after=-1"), "after");
	(void)house_get(house, 404, "/api/v1/people/12");
	(void)house_get(house, 404, "/api/v1/people/0");
	(void)house_get(house, 404, "/api/v1/people/x");
	(void)house_get(house, 404, "/api/v1/people/by-address/a%40example.com");
	(void)house_get(house, 400, "/api/v1/people/by-address/nobody");
}

static void a_person_has_records_and_history(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	(void)house_post(house, 200, "/api/v1/people/import",
		"email,first_name,contact_id\nAnn@Example.com,Ann,003000000000001\n");
	(void)house_post(house, 200, "/api/v1/unsubscribes",
		"{\"address\":\"ann@example.com\",\"reason\":\"asked "
		"on the phone\",\"evidence\":\"call 17\"}");
	Str person = house_get(house, 200, "/api/v1/people/by-address/ANN%40example.com");
	assert_member(house, person, "address", "ann@example.com");
	assert_member(house, person, "first_name", "Ann");
	assert_member(house, person, "unsubscribed", "true");
	assert_member(house, person, "unsubscribed_at", "2026-01-02T03:04:05.000Z");
	assert_member(house, person, "source", "manual");
	assert_member(house, person, "reason", "asked on the phone");
	assert_member(house, person, "record_count", "1");
	assert_member(house, person, "records.0.record_id", "003000000000001AAA");
	assert_member(house, person, "records.0.org_id", HOUSE_ORG);
	assert_member(house, person, "records.0.object", "Contact");
	assert_member(house, person, "records.0.linked_by", "id");
	assert_member(house, person, "records.0.seen", "unknown");
	assert_member(house, person, "history.0.source", "manual");
	assert_member(house, person, "history.0.actor", "local admin");
	assert_member(house, person, "history.0.evidence", "call 17");
	assert_member(
		house, person, "last_event_id", house_member(house, person, "history.0.event_id"));
	Str same = house_get(house, 200,
		house_printf(house, "/api/v1/people/%s", house_member(house, person, "person_id")));
	assert_true(str_eq(person, same));
}

/* -------------------------------------------------------------- removal */

static const char *removal(House *house, const char *seen)
{
	return house_printf(house, "{\"reason\":\"wants mail again\",\"seen_event_id\":%s}", seen);
}

static const char *removal_path(House *house, Str person)
{
	return house_printf(house, "/api/v1/people/%s/remove-unsubscribe",
		house_member(house, person, "person_id"));
}

static void an_admin_removes_with_a_reason(void **state)
{
	House *house = *state;
	(void)house_post(house, 200, "/api/v1/unsubscribes", "{\"address\":\"ann@example.com\"}");
	Str person = house_get(house, 200, "/api/v1/people/by-address/ann%40example.com");
	const char *path = removal_path(house, person);
	const char *seen = house_member(house, person, "last_event_id");
	assert_has(house_post(house, 400, path,
			   house_printf(house, "{\"reason\":\" \",\"seen_event_id\":%s}", seen)),
		"reason");
	assert_has(house_post(house, 400, path, "{\"reason\":\"x\"}"), "seen_event_id");
	Str answer = house_post(house, 200, path, removal(house, seen));
	assert_member(house, answer, "waiting", "false");
	assert_member(house, answer, "cancelled", "0");
	assert_int_equal(house_person(house, "ann@example.com").unsubscribed_at_ms, 0);
	HistoryEntry entry = house_newest(house, "ann@example.com");
	assert_int_equal(entry.kind, EVENT_REMOVED);
	assert_str(entry.reason, "wants mail again");
	assert_str(entry.actor, "local admin");
}

static bool claim_push(void *ctx, Store *store, Err *err)
{
	int64_t *now_ms = ctx;
	OutboxRow row;
	size_t count;
	OrgRow org;
	Ledger *ledger = store_ledger(store);
	return ledger_org_list(ledger, &org, 1, &count, err)
		&& ledger_outbox_claim(ledger, org.org, STR("test"), *now_ms, &row, 1, &count, err);
}

static void a_removal_that_waits_wakes_the_push_that_completes_it(void **state)
{
	House *house = *state;
	Err err;
	int64_t now_ms = HOUSE_START;
	house_connect_org(house, HOUSE_ORG);
	(void)house_post(house, 200, "/api/v1/people/import",
		"email,contact_id\nann@example.com,003000000000001\n");
	(void)house_post(house, 200, "/api/v1/unsubscribes", "{\"address\":\"ann@example.com\"}");
	assert_true(writer_call(house->writer, claim_push, &now_ms, &err));
	Str person = house_get(house, 200, "/api/v1/people/by-address/ann%40example.com");
	int wakes = house->push_wakes;
	Str answer = house_post(house, 200, removal_path(house, person),
		removal(house, house_member(house, person, "last_event_id")));
	assert_member(house, answer, "waiting", "true");
	assert_int_equal(house->push_wakes, wakes + 1);
}

static void a_removal_that_did_not_see_the_last_stop_is_refused(void **state)
{
	House *house = *state;
	(void)house_post(house, 200, "/api/v1/unsubscribes", "{\"address\":\"ann@example.com\"}");
	Str person = house_get(house, 200, "/api/v1/people/by-address/ann%40example.com");
	fake_clock_advance(&house->clock, 2 * 3600 * 1000);
	(void)house_post(house, 200, "/api/v1/unsubscribes",
		"{\"address\":\"ann@example.com\",\"source\":\"complaint\"}");
	const char *seen = house_member(house, person, "last_event_id");
	(void)house_post(house, 409, removal_path(house, person), removal(house, seen));
	assert_true(house_person(house, "ann@example.com").unsubscribed_at_ms > 0);
}

static void a_removal_that_did_not_see_an_equal_stop_is_refused(void **state)
{
	House *house = *state;
	(void)house_post(house, 200, "/api/v1/unsubscribes", "{\"address\":\"ann@example.com\"}");
	Str person = house_get(house, 200, "/api/v1/people/by-address/ann%40example.com");
	(void)house_post(house, 200, "/api/v1/unsubscribes", "{\"address\":\"ann@example.com\"}");
	const char *wish = house_printf(house,
		"{\"reason\":\"wants mail again\",\"seen_event_id\":%s,\"seen_stop_count\":%s}",
		house_member(house, person, "last_event_id"),
		house_member(house, person, "stop_count"));
	(void)house_post(house, 409, removal_path(house, person), wish);
	assert_true(house_person(house, "ann@example.com").unsubscribed_at_ms > 0);
}

static void removing_nothing_is_missing(void **state)
{
	House *house = *state;
	(void)house_post(house, 200, "/api/v1/people/import", "email\nann@example.com\n");
	Str person = house_get(house, 200, "/api/v1/people/by-address/ann%40example.com");
	(void)house_post(house, 404, removal_path(house, person), removal(house, "1"));
	(void)house_post(house, 404, "/api/v1/people/999/remove-unsubscribe", removal(house, "1"));
	(void)house_post(house, 400, removal_path(house, person), "{");
	(void)house_post(house, 400, removal_path(house, person), "[]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, house_setup, house_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(people_come_in_pages_in_order),
		TEST(filters_choose),
		TEST(wrong_queries_are_refused_by_name),
		TEST(a_person_has_records_and_history),
		TEST(an_admin_removes_with_a_reason),
		TEST(a_removal_that_waits_wakes_the_push_that_completes_it),
		TEST(a_removal_that_did_not_see_the_last_stop_is_refused),
		TEST(a_removal_that_did_not_see_an_equal_stop_is_refused),
		TEST(removing_nothing_is_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
