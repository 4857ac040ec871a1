#include "base/base.h"

#include "sf/collections.h"

#include "expect.h"

static SfId id_of(const char *text)
{
	SfId id;
	if (!sfid_parse(str_from(text), &id, NULL))
		fail_msg("%s is no ID", text);
	return id;
}

static void three_ids(SfId *ids)
{
	ids[0] = id_of("003q000000KvQ1t");
	ids[1] = id_of("003q000000KvQ2D");
	ids[2] = id_of("003000000000001");
}

static void body_has_type_id_and_fields_of_each_record(void **state)
{
	(void)state;
	SfId ids[3];
	three_ids(ids);
	Str fields[] = { STR("HasOptedOutOfEmail"), STR("Marketo_Sales_Opt_Out__c") };
	CLEANUP(buf_fini) Buf body = BUF_MAX(SF_COLLECTION_BODY_MAX);
	assert_true(sf_tick_body(SF_CONTACT, ids, 2, fields, 2, &body, NULL));
	assert_str(buf_str(&body),
		"{\"allOrNone\":false,\"records\":["
		"{\"attributes\":{\"type\":\"Contact\"},\"id\":\"003q000000KvQ1tAAF\","
		"\"HasOptedOutOfEmail\":true,\"Marketo_Sales_Opt_Out__c\":true},"
		"{\"attributes\":{\"type\":\"Contact\"},\"id\":\"003q000000KvQ2DAAV\","
		"\"HasOptedOutOfEmail\":true,\"Marketo_Sales_Opt_Out__c\":true}]}");
	SfRequest request = sf_tick_request(buf_str(&body));
	assert_string_equal(request.method, "PATCH");
	assert_str(request.path, "composite/sobjects");
}

static void a_full_call_fits(void **state)
{
	(void)state;
	SfId *ids = calloc(SF_COLLECTION_ROWS_MAX, sizeof *ids);
	for (int i = 0; i < SF_COLLECTION_ROWS_MAX; i++) {
		char text[16];
		snprintf(text, sizeof text, "00Q%012d", i);
		ids[i] = id_of(text);
	}
	char name[101];
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	Str fields[] = { str_from(name), str_from(name) };
	CLEANUP(buf_fini) Buf body = BUF_MAX(SF_COLLECTION_BODY_MAX);
	assert_true(sf_tick_body(SF_LEAD, ids, SF_COLLECTION_ROWS_MAX, fields, 2, &body, NULL));
	free(ids);
}

static void results_belong_to_rows_by_position(void **state)
{
	(void)state;
	SfId ids[3];
	SfRowResult rows[3];
	three_ids(ids);
	assert_true(sf_tick_results(
		STR("[{\"success\":false,\"errors\":[{\"statusCode\":\"UNABLE_TO_LOCK_ROW\","
		    "\"message\":\"unable to obtain exclusive access\",\"fields\":[]}]},"
		    "{\"id\":\"003q000000KvQ2DAAV\",\"success\":true,\"errors\":[]},"
		    "{\"success\":false,\"errors\":[{\"errorCode\":\"ENTITY_IS_DELETED\","
		    "\"message\":\"entity is deleted\"}]}]"),
		ids, 3, rows, NULL));
	assert_true(rows[0].is_answered && !rows[0].ok);
	assert_class(rows[0].fault.cls, SF_CLASS_AGAIN);
	assert_true(rows[1].is_answered && rows[1].ok);
	assert_class(rows[1].fault.cls, SF_CLASS_NONE);
	assert_true(rows[2].is_answered && !rows[2].ok);
	assert_class(rows[2].fault.cls, SF_CLASS_DELETED);
	assert_string_equal(rows[2].fault.text, "entity is deleted");
}

static void fifteen_characters_name_the_same_record(void **state)
{
	(void)state;
	SfId ids[3];
	SfRowResult rows[1];
	three_ids(ids);
	assert_true(sf_tick_results(
		STR("[{\"Id\":\"003q000000KvQ1t\",\"success\":true}]"), ids, 1, rows, NULL));
	assert_true(rows[0].is_answered && rows[0].ok);
}

static void rows_without_result_stay_unanswered(void **state)
{
	(void)state;
	SfId ids[3];
	SfRowResult rows[3];
	three_ids(ids);
	assert_true(sf_tick_results(
		STR("[{\"id\":\"003q000000KvQ1tAAF\",\"success\":true,\"errors\":[]},null]"), ids,
		3, rows, NULL));
	assert_true(rows[0].is_answered);
	assert_false(rows[1].is_answered);
	assert_false(rows[2].is_answered);
	assert_true(sf_tick_results(STR("[]"), ids, 3, rows, NULL));
	assert_false(rows[0].is_answered);
}

static void an_answer_that_cannot_be_trusted_answers_nothing(void **state)
{
	(void)state;
	SfId ids[3];
	SfRowResult rows[3];
	three_ids(ids);
	static const char *const bodies[] = { "", "{}", "null", "[{\"success\":tr",
		/* more than asked */
		"[{\"success\":true},{\"success\":true},{\"success\":true},{\"success\":true}]",
		/* another record, and two that changed places */
		"[{\"id\":\"003000000000002AAA\",\"success\":true}]",
		("[{\"id\":\"003q000000KvQ2DAAV\",\"success\":true},{\"id\":\"003q000000KvQ1tAAF\","
		 "\"success\":true}]"),
		"[{\"success\":true},{\"id\":\"x\",\"success\":true}]" };
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		Err err;
		if (sf_tick_results(str_from(bodies[i]), ids, 3, rows, &err))
			fail_msg("%s was taken", bodies[i]);
		assert_int_equal(err.kind, ERR_RETRY);
		for (int row = 0; row < 3; row++)
			assert_false(rows[row].is_answered || rows[row].ok);
	}
}

static void success_must_be_said_to_count(void **state)
{
	(void)state;
	SfId ids[3];
	SfRowResult rows[3];
	three_ids(ids);
	assert_true(sf_tick_results(
		STR("[{\"id\":\"003q000000KvQ1tAAF\"},{\"success\":\"true\"},{\"success\":false}]"),
		ids, 3, rows, NULL));
	assert_false(rows[0].is_answered || rows[0].ok);
	assert_false(rows[1].is_answered || rows[1].ok);
	assert_true(rows[2].is_answered && !rows[2].ok);
	assert_class(rows[2].fault.cls, SF_CLASS_ADMIN); /* failed without a reason */
}

static void the_most_final_of_several_errors_counts(void **state)
{
	(void)state;
	SfId ids[3];
	SfRowResult rows[1];
	three_ids(ids);
	assert_true(sf_tick_results(
		STR("[{\"success\":false,\"errors\":[{\"statusCode\":\"UNABLE_TO_LOCK_ROW\","
		    "\"message\":\"a\"},{\"statusCode\":\"FIELD_CUSTOM_VALIDATION_EXCEPTION\","
		    "\"message\":\"b\"},{\"statusCode\":\"UNKNOWN_EXCEPTION\","
		    "\"message\":\"c\"}]}]"),
		ids, 1, rows, NULL));
	assert_string_equal(rows[0].fault.code, "FIELD_CUSTOM_VALIDATION_EXCEPTION");
	assert_string_equal(rows[0].fault.text, "b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(body_has_type_id_and_fields_of_each_record),
		cmocka_unit_test(a_full_call_fits),
		cmocka_unit_test(results_belong_to_rows_by_position),
		cmocka_unit_test(fifteen_characters_name_the_same_record),
		cmocka_unit_test(rows_without_result_stay_unanswered),
		cmocka_unit_test(an_answer_that_cannot_be_trusted_answers_nothing),
		cmocka_unit_test(success_must_be_said_to_count),
		cmocka_unit_test(the_most_final_of_several_errors_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
