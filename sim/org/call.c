#include "base/base.h"

#include "base/enc.h"
#include "org/call.h"
#include "org/state.h"

#define JSON_TYPE "application/json;charset=UTF-8"

JsonWriter call_json(Call *call, int status)
{
	JsonWriter w;
	call->reply->status = status;
	call->content_type = STR(JSON_TYPE);
	buf_reset(&call->reply->body);
	jw_init(&w, &call->reply->body);
	return w;
}

void call_empty(Call *call, int status)
{
	call->reply->status = status;
	call->content_type = STR_NONE;
	buf_reset(&call->reply->body);
}

void call_text(Call *call, int status, Str content_type, Str text)
{
	call->reply->status = status;
	call->content_type = content_type;
	buf_reset(&call->reply->body);
	buf_put(&call->reply->body, text);
}

void call_header(Call *call, Str name, Str value)
{
	http_reply_header(call->reply, name, value);
}

Str call_param(Call *call, const char *name)
{
	return http_query_param(call->request, str_from(name), call->arena);
}

void fail_route(Call *call, int status, const char *code, Str message)
{
	JsonWriter w = call_json(call, status);
	jw_array_begin(&w);
	jw_object_begin(&w);
	jw_kv_str(&w, "errorCode", str_from(code));
	jw_kv_str(&w, "message", message);
	jw_object_end(&w);
	jw_array_end(&w);
}

void fail_not_found(Call *call)
{
	fail_route(call, 404, "NOT_FOUND", STR("The requested resource does not exist"));
}

void fail_plain(Call *call, int status, const char *code, Str message)
{
	JsonWriter w = call_json(call, status);
	jw_array_begin(&w);
	jw_object_begin(&w);
	jw_kv_str(&w, "message", message);
	jw_kv_str(&w, "errorCode", str_from(code));
	jw_object_end(&w);
	jw_array_end(&w);
}

static void put_fields(JsonWriter *w, const RecordError *error)
{
	jw_key(w, "fields");
	jw_array_begin(w);
	if (error->field.len)
		jw_str(w, error->field);
	jw_array_end(w);
}

void fail_record(Call *call, const RecordError *error)
{
	JsonWriter w = call_json(call, error->status);
	jw_array_begin(&w);
	jw_object_begin(&w);
	jw_kv_str(&w, "message", error->message);
	jw_kv_str(&w, "errorCode", str_from(error->code));
	if (!error->without_fields)
		put_fields(&w, error);
	jw_object_end(&w);
	jw_array_end(&w);
}

void put_record_error(JsonWriter *w, const RecordError *error)
{
	jw_object_begin(w);
	jw_kv_str(w, "statusCode", str_from(error->code));
	jw_kv_str(w, "message", error->message);
	put_fields(w, error);
	jw_object_end(w);
}

Str call_api_path(Call *call)
{
	return arena_printf(call->arena, "/services/data/v%.*s", STR_ARG(call->version_text));
}

OrgData *call_data(Call *call)
{
	return &call->org->data;
}
