/* org_client.h: a client for one connected org: transport and SfClient together, made from what the
 * desk keeps. Belongs to the thread that opened it. */
#ifndef APP_ORG_CLIENT_H
#define APP_ORG_CLIENT_H

#include "app/config.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/err.h"
#include "sf/client.h"
#include "store/desk.h"

enum { ORGS_MAX = 64 }; /* orgs connected to one house; each has a push core and a session */

/* How calls reach Salesforce: over the network, or a simulated org in this process. Opened
 * transports do not outlive it. Any thread. */
typedef struct OrgNet OrgNet;
struct OrgNet {
	bool (*open)(OrgNet *net, Transport **out, Err *err);
};

typedef struct CurlNet {
	OrgNet net;
	const Config *config; /* borrowed */
} CurlNet;

void curl_net_init(CurlNet *net, const Config *config);

typedef struct OrgClient {
	Transport *transport; /* own */
	SfClient *sf;         /* own */
} OrgClient;

/* A connection whose org_id is unset (not yet connected) accepts whichever org answers. Credentials
 * are copied; nothing is sent yet. */
WARN_UNUSED bool org_client_open(
	OrgNet *net, Clock *clock, const OrgConnection *connection, OrgClient *out, Err *err);
void org_client_close(OrgClient *client); /* also half-opened and zeroed ones */

#endif
