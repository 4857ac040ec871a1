/* internal.h: the Web itself and how its handlers work with the store. Only for src/web. */
#ifndef WEB_INTERNAL_H
#define WEB_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "http/limit.h"
#include "http/message.h"
#include "http/reply.h"
#include "http/route.h"
#include "store/ledger.h"
#include "web/guard.h"
#include "web/settings.h"
#include "web/web.h"

struct Web {
	WebOptions options;
	Router router;
	TokenCache tokens;
	/* Addresses typed by one client; the loop thread only, recipients' routes have no guard
	 * that could park. */
	RateLimit *typed_limit;
	/* One import at a time, so that a reader thread stays free for everybody else. */
	atomic_bool is_importing;
	/* Clicks that could not be kept, and when that was last logged: an overload must not write
	 * a line for each. */
	atomic_int_fast64_t lost_clicks, lost_clicks_logged_mono_ms;
	/* A copy of the house settings for the pages and links, which must not wait for the store.
	 * Read at start, and replaced by the writer thread after the commit of every change:
	 * commits are in order, so the newest stays. */
	pthread_mutex_t house_lock;
	HouseSettings house;
};

void web_house(Web *web, HouseSettings *out);             /* any thread */
void web_house_set(Web *web, const HouseSettings *house); /* after a commit */
int64_t web_now_ms(Web *web);

/* ----------------------------------------------------- work in the store */

enum {
	WEB_ANSWER_BYTES_MAX = 32 * 1024 * 1024, /* 10,000 checks of 1 KB and room */
	WEB_WORK_BYTES_MAX = 64 * 1024 * 1024,   /* 1,000 people or problems with all their texts */
	WEB_JSON_BYTES_MAX = 4 * 1024 * 1024, /* 10,000 addresses of 254 bytes, quotes and commas */
	WEB_ORGS_MAX = 64,                    /* connected orgs of one house */
};

typedef enum WebWake { WAKE_NOBODY = 0, WAKE_PUSH = 1, WAKE_SYNC = 2 } WebWake;

typedef struct WebCall WebCall;

/* One piece of work in the store for one exchange. Lives in the exchange's arena. */
struct WebCall {
	WriteJob write;
	ReadJob read;
	Web *web;
	HttpExchange *exchange;
	/* On the writer or a reader thread. True: status, body and wake are set. */
	bool (*work)(WebCall *call, Store *store, Err *err);
	/* Turns the outcome into the reply; web_answer_json unless said otherwise. After the
	 * commit. */
	void (*answer)(WebCall *call, bool ok, const Err *err);
	void *input;    /* what the handler parsed; the exchange's arena */
	Arena arena;    /* for the work */
	Buf body;       /* JSON */
	int status;     /* 200 unless work sets another */
	unsigned wakes; /* WebWake bits, done after the commit */
	int64_t stops;  /* unsubscribes that the work recorded, for the metric */
};

WebCall *web_call(Web *web, HttpExchange *exchange, bool (*work)(WebCall *, Store *, Err *));
/* Parks the exchange and queues the call; answers 503 itself when it cannot. The exchange is not
 * the caller's any more. */
void web_call_read(WebCall *call);
void web_call_write(WebCall *call);
void web_answer_json(WebCall *call, bool ok, const Err *err);
/* For work(): ledger_stop, and what follows from it (metric, waking the push). */
WARN_UNUSED bool web_stop(
	WebCall *call, Store *store, const StopWish *wish, StopOutcome *out, Err *err);

/* --------------------------------------------------- reading requests */

/* The body as a JSON object. False: 400 is answered. Free with json_doc_fini. */
WARN_UNUSED bool web_json(HttpExchange *exchange, JsonDoc *out);
/* A query parameter as a whole number; the fallback when absent. False: 400 is answered. */
WARN_UNUSED bool web_query_i64(HttpExchange *exchange, const char *name, int64_t fallback,
	int64_t min, int64_t max, int64_t *out);
/* An optional text member, trimmed, of at most bytes_max bytes of UTF-8, copied into the arena. */
WARN_UNUSED bool web_text_member(const JsonVal *object, const char *name, size_t bytes_max,
	Arena *arena, Str *out, Err *err);
/* The body {"addresses":[...]} with at most max members. For work(): parses on its thread. Free
 * *doc. */
WARN_UNUSED bool web_address_list(
	const HttpExchange *exchange, size_t max, JsonDoc *doc, const JsonVal **out, Err *err);
/* "" stays "", an Organization ID of 15 or 18 characters becomes 18. */
WARN_UNUSED bool web_org_text(Str text, Arena *arena, Str *out, Err *err);
/* Query parameter org as an 18-character ID, or "" when absent. False: 400 is answered. */
WARN_UNUSED bool web_query_org(HttpExchange *exchange, Str *out);

/* ------------------------------------------------------------- orgs */

typedef struct OrgNames {
	OrgRow rows[WEB_ORGS_MAX];
	size_t count;
} OrgNames;

WARN_UNUSED bool org_names_load(Ledger *ledger, OrgNames *out, Err *err);
/* STR_NONE when unknown; borrows from names. */
Str org_names_id(const OrgNames *names, int64_t org);
/* The org that org_id names, or the only one when it is empty. ERR_MISSING, ERR_CONFLICT with what
 * to do. */
WARN_UNUSED bool org_names_pick(const OrgNames *names, Str org_id, OrgRow *out, Err *err);

/* ------------------------------------------------------- routes (routes.c) */

const Route *web_routes(size_t *out_count);

#endif
