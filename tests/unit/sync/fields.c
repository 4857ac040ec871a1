#include "base/base.h"

#include "sync/fields.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define STANDARD "HasOptedOutOfEmail"
#define CONTACT  "mkto_si__Sales_Opt_Out__c"
#define LEAD     "Lead_Sales_Opt_Out__c"

static SyncSettings settings(bool enabled, SyncMode mode, const char *contact, const char *lead)
{
	SyncSettings s = { .enabled = enabled, .mode = mode };
	assert_true(str_copy(str_from(contact), s.sales_contact.text, sizeof s.sales_contact.text));
	assert_true(str_copy(str_from(lead), s.sales_lead.text, sizeof s.sales_lead.text));
	return s;
}

static void expect(const FieldSet *got, const char *want, bool is_incomplete)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(512);
	fields_put(&text, got);
	assert_string_equal(buf_z(&text), want);
	assert_int_equal(got->is_incomplete, is_incomplete);
}

static void push_writes_the_fields_of_the_mode(void **state)
{
	(void)state;
	static const struct {
		bool enabled;
		SyncMode mode;
		SfObject object;
		const char *want;
	} cases[] = {
		{ true, SYNC_STANDARD, SF_CONTACT, STANDARD },
		{ true, SYNC_STANDARD, SF_LEAD, STANDARD },
		{ true, SYNC_SALES, SF_CONTACT, CONTACT },
		{ true, SYNC_SALES, SF_LEAD, LEAD },
		{ true, SYNC_BOTH, SF_CONTACT, STANDARD "," CONTACT },
		{ true, SYNC_BOTH, SF_LEAD, STANDARD "," LEAD },
		/* Switch off: Email Opt Out alone, whatever the mode. */
		{ false, SYNC_STANDARD, SF_CONTACT, STANDARD },
		{ false, SYNC_SALES, SF_CONTACT, STANDARD },
		{ false, SYNC_SALES, SF_LEAD, STANDARD },
		{ false, SYNC_BOTH, SF_LEAD, STANDARD },
		{ false, SYNC_SALES, SF_ACCOUNT, "PersonHasOptedOutOfEmail" },
		{ true, SYNC_BOTH, SF_ACCOUNT,
			"PersonHasOptedOutOfEmail,mkto_si__Sales_Opt_Out__pc" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		SyncSettings s = settings(cases[i].enabled, cases[i].mode, CONTACT, LEAD);
		FieldSet fields;
		fields_for_push(&s, cases[i].object, &fields);
		expect(&fields, cases[i].want, false);
	}
}

static void night_compares_the_fields_of_the_mode_whatever_the_switch(void **state)
{
	(void)state;
	for (int enabled = 0; enabled <= 1; enabled++) {
		SyncSettings s = settings(enabled, SYNC_BOTH, CONTACT, LEAD);
		FieldSet fields;
		fields_for_night(&s, SF_LEAD, &fields);
		expect(&fields, STANDARD "," LEAD, false);
		assert_int_equal(fields.bits[0], FIELD_STANDARD);
		assert_int_equal(fields.bits[1], FIELD_SALES);
		s.mode = SYNC_SALES;
		fields_for_night(&s, SF_CONTACT, &fields);
		expect(&fields, CONTACT, false);
		assert_int_equal(fields.bits[0], FIELD_SALES);
	}
}

static void mode_sales_without_a_chosen_field_writes_nothing(void **state)
{
	(void)state;
	SyncSettings s = settings(true, SYNC_SALES, CONTACT, "");
	FieldSet fields;
	fields_for_push(&s, SF_LEAD, &fields);
	assert_int_equal(fields.count, 0);
	expect(&fields, "", true);
	fields_for_push(&s, SF_CONTACT, &fields);
	expect(&fields, CONTACT, false);
}

static void mode_both_without_a_chosen_field_still_writes_the_standard_one(void **state)
{
	(void)state;
	SyncSettings s = settings(true, SYNC_BOTH, "", LEAD);
	FieldSet fields;
	fields_for_push(&s, SF_CONTACT, &fields);
	expect(&fields, STANDARD, true);
}

static void standard_contact_field_keeps_its_name_on_account(void **state)
{
	(void)state;
	SyncSettings s = settings(true, SYNC_SALES, "DoNotCall", "");
	FieldSet fields;
	fields_for_push(&s, SF_ACCOUNT, &fields);
	expect(&fields, "DoNotCall", false);
}

static void name_that_grows_too_long_on_account_is_left_out(void **state)
{
	(void)state;
	char name[FIELD_NAME_MAX + 1];
	memset(name, 'x', FIELD_NAME_MAX);
	memcpy(name + FIELD_NAME_MAX - 3, "__c", 4);
	SyncSettings s = settings(true, SYNC_SALES, name, "");
	FieldSet fields;
	fields_for_push(&s, SF_ACCOUNT, &fields);
	expect(&fields, "", true);
	fields_for_push(&s, SF_CONTACT, &fields);
	expect(&fields, name, false);
}

static void modes_go_to_their_names_and_back(void **state)
{
	(void)state;
	for (int mode = SYNC_STANDARD; mode <= SYNC_BOTH; mode++) {
		SyncMode back;
		assert_true(sync_mode_parse(str_from(sync_mode_name((SyncMode)mode)), &back));
		assert_int_equal(back, mode);
	}
	SyncMode mode = SYNC_BOTH;
	assert_false(sync_mode_parse(STR("Standard"), &mode));
	assert_false(sync_mode_parse(STR(""), &mode));
	assert_int_equal(mode, SYNC_BOTH);
	assert_string_equal(sync_mode_name((SyncMode)0), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(push_writes_the_fields_of_the_mode),
		cmocka_unit_test(night_compares_the_fields_of_the_mode_whatever_the_switch),
		cmocka_unit_test(mode_sales_without_a_chosen_field_writes_nothing),
		cmocka_unit_test(mode_both_without_a_chosen_field_still_writes_the_standard_one),
		cmocka_unit_test(standard_contact_field_keeps_its_name_on_account),
		cmocka_unit_test(name_that_grows_too_long_on_account_is_left_out),
		cmocka_unit_test(modes_go_to_their_names_and_back),
	};
	return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}
