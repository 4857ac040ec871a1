/* Every named statement is prepared against an empty migrated schema, and those that must be fast
 * are asked for their plan. */
#include "base/base.h"

#include "base/buf.h"
#include "store/sqlite/db.h"

#include "../../lib/world.h"

static Db *db_of(World *world)
{
	return db_of_store(world->store);
}

static void every_statement_prepares_as_one(void **state)
{
	(void)state;
	World w;
	world_open(&w, "sqlite", 1);
	for (size_t i = 0; i < SQL_COUNT; i++) {
		sqlite3_stmt *stmt = NULL;
		const char *tail = "";
		int rc = sqlite3_prepare_v2(db_of(&w)->handle, sql_texts[i].text, -1, &stmt, &tail);
		if (rc != SQLITE_OK || !stmt)
			fail_msg("%s: %s", sql_texts[i].name, sqlite3_errmsg(db_of(&w)->handle));
		sqlite3_finalize(stmt);
		/* What follows is a comment on the next one, no second statement. */
		rc = sqlite3_prepare_v2(db_of(&w)->handle, tail, -1, &stmt, NULL);
		if (rc != SQLITE_OK || stmt)
			fail_msg("%s: there is more behind it", sql_texts[i].name);
	}
	world_close(&w);
}

static void plan_of(World *w, SqlId id, Buf *out)
{
	char sql[4096];
	sqlite3_stmt *stmt = NULL;
	snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", sql_texts[id].text);
	assert_int_equal(sqlite3_prepare_v2(db_of(w)->handle, sql, -1, &stmt, NULL), SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		buf_printf(out, "%s\n", (const char *)sqlite3_column_text(stmt, 3));
	sqlite3_finalize(stmt);
}

static void nothing_that_runs_often_reads_a_whole_table(void **state)
{
	(void)state;
	/* These read everything by design: counts, lists of open rows, of orgs, of migrations. */
	static const SqlId may_scan[] = { SQL_COUNT_PEOPLE, SQL_ORG_LIST, SQL_OUTBOX_COUNTS,
		SQL_OUTBOX_OPEN_ROWS, SQL_OUTBOX_OLDEST, SQL_MIGRATION_LIST,
		SQL_MIGRATION_TABLE_FIND, SQL_CONNECTION_LIST, SQL_OUTBOX_RECOVER,
		SQL_MIGRATION_NOTE };
	World w;
	world_open(&w, "sqlite", 1);
	for (size_t i = 0; i < SQL_COUNT; i++) {
		bool may = false;
		for (size_t k = 0; k < ARRAY_LEN(may_scan); k++)
			may = may || may_scan[k] == (SqlId)i;
		CLEANUP(buf_fini) Buf plan = BUF_MAX(64 * 1024);
		plan_of(&w, (SqlId)i, &plan);
		if (!may && str_find(buf_str(&plan), STR("SCAN ")) >= 0)
			fail_msg("%s reads a whole table:\n%s", sql_texts[i].name, buf_z(&plan));
		if (!may && str_find(buf_str(&plan), STR("TEMP B-TREE")) >= 0)
			fail_msg("%s sorts:\n%s", sql_texts[i].name, buf_z(&plan));
	}
	world_close(&w);
}

static void claims_use_the_index_of_due_rows(void **state)
{
	(void)state;
	World w;
	world_open(&w, "sqlite", 1);
	CLEANUP(buf_fini) Buf plan = BUF_MAX(64 * 1024);
	plan_of(&w, SQL_OUTBOX_NEXT, &plan);
	assert_true(str_find(buf_str(&plan), STR("USING INDEX outbox_due")) >= 0);
	assert_true(str_find(buf_str(&plan), STR("INDEX outbox_record")) >= 0);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_statement_prepares_as_one),
		cmocka_unit_test(nothing_that_runs_often_reads_a_whole_table),
		cmocka_unit_test(claims_use_the_index_of_due_rows),
	};
	return cmocka_run_group_tests_name("sql", tests, NULL, NULL);
}
