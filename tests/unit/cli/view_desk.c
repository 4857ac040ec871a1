#include "base/base.h"

#include "cli/view.h"

#include "show.h"

static void no_org_names_the_way_to_one(void **state)
{
	(void)state;
	expect_view(view_orgs, "{\"orgs\":[]}", "No org is connected: `optout org connect -h`.\n");
}

static void an_org_shows_its_fields_and_what_to_do(void **state)
{
	(void)state;
	expect_view(view_org_status,
		"{\"org_id\":\"00D000000000001AAA\",\"name\":\"Acme\",\"is_sandbox\":false,\"login_ok\":true,"
		"\"objects\":[{\"object\":\"Contact\",\"is_updateable\":false,\"fields\":[{\"name\":\"HasOptedOutOfEmail\","
		"\"state\":\"read only\",\"advice\":\"grant edit\"}],\"sales_field_candidates\":[\"A__c\",\"B__c\"]}],"
		"\"api_usage\":{\"used\":12,\"max\":15000}}",
		"Org:                00D000000000001AAA\n"
		"Name:               Acme\n"
		"Sandbox:            no\n"
		"Login works:        yes\n"
		"API calls today:    12\n"
		"API calls allowed:  15000\n"
		"\n"
		"Contact (may not be edited by this user: grant Edit on the object)\n"
		"FIELD               STATE      WHAT TO DO\n"
		"HasOptedOutOfEmail  read only  grant edit\n"
		"Could be the sales opt-out field: A__c, B__c\n");
}

static void settings_end_with_their_warnings(void **state)
{
	(void)state;
	expect_view(view_settings,
		"{\"settings\":[{\"name\":\"public.url\",\"scope\":\"house\",\"org_id\":null,\"value\":\"http://x\","
		"\"default\":\"\",\"is_default\":false,\"help\":\"Address\"}],\"warnings\":[\"not https\"]}",
		"SETTING     VALUE     DEFAULT  MEANING\n"
		"public.url  http://x  no       Address\n"
		"Warning: not https\n");
}

static void what_is_not_in_salesforce_says_why_since_when_and_what_to_do(void **state)
{
	(void)state;
	expect_view(view_diagnostics, "{\"rows\":[],\"rows_cut\":false}",
		"Every unsubscribe of somebody with a Salesforce record is there.\n");
	expect_view(view_diagnostics,
		"{\"rows\":[{\"record_id\":\"00Q000000000001AAA\",\"object\":\"Lead\",\"person_id\":3,\"state\":\"dead\","
		"\"age_ms\":7300000,\"attempts\":2,\"error_code\":\"INVALID_FIELD\",\"error_text\":\"No such column\","
		"\"advice\":\"Grant the field\"},{\"record_id\":\"003000000000001AAA\",\"object\":\"Contact\","
		"\"person_id\":3,\"state\":\"pending\",\"age_ms\":900,\"attempts\":0,\"error_code\":null}],"
		"\"rows_cut\":true}",
		"Lead 00Q000000000001AAA of person 3: dead for 2 h, attempts: 2\n"
		"    INVALID_FIELD: No such column\n"
		"    What to do: Grant the field\n"
		"Contact 003000000000001AAA of person 3: pending for 0 s, attempts: 0\n"
		"There are more than are listed here.\n");
}

static void status_counts_people_and_ticks(void **state)
{
	(void)state;
	expect_view(view_status,
		"{\"version\":\"0.1.0\",\"people\":{\"all\":10,\"unsubscribed\":2},\"outbox\":{\"pending\":0,\"dead\":1},"
		"\"orgs\":[\"00D000000000001AAA\"],\"outbox_oldest_at\":\"2026-01-02T03:04:05.000Z\"}",
		"Version:                   0.1.0\n"
		"Orgs:                      00D000000000001AAA\n"
		"People:                    10\n"
		"Unsubscribed:              2\n"
		"Ticks to be sent:          0\n"
		"Ticks that need an admin:  1\n"
		"Oldest of these (UTC):     2026-01-02 03:04:05\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_org_names_the_way_to_one),
		cmocka_unit_test(an_org_shows_its_fields_and_what_to_do),
		cmocka_unit_test(settings_end_with_their_warnings),
		cmocka_unit_test(what_is_not_in_salesforce_says_why_since_when_and_what_to_do),
		cmocka_unit_test(status_counts_people_and_ticks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
