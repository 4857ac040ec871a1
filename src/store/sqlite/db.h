/* db.h: one SQLite handle and its statements. Private to store/sqlite/. Statements are prepared
 * when first used and kept. A Query borrows one of them: open, bind values in order, step, read
 * columns, and let CLEANUP(query_fini) give it back. Values bound and columns read are borrowed
 * until then. One thread. */
#ifndef STORE_SQLITE_DB_H
#define STORE_SQLITE_DB_H

#include "base/base.h"
#include "base/err.h"
#include "base/str.h"
#include "store/driver.h"
#include "store/migrate.h"
#include "store/sqlite/sql.h"
#include "store/vault.h"

#include <sqlite3.h>

typedef struct Db {
	Store store; /* first: a Store * is a Db * */
	Ledger ledger;
	Desk desk;
	sqlite3 *handle; /* own */
	sqlite3_stmt *stmts[SQL_COUNT];
	Vault vault;
	char *path; /* own */
	bool read_only;
	bool in_txn;
	/* A write failed half-way: the transaction may only be rolled back, to a savepoint before
	 * it or whole. */
	bool is_broken;
	Err broken_by;         /* why */
	int64_t next_event_id; /* 0: ask the table; forgotten at every rollback */
	int64_t log_bytes;     /* of the write-ahead log after the last commit */
	int64_t page_bytes;
	/* A sync of the database failed (doc/adr/007): nothing more is written, also not when
	 * closing. */
	bool is_lost;
} Db;

Db *db_of_store(Store *store);
Db *db_of_ledger(Ledger *ledger);
Db *db_of_desk(Desk *desk);
/* The same for functions that write: asserts that a transaction of a writing handle is open. */
Db *db_for_write(Ledger *ledger);

/* Sets *err from a result code and the handle's message; false. */
bool db_fail(sqlite3 *handle, int code, const char *what, Err *err);
/* Runs a text of several statements that give no rows. */
WARN_UNUSED bool db_script(sqlite3 *handle, const char *sql, const char *what, Err *err);
/* Brings the schema to the end of the list. read_only: only checks that it is there. */
WARN_UNUSED bool db_migrate(
	sqlite3 *handle, const Migration *known, size_t count, bool read_only, Err *err);

/* sound.c: looks at every page, as long as that takes about a second at most: a database that was
 * cut short or overwritten in its middle would open as well, and fail one question after another.
 */
WARN_UNUSED bool db_check_sound(sqlite3 *handle, int64_t page_bytes, Err *err);
/* When *err comes from a damaged file: says what to do. Always false. */
bool db_say_damage(Err *err);

typedef struct Query {
	Db *db;
	sqlite3_stmt *stmt; /* NULL when given back */
	SqlId id;
	int bound;
	int rc;
} Query;

WARN_UNUSED bool query_open(Db *db, SqlId id, Query *out, Err *err);
void query_fini(Query *query);
void query_put_i64(Query *query, int64_t value);
void query_put_str(Query *query, Str value);
void query_put_blob(Query *query, const void *bytes, size_t len);
/* True with *out_row telling whether a row came. */
WARN_UNUSED bool query_next(Query *query, bool *out_row, Err *err);
/* For statements that give no rows; failing marks the transaction broken. */
WARN_UNUSED bool query_run(Query *query, Err *err);
int64_t query_i64(const Query *query, int column);
Str query_str(const Query *query, int column); /* text or blob; NULL gives an empty one */
void query_sfid(const Query *query, int column, SfId *out);

/* A statement with no row to give and no values but numbers. */
WARN_UNUSED bool db_run_i64(Db *db, SqlId id, const int64_t *values, size_t count, Err *err);
#define DB_RUN(db_, id_, err_, ...)                                                                \
	db_run_i64((db_), (id_), (const int64_t[]){ __VA_ARGS__ },                                 \
		sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t), (err_))

extern const Migration sqlite_migrations[];
extern const size_t sqlite_migration_count;

#endif
