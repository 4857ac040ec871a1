#include "base/base.h"
#include "cli/view.h"

#include <inttypes.h>

enum { NAME_WIDTH = 24, TEXT_WIDTH = 48 };

static int64_t number(const JsonVal *object, const char *name)
{
	return json_as_i64(json_member(object, name), 0);
}

/* "1 record", "2 records", "no records" */
static void put_count(Buf *out, int64_t count, const char *one, const char *many)
{
	if (count == 0)
		buf_printf(out, "no %s", many);
	else
		buf_printf(out, "%" PRId64 " %s", count, count == 1 ? one : many);
}

void view_people(Buf *out, const JsonVal *root)
{
	static const Column columns[] = {
		{ "ID", "person_id", CELL_NUMBER, 0 },
		{ "ADDRESS", "address", CELL_TEXT, 0 },
		{ "FIRST NAME", "first_name", CELL_TEXT, NAME_WIDTH },
		{ "LAST NAME", "last_name", CELL_TEXT, NAME_WIDTH },
		{ "RECORDS", "record_count", CELL_NUMBER, 0 },
		{ "UNSUBSCRIBED (UTC)", "unsubscribed_at", CELL_TIME, 0 },
		{ "SOURCE", "source", CELL_TEXT, 0 },
		{ "REASON", "reason", CELL_TEXT, TEXT_WIDTH },
	};
	const JsonVal *people = json_member(root, "people");
	if (json_array_len(people) == 0) {
		buf_put_z(out, "Nobody.\n");
		return;
	}
	table_put(out, people, columns, ARRAY_LEN(columns));
	int64_t next = number(root, "next");
	if (next)
		buf_printf(out, "More: --after %" PRId64 "\n", next);
}

static void put_state(Buf *out, const JsonVal *person)
{
	const JsonVal *since = json_member(person, "unsubscribed_at");
	if (json_val_type(since) == JSON_T_NULL) {
		buf_put_z(out, "May be mailed.\n");
		return;
	}
	static const Column columns[] = {
		{ "", "unsubscribed_at", CELL_TIME, 0 },
		{ "", "source", CELL_TEXT, 0 },
		{ "", "reason", CELL_TEXT, 0 },
	};
	buf_put_z(out, "Unsubscribed since ");
	cell_put(out, person, &columns[0]);
	buf_put_z(out, " UTC, source ");
	cell_put(out, person, &columns[1]);
	if (json_as_str(json_member(person, "reason")).len) {
		buf_put_z(out, ": ");
		cell_put(out, person, &columns[2]);
	}
	buf_put_char(out, '\n');
	if (json_as_bool(json_member(person, "removal_waiting"), false))
		buf_put_z(out,
			"A removal waits until no call to Salesforce can tick a record any more.\n");
}

static void put_records(Buf *out, const JsonVal *person)
{
	static const Column columns[] = {
		{ "OBJECT", "object", CELL_TEXT, 0 },
		{ "RECORD", "record_id", CELL_TEXT, 0 },
		{ "BOX WHEN LAST SEEN", "seen", CELL_TEXT, 0 },
		{ "SEEN (UTC)", "seen_at", CELL_TIME, 0 },
		{ "TICKED BY US", "ticked_by_us", CELL_YES_NO, 0 },
		{ "LINKED BY", "linked_by", CELL_TEXT, 0 },
		{ "DELETED", "deleted", CELL_YES_NO, 0 },
	};
	const JsonVal *records = json_member(person, "records");
	buf_put_z(out, "\nSalesforce records\n");
	if (json_array_len(records) == 0)
		buf_put_z(out,
			"None: an unsubscribe waits here and is pushed when a record appears.\n");
	else
		table_put(out, records, columns, ARRAY_LEN(columns));
}

void view_person(Buf *out, const JsonVal *root)
{
	static const Column head[] = {
		{ "Person", "person_id", CELL_TEXT, 0 },
		{ "Address", "address", CELL_TEXT, 0 },
		{ "First name", "first_name", CELL_TEXT, 0 },
		{ "Last name", "last_name", CELL_TEXT, 0 },
	};
	static const Column history[] = {
		{ "DATE (UTC)", "at", CELL_TIME, 0 },
		{ "DETAILS", "details", CELL_TEXT, 0 },
		{ "SOURCE", "source", CELL_TEXT, 0 },
		{ "BY", "actor", CELL_TEXT, NAME_WIDTH },
		{ "REASON", "reason", CELL_TEXT, TEXT_WIDTH },
		{ "EVIDENCE", "evidence", CELL_TEXT, TEXT_WIDTH },
		{ "REPEATS", "repeats", CELL_NUMBER, 0 },
	};
	table_put_pairs(out, root, head, ARRAY_LEN(head));
	put_state(out, root);
	put_records(out, root);
	buf_put_z(out, "\nHistory, newest first\n");
	table_put(out, json_member(root, "history"), history, ARRAY_LEN(history));
}

void view_unsubscribed(Buf *out, const JsonVal *root)
{
	bool is_new = json_as_bool(json_member(root, "is_new"), false);
	int64_t pushes = number(root, "pushes");
	buf_printf(out, "%s person %" PRId64 ".",
		is_new ? "Unsubscribed" : "Already unsubscribed; recorded again for",
		number(root, "person_id"));
	if (pushes) {
		buf_put_z(out, " To be ticked in Salesforce: ");
		put_count(out, pushes, "record", "records");
		buf_put_char(out, '.');
	}
	buf_put_char(out, '\n');
}

/* --------------------------------------------------------------- removal */

static size_t count_ticked(const JsonVal *person)
{
	const JsonVal *records = json_member(person, "records");
	size_t ticked = 0;
	for (size_t i = 0; i < json_array_len(records); i++) {
		const JsonVal *record = json_array_at(records, i);
		bool deleted = json_as_bool(json_member(record, "deleted"), false);
		ticked += !deleted
			&& str_eq(json_as_str(json_member(record, "seen")), STR("ticked"));
	}
	return ticked;
}

void view_before_removal(Buf *out, const JsonVal *person)
{
	put_state(out, person);
	put_records(out, person);
	size_t ticked = count_ticked(person);
	buf_put_z(out,
		"\nThis removes the unsubscribe here only; "
		"it never unticks a box in Salesforce.\n");
	if (ticked) {
		buf_put_z(out, "When last seen, the opt-out box of ");
		put_count(out, (int64_t)ticked, "record", "records");
		buf_put_z(out, " above was ticked. ");
	}
	buf_put_z(out,
		"As long as one box of this person is ticked there, the next nightly\n"
		"sync unsubscribes the person here again. Untick it in Salesforce as well.\n\n");
}

void view_removed(Buf *out, const JsonVal *root)
{
	if (json_as_bool(json_member(root, "waiting"), false)) {
		buf_put_z(out,
			"The removal is written down and waits until no call to Salesforce can "
			"tick a record any more, which is up to 10 minutes after a call without "
			"an answer; until then the person stays unsubscribed.\n");
		return;
	}
	buf_put_z(out, "The unsubscribe is removed here");
	int64_t cancelled = number(root, "cancelled");
	if (cancelled) {
		buf_put_z(out, "; taken back before they were sent: ");
		put_count(out, cancelled, "tick", "ticks");
	}
	buf_put_z(out,
		".\nUntick the boxes in Salesforce as well, "
		"or the next night unsubscribes again.\n");
}

/* ------------------------------------------------------ check and links */

void view_check(Buf *out, const JsonVal *root)
{
	static const Column columns[] = {
		{ "ADDRESS", "address", CELL_TEXT, 0 },
		{ "MAY MAIL", "may_mail", CELL_YES_NO, 0 },
		{ "STATE", "state", CELL_TEXT, 0 },
		{ "SINCE (UTC)", "since", CELL_TIME, 0 },
		{ "SOURCE", "source", CELL_TEXT, 0 },
		{ "REASON", "reason", CELL_TEXT, TEXT_WIDTH },
	};
	table_put(out, json_member(root, "results"), columns, ARRAY_LEN(columns));
}

static void put_link(Buf *out, const JsonVal *link)
{
	text_put_clean(out, json_as_str(json_member(link, "address")));
	buf_put_char(out, '\n');
	Str error = json_as_str(json_member(link, "error"));
	if (error.len) {
		buf_put_z(out, "  no link: ");
		text_put_clean(out, error);
		buf_put_char(out, '\n');
		return;
	}
	buf_put_z(out, "  ");
	text_put_clean(out, json_as_str(json_member(link, "url")));
	buf_put_char(out, '\n');
	void *iter = NULL;
	Str name;
	const JsonVal *value;
	while (json_object_next(json_member(link, "headers"), &iter, &name, &value)) {
		buf_put_z(out, "  ");
		text_put_clean(out, name);
		buf_put_z(out, ": ");
		text_put_clean(out, json_as_str(value));
		buf_put_char(out, '\n');
	}
}

void view_links(Buf *out, const JsonVal *root)
{
	const JsonVal *links = json_member(root, "links");
	for (size_t i = 0; i < json_array_len(links); i++)
		put_link(out, json_array_at(links, i));
}

/* ---------------------------------------------------------------- import */

void view_import(Buf *out, const JsonVal *root)
{
	buf_printf(out,
		"%" PRId64 " rows: %" PRId64 " created, %" PRId64 " updated, %" PRId64
		" unchanged, "
		"%" PRId64 " failed.",
		number(root, "rows"), number(root, "created"), number(root, "updated"),
		number(root, "unchanged"), number(root, "failed"));
	if (number(root, "linked")) {
		buf_put_char(out, ' ');
		put_count(out, number(root, "linked"), "record", "records");
		buf_put_z(out, " linked.");
	}
	if (number(root, "pushes")) {
		buf_put_char(out, ' ');
		put_count(out, number(root, "pushes"), "record", "records");
		buf_put_z(out, " of unsubscribed people to be ticked in Salesforce.");
	}
	buf_put_char(out, '\n');
	static const Column ignored = { "", "ignored_columns", CELL_LIST, 0 };
	if (json_array_len(json_member(root, "ignored_columns"))) {
		buf_put_z(out, "Columns that mean nothing here: ");
		cell_put(out, root, &ignored);
		buf_put_z(out, ".\n");
	}
	if (json_as_bool(json_member(root, "errors_cut"), false))
		buf_put_z(out, "There are more errors than are listed.\n");
}
