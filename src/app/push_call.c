#include "base/base.h"

#include "app/push_call.h"

static void batch_ids(const PushBatch *batch, SfId *out)
{
	for (size_t i = 0; i < batch->count; i++)
		out[i] = batch->rows[i].sfid;
}

bool push_call_start(PushCall *call, SfClient *client, int64_t timeout_ms, Err *err)
{
	CLEANUP(buf_fini) Buf body = BUF_MAX(SF_COLLECTION_BODY_MAX);
	SfId ids[PUSH_BATCH_ROWS_MAX];
	batch_ids(&call->batch, ids);
	Str names[FIELDS_MAX];
	for (size_t i = 0; i < call->fields.count; i++)
		names[i] = str_from(call->fields.names[i].text);
	if (!sf_tick_body(call->batch.object, ids, call->batch.count, names, call->fields.count,
		    &body, err))
		return false;
	SfRequest request = sf_tick_request(buf_str(&body));
	request.timeout_ms = timeout_ms;
	return sf_client_start(client, &request, &call->call_id, err);
}

void push_call_refuse(const PushCall *call, PushAnswer *out)
{
	for (size_t i = 0; i < call->batch.count; i++)
		out->results[i] = (PushResult){
			.fail = FAIL_ADMIN,
			.code = STR(PUSH_NO_FIELD_CODE),
			.text = STR("no sales opt-out field is chosen for this object"),
		};
	out->reply = (PushReply){
		.batch_id = call->batch.batch_id,
		.results = out->results,
		.result_count = call->batch.count,
	};
}

void push_call_not_sent(const PushCall *call, const Err *err, PushAnswer *out)
{
	out->err = *err;
	out->reply = (PushReply){
		.batch_id = call->batch.batch_id,
		.call_fail = FAIL_AGAIN,
		.code = STR("NOT_SENT"),
		.text = str_from(out->err.text),
	};
}

static FailClass fail_class(const SfFault *fault, bool is_unanswered)
{
	switch (fault->cls) {
	case SF_CLASS_NONE:
		return FAIL_NONE;
	case SF_CLASS_AGAIN:
		return is_unanswered ? FAIL_UNKNOWN_OUTCOME : FAIL_AGAIN;
	case SF_CLASS_SESSION:
		return FAIL_SESSION;
	case SF_CLASS_BUDGET:
		return FAIL_BUDGET;
	case SF_CLASS_RECORD:
	case SF_CLASS_CONVERTED:
		return FAIL_RECORD;
	case SF_CLASS_DELETED:
		return FAIL_DELETED;
	case SF_CLASS_ADMIN:
	case SF_CLASS_BUG:
	case SF_CLASS_COUNT:
		break;
	}
	return FAIL_ADMIN;
}

static PushResult row_result(const SfRowResult *row)
{
	if (!row->is_answered)
		return (PushResult){ .fail = FAIL_UNKNOWN_OUTCOME, .code = STR("NO_ANSWER") };
	if (row->ok)
		return (PushResult){ .fail = FAIL_NONE };
	return (PushResult){
		.fail = fail_class(&row->fault, false),
		.code = str_from(row->fault.code),
		.text = str_from(row->fault.text),
	};
}

static void read_rows(const PushCall *call, const SfReply *reply, PushAnswer *out)
{
	SfId ids[PUSH_BATCH_ROWS_MAX];
	batch_ids(&call->batch, ids);
	out->reply = (PushReply){ .batch_id = call->batch.batch_id };
	if (!sf_tick_results(sf_reply_body(reply), ids, call->batch.count, out->rows, &out->err)) {
		out->reply.call_fail = FAIL_UNKNOWN_OUTCOME;
		out->reply.code = STR("BAD_ANSWER");
		out->reply.text = str_from(out->err.text);
		return;
	}
	for (size_t i = 0; i < call->batch.count; i++)
		out->results[i] = row_result(&out->rows[i]);
	out->reply.results = out->results;
	out->reply.result_count = call->batch.count;
}

void push_call_read(const PushCall *call, const SfReply *reply, PushAnswer *out)
{
	if (reply->ok) {
		read_rows(call, reply, out);
		return;
	}
	out->reply = (PushReply){
		.batch_id = call->batch.batch_id,
		.call_fail = fail_class(&reply->fault, reply->raw.outcome == TRANSPORT_UNKNOWN),
		.code = str_from(reply->fault.code),
		.text = str_from(reply->fault.text),
		.retry_after_ms = reply->fault.retry_after_ms,
	};
}
