#include "base/base.h"

#include "sync/plan.h"

#include "base/alloc.h"
#include "base/enc.h"
#include "sync/plan_line.h"

struct PlanReader {
	PlanSource *source;
	char buffer[PLAN_BUFFER_BYTES];
	size_t at, len;
	bool is_dry; /* the source has no more */
	size_t line_number;
	unsigned char digest[HASH_BYTES];
	PlanCounts counts;
	bool is_done;
	char digest_text[2 * HASH_BYTES + 1];
};

static bool damaged(const PlanReader *reader, const char *what, Err *err)
{
	return ERR(err, ERR_FATAL, "plan, line %zu: %s", reader->line_number, what);
}

static bool refill(PlanReader *reader, Err *err)
{
	memmove(reader->buffer, reader->buffer + reader->at, reader->len - reader->at);
	reader->len -= reader->at;
	reader->at = 0;
	size_t got = 0;
	if (!reader->source->read(reader->source, reader->buffer + reader->len,
		    sizeof reader->buffer - reader->len, &got, err))
		return false;
	reader->len += got;
	reader->is_dry = got == 0;
	return true;
}

/* The next line without its line feed; borrows until the next call. A file that ends without one is
 * cut. */
static bool next_line(PlanReader *reader, Str *out, Err *err)
{
	reader->line_number++;
	for (;;) {
		Str rest = { reader->buffer + reader->at, reader->len - reader->at };
		ptrdiff_t end = str_find_char(rest, '\n', 0);
		if (end >= PLAN_LINE_MAX || (end < 0 && rest.len >= PLAN_LINE_MAX))
			return damaged(reader, "longer than a line can be", err);
		if (end >= 0) {
			*out = str_sub(rest, 0, (size_t)end);
			reader->at += (size_t)end + 1;
			return true;
		}
		if (reader->is_dry)
			return damaged(reader, "the file is cut", err);
		if (!refill(reader, err))
			return false;
	}
}

static bool next_chained(PlanReader *reader, Str *out, Err *err)
{
	if (!next_line(reader, out, err))
		return false;
	plan_digest_add(reader->digest, *out);
	return true;
}

static bool read_header(PlanReader *reader, PlanHeader *header, Err *err)
{
	Str line;
	if (!next_chained(reader, &line, err))
		return false;
	if (!str_eq(line, STR(PLAN_MAGIC)))
		return ERR(err, ERR_INPUT, "no plan file of version 1");
	for (size_t i = 0; i < PLAN_HEADER_LINES; i++) {
		if (!next_chained(reader, &line, err))
			return false;
		if (!plan_header_take(line, i, header))
			return damaged(reader, "not the header line that belongs here", err);
	}
	if (!next_chained(reader, &line, err))
		return false;
	return str_eq(line, STR(PLAN_ROWS)) || damaged(reader, "the header does not end here", err);
}

bool plan_reader_open(PlanSource *source, PlanReader **out, PlanHeader *out_header, Err *err)
{
	CLEANUP(plan_reader_close) PlanReader *reader = xcalloc(1, sizeof *reader);
	reader->source = source;
	PlanHeader header = { 0 };
	if (!read_header(reader, &header, err))
		return false;
	*out_header = header;
	*out = reader;
	reader = NULL; /* moved */
	return true;
}

static bool check_end(PlanReader *reader, Str line, Err *err)
{
	PlanCounts counts = { 0 };
	unsigned char digest[HASH_BYTES];
	if (!plan_end_take(line, &counts, digest))
		return damaged(reader, "neither a row nor the trailer", err);
	if (memcmp(digest, reader->digest, sizeof digest) != 0)
		return damaged(reader, "the digest does not fit: a line was changed or lost", err);
	if (memcmp(&counts, &reader->counts, sizeof counts) != 0)
		return damaged(reader, "the counts do not fit the rows", err);
	if (reader->at == reader->len && !reader->is_dry && !refill(reader, err))
		return false;
	if (reader->at != reader->len)
		return damaged(reader, "something follows the trailer", err);
	CLEANUP(buf_fini) Buf text = BUF_MAX(2 * HASH_BYTES);
	hex_encode(&text, (Str){ (const char *)digest, sizeof digest });
	memcpy(reader->digest_text, text.ptr, 2 * HASH_BYTES);
	reader->is_done = true;
	return true;
}

bool plan_read(PlanReader *reader, PlanRow *out, bool *out_end, Err *err)
{
	assert(!reader->is_done);
	Str line;
	if (!next_line(reader, &line, err))
		return false;
	bool is_end = str_starts(line, STR(PLAN_END "\t"));
	if (is_end) {
		if (!check_end(reader, line, err))
			return false;
		*out_end = true;
		return true;
	}
	PlanRow row;
	if (!plan_row_take(line, &row))
		return damaged(reader, "not a row", err);
	plan_digest_add(reader->digest, line);
	reader->counts.rows[row.kind]++;
	*out = row;
	*out_end = false;
	return true;
}

PlanCounts plan_reader_counts(const PlanReader *reader)
{
	assert(reader->is_done);
	return reader->counts;
}

Str plan_reader_digest(const PlanReader *reader)
{
	assert(reader->is_done);
	return str_from(reader->digest_text);
}

void plan_reader_close(PlanReader **reader)
{
	free(*reader);
	*reader = NULL;
}

bool plan_check(PlanSource *source, PlanHeader *out_header, PlanCounts *out_counts, Err *err)
{
	CLEANUP(plan_reader_close) PlanReader *reader = NULL;
	PlanHeader header;
	if (!plan_reader_open(source, &reader, &header, err))
		return false;
	bool is_end = false;
	while (!is_end) {
		PlanRow row;
		if (!plan_read(reader, &row, &is_end, err))
			return false;
	}
	*out_header = header;
	*out_counts = reader->counts;
	return true;
}
