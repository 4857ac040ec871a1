#include "base/base.h"

#include "web/import.h"

#include "../../lib/expect.h"

/* A file of two rows: the header and one person. */
typedef struct Sheet {
	Arena arena;
	CsvReader *reader;
	ImportColumns columns;
	CsvRow row;
} Sheet;

static void sheet_close(Sheet *sheet)
{
	csv_close(&sheet->reader);
	arena_fini(&sheet->arena);
}

static bool sheet_open(Sheet *sheet, const char *csv, Err *err)
{
	CsvRow header;
	arena_init(&sheet->arena, 64 * 1024);
	sheet->reader = csv_open(&(CsvOptions){ .separator = import_separator(str_from(csv)) });
	csv_feed(sheet->reader, str_from(csv));
	csv_end(sheet->reader);
	assert_int_equal(csv_next(sheet->reader, &header, err), CSV_ROW);
	if (!import_columns(&header, &sheet->arena, &sheet->columns, err))
		return false;
	return csv_next(sheet->reader, &sheet->row, err) == CSV_ROW;
}

static bool one_row(const char *csv, Sheet *sheet, ImportRow *row, ImportFault *fault)
{
	Err err;
	assert_true(sheet_open(sheet, csv, &err));
	return import_row(&sheet->row, &sheet->columns, row, fault);
}

static void columns_are_found_in_any_order_and_spelling(void **state)
{
	(void)state;
	static const char *const files[] = {
		"email,first_name,last_name,contact_id\na@example.com,Ann,Lee,003000000000001AAA\n",
		"Contact ID;LAST-NAME;E-Mail;FirstName\r\n"
		"003000000000001AAA;Lee;a@example.com;Ann\r\n",
		("\xef\xbb\xbf"
		 "Last Name\tEMAIL\tcontactid\tFirst_Name\n"
		 "Lee\t\"a@example.com\"\t003000000000001\tAnn"),
	};
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		CLEANUP(sheet_close) Sheet sheet = { 0 };
		ImportRow row;
		ImportFault fault;
		assert_true(one_row(files[i], &sheet, &row, &fault));
		assert_str(address_str(&row.address), "a@example.com");
		assert_str(row.first_name, "Ann");
		assert_str(row.last_name, "Lee");
		assert_int_equal(row.id_count, 1);
		assert_str(sfid_str(&row.ids[0]), "003000000000001AAA");
	}
}

static void unknown_columns_are_listed_and_ignored(void **state)
{
	(void)state;
	CLEANUP(sheet_close) Sheet sheet = { 0 };
	ImportRow row;
	ImportFault fault;
	assert_true(one_row(
		"email,unsubscribed,City\na@example.com,false,Ulm\n", &sheet, &row, &fault));
	assert_int_equal(sheet.columns.ignored_count, 2);
	assert_str(sheet.columns.ignored[0], "unsubscribed");
	assert_str(sheet.columns.ignored[1], "City");
}

static void header_without_email_is_refused(void **state)
{
	(void)state;
	static const char *const files[] = { "name\nx\n", "a@example.com,Ann\nb@example.com,Bo\n",
		"email,E_MAIL\na@example.com,b@example.com\n" };
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		CLEANUP(sheet_close) Sheet sheet = { 0 };
		Err err = { 0 };
		assert_false(sheet_open(&sheet, files[i], &err));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_has(str_from(err.text), "column");
	}
}

typedef struct Bad {
	const char *csv, *column, *value, *reason;
	int position;
} Bad;

static const Bad bad[] = {
	{ "email\n\"\"\n", "email", "", "no e-mail", 1 },
	{ "First,Email\nx,not an address\n", "Email", "not an address", "", 2 },
	{ "email,Contact ID\na@example.com,00Q000000000001\n", "Contact ID", "00Q000000000001",
		"003", 2 },
	{ "email,lead_id\na@example.com,003000000000001\n", "lead_id", "003000000000001", "00Q",
		2 },
	{ "email,salesforce_id\na@example.com,001000000000001\n", "salesforce_id",
		"001000000000001", "003", 2 },
	{ "email,salesforce_id\na@example.com,003-bad\n", "salesforce_id", "003-bad", "", 2 },
	{ "email,first_name\na@example.com,\xff\xfe\n", "first_name", "\xff\xfe", "UTF-8", 2 },
};

static void a_fault_names_column_position_value_and_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CLEANUP(sheet_close) Sheet sheet = { 0 };
		ImportRow row;
		ImportFault fault;
		assert_false(one_row(bad[i].csv, &sheet, &row, &fault));
		assert_str(fault.column, bad[i].column);
		assert_str(fault.value, bad[i].value);
		assert_has(str_from(fault.reason), bad[i].reason);
		assert_true(fault.reason[0]);
		assert_int_equal(fault.position, bad[i].position);
	}
}

static void a_long_value_is_cut_between_characters(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf csv = BUF_MAX(4096);
	CLEANUP(sheet_close) Sheet sheet = { 0 };
	ImportRow row;
	ImportFault fault;
	buf_put_z(&csv, "email\nx");
	for (int i = 0; i < 60; i++)
		buf_put_z(&csv, "\xc3\xa9");
	buf_put_z(&csv, "\n");
	assert_false(one_row(buf_z(&csv), &sheet, &row, &fault));
	assert_int_equal(fault.value.len, 79);
	assert_true(str_is_utf8(fault.value));
}

static void ids_of_15_and_18_characters_are_one_record(void **state)
{
	(void)state;
	CLEANUP(sheet_close) Sheet sheet = { 0 };
	ImportRow row;
	ImportFault fault;
	assert_true(one_row("email,salesforce_id,contact_id,lead_id\n"
			    "a@example.com,003000000000001,003000000000001AAA,00Q000000000001\n",
		&sheet, &row, &fault));
	assert_int_equal(row.id_count, 2);
}

static void a_short_row_lacks_its_last_cells(void **state)
{
	(void)state;
	CLEANUP(sheet_close) Sheet sheet = { 0 };
	ImportRow row;
	ImportFault fault;
	assert_true(one_row("email,first_name,contact_id\na@example.com\n", &sheet, &row, &fault));
	assert_int_equal(row.id_count, 0);
	assert_int_equal(row.first_name.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_found_in_any_order_and_spelling),
		cmocka_unit_test(unknown_columns_are_listed_and_ignored),
		cmocka_unit_test(header_without_email_is_refused),
		cmocka_unit_test(a_fault_names_column_position_value_and_reason),
		cmocka_unit_test(a_long_value_is_cut_between_characters),
		cmocka_unit_test(ids_of_15_and_18_characters_are_one_record),
		cmocka_unit_test(a_short_row_lacks_its_last_cells),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
