#include "base/base.h"

#include "app/night.h"

#include "app/plan_file.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/planted.h"
#include "sf/query.h"

enum {
	BATCH_ROWS =
		500, /* of the plan in one write: some milliseconds, so that clicks go between */
	STALE_READ_ROWS = 50, /* IDs in one query: 50 x 27 bytes stay below the URI budget (2.10) */
	PERSON_BYTES_MAX = 64 * 1024,
};

/* One write of the store: some rows of the plan, each checked again against what is true now. */
typedef struct Batch {
	Night *night;
	PlanRow rows[BATCH_ROWS];
	size_t count;
	int64_t now_ms;

	/* Set anew by each try. */
	int64_t done_here;  /* people unsubscribed */
	int64_t done_there; /* records of the plan whose tick is queued, whoever queued it */
	int64_t skipped;
	/* Rows whose person was removed after Salesforce was read: their record must be read again.
	 */
	size_t stale[BATCH_ROWS];
	size_t stale_count;

	/* Read once more: the record that stops its people has another box that is clear, and no
	 * row of the plan ticks it. */
	bool is_cause_incomplete[BATCH_ROWS];
} Batch;

/* ------------------------------------------------------------ the re-check */

static RecordRef record_of(const Batch *batch, const SfId *sfid)
{
	return (RecordRef){ .org = batch->night->run->org, .sfid = *sfid };
}

static Str describe_cause(const PlanRow *row, Arena *arena)
{
	if (sfid_is_set(&row->cause_sfid))
		return arena_printf(arena, "The opt-out field of %s %s is ticked in Salesforce",
			sf_object_name(sfid_object(&row->cause_sfid)), row->cause_sfid.text);
	return arena_printf(arena,
		"Shares a Salesforce record with person %lld, who is unsubscribed",
		(long long)row->cause_person);
}

static bool is_unsubscribed(Ledger *ledger, int64_t person_id, Arena *arena, bool *out, Err *err)
{
	Person person = { 0 };
	if (!ledger_person_by_id(ledger, person_id, arena, &person, err))
		return false;
	*out = person.unsubscribed_at_ms != 0;
	return true;
}

/* Unsubscribes a person because of the row; leaves one alone who is so already, or
 * whose only cause was a person who has been removed since. */
static bool stop_person(
	Batch *batch, Ledger *ledger, size_t at, int64_t person_id, Arena *arena, Err *err)
{
	const PlanRow *row = &batch->rows[at];
	Person person = { 0 };
	if (!ledger_person_by_id(ledger, person_id, arena, &person, err))
		return false;
	bool is_caused = true;
	if (row->cause_person
		&& !is_unsubscribed(ledger, row->cause_person, arena, &is_caused, err))
		return false;
	if (PLANTED(NO_RECHECK)) {
		is_caused = true;
		person.unsubscribed_at_ms = 0;
	}
	if (person.unsubscribed_at_ms != 0 || !is_caused) {
		batch->skipped++;
		return true;
	}
	const StopWish wish = {
		.person_id = person_id,
		.source = SOURCE_SALESFORCE_SYNC,
		.details = describe_cause(row, arena),
		.actor = arena_printf(arena, "run %lld", (long long)batch->night->run->run_id),
		.now_ms = batch->now_ms,
		.read_at_ms = row->read_at_ms,
		.cause = record_of(batch, &row->cause_sfid),
	};
	StopOutcome outcome = { 0 };
	if (!ledger_stop(ledger, &wish, &outcome, err))
		return false;
	if (outcome.is_stale) {
		batch->stale[batch->stale_count++] = at;
		return true;
	}
	batch->done_here++;
	bool queued = false;
	return !batch->is_cause_incomplete[at]
		|| ledger_push_record(ledger, &wish.cause, batch->now_ms, &queued, err);
}

/* A record that was just read as ticked is not pushed to: the night skips what is done already. */
static bool link_person(
	Batch *batch, Ledger *ledger, const PlanRow *row, int64_t person_id, Err *err)
{
	const LinkWish wish = {
		.record = record_of(batch, &row->sfid),
		.person_id = person_id,
		.by = LINKED_BY_ADDRESS,
		.is_ticked = row->fields == 0,
		.now_ms = batch->now_ms,
	};
	bool is_new = false;
	return ledger_link(ledger, &wish, &is_new, err);
}

static bool apply_adopt(Batch *batch, Ledger *ledger, size_t at, Arena *arena, Err *err)
{
	const PlanRow *row = &batch->rows[at];
	/* Known and linked first, unsubscribed then: so the ticked record itself is not pushed to.
	 */
	const PersonPut put = {
		.address = row->address,
		.source = SOURCE_SALESFORCE_SYNC,
		.actor = arena_printf(arena, "run %lld", (long long)batch->night->run->run_id),
		.now_ms = batch->now_ms,
	};
	PersonPutOutcome outcome = { 0 };
	return ledger_person_put(ledger, &put, &outcome, err)
		&& link_person(batch, ledger, row, outcome.person_id, err)
		&& stop_person(batch, ledger, at, outcome.person_id, arena, err);
}

/* The person of a LINK or TICK row; for one that an ADOPT row has made by now, by the address. */
static bool find_person(Ledger *ledger, const PlanRow *row, Arena *arena, Person *out, Err *err)
{
	return row->person_id ? ledger_person_by_id(ledger, row->person_id, arena, out, err)
			      : ledger_person_by_hash(ledger, &row->hash, arena, out, err);
}

static bool apply_link(Batch *batch, Ledger *ledger, const PlanRow *row, Arena *arena, Err *err)
{
	Person person = { 0 };
	return find_person(ledger, row, arena, &person, err)
		&& link_person(batch, ledger, row, person.person_id, err);
}

static bool apply_tick(Batch *batch, Ledger *ledger, const PlanRow *row, Arena *arena, Err *err)
{
	const RecordRef record = record_of(batch, &row->sfid);
	Person person = { 0 };
	bool queued = false;
	if (PLANTED(UNION_WITHOUT_OTHERS) && row->reason == PLAN_TICKED_RECORD)
		return true;
	if (!ledger_push_record(ledger, &record, batch->now_ms, &queued, err))
		return false;
	/* Not queued: the push of a stop or of a new link does it already, or the unsubscribe was
	 * removed meanwhile. */
	if (!queued && !find_person(ledger, row, arena, &person, err))
		return false;
	if (queued || person.unsubscribed_at_ms)
		batch->done_there++;
	else
		batch->skipped++;
	return true;
}

static bool do_row(Batch *batch, Ledger *ledger, size_t at, Arena *arena, Err *err)
{
	const PlanRow *row = &batch->rows[at];
	switch (row->kind) {
	case PLAN_UNSUBSCRIBE:
		return stop_person(batch, ledger, at, row->person_id, arena, err);
	case PLAN_ADOPT:
		return apply_adopt(batch, ledger, at, arena, err);
	case PLAN_LINK:
		return apply_link(batch, ledger, row, arena, err);
	case PLAN_TICK:
		return apply_tick(batch, ledger, row, arena, err);
	case PLAN_KIND_COUNT:
		break;
	}
	return ERR(err, ERR_FATAL, "a plan row of kind %d", (int)row->kind);
}

/* A person or record that is gone since the plan was made is left out; it never stops the others.
 */
static bool apply_row(Batch *batch, Ledger *ledger, size_t at, Arena *arena, Err *err)
{
	Err fault = { 0 };
	if (do_row(batch, ledger, at, arena, &fault))
		return true;
	if (fault.kind == ERR_MISSING) {
		batch->skipped++;
		return true;
	}
	*err = fault;
	return false;
}

static bool write_batch(void *ctx, Store *store, Err *err)
{
	Batch *batch = ctx;
	batch->done_here = batch->done_there = batch->skipped = 0;
	batch->stale_count = 0;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(PERSON_BYTES_MAX);
	for (size_t i = 0; i < batch->count; i++) {
		arena_reset(&arena);
		if (!apply_row(batch, store_ledger(store), i, &arena, err))
			return false;
	}
	return true;
}

/* ------------------------------------------------- records read once more */

/* Marks the rows of the batch whose record is still ticked. */
typedef struct Reread {
	Batch *batch;
	const FieldSet *fields;
	bool is_ticked[BATCH_ROWS];
	bool is_incomplete[BATCH_ROWS]; /* and at least one of its boxes is clear */
} Reread;

static bool take_record(void *ctx, const JsonVal *record, Err *err)
{
	Reread *reread = ctx;
	SfId sfid;
	if (!sfid_parse(json_as_str(json_member(record, "Id")), &sfid, err))
		return false;
	size_t ticked = 0;
	for (size_t i = 0; i < reread->fields->count; i++)
		ticked += json_as_bool(
			json_member_nocase(record, reread->fields->names[i].text), false);
	for (size_t i = 0; i < reread->batch->count; i++) {
		if (!sfid_eq(&reread->batch->rows[i].cause_sfid, &sfid))
			continue;
		reread->is_ticked[i] = ticked > 0;
		reread->is_incomplete[i] = ticked < reread->fields->count;
	}
	return true;
}

static bool read_again(
	Batch *batch, SfObject object, const size_t *rows, size_t count, Reread *reread, Err *err)
{
	const FieldSet *fields = &batch->night->compared[object];
	if (!night_look_at_fields(batch->night, object, err))
		return false;
	if (fields->count == 0)
		return true; /* hidden by now: unknown */
	reread->fields = fields;
	CLEANUP(buf_fini) Buf soql = BUF_MAX(8192);
	buf_put(&soql, STR("SELECT Id"));
	for (size_t i = 0; i < fields->count; i++)
		buf_printf(&soql, ", %s", fields->names[i].text);
	buf_printf(&soql, " FROM %s WHERE Id IN (", sf_object_name(object));
	for (size_t i = 0; i < count; i++)
		buf_printf(&soql, "%s'%s'", i ? "," : "", batch->rows[rows[i]].cause_sfid.text);
	buf_put_char(&soql, ')');
	const SfQuery query = { .soql = buf_str(&soql), .rows_max = STALE_READ_ROWS };
	return buf_check(&soql, "a query of records to read again", err)
		&& sf_query_each(batch->night->client.sf, &query, take_record, reread, err);
}

/* A removal overtook the reading. What was read before it may not undo it: the records are read
 * again, and those still ticked unsubscribe with the new reading (product.md, "Stops, removals,
 * imports"). */
static bool settle_stale(Batch *batch, Err *err)
{
	Reread reread = { .batch = batch };
	int64_t read_at_ms = clock_wall_ms(batch->night->options->clock);
	static const SfObject objects[] = { SF_CONTACT, SF_LEAD };
	for (size_t o = 0; o < ARRAY_LEN(objects); o++) {
		size_t some[STALE_READ_ROWS], count = 0;
		for (size_t i = 0; i <= batch->stale_count; i++) {
			bool is_end = i == batch->stale_count;
			if (!is_end
				&& sfid_object(&batch->rows[batch->stale[i]].cause_sfid)
					== objects[o])
				some[count++] = batch->stale[i];
			if (count > 0 && (is_end || count == STALE_READ_ROWS)) {
				if (!read_again(batch, objects[o], some, count, &reread, err))
					return false;
				count = 0;
			}
		}
	}
	CLEANUP(free_ptr) Batch *again = xcalloc(1, sizeof *again);
	again->night = batch->night;
	again->now_ms = read_at_ms;
	for (size_t i = 0; i < batch->stale_count; i++) {
		size_t at = batch->stale[i];
		if (!reread.is_ticked[at]) {
			batch->skipped++;
			continue;
		}
		again->is_cause_incomplete[again->count] = reread.is_incomplete[at];
		again->rows[again->count] = batch->rows[at];
		again->rows[again->count++].read_at_ms = read_at_ms;
	}
	if (!writer_call(batch->night->options->writer, write_batch, again, err))
		return false;
	/* Removed yet again in this instant: the admin is at it; the next night will see. */
	batch->skipped += again->skipped + (int64_t)again->stale_count;
	batch->done_here += again->done_here;
	return true;
}

/* --------------------------------------------------------------------- apply */

static bool apply_batch(Batch *batch, Err *err)
{
	Night *night = batch->night;
	batch->now_ms = clock_wall_ms(night->options->clock);
	if (!night_go_on(night, err)
		|| !writer_call(night->options->writer, write_batch, batch, err)
		|| (batch->stale_count > 0 && !settle_stale(batch, err)))
		return false;
	night->run->done_here += batch->done_here;
	night->run->done_there += batch->done_there;
	night->run->skipped += batch->skipped;
	batch->count = 0;
	return true;
}

static bool apply_rows(Night *night, PlanReader *reader, Err *err)
{
	CLEANUP(free_ptr) Batch *batch = xcalloc(1, sizeof *batch);
	batch->night = night;
	for (bool end = false; !end;) {
		if (!plan_read(reader, &batch->rows[batch->count], &end, err))
			return false;
		if (!end)
			batch->count++;
		if (batch->count == BATCH_ROWS || (end && batch->count > 0))
			if (!apply_batch(batch, err))
				return false;
	}
	return true;
}

static bool is_chosen(const Night *night, SfObject object, Str names)
{
	FieldSet fields;
	fields_for_night(&night->setup.sync, object, &fields);
	for (Str name; names.len > 0 && str_split(&names, ',', &name);) {
		bool is_there = false;
		for (size_t i = 0; i < fields.count; i++)
			is_there |= str_eq(name, str_from(fields.names[i].text));
		if (!is_there)
			return false;
	}
	return true;
}

/* Between plan and application lie hours of reading, an approval or a restart. */
static bool plan_still_fits(Night *night, const PlanHeader *header, Err *err)
{
	if (!org_setup_load(night->reader, &header->org_id, &night->arena, &night->setup, err))
		return false;
	if (!night->setup.settings.nightly)
		return ERR(err, ERR_CONFLICT, "the sync was switched off; nothing comes home");
	if (header->mode == night->setup.sync.mode
		&& is_chosen(night, SF_CONTACT, str_from(header->field_contact.text))
		&& is_chosen(night, SF_LEAD, str_from(header->field_lead.text)))
		return true;
	return ERR(err, ERR_CONFLICT,
		"the fields to sync were changed after this plan was made; the next run makes a new one");
}

bool night_apply(Night *night, Err *err)
{
	CLEANUP(plan_file_close) PlanFile file = { .fd = -1 };
	CLEANUP(plan_reader_close) PlanReader *reader = NULL;
	PlanHeader header;
	PlanCounts counts;
	/* The whole file is checked before the first row of it is applied. */
	if (!plan_file_open(night->options->config, night->run->run_id, &file, err)
		|| !plan_check(&file.source, &header, &counts, err) || !plan_file_rewind(&file, err)
		|| !plan_reader_open(&file.source, &reader, &header, err))
		return false;
	if (header.run_id != night->run->run_id
		|| !sfid_eq(&header.org_id, &night->setup.connection.org_id))
		return ERR(err, ERR_FATAL, "%s is the plan of another run", file.path);
	if (!plan_still_fits(night, &header, err))
		return false;
	/* After a crash in the middle the rows applied before are simply skipped by the re-check.
	 */
	night->run->done_here = night->run->done_there = night->run->skipped = 0;
	return apply_rows(night, reader, err);
}
