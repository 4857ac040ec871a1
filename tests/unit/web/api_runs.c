#include "base/base.h"

#include "house.h"

static void ask_writes_a_row_and_wakes_the_worker(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	(void)house_patch(house, 200, "/api/v1/settings", "{\"sync.nightly\":true}");
	int wakes = house->sync_wakes;
	Str run = house_post(house, 202, "/api/v1/runs", "{\"kind\":\"now\"}");
	assert_member(house, run, "org_id", HOUSE_ORG);
	assert_member(house, run, "kind", run_kind_name(RUN_NOW));
	assert_member(house, run, "state", run_state_name(RUN_ASKED));
	assert_member(house, run, "actor", "local admin");
	assert_member(house, run, "asked_at", "2026-01-02T03:04:05.000Z");
	assert_member(house, run, "local_date", "null");
	assert_int_equal(house->sync_wakes, wakes + 1);
	Str again = house_get(house, 200,
		house_printf(house, "/api/v1/runs/%s", house_member(house, run, "run_id")));
	assert_true(str_eq(run, again));
}

static void asking_says_what_stands_in_the_way(void **state)
{
	House *house = *state;
	assert_has(house_post(house, 409, "/api/v1/runs", "{\"kind\":\"dry\"}"), "connect one");
	house_connect_org(house, HOUSE_ORG);
	assert_has(house_post(house, 409, "/api/v1/runs", "{\"kind\":\"now\"}"), "sync.nightly");
	(void)house_post(house, 400, "/api/v1/runs", "{\"kind\":\"night\"}");
	(void)house_post(house, 400, "/api/v1/runs", "{}");
	(void)house_post(house, 400, "/api/v1/runs", "{\"kind\":\"dry\",\"org\":\"x\"}");
	(void)house_post(
		house, 404, "/api/v1/runs", "{\"kind\":\"dry\",\"org\":\"00D000000000009\"}");
	(void)house_post(house, 202, "/api/v1/runs", "{\"kind\":\"dry\"}");
	assert_has(house_post(house, 409, "/api/v1/runs", "{\"kind\":\"dry\"}"),
		"wait until it has ended");
}

static void a_held_run_bars_now_but_not_dry(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	(void)house_patch(house, 200, "/api/v1/settings", "{\"sync.nightly\":\"on\"}");
	Run held = {
		.kind = RUN_NIGHT, .state = RUN_HELD, .local_date = 20260101, .note = "first run"
	};
	house_put_run(house, &held);
	assert_has(
		house_post(house, 409, "/api/v1/runs", "{\"kind\":\"now\"}"), "approve or discard");
	(void)house_post(house, 202, "/api/v1/runs", "{\"kind\":\"dry\"}");
}

static void runs_are_listed_newest_first_in_pages(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	for (int i = 1; i <= 3; i++) {
		Run run = { .kind = RUN_NIGHT,
			.state = RUN_DONE,
			.local_date = 20260100 + i,
			.contacts_read = i };
		house_put_run(house, &run);
	}
	Str first = house_get(house, 200, "/api/v1/runs?limit=2");
	assert_member(house, first, "runs.0.local_date", "2026-01-03");
	assert_member(house, first, "runs.0.contacts_read", "3");
	Str second = house_get(house, 200,
		house_printf(house, "/api/v1/runs?limit=2&org=" HOUSE_ORG "&before=%s",
			house_member(house, first, "next")));
	assert_member(house, second, "runs.0.local_date", "2026-01-01");
	assert_member(house, second, "next", "null");
	(void)house_get(house, 404, "/api/v1/runs/99");
	(void)house_get(house, 400, "/api/v1/runs?limit=x");
	(void)house_get(house, 404, "/api/v1/runs?org=00D000000000009");
}

static void only_a_held_run_is_approved_or_discarded(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	Run one = {
		.kind = RUN_NIGHT, .state = RUN_HELD, .local_date = 20260101, .note = "no baseline"
	};
	Run two = { .kind = RUN_NIGHT, .state = RUN_HELD, .local_date = 20260102, .note = "" };
	house_put_run(house, &one);
	house_put_run(house, &two);
	int wakes = house->sync_wakes;
	const char *approve = house_printf(
		house, "/api/v1/runs/%lld/approve", (long long)one.run_id);
	Str approved = house_post(house, 200, approve, NULL);
	assert_member(house, approved, "state", run_state_name(RUN_APPROVED));
	assert_member(house, approved, "note", "approved by local admin; held: no baseline");
	assert_int_equal(house->sync_wakes, wakes + 1);
	assert_has(house_post(house, 409, approve, NULL), "only a held run");
	Str discarded = house_post(house, 200,
		house_printf(house, "/api/v1/runs/%lld/discard", (long long)two.run_id), NULL);
	assert_member(house, discarded, "state", run_state_name(RUN_DISCARDED));
	assert_member(house, discarded, "finished_at", "2026-01-02T03:04:05.000Z");
	(void)house_post(house, 404, "/api/v1/runs/99/approve", NULL);
}

static void the_plan_is_read_by_app(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	Run one = { .kind = RUN_DRY, .state = RUN_DONE, .planned_here = 2, .planned_there = 5 };
	Run two = { .kind = RUN_DRY, .state = RUN_FAILED };
	house_put_run(house, &one);
	house_put_run(house, &two);
	assert_int_equal(one.run_id, 1);
	Str plan = house_get(house, 200, "/api/v1/runs/1/plan?limit=2");
	assert_member(house, plan, "planned_there", "5");
	assert_member(house, plan, "rows", "[{\"row\":1},{\"row\":2}]");
	(void)house_get(house, 404, "/api/v1/runs/2/plan");
	(void)house_get(house, 404, "/api/v1/runs/99/plan");
	(void)house_get(house, 400, "/api/v1/runs/1/plan?limit=0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, house_setup, house_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ask_writes_a_row_and_wakes_the_worker),
		TEST(asking_says_what_stands_in_the_way),
		TEST(a_held_run_bars_now_but_not_dry),
		TEST(runs_are_listed_newest_first_in_pages),
		TEST(only_a_held_run_is_approved_or_discarded),
		TEST(the_plan_is_read_by_app),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
