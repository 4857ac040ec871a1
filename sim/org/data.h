/* data.h: the records of the org: one table an object, rows of 40 bytes plus packed texts. A
 * record's id is its place in the table, so ids need no index; addresses have a hash index without
 * case. Rows are never moved or freed: a deleted record keeps its row and a flag, as in the recycle
 * bin.
 *
 * Texts of a changed row are written anew and the old bytes stay behind; a simulated org lives for
 * hours, not years. */
#ifndef ORG_DATA_H
#define ORG_DATA_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "org/ids.h"
#include "org/schema.h"

typedef struct OrgRow {
	const unsigned char *texts; /* packed, or NULL */
	uint32_t created_s, modified_s, stamp_s;
	uint32_t flags;
	uint32_t parent;                        /* row of the parent record plus 1; 0: none */
	uint32_t email_next;                    /* next row plus 1 with the same address hash */
	uint8_t created_by, modified_by, owner; /* rows of the User table */
} OrgRow;

typedef struct TextPage TextPage;

typedef struct OrgTable {
	const ObjectDef *def;
	Str name;
	OrgField fields[ORG_FIELDS_MAX];
	size_t field_count;
	const OrgField *email, *first_name, *last_name; /* in fields, or NULL */
	OrgRow *rows;                                   /* own */
	size_t count, cap;
	uint64_t serial_base; /* serial of row 0 */
	uint32_t *heads;      /* own; row plus 1 by address hash */
	size_t head_count;    /* a power of two */
	TextPage *pages;      /* own, newest first */
} OrgTable;

typedef struct OrgData {
	char instance[4];
	OrgTable tables[ORG_KINDS];
} OrgData;

void data_init(OrgData *data, Str instance, uint64_t serial_base);
void data_fini(OrgData *data);

/* Any case; NULL when the org has no such object. */
OrgTable *data_table(OrgData *data, Str object);
/* Any case, hidden ones too; NULL when there is none. */
OrgField *table_field(OrgTable *table, Str name);
/* Only what the integration user may read. */
const OrgField *table_visible_field(OrgTable *table, Str name);
/* Adds a checkbox; the texts are copied. False with ERR_INPUT (name taken or not ending in __c) or
 * ERR_LIMIT. */
WARN_UNUSED bool table_add_checkbox(OrgTable *table, Str name, Str label, bool readable, Err *err);

/* Room for that many rows in all; the array is then not moved until it is full. */
void table_reserve(OrgTable *table, size_t rows);
/* A new empty row; its number. The table must not be full (ORG_RECORDS_MAX). */
size_t table_add(OrgTable *table, uint32_t now_s, uint8_t user);

/* One value to set. text STR_NONE clears a text; row is for references that are kept as rows,
 * plus 1. */
typedef struct FieldChange {
	const OrgField *field;
	Str text;
	bool truth;
	uint32_t row;
} FieldChange;

/* Sets the values and nothing else (no stamps). Later changes of the same field win. */
void table_set(OrgTable *table, size_t row, const FieldChange *changes, size_t count);
/* LastModifiedDate, LastModifiedById and SystemModstamp. */
void table_touch(OrgTable *table, size_t row, uint32_t now_s, uint8_t user);

/* The packed text of a field; STR_NONE when null. Borrowed until the table closes. */
Str row_text(const OrgRow *row, unsigned field_number);
static inline bool row_flag(const OrgRow *row, unsigned slot)
{
	return (row->flags >> slot) & 1U;
}

OrgId data_id(const OrgData *data, OrgKind kind, size_t row);
/* False when the id is not one of a row ever made here. */
WARN_UNUSED bool data_find(const OrgData *data, OrgKind kind, const OrgId *id, size_t *out_row);
/* The object whose key prefix the id has; NULL when unknown. */
OrgTable *data_table_of_id(OrgData *data, const OrgId *id);

/* Rows with that address, any case, deleted ones too: start with the first, go on until 0. Numbers
 * plus 1. */
uint32_t table_first_by_email(const OrgTable *table, Str address);
uint32_t table_next_by_email(const OrgTable *table, uint32_t row_plus_1, Str address);

#endif
