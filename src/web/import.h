/* import.h: people from CSV: what the columns mean and what is wrong with a row. Pure; api_import.c
 * applies the rows.
 *
 * The first row names the columns: email (required), first_name, last_name, salesforce_id,
 * contact_id, lead_id, in any order; case, '_', '-' and blanks make no difference. Others are
 * ignored and listed, also "unsubscribed": an import never lifts a stop, and a list of stops is
 * another request. */
#ifndef WEB_IMPORT_H
#define WEB_IMPORT_H

#include "base/arena.h"
#include "base/base.h"
#include "base/csv.h"
#include "base/err.h"
#include "base/str.h"
#include "model/address.h"
#include "model/sfid.h"

typedef enum ImportField {
	IMPORT_EMAIL,
	IMPORT_FIRST_NAME,
	IMPORT_LAST_NAME,
	IMPORT_SALESFORCE_ID,
	IMPORT_CONTACT_ID,
	IMPORT_LEAD_ID,
	IMPORT_FIELD_COUNT,
} ImportField;

enum {
	IMPORT_IDS_MAX = 3,          /* one a column */
	IMPORT_VALUE_BYTES_MAX = 80, /* of a wrong value in an error: enough to find it */
	IMPORT_ERRORS_MAX = 1000,
	IMPORT_IGNORED_MAX = 20, /* ignored columns that are listed */
	IMPORT_COLUMN_NAME_MAX = 80,
};

typedef struct ImportColumns {
	/* Position in the file from 0, -1 when the file lacks it. */
	int at[IMPORT_FIELD_COUNT];
	Str names[IMPORT_FIELD_COUNT]; /* as the file writes them; the arena */
	Str ignored[IMPORT_IGNORED_MAX];
	size_t ignored_count;
} ImportColumns;

/* False with ERR_INPUT: no email column, a column twice. */
WARN_UNUSED bool import_columns(const CsvRow *header, Arena *arena, ImportColumns *out, Err *err);

/* Borrows its names from the CSV row. */
typedef struct ImportRow {
	Address address;
	Str first_name, last_name;
	SfId ids[IMPORT_IDS_MAX]; /* each once */
	size_t id_count;
} ImportRow;

/* What is wrong, and where. Strings borrow from the columns and the row; reason is inside. */
typedef struct ImportFault {
	Str column;       /* as the file names it; empty when the row as a whole is wrong */
	int position;     /* from 1, as a spreadsheet counts; 0 without a column */
	Str value;        /* cut to IMPORT_VALUE_BYTES_MAX on a character boundary */
	char reason[512]; /* as Err.text */
} ImportFault;

WARN_UNUSED bool import_row(
	const CsvRow *row, const ImportColumns *columns, ImportRow *out, ImportFault *fault);

/* ',' or ';' or a tab: what the header line holds most of (spreadsheets of many countries write
 * ';'). */
char import_separator(Str csv);

#endif
