/* What an e-mail system asks: unsubscribes, check, links. */
#include "base/base.h"

#include "house.h"

/* --------------------------------------------------------- unsubscribes */

static void a_stop_by_address_or_by_person(void **state)
{
	House *house = *state;
	Str first = house_post(house, 200, "/api/v1/unsubscribes",
		"{\"address\":\" Ann@Example.com \",\"source\":\"api\"}");
	assert_member(house, first, "is_new", "true");
	assert_member(house, first, "pushes", "0");
	const char *id = house_member(house, first, "person_id");
	Str second = house_post(house, 200, "/api/v1/unsubscribes",
		house_printf(house,
			"{\"person_id\":%s,\"source\":\"bounce\",\"details\":\"550 gone\"}", id));
	assert_member(house, second, "is_new", "false");
	assert_member(house, second, "person_id", id);
	HistoryEntry entry = house_newest(house, "ann@example.com");
	assert_int_equal(entry.kind, EVENT_STOP_REPEATED);
	assert_int_equal(entry.source, SOURCE_BOUNCE);
	assert_str(entry.details, "550 gone");
}

static void a_stop_of_a_linked_person_is_pushed_at_once(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	(void)house_post(house, 200, "/api/v1/people/import",
		"email,contact_id,lead_id\nann@example.com,003000000000001,00Q000000000001\n");
	Str answer = house_post(
		house, 200, "/api/v1/unsubscribes", "{\"address\":\"ann@example.com\"}");
	assert_member(house, answer, "pushes", "2");
	assert_int_equal(house->push_wakes, 1);
}

static void wrong_stops_are_refused_and_change_nothing(void **state)
{
	House *house = *state;
	static const char *const bodies[] = { "", "{", "[]", "{}", "{\"address\":\"nobody\"}",
		"{\"address\":7}", "{\"address\":\"a@example.com\",\"person_id\":1}",
		"{\"address\":\"a@example.com\",\"source\":\"one-click\"}",
		"{\"address\":\"a@example.com\",\"source\":\"salesforce-sync\"}",
		"{\"address\":\"a@example.com\",\"source\":\"webhook:x\"}",
		"{\"address\":\"a@example.com\",\"reason\":7}",
		"{\"address\":\"a@example.com\",\"address\":\"b@example.com\"}" };
	Footprint before = house_footprint(house);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		(void)house_post(house, 400, "/api/v1/unsubscribes", bodies[i]);
	(void)house_post(house, 404, "/api/v1/unsubscribes", "{\"person_id\":77}");
	(void)house_post(house, 404, "/api/v1/unsubscribes", "{\"person_id\":0}");
	(void)house_post(house, 404, "/api/v1/unsubscribes", "{\"person_id\":-1}");
	Footprint after = house_footprint(house);
	assert_memory_equal(&before, &after, sizeof before);
}

static void too_long_a_reason_is_refused(void **state)
{
	House *house = *state;
	char reason[1026];
	memset(reason, 'x', sizeof reason - 1);
	reason[sizeof reason - 1] = '\0';
	assert_has(house_post(house, 400, "/api/v1/unsubscribes",
			   house_printf(house, "{\"address\":\"a@example.com\",\"reason\":\"%s\"}",
				   reason)),
		"1024");
}

/* ---------------------------------------------------------------- check */

static void check_tells_the_four_states(void **state)
{
	House *house = *state;
	(void)house_post(house, 200, "/api/v1/people/import", "email\nfree@example.com\n");
	(void)house_post(house, 200, "/api/v1/unsubscribes",
		"{\"address\":\"gone@example.com\",\"reason\":\"no more\"}");
	Str answer = house_post(house, 200, "/api/v1/check",
		"{\"addresses\":[\"Free@example.com\",\"GONE@Example.com\","
		"\"new@example.com\",\"nobody\",\"\",null,7]}");
	assert_member(house, answer, "results.0.state", "mailable");
	assert_member(house, answer, "results.0.may_mail", "true");
	assert_member(house, answer, "results.1.state", "unsubscribed");
	assert_member(house, answer, "results.1.may_mail", "false");
	assert_member(house, answer, "results.1.since", "2026-01-02T03:04:05.000Z");
	assert_member(house, answer, "results.1.source", "manual");
	assert_member(house, answer, "results.1.reason", "no more");
	assert_member(house, answer, "results.1.address", "GONE@Example.com");
	assert_member(house, answer, "results.2.state", "unknown");
	assert_member(house, answer, "results.2.may_mail", "true");
	assert_member(house, answer, "results.2.since", "null");
	for (int i = 3; i < 7; i++) {
		assert_member(house, answer, house_printf(house, "results.%d.state", i), "invalid");
		assert_member(
			house, answer, house_printf(house, "results.%d.may_mail", i), "false");
	}
}

static void check_of_one_goes_by_query(void **state)
{
	House *house = *state;
	Str answer = house_get(house, 200, "/api/v1/check?address=ann%2Bnews%40example.com");
	assert_member(house, answer, "results.0.address", "ann+news@example.com");
	assert_member(house, answer, "results.0.may_mail", "true");
	assert_member(house, house_get(house, 200, "/api/v1/check?address="), "results.0.may_mail",
		"false");
	assert_has(house_get(house, 400, "/api/v1/check"), "someone%40example.com");
}

static void check_changes_nothing(void **state)
{
	House *house = *state;
	Footprint before = house_footprint(house);
	(void)house_get(house, 200, "/api/v1/check?address=new%40example.com");
	(void)house_post(house, 200, "/api/v1/check", "{\"addresses\":[\"new@example.com\"]}");
	Footprint after = house_footprint(house);
	assert_memory_equal(&before, &after, sizeof before);
}

static const char *many(House *house, int count)
{
	CLEANUP(buf_fini) Buf body = BUF_MAX(4 * 1024 * 1024);
	buf_put_z(&body, "{\"addresses\":[");
	for (int i = 0; i < count; i++)
		buf_printf(&body, "%s\"a%d@example.com\"", i ? "," : "", i);
	buf_put_z(&body, "]}");
	return arena_z(&house->arena, buf_str(&body));
}

static void ten_thousand_at_once_and_no_more(void **state)
{
	House *house = *state;
	Str answer = house_post(house, 200, "/api/v1/check", many(house, 10000));
	assert_member(house, answer, "results.9999.may_mail", "true");
	assert_has(house_post(house, 400, "/api/v1/check", many(house, 10001)), "10000");
	(void)house_post(house, 400, "/api/v1/check", "{\"addresses\":\"a@example.com\"}");
	(void)house_post(house, 400, "/api/v1/check", "7");
	assert_member(house, house_post(house, 200, "/api/v1/check", "{\"addresses\":[]}"),
		"results", "[]");
}

/* ---------------------------------------------------------------- links */

static void links_need_the_public_address_first(void **state)
{
	House *house = *state;
	assert_has(house_post(house, 409, "/api/v1/links", "{\"addresses\":[\"a@example.com\"]}"),
		"public.url");
}

static void a_link_that_was_made_is_honoured(void **state)
{
	House *house = *state;
	(void)house_patch(
		house, 200, "/api/v1/settings", "{\"public.url\":\"https://mail.example.com\"}");
	Str answer = house_post(
		house, 200, "/api/v1/links", "{\"addresses\":[\"Ann@example.com\",\"nobody\"]}");
	const char *url = house_member(house, answer, "links.0.url");
	assert_true(str_starts(str_from(url), STR("https://mail.example.com/u/")));
	assert_member(house, answer, "links.0.headers.List-Unsubscribe",
		house_printf(house, "<%s>", url));
	assert_member(house, answer, "links.0.headers.List-Unsubscribe-Post",
		"List-Unsubscribe=One-Click");
	assert_member(house, answer, "links.1.url", "null");
	assert_true(strlen(house_member(house, answer, "links.1.error")) > 0);
	Answer click = house_ask(house,
		&(Ask){ .method = "POST",
			.path = url + strlen("https://mail.example.com"),
			.listener = LISTENER_RECIPIENTS,
			.body = "List-Unsubscribe=One-Click" });
	assert_int_equal(click.status, 200);
	assert_int_equal(house_person(house, "ann@example.com").source, SOURCE_ONE_CLICK);
}

static void making_a_link_makes_no_person(void **state)
{
	House *house = *state;
	(void)house_patch(
		house, 200, "/api/v1/settings", "{\"public.url\":\"https://mail.example.com\"}");
	(void)house_post(house, 200, "/api/v1/links", "{\"addresses\":[\"ann@example.com\"]}");
	assert_int_equal(house_footprint(house).counts.people, 0);
}

static void without_a_minting_key_links_are_refused(void **state)
{
	House *house = *state;
	(void)house_patch(
		house, 200, "/api/v1/settings", "{\"public.url\":\"https://mail.example.com\"}");
	for (size_t i = 0; i < house->keyring.link_count; i++)
		house->keyring.links[i].retired = true;
	(void)house_post(house, 409, "/api/v1/links", "{\"addresses\":[\"ann@example.com\"]}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, house_setup, house_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stop_by_address_or_by_person),
		TEST(a_stop_of_a_linked_person_is_pushed_at_once),
		TEST(wrong_stops_are_refused_and_change_nothing),
		TEST(too_long_a_reason_is_refused),
		TEST(check_tells_the_four_states),
		TEST(check_of_one_goes_by_query),
		TEST(check_changes_nothing),
		TEST(ten_thousand_at_once_and_no_more),
		TEST(links_need_the_public_address_first),
		TEST(a_link_that_was_made_is_honoured),
		TEST(making_a_link_makes_no_person),
		TEST(without_a_minting_key_links_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
