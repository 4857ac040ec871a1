#include "base/base.h"

#include "sync/job.h"

#include <inttypes.h>
#include <stdarg.h>

typedef enum JobEvent {
	EV_NONE,
	EV_CREATED,
	EV_COMPLETE, /* there; pages wait */
	EV_ALL_STORED,
	EV_CLEANED,
	EV_BROKEN, /* a call refused for good, or the job failed there */
	EV_GIVE_UP,
	EVENT_COUNT,
} JobEvent;

/* 0: that cannot happen. */
static const JobState next_state[JOB_STATE_COUNT][EVENT_COUNT] = {
	[JOB_NEW] = { [EV_CREATED] = JOB_RUNNING,
		[EV_BROKEN] = JOB_FAILED,
		[EV_GIVE_UP] = JOB_FAILED },
	[JOB_RUNNING] = { [EV_COMPLETE] = JOB_FETCHING,
		[EV_BROKEN] = JOB_FAILED,
		[EV_GIVE_UP] = JOB_ABORTING },
	[JOB_FETCHING] = { [EV_ALL_STORED] = JOB_CLEANING,
		[EV_BROKEN] = JOB_FAILED,
		[EV_GIVE_UP] = JOB_FAILED }, /* complete there: nothing to abort */
	[JOB_CLEANING] = { [EV_CLEANED] = JOB_DONE,
		[EV_BROKEN] = JOB_DONE,
		[EV_GIVE_UP] = JOB_DONE },
	[JOB_ABORTING] = { [EV_CLEANED] = JOB_FAILED,
		[EV_BROKEN] = JOB_FAILED,
		[EV_GIVE_UP] = JOB_ABORTING },
	[JOB_DONE] = { [EV_GIVE_UP] = JOB_DONE },
	[JOB_FAILED] = { [EV_GIVE_UP] = JOB_FAILED },
};

static void job_move(Job *job, JobEvent event)
{
	JobState to = next_state[job->state][event];
	assert(to != 0);
	job->state = to;
}

static void note(Job *job, const char *format, ...) PRINTF_LIKE(2, 3);

static void note(Job *job, const char *format, ...)
{
	if (job->note[0])
		return; /* the first reason is the reason */
	va_list args;
	va_start(args, format);
	vsnprintf(job->note, sizeof job->note, format, args);
	va_end(args);
}

void job_init(Job *job, int64_t now_ms)
{
	*job = (Job){
		.state = JOB_NEW, .rows_expected = -1, .started_at_ms = now_ms, .next_at_ms = now_ms
	};
}

void job_resume(Job *job, const SfId *job_id, Str locator, int64_t rows_stored, int64_t now_ms)
{
	job_init(job, now_ms);
	job->state = JOB_RUNNING;
	job->job_id = *job_id;
	job->rows_stored = rows_stored;
	if (!str_copy(locator, job->locator, sizeof job->locator)) {
		note(job, "a stored page locator of %zu bytes", locator.len);
		job_move(job, EV_BROKEN);
	}
}

bool job_is_over(const Job *job)
{
	return job->state == JOB_DONE || job->state == JOB_FAILED;
}

JobStep job_next(Job *job, int64_t now_ms)
{
	bool works = job->state == JOB_NEW || job->state == JOB_RUNNING
		|| job->state == JOB_FETCHING;
	if (works && now_ms - job->started_at_ms > JOB_LIFETIME_MS)
		job_abort(job, STR("not finished within its time"));
	if (!job_is_over(job) && now_ms < job->next_at_ms)
		return JOB_STEP_WAIT;
	switch (job->state) {
	case JOB_NEW:
		return JOB_STEP_CREATE;
	case JOB_RUNNING:
		return JOB_STEP_POLL;
	case JOB_FETCHING:
		return JOB_STEP_FETCH;
	case JOB_CLEANING:
		return JOB_STEP_DELETE;
	case JOB_ABORTING:
		return JOB_STEP_ABORT;
	case JOB_DONE:
	case JOB_FAILED:
	case JOB_STATE_COUNT:
		break;
	}
	return JOB_STEP_NONE;
}

void job_created(Job *job, const SfId *job_id, int64_t now_ms)
{
	job->job_id = *job_id;
	job->failures = 0;
	job->next_at_ms = now_ms + JOB_POLL_FIRST_MS;
	job_move(job, EV_CREATED);
}

/* Grows by half each time; a tenth of jitter, because Contact and Lead are polled side by side. */
static int64_t poll_delay_ms(int64_t polls, uint64_t random)
{
	int64_t delay = JOB_POLL_FIRST_MS;
	for (int64_t i = 0; i < polls && delay < JOB_POLL_CAP_MS; i++)
		delay += delay / 2;
	delay = MIN_OF(delay, JOB_POLL_CAP_MS);
	return delay + (int64_t)(random % (uint64_t)(delay / 10));
}

static bool is_last_locator(Str locator)
{
	return locator.len == 0 || str_eq(locator, STR("null"));
}

/* All pages are here. A count that differs means that rows are missing, and a missing row is
 * unknown. */
static void finish(Job *job)
{
	if (job->rows_expected >= 0 && job->rows_expected != job->rows_stored) {
		note(job, "%" PRId64 " rows came of %" PRId64, job->rows_stored,
			job->rows_expected);
		job_move(job, EV_BROKEN);
		return;
	}
	job_move(job, EV_ALL_STORED);
}

void job_polled(Job *job, JobPhase phase, int64_t rows_processed, Str message, int64_t now_ms,
	uint64_t random)
{
	assert(job->state == JOB_RUNNING);
	job->failures = 0;
	job->next_at_ms = now_ms;
	switch (phase) {
	case JOB_PHASE_WORKING:
		job->next_at_ms = now_ms + poll_delay_ms(++job->polls, random);
		return;
	case JOB_PHASE_COMPLETE:
		job->rows_expected = rows_processed;
		job_move(job, EV_COMPLETE);
		/* Resumed after the last page was stored. */
		if (str_eq(str_from(job->locator), STR("null")))
			finish(job);
		return;
	case JOB_PHASE_FAILED:
	case JOB_PHASE_ABORTED:
		break;
	}
	note(job, "Salesforce %s the job%s%.*s", phase == JOB_PHASE_FAILED ? "failed" : "aborted",
		message.len ? ": " : "", STR_ARG(message));
	job_move(job, EV_BROKEN);
}

void job_page_stored(Job *job, Str next_locator, int64_t rows, int64_t now_ms)
{
	assert(job->state == JOB_FETCHING);
	job->failures = 0;
	job->next_at_ms = now_ms;
	job->rows_stored += rows;
	if (is_last_locator(next_locator)) {
		finish(job);
	} else if (str_eq(next_locator, str_from(job->locator))) {
		note(job, "Salesforce gave the same page locator twice");
		job_move(job, EV_BROKEN);
	} else if (!str_copy(next_locator, job->locator, sizeof job->locator)) {
		note(job, "a page locator of %zu bytes", next_locator.len);
		job_move(job, EV_BROKEN);
	}
}

void job_deleted(Job *job)
{
	job_move(job, EV_CLEANED);
}

static bool is_temporary(FailClass fail)
{
	return fail == FAIL_AGAIN || fail == FAIL_SESSION || fail == FAIL_BUDGET
		|| fail == FAIL_UNKNOWN_OUTCOME;
}

void job_call_failed(
	Job *job, FailClass fail, Str text, int64_t retry_after_ms, int64_t now_ms, uint64_t random)
{
	assert(fail != FAIL_NONE && !job_is_over(job));
	job->failures++;
	bool is_needed = job->state != JOB_CLEANING && job->state != JOB_ABORTING;
	if (is_needed && is_temporary(fail) && job->failures < JOB_CALL_FAILURES_MAX) {
		job->next_at_ms = now_ms
			+ retry_delay_ms(fail, job->failures, retry_after_ms, random);
		return;
	}
	if (is_needed)
		note(job, "%.*s (%s, %" PRId64 " tries)", STR_ARG(text), fail_class_name(fail),
			job->failures);
	job_move(job, EV_BROKEN);
}

void job_abort(Job *job, Str why)
{
	if (!job_is_over(job) && job->state != JOB_CLEANING)
		note(job, "given up: %.*s", STR_ARG(why));
	job->next_at_ms = INT64_MIN;
	job_move(job, EV_GIVE_UP);
}
