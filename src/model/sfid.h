/* sfid.h: Salesforce record IDs. 15 and 18 characters name one record; we keep the 18-character
 * form and compare exactly (salesforce-api.md 5.1, 5.2). Pure. */
#ifndef MODEL_SFID_H
#define MODEL_SFID_H

#include "base/base.h"
#include "base/err.h"
#include "base/str.h"

enum { SFID_LEN = 18 };

typedef struct SfId {
	char text[SFID_LEN + 1]; /* "" means none */
} SfId;

typedef enum SfObject {
	SF_OBJECT_NONE,
	SF_CONTACT, /* 003 */
	SF_LEAD,    /* 00Q */
	SF_ACCOUNT, /* 001; person accounts are written there */
} SfObject;

/* 15 characters get their checksum, 18 are checked against it. An 18-character ID whose letters all
 * came in one case (a spreadsheet did that) gets its case back from the checksum; any other misfit
 * is refused, because "repairing" it would name another record. Nothing is trimmed. False with
 * ERR_INPUT that says what is wrong. */
WARN_UNUSED bool sfid_parse(Str text, SfId *out, Err *err);
Str sfid_str(const SfId *id);
bool sfid_eq(const SfId *a, const SfId *b);
int sfid_cmp(const SfId *a, const SfId *b);
bool sfid_is_set(const SfId *id);
/* By key prefix; SF_OBJECT_NONE for other prefixes. */
SfObject sfid_object(const SfId *id);
const char *sf_object_name(SfObject object);               /* "Contact" */
WARN_UNUSED bool sf_object_parse(Str name, SfObject *out); /* any case */

#endif
