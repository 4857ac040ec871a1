/* stop.h: the words for a stop: where it came from, what happened to a person. One table each, used
 * by the store, the API, the command line and the documents. Pure. */
#ifndef MODEL_STOP_H
#define MODEL_STOP_H

#include "base/base.h"
#include "base/str.h"

typedef enum Source {
	SOURCE_NONE,
	SOURCE_LINK,            /* the landing page of a link */
	SOURCE_ONE_CLICK,       /* RFC 8058 POST */
	SOURCE_FORM,            /* an address typed into a page */
	SOURCE_MANUAL,          /* a user or admin, by hand */
	SOURCE_SALESFORCE_SYNC, /* found ticked in Salesforce */
	SOURCE_IMPORT,
	SOURCE_API,
	SOURCE_BOUNCE,
	SOURCE_COMPLAINT,
	SOURCE_WEBHOOK, /* written "webhook:NAME" */
	SOURCE_COUNT,
} Source;

const char *source_name(Source source);
WARN_UNUSED bool source_parse(Str name, Source *out); /* "webhook:x" gives SOURCE_WEBHOOK */

/* What a history entry tells. Entries only append. */
typedef enum EventKind {
	EVENT_NONE,
	EVENT_ADDED, /* the person became known */
	EVENT_UNSUBSCRIBED,
	EVENT_STOP_REPEATED,   /* a stop wish of somebody already unsubscribed */
	EVENT_REMOVAL_WAITING, /* an admin removed, but a call is in flight or unknown */
	EVENT_REMOVED,         /* the unsubscribe was lifted by an admin */
	EVENT_LINKED,          /* a Salesforce record was linked */
	EVENT_UNLINKED,
	EVENT_TICKED,       /* Salesforce confirmed the tick of a record */
	EVENT_TICK_REFUSED, /* Salesforce refused; details say why */
	EVENT_COUNT,
} EventKind;

const char *event_kind_name(EventKind kind);
WARN_UNUSED bool event_kind_parse(Str name, EventKind *out);

#endif
