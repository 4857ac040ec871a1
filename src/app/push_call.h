/* push_call.h: one call of a push lane: a batch of rows and the fields it writes, on its way to
 * Salesforce and back. What Salesforce answers is put into the words of sync/push.h here; what
 * follows from it is decided there. One thread. */
#ifndef APP_PUSH_CALL_H
#define APP_PUSH_CALL_H

#include "base/base.h"
#include "base/err.h"
#include "sf/client.h"
#include "sf/collections.h"
#include "sync/fields.h"
#include "sync/push.h"

static_assert((int)PUSH_BATCH_ROWS_MAX == (int)SF_COLLECTION_ROWS_MAX, "a batch is one call");

/* No sales opt-out field is chosen, but the mode asks for one: our own code beside Salesforce's. */
#define PUSH_NO_FIELD_CODE "SALES_FIELD_NOT_CHOSEN"

typedef struct PushCall {
	uint64_t call_id; /* 0: free */
	PushBatch batch;
	FieldSet fields; /* what this batch writes, chosen when the call is built */
} PushCall;

/* Starts the call and sets its call_id. */
WARN_UNUSED bool push_call_start(PushCall *call, SfClient *client, int64_t timeout_ms, Err *err);

/* What came of a call. Large: belongs on the heap. `reply` borrows from the rest and from what it
 * was read from. */
typedef struct PushAnswer {
	PushReply reply;
	PushResult results[PUSH_BATCH_ROWS_MAX];
	SfRowResult rows[PUSH_BATCH_ROWS_MAX];
	Err err;
} PushAnswer;

/* There is no field to write: each row is refused and says what to do. Nothing was sent. */
void push_call_refuse(const PushCall *call, PushAnswer *out);
/* push_call_start failed. */
void push_call_not_sent(const PushCall *call, const Err *err, PushAnswer *out);
/* Salesforce's reply, or what stands for one. Rows it says nothing about have an unknown outcome.
 */
void push_call_read(const PushCall *call, const SfReply *reply, PushAnswer *out);

#endif
