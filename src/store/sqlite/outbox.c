#include "base/base.h"

#include "store/sqlite/ledger.h"

/* The numbers that schema.sql and outbox.sql write out. */
static_assert(OUTBOX_PENDING == 1 && OUTBOX_IN_FLIGHT == 2 && OUTBOX_WAITING == 3
		&& OUTBOX_UNKNOWN == 4 && OUTBOX_DONE == 5 && OUTBOX_CANCELLED == 6
		&& OUTBOX_DEAD == 7 && OUTBOX_STATE_COUNT == 8,
	"states in SQL");
static_assert(EVENT_UNSUBSCRIBED == 2 && EVENT_STOP_REPEATED == 3, "kinds in SQL");
static_assert(TICK_YES == 2, "tick in SQL");

/* ----------------------------------------------------------------- adding */

static bool has_unsent(Db *db, const RecordRef *record, bool *out, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_OUTBOX_UNSENT, &query, err))
		return false;
	query_put_i64(&query, record->org);
	query_put_str(&query, sfid_str(&record->sfid));
	return query_next(&query, out, err);
}

bool outbox_push(Db *db, const RecordRef *record, int64_t person_id, int64_t now_ms, size_t *pushes,
	Err *err)
{
	bool waits = false;
	if (!has_unsent(db, record, &waits, err))
		return false;
	if (waits)
		return true;
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_OUTBOX_ADD, &query, err))
		return false;
	query_put_i64(&query, record->org);
	query_put_str(&query, sfid_str(&record->sfid));
	query_put_i64(&query, person_id);
	query_put_i64(&query, now_ms);
	if (!query_run(&query, err))
		return false;
	(*pushes)++;
	return true;
}

/* Somebody of the record other than `except` who is unsubscribed and is to stay so; 0: nobody. */
static bool find_unsubscribed(
	Db *db, const RecordRef *record, int64_t except, int64_t *out_person_id, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_LINK_OTHER_UNSUBSCRIBED, &query, err))
		return false;
	query_put_i64(&query, record->org);
	query_put_str(&query, sfid_str(&record->sfid));
	query_put_i64(&query, except);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	*out_person_id = query_i64(&query, 0); /* min() of nobody is NULL, which reads as 0 */
	return true;
}

static bool record_is_deleted(Db *db, const RecordRef *record, bool *out, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_RECORD_GET, &query, err))
		return false;
	query_put_i64(&query, record->org);
	query_put_str(&query, sfid_str(&record->sfid));
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	*out = has_row && query_i64(&query, 0) != 0;
	return true;
}

bool sqlite_push_record(
	Ledger *ledger, const RecordRef *record, int64_t now_ms, bool *out_queued, Err *err)
{
	Db *db = db_for_write(ledger);
	bool is_deleted = false;
	int64_t person_id = 0;
	size_t pushes = 0;
	if (!record_is_deleted(db, record, &is_deleted, err)
		|| !find_unsubscribed(db, record, 0, &person_id, err)
		|| (person_id && !is_deleted
			&& !outbox_push(db, record, person_id, now_ms, &pushes, err)))
		return false;
	*out_queued = pushes > 0;
	return true;
}

/* ---------------------------------------------------------------- claiming */

/* The next claimable row at or after the place (row->due_at_ms, row->outbox_id). */
static bool next_claimable(
	Db *db, int64_t org, int64_t now_ms, OutboxRow *row, bool *out_found, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_OUTBOX_NEXT, &query, err))
		return false;
	query_put_i64(&query, org);
	query_put_i64(&query, now_ms);
	query_put_i64(&query, row->due_at_ms);
	query_put_i64(&query, row->outbox_id);
	if (!query_next(&query, out_found, err))
		return false;
	if (!*out_found)
		return true;
	*row = (OutboxRow){
		.outbox_id = query_i64(&query, 0),
		.org = org,
		.person_id = query_i64(&query, 2),
		.state = OUTBOX_IN_FLIGHT,
		.created_at_ms = query_i64(&query, 3),
		.due_at_ms = query_i64(&query, 4),
		.attempts = query_i64(&query, 5) + 1,
		.lands_until_ms = query_i64(&query, 7),
	};
	query_sfid(&query, 1, &row->sfid);
	if (!str_copy(query_str(&query, 6), row->error_code, sizeof row->error_code))
		row->error_code[0] = '\0';
	return true;
}

static bool take(Db *db, int64_t outbox_id, Str owner, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_OUTBOX_TAKE, &query, err))
		return false;
	query_put_i64(&query, outbox_id);
	query_put_str(&query, owner);
	return query_run(&query, err);
}

bool sqlite_outbox_claim(Ledger *ledger, int64_t org, Str owner, int64_t now_ms, OutboxRow *rows,
	size_t max, size_t *out_count, Err *err)
{
	Db *db = db_for_write(ledger);
	/* One row at a time: a row taken blocks later rows of its record at once. */
	OutboxRow at = { .due_at_ms = INT64_MIN };
	size_t count = 0;
	if (!removals_settle(db, NULL, now_ms, err))
		return false;
	while (count < max) {
		bool found = false;
		if (!next_claimable(db, org, now_ms, &at, &found, err))
			return false;
		if (!found)
			break;
		if (!take(db, at.outbox_id, owner, err))
			return false;
		rows[count++] = at;
	}
	*out_count = count;
	return true;
}

bool sqlite_outbox_next_due(Ledger *ledger, int64_t org, int64_t *out_due_ms, Err *err)
{
	Db *db = db_of_ledger(ledger);
	int64_t removal_due_ms = INT64_MAX;
	if (!removals_next_due(db, &removal_due_ms, err))
		return false;
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_OUTBOX_NEXT_DUE, &query, err))
		return false;
	query_put_i64(&query, org);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	*out_due_ms = has_row ? MIN_OF(query_i64(&query, 0), removal_due_ms) : removal_due_ms;
	return true;
}

bool sqlite_outbox_recover(Ledger *ledger, Str owner, int64_t now_ms, size_t *out_count, Err *err)
{
	Db *db = db_for_write(ledger);
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_OUTBOX_RECOVER, &query, err))
		return false;
	query_put_str(&query, owner);
	query_put_i64(&query, now_ms);
	query_put_i64(&query, rules_lands_until(OUTBOX_UNKNOWN, now_ms));
	if (!query_run(&query, err))
		return false;
	*out_count = (size_t)sqlite3_changes(db->handle);
	return true;
}

/* ---------------------------------------------------------------- settling */

typedef struct SettledRow {
	RecordRef record;
	int64_t person_id;
	OutboxState state;
	int64_t due_at_ms;
	bool was_dead;
} SettledRow;

static bool settled_row(Db *db, int64_t outbox_id, SettledRow *out, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_OUTBOX_GET, &query, err))
		return false;
	query_put_i64(&query, outbox_id);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	if (!has_row)
		return ERR(err, ERR_MISSING, "there is no outbox row %lld", (long long)outbox_id);
	*out = (SettledRow){
		.record = { .org = query_i64(&query, 0) },
		.person_id = query_i64(&query, 2),
		.state = (OutboxState)query_i64(&query, 3),
		.due_at_ms = query_i64(&query, 4),
		.was_dead = query_i64(&query, 5) != 0,
	};
	query_sfid(&query, 1, &out->record.sfid);
	return true;
}

static bool check_settle(Db *db, const Settle *settle, Err *err)
{
	SettledRow row;
	if (!rules_check_settle(settle, err) || !settled_row(db, settle->outbox_id, &row, err))
		return false;
	return outbox_may_settle(row.state, settle->state)
		|| ERR(err, ERR_CONFLICT, "outbox row %lld cannot go from %s to %s",
			(long long)settle->outbox_id, outbox_state_name(row.state),
			outbox_state_name(settle->state));
}

static bool write_settle(
	Db *db, const Settle *settle, const SettledRow *row, int64_t now_ms, Err *err)
{
	bool is_retried = settle->state == OUTBOX_WAITING || settle->state == OUTBOX_UNKNOWN
		|| settle->state == OUTBOX_DEAD;
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_OUTBOX_SETTLE, &query, err))
		return false;
	query_put_i64(&query, settle->outbox_id);
	query_put_i64(&query, settle->state);
	query_put_i64(&query, is_retried ? settle->due_at_ms : row->due_at_ms);
	query_put_i64(&query, settle->state == OUTBOX_PENDING); /* never sent: no attempt */
	query_put_i64(&query, settle->state == OUTBOX_DEAD);
	query_put_str(&query, settle->error_code);
	query_put_str(&query, settle->error_text);
	query_put_i64(&query, rules_lands_until(settle->state, now_ms));
	return query_run(&query, err);
}

static bool note_ticked(Db *db, const RecordRef *record, int64_t now_ms, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_RECORD_SET_TICKED, &query, err))
		return false;
	query_put_i64(&query, record->org);
	query_put_str(&query, sfid_str(&record->sfid));
	query_put_i64(&query, now_ms);
	return query_run(&query, err);
}

static bool add_settle_event(Db *db, const SettledRow *row, EventKind kind, const Details *details,
	int64_t now_ms, Err *err)
{
	PersonRow person;
	int64_t event_id;
	return person_row_by_id(db, row->person_id, &person, err)
		&& event_add(db,
			&(NewEvent){ .person = &person,
				.kind = kind,
				.text = { .details = details_str(details) },
				.now_ms = now_ms },
			&event_id, err);
}

static bool note_settle(
	Db *db, const Settle *settle, const SettledRow *row, int64_t now_ms, Err *err)
{
	Details details;
	if (settle->record_deleted)
		return record_unlink(db, &row->record, now_ms, err);
	if (settle->state == OUTBOX_DONE) {
		details_ticked(&details, &row->record.sfid, settle->fields_written);
		return note_ticked(db, &row->record, now_ms, err)
			&& add_settle_event(db, row, EVENT_TICKED, &details, now_ms, err);
	}
	if (settle->state == OUTBOX_DEAD && !row->was_dead) {
		details_refused(
			&details, &row->record.sfid, settle->error_code, settle->error_text);
		return add_settle_event(db, row, EVENT_TICK_REFUSED, &details, now_ms, err);
	}
	return true;
}

bool sqlite_outbox_settle(
	Ledger *ledger, const Settle *settles, size_t count, int64_t now_ms, Err *err)
{
	Db *db = db_for_write(ledger);
	for (size_t i = 0; i < count; i++) {
		if (!check_settle(db, &settles[i], err))
			return false;
	}
	for (size_t i = 0; i < count; i++) {
		SettledRow row;
		if (!settled_row(db, settles[i].outbox_id, &row, err)
			|| !write_settle(db, &settles[i], &row, now_ms, err)
			|| !note_settle(db, &settles[i], &row, now_ms, err)
			|| !removals_settle(db, &row.record, now_ms, err))
			return false;
	}
	return true;
}

/* --------------------------------------------------------------- removals */

typedef struct UnsentRow {
	int64_t outbox_id;
	RecordRef record;
	OutboxState state;
} UnsentRow;

static bool next_unsent(Db *db, int64_t person_id, UnsentRow *row, bool *out_found, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_OUTBOX_NEXT_UNSENT, &query, err))
		return false;
	query_put_i64(&query, person_id);
	query_put_i64(&query, row->outbox_id);
	if (!query_next(&query, out_found, err))
		return false;
	if (*out_found) {
		row->outbox_id = query_i64(&query, 0);
		row->record.org = query_i64(&query, 1);
		query_sfid(&query, 2, &row->record.sfid);
		row->state = (OutboxState)query_i64(&query, 3);
	}
	return true;
}

bool outbox_take_back(Db *db, int64_t person_id, size_t *out_cancelled, Err *err)
{
	size_t cancelled = 0;
	UnsentRow row = { 0 };
	for (;;) {
		bool found = false;
		int64_t other_id = 0;
		if (!next_unsent(db, person_id, &row, &found, err))
			return false;
		if (!found)
			break;
		/* One row serves everybody of a record: it goes on for whoever else is
		 * unsubscribed. */
		if (!find_unsubscribed(db, &row.record, person_id, &other_id, err))
			return false;
		if (!(other_id ? DB_RUN(db, SQL_OUTBOX_GIVE, err, row.outbox_id, other_id)
			       : DB_RUN(db, SQL_OUTBOX_CANCEL, err, row.outbox_id)))
			return false;
		cancelled += !other_id && outbox_is_queued(row.state);
	}
	*out_cancelled = cancelled;
	return true;
}

/* ------------------------------------------------------------- diagnostics */

static void read_problem(const Query *query, Arena *arena, OutboxProblem *out)
{
	*out = (OutboxProblem){
		.row = { .outbox_id = query_i64(query, 0),
			.org = query_i64(query, 1),
			.person_id = query_i64(query, 3),
			.state = (OutboxState)query_i64(query, 4),
			.created_at_ms = query_i64(query, 5),
			.due_at_ms = query_i64(query, 6),
			.attempts = query_i64(query, 7),
			.lands_until_ms = query_i64(query, 10) },
		.error_text = arena_str(arena, query_str(query, 9)),
	};
	query_sfid(query, 2, &out->row.sfid);
	if (!str_copy(query_str(query, 8), out->row.error_code, sizeof out->row.error_code))
		out->row.error_code[0] = '\0';
}

bool sqlite_outbox_open_rows(
	Ledger *ledger, Arena *arena, OutboxProblem *rows, size_t max, size_t *out_count, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db_of_ledger(ledger), SQL_OUTBOX_OPEN_ROWS, &query, err))
		return false;
	query_put_i64(&query, (int64_t)max);
	size_t count = 0;
	for (bool has_row = false;; count++) {
		if (!query_next(&query, &has_row, err))
			return false;
		if (!has_row)
			break;
		read_problem(&query, arena, &rows[count]);
	}
	*out_count = count;
	return true;
}
