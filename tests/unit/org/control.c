#include "stage.h"

static Stage stage;
static char contact[32], lead[32];

static int open_stage(void **state)
{
	(void)state;
	stage_open(&stage, NULL);
	(void)stage_id(&stage, "Contact", 3, contact);
	(void)stage_id(&stage, "Lead", 2, lead);
	return 0;
}

static int close_stage(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

static void patch(const char *id, const char *type)
{
	char body[256];
	(void)snprintf(body, sizeof body,
		"{\"records\":[{\"attributes\":{\"type\":\"%s\"},\"id\":\"%s\",\"HasOptedOutOfEmail\":true}]}",
		type, id);
	stage_api(&stage, "PATCH /composite/sobjects", body);
}

static void expect_opted_out(const char *id, bool wanted)
{
	char room[64];
	expect_str(stage_field(&stage, id, "HasOptedOutOfEmail", room, sizeof room),
		wanted ? "true" : "false");
}

static void untick(const char *id)
{
	char body[128];
	(void)snprintf(
		body, sizeof body, "{\"id\":\"%s\",\"set\":{\"HasOptedOutOfEmail\":false}}", id);
	(void)stage_control(&stage, "POST /records/edit", body);
	expect_status(&stage, 200);
}

static void add_fault(const char *fault)
{
	(void)stage_control(&stage, "POST /faults", fault);
	expect_status(&stage, 201);
}

/* ---- faults ---- */

static void answers_can_be_replaced_for_the_next_calls(void **state)
{
	(void)state;
	add_fault(
		"{\"kind\":\"status\",\"count\":2,\"skip\":1,\"path\":\"/limits\",\"status\":500,"
		"\"body\":\"[{\\\"message\\\":\\\"oops\\\",\\\"errorCode\\\":\\\"UNKNOWN_EXCEPTION\\\"}]\"}");
	static const int wanted[] = { 200, 500, 500, 200 };
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		stage_api(&stage, "GET /limits", NULL);
		expect_status(&stage, wanted[i]);
		stage_api(&stage, "GET /sobjects", NULL);
		expect_status(&stage, 200);
	}
	add_fault("{\"kind\":\"html\"}");
	stage_api(&stage, "GET /limits", NULL);
	expect_status(&stage, 503);
	expect_str(stage_header(&stage, "Content-Type"), "text/html;charset=UTF-8");
	assert_true(str_starts(stage_body(&stage), STR("<html>")));
}

static void reset_before_does_nothing_and_reset_after_has_done_it(void **state)
{
	(void)state;
	untick(contact);
	untick(lead);
	add_fault("{\"kind\":\"reset_before\",\"method\":\"PATCH\"}");
	patch(contact, "Contact");
	assert_true(stage.reply.drop_connection);
	assert_int_equal(stage.reply.status, 0);
	expect_opted_out(contact, false);
	add_fault("{\"kind\":\"reset_after\",\"method\":\"PATCH\"}");
	patch(lead, "Lead");
	assert_true(stage.reply.drop_connection);
	expect_opted_out(lead, true);
}

static void answer_can_be_cut_or_held_back(void **state)
{
	(void)state;
	add_fault("{\"kind\":\"truncate\",\"bytes\":100}");
	stage_api(&stage, "GET /limits", NULL);
	assert_int_equal(stage.reply.cut_after_bytes, 100);
	expect_status(&stage, 200);
	add_fault("{\"kind\":\"delay\",\"ms\":700}");
	stage_api(&stage, "GET /limits", NULL);
	assert_int_equal(stage.held_ms, 700);
	stage_api(&stage, "GET /limits", NULL);
	assert_int_equal(stage.held_ms, 0);
	(void)stage_control(&stage, "POST /org-state", "{\"latency_ms\":90}");
	stage_api(&stage, "GET /limits", NULL);
	assert_int_equal(stage.held_ms, 90);
}

static void one_record_can_be_made_to_fail(void **state)
{
	(void)state;
	char fault[256];
	untick(contact);
	(void)snprintf(fault, sizeof fault,
		"{\"kind\":\"record\",\"id\":\"%.15s\",\"code\":\"UNABLE_TO_LOCK_ROW\",\"message\":"
		"\"unable to obtain exclusive access to this record\"}",
		contact);
	add_fault(fault);
	patch(lead, "Lead");
	expect_opted_out(lead, true);
	patch(contact, "Contact");
	expect_body(&stage,
		"[{\"success\":false,\"errors\":[{\"statusCode\":\"UNABLE_TO_LOCK_ROW\",\"message\":"
		"\"unable to obtain exclusive access to this record\",\"fields\":[]}]}]");
	expect_opted_out(contact, false);
	patch(contact, "Contact");
	expect_opted_out(contact, true);
}

static void unreadable_faults_are_refused_and_faults_can_be_cleared(void **state)
{
	(void)state;
	static const char *const bad[] = { "{}", "{\"kind\":\"magic\"}",
		"{\"kind\":\"delay\",\"count\":0}", "{\"kind\":\"status\",\"status\":99}",
		"{\"kind\":\"record\"}", "nonsense" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		(void)stage_control(&stage, "POST /faults", bad[i]);
		expect_status(&stage, 400);
	}
	add_fault("{\"kind\":\"html\",\"count\":100}");
	(void)stage_control(&stage, "DELETE /faults", NULL);
	(void)stage_control(&stage, "GET /faults", NULL);
	expect_body(&stage, "{\"faults\":[]}");
	stage_api(&stage, "GET /limits", NULL);
	expect_status(&stage, 200);
}

/* ---- limits, states ---- */

static void daily_limit_refuses_and_rolls_on(void **state)
{
	(void)state;
	(void)stage_control(&stage, "POST /org-state", "{\"daily_limit\":3}");
	for (int i = 1; i <= 3; i++) {
		char wanted[64];
		stage_api(&stage, "GET /limits", NULL);
		(void)snprintf(wanted, sizeof wanted, "api-usage=%d/3", i);
		expect_str(stage_header(&stage, "Sforce-Limit-Info"), wanted);
		const JsonVal *daily = json_member(stage.json.root, "DailyApiRequests");
		assert_int_equal(json_as_i64(json_member(daily, "Remaining"), -1), 3 - i);
	}
	stage_api(&stage, "GET /limits", NULL);
	expect_status(&stage, 403);
	expect_body(&stage,
		"[{\"message\":\"TotalRequests Limit exceeded.\",\"errorCode\":"
		"\"REQUEST_LIMIT_EXCEEDED\"}]");
	fake_clock_advance(&stage.clock, 25 * 3600 * 1000);
	stage_login(&stage);
	stage_api(&stage, "GET /limits", NULL);
	expect_status(&stage, 200);
}

static void calls_are_counted_as_salesforce_counts_them(void **state)
{
	(void)state;
	(void)stage_control(&stage, "POST /calls/reset", NULL);
	stage_login(&stage);
	stage_call(&stage, "GET /services/data", NULL, NULL);
	stage_call(&stage, "GET /services/data/v60.0/limits", "Authorization: Bearer dead", NULL);
	stage_api(&stage, "GET /limits", NULL);
	stage_api(&stage, "GET /nothing", NULL);
	patch(contact, "Contact");
	const JsonVal *calls = stage_control(&stage, "GET /calls", NULL);
	assert_int_equal(json_as_i64(json_member(calls, "total"), -1), 3);
	const JsonVal *kinds = json_member(calls, "by_kind");
	assert_int_equal(json_as_i64(json_member(kinds, "login"), -1), 1);
	assert_int_equal(json_as_i64(json_member(kinds, "limits"), -1), 1);
	assert_int_equal(json_as_i64(json_member(kinds, "collection"), -1), 1);
	assert_int_equal(json_as_i64(json_member(kinds, "other"), -1), 1);
}

static void org_can_be_down_read_only_or_gone(void **state)
{
	(void)state;
	untick(contact);
	(void)stage_control(&stage, "POST /org-state", "{\"state\":\"maintenance\"}");
	stage_api(&stage, "GET /limits", NULL);
	expect_status(&stage, 503);
	stage_call(&stage, "POST /services/oauth2/token", NULL, "grant_type=client_credentials");
	expect_status(&stage, 503);
	(void)stage_control(&stage, "POST /org-state", "{\"state\":\"read-only\"}");
	patch(contact, "Contact");
	assert_true(str_find(stage_body(&stage),
			    STR("INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE"))
		> 0);
	stage_api(&stage, "GET /limits", NULL);
	expect_status(&stage, 200);
	expect_opted_out(contact, false);
	(void)stage_control(&stage, "POST /org-state", "{\"state\":\"normal\"}");
	patch(contact, "Contact");
	expect_opted_out(contact, true);
	(void)stage_control(&stage, "POST /org-state", "{\"state\":\"asleep\"}");
	expect_status(&stage, 400);
}

static void huge_uris_and_headers_are_refused(void **state)
{
	(void)state;
	Buf request = BUF_MAX(32 * 1024);
	buf_put_z(&request, "GET /services/data/v60.0/query?q=");
	while (request.len < 17000)
		buf_put_z(&request, "abcdefghij");
	stage_call(&stage, buf_z(&request), NULL, NULL);
	expect_status(&stage, 414);
	expect_body(&stage, "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>");
	buf_reset(&request);
	buf_put_z(&request, "X-Long: ");
	while (request.len < 17000)
		buf_put_z(&request, "abcdefghij");
	stage_call(&stage, "GET /services/data/v60.0/limits", buf_z(&request), NULL);
	expect_status(&stage, 431);
	buf_fini(&request);
}

/* ---- a person in the UI ---- */

static void edit_is_done_by_a_person_and_stamps(void **state)
{
	(void)state;
	char body[256], room[64];
	fake_clock_advance(&stage.clock, 90 * 1000);
	(void)snprintf(body, sizeof body,
		"{\"object\":\"Contact\",\"id\":\"%s\",\"set\":{\"HasOptedOutOfEmail\":true,\"DoNotCall\":true}}",
		contact);
	(void)stage_control(&stage, "POST /records/edit", body);
	expect_status(&stage, 200);
	expect_opted_out(contact, true);
	expect_str(stage_field(&stage, contact, "DoNotCall", room, sizeof room), "true");
	expect_str(stage_field(&stage, contact, "SystemModstamp", room, sizeof room),
		"\"2026-03-04T05:07:37.000+0000\"");
	stage_api(&stage,
		"GET /query?q=SELECT+LastModifiedBy.Username+FROM+Contact+WHERE+DoNotCall=TRUE",
		NULL);
	expect_status(&stage, 400); /* the API does not see what the person sees */
	(void)snprintf(body, sizeof body,
		"GET /query?q=SELECT+LastModifiedBy.Username+FROM+Contact+WHERE+Id='%s'", contact);
	stage_api(&stage, body, NULL);
	assert_true(str_find(stage_body(&stage), STR("\"Username\":\"admin@orgsim.example\"")) > 0);
}

static void edit_by_address_hits_all_records_of_it(void **state)
{
	(void)state;
	static const char create[] =
		"{\"object\":\"Contact\",\"set\":{\"LastName\":\"Twin\",\"Email\":"
		"\"Twin@new.example\"}}";
	(void)stage_control(&stage, "POST /records", create);
	(void)stage_control(&stage, "POST /records", create);
	const JsonVal *answer = stage_control(&stage, "POST /records/edit",
		"{\"object\":\"Contact\",\"email\":\"twin@NEW.example\",\"set\":{\"Email\":\"a@b.example\"}}");
	assert_int_equal(json_array_len(json_member(answer, "edited")), 2);
	(void)stage_control(&stage, "GET /records?email=A@B.example", NULL);
	Str rest = stage_body(&stage), line;
	size_t lines = 0;
	while (rest.len && str_split(&rest, '\n', &line))
		lines++;
	assert_int_equal(lines, 2);
	(void)stage_control(&stage, "GET /records?email=twin@new.example", NULL);
	expect_body(&stage, "");
}

static void looking_changes_nothing(void **state)
{
	(void)state;
	static const char *const looks[] = { "GET /records?limit=5", "GET /calls", "GET /faults",
		"GET /log", "GET /org-state", "GET /clock", "GET /org", "HEAD /calls" };
	char before[64], after[64];
	(void)stage_field(&stage, contact, "SystemModstamp", before, sizeof before);
	fake_clock_advance(&stage.clock, 5000);
	for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
		(void)stage_control(&stage, looks[i], NULL);
		expect_status(&stage, 200);
	}
	expect_str(stage_field(&stage, contact, "SystemModstamp", after, sizeof after), before);
	(void)stage_control(&stage, "GET /records/edit", NULL);
	expect_status(&stage, 405);
	(void)stage_control(&stage, "GET /nothing", NULL);
	expect_status(&stage, 404);
}

static void clock_can_be_moved(void **state)
{
	(void)state;
	(void)stage_control(&stage, "POST /clock", "{\"advance_ms\":60000}");
	expect_body(&stage, "{\"now\":\"2026-03-04T05:07:07.000Z\",\"offset_ms\":60000}");
	stage_api(&stage, "GET /limits", NULL);
	expect_str(stage_header(&stage, "Date"), "Wed, 04 Mar 2026 05:07:07 GMT");
}

static void log_tells_the_last_requests(void **state)
{
	(void)state;
	patch(contact, "Contact");
	const JsonVal *requests = json_member(stage_control(&stage, "GET /log", NULL), "requests");
	const JsonVal *last = json_array_at(requests, json_array_len(requests) - 1);
	expect_str(json_as_str(json_member(last, "request")),
		"PATCH /services/data/v60.0/composite/sobjects");
	assert_int_equal(json_as_i64(json_member(last, "status"), -1), 200);
	assert_true(str_starts(json_as_str(json_member(last, "body")), STR("{\"records\":")));
}

/* ---- the generator ---- */

static size_t count_lines(const char *path, const char *needle)
{
	(void)stage_control(&stage, path, NULL);
	Str rest = stage_body(&stage), line;
	size_t count = 0;
	while (rest.len && str_split(&rest, '\n', &line))
		count += str_find(line, str_from(needle)) >= 0;
	return count;
}

static void generated_org_has_the_asked_sizes_and_shares(void **state)
{
	(void)state;
	OrgOptions options = stage_options();
	options.contacts = 3000;
	options.leads = 2000;
	options.opted_out_percent = 10;
	options.converted_percent = 20;
	stage_close(&stage);
	stage_open(&stage, &options);
	assert_int_equal(
		count_lines("GET /records?object=Contact", "\"object\":\"Contact\""), 3000);
	assert_int_equal(count_lines("GET /records?object=Lead", "\"object\":\"Lead\""), 2000);
	assert_int_equal(count_lines("GET /records?object=Account", "\"object\":\"Account\""), 750);
	size_t out = count_lines("GET /records", "\"HasOptedOutOfEmail\":true");
	assert_in_range(out, 400, 600);
	size_t converted = count_lines("GET /records?object=Lead", "\"IsConverted\":true");
	assert_in_range(converted, 320, 480);
	size_t with_address = count_lines("GET /records", "\"Email\":");
	assert_in_range(with_address, 4800, 4980);
	assert_true(count_lines("GET /records", "+news") > 20);
	assert_true(count_lines("GET /records", "'") > 20);
}

static void same_seed_gives_the_same_org(void **state)
{
	(void)state;
	Buf first = BUF_MAX(1024 * 1024);
	(void)stage_control(&stage, "GET /records", NULL);
	buf_put(&first, stage_body(&stage));
	stage_close(&stage);
	stage_open(&stage, NULL);
	(void)stage_control(&stage, "GET /records", NULL);
	assert_true(str_eq(stage_body(&stage), buf_str(&first)));
	OrgOptions options = stage_options();
	options.seed = 2;
	stage_close(&stage);
	stage_open(&stage, &options);
	(void)stage_control(&stage, "GET /records", NULL);
	assert_false(str_eq(stage_body(&stage), buf_str(&first)));
	buf_fini(&first);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)
	const struct CMUnitTest tests[] = {
		CASE(answers_can_be_replaced_for_the_next_calls),
		CASE(reset_before_does_nothing_and_reset_after_has_done_it),
		CASE(answer_can_be_cut_or_held_back),
		CASE(one_record_can_be_made_to_fail),
		CASE(unreadable_faults_are_refused_and_faults_can_be_cleared),
		CASE(daily_limit_refuses_and_rolls_on),
		CASE(calls_are_counted_as_salesforce_counts_them),
		CASE(org_can_be_down_read_only_or_gone),
		CASE(huge_uris_and_headers_are_refused),
		CASE(edit_is_done_by_a_person_and_stamps),
		CASE(edit_by_address_hits_all_records_of_it),
		CASE(looking_changes_nothing),
		CASE(clock_can_be_moved),
		CASE(log_tells_the_last_requests),
		CASE(generated_org_has_the_asked_sizes_and_shares),
		CASE(same_seed_gives_the_same_org),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
