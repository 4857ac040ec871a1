#include "base/base.h"

#include "base/alloc.h"
#include "org/fault.h"

static const char *const kind_names[FAULT_KINDS] = {
	[FAULT_STATUS] = "status",
	[FAULT_HTML] = "html",
	[FAULT_DELAY] = "delay",
	[FAULT_RESET_BEFORE] = "reset_before",
	[FAULT_RESET_AFTER] = "reset_after",
	[FAULT_TRUNCATE] = "truncate",
	[FAULT_RECORD] = "record",
};

const char *fault_kind_name(FaultKind kind)
{
	return kind_names[kind];
}

static void fault_fini(Fault *fault)
{
	free(fault->path);
	free(fault->body);
	free(fault->content_type);
	free(fault->code);
	free(fault->message);
	free(fault->field);
	free(fault->id);
	free(fault->email);
	free(fault->object);
	*fault = (Fault){ 0 };
}

void faults_fini(Faults *faults)
{
	for (size_t i = 0; i < faults->count; i++)
		fault_fini(&faults->items[i]);
	faults->count = 0;
}

static void remove_at(Faults *faults, size_t at)
{
	fault_fini(&faults->items[at]);
	faults->count--;
	memmove(&faults->items[at], &faults->items[at + 1],
		(faults->count - at) * sizeof faults->items[0]);
	faults->items[faults->count] = (Fault){ 0 };
}

static bool kind_parse(Str name, FaultKind *out)
{
	for (size_t k = 0; k < FAULT_KINDS; k++)
		if (str_eq(name, str_from(kind_names[k]))) {
			*out = (FaultKind)k;
			return true;
		}
	return false;
}

static char *take_text(const JsonVal *fault, const char *name)
{
	Str text = json_as_str(json_member(fault, name));
	return text.ptr ? xstrndup(text.ptr, text.len) : NULL;
}

/* The numbers, checked; texts come after so that a refused fault owns nothing. */
static bool read_numbers(const JsonVal *fault, Fault *out, Err *err)
{
	int64_t status;
	Str kind, method;
	if (!json_get_str(fault, "kind", &kind, err)
		|| !json_opt_i64(fault, "count", 1, &out->left, err)
		|| !json_opt_i64(fault, "skip", 0, &out->skip, err)
		|| !json_opt_i64(fault, "status", 503, &status, err)
		|| !json_opt_i64(fault, "ms", 0, &out->delay_ms, err)
		|| !json_opt_i64(fault, "bytes", 1, &out->bytes, err)
		|| !json_opt_str(fault, "method", STR_NONE, &method, err))
		return false;
	if (!kind_parse(kind, &out->kind))
		return ERR(err, ERR_INPUT, "no such kind of fault: \"%.*s\"", STR_ARG(kind));
	if (out->left < 1 || out->skip < 0 || status < 200 || status > 599 || out->bytes < 1)
		return ERR(err, ERR_INPUT,
			"count and bytes are 1 or more, skip 0 or more, status 200 to 599");
	out->status = (int)status;
	out->method = method.ptr ? http_method_parse(method) : HTTP_OTHER;
	return true;
}

bool faults_add(Faults *faults, const JsonVal *fault, int64_t *out_number, Err *err)
{
	if (faults->count == FAULTS_MAX)
		return ERR(err, ERR_LIMIT, "%d faults wait already", FAULTS_MAX);
	Fault item = { .number = faults->next_number + 1 };
	if (!read_numbers(fault, &item, err))
		return false;
	if (item.kind == FAULT_RECORD && !json_as_str(json_member(fault, "code")).ptr)
		return ERR(err, ERR_INPUT, "a record fault needs a \"code\"");
	item.path = take_text(fault, "path");
	item.body = take_text(fault, "body");
	item.content_type = take_text(fault, "content_type");
	item.code = take_text(fault, "code");
	item.message = take_text(fault, "message");
	item.field = take_text(fault, "field");
	item.id = take_text(fault, "id");
	item.email = take_text(fault, "email");
	item.object = take_text(fault, "object");
	faults->items[faults->count++] = item;
	faults->next_number++;
	*out_number = item.number;
	return true;
}

void faults_put_json(const Faults *faults, JsonWriter *w)
{
	jw_array_begin(w);
	for (size_t i = 0; i < faults->count; i++) {
		const Fault *fault = &faults->items[i];
		if (fault->left == 0)
			continue;
		jw_object_begin(w);
		jw_kv_i64(w, "number", fault->number);
		jw_kv_str(w, "kind", str_from(kind_names[fault->kind]));
		jw_kv_i64(w, "left", fault->left);
		jw_kv_i64(w, "skip", fault->skip);
		if (fault->path)
			jw_kv_str(w, "path", str_from(fault->path));
		if (fault->code)
			jw_kv_str(w, "code", str_from(fault->code));
		jw_object_end(w);
	}
	jw_array_end(w);
}

static bool matches_request(const Fault *fault, const HttpRequest *request)
{
	return fault->kind != FAULT_RECORD
		&& (fault->method == HTTP_OTHER || fault->method == request->method)
		&& (!fault->path || str_find_nocase(request->path, str_from(fault->path)) >= 0);
}

const Fault *faults_take(Faults *faults, const HttpRequest *request)
{
	/* Used-up ones go when the next call looks, so that the borrowed one stays valid until
	 * then. */
	for (size_t i = faults->count; i > 0; i--)
		if (faults->items[i - 1].left == 0)
			remove_at(faults, i - 1);
	for (size_t i = 0; i < faults->count; i++) {
		Fault *fault = &faults->items[i];
		if (!matches_request(fault, request))
			continue;
		if (fault->skip > 0) {
			fault->skip--;
			continue;
		}
		fault->left--;
		return fault;
	}
	return NULL;
}

static bool matches_record(const Fault *fault, Str object, const OrgId *id, Str email)
{
	OrgId wanted;
	if (fault->kind != FAULT_RECORD || fault->left == 0)
		return false;
	if (fault->object && !str_eq_nocase(str_from(fault->object), object))
		return false;
	if (fault->id
		&& (!org_id_parse(str_from(fault->id), &wanted)
			|| !str_eq(org_id_str(&wanted), org_id_str(id))))
		return false;
	return !fault->email || str_eq_nocase(str_from(fault->email), email);
}

bool faults_take_record(
	Faults *faults, Str object, const OrgId *id, Str email, Arena *arena, RecordError *out)
{
	for (size_t i = 0; i < faults->count; i++) {
		Fault *fault = &faults->items[i];
		if (!matches_record(fault, object, id, email))
			continue;
		if (fault->skip > 0) {
			fault->skip--;
			continue;
		}
		fault->left--;
		*out = (RecordError){ .code = arena_z(arena, str_from(fault->code)),
			.message = arena_str(arena,
				fault->message ? str_from(fault->message)
					       : STR("provoked by the fault script")),
			.field = fault->field ? arena_str(arena, str_from(fault->field)) : STR_NONE,
			.status = 400 };
		return true;
	}
	return false;
}
