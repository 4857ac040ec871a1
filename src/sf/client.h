/* client.h: calls to one org. Keeps the session (logs in on the first call, once again when
 * Salesforce says that the session ended, single-flight), adds the headers every call needs,
 * classifies failures, counts calls and the daily budget. Two ways to use it: sf_client_call waits;
 * sf_client_start / sf_client_poll keep several calls in flight and give replies in any order. One
 * thread, except sf_client_wake and sf_client_stop. */
#ifndef SF_CLIENT_H
#define SF_CLIENT_H

#include "base/base.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "model/sfid.h"
#include "sf/auth.h"
#include "sf/limits.h"
#include "sf/sferror.h"
#include "sf/transport.h"

/* Fixed, never "the latest" (salesforce-api.md 0.1). */
#define SF_API_VERSION_DEFAULT "64.0"
/* Echoed in changeOrigin of change events: tells our own writes. */
#define SF_CLIENT_NAME "Optout"

enum {
	/* A write runs customer triggers: 200 rows may take a minute. */
	SF_CALL_TIMEOUT_MS = 120 * 1000,
	/* A describe of 800 fields has 2 MB, a query page of 2,000 rows 4 MB. */
	SF_REPLY_BYTES_MAX = 16 * 1024 * 1024,
	/* Far above the 2-4 writers that are wise (salesforce-api.md 8.3). */
	SF_IN_FLIGHT_MAX = 64,
};

typedef struct SfClientOptions {
	Transport *transport;      /* borrowed; nobody else uses it while the client is open */
	Clock *clock;              /* borrowed */
	SfCredentials credentials; /* copied; the secret into locked memory */
	Str api_version;           /* "64.0"; empty: the default */
	/* If set, a login that answers for another org is refused with ERR_CONFLICT (a refreshed
	 * sandbox, a wrong URL). */
	SfId org_id;
} SfClientOptions;

typedef struct SfClient SfClient;

WARN_UNUSED bool sf_client_open(const SfClientOptions *options, SfClient **out, Err *err);
void sf_client_close(SfClient **client); /* drops what is in flight; the transport stays open */

typedef struct SfRequest {
	const char *method; /* static: "GET", "POST", "PATCH", "DELETE" */
	/* Beginning with '/': a path of the instance as Salesforce gave it (nextRecordsUrl);
	 * otherwise below /services/data/vNN.N/ . With its query string, percent-encoded. */
	Str path;
	Str body;               /* JSON; empty for none */
	SfBodyKind expected;    /* of a 2xx answer */
	int64_t timeout_ms;     /* 0: SF_CALL_TIMEOUT_MS */
	size_t reply_bytes_max; /* 0: SF_REPLY_BYTES_MAX */
} SfRequest;

typedef struct SfReply {
	uint64_t call_id;
	bool ok;            /* 2xx with a body of the expected kind */
	SfFault fault;      /* when not ok */
	TransportReply raw; /* own; outcome tells "certainly not done" from "may have been done" */
} SfReply;

void sf_reply_fini(SfReply *reply);
Str sf_reply_body(const SfReply *reply);
/* The body as JSON. ERR_RETRY when it is not (a truncated or foreign answer). */
WARN_UNUSED bool sf_reply_json(const SfReply *reply, JsonDoc *out, Err *err);

/* Waits for the answer. *out is filled in any case and the caller's to finish; false with *err
 * (text from the fault) when it is not ok. */
WARN_UNUSED bool sf_client_call(SfClient *client, const SfRequest *request, SfReply *out, Err *err);

/* Starts a call and returns at once; the request is copied. False with ERR_LIMIT when
 * SF_IN_FLIGHT_MAX are under way, ERR_INPUT for an unusable request; everything else shows in the
 * reply. */
WARN_UNUSED bool sf_client_start(
	SfClient *client, const SfRequest *request, uint64_t *out_call_id, Err *err);
/* Waits up to timeout_ms for one finished call; logs in and repeats inside. *out_has false:
 * time-out or woken. */
WARN_UNUSED bool sf_client_poll(
	SfClient *client, int64_t timeout_ms, SfReply *out, bool *out_has, Err *err);
size_t sf_client_in_flight(const SfClient *client); /* started and not yet given out by poll */

/* Any thread: makes a waiting poll return. */
void sf_client_wake(SfClient *client);
/* Any thread: waiting and later calls end at once with ERR_RETRY, code STOPPED; poll no longer
 * waits. */
void sf_client_stop(SfClient *client);

/* Logs in now, whatever the state of the session. ERR_AUTH with advice, ERR_RETRY, ERR_CONFLICT
 * (another org). */
WARN_UNUSED bool sf_client_login(SfClient *client, Err *err);
/* The org and user of the session; NULL before the first login. Borrowed until the next call. */
const SfSession *sf_client_session(const SfClient *client);

Str sf_client_api_version(const SfClient *client);
/* False as long as no answer has said. */
WARN_UNUSED bool sf_client_usage(const SfClient *client, SfUsage *out);
/* Data calls sent since open; logins do not count there (8.1). */
int64_t sf_client_calls(const SfClient *client);

#endif
