/* fields.h: which opt-out fields a call writes and a night compares, from the settings (product.md
 * M2, M7). Pure. */
#ifndef SYNC_FIELDS_H
#define SYNC_FIELDS_H

#include "base/base.h"
#include "base/buf.h"
#include "base/str.h"
#include "model/sfid.h"

typedef enum SyncMode {
	SYNC_STANDARD = 1, /* Email Opt Out alone */
	SYNC_SALES,        /* the sales opt-out field alone */
	SYNC_BOTH,
} SyncMode;

const char *sync_mode_name(SyncMode mode); /* "standard", "sales", "both" */
WARN_UNUSED bool sync_mode_parse(Str name, SyncMode *out);

enum {
	FIELD_NAME_MAX = 95, /* 40 for the name, 15 for the namespace, "__c" and room */
	FIELDS_MAX = 2,
};

/* Bits for "which of the two", in RunRecord and PlanRow. */
enum { FIELD_STANDARD = 1, FIELD_SALES = 2, FIELD_ALL = FIELD_STANDARD | FIELD_SALES };

typedef struct FieldName {
	char text[FIELD_NAME_MAX + 1];
} FieldName;

typedef struct SyncSettings {
	bool enabled; /* the nightly switch */
	SyncMode mode;
	FieldName sales_contact, sales_lead; /* API names with namespace; "" when not chosen */
} SyncSettings;

typedef struct FieldSet {
	FieldName names[FIELDS_MAX];
	unsigned bits[FIELDS_MAX]; /* FIELD_STANDARD or FIELD_SALES, beside its name */
	size_t count;
	bool is_incomplete; /* the mode asks for a sales field that nobody chose for this object */
} FieldSet;

/* The fields that a push writes on this object. Switch off: Email Opt Out, whatever the mode (M2).
 * In mode `sales` without a chosen field count is 0: nothing may be written, each row is refused as
 * needing an admin. In mode `both` without it the standard field is still written, is_incomplete
 * tells. Person accounts are written on Account: PersonHasOptedOutOfEmail, and X__c becomes X__pc
 * (salesforce-api.md 5.6). */
void fields_for_push(const SyncSettings *settings, SfObject object, FieldSet *out);
/* The fields that a night reads and makes the union of: as the mode says, whatever the switch (a
 * dry run needs none). */
void fields_for_night(const SyncSettings *settings, SfObject object, FieldSet *out);
/* "A,B": for the history and the run row. */
void fields_put(Buf *out, const FieldSet *fields);

#endif
