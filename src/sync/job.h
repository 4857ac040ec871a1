/* job.h: the life of one Bulk API 2.0 query job (salesforce-api.md 3.1): create, poll, fetch pages
 * by locator, clean up. The worker does the step that job_next gives and tells what came of it.
 * After a restart job_resume goes on from the last page that was stored. Pure: time and randomness
 * are arguments. */
#ifndef SYNC_JOB_H
#define SYNC_JOB_H

#include "base/base.h"
#include "base/str.h"
#include "model/sfid.h"
#include "sync/retry.h"

typedef enum JobState {
	JOB_NEW = 1,  /* to be created */
	JOB_RUNNING,  /* Salesforce works: poll */
	JOB_FETCHING, /* complete there: fetch pages */
	JOB_CLEANING, /* all pages stored: delete the job there; failing to does not matter */
	JOB_ABORTING, /* given up here: abort it there */
	JOB_DONE,
	JOB_FAILED,
	JOB_STATE_COUNT,
} JobState;

typedef enum JobStep {
	JOB_STEP_NONE = 0, /* finished */
	JOB_STEP_CREATE = 1,
	JOB_STEP_POLL,
	JOB_STEP_FETCH, /* with Job.locator, "" for the first page */
	JOB_STEP_DELETE,
	JOB_STEP_ABORT,
	JOB_STEP_WAIT, /* until Job.next_at_ms */
} JobStep;

/* The state of the job in Salesforce's answer to a poll. */
typedef enum JobPhase {
	JOB_PHASE_WORKING = 1, /* UploadComplete, InProgress */
	JOB_PHASE_COMPLETE,
	JOB_PHASE_FAILED,
	JOB_PHASE_ABORTED,
} JobPhase;

enum {
	JOB_LOCATOR_MAX = 255,       /* opaque; seen: 6 to 31 characters */
	JOB_POLL_FIRST_MS = 500,     /* small jobs are ready in a second */
	JOB_POLL_CAP_MS = 30 * 1000, /* each poll is a call of the day's budget */
	JOB_CALL_FAILURES_MAX = 12,  /* in a row: about an hour of tries */
	/* Then it is given up: the next night must find the way free. */
	JOB_LIFETIME_MS = 6 * 3600 * 1000,
};

typedef struct Job {
	JobState state;
	SfId job_id;
	char locator[JOB_LOCATOR_MAX + 1]; /* of the next page; "" for the first */
	int64_t rows_stored;
	int64_t rows_expected; /* numberRecordsProcessed; -1 until known */
	int64_t started_at_ms;
	int64_t next_at_ms;
	int64_t polls;
	int64_t failures; /* calls failed in a row */
	char note[256];   /* why it failed */
} Job;

void job_init(Job *job, int64_t now_ms);
/* A job that was created before: goes on polling, and fetching after `locator` (rows_stored rows
 * are safe already). */
void job_resume(Job *job, const SfId *job_id, Str locator, int64_t rows_stored, int64_t now_ms);

JobStep job_next(Job *job, int64_t now_ms);

void job_created(Job *job, const SfId *job_id, int64_t now_ms);
void job_polled(Job *job, JobPhase phase, int64_t rows_processed, Str message, int64_t now_ms,
	uint64_t random);
/* A page was stored durably. next_locator as in the header: "null" or empty ends it
 * (salesforce-api.md 3.1, 3.7). When the number of rows is then not what the job said, it fails: a
 * row that is missing is never taken for "no". */
void job_page_stored(Job *job, Str next_locator, int64_t rows, int64_t now_ms);
void job_deleted(Job *job); /* or aborted */
/* A call failed as a whole. AGAIN, SESSION, BUDGET and UNKNOWN_OUTCOME are tried again with delay;
 * the rest ends it. */
void job_call_failed(Job *job, FailClass fail, Str text, int64_t retry_after_ms, int64_t now_ms,
	uint64_t random);
/* Given up by us (shutdown for good, run discarded): aborts what runs there. */
void job_abort(Job *job, Str why);

bool job_is_over(const Job *job);

#endif
