/* ids.h: record ids as Salesforce writes them (salesforce-api.md 5.1): a key prefix of 3, three
 * characters for the instance, a base-62 serial of 9, and 3 checksum characters that protect the
 * case of the 15 before. Pure. */
#ifndef ORG_IDS_H
#define ORG_IDS_H

#include "base/base.h"
#include "base/str.h"

enum { ORG_ID_LEN = 18, ORG_ID_SHORT_LEN = 15, ORG_ID_SERIAL_LEN = 9 };

typedef struct OrgId {
	char text[ORG_ID_LEN + 1]; /* NUL-terminated */
} OrgId;

/* prefix and instance are 3 characters each. The serial must be below 62 to the 9th. */
OrgId org_id_make(Str prefix, Str instance, uint64_t serial);
Str org_id_str(const OrgId *id);
Str org_id_short(const OrgId *id); /* the first 15 */

/* 15 characters, or 18 whose checksum is right; the result always has 18. */
WARN_UNUSED bool org_id_parse(Str text, OrgId *out);
uint64_t org_id_serial(const OrgId *id);

#endif
