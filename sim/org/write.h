/* write.h: one record to be created or changed, checked first and applied later, so that
 * all-or-none can refuse the lot without having touched anything. */
#ifndef ORG_WRITE_H
#define ORG_WRITE_H

#include "base/base.h"
#include "base/json.h"
#include "org/call.h"
#include "org/data.h"

typedef struct RecordWrite {
	OrgTable *table;
	bool is_create;
	size_t row;           /* of an update */
	FieldChange *changes; /* arena */
	size_t change_count, change_cap;
	RecordError error; /* code NULL: may be applied */
} RecordWrite;

/* The row of a text id for a write or delete: false and *error when it is malformed, of another
 * object, unknown or deleted. */
WARN_UNUSED bool write_find(
	Call *call, OrgTable *table, Str id_text, size_t *out_row, RecordError *error);

/* False and *error when records of that object cannot be made or deleted here, or not now. */
WARN_UNUSED bool write_may_create(Call *call, RecordWrite *write);
bool write_may_delete(Call *call, OrgTable *table, RecordError *error);

/* Reads the members of a JSON object, "attributes" and "Id" aside, as changes the integration user
 * may make. */
void write_check(Call *call, RecordWrite *write, const JsonVal *object);
/* The part of it that does not read JSON: state of the org and the record, required fields,
 * provoked errors. */
void write_check_changes(Call *call, RecordWrite *write);
/* Creates or changes; the row is in write->row afterwards. */
void write_apply(Call *call, RecordWrite *write);
/* To the recycle bin. */
void write_delete(Call *call, OrgTable *table, size_t row);

/* One text as a value of the field, as REST and Bulk take it; false and *error otherwise. */
WARN_UNUSED bool write_text_value(
	Call *call, const OrgField *field, Str text, FieldChange *out, RecordError *error);

/* The same for a JSON value. */
WARN_UNUSED bool write_value(Call *call, const OrgField *field, const JsonVal *value,
	FieldChange *out, RecordError *error);

#endif
