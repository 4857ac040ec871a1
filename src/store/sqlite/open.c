#include "base/base.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/planted.h"
#include "store/sqlite/desk.h"
#include "store/sqlite/ledger.h"

#include <errno.h>
#include <fcntl.h>

enum {
	/* "Opto" in ASCII: file(1) and other programs can tell what the file is. */
	APPLICATION_ID = 0x4f70746f,
	/* Readers meet a lock only while the writer recovers or truncates the log; a writer never
	   should. */
	BUSY_MS = 5000,
	LOG_HEADER_BYTES = 32,
	LOG_FRAME_HEADER_BYTES = 24,
	/* A longer log is not cut but written over. */
	LOG_CUT_BYTES_MAX = 4 * 1024 * 1024,
};

const Migration sqlite_migrations[] = {
	{ "people, records, history, outbox, runs and desk", sql_migration_001 },
	{ "calls that may still land", sql_migration_002 },
};
const size_t sqlite_migration_count = ARRAY_LEN(sqlite_migrations);

static bool pragma_i64(sqlite3 *handle, const char *sql, int64_t *out, Err *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);
	if (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
		*out = sqlite3_column_int64(stmt, 0);
	bool ok = rc == SQLITE_ROW || db_fail(handle, rc, sql, err);
	sqlite3_finalize(stmt);
	return ok;
}

/* An empty file becomes ours; a file of another program is left alone. */
static bool claim_file(Db *db, Err *err)
{
	int64_t application_id = 0, schema_version = 0;
	if (!pragma_i64(db->handle, "PRAGMA application_id", &application_id, err)
		|| !pragma_i64(db->handle, "PRAGMA schema_version", &schema_version, err))
		return false;
	if (application_id == APPLICATION_ID)
		return true;
	if (application_id != 0 || schema_version != 0)
		return ERR(err, ERR_FATAL,
			"the file belongs to another program; give store_url the path of one of its own");
	if (db->read_only)
		return ERR(err, ERR_MISSING, "the database is empty; start the daemon first");
	char sql[64];
	snprintf(sql, sizeof sql, "PRAGMA application_id = %d", APPLICATION_ID);
	return db_script(db->handle, sql, "application_id", err);
}

static bool check_keyring(Db *db, Err *err)
{
	{
		CLEANUP(query_fini) Query get = { 0 };
		if (!query_open(db, SQL_META_GET, &get, err))
			return false;
		query_put_str(&get, STR("keyring_check"));
		bool has_row = false;
		if (!query_next(&get, &has_row, err))
			return false;
		if (has_row)
			return vault_check(&db->vault, query_str(&get, 0), err);
	}
	if (db->read_only)
		return ERR(err, ERR_FATAL, "the check value of the keyring is missing");
	unsigned char check[VAULT_CHECK_BYTES];
	vault_check_value(&db->vault, check);
	CLEANUP(query_fini) Query put = { 0 };
	if (!query_open(db, SQL_META_PUT, &put, err))
		return false;
	query_put_str(&put, STR("keyring_check"));
	query_put_blob(&put, check, sizeof check);
	return query_run(&put, err);
}

static int note_log_size(void *context, sqlite3 *handle, const char *name, int pages)
{
	(void)handle;
	(void)name;
	Db *db = context;
	db->log_bytes = LOG_HEADER_BYTES + pages * (db->page_bytes + LOG_FRAME_HEADER_BYTES);
	return SQLITE_OK;
}

static bool move_log(Db *db, Err *err)
{
	/* Does not wait for readers: what they still need stays in the log until the next time. A
	 * long log is kept as a file and written over from its start: to cut 64 MB takes as long as
	 * to move them, and the next commits would have to grow the file again. */
	bool is_long = db->log_bytes > LOG_CUT_BYTES_MAX;
	int mode = is_long ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE;
	sqlite3_busy_timeout(db->handle, 0);
	int in_log = 0, moved = 0;
	int rc = sqlite3_wal_checkpoint_v2(db->handle, NULL, mode, &in_log, &moved);
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	if (rc == SQLITE_OK && in_log == moved)
		db->log_bytes = is_long ? LOG_HEADER_BYTES : 0;
	if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY)
		return true;
	db->is_lost = rc == SQLITE_IOERR_FSYNC;
	(void)db_fail(db->handle, rc, "checkpoint", err);
	if (err)
		err->kind = db->is_lost ? ERR_FATAL : ERR_RETRY;
	return false;
}

static bool prepare_handle(Db *db, Err *err)
{
	const char *settings = db->read_only ? sql_connection_reader : sql_connection_writer;
	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	int rc = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (rc != SQLITE_OK)
		return db_fail(db->handle, rc, "defensive mode", err);
	if (!claim_file(db, err) || !db_script(db->handle, settings, "settings", err)
		|| !pragma_i64(db->handle, "PRAGMA page_size", &db->page_bytes, err))
		return false;
	if (PLANTED(SYNCHRONOUS_NORMAL) && !db->read_only
		&& !db_script(db->handle, "PRAGMA synchronous = NORMAL", "planted", err))
		return false;
	if (!db->read_only)
		sqlite3_wal_hook(db->handle, note_log_size, db);
	if (!db->read_only && !db_check_sound(db->handle, db->page_bytes, err))
		return false;
	/* What an earlier process left in the log is read from the system's cache. If a sync of it
	 * failed it is on no disk, and the system will not write it again: before anything is built
	 * upon it, it goes into the database and is synced there (doc/adr/007). */
	return db_migrate(db->handle, sqlite_migrations, sqlite_migration_count, db->read_only, err)
		&& check_keyring(db, err) && (db->read_only || move_log(db, err));
}

static void sqlite_close(Store *store)
{
	Db *db = db_of_store(store);
	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(db->stmts[i]);
	/* Closing the last handle moves the log; of a lost one it must stay for the next start. */
	if (db->is_lost)
		sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	int rc = sqlite3_close(db->handle);
	assert(rc == SQLITE_OK); /* all statements are ours and were finalized */
	vault_fini(&db->vault);
	free(db->path);
	free(db);
}

/* Addresses are nobody else's business: SQLite would create the file with the process's umask. The
 * log and its index take over the mode of the database. */
static bool create_file(const char *path, Err *err)
{
	CLEANUP(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int code = errno;
	return fd >= 0
		|| ERR_CODE(err, ERR_FATAL, code, "cannot be opened: %s%s", strerror(code),
			file_advice(code));
}

static bool sqlite_open(Str path, const StoreOptions *options, Store **out, Err *err)
{
	if (path.len == 0)
		return ERR(err, ERR_INPUT, "sqlite: needs the path of a file");
	Db *db = xcalloc(1, sizeof *db);
	db->store = (Store){ .driver = &store_sqlite, .ledger = &db->ledger, .desk = &db->desk };
	db->ledger.ops = &sqlite_ledger_ops;
	db->desk.ops = &sqlite_desk_ops;
	db->read_only = options->read_only;
	db->path = xstrndup(path.ptr, path.len);
	int flags = options->read_only ? SQLITE_OPEN_READONLY
				       : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	bool ok = vault_init(&db->vault, options->keyring, options->rng, err)
		&& (db->read_only || create_file(db->path, err));
	if (ok) {
		int rc = sqlite3_open_v2(db->path, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL);
		ok = rc == SQLITE_OK || db_fail(db->handle, rc, "open", err);
		if (!ok && options->read_only && err && (rc & 0xff) == SQLITE_CANTOPEN)
			err->kind = ERR_MISSING;
	}
	ok = ok && prepare_handle(db, err);
	if (!ok) {
		/* Closing would move the log into what is refused, and remove it. */
		if (db->handle)
			sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		db_say_damage(err);
		err_wrap(err, "database %s", db->path);
		sqlite_close(&db->store);
		return false;
	}
	*out = &db->store;
	return true;
}

/* ---------------------------------------------------------- transactions */

static bool fail_lost(ErrKind kind, Err *err)
{
	return ERR(
		err, kind, "a sync of the database failed; only a new start knows what is on disk");
}

static bool sqlite_begin(Store *store, Err *err)
{
	Db *db = db_of_store(store);
	assert(!db->read_only && !db->in_txn);
	if (db->is_lost)
		return fail_lost(ERR_RETRY, err);
	if (!db_run_i64(db, SQL_TXN_BEGIN, NULL, 0, err))
		return false;
	db->in_txn = true;
	db->is_broken = false;
	return true;
}

static void sqlite_rollback(Store *store)
{
	Db *db = db_of_store(store);
	/* After some errors SQLite has rolled back by itself. */
	if (!sqlite3_get_autocommit(db->handle))
		sqlite3_exec(db->handle, sql_texts[SQL_TXN_ROLLBACK].text, NULL, NULL, NULL);
	db->in_txn = false;
	db->is_broken = false;
	db->next_event_id = 0;
}

static bool sqlite_commit(Store *store, Err *err)
{
	Db *db = db_of_store(store);
	assert(db->in_txn);
	bool ok = !db->is_broken
		|| ERR(err, ERR_RETRY, "a change of this transaction failed half-way: %s",
			db->broken_by.text);
	if (ok && db_run_i64(db, SQL_TXN_COMMIT, NULL, 0, err)) {
		db->in_txn = false;
		return true;
	}
	sqlite_rollback(store);
	return false;
}

static bool sqlite_savepoint(Store *store, Err *err)
{
	Db *db = db_of_store(store);
	assert(db->in_txn);
	if (db->is_broken)
		return ERR(err, ERR_RETRY, "a change of this transaction failed half-way: %s",
			db->broken_by.text);
	return db_run_i64(db, SQL_SAVEPOINT_SET, NULL, 0, err);
}

static bool sqlite_savepoint_release(Store *store, Err *err)
{
	Db *db = db_of_store(store);
	assert(db->in_txn);
	if (db->is_broken)
		return ERR(err, ERR_RETRY, "a change since the savepoint failed half-way: %s",
			db->broken_by.text);
	return db_run_i64(db, SQL_SAVEPOINT_RELEASE, NULL, 0, err);
}

static void sqlite_savepoint_rollback(Store *store)
{
	Db *db = db_of_store(store);
	/* When even this fails the whole transaction is lost, which commit must then say. */
	bool ok = db_run_i64(db, SQL_SAVEPOINT_UNDO, NULL, 0, NULL)
		&& db_run_i64(db, SQL_SAVEPOINT_RELEASE, NULL, 0, NULL);
	db->is_broken = !ok;
	db->next_event_id = 0;
}

static bool sqlite_checkpoint(Store *store, Err *err)
{
	Db *db = db_of_store(store);
	assert(!db->read_only && !db->in_txn);
	if (db->is_lost)
		return fail_lost(ERR_FATAL, err);
	return move_log(db, err);
}

static int64_t sqlite_log_bytes(const Store *store)
{
	const Db *db = (const Db *)(const void *)store; /* its first member */
	return db->log_bytes;
}

const StoreDriver store_sqlite = {
	.scheme = "sqlite",
	.open = sqlite_open,
	.close = sqlite_close,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.savepoint = sqlite_savepoint,
	.savepoint_release = sqlite_savepoint_release,
	.savepoint_rollback = sqlite_savepoint_rollback,
	.checkpoint = sqlite_checkpoint,
	.log_bytes = sqlite_log_bytes,
};
