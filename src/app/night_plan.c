#include "base/base.h"

#include "app/night.h"

#include "app/plan_file.h"
#include "base/csv.h"
#include "base/log.h"
#include "sync/brake.h"

enum {
	PAGE_ROWS = 4096, /* rows of the ledger per look: a long read would stop its checkpoints */
	/* An ID, an address of at most 80 characters, three flags: far below; a spooled row is
	   never longer. */
	SPOOL_ROW_BYTES_MAX = 2048,
	BASELINES_MAX = 64, /* runs looked through for the last applied one */
};

/* ----------------------------------------------------------------- sources */

typedef struct SortedRecords {
	RecordSource source;
	RunSorter *sorter;
} SortedRecords;

static bool next_record(RecordSource *source, RunRecord *out, bool *out_end, Err *err)
{
	return run_sorter_next(
		CONTAINER_OF(source, SortedRecords, source)->sorter, out, out_end, err);
}

typedef struct LedgerLinks {
	LinkSource source;
	Night *night;
	Ledger *ledger;
	int64_t org;
	LinkRow rows[PAGE_ROWS];
	size_t count, at;
	SfId after_sfid;
	int64_t after_person;
	bool is_last;
} LedgerLinks;

static bool next_link(LinkSource *source, DiffLink *out, bool *out_end, Err *err)
{
	LedgerLinks *links = CONTAINER_OF(source, LedgerLinks, source);
	if (links->at == links->count && !links->is_last) {
		links->at = 0;
		if (!night_go_on(links->night, err)
			|| !ledger_scan_links(links->ledger, links->org, &links->after_sfid,
				links->after_person, links->rows, PAGE_ROWS, &links->count, err))
			return false;
		links->is_last = links->count < PAGE_ROWS;
	}
	if (links->at == links->count) {
		*out_end = true;
		return true;
	}
	const LinkRow *row = &links->rows[links->at++];
	links->after_sfid = row->sfid;
	links->after_person = row->person_id;
	*out = (DiffLink){
		.sfid = row->sfid,
		.person_id = row->person_id,
		.is_unsubscribed = row->is_unsubscribed,
	};
	*out_end = false;
	return true;
}

typedef struct LedgerPeople {
	PersonSource source;
	Night *night;
	Ledger *ledger;
	HashRow rows[PAGE_ROWS];
	size_t count, at;
	AddressHash after;
	bool has_after, is_last;
} LedgerPeople;

static bool next_person(PersonSource *source, DiffPerson *out, bool *out_end, Err *err)
{
	LedgerPeople *people = CONTAINER_OF(source, LedgerPeople, source);
	if (people->at == people->count && !people->is_last) {
		people->at = 0;
		if (!night_go_on(people->night, err)
			|| !ledger_scan_hashes(people->ledger,
				people->has_after ? &people->after : NULL, people->rows, PAGE_ROWS,
				&people->count, err))
			return false;
		people->is_last = people->count < PAGE_ROWS;
	}
	if (people->at == people->count) {
		*out_end = true;
		return true;
	}
	const HashRow *row = &people->rows[people->at++];
	people->after = row->hash;
	people->has_after = true;
	*out = (DiffPerson){
		.hash = row->hash,
		.person_id = row->person_id,
		.is_unsubscribed = row->is_unsubscribed,
	};
	*out_end = false;
	return true;
}

/* ----------------------------------------------------------------- adoption */

typedef struct SpoolLookup {
	AddressLookup lookup;
	const Night *night;
} SpoolLookup;

static bool find_address(AddressLookup *lookup, const RunRecord *record, Address *out, Err *err)
{
	const Night *night = CONTAINER_OF(lookup, SpoolLookup, lookup)->night;
	char bytes[SPOOL_ROW_BYTES_MAX];
	size_t len = 0;
	if (!temp_file_read(&night->spool, record->spool_offset, bytes, sizeof bytes, &len, err))
		return false;
	CLEANUP(csv_close) CsvReader *reader = csv_open(NULL);
	csv_feed(reader, (Str){ bytes, len });
	csv_end(reader);
	CsvRow row = { 0 };
	size_t column = night->email_column[record->object];
	if (csv_next(reader, &row, err) != CSV_ROW || row.count <= column)
		return ERR(err, ERR_FATAL, "the spooled row of record %.*s cannot be read again",
			SFID_LEN, record->sfid);
	return address_parse(row.fields[column], out, err);
}

/* --------------------------------------------------------------------- plan */

typedef struct PlanRows {
	RowSink sink;
	PlanWriter *writer;
} PlanRows;

static bool put_row(RowSink *sink, const PlanRow *row, Err *err)
{
	return plan_write(CONTAINER_OF(sink, PlanRows, sink)->writer, row, err);
}

/* As compared, not as chosen: a field that is hidden since the last applied run holds this one
 * (G9). */
static void compared_fields(const Night *night, SfObject object, FieldName *out)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(FIELDS_MAX * (FIELD_NAME_MAX + 1));
	fields_put(&text, &night->compared[object]);
	*out = (FieldName){ 0 };
	/* Two long names together do not fit; the beginning still tells one choice from another. */
	(void)!str_copy(str_sub(buf_str(&text), 0, FIELD_NAME_MAX), out->text, sizeof out->text);
}

static void fill_header(const Night *night, int64_t people, PlanHeader *out)
{
	const Run *run = night->run;
	*out = (PlanHeader){
		.run_id = run->run_id,
		.org_id = night->setup.connection.org_id,
		.mode = night->setup.sync.mode,
		.match_by_address = night->setup.settings.match_by_address,
		.adopt_unknown = night->setup.settings.adopt_unknown,
		.read_at_ms = night->read_at_ms,
		.contacts_read = run->contacts_read,
		.leads_read = run->leads_read,
		.people_read = people,
	};
	compared_fields(night, SF_CONTACT, &out->field_contact);
	compared_fields(night, SF_LEAD, &out->field_lead);
	(void)!str_copy(str_from(night->user), out->user, sizeof out->user);
}

static bool diff_into(Night *night, PlanWriter *writer, Err *err)
{
	CLEANUP(temp_file_close) TempFile sort_file = TEMP_FILE_CLOSED;
	CLEANUP(temp_file_close) TempFile spool_file = TEMP_FILE_CLOSED;
	const Config *config = night->options->config;
	if (!temp_file_open(config, &sort_file, err) || !temp_file_open(config, &spool_file, err))
		return false;
	Ledger *ledger = store_ledger(night->reader);
	SortedRecords records = { { next_record }, night->sorter };
	SpoolLookup addresses = { { find_address }, night };
	PlanRows rows = { { put_row }, writer };
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(4 * 1024 * 1024);
	LedgerLinks *links = arena_alloc(&arena, 1, sizeof *links);
	*links = (LedgerLinks){
		.source = { next_link }, .night = night, .ledger = ledger, .org = night->run->org
	};
	LedgerPeople *people = arena_alloc(&arena, 1, sizeof *people);
	*people = (LedgerPeople){ .source = { next_person }, .night = night, .ledger = ledger };
	const DiffInput input = {
		.records = &records.source,
		.links = &links->source,
		.people = &people->source,
		.addresses = &addresses.lookup,
		.sort_file = &sort_file.file,
		.spool_file = &spool_file.file,
		.memory_bytes = (size_t)config->sort_memory_bytes / 2,
		.fields = night->fields,
		.match_by_address = night->setup.settings.match_by_address,
		.adopt_unknown = night->setup.settings.adopt_unknown,
		.read_at_ms = night->read_at_ms,
	};
	DiffFigures figures = { 0 };
	if (!diff_plan(&input, &rows.sink, &figures, err))
		return false;
	log_event(LOG_INFO, "run.planned", LOG_INT("run", night->run->run_id),
		LOG_INT("people", figures.people_read), LOG_INT("links", figures.links_read),
		LOG_INT("fields_unknown", figures.blind),
		LOG_INT("records_missing", figures.missing),
		LOG_INT("bad_addresses", night->bad_addresses));
	return true;
}

bool night_plan(Night *night, Err *err)
{
	LedgerCounts counts = { 0 };
	if (!ledger_counts(store_ledger(night->reader), &counts, err))
		return false;
	PlanHeader header;
	fill_header(night, counts.people, &header);
	Run *run = night->run;
	snprintf(run->field_contact, sizeof run->field_contact, "%s", header.field_contact.text);
	snprintf(run->field_lead, sizeof run->field_lead, "%s", header.field_lead.text);

	CLEANUP(plan_file_close) PlanFile file = { .fd = -1 };
	CLEANUP(plan_writer_close) PlanWriter *writer = NULL;
	PlanCounts planned = { 0 };
	if (!plan_file_create(night->options->config, run->run_id, &file, err)
		|| !plan_writer_open(&file.sink, &header, &writer, err)
		|| !diff_into(night, writer, err) || !plan_writer_finish(writer, &planned, err)
		|| !plan_file_keep(&file, err))
		return false;
	run->planned_here = plan_here(&planned);
	run->planned_there = plan_there(&planned);
	return true;
}

/* -------------------------------------------------------------------- brake */

static void figures_of(const Run *run, const PlanHeader *header, BrakeFigures *out)
{
	*out = (BrakeFigures){
		.contacts_read = run->contacts_read,
		.leads_read = run->leads_read,
		.planned_here = run->planned_here,
		.planned_there = run->planned_there,
	};
	(void)!str_copy(str_from(run->field_contact), out->field_contact.text,
		sizeof out->field_contact.text);
	(void)!str_copy(
		str_from(run->field_lead), out->field_lead.text, sizeof out->field_lead.text);
	if (header) {
		out->people = header->people_read;
		memcpy(out->user, header->user, sizeof out->user);
	}
}

/* The header of a run's plan tells who read it and how many people there were. */
static bool read_header(const Night *night, int64_t run_id, PlanHeader *out)
{
	CLEANUP(plan_file_close) PlanFile file = { .fd = -1 };
	PlanReader *reader = NULL;
	if (!plan_file_open(night->options->config, run_id, &file, NULL)
		|| !plan_reader_open(&file.source, &reader, out, NULL))
		return false;
	plan_reader_close(&reader);
	return true;
}

/* The last run of this org that was applied. */
static bool find_baseline(const Night *night, Run *out, bool *out_found, Err *err)
{
	Run runs[BASELINES_MAX];
	size_t count = 0;
	*out_found = false;
	if (!ledger_run_list(store_ledger(night->reader), night->run->org, night->run->run_id, runs,
		    BASELINES_MAX, &count, err))
		return false;
	for (size_t i = 0; i < count && !*out_found; i++)
		if (runs[i].state == RUN_DONE && runs[i].kind != RUN_DRY) {
			*out = runs[i];
			*out_found = true;
		}
	return true;
}

bool night_brake(Night *night, bool *out_hold, Err *err)
{
	Run last = { 0 };
	bool found = false;
	if (!find_baseline(night, &last, &found, err))
		return false;
	PlanHeader header;
	BrakeFigures plan, baseline;
	figures_of(night->run, read_header(night, night->run->run_id, &header) ? &header : NULL,
		&plan);
	/* Whoever read for a run whose plan is gone is unknown: nothing to compare with. */
	found = found && read_header(night, last.run_id, &header);
	if (found)
		figures_of(&last, &header, &baseline);
	const BrakeLimits limits = {
		.percent = (int)night->setup.settings.brake_percent,
		.rows_min = night->setup.settings.brake_rows_min,
	};
	BrakeVerdict verdict = { 0 };
	brake_judge(&plan, found ? &baseline : NULL, &limits, &verdict);
	snprintf(night->run->note, sizeof night->run->note, "%s", verdict.reason);
	*out_hold = verdict.hold;
	return true;
}
