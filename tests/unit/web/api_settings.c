#include "base/base.h"

#include "house.h"
#include "web/settings.h"

/* The value of a setting in an answer. */
static const char *value_of(House *house, Str answer, const char *name)
{
	for (int i = 0; i < SETTINGS_MAX; i++)
		if (!strcmp(house_member(house, answer, house_printf(house, "settings.%d.name", i)),
			    name))
			return house_member(
				house, answer, house_printf(house, "settings.%d.value", i));
	fail_msg("no setting %s", name);
	return NULL;
}

static void all_are_listed_with_defaults(void **state)
{
	House *house = *state;
	Str before = house_get(house, 200, "/api/v1/settings");
	assert_string_equal(value_of(house, before, "sync.nightly"), "off");
	assert_string_equal(value_of(house, before, "brake.rows_min"), "100");
	assert_has(before, "\"org_id\":null");
	house_connect_org(house, HOUSE_ORG);
	Str after = house_get(house, 200, "/api/v1/settings");
	assert_has(after, "\"org_id\":\"" HOUSE_ORG "\"");
	assert_has(after, "\"choices\":[\"standard\",\"sales\",\"both\"]");
	(void)house_get(house, 404, "/api/v1/settings?org=00D000000000009");
	(void)house_get(house, 400, "/api/v1/settings?org=x");
}

static void a_change_stays_and_says_by_whom(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	Str answer = house_patch(house, 200, "/api/v1/settings",
		"{\"sync.zone\":\"Europe/Berlin\",\"sync.time\":\"6:30\","
		"\"brake.percent\":25,\"sync.nightly\":true}");
	assert_string_equal(value_of(house, answer, "sync.time"), "06:30");
	Str again = house_get(house, 200, "/api/v1/settings");
	assert_string_equal(value_of(house, again, "sync.zone"), "Europe/Berlin");
	assert_string_equal(value_of(house, again, "brake.percent"), "25");
	assert_string_equal(value_of(house, again, "sync.nightly"), "on");
	assert_has(again, "\"changed_by\":\"local admin\"");
	assert_int_equal(house->sync_wakes, 1);
	Str back = house_patch(house, 200, "/api/v1/settings", "{\"sync.time\":null}");
	assert_string_equal(value_of(house, back, "sync.time"), "20:00");
}

static void typed_getters_read_what_was_set(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	OrgSettings s;
	Err err;
	assert_true(settings_load_org(
		store_desk(house->eyes), STR(HOUSE_ORG), &house->arena, &s, &err));
	assert_false(s.nightly);
	assert_int_equal(s.mode, SETTING_MODE_STANDARD);
	assert_int_equal(s.hour, 20);
	assert_int_equal(s.brake_percent, 10);
	assert_true(s.match_by_address && s.adopt_unknown);
	(void)house_patch(house, 200, "/api/v1/settings",
		"{\"sync.nightly\":\"on\",\"sync.mode\":\"both\",\"sync.time\":\"07:45\","
		"\"sync.field.lead\":\"x__y__c\",\"sync.adopt_unknown\":false}");
	assert_true(settings_load_org(
		store_desk(house->eyes), STR(HOUSE_ORG), &house->arena, &s, &err));
	assert_true(s.nightly && !s.adopt_unknown);
	assert_int_equal(s.mode, SETTING_MODE_BOTH);
	assert_int_equal(s.hour, 7);
	assert_int_equal(s.minute, 45);
	assert_str(s.field_lead, "x__y__c");
	assert_str(s.field_contact, "");
	assert_str(s.zone, "America/Los_Angeles");
}

static void all_or_nothing(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	static const char *const bodies[] = {
		"{\"company.name\":\"X\",\"sync.zone\":\"Europe/Atlantis\"}",
		"{\"company.name\":\"X\",\"sync.colour\":\"red\"}",
		"{\"company.name\":\"X\",\"brake.percent\":101}", "{\"company.name\":[\"X\"]}",
		"{}", "[]", "{\"company.name\":\"X\",\"company.name\":\"Y\"}"
	};
	Str before = house_get(house, 200, "/api/v1/settings");
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		(void)house_patch(house, 400, "/api/v1/settings", bodies[i]);
	assert_has(house_patch(house, 400, "/api/v1/settings", bodies[0]), "sync.zone");
	assert_has(house_patch(house, 400, "/api/v1/settings", bodies[1]), "sync.colour");
	assert_true(str_eq(before, house_get(house, 200, "/api/v1/settings")));
}

static void org_settings_want_an_org(void **state)
{
	House *house = *state;
	assert_has(house_patch(house, 409, "/api/v1/settings",
			   "{\"sync.nightly\":true,\"company.name\":\"X\"}"),
		"connect");
	assert_string_equal(
		value_of(house, house_get(house, 200, "/api/v1/settings"), "company.name"), "");
	(void)house_patch(house, 200, "/api/v1/settings", "{\"company.name\":\"X\"}");
	house_connect_org(house, HOUSE_ORG);
	house_connect_org(house, "00D000000000002EAA");
	(void)house_patch(house, 409, "/api/v1/settings", "{\"sync.nightly\":true}");
	Str answer = house_patch(
		house, 200, "/api/v1/settings?org=00D000000000002", "{\"sync.nightly\":true}");
	assert_string_equal(value_of(house, answer, "sync.nightly"), "on");
	Str other = house_get(house, 200, "/api/v1/settings?org=" HOUSE_ORG);
	assert_string_equal(value_of(house, other, "sync.nightly"), "off");
}

static void sales_mode_warns_while_the_sync_is_off_or_a_field_is_empty(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	Str sales = house_patch(house, 200, "/api/v1/settings",
		"{\"sync.mode\":\"sales\",\"sync.field.contact\":\"S__c\"}");
	const char *warnings = house_member(house, sales, "warnings");
	assert_has(str_from(warnings), "sync.nightly is off");
	assert_has(str_from(warnings), "sync.field.lead is empty");
	assert_has_not(str_from(warnings), "sync.field.contact is empty");
	Str complete = house_patch(house, 200, "/api/v1/settings",
		"{\"sync.nightly\":true,\"sync.field.lead\":\"S__c\"}");
	assert_member(house, complete, "warnings", "[]");
	assert_has(house_patch(
			   house, 200, "/api/v1/settings", "{\"public.url\":\"http://localhost\"}"),
		"https");
}

static void pages_show_a_new_name_at_once(void **state)
{
	House *house = *state;
	const char *link = house_link(house, "a@example.com");
	Ask ask = { .method = "GET", .path = link, .listener = LISTENER_RECIPIENTS };
	assert_has(house_ask(house, &ask).body, "this sender");
	(void)house_patch(house, 200, "/api/v1/settings", "{\"company.name\":\"Rain\"}");
	assert_has(house_ask(house, &ask).body, "Rain");
	(void)house_patch(house, 400, "/api/v1/settings", "{\"company.name\":\"Sun\",\"x\":1}");
	assert_has_not(house_ask(house, &ask).body, "Sun");
}

static void house_settings_are_known_after_a_restart(void **state)
{
	House *house = *state;
	Err err;
	Web *second = NULL;
	(void)house_patch(house, 200, "/api/v1/settings", "{\"company.name\":\"Rain\"}");
	WebOptions options = { .writer = house->writer,
		.readers = house->readers,
		.keyring = &house->keyring,
		.rng = rng_system(),
		.clock = &house->clock.base,
		.version = "1" };
	assert_true(web_open(&options, &second, &err));
	Web *first = house->web;
	house->web = second;
	Answer page = house_ask(house,
		&(Ask){ .method = "GET",
			.path = house_link(house, "a@example.com"),
			.listener = LISTENER_RECIPIENTS });
	house->web = first;
	web_close(&second);
	assert_has(page.body, "Rain");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, house_setup, house_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_are_listed_with_defaults),
		TEST(a_change_stays_and_says_by_whom),
		TEST(typed_getters_read_what_was_set),
		TEST(all_or_nothing),
		TEST(org_settings_want_an_org),
		TEST(sales_mode_warns_while_the_sync_is_off_or_a_field_is_empty),
		TEST(pages_show_a_new_name_at_once),
		TEST(house_settings_are_known_after_a_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
