/* What came of a call, in the words that the push decides with. */
#include "base/base.h"

#include "app/push_call.h"

#include "../../lib/expect.h"
#include "base/alloc.h"

static const char *const id_texts[] = { "003q000000KvQ1tAAF", "003q000000KvQ2DAAV" };

static PushCall two_contacts(void)
{
	PushCall call = { .call_id = 9,
		.batch = { .batch_id = 5, .object = SF_CONTACT, .count = 2 } };
	for (size_t i = 0; i < 2; i++)
		assert_true(sfid_parse(str_from(id_texts[i]), &call.batch.rows[i].sfid, NULL));
	return call;
}

static PushAnswer *read_body(const char *body)
{
	PushAnswer *answer = xcalloc(1, sizeof *answer);
	PushCall call = two_contacts();
	CLEANUP(sf_reply_fini)
	SfReply reply = { .call_id = 9,
		.ok = true,
		.raw = { .outcome = TRANSPORT_ANSWERED,
			.status = 200,
			.body = xstrndup(body, strlen(body)),
			.body_len = strlen(body) } };
	push_call_read(&call, &reply, answer);
	assert_int_equal(answer->reply.batch_id, 5);
	return answer;
}

static void each_row_gets_its_own_result_by_position(void **state)
{
	(void)state;
	CLEANUP(free_ptr)
	PushAnswer *answer = read_body(
		"[{\"id\":\"003q000000KvQ1tAAF\",\"success\":true,\"errors\":[]},"
		"{\"success\":false,\"errors\":[{\"statusCode\":\"UNABLE_TO_LOCK_ROW\","
		"\"message\":\"unable to obtain exclusive access\",\"fields\":[]}]}]");
	assert_int_equal(answer->reply.call_fail, FAIL_NONE);
	assert_int_equal(answer->reply.result_count, 2);
	assert_int_equal(answer->results[0].fail, FAIL_NONE);
	assert_int_equal(answer->results[1].fail, FAIL_AGAIN);
	assert_str(answer->results[1].code, "UNABLE_TO_LOCK_ROW");
}

static void a_row_without_a_result_is_unknown_not_done(void **state)
{
	(void)state;
	CLEANUP(free_ptr)
	PushAnswer *answer = read_body(
		"[{\"id\":\"003q000000KvQ1tAAF\",\"success\":true,\"errors\":[]}]");
	assert_int_equal(answer->reply.result_count, 2);
	assert_int_equal(answer->results[0].fail, FAIL_NONE);
	assert_int_equal(answer->results[1].fail, FAIL_UNKNOWN_OUTCOME);
}

static void a_cut_answer_leaves_every_row_unknown(void **state)
{
	(void)state;
	CLEANUP(free_ptr) PushAnswer *answer = read_body("[{\"id\":\"003q000000KvQ1tAAF\",\"succ");
	assert_int_equal(answer->reply.call_fail, FAIL_UNKNOWN_OUTCOME);
	assert_str(answer->reply.code, "BAD_ANSWER");
	assert_true(answer->reply.text.len > 0);
}

static void every_class_of_a_failed_call_has_its_word(void **state)
{
	(void)state;
	static const struct {
		SfClass cls;
		TransportOutcome outcome;
		FailClass want;
	} cases[] = {
		{ SF_CLASS_AGAIN, TRANSPORT_ANSWERED, FAIL_AGAIN },
		{ SF_CLASS_AGAIN, TRANSPORT_NOT_SENT, FAIL_AGAIN },
		{ SF_CLASS_AGAIN, TRANSPORT_UNKNOWN, FAIL_UNKNOWN_OUTCOME },
		{ SF_CLASS_SESSION, TRANSPORT_ANSWERED, FAIL_SESSION },
		{ SF_CLASS_BUDGET, TRANSPORT_ANSWERED, FAIL_BUDGET },
		{ SF_CLASS_ADMIN, TRANSPORT_ANSWERED, FAIL_ADMIN },
		{ SF_CLASS_RECORD, TRANSPORT_ANSWERED, FAIL_RECORD },
		{ SF_CLASS_CONVERTED, TRANSPORT_ANSWERED, FAIL_RECORD },
		{ SF_CLASS_DELETED, TRANSPORT_ANSWERED, FAIL_DELETED },
		{ SF_CLASS_BUG, TRANSPORT_ANSWERED, FAIL_ADMIN },
	};
	CLEANUP(free_ptr) PushAnswer *answer = xcalloc(1, sizeof *answer);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		PushCall call = two_contacts();
		const SfReply reply = {
			.call_id = 9,
			.fault = { .cls = cases[i].cls, .retry_after_ms = 700 },
			.raw = { .outcome = cases[i].outcome },
		};
		push_call_read(&call, &reply, answer);
		assert_int_equal(answer->reply.call_fail, cases[i].want);
		assert_int_equal(answer->reply.retry_after_ms, 700);
	}
}

static void without_a_field_each_row_needs_an_admin_and_nothing_is_sent(void **state)
{
	(void)state;
	PushCall call = two_contacts();
	CLEANUP(free_ptr) PushAnswer *answer = xcalloc(1, sizeof *answer);
	push_call_refuse(&call, answer);
	assert_int_equal(answer->reply.call_fail, FAIL_NONE);
	assert_int_equal(answer->reply.result_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(answer->results[i].fail, FAIL_ADMIN);
		assert_str(answer->results[i].code, PUSH_NO_FIELD_CODE);
	}
}

static void a_call_that_could_not_start_is_tried_again_with_its_reason(void **state)
{
	(void)state;
	PushCall call = two_contacts();
	CLEANUP(free_ptr) PushAnswer *answer = xcalloc(1, sizeof *answer);
	Err err = { 0 };
	(void)ERR(&err, ERR_LIMIT, "64 calls are under way");
	push_call_not_sent(&call, &err, answer);
	err.text[0] = '\0'; /* the answer keeps its own copy */
	assert_int_equal(answer->reply.call_fail, FAIL_AGAIN);
	assert_str(answer->reply.text, "64 calls are under way");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_gets_its_own_result_by_position),
		cmocka_unit_test(a_row_without_a_result_is_unknown_not_done),
		cmocka_unit_test(a_cut_answer_leaves_every_row_unknown),
		cmocka_unit_test(every_class_of_a_failed_call_has_its_word),
		cmocka_unit_test(without_a_field_each_row_needs_an_admin_and_nothing_is_sent),
		cmocka_unit_test(a_call_that_could_not_start_is_tried_again_with_its_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
