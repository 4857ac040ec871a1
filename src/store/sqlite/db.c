#include "base/base.h"

#include "store/sqlite/db.h"

#include "base/file.h"

#include <errno.h>

Db *db_of_store(Store *store)
{
	return CONTAINER_OF(store, Db, store);
}

Db *db_of_ledger(Ledger *ledger)
{
	return CONTAINER_OF(ledger, Db, ledger);
}

Db *db_of_desk(Desk *desk)
{
	return CONTAINER_OF(desk, Db, desk);
}

Db *db_for_write(Ledger *ledger)
{
	Db *db = db_of_ledger(ledger);
	assert(!db->read_only);
	assert(db->in_txn);
	return db;
}

/* What a primary code means to callers, and what people can do about it. The disk's troubles end,
 * and nothing is lost that was answered: the same again later. */
typedef struct KnownCode {
	int code;
	ErrKind kind;
	int number;     /* the errno that means as much, 0: none */
	bool has_errno; /* the system said more: a full disk is not always SQLITE_FULL */
} KnownCode;
static const KnownCode known_codes[] = {
	{ SQLITE_BUSY, ERR_RETRY, 0, false },
	{ SQLITE_LOCKED, ERR_RETRY, 0, false },
	{ SQLITE_INTERRUPT, ERR_RETRY, 0, false },
	{ SQLITE_FULL, ERR_RETRY, ENOSPC, false },
	{ SQLITE_READONLY, ERR_RETRY, EROFS, false },
	{ SQLITE_IOERR, ERR_RETRY, EIO, true },
	{ SQLITE_CANTOPEN, ERR_FATAL, EACCES, true },
	{ SQLITE_CONSTRAINT, ERR_CONFLICT, 0, false },
};

/* A commit that cannot write its log leaves the reason with that file only; quotas and read-only
 * disks are plain I/O errors to SQLite. */
static int system_errno(sqlite3 *handle, int code)
{
	sqlite3_file *log = NULL;
	int number = 0;
	if (code != SQLITE_IOERR_WRITE)
		return sqlite3_system_errno(handle);
	if (sqlite3_file_control(handle, NULL, SQLITE_FCNTL_JOURNAL_POINTER, (void *)&log)
			== SQLITE_OK
		&& log && log->pMethods)
		log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
	return number;
}

static const char *advice_for(const KnownCode *known, sqlite3 *handle, int code)
{
	const char *advice = known->has_errno && handle ? file_advice(system_errno(handle, code))
							: "";
	return *advice ? advice : file_advice(known->number);
}

bool db_fail(sqlite3 *handle, int code, const char *what, Err *err)
{
	const char *text = handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
	for (size_t i = 0; i < ARRAY_LEN(known_codes); i++)
		if (known_codes[i].code == (code & 0xff))
			return ERR_CODE(err, known_codes[i].kind, code, "%s: %s%s", what, text,
				advice_for(&known_codes[i], handle, code));
	return ERR_CODE(err, ERR_FATAL, code, "%s: %s", what, text);
}

bool db_script(sqlite3 *handle, const char *sql, const char *what, Err *err)
{
	int rc = sqlite3_exec(handle, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK || db_fail(handle, rc, what, err);
}

/* --------------------------------------------------------------- queries */

bool query_open(Db *db, SqlId id, Query *out, Err *err)
{
	sqlite3_stmt **stmt = &db->stmts[id];
	if (!*stmt) {
		int rc = sqlite3_prepare_v3(
			db->handle, sql_texts[id].text, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
		if (rc != SQLITE_OK)
			return db_fail(db->handle, rc, sql_texts[id].name, err);
	}
	assert(!sqlite3_stmt_busy(*stmt));
	*out = (Query){ .db = db, .stmt = *stmt, .id = id, .rc = SQLITE_OK };
	return true;
}

void query_fini(Query *query)
{
	if (query->stmt)
		sqlite3_reset(query->stmt); /* its code repeats what the last step said */
	query->stmt = NULL;
}

static void note_bind(Query *query, int rc)
{
	assert(rc != SQLITE_RANGE && rc != SQLITE_MISUSE);
	if (query->rc == SQLITE_OK)
		query->rc = rc;
}

void query_put_i64(Query *query, int64_t value)
{
	note_bind(query, sqlite3_bind_int64(query->stmt, ++query->bound, value));
}

void query_put_str(Query *query, Str value)
{
	note_bind(query,
		sqlite3_bind_text64(query->stmt, ++query->bound, value.ptr ? value.ptr : "",
			value.len, SQLITE_STATIC, SQLITE_UTF8));
}

void query_put_blob(Query *query, const void *bytes, size_t len)
{
	note_bind(query,
		sqlite3_bind_blob64(
			query->stmt, ++query->bound, len ? bytes : "", len, SQLITE_STATIC));
}

/* After some errors, a failed read among them, SQLite ends the transaction by itself. What ran
 * after that would be a transaction of its own. */
static bool has_lost_txn(const Db *db)
{
	return db->in_txn && sqlite3_get_autocommit(db->handle);
}

static bool query_fail(Query *query, Err *err)
{
	Db *db = query->db;
	Err cause;
	(void)db_fail(db->handle, query->rc, sql_texts[query->id].name, &cause);
	if (db->in_txn && (!sqlite3_stmt_readonly(query->stmt) || has_lost_txn(db))) {
		db->is_broken = true;
		db->broken_by = cause;
	}
	if (err)
		*err = cause;
	return false;
}

bool query_next(Query *query, bool *out_row, Err *err)
{
	/* Kept statements remember old values, so a forgotten one would go unnoticed. */
	assert(query->bound == sqlite3_bind_parameter_count(query->stmt));
	if (query->rc == SQLITE_OK && has_lost_txn(query->db))
		return ERR(
			err, ERR_RETRY, "the transaction is gone: %s", query->db->broken_by.text);
	if (query->rc == SQLITE_OK)
		query->rc = sqlite3_step(query->stmt);
	if (query->rc != SQLITE_ROW && query->rc != SQLITE_DONE) {
		return query_fail(query, err);
	}
	*out_row = query->rc == SQLITE_ROW;
	query->rc = SQLITE_OK;
	return true;
}

bool query_run(Query *query, Err *err)
{
	bool has_row = false;
	if (!query_next(query, &has_row, err))
		return false;
	assert(!has_row);
	return true;
}

int64_t query_i64(const Query *query, int column)
{
	return sqlite3_column_int64(query->stmt, column);
}

Str query_str(const Query *query, int column)
{
	const char *ptr = sqlite3_column_blob(query->stmt, column);
	int len = sqlite3_column_bytes(query->stmt, column);
	return (Str){ ptr ? ptr : "", (size_t)len };
}

void query_sfid(const Query *query, int column, SfId *out)
{
	if (!str_copy(query_str(query, column), out->text, sizeof out->text))
		*out = (SfId){ 0 };
}

bool db_run_i64(Db *db, SqlId id, const int64_t *values, size_t count, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, id, &query, err))
		return false;
	for (size_t i = 0; i < count; i++)
		query_put_i64(&query, values[i]);
	return query_run(&query, err);
}

/* ------------------------------------------------------------- migrations */

static void stmt_close(sqlite3_stmt **stmt)
{
	sqlite3_finalize(*stmt);
	*stmt = NULL;
}

static bool migration_table_exists(sqlite3 *handle, bool *out, Err *err)
{
	CLEANUP(stmt_close) sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(
		handle, sql_texts[SQL_MIGRATION_TABLE_FIND].text, -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return db_fail(handle, rc, "the list of tables", err);
	*out = rc == SQLITE_ROW;
	return true;
}

static bool migrations_read(
	sqlite3 *handle, AppliedMigration *out, size_t max, size_t *out_count, Err *err)
{
	CLEANUP(stmt_close) sqlite3_stmt *stmt = NULL;
	size_t count = 0;
	int rc = sqlite3_prepare_v2(handle, sql_texts[SQL_MIGRATION_LIST].text, -1, &stmt, NULL);
	while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW && count < max) {
		out[count].number = sqlite3_column_int64(stmt, 0);
		memset(out[count].checksum, 0, HASH_BYTES);
		if (sqlite3_column_bytes(stmt, 1) == HASH_BYTES)
			memcpy(out[count].checksum, sqlite3_column_blob(stmt, 1), HASH_BYTES);
		count++;
		rc = SQLITE_OK;
	}
	if (rc != SQLITE_DONE)
		return db_fail(handle, rc, "the applied migrations", err);
	*out_count = count;
	return true;
}

static bool migration_note(sqlite3 *handle, const Migration *migration, int number, Err *err)
{
	CLEANUP(stmt_close) sqlite3_stmt *stmt = NULL;
	unsigned char checksum[HASH_BYTES];
	migration_checksum(migration, checksum);
	int rc = sqlite3_prepare_v2(handle, sql_texts[SQL_MIGRATION_NOTE].text, -1, &stmt, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_bind_int(stmt, 1, number);
		sqlite3_bind_text(stmt, 2, migration->name, -1, SQLITE_STATIC);
		sqlite3_bind_blob(stmt, 3, checksum, HASH_BYTES, SQLITE_STATIC);
		rc = sqlite3_step(stmt);
	}
	return rc == SQLITE_DONE || db_fail(handle, rc, "the note of a migration", err);
}

static bool migration_apply(sqlite3 *handle, const Migration *migration, int number, Err *err)
{
	char version[64];
	snprintf(version, sizeof version, "PRAGMA user_version = %d", number);
	bool ok = db_script(handle, sql_texts[SQL_TXN_BEGIN].text, "migration", err)
		&& db_script(handle, migration->sql, migration->name, err)
		&& migration_note(handle, migration, number, err)
		&& db_script(handle, version, "migration", err)
		&& db_script(handle, sql_texts[SQL_TXN_COMMIT].text, "migration", err);
	if (ok)
		return true;
	if (!sqlite3_get_autocommit(handle))
		sqlite3_exec(handle, sql_texts[SQL_TXN_ROLLBACK].text, NULL, NULL, NULL);
	return err_wrap(err, "migration %d (%s)", number, migration->name);
}

bool db_migrate(sqlite3 *handle, const Migration *known, size_t count, bool read_only, Err *err)
{
	assert(count <= MIGRATIONS_MAX);
	bool exists = false;
	if (!migration_table_exists(handle, &exists, err))
		return false;
	if (!exists && !read_only && !db_script(handle, sql_migration_table, "migrations", err))
		return false;
	AppliedMigration applied[MIGRATIONS_MAX];
	size_t applied_count = 0;
	if ((exists || !read_only)
		&& !migrations_read(handle, applied, MIGRATIONS_MAX, &applied_count, err))
		return false;
	if (!migrate_check(known, count, applied, applied_count, err))
		return false;
	if (read_only && applied_count < count)
		return ERR(err, ERR_CONFLICT,
			"the database is from an older version; "
			"start the daemon, which brings it up to date");
	for (size_t i = applied_count; i < count; i++) {
		if (!migration_apply(handle, &known[i], (int)i + 1, err))
			return false;
	}
	return true;
}
