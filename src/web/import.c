#include "base/base.h"

#include "web/import.h"

#include "store/ledger.h"

#include <stdarg.h>

static const char *const known[IMPORT_FIELD_COUNT] = {
	[IMPORT_EMAIL] = "email",
	[IMPORT_FIRST_NAME] = "firstname",
	[IMPORT_LAST_NAME] = "lastname",
	[IMPORT_SALESFORCE_ID] = "salesforceid",
	[IMPORT_CONTACT_ID] = "contactid",
	[IMPORT_LEAD_ID] = "leadid",
};

/* -------------------------------------------------------------- columns */

/* "First_Name", "first name" and "FIRST-NAME" are one name. */
static bool is_column(Str name, const char *plain)
{
	size_t matched = 0, len = strlen(plain);
	for (size_t i = 0; i < name.len; i++) {
		char c = ascii_lower(name.ptr[i]);
		if (c == '_' || c == '-' || c == ' ')
			continue;
		if (matched == len || c != plain[matched++])
			return false;
	}
	return matched == len;
}

static bool column_take(ImportColumns *columns, Str name, size_t at, Arena *arena, Err *err)
{
	for (size_t f = 0; f < IMPORT_FIELD_COUNT; f++) {
		if (!is_column(name, known[f]))
			continue;
		if (columns->at[f] >= 0)
			return ERR(err, ERR_INPUT,
				"the columns %d and %zu have the same name \"%.*s\"",
				columns->at[f] + 1, at + 1,
				STR_ARG(str_sub(name, 0, IMPORT_COLUMN_NAME_MAX)));
		columns->at[f] = (int)at;
		columns->names[f] = arena_str(arena, str_sub(name, 0, IMPORT_COLUMN_NAME_MAX));
		return true;
	}
	if (columns->ignored_count < IMPORT_IGNORED_MAX && name.len)
		columns->ignored[columns->ignored_count++] = arena_str(
			arena, str_sub(name, 0, IMPORT_COLUMN_NAME_MAX));
	return true;
}

bool import_columns(const CsvRow *header, Arena *arena, ImportColumns *out, Err *err)
{
	ImportColumns columns = { 0 };
	for (size_t f = 0; f < IMPORT_FIELD_COUNT; f++)
		columns.at[f] = -1;
	for (size_t i = 0; i < header->count; i++)
		if (!column_take(&columns, str_trim(header->fields[i]), i, arena, err))
			return false;
	if (columns.at[IMPORT_EMAIL] < 0)
		return ERR(err, ERR_INPUT,
			"the first row must name the columns, and one of "
			"them must be \"email\"; it begins with \"%.*s\"",
			STR_ARG(header->count
					? str_sub(header->fields[0], 0, IMPORT_COLUMN_NAME_MAX)
					: STR("")));
	*out = columns;
	return true;
}

char import_separator(Str csv)
{
	static const char separators[] = { ',', ';', '\t' };
	size_t best = 0, counts[ARRAY_LEN(separators)] = { 0 };
	for (size_t i = 0; i < csv.len && csv.ptr[i] != '\n' && csv.ptr[i] != '\r'; i++)
		for (size_t s = 0; s < ARRAY_LEN(separators); s++)
			counts[s] += csv.ptr[i] == separators[s];
	for (size_t s = 0; s < ARRAY_LEN(separators); s++)
		if (counts[s] > counts[best])
			best = s;
	return separators[best];
}

/* ----------------------------------------------------------------- rows */

static Str cell(const CsvRow *row, const ImportColumns *columns, ImportField field)
{
	int at = columns->at[field];
	return at >= 0 && (size_t)at < row->count ? str_trim(row->fields[at]) : STR("");
}

static Str cut_value(Str value)
{
	if (value.len <= IMPORT_VALUE_BYTES_MAX)
		return value;
	size_t len = IMPORT_VALUE_BYTES_MAX;
	while (len && ((unsigned char)value.ptr[len] & 0xc0) == 0x80)
		len--;
	return str_sub(value, 0, len);
}

static bool PRINTF_LIKE(5, 6) fault_set(ImportFault *fault, const ImportColumns *columns,
	ImportField field, Str value, const char *format, ...)
{
	va_list args;
	*fault = (ImportFault){ .column = columns->names[field],
		.position = columns->at[field] + 1,
		.value = cut_value(value) };
	va_start(args, format);
	vsnprintf(fault->reason, sizeof fault->reason, format, args);
	va_end(args);
	return false;
}

static bool take_name(const CsvRow *row, const ImportColumns *columns, ImportField field, Str *out,
	ImportFault *fault)
{
	Str value = cell(row, columns, field);
	if (value.len > LEDGER_NAME_BYTES_MAX)
		return fault_set(fault, columns, field, value, "longer than %d bytes",
			LEDGER_NAME_BYTES_MAX);
	if (!str_is_utf8(value))
		return fault_set(
			fault, columns, field, value, "not UTF-8; save the file as CSV in UTF-8");
	*out = value;
	return true;
}

static bool fits_column(ImportField field, SfObject object)
{
	if (field == IMPORT_CONTACT_ID)
		return object == SF_CONTACT;
	if (field == IMPORT_LEAD_ID)
		return object == SF_LEAD;
	return object == SF_CONTACT || object == SF_LEAD;
}

static const char *wanted_prefix(ImportField field)
{
	if (field == IMPORT_CONTACT_ID)
		return "a Contact (its ID begins with 003)";
	if (field == IMPORT_LEAD_ID)
		return "a Lead (its ID begins with 00Q)";
	return "a Contact or a Lead (their IDs begin with 003 and 00Q)";
}

static bool take_id(const CsvRow *row, const ImportColumns *columns, ImportField field,
	ImportRow *out, ImportFault *fault)
{
	Str value = cell(row, columns, field);
	SfId id;
	Err err;
	if (!value.len)
		return true;
	if (!sfid_parse(value, &id, &err))
		return fault_set(fault, columns, field, value, "%s", err.text);
	if (!fits_column(field, sfid_object(&id)))
		return fault_set(fault, columns, field, value, "this is not the ID of %s",
			wanted_prefix(field));
	for (size_t i = 0; i < out->id_count; i++)
		if (sfid_eq(&out->ids[i], &id))
			return true;
	out->ids[out->id_count++] = id;
	return true;
}

bool import_row(const CsvRow *row, const ImportColumns *columns, ImportRow *out, ImportFault *fault)
{
	ImportRow result = { 0 };
	Err err;
	Str email = cell(row, columns, IMPORT_EMAIL);
	if (!email.len)
		return fault_set(fault, columns, IMPORT_EMAIL, email, "no e-mail address");
	if (!address_parse(email, &result.address, &err))
		return fault_set(fault, columns, IMPORT_EMAIL, email, "%s", err.text);
	if (!take_name(row, columns, IMPORT_FIRST_NAME, &result.first_name, fault)
		|| !take_name(row, columns, IMPORT_LAST_NAME, &result.last_name, fault)
		|| !take_id(row, columns, IMPORT_SALESFORCE_ID, &result, fault)
		|| !take_id(row, columns, IMPORT_CONTACT_ID, &result, fault)
		|| !take_id(row, columns, IMPORT_LEAD_ID, &result, fault))
		return false;
	*out = result;
	return true;
}
