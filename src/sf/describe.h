/* describe.h: which fields of an object the connected user sees and may write. Field-level security
 * hides a field without any error: it is then simply absent, exactly like a field that does not
 * exist. In fresh orgs the opt-out fields are hidden even from administrators
 * (salesforce-api.md 2.5, 2.6, 5.3; recordings). */
#ifndef SF_DESCRIBE_H
#define SF_DESCRIBE_H

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "base/str.h"
#include "model/sfid.h"
#include "sf/client.h"

#define SF_FIELD_OPT_OUT "HasOptedOutOfEmail"
/* On Account, for person accounts (5.6). */
#define SF_FIELD_OPT_OUT_PERSON "PersonHasOptedOutOfEmail"

typedef struct SfField {
	Str name;  /* API name */
	Str label; /* in the connected user's language */
	Str type;  /* "boolean" for a checkbox */
	bool is_updateable;
	bool is_custom;
	bool is_calculated;
} SfField;

typedef struct SfDescribe {
	Str object; /* strings borrow from the arena */
	Str label;
	bool is_queryable;
	bool is_updateable;
	SfField *fields; /* in Salesforce's order */
	size_t field_count;
} SfDescribe;

enum { SF_FIELDS_MAX = 2000 }; /* above the 800 custom fields an object may have */

WARN_UNUSED bool sf_describe_parse(Str body, Arena *arena, SfDescribe *out, Err *err);
/* One call: GET sobjects/OBJECT/describe. */
WARN_UNUSED bool sf_describe_fetch(
	SfClient *client, SfObject object, Arena *arena, SfDescribe *out, Err *err);

/* By API name, any case; NULL when hidden or missing. */
const SfField *sf_describe_field(const SfDescribe *describe, Str name);

typedef enum SfFieldState {
	SF_FIELD_READY = 1,
	SF_FIELD_HIDDEN,      /* missing, or hidden by field-level security: indistinguishable */
	SF_FIELD_READ_ONLY,   /* visible, not editable for the connected user */
	SF_FIELD_CALCULATED,  /* a formula: can never be written */
	SF_FIELD_NO_CHECKBOX, /* not a boolean */
} SfFieldState;

SfFieldState sf_field_state(const SfDescribe *describe, Str name);
const char *sf_field_state_name(SfFieldState state);   /* "ready", "hidden", ... */
const char *sf_field_state_advice(SfFieldState state); /* what the admin does; "" when ready */

/* The standard opt-out field of an object: HasOptedOutOfEmail, on Account its Person twin. */
Str sf_opt_out_field(SfObject object);

/* Custom checkboxes that look like "Marketo Sales Opt Out", best guess first; at most max. */
size_t sf_sales_field_candidates(const SfDescribe *describe, const SfField **out, size_t max);

#endif
