#include "base/base.h"

#include "store/migrate.h"

#include "../../lib/world.h"
#include "store/sqlite/db.h"

static const Migration first = { "first", "CREATE TABLE a (x INTEGER) STRICT;" };
static const Migration second = { "second",
	"CREATE TABLE b (x INTEGER) STRICT; INSERT INTO b VALUES (1);" };
static const Migration altered = { "first", "CREATE TABLE a (x INTEGER, y TEXT) STRICT;" };
static const Migration breaking = { "breaking",
	"CREATE TABLE b (x INTEGER) STRICT; INSERT INTO missing VALUES (1);" };

static sqlite3 *open_memory(void)
{
	sqlite3 *db = NULL;
	MUST(secret_library_init(&err));
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	return db;
}

static int query_int(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int value = -1;
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK
		&& sqlite3_step(stmt) == SQLITE_ROW)
		value = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

static void each_migration_runs_once_in_order(void **state)
{
	(void)state;
	sqlite3 *db = open_memory();
	const Migration list[] = { first, second };
	MUST(db_migrate(db, list, 1, false, &err));
	assert_int_equal(query_int(db, "PRAGMA user_version"), 1);
	MUST(db_migrate(db, list, 2, false, &err));
	MUST(db_migrate(db, list, 2, false, &err));
	assert_int_equal(query_int(db, "PRAGMA user_version"), 2);
	assert_int_equal(query_int(db, "SELECT count(*) FROM b"), 1);
	assert_int_equal(query_int(db, "SELECT count(*) FROM migration"), 2);
	sqlite3_close(db);
}

static void unknown_rows_of_the_first_schema_may_land_after_the_upgrade(void **state)
{
	(void)state;
	sqlite3 *db = open_memory();
	MUST(db_migrate(db, sqlite_migrations, 1, false, &err));
	assert_int_equal(
		sqlite3_exec(db,
			"INSERT INTO org VALUES (1, 'o', 0);"
			"INSERT INTO person (person_id, hash, created_at_ms)"
			" VALUES (1, zeroblob(16), 0);"
			"INSERT INTO record (org, sfid) VALUES (1, 'r');"
			"INSERT INTO outbox VALUES (1, 1, 'r', 1, 4, 5, 70, 1, 0, '', '', '');"
			"INSERT INTO outbox VALUES (2, 1, 'r', 1, 5, 5, 70, 1, 0, '', '', '');",
			NULL, NULL, NULL),
		SQLITE_OK);
	MUST(db_migrate(db, sqlite_migrations, sqlite_migration_count, false, &err));
	assert_int_equal(query_int(db, "SELECT lands_until_ms FROM outbox WHERE outbox_id = 1"),
		70 + OUTBOX_LANDS_MS);
	assert_int_equal(query_int(db, "SELECT lands_until_ms FROM outbox WHERE outbox_id = 2"), 0);
	sqlite3_close(db);
}

static void newer_database_is_refused(void **state)
{
	(void)state;
	sqlite3 *db = open_memory();
	const Migration list[] = { first, second };
	MUST(db_migrate(db, list, 2, false, &err));
	REFUSED(ERR_CONFLICT, db_migrate(db, list, 1, false, &err));
	REFUSED(ERR_CONFLICT, db_migrate(db, list, 1, true, &err));
	sqlite3_close(db);
}

static void altered_migration_is_refused(void **state)
{
	(void)state;
	sqlite3 *db = open_memory();
	MUST(db_migrate(db, &first, 1, false, &err));
	REFUSED(ERR_FATAL, db_migrate(db, &altered, 1, false, &err));
	sqlite3_close(db);
}

static void missing_migration_is_refused(void **state)
{
	(void)state;
	sqlite3 *db = open_memory();
	const Migration list[] = { first, second };
	MUST(db_migrate(db, list, 2, false, &err));
	sqlite3_exec(db, "DELETE FROM migration WHERE number = 1", NULL, NULL, NULL);
	REFUSED(ERR_FATAL, db_migrate(db, list, 2, false, &err));
	sqlite3_close(db);
}

static void broken_migration_leaves_nothing(void **state)
{
	(void)state;
	sqlite3 *db = open_memory();
	const Migration bad[] = { first, breaking }, good[] = { first, second };
	REFUSED(ERR_FATAL, db_migrate(db, bad, 2, false, &err));
	assert_int_equal(query_int(db, "PRAGMA user_version"), 1);
	assert_int_equal(query_int(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'"), 0);
	assert_int_equal(query_int(db, "SELECT count(*) FROM migration"), 1);
	MUST(db_migrate(db, good, 2, false, &err)); /* and can be tried again */
	sqlite3_close(db);
}

static void reader_does_not_migrate(void **state)
{
	(void)state;
	sqlite3 *db = open_memory();
	const Migration list[] = { first, second };
	REFUSED(ERR_CONFLICT, db_migrate(db, list, 1, true, &err));
	MUST(db_migrate(db, list, 1, false, &err));
	REFUSED(ERR_CONFLICT, db_migrate(db, list, 2, true, &err));
	MUST(db_migrate(db, list, 1, true, &err));
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_migration_runs_once_in_order),
		cmocka_unit_test(unknown_rows_of_the_first_schema_may_land_after_the_upgrade),
		cmocka_unit_test(newer_database_is_refused),
		cmocka_unit_test(altered_migration_is_refused),
		cmocka_unit_test(missing_migration_is_refused),
		cmocka_unit_test(broken_migration_leaves_nothing),
		cmocka_unit_test(reader_does_not_migrate),
	};
	return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
