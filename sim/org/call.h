/* call.h: one call while it is answered: who asks, which version, and how answers and errors are
 * written. Error answers have two shapes (recorded): the router puts errorCode first, the data
 * layer message first, with or without fields. */
#ifndef ORG_CALL_H
#define ORG_CALL_H

#include "base/arena.h"
#include "base/base.h"
#include "base/json.h"
#include "base/str.h"
#include "http/message.h"
#include "org/data.h"
#include "org/org.h"

enum { API_VERSION_MIN = 31, API_VERSION_MAX = 66 }; /* a Developer Edition of May 2026 */
enum { CALL_PARAMS_MAX = 4 };
enum {
	REQUEST_BODY_MAX = 128 * 1024 * 1024
}; /* one Bulk upload: 100 MB (salesforce-api.md 3.8) and some air */

typedef struct Session Session;

typedef struct Call {
	Org *org;
	const HttpRequest *request;
	Str body;     /* of the request, unpacked */
	Arena *arena; /* lives as long as the reply */
	HttpReply *reply;
	int64_t now_ms;
	Str base_url;                /* "http://HOST" as the caller wrote it in Host */
	unsigned version;            /* 60 for /services/data/v60.0; 0 outside */
	Str version_text;            /* "60.0" */
	Session *session;            /* NULL where no login is needed */
	Str params[CALL_PARAMS_MAX]; /* the {} parts of the path, decoded */
	bool has_limit_info, is_token_call, is_soap;
	Str content_type;
} Call;

/* A JSON answer: begins with call_json, ends when the handler returns. */
JsonWriter call_json(Call *call, int status);
void call_empty(Call *call, int status); /* 204, 201: no body, no content type */
void call_text(Call *call, int status, Str content_type, Str text);
void call_header(Call *call, Str name, Str value); /* value in the arena or literal */
/* A query parameter, or STR_NONE. */
Str call_param(Call *call, const char *name);

/* The router's shape: [{"errorCode":..,"message":..}] */
void fail_route(Call *call, int status, const char *code, Str message);
void fail_not_found(Call *call);
/* The data layer's shape without fields: [{"message":..,"errorCode":..}] */
void fail_plain(Call *call, int status, const char *code, Str message);

/* An error of one record. */
typedef struct RecordError {
	const char *code;    /* NULL: none */
	Str message;         /* in the call's arena */
	Str field;           /* named in fields; empty: fields is [] */
	int status;          /* of a single-record call */
	bool without_fields; /* a single-record call leaves the member out */
} RecordError;

/* [{"message":..,"errorCode":..,"fields":[..]}] */
void fail_record(Call *call, const RecordError *error);
/* {"statusCode":..,"message":..,"fields":[..]} inside an errors array */
void put_record_error(JsonWriter *w, const RecordError *error);

/* The request body as a JSON object; false when answered with an error. */
WARN_UNUSED bool call_read_object(Call *call, JsonDoc *doc);

/* "/services/data/v60.0" */
Str call_api_path(Call *call);
OrgData *call_data(Call *call);

#endif
