/* Answers of the simulated org beside recorded answers of real ones: status, headers, members,
 * their order and types. The recordings are not part of this repository: OPTOUT_FIXTURES names the
 * folder that holds recordings/. */
#include "stage.h"

#include "base/file.h"

enum { RECORDING_MAX = 8 * 1024 * 1024, PLACES_MAX = 4 };

static Stage stage;
static Str fixtures;

/* {contact} and the like in requests. */
static struct {
	const char *name;
	char id[32];
} places[] = { { "{contact}", "" }, { "{lead}", "" }, { "{deleted}", "" }, { "{converted}", "" },
	{ "{query}", "" }, { "{ingest}", "" } };

typedef struct Case {
	const char *recording;
	const char *request; /* without the API path when it begins with a method and "/api" */
	const char *headers, *body;
	bool is_exact; /* the bodies are equal, byte for byte */
	/* Members that only one side has, and why that is accepted: "name|name". A trailing * is
	 * any end. */
	const char *only_real, *only_ours;
} Case;

#define API  "/services/data/v60.0"
#define FORM "Content-Type: application/x-www-form-urlencoded\nAuthorization: none"

/* Custom fields of those orgs, and the opt-out fields that are granted here and were hidden there.
 */
#define GRANTED "HasOptedOutOfEmail|HasOptedOutOfFax|DoNotCall"

static const Case cases[] = {
	{ "rest/versions_2026.json", "GET /services/data", NULL, NULL, true, NULL, NULL },
	{ "rest/get_contact_200_2021.json", "GET " API "/sobjects/Contact/{contact}", NULL, NULL,
		false, "*__c", GRANTED },
	{ "rest/get_lead_200_2021.json", "GET " API "/sobjects/Lead/{lead}", NULL, NULL, false,
		"*__c", GRANTED },
	{ "rest/create_201_2021.json", "POST " API "/sobjects/Contact", NULL,
		"{\"LastName\":\"x\",\"Email\":\"x@new.example\"}", false, NULL, NULL },
	{ "rest/create_lead_201_2024.json", "POST " API "/sobjects/Lead", NULL,
		"{\"LastName\":\"x\",\"Company\":\"y\"}", false, NULL, NULL },
	{ "rest/update_204_2015.json", "PATCH " API "/sobjects/Contact/{contact}", NULL,
		"{\"Title\":\"x\"}", false, NULL, NULL },
	{ "describe/contact_scratch.json", "GET " API "/sobjects/Contact/describe", NULL, NULL,
		false, NULL, GRANTED },
	{ "describe/lead_v59_scratch.json", "GET " API "/sobjects/Lead/describe", NULL, NULL, false,
		NULL, GRANTED },
	{ "query/empty_2021.json",
		"GET " API "/query?q=SELECT+Id+FROM+Contact+WHERE+LastName='no+one'", NULL, NULL,
		true, NULL, NULL },
	/* Addresses of accounts are not simulated; _cut was added by the recorder. */
	{ "query/page1_2000_rows_2026.json",
		"GET " API
		"/query?q=SELECT+Id,Name,AccountNumber,Industry,Type,Phone,Website,CreatedDate,"
		"LastModifiedDate,SystemModstamp+FROM+Account+ORDER+BY+SystemModstamp+ASC",
		NULL, NULL, false, "Billing*|_cut", NULL },
	{ "query/simple_2026.json", "GET " API "/query?q=SELECT+Id,Name+FROM+Account+LIMIT+5", NULL,
		NULL, false, NULL, NULL },
	{ "query/queryall_2026.json", "GET " API "/queryAll?q=SELECT+Id,Name+FROM+Account+LIMIT+5",
		NULL, NULL, false, NULL, NULL },
	{ "query/aggregate_count_id.json", "GET " API "/query/?q=select+count(Id)+from+Account",
		"X-PrettyPrint: 1", NULL, false, NULL, NULL },
	{ "collections/update_200_2021.json", "PATCH " API "/composite/sobjects", NULL,
		"{\"records\":[{\"attributes\":{\"type\":\"Contact\"},\"id\":\"{contact}\",\"Title\":\"y\"}]}",
		false, NULL, NULL },
	{ "collections/update_error_bad_id_2026.json", "PATCH " API "/composite/sobjects", NULL,
		"{\"records\":[{\"attributes\":{\"type\":\"Account\"},\"id\":\"001xx000003DHP0AAO\","
		"\"Name\":\"x\"}]}",
		true, NULL, NULL },
	{ "collections/error_converted_lead_2021.json", "PATCH " API "/composite/sobjects", NULL,
		"{\"records\":[{\"attributes\":{\"type\":\"Lead\"},\"id\":\"{converted}\",\"Title\":\"y\"}]}",
		true, NULL, NULL },
	{ "collections/error_invalid_email_2021.json", "PATCH " API "/composite/sobjects", NULL,
		"{\"records\":[{\"attributes\":{\"type\":\"Lead\"},\"id\":\"{lead}\",\"Title\":\"y\"},"
		"{\"attributes\":{\"type\":\"Contact\"},\"id\":\"{contact}\",\"Email\":\"badone\"}]}",
		false, NULL, NULL },
	{ "collections/error_update_without_ids.json", "PATCH " API "/composite/sobjects", NULL,
		"{\"records\":[{\"attributes\":{\"type\":\"Contact\"},\"Title\":\"y\"},{\"attributes\":{"
		"\"type\":\"Contact\"},\"Title\":\"z\"}]}",
		true, NULL, NULL },
	{ "collections/error_400_no_records.json", "POST " API "/composite/sobjects", NULL,
		"{\"allOrNone\":false,\"records\":[]}", true, NULL, NULL },
	{ "collections/error_all_or_none_update_unknown_field.json",
		"PATCH " API "/composite/sobjects", NULL,
		"{\"allOrNone\":true,\"records\":[{\"attributes\":{\"type\":\"Contact\"},\"id\":"
		"\"{contact}\",\"Title\":\"y\"},{\"attributes\":{\"type\":\"Contact\"},\"id\":\"{contact}\","
		"\"unknownField_LastName\":\"z\"}]}",
		true, NULL, NULL },
	{ "errors/get_404_not_found_2021.json", "GET " API "/sobjects/Contact/{deleted}", NULL,
		NULL, true, NULL, NULL },
	{ "errors/delete_404_entity_is_deleted_2024.json",
		"DELETE " API "/sobjects/Contact/{deleted}", NULL, NULL, true, NULL, NULL },
	{ "errors/create_400_unknown_field.json", "POST " API "/sobjects/Account", NULL,
		"{\"AccountNumer\":\"1\"}", true, NULL, NULL },
	{ "errors/update_400_not_writable_field.json", "PATCH " API "/sobjects/Contact/{contact}",
		NULL, "{\"IsDeleted\":true}", false, NULL, NULL },
	{ "errors/query_400_unknown_object.json",
		"GET " API "/query?q=SELECT+Id,Name,BillingCity,IsDeleted+FROM+Accout", NULL, NULL,
		true, NULL, NULL },
	{ "errors/query_400_invalid_id_value_2024.json",
		"GET " API "/query?q=SELECT+Id+FROM+Contact+WHERE+Id='somethingwonky'", NULL, NULL,
		false, NULL, NULL },
	{ "errors/401_invalid_auth_header_2020.json", "GET " API "/limits",
		"Authorization: none at all", NULL, true, NULL, NULL },
	/* Most limits are listed; figures are ours. */
	{ "limits/limits_v60_2026.json", "GET " API "/limits", NULL, NULL, false, NULL, NULL },
	{ "limits/recordcount.json", "GET " API "/limits/recordCount?sObjects=Account",
		"X-PrettyPrint: 1", NULL, false, NULL, NULL },
	{ "limits/recordcount_empty.json", "GET " API "/limits/recordCount?sObjects=Opportunity",
		NULL, NULL, true, NULL, NULL },
	{ "bulk2/query_create.json", "POST " API "/jobs/query", NULL,
		"{\"operation\":\"query\",\"query\":\"SELECT Id FROM Account\"}", false, NULL,
		NULL },
	{ "bulk2/ingest_create_delete.json", "POST " API "/jobs/ingest", NULL,
		"{\"operation\":\"delete\",\"object\":\"Contact\"}", false, NULL, NULL },
	{ "bulk2/ingest_close_delete_job.json", "PATCH " API "/jobs/ingest/{ingest}", NULL,
		"{\"state\":\"UploadComplete\"}", false, NULL, NULL },
	/* Upsert jobs are not simulated. */
	{ "bulk2/ingest_complete.json", "GET " API "/jobs/ingest/{ingest}", NULL, NULL, false,
		"externalIdFieldName", NULL },
	{ "oauth/token_password_2024.json", "POST /services/oauth2/token", FORM,
		"grant_type=password&client_id=the-client&client_secret=the-secret&username="
		"integration%40orgsim.example&password=orgsim-password",
		false, NULL, NULL },
	{ "oauth/userinfo_2026.json", "GET /services/oauth2/userinfo", NULL, NULL, false, NULL,
		NULL },
	{ "oauth/identity_2015.json", "GET /id/{org}/{user}", NULL, NULL, false, NULL, NULL },
};

/* ---- comparing ---- */

static Buf differences = BUF_MAX(64 * 1024);

static void differ(const char *path, const char *what, Str detail)
{
	buf_printf(&differences, "\n    %s: %s %.*s", path, what, STR_ARG(detail));
}

static bool is_accepted(const char *list, Str name)
{
	Str rest = str_from(list), one;
	while (rest.len && str_split(&rest, '|', &one)) {
		bool fits = str_ends(one, STR("*")) ? str_starts(name, str_sub(one, 0, one.len - 1))
			: str_starts(one, STR("*")) ? str_ends(name, str_from_pos(one, 1))
						    : str_eq(name, one);
		if (fits)
			return true;
	}
	return false;
}

static void compare(const Case *c, const char *path, const JsonVal *real, const JsonVal *ours);

static const JsonVal *element_named(const JsonVal *array, Str name)
{
	for (size_t i = 0; i < json_array_len(array); i++)
		if (str_eq(json_as_str(json_member(json_array_at(array, i), "name")), name))
			return json_array_at(array, i);
	return NULL;
}

/* Things with a name are compared with their namesakes; of other things the first is typical for
 * all. */
static void compare_arrays(
	const Case *c, const char *path, const JsonVal *real, const JsonVal *ours)
{
	const JsonVal *typical = json_array_at(real, 0);
	for (size_t i = 0; i < json_array_len(ours) && typical; i++) {
		const JsonVal *one = json_array_at(ours, i);
		Str name = json_as_str(json_member(one, "name"));
		const JsonVal *namesake = name.ptr ? element_named(real, name) : NULL;
		if (!namesake && name.ptr && is_accepted(c->only_ours, name))
			continue;
		const JsonVal *place = json_array_len(real) == json_array_len(ours)
			? json_array_at(real, i)
			: typical;
		char deeper[256];
		(void)snprintf(deeper, sizeof deeper, "%s[%.*s]", path,
			STR_ARG(name.ptr ? name : STR("")));
		compare(c, deeper, namesake ? namesake : place, one);
	}
}

/* Both in their own order; what both have must come in the same order. */
static void compare_objects(
	const Case *c, const char *path, const JsonVal *real, const JsonVal *ours)
{
	void *real_iter = NULL, *our_iter = NULL;
	Str name, our_name;
	const JsonVal *real_value, *our_value;
	while (json_object_next(real, &real_iter, &name, &real_value)) {
		char key[128], deeper[256];
		assert_true(str_copy(name, key, sizeof key));
		if (!json_member(ours, key)) {
			if (!is_accepted(c->only_real, name))
				differ(path, "is missing", name);
			continue;
		}
		/* On to the next of ours that the real one has as well. */
		bool more;
		while ((more = json_object_next(ours, &our_iter, &our_name, &our_value))) {
			char our_key[128];
			assert_true(str_copy(our_name, our_key, sizeof our_key));
			if (json_member(real, our_key))
				break;
			if (!is_accepted(c->only_ours, our_name))
				differ(path, "has besides", our_name);
		}
		if (!more || !str_eq(our_name, name)) {
			differ(path, "has in another order", name);
			return;
		}
		(void)snprintf(deeper, sizeof deeper, "%s.%s", path, key);
		compare(c, deeper, real_value, our_value);
	}
	while (json_object_next(ours, &our_iter, &our_name, &our_value))
		if (!is_accepted(c->only_ours, our_name))
			differ(path, "has besides", our_name);
}

/* What describe says about a field of the same name is the same, the choice of picklist values
 * aside. */
static void compare_field_property(const char *path, const JsonVal *real, const JsonVal *ours)
{
	if (!strstr(path, ".fields[") || strstr(path, "picklistValues"))
		return;
	CLEANUP(buf_fini) Buf wanted = BUF_MAX(4096), got = BUF_MAX(4096);
	json_put_val(&wanted, real);
	json_put_val(&got, ours);
	if (!str_eq(buf_str(&wanted), buf_str(&got)))
		differ(path, "is", buf_str(&got));
}

static void compare(const Case *c, const char *path, const JsonVal *real, const JsonVal *ours)
{
	JsonType real_type = json_val_type(real), our_type = json_val_type(ours);
	bool is_scalar = real_type != JSON_T_OBJECT && real_type != JSON_T_ARRAY;
	if (is_scalar && str_starts(str_from(c->recording), STR("describe/")))
		compare_field_property(path, real, ours);
	if (real_type == JSON_T_NULL || our_type == JSON_T_NULL)
		return;
	if (real_type != our_type)
		differ(path, "has another type", STR(""));
	else if (real_type == JSON_T_OBJECT)
		compare_objects(c, path, real, ours);
	else if (real_type == JSON_T_ARRAY)
		compare_arrays(c, path, real, ours);
}

/* ---- headers ---- */

static bool in_list(Str name, const char *list)
{
	Str rest = str_from(list), one;
	while (rest.len && str_split(&rest, ' ', &one))
		if (str_eq_nocase(one, name))
			return true;
	return false;
}

static void compare_headers(const JsonVal *headers, bool is_raw)
{
	/* Made by the connection, not by the org; or no longer sent since 2024. */
	static const char not_ours[] = "transfer-encoding connection content-length keep-alive "
				       "x-xss-protection pragma expires etag last-modified";
	static const char same_value[] = "content-type x-content-type-options x-robots-tag";
	size_t at = 0; /* in our headers, for the order */
	for (size_t i = 0; i < json_array_len(headers); i++) {
		Str name = json_as_str(json_array_at(json_array_at(headers, i), 0));
		Str value = json_as_str(json_array_at(json_array_at(headers, i), 1));
		if (in_list(name, not_ours))
			continue;
		Str ours = http_reply_get(&stage.reply, name);
		if (!ours.ptr)
			differ("header", "is missing", name);
		else if (in_list(name, same_value) && !str_eq(ours, value))
			differ("header", "has another value", name);
		size_t next = at;
		while (next < stage.reply.header_count
			&& !str_eq_nocase(stage.reply.headers[next].name, name))
			next++;
		if (is_raw && next == stage.reply.header_count)
			differ("header", "comes in another order", name);
		else if (is_raw)
			at = next + 1;
	}
}

/* ---- one case ---- */

static void fill_places(const char *text, char *out, size_t size)
{
	Buf filled = BUF_MAX(8192);
	while (*text) {
		size_t used = 0;
		for (size_t i = 0; i < ARRAY_LEN(places) && !used; i++)
			if (strncmp(text, places[i].name, strlen(places[i].name)) == 0) {
				buf_put_z(&filled, places[i].id);
				used = strlen(places[i].name);
			}
		if (!used)
			buf_put_char(&filled, *text);
		text += used ? used : 1;
	}
	assert_true(str_copy(buf_str(&filled), out, size));
	buf_fini(&filled);
}

static const JsonVal *read_body(const JsonVal *response, JsonDoc *text_doc)
{
	const JsonVal *body = json_member(response, "body");
	if (json_val_type(body) != JSON_T_STR)
		return body;
	/* Kept as text because of its layout. */
	if (json_as_str(body).len)
		assert_true(json_doc_parse(json_as_str(body), RECORDING_MAX, text_doc, NULL));
	return text_doc->root;
}

static void run_case(const Case *c)
{
	char path[512], request[2048], body[2048];
	Err err;
	CLEANUP(buf_fini) Buf text = BUF_MAX(RECORDING_MAX);
	JsonDoc doc = { 0 }, text_doc = { 0 };
	(void)snprintf(path, sizeof path, "%.*s/recordings/%s", STR_ARG(fixtures), c->recording);
	if (!file_read(path, &text, &err)
		|| !json_doc_parse(buf_str(&text), RECORDING_MAX, &doc, &err))
		fail_msg("%s: %s", path, err.text);
	fill_places(c->request, request, sizeof request);
	if (c->body)
		fill_places(c->body, body, sizeof body);
	stage_call(&stage, request, c->headers, c->body ? body : NULL);
	const JsonVal *response = json_member(doc.root, "response");
	buf_reset(&differences);
	if (json_as_i64(json_member(response, "status"), 0) != stage.reply.status)
		differ("status", "differs", stage_body(&stage));
	bool is_raw = str_starts(json_as_str(json_member(doc.root, "sureness")), STR("A"));
	compare_headers(json_member(response, "headers"), is_raw);
	const JsonVal *real = read_body(response, &text_doc);
	if (c->is_exact) {
		Buf wanted = BUF_MAX(RECORDING_MAX);
		json_put_val(&wanted, real);
		if (!str_eq(buf_str(&wanted), stage_body(&stage)))
			differ("body", "differs:", stage_body(&stage));
		buf_fini(&wanted);
	} else if (real) {
		compare(c, "body", real, stage.json.root);
	}
	if (differences.len)
		print_error("  %s%s\n", c->recording, buf_z(&differences));
	json_doc_fini(&doc);
	json_doc_fini(&text_doc);
}

static void put_place(const char *name, Str id)
{
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (str_eq(str_from(places[i].name), str_from(name)))
			assert_true(str_copy(id, places[i].id, sizeof places[i].id));
}

static void prepare(void)
{
	OrgOptions options = stage_options();
	options.accounts = 2100;
	options.grant_email_opt_out = true;
	stage_open(&stage, &options);
	char room[32], other[32], body[128];
	put_place("{contact}", stage_id(&stage, "Contact", 0, room));
	put_place("{lead}", stage_id(&stage, "Lead", 0, room));
	put_place("{deleted}", stage_id(&stage, "Contact", 1, room));
	(void)snprintf(body, sizeof body, "{\"id\":\"%s\"}", room);
	(void)stage_control(&stage, "POST /records/delete", body);
	put_place("{converted}", stage_id(&stage, "Lead", 1, room));
	(void)stage_id(&stage, "Contact", 0, other);
	(void)snprintf(body, sizeof body, "{\"id\":\"%s\",\"contact\":\"%s\"}", room, other);
	(void)stage_control(&stage, "POST /records/convert", body);
	stage_api(&stage, "POST /jobs/ingest", "{\"operation\":\"delete\",\"object\":\"Contact\"}");
	put_place("{ingest}", json_as_str(json_member(stage.json.root, "id")));
}

static void answers_have_the_shape_of_recorded_ones(void **state)
{
	(void)state;
	prepare();
	size_t bad = 0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		run_case(&cases[i]);
		bad += differences.len > 0;
	}
	buf_fini(&differences);
	stage_close(&stage);
	if (bad)
		fail_msg("%zu of %zu answers differ from the recorded ones", bad, ARRAY_LEN(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(
		answers_have_the_shape_of_recorded_ones) };
	const char *folder = getenv("OPTOUT_FIXTURES");
	if (!folder || !*folder) {
		/* A plan line, because the harness takes cmocka's word for a skip as failed. */
		puts("1..0 # SKIP OPTOUT_FIXTURES does not name the folder with the recordings");
		return 0;
	}
	fixtures = str_from(folder);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
