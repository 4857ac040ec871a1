/* inproc.h: the Transport to a handler in the same process, for simulations and tests: no sockets,
 * no threads, no time of its own. A started call is handed to the handler when poll is called. */
#ifndef SF_INPROC_H
#define SF_INPROC_H

#include "base/base.h"
#include "base/rng.h"
#include "base/str.h"
#include "sf/transport.h"

/* Answers one request through inproc_answer or inproc_fail; a handler that calls neither leaves
 * TRANSPORT_UNKNOWN. The request borrows during the call. */
typedef void (*InprocHandler)(void *ctx, const TransportRequest *request, TransportReply *reply);

typedef struct InprocOptions {
	InprocHandler handler;
	void *ctx;  /* borrowed */
	Rng *order; /* borrowed; NULL: replies in the order of the calls, otherwise any order */
} InprocOptions;

Transport *inproc_open(const InprocOptions *options);

/* Copies everything. reply_bytes_max is enforced afterwards, as on the network. */
void inproc_answer(TransportReply *reply, int status, const TransportHeader *headers,
	size_t header_count, Str body);
/* outcome: TRANSPORT_NOT_SENT or TRANSPORT_UNKNOWN. */
void inproc_fail(TransportReply *reply, TransportOutcome outcome, const char *text);

#endif
