#include "base/base.h"

#include "store/sqlite/db.h"

enum {
	CHECK_BYTES_MAX = 256 * 1024 * 1024, /* at about 250 MB a second */
};

static bool first_column(sqlite3 *handle, const char *sql, sqlite3_stmt **out, Err *err)
{
	int rc = sqlite3_prepare_v2(handle, sql, -1, out, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(*out);
	return rc == SQLITE_ROW || db_fail(handle, rc, sql, err);
}

bool db_check_sound(sqlite3 *handle, int64_t page_bytes, Err *err)
{
	sqlite3_stmt *pages = NULL, *finding = NULL;
	bool ok = first_column(handle, "PRAGMA page_count", &pages, err);
	bool is_small = ok && sqlite3_column_int64(pages, 0) * page_bytes <= CHECK_BYTES_MAX;
	if (is_small)
		ok = first_column(handle, "PRAGMA quick_check(1)", &finding, err);
	if (ok && is_small) {
		const char *text = (const char *)sqlite3_column_text(finding, 0);
		ok = str_eq(str_from(text), STR("ok"))
			|| ERR_CODE(err, ERR_FATAL, SQLITE_CORRUPT, "%s", text ? text : "");
	}
	sqlite3_finalize(pages);
	sqlite3_finalize(finding);
	return ok;
}

/* quick_check puts a line that names the database before its finding. */
static Str finding_of(Str text)
{
	Str line = text;
	if (str_starts(text, STR("*** in database")))
		(void)str_split(&text, '\n', &line);
	(void)str_split(&text, '\n', &line);
	return line;
}

bool db_say_damage(Err *err)
{
	int code = err && err->kind == ERR_FATAL ? err->code & 0xff : 0;
	if (code != SQLITE_CORRUPT && code != SQLITE_NOTADB)
		return false;
	const Err cause = *err;
	return ERR_CODE(err, cause.kind, cause.code,
		"damaged (%.*s); keep it and what stands beside it (-wal, -shm) for whoever looks into "
		"that, and restore a backup (doc/install.md)",
		STR_ARG(str_sub(finding_of(str_from(cause.text)), 0, 200)));
}
