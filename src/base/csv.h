/* csv.h: streaming CSV (RFC 4180, plus LF alone as line end) with errors that name row and byte.
 * Push bytes in with csv_feed, take rows out with csv_next; fields are views into the reader's
 * window and live until the next csv_feed or csv_next. A UTF-8 byte-order mark at the very start is
 * skipped. A quoted field may hold separators, doubled quotes and line breaks. Blank lines are
 * skipped. One thread. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { CSV_COLUMNS_MAX = 256 };

typedef struct CsvOptions {
	char separator;       /* ',' when 0 */
	size_t row_bytes_max; /* 1 MiB when 0: a longer row is bad, not a reason to grow */
} CsvOptions;

typedef struct CsvRow {
	Str *fields; /* borrowed, valid until the next call */
	size_t count;
	int64_t row;  /* 1 for the first row of the file (usually the header) */
	int64_t line; /* where the row starts, from 1; not `row` once a quoted field had breaks */
	int64_t byte_offset; /* where the row starts in the whole input, byte-order mark included */
} CsvRow;

typedef enum CsvStep {
	CSV_ROW,  /* *out is the next row */
	CSV_MORE, /* feed more bytes, or csv_end when there are none */
	CSV_BAD,  /* *err: what is wrong with the row at out->row, out->line; then go on */
	CSV_DONE, /* everything after csv_end was handed out */
} CsvStep;

typedef struct CsvReader CsvReader;

CsvReader *csv_open(const CsvOptions *options);
void csv_close(CsvReader **reader);
void csv_feed(CsvReader *reader, Str bytes); /* copies */
void csv_end(CsvReader *reader);             /* no more input; a last row without line end counts */
CsvStep csv_next(CsvReader *reader, CsvRow *out, Err *err);

/* Writing: quotes only where needed; call csv_put_end after the last field of a row. LF line ends.
 * guard: a field starting with = + - @ tab or CR gets a leading apostrophe (for files that people
 * open in a spreadsheet; never for files that programs read back). */
typedef struct CsvWriter {
	Buf *out; /* borrowed */
	bool guard_formulas;
	bool mid_row;
} CsvWriter;

void csv_put(CsvWriter *writer, Str field);
void csv_put_end(CsvWriter *writer);

#endif
