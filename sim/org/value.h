/* value.h: one field of one record as a value, and how it is printed in JSON and in a Bulk CSV. */
#ifndef ORG_VALUE_H
#define ORG_VALUE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/json.h"
#include "org/data.h"

typedef enum ValueKind {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_TEXT,
	VALUE_NUMBER, /* text holds it as JSON */
	VALUE_DATE,   /* text: "2026-01-02" */
	VALUE_TIME,   /* at_s */
	VALUE_ADDRESS /* parts are printed by value_put_json */
} ValueKind;

/* Must not be copied: text may point into room. */
typedef struct OrgValue {
	ValueKind kind;
	bool truth;
	int64_t at_s; /* seconds since 1970 */
	Str text;
	char room[512]; /* a full name: 40 blank 80 characters of at most 4 bytes */
} OrgValue;

void value_get(const OrgData *data, const OrgTable *table, size_t row, const OrgField *field,
	OrgValue *out);

/* As REST prints it: 2026-01-02T03:04:05.000+0000, compound addresses as objects. */
void value_put_json(JsonWriter *w, const OrgData *data, const OrgTable *table, size_t row,
	const OrgField *field);
/* As Bulk prints it: always quoted, null as "", times with Z. */
void value_put_csv(
	Buf *out, const OrgData *data, const OrgTable *table, size_t row, const OrgField *field);

/* The row (plus 1) a reference points to, when its object is one of ours; 0: none. */
uint32_t value_target(const OrgData *data, const OrgTable *table, size_t row, const OrgField *field,
	OrgKind *out_kind);

#endif
