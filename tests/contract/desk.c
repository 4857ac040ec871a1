/* The contract of store/desk.h, one suite for every driver: desk sqlite, desk mem. */
#include "base/base.h"

#include "cases.h"

#include "store/vault.h"

/* -------------------------------------------------------------- settings */

static void write_setting(World *w, const char *scope, const char *name, const char *value)
{
	MUST(desk_setting_put(store_desk(w->store), str_from(scope), str_from(name),
		str_from(value), STR("admin"), w->now_ms, &err));
}

static void put_setting(World *w, const char *scope, const char *name, const char *value)
{
	w_begin(w);
	write_setting(w, scope, name, value);
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
	w->now_ms += 5;
	put_setting(w, "", "public.url", "https://b.example");
	MUST(desk_setting_get(desk, STR(""), STR("public.url"), &w->arena, &setting, &err));
	assert_str_equal(setting.scope, STR(""));
	assert_str_equal(setting.name, STR("public.url"));
	assert_str_equal(setting.value, STR("https://b.example"));
	assert_str_equal(setting.changed_by, STR("admin"));
	assert_int_equal(setting.changed_at_ms, w->now_ms);
	REFUSED(ERR_MISSING,
		desk_setting_get(desk, STR("00D1"), STR("public.url"), &w->arena, &setting, &err));
	REFUSED(ERR_MISSING,
		desk_setting_get(desk, STR(""), STR("sync.mode"), &w->arena, &setting, &err));
}

static void settings_of_a_scope_are_listed_by_name(void **state)
{
	World *w = *state;
	Desk *desk = store_desk(w->store);
	const char *names[] = { "b", "a.b", "B", "a", "c" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		put_setting(w, "00D1", names[i], "1");
		put_setting(w, "", names[i], "2");
		put_setting(w, "00D2", names[i], "3");
	}
	Setting rows[8];
	size_t count;
	MUST(desk_setting_list(desk, STR("00D1"), &w->arena, rows, 8, &count, &err));
	const char *in_order[] = { "B", "a", "a.b", "b", "c" };
	assert_int_equal(count, ARRAY_LEN(in_order));
	for (size_t i = 0; i < count; i++) {
		assert_str_equal(rows[i].scope, STR("00D1"));
		assert_str_equal(rows[i].name, str_from(in_order[i]));
		assert_str_equal(rows[i].value, STR("1"));
	}
	MUST(desk_setting_list(desk, STR("00D1"), &w->arena, rows, 2, &count, &err));
	assert_int_equal(count, 2);
	MUST(desk_setting_list(desk, STR("00D3"), &w->arena, rows, 8, &count, &err));
	assert_int_equal(count, 0);
}

/* ------------------------------------------------------------------ orgs */

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

static size_t list_connections(World *w, OrgConnection *rows, size_t max)
{
	size_t count;
	MUST(desk_org_list(store_desk(w->store), &w->arena, rows, max, &count, &err));
	return count;
}

static void org_is_kept_with_its_secret(void **state)
{
	World *w = *state;
	const OrgConnection org = a_connection("00D000000000009", "-----BEGIN KEY-----");
	OrgConnection rows[4];
	assert_int_equal(list_connections(w, rows, 4), 0);
	put_connection(w, &org);
	assert_int_equal(list_connections(w, rows, 4), 1);
	assert_true(sfid_eq(&rows[0].org_id, &org.org_id));
	assert_str_equal(rows[0].name, org.name);
	assert_str_equal(rows[0].login_url, org.login_url);
	assert_str_equal(rows[0].api_version, org.api_version);
	assert_int_equal(rows[0].grant, GRANT_JWT_BEARER);
	assert_str_equal(rows[0].client_id, org.client_id);
	assert_str_equal(rows[0].username, org.username);
	assert_str_equal(rows[0].secret, STR("-----BEGIN KEY-----"));
	assert_true(rows[0].is_sandbox);
	assert_int_equal(rows[0].connected_at_ms, 77);
}

static void org_is_overwritten_in_its_place(void **state)
{
	World *w = *state;
	const OrgConnection first = a_connection("00D000000000009", "one");
	const OrgConnection second = a_connection("00D000000000003", "two");
	OrgConnection again = a_connection("00D000000000009", "renewed");
	again.is_sandbox = false;
	again.username = STR("");
	again.grant = GRANT_CLIENT_CREDENTIALS;
	again.connected_at_ms = 0; /* now */
	put_connection(w, &first);
	put_connection(w, &second);
	put_connection(w, &again);
	OrgConnection rows[4];
	assert_int_equal(list_connections(w, rows, 4), 2);
	assert_true(sfid_eq(&rows[0].org_id, &first.org_id)); /* in order of connection */
	assert_str_equal(rows[0].secret, STR("renewed"));
	assert_str_equal(rows[0].username, STR(""));
	assert_int_equal(rows[0].grant, GRANT_CLIENT_CREDENTIALS);
	assert_false(rows[0].is_sandbox);
	assert_int_equal(rows[0].connected_at_ms, w->now_ms);
	assert_str_equal(rows[1].secret, STR("two"));
	assert_int_equal(list_connections(w, rows, 1), 1);
	assert_str_equal(rows[0].secret, STR("renewed"));
}

static void longest_credential_is_kept_and_a_longer_one_refused(void **state)
{
	World *w = *state;
	static char text[CREDENTIAL_BYTES_MAX + 2];
	memset(text, 'k', CREDENTIAL_BYTES_MAX + 1);
	const OrgConnection longer = a_connection("00D000000000009", text);
	w_begin(w);
	REFUSED(ERR_INPUT, desk_org_put(store_desk(w->store), &longer, w->now_ms, &err));
	w_commit(w);
	OrgConnection rows[4];
	assert_int_equal(list_connections(w, rows, 4), 0);
	text[CREDENTIAL_BYTES_MAX] = '\0';
	const OrgConnection longest = a_connection("00D000000000009", text);
	put_connection(w, &longest);
	assert_int_equal(list_connections(w, rows, 4), 1);
	assert_str_equal(rows[0].secret, longest.secret);
}

/* ---------------------------------------------------------------- tokens */

static int64_t write_token(World *w, const char *name, unsigned scopes, const char *text)
{
	int64_t token_id;
	MUST(desk_token_add(store_desk(w->store), str_from(name), scopes, str_from(text), w->now_ms,
		&token_id, &err));
	return token_id;
}

static void token_is_found_by_its_text(void **state)
{
	World *w = *state;
	Desk *desk = store_desk(w->store);
	w_begin(w);
	int64_t mailer = write_token(w, "mailer", SCOPE_SEND | SCOPE_READ, "optout_abc");
	int64_t admin = write_token(w, "admin", SCOPE_ADMIN, "optout_xyz");
	w_commit(w);
	assert_int_not_equal(mailer, admin);
	ApiToken token;
	MUST(desk_token_find(desk, STR("optout_abc"), &w->arena, &token, &err));
	assert_int_equal(token.token_id, mailer);
	assert_int_equal(token.scopes, SCOPE_SEND | SCOPE_READ);
	assert_str_equal(token.name, STR("mailer"));
	assert_int_equal(token.created_at_ms, w->now_ms);
	MUST(desk_token_find(desk, STR("optout_xyz"), &w->arena, &token, &err));
	assert_int_equal(token.token_id, admin);
	REFUSED(ERR_MISSING, desk_token_find(desk, STR("optout_abd"), &w->arena, &token, &err));
	REFUSED(ERR_MISSING, desk_token_find(desk, STR("mailer"), &w->arena, &token, &err));
	REFUSED(ERR_MISSING, desk_token_find(desk, STR(""), &w->arena, &token, &err));
}

static void token_is_added_once(void **state)
{
	World *w = *state;
	Desk *desk = store_desk(w->store);
	w_begin(w);
	write_token(w, "mailer", SCOPE_SEND, "optout_abc");
	MUST(store_savepoint(w->store, &err));
	int64_t token_id;
	REFUSED(ERR_CONFLICT,
		desk_token_add(desk, STR("other"), SCOPE_ADMIN, STR("optout_abc"), w->now_ms,
			&token_id, &err));
	store_savepoint_rollback(w->store);
	w_commit(w);
	ApiToken token;
	MUST(desk_token_find(desk, STR("optout_abc"), &w->arena, &token, &err));
	assert_str_equal(token.name, STR("mailer"));
	assert_int_equal(token.scopes, SCOPE_SEND);
}

/* ---------------------------------------------------------- transactions */

/* One of each, new or in place of what is there. */
static void write_all(World *w, const char *value)
{
	const OrgConnection org = a_connection("00D000000000009", value);
	write_setting(w, "", "public.url", value);
	MUST(desk_org_put(store_desk(w->store), &org, w->now_ms, &err));
	write_token(w, "mailer", SCOPE_SEND, value);
}

static void expect_all(World *w, const char *value)
{
	Desk *desk = store_desk(w->store);
	Setting setting;
	OrgConnection org;
	ApiToken token;
	MUST(desk_setting_get(desk, STR(""), STR("public.url"), &w->arena, &setting, &err));
	assert_str_equal(setting.value, str_from(value));
	assert_int_equal(list_connections(w, &org, 1), 1);
	assert_str_equal(org.secret, str_from(value));
	MUST(desk_token_find(desk, str_from(value), &w->arena, &token, &err));
}

static void expect_nothing(World *w)
{
	Desk *desk = store_desk(w->store);
	Setting rows[2];
	OrgConnection org;
	size_t count;
	MUST(desk_setting_list(desk, STR(""), &w->arena, rows, 2, &count, &err));
	assert_int_equal(count, 0);
	assert_int_equal(list_connections(w, &org, 1), 0);
}

static void rolled_back_transaction_leaves_the_desk_as_it_was(void **state)
{
	World *w = *state;
	ApiToken token;
	w_begin(w);
	write_all(w, "first");
	expect_all(w, "first"); /* a handle sees its own changes */
	store_rollback(w->store);
	expect_nothing(w);
	w_begin(w);
	write_all(w, "second");
	w_commit(w);
	w_begin(w);
	write_all(w, "third");
	store_rollback(w->store);
	expect_all(w, "second");
	REFUSED(ERR_MISSING,
		desk_token_find(store_desk(w->store), STR("third"), &w->arena, &token, &err));
}

static void savepoint_undoes_its_part_of_the_desk_alone(void **state)
{
	World *w = *state;
	ApiToken token;
	w_begin(w);
	write_all(w, "first");
	MUST(store_savepoint(w->store, &err));
	write_all(w, "second");
	store_savepoint_rollback(w->store);
	expect_all(w, "first");
	MUST(store_savepoint(w->store, &err));
	write_setting(w, "", "kept", "yes");
	MUST(store_savepoint_release(w->store, &err));
	w_commit(w);
	expect_all(w, "first");
	Setting setting;
	MUST(desk_setting_get(
		store_desk(w->store), STR(""), STR("kept"), &w->arena, &setting, &err));
	REFUSED(ERR_MISSING,
		desk_token_find(store_desk(w->store), STR("second"), &w->arena, &token, &err));
}

static void desk_and_ledger_share_a_transaction(void **state)
{
	World *w = *state;
	const PersonPut put = {
		.address = an_address("ann@example.com"), .source = SOURCE_IMPORT, .now_ms = 5
	};
	PersonPutOutcome out;
	w_begin(w);
	write_all(w, "first");
	MUST(ledger_person_put(w->ledger, &put, &out, &err));
	store_rollback(w->store);
	expect_nothing(w);
	assert_int_equal(w_counts(w).people, 0);
}

/* A caller may use its buffer again at once, and what it was given outlives later changes. */
static void texts_are_copied_both_ways(void **state)
{
	World *w = *state;
	Desk *desk = store_desk(w->store);
	char value[] = "before";
	put_setting(w, "", "public.url", value);
	memset(value, 'x', sizeof value - 1);
	Setting setting;
	MUST(desk_setting_get(desk, STR(""), STR("public.url"), &w->arena, &setting, &err));
	put_setting(w, "", "public.url", "after");
	assert_str_equal(setting.value, STR("before"));
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest cases[] = {
		DESK_CASE(setting_is_kept_by_scope_and_name),
		DESK_CASE(settings_of_a_scope_are_listed_by_name),
		DESK_CASE(org_is_kept_with_its_secret),
		DESK_CASE(org_is_overwritten_in_its_place),
		DESK_CASE(longest_credential_is_kept_and_a_longer_one_refused),
		DESK_CASE(token_is_found_by_its_text),
		DESK_CASE(token_is_added_once),
		DESK_CASE(rolled_back_transaction_leaves_the_desk_as_it_was),
		DESK_CASE(savepoint_undoes_its_part_of_the_desk_alone),
		DESK_CASE(desk_and_ledger_share_a_transaction),
		DESK_CASE(texts_are_copied_both_ways),
	};
	const CaseList lists[] = { { cases, ARRAY_LEN(cases) } };
	return suite_main(argc, argv, lists, ARRAY_LEN(lists));
}
