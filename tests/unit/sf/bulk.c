#include "base/base.h"

#include "sf/bulk.h"

#include "script.h"

#define JOB(state, rest)                                                                           \
	"{\"id\":\"750R0000000zxr8IAA\",\"operation\":\"query\",\"object\":\"Contact\","           \
	"\"state\":\"" state "\",\"contentType\":\"CSV\",\"apiVersion\":64.0" rest "}"

static SfBulkJob known_job(void)
{
	SfBulkJob job;
	if (!sf_bulk_job_named(STR("750R0000000zxr8IAA"), STR("63.0"), &job, NULL))
		fail_msg("the job's name was refused");
	return job;
}

static void a_job_goes_through_its_states(void **state)
{
	Script *script = *state;
	SfBulkJob job;
	script_answer(script, 200, JOB("UploadComplete", ""));
	assert_true(sf_bulk_query_create(
		script->client, STR("SELECT Id FROM Contact"), false, &job, NULL));
	assert_int_equal(job.state, SF_JOB_UPLOAD_COMPLETE);
	assert_string_equal(job.id.text, "750R0000000zxr8IAA");
	assert_string_equal(job.api_version, "64.0");
	assert_string_equal(job.object, "Contact");
	assert_has(str_from(script->log),
		"POST https://eu1.my.salesforce.com/services/data/v64.0/jobs/query\n");
	assert_has(str_from(script->log),
		"{\"operation\":\"query\",\"query\":\"SELECT Id FROM Contact\","
		"\"contentType\":\"CSV\",\"columnDelimiter\":\"COMMA\",\"lineEnding\":\"LF\"}");
	script_answer(script, 200, JOB("InProgress", ",\"numberRecordsProcessed\":1000"));
	assert_true(sf_bulk_query_look(script->client, &job, NULL));
	assert_int_equal(job.state, SF_JOB_IN_PROGRESS);
	assert_false(sf_job_is_final(job.state));
	script_answer(script, 200,
		JOB("JobComplete",
			",\"numberRecordsProcessed\":2086,\"retries\":1,"
			"\"totalProcessingTime\":745"));
	assert_true(sf_bulk_query_look(script->client, &job, NULL));
	assert_int_equal(job.state, SF_JOB_COMPLETE);
	assert_true(sf_job_is_final(job.state));
	assert_int_equal(job.rows_processed, 2086);
	assert_int_equal(job.retries, 1);
	assert_int_equal(job.processing_ms, 745);
}

static void deleted_rows_need_query_all(void **state)
{
	Script *script = *state;
	SfBulkJob job;
	script_answer(script, 200, JOB("UploadComplete", ""));
	assert_true(
		sf_bulk_query_create(script->client, STR("SELECT Id FROM Lead"), true, &job, NULL));
	assert_has(str_from(script->log), "\"operation\":\"queryAll\"");
}

static void a_failed_job_always_has_a_text(void **state)
{
	(void)state;
	SfBulkJob job;
	assert_true(sf_bulk_job_parse(
		STR(JOB("Failed", ",\"errorMessage\":\"InvalidBatch : x\"")), &job, NULL));
	assert_string_equal(job.error_text, "InvalidBatch : x");
	assert_true(sf_bulk_job_parse(STR(JOB("Failed", "")), &job, NULL));
	assert_has(str_from(job.error_text), "no reason");
	assert_true(sf_bulk_job_parse(STR(JOB("Failed", ",\"errorMessage\":null")), &job, NULL));
	assert_has(str_from(job.error_text), "no reason");
	assert_true(sf_bulk_job_parse(STR(JOB("JobComplete", "")), &job, NULL));
	assert_string_equal(job.error_text, "");
}

static void a_state_of_next_year_is_not_final(void **state)
{
	(void)state;
	SfBulkJob job;
	assert_true(sf_bulk_job_parse(STR(JOB("Resting", "")), &job, NULL));
	assert_int_equal(job.state, SF_JOB_OTHER);
	assert_false(sf_job_is_final(job.state));
}

static void answers_that_are_no_job_are_tried_again(void **state)
{
	(void)state;
	static const char *const bodies[] = { "", "[]", "{}", "{\"id\":\"750R0000000zxr8IAA\"}",
		"{\"id\":\"x\",\"state\":\"Open\",\"apiVersion\":64.0}",
		"{\"id\":\"750R0000000zxr8IAA\",\"state\":\"Open\"}",
		/* The version becomes part of a path. */
		"{\"id\":\"750R0000000zxr8IAA\",\"state\":\"Open\",\"apiVersion\":\"1/..\"}",
		"{\"id\":\"750R0000000zxr8IAA\",\"state\":\"Open\",\"apiVersion\":\"64\"}",
		"{\"id\":\"750R0000000zxr8IAA\",\"state\":\"Open\",\"apiVersion\":\"64.-1\"}" };
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		SfBulkJob job;
		Err err;
		assert_false(sf_bulk_job_parse(str_from(bodies[i]), &job, &err));
		assert_int_equal(err.kind, ERR_RETRY);
	}
}

static void counts_below_zero_are_unknown(void **state)
{
	(void)state;
	SfBulkJob job;
	assert_true(sf_bulk_job_parse(
		STR("{\"id\":\"750R0000000zxr8IAA\",\"state\":\"JobComplete\",\"apiVersion\":64.0,"
		    "\"numberRecordsProcessed\":-1,\"retries\":-1,\"totalProcessingTime\":-1}"),
		&job, NULL));
	assert_int_equal(job.rows_processed, 0);
	assert_int_equal(job.retries, 0);
	assert_int_equal(job.processing_ms, 0);
}

static void the_version_is_read_as_number_and_as_text(void **state)
{
	(void)state;
	SfBulkJob job;
	assert_true(sf_bulk_job_parse(
		STR("{\"id\":\"750R0000000zxr8IAA\",\"state\":\"Open\",\"apiVersion\":\"60.0\"}"),
		&job, NULL));
	assert_string_equal(job.api_version, "60.0");
	assert_true(sf_bulk_job_parse(
		STR("{\"id\":\"750R0000000zxr8IAA\",\"state\":\"Open\",\"apiVersion\":60}"), &job,
		NULL));
	assert_string_equal(job.api_version, "60.0");
}

static void pages_are_read_until_the_word_null(void **state)
{
	Script *script = *state;
	SfBulkJob job = known_job();
	SfBulkPage page;
	script_add(script,
		(ScriptAnswer){ .status = 200,
			.type = "text/csv",
			.body = "\"Id\"\n\"003\"\n",
			.rows = "1",
			.locator = "MDow+/R2" });
	assert_true(sf_bulk_query_page(script->client, &job, STR(""), 50000, &page, NULL));
	assert_str(page.csv, "\"Id\"\n\"003\"\n");
	assert_int_equal(page.rows, 1);
	assert_false(page.is_last);
	assert_string_equal(page.next_locator, "MDow+/R2");
	/* With the version of the job, whatever the client's is. */
	assert_has(str_from(script->log),
		"/services/data/v63.0/jobs/query/750R0000000zxr8IAA/results?maxRecords=50000\n");
	assert_has(str_from(script->log), "Accept: text/csv\n");

	script_add(script,
		(ScriptAnswer){ .status = 200,
			.type = "text/csv",
			.body = "\"Id\"\n\"004\"\n",
			.rows = "1",
			.locator = "null" });
	Str locator = str_from(page.next_locator);
	SfBulkPage last;
	assert_true(sf_bulk_query_page(script->client, &job, locator, 50000, &last, NULL));
	assert_true(last.is_last);
	assert_false(last.is_end_assumed);
	assert_string_equal(last.next_locator, "");
	assert_has(str_from(script->log), "results?maxRecords=50000&locator=MDow%2B%2FR2\n");
	sf_bulk_page_fini(&page);
	sf_bulk_page_fini(&last);
}

static void an_empty_result_is_no_error(void **state)
{
	Script *script = *state;
	SfBulkJob job = known_job();
	static const ScriptAnswer answers[] = {
		{ .status = 200, .type = "text/csv", .body = "", .rows = "0", .locator = "null" },
		{ .status = 200, .type = "text/csv", .body = "" },
		{ .status = 204, .type = "", .body = "" },
	};
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		SfBulkPage page;
		script_add(script, answers[i]);
		assert_true(sf_bulk_query_page(script->client, &job, STR(""), 1000, &page, NULL));
		assert_int_equal(page.rows, 0);
		assert_int_equal(page.csv.len, 0);
		assert_true(page.is_last);
		assert_int_equal(page.is_end_assumed, i > 0);
		sf_bulk_page_fini(&page);
	}
}

static void a_missing_locator_is_an_end_to_be_checked(void **state)
{
	Script *script = *state;
	SfBulkJob job = known_job();
	SfBulkPage page;
	script_add(script,
		(ScriptAnswer){ .status = 200, .type = "text/csv", .body = "\"Id\"\n\"003\"\n" });
	assert_true(sf_bulk_query_page(script->client, &job, STR(""), 1000, &page, NULL));
	assert_true(page.is_last && page.is_end_assumed);
	assert_int_equal(page.rows, -1);
	sf_bulk_page_fini(&page);
}

static void a_page_for_people_is_no_csv(void **state)
{
	Script *script = *state;
	SfBulkJob job = known_job();
	SfBulkPage page;
	Err err;
	script_add(script, (ScriptAnswer){ .status = 200, .type = "text/html", .body = "<html>" });
	assert_false(sf_bulk_query_page(script->client, &job, STR(""), 1000, &page, &err));
	assert_int_equal(err.kind, ERR_RETRY);
	script_add(script,
		(ScriptAnswer){ .status = 200, .type = "text/csv", .body = "", .rows = "x" });
	assert_false(sf_bulk_query_page(script->client, &job, STR(""), 1000, &page, &err));
	assert_int_equal(err.kind, ERR_RETRY);
}

static void jobs_that_are_gone_are_missing_and_count_as_deleted(void **state)
{
	Script *script = *state;
	SfBulkJob job = known_job();
	Err err;
	const char *gone = "[{\"errorCode\":\"NOT_FOUND\",\"message\":\"The "
			   "requested resource does not exist\"}]";
	script_answer(script, 404, gone);
	assert_false(sf_bulk_query_look(script->client, &job, &err));
	assert_int_equal(err.kind, ERR_MISSING);
	script_answer(script, 404, gone);
	assert_true(sf_bulk_query_delete(script->client, &job, &err));
	script_answer(script, 204, "");
	assert_true(sf_bulk_query_delete(script->client, &job, &err));
	assert_has(str_from(script->log),
		"DELETE https://eu1.my.salesforce.com/services/data/v63.0/jobs/query/750R0000000zxr8IAA\n");
	script_answer(script, 400, "[{\"errorCode\":\"INVALIDJOBSTATE\",\"message\":\"running\"}]");
	assert_false(sf_bulk_query_delete(script->client, &job, &err));
}

static void a_job_can_be_aborted(void **state)
{
	Script *script = *state;
	SfBulkJob job = known_job();
	script_answer(script, 200, JOB("Aborted", ""));
	assert_true(sf_bulk_query_abort(script->client, &job, NULL));
	assert_int_equal(job.state, SF_JOB_ABORTED);
	assert_has(str_from(script->log), "{\"state\":\"Aborted\"}");
}

static void bad_names_of_jobs_are_refused(void **state)
{
	(void)state;
	SfBulkJob job;
	assert_false(sf_bulk_job_named(STR("../../x"), STR("64.0"), &job, NULL));
	assert_false(sf_bulk_job_named(STR("750R0000000zxr8IAA"), STR("64.0000000"), &job, NULL));
	assert_false(sf_bulk_job_named(STR("750R0000000zxr8IAA"), STR("../x"), &job, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		script_test(a_job_goes_through_its_states),
		script_test(deleted_rows_need_query_all),
		cmocka_unit_test(a_failed_job_always_has_a_text),
		cmocka_unit_test(a_state_of_next_year_is_not_final),
		cmocka_unit_test(answers_that_are_no_job_are_tried_again),
		cmocka_unit_test(counts_below_zero_are_unknown),
		cmocka_unit_test(the_version_is_read_as_number_and_as_text),
		script_test(pages_are_read_until_the_word_null),
		script_test(an_empty_result_is_no_error),
		script_test(a_missing_locator_is_an_end_to_be_checked),
		script_test(a_page_for_people_is_no_csv),
		script_test(jobs_that_are_gone_are_missing_and_count_as_deleted),
		script_test(a_job_can_be_aborted),
		cmocka_unit_test(bad_names_of_jobs_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
