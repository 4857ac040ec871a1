/* org_settings.h: what a worker needs to know of one org before it acts: connection and settings,
 * read together. */
#ifndef APP_ORG_SETTINGS_H
#define APP_ORG_SETTINGS_H

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "store/store.h"
#include "sync/fields.h"
#include "web/settings.h"

enum { ORG_SETUP_BYTES_MAX = 4 * 1024 * 1024 };

typedef struct OrgSetup {
	OrgConnection connection; /* strings borrow from the arena */
	OrgSettings settings;     /* likewise */
	SyncSettings sync;        /* the part that decides on fields; plain values */
} OrgSetup;

/* ERR_MISSING when the org is not connected. */
WARN_UNUSED bool org_setup_load(
	Store *store, const SfId *org_id, Arena *arena, OrgSetup *out, Err *err);

#endif
