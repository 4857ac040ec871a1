#include "base/base.h"

#include "base/json.h"

#include <jansson.h>

/* A JsonVal is jansson's json_t under another name; only this file knows. */
static const json_t *inner(const JsonVal *val)
{
	return (const json_t *)val;
}

static const JsonVal *outer(const json_t *val)
{
	return (const JsonVal *)val;
}

/* The parser recurses once a level, so depth is counted before it starts. */
static bool depth_is_fine(Str text)
{
	unsigned depth = 0;
	bool in_string = false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (in_string)
			continue;
		else if ((c == '[' || c == '{') && ++depth > JSON_DEPTH_MAX)
			return false;
		else if ((c == ']' || c == '}') && depth > 0)
			depth--;
	}
	return true;
}

bool json_doc_parse(Str text, size_t bytes_max, JsonDoc *out, Err *err)
{
	if (text.len > bytes_max)
		return ERR(err, ERR_LIMIT, "JSON of %zu bytes is larger than its maximum of %zu",
			text.len, bytes_max);
	if (!depth_is_fine(text))
		return ERR(err, ERR_INPUT, "JSON is nested deeper than %d levels", JSON_DEPTH_MAX);
	json_error_t problem;
	json_t *root = json_loadb(text.ptr ? text.ptr : "", text.len,
		JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
	if (!root)
		return ERR(err, ERR_INPUT, "line %d column %d: %s", problem.line, problem.column,
			problem.text);
	out->root = (JsonVal *)root;
	return true;
}

void json_doc_fini(JsonDoc *doc)
{
	json_decref((json_t *)doc->root);
	doc->root = NULL;
}

JsonType json_val_type(const JsonVal *val)
{
	if (!val)
		return JSON_T_NULL;
	switch (json_typeof(inner(val))) {
	case JSON_OBJECT:
		return JSON_T_OBJECT;
	case JSON_ARRAY:
		return JSON_T_ARRAY;
	case JSON_STRING:
		return JSON_T_STR;
	case JSON_INTEGER:
		return JSON_T_INT;
	case JSON_REAL:
		return JSON_T_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return JSON_T_BOOL;
	case JSON_NULL:
		break;
	}
	return JSON_T_NULL;
}

static const char *type_phrase(JsonType type)
{
	static const char *const phrases[] = {
		[JSON_T_NULL] = "null",
		[JSON_T_BOOL] = "true or false",
		[JSON_T_INT] = "a whole number",
		[JSON_T_REAL] = "a number",
		[JSON_T_STR] = "a string",
		[JSON_T_ARRAY] = "an array",
		[JSON_T_OBJECT] = "an object",
	};
	return phrases[type];
}

/* The member if it has the type. An optional one that is absent or null gives true and NULL. */
static bool member_of_type(const JsonVal *object, const char *name, JsonType type, bool is_optional,
	const JsonVal **out, Err *err)
{
	const JsonVal *val = json_member(object, name);
	JsonType found = json_val_type(val);
	if (is_optional && found == JSON_T_NULL) {
		*out = NULL;
		return true;
	}
	if (!val)
		return ERR(err, ERR_INPUT, "member \"%s\": missing, expected %s", name,
			type_phrase(type));
	if (found != type)
		return ERR(err, ERR_INPUT, "member \"%s\": expected %s", name, type_phrase(type));
	*out = val;
	return true;
}

static Str text_of(const JsonVal *val)
{
	return (Str){ json_string_value(inner(val)), json_string_length(inner(val)) };
}

bool json_get_str(const JsonVal *object, const char *name, Str *out, Err *err)
{
	const JsonVal *val;
	if (!member_of_type(object, name, JSON_T_STR, false, &val, err))
		return false;
	*out = text_of(val);
	return true;
}

bool json_get_i64(const JsonVal *object, const char *name, int64_t *out, Err *err)
{
	const JsonVal *val;
	if (!member_of_type(object, name, JSON_T_INT, false, &val, err))
		return false;
	*out = json_integer_value(inner(val));
	return true;
}

bool json_get_bool(const JsonVal *object, const char *name, bool *out, Err *err)
{
	const JsonVal *val;
	if (!member_of_type(object, name, JSON_T_BOOL, false, &val, err))
		return false;
	*out = json_is_true(inner(val));
	return true;
}

bool json_get_array(const JsonVal *object, const char *name, const JsonVal **out, Err *err)
{
	return member_of_type(object, name, JSON_T_ARRAY, false, out, err);
}

bool json_get_object(const JsonVal *object, const char *name, const JsonVal **out, Err *err)
{
	return member_of_type(object, name, JSON_T_OBJECT, false, out, err);
}

bool json_opt_str(const JsonVal *object, const char *name, Str fallback, Str *out, Err *err)
{
	const JsonVal *val;
	if (!member_of_type(object, name, JSON_T_STR, true, &val, err))
		return false;
	*out = val ? text_of(val) : fallback;
	return true;
}

bool json_opt_i64(const JsonVal *object, const char *name, int64_t fallback, int64_t *out, Err *err)
{
	const JsonVal *val;
	if (!member_of_type(object, name, JSON_T_INT, true, &val, err))
		return false;
	*out = val ? json_integer_value(inner(val)) : fallback;
	return true;
}

bool json_opt_bool(const JsonVal *object, const char *name, bool fallback, bool *out, Err *err)
{
	const JsonVal *val;
	if (!member_of_type(object, name, JSON_T_BOOL, true, &val, err))
		return false;
	*out = val ? json_is_true(inner(val)) : fallback;
	return true;
}

const JsonVal *json_member(const JsonVal *object, const char *name)
{
	return outer(json_object_get(inner(object), name)); /* NULL for anything but an object */
}

const JsonVal *json_member_nocase(const JsonVal *object, const char *name)
{
	void *iter = NULL;
	Str member;
	const JsonVal *val;
	while (json_object_next(object, &iter, &member, &val))
		if (str_eq_nocase(member, str_from(name)))
			return val;
	return NULL;
}

Str json_as_str(const JsonVal *val)
{
	return json_val_type(val) == JSON_T_STR ? text_of(val) : STR_NONE;
}

bool json_as_bool(const JsonVal *val, bool fallback)
{
	return json_val_type(val) == JSON_T_BOOL ? json_is_true(inner(val)) : fallback;
}

static int64_t whole_real(double value, int64_t fallback)
{
	/* Both limits are exact as doubles; beyond them the conversion would be undefined. */
	if (!(value >= -0x1p63 && value < 0x1p63))
		return fallback;
	int64_t whole = (int64_t)value;
	return (double)whole < value || (double)whole > value ? fallback : whole;
}

int64_t json_as_i64(const JsonVal *val, int64_t fallback)
{
	int64_t value = fallback;
	JsonType type = json_val_type(val);
	if (type == JSON_T_INT)
		return json_integer_value(inner(val));
	if (type == JSON_T_REAL)
		return whole_real(json_real_value(inner(val)), fallback);
	if (type == JSON_T_STR && !str_to_i64(text_of(val), INT64_MIN, INT64_MAX, &value))
		return fallback;
	return value;
}

size_t json_array_len(const JsonVal *array)
{
	return json_array_size(inner(array));
}

const JsonVal *json_array_at(const JsonVal *array, size_t index)
{
	return outer(json_array_get(inner(array), index));
}

bool json_object_next(const JsonVal *object, void **iter, Str *out_name, const JsonVal **out_value)
{
	/* jansson's iterators take a pointer to non-const but only read. */
	json_t *walked = (json_t *)(uintptr_t)object;
	*iter = *iter ? json_object_iter_next(walked, *iter) : json_object_iter(walked);
	if (!*iter)
		return false;
	*out_name = str_from(json_object_iter_key(*iter));
	*out_value = outer(json_object_iter_value(*iter));
	return true;
}

static int append_text(const char *text, size_t len, void *out)
{
	buf_put(out, (Str){ text, len });
	return 0;
}

void json_put_val(Buf *out, const JsonVal *val)
{
	if (!val) {
		buf_put_z(out, "null");
		return;
	}
	/* Fails only when the callback does. Objects keep insertion order. */
	int rc = json_dump_callback(inner(val), append_text, out, JSON_COMPACT | JSON_ENCODE_ANY);
	assert(rc == 0);
	(void)rc;
}
