#include "base/base.h"

#include "sf/describe.h"

#include "script.h"

static const char lead[] =
	"{\"name\":\"Lead\",\"label\":\"Lead\",\"queryable\":true,\"updateable\":true,\"fields\":["
	"{\"name\":\"HasOptedOutOfEmail\",\"label\":\"Email Opt Out\",\"type\":\"boolean\","
	"\"updateable\":true,\"custom\":false,\"calculated\":false,\"later\":{\"x\":[1]}},"
	"{\"name\":\"Status\",\"label\":\"Status\",\"type\":\"picklist\",\"updateable\":true,"
	"\"custom\":false,\"calculated\":false},"
	"{\"name\":\"Newsletter_Opt_Out__c\",\"label\":\"Newsletter opt-out\",\"type\":\"boolean\","
	"\"updateable\":true,\"custom\":true,\"calculated\":false},"
	"{\"name\":\"Fax_Opt_Out__c\",\"label\":\"Fax Opt Out\",\"type\":\"boolean\","
	"\"updateable\":true,\"custom\":true,\"calculated\":false},"
	"{\"name\":\"mkto71__Field9__c\",\"label\":\"Marketo Sales Opt-Out\",\"type\":\"boolean\","
	"\"updateable\":false,\"custom\":true,\"calculated\":false},"
	"{\"name\":\"Sales_Opt_Out_Text__c\",\"label\":\"Sales Opt Out\",\"type\":\"string\","
	"\"updateable\":true,\"custom\":true,\"calculated\":false},"
	"{\"name\":\"Any_Opt_Out__c\",\"label\":\"Any opt out\",\"type\":\"boolean\","
	"\"updateable\":false,\"custom\":true,\"calculated\":true},"
	"{\"name\":\"Sales_Opt_Out__c\",\"label\":\"SOO\",\"type\":\"boolean\","
	"\"updateable\":true,\"custom\":true,\"calculated\":false},"
	"{\"name\":\"Opt_In__c\",\"label\":\"Opt In\",\"type\":\"boolean\","
	"\"updateable\":true,\"custom\":true,\"calculated\":false}]}";

static void fields_are_found_in_any_case(void **state)
{
	(void)state;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(1 << 20);
	SfDescribe describe;
	assert_true(sf_describe_parse(str_from(lead), &arena, &describe, NULL));
	assert_str(describe.object, "Lead");
	assert_true(describe.is_queryable && describe.is_updateable);
	assert_int_equal(describe.field_count, 9);
	const SfField *field = sf_describe_field(&describe, STR("hasoptedoutofemail"));
	assert_non_null(field);
	assert_str(field->name, "HasOptedOutOfEmail");
	assert_str(field->label, "Email Opt Out");
	assert_true(field->is_updateable && !field->is_custom && !field->is_calculated);
	assert_null(sf_describe_field(&describe, STR("HasOptedOutOfFax")));
}

static void a_text_that_no_name_can_have_costs_no_memory(void **state)
{
	(void)state;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(64 * 1024);
	CLEANUP(buf_fini) Buf body = BUF_MAX(1 << 20);
	buf_put_z(&body, "{\"name\":\"Lead\",\"fields\":[{\"name\":\"A\",\"label\":\"");
	for (int i = 0; i < 200 * 1000; i++)
		buf_put_char(&body, 'x');
	buf_put_z(&body, "\"}]}");
	SfDescribe describe;
	assert_true(sf_describe_parse(buf_str(&body), &arena, &describe, NULL));
	assert_str(describe.fields[0].name, "A");
	assert_str(describe.fields[0].label, "");
}

static void field_states_tell_what_the_admin_must_do(void **state)
{
	(void)state;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(1 << 20);
	SfDescribe describe;
	assert_true(sf_describe_parse(str_from(lead), &arena, &describe, NULL));
	static const struct {
		const char *field, *name;
		SfFieldState state;
	} cases[] = {
		{ "HasOptedOutOfEmail", "ready", SF_FIELD_READY },
		{ "Nothing__c", "hidden", SF_FIELD_HIDDEN },
		{ "mkto71__Field9__c", "read-only", SF_FIELD_READ_ONLY },
		{ "Any_Opt_Out__c", "formula", SF_FIELD_CALCULATED },
		{ "Status", "no-checkbox", SF_FIELD_NO_CHECKBOX },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		SfFieldState got = sf_field_state(&describe, str_from(cases[i].field));
		assert_int_equal(got, cases[i].state);
		assert_string_equal(sf_field_state_name(got), cases[i].name);
		assert_int_equal(sf_field_state_advice(got)[0] == '\0', got == SF_FIELD_READY);
	}
}

static void sales_fields_are_guessed_by_label_and_name_best_first(void **state)
{
	(void)state;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(1 << 20);
	SfDescribe describe;
	const SfField *found[8];
	assert_true(sf_describe_parse(str_from(lead), &arena, &describe, NULL));
	assert_int_equal(sf_sales_field_candidates(&describe, found, 8), 4);
	assert_str(found[0]->name, "mkto71__Field9__c");
	assert_str(found[1]->name, "Sales_Opt_Out__c");
	assert_str(found[2]->name, "Newsletter_Opt_Out__c");
	assert_str(found[3]->name, "Fax_Opt_Out__c");
	assert_int_equal(sf_sales_field_candidates(&describe, found, 2), 2);
	assert_str(found[0]->name, "mkto71__Field9__c");
	assert_str(found[1]->name, "Sales_Opt_Out__c");
	assert_int_equal(sf_sales_field_candidates(&describe, found, 0), 0);
}

static void person_accounts_have_the_person_field(void **state)
{
	(void)state;
	assert_str(sf_opt_out_field(SF_CONTACT), "HasOptedOutOfEmail");
	assert_str(sf_opt_out_field(SF_LEAD), "HasOptedOutOfEmail");
	assert_str(sf_opt_out_field(SF_ACCOUNT), "PersonHasOptedOutOfEmail");
}

static void fetch_asks_once_and_passes_faults_on(void **state)
{
	Script *script = *state;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(1 << 20);
	SfDescribe describe;
	Err err;
	script_answer(script, 200, lead);
	assert_true(sf_describe_fetch(script->client, SF_LEAD, &arena, &describe, &err));
	assert_has(str_from(script->log), "/services/data/v64.0/sobjects/Lead/describe\n");
	script_answer(script, 404,
		"[{\"errorCode\":\"NOT_FOUND\",\"message\":\"The "
		"requested resource does not exist\"}]");
	assert_false(sf_describe_fetch(script->client, SF_LEAD, &arena, &describe, &err));
	assert_int_equal(err.kind, ERR_MISSING);
	script_answer(script, 200, "{\"name\":\"Lead\",\"fie");
	assert_false(sf_describe_fetch(script->client, SF_LEAD, &arena, &describe, &err));
	assert_int_equal(err.kind, ERR_RETRY);
	script_answer(script, 200, "{\"name\":\"Lead\"}");
	assert_false(sf_describe_fetch(script->client, SF_LEAD, &arena, &describe, &err));
	assert_has(str_from(err.text), "fields");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_found_in_any_case),
		cmocka_unit_test(a_text_that_no_name_can_have_costs_no_memory),
		cmocka_unit_test(field_states_tell_what_the_admin_must_do),
		cmocka_unit_test(sales_fields_are_guessed_by_label_and_name_best_first),
		cmocka_unit_test(person_accounts_have_the_person_field),
		script_test(fetch_asks_once_and_passes_faults_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
