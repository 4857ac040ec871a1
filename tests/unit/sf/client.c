#include "base/base.h"

#include "sf/client.h"

#include "base/rng.h"
#include "script.h"

static const SfRequest get_limits = { .method = "GET", .path = STR_INIT("limits") };
static const SfRequest patch_rows = {
	.method = "PATCH", .path = STR_INIT("composite/sobjects"), .body = STR_INIT("{}")
};

static const char expired[] =
	"[{\"message\":\"Session expired or invalid\",\"errorCode\":\"INVALID_SESSION_ID\"}]";

static bool call(Script *script, const SfRequest *request, SfReply *reply, Err *err)
{
	return sf_client_call(script->client, request, reply, err);
}

static void first_call_logs_in_and_goes_to_the_instance(void **state)
{
	Script *script = *state;
	SfReply reply;
	assert_null(sf_client_session(script->client));
	script_answer(script, 200, "{\"a\":1}");
	script_answer(script, 200, "{\"a\":2}");
	assert_true(call(script, &get_limits, &reply, NULL));
	assert_str(sf_reply_body(&reply), "{\"a\":1}");
	sf_reply_fini(&reply);
	assert_true(call(script, &get_limits, &reply, NULL));
	sf_reply_fini(&reply);
	assert_int_equal(script->logins, 1);
	assert_has(str_from(script->log),
		"GET https://eu1.my.salesforce.com/services/data/v64.0/limits\n"
		"Authorization: Bearer token-1\n");
	assert_string_equal(sf_client_session(script->client)->org_id.text, "00D58000000arpqEAA");
	assert_int_equal(sf_client_calls(script->client), 2);
}

static void each_call_names_us_and_writes_spare_rules(void **state)
{
	Script *script = *state;
	SfReply reply;
	script_answer(script, 200, "{}");
	assert_true(call(script, &get_limits, &reply, NULL));
	sf_reply_fini(&reply);
	assert_has(str_from(script->log), "Sforce-Call-Options: client=Optout\n");
	assert_has_not(str_from(script->log), "Sforce-Auto-Assign");
	script_answer(script, 200, "[]");
	assert_true(call(script, &patch_rows, &reply, NULL));
	sf_reply_fini(&reply);
	assert_has(str_from(script->log), "Sforce-Auto-Assign: FALSE\n");
	assert_has(str_from(script->log), "Sforce-Duplicate-Rule-Header: allowSave=true\n");
	assert_has(str_from(script->log), "Content-Type: application/json; charset=UTF-8\n");
}

static void a_path_of_the_instance_is_taken_as_it_is(void **state)
{
	Script *script = *state;
	SfReply reply;
	script_answer(script, 200, "{}");
	SfRequest next = { .method = "GET", .path = STR("/services/data/v59.0/query/0r8-2000") };
	assert_true(call(script, &next, &reply, NULL));
	sf_reply_fini(&reply);
	assert_has(str_from(script->log),
		"GET https://eu1.my.salesforce.com/services/data/v59.0/query/0r8-2000\n");
}

static void an_ended_session_is_renewed_and_the_call_repeated(void **state)
{
	Script *script = *state;
	SfReply reply;
	script_answer(script, 401, expired);
	script_answer(script, 200, "{}");
	assert_true(call(script, &patch_rows, &reply, NULL));
	sf_reply_fini(&reply);
	assert_int_equal(script->logins, 2);
	assert_has(str_from(script->log), "Bearer token-1\n");
	assert_has(str_from(script->log), "Bearer token-2\n");
}

static void renewal_is_tried_once_per_call(void **state)
{
	Script *script = *state;
	SfReply reply;
	Err err;
	script_answer(script, 401, expired);
	script_answer(script, 401, expired);
	assert_false(call(script, &patch_rows, &reply, &err));
	assert_int_equal(script->logins, 2);
	assert_class(reply.fault.cls, SF_CLASS_SESSION);
	assert_int_equal(err.kind, ERR_AUTH);
	assert_int_equal(reply.raw.outcome, TRANSPORT_ANSWERED);
	sf_reply_fini(&reply);
}

static void sessions_that_renewal_cannot_help_are_not_renewed(void **state)
{
	Script *script = *state;
	SfReply reply;
	Err err;
	script_answer(script, 401,
		"[{\"message\":\"This session is not valid for use with "
		"the REST API\",\"errorCode\":\"INVALID_SESSION_ID\"}]");
	assert_false(call(script, &get_limits, &reply, &err));
	sf_reply_fini(&reply);
	assert_int_equal(script->logins, 1);
	assert_has(str_from(err.text), "scope \"api\"");
}

static void a_moved_org_is_logged_in_to_again(void **state)
{
	Script *script = *state;
	SfReply reply;
	script_answer(script, 400,
		"[{\"errorCode\":\"URL_NOT_RESET\",\"message\":\"Destination "
		"URL not reset. The URL returned from login must be set\"}]");
	script_answer(script, 200, "{}");
	assert_true(call(script, &get_limits, &reply, NULL));
	sf_reply_fini(&reply);
	assert_int_equal(script->logins, 2);
}

static void start_calls(Script *script, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t call_id;
		assert_true(sf_client_start(script->client, &patch_rows, &call_id, NULL));
	}
	assert_int_equal(sf_client_in_flight(script->client), count);
}

/* Polls until all calls are given out; returns how many were ok. */
static size_t drain(Script *script)
{
	size_t good = 0;
	while (sf_client_in_flight(script->client) > 0) {
		SfReply reply;
		bool has;
		assert_true(sf_client_poll(script->client, 0, &reply, &has, NULL));
		assert_true(has);
		good += reply.ok;
		sf_reply_fini(&reply);
	}
	return good;
}

static void many_calls_share_one_login(void **state)
{
	Script *script = *state;
	for (int i = 0; i < 4; i++)
		script_answer(script, 200, "[]");
	start_calls(script, 4);
	assert_int_equal(drain(script), 4);
	assert_int_equal(script->logins, 1);
}

static void many_calls_share_one_renewal(void **state)
{
	Script *script = *state;
	for (int i = 0; i < 4; i++)
		script_answer(script, 200, "[]");
	script->dead_token = "Bearer token-1";
	start_calls(script, 4);
	assert_int_equal(drain(script), 4);
	assert_int_equal(script->logins, 2);
}

static void a_late_401_does_not_end_the_new_session(void **state)
{
	Script *script = *state;
	/* Replies in any order: some 401 of the old session come after the renewal. */
	for (uint64_t seed = 1; seed <= 30; seed++) {
		SeededRng order;
		rng_seed(&order, seed);
		sf_client_close(&script->client);
		transport_close(&script->transport);
		script->transport = inproc_open(&(InprocOptions){
			.handler = script_handle, .ctx = script, .order = &order.base });
		SfClientOptions options = script_options(script);
		assert_true(sf_client_open(&options, &script->client, NULL));
		script->logins = 0;
		script->given = script->count = 0;
		script->log[0] = '\0';
		for (int i = 0; i < 5; i++)
			script_answer(script, 200, "[]");
		script->dead_token = "Bearer token-1";
		start_calls(script, 5);
		assert_int_equal(drain(script), 5);
		assert_int_equal(script->logins, 2);
	}
}

static void a_refused_login_fails_all_that_wait_as_not_sent(void **state)
{
	Script *script = *state;
	script->login_refusal =
		"{\"error\":\"invalid_grant\",\"error_description\":\"ip restricted\"}";
	start_calls(script, 3);
	for (int i = 0; i < 3; i++) {
		SfReply reply;
		bool has;
		assert_true(sf_client_poll(script->client, 0, &reply, &has, NULL));
		assert_true(has && !reply.ok);
		assert_int_equal(reply.raw.outcome, TRANSPORT_NOT_SENT);
		assert_class(reply.fault.cls, SF_CLASS_ADMIN);
		assert_string_equal(reply.fault.code, "invalid_grant");
		sf_reply_fini(&reply);
	}
	assert_int_equal(script->logins, 1);
	/* Once the admin has repaired it, the next call works. */
	script->login_refusal = NULL;
	script_answer(script, 200, "[]");
	start_calls(script, 1);
	assert_int_equal(drain(script), 1);
}

static void outcomes_of_the_transport_are_passed_on(void **state)
{
	Script *script = *state;
	SfReply reply;
	Err err;
	script_add(script, (ScriptAnswer){ .fail = TRANSPORT_UNKNOWN });
	assert_false(call(script, &patch_rows, &reply, &err));
	assert_int_equal(reply.raw.outcome, TRANSPORT_UNKNOWN);
	assert_int_equal(err.kind, ERR_RETRY);
	sf_reply_fini(&reply);
	script_add(script, (ScriptAnswer){ .fail = TRANSPORT_NOT_SENT });
	assert_false(call(script, &patch_rows, &reply, &err));
	assert_int_equal(reply.raw.outcome, TRANSPORT_NOT_SENT);
	assert_class(reply.fault.cls, SF_CLASS_AGAIN);
	sf_reply_fini(&reply);
}

static void the_budget_is_read_from_good_and_bad_answers(void **state)
{
	Script *script = *state;
	SfReply reply;
	SfUsage usage;
	assert_false(sf_client_usage(script->client, &usage));
	script_add(script,
		(ScriptAnswer){ .status = 200, .body = "{}", .limit_info = "api-usage=18/5000" });
	assert_true(call(script, &get_limits, &reply, NULL));
	sf_reply_fini(&reply);
	assert_true(sf_client_usage(script->client, &usage));
	assert_int_equal(usage.used, 18);
	script_add(script,
		(ScriptAnswer){ .status = 404, .body = "[]", .limit_info = "api-usage=19/5000" });
	assert_false(call(script, &get_limits, &reply, NULL));
	sf_reply_fini(&reply);
	assert_true(sf_client_usage(script->client, &usage));
	assert_int_equal(usage.used, 19);
}

static void another_org_behind_the_login_is_refused(void **state)
{
	Script *script = *state;
	SfClientOptions options = script_options(script);
	SfClient *client;
	Err err;
	assert_true(sfid_parse(STR("00DAAAAAAAAAAAA255"), &options.org_id, NULL));
	assert_true(sf_client_open(&options, &client, NULL));
	assert_false(sf_client_login(client, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_has(str_from(err.text), "00D58000000arpqEAA");
	assert_null(sf_client_session(client));
	sf_client_close(&client);
}

static void login_can_be_asked_for(void **state)
{
	Script *script = *state;
	Err err;
	assert_true(sf_client_login(script->client, &err));
	assert_true(sf_client_login(script->client, &err));
	assert_int_equal(script->logins, 2);
	script->login_refusal = "{\"error\":\"invalid_client\","
				"\"error_description\":\"invalid client credentials\"}";
	assert_false(sf_client_login(script->client, &err));
	assert_int_equal(err.kind, ERR_AUTH);
	assert_has(str_from(err.text), "Copy the app's key and secret again");
	assert_has_not(str_from(err.text), "hush-hush");
}

static void too_many_calls_and_bad_paths_are_refused_at_once(void **state)
{
	Script *script = *state;
	uint64_t call_id;
	Err err;
	static const char *const paths[] = { "", "query?q=SELECT Id", "a\r\nb", "\xC3\xA4" };
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		SfRequest request = { .method = "GET", .path = str_from(paths[i]) };
		assert_false(sf_client_start(script->client, &request, &call_id, &err));
		assert_int_equal(err.kind, ERR_INPUT);
	}
	start_calls(script, SF_IN_FLIGHT_MAX);
	assert_false(sf_client_start(script->client, &patch_rows, &call_id, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
}

static void a_stop_ends_every_call_and_says_which_were_sent(void **state)
{
	Script *script = *state;
	uint64_t call_id;
	assert_true(sf_client_login(script->client, NULL));
	start_calls(script, 2);
	sf_client_stop(script->client);
	assert_true(sf_client_start(script->client, &patch_rows, &call_id, NULL));
	int sent = 0, not_sent = 0;
	for (int i = 0; i < 3; i++) {
		SfReply reply;
		bool has;
		assert_true(sf_client_poll(script->client, 60000, &reply, &has, NULL));
		assert_true(has && !reply.ok);
		assert_string_equal(reply.fault.code, "STOPPED");
		sent += reply.raw.outcome == TRANSPORT_UNKNOWN;
		not_sent += reply.raw.outcome == TRANSPORT_NOT_SENT;
		sf_reply_fini(&reply);
	}
	assert_int_equal(sent, 2);
	assert_int_equal(not_sent, 1);
	SfReply reply;
	assert_false(call(script, &get_limits, &reply, NULL));
	sf_reply_fini(&reply);
}

static void poll_without_work_says_so(void **state)
{
	Script *script = *state;
	SfReply reply;
	bool has = true;
	assert_true(sf_client_poll(script->client, 0, &reply, &has, NULL));
	assert_false(has);
	/* A wake that came before counts too. */
	sf_client_wake(script->client);
	has = true;
	assert_true(sf_client_poll(script->client, 600000, &reply, &has, NULL));
	assert_false(has);
}

static void options_are_checked(void **state)
{
	Script *script = *state;
	SfClient *client;
	Err err;
	static const char *const versions[] = { "64", "64.1", "x.0", "v64.0", "6.0", ".0" };
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		SfClientOptions options = script_options(script);
		options.api_version = str_from(versions[i]);
		assert_false(sf_client_open(&options, &client, &err));
		assert_int_equal(err.kind, ERR_INPUT);
	}
	SfClientOptions options = script_options(script);
	options.api_version = STR("66.0");
	assert_true(sf_client_open(&options, &client, &err));
	assert_str(sf_client_api_version(client), "66.0");
	sf_client_close(&client);
}

static void a_page_for_people_is_a_failure(void **state)
{
	Script *script = *state;
	SfReply reply;
	Err err;
	script_add(script, (ScriptAnswer){ .status = 200, .type = "text/html", .body = "<html>" });
	assert_false(call(script, &patch_rows, &reply, &err));
	assert_string_equal(reply.fault.code, "HTML_PAGE");
	assert_int_equal(err.kind, ERR_RETRY);
	sf_reply_fini(&reply);
}

static void json_of_a_reply_that_was_cut_is_tried_again(void **state)
{
	Script *script = *state;
	SfReply reply;
	JsonDoc doc;
	Err err;
	script_answer(script, 200, "{\"done\":tr");
	assert_true(call(script, &get_limits, &reply, &err));
	assert_false(sf_reply_json(&reply, &doc, &err));
	assert_int_equal(err.kind, ERR_RETRY);
	sf_reply_fini(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		script_test(first_call_logs_in_and_goes_to_the_instance),
		script_test(each_call_names_us_and_writes_spare_rules),
		script_test(a_path_of_the_instance_is_taken_as_it_is),
		script_test(an_ended_session_is_renewed_and_the_call_repeated),
		script_test(renewal_is_tried_once_per_call),
		script_test(sessions_that_renewal_cannot_help_are_not_renewed),
		script_test(a_moved_org_is_logged_in_to_again),
		script_test(many_calls_share_one_login),
		script_test(many_calls_share_one_renewal),
		script_test(a_late_401_does_not_end_the_new_session),
		script_test(a_refused_login_fails_all_that_wait_as_not_sent),
		script_test(outcomes_of_the_transport_are_passed_on),
		script_test(the_budget_is_read_from_good_and_bad_answers),
		script_test(another_org_behind_the_login_is_refused),
		script_test(login_can_be_asked_for),
		script_test(too_many_calls_and_bad_paths_are_refused_at_once),
		script_test(a_stop_ends_every_call_and_says_which_were_sent),
		script_test(poll_without_work_says_so),
		script_test(options_are_checked),
		script_test(a_page_for_people_is_a_failure),
		script_test(json_of_a_reply_that_was_cut_is_tried_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
