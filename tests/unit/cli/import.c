#include "base/base.h"

#include "cli/import.h"

#include "base/alloc.h"
#include "base/csv.h"
#include "web/import.h"

#include "../../lib/expect.h"

/* What the chunks say together: "row@line:fields" of every row as the daemon would read it, mapped
 * back to the file. */
static void put_rows(Buf *out, const ImportChunk *chunk, bool is_first)
{
	CLEANUP(csv_close)
	CsvReader *reader = csv_open(&(CsvOptions){ .separator = import_separator(chunk->csv) });
	csv_feed(reader, chunk->csv);
	csv_end(reader);
	for (;;) {
		CsvRow row;
		Err err;
		CsvStep step = csv_next(reader, &row, &err);
		assert_int_not_equal(step, CSV_MORE);
		if (step == CSV_DONE)
			return;
		if (row.row == 1) { /* the header stands in each chunk, and is told once */
			if (is_first)
				buf_printf(out, "header %zu\n", row.count);
			continue;
		}
		buf_printf(out, "%lld@%lld:%s%.*s\n", (long long)(row.row + chunk->rows_before),
			(long long)(row.line + chunk->lines_before), step == CSV_BAD ? "bad" : "",
			step == CSV_BAD ? 0 : (int)row.fields[0].len,
			step == CSV_BAD ? "" : row.fields[0].ptr);
	}
}

/* Splits the text, fed in pieces; gives the number of chunks. */
static size_t split_into(size_t chunk_bytes, Str text, size_t piece, Buf *out)
{
	ImportSplitter *splitter = import_open(chunk_bytes);
	size_t chunks = 0;
	Err err = { 0 };
	ImportChunk chunk;
	while (text.len > 0) {
		Str part = str_sub(text, 0, piece);
		import_feed(splitter, part);
		text = str_from_pos(text, part.len);
		while (import_next(splitter, &chunk, &err))
			put_rows(out, &chunk, chunks++ == 0);
	}
	import_end(splitter);
	while (import_next(splitter, &chunk, &err))
		put_rows(out, &chunk, chunks++ == 0);
	assert_int_equal(err.kind, ERR_NONE);
	import_close(&splitter);
	return chunks;
}

static size_t split(Str text, size_t piece, Buf *out)
{
	return split_into(IMPORT_CHUNK_BYTES, text, piece, out);
}

static void a_small_file_is_one_request_as_it_is(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf out = BUF_MAX(4096);
	assert_int_equal(split(STR("\xEF\xBB\xBF"
				   "email,name\r\na@x,A\r\n\r\n\"b@x\",\"B\nB\"\r\nc@x,C"),
				 7, &out),
		1);
	assert_buf(out, "header 2\n2@2:a@x\n3@4:b@x\n4@6:c@x\n");
}

static void a_header_alone_is_sent_to_be_judged(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf out = BUF_MAX(4096);
	assert_int_equal(split(STR("email,name\n"), 64, &out), 1);
	assert_buf(out, "header 2\n");
}

static void an_empty_file_is_sent_to_be_judged(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf out = BUF_MAX(4096);
	assert_int_equal(split(STR(""), 64, &out), 1);
	assert_buf(out, "");
}

/* Rows of changing shape: quoted line breaks, blank lines, broken rows, also right behind the
 * header. */
static void make_file(Buf *file, size_t rows)
{
	buf_put_z(file, "email,note\n");
	for (size_t i = 0; i < rows; i++) {
		buf_printf(file, "p%zu@example.com,", i);
		if (i % 7 == 0)
			buf_put_z(file, "half \"quoted\" row\n");
		else if (i % 5 == 0)
			buf_put_z(file, "\"two\nlines\"\n\n");
		else
			buf_put_z(file, "0123456789012345678901234567890123456789\n");
	}
}

static void rows_and_lines_of_many_chunks_are_those_of_the_file(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf file = BUF_MAX(16 * 1024 * 1024);
	make_file(&file, 80000);
	CLEANUP(buf_fini) Buf whole = BUF_MAX(16 * 1024 * 1024);
	CLEANUP(buf_fini) Buf pieces = BUF_MAX(16 * 1024 * 1024);
	/* The oracle: the same reader over the whole file at once. */
	put_rows(&whole, &(ImportChunk){ .csv = buf_str(&file) }, true);
	size_t chunks = split(buf_str(&file), 64 * 1024 - 1, &pieces);
	assert_true(chunks >= 3);
	if (!str_eq(buf_str(&whole), buf_str(&pieces)))
		fail_msg("rows or lines differ");
}

/* Where a row ends depends on the separator: behind a comma that is none, a quote opens nothing. */
static void files_of_every_separator_are_cut_between_rows(void **state)
{
	(void)state;
	static const char separators[] = ",;\t";
	for (const char *s = separators; *s; s++) {
		CLEANUP(buf_fini) Buf file = BUF_MAX(4096), whole = BUF_MAX(4096);
		CLEANUP(buf_fini) Buf pieces = BUF_MAX(4096);
		buf_printf(&file, "email%cnote\n", *s);
		for (int i = 0; i < 20; i++)
			buf_printf(&file, "p%d@example.com%c\"two\nlines, and; more\"\n", i, *s);
		put_rows(&whole, &(ImportChunk){ .csv = buf_str(&file) }, true);
		assert_true(split_into(32, buf_str(&file), 7, &pieces) >= 10);
		assert_buf(pieces, buf_z(&whole));
	}
}

static void what_never_becomes_a_row_is_refused_not_gathered_for_ever(void **state)
{
	(void)state;
	ImportSplitter *splitter = import_open(IMPORT_CHUNK_BYTES);
	import_feed(splitter, STR("email\n"));
	char *block = xcalloc(1, IMPORT_CHUNK_BYTES);
	memset(block, 'x', IMPORT_CHUNK_BYTES);
	Err err = { 0 };
	ImportChunk chunk;
	for (size_t i = 0; i < 20 && err.kind == ERR_NONE; i++) {
		import_feed(splitter, (Str){ block, IMPORT_CHUNK_BYTES });
		assert_false(import_next(splitter, &chunk, &err));
	}
	assert_int_equal(err.kind, ERR_LIMIT);
	free(block);
	import_close(&splitter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_file_is_one_request_as_it_is),
		cmocka_unit_test(a_header_alone_is_sent_to_be_judged),
		cmocka_unit_test(an_empty_file_is_sent_to_be_judged),
		cmocka_unit_test(rows_and_lines_of_many_chunks_are_those_of_the_file),
		cmocka_unit_test(files_of_every_separator_are_cut_between_rows),
		cmocka_unit_test(what_never_becomes_a_row_is_refused_not_gathered_for_ever),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
