#include "stage.h"

/* Requests nobody should send: each gets an answer, none ends the org or changes a record. */
static Stage stage;

static int open_stage(void **state)
{
	(void)state;
	stage_open(&stage, NULL);
	return 0;
}

static int close_stage(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

#define API  "/services/data/v60.0"
#define SOME "{\"attributes\":{\"type\":\"Contact\"},\"id\":"

static const struct {
	const char *request, *body;
	int status;
} cases[] = {
	{ "GET /", NULL, 404 },
	{ "GET //", NULL, 404 },
	{ "GET /services", NULL, 404 },
	{ "GET /services/data//", NULL, 404 },
	{ "GET /services/data/v", NULL, 404 },
	{ "GET /services/data/v.0", NULL, 404 },
	{ "GET /services/data/v-1.0", NULL, 404 },
	{ "GET /services/data/v99999999999999999999.0", NULL, 404 },
	{ "GET " API "/%zz", NULL, 404 },
	{ "GET " API "/a/b/c/d/e/f/g/h/i/j/k", NULL, 404 },
	{ "GET " API "/query?q=%zz", NULL, 400 },
	{ "GET " API "/query", NULL, 400 },
	{ "GET " API "/query/", NULL, 400 },
	{ "GET " API "/query/-", NULL, 400 },
	{ "GET " API "/query/x-99999999999999999999", NULL, 400 },
	{ "GET " API "/sobjects/Contact/%00", NULL, 404 },
	{ "OPTIONS " API "/limits", NULL, 405 },
	{ "BREW " API "/limits", NULL, 405 },
	{ "PATCH " API "/composite/sobjects", NULL, 400 },
	{ "PATCH " API "/composite/sobjects", "[]", 400 },
	{ "PATCH " API "/composite/sobjects", "{\"records\":{}}", 400 },
	{ "PATCH " API "/composite/sobjects", "{\"records\":[1,null,\"x\",[],{}]}", 200 },
	{ "PATCH " API "/composite/sobjects", "{\"records\":[{\"attributes\":\"Contact\"}]}", 200 },
	{ "PATCH " API "/composite/sobjects",
		"{\"records\":[{\"attributes\":{\"type\":7},\"id\":{}}]}", 200 },
	{ "PATCH " API "/composite/sobjects", "{\"records\":[" SOME "17}]}", 200 },
	{ "PATCH " API "/composite/sobjects", "{\"records\":[" SOME "\"\"}]}", 200 },
	{ "POST " API "/composite/sobjects",
		"{\"records\":[{\"attributes\":{\"type\":\"Contact\"},\"LastName\":{\"a\":[1,2]},"
		"\"AccountId\":5,\"Birthdate\":true,\"EmailBouncedDate\":\"x\"}]}",
		200 },
	{ "POST " API "/composite/sobjects",
		"{\"records\":[{\"attributes\":{\"type\":\"Contact\"},\"LastName\":\"x\",\"AccountId\":"
		"\"003000000000001AAA\"}]}",
		200 },
	{ "POST " API "/composite/sobjects", "{\"records\":[{\"attributes\":{\"type\":\"User\"}}]}",
		200 },
	{ "DELETE " API "/composite/sobjects", NULL, 400 },
	{ "DELETE " API "/composite/sobjects?ids=,,", NULL, 200 },
	{ "GET " API "/composite/sobjects/Contact?ids=x", NULL, 400 },
	{ "POST " API "/composite/sobjects/Contact", "{\"ids\":[1,null],\"fields\":[2]}", 400 },
	{ "POST " API "/sobjects/Organization", "{\"Name\":\"x\"}", 400 },
	{ "PATCH " API "/sobjects/Contact/x", "{\"Id\":\"x\"}", 400 },
	{ "POST " API "/jobs/query", "{\"operation\":5,\"query\":[]}", 400 },
	{ "POST " API "/jobs/query", "{\"operation\":\"query\"}", 400 },
	{ "POST " API "/jobs/query",
		"{\"operation\":\"query\",\"query\":\"SELECT Id FROM Contact\",\"columnDelimiter\":\"DOT\"}",
		400 },
	{ "GET " API "/jobs/query/750000000000001AAA/results", NULL, 404 },
	{ "GET " API "/jobs/query/x/y/z", NULL, 404 },
	{ "POST " API "/jobs/ingest", "{\"operation\":\"update\",\"object\":\"User\"}", 400 },
	{ "POST " API "/jobs/ingest", "{\"operation\":\"upsert\",\"object\":\"Contact\"}", 400 },
	{ "PUT " API "/jobs/ingest/x/batches", "a", 404 },
	{ "POST /services/oauth2/token", "%zz=%", 400 },
	{ "POST /services/oauth2/token", "grant_type=client_credentials&client_id", 400 },
	{ "GET /services/oauth2/token", NULL, 405 },
	{ "POST /services/Soap/u/60.0", "<login>", 500 },
	{ "POST /services/Soap/u/x", "", 500 },
	{ "GET /id/x/y?oauth_token=z", NULL, 200 },
};

static void odd_requests_are_answered(void **state)
{
	(void)state;
	(void)stage_control(&stage, "GET /records?object=Contact", NULL);
	Buf before = BUF_MAX(1024 * 1024);
	buf_put(&before, stage_body(&stage));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		stage_call(&stage, cases[i].request, NULL, cases[i].body);
		if (stage.reply.status != cases[i].status)
			fail_msg("%s %s: %d %.*s", cases[i].request,
				cases[i].body ? cases[i].body : "", stage.reply.status,
				STR_ARG(stage_body(&stage)));
		assert_true(stage.reply.status == 200 || stage.reply.status >= 400);
	}
	(void)stage_control(&stage, "GET /records?object=Contact", NULL);
	assert_true(str_eq(stage_body(&stage), buf_str(&before)));
	buf_fini(&before);
}

static void odd_control_calls_are_refused(void **state)
{
	(void)state;
	static const char *const bad[][2] = {
		{ "POST /records/edit", "{}" },
		{ "POST /records/edit", "[]" },
		{ "POST /records/edit", "{\"object\":\"Nothing\"}" },
		{ "POST /records/edit", "{\"object\":\"Contact\",\"set\":{\"Nope\":1}}" },
		{ "POST /records/edit", "{\"object\":\"Contact\",\"set\":{\"Email\":\"x\"}}" },
		{ "POST /records/edit", "{\"object\":\"Contact\",\"as\":\"nobody\"}" },
		{ "POST /records/delete", "{\"object\":\"Contact\",\"id\":\"x\"}" },
		{ "POST /records/convert", "{}" },
		{ "POST /records", "{\"object\":\"User\",\"set\":{}}" },
		{ "POST /fls", "{\"object\":\"Contact\",\"field\":\"Id\",\"read\":false}" },
		{ "POST /fields", "{\"object\":\"Contact\",\"field\":\"NoSuffix\"}" },
		{ "POST /org-state", "{\"latency_ms\":-1}" },
		{ "POST /org-state", "{\"latency_ms\":\"x\"}" },
		{ "POST /clock", "{\"advance_ms\":\"x\"}" },
		{ "GET /records?limit=x", NULL },
		{ "GET /records?object=Nothing", NULL },
		{ "GET /log?after=x", NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		(void)stage_control(&stage, bad[i][0], bad[i][1]);
		if (stage.reply.status < 400)
			fail_msg("%s %s: %d", bad[i][0], bad[i][1], stage.reply.status);
		assert_non_null(json_member(stage.json.root, "error"));
	}
}

static void checkboxes_run_out_with_a_message(void **state)
{
	(void)state;
	int made = 0;
	for (int i = 0; i < 40; i++) {
		char body[128];
		(void)snprintf(
			body, sizeof body, "{\"object\":\"Lead\",\"field\":\"Box%d__c\"}", i);
		(void)stage_control(&stage, "POST /fields", body);
		made += stage.reply.status == 200;
	}
	assert_int_equal(made, 16);
	stage_api(&stage, "GET /query?q=SELECT+Id,Box15__c+FROM+Lead+WHERE+Box0__c=FALSE", NULL);
	expect_status(&stage, 200);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)
	const struct CMUnitTest tests[] = {
		CASE(odd_requests_are_answered),
		CASE(odd_control_calls_are_refused),
		CASE(checkboxes_run_out_with_a_message),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
