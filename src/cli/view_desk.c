#include "base/base.h"
#include "cli/view.h"

#include <inttypes.h>

enum { TEXT_WIDTH = 72 };

/* ------------------------------------------------------------------ orgs */

void view_orgs(Buf *out, const JsonVal *root)
{
	static const Column columns[] = {
		{ "ORG", "org_id", CELL_TEXT, 0 },
		{ "NAME", "name", CELL_TEXT, 32 },
		{ "LOGIN URL", "login_url", CELL_TEXT, 0 },
		{ "GRANT", "grant", CELL_TEXT, 0 },
		{ "API", "api_version", CELL_TEXT, 0 },
		{ "SANDBOX", "is_sandbox", CELL_YES_NO, 0 },
		{ "CONNECTED (UTC)", "connected_at", CELL_TIME, 0 },
	};
	const JsonVal *orgs = json_member(root, "orgs");
	if (json_array_len(orgs) == 0)
		buf_put_z(out, "No org is connected: `optout org connect -h`.\n");
	else
		table_put(out, orgs, columns, ARRAY_LEN(columns));
}

static void put_org_head(Buf *out, const JsonVal *org)
{
	static const Column columns[] = {
		{ "Org", "org_id", CELL_TEXT, 0 },
		{ "Name", "name", CELL_TEXT, 0 },
		{ "Sandbox", "is_sandbox", CELL_YES_NO, 0 },
		{ "Login URL", "login_url", CELL_TEXT, 0 },
		{ "Instance", "instance_url", CELL_TEXT, 0 },
		{ "Grant", "grant", CELL_TEXT, 0 },
		{ "API version", "api_version", CELL_TEXT, 0 },
		{ "Login works", "login_ok", CELL_YES_NO, 0 },
		{ "API calls today", "api_usage.used", CELL_TEXT, 0 },
		{ "API calls allowed", "api_usage.max", CELL_TEXT, 0 },
	};
	table_put_pairs(out, org, columns, ARRAY_LEN(columns));
}

void view_org_connected(Buf *out, const JsonVal *root)
{
	buf_put_z(out, "Connected.\n");
	put_org_head(out, root);
	buf_put_z(out, "Next: `optout org status` checks the opt-out fields.\n");
}

static void put_object(Buf *out, const JsonVal *object)
{
	static const Column columns[] = {
		{ "FIELD", "name", CELL_TEXT, 0 },
		{ "STATE", "state", CELL_TEXT, 0 },
		{ "WHAT TO DO", "advice", CELL_TEXT, 0 },
	};
	static const Column name = { "", "object", CELL_TEXT, 0 };
	static const Column candidates = { "", "sales_field_candidates", CELL_LIST, 0 };
	buf_put_char(out, '\n');
	cell_put(out, object, &name);
	if (!json_as_bool(json_member(object, "is_updateable"), true))
		buf_put_z(out, " (may not be edited by this user: grant Edit on the object)");
	buf_put_char(out, '\n');
	table_put(out, json_member(object, "fields"), columns, ARRAY_LEN(columns));
	if (json_array_len(json_member(object, "sales_field_candidates"))) {
		buf_put_z(out, "Could be the sales opt-out field: ");
		cell_put(out, object, &candidates);
		buf_put_char(out, '\n');
	}
}

void view_org_status(Buf *out, const JsonVal *root)
{
	put_org_head(out, root);
	const JsonVal *objects = json_member(root, "objects");
	for (size_t i = 0; i < json_array_len(objects); i++)
		put_object(out, json_array_at(objects, i));
}

/* -------------------------------------------------------------- settings */

static void put_warnings(Buf *out, const JsonVal *root)
{
	const JsonVal *warnings = json_member(root, "warnings");
	for (size_t i = 0; i < json_array_len(warnings); i++) {
		buf_put_z(out, "Warning: ");
		text_put_clean(out, json_as_str(json_array_at(warnings, i)));
		buf_put_char(out, '\n');
	}
}

void view_settings(Buf *out, const JsonVal *root)
{
	static const Column columns[] = {
		{ "SETTING", "name", CELL_TEXT, 0 },
		{ "VALUE", "value", CELL_TEXT, 0 },
		{ "DEFAULT", "is_default", CELL_YES_NO, 0 },
		{ "ORG", "org_id", CELL_TEXT, 0 },
		{ "MEANING", "help", CELL_TEXT, 0 },
	};
	table_put(out, json_member(root, "settings"), columns, ARRAY_LEN(columns));
	put_warnings(out, root);
}

void view_settings_saved(Buf *out, const JsonVal *root)
{
	buf_put_z(out, "Saved.\n");
	put_warnings(out, root);
}

void view_token(Buf *out, const JsonVal *root)
{
	text_put_clean(out, json_as_str(json_member(root, "token")));
	buf_put_z(out,
		"\nKept nowhere in clear and never shown again. Programs send it as\n"
		"Authorization: Bearer TOKEN to the admin address.\n");
}

/* ----------------------------------------------------------------- state */

void view_status(Buf *out, const JsonVal *root)
{
	static const Column columns[] = {
		{ "Version", "version", CELL_TEXT, 0 },
		{ "Orgs", "orgs", CELL_LIST, 0 },
		{ "People", "people.all", CELL_TEXT, 0 },
		{ "Unsubscribed", "people.unsubscribed", CELL_TEXT, 0 },
		{ "Without a Salesforce record", "people.without_record", CELL_TEXT, 0 },
		{ "Unsubscribed without a record", "people.unsubscribed_without_record", CELL_TEXT,
			0 },
		{ "Ticks to be sent", "outbox.pending", CELL_TEXT, 0 },
		{ "Ticks under way", "outbox.in_flight", CELL_TEXT, 0 },
		{ "Ticks to be tried again", "outbox.waiting", CELL_TEXT, 0 },
		{ "Ticks without an answer", "outbox.unknown", CELL_TEXT, 0 },
		{ "Ticks that need an admin", "outbox.dead", CELL_TEXT, 0 },
		{ "Oldest of these (UTC)", "outbox_oldest_at", CELL_TIME, 0 },
	};
	table_put_pairs(out, root, columns, ARRAY_LEN(columns));
}

/* "3 d", "5 h", "12 min", "40 s": one unit is enough to judge an age. */
static void put_age(Buf *out, int64_t age_ms)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = { { 86400000, "d" }, { 3600000, "h" }, { 60000, "min" }, { 1000, "s" } };
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (age_ms >= units[i].ms || i + 1 == ARRAY_LEN(units)) {
			buf_printf(out, "%" PRId64 " %s", age_ms / units[i].ms, units[i].unit);
			return;
		}
}

static void put_row(Buf *out, const JsonVal *row)
{
	static const Column object = { "", "object", CELL_TEXT, 0 };
	static const Column record = { "", "record_id", CELL_TEXT, 0 };
	static const Column state = { "", "state", CELL_TEXT, 0 };
	static const Column person = { "", "person_id", CELL_TEXT, 0 };
	static const Column attempts = { "", "attempts", CELL_TEXT, 0 };
	static const Column code = { "", "error_code", CELL_TEXT, 0 };
	static const Column text = { "", "error_text", CELL_TEXT, 0 };
	static const Column advice = { "", "advice", CELL_TEXT, 0 };
	cell_put(out, row, &object);
	buf_put_char(out, ' ');
	cell_put(out, row, &record);
	buf_put_z(out, " of person ");
	cell_put(out, row, &person);
	buf_put_z(out, ": ");
	cell_put(out, row, &state);
	buf_put_z(out, " for ");
	put_age(out, json_as_i64(json_member(row, "age_ms"), 0));
	buf_put_z(out, ", attempts: ");
	cell_put(out, row, &attempts);
	buf_put_char(out, '\n');
	if (json_as_str(json_member(row, "error_code")).len) {
		buf_put_z(out, "    ");
		cell_put(out, row, &code);
		buf_put_z(out, ": ");
		cell_put(out, row, &text);
		buf_put_char(out, '\n');
	}
	if (json_as_str(json_member(row, "advice")).len) {
		buf_put_z(out, "    What to do: ");
		cell_put(out, row, &advice);
		buf_put_char(out, '\n');
	}
}

void view_diagnostics(Buf *out, const JsonVal *root)
{
	const JsonVal *rows = json_member(root, "rows");
	if (json_array_len(rows) == 0)
		buf_put_z(
			out, "Every unsubscribe of somebody with a Salesforce record is there.\n");
	for (size_t i = 0; i < json_array_len(rows); i++)
		put_row(out, json_array_at(rows, i));
	if (json_as_bool(json_member(root, "rows_cut"), false))
		buf_put_z(out, "There are more than are listed here.\n");
}
