#include "base/base.h"

#include "base/csv.h"

#include "base/alloc.h"

enum { ROW_BYTES_MAX = 1024 * 1024, BOM_BYTES = 3 };

typedef enum State {
	AT_FIELD_START,
	IN_PLAIN,
	IN_QUOTES,
	AFTER_QUOTE, /* a quote inside quotes: the end, or the first of a doubled one */
	AFTER_CR,
	IN_BAD, /* the row is given up: look for the next line feed */
} State;

/* One pass over the bytes. Fields are unquoted in place: `put` never runs ahead of `scan`. Field
 * positions are relative to keep_from: feeding may move the window under a half-read row. */
struct CsvReader {
	char separator;
	size_t row_bytes_max;
	char *window; /* own: the row being read and what was fed after it */
	size_t len, cap;
	size_t keep_from; /* everything before may be dropped by csv_feed */
	size_t scan;      /* the next byte to look at */
	size_t put;       /* where the next byte of the field goes */
	size_t field_from;
	State state;
	bool is_first; /* nothing looked at yet: a byte-order mark may stand here */
	bool has_ended;
	bool row_is_open;
	bool row_was_quoted;
	int64_t window_offset; /* of window[0] in the whole input */
	int64_t line;          /* of the byte at scan */
	CsvRow at;             /* row, line and byte_offset of the row being read */
	const char *problem;   /* why the row is bad, or NULL */
	int64_t problem_offset;
	size_t count;
	size_t begins[CSV_COLUMNS_MAX];
	size_t lens[CSV_COLUMNS_MAX];
	Str fields[CSV_COLUMNS_MAX];
};

CsvReader *csv_open(const CsvOptions *options)
{
	CsvReader *reader = xcalloc(1, sizeof *reader);
	reader->separator = options && options->separator ? options->separator : ',';
	reader->row_bytes_max = options && options->row_bytes_max ? options->row_bytes_max
								  : ROW_BYTES_MAX;
	reader->is_first = true;
	reader->line = 1;
	return reader;
}

void csv_close(CsvReader **reader)
{
	if (!*reader)
		return;
	free((*reader)->window);
	free(*reader);
	*reader = NULL;
}

static void drop_front(CsvReader *r)
{
	size_t drop = r->keep_from;
	if (drop == 0)
		return;
	memmove(r->window, r->window + drop, r->len - drop);
	r->window_offset += (int64_t)drop;
	r->len -= drop;
	r->scan -= drop;
	r->put = r->put > drop ? r->put - drop : 0;
	r->field_from = r->field_from > drop ? r->field_from - drop : 0;
	r->keep_from = 0;
}

void csv_feed(CsvReader *reader, Str bytes)
{
	assert(!reader->has_ended);
	if (bytes.len == 0)
		return;
	drop_front(reader);
	void *window = reader->window;
	/* What is kept is one row at most, what is added is the caller's chunk. */
	bool fits = array_reserve(&window, &reader->cap, reader->len + bytes.len, SIZE_MAX / 2, 1);
	assert(fits);
	(void)fits;
	reader->window = window;
	memcpy(reader->window + reader->len, bytes.ptr, bytes.len);
	reader->len += bytes.len;
}

void csv_end(CsvReader *reader)
{
	reader->has_ended = true;
}

/* False while it is still open whether the input begins with a byte-order mark. */
static bool skip_bom(CsvReader *r)
{
	static const char bom[BOM_BYTES] = { '\xEF', '\xBB', '\xBF' };
	size_t common = 0;
	while (common < BOM_BYTES && common < r->len && r->window[common] == bom[common])
		common++;
	if (common == r->len && common < BOM_BYTES && !r->has_ended)
		return false;
	if (common == BOM_BYTES)
		r->scan = r->keep_from = BOM_BYTES;
	r->is_first = false;
	return true;
}

static int64_t offset_of_scan(const CsvReader *r)
{
	return r->window_offset + (int64_t)r->scan;
}

static void row_begin(CsvReader *r)
{
	r->row_is_open = true;
	r->row_was_quoted = false;
	r->state = AT_FIELD_START;
	r->problem = NULL;
	r->count = 0;
	r->keep_from = r->put = r->field_from = r->scan;
	r->at.line = r->line;
	r->at.byte_offset = offset_of_scan(r);
}

static void give_up(CsvReader *r, const char *problem)
{
	if (r->problem)
		return;
	r->problem = problem;
	r->problem_offset = offset_of_scan(r);
}

static void field_end(CsvReader *r)
{
	if (r->count == CSV_COLUMNS_MAX)
		give_up(r, "more columns than anybody needs (the maximum is 256)");
	static_assert(CSV_COLUMNS_MAX == 256, "the text above names the number");
	if (r->problem)
		return;
	r->begins[r->count] = r->field_from - r->keep_from;
	r->lens[r->count] = r->put - r->field_from;
	r->count++;
	r->field_from = r->put;
}

static void put_byte(CsvReader *r, char c)
{
	if (!r->problem)
		r->window[r->put++] = c;
}

static void refuse(CsvReader *r, const char *problem)
{
	give_up(r, problem);
	r->state = IN_BAD;
}

/* What a separator, a line end or a byte of text means where a field may end. True at the row's
 * end. */
static bool step_outside_quotes(CsvReader *r, char c)
{
	if (c == r->separator) {
		field_end(r);
		r->state = AT_FIELD_START;
		return false;
	}
	if (c == '\n') {
		field_end(r);
		return true;
	}
	if (c == '\r') {
		r->state = AFTER_CR;
		return false;
	}
	if (r->state == AFTER_QUOTE) {
		refuse(r, "text after a closing quote");
		return false;
	}
	put_byte(r, c);
	r->state = IN_PLAIN;
	return false;
}

/* Looks at one byte. True when it ends the row. */
static bool step(CsvReader *r, char c)
{
	switch (r->state) {
	case AT_FIELD_START:
		if (c != '"')
			return step_outside_quotes(r, c);
		r->state = IN_QUOTES;
		r->row_was_quoted = true;
		return false;
	case IN_PLAIN:
		if (c != '"')
			return step_outside_quotes(r, c);
		refuse(r, "a quote inside a field that does not begin with one");
		return false;
	case IN_QUOTES:
		if (c == '"')
			r->state = AFTER_QUOTE;
		else
			put_byte(r, c);
		return false;
	case AFTER_QUOTE:
		if (c != '"')
			return step_outside_quotes(r, c);
		put_byte(r, c);
		r->state = IN_QUOTES;
		return false;
	case AFTER_CR:
		if (c == '\n') {
			field_end(r);
			return true;
		}
		refuse(r, "a carriage return without a line feed");
		return false;
	case IN_BAD:
		put_byte(r, c);
		return c == '\n';
	}
	return false;
}

static size_t row_bytes(const CsvReader *r)
{
	return (size_t)(offset_of_scan(r) - r->at.byte_offset);
}

/* True when a row, good or bad, has ended. */
static bool scan_row(CsvReader *r)
{
	while (r->scan < r->len) {
		char c = r->window[r->scan];
		bool may_end = c == '\n' || c == '\r';
		/* The state stays: only whoever reads on through the quotes finds the row's real
		 * end. */
		if (row_bytes(r) >= r->row_bytes_max && (!may_end || r->state == IN_QUOTES))
			give_up(r, "the row is longer than its maximum");
		bool is_done = step(r, c);
		r->scan++;
		if (r->problem)
			r->keep_from = r->scan; /* keeps nothing: cannot grow the window */
		r->line += c == '\n';
		if (is_done)
			return true;
	}
	return false;
}

/* The end of the input closes the last row. True when there was one. */
static bool close_last(CsvReader *r)
{
	if (row_bytes(r) == 0)
		return false;
	if (r->state == IN_QUOTES)
		give_up(r, "a quoted field is never closed");
	if (r->state != IN_BAD)
		field_end(r);
	return true;
}

static bool is_blank(const CsvReader *r)
{
	return !r->problem && r->count == 1 && r->lens[0] == 0 && !r->row_was_quoted;
}

static CsvStep row_out(CsvReader *r, CsvRow *out, Err *err)
{
	r->row_is_open = false;
	*out = r->at;
	if (r->problem) {
		ERR(err, ERR_INPUT, "row %lld at line %lld: %s (byte %lld of the file)",
			(long long)r->at.row, (long long)r->at.line, r->problem,
			(long long)r->problem_offset);
		return CSV_BAD;
	}
	for (size_t i = 0; i < r->count; i++)
		r->fields[i] = (Str){ r->window + r->keep_from + r->begins[i], r->lens[i] };
	out->fields = r->fields;
	out->count = r->count;
	return CSV_ROW;
}

CsvStep csv_next(CsvReader *reader, CsvRow *out, Err *err)
{
	*out = (CsvRow){ 0 };
	if (reader->is_first && !skip_bom(reader))
		return CSV_MORE;
	for (;;) {
		if (!reader->row_is_open)
			row_begin(reader);
		if (!scan_row(reader)) {
			if (!reader->has_ended)
				return CSV_MORE;
			if (!close_last(reader))
				return CSV_DONE;
		}
		reader->row_is_open = false;
		if (is_blank(reader))
			continue;
		reader->at.row++;
		return row_out(reader, out, err);
	}
}
