/* Recorded answers of real orgs, read from a folder that is no part of this repository:
 * OPTOUT_FIXTURES names it. The answers belong to others; only what we expect of them stands here.
 * Without the folder these tests are skipped. */
#include "base/base.h"

#include "base/file.h"
#include "base/json.h"
#include "expect.h"
#include "sf/auth.h"
#include "sf/bulk.h"
#include "sf/collections.h"
#include "sf/describe.h"
#include "sf/limits.h"
#include "sf/query.h"

#include <dirent.h>

enum { RECORDING_MAX = 16 * 1024 * 1024 };

/* NULL: not set. */
static const char *folder(void)
{
	const char *path = getenv("OPTOUT_FIXTURES");
	return path && path[0] ? path : NULL;
}

static void open_recording(const char *name, JsonDoc *out)
{
	char path[512];
	CLEANUP(buf_fini) Buf text = BUF_MAX(RECORDING_MAX);
	Err err;
	snprintf(path, sizeof path, "%s/recordings/%s", folder(), name);
	if (!file_read(path, &text, &err))
		fail_msg("%s", err.text);
	if (!json_doc_parse(buf_str(&text), RECORDING_MAX, out, &err))
		fail_msg("%s: %s", path, err.text);
}

/* The recorded answer as the transport would have given it. Notes about cut lists are left out. */
static void put_body(const JsonVal *body, Buf *out)
{
	Str text = json_as_str(body);
	if (text.ptr || json_val_type(body) == JSON_T_NULL) {
		buf_put(out, text);
		return;
	}
	if (json_val_type(body) != JSON_T_ARRAY) {
		json_put_val(out, body);
		return;
	}
	buf_put_char(out, '[');
	size_t put = 0;
	for (size_t i = 0; i < json_array_len(body); i++) {
		if (json_val_type(json_array_at(body, i)) == JSON_T_STR)
			continue;
		if (put++ > 0)
			buf_put_char(out, ',');
		json_put_val(out, json_array_at(body, i));
	}
	buf_put_char(out, ']');
}

static void reply_of(const JsonVal *response, TransportReply *out)
{
	CLEANUP(buf_fini) Buf body = BUF_MAX(RECORDING_MAX);
	TransportHeader headers[40];
	const JsonVal *list = json_member(response, "headers");
	size_t count = MIN_OF(json_array_len(list), ARRAY_LEN(headers));
	for (size_t i = 0; i < count; i++) {
		const JsonVal *pair = json_array_at(list, i);
		headers[i] = (TransportHeader){ json_as_str(json_array_at(pair, 0)),
			json_as_str(json_array_at(pair, 1)) };
	}
	put_body(json_member(response, "body"), &body);
	*out = (TransportReply){ 0 };
	inproc_answer(out, (int)json_as_i64(json_member(response, "status"), 0), headers, count,
		buf_str(&body));
}

static void open_reply(const char *name, TransportReply *out)
{
	JsonDoc doc;
	open_recording(name, &doc);
	reply_of(json_member(doc.root, "response"), out);
	json_doc_fini(&doc);
}

/* ------------------------------------------------------------- collections */

/* The IDs that were asked for; a row without ID gets one that cannot be in the answer. */
static size_t asked_ids(const JsonVal *request, SfId *ids, size_t max)
{
	const JsonVal *records = json_member(json_member(request, "body"), "records");
	size_t count = 0;
	for (size_t i = 0; i < json_array_len(records) && count < max; i++) {
		const JsonVal *record = json_array_at(records, i);
		if (json_val_type(record) != JSON_T_OBJECT)
			continue;
		if (!sfid_parse(json_as_str(json_member_nocase(record, "id")), &ids[count], NULL)
			&& !sfid_parse(STR("003000000000001AAA"), &ids[count], NULL))
			fail();
		count++;
	}
	return count;
}

static void collection_answers_are_read_row_by_row(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		const char *rows; /* one letter a row: k ok, else the class */
	} cases[] = {
		{ "collections/update_200_2021.json", "k" },
		{ "collections/update_many.json", "kkkkk" },
		{ "collections/update_error_bad_id_2026.json", "r" },
		{ "collections/error_converted_lead_2021.json", "c" },
		{ "collections/error_invalid_email_2021.json", "ka" },
		{ "collections/error_update_without_ids.json", "bb" },
		{ "collections/error_all_or_none_update_unknown_field.json", "ga" },
		{ "collections/error_all_or_none_insert.json", "ag" },
		{ "collections/error_required_missing_2021.json", "a" },
		{ "collections/upsert_error_parser_2026.json", "b" },
	};
	static const char letters[SF_CLASS_COUNT + 1] = "kgsuardcb"; /* in the order of SfClass */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		JsonDoc doc;
		TransportReply reply;
		SfFault fault;
		SfId ids[8];
		SfRowResult rows[8];
		open_recording(cases[i].name, &doc);
		reply_of(json_member(doc.root, "response"), &reply);
		assert_false(sf_fault_from_reply(&reply, SF_BODY_JSON, 0, &fault));
		size_t asked = asked_ids(json_member(doc.root, "request"), ids, 8);
		size_t count = strlen(cases[i].rows);
		Err err;
		for (; asked < count; asked++) /* the request was not recorded */
			assert_true(sfid_parse(STR("003000000000001AAA"), &ids[asked], NULL));
		if (!sf_tick_results(transport_reply_body(&reply), ids, asked, rows, &err))
			fail_msg("%s: %s", cases[i].name, err.text);
		for (size_t row = 0; row < count; row++) {
			assert_true(rows[row].is_answered);
			char got = rows[row].ok ? 'k' : letters[rows[row].fault.cls];
			if (got != cases[i].rows[row])
				fail_msg(
					"%s row %zu: %s", cases[i].name, row, rows[row].fault.code);
		}
		transport_reply_fini(&reply);
		json_doc_fini(&doc);
	}
}

static void a_refused_collection_is_one_fault(void **state)
{
	(void)state;
	TransportReply reply;
	SfFault fault;
	open_reply("collections/error_400_no_records.json", &reply);
	assert_true(sf_fault_from_reply(&reply, SF_BODY_JSON, 0, &fault));
	assert_string_equal(fault.code, "REQUIRED_FIELD_MISSING");
	transport_reply_fini(&reply);
}

/* ---------------------------------------------------------------- describe */

static void opt_out_fields_are_hidden_in_fresh_orgs(void **state)
{
	(void)state;
	static const struct {
		const char *name, *object;
		size_t fields_min;
	} cases[] = {
		{ "describe/contact_scratch.json", "Contact", 50 },
		{ "describe/contact_v42_2022.json", "Contact", 70 },
		{ "describe/lead_v42_2022.json", "Lead", 50 },
		{ "describe/lead_v59_scratch.json", "Lead", 50 },
		{ "describe/account_v58_2026.json", "Account", 60 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_fini) Arena arena = ARENA_MAX(RECORDING_MAX);
		TransportReply reply;
		SfDescribe describe;
		Err err;
		open_reply(cases[i].name, &reply);
		if (!sf_describe_parse(transport_reply_body(&reply), &arena, &describe, &err))
			fail_msg("%s: %s", cases[i].name, err.text);
		assert_str(describe.object, cases[i].object);
		assert_true(describe.field_count >= cases[i].fields_min);
		assert_true(describe.is_queryable && describe.is_updateable);
		assert_int_equal(
			sf_field_state(&describe, STR("HasOptedOutOfEmail")), SF_FIELD_HIDDEN);
		assert_non_null(sf_describe_field(&describe, STR("Id")));
		transport_reply_fini(&reply);
	}
}

static void person_accounts_show_their_opt_out_field(void **state)
{
	(void)state;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(RECORDING_MAX);
	TransportReply reply;
	SfDescribe describe;
	open_reply("describe/account_person_v59_cut.json", &reply);
	assert_true(sf_describe_parse(transport_reply_body(&reply), &arena, &describe, NULL));
	assert_int_equal(sf_field_state(&describe, sf_opt_out_field(SF_ACCOUNT)), SF_FIELD_READY);
	const SfField *field = sf_describe_field(&describe, sf_opt_out_field(SF_ACCOUNT));
	assert_str(field->label, "Email Opt Out");
	transport_reply_fini(&reply);
}

/* ------------------------------------------------------------------- OAuth */

static void recorded_token_answers_give_sessions(void **state)
{
	(void)state;
	static const char *const names[] = { "oauth/token_password_2015.json",
		"oauth/token_password_2024.json" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		TransportReply reply;
		SfSession session = { 0 };
		SfFault fault;
		open_reply(names[i], &reply);
		if (!sf_auth_answer(&reply, 0, &session, &fault))
			fail_msg("%s: %s", names[i], fault.text);
		assert_true(str_starts(sfid_str(&session.org_id), STR("00D")));
		assert_true(str_starts(str_from(session.instance_url), STR("https://")));
		sf_session_fini(&session);
		transport_reply_fini(&reply);
	}
}

/* Runs fn over items that quote a whole body. */
static void each_quoted_body(
	const char *name, void (*fn)(const JsonVal *item, TransportReply *reply))
{
	JsonDoc doc;
	size_t seen = 0;
	open_recording(name, &doc);
	const JsonVal *items = json_member(doc.root, "items");
	for (size_t i = 0; i < json_array_len(items); i++) {
		const JsonVal *item = json_array_at(items, i);
		Str body = json_as_str(json_member(item, "body"));
		int status = (int)json_as_i64(json_member(item, "http"), 0);
		if (body.len == 0 || status < 400)
			continue;
		TransportReply reply = { 0 };
		inproc_answer(&reply, status, NULL, 0, body);
		fn(item, &reply);
		transport_reply_fini(&reply);
		seen++;
	}
	json_doc_fini(&doc);
	assert_true(seen >= 5);
}

static void check_refusal(const JsonVal *item, TransportReply *reply)
{
	SfSession session = { 0 };
	SfFault fault;
	assert_false(sf_auth_answer(reply, 0, &session, &fault));
	assert_class(fault.cls, SF_CLASS_ADMIN);
	if (strcmp(fault.meaning, "Salesforce refused the login") == 0 || fault.advice[0] == '\0')
		fail_msg("no particular advice for %.*s",
			STR_ARG(json_as_str(json_member(item, "body"))));
}

static void recorded_refusals_have_their_own_advice(void **state)
{
	(void)state;
	each_quoted_body("oauth/token_errors_from_threads.json", check_refusal);
}

/* ------------------------------------------------------------------ errors */

static void check_catalogued(const JsonVal *item, TransportReply *reply)
{
	SfFault fault;
	(void)item;
	assert_true(sf_fault_from_reply(reply, SF_BODY_JSON, 0, &fault));
	assert_has_not(str_from(fault.text), "\n");
	if (str_starts(transport_reply_body(reply), STR("<"))) {
		assert_true(str_starts(str_from(fault.code), STR("HTTP_")));
		return;
	}
	assert_has(transport_reply_body(reply), fault.code);
	if (sf_error_info(str_from(fault.code))->code.len == 0)
		print_message("not in our table: %s\n", fault.code);
}

static void catalogued_errors_are_classified(void **state)
{
	(void)state;
	each_quoted_body("errors/rest_error_catalogue.json", check_catalogued);
}

static void recorded_error_answers_are_classified(void **state)
{
	(void)state;
	static const struct {
		const char *name, *code;
		SfClass cls;
	} cases[] = {
		{ "errors/401_invalid_auth_header_2020.json", "INVALID_AUTH_HEADER", SF_CLASS_BUG },
		{ "errors/401_session_not_valid_for_rest_2023.json", "INVALID_SESSION_ID",
			SF_CLASS_ADMIN },
		{ "errors/create_400_cross_reference_access_2022.json",
			"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", SF_CLASS_ADMIN },
		{ "errors/create_400_unknown_field.json", "INVALID_FIELD", SF_CLASS_ADMIN },
		{ "errors/delete_404_entity_is_deleted.json", "ENTITY_IS_DELETED",
			SF_CLASS_DELETED },
		{ "errors/delete_404_entity_is_deleted_2024.json", "ENTITY_IS_DELETED",
			SF_CLASS_DELETED },
		{ "errors/get_404_not_found_2021.json", "NOT_FOUND", SF_CLASS_ADMIN },
		{ "errors/query_400_invalid_id_value_2024.json", "INVALID_QUERY_FILTER_OPERATOR",
			SF_CLASS_BUG },
		{ "errors/query_400_unknown_object.json", "INVALID_TYPE", SF_CLASS_ADMIN },
		{ "errors/update_400_not_writable_field.json", "INVALID_FIELD_FOR_INSERT_UPDATE",
			SF_CLASS_ADMIN },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		TransportReply reply;
		SfFault fault;
		open_reply(cases[i].name, &reply);
		assert_true(sf_fault_from_reply(&reply, SF_BODY_JSON, 0, &fault));
		assert_string_equal(fault.code, cases[i].code);
		assert_class(fault.cls, cases[i].cls);
		transport_reply_fini(&reply);
	}
}

/* ------------------------------------------------------------ limits, bulk */

static void limit_headers_are_read_on_data_calls_only(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool has;
	} cases[] = {
		{ "collections/error_converted_lead_2021.json", true },
		{ "collections/update_error_bad_id_2026.json", true },
		{ "query/simple_2026.json", true },
		{ "rest/update_204_2015.json", true },
		{ "errors/get_404_not_found_2021.json", true },
		{ "rest/versions_2026.json", false },
		{ "oauth/token_password_2024.json", false },
		{ "errors/401_invalid_auth_header_2020.json", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		TransportReply reply;
		SfUsage usage = { 0 };
		open_reply(cases[i].name, &reply);
		bool has = sf_limit_info_parse(
			transport_reply_header(&reply, STR("Sforce-Limit-Info")), &usage);
		if (has != cases[i].has || (has && usage.max < 1000))
			fail_msg("%s", cases[i].name);
		transport_reply_fini(&reply);
	}
}

static void recorded_jobs_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		SfJobState state;
		const char *error_part;
	} cases[] = {
		{ "bulk2/query_create.json", SF_JOB_UPLOAD_COMPLETE, NULL },
		{ "bulk2/ingest_create_delete.json", SF_JOB_OPEN, NULL },
		{ "bulk2/ingest_close.json", SF_JOB_UPLOAD_COMPLETE, NULL },
		{ "bulk2/ingest_in_progress.json", SF_JOB_IN_PROGRESS, NULL },
		{ "bulk2/ingest_complete.json", SF_JOB_COMPLETE, NULL },
		{ "bulk2/ingest_complete_with_failures.json", SF_JOB_COMPLETE, NULL },
		{ "bulk2/ingest_failed_unknown_field.json", SF_JOB_FAILED, "Field name not found" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		TransportReply reply;
		SfBulkJob job;
		Err err;
		open_reply(cases[i].name, &reply);
		if (!sf_bulk_job_parse(transport_reply_body(&reply), &job, &err))
			fail_msg("%s: %s", cases[i].name, err.text);
		assert_int_equal(job.state, cases[i].state);
		assert_string_equal(job.api_version, "60.0");
		assert_has(
			str_from(job.error_text), cases[i].error_part ? cases[i].error_part : "");
		transport_reply_fini(&reply);
	}
}

static void recorded_csv_is_no_fault(void **state)
{
	(void)state;
	TransportReply reply;
	SfFault fault;
	open_reply("bulk2/failed_results_csv.json", &reply);
	assert_false(sf_fault_from_reply(&reply, SF_BODY_CSV, 0, &fault));
	transport_reply_fini(&reply);
}

/* Every recorded 2xx of the data API passes as an answer. */
static void recorded_good_answers_are_no_faults(void **state)
{
	(void)state;
	static const char *const folders[] = { "rest", "query", "describe", "limits", "composite" };
	size_t seen = 0;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		char path[512];
		snprintf(path, sizeof path, "%s/recordings/%s", folder(), folders[i]);
		DIR *dir = opendir(path);
		assert_non_null(dir);
		for (struct dirent *entry; (entry = readdir(dir));) {
			if (!str_ends(str_from(entry->d_name), STR(".json")))
				continue;
			TransportReply reply;
			SfFault fault;
			snprintf(path, sizeof path, "%s/%s", folders[i], entry->d_name);
			open_reply(path, &reply);
			bool is_fault = sf_fault_from_reply(&reply, SF_BODY_JSON, 0, &fault);
			if (is_fault != (reply.status >= 300))
				fail_msg("%s: %s %s", path, fault.code, fault.text);
			transport_reply_fini(&reply);
			seen++;
		}
		closedir(dir);
	}
	assert_true(seen > 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(collection_answers_are_read_row_by_row),
		cmocka_unit_test(a_refused_collection_is_one_fault),
		cmocka_unit_test(opt_out_fields_are_hidden_in_fresh_orgs),
		cmocka_unit_test(person_accounts_show_their_opt_out_field),
		cmocka_unit_test(recorded_token_answers_give_sessions),
		cmocka_unit_test(recorded_refusals_have_their_own_advice),
		cmocka_unit_test(catalogued_errors_are_classified),
		cmocka_unit_test(recorded_error_answers_are_classified),
		cmocka_unit_test(limit_headers_are_read_on_data_calls_only),
		cmocka_unit_test(recorded_jobs_are_read),
		cmocka_unit_test(recorded_csv_is_no_fault),
		cmocka_unit_test(recorded_good_answers_are_no_faults),
	};
	if (!folder()) {
		/* A plan line, because the harness takes cmocka's word for a skip as failed. */
		puts("1..0 # SKIP OPTOUT_FIXTURES does not name the folder with the recordings");
		return 0;
	}
	return secret_library_init(NULL) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
