/* auth.h: logging in: the token request of a grant, and what the token endpoint answers. No network
 * here; SfClient sends. There is no expires_in: a session lasts until a call is answered with
 * INVALID_SESSION_ID (salesforce-api.md 1.3, 1.4, 1.9, 1.10). Pure. */
#ifndef SF_AUTH_H
#define SF_AUTH_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "model/sfid.h"
#include "sf/sferror.h"
#include "sf/transport.h"

/* The numbers are those of store/desk.h OrgGrant. */
typedef enum SfGrant { SF_GRANT_CLIENT_CREDENTIALS = 1, SF_GRANT_JWT_BEARER = 2 } SfGrant;

enum { SF_URL_MAX = 512 }; /* a login or instance URL: host names end at 253 */

typedef struct SfCredentials {
	SfGrant grant;
	Str login_url; /* client_credentials: the org's My Domain URL */
	Str client_id;
	Str username; /* JWT bearer: whom to act as */
	Str secret;   /* client secret, or private key in PEM form */
} SfCredentials;

typedef struct SfSession {
	Secret token; /* the access token; only ever put into an Authorization header */
	char instance_url[SF_URL_MAX]; /* base of this session's calls, without trailing slash */
	SfId org_id;
	SfId user_id;
} SfSession;

void sf_session_fini(SfSession *session);

/* False with ERR_INPUT naming the part that is missing or unusable: URL without scheme,
 * lightning.force.com host, client_credentials on login/test.salesforce.com, no user name or key
 * for JWT bearer. */
WARN_UNUSED bool sf_credentials_check(const SfCredentials *credentials, Err *err);

/* The `aud` claim: https://test.salesforce.com for sandbox and scratch hosts, otherwise the URL's
 * origin as given. */
void sf_auth_audience(Str login_url, Buf *out);

/* The URL and form body of a token request. Both hold secrets: wipe them (bytes_wipe) after use. */
WARN_UNUSED bool sf_auth_request(const SfCredentials *credentials, const Secret *secret,
	int64_t now_ms, Buf *out_url, Buf *out_body, Err *err);

/* Reads a token answer. False with *out_fault classified, its text and advice saying what an admin
 * has to do. */
WARN_UNUSED bool sf_auth_answer(
	const TransportReply *reply, int64_t now_ms, SfSession *out, SfFault *out_fault);

#endif
