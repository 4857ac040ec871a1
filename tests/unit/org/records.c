#include "stage.h"

static Stage stage;
static char contact[32], second[32], lead[32];

static int open_stage(void **state)
{
	(void)state;
	stage_open(&stage, NULL);
	(void)stage_id(&stage, "Contact", 3, contact);
	(void)stage_id(&stage, "Contact", 7, second);
	(void)stage_id(&stage, "Lead", 2, lead);
	fake_clock_advance(&stage.clock, 60 * 1000);
	return 0;
}

static int close_stage(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

static void api(const char *method, const char *path, const char *id, const char *body)
{
	char line[512];
	(void)snprintf(line, sizeof line, "%s %s%s", method, path, id ? id : "");
	stage_api(&stage, line, body);
}

static void expect_field(const char *id, const char *field, const char *json)
{
	char room[256];
	expect_str(stage_field(&stage, id, field, room, sizeof room), json);
}

static void update_is_204_and_stamps_the_record(void **state)
{
	(void)state;
	api("PATCH", "/sobjects/contact/", contact,
		"{\"hasoptedoutofemail\":true,\"Title\":\"Boss\"}");
	expect_status(&stage, 204);
	expect_body(&stage, "");
	assert_null(stage_header(&stage, "Content-Type").ptr);
	assert_null(stage_header(&stage, "Vary").ptr);
	expect_str(stage_header(&stage, "Sforce-Limit-Info"), "api-usage=1/115000");
	expect_field(contact, "HasOptedOutOfEmail", "true");
	expect_field(contact, "Title", "\"Boss\"");
	expect_field(contact, "SystemModstamp", "\"2026-03-04T05:07:07.000+0000\"");
	expect_field(contact, "LastModifiedDate", "\"2026-03-04T05:07:07.000+0000\"");
	char modifier[64];
	(void)stage_field(&stage, contact, "LastModifiedById", modifier, sizeof modifier);
	api("GET", "/query?q=SELECT+Id+FROM+User+WHERE+Username='integration@orgsim.example'", NULL,
		NULL);
	Str id = json_as_str(
		json_member(json_array_at(json_member(stage.json.root, "records"), 0), "Id"));
	assert_true(str_eq(str_sub(str_from(modifier), 1, 18), id));
}

static void writing_the_same_value_stamps_too(void **state)
{
	(void)state;
	char room[64];
	Str value = stage_field(&stage, contact, "DoNotCall", room, sizeof room);
	assert_true(str_eq(value, STR("false")));
	api("PATCH", "/sobjects/Contact/", contact, "{\"Title\":null}");
	expect_status(&stage, 204);
	expect_field(contact, "SystemModstamp", "\"2026-03-04T05:07:07.000+0000\"");
}

static void get_gives_the_record_as_describe_orders_it(void **state)
{
	(void)state;
	api("GET", "/sobjects/Contact/", contact, NULL);
	expect_status(&stage, 200);
	Str body = stage_body(&stage);
	char begin[256];
	(void)snprintf(begin, sizeof begin,
		"{\"attributes\":{\"type\":\"Contact\",\"url\":\"/services/data/v60.0/sobjects/Contact/%s\"},"
		"\"Id\":\"%s\",\"IsDeleted\":false,\"MasterRecordId\":null,\"AccountId\":",
		contact, contact);
	if (!str_starts(body, str_from(begin)))
		fail_msg("%.*s", STR_ARG(str_sub(body, 0, 400)));
	assert_true(str_find(body, STR("\"OtherAddress\":null")) > 0);
	assert_true(stage_header(&stage, "Last-Modified").len > 0);
	assert_null(stage_header(&stage, "ETag").ptr);
	api("PATCH", "/sobjects/Contact/", contact,
		"{\"MailingCity\":\"Ulm\",\"MailingLatitude\":48.4,\"MailingStreet\":\"A \\\"1\\\"\\nB\"}");
	expect_status(&stage, 204);
	char path[128];
	(void)snprintf(path, sizeof path, "%s?fields=id,MailingAddress,MailingLatitude", contact);
	api("GET", "/sobjects/Contact/", path, NULL);
	(void)snprintf(begin, sizeof begin, "\"Id\":\"%s\",\"MailingAddress\":{\"city\":\"Ulm\",",
		contact);
	assert_true(str_find(stage_body(&stage), str_from(begin)) > 0);
	assert_true(
		str_find(stage_body(&stage),
			STR("\"latitude\":48.4,\"longitude\":null,\"postalCode\":null,\"state\":null,"
			    "\"street\":\"A \\\"1\\\"\\nB\"}"))
		> 0);
}

static void single_writes_fail_with_the_recorded_shapes(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		int status;
		const char *answer;
	} cases[] = {
		{ "{\"Nope__c\":1}", 400,
			"[{\"message\":\"No such column 'Nope__c' on sobject of type Contact\","
			"\"errorCode\":\"INVALID_FIELD\"}]" },
		{ "{\"IsEmailBounced\":true}", 400,
			"[{\"message\":\"Unable to create/update fields: IsEmailBounced. Please check the "
			"security settings of this field and verify that it is read/write for your profile "
			"or permission set.\",\"errorCode\":\"INVALID_FIELD_FOR_INSERT_UPDATE\","
			"\"fields\":[\"IsEmailBounced\"]}]" },
		{ "{\"Email\":\"badone\"}", 400,
			"[{\"message\":\"Email: invalid email address: badone\",\"errorCode\":"
			"\"INVALID_EMAIL_ADDRESS\",\"fields\":[\"Email\"]}]" },
		{ "{\"LastName\":null}", 400,
			"[{\"message\":\"Required fields are missing: [LastName]\",\"errorCode\":"
			"\"REQUIRED_FIELD_MISSING\",\"fields\":[\"LastName\"]}]" },
		{ "{\"FirstName\":\"12345678901234567890123456789012345678901\"}", 400,
			"[{\"message\":\"First Name: data value too large: "
			"12345678901234567890123456789012345678901 (max length=40)\",\"errorCode\":"
			"\"STRING_TOO_LONG\",\"fields\":[\"FirstName\"]}]" },
		{ "{\"CleanStatus\":\"Dirty\"}", 400,
			"[{\"message\":\"Clean Status: bad value for restricted picklist field: Dirty\","
			"\"errorCode\":\"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST\",\"fields\":"
			"[\"CleanStatus\"]}]" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		api("PATCH", "/sobjects/Contact/", contact, cases[i].body);
		expect_status(&stage, cases[i].status);
		expect_body(&stage, cases[i].answer);
	}
	static const char *const unreadable[] = { "", "{", "[1]", "{\"a\":1,}", "\xff" };
	for (size_t i = 0; i < ARRAY_LEN(unreadable); i++) {
		api("PATCH", "/sobjects/Contact/", contact, unreadable[i]);
		expect_status(&stage, 400);
		assert_true(str_find(stage_body(&stage), STR("JSON_PARSER_ERROR")) > 0);
	}
}

static void body_must_be_called_json(void **state)
{
	(void)state;
	static const struct {
		const char *headers;
		int status;
	} cases[] = {
		{ "Content-Type: application/x-www-form-urlencoded", 415 },
		{ "Content-Type: text/plain", 415 },
		{ "Content-Type: application/json; charset=UTF-8", 204 },
		{ "Content-Type: Application/JSON", 204 },
	};
	char line[128];
	(void)snprintf(
		line, sizeof line, "PATCH /services/data/v60.0/sobjects/Contact/%s", contact);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		stage_call(&stage, line, cases[i].headers, "{\"Title\":\"x\"}");
		expect_status(&stage, cases[i].status);
	}
}

static void wrong_ids_are_told_apart(void **state)
{
	(void)state;
	api("GET", "/sobjects/Contact/", "nonsense", NULL);
	expect_status(&stage, 404);
	expect_body(&stage,
		"[{\"errorCode\":\"NOT_FOUND\",\"message\":\"Provided external ID field does not "
		"exist or is not accessible: nonsense\"}]");
	api("PATCH", "/sobjects/Contact/", lead, "{\"Title\":\"x\"}");
	expect_status(&stage, 400);
	assert_true(str_find(stage_body(&stage), STR("\"errorCode\":\"MALFORMED_ID\"")) > 0);
	api("GET", "/sobjects/Contact/", "003000000000001AAA", NULL);
	expect_status(&stage, 404);
	api("PATCH", "/sobjects/Contact/", "003000000000001AAA", "{\"Title\":\"x\"}");
	expect_status(&stage, 404);
}

static void deleted_record_is_in_the_bin_only(void **state)
{
	(void)state;
	api("DELETE", "/sobjects/Contact/", contact, NULL);
	expect_status(&stage, 204);
	api("GET", "/sobjects/Contact/", contact, NULL);
	expect_status(&stage, 404);
	expect_body(&stage,
		"[{\"errorCode\":\"NOT_FOUND\",\"message\":\"The requested resource does not "
		"exist\"}]");
	static const char *const methods[] = { "DELETE", "PATCH" };
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		api(methods[i], "/sobjects/Contact/", contact, i ? "{\"Title\":\"x\"}" : NULL);
		expect_status(&stage, 404);
		expect_body(&stage,
			"[{\"message\":\"entity is deleted\",\"errorCode\":"
			"\"ENTITY_IS_DELETED\",\"fields\":[]}]");
	}
	api("GET", "/query?q=SELECT+COUNT()+FROM+Contact", NULL, NULL);
	assert_int_equal(json_as_i64(json_member(stage.json.root, "totalSize"), -1), 29);
	api("GET", "/queryAll?q=SELECT+Id+FROM+Contact+WHERE+IsDeleted=TRUE", NULL, NULL);
	assert_int_equal(json_as_i64(json_member(stage.json.root, "totalSize"), -1), 1);
	char body[128];
	(void)snprintf(body, sizeof body, "{\"id\":\"%s\"}", contact);
	(void)stage_control(&stage, "POST /records/undelete", body);
	api("GET", "/sobjects/Contact/", contact, NULL);
	expect_status(&stage, 200);
}

static void create_gives_201_with_location(void **state)
{
	(void)state;
	api("POST", "/sobjects/Lead/", NULL,
		"{\"LastName\":\"Nu\",\"Company\":\"Co\",\"Email\":\"nu@new.example\"}");
	expect_status(&stage, 201);
	char id[32];
	assert_true(str_copy(json_as_str(json_member(stage.json.root, "id")), id, sizeof id));
	char wanted[128];
	(void)snprintf(wanted, sizeof wanted, "{\"id\":\"%s\",\"success\":true,\"errors\":[]}", id);
	expect_body(&stage, wanted);
	(void)snprintf(wanted, sizeof wanted, "/services/data/v60.0/sobjects/Lead/%s", id);
	expect_str(stage_header(&stage, "Location"), wanted);
	expect_field(id, "Status", "\"Open - Not Contacted\"");
	api("POST", "/sobjects/Lead", NULL, "{\"LastName\":\"Nu\"}");
	expect_status(&stage, 400);
	expect_body(&stage,
		"[{\"message\":\"Required fields are missing: [Company]\",\"errorCode\":"
		"\"REQUIRED_FIELD_MISSING\",\"fields\":[\"Company\"]}]");
}

/* ---- collections ---- */

static void collection(const char *method, const char *format, ...) PRINTF_LIKE(2, 3);

static void collection(const char *method, const char *format, ...)
{
	char body[2048], line[64];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(body, sizeof body, format, args);
	va_end(args);
	(void)snprintf(line, sizeof line, "%s /composite/sobjects", method);
	stage_api(&stage, line, body);
}

static void collection_answers_in_order_and_fails_one_by_one(void **state)
{
	(void)state;
	char body[128];
	(void)snprintf(body, sizeof body, "{\"id\":\"%s\",\"contact\":\"%s\"}", lead, contact);
	(void)stage_control(&stage, "POST /records/convert", body);
	expect_status(&stage, 200);
	(void)snprintf(body, sizeof body, "{\"id\":\"%s\"}", second);
	(void)stage_control(&stage, "POST /records/delete", body);
	collection("PATCH",
		"{\"allOrNone\":false,\"records\":["
		"{\"attributes\":{\"type\":\"Contact\"},\"id\":\"%.15s\",\"HasOptedOutOfEmail\":\"true\"},"
		"{\"attributes\":{\"type\":\"Contact\"},\"Id\":\"003000000000001AAA\",\"Title\":\"x\"},"
		"{\"attributes\":{\"type\":\"Lead\"},\"id\":\"%s\",\"HasOptedOutOfEmail\":true},"
		"{\"attributes\":{\"type\":\"Contact\"},\"Title\":\"no id\"},"
		"{\"attributes\":{\"type\":\"Contact\"},\"id\":\"%s\",\"Title\":\"x\"},"
		"{\"attributes\":{\"type\":\"Contact\"},\"id\":\"%s\",\"nope\":\"x\"},"
		"{\"attributes\":{\"type\":\"Contact\"},\"id\":\"003bad\",\"Title\":\"x\"},"
		"{\"id\":\"%s\",\"Title\":\"x\"}]}",
		contact, lead, second, contact, contact);
	expect_status(&stage, 200);
	char wanted[2048];
#define FAILED(code, message)                                                                      \
	",{\"success\":false,\"errors\":[{\"statusCode\":\"" code "\",\"message\":\"" message      \
	"\",\"fields\":[]}]}"
	(void)snprintf(wanted, sizeof wanted,
		"[{\"id\":\"%s\",\"success\":true,\"errors\":[]}" FAILED(
			"INVALID_CROSS_REFERENCE_KEY",
			"invalid cross reference id") FAILED("CANNOT_UPDATE_CONVERTED_LEAD",
			"cannot reference converted lead") FAILED("MISSING_ARGUMENT",
			"Id not specified in an update call") FAILED("ENTITY_IS_DELETED",
			"entity is deleted") FAILED("INVALID_FIELD",
			"No such column 'nope' on sobject of type Contact") ",{\"success\":false,"
									    "\"errors\":[{\"statusCode\":\"MALFORMED_ID\",\"message\":\"malformed id 003bad\","
									    "\"fields\":[\"Id\"]}]}" FAILED(
										    "JSON_PARSER_ERROR",
										    "Nested object for polymorphic foreign key must have an attributes field before any "
										    "other fields.") "]",
		contact);
	expect_body(&stage, wanted);
	expect_field(contact, "HasOptedOutOfEmail", "true");
}

static void all_or_none_writes_nothing_when_one_fails(void **state)
{
	(void)state;
	collection("PATCH",
		"{\"allOrNone\":true,\"records\":["
		"{\"attributes\":{\"type\":\"Contact\"},\"id\":\"%s\",\"Title\":\"written\"},"
		"{\"attributes\":{\"type\":\"Contact\"},\"id\":\"%s\",\"nope\":1}]}",
		contact, second);
	expect_status(&stage, 200);
	expect_body(&stage,
		"[{\"success\":false,\"errors\":[{\"statusCode\":\"ALL_OR_NONE_OPERATION_ROLLED_BACK\","
		"\"message\":\"Record rolled back because not all records were valid and the request was "
		"using AllOrNone header\",\"fields\":[]}]},{\"success\":false,\"errors\":[{\"statusCode\":"
		"\"INVALID_FIELD\",\"message\":\"No such column 'nope' on sobject of type Contact\","
		"\"fields\":[]}]}]");
	expect_field(contact, "Title", "");
	collection("PATCH",
		"{\"allOrNone\":true,\"records\":["
		"{\"attributes\":{\"type\":\"Contact\"},\"id\":\"%s\",\"Title\":\"written\"}]}",
		contact);
	expect_field(contact, "Title", "\"written\"");
}

static void collection_takes_1_to_200_records(void **state)
{
	(void)state;
	collection("PATCH", "{\"allOrNone\":false,\"records\":[]}");
	expect_status(&stage, 400);
	expect_body(&stage,
		"[{\"message\":\"At least 1 record is required\",\"errorCode\":"
		"\"REQUIRED_FIELD_MISSING\"}]");
	Buf body = BUF_MAX(64 * 1024);
	for (size_t count = 200; count <= 201; count++) {
		buf_reset(&body);
		buf_put_z(&body, "{\"records\":[");
		for (size_t i = 0; i < count; i++)
			buf_printf(&body,
				"%s{\"attributes\":{\"type\":\"Contact\"},\"id\":\"%s\",\"Title\":\"%zu\"}",
				i ? "," : "", contact, i);
		buf_put_z(&body, "]}");
		stage_api(&stage, "PATCH /composite/sobjects", buf_z(&body));
		expect_status(&stage, count == 200 ? 200 : 400);
	}
	expect_body(&stage,
		"[{\"message\":\"record limit reached. cannot submit more than 200 records into "
		"this call\",\"errorCode\":\"EXCEEDED_ID_LIMIT\"}]");
	expect_field(contact, "Title", "\"199\"");
	assert_int_equal(
		json_as_i64(json_member(stage_control(&stage, "GET /calls", NULL), "total"), -1),
		3);
	buf_fini(&body);
}

static void field_without_edit_right_fails_per_record(void **state)
{
	(void)state;
	(void)stage_control(&stage, "POST /fls",
		"{\"object\":\"Contact\",\"field\":\"HasOptedOutOfEmail\",\"read\":true,\"edit\":false}");
	static const char format[] =
		"{\"records\":[{\"attributes\":{\"type\":\"Contact\"},\"id\":\"%s\","
		"\"HasOptedOutOfEmail\":true}]}";
	collection("PATCH", format, contact);
	expect_body(&stage,
		"[{\"success\":false,\"errors\":[{\"statusCode\":\"INVALID_FIELD_FOR_INSERT_UPDATE\","
		"\"message\":\"Unable to create/update fields: HasOptedOutOfEmail. Please check the security "
		"settings of this field and verify that it is read/write for your profile or permission "
		"set.\",\"fields\":[\"HasOptedOutOfEmail\"]}]}]");
	(void)stage_control(&stage, "POST /fls",
		"{\"object\":\"Contact\",\"field\":\"HasOptedOutOfEmail\",\"read\":false}");
	collection("PATCH", format, contact);
	expect_body(&stage,
		"[{\"success\":false,\"errors\":[{\"statusCode\":\"INVALID_FIELD\",\"message\":\"No such "
		"column 'HasOptedOutOfEmail' on sobject of type Contact\",\"fields\":[]}]}]");
}

static void collection_creates_deletes_and_retrieves(void **state)
{
	(void)state;
	collection("POST",
		"{\"records\":[{\"attributes\":{\"type\":\"Contact\"},\"LastName\":\"Neu\"},"
		"{\"attributes\":{\"type\":\"Contact\"},\"FirstName\":\"Only\"}]}");
	expect_status(&stage, 200);
	char id[32], path[256], wanted[512];
	assert_true(str_copy(
		json_as_str(json_member(json_array_at(stage.json.root, 0), "id")), id, sizeof id));
	assert_null(json_member(json_array_at(stage.json.root, 1), "id"));
	(void)snprintf(path, sizeof path,
		"GET /composite/sobjects/contact?ids=%s,003000000000001AAA&fields=lastname,Email",
		id);
	stage_api(&stage, path, NULL);
	(void)snprintf(wanted, sizeof wanted,
		"[{\"attributes\":{\"type\":\"Contact\",\"url\":\"/services/data/v60.0/sobjects/Contact/%s\"},"
		"\"LastName\":\"Neu\",\"Email\":null},null]",
		id);
	expect_body(&stage, wanted);
	char body[256];
	(void)snprintf(body, sizeof body,
		"{\"ids\":[\"%s\",\"003000000000001AAA\"],\"fields\":"
		"[\"LastName\",\"Email\"]}",
		id);
	stage_api(&stage, "POST /composite/sobjects/Contact", body);
	expect_body(&stage, wanted);
	(void)snprintf(path, sizeof path, "DELETE /composite/sobjects?ids=%s%%2C%s&allOrNone=false",
		id, id);
	stage_api(&stage, path, NULL);
	/* Both are looked at before the first is deleted. */
	(void)snprintf(wanted, sizeof wanted,
		"[{\"id\":\"%s\",\"success\":true,\"errors\":[]},{\"id\":\"%s\",\"success\":true,"
		"\"errors\":[]}]",
		id, id);
	expect_body(&stage, wanted);
}

/* ---- pages ---- */

static void long_results_come_in_pages(void **state)
{
	(void)state;
	OrgOptions options = stage_options();
	options.contacts = 4500;
	stage_close(&stage);
	stage_open(&stage, &options);
	char next[128];
	stage_api(&stage, "GET /query/?q=SELECT+Id+FROM+Contact+ORDER+BY+Id", NULL);
	Str before = STR("");
	char last[32] = "";
	size_t pages = 0, rows = 0;
	for (;;) {
		expect_status(&stage, 200);
		assert_int_equal(json_as_i64(json_member(stage.json.root, "totalSize"), -1), 4500);
		const JsonVal *records = json_member(stage.json.root, "records");
		for (size_t i = 0; i < json_array_len(records); i++) {
			Str id = json_as_str(json_member(json_array_at(records, i), "Id"));
			before = str_from(last);
			assert_true(str_cmp(before, id) < 0);
			assert_true(str_copy(id, last, sizeof last));
		}
		rows += json_array_len(records);
		pages++;
		Str url = json_as_str(json_member(stage.json.root, "nextRecordsUrl"));
		assert_int_equal(
			json_as_bool(json_member(stage.json.root, "done"), false), url.ptr == NULL);
		if (!url.ptr)
			break;
		assert_true(str_starts(url, STR("/services/data/v60.0/query/0r8")));
		(void)snprintf(next, sizeof next, "GET %.*s", STR_ARG(url));
		stage_call(&stage, next, NULL, NULL);
	}
	assert_int_equal(pages, 3);
	assert_int_equal(rows, 4500);
	stage_call(&stage, "GET /services/data/v60.0/query?q=SELECT+Id+FROM+Contact",
		"Sforce-Query-Options: batchSize=10", NULL);
	assert_int_equal(json_array_len(json_member(stage.json.root, "records")), 200);
	stage_api(&stage, "GET /query?q=SELECT+Id,Description+FROM+Contact", NULL);
	assert_int_equal(json_array_len(json_member(stage.json.root, "records")), 1000);
	stage_api(&stage, "GET /query/0r8xx0000000000AAA-2000", NULL);
	expect_status(&stage, 400);
	expect_body(&stage,
		"[{\"message\":\"invalid query locator\",\"errorCode\":\"INVALID_QUERY_LOCATOR\"}]");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)
	const struct CMUnitTest tests[] = {
		CASE(update_is_204_and_stamps_the_record),
		CASE(writing_the_same_value_stamps_too),
		CASE(get_gives_the_record_as_describe_orders_it),
		CASE(single_writes_fail_with_the_recorded_shapes),
		CASE(body_must_be_called_json),
		CASE(wrong_ids_are_told_apart),
		CASE(deleted_record_is_in_the_bin_only),
		CASE(create_gives_201_with_location),
		CASE(collection_answers_in_order_and_fails_one_by_one),
		CASE(all_or_none_writes_nothing_when_one_fails),
		CASE(collection_takes_1_to_200_records),
		CASE(field_without_edit_right_fails_per_record),
		CASE(collection_creates_deletes_and_retrieves),
		CASE(long_results_come_in_pages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
