/* What the desk leaves in a file; its contract is tests/contract/desk.c. */
#include "base/base.h"

#include "store/desk.h"

#include "../../lib/world.h"

#include "base/file.h"

static void secrets_and_tokens_are_not_in_the_file(void **state)
{
	World *w = *state;
	OrgConnection org = {
		.grant = GRANT_JWT_BEARER,
		.username = STR("int@acme.example"),
		.secret = STR("SECRET-IN-CLEAR"),
	};
	MUST(sfid_parse(STR("00D000000000009"), &org.org_id, &err));
	int64_t token_id;
	w_begin(w);
	MUST(desk_org_put(store_desk(w->store), &org, w->now_ms, &err));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			secrets_and_tokens_are_not_in_the_file, sqlite_world_up, sqlite_world_down),
	};
	return cmocka_run_group_tests_name("desk", tests, NULL, NULL);
}
