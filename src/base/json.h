/* json.h: strict JSON in and out. Pure, one thread per document.
 *
 * Reading: jansson behind typed accessors (duplicates, bad UTF-8 and NUL refused, depth and size
 * bounded). Values borrow from their JsonDoc. An error names the member.
 *
 * Writing: JsonWriter puts text into a Buf and keeps the commas. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

typedef struct JsonVal JsonVal; /* a borrowed value inside a document; NULL means absent */

typedef struct JsonDoc {
	JsonVal *root; /* own */
} JsonDoc;

enum { JSON_DEPTH_MAX = 64 };

/* False with ERR_INPUT "line L column C: ..." or ERR_LIMIT when text is longer than bytes_max. */
WARN_UNUSED bool json_doc_parse(Str text, size_t bytes_max, JsonDoc *out, Err *err);
void json_doc_fini(JsonDoc *doc);

typedef enum JsonType {
	JSON_T_NULL,
	JSON_T_BOOL,
	JSON_T_INT,
	JSON_T_REAL,
	JSON_T_STR,
	JSON_T_ARRAY,
	JSON_T_OBJECT
} JsonType;
JsonType json_val_type(const JsonVal *val); /* absent counts as null */

/* Required members: false with ERR_INPUT when missing, null or of another type; out untouched. */
WARN_UNUSED bool json_get_str(const JsonVal *object, const char *name, Str *out, Err *err);
WARN_UNUSED bool json_get_i64(const JsonVal *object, const char *name, int64_t *out, Err *err);
WARN_UNUSED bool json_get_bool(const JsonVal *object, const char *name, bool *out, Err *err);
WARN_UNUSED bool json_get_array(
	const JsonVal *object, const char *name, const JsonVal **out, Err *err);
WARN_UNUSED bool json_get_object(
	const JsonVal *object, const char *name, const JsonVal **out, Err *err);

/* Optional members: the fallback when missing or null; false only on another type. */
WARN_UNUSED bool json_opt_str(
	const JsonVal *object, const char *name, Str fallback, Str *out, Err *err);
WARN_UNUSED bool json_opt_i64(
	const JsonVal *object, const char *name, int64_t fallback, int64_t *out, Err *err);
WARN_UNUSED bool json_opt_bool(
	const JsonVal *object, const char *name, bool fallback, bool *out, Err *err);

/* Tolerant look-ups for foreign documents: NULL / STR_NONE when absent or of another type. */
const JsonVal *json_member(const JsonVal *object, const char *name);
const JsonVal *json_member_nocase(const JsonVal *object, const char *name);
Str json_as_str(const JsonVal *val);
bool json_as_bool(const JsonVal *val, bool fallback);
/* Also whole reals and decimal strings. */
int64_t json_as_i64(const JsonVal *val, int64_t fallback);

size_t json_array_len(const JsonVal *array); /* 0 for anything else */
const JsonVal *json_array_at(const JsonVal *array, size_t index);

/* Walks an object's members in document order. Start with *iter = NULL; false at the end. */
bool json_object_next(const JsonVal *object, void **iter, Str *out_name, const JsonVal **out_value);

/* Appends val as compact text, member order kept. */
void json_put_val(Buf *out, const JsonVal *val);

typedef struct JsonWriter {
	Buf *out; /* borrowed */
	unsigned depth;
	uint64_t has_items; /* one bit a level: a comma is due */
} JsonWriter;

void jw_init(JsonWriter *w, Buf *out);
void jw_object_begin(JsonWriter *w);
void jw_object_end(JsonWriter *w);
void jw_array_begin(JsonWriter *w);
void jw_array_end(JsonWriter *w);
void jw_key(JsonWriter *w, const char *name); /* then exactly one value */
/* STR_NONE writes null. Bad UTF-8 becomes U+FFFD, and so does NUL, which no reader in C takes, ours
 * included. */
void jw_str(JsonWriter *w, Str value);
void jw_i64(JsonWriter *w, int64_t value);
void jw_bool(JsonWriter *w, bool value);
void jw_null(JsonWriter *w);
void jw_raw(JsonWriter *w, Str json); /* text that is JSON already */
/* Shorthands: key and value. */
void jw_kv_str(JsonWriter *w, const char *name, Str value);
void jw_kv_i64(JsonWriter *w, const char *name, int64_t value);
void jw_kv_bool(JsonWriter *w, const char *name, bool value);
void jw_kv_null(JsonWriter *w, const char *name);
/* RFC 3339 in UTC with milliseconds; a value of 0 writes null. */
void jw_kv_time(JsonWriter *w, const char *name, int64_t at_ms);

#endif
