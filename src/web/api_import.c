#include "base/base.h"

#include "web/api.h"

#include "base/alloc.h"
#include "base/csv.h"
#include "web/import.h"
#include "web/internal.h"

enum {
	/* Rows in one WriteJob: some ten milliseconds of the writer, so that a click waits no
	   longer than that. */
	IMPORT_GROUP_ROWS = 200,
	/* Names of one group (two of 320 bytes a row), its errors and columns. */
	IMPORT_GROUP_BYTES_MAX = 1024 * 1024,
	/* People with two names, an ID and an address; Salesforce's own limit of a row is larger,
	   but not for these columns. */
	IMPORT_ROW_BYTES_MAX = 64 * 1024,
};

typedef struct ImportCounts {
	int64_t rows, created, updated, unchanged, linked, pushes, failed;
} ImportCounts;

typedef struct GroupRow {
	ImportRow row;
	int64_t number, line; /* in the file */
} GroupRow;

typedef struct Import {
	Web *web;
	Str actor;
	const OrgRow *org; /* NULL: none is connected; then no row may name a record */
	ImportColumns columns;
	Arena arena; /* of the columns */
	Arena group_arena;
	GroupRow group[IMPORT_GROUP_ROWS];
	size_t group_count;
	ImportCounts counts;
	Buf errors; /* JSON array items */
	JsonWriter errors_json;
	size_t error_count;
} Import;

/* --------------------------------------------------------------- errors */

static void error_add(Import *import, int64_t row, int64_t line, const ImportFault *fault)
{
	JsonWriter *w = &import->errors_json;
	import->counts.failed++;
	if (import->error_count++ >= IMPORT_ERRORS_MAX)
		return;
	jw_object_begin(w);
	jw_kv_i64(w, "row", row);
	jw_kv_i64(w, "line", line);
	jw_kv_str(w, "column", fault->column.len ? fault->column : STR_NONE);
	if (fault->position)
		jw_kv_i64(w, "position", fault->position);
	else
		jw_kv_null(w, "position");
	jw_kv_str(w, "value", fault->column.len ? fault->value : STR_NONE);
	jw_kv_str(w, "reason", str_from(fault->reason));
	jw_object_end(w);
}

static void error_add_row(Import *import, int64_t row, int64_t line, const char *reason)
{
	ImportFault fault = { 0 };
	snprintf(fault.reason, sizeof fault.reason, "%s", reason);
	error_add(import, row, line, &fault);
}

/* ------------------------------------------------------------- applying */

/* What the ledger does not tell: whether the names change. Empty ones leave what is there. */
static bool names_change(const Person *before, const ImportRow *row)
{
	return (row->first_name.len && !str_eq(row->first_name, before->first_name))
		|| (row->last_name.len && !str_eq(row->last_name, before->last_name));
}

static bool apply_row(
	Import *import, Ledger *ledger, const GroupRow *item, ImportCounts *counts, Err *err)
{
	const ImportRow *row = &item->row;
	RecordRef records[IMPORT_IDS_MAX];
	for (size_t i = 0; i < row->id_count; i++)
		records[i] = (RecordRef){ .org = import->org->org, .sfid = row->ids[i] };
	PersonPut put = { .address = row->address,
		.first_name = row->first_name,
		.last_name = row->last_name,
		.records = records,
		.record_count = row->id_count,
		.source = SOURCE_IMPORT,
		.actor = import->actor,
		.now_ms = web_now_ms(import->web) };
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(64 * 1024); /* one person */
	AddressHash hash = address_hash(&import->web->options.keyring->hash, &row->address);
	Person before;
	PersonPutOutcome outcome;
	Err miss;
	bool is_known = ledger_person_by_hash(ledger, &hash, &arena, &before, &miss);
	if (!is_known && miss.kind != ERR_MISSING) {
		*err = miss;
		return false;
	}
	if (!ledger_person_put(ledger, &put, &outcome, err))
		return false;
	if (outcome.is_new)
		counts->created++;
	else if (outcome.linked || (is_known && names_change(&before, row)))
		counts->updated++;
	else
		counts->unchanged++;
	counts->linked += (int64_t)outcome.linked;
	counts->pushes += (int64_t)outcome.pushes;
	return true;
}

typedef struct GroupWork {
	Import *import;
	ImportCounts counts;
	struct {
		size_t index;
		Err err;
	} refused[IMPORT_GROUP_ROWS];
	size_t refused_count;
} GroupWork;

/* On the writer thread. A refused row leaves no trace (ledger.h), so the others go on; a fault of
 * the store itself undoes the group. */
static bool group_run(void *ctx, Store *store, Err *err)
{
	GroupWork *work = ctx;
	Import *import = work->import;
	work->counts = (ImportCounts){ 0 };
	work->refused_count = 0;
	for (size_t i = 0; i < import->group_count; i++) {
		Err fault;
		if (apply_row(
			    import, store_ledger(store), &import->group[i], &work->counts, &fault))
			continue;
		if (fault.kind == ERR_FATAL || fault.kind == ERR_RETRY || fault.kind == ERR_LIMIT) {
			*err = fault;
			return false;
		}
		work->refused[work->refused_count].index = i;
		work->refused[work->refused_count++].err = fault;
	}
	return true;
}

static void count_in(ImportCounts *all, const ImportCounts *more)
{
	all->created += more->created;
	all->updated += more->updated;
	all->unchanged += more->unchanged;
	all->linked += more->linked;
	all->pushes += more->pushes;
}

static bool group_apply(Import *import, Err *err)
{
	const WebOptions *options = &import->web->options;
	if (!import->group_count)
		return true;
	CLEANUP(free_ptr) GroupWork *work = xcalloc(1, sizeof *work);
	work->import = import;
	if (!writer_call(options->writer, group_run, work, err))
		return false;
	count_in(&import->counts, &work->counts);
	for (size_t i = 0; i < work->refused_count; i++) {
		const GroupRow *row = &import->group[work->refused[i].index];
		error_add_row(import, row->number, row->line, work->refused[i].err.text);
	}
	import->group_count = 0;
	arena_reset(&import->group_arena);
	if (work->counts.pushes && options->app.wake_push)
		options->app.wake_push(options->app.ctx);
	return true;
}

/* -------------------------------------------------------------- reading */

static bool row_take(Import *import, const CsvRow *csv, Err *err)
{
	ImportFault fault;
	GroupRow *item = &import->group[import->group_count];
	if (!import_row(csv, &import->columns, &item->row, &fault)) {
		error_add(import, csv->row, csv->line, &fault);
		return true;
	}
	if (item->row.id_count && !import->org) {
		error_add_row(import, csv->row, csv->line,
			"the row names a Salesforce record, but "
			"no org is connected; connect one first");
		return true;
	}
	item->row.first_name = arena_str(&import->group_arena, item->row.first_name);
	item->row.last_name = arena_str(&import->group_arena, item->row.last_name);
	item->number = csv->row;
	item->line = csv->line;
	import->group_count++;
	return import->group_count < IMPORT_GROUP_ROWS || group_apply(import, err);
}

static bool header_take(Import *import, CsvReader *reader, Err *err)
{
	CsvRow row;
	switch (csv_next(reader, &row, err)) {
	case CSV_ROW:
		return import_columns(&row, &import->arena, &import->columns, err);
	case CSV_BAD:
		return err_wrap(err, "the first row");
	case CSV_MORE:
	case CSV_DONE:
		break;
	}
	return ERR(err, ERR_INPUT,
		"the file is empty; its first row must name the columns, one of them \"email\"");
}

static bool rows_take(Import *import, CsvReader *reader, Err *err)
{
	CsvRow row;
	Err fault;
	for (;;) {
		switch (csv_next(reader, &row, &fault)) {
		case CSV_ROW:
			import->counts.rows++;
			if (!row_take(import, &row, err))
				return false;
			break;
		case CSV_BAD:
			import->counts.rows++;
			error_add_row(import, row.row, row.line, fault.text);
			break;
		case CSV_MORE:
		case CSV_DONE:
			return group_apply(import, err);
		}
	}
}

static bool read_all(Import *import, Str csv, Err *err)
{
	CLEANUP(csv_close)
	CsvReader *reader = csv_open(&(CsvOptions){
		.separator = import_separator(csv), .row_bytes_max = IMPORT_ROW_BYTES_MAX });
	csv_feed(reader, csv);
	csv_end(reader);
	return header_take(import, reader, err) && rows_take(import, reader, err);
}

/* --------------------------------------------------------------- answer */

static void put_answer(const Import *import, Buf *out)
{
	const struct {
		const char *name;
		int64_t value;
	} figures[] = {
		{ "rows", import->counts.rows },
		{ "created", import->counts.created },
		{ "updated", import->counts.updated },
		{ "unchanged", import->counts.unchanged },
		{ "linked", import->counts.linked },
		{ "pushes", import->counts.pushes },
		{ "failed", import->counts.failed },
	};
	JsonWriter w;
	jw_init(&w, out);
	jw_object_begin(&w);
	for (size_t i = 0; i < ARRAY_LEN(figures); i++)
		jw_kv_i64(&w, figures[i].name, figures[i].value);
	jw_key(&w, "ignored_columns");
	jw_array_begin(&w);
	for (size_t i = 0; i < import->columns.ignored_count; i++)
		jw_str(&w, import->columns.ignored[i]);
	jw_array_end(&w);
	jw_key(&w, "errors");
	jw_raw(&w, buf_str(&import->errors));
	jw_kv_bool(&w, "errors_cut", import->error_count > IMPORT_ERRORS_MAX);
	jw_object_end(&w);
}

static bool run_import(Import *import, WebCall *call, Err *err)
{
	jw_init(&import->errors_json, &import->errors);
	jw_array_begin(&import->errors_json);
	if (!read_all(import, call->exchange->request.body, err)) {
		/* Groups before the fault are committed; a second try finds them unchanged. */
		const ImportCounts *c = &import->counts;
		if (c->created + c->updated + c->unchanged > 0)
			(void)err_wrap(err,
				"stopped after %lld rows, which are in; send the file again",
				(long long)(c->created + c->updated + c->unchanged));
		return false;
	}
	jw_array_end(&import->errors_json);
	if (!buf_check(&import->errors, "the list of errors", err))
		return false;
	put_answer(import, &call->body);
	return true;
}

static void import_close(Import **import)
{
	arena_fini(&(*import)->arena);
	arena_fini(&(*import)->group_arena);
	buf_fini(&(*import)->errors);
	free(*import);
	*import = NULL;
}

/* No org at all is no fault: people without records wait for one (product.md, "Persons and
 * records"). */
static bool pick_org(Store *store, Str org_id, OrgRow *out, bool *out_found, Err *err)
{
	OrgNames names;
	if (!org_names_load(store_ledger(store), &names, err))
		return false;
	*out_found = names.count > 0;
	return names.count == 0 && !org_id.len ? true : org_names_pick(&names, org_id, out, err);
}

/* On a reader thread; the rows go to the writer in groups. */
static bool import_work(WebCall *call, Store *store, Err *err)
{
	const Str *org_id = call->input;
	OrgRow org;
	bool has_org;
	if (!pick_org(store, *org_id, &org, &has_org, err))
		return false;
	if (atomic_exchange(&call->web->is_importing, true))
		return ERR(
			err, ERR_LIMIT, "another import is running; try again when it has ended");
	CLEANUP(import_close) Import *import = xcalloc(1, sizeof *import);
	import->web = call->web;
	import->actor = guard_actor(call->exchange);
	import->org = has_org ? &org : NULL;
	arena_init(&import->arena, IMPORT_GROUP_BYTES_MAX);
	arena_init(&import->group_arena, IMPORT_GROUP_BYTES_MAX);
	buf_init(&import->errors, WEB_ANSWER_BYTES_MAX / 2);
	bool ok = run_import(import, call, err);
	atomic_store(&call->web->is_importing, false);
	return ok;
}

void api_people_import(void *ctx, HttpExchange *exchange)
{
	Str *org_id = arena_alloc(&exchange->arena, 1, sizeof *org_id);
	if (!web_query_org(exchange, org_id))
		return;
	WebCall *call = web_call(ctx, exchange, import_work);
	call->input = org_id;
	web_call_read(call);
}
