#include "base/base.h"
#include "cli/view.h"

#include <inttypes.h>

static int64_t number(const JsonVal *object, const char *name)
{
	return json_as_i64(json_member(object, name), 0);
}

void view_runs(Buf *out, const JsonVal *root)
{
	static const Column columns[] = {
		{ "RUN", "run_id", CELL_NUMBER, 0 },
		{ "KIND", "kind", CELL_TEXT, 0 },
		{ "NIGHT OF", "local_date", CELL_TEXT, 0 },
		{ "STATE", "state", CELL_TEXT, 0 },
		{ "ASKED (UTC)", "asked_at", CELL_TIME, 0 },
		{ "CONTACTS", "contacts_read", CELL_NUMBER, 0 },
		{ "LEADS", "leads_read", CELL_NUMBER, 0 },
		{ "HERE", "done_here", CELL_NUMBER, 0 },
		{ "OF", "planned_here", CELL_NUMBER, 0 },
		{ "THERE", "done_there", CELL_NUMBER, 0 },
		{ "OF", "planned_there", CELL_NUMBER, 0 },
		{ "NOTE", "note", CELL_TEXT, 60 },
	};
	const JsonVal *runs = json_member(root, "runs");
	if (json_array_len(runs) == 0) {
		buf_put_z(out, "No run yet.\n");
		return;
	}
	table_put(out, runs, columns, ARRAY_LEN(columns));
	if (number(root, "next"))
		buf_printf(out, "More: --before %" PRId64 "\n", number(root, "next"));
}

static void put_next_step(Buf *out, const JsonVal *run)
{
	if (!str_eq(json_as_str(json_member(run, "state")), STR("held")))
		return;
	int64_t id = number(run, "run_id");
	buf_printf(out,
		"Held before its first write. Look: `optout runs plan %" PRId64 "`; then "
		"`optout sync --approve %" PRId64 "` or `--discard %" PRId64 "`.\n",
		id, id, id);
}

void view_run(Buf *out, const JsonVal *root)
{
	static const Column columns[] = {
		{ "Run", "run_id", CELL_TEXT, 0 },
		{ "Org", "org_id", CELL_TEXT, 0 },
		{ "Kind", "kind", CELL_TEXT, 0 },
		{ "Night of", "local_date", CELL_TEXT, 0 },
		{ "State", "state", CELL_TEXT, 0 },
		{ "Note", "note", CELL_TEXT, 0 },
		{ "Asked (UTC)", "asked_at", CELL_TIME, 0 },
		{ "Asked by", "actor", CELL_TEXT, 0 },
		{ "Started (UTC)", "started_at", CELL_TIME, 0 },
		{ "Finished (UTC)", "finished_at", CELL_TIME, 0 },
		{ "Field on Contact", "field_contact", CELL_TEXT, 0 },
		{ "Field on Lead", "field_lead", CELL_TEXT, 0 },
		{ "Contacts read", "contacts_read", CELL_TEXT, 0 },
		{ "Leads read", "leads_read", CELL_TEXT, 0 },
		{ "To unsubscribe here", "planned_here", CELL_TEXT, 0 },
		{ "Unsubscribed here", "done_here", CELL_TEXT, 0 },
		{ "To tick there", "planned_there", CELL_TEXT, 0 },
		{ "Queued or ticked there", "done_there", CELL_TEXT, 0 },
		{ "Left out after reading again", "skipped", CELL_TEXT, 0 },
		{ "API calls", "calls", CELL_TEXT, 0 },
	};
	table_put_pairs(out, root, columns, ARRAY_LEN(columns));
	put_next_step(out, root);
}

void view_run_progress(Buf *out, const JsonVal *run)
{
	static const Column state = { "", "state", CELL_TEXT, 0 };
	buf_printf(out, "run %" PRId64 ": ", number(run, "run_id"));
	cell_put(out, run, &state);
	int64_t read = number(run, "contacts_read") + number(run, "leads_read");
	if (read)
		buf_printf(out, ", %" PRId64 " records read", read);
	int64_t here = number(run, "planned_here"), there = number(run, "planned_there");
	if (here || there)
		buf_printf(out,
			", %" PRId64 " of %" PRId64 " unsubscribed here, %" PRId64 " of %" PRId64
			" to tick there",
			number(run, "done_here"), here, number(run, "done_there"), there);
}

void view_plan(Buf *out, const JsonVal *root)
{
	static const Column columns[] = {
		{ "WHAT", "does", CELL_TEXT, 0 },
		{ "OBJECT", "object", CELL_TEXT, 0 },
		{ "RECORD", "record_id", CELL_TEXT, 0 },
		{ "PERSON", "person_id", CELL_NUMBER, 0 },
		{ "ADDRESS", "address", CELL_TEXT, 0 },
		{ "EMAIL OPT OUT", "email_opt_out", CELL_YES_NO, 0 },
		{ "SALES OPT OUT", "sales_opt_out", CELL_YES_NO, 0 },
		{ "BECAUSE", "because", CELL_TEXT, 0 },
		{ "OF RECORD", "cause_record_id", CELL_TEXT, 0 },
		{ "OF PERSON", "cause_person_id", CELL_NUMBER, 0 },
	};
	const JsonVal *rows = json_member(root, "rows");
	int64_t here = number(root, "planned_here"), there = number(root, "planned_there");
	buf_printf(out,
		"Run %" PRId64 ": %" PRId64 " to unsubscribe here, %" PRId64
		" to tick in Salesforce.\n",
		number(root, "run_id"), here, there);
	if (json_array_len(rows) == 0)
		return;
	buf_put_char(out, '\n');
	table_put(out, rows, columns, ARRAY_LEN(columns));
	if ((int64_t)json_array_len(rows) < here + there)
		buf_put_z(out, "Not all rows are listed: --limit N shows more.\n");
}
