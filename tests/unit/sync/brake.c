#include "base/base.h"

#include "sync/brake.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const BrakeLimits limits = { .percent = 10, .rows_min = 100 };

static BrakeFigures quiet(void)
{
	return (BrakeFigures){ .contacts_read = 100000,
		.leads_read = 50000,
		.people = 20000,
		.field_contact = { "HasOptedOutOfEmail" },
		.field_lead = { "HasOptedOutOfEmail" },
		.user = "sync@example.com" };
}

static void goes_on(const BrakeFigures *plan, const BrakeFigures *baseline)
{
	BrakeVerdict verdict;
	brake_judge(plan, baseline, &limits, &verdict);
	if (verdict.hold)
		fail_msg("held: %s", verdict.reason);
	assert_string_equal(verdict.reason, "");
}

static void holds(const BrakeFigures *plan, const BrakeFigures *baseline, const char *why)
{
	BrakeVerdict verdict;
	brake_judge(plan, baseline, &limits, &verdict);
	assert_true(verdict.hold);
	assert_string_equal(verdict.reason, why);
}

static void run_without_a_baseline_is_held(void **state)
{
	(void)state;
	BrakeFigures plan = quiet();
	holds(&plan, NULL, "No run with these fields and this user was applied before.");
}

static void run_like_the_last_one_goes_on(void **state)
{
	(void)state;
	BrakeFigures plan = quiet(), baseline = quiet();
	plan.planned_here = 2000; /* exactly 10 percent of the people */
	plan.planned_there = 15000;
	goes_on(&plan, &baseline);
}

static void change_of_field_or_user_is_held(void **state)
{
	(void)state;
	BrakeFigures plan = quiet(), baseline = quiet();
	plan.field_lead = (FieldName){ "Opt__c" };
	holds(&plan, &baseline,
		"The field of Lead changed from HasOptedOutOfEmail "
		"to Opt__c since the last applied run.");
	plan = quiet();
	plan.field_contact = (FieldName){ "" };
	holds(&plan, &baseline,
		"The field of Contact changed from HasOptedOutOfEmail to none since the last "
		"applied run.");
	plan = quiet();
	baseline.field_contact = (FieldName){ "" };
	holds(&plan, &baseline,
		"The field of Contact changed from none to HasOptedOutOfEmail since the last "
		"applied run.");
	plan = baseline = quiet();
	memcpy(plan.user, "other", 6);
	holds(&plan, &baseline,
		"Salesforce was read as other, by the last applied run as sync@example.com.");
	baseline.user[0] = '\0'; /* not noted: not compared */
	goes_on(&plan, &baseline);
}

static void fewer_rows_than_expected_are_held(void **state)
{
	(void)state;
	BrakeFigures plan = quiet(), baseline = quiet();
	plan.contacts_read = 90000; /* exactly 10 percent fewer */
	goes_on(&plan, &baseline);
	plan.contacts_read = 89999;
	holds(&plan, &baseline, "Only 89999 contacts were read, 100000 by the last applied run.");
	plan = quiet();
	plan.leads_read = 0;
	holds(&plan, &baseline, "Only 0 leads were read, 50000 by the last applied run.");
	plan.contacts_read = 40000;
	holds(&plan, &baseline, "Only 40000 contacts were read, 100000 by the last applied run.");
	baseline.leads_read = plan.leads_read = 0;
	baseline.contacts_read = 150;
	plan.contacts_read = 60; /* much of a little: fewer than rows_min are missing */
	goes_on(&plan, &baseline);
	plan.contacts_read = 0;
	holds(&plan, &baseline, "Only 0 contacts were read, 150 by the last applied run.");
	plan.contacts_read = 900000; /* more is no reason */
	goes_on(&plan, &baseline);
}

static void many_changes_in_either_direction_are_held(void **state)
{
	(void)state;
	BrakeFigures plan = quiet(), baseline = quiet();
	plan.planned_here = 2001;
	holds(&plan, &baseline,
		"2001 people would be unsubscribed here, 10.0 percent "
		"of 20000 people; more than 10 percent is held.");
	plan.planned_here = 0;
	plan.planned_there = 30000;
	holds(&plan, &baseline,
		"30000 records would be ticked in Salesforce, 20.0 percent of 150000 records; more "
		"than 10 percent is held.");
}

static void few_changes_never_hold_whatever_their_share(void **state)
{
	(void)state;
	BrakeFigures plan = quiet(), baseline = quiet();
	plan.people = baseline.people = 120;
	plan.planned_here = 100;
	goes_on(&plan, &baseline);
	plan.planned_here = 101;
	holds(&plan, &baseline,
		"101 people would be unsubscribed here, 84.2 percent of 120 people; more than 10 "
		"percent is held.");
	plan.people = 0; /* all are to be adopted */
	holds(&plan, &baseline,
		"101 people would be unsubscribed here, 100.0 percent of 0 people; more than 10 "
		"percent is held.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_without_a_baseline_is_held),
		cmocka_unit_test(run_like_the_last_one_goes_on),
		cmocka_unit_test(change_of_field_or_user_is_held),
		cmocka_unit_test(fewer_rows_than_expected_are_held),
		cmocka_unit_test(many_changes_in_either_direction_are_held),
		cmocka_unit_test(few_changes_never_hold_whatever_their_share),
	};
	return cmocka_run_group_tests_name("brake", tests, NULL, NULL);
}
