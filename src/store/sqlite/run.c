#include "base/base.h"

#include "store/sqlite/ledger.h"

static_assert(RUN_NIGHT == 1, "kinds of runs in SQL");

/* The numbers of a run in the order of its columns after run_id, and its texts. */
enum { RUN_NUMBERS = 15, RUN_TEXTS = 4 };

static void put_run(Query *query, const Run *run)
{
	const int64_t numbers[RUN_NUMBERS] = { run->org, run->kind, run->state, run->local_date,
		run->asked_at_ms, run->started_at_ms, run->finished_at_ms, run->contacts_read,
		run->leads_read, run->planned_here, run->planned_there, run->done_here,
		run->done_there, run->skipped, run->calls };
	const char *texts[RUN_TEXTS] = { run->field_contact, run->field_lead, run->actor,
		run->note };
	for (size_t i = 0; i < RUN_NUMBERS; i++)
		query_put_i64(query, numbers[i]);
	for (size_t i = 0; i < RUN_TEXTS; i++)
		query_put_str(query, str_from(texts[i]));
}

static void read_text(const Query *query, int column, char *out, size_t out_size)
{
	if (!str_copy(query_str(query, column), out, out_size))
		out[0] = '\0';
}

static void read_run(const Query *query, Run *out)
{
	*out = (Run){
		.run_id = query_i64(query, 0),
		.org = query_i64(query, 1),
		.kind = (RunKind)query_i64(query, 2),
		.state = (RunState)query_i64(query, 3),
		.local_date = (int32_t)query_i64(query, 4),
		.asked_at_ms = query_i64(query, 5),
		.started_at_ms = query_i64(query, 6),
		.finished_at_ms = query_i64(query, 7),
		.contacts_read = query_i64(query, 8),
		.leads_read = query_i64(query, 9),
		.planned_here = query_i64(query, 10),
		.planned_there = query_i64(query, 11),
		.done_here = query_i64(query, 12),
		.done_there = query_i64(query, 13),
		.skipped = query_i64(query, 14),
		.calls = query_i64(query, 15),
	};
	read_text(query, 16, out->field_contact, sizeof out->field_contact);
	read_text(query, 17, out->field_lead, sizeof out->field_lead);
	read_text(query, 18, out->actor, sizeof out->actor);
	read_text(query, 19, out->note, sizeof out->note);
}

/* ERR_CONFLICT when another run has the org's date already. */
static bool check_night(Db *db, const Run *run, Err *err)
{
	if (run->kind != RUN_NIGHT)
		return true;
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_RUN_FIND_NIGHT, &query, err))
		return false;
	query_put_i64(&query, run->org);
	query_put_i64(&query, run->local_date);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	if (!has_row || query_i64(&query, 0) == run->run_id)
		return true;
	return ERR(err, ERR_CONFLICT, "run %lld is the night of %d already",
		(long long)query_i64(&query, 0), (int)run->local_date);
}

bool sqlite_run_put(Ledger *ledger, Run *run, Err *err)
{
	Db *db = db_for_write(ledger);
	if (!rules_check_run(run, err) || !org_check(db, run->org, err)
		|| !check_night(db, run, err))
		return false;
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, run->run_id ? SQL_RUN_SET : SQL_RUN_ADD, &query, err))
		return false;
	put_run(&query, run);
	if (run->run_id)
		query_put_i64(&query, run->run_id);
	if (!query_run(&query, err))
		return false;
	if (run->run_id && sqlite3_changes(db->handle) == 0)
		return ERR(err, ERR_MISSING, "there is no run %lld", (long long)run->run_id);
	if (!run->run_id)
		run->run_id = sqlite3_last_insert_rowid(db->handle);
	return true;
}

bool sqlite_run_get(Ledger *ledger, int64_t run_id, Run *out, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db_of_ledger(ledger), SQL_RUN_GET, &query, err))
		return false;
	query_put_i64(&query, run_id);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	if (!has_row)
		return ERR(err, ERR_MISSING, "there is no run %lld", (long long)run_id);
	read_run(&query, out);
	return true;
}

bool sqlite_run_list(Ledger *ledger, int64_t org, int64_t before_id, Run *rows, size_t max,
	size_t *out_count, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db_of_ledger(ledger), SQL_RUN_LIST, &query, err))
		return false;
	query_put_i64(&query, org);
	query_put_i64(&query, before_id ? before_id : INT64_MAX);
	query_put_i64(&query, (int64_t)max);
	size_t count = 0;
	for (bool has_row = false;; count++) {
		if (!query_next(&query, &has_row, err))
			return false;
		if (!has_row)
			break;
		read_run(&query, &rows[count]);
	}
	*out_count = count;
	return true;
}

/* ----------------------------------------------------------------- leases */

static bool lease_is_free(Db *db, Str name, Str owner, int64_t now_ms, bool *out, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_LEASE_GET, &query, err))
		return false;
	query_put_str(&query, name);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	*out = !has_row || str_eq(query_str(&query, 0), owner) || query_i64(&query, 1) <= now_ms;
	return true;
}

bool sqlite_lease_take(Ledger *ledger, Str name, Str owner, int64_t now_ms, int64_t until_ms,
	bool *out_taken, Err *err)
{
	Db *db = db_for_write(ledger);
	bool is_free = false;
	if (!rules_check_lease(name, owner, err)
		|| !lease_is_free(db, name, owner, now_ms, &is_free, err))
		return false;
	if (is_free) {
		CLEANUP(query_fini) Query query = { 0 };
		if (!query_open(db, SQL_LEASE_PUT, &query, err))
			return false;
		query_put_str(&query, name);
		query_put_str(&query, owner);
		query_put_i64(&query, until_ms);
		if (!query_run(&query, err))
			return false;
	}
	*out_taken = is_free;
	return true;
}

bool sqlite_lease_release(Ledger *ledger, Str name, Str owner, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db_for_write(ledger), SQL_LEASE_RELEASE, &query, err))
		return false;
	query_put_str(&query, name);
	query_put_str(&query, owner);
	return query_run(&query, err);
}
