#include "base/base.h"

#include "web/api.h"

#include "web/internal.h"

/* Private keys in PEM: RSA 4096 is 3.3 KB. */
enum { CREDENTIAL_BYTES_MAX = 16 * 1024, LOGIN_TEXT_BYTES_MAX = 512 };

static const struct {
	Str name;
	OrgGrant grant;
	const char *secret_member;
	bool wants_username;
} grants[] = {
	{ STR_INIT("client_credentials"), GRANT_CLIENT_CREDENTIALS, "client_secret", false },
	{ STR_INIT("jwt_bearer"), GRANT_JWT_BEARER, "private_key", true },
};

static Str grant_name(OrgGrant grant)
{
	for (size_t i = 0; i < ARRAY_LEN(grants); i++)
		if (grants[i].grant == grant)
			return grants[i].name;
	return STR_NONE;
}

/* ----------------------------------------------------------------- list */

static bool list_work(WebCall *call, Store *store, Err *err)
{
	size_t count;
	OrgConnection *rows = arena_alloc(&call->arena, WEB_ORGS_MAX, sizeof *rows);
	if (!desk_org_list(store_desk(store), &call->arena, rows, WEB_ORGS_MAX, &count, err))
		return false;
	JsonWriter w;
	jw_init(&w, &call->body);
	jw_object_begin(&w);
	jw_key(&w, "orgs");
	jw_array_begin(&w);
	for (size_t i = 0; i < count; i++) {
		const OrgConnection *org = &rows[i];
		jw_object_begin(&w);
		jw_kv_str(&w, "org_id", sfid_str(&org->org_id));
		jw_kv_str(&w, "name", org->name);
		jw_kv_str(&w, "login_url", org->login_url);
		jw_kv_str(&w, "api_version", org->api_version);
		jw_kv_str(&w, "grant", grant_name(org->grant));
		jw_kv_time(&w, "connected_at", org->connected_at_ms);
		jw_kv_bool(&w, "is_sandbox", org->is_sandbox);
		jw_object_end(&w);
	}
	jw_array_end(&w);
	jw_object_end(&w);
	return true;
}

void api_org_list(void *ctx, HttpExchange *exchange)
{
	web_call_read(web_call(ctx, exchange, list_work));
}

/* -------------------------------------------------------------- connect */

static bool required(
	const JsonVal *object, const char *name, size_t bytes_max, Arena *arena, Str *out, Err *err)
{
	return web_text_member(object, name, bytes_max, arena, out, err)
		&& (out->len || ERR(err, ERR_INPUT, "member \"%s\" is missing", name));
}

/* "64.0": three digits at most before the dot; app/ decides which ones it can speak. */
static bool is_api_version(Str s)
{
	int64_t major;
	return str_ends(s, STR(".0")) && str_to_i64(str_sub(s, 0, s.len - 2), 1, 999, &major);
}

static bool parse_wish(const JsonVal *object, Arena *arena, OrgConnection *wish, Err *err)
{
	Str grant;
	if (!required(object, "login_url", LOGIN_TEXT_BYTES_MAX, arena, &wish->login_url, err)
		|| !required(object, "grant", LOGIN_TEXT_BYTES_MAX, arena, &grant, err)
		|| !required(
			object, "client_id", LOGIN_TEXT_BYTES_MAX, arena, &wish->client_id, err)
		|| !web_text_member(
			object, "username", LOGIN_TEXT_BYTES_MAX, arena, &wish->username, err)
		|| !web_text_member(object, "api_version", 8, arena, &wish->api_version, err))
		return false;
	if (!str_starts(wish->login_url, STR("https://"))
		&& !str_starts(wish->login_url, STR("http://")))
		return ERR(err, ERR_INPUT,
			"member \"login_url\": the org's address, such as "
			"https://mydomain.my.salesforce.com");
	if (wish->api_version.len && !is_api_version(wish->api_version))
		return ERR(err, ERR_INPUT, "member \"api_version\": such as \"64.0\"");
	for (size_t i = 0; i < ARRAY_LEN(grants); i++) {
		if (!str_eq(grant, grants[i].name))
			continue;
		wish->grant = grants[i].grant;
		if (grants[i].wants_username && !wish->username.len)
			return ERR(err, ERR_INPUT,
				"member \"username\": jwt_bearer needs the user to act as");
		return required(object, grants[i].secret_member, CREDENTIAL_BYTES_MAX, arena,
			&wish->secret, err);
	}
	return ERR(err, ERR_INPUT, "member \"grant\": client_credentials or jwt_bearer");
}

void api_org_connect(void *ctx, HttpExchange *exchange)
{
	Web *web = ctx;
	const WebApp *app = &web->options.app;
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	Err err;
	OrgConnection *wish = arena_alloc(&exchange->arena, 1, sizeof *wish);
	if (!web_json(exchange, &doc))
		return;
	if (!parse_wish(doc.root, &exchange->arena, wish, &err)) {
		reply_err(exchange, &err);
		return;
	}
	if (app->org_connect)
		app->org_connect(app->ctx, exchange, wish);
	else
		reply_problem(
			exchange, 503, "this process cannot reach Salesforce; ask the daemon");
}

/* --------------------------------------------------------------- status */

void api_org_status(void *ctx, HttpExchange *exchange)
{
	Web *web = ctx;
	const WebApp *app = &web->options.app;
	Str org_id;
	if (!web_query_org(exchange, &org_id))
		return;
	if (app->org_status)
		app->org_status(app->ctx, exchange, org_id);
	else
		reply_problem(
			exchange, 503, "this process cannot reach Salesforce; ask the daemon");
}
