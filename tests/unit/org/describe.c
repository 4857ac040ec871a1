#include "stage.h"

static Stage stage;

static int open_stage(void **state)
{
	(void)state;
	stage_open(&stage, NULL);
	return 0;
}

static int open_fresh_stage(void **state)
{
	(void)state;
	OrgOptions options = stage_options();
	options.grant_email_opt_out = false;
	stage_open(&stage, &options);
	return 0;
}

static int close_stage(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

static const JsonVal *field(const char *object, const char *name)
{
	char path[128];
	(void)snprintf(path, sizeof path, "GET /sobjects/%s/describe", object);
	stage_api(&stage, path, NULL);
	expect_status(&stage, 200);
	const JsonVal *fields = json_member(stage.json.root, "fields");
	for (size_t i = 0; i < json_array_len(fields); i++) {
		const JsonVal *one = json_array_at(fields, i);
		if (str_eq(json_as_str(json_member(one, "name")), str_from(name)))
			return one;
	}
	return NULL;
}

static void versions_run_from_31_to_66_without_login(void **state)
{
	(void)state;
	stage_call(&stage, "GET /services/data/", "Authorization: none", NULL);
	expect_status(&stage, 200);
	assert_null(stage_header(&stage, "Sforce-Limit-Info").ptr);
	assert_int_equal(json_array_len(stage.json.root), 36);
	static const struct {
		size_t at;
		const char *label, *version;
	} known[] = {
		{ 0, "Summer '14", "31.0" },
		{ 1, "Winter '15", "32.0" },
		{ 11,
			"Spring \xe2\x80\x99"
			"18",
			"42.0" },
		{ 35, "Spring '26", "66.0" },
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		const JsonVal *version = json_array_at(stage.json.root, known[i].at);
		expect_str(json_as_str(json_member(version, "label")), known[i].label);
		expect_str(json_as_str(json_member(version, "version")), known[i].version);
	}
}

static void versions_outside_are_gone_or_not_found(void **state)
{
	(void)state;
	stage_call(&stage, "GET /services/data/v30.0/limits", NULL, NULL);
	expect_status(&stage, 410);
	static const char *const unknown[] = { "GET /services/data/v67.0/limits",
		"GET /services/data/v60/limits", "GET /services/data/60.0/limits",
		"GET /services/data/v60.1/limits", "GET /services/data/v60.0//limits",
		"GET /services/data/v60.0/nothing",
		"GET /services/data/v60.0/sobjects/Nothing/describe" };
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
		stage_call(&stage, unknown[i], NULL, NULL);
		expect_status(&stage, 404);
		expect_body(&stage,
			"[{\"errorCode\":\"NOT_FOUND\",\"message\":\"The requested resource does "
			"not exist\"}]");
	}
}

static void wrong_methods_are_named_with_the_right_ones(void **state)
{
	(void)state;
	stage_api(&stage, "PATCH /sobjects/Account", "{}");
	expect_status(&stage, 405);
	expect_body(&stage,
		"[{\"errorCode\":\"METHOD_NOT_ALLOWED\",\"message\":\"HTTP Method 'PATCH' not "
		"allowed. Allowed are HEAD,GET,POST\"}]");
	stage_api(&stage, "PUT /limits", NULL);
	expect_status(&stage, 405);
}

static void names_and_slashes_are_taken_as_they_come(void **state)
{
	(void)state;
	static const char *const same[] = { "GET /services/data/v60.0/sobjects/contact/describe",
		"GET /services/data/v60.0/sobjects/CONTACT/describe/",
		"HEAD /services/data/v60.0/sobjects/Contact/describe" };
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		stage_call(&stage, same[i], NULL, NULL);
		expect_status(&stage, 200);
		expect_str(json_as_str(json_member(stage.json.root, "name")), "Contact");
	}
}

/* In a fresh org nobody sees the field the product lives on (recorded). */
static void fresh_org_hides_the_opt_out_fields(void **state)
{
	(void)state;
	static const char *const objects[] = { "Contact", "Lead" };
	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		assert_null(field(objects[i], "HasOptedOutOfEmail"));
		assert_null(field(objects[i], "HasOptedOutOfFax"));
		assert_null(field(objects[i], "DoNotCall"));
		assert_non_null(field(objects[i], "Email"));
	}
	stage_api(&stage, "GET /query?q=SELECT+Id,HasOptedOutOfEmail+FROM+Contact", NULL);
	expect_status(&stage, 400);
	assert_true(str_find(stage_body(&stage),
			    STR("No such column 'HasOptedOutOfEmail' on entity "
				"'Contact'."))
		> 0);
}

static void granted_opt_out_is_described_as_recorded_for_person_accounts(void **state)
{
	(void)state;
	const JsonVal *one = field("Contact", "HasOptedOutOfEmail");
	assert_non_null(one);
	Buf text = BUF_MAX(8192);
	json_put_val(&text, one);
	expect_str(buf_str(&text),
		"{\"aggregatable\":false,\"aiPredictionField\":false,\"autoNumber\":false,\"byteLength\":0,"
		"\"calculated\":false,\"calculatedFormula\":null,\"cascadeDelete\":false,"
		"\"caseSensitive\":false,\"compoundFieldName\":null,\"controllerName\":null,"
		"\"createable\":true,\"custom\":false,\"defaultValue\":false,"
		"\"defaultValueFormula\":null,\"defaultedOnCreate\":true,\"dependentPicklist\":false,"
		"\"deprecatedAndHidden\":false,\"digits\":0,\"displayLocationInDecimal\":false,"
		"\"encrypted\":false,\"externalId\":false,\"extraTypeInfo\":null,\"filterable\":true,"
		"\"filteredLookupInfo\":null,\"formulaTreatNullNumberAsZero\":false,\"groupable\":true,"
		"\"highScaleNumber\":false,\"htmlFormatted\":false,\"idLookup\":false,"
		"\"inlineHelpText\":null,\"label\":\"Email Opt Out\",\"length\":0,\"mask\":null,"
		"\"maskType\":null,\"name\":\"HasOptedOutOfEmail\",\"nameField\":false,"
		"\"namePointing\":false,\"nillable\":false,\"permissionable\":true,"
		"\"picklistValues\":[],\"polymorphicForeignKey\":false,\"precision\":0,"
		"\"queryByDistance\":false,\"referenceTargetField\":null,\"referenceTo\":[],"
		"\"relationshipName\":null,\"relationshipOrder\":null,\"restrictedDelete\":false,"
		"\"restrictedPicklist\":false,\"scale\":0,\"searchPrefilterable\":false,"
		"\"soapType\":\"xsd:boolean\",\"sortable\":true,\"type\":\"boolean\",\"unique\":false,"
		"\"updateable\":true,\"writeRequiresMasterRead\":false}");
	buf_fini(&text);
}

static void read_only_field_is_described_as_not_updateable(void **state)
{
	(void)state;
	(void)stage_control(&stage, "POST /fls",
		"{\"object\":\"Lead\",\"field\":\"HasOptedOutOfEmail\",\"read\":true,\"edit\":false}");
	expect_status(&stage, 200);
	const JsonVal *one = field("Lead", "HasOptedOutOfEmail");
	assert_false(json_as_bool(json_member(one, "updateable"), true));
	assert_false(json_as_bool(json_member(one, "createable"), true));
	one = field("Contact", "HasOptedOutOfEmail");
	assert_true(json_as_bool(json_member(one, "updateable"), false));
}

static void custom_checkbox_appears_with_and_without_namespace(void **state)
{
	(void)state;
	(void)stage_control(&stage, "POST /fields",
		"{\"object\":\"Contact\",\"field\":\"mkto71__Marketo_Sales_Opt_Out__c\",\"label\":\"Sales\"}");
	expect_status(&stage, 200);
	const JsonVal *one = field("Contact", "mkto71__Marketo_Sales_Opt_Out__c");
	assert_true(json_as_bool(json_member(one, "custom"), false));
	expect_str(json_as_str(json_member(one, "type")), "boolean");
	expect_str(json_as_str(json_member(one, "label")), "Sales");
	/* Made by the Metadata API: no field-level security, so not there. */
	(void)stage_control(&stage, "POST /fields",
		"{\"object\":\"Contact\",\"field\":\"Hidden__c\",\"visible\":false}");
	assert_null(field("Contact", "Hidden__c"));
	(void)stage_control(
		&stage, "POST /fields", "{\"object\":\"Contact\",\"field\":\"Hidden__c\"}");
	expect_status(&stage, 400);
}

static void unchanged_schema_is_304_until_it_changes(void **state)
{
	(void)state;
	stage_api(&stage, "GET /sobjects/Contact/describe", NULL);
	char headers[256], date[64];
	assert_true(str_copy(stage_header(&stage, "Last-Modified"), date, sizeof date));
	(void)snprintf(headers, sizeof headers, "If-Modified-Since: %s", date);
	assert_int_equal(stage_header(&stage, "ETag").len, 10);
	/* One stamp for the whole schema. */
	stage_call(&stage, "GET /services/data/v60.0/sobjects/Lead/describe", headers, NULL);
	expect_status(&stage, 304);
	expect_body(&stage, "");
	(void)stage_control(&stage, "POST /fls",
		"{\"object\":\"Contact\",\"field\":\"Email\",\"read\":true,\"edit\":false}");
	stage_call(&stage, "GET /services/data/v60.0/sobjects/Lead/describe", headers, NULL);
	expect_status(&stage, 200);
}

static void compressed_answer_has_a_validator_of_its_own(void **state)
{
	(void)state;
	stage_call(
		&stage, "GET /services/data/v60.0/sobjects", "Accept-Encoding: gzip,deflate", NULL);
	expect_str(stage_header(&stage, "Content-Encoding"), "gzip");
	Str etag = stage_header(&stage, "ETag");
	assert_true(str_ends(etag, STR("--gzip\"")));
	char headers[128];
	(void)snprintf(headers, sizeof headers, "If-None-Match: %.*s", STR_ARG(etag));
	stage_call(&stage, "GET /services/data/v60.0/sobjects", headers, NULL);
	expect_status(&stage, 304);
}

static void global_describe_lists_objects_by_name(void **state)
{
	(void)state;
	stage_api(&stage, "GET /sobjects", NULL);
	const JsonVal *objects = json_member(stage.json.root, "sobjects");
	Str before = STR("");
	for (size_t i = 0; i < json_array_len(objects); i++) {
		Str name = json_as_str(json_member(json_array_at(objects, i), "name"));
		assert_true(str_cmp(before, name) < 0);
		before = name;
	}
	assert_int_equal(json_array_len(objects), 5);
}

static void pretty_print_has_the_layout_of_real_answers(void **state)
{
	(void)state;
	stage_call(&stage, "GET /services/data/v60.0/query?q=select+count(Id)+from+Organization",
		"X-PrettyPrint: 1", NULL);
	expect_body(&stage,
		"{\n  \"totalSize\" : 1,\n  \"done\" : true,\n  \"records\" : [ {\n    \"attributes\" : {\n"
		"      \"type\" : \"AggregateResult\"\n    },\n    \"expr0\" : 1\n  } ]\n}");
	stage_call(&stage, "GET /services/data/v60.0/query?q=select+Id+from+Lead+limit+0",
		"X-PrettyPrint: 1", NULL);
	expect_body(&stage, "{\n  \"totalSize\" : 0,\n  \"done\" : true,\n  \"records\" : [ ]\n}");
}

int main(void)
{
#define CASE(name)       cmocka_unit_test_setup_teardown(name, open_stage, close_stage)
#define FRESH_CASE(name) cmocka_unit_test_setup_teardown(name, open_fresh_stage, close_stage)
	const struct CMUnitTest tests[] = {
		CASE(versions_run_from_31_to_66_without_login),
		CASE(versions_outside_are_gone_or_not_found),
		CASE(wrong_methods_are_named_with_the_right_ones),
		CASE(names_and_slashes_are_taken_as_they_come),
		FRESH_CASE(fresh_org_hides_the_opt_out_fields),
		CASE(granted_opt_out_is_described_as_recorded_for_person_accounts),
		CASE(read_only_field_is_described_as_not_updateable),
		CASE(custom_checkbox_appears_with_and_without_namespace),
		CASE(unchanged_schema_is_304_until_it_changes),
		CASE(compressed_answer_has_a_validator_of_its_own),
		CASE(global_describe_lists_objects_by_name),
		CASE(pretty_print_has_the_layout_of_real_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
