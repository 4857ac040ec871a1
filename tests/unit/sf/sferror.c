#include "base/base.h"

#include "sf/sferror.h"

#include "expect.h"

static SfClass class_of(int status, const char *code, const char *message)
{
	SfFault fault;
	sf_fault_set(&fault, status, str_from(code), str_from(message));
	assert_non_null(fault.meaning);
	assert_non_null(fault.advice);
	return fault.cls;
}

static void each_code_stands_once_with_meaning_and_class(void **state)
{
	(void)state;
	size_t count = 0;
	for (const SfErrorInfo *info; (info = sf_error_info_at(count)); count++) {
		assert_true(info->code.len > 0 && info->code.len < SF_CODE_MAX);
		assert_true(info->cls > SF_CLASS_NONE && info->cls < SF_CLASS_COUNT);
		assert_true(info->meaning[0] != '\0');
		assert_ptr_equal(sf_error_info(info->code), info); /* also: no doubles */
		/* Whoever must act is told what to do. */
		bool is_for_people = info->cls == SF_CLASS_ADMIN || info->cls == SF_CLASS_BUDGET
			|| info->cls == SF_CLASS_BUG || info->cls == SF_CLASS_RECORD;
		if (is_for_people && info->advice[0] == '\0')
			fail_msg("%.*s has no advice", STR_ARG(info->code));
	}
	assert_true(count > 80);
}

static void unknown_codes_need_an_admin(void **state)
{
	(void)state;
	assert_class(class_of(400, "SOMETHING_NEW_OF_NEXT_YEAR", "x"), SF_CLASS_ADMIN);
	assert_class(class_of(0, "SOMETHING_NEW_OF_NEXT_YEAR", "x"), SF_CLASS_ADMIN);
	assert_class(class_of(0, "", ""), SF_CLASS_ADMIN);
	assert_string_not_equal(sf_error_info(STR("NEVER_HEARD"))->advice, "");
}

static void unknown_codes_with_a_passing_status_are_tried_again(void **state)
{
	(void)state;
	assert_class(class_of(500, "SOMETHING_NEW", "x"), SF_CLASS_AGAIN);
	assert_class(class_of(502, "SOMETHING_NEW", "x"), SF_CLASS_AGAIN);
	assert_class(class_of(429, "SOMETHING_NEW", "x"), SF_CLASS_AGAIN);
	assert_class(class_of(401, "SOMETHING_NEW", "x"), SF_CLASS_SESSION);
	/* A code that is known says more than the status. */
	assert_class(class_of(500, "UNSUPPORTED_API_VERSION", "x"), SF_CLASS_ADMIN);
}

static void only_the_four_kinds_of_record_faults_blame_the_record(void **state)
{
	(void)state;
	assert_class(class_of(0, "ENTITY_IS_DELETED", "entity is deleted"), SF_CLASS_DELETED);
	assert_class(class_of(0, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead"),
		SF_CLASS_CONVERTED);
	assert_class(class_of(0, "MALFORMED_ID", "malformed id x"), SF_CLASS_RECORD);
	assert_class(class_of(0, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"),
		SF_CLASS_RECORD);
	assert_class(class_of(0, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Opt-out is locked"),
		SF_CLASS_ADMIN);
	assert_class(
		class_of(0, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]"),
		SF_CLASS_ADMIN);
}

static void request_limit_is_decided_by_its_text(void **state)
{
	(void)state;
	const char *code = "REQUEST_LIMIT_EXCEEDED";
	assert_class(class_of(403, code, "TotalRequests Limit exceeded."), SF_CLASS_BUDGET);
	assert_class(
		class_of(403, code, "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
		SF_CLASS_AGAIN);
	assert_class(class_of(403, code,
			     "Unable to process request. Concurrent requests limit exceeded."),
		SF_CLASS_AGAIN);
	assert_class(
		class_of(403, code, "some other text"), SF_CLASS_BUDGET); /* the careful guess */
}

static void sessions_that_renewal_cannot_help_need_an_admin(void **state)
{
	(void)state;
	const char *code = "INVALID_SESSION_ID";
	assert_class(class_of(401, code, "Session expired or invalid"), SF_CLASS_SESSION);
	assert_class(class_of(401, code, "This session is not valid for use with the REST API"),
		SF_CLASS_ADMIN);
	assert_class(class_of(401, code, "Connected app is not attached to Agent"), SF_CLASS_ADMIN);
	assert_class(class_of(400, "URL_NOT_RESET",
			     "Destination URL not reset. The URL returned from login must be set"),
		SF_CLASS_SESSION);
}

static void a_lock_inside_a_failed_trigger_is_tried_again(void **state)
{
	(void)state;
	SfFault fault;
	sf_fault_set(&fault, 0, STR("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"),
		STR("AccountTrigger: execution of AfterUpdate caused by: "
		    "System.DmlException: Update failed. First exception on row 0 "
		    "with id 0011U00000abcdeQAA; first error: UNABLE_TO_LOCK_ROW, "
		    "unable to obtain exclusive access to this record: []"));
	assert_class(fault.cls, SF_CLASS_AGAIN);
	assert_string_equal(fault.code, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY");
	assert_string_equal(fault.inner_code, "UNABLE_TO_LOCK_ROW");
}

static void a_deletion_inside_a_failed_trigger_blames_no_record(void **state)
{
	(void)state;
	SfFault fault;
	sf_fault_set(&fault, 0, STR("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"),
		STR("T: execution of AfterUpdate caused by: first error: ENTITY_IS_DELETED, entity "
		    "is deleted: []"));
	assert_class(fault.cls, SF_CLASS_ADMIN); /* some other record is deleted, ours is not */
	assert_string_equal(fault.inner_code, "ENTITY_IS_DELETED");
}

static void a_lock_behind_another_inner_code_is_found(void **state)
{
	(void)state;
	SfFault fault;
	sf_fault_set(&fault, 0, STR("CANNOT_EXECUTE_FLOW_TRIGGER"),
		STR("first error: CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY, X: UNABLE_TO_LOCK_ROW"));
	assert_class(fault.cls, SF_CLASS_AGAIN);
	assert_string_equal(fault.inner_code, "UNABLE_TO_LOCK_ROW");
}

static void a_session_error_wrapped_as_text_is_found(void **state)
{
	(void)state;
	const char *text =
		"[{\"errorCode\":\"INVALID_SESSION_ID\",\"message\":\"Session expired\"}]";
	assert_class(class_of(400, "UNKNOWN_WRAPPER", text), SF_CLASS_SESSION);
	/* In a row of a 200 the session was plainly good. */
	assert_class(class_of(0, "CUSTOM_APEX_ERROR", text), SF_CLASS_ADMIN);
}

static void texts_become_one_line_and_keep_whole_characters(void **state)
{
	(void)state;
	SfFault fault;
	sf_fault_set(
		&fault, 400, STR("INVALID_FIELD"), STR("\nSELECT X\n       ^\nERROR\tat Row:1 "));
	assert_string_equal(fault.text, "SELECT X ^ ERROR at Row:1");

	CLEANUP(buf_fini) Buf text = BUF_MAX(4096);
	buf_put_char(&text, 'x');
	for (int i = 0; i < 400; i++)
		buf_put_z(&text, "\xC3\xA4");
	sf_fault_set(&fault, 400, STR("INVALID_FIELD"), buf_str(&text));
	assert_true(strlen(fault.text) > SF_FAULT_TEXT_MAX - 5);
	assert_true(str_is_utf8(str_from(fault.text)));
}

/* ----------------------------------------------------------- whole answers */

typedef struct Case {
	int status;
	const char *type;
	const char *body;
	SfClass cls;
	const char *code;
} Case;

#define HTML "text/html; charset=UTF-8"

static const Case answers[] = {
	{ 400, JSON_TYPE, "[{\"message\":\"m\",\"errorCode\":\"INVALID_FIELD\"}]", SF_CLASS_ADMIN,
		"INVALID_FIELD" },
	{ 400, NULL, "[{\"errorCode\":\"UNABLE_TO_LOCK_ROW\",\"message\":\"m\",\"new\":[{}]}]",
		SF_CLASS_AGAIN, "UNABLE_TO_LOCK_ROW" },
	{ 503, HTML, "<html>We are down for maintenance</html>", SF_CLASS_AGAIN, "HTTP_503" },
	{ 503, HTML, "", SF_CLASS_AGAIN, "HTTP_503" },
	{ 200, HTML, "<html>We are down for maintenance</html>", SF_CLASS_AGAIN, "HTML_PAGE" },
	{ 200, NULL, "<!DOCTYPE html><html></html>", SF_CLASS_AGAIN, "HTML_PAGE" },
	{ 200, "text/plain", "hello", SF_CLASS_AGAIN, "BAD_ANSWER" },
	{ 406, NULL, "", SF_CLASS_AGAIN, "HTTP_406" },
	{ 420, HTML, "<html>", SF_CLASS_AGAIN, "HTTP_420" },
	{ 429, NULL, "", SF_CLASS_AGAIN, "HTTP_429" },
	{ 500, "text/plain", "oops", SF_CLASS_AGAIN, "HTTP_500" },
	{ 502, HTML, "<html>", SF_CLASS_AGAIN, "HTTP_502" },
	{ 504, HTML, "<html>", SF_CLASS_AGAIN, "HTTP_504" },
	{ 500, JSON_TYPE, "[{\"message\":\"m\",\"errorCode\":\"UNKNOWN_EXCEPTION\"}]",
		SF_CLASS_AGAIN, "UNKNOWN_EXCEPTION" },
	{ 500, JSON_TYPE, "[{\"mess", SF_CLASS_AGAIN, "HTTP_500" }, /* cut off */
	{ 401, NULL, "", SF_CLASS_SESSION, "HTTP_401" },
	{ 401, JSON_TYPE,
		"[{\"message\":\"INVALID_HEADER_TYPE\",\"errorCode\":\"INVALID_AUTH_HEADER\"}]",
		SF_CLASS_BUG, "INVALID_AUTH_HEADER" },
	{ 404, HTML, "<html>", SF_CLASS_ADMIN, "HTTP_404" },
	{ 404, JSON_TYPE, "[{\"errorCode\":\"NOT_FOUND\",\"message\":\"m\"}]", SF_CLASS_ADMIN,
		"NOT_FOUND" },
	{ 410, NULL, "", SF_CLASS_ADMIN, "HTTP_410" },
	{ 414, HTML, "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>", SF_CLASS_BUG,
		"HTTP_414" },
	{ 431, NULL, "", SF_CLASS_BUG, "HTTP_431" },
	{ 302, HTML, "<html>", SF_CLASS_ADMIN, "HTTP_302" },
	{ 403, HTML, "<html>", SF_CLASS_ADMIN, "HTTP_403" },
	{ 400, JSON_TYPE, "{\"message\":\"m\",\"errorCode\":\"INVALIDJOB\"}", SF_CLASS_BUG,
		"INVALIDJOB" },
};

static void status_and_type_are_looked_at_before_the_body(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		const Case *want = &answers[i];
		TransportReply reply = answer_with(want->status, want->type, want->body);
		SfFault fault;
		assert_true(sf_fault_from_reply(&reply, SF_BODY_JSON, 0, &fault));
		if (fault.cls != want->cls || strcmp(fault.code, want->code) != 0)
			fail_msg("case %zu (%d %s): got %s %s", i, want->status, want->code,
				sf_class_name(fault.cls), fault.code);
		assert_int_equal(fault.status, want->status);
		assert_has_not(str_from(fault.text), "<"); /* no markup for people */
		assert_true(fault.text[0] != '\0');
		transport_reply_fini(&reply);
	}
}

static bool is_fault(int status, const char *type, const char *body, SfBodyKind kind)
{
	TransportReply reply = answer_with(status, type, body);
	SfFault fault;
	bool result = sf_fault_from_reply(&reply, kind, 0, &fault);
	transport_reply_fini(&reply);
	return result;
}

static void good_answers_are_no_faults(void **state)
{
	(void)state;
	assert_false(is_fault(200, JSON_TYPE, "[]", SF_BODY_JSON));
	assert_false(is_fault(201, NULL, " {}", SF_BODY_JSON));
	assert_false(is_fault(204, NULL, "", SF_BODY_JSON));
	assert_false(is_fault(200, "text/csv", "\"Id\"\n", SF_BODY_CSV));
	assert_false(is_fault(200, "text/csv; charset=utf-8", "", SF_BODY_CSV));
	assert_false(is_fault(200, NULL, "", SF_BODY_CSV));
	assert_false(is_fault(200, HTML, "<html>", SF_BODY_NONE));
	assert_true(is_fault(200, HTML, "<html>", SF_BODY_CSV));
	assert_true(is_fault(200, JSON_TYPE, "[]", SF_BODY_CSV));
}

static void unanswered_calls_are_tried_again(void **state)
{
	(void)state;
	TransportReply reply = { 0 };
	SfFault fault;
	inproc_fail(&reply, TRANSPORT_NOT_SENT, "no route to host");
	assert_true(sf_fault_from_reply(&reply, SF_BODY_JSON, 0, &fault));
	assert_class(fault.cls, SF_CLASS_AGAIN);
	assert_string_equal(fault.code, "NOT_SENT");
	assert_string_equal(fault.text, "no route to host");
	inproc_fail(&reply, TRANSPORT_UNKNOWN, "connection reset");
	assert_true(sf_fault_from_reply(&reply, SF_BODY_JSON, 0, &fault));
	assert_class(fault.cls, SF_CLASS_AGAIN);
	assert_string_equal(fault.code, "NO_ANSWER");
}

static int64_t retry_after(const char *value, int64_t now_ms)
{
	TransportReply reply = { 0 };
	TransportHeader header = { STR("retry-after"), str_from(value) };
	SfFault fault;
	inproc_answer(&reply, 503, &header, 1, STR(""));
	assert_true(sf_fault_from_reply(&reply, SF_BODY_JSON, now_ms, &fault));
	transport_reply_fini(&reply);
	return fault.retry_after_ms;
}

static void retry_after_is_honoured_within_a_day(void **state)
{
	(void)state;
	int64_t now_ms = 784111777000; /* Sun, 06 Nov 1994 08:49:37 GMT */
	assert_int_equal(retry_after("120", now_ms), 120000);
	assert_int_equal(retry_after("999999999", now_ms), 86400000);
	assert_int_equal(retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now_ms), 60000);
	assert_int_equal(retry_after("Sun, 06 Nov 1994 08:48:37 GMT", now_ms), 0);
	assert_int_equal(retry_after("soon", now_ms), 0);
	assert_int_equal(retry_after("-5", now_ms), 0);
	assert_int_equal(retry_after("Sun, 06 Nov 1994 08:50:37 PST", now_ms), 0);
}

static void err_has_kind_status_and_advice(void **state)
{
	(void)state;
	SfFault fault;
	Err err = { 0 };
	sf_fault_set(&fault, 400, STR("INVALID_FIELD"), STR("No such column"));
	assert_false(sf_fault_to_err(&fault, "query", &err));
	assert_int_equal(err.kind, ERR_AUTH);
	assert_int_equal(err.code, 400);
	assert_has(
		str_from(err.text), "query: INVALID_FIELD: No such column. Give the integration");
	sf_fault_set(&fault, 403, STR("REQUEST_LIMIT_EXCEEDED"), STR("TotalRequests"));
	sf_fault_to_err(&fault, "query", &err);
	assert_int_equal(err.kind, ERR_LIMIT);
	sf_fault_set(&fault, 404, STR("NOT_FOUND"), STR("gone"));
	sf_fault_to_err(&fault, "job", &err);
	assert_int_equal(err.kind, ERR_MISSING);
	sf_fault_set(&fault, 503, STR("SERVER_UNAVAILABLE"), STR("busy"));
	sf_fault_to_err(&fault, "job", &err);
	assert_int_equal(err.kind, ERR_RETRY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_code_stands_once_with_meaning_and_class),
		cmocka_unit_test(unknown_codes_need_an_admin),
		cmocka_unit_test(unknown_codes_with_a_passing_status_are_tried_again),
		cmocka_unit_test(only_the_four_kinds_of_record_faults_blame_the_record),
		cmocka_unit_test(request_limit_is_decided_by_its_text),
		cmocka_unit_test(sessions_that_renewal_cannot_help_need_an_admin),
		cmocka_unit_test(a_lock_inside_a_failed_trigger_is_tried_again),
		cmocka_unit_test(a_deletion_inside_a_failed_trigger_blames_no_record),
		cmocka_unit_test(a_lock_behind_another_inner_code_is_found),
		cmocka_unit_test(a_session_error_wrapped_as_text_is_found),
		cmocka_unit_test(texts_become_one_line_and_keep_whole_characters),
		cmocka_unit_test(status_and_type_are_looked_at_before_the_body),
		cmocka_unit_test(good_answers_are_no_faults),
		cmocka_unit_test(unanswered_calls_are_tried_again),
		cmocka_unit_test(retry_after_is_honoured_within_a_day),
		cmocka_unit_test(err_has_kind_status_and_advice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
