#include "base/base.h"

#include "table.h"

#include "base/file.h"
#include "line.h"

enum { FILE_BYTES_MAX = 64 * 1024 };

static const char *const phase_names[PHASES] = {
	[PHASE_NONE] = "now",
	[PHASE_READING] = "reading",
	[PHASE_READING_LEADS] = "reading-leads",
	[PHASE_PLANNING] = "planning",
	[PHASE_APPLYING] = "applying",
	[PHASE_PUSHING] = "pushing",
	[PHASE_PUSHED] = "pushed",
};

const char *phase_name(Phase phase)
{
	return phase_names[phase];
}

bool line_is_run(LineKind kind)
{
	return kind == LINE_RUN || kind == LINE_DRY_RUN || kind == LINE_NIGHT
		|| kind == LINE_APPROVE;
}

bool line_is_plan(LineKind kind)
{
	return kind >= LINE_PLAN_NOTHING && kind <= LINE_PLAN_TICK;
}

bool line_is_end(LineKind kind)
{
	return kind >= LINE_END_UNSUBSCRIBED;
}

bool line_needs_house(LineKind kind)
{
	return kind >= LINE_IMPORT && kind <= LINE_DISCARD;
}

static bool is_outcome(LineKind kind)
{
	return kind >= LINE_PLAN_NOTHING && kind <= LINE_FAILS;
}

/* ------------------------------------------------------------- order of lines */

/* What came before decides what may come. */
typedef struct Order {
	bool has_begun; /* Optout runs */
	bool has_ended; /* an `end` line was there */
	LineKind last;
	Phase last_phase;
	bool wants_plan; /* a run that has not said what it comes to */
} Order;

static bool check_order(Order *order, const Table *table, const Line *line, Err *err)
{
	const LineKind kind = line->kind;
	if (order->has_ended && !line_is_end(kind))
		return ERR(err, ERR_INPUT, "\"end\" lines come last");
	if (order->has_begun && (kind == LINE_ORG || kind == LINE_PERSON))
		return ERR(err, ERR_INPUT, "this stands before everything that happens");
	if (kind == LINE_ORG && table->record_count > 0 && table->org_count == 0)
		return ERR(err, ERR_INPUT, "the first org stands before its records");
	if (order->wants_plan && !is_outcome(kind))
		return ERR(err, ERR_INPUT, "the run before this line does not say what it plans");
	if (order->last_phase && !line->phase && !line_is_run(kind))
		return ERR(err, ERR_INPUT, "\"during\" lines stand before their run");
	if (line->phase && (kind <= LINE_PERSON || kind >= LINE_RUN))
		return ERR(err, ERR_INPUT, "this is nothing that happens during a run");
	if (line_is_plan(kind) ? !line_is_run(order->last) && !is_outcome(order->last)
			       : is_outcome(kind) && !line_is_run(order->last))
		return ERR(err, ERR_INPUT, "there is no run before this line");
	return true;
}

static void note_order(Order *order, const Line *line)
{
	order->has_begun |= line_needs_house(line->kind) || line->phase;
	order->has_ended |= line_is_end(line->kind);
	order->wants_plan = line_is_run(line->kind) && line->kind != LINE_APPROVE;
	order->last = line->kind;
	order->last_phase = line->phase;
}

/* -------------------------------------------------------------------- reading */

static bool take_org(Table *table, const Line *line, Err *err)
{
	if (table->org_count == TABLE_ORGS_MAX)
		return ERR(err, ERR_INPUT, "more than %d orgs", TABLE_ORGS_MAX);
	return str_copy(line->name, table->orgs[table->org_count++], TABLE_NAME_BYTES);
}

static bool take_record(Table *table, Line *line, Err *err)
{
	if (table->record_count == TABLE_RECORDS_MAX)
		return ERR(err, ERR_INPUT, "more than %d records", TABLE_RECORDS_MAX);
	line->records[line->record_count++] = table->record_count;
	TableRecord *record = &table->records[table->record_count++];
	record->org = line->org;
	return str_copy(line->name, record->name, sizeof record->name);
}

static bool take_line(Table *table, Order *order, Str text, size_t number, Err *err)
{
	Line line;
	if (!line_read(table, text, &line, err) || !check_order(order, table, &line, err))
		return false;
	line.number = number;
	if ((line.kind == LINE_ORG && !take_org(table, &line, err))
		|| (line.kind == LINE_RECORD && !take_record(table, &line, err)))
		return false;
	/* What is done to a record is done in its org. */
	if (line.record_count > 0)
		line.org = table->records[line.records[0]].org;
	if (table->line_count == TABLE_LINES_MAX)
		return ERR(err, ERR_INPUT, "more than %d lines", TABLE_LINES_MAX);
	note_order(order, &line);
	table->lines[table->line_count++] = line;
	return true;
}

static bool read_lines(Table *table, Str text, size_t *number, Err *err)
{
	Order order = { 0 };
	Str rest = text, line;
	while (str_split(&rest, '\n', &line)) {
		++*number;
		if (str_find_char(line, '\t', 0) >= 0)
			return ERR(err, ERR_INPUT, "a tab; columns are set with blanks");
		line = str_trim(line);
		if (*number == 1 && !str_starts(line, STR("# ")))
			return ERR(err, ERR_INPUT, "the first line is a comment: what is shown");
		if (*number == 1)
			table->title = str_from_pos(line, 2);
		bool is_comment = line.len == 0 || line.ptr[0] == '#';
		if (!is_comment && !take_line(table, &order, line, *number, err))
			return false;
	}
	return (!order.wants_plan && !order.last_phase)
		|| ERR(err, ERR_INPUT, "the file ends before its run is told");
}

bool table_read(const char *path, Table *out, Err *err)
{
	CLEANUP(buf_fini) Buf bytes = BUF_MAX(FILE_BYTES_MAX);
	*out = (Table){ .path = path, .arena = ARENA_MAX(1024 * 1024) };
	size_t number = 0;
	if (!file_read(path, &bytes, err))
		return false;
	if (read_lines(out, arena_str(&out->arena, buf_str(&bytes)), &number, err))
		return true;
	table_fini(out);
	return err_wrap(err, "%s:%zu", path, number);
}

void table_fini(Table *table)
{
	arena_fini(&table->arena);
}
