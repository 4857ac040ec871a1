/* query.h: SOQL over REST: literals, paging, the few queries the product asks. A page has up to
 * 2,000 rows, the next one is fetched by nextRecordsUrl, which is opaque
 * (salesforce-api.md 2.8-2.10). */
#ifndef SF_QUERY_H
#define SF_QUERY_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "model/address.h"
#include "model/sfid.h"
#include "sf/client.h"

enum {
	SOQL_BYTES_MAX = 100 * 1000, /* salesforce-api.md 2.9 */
	SF_URI_BYTES_MAX = 2000, /* recommended in 2.10; longer ones end as HTML 414 at some hop */
	SF_EMAIL_CHARS_MAX = 80, /* the Email field; longer addresses can never match (5.3) */
};

/* 'o\'neil@example.org': quotes, backslashes and control characters escaped. Appends. */
void soql_put_literal(Buf *out, Str text);
/* True for a name that may stand in a statement: letters, digits, underscore, dots between. */
bool soql_is_name(Str name);

/* One row; JSON borrowed during the call. False ends the query with *err. */
typedef bool (*SfRowFn)(void *ctx, const JsonVal *record, Err *err);

/* Runs a statement and gives every row of every page; ERR_LIMIT when more than rows_max.
 * include_deleted: queryAll. */
typedef struct SfQuery {
	Str soql;
	bool include_deleted;
	int64_t rows_max;
} SfQuery;
WARN_UNUSED bool sf_query_each(
	SfClient *client, const SfQuery *query, SfRowFn fn, void *ctx, Err *err);

/* Rows whose Email is one of the addresses; converted leads are left out. fields (checked names)
 * come in addition to Id and Email. Splits into as many calls as the URI budget needs. */
typedef struct SfLookup {
	SfObject object;
	const Address *addresses;
	size_t address_count;
	const Str *fields;
	size_t field_count;
} SfLookup;
WARN_UNUSED bool sf_lookup_each(
	SfClient *client, const SfLookup *lookup, SfRowFn fn, void *ctx, Err *err);
/* The statement for addresses from `from` on, as many as fit; gives how far it came (address_count
 * at the end). `out` is empty when only addresses that cannot match were left. */
WARN_UNUSED bool sf_lookup_soql(
	const SfLookup *lookup, size_t from, size_t *out_to, Buf *out, Err *err);

typedef struct SfOrganization {
	SfId id;
	char name[321]; /* 80 characters of at most 4 bytes */
	char instance[33];
	bool is_sandbox;
} SfOrganization;

WARN_UNUSED bool sf_organization_fetch(SfClient *client, SfOrganization *out, Err *err);

#endif
