#include "stage.h"

static Stage stage;
static char job[32];

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

/* "GET" "/results" of the job at hand. */
static void on_job(const char *method, const char *kind, const char *tail, const char *body)
{
	char line[256];
	(void)snprintf(line, sizeof line, "%s /jobs/%s/%s%s", method, kind, job, tail);
	stage_api(&stage, line, body);
}

static void note_job(void)
{
	expect_status(&stage, 200);
	assert_true(str_copy(json_as_str(json_member(stage.json.root, "id")), job, sizeof job));
	assert_true(str_starts(str_from(job), STR("750")));
}

static void create_query(const char *soql)
{
	char body[1024];
	(void)snprintf(body, sizeof body, "{\"operation\":\"query\",\"query\":\"%s\"}", soql);
	stage_api(&stage, "POST /jobs/query", body);
	note_job();
}

static Str state_of(void)
{
	return json_as_str(json_member(stage.json.root, "state"));
}

static void query_job_has_the_recorded_members(void **state)
{
	(void)state;
	create_query("SELECT Id FROM Contact");
	Str user = json_as_str(json_member(stage.json.root, "createdById"));
	char wanted[1024], user_id[32];
	assert_true(str_copy(user, user_id, sizeof user_id));
	(void)snprintf(wanted, sizeof wanted,
		"{\"id\":\"%s\",\"operation\":\"query\",\"object\":\"Contact\",\"createdById\":\"%s\","
		"\"createdDate\":\"2026-03-04T05:06:07.000+0000\",\"systemModstamp\":"
		"\"2026-03-04T05:06:07.000+0000\",\"state\":\"UploadComplete\",\"concurrencyMode\":"
		"\"Parallel\",\"contentType\":\"CSV\",\"apiVersion\":60.0,\"lineEnding\":\"LF\","
		"\"columnDelimiter\":\"COMMA\"}",
		job, user_id);
	expect_body(&stage, wanted);
	on_job("GET", "query", "", NULL);
	(void)snprintf(wanted, sizeof wanted,
		"{\"id\":\"%s\",\"operation\":\"query\",\"object\":\"Contact\",\"createdById\":\"%s\","
		"\"createdDate\":\"2026-03-04T05:06:07.000+0000\",\"systemModstamp\":"
		"\"2026-03-04T05:06:07.000+0000\",\"state\":\"JobComplete\",\"concurrencyMode\":"
		"\"Parallel\",\"contentType\":\"CSV\",\"apiVersion\":60.0,\"jobType\":\"V2Query\","
		"\"lineEnding\":\"LF\",\"columnDelimiter\":\"COMMA\",\"numberRecordsProcessed\":30,"
		"\"retries\":0,\"totalProcessingTime\":0,\"isPkChunkingSupported\":true}",
		job, user_id);
	expect_body(&stage, wanted);
	assert_null(stage_header(&stage, "Sforce-Locator").ptr);
}

static void pages_repeat_the_header_and_end_with_the_word_null(void **state)
{
	(void)state;
	create_query("SELECT Id, HasOptedOutOfEmail FROM Contact");
	char tail[128] = "/results?maxRecords=12";
	size_t rows = 0, pages = 0;
	for (;;) {
		on_job("GET", "query", tail, NULL);
		expect_status(&stage, 200);
		expect_str(stage_header(&stage, "Content-Type"), "text/csv");
		int64_t count;
		assert_true(
			str_to_i64(stage_header(&stage, "Sforce-NumberOfRecords"), 0, 30, &count));
		Str rest = stage_body(&stage), line;
		assert_true(str_split(&rest, '\n', &line));
		expect_str(line, "\"Id\",\"HasOptedOutOfEmail\"");
		int64_t lines = 0;
		while (rest.len && str_split(&rest, '\n', &line)) {
			assert_true(str_starts(line, STR("\"003")));
			assert_true(str_ends(line, STR(",\"true\""))
				|| str_ends(line, STR(",\"false\"")));
			lines++;
		}
		assert_int_equal(lines, count);
		rows += (size_t)lines;
		pages++;
		Str locator = stage_header(&stage, "Sforce-Locator");
		if (str_eq(locator, STR("null")))
			break;
		(void)snprintf(
			tail, sizeof tail, "/results?maxRecords=12&locator=%.*s", STR_ARG(locator));
	}
	assert_int_equal(rows, 30);
	assert_int_equal(pages, 3);
	/* The second page again: a locator stays good. Row 12 is "MTI". */
	on_job("GET", "query", "/results/?locator=MTI&maxRecords=1", NULL);
	expect_status(&stage, 200);
	expect_str(stage_header(&stage, "Sforce-Locator"), "MTM");
}

static void values_are_quoted_and_null_is_empty(void **state)
{
	(void)state;
	(void)stage_control(&stage, "POST /records",
		"{\"object\":\"Contact\",\"set\":{\"LastName\":\"say \\\"hi\\\", all\",\"Title\":\"a\\nb\"}}");
	create_query(
		"SELECT LastName, Title, Email, AccountId, HasOptedOutOfEmail, CreatedDate, Account.Name "
		"FROM Contact WHERE Title != null");
	on_job("GET", "query", "/results", NULL);
	expect_body(&stage,
		"\"LastName\",\"Title\",\"Email\",\"AccountId\",\"HasOptedOutOfEmail\",\"CreatedDate\","
		"\"Account.Name\"\n"
		"\"say \"\"hi\"\", all\",\"a\nb\",\"\",\"\",\"false\",\"2026-03-04T05:06:07.000Z\",\"\"\n");
}

static void empty_result_is_one_header_row(void **state)
{
	(void)state;
	create_query("SELECT Id FROM Lead WHERE LastName = 'nobody at all'");
	on_job("GET", "query", "/results", NULL);
	expect_status(&stage, 200);
	expect_body(&stage, "\"Id\"\n");
	expect_str(stage_header(&stage, "Sforce-NumberOfRecords"), "0");
	expect_str(stage_header(&stage, "Sforce-Locator"), "null");
}

static void result_is_what_the_org_held_when_the_job_was_made(void **state)
{
	(void)state;
	create_query(
		"SELECT Id FROM Lead WHERE HasOptedOutOfEmail = TRUE AND Email = 'late@new.example'");
	(void)stage_control(&stage, "POST /records",
		"{\"object\":\"Lead\",\"set\":{\"LastName\":\"Late\",\"Company\":\"C\",\"Email\":"
		"\"late@new.example\",\"HasOptedOutOfEmail\":true}}");
	on_job("GET", "query", "/results", NULL);
	expect_body(&stage, "\"Id\"\n");
}

static void delay_hides_the_result_until_it_is_due(void **state)
{
	(void)state;
	(void)stage_control(&stage, "POST /org-state", "{\"bulk_delay_ms\":5000}");
	create_query("SELECT Id FROM Lead");
	expect_str(state_of(), "UploadComplete");
	fake_clock_advance(&stage.clock, 2000);
	on_job("GET", "query", "", NULL);
	expect_str(state_of(), "InProgress");
	assert_int_equal(
		json_as_i64(json_member(stage.json.root, "numberRecordsProcessed"), -1), 0);
	on_job("GET", "query", "/results", NULL);
	expect_status(&stage, 400);
	on_job("DELETE", "query", "", NULL);
	expect_status(&stage, 400);
	fake_clock_advance(&stage.clock, 3000);
	on_job("GET", "query", "", NULL);
	expect_str(state_of(), "JobComplete");
	assert_int_equal(
		json_as_i64(json_member(stage.json.root, "totalProcessingTime"), -1), 5000);
}

static void job_can_be_aborted_listed_and_deleted(void **state)
{
	(void)state;
	(void)stage_control(&stage, "POST /org-state", "{\"bulk_delay_ms\":5000}");
	create_query("SELECT Id FROM Lead");
	on_job("PATCH", "query", "", "{\"state\":\"Aborted\"}");
	expect_status(&stage, 200);
	expect_str(state_of(), "Aborted");
	on_job("PATCH", "query", "", "{\"state\":\"Aborted\"}");
	expect_status(&stage, 400);
	stage_api(&stage, "GET /jobs/query", NULL);
	assert_int_equal(json_array_len(json_member(stage.json.root, "records")), 1);
	on_job("DELETE", "query", "", NULL);
	expect_status(&stage, 204);
	on_job("GET", "query", "", NULL);
	expect_status(&stage, 404);
}

static void result_pages_list_what_to_fetch(void **state)
{
	(void)state;
	(void)stage_control(&stage, "POST /org-state", "{\"bulk_page_rows\":4}");
	create_query("SELECT Id FROM Contact");
	on_job("GET", "query", "/resultPages", NULL);
	assert_int_equal(json_array_len(json_member(stage.json.root, "resultPages")), 5);
	assert_false(json_as_bool(json_member(stage.json.root, "done"), true));
	char next[256];
	(void)snprintf(next, sizeof next, "GET %.*s",
		STR_ARG(json_as_str(json_member(stage.json.root, "nextRecordsUrl"))));
	stage_call(&stage, next, NULL, NULL);
	assert_int_equal(json_array_len(json_member(stage.json.root, "resultPages")), 3);
	assert_true(json_as_bool(json_member(stage.json.root, "done"), false));
}

static void results_want_the_version_of_the_job(void **state)
{
	(void)state;
	create_query("SELECT Id FROM Contact");
	char line[256];
	(void)snprintf(line, sizeof line, "GET /services/data/v61.0/jobs/query/%s/results", job);
	stage_call(&stage, line, NULL, NULL);
	expect_status(&stage, 409);
}

static void queries_that_bulk_cannot_do_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *soql, *code, *part;
	} cases[] = {
		{ "SELECT Id, MailingAddress FROM Contact", "FUNCTIONALITY_NOT_ENABLED",
			"Selecting compound data not supported in Bulk Query" },
		{ "SELECT COUNT() FROM Contact", "FUNCTIONALITY_NOT_ENABLED",
			"not supported in Bulk Query" },
		{ "SELECT Id FROM Contact LIMIT 1 OFFSET 1", "FUNCTIONALITY_NOT_ENABLED",
			"not supported in Bulk Query" },
		{ "SELECT Id FROM Nothing", "INVALIDENTITY", "is not supported by the Bulk API" },
		{ "SELECT Nope FROM Contact", "INVALID_FIELD", "No such column 'Nope'" },
		{ "SELECT", "MALFORMED_QUERY", "unexpected token" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char body[512];
		(void)snprintf(body, sizeof body, "{\"operation\":\"query\",\"query\":\"%s\"}",
			cases[i].soql);
		stage_api(&stage, "POST /jobs/query", body);
		expect_status(&stage, 400);
		const JsonVal *error = json_array_at(stage.json.root, 0);
		expect_str(json_as_str(json_member(error, "errorCode")), cases[i].code);
		assert_true(str_find(json_as_str(json_member(error, "message")),
				    str_from(cases[i].part))
			>= 0);
	}
}

/* ---- ingest ---- */

static void create_ingest(const char *operation, const char *object)
{
	char body[256];
	(void)snprintf(body, sizeof body,
		"{\"operation\":\"%s\",\"object\":\"%s\",\"contentType\":\"CSV\"}", operation,
		object);
	stage_api(&stage, "POST /jobs/ingest", body);
	note_job();
}

static void upload(const char *csv)
{
	char line[256];
	(void)snprintf(line, sizeof line, "PUT /services/data/v60.0/jobs/ingest/%s/batches", job);
	stage_call(&stage, line, "Content-Type: text/csv; charset=UTF-8", csv);
	expect_status(&stage, 201);
	expect_body(&stage, "");
}

static void ingest_writes_good_rows_and_reports_bad_ones(void **state)
{
	(void)state;
	char contact[32], csv[512], wanted[1024], room[64];
	(void)stage_id(&stage, "Contact", 5, contact);
	create_ingest("update", "Contact");
	char content_url[128];
	(void)snprintf(
		content_url, sizeof content_url, "services/data/v60.0/jobs/ingest/%s/batches", job);
	expect_str(json_as_str(json_member(stage.json.root, "contentUrl")), content_url);
	assert_null(json_member(stage.json.root, "jobType"));
	(void)snprintf(csv, sizeof csv,
		"HasOptedOutOfEmail,Id,Title\ntrue,%s,\"x, y\"\ntrue,003000000000001AAA,\n1,%s,#N/A\n",
		contact, contact);
	upload(csv);
	on_job("PATCH", "ingest", "", "{\"state\":\"UploadComplete\"}");
	expect_status(&stage, 200);
	expect_str(state_of(), "UploadComplete");
	assert_null(json_member(stage.json.root, "lineEnding"));
	on_job("GET", "ingest", "", NULL);
	expect_str(state_of(), "JobComplete");
	assert_int_equal(
		json_as_i64(json_member(stage.json.root, "numberRecordsProcessed"), -1), 3);
	assert_int_equal(json_as_i64(json_member(stage.json.root, "numberRecordsFailed"), -1), 1);
	on_job("GET", "ingest", "/successfulResults", NULL);
	(void)snprintf(wanted, sizeof wanted,
		"\"sf__Id\",\"sf__Created\",HasOptedOutOfEmail,Id,Title\n"
		"\"%s\",\"false\",\"true\",\"%s\",\"x, y\"\n\"%s\",\"false\",\"1\",\"%s\",\"#N/A\"\n",
		contact, contact, contact, contact);
	expect_body(&stage, wanted);
	on_job("GET", "ingest", "/failedresults/", NULL);
	expect_body(&stage,
		"\"sf__Id\",\"sf__Error\",HasOptedOutOfEmail,Id,Title\n"
		"\"003000000000001AAA\",\"INVALID_CROSS_REFERENCE_KEY:invalid cross reference id: --\","
		"\"true\",\"003000000000001AAA\",\"\"\n");
	on_job("GET", "ingest", "/unprocessedrecords", NULL);
	expect_body(&stage, "HasOptedOutOfEmail,Id,Title\n");
	expect_str(stage_field(&stage, contact, "HasOptedOutOfEmail", room, sizeof room), "true");
	expect_str(stage_field(&stage, contact, "Title", room, sizeof room), "");
}

static void unknown_column_fails_the_whole_job(void **state)
{
	(void)state;
	create_ingest("update", "Contact");
	upload("Id,Nope__c\n003000000000001AAA,x\n");
	on_job("PATCH", "ingest", "", "{\"state\":\"UploadComplete\"}");
	on_job("GET", "ingest", "", NULL);
	expect_str(state_of(), "Failed");
	expect_str(json_as_str(json_member(stage.json.root, "errorMessage")),
		"InvalidBatch : Field name not found : Nope__c");
	assert_int_equal(
		json_as_i64(json_member(stage.json.root, "numberRecordsProcessed"), -1), 0);
	on_job("GET", "ingest", "/unprocessedRecords", NULL);
	expect_body(&stage, "Id,Nope__c\n003000000000001AAA,x\n");
}

static void second_upload_is_refused_when_the_job_is_closed(void **state)
{
	(void)state;
	create_ingest("insert", "Lead");
	upload("LastName,Company\nA,B\n");
	upload("LastName,Company\nA,B\n");
	on_job("PATCH", "ingest", "", "{\"state\":\"UploadComplete\"}");
	expect_status(&stage, 400);
	assert_true(str_find(stage_body(&stage), STR("\"errorCode\":\"INVALIDJOB\"")) > 0);
}

static void line_endings_must_be_the_declared_ones(void **state)
{
	(void)state;
	create_ingest("insert", "Lead");
	upload("LastName,Company\r\nA,B\r\n");
	on_job("PATCH", "ingest", "", "{\"state\":\"UploadComplete\"}");
	on_job("GET", "ingest", "", NULL);
	expect_str(state_of(), "Failed");
}

static void insert_and_delete_work_by_the_row(void **state)
{
	(void)state;
	create_ingest("insert", "Lead");
	upload("LastName,Company,Email\nAda,Co,ada@new.example\nBob,,b@new.example\n");
	on_job("PATCH", "ingest", "", "{\"state\":\"UploadComplete\"}");
	on_job("GET", "ingest", "/successfulResults", NULL);
	Str body = stage_body(&stage);
	ptrdiff_t at = str_find(body, STR("\n\"00Q"));
	assert_true(at > 0);
	char lead[32], csv[128], room[32];
	assert_true(str_copy(str_sub(body, (size_t)at + 2, 18), lead, sizeof lead));
	on_job("GET", "ingest", "/failedResults", NULL);
	assert_true(str_find(stage_body(&stage),
			    STR("\"REQUIRED_FIELD_MISSING:Required fields are missing: "
				"[Company]:Company --\""))
		> 0);
	create_ingest("delete", "Lead");
	(void)snprintf(csv, sizeof csv, "Id\n%s\n", lead);
	upload(csv);
	on_job("PATCH", "ingest", "", "{\"state\":\"UploadComplete\"}");
	expect_str(stage_field(&stage, lead, "IsDeleted", room, sizeof room), "true");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)
	const struct CMUnitTest tests[] = {
		CASE(query_job_has_the_recorded_members),
		CASE(pages_repeat_the_header_and_end_with_the_word_null),
		CASE(values_are_quoted_and_null_is_empty),
		CASE(empty_result_is_one_header_row),
		CASE(result_is_what_the_org_held_when_the_job_was_made),
		CASE(delay_hides_the_result_until_it_is_due),
		CASE(job_can_be_aborted_listed_and_deleted),
		CASE(result_pages_list_what_to_fetch),
		CASE(results_want_the_version_of_the_job),
		CASE(queries_that_bulk_cannot_do_are_refused),
		CASE(ingest_writes_good_rows_and_reports_bad_ones),
		CASE(unknown_column_fails_the_whole_job),
		CASE(second_upload_is_refused_when_the_job_is_closed),
		CASE(line_endings_must_be_the_declared_ones),
		CASE(insert_and_delete_work_by_the_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
