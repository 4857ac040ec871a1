#include "base/base.h"

#include "sf/describe.h"

#include "base/json.h"

enum {
	NAME_CHARS_MAX = 256
}; /* an API name has at most 40 + suffix, a label 40 (80 with namespace) */

/* A text longer than any name is none: the arena holds SF_FIELDS_MAX fields, whatever an answer
 * says. */
static Str read_name(const JsonVal *val, const char *member, Arena *arena)
{
	Str text = json_as_str(json_member(val, member));
	return text.len <= NAME_CHARS_MAX ? arena_str(arena, text) : STR("");
}

static void read_field(const JsonVal *val, Arena *arena, SfField *out)
{
	out->name = read_name(val, "name", arena);
	out->label = read_name(val, "label", arena);
	out->type = read_name(val, "type", arena);
	out->is_updateable = json_as_bool(json_member(val, "updateable"), false);
	out->is_custom = json_as_bool(json_member(val, "custom"), false);
	out->is_calculated = json_as_bool(json_member(val, "calculated"), false);
}

static bool read_describe(const JsonVal *root, Arena *arena, SfDescribe *out, Err *err)
{
	Str name;
	const JsonVal *fields;
	if (!json_get_str(root, "name", &name, err)
		|| !json_get_array(root, "fields", &fields, err))
		return err_wrap(err, "describe");
	size_t count = json_array_len(fields);
	if (count > SF_FIELDS_MAX)
		return ERR(err, ERR_LIMIT, "describe: %zu fields", count);
	SfDescribe describe = {
		.object = read_name(root, "name", arena),
		.label = read_name(root, "label", arena),
		.is_queryable = json_as_bool(json_member(root, "queryable"), false),
		.is_updateable = json_as_bool(json_member(root, "updateable"), false),
		.fields = arena_alloc(arena, count + 1, sizeof *describe.fields),
		.field_count = count,
	};
	for (size_t i = 0; i < count; i++)
		read_field(json_array_at(fields, i), arena, &describe.fields[i]);
	*out = describe;
	return true;
}

bool sf_describe_parse(Str body, Arena *arena, SfDescribe *out, Err *err)
{
	JsonDoc doc;
	if (!json_doc_parse(body, SF_REPLY_BYTES_MAX, &doc, err))
		return err_wrap(err, "describe");
	bool done = read_describe(doc.root, arena, out, err);
	json_doc_fini(&doc);
	return done;
}

bool sf_describe_fetch(SfClient *client, SfObject object, Arena *arena, SfDescribe *out, Err *err)
{
	CLEANUP(buf_fini) Buf path = BUF_MAX(SF_URL_MAX);
	CLEANUP(sf_reply_fini) SfReply reply = { 0 };
	buf_printf(&path, "sobjects/%s/describe", sf_object_name(object));
	SfRequest request = { .method = "GET", .path = buf_str(&path) };
	if (!sf_client_call(client, &request, &reply, err))
		return err_wrap(err, "describe of %s", sf_object_name(object));
	if (sf_describe_parse(sf_reply_body(&reply), arena, out, err))
		return true;
	if (err)
		err->kind = ERR_RETRY; /* a 200 that cannot be read was cut off on the way */
	return false;
}

const SfField *sf_describe_field(const SfDescribe *describe, Str name)
{
	for (size_t i = 0; i < describe->field_count; i++) {
		if (str_eq_nocase(describe->fields[i].name, name))
			return &describe->fields[i];
	}
	return NULL;
}

SfFieldState sf_field_state(const SfDescribe *describe, Str name)
{
	const SfField *field = sf_describe_field(describe, name);
	if (!field)
		return SF_FIELD_HIDDEN;
	if (!str_eq(field->type, STR("boolean")))
		return SF_FIELD_NO_CHECKBOX;
	if (field->is_calculated)
		return SF_FIELD_CALCULATED;
	return field->is_updateable ? SF_FIELD_READY : SF_FIELD_READ_ONLY;
}

static const struct {
	const char *name;
	const char *advice;
} states[] = {
	[SF_FIELD_READY] = { "ready", "" },
	[SF_FIELD_HIDDEN] = { "hidden",
		"The field does not exist or is hidden: give the integration user read and edit "
		"access in a permission set (new orgs hide it even from administrators)" },
	[SF_FIELD_READ_ONLY] = { "read-only",
		"Give the integration user edit access to the field in a permission set" },
	[SF_FIELD_CALCULATED] = { "formula",
		"A formula field cannot be written: choose another field" },
	[SF_FIELD_NO_CHECKBOX] = { "no-checkbox", "Choose a field of type Checkbox" },
};

const char *sf_field_state_name(SfFieldState state)
{
	assert(state >= SF_FIELD_READY && state <= SF_FIELD_NO_CHECKBOX);
	return states[state].name;
}

const char *sf_field_state_advice(SfFieldState state)
{
	assert(state >= SF_FIELD_READY && state <= SF_FIELD_NO_CHECKBOX);
	return states[state].advice;
}

Str sf_opt_out_field(SfObject object)
{
	return object == SF_ACCOUNT ? STR(SF_FIELD_OPT_OUT_PERSON) : STR(SF_FIELD_OPT_OUT);
}

/* -------------------------------------------------------------- candidates */

/* Lower-case letters and digits only: "Marketo Sales Opt-Out" and "mkto__Marketo_Sales_Opt_Out__c"
 * become alike. */
static Str squeeze(Str text, char *out, size_t out_size)
{
	size_t len = 0;
	for (size_t i = 0; i < text.len && len < out_size; i++) {
		if (ascii_is_alnum(text.ptr[i]))
			out[len++] = ascii_lower(text.ptr[i]);
	}
	return (Str){ out, len };
}

static bool has(Str text, Str word)
{
	return str_find(text, word) >= 0;
}

/* 0: no candidate. */
static int score_text(Str text)
{
	char room[NAME_CHARS_MAX];
	Str word = squeeze(text, room, sizeof room);
	if (has(word, STR("optin")) && !has(word, STR("optout")))
		return 0;
	int score = 0;
	if (has(word, STR("optout")) || has(word, STR("optedout")))
		score = 10;
	else if (has(word, STR("unsubscribe")) || has(word, STR("donotemail"))
		|| has(word, STR("noemail")))
		score = 5;
	else
		return 0;
	score += has(word, STR("sales")) ? 40 : 0;
	score += has(word, STR("marketosales")) ? 20 : 0;
	score += has(word, STR("marketo")) || has(word, STR("mkto")) ? 10 : 0;
	/* Other channels are not e-mail. */
	bool is_other_channel = has(word, STR("fax")) || has(word, STR("sms"))
		|| has(word, STR("phone")) || has(word, STR("call"));
	return is_other_channel ? 1 : score;
}

static int score_field(const SfField *field)
{
	if (!field->is_custom || field->is_calculated || !str_eq(field->type, STR("boolean")))
		return 0;
	int by_name = score_text(field->name), by_label = score_text(field->label);
	return MAX_OF(by_name, by_label);
}

size_t sf_sales_field_candidates(const SfDescribe *describe, const SfField **out, size_t max)
{
	size_t count = 0;
	for (size_t i = 0; i < describe->field_count && max > 0; i++) {
		const SfField *field = &describe->fields[i];
		int score = score_field(field);
		if (score == 0)
			continue;
		size_t at = MIN_OF(count, max);
		while (at > 0 && score_field(out[at - 1]) < score)
			at--;
		if (at == max)
			continue;
		count = MIN_OF(count + 1, max);
		memmove(&out[at + 1], &out[at], (count - at - 1) * sizeof out[0]);
		out[at] = field;
	}
	return count;
}
