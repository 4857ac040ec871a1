/* client_flow.h: inside of client.c: how a call moves from waiting for a session to its answer.
 * Included by client.c and client_flow.c only. */
#ifndef SF_CLIENT_FLOW_H
#define SF_CLIENT_FLOW_H

#include "base/arena.h"
#include "base/base.h"
#include "base/list.h"
#include "sf/client.h"

#include <stdatomic.h>

enum {
	SF_CREDENTIAL_BYTES_MAX = 64 * 1024, /* an RSA key in PEM form has 2 to 12 kB */
	SF_WAIT_SLICE_MS = 1000, /* of a blocking call; the transport's time-outs end it */
};

typedef enum CallState {
	CALL_NONE,
	CALL_WAITING, /* for a session */
	CALL_SENT,
	CALL_DONE, /* reply is there, poll has not given it out yet */
} CallState;

typedef struct Call {
	ListNode node;
	uint64_t call_id;
	uint64_t transport_id; /* CALL_SENT */
	CallState state;
	SfRequest request;   /* path and body are ours */
	uint64_t session_no; /* which session it was sent with */
	bool was_repeated;   /* after a renewal: never twice */
	SfReply reply;
} Call;

struct SfClient {
	Transport *transport;
	Clock *clock;
	Arena arena; /* the credentials' texts */
	SfCredentials credentials;
	Secret secret;
	char api_version[8];
	SfId org_id;
	SfSession session;
	bool has_session;
	uint64_t session_no;
	uint64_t login_id;   /* transport call of the login under way; 0 none */
	SfFault login_fault; /* of the last login that failed */
	List calls;          /* oldest first */
	uint64_t calls_started;
	int64_t calls_sent;
	SfUsage usage;
	bool has_usage;
	atomic_bool is_stopped;
};

/* Sends the call, or logs in first, or ends it because the client is stopped. */
void client_move(SfClient *client, Call *call);
/* Starts a login unless one is under way; a failure at once is in login_fault. */
void client_start_login(SfClient *client);
/* Waits for one thing to happen. *out_happened false: time-out or woken. */
WARN_UNUSED bool client_step(SfClient *client, int64_t timeout_ms, bool *out_happened, Err *err);

/* Ends a call that got no answer of its own. */
void call_fail(Call *call, TransportOutcome outcome, const SfFault *fault);
/* A fault that Salesforce has no part in. */
void fault_of_ours(SfFault *out, const char *code, SfClass cls, Str text);

#endif
