#include "base/base.h"

#include "store/sqlite/db.h"

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

static ErrKind kind_of_code(int code)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL: /* until somebody makes room on the disk */
	case SQLITE_INTERRUPT:
		return ERR_RETRY;
	case SQLITE_CONSTRAINT:
		return ERR_CONFLICT;
	default:
		return ERR_FATAL;
	}
}

bool db_fail(sqlite3 *handle, int code, const char *what, Err *err)
{
	return ERR_CODE(err, kind_of_code(code), code, "%s: %s", what,
		handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
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

bool query_next(Query *query, bool *out_row, Err *err)
{
	/* Kept statements remember old values, so a forgotten one would go unnoticed. */
	assert(query->bound == sqlite3_bind_parameter_count(query->stmt));
	if (query->rc == SQLITE_OK)
		query->rc = sqlite3_step(query->stmt);
	if (query->rc != SQLITE_ROW && query->rc != SQLITE_DONE) {
		if (query->db->in_txn && !sqlite3_stmt_readonly(query->stmt))
			query->db->is_broken = true;
		return db_fail(query->db->handle, query->rc, sql_texts[query->id].name, err);
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
