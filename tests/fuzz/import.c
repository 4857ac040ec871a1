/* People from somebody's CSV (web/import.h). */
#include "base/base.h"

#include "fuzz.h"
#include "store/ledger.h"
#include "web/import.h"

static void check_columns(const CsvRow *header, const ImportColumns *columns)
{
	MUST(columns->at[IMPORT_EMAIL] >= 0 && columns->ignored_count <= IMPORT_IGNORED_MAX);
	for (size_t f = 0; f < IMPORT_FIELD_COUNT; f++) {
		MUST(columns->at[f] >= -1 && columns->at[f] < (int)header->count);
		MUST(columns->at[f] < 0 || columns->names[f].len <= IMPORT_COLUMN_NAME_MAX);
		for (size_t g = 0; g < f; g++)
			MUST(columns->at[f] < 0 || columns->at[f] != columns->at[g]);
	}
	for (size_t i = 0; i < columns->ignored_count; i++)
		MUST(columns->ignored[i].len > 0
			&& columns->ignored[i].len <= IMPORT_COLUMN_NAME_MAX);
}

static void check_name(Str name)
{
	MUST(name.len <= LEDGER_NAME_BYTES_MAX && str_is_utf8(name));
	MUST(str_eq(str_trim(name), name));
}

static void check_row(const ImportRow *row)
{
	Address again;
	MUST(address_parse(address_str(&row->address), &again, NULL));
	MUST(str_eq(address_str(&again), address_str(&row->address)));
	check_name(row->first_name);
	check_name(row->last_name);
	MUST(row->id_count <= IMPORT_IDS_MAX);
	for (size_t i = 0; i < row->id_count; i++) {
		SfObject object = sfid_object(&row->ids[i]);
		MUST(object == SF_CONTACT || object == SF_LEAD);
		for (size_t j = 0; j < i; j++)
			MUST(!sfid_eq(&row->ids[i], &row->ids[j]));
	}
}

static void check_fault(const CsvRow *row, const ImportColumns *columns, const ImportFault *fault)
{
	MUST(fault->reason[0] && memchr(fault->reason, '\0', sizeof fault->reason));
	MUST(fault->value.len <= IMPORT_VALUE_BYTES_MAX);
	MUST(fault->position >= 0 && fault->position <= CSV_COLUMNS_MAX);
	bool is_whole = fault->position > 0 && (size_t)fault->position <= row->count;
	Str cell = is_whole ? row->fields[fault->position - 1] : STR("");
	MUST(str_find(cell, fault->value) >= 0);
	/* A cut stands between two characters. */
	MUST(!str_is_utf8(cell) || str_is_utf8(fault->value));
	(void)columns;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str csv = fuzz_text(data, size);
	char separator = import_separator(csv);
	MUST(separator == ',' || separator == ';' || separator == '\t');
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(1024 * 1024);
	CLEANUP(csv_close) CsvReader *reader = csv_open(&(CsvOptions){ .separator = separator });
	ImportColumns columns;
	CsvRow row;
	Err err = { 0 };
	csv_feed(reader, csv);
	csv_end(reader);
	if (csv_next(reader, &row, NULL) != CSV_ROW)
		return 0;
	if (!import_columns(&row, &arena, &columns, &err)) {
		MUST(fuzz_err_is(&err, 1u << ERR_INPUT));
		return 0;
	}
	check_columns(&row, &columns);
	for (CsvStep step; (step = csv_next(reader, &row, NULL)) != CSV_DONE;) {
		ImportRow out = { .id_count = 4711 };
		ImportFault fault = { 0 };
		if (step != CSV_ROW)
			continue;
		if (import_row(&row, &columns, &out, &fault)) {
			check_row(&out);
		} else {
			MUST(out.id_count == 4711);
			check_fault(&row, &columns, &fault);
		}
	}
	return 0;
}
