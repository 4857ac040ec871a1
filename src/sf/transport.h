/* transport.h: one HTTP call to Salesforce, as a seam. Two honest implementations keep this
 * contract (tests/contract): sf/curl.h over the network, and a handler in the same process
 * (sf/inproc.h) for simulations. Several calls may be in flight; replies come in any order. One
 * thread uses a Transport; only transport_wake may come from others. */
#ifndef SF_TRANSPORT_H
#define SF_TRANSPORT_H

#include "base/base.h"
#include "base/err.h"
#include "base/str.h"

typedef struct TransportHeader {
	Str name, value;
} TransportHeader;

typedef struct TransportRequest {
	const char *method; /* static: "GET", "POST", "PATCH", "PUT", "DELETE" */
	Str url;            /* absolute */
	const TransportHeader *headers;
	size_t header_count;
	Str body;           /* copied by start */
	int64_t timeout_ms; /* whole call */
	size_t reply_bytes_max;
} TransportRequest;

typedef enum TransportOutcome {
	TRANSPORT_ANSWERED = 1, /* a whole reply, whatever its status */
	TRANSPORT_NOT_SENT,     /* could not connect: it certainly did not happen */
	TRANSPORT_UNKNOWN,      /* sent, but no whole answer: it may have happened */
} TransportOutcome;

typedef struct TransportReply {
	uint64_t call_id;
	TransportOutcome outcome;
	int status;
	TransportHeader *headers; /* own, with their bytes */
	size_t header_count;
	char *body; /* own */
	size_t body_len;
	int64_t duration_ms;
	Err err; /* when not answered */
} TransportReply;

void transport_reply_fini(TransportReply *reply);
/* Copies names and values into one block; replaces what was there. For implementations. */
void transport_reply_set_headers(
	TransportReply *reply, const TransportHeader *headers, size_t count);
/* The first header of that name, any case; STR_NONE if there is none. */
Str transport_reply_header(const TransportReply *reply, Str name);
Str transport_reply_body(const TransportReply *reply);

typedef struct Transport Transport;
struct Transport {
	/* Starts a call. False only for unusable requests; a dead network shows in the reply. */
	bool (*start)(Transport *transport, const TransportRequest *request, uint64_t *out_call_id,
		Err *err);
	/* Waits up to timeout_ms for one reply. *out_has false: time-out or woken. */
	bool (*poll)(Transport *transport, int64_t timeout_ms, TransportReply *out, bool *out_has,
		Err *err);
	void (*wake)(Transport *transport); /* any thread: makes a waiting poll return */
	size_t (*in_flight)(Transport *transport);
	void (*close)(Transport *transport);
};

WARN_UNUSED bool transport_start(
	Transport *transport, const TransportRequest *request, uint64_t *out_call_id, Err *err);
WARN_UNUSED bool transport_poll(
	Transport *transport, int64_t timeout_ms, TransportReply *out, bool *out_has, Err *err);
void transport_wake(Transport *transport);
void transport_close(Transport **transport);

#endif
