#include "cli/import.h"
#include "base/base.h"

#include "base/alloc.h"
#include "base/csv.h"
#include "web/import.h"

struct ImportSplitter {
	size_t chunk_bytes;
	CsvReader *reader; /* own; finds where rows begin; NULL before the first line is whole */
	Buf pending;       /* bytes of the file from pending_offset on */
	int64_t pending_offset;
	Buf chunk;
	Buf header; /* the first row, and a byte-order mark before it */
	bool has_header;
	int64_t first_row; /* of the chunk in the making, in the file */
	int64_t first_line;
	int64_t header_lines;
	bool is_done;
};

ImportSplitter *import_open(size_t chunk_bytes)
{
	assert(chunk_bytes > 0 && chunk_bytes <= IMPORT_CHUNK_BYTES);
	ImportSplitter *splitter = xcalloc(1, sizeof *splitter);
	splitter->chunk_bytes = chunk_bytes;
	buf_init(&splitter->pending, IMPORT_CHUNK_BYTES_MAX);
	buf_init(&splitter->chunk, 2 * IMPORT_CHUNK_BYTES_MAX);
	buf_init(&splitter->header, IMPORT_CHUNK_BYTES_MAX);
	return splitter;
}

void import_close(ImportSplitter **splitter)
{
	if (!*splitter)
		return;
	csv_close(&(*splitter)->reader);
	buf_fini(&(*splitter)->pending);
	buf_fini(&(*splitter)->chunk);
	buf_fini(&(*splitter)->header);
	free(*splitter);
	*splitter = NULL;
}

/* What has come so far shows the separator, or is longer than a header that anybody would take. */
static void start_reader(ImportSplitter *splitter)
{
	Str text = buf_str(&splitter->pending);
	splitter->reader = csv_open(&(CsvOptions){ .separator = import_separator(text) });
	csv_feed(splitter->reader, text);
}

static bool has_first_line(Str text)
{
	return str_find_char(text, '\n', 0) >= 0 || str_find_char(text, '\r', 0) >= 0
		|| text.len >= IMPORT_CHUNK_BYTES;
}

void import_feed(ImportSplitter *splitter, Str bytes)
{
	buf_put(&splitter->pending, bytes);
	if (splitter->reader)
		csv_feed(splitter->reader, bytes);
	else if (has_first_line(buf_str(&splitter->pending)))
		start_reader(splitter);
}

void import_end(ImportSplitter *splitter)
{
	if (!splitter->reader)
		start_reader(splitter);
	csv_end(splitter->reader);
}

/* Everything before the second row becomes the header. */
static void take_header(ImportSplitter *splitter, const CsvRow *row)
{
	size_t len = (size_t)(row->byte_offset - splitter->pending_offset);
	buf_put(&splitter->header, str_sub(buf_str(&splitter->pending), 0, len));
	buf_consume(&splitter->pending, len);
	splitter->pending_offset = row->byte_offset;
	splitter->has_header = true;
	splitter->header_lines = row->line - 1;
	splitter->first_row = row->row;
	splitter->first_line = row->line;
}

/* Moves the first len pending bytes into a chunk behind the header. */
static void cut(ImportSplitter *splitter, size_t len, ImportChunk *out)
{
	buf_reset(&splitter->chunk);
	buf_put(&splitter->chunk, buf_str(&splitter->header));
	buf_put(&splitter->chunk, str_sub(buf_str(&splitter->pending), 0, len));
	buf_consume(&splitter->pending, len);
	splitter->pending_offset += (int64_t)len;
	*out = (ImportChunk){
		.csv = buf_str(&splitter->chunk),
		/* The header is row 1 of each chunk, so its first data row is row 2. */
		.rows_before = splitter->has_header ? splitter->first_row - 2 : 0,
		.lines_before = splitter->has_header
			? splitter->first_line - 1 - splitter->header_lines
			: 0,
	};
}

/* A row begins: is there enough before it for a chunk? */
static bool cut_before(ImportSplitter *splitter, const CsvRow *row, ImportChunk *out)
{
	size_t len = (size_t)(row->byte_offset - splitter->pending_offset);
	if (len < splitter->chunk_bytes)
		return false;
	cut(splitter, len, out);
	splitter->first_row = row->row;
	splitter->first_line = row->line;
	return true;
}

static bool cut_rest(ImportSplitter *splitter, ImportChunk *out)
{
	if (splitter->is_done || (splitter->has_header && splitter->pending.len == 0))
		return false;
	splitter->is_done = true;
	cut(splitter, splitter->pending.len, out);
	return true;
}

bool import_next(ImportSplitter *splitter, ImportChunk *out, Err *err)
{
	if (!buf_check(&splitter->pending, "what stands between two readable rows", err))
		return false;
	while (splitter->reader) {
		CsvRow row = { 0 };
		switch (csv_next(splitter->reader, &row, NULL)) {
		case CSV_ROW:
		case CSV_BAD: /* sent like a good one: the daemon says what is wrong with it */
			if (!splitter->has_header && row.row > 1)
				take_header(splitter, &row);
			else if (splitter->has_header && cut_before(splitter, &row, out))
				return true;
			break;
		case CSV_MORE:
			return false;
		case CSV_DONE:
			return cut_rest(splitter, out);
		}
	}
	return false;
}
