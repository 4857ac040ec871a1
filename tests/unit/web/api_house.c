/* What an operator looks at: orgs, diagnostics, status, health, metrics. */
#include "base/base.h"

#include "house.h"

/* ------------------------------------------------------------------ org */

static void orgs_are_listed_without_their_secrets(void **state)
{
	House *house = *state;
	assert_member(house, house_get(house, 200, "/api/v1/org"), "orgs", "[]");
	house_connect_org(house, HOUSE_ORG);
	Str answer = house_get(house, 200, "/api/v1/org");
	assert_member(house, answer, "orgs.0.org_id", HOUSE_ORG);
	assert_member(house, answer, "orgs.0.grant", "client_credentials");
	assert_member(house, answer, "orgs.0.is_sandbox", "false");
	assert_has_not(answer, "very secret");
}

#define LOGIN  "{\"login_url\":\"https://a.example\","
#define CLIENT "\"grant\":\"client_credentials\","
#define JWT    "\"grant\":\"jwt_bearer\","

static void a_wish_to_connect_is_handed_on(void **state)
{
	House *house = *state;
	static const struct {
		const char *json, *wish;
	} cases[] = {
		{ LOGIN CLIENT "\"client_id\":\"c\",\"client_secret\":\"s\"}",
			"https://a.example|1|c|s|" },
		{ LOGIN JWT "\"client_id\":\"c\",\"private_key\":\"k\","
			    "\"username\":\"u@a.example\",\"api_version\":\"64.0\"}",
			"https://a.example|2|c|k|u@a.example" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		Answer answer = house_ask(house,
			&(Ask){ .method = "POST", .path = "/api/v1/org", .body = cases[i].json });
		assert_int_equal(answer.status, 200);
		assert_str(http_reply_get(&answer.reply, STR("X-Wish")), cases[i].wish);
	}
}

static void incomplete_wishes_name_the_member(void **state)
{
	House *house = *state;
	static const struct {
		const char *json, *member;
	} cases[] = {
		{ "{}", "login_url" },
		{ "{\"login_url\":\"a.example\",\"grant\":\"jwt_bearer\",\"client_id\":\"c\"}",
			"login_url" },
		{ LOGIN "\"client_id\":\"c\"}", "grant" },
		{ LOGIN "\"grant\":\"password\",\"client_id\":\"c\"}", "grant" },
		{ LOGIN "\"grant\":\"jwt_bearer\"}", "client_id" },
		{ LOGIN JWT "\"client_id\":\"c\",\"private_key\":\"k\"}", "username" },
		{ LOGIN CLIENT "\"client_id\":\"c\"}", "client_secret" },
		{ LOGIN CLIENT "\"client_id\":\"c\","
			       "\"client_secret\":\"s\",\"api_version\":\"new\"}",
			"api_version" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_has(house_post(house, 400, "/api/v1/org", cases[i].json), cases[i].member);
}

static void status_of_an_org_is_asked_of_app(void **state)
{
	House *house = *state;
	Answer answer = house_ask(
		house, &(Ask){ .method = "GET", .path = "/api/v1/org/status?org=00D000000000001" });
	assert_int_equal(answer.status, 200);
	assert_str(http_reply_get(&answer.reply, STR("X-Org")), HOUSE_ORG);
	(void)house_get(house, 400, "/api/v1/org/status?org=1");
}

/* ----------------------------------------------------------- diagnostics */

static bool refuse_push(void *ctx, Store *store, Err *err)
{
	OutboxRow row;
	size_t count;
	OrgRow org;
	int64_t *now_ms = ctx;
	Ledger *ledger = store_ledger(store);
	if (!ledger_org_list(ledger, &org, 1, &count, err)
		|| !ledger_outbox_claim(
			ledger, org.org, STR("test"), *now_ms, &row, 1, &count, err))
		return false;
	Settle settle = { .outbox_id = row.outbox_id,
		.state = OUTBOX_DEAD,
		.due_at_ms = *now_ms + 1000,
		.error_code = STR("INSUFFICIENT_ACCESS_OR_READONLY"),
		.error_text = STR("field is hidden") };
	return ledger_outbox_settle(ledger, &settle, 1, *now_ms, err);
}

static void refused_pushes_are_listed_with_the_reason(void **state)
{
	House *house = *state;
	Err err;
	int64_t now_ms = HOUSE_START;
	house_connect_org(house, HOUSE_ORG);
	(void)house_post(house, 200, "/api/v1/people/import",
		"email,contact_id,lead_id\na@example.com,003000000000001,00Q000000000001\n");
	(void)house_post(house, 200, "/api/v1/unsubscribes", "{\"address\":\"a@example.com\"}");
	assert_true(writer_call(house->writer, refuse_push, &now_ms, &err));
	fake_clock_advance(&house->clock, 90 * 1000);
	Str answer = house_get(house, 200, "/api/v1/diagnostics");
	assert_member(house, answer, "rows_cut", "false");
	assert_has(answer,
		"\"error_code\":\"INSUFFICIENT_ACCESS_OR_READONLY\","
		"\"error_text\":\"field is hidden\"");
	assert_has(answer, "\"advice\":\"make the field visible\"");
	assert_has(answer, "\"error_code\":null,\"error_text\":null,\"advice\":null");
	assert_member(house, answer, "rows.0.age_ms", "90000");
	assert_member(house, answer, "rows.0.org_id", HOUSE_ORG);
	assert_member(
		house, house_get(house, 200, "/api/v1/diagnostics?limit=1"), "rows_cut", "true");
	Str metrics = house_get(house, 200, "/metrics");
	assert_has(metrics, "optout_outbox_rows{state=\"dead\"} 1");
	assert_has(metrics, "optout_outbox_oldest_milliseconds 90000");
	Str status = house_get(house, 200, "/api/v1/status");
	assert_member(house, status, "version", "1.2.3");
	assert_member(house, status, "people.unsubscribed", "1");
	assert_member(house, status,
		house_printf(house, "outbox.%s", outbox_state_name(OUTBOX_DEAD)), "1");
	assert_member(house, status, "outbox_oldest_at", "2026-01-02T03:04:05.000Z");
	assert_member(house, status, "orgs.0", HOUSE_ORG);
}

static void an_empty_house_has_a_status(void **state)
{
	House *house = *state;
	Str status = house_get(house, 200, "/api/v1/status");
	assert_member(house, status, "people.all", "0");
	assert_member(house, status, "outbox_oldest_at", "null");
	assert_member(house, house_get(house, 200, "/api/v1/diagnostics"), "rows", "[]");
}

/* ---------------------------------------------------------------- health */

static void unready_says_why(void **state)
{
	House *house = *state;
	assert_str(house_get(house, 200, "/healthz"), "ok\n");
	assert_str(house_get(house, 200, "/readyz"), "ready\n");
	house->unready = "the key file is gone";
	assert_str(house_get(house, 503, "/readyz"), "the key file is gone\n");
	assert_str(house_get(house, 200, "/healthz"), "ok\n");
}

static void reading_changes_nothing(void **state)
{
	House *house = *state;
	static const char *const paths[] = { "/healthz", "/readyz", "/metrics", "/api/v1/status",
		"/api/v1/people", "/api/v1/runs", "/api/v1/settings", "/api/v1/org",
		"/api/v1/org/status", "/api/v1/diagnostics",
		"/api/v1/check?address=a%40example.com" };
	Footprint before = house_footprint(house);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		assert_int_equal(
			house_ask(house, &(Ask){ .method = "HEAD", .path = paths[i] }).status, 200);
		assert_int_equal(
			house_ask(house, &(Ask){ .method = "GET", .path = paths[i] }).status, 200);
	}
	Footprint after = house_footprint(house);
	assert_memory_equal(&before, &after, sizeof before);
	assert_int_equal(house->push_wakes + house->sync_wakes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, house_setup, house_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(orgs_are_listed_without_their_secrets),
		TEST(a_wish_to_connect_is_handed_on),
		TEST(incomplete_wishes_name_the_member),
		TEST(status_of_an_org_is_asked_of_app),
		TEST(refused_pushes_are_listed_with_the_reason),
		TEST(an_empty_house_has_a_status),
		TEST(unready_says_why),
		TEST(reading_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
