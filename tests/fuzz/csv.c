/* CSV from anywhere (base/csv.h). The input's first byte chooses the options, the second the pieces
 * in which the rest is fed. */
#include "base/base.h"

#include "base/csv.h"
#include "fuzz.h"

enum { OUT_BYTES_MAX = 8 * 1024 * 1024, SMALL_ROW_BYTES = 24 };

/* What a reader said, as text that can be compared. */
typedef struct Told {
	Buf rows;   /* fields alone, of the good rows */
	Buf places; /* of all rows, with what is wrong with the bad ones */
	size_t row_count, bad_count;
} Told;

static void told_init(Told *told)
{
	*told = (Told){ .rows = BUF_MAX(OUT_BYTES_MAX), .places = BUF_MAX(OUT_BYTES_MAX) };
}

static void told_fini(Told *told)
{
	buf_fini(&told->rows);
	buf_fini(&told->places);
}

static void tell_fields(Buf *out, const CsvRow *row)
{
	MUST(row->count >= 1 && row->count <= CSV_COLUMNS_MAX);
	for (size_t i = 0; i < row->count; i++) {
		buf_printf(out, "%zu:", row->fields[i].len);
		buf_put(out, row->fields[i]);
	}
	buf_put_char(out, '\n');
}

static int64_t line_of(Str text, int64_t byte_offset)
{
	int64_t line = 1;
	for (int64_t i = 0; i < byte_offset; i++)
		line += text.ptr[i] == '\n';
	return line;
}

static void tell(Told *told, CsvStep step, const CsvRow *row, const Err *err, Str text)
{
	MUST(row->row == (int64_t)(++told->row_count));
	MUST(row->byte_offset >= 0 && row->byte_offset < (int64_t)text.len);
	MUST(row->line == line_of(text, row->byte_offset));
	buf_printf(&told->places, "%lld %lld %lld %s\n", (long long)row->row, (long long)row->line,
		(long long)row->byte_offset, step == CSV_BAD ? err->text : "");
	if (step == CSV_ROW)
		tell_fields(&told->rows, row);
	else
		told->bad_count++;
}

static CsvStep take_rows(CsvReader *reader, Told *told, Str text)
{
	for (;;) {
		CsvRow row;
		Err err = { 0 };
		CsvStep step = csv_next(reader, &row, &err);
		if (step == CSV_MORE || step == CSV_DONE)
			return step;
		MUST(step == CSV_ROW || fuzz_err_is(&err, 1u << ERR_INPUT));
		tell(told, step, &row, &err, text);
	}
}

/* pace 0: all at once; else pieces of 1 to pace bytes, in a turn. */
static void read_all(const CsvOptions *options, Str text, unsigned pace, Told *told)
{
	CLEANUP(csv_close) CsvReader *reader = csv_open(options);
	size_t piece = pace ? 1 : text.len;
	for (size_t at = 0; at < text.len; at += piece, piece = pace ? piece % pace + 1 : piece) {
		csv_feed(reader, str_sub(text, at, piece));
		MUST(take_rows(reader, told, text) == CSV_MORE);
	}
	csv_end(reader);
	MUST(take_rows(reader, told, text) == CSV_DONE);
	MUST(take_rows(reader, told, text) == CSV_DONE);
}

static bool is_formula(Str field)
{
	return field.len > 0 && field.ptr[0] && strchr("=+-@\t\r", field.ptr[0]);
}

/* Writes every good row again. */
static void rewrite(const CsvOptions *options, Str text, bool guard_formulas, Buf *out)
{
	CLEANUP(csv_close) CsvReader *reader = csv_open(options);
	CsvWriter writer = { .out = out, .guard_formulas = guard_formulas };
	CsvStep step;
	CsvRow row;
	csv_feed(reader, text);
	csv_end(reader);
	while ((step = csv_next(reader, &row, NULL)) != CSV_DONE) {
		for (size_t i = 0; step == CSV_ROW && i < row.count; i++)
			csv_put(&writer, row.fields[i]);
		if (step == CSV_ROW)
			csv_put_end(&writer);
	}
	MUST(!out->overflow);
}

static void check_guarded(Str csv)
{
	CLEANUP(csv_close) CsvReader *reader = csv_open(NULL);
	CsvRow row;
	csv_feed(reader, csv);
	csv_end(reader);
	while (csv_next(reader, &row, NULL) == CSV_ROW)
		for (size_t i = 0; i < row.count; i++)
			MUST(!is_formula(row.fields[i]));
}

/* byte_offset names the row: reading on from there gives it again (cli/import.c cuts files so). */
static void check_offset(const CsvOptions *options, Str text, unsigned nth)
{
	CLEANUP(csv_close) CsvReader *all = csv_open(options);
	CsvRow row = { 0 };
	CsvStep step = CSV_DONE;
	csv_feed(all, text);
	csv_end(all);
	for (unsigned i = 0; i <= nth; i++)
		if ((step = csv_next(all, &row, NULL)) == CSV_DONE)
			return;
	Str tail = str_from_pos(text, (size_t)row.byte_offset);
	if (str_starts(tail, STR("\xEF\xBB\xBF")))
		return; /* would be skipped there */
	CLEANUP(csv_close) CsvReader *again = csv_open(options);
	CLEANUP(buf_fini) Buf before = BUF_MAX(OUT_BYTES_MAX), after = BUF_MAX(OUT_BYTES_MAX);
	CsvRow same;
	csv_feed(again, tail);
	csv_end(again);
	MUST(csv_next(again, &same, NULL) == step && same.byte_offset == 0);
	if (step != CSV_ROW)
		return;
	tell_fields(&before, &row);
	tell_fields(&after, &same);
	MUST(str_eq(buf_str(&before), buf_str(&after)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str text = fuzz_text(data, size);
	unsigned choice = fuzz_byte(&text), pace = fuzz_byte(&text);
	CsvOptions options = { .separator = ",;\t|"[choice % 4],
		.row_bytes_max = choice & 8 ? SMALL_ROW_BYTES : 0 };
	CLEANUP(told_fini) Told whole, pieces, again;
	told_init(&whole);
	told_init(&pieces);
	told_init(&again);
	read_all(&options, text, 0, &whole);
	read_all(&options, text, pace % 16 + 1, &pieces);
	MUST(str_eq(buf_str(&whole.rows), buf_str(&pieces.rows)));
	MUST(str_eq(buf_str(&whole.places), buf_str(&pieces.places)));

	CLEANUP(buf_fini) Buf csv = BUF_MAX(OUT_BYTES_MAX), guarded = BUF_MAX(OUT_BYTES_MAX);
	rewrite(&options, text, false, &csv);
	read_all(NULL, buf_str(&csv), 0, &again);
	MUST(again.bad_count == 0 && str_eq(buf_str(&whole.rows), buf_str(&again.rows)));
	rewrite(&options, text, true, &guarded);
	check_guarded(buf_str(&guarded));
	check_offset(&options, text, pace >> 4);
	return 0;
}
