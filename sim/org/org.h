/* org.h: a simulated Salesforce org as a pure function of its state, a clock and a seed: HTTP
 * requests in, HTTP replies out, no sockets, no threads, no sleeping. The program `orgsim` puts it
 * behind http/server; tests and simulations call it directly.
 *
 * What is simulated, and the control port that tests use to change the org, is in doc/orgsim.md.
 * Figures and texts come from recorded answers of real orgs and from salesforce-api.md; what is
 * from memory says so.
 *
 * One thread at a time for one Org. */
#ifndef ORG_ORG_H
#define ORG_ORG_H

#include "base/arena.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "http/message.h"

typedef struct Org Org;

/* Texts are copied; an empty one, or a zero, takes the default. */
typedef struct OrgOptions {
	uint64_t seed; /* the same seed and sizes give the same org, byte for byte */
	size_t contacts, leads;
	size_t accounts;            /* default: one for every four contacts */
	unsigned opted_out_percent; /* of contacts and leads with Email Opt Out ticked */
	unsigned converted_percent; /* of leads */
	Clock *clock;               /* default: the machine's */
	int64_t daily_calls_max;    /* default 115,000: Enterprise with 15 licences
				       (salesforce-api.md 8.1) */
	int64_t latency_ms;         /* each API reply is held back that long */
	int64_t session_idle_ms;    /* default two hours (salesforce-api.md 1.9) */
	int64_t bulk_delay_ms;      /* from the creation of a query job to JobComplete; default 0 */
	size_t bulk_page_rows; /* rows of a Bulk result page when the caller sets no maxRecords;
				  default 50,000 */
	Str client_id, client_secret; /* of the one connected app; default: made from the seed */
	Str username;        /* of the integration user; default integration@orgsim.example */
	Str password;        /* for the password grant and SOAP login; default "orgsim-password" */
	Str public_key_pem;  /* X.509 certificate or public key registered for JWT bearer; none:
				refused */
	Str custom_checkbox; /* API name of a checkbox on Contact and Lead,
				"Marketo_Sales_Opt_Out__c", "ns__X__c" */
	bool custom_checkbox_hidden; /* created without field-level security, as the Metadata API
					does */
	bool grant_email_opt_out;    /* Email Opt Out readable and editable on Contact and Lead; a
					fresh org hides it */
	bool sandbox;
} OrgOptions;

enum { ORG_RECORDS_MAX = 20 * 1000 * 1000 }; /* per object: twice what the benchmark uses */

WARN_UNUSED bool org_open(const OrgOptions *options, Org **out, Err *err);
void org_close(Org **org);

/* One call of the Salesforce side (login, REST, Bulk, SOAP). Fills the reply (init'ed by the
 * caller); header values live in the arena. A provoked reset sets reply->drop_connection, a cut
 * body cut_after_bytes. HEAD gets the body of GET: the transport drops it. The result is how long
 * the transport holds the reply back, in milliseconds. */
int64_t org_handle(Org *org, const HttpRequest *request, Arena *arena, HttpReply *reply);

/* One call of the control port (doc/orgsim.md). Never counted, never delayed, no login. */
void org_control_handle(Org *org, const HttpRequest *request, Arena *arena, HttpReply *reply);

/* What the ready line of orgsim prints. Borrowed from the org. */
typedef struct OrgFacts {
	Str org_id; /* 18 characters */
	Str client_id, client_secret;
	Str username, password;
} OrgFacts;
OrgFacts org_facts(const Org *org);

#endif
