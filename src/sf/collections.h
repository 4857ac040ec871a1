/* collections.h: PATCH composite/sobjects: up to 200 records of one object, each told its own
 * result. Results belong to rows by position; a failed element carries no ID
 * (salesforce-api.md 2.13, recordings). A tick is idempotent, so a row without a result is simply
 * sent again. Pure. */
#ifndef SF_COLLECTIONS_H
#define SF_COLLECTIONS_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "model/sfid.h"
#include "sf/client.h"
#include "sf/sferror.h"

enum {
	SF_COLLECTION_ROWS_MAX = 200, /* salesforce-api.md 2.13; also one trigger chunk, 8.3 */
	SF_COLLECTION_FIELDS_MAX = 2, /* the standard field and the sales field */
	SF_COLLECTION_BODY_MAX = 64 * 1024, /* 200 rows of at most 80 + 2 * 100 bytes */
};

/* The body: allOrNone false, each record with attributes.type, id and every field set to true. IDs
 * must be distinct and of that object (asserted: the batch builder de-duplicates). */
WARN_UNUSED bool sf_tick_body(SfObject object, const SfId *ids, size_t count, const Str *fields,
	size_t field_count, Buf *out, Err *err);

/* The call for such a body, for sf_client_start. Borrows the body. */
SfRequest sf_tick_request(Str body);

typedef struct SfRowResult {
	/* False: the answer says nothing about this row; it may have happened: send again. */
	bool is_answered;
	bool ok;       /* Salesforce confirms the tick */
	SfFault fault; /* answered and not ok */
} SfRowResult;

/* Reads a 200 answer into one result per row. A short array leaves the rest unanswered. False with
 * ERR_RETRY, all rows unanswered, when the text is no such answer, is longer than asked, or names
 * another record at a position. */
WARN_UNUSED bool sf_tick_results(
	Str body, const SfId *ids, size_t count, SfRowResult *out, Err *err);

#endif
