#include "base/base.h"

#include "store/mem/mem.h"

static Mem *mem_of_desk(Desk *desk)
{
	return CONTAINER_OF(desk, Mem, desk);
}

static Mem *desk_for_write(Desk *desk)
{
	Mem *mem = mem_of_desk(desk);
	assert(mem->point_count > 0);
	return mem;
}

/* -------------------------------------------------------------- settings */

static int setting_cmp(const Setting *setting, Str scope, Str name)
{
	int order = str_cmp(setting->scope, scope);
	return order ? order : str_cmp(setting->name, name);
}

/* First place that is not below. */
static size_t setting_place(const Mem *mem, Str scope, Str name)
{
	size_t place = 0;
	while (place < mem->now.settings.count
		&& setting_cmp(mem_at(&mem->now.settings, place), scope, name) < 0)
		place++;
	return place;
}

static Setting *find_setting(const Mem *mem, Str scope, Str name)
{
	size_t place = setting_place(mem, scope, name);
	if (place == mem->now.settings.count)
		return NULL;
	Setting *at = mem_at(&mem->now.settings, place);
	return setting_cmp(at, scope, name) == 0 ? at : NULL;
}

static void read_setting(const Setting *setting, Arena *arena, Setting *out)
{
	*out = (Setting){
		.scope = arena_str(arena, setting->scope),
		.name = arena_str(arena, setting->name),
		.value = arena_str(arena, setting->value),
		.changed_at_ms = setting->changed_at_ms,
		.changed_by = arena_str(arena, setting->changed_by),
	};
}

static bool mem_setting_get(Desk *desk, Str scope, Str name, Arena *arena, Setting *out, Err *err)
{
	const Setting *setting = find_setting(mem_of_desk(desk), scope, name);
	if (!setting)
		return ERR(err, ERR_MISSING, "setting %.*s was never set", STR_ARG(name));
	read_setting(setting, arena, out);
	return true;
}

static bool mem_setting_put(
	Desk *desk, Str scope, Str name, Str value, Str actor, int64_t now_ms, Err *err)
{
	(void)err;
	Mem *mem = desk_for_write(desk);
	Setting *setting = find_setting(mem, scope, name);
	if (!setting) {
		const Setting fresh = { .scope = mem_str(mem, scope), .name = mem_str(mem, name) };
		setting = mem_insert(&mem->now.settings, setting_place(mem, scope, name), &fresh);
	}
	setting->value = mem_str(mem, value);
	setting->changed_at_ms = now_ms;
	setting->changed_by = mem_str(mem, actor);
	return true;
}

static bool mem_setting_list(
	Desk *desk, Str scope, Arena *arena, Setting *rows, size_t max, size_t *out_count, Err *err)
{
	(void)err;
	const Mem *mem = mem_of_desk(desk);
	size_t count = 0;
	for (size_t i = 0; i < mem->now.settings.count && count < max; i++) {
		const Setting *setting = mem_at(&mem->now.settings, i);
		if (str_eq(setting->scope, scope))
			read_setting(setting, arena, &rows[count++]);
	}
	*out_count = count;
	return true;
}

/* ------------------------------------------------------------------ orgs */

static OrgConnection *find_connection(const Mem *mem, const SfId *org_id)
{
	for (size_t i = 0; i < mem->now.connections.count; i++) {
		OrgConnection *at = mem_at(&mem->now.connections, i);
		if (sfid_eq(&at->org_id, org_id))
			return at;
	}
	return NULL;
}

static bool mem_connection_put(Desk *desk, const OrgConnection *org, int64_t now_ms, Err *err)
{
	Mem *mem = desk_for_write(desk);
	if (!rules_check_connection(org, err))
		return false;
	CLEANUP(buf_fini) Buf sealed = BUF_MAX(CREDENTIAL_BYTES_MAX + SEAL_OVERHEAD_BYTES);
	vault_credential_seal(&mem->vault, sfid_str(&org->org_id), org->secret, &sealed);
	if (!buf_check(&sealed, "the credential", err))
		return false;
	const OrgConnection row = {
		.org_id = org->org_id,
		.name = mem_str(mem, org->name),
		.login_url = mem_str(mem, org->login_url),
		.api_version = mem_str(mem, org->api_version),
		.grant = org->grant,
		.client_id = mem_str(mem, org->client_id),
		.username = mem_str(mem, org->username),
		.secret = mem_str(mem, buf_str(&sealed)),
		.is_sandbox = org->is_sandbox,
		.connected_at_ms = org->connected_at_ms ? org->connected_at_ms : now_ms,
	};
	OrgConnection *known = find_connection(mem, &org->org_id);
	if (known)
		*known = row;
	else
		mem_add(&mem->now.connections, &row);
	return true;
}

static bool read_connection(
	Mem *mem, const OrgConnection *row, Arena *arena, OrgConnection *out, Err *err)
{
	OrgConnection org = {
		.org_id = row->org_id,
		.name = arena_str(arena, row->name),
		.login_url = arena_str(arena, row->login_url),
		.api_version = arena_str(arena, row->api_version),
		.grant = row->grant,
		.client_id = arena_str(arena, row->client_id),
		.username = arena_str(arena, row->username),
		.is_sandbox = row->is_sandbox,
		.connected_at_ms = row->connected_at_ms,
	};
	if (!vault_credential_open(
		    &mem->vault, sfid_str(&row->org_id), row->secret, arena, &org.secret, err))
		return false;
	*out = org;
	return true;
}

static bool mem_connection_list(
	Desk *desk, Arena *arena, OrgConnection *rows, size_t max, size_t *out_count, Err *err)
{
	Mem *mem = mem_of_desk(desk);
	size_t count = MIN_OF(max, mem->now.connections.count);
	for (size_t i = 0; i < count; i++) {
		if (!read_connection(mem, mem_at(&mem->now.connections, i), arena, &rows[i], err))
			return false;
	}
	*out_count = count;
	return true;
}

/* ---------------------------------------------------------------- tokens */

static int64_t find_token(const Mem *mem, Str token_text) /* 0 when unknown */
{
	unsigned char hash[HASH_BYTES];
	vault_token_hash(&mem->vault, token_text, hash);
	for (size_t i = 0; i < mem->now.tokens.count; i++) {
		const MemToken *token = mem_at(&mem->now.tokens, i);
		if (memcmp(token->hash, hash, sizeof hash) == 0)
			return (int64_t)i + 1;
	}
	return 0;
}

static bool mem_token_add(Desk *desk, Str name, unsigned scopes, Str token_text, int64_t now_ms,
	int64_t *out_id, Err *err)
{
	Mem *mem = desk_for_write(desk);
	if (find_token(mem, token_text))
		return ERR(err, ERR_CONFLICT, "this API token exists already");
	MemToken token = { .name = mem_str(mem, name), .scopes = scopes, .created_at_ms = now_ms };
	vault_token_hash(&mem->vault, token_text, token.hash);
	*out_id = mem_add(&mem->now.tokens, &token);
	return true;
}

static bool mem_token_find(Desk *desk, Str token_text, Arena *arena, ApiToken *out, Err *err)
{
	const Mem *mem = mem_of_desk(desk);
	int64_t token_id = find_token(mem, token_text);
	const MemToken *token = mem_by_id(&mem->now.tokens, token_id);
	if (!token)
		return ERR(err, ERR_MISSING, "unknown API token");
	*out = (ApiToken){
		.token_id = token_id,
		.name = arena_str(arena, token->name),
		.scopes = token->scopes,
		.created_at_ms = token->created_at_ms,
	};
	return true;
}

const DeskOps mem_desk_ops = {
	.setting_get = mem_setting_get,
	.setting_put = mem_setting_put,
	.setting_list = mem_setting_list,
	.org_put = mem_connection_put,
	.org_list = mem_connection_list,
	.token_add = mem_token_add,
	.token_find = mem_token_find,
};
