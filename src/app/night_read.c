#include "base/base.h"

#include "app/night.h"

#include "base/csv.h"
#include "base/log.h"
#include "base/planted.h"
#include "sf/bulk.h"
#include "sf/describe.h"
#include "sync/job.h"
#include "sync/retry.h"

enum {
	DESCRIBE_BYTES_MAX = 16 * 1024 * 1024,
};

static const SfObject objects[] = { SF_CONTACT, SF_LEAD };

/* What one object's rows look like: where each column stands. */
typedef struct Columns {
	SfObject object;
	ptrdiff_t id, email, converted; /* -1: not selected */
	ptrdiff_t field[FIELDS_MAX];    /* -1: hidden */
	FieldSet fields;
} Columns;

/* -------------------------------------------------------------- what to ask */

bool night_look_at_fields(Night *night, SfObject object, Err *err)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(DESCRIBE_BYTES_MAX);
	SfDescribe describe = { 0 };
	if (!sf_describe_fetch(night->client.sf, object, &arena, &describe, err))
		return false;
	FieldSet wanted;
	FieldSet *out = &night->compared[object];
	fields_for_night(&night->setup.sync, object, &wanted);
	*out = (FieldSet){ .is_incomplete = wanted.is_incomplete };
	for (size_t i = 0; i < wanted.count; i++) {
		SfFieldState state = sf_field_state(&describe, str_from(wanted.names[i].text));
		if (state == SF_FIELD_READY || state == SF_FIELD_READ_ONLY) {
			out->names[out->count] = wanted.names[i];
			out->bits[out->count++] = wanted.bits[i];
			continue;
		}
		out->is_incomplete = true;
		log_event(LOG_WARN, "run.field.unknown", LOG_INT("run", night->run->run_id),
			LOG_Z("object", sf_object_name(object)),
			LOG_Z("field", wanted.names[i].text),
			LOG_Z("state", sf_field_state_name(state)),
			LOG_Z("advice", sf_field_state_advice(state)));
	}
	return true;
}

/* Without a single field to compare a run would read everything and know nothing. */
static bool fail_without_fields(const Night *night, Err *err)
{
	CLEANUP(buf_fini) Buf wanted = BUF_MAX(1024);
	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		FieldSet fields;
		fields_for_night(&night->setup.sync, objects[i], &fields);
		for (size_t f = 0; f < fields.count; f++)
			buf_printf(&wanted, "%s%s.%s", wanted.len ? ", " : "",
				sf_object_name(objects[i]), fields.names[f].text);
	}
	if (wanted.len == 0)
		return ERR(err, ERR_INPUT,
			"no sales opt-out field is chosen: set sync.field.contact and "
			"sync.field.lead, or sync.mode=standard");
	return ERR(err, ERR_AUTH,
		"Salesforce shows none of the opt-out fields to the user of the sync (%.*s); "
		"`optout org status` says what to do",
		STR_ARG(buf_str(&wanted)));
}

static bool prepare(Night *night, Err *err)
{
	if (!sf_client_login(night->client.sf, err))
		return false;
	(void)!str_copy(sfid_str(&sf_client_session(night->client.sf)->user_id), night->user,
		sizeof night->user);
	night->fields = 0;
	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		if (!night_look_at_fields(night, objects[i], err))
			return false;
		const FieldSet *fields = &night->compared[objects[i]];
		for (size_t f = 0; f < fields->count; f++)
			night->fields |= fields->bits[f];
	}
	return night->fields != 0 || fail_without_fields(night, err);
}

/* A night that meets an org just then in maintenance waits for it, like each of its later calls: it
 * is not tried again before the next evening. Whoever asked for a run by hand is told at once. */
static bool prepare_patiently(Night *night, Err *err)
{
	for (int64_t attempts = 1;; attempts++) {
		Err fault = { 0 };
		if (prepare(night, &fault))
			return true;
		if (fault.kind != ERR_RETRY || night->run->kind != RUN_NIGHT
			|| attempts == JOB_CALL_FAILURES_MAX) {
			*err = fault;
			return false;
		}
		log_event(LOG_WARN, "run.call.failed", LOG_INT("run", night->run->run_id),
			LOG_ERR(&fault));
		int64_t delay_ms = retry_delay_ms(
			FAIL_AGAIN, attempts, 0, rng_u64(night->options->rng));
		if (!night_wait(night, clock_wall_ms(night->options->clock) + delay_ms, err))
			return false;
	}
}

static void put_soql(Buf *out, const Columns *columns)
{
	buf_put(out, STR("SELECT Id, Email"));
	if (columns->object == SF_LEAD)
		buf_put(out, STR(", IsConverted"));
	for (size_t i = 0; i < columns->fields.count; i++)
		buf_printf(out, ", %s", columns->fields.names[i].text);
	/* No ORDER BY: it would switch off the chunking by primary key. */
	buf_printf(out, " FROM %s", sf_object_name(columns->object));
}

/* -------------------------------------------------------------------- rows */

static ptrdiff_t find_column(const CsvRow *header, Str name)
{
	for (size_t i = 0; i < header->count; i++)
		if (str_eq_nocase(header->fields[i], name))
			return (ptrdiff_t)i;
	return -1;
}

static bool read_header(Columns *columns, const CsvRow *header, Err *err)
{
	columns->id = find_column(header, STR("Id"));
	columns->email = find_column(header, STR("Email"));
	columns->converted = find_column(header, STR("IsConverted"));
	for (size_t i = 0; i < columns->fields.count; i++)
		columns->field[i] = find_column(header, str_from(columns->fields.names[i].text));
	if (columns->id < 0 || columns->email < 0)
		return ERR(err, ERR_RETRY, "a Bulk page of %s has no Id or no Email column",
			sf_object_name(columns->object));
	return true;
}

static Str field_at(const CsvRow *row, ptrdiff_t column)
{
	return column >= 0 && (size_t)column < row->count ? row->fields[column] : STR_NONE;
}

static unsigned field_flags(Str value, unsigned bit)
{
	bool ticked = false;
	if (!str_to_bool(value, &ticked))
		return 0; /* unknown */
	if (bit == FIELD_SALES)
		return ticked ? RECORD_SALES_YES : RECORD_SALES_NO;
	return ticked ? RECORD_STANDARD_YES : RECORD_STANDARD_NO;
}

static bool add_row(Night *night, const Columns *columns, const CsvRow *row, uint64_t offset,
	Err *fault, Err *err)
{
	SfId sfid;
	if (!sfid_parse(field_at(row, columns->id), &sfid, fault)) {
		fault->kind = ERR_RETRY;
		return err_wrap(fault, "row %lld of a Bulk page", (long long)row->row);
	}
	RunRecord record = { .object = (uint8_t)columns->object, .spool_offset = offset };
	memcpy(record.sfid, sfid.text, SFID_LEN);
	unsigned flags = 0;
	bool converted = false;
	if (str_to_bool(field_at(row, columns->converted), &converted) && converted)
		flags |= RECORD_CONVERTED;
	for (size_t i = 0; i < columns->fields.count; i++)
		flags |= field_flags(field_at(row, columns->field[i]), columns->fields.bits[i]);
	Address address;
	Str email = field_at(row, columns->email);
	if (email.len > 0 && address_parse(email, &address, NULL)) {
		record.hash = address_hash(&night->options->keyring->hash, &address);
		flags |= RECORD_HAS_ADDRESS;
	} else if (email.len > 0) {
		night->bad_addresses++;
	}
	record.flags = (uint8_t)flags;
	return run_sorter_add(night->sorter, &record, err);
}

/* One page: every row a record, or the page does not count: *fault, and it is fetched again. Rows
 * of it that were sorted in already come twice then, which counts as once (diff.h). Gives the
 * number of rows. */
static bool take_page(
	Night *night, Columns *columns, Str csv, int64_t *out_rows, Err *fault, Err *err)
{
	const uint64_t base = night->spool.bytes;
	if (!temp_file_append(&night->spool, csv, err))
		return false;
	CLEANUP(csv_close) CsvReader *reader = csv_open(NULL);
	csv_feed(reader, csv);
	csv_end(reader);
	CsvRow row = { 0 };
	int64_t rows = 0;
	for (;;) {
		switch (csv_next(reader, &row, fault)) {
		case CSV_BAD:
			fault->kind = ERR_RETRY;
			return err_wrap(
				fault, "a Bulk page of %s", sf_object_name(columns->object));
		case CSV_MORE:
		case CSV_DONE:
			*out_rows = rows;
			return true;
		case CSV_ROW:
			break;
		}
		/* Every page begins with the header row (salesforce-api.md 3.1). */
		if (row.row == 1 && find_column(&row, STR("Id")) >= 0) {
			if (!read_header(columns, &row, fault))
				return false;
			night->email_column[columns->object] = (size_t)columns->email;
			continue;
		}
		if (!add_row(night, columns, &row, base + (uint64_t)row.byte_offset, fault, err))
			return false;
		rows++;
	}
}

/* Salesforce exports NUL bytes inside texts (10.1 no. 4); no column of ours needs them. */
static Str without_nul(Str csv, Buf *room)
{
	if (str_find_char(csv, '\0', 0) < 0)
		return csv;
	for (size_t i = 0; i < csv.len; i++)
		if (csv.ptr[i] != '\0')
			buf_put_char(room, csv.ptr[i]);
	return buf_str(room);
}

/* --------------------------------------------------------------------- job */

static FailClass call_class(const Err *err)
{
	switch (err->kind) {
	case ERR_RETRY:
		return FAIL_AGAIN;
	case ERR_LIMIT:
		return FAIL_BUDGET;
	case ERR_NONE:
	case ERR_AUTH:
	case ERR_CONFLICT:
	case ERR_INPUT:
	case ERR_MISSING:
	case ERR_FATAL:
		break;
	}
	return FAIL_ADMIN;
}

static JobPhase job_phase(SfJobState state)
{
	switch (state) {
	case SF_JOB_COMPLETE:
		return JOB_PHASE_COMPLETE;
	case SF_JOB_FAILED:
		return JOB_PHASE_FAILED;
	case SF_JOB_ABORTED:
		return JOB_PHASE_ABORTED;
	case SF_JOB_NONE:
	case SF_JOB_OPEN:
	case SF_JOB_UPLOAD_COMPLETE:
	case SF_JOB_IN_PROGRESS:
	case SF_JOB_OTHER:
		break;
	}
	return JOB_PHASE_WORKING;
}

typedef struct Reading {
	Night *night;
	Columns columns;
	Str soql;
	Job job;
	SfBulkJob bulk;
	int64_t rows;
} Reading;

static int64_t wall_ms(const Reading *reading)
{
	return clock_wall_ms(reading->night->options->clock);
}

/* Calls; false with *fault when the call failed (and may be repeated), false with *err when the run
 * cannot go on. */
static bool job_step(Reading *reading, JobStep step, Err *fault, Err *err)
{
	SfClient *sf = reading->night->client.sf;
	Job *job = &reading->job;
	switch (step) {
	case JOB_STEP_CREATE:
		if (!sf_bulk_query_create(sf, reading->soql, false, &reading->bulk, fault))
			return false;
		job_created(job, &reading->bulk.id, wall_ms(reading));
		return true;
	case JOB_STEP_POLL:
		if (!sf_bulk_query_look(sf, &reading->bulk, fault))
			return false;
		job_polled(job, job_phase(reading->bulk.state), reading->bulk.rows_processed,
			str_from(reading->bulk.error_text), wall_ms(reading),
			rng_u64(reading->night->options->rng));
		return true;
	case JOB_STEP_DELETE:
		if (!sf_bulk_query_delete(sf, &reading->bulk, fault))
			log_event(LOG_WARN, "run.job.not_deleted", LOG_ERR(fault));
		job_deleted(job);
		return true;
	case JOB_STEP_ABORT:
		if (!sf_bulk_query_abort(sf, &reading->bulk, fault))
			log_event(LOG_WARN, "run.job.not_aborted", LOG_ERR(fault));
		job_deleted(job);
		return true;
	case JOB_STEP_FETCH:
	case JOB_STEP_WAIT:
	case JOB_STEP_NONE:
		break;
	}
	return ERR(err, ERR_FATAL, "a Bulk job asked for a step that nobody knows");
}

static bool fetch_page(Reading *reading, Err *fault, Err *err)
{
	CLEANUP(sf_bulk_page_fini) SfBulkPage page = { 0 };
	if (!sf_bulk_query_page(reading->night->client.sf, &reading->bulk,
		    str_from(reading->job.locator), reading->night->options->config->bulk_page_rows,
		    &page, fault))
		return false;
	CLEANUP(buf_fini) Buf room = BUF_MAX(SF_BULK_PAGE_BYTES_MAX);
	int64_t rows = 0;
	if (PLANTED(PAGE_SKIPPED) && reading->night->is_resumed && reading->rows == 0)
		rows = page.rows;
	else if (!take_page(reading->night, &reading->columns, without_nul(page.csv, &room), &rows,
			 fault, err))
		return false;
	if (page.rows >= 0 && page.rows != rows)
		return ERR(fault, ERR_RETRY,
			"a Bulk page of %s was said to have %lld rows and has %lld: it was cut",
			sf_object_name(reading->columns.object), (long long)page.rows,
			(long long)rows);
	reading->rows += rows;
	job_page_stored(&reading->job, str_from(page.is_last ? "" : page.next_locator), rows,
		wall_ms(reading));
	return true;
}

static bool run_job(Reading *reading, Err *err)
{
	job_init(&reading->job, wall_ms(reading));
	for (JobStep step; (step = job_next(&reading->job, wall_ms(reading))) != JOB_STEP_NONE;) {
		if (!night_go_on(reading->night, err))
			return false;
		Err fault = { 0 };
		bool ok = true;
		if (step == JOB_STEP_WAIT) {
			if (!night_wait(reading->night, reading->job.next_at_ms, err))
				return false;
			continue;
		}
		if (!night_may_call(reading->night, err))
			return false;
		ok = step == JOB_STEP_FETCH ? fetch_page(reading, &fault, err)
					    : job_step(reading, step, &fault, err);
		if (ok)
			continue;
		if (fault.kind == ERR_NONE)
			return false;
		log_event(LOG_WARN, "run.call.failed", LOG_INT("run", reading->night->run->run_id),
			LOG_ERR(&fault));
		job_call_failed(&reading->job, call_class(&fault), str_from(fault.text), 0,
			wall_ms(reading), rng_u64(reading->night->options->rng));
	}
	if (reading->job.state != JOB_DONE)
		return ERR(err, ERR_RETRY, "reading %s: %s",
			sf_object_name(reading->columns.object), reading->job.note);
	return true;
}

static bool read_object(Night *night, SfObject object, int64_t *out_rows, Err *err)
{
	Reading reading = {
		.night = night,
		.columns = { .object = object,
			.id = -1,
			.email = -1,
			.converted = -1,
			.fields = night->compared[object] },
	};
	CLEANUP(buf_fini) Buf soql = BUF_MAX(4096);
	put_soql(&soql, &reading.columns);
	reading.soql = buf_str(&soql);
	if (!run_job(&reading, err))
		return false;
	*out_rows = reading.rows;
	log_event(LOG_INFO, "run.object.read", LOG_INT("run", night->run->run_id),
		LOG_Z("object", sf_object_name(object)), LOG_INT("rows", reading.rows));
	return true;
}

bool night_read(Night *night, Err *err)
{
	const Config *config = night->options->config;
	night->read_at_ms = clock_wall_ms(night->options->clock);
	if (!prepare_patiently(night, err) || !temp_file_open(config, &night->spool, err)
		|| !temp_file_open(config, &night->sort_file, err))
		return false;
	const RunSorterOptions sort = {
		.record_bytes = sizeof(RunRecord),
		.compare = record_cmp_id,
		.memory_bytes = (size_t)config->sort_memory_bytes / 2,
		.file = &night->sort_file.file,
	};
	night->sorter = run_sorter_open(&sort);
	return read_object(night, SF_CONTACT, &night->run->contacts_read, err)
		&& read_object(night, SF_LEAD, &night->run->leads_read, err)
		&& run_sorter_finish(night->sorter, err);
}
