/* usage.h: the daily API calls: a rolling window of 24 hours in hourly buckets, and a count by kind
 * of call for tests. */
#ifndef ORG_USAGE_H
#define ORG_USAGE_H

#include "base/base.h"

/* What a call is, for GET /calls of the control port. */
#define CALL_KINDS(X)                                                                              \
	X(CALL_LOGIN, "login")                                                                     \
	X(CALL_VERSIONS, "versions")                                                               \
	X(CALL_IDENTITY, "identity")                                                               \
	X(CALL_RESOURCES, "resources")                                                             \
	X(CALL_DESCRIBE, "describe")                                                               \
	X(CALL_RECORD, "record")                                                                   \
	X(CALL_QUERY, "query")                                                                     \
	X(CALL_COLLECTION, "collection")                                                           \
	X(CALL_LIMITS, "limits")                                                                   \
	X(CALL_BULK_QUERY, "bulk_query")                                                           \
	X(CALL_BULK_INGEST, "bulk_ingest")                                                         \
	X(CALL_OTHER, "other")

typedef enum CallKind {
#define CALL_KIND_ID(id, name) id,
	CALL_KINDS(CALL_KIND_ID)
#undef CALL_KIND_ID
		CALL_KIND_COUNT
} CallKind;

const char *call_kind_name(CallKind kind);

enum { USAGE_HOURS = 24 };

typedef struct Usage {
	int64_t max; /* calls in 24 hours */
	int64_t hours[USAGE_HOURS];
	int64_t hour;                     /* number of the newest bucket, hours since 1970 */
	int64_t total;                    /* since the last reset: what Salesforce would count */
	int64_t by_kind[CALL_KIND_COUNT]; /* all calls, counted by Salesforce or not */
	int64_t query_jobs;
} Usage;

/* Calls in the last 24 hours. */
int64_t usage_used(Usage *usage, int64_t now_ms);
void usage_count(Usage *usage, int64_t now_ms);

#endif
