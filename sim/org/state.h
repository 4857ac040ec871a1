/* state.h: everything an org is. Private to sim/org. */
#ifndef ORG_STATE_H
#define ORG_STATE_H

#include "base/base.h"
#include "base/clock.h"
#include "base/rng.h"
#include "org/data.h"
#include "org/fault.h"
#include "org/org.h"
#include "org/session.h"
#include "org/usage.h"

enum { USER_AUTOMATED, USER_INTEGRATION, USER_ADMIN }; /* first rows of the User table */

typedef enum OrgCondition {
	CONDITION_NORMAL,
	CONDITION_MAINTENANCE, /* 503 and a page on every path */
	CONDITION_READ_ONLY,   /* writes are refused, reads work */
	CONDITION_GONE,        /* a page on every path, for ever */
	CONDITIONS
} OrgCondition;

/* What is left of a query: the rows of the whole result and how to go on (query.c). */
typedef struct Cursor {
	OrgId id;
	char *soql;     /* own */
	uint32_t *rows; /* own */
	size_t count;
} Cursor;

/* About ten per user, oldest closed first (salesforce-api.md 8.3, from memory). */
enum { CURSORS_MAX = 10 };

/* The last requests, for tests and people. */
typedef struct LogEntry {
	int64_t number, at_ms;
	int status; /* 0: reset */
	char *line; /* own; method, path and query */
	char *body; /* own; of the request, cut */
	size_t reply_bytes;
} LogEntry;

enum { LOG_ENTRIES_MAX = 500, LOG_BODY_MAX = 2000 };

typedef struct BulkJob BulkJob;

struct Org {
	OrgId org_id;
	OrgData data;
	Sessions sessions;
	Usage usage;
	Faults faults;
	SeededRng rng;
	Clock *clock;
	int64_t clock_offset_ms;
	OrgCondition condition;

	char *client_id, *client_secret, *username, *password; /* own */
	void *public_key;       /* EVP_PKEY of the registered certificate, or NULL; own */
	bool refuses_passwords; /* the password grant and SOAP login are switched off */
	int64_t latency_ms, bulk_delay_ms;
	size_t bulk_page_rows;

	int64_t schema_changed_ms; /* ETag and Last-Modified of describe */
	uint64_t next_serial;      /* of cursors and jobs */
	Cursor cursors[CURSORS_MAX];
	size_t next_cursor;
	BulkJob *jobs; /* newest first, own */
	LogEntry log[LOG_ENTRIES_MAX];
	int64_t log_count;
};

int64_t org_now_ms(const Org *org);
uint32_t org_now_s(const Org *org);
OrgId org_org_id(const Org *org);
/* A new id that is no record's: cursors (0r8) and jobs (750). */
OrgId org_new_id(Org *org, const char *prefix);
void org_schema_changed(Org *org);

/* Fills the tables (generate.c). */
void org_generate(Org *org, const OrgOptions *options);

/* ---- handlers by file; each fills the reply ---- */

/* auth.c, identity.c, soap.c */
void auth_token(Call *call);
void auth_revoke(Call *call);
void auth_userinfo(Call *call);
void auth_identity(Call *call);
void soap_handle(Call *call);
/* finish.c */
void call_finish(Call *call);
/* describe.c, describe_field.c */
void describe_put_fields(Call *call, JsonWriter *w, const OrgTable *table);
void describe_versions(Call *call);
void describe_resources(Call *call);
void describe_global(Call *call);
void describe_basic(Call *call);
void describe_object(Call *call);
/* records.c */
void record_put_attributes(Call *call, JsonWriter *w, const OrgTable *table, const OrgId *id);
void record_get(Call *call);
void record_update(Call *call);
void record_create(Call *call);
void record_delete(Call *call);
/* query.c */
void query_get(Call *call);
void query_all(Call *call);
void query_more(Call *call);
void cursor_fini(Cursor *cursor);
/* collections.c */
void collection_update(Call *call);
void collection_create(Call *call);
void collection_delete(Call *call);
void collection_get(Call *call);
/* limits.c */
void limits_get(Call *call);
void limits_record_count(Call *call);
/* bulk_query.c */
void bulk_query_create(Call *call);
void bulk_query_list(Call *call);
void bulk_query_get(Call *call);
void bulk_query_abort(Call *call);
void bulk_query_delete(Call *call);
void bulk_query_results(Call *call);
void bulk_query_pages(Call *call);
/* bulk_ingest.c */
void bulk_ingest_create(Call *call);
void bulk_ingest_list(Call *call);
void bulk_ingest_get(Call *call);
void bulk_ingest_change(Call *call);
void bulk_ingest_upload(Call *call);
void bulk_ingest_delete(Call *call);
void bulk_ingest_successful(Call *call);
void bulk_ingest_failed(Call *call);
void bulk_ingest_unprocessed(Call *call);

#endif
