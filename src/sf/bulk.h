/* bulk.h: Bulk API 2.0 query jobs: create, look, read pages, abort, delete. Small calls and
 * parsers; when to do which is decided in sync/job. A job is named by its ID and the API version
 * that created it: results must be read with the same one (salesforce-api.md 3.1, 3.3, 3.7, 10.1).
 * Keep both on disk to resume after a crash. */
#ifndef SF_BULK_H
#define SF_BULK_H

#include "base/base.h"
#include "base/err.h"
#include "base/str.h"
#include "model/sfid.h"
#include "sf/client.h"

typedef enum SfJobState {
	SF_JOB_NONE,
	SF_JOB_OPEN,
	SF_JOB_UPLOAD_COMPLETE, /* queued */
	SF_JOB_IN_PROGRESS,
	SF_JOB_COMPLETE,
	SF_JOB_FAILED,
	SF_JOB_ABORTED,
	SF_JOB_OTHER, /* a state we do not know: keep polling */
} SfJobState;

bool sf_job_is_final(SfJobState state);

enum {
	SF_LOCATOR_MAX = 512, /* seen: 7 to 32 characters of base64 */
	SF_BULK_PAGE_BYTES_MAX = 256 * 1024 * 1024,
	SF_BULK_PAGE_TIMEOUT_MS = 10 * 60 * 1000, /* longest REST call, salesforce-api.md 8.3 */
};

typedef struct SfBulkJob {
	SfId id;
	char api_version[8]; /* "64.0" */
	SfJobState state;
	char object[81];
	int64_t rows_processed; /* 0 while unknown */
	int64_t retries;
	int64_t processing_ms;
	char error_text[SF_FAULT_TEXT_MAX]; /* FAILED: never empty, reason given or not */
} SfBulkJob;

/* Reads a job object, of create, poll, abort alike. */
WARN_UNUSED bool sf_bulk_job_parse(Str body, SfBulkJob *out, Err *err);
/* A job known from before a restart. */
WARN_UNUSED bool sf_bulk_job_named(Str id, Str api_version, SfBulkJob *out, Err *err);

/* include_deleted: queryAll (recycle bin and archive too). On ERR_RETRY a job may exist
 * nevertheless. */
WARN_UNUSED bool sf_bulk_query_create(
	SfClient *client, Str soql, bool include_deleted, SfBulkJob *out, Err *err);
/* Refreshes *job. ERR_MISSING: the job is gone (7 days, or deleted by somebody): start anew. */
WARN_UNUSED bool sf_bulk_query_look(SfClient *client, SfBulkJob *job, Err *err);

typedef struct SfBulkPage {
	SfReply reply; /* own */
	/* Borrows from reply; starts with the header row, empty for an empty result; may hold NUL
	 * bytes. */
	Str csv;
	int64_t rows; /* Sforce-NumberOfRecords, header not counted; -1 if it does not say */
	char next_locator[SF_LOCATOR_MAX]; /* for the next page; "" on the last */
	bool is_last;
	/* The end was not said ("null") but the header was missing: compare the sum of rows with
	 * rows_processed. */
	bool is_end_assumed;
} SfBulkPage;

void sf_bulk_page_fini(SfBulkPage *page);
/* Headers of a page reply into *out (which takes the reply over). */
WARN_UNUSED bool sf_bulk_page_parse(SfReply *reply, SfBulkPage *out, Err *err);
/* locator "" for the first page. A page can be read again with the same locator as long as the job
 * exists. */
WARN_UNUSED bool sf_bulk_query_page(SfClient *client, const SfBulkJob *job, Str locator,
	int64_t rows_max, SfBulkPage *out, Err *err);

WARN_UNUSED bool sf_bulk_query_abort(SfClient *client, SfBulkJob *job, Err *err);
/* A job that is gone already counts as deleted. */
WARN_UNUSED bool sf_bulk_query_delete(SfClient *client, const SfBulkJob *job, Err *err);

#endif
