/* desk.h: what people and programs at the desk need: settings, connected orgs with their
 * credentials, API tokens. Same transaction rules as ledger.h. */
#ifndef STORE_DESK_H
#define STORE_DESK_H

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "base/str.h"
#include "model/sfid.h"

typedef struct Desk Desk;

/* -------------------------------------------------------------- settings */

/* A setting is text under (scope, name); scope is "" for the house or an Organization ID. The
 * meaning, default and range of each name are in the table of web/settings.c. */
typedef struct Setting {
	Str scope, name, value; /* borrow from the arena */
	int64_t changed_at_ms;
	Str changed_by;
} Setting;

/* ERR_MISSING when never set. */
WARN_UNUSED bool desk_setting_get(
	Desk *desk, Str scope, Str name, Arena *arena, Setting *out, Err *err);
WARN_UNUSED bool desk_setting_put(
	Desk *desk, Str scope, Str name, Str value, Str actor, int64_t now_ms, Err *err);
/* In order of name, byte by byte. */
WARN_UNUSED bool desk_setting_list(Desk *desk, Str scope, Arena *arena, Setting *rows, size_t max,
	size_t *out_count, Err *err);

/* ------------------------------------------------------------------ orgs */

typedef enum OrgGrant { GRANT_CLIENT_CREDENTIALS = 1, GRANT_JWT_BEARER = 2 } OrgGrant;

typedef struct OrgConnection {
	SfId org_id;
	Str name;        /* Organization.Name */
	Str login_url;   /* https://MyDomain.my.salesforce.com */
	Str api_version; /* "64.0" */
	OrgGrant grant;
	Str client_id;
	Str username; /* JWT bearer: whom to act as */
	Str secret;   /* client secret or private key (PEM); sealed at rest with the master key */
	bool is_sandbox;
	int64_t connected_at_ms;
} OrgConnection;

/* Inserts or overwrites by org_id. Without connected_at_ms it is connected now. ERR_INPUT when the
 * secret is too long. */
WARN_UNUSED bool desk_org_put(Desk *desk, const OrgConnection *org, int64_t now_ms, Err *err);
/* In order of connection; strings (secrets too) borrow from the arena. */
WARN_UNUSED bool desk_org_list(
	Desk *desk, Arena *arena, OrgConnection *rows, size_t max, size_t *out_count, Err *err);

/* ---------------------------------------------------------------- tokens */

typedef enum TokenScope {
	SCOPE_NONE,
	SCOPE_SEND = 1,
	SCOPE_READ = 2,
	SCOPE_USER = 4,
	SCOPE_ADMIN = 8
} TokenScope;

typedef struct ApiToken {
	int64_t token_id;
	Str name;
	unsigned scopes; /* TokenScope bits */
	int64_t created_at_ms;
} ApiToken;

/* Only a hash of the token's text is kept. ERR_CONFLICT when it is a token already. */
WARN_UNUSED bool desk_token_add(Desk *desk, Str name, unsigned scopes, Str token_text,
	int64_t now_ms, int64_t *out_id, Err *err);
/* ERR_MISSING for unknown ones; compared by hash. */
WARN_UNUSED bool desk_token_find(Desk *desk, Str token_text, Arena *arena, ApiToken *out, Err *err);

#endif
