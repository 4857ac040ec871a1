#include "base/base.h"

#include "store/sqlite/desk.h"

#include "store/rules.h"
#include "store/sqlite/db.h"

static Db *desk_for_write(Desk *desk)
{
	Db *db = db_of_desk(desk);
	assert(!db->read_only);
	assert(db->in_txn);
	return db;
}

/* -------------------------------------------------------------- settings */

static void read_setting(const Query *query, Arena *arena, Setting *out)
{
	*out = (Setting){
		.scope = arena_str(arena, query_str(query, 0)),
		.name = arena_str(arena, query_str(query, 1)),
		.value = arena_str(arena, query_str(query, 2)),
		.changed_at_ms = query_i64(query, 3),
		.changed_by = arena_str(arena, query_str(query, 4)),
	};
}

static bool sqlite_setting_get(
	Desk *desk, Str scope, Str name, Arena *arena, Setting *out, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db_of_desk(desk), SQL_SETTING_GET, &query, err))
		return false;
	query_put_str(&query, scope);
	query_put_str(&query, name);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	if (!has_row)
		return ERR(err, ERR_MISSING, "setting %.*s was never set", STR_ARG(name));
	read_setting(&query, arena, out);
	return true;
}

static bool sqlite_setting_put(
	Desk *desk, Str scope, Str name, Str value, Str actor, int64_t now_ms, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(desk_for_write(desk), SQL_SETTING_PUT, &query, err))
		return false;
	query_put_str(&query, scope);
	query_put_str(&query, name);
	query_put_str(&query, value);
	query_put_i64(&query, now_ms);
	query_put_str(&query, actor);
	return query_run(&query, err);
}

static bool sqlite_setting_list(
	Desk *desk, Str scope, Arena *arena, Setting *rows, size_t max, size_t *out_count, Err *err)
{
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db_of_desk(desk), SQL_SETTING_LIST, &query, err))
		return false;
	query_put_str(&query, scope);
	query_put_i64(&query, (int64_t)max);
	size_t count = 0;
	for (bool has_row = false;; count++) {
		if (!query_next(&query, &has_row, err))
			return false;
		if (!has_row)
			break;
		read_setting(&query, arena, &rows[count]);
	}
	*out_count = count;
	return true;
}

/* ------------------------------------------------------------------ orgs */

static bool sqlite_connection_put(Desk *desk, const OrgConnection *org, int64_t now_ms, Err *err)
{
	Db *db = desk_for_write(desk);
	if (!rules_check_connection(org, err))
		return false;
	CLEANUP(buf_fini) Buf sealed = BUF_MAX(CREDENTIAL_BYTES_MAX + SEAL_OVERHEAD_BYTES);
	vault_credential_seal(&db->vault, sfid_str(&org->org_id), org->secret, &sealed);
	if (!buf_check(&sealed, "the credential", err))
		return false;
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_CONNECTION_PUT, &query, err))
		return false;
	query_put_str(&query, sfid_str(&org->org_id));
	query_put_str(&query, org->name);
	query_put_str(&query, org->login_url);
	query_put_str(&query, org->api_version);
	query_put_i64(&query, org->grant);
	query_put_str(&query, org->client_id);
	query_put_str(&query, org->username);
	query_put_blob(&query, sealed.ptr, sealed.len);
	query_put_i64(&query, org->is_sandbox);
	query_put_i64(&query, org->connected_at_ms ? org->connected_at_ms : now_ms);
	query_put_i64(&query, now_ms);
	return query_run(&query, err);
}

static bool read_connection(Db *db, const Query *query, Arena *arena, OrgConnection *out, Err *err)
{
	OrgConnection org = {
		.name = arena_str(arena, query_str(query, 1)),
		.login_url = arena_str(arena, query_str(query, 2)),
		.api_version = arena_str(arena, query_str(query, 3)),
		.grant = (OrgGrant)query_i64(query, 4),
		.client_id = arena_str(arena, query_str(query, 5)),
		.username = arena_str(arena, query_str(query, 6)),
		.is_sandbox = query_i64(query, 8) != 0,
		.connected_at_ms = query_i64(query, 9),
	};
	query_sfid(query, 0, &org.org_id);
	if (!vault_credential_open(&db->vault, sfid_str(&org.org_id), query_str(query, 7), arena,
		    &org.secret, err))
		return false;
	*out = org;
	return true;
}

static bool sqlite_connection_list(
	Desk *desk, Arena *arena, OrgConnection *rows, size_t max, size_t *out_count, Err *err)
{
	Db *db = db_of_desk(desk);
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_CONNECTION_LIST, &query, err))
		return false;
	query_put_i64(&query, (int64_t)max);
	size_t count = 0;
	for (bool has_row = false;; count++) {
		if (!query_next(&query, &has_row, err))
			return false;
		if (!has_row)
			break;
		if (!read_connection(db, &query, arena, &rows[count], err))
			return false;
	}
	*out_count = count;
	return true;
}

/* ---------------------------------------------------------------- tokens */

static bool sqlite_token_add(Desk *desk, Str name, unsigned scopes, Str token_text, int64_t now_ms,
	int64_t *out_id, Err *err)
{
	Db *db = desk_for_write(desk);
	unsigned char hash[HASH_BYTES];
	vault_token_hash(&db->vault, token_text, hash);
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_TOKEN_ADD, &query, err))
		return false;
	query_put_blob(&query, hash, sizeof hash);
	query_put_str(&query, name);
	query_put_i64(&query, scopes);
	query_put_i64(&query, now_ms);
	if (!query_run(&query, err))
		return false;
	*out_id = sqlite3_last_insert_rowid(db->handle);
	return true;
}

static bool sqlite_token_find(Desk *desk, Str token_text, Arena *arena, ApiToken *out, Err *err)
{
	Db *db = db_of_desk(desk);
	unsigned char hash[HASH_BYTES];
	vault_token_hash(&db->vault, token_text, hash);
	CLEANUP(query_fini) Query query = { 0 };
	if (!query_open(db, SQL_TOKEN_FIND, &query, err))
		return false;
	query_put_blob(&query, hash, sizeof hash);
	bool has_row = false;
	if (!query_next(&query, &has_row, err))
		return false;
	if (!has_row)
		return ERR(err, ERR_MISSING, "unknown API token");
	*out = (ApiToken){
		.token_id = query_i64(&query, 0),
		.name = arena_str(arena, query_str(&query, 1)),
		.scopes = (unsigned)query_i64(&query, 2),
		.created_at_ms = query_i64(&query, 3),
	};
	return true;
}

const DeskOps sqlite_desk_ops = {
	.setting_get = sqlite_setting_get,
	.setting_put = sqlite_setting_put,
	.setting_list = sqlite_setting_list,
	.org_put = sqlite_connection_put,
	.org_list = sqlite_connection_list,
	.token_add = sqlite_token_add,
	.token_find = sqlite_token_find,
};
