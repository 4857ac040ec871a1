#include "base/base.h"

#include "store/desk.h"

#include "../../lib/world.h"

#include "base/file.h"

static void put_setting(World *w, const char *scope, const char *name, const char *value)
{
	w_begin(w);
	MUST(desk_setting_put(store_desk(w->store), str_from(scope), str_from(name),
		str_from(value), STR("admin"), w->now_ms, &err));
	w_commit(w);
}

static void setting_is_kept_by_scope_and_name(void **state)
{
	World *w = *state;
	Desk *desk = store_desk(w->store);
	Setting setting;
	REFUSED(ERR_MISSING,
		desk_setting_get(desk, STR(""), STR("public.url"), &w->arena, &setting, &err));
	put_setting(w, "", "public.url", "https://a.example");
	put_setting(w, "00D1", "sync.mode", "sales");
	put_setting(w, "00D1", "sync.hour", "20");
	w->now_ms += 5;
	put_setting(w, "", "public.url", "https://b.example");
	MUST(desk_setting_get(desk, STR(""), STR("public.url"), &w->arena, &setting, &err));
	assert_str_equal(setting.value, STR("https://b.example"));
	assert_str_equal(setting.changed_by, STR("admin"));
	assert_int_equal(setting.changed_at_ms, w->now_ms);
	REFUSED(ERR_MISSING,
		desk_setting_get(desk, STR("00D1"), STR("public.url"), &w->arena, &setting, &err));
	Setting rows[4];
	size_t count;
	MUST(desk_setting_list(desk, STR("00D1"), &w->arena, rows, 4, &count, &err));
	assert_int_equal(count, 2);
	assert_str_equal(rows[0].name, STR("sync.hour"));
	assert_str_equal(rows[0].scope, STR("00D1"));
}

static OrgConnection a_connection(const char *org_id, const char *secret)
{
	OrgConnection org = {
		.name = STR("Acme"),
		.login_url = STR("https://acme.my.salesforce.com"),
		.api_version = STR("64.0"),
		.grant = GRANT_JWT_BEARER,
		.client_id = STR("client"),
		.username = STR("int@acme.example"),
		.secret = str_from(secret),
		.is_sandbox = true,
		.connected_at_ms = 77,
	};
	MUST(sfid_parse(str_from(org_id), &org.org_id, &err));
	return org;
}

static void put_connection(World *w, const OrgConnection *org)
{
	w_begin(w);
	MUST(desk_org_put(store_desk(w->store), org, w->now_ms, &err));
	w_commit(w);
}

static void org_is_kept_with_its_secret_and_overwritten(void **state)
{
	World *w = *state;
	const OrgConnection one = a_connection("00D000000000009", "-----BEGIN KEY-----");
	const OrgConnection two = a_connection("00D000000000003", "two");
	const OrgConnection again = a_connection("00D000000000009", "renewed");
	put_connection(w, &one);
	put_connection(w, &two);
	OrgConnection rows[4];
	size_t count;
	MUST(desk_org_list(store_desk(w->store), &w->arena, rows, 4, &count, &err));
	assert_int_equal(count, 2);
	assert_true(sfid_eq(&rows[0].org_id, &one.org_id)); /* in order of connection */
	assert_str_equal(rows[0].secret, STR("-----BEGIN KEY-----"));
	assert_str_equal(rows[0].login_url, one.login_url);
	assert_str_equal(rows[0].api_version, one.api_version);
	assert_str_equal(rows[0].client_id, one.client_id);
	assert_str_equal(rows[0].username, one.username);
	assert_str_equal(rows[0].name, one.name);
	assert_int_equal(rows[0].grant, GRANT_JWT_BEARER);
	assert_true(rows[0].is_sandbox);
	assert_int_equal(rows[0].connected_at_ms, 77);
	put_connection(w, &again);
	MUST(desk_org_list(store_desk(w->store), &w->arena, rows, 4, &count, &err));
	assert_int_equal(count, 2);
	assert_str_equal(rows[0].secret, STR("renewed"));
}

static void secrets_and_tokens_are_not_in_the_file(void **state)
{
	World *w = *state;
	const OrgConnection org = a_connection("00D000000000009", "SECRET-IN-CLEAR");
	put_connection(w, &org);
	int64_t token_id;
	w_begin(w);
	MUST(desk_token_add(store_desk(w->store), STR("mailer"), SCOPE_SEND,
		STR("optout_TOKEN-IN-CLEAR"), w->now_ms, &token_id, &err));
	w_commit(w);
	MUST(store_checkpoint(w->store, &err));
	char path[128];
	snprintf(path, sizeof path, "%s/optout.db", w->folder);
	CLEANUP(buf_fini) Buf file = BUF_MAX(16 * 1024 * 1024);
	MUST(file_read(path, &file, &err));
	assert_true(str_find(buf_str(&file), STR("int@acme.example")) >= 0); /* it is this file */
	assert_true(str_find(buf_str(&file), STR("SECRET-IN-CLEAR")) < 0);
	assert_true(str_find(buf_str(&file), STR("TOKEN-IN-CLEAR")) < 0);
}

static void too_long_credential_is_refused(void **state)
{
	World *w = *state;
	static char text[20000];
	memset(text, 'k', sizeof text - 1);
	const OrgConnection org = a_connection("00D000000000009", text);
	w_begin(w);
	REFUSED(ERR_INPUT, desk_org_put(store_desk(w->store), &org, w->now_ms, &err));
	w_commit(w);
}

static void token_is_found_by_its_text(void **state)
{
	World *w = *state;
	Desk *desk = store_desk(w->store);
	int64_t token_id;
	w_begin(w);
	MUST(desk_token_add(desk, STR("mailer"), SCOPE_SEND | SCOPE_READ, STR("optout_abc"),
		w->now_ms, &token_id, &err));
	w_commit(w);
	ApiToken token;
	MUST(desk_token_find(desk, STR("optout_abc"), &w->arena, &token, &err));
	assert_int_equal(token.token_id, token_id);
	assert_int_equal(token.scopes, SCOPE_SEND | SCOPE_READ);
	assert_str_equal(token.name, STR("mailer"));
	assert_int_equal(token.created_at_ms, w->now_ms);
	REFUSED(ERR_MISSING, desk_token_find(desk, STR("optout_abd"), &w->arena, &token, &err));
	REFUSED(ERR_MISSING, desk_token_find(desk, STR(""), &w->arena, &token, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			setting_is_kept_by_scope_and_name, sqlite_world_up, sqlite_world_down),
		cmocka_unit_test_setup_teardown(org_is_kept_with_its_secret_and_overwritten,
			sqlite_world_up, sqlite_world_down),
		cmocka_unit_test_setup_teardown(
			secrets_and_tokens_are_not_in_the_file, sqlite_world_up, sqlite_world_down),
		cmocka_unit_test_setup_teardown(
			too_long_credential_is_refused, sqlite_world_up, sqlite_world_down),
		cmocka_unit_test_setup_teardown(
			token_is_found_by_its_text, sqlite_world_up, sqlite_world_down),
	};
	return cmocka_run_group_tests_name("desk", tests, NULL, NULL);
}
