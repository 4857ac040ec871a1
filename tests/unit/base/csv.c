#include "base/base.h"

#include "base/csv.h"

#include "base/rng.h"

#include "../../lib/expect.h"

#include <malloc.h>

/* What the reader says as text: "1@1+0[a][b]" is row 1 at line 1, byte 0; "bad 2@2+4: why". */
static void drain(CsvReader *reader, Buf *out)
{
	for (;;) {
		CsvRow row;
		Err err = { 0 };
		CsvStep step = csv_next(reader, &row, &err);
		if (step == CSV_MORE || step == CSV_DONE)
			return;
		buf_printf(out, "%s%lld@%lld+%lld", step == CSV_BAD ? "bad " : "",
			(long long)row.row, (long long)row.line, (long long)row.byte_offset);
		for (size_t i = 0; i < row.count; i++)
			buf_printf(out, "[%.*s]", STR_ARG(row.fields[i]));
		buf_printf(out, step == CSV_BAD ? ": %s\n" : "%s\n", err.text);
	}
}

/* Feeds text in pieces: all at once for piece_max 0, else random pieces of 1 to piece_max bytes. */
static void read_in_pieces(
	const CsvOptions *options, Str text, size_t piece_max, Rng *rng, Buf *out)
{
	CLEANUP(csv_close) CsvReader *reader = csv_open(options);
	while (text.len > 0) {
		size_t piece = piece_max ? 1 + rng_below(rng, piece_max) : text.len;
		csv_feed(reader, str_sub(text, 0, piece));
		text = str_from_pos(text, piece);
		drain(reader, out);
	}
	csv_end(reader);
	drain(reader, out);
	CsvRow row;
	assert_int_equal(csv_next(reader, &row, NULL), CSV_DONE); /* and stays done */
}

static void expect_rows(const CsvOptions *options, Str text, const char *want)
{
	SeededRng rng;
	rng_seed(&rng, 1);
	for (size_t piece_max = 0; piece_max <= 2; piece_max++) {
		CLEANUP(buf_fini) Buf got = BUF_MAX(64 * 1024);
		read_in_pieces(options, text, piece_max, &rng.base, &got);
		assert_buf(got, want);
	}
}

static void rows_and_fields_are_told_apart(void **state)
{
	(void)state;
	expect_rows(NULL, STR("a,b\nc,d\n"), "1@1+0[a][b]\n2@2+4[c][d]\n");
	expect_rows(NULL, STR("a,b\r\nc,d\r\n"), "1@1+0[a][b]\n2@2+5[c][d]\n");
	expect_rows(NULL, STR("a,,\n,\n"), "1@1+0[a][][]\n2@2+4[][]\n");
	expect_rows(NULL, STR(""), "");
	expect_rows(NULL, STR(" a , b \n"), "1@1+0[ a ][ b ]\n");
	expect_rows(&(CsvOptions){ .separator = ';' }, STR("a;b,c\n"), "1@1+0[a][b,c]\n");
}

static void last_row_needs_no_line_end(void **state)
{
	(void)state;
	expect_rows(NULL, STR("a,b\nc"), "1@1+0[a][b]\n2@2+4[c]\n");
	expect_rows(NULL, STR("a,"), "1@1+0[a][]\n");
	expect_rows(NULL, STR("\"a\""), "1@1+0[a]\n");
	expect_rows(NULL, STR("a\r"), "1@1+0[a]\n");
	expect_rows(NULL, STR("\"\""), "1@1+0[]\n");
}

static void byte_order_mark_is_skipped_at_the_start_only(void **state)
{
	(void)state;
	expect_rows(NULL, STR("\xEF\xBB\xBFid\n1\n"), "1@1+3[id]\n2@2+6[1]\n");
	expect_rows(NULL, STR("\xEF\xBB\xBF\"id\"\n"), "1@1+3[id]\n");
	expect_rows(NULL, STR("\xEF\xBB\xBF"), "");
	expect_rows(NULL, STR("\xEF\xBB"), "1@1+0[\xEF\xBB]\n");
	expect_rows(NULL,
		STR("a\n\xEF\xBB\xBF"
		    "b\n"),
		"1@1+0[a]\n2@2+2[\xEF\xBB\xBF"
		"b]\n");
}

static void quoted_field_holds_separators_quotes_and_line_breaks(void **state)
{
	(void)state;
	expect_rows(NULL, STR("\"a,b\",\"c\"\"d\",\"\"\n"), "1@1+0[a,b][c\"d][]\n");
	expect_rows(NULL, STR("\"\"\"\"\n"), "1@1+0[\"]\n");
	expect_rows(
		NULL, STR("\"x\ny\r\nz\",1\nnext,2\n"), "1@1+0[x\ny\r\nz][1]\n2@4+11[next][2]\n");
	expect_rows(NULL, STR("\"a\rb\"\n"), "1@1+0[a\rb]\n");
}

static void blank_lines_are_skipped_but_counted_as_lines(void **state)
{
	(void)state;
	expect_rows(NULL, STR("\n\r\na\n\n\nb\n\n"), "1@3+3[a]\n2@6+7[b]\n");
	expect_rows(NULL, STR("a\n\"\"\n \n"), "1@1+0[a]\n2@2+2[]\n3@3+5[ ]\n");
}

static void stray_quote_is_bad_and_the_next_line_is_read(void **state)
{
	(void)state;
	expect_rows(NULL, STR("a\nb\"c,d\ne\n"),
		"1@1+0[a]\n"
		"bad 2@2+2: row 2 at line 2: a quote inside a field that does not begin with one"
		" (byte 3 of the file)\n"
		"3@3+8[e]\n");
	expect_rows(NULL, STR("\"a\"b,\"c\nd\"\ne\n"),
		"bad 1@1+0: row 1 at line 1: text after a closing quote (byte 3 of the file)\n"
		"bad 2@2+8: row 2 at line 2: a quote inside a field that does not begin with one"
		" (byte 9 of the file)\n"
		"3@3+11[e]\n");
	expect_rows(NULL, STR("\"a\" ,b"),
		"bad 1@1+0: row 1 at line 1: text after a closing quote (byte 3 of the file)\n");
}

static void open_quote_at_the_end_is_bad(void **state)
{
	(void)state;
	expect_rows(NULL, STR("a\n\"b\nc\n"),
		"1@1+0[a]\n"
		"bad 2@2+2: row 2 at line 2: a quoted field "
		"is never closed (byte 7 of the file)\n");
}

static void lone_carriage_return_is_bad(void **state)
{
	(void)state;
	expect_rows(NULL, STR("a\rb\nc\n"),
		"bad 1@1+0: row 1 at line 1: a carriage return without a line feed"
		" (byte 2 of the file)\n"
		"2@2+4[c]\n");
	expect_rows(NULL, STR("\"a\"\r\r\nc\n"),
		"bad 1@1+0: row 1 at line 1: a carriage return without a line feed"
		" (byte 4 of the file)\n"
		"2@2+6[c]\n");
}

static void row_of_the_maximum_is_read_and_one_byte_more_is_bad(void **state)
{
	(void)state;
	const CsvOptions options = { .row_bytes_max = 8 };
	expect_rows(&options, STR("1234,678\nx\n"), "1@1+0[1234][678]\n2@2+9[x]\n");
	expect_rows(&options, STR("1234,678\r\nx\n"), "1@1+0[1234][678]\n2@2+10[x]\n");
	expect_rows(&options, STR("1234,678"), "1@1+0[1234][678]\n");
	expect_rows(&options, STR("\"123456\"\nx\n"), "1@1+0[123456]\n2@2+9[x]\n");
	expect_rows(&options, STR("1234,6789\nx\n"),
		"bad 1@1+0: row 1 at line 1: the row is longer than its maximum"
		" (byte 8 of the file)\n"
		"2@2+10[x]\n");
	expect_rows(&options, STR("123456789\"\nx\n"),
		"bad 1@1+0: row 1 at line 1: the row is longer than its maximum"
		" (byte 8 of the file)\n"
		"2@2+11[x]\n");
}

/* Else the lines inside its quotes would be taken for rows. */
static void too_long_row_ends_after_its_quoted_line_breaks(void **state)
{
	(void)state;
	const CsvOptions options = { .row_bytes_max = 8 };
	expect_rows(&options, STR("\"a\nb\nc\nd\ne\nf\"\"\ng\",h\nx\n"),
		"bad 1@1+0: row 1 at line 1: the row is longer than its maximum"
		" (byte 8 of the file)\n"
		"2@8+20[x]\n");
}

static void too_long_row_does_not_grow_the_reader(void **state)
{
	(void)state;
	CLEANUP(csv_close) CsvReader *reader = csv_open(&(CsvOptions){ .row_bytes_max = 100 });
	CsvRow row;
	Err err = { 0 };

	char piece[4096];
	struct mallinfo2 before = mallinfo2();
	memset(piece, ',', sizeof piece);
	for (int i = 0; i < 4096; i++) {
		csv_feed(reader, (Str){ piece, sizeof piece });
		assert_int_equal(csv_next(reader, &row, &err), CSV_MORE);
	}
	struct mallinfo2 after = mallinfo2();
	assert_true(after.uordblks + after.hblkhd < before.uordblks + before.hblkhd + 64 * 1024);
	csv_feed(reader, STR("\nok\n"));
	assert_int_equal(csv_next(reader, &row, &err), CSV_BAD);
	assert_int_equal(csv_next(reader, &row, &err), CSV_ROW);
	assert_str(row.fields[0], "ok");
	assert_int_equal(row.line, 2);
	assert_int_equal(row.byte_offset, 4096 * 4096 + 1);
}

static void columns_have_a_maximum(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf text = BUF_MAX(4096);
	for (int i = 1; i < CSV_COLUMNS_MAX; i++)
		buf_put_char(&text, ',');
	buf_put_z(&text, "\n,");
	for (int i = 1; i < CSV_COLUMNS_MAX; i++)
		buf_put_char(&text, ',');
	buf_put_z(&text, "\nx\n");
	CLEANUP(csv_close) CsvReader *reader = csv_open(NULL);
	csv_feed(reader, buf_str(&text));
	CsvRow row;
	Err err = { 0 };
	assert_int_equal(csv_next(reader, &row, &err), CSV_ROW);
	assert_int_equal(row.count, CSV_COLUMNS_MAX);
	assert_int_equal(csv_next(reader, &row, &err), CSV_BAD);
	assert_has(str_from(err.text), "256");
	assert_int_equal(csv_next(reader, &row, &err), CSV_ROW);
	assert_str(row.fields[0], "x");
}

static void put_random_csv(Rng *rng, Buf *out)
{
	static const char *const parts[] = { "a", "bc", "\"", "\"", "\"\"", ",", ",", "\n", "\r\n",
		"\r", " ", "\xEF\xBB\xBF", "\",\"", "\"\n" };
	size_t count = rng_below(rng, 40);
	for (size_t i = 0; i < count; i++)
		buf_put_z(out, parts[rng_below(rng, ARRAY_LEN(parts))]);
}

static void pieces_read_like_the_whole(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3000; seed++) {
		SeededRng rng;
		rng_seed(&rng, seed);
		const CsvOptions options = { .row_bytes_max = seed % 3 ? 0 : 12 };
		CLEANUP(buf_fini) Buf text = BUF_MAX(1024);
		CLEANUP(buf_fini) Buf whole = BUF_MAX(64 * 1024);
		CLEANUP(buf_fini) Buf bytes = BUF_MAX(64 * 1024);
		CLEANUP(buf_fini) Buf pieces = BUF_MAX(64 * 1024);
		put_random_csv(&rng.base, &text);
		read_in_pieces(&options, buf_str(&text), 0, NULL, &whole);
		read_in_pieces(&options, buf_str(&text), 1, &rng.base, &bytes);
		read_in_pieces(&options, buf_str(&text), 9, &rng.base, &pieces);
		if (!str_eq(buf_str(&whole), buf_str(&bytes))
			|| !str_eq(buf_str(&whole), buf_str(&pieces)))
			fail_msg("seed %llu: \"%s\"\nwhole:\n%s\nbytes:\n%s",
				(unsigned long long)seed, buf_z(&text), buf_z(&whole),
				buf_z(&bytes));
	}
}

static void random_field(Rng *rng, char *bytes, Str *out)
{
	static const char letters[] = "ab,\"\n\r =+-@\t\xC3\xA4";
	*out = (Str){ bytes, rng_below(rng, 8) };
	for (size_t i = 0; i < out->len; i++)
		bytes[i] = letters[rng_below(rng, sizeof letters - 1)];
}

static void written_rows_are_read_back(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 2000; seed++) {
		SeededRng rng;
		rng_seed(&rng, seed);
		CLEANUP(buf_fini) Buf text = BUF_MAX(4096);
		CsvWriter writer = { .out = &text };
		enum { ROWS = 3, COLUMNS = 4 };
		char bytes[ROWS][COLUMNS][8];
		Str fields[ROWS][COLUMNS];
		size_t columns = 1 + rng_below(&rng.base, COLUMNS);
		for (size_t r = 0; r < ROWS; r++) {
			for (size_t c = 0; c < columns; c++) {
				random_field(&rng.base, bytes[r][c], &fields[r][c]);
				csv_put(&writer, fields[r][c]);
			}
			csv_put_end(&writer);
		}
		CLEANUP(csv_close) CsvReader *reader = csv_open(NULL);
		csv_feed(reader, buf_str(&text));
		csv_end(reader);
		CsvRow row;
		for (size_t r = 0; r < ROWS; r++) {
			assert_int_equal(csv_next(reader, &row, NULL), CSV_ROW);
			assert_int_equal(row.count, columns);
			for (size_t c = 0; c < columns; c++)
				assert_true(str_eq(row.fields[c], fields[r][c]));
		}
		assert_int_equal(csv_next(reader, &row, NULL), CSV_DONE);
	}
}

static void writer_quotes_only_where_needed(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf out = BUF_MAX(200);
	CsvWriter writer = { .out = &out };
	static const char *const fields[] = { "plain", "a,b", "say \"hi\"", "two\nlines", "",
		"=1" };
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		csv_put(&writer, str_from(fields[i]));
	csv_put_end(&writer);
	csv_put(&writer, STR_NONE);
	csv_put_end(&writer);
	/* A byte-order mark that stood alone at the start would be skipped. */
	csv_put(&writer, STR("\xEF\xBB\xBFx"));
	csv_put(&writer, STR("\xEF\xBB\xBF"));
	csv_put_end(&writer);
	assert_buf(out,
		"plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",,=1\n\"\"\n"
		"\"\xEF\xBB\xBFx\",\xEF\xBB\xBF\n");
}

static void guarded_writer_defuses_formulas(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf out = BUF_MAX(200);
	CsvWriter writer = { .out = &out, .guard_formulas = true };
	static const char *const fields[] = { "=1+1", "+1", "-1", "@x", "\tx", "\rx", "a=b", "",
		"=\"a\"" };
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		csv_put(&writer, str_from(fields[i]));
	csv_put_end(&writer);
	assert_buf(out, "'=1+1,'+1,'-1,'@x,'\tx,\"'\rx\",a=b,,\"'=\"\"a\"\"\"\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_and_fields_are_told_apart),
		cmocka_unit_test(last_row_needs_no_line_end),
		cmocka_unit_test(byte_order_mark_is_skipped_at_the_start_only),
		cmocka_unit_test(quoted_field_holds_separators_quotes_and_line_breaks),
		cmocka_unit_test(blank_lines_are_skipped_but_counted_as_lines),
		cmocka_unit_test(stray_quote_is_bad_and_the_next_line_is_read),
		cmocka_unit_test(open_quote_at_the_end_is_bad),
		cmocka_unit_test(lone_carriage_return_is_bad),
		cmocka_unit_test(row_of_the_maximum_is_read_and_one_byte_more_is_bad),
		cmocka_unit_test(too_long_row_ends_after_its_quoted_line_breaks),
		cmocka_unit_test(too_long_row_does_not_grow_the_reader),
		cmocka_unit_test(columns_have_a_maximum),
		cmocka_unit_test(pieces_read_like_the_whole),
		cmocka_unit_test(written_rows_are_read_back),
		cmocka_unit_test(writer_quotes_only_where_needed),
		cmocka_unit_test(guarded_writer_defuses_formulas),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
