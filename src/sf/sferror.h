/* sferror.h: what Salesforce's errors mean and who has to act. One table (sferror.c) from code to
 * class, meaning and advice serves the push worker, Diagnostics and the documents (product.md,
 * "Errors from Salesforce"; salesforce-api.md 4.2-4.5). Codes that are not in the table count as
 * "an admin must look". Pure. */
#ifndef SF_SFERROR_H
#define SF_SFERROR_H

#include "base/base.h"
#include "base/err.h"
#include "base/str.h"
#include "sf/transport.h"

typedef enum SfClass {
	SF_CLASS_NONE,
	SF_CLASS_AGAIN,     /* lock, time-out, maintenance, no network: back off and send again */
	SF_CLASS_SESSION,   /* the session ended, and renewing it did not help (SfClient tries) */
	SF_CLASS_BUDGET,    /* the daily allowance is used up: stop all that is optional for long */
	SF_CLASS_ADMIN,     /* somebody must change something; try again on a slow clock */
	SF_CLASS_RECORD,    /* this record only: the ID is wrong */
	SF_CLASS_DELETED,   /* this record only: deleted or merged away */
	SF_CLASS_CONVERTED, /* this record only: a converted lead; the contact is what counts */
	SF_CLASS_BUG, /* our request was wrong: log loudly, needs a new version of this program */
	SF_CLASS_COUNT,
} SfClass;

const char *sf_class_name(SfClass cls); /* "again", "session", ... */

typedef struct SfErrorInfo {
	Str code; /* as Salesforce writes it; "" for the entry that stands for all unknown ones */
	SfClass cls;
	const char *meaning; /* one clause, for people */
	const char *advice;  /* what an admin does; "" when nothing */
} SfErrorInfo;

enum { SF_CODE_MAX = 64, SF_FAULT_TEXT_MAX = 400 };

/* One error as it came, classified. Lives on the caller's stack, owns nothing. */
typedef struct SfFault {
	SfClass cls;
	int status; /* HTTP; 0 when there was no answer or the fault is one row of a 200 */
	/* Salesforce's code; for answers without one a code of ours: HTTP_503, HTML_PAGE, NOT_SENT,
	 * NO_ANSWER, BAD_ANSWER. */
	char code[SF_CODE_MAX];
	/* The code found inside the text, which decided the class; "" if none. */
	char inner_code[SF_CODE_MAX];
	char text[SF_FAULT_TEXT_MAX]; /* Salesforce's message in one line, cut when longer */
	const char *meaning;          /* static */
	const char *advice;           /* static */
	int64_t retry_after_ms;       /* 0: not said */
} SfFault;

/* The table's entry; never NULL. */
const SfErrorInfo *sf_error_info(Str code);
/* Walks the whole table, for the documents: NULL past the end. */
const SfErrorInfo *sf_error_info_at(size_t index);

/* Classifies one code with its message: REQUEST_LIMIT_EXCEEDED by its text, codes hidden inside the
 * text of a failed trigger, a session error wrapped as text. status 0 if unknown. */
void sf_fault_set(SfFault *out, int status, Str code, Str message);

typedef enum SfBodyKind {
	SF_BODY_JSON, /* a 2xx must carry JSON */
	SF_BODY_CSV,  /* a 2xx carries CSV or nothing */
	SF_BODY_NONE, /* a 2xx body is ignored */
} SfBodyKind;

/* True if the reply is a failure, with *out filled. Decides by outcome, status and Content-Type
 * before it parses anything, because any answer may be an HTML page (salesforce-api.md 0.2 no.
 * 10, 10.2). now_ms (wall) is for a Retry-After in date form. */
WARN_UNUSED bool sf_fault_from_reply(
	const TransportReply *reply, SfBodyKind expected, int64_t now_ms, SfFault *out);

/* The error of a token endpoint, {"error":..,"error_description":..} (salesforce-api.md 1.10). */
void sf_fault_set_oauth(SfFault *out, int status, Str error, Str description);

/* Fills *err for callers that only return it: kind from the class, code from the status, text
 * "CODE: message. advice". Always false. */
bool sf_fault_to_err(const SfFault *fault, const char *what, Err *err);

#endif
