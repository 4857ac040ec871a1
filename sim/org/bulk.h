/* bulk.h: what Bulk API 2.0 jobs of both kinds share. Jobs live in the org's list until deleted or
 * seven days old. */
#ifndef ORG_BULK_H
#define ORG_BULK_H

#include "base/base.h"
#include "base/buf.h"
#include "org/call.h"
#include "org/state.h"

/* One job's CSV: a result of ten million rows of some hundred bytes. */
#define BULK_CSV_MAX ((size_t)4 * 1024 * 1024 * 1024)

enum { BULK_JOBS_MAX = 10000 }; /* kept at a time; the oldest goes first */

typedef enum BulkState {
	BULK_OPEN,
	BULK_UPLOAD_COMPLETE,
	BULK_IN_PROGRESS,
	BULK_COMPLETE,
	BULK_FAILED,
	BULK_ABORTED,
	BULK_STATES
} BulkState;

const char *bulk_state_name(BulkState state);

struct BulkJob {
	BulkJob *older;
	OrgId id;
	bool is_ingest;
	uint8_t user;
	char operation[16];
	OrgTable *table;
	char version[8]; /* "60.0" */
	BulkState state; /* as last moved; bulk_state_at tells what it is now */
	int64_t created_ms, changed_ms, due_ms; /* due: when the work is done */
	char delimiter;
	bool is_crlf;
	Buf header;         /* the header row with its line end */
	Buf csv;            /* query: the rows; ingest: the upload */
	uint64_t *row_ends; /* own; query: where each row ends in csv */
	size_t rows, failed_rows;
	char *error_message; /* own, or NULL */
	/* ingest */
	size_t uploads;
	Buf successful, failed;
};

/* Reads columnDelimiter and lineEnding; false when answered with an error. */
WARN_UNUSED bool bulk_read_format(
	Call *call, const JsonVal *request, char *delimiter, bool *is_crlf);
BulkJob *bulk_add(Call *call, bool is_ingest, OrgTable *table, Str operation);
/* The job of params[0] and that kind; NULL when answered with an error. */
BulkJob *bulk_find(Call *call, bool is_ingest);
void bulk_remove(Org *org, BulkJob *job);
void bulk_close_all(Org *org);
BulkState bulk_state_at(const BulkJob *job, int64_t now_ms);
bool bulk_is_final(BulkState state);

/* The members up to apiVersion, in an object that is begun already. */
void bulk_put_head(Call *call, JsonWriter *w, const BulkJob *job);
/* lineEnding, columnDelimiter. */
void bulk_put_format(JsonWriter *w, const BulkJob *job);
void bulk_put_list(Call *call, bool is_ingest);
void bulk_put_value(Buf *out, Str value, const BulkJob *job, bool is_last);
/* {"state":"Aborted"}: aborts and answers; for both kinds. */
void bulk_abort(Call *call, BulkJob *job);
void bulk_delete(Call *call, BulkJob *job);

#endif
