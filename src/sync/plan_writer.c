#include "base/base.h"

#include "sync/plan.h"

#include "base/alloc.h"
#include "sync/plan_line.h"

struct PlanWriter {
	PlanSink *sink;
	Buf buffer; /* own; lines not handed to the sink yet */
	unsigned char digest[HASH_BYTES];
	PlanCounts counts;
};

static bool hand_over(PlanWriter *writer, Err *err)
{
	if (!writer->sink->write(writer->sink, buf_str(&writer->buffer), err))
		return false;
	buf_reset(&writer->buffer);
	return true;
}

/* Chains the lines put since `from`, which end with a line feed each. */
static void chain_since(PlanWriter *writer, size_t from)
{
	Str rest = str_from_pos(buf_str(&writer->buffer), from), line;
	while (rest.len > 0 && str_split(&rest, '\n', &line))
		plan_digest_add(writer->digest, line);
}

bool plan_writer_open(PlanSink *sink, const PlanHeader *header, PlanWriter **out, Err *err)
{
	PlanWriter *writer = xcalloc(1, sizeof *writer);
	writer->sink = sink;
	buf_init(&writer->buffer, PLAN_BUFFER_BYTES + PLAN_HEADER_LINES * (size_t)PLAN_LINE_MAX);
	buf_put(&writer->buffer, STR(PLAN_MAGIC "\n"));
	plan_header_put(&writer->buffer, header);
	buf_put(&writer->buffer, STR(PLAN_ROWS "\n"));
	chain_since(writer, 0);
	if (!buf_check(&writer->buffer, "the header of the plan", err)) {
		plan_writer_close(&writer);
		return false;
	}
	*out = writer;
	return true;
}

bool plan_write(PlanWriter *writer, const PlanRow *row, Err *err)
{
	if (writer->buffer.len > PLAN_BUFFER_BYTES && !hand_over(writer, err))
		return false;
	size_t from = writer->buffer.len;
	plan_row_put(&writer->buffer, row);
	chain_since(writer, from);
	writer->counts.rows[row->kind]++;
	return buf_check(&writer->buffer, "a row of the plan", err);
}

bool plan_writer_finish(PlanWriter *writer, PlanCounts *out_counts, Err *err)
{
	plan_end_put(&writer->buffer, &writer->counts, writer->digest);
	if (!buf_check(&writer->buffer, "the trailer of the plan", err) || !hand_over(writer, err))
		return false;
	*out_counts = writer->counts;
	return true;
}

void plan_writer_close(PlanWriter **writer)
{
	if (!*writer)
		return;
	buf_fini(&(*writer)->buffer);
	free(*writer);
	*writer = NULL;
}
