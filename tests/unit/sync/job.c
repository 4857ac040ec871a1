#include "base/base.h"

#include "sync/job.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const SfId job_id = { .text = "750R0000000zxr8IAA" };

static Job running(int64_t now_ms)
{
	Job job;
	job_init(&job, now_ms);
	assert_int_equal(job_next(&job, now_ms), JOB_STEP_CREATE);
	job_created(&job, &job_id, now_ms);
	return job;
}

static Job fetching(int64_t rows)
{
	Job job = running(0);
	job_polled(&job, JOB_PHASE_COMPLETE, rows, STR_NONE, 1000, 0);
	assert_int_equal(job_next(&job, 1000), JOB_STEP_FETCH);
	return job;
}

static void job_that_goes_well_fetches_all_pages_and_cleans_up(void **state)
{
	(void)state;
	Job job = running(0);
	assert_int_equal(job_next(&job, 0), JOB_STEP_WAIT);
	assert_int_equal(job.next_at_ms, JOB_POLL_FIRST_MS);
	assert_int_equal(job_next(&job, JOB_POLL_FIRST_MS), JOB_STEP_POLL);
	job_polled(&job, JOB_PHASE_WORKING, 0, STR_NONE, 500, 1);
	assert_int_equal(job_next(&job, 500), JOB_STEP_WAIT);
	job_polled(&job, JOB_PHASE_COMPLETE, 120, STR_NONE, 2000, 1);
	assert_int_equal(job_next(&job, 2000), JOB_STEP_FETCH);
	assert_string_equal(job.locator, "");
	job_page_stored(&job, STR("MTAwMDA"), 100, 2001);
	assert_int_equal(job_next(&job, 2001), JOB_STEP_FETCH);
	assert_string_equal(job.locator, "MTAwMDA");
	job_page_stored(&job, STR("null"), 20, 2002);
	assert_int_equal(job_next(&job, 2002), JOB_STEP_DELETE);
	assert_false(job_is_over(&job));
	job_deleted(&job);
	assert_int_equal(job_next(&job, 2003), JOB_STEP_NONE);
	assert_int_equal(job.state, JOB_DONE);
	assert_true(job_is_over(&job));
}

static void polls_grow_apart_up_to_a_cap(void **state)
{
	(void)state;
	Job job = running(0);
	int64_t now = JOB_POLL_FIRST_MS, last = 0;
	int polls = 0;
	while (now < JOB_LIFETIME_MS / 2) {
		assert_int_equal(job_next(&job, now), JOB_STEP_POLL);
		job_polled(&job, JOB_PHASE_WORKING, 0, STR_NONE, now, 0);
		int64_t delay = job.next_at_ms - now;
		assert_true(delay >= last && delay <= JOB_POLL_CAP_MS);
		last = delay;
		now = job.next_at_ms;
		polls++;
	}
	assert_int_equal(last, JOB_POLL_CAP_MS);
	assert_in_range(polls, 300, 400); /* three hours */
}

static void rows_that_are_missing_fail_the_job(void **state)
{
	(void)state;
	Job job = fetching(121);
	job_page_stored(&job, STR("null"), 120, 0);
	assert_int_equal(job.state, JOB_FAILED);
	assert_string_equal(job.note, "120 rows came of 121");
	/* A missing locator header is the end too, and checked the same way. */
	job = fetching(120);
	job_page_stored(&job, STR_NONE, 120, 0);
	assert_int_equal(job.state, JOB_CLEANING);
	job = fetching(-1); /* Salesforce did not say how many */
	job_page_stored(&job, STR("null"), 5, 0);
	assert_int_equal(job.state, JOB_CLEANING);
	job = fetching(0);
	job_page_stored(&job, STR("null"), 0, 0);
	assert_int_equal(job.state, JOB_CLEANING);
}

static void locator_that_leads_nowhere_fails_the_job(void **state)
{
	(void)state;
	Job job = fetching(500);
	job_page_stored(&job, STR("abc"), 100, 0);
	job_page_stored(&job, STR("abc"), 100, 0);
	assert_int_equal(job.state, JOB_FAILED);
	char text[JOB_LOCATOR_MAX + 2];
	memset(text, 'x', sizeof text);
	job = fetching(500);
	job_page_stored(&job, (Str){ text, JOB_LOCATOR_MAX + 1 }, 100, 0);
	assert_int_equal(job.state, JOB_FAILED);
	job = fetching(500);
	job_page_stored(&job, (Str){ text, JOB_LOCATOR_MAX }, 100, 0);
	assert_int_equal(job.state, JOB_FETCHING);
	job_resume(&job, &job_id, (Str){ text, JOB_LOCATOR_MAX + 1 }, 0, 0);
	assert_int_equal(job.state, JOB_FAILED);
}

static void job_resumes_after_the_last_stored_page(void **state)
{
	(void)state;
	Job job;
	job_resume(&job, &job_id, STR("MTAwMDA"), 100, 50);
	assert_int_equal(job_next(&job, 50), JOB_STEP_POLL);
	job_polled(&job, JOB_PHASE_COMPLETE, 120, STR_NONE, 60, 0);
	assert_int_equal(job_next(&job, 60), JOB_STEP_FETCH);
	assert_string_equal(job.locator, "MTAwMDA");
	job_page_stored(&job, STR("null"), 20, 70);
	assert_int_equal(job.state, JOB_CLEANING);
	/* The crash came after the last page. */
	job_resume(&job, &job_id, STR("null"), 120, 50);
	job_polled(&job, JOB_PHASE_COMPLETE, 120, STR_NONE, 60, 0);
	assert_int_equal(job_next(&job, 60), JOB_STEP_DELETE);
}

static void job_that_fails_there_fails_here_with_its_message(void **state)
{
	(void)state;
	Job job = running(0);
	job_polled(&job, JOB_PHASE_FAILED, 0, STR("InvalidBatch : Field name not found : X"), 1, 0);
	assert_int_equal(job_next(&job, 1), JOB_STEP_NONE);
	assert_string_equal(
		job.note, "Salesforce failed the job: InvalidBatch : Field name not found : X");
	job = running(0);
	job_polled(&job, JOB_PHASE_ABORTED, 0, STR_NONE, 1, 0);
	assert_string_equal(job.note, "Salesforce aborted the job");
	assert_int_equal(job.state, JOB_FAILED);
}

static void temporary_failures_are_tried_again_and_counted(void **state)
{
	(void)state;
	static const FailClass passing[] = { FAIL_AGAIN, FAIL_SESSION, FAIL_BUDGET,
		FAIL_UNKNOWN_OUTCOME };
	for (size_t k = 0; k < ARRAY_LEN(passing); k++) {
		Job job;
		job_init(&job, 0);
		int64_t now = 0;
		for (int i = 1; i < JOB_CALL_FAILURES_MAX; i++) {
			assert_int_equal(job_next(&job, now), JOB_STEP_CREATE);
			job_call_failed(&job, passing[k], STR("busy"), 0, now, 5);
			assert_int_equal(job_next(&job, now), JOB_STEP_WAIT);
			now = job.next_at_ms;
		}
		job_call_failed(&job, passing[k], STR("busy"), 0, now, 5);
		assert_int_equal(job.state, JOB_FAILED);
		assert_non_null(strstr(job.note, "busy ("));
	}
	Job job = fetching(10);
	for (int i = 0; i < 100; i++) { /* not in a row */
		job_call_failed(&job, FAIL_AGAIN, STR("x"), 0, 0, 5);
		job_page_stored(&job, i % 2 ? STR("a") : STR("b"), 0, 0);
	}
	assert_int_equal(job.state, JOB_FETCHING);
}

static void lasting_failures_end_the_job_at_once(void **state)
{
	(void)state;
	static const FailClass lasting[] = { FAIL_ADMIN, FAIL_RECORD, FAIL_DELETED };
	for (size_t k = 0; k < ARRAY_LEN(lasting); k++) {
		Job job = running(0);
		job_call_failed(&job, lasting[k], STR("INVALID_FIELD"), 0, 0, 0);
		assert_int_equal(job.state, JOB_FAILED);
	}
}

static void failing_to_clean_up_does_not_matter(void **state)
{
	(void)state;
	Job job = fetching(0);
	job_page_stored(&job, STR("null"), 0, 0);
	job_call_failed(&job, FAIL_AGAIN, STR("x"), 0, 0, 0);
	assert_int_equal(job.state, JOB_DONE);
	job = running(0);
	job_abort(&job, STR("stopped"));
	job_call_failed(&job, FAIL_AGAIN, STR("x"), 0, 0, 0);
	assert_int_equal(job.state, JOB_FAILED);
	assert_string_equal(job.note, "given up: stopped");
}

static void job_that_never_ends_is_given_up(void **state)
{
	(void)state;
	Job job = running(0);
	assert_int_equal(job_next(&job, JOB_LIFETIME_MS), JOB_STEP_POLL);
	assert_int_equal(job_next(&job, JOB_LIFETIME_MS + 1), JOB_STEP_ABORT);
	assert_int_equal(job_next(&job, JOB_LIFETIME_MS + 1), JOB_STEP_ABORT);
	job_deleted(&job);
	assert_int_equal(job.state, JOB_FAILED);
	assert_string_equal(job.note, "given up: not finished within its time");
	Job young;
	job_init(&young, 0);
	assert_int_equal(job_next(&young, JOB_LIFETIME_MS + 1), JOB_STEP_NONE);
	Job late = fetching(5);
	assert_int_equal(job_next(&late, JOB_LIFETIME_MS + 1), JOB_STEP_NONE);
	assert_int_equal(late.state, JOB_FAILED);
}

static void giving_up_is_harmless_in_every_state(void **state)
{
	(void)state;
	static const JobState after[JOB_STATE_COUNT] = {
		[JOB_NEW] = JOB_FAILED,
		[JOB_RUNNING] = JOB_ABORTING,
		[JOB_FETCHING] = JOB_FAILED,
		[JOB_CLEANING] = JOB_DONE,
		[JOB_ABORTING] = JOB_ABORTING,
		[JOB_DONE] = JOB_DONE,
		[JOB_FAILED] = JOB_FAILED,
	};
	for (int s = JOB_NEW; s < JOB_STATE_COUNT; s++) {
		Job job = { .state = (JobState)s };
		job_abort(&job, STR("enough"));
		assert_int_equal(job.state, after[s]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(job_that_goes_well_fetches_all_pages_and_cleans_up),
		cmocka_unit_test(polls_grow_apart_up_to_a_cap),
		cmocka_unit_test(rows_that_are_missing_fail_the_job),
		cmocka_unit_test(locator_that_leads_nowhere_fails_the_job),
		cmocka_unit_test(job_resumes_after_the_last_stored_page),
		cmocka_unit_test(job_that_fails_there_fails_here_with_its_message),
		cmocka_unit_test(temporary_failures_are_tried_again_and_counted),
		cmocka_unit_test(lasting_failures_end_the_job_at_once),
		cmocka_unit_test(failing_to_clean_up_does_not_matter),
		cmocka_unit_test(job_that_never_ends_is_given_up),
		cmocka_unit_test(giving_up_is_harmless_in_every_state),
	};
	return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
