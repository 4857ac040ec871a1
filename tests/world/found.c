#include "base/base.h"

#include "found.h"

#include "app/plan_file.h"

enum { ROWS_MAX = 64, ROOM_BYTES = 4 * 1024 * 1024, LINE_BYTES_MAX = 1024 };

typedef struct Search {
	Stage *stage;
	Found *out;
	Arena arena; /* of what is read */
	Person people[ROWS_MAX];
	size_t person_count;
} Search;

void found_fini(Found *found)
{
	arena_fini(&found->arena);
}

static bool add(Search *search, const Line *line, bool is_open)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(LINE_BYTES_MAX);
	Found *found = search->out;
	line_put(&text, search->stage->table, line);
	if (found->count == FOUND_MAX) {
		sim_fail(&search->stage->sim, "more than %d lines are found", FOUND_MAX);
		return false;
	}
	size_t at = found->count++;
	for (; at > 0 && str_cmp(found->lines[at - 1].text, buf_str(&text)) > 0; at--)
		found->lines[at] = found->lines[at - 1];
	found->lines[at] = (FoundLine){ .text = arena_str(&found->arena, buf_str(&text)),
		.is_open = is_open,
		.kind = line->kind,
		.event = line->event,
		.address = line->address };
	return true;
}

static bool find_number(const Search *search, Str id, size_t *out)
{
	for (size_t i = 0; i < search->stage->table->record_count; i++) {
		if (str_eq(sfid_str(&search->stage->ids[i]), id)) {
			*out = i;
			return true;
		}
	}
	sim_fail(&search->stage->sim, "%.*s is no record of the table", STR_ARG(id));
	return false;
}

static bool add_record(const Search *search, Str id, Line *line)
{
	size_t number, at = line->record_count;
	if (!find_number(search, id, &number) || at == TABLE_LINE_RECORDS_MAX)
		return false;
	for (; at > 0 && line->records[at - 1] > number; at--)
		line->records[at] = line->records[at - 1];
	line->records[at] = number;
	line->record_count++;
	return true;
}

static bool find_address(const Search *search, int64_t person_id, Address *out)
{
	for (size_t i = 0; i < search->person_count; i++)
		if (search->people[i].person_id == person_id)
			return address_parse(search->people[i].address, out, NULL);
	sim_fail(&search->stage->sim, "nobody is person %lld", (long long)person_id);
	return false;
}

static bool begin(Stage *stage, Found *out, Search *search)
{
	*out = (Found){ .arena = ARENA_MAX(ROOM_BYTES) };
	*search = (Search){ .stage = stage, .out = out, .arena = ARENA_MAX(ROOM_BYTES) };
	Err err = { 0 };
	if (ledger_person_list(store_ledger(stage->sim.house.disk), PERSONS_ALL, 0, &search->arena,
		    search->people, ROWS_MAX, &search->person_count, &err))
		return true;
	sim_fail(&stage->sim, "the people: %s", err.text);
	return false;
}

static void search_fini(Search *search)
{
	arena_fini(&search->arena);
}

/* --------------------------------------------------------------------- plan */

static const LineKind plan_lines[PLAN_KIND_COUNT] = {
	[PLAN_UNSUBSCRIBE] = LINE_PLAN_UNSUBSCRIBE,
	[PLAN_TICK] = LINE_PLAN_TICK,
	[PLAN_ADOPT] = LINE_PLAN_ADOPT,
	[PLAN_LINK] = LINE_PLAN_LINK,
};

/* Whose address a row is about: known by now, or the one that an earlier row adopts. */
static bool find_whose(const Search *search, const PlanRow *row, Line *line)
{
	if (row->kind == PLAN_ADOPT) {
		line->address = row->address;
		return true;
	}
	if (row->kind == PLAN_TICK)
		return true;
	if (row->person_id)
		return find_address(search, row->person_id, &line->address);
	for (size_t i = 0; i < search->out->count; i++) {
		const FoundLine *other = &search->out->lines[i];
		AddressHash hash = address_hash(
			&search->stage->sim.house.keyring.hash, &other->address);
		if (other->kind == LINE_PLAN_ADOPT && address_hash_cmp(&hash, &row->hash) == 0) {
			line->address = other->address;
			return true;
		}
	}
	sim_fail(&search->stage->sim, "a plan links a record to nobody");
	return false;
}

static bool add_row(Search *search, const PlanRow *row)
{
	Line line = { .kind = plan_lines[row->kind], .cause_record = NO_RECORD };
	size_t number;
	if (!find_whose(search, row, &line))
		return false;
	if (sfid_is_set(&row->sfid) && !add_record(search, sfid_str(&row->sfid), &line))
		return false;
	line.boxes = row->fields;
	if (sfid_is_set(&row->cause_sfid)) {
		if (!find_number(search, sfid_str(&row->cause_sfid), &number))
			return false;
		line.cause_record = (int)number;
	}
	if (row->cause_person && !find_address(search, row->cause_person, &line.cause))
		return false;
	return add(search, &line, false);
}

static bool read_plan(Search *search, int64_t run_id, Err *err)
{
	CLEANUP(plan_file_close) PlanFile file = { .fd = -1 };
	CLEANUP(plan_reader_close) PlanReader *reader = NULL;
	PlanHeader header;
	if (!plan_file_open(&search->stage->sim.house.config, run_id, &file, err)
		|| !plan_reader_open(&file.source, &reader, &header, err))
		return false;
	for (;;) {
		PlanRow row = { 0 };
		bool is_end = false;
		if (!plan_read(reader, &row, &is_end, err))
			return false;
		if (is_end)
			return true;
		if (!add_row(search, &row))
			return ERR(err, ERR_FATAL, "a row that cannot be told");
	}
}

bool found_plan(Stage *stage, int64_t run_id, Found *out)
{
	CLEANUP(search_fini) Search search;
	Err err = { 0 };
	if (!begin(stage, out, &search))
		return false;
	if (read_plan(&search, run_id, &err)) {
		const Line nothing = { .kind = LINE_PLAN_NOTHING };
		return out->count > 0 || add(&search, &nothing, false);
	}
	sim_fail(&stage->sim, "the plan of run %lld: %s", (long long)run_id, err.text);
	return false;
}

/* ---------------------------------------------------------------------- end */

static bool add_person(Search *search, const Person *person, Err *err)
{
	Ledger *ledger = store_ledger(search->stage->sim.house.disk);
	const bool is_unsubscribed = person->unsubscribed_at_ms != 0;
	Line line = { .kind = is_unsubscribed ? LINE_END_UNSUBSCRIBED : LINE_END_MAILABLE,
		.cause_record = NO_RECORD,
		.source = person->source };
	Record records[TABLE_LINE_RECORDS_MAX];
	size_t count = 0;
	if (!find_address(search, person->person_id, &line.address)
		|| !ledger_person_records(
			ledger, person->person_id, records, TABLE_LINE_RECORDS_MAX, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!records[i].deleted && !add_record(search, sfid_str(&records[i].sfid), &line))
			return false;
	return add(search, &line, !is_unsubscribed);
}

/* Boxes named in a detail of the history. */
static unsigned boxes_in(Str text)
{
	unsigned boxes = 0;
	if (str_find(text, STR("HasOptedOutOfEmail")) >= 0)
		boxes |= BOX_EMAIL;
	if (str_find(text, STR("Marketo_Sales_Opt_Out__c")) >= 0)
		boxes |= BOX_SALES;
	return boxes;
}

static bool find_cause(Search *search, Str details, Line *line)
{
	static const char person[] = "with person ";
	ptrdiff_t at = str_find(details, STR("with person "));
	if (at >= 0) {
		Str rest = str_from_pos(details, (size_t)at + sizeof person - 1), number;
		int64_t person_id = 0;
		return str_split(&rest, ',', &number)
			&& str_to_i64(number, 1, INT64_MAX, &person_id)
			&& find_address(search, person_id, &line->cause);
	}
	if (line->record_count == 1) {
		line->cause_record = (int)line->records[0];
		line->record_count = 0;
	}
	return true;
}

static bool add_entry(Search *search, const Person *person, const HistoryEntry *entry)
{
	Line line = { .kind = LINE_END_HISTORY,
		.cause_record = NO_RECORD,
		.event = entry->kind,
		.boxes = boxes_in(entry->details) };
	bool is_stop = entry->kind == EVENT_UNSUBSCRIBED || entry->kind == EVENT_STOP_REPEATED;
	if (is_stop || entry->kind == EVENT_ADDED)
		line.source = entry->source;
	if (!find_address(search, person->person_id, &line.address))
		return false;
	for (size_t i = 0; i < search->stage->table->record_count; i++) {
		Str id = sfid_str(&search->stage->ids[i]);
		if (id.len && str_find(entry->details, id) >= 0 && !add_record(search, id, &line))
			return false;
	}
	if (entry->source == SOURCE_SALESFORCE_SYNC && is_stop
		&& !find_cause(search, entry->details, &line))
		return false;
	return add(search, &line, true);
}

static bool add_history(Search *search, const Person *person, Err *err)
{
	HistoryEntry entries[ROWS_MAX];
	size_t count = 0;
	if (!ledger_history(store_ledger(search->stage->sim.house.disk), person->person_id, 0,
		    &search->arena, entries, ROWS_MAX, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (entries[i].event_id > search->stage->history_floor
			&& !add_entry(search, person, &entries[i]))
			return false;
	return true;
}

static bool add_records(Search *search)
{
	Stage *stage = search->stage;
	for (size_t o = 0; o < stage->sim.org_count; o++) {
		const SimOrg *org = &stage->sim.orgs[o];
		for (size_t i = 0; i < org->record_count; i++) {
			const SimRecord *record = &org->records[i];
			Line line = { .cause_record = NO_RECORD };
			line.boxes |= record->ticked[0] ? BOX_EMAIL : 0;
			line.boxes |= record->ticked[1] ? BOX_SALES : 0;
			line.kind = line.boxes ? LINE_END_TICKED : LINE_END_CLEAR;
			if (record->is_deleted)
				continue;
			if (!add_record(search, sfid_str(&record->sfid), &line)
				|| !add(search, &line, !line.boxes))
				return false;
		}
	}
	return true;
}

static bool add_open_rows(Search *search, Err *err)
{
	OutboxProblem rows[ROWS_MAX];
	size_t count = 0;
	if (!ledger_outbox_open_rows(store_ledger(search->stage->sim.house.disk), &search->arena,
		    rows, ROWS_MAX, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		Line line = { .kind = LINE_END_OPEN,
			.cause_record = NO_RECORD,
			.name = str_from(rows[i].row.error_code) };
		if (!add_record(search, sfid_str(&rows[i].row.sfid), &line)
			|| !add(search, &line, false))
			return false;
	}
	return true;
}

bool found_end(Stage *stage, Found *out)
{
	CLEANUP(search_fini) Search search;
	Err err = { 0 };
	if (!begin(stage, out, &search))
		return false;
	bool ok = add_records(&search) && add_open_rows(&search, &err);
	for (size_t i = 0; ok && i < search.person_count; i++)
		ok = add_person(&search, &search.people[i], &err)
			&& add_history(&search, &search.people[i], &err);
	if (!ok)
		sim_fail(&stage->sim, "the end: %s", err.text);
	return ok;
}

/* ------------------------------------------------------------------- compare */

static bool is_whose_history_told(const Line *lines, size_t count, const Address *address)
{
	for (size_t i = 0; i < count; i++)
		if (lines[i].kind == LINE_END_HISTORY
			&& str_eq(address_str(&lines[i].address), address_str(address)))
			return true;
	return false;
}

static bool may_be_left_out(const Line *lines, size_t count, const FoundLine *found)
{
	if (found->kind == LINE_END_HISTORY)
		return !is_whose_history_told(lines, count, &found->address);
	return found->is_open;
}

bool found_as_expected(
	const Table *table, const Line *lines, size_t count, const Found *found, Buf *report)
{
	bool is_taken[FOUND_MAX] = { false };
	bool fits = true;
	for (size_t i = 0; i < count; i++) {
		CLEANUP(buf_fini) Buf text = BUF_MAX(LINE_BYTES_MAX);
		size_t at = 0;
		line_put(&text, table, &lines[i]);
		while (at < found->count
			&& (is_taken[at] || !str_eq(found->lines[at].text, buf_str(&text))))
			at++;
		if (at < found->count) {
			is_taken[at] = true;
			continue;
		}
		fits = false;
		buf_printf(report, "%s:%zu: expected: %s\n", table->path, lines[i].number,
			buf_z(&text));
	}
	for (size_t i = 0; i < found->count; i++) {
		if (is_taken[i] || may_be_left_out(lines, count, &found->lines[i]))
			continue;
		fits = false;
		buf_printf(
			report, "%s: found:    %.*s\n", table->path, STR_ARG(found->lines[i].text));
	}
	return fits;
}

/* A call that a dying process had sent makes a removal wait. A tick that was queued may be sent
 * once more, for another person of the record: each confirmation has its entry, and the boxes are
 * compared. Everything else has one entry for one cause. */
static bool may_differ(const FoundLine *line)
{
	return line->kind == LINE_END_HISTORY
		&& (line->event == EVENT_REMOVAL_WAITING || line->event == EVENT_TICKED);
}

static size_t skip(const Found *found, size_t at)
{
	while (at < found->count && may_differ(&found->lines[at]))
		at++;
	return at;
}

bool found_as_before(const Found *before, const Found *found, Buf *report)
{
	bool fits = true;
	size_t a = skip(before, 0), b = skip(found, 0);
	while (a < before->count || b < found->count) {
		int order = a == before->count ? 1
			: b == found->count    ? -1
					    : str_cmp(before->lines[a].text, found->lines[b].text);
		if (order < 0)
			buf_printf(report, "undisturbed: %.*s\n", STR_ARG(before->lines[a].text));
		if (order > 0)
			buf_printf(report, "disturbed:   %.*s\n", STR_ARG(found->lines[b].text));
		fits = fits && order == 0;
		a = order <= 0 ? skip(before, a + 1) : a;
		b = order >= 0 ? skip(found, b + 1) : b;
	}
	return fits;
}
