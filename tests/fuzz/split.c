/* A CSV file cut into requests (cli/import.h): the daemon finds the same rows, at the same places,
 * as if it had got the file whole. The first byte is the size of a chunk, the second that of the
 * pieces in which the file is read. */
#include "base/base.h"

#include "base/csv.h"
#include "cli/import.h"
#include "fuzz.h"
#include "web/import.h"

enum { OUT_BYTES_MAX = 4 * 1024 * 1024 };

/* As the daemon reads a request. The header, which stands in each, is told once. */
static void tell_rows(Buf *out, Str csv, int64_t rows_before, int64_t lines_before, bool is_first)
{
	CLEANUP(csv_close)
	CsvReader *reader = csv_open(&(CsvOptions){ .separator = import_separator(csv) });
	csv_feed(reader, csv);
	csv_end(reader);
	CsvRow row;
	for (CsvStep step; (step = csv_next(reader, &row, NULL)) != CSV_DONE;) {
		MUST(step != CSV_MORE);
		bool is_header = row.row == 1;
		if (is_header && !is_first)
			continue;
		buf_printf(out, "%lld %lld %zu",
			(long long)(row.row + (is_header ? 0 : rows_before)),
			(long long)(row.line + (is_header ? 0 : lines_before)), row.count);
		for (size_t i = 0; i < row.count; i++) {
			buf_printf(out, " %zu:", row.fields[i].len);
			buf_put(out, row.fields[i]);
		}
		buf_put_char(out, '\n');
	}
}

static void take_chunks(ImportSplitter *splitter, Buf *out, size_t *chunks)
{
	Err err = { 0 };
	for (ImportChunk chunk; import_next(splitter, &chunk, &err);)
		tell_rows(out, chunk.csv, chunk.rows_before, chunk.lines_before, (*chunks)++ == 0);
	MUST(err.kind == ERR_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str file = fuzz_text(data, size);
	size_t chunk_bytes = 1 + fuzz_byte(&file), piece = 1 + fuzz_byte(&file), chunks = 0;
	CLEANUP(buf_fini) Buf whole = BUF_MAX(OUT_BYTES_MAX), cut = BUF_MAX(OUT_BYTES_MAX);
	ImportSplitter *splitter = import_open(chunk_bytes);
	for (Str rest = file; rest.len > 0; rest = str_from_pos(rest, piece)) {
		import_feed(splitter, str_sub(rest, 0, piece));
		take_chunks(splitter, &cut, &chunks);
	}
	import_end(splitter);
	take_chunks(splitter, &cut, &chunks);
	import_close(&splitter);
	MUST(chunks >= 1);
	tell_rows(&whole, file, 0, 0, true);
	MUST(str_eq(buf_str(&whole), buf_str(&cut)));
	return 0;
}
