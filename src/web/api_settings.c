#include "base/base.h"

#include "web/api.h"

#include "web/internal.h"

/* ---------------------------------------------------------------- JSON */

static const char *type_name(SettingType type)
{
	switch (type) {
	case SETTING_TEXT:
		return "text";
	case SETTING_SWITCH:
		return "switch";
	case SETTING_INT:
		return "int";
	case SETTING_CHOICE:
		return "choice";
	case SETTING_URL:
		return "url";
	case SETTING_ZONE:
		return "zone";
	case SETTING_TIME:
		return "time";
	case SETTING_FIELD:
		return "field";
	}
	return "text";
}

static void put_choices(JsonWriter *w, const SettingDef *def)
{
	Str rest = str_from(def->choices), choice;
	jw_key(w, "choices");
	jw_array_begin(w);
	while (rest.ptr && str_split(&rest, '|', &choice))
		jw_str(w, choice);
	jw_array_end(w);
}

static void put_setting(JsonWriter *w, const SettingDef *def, Str org_id, const Setting *set)
{
	jw_object_begin(w);
	jw_kv_str(w, "name", str_from(def->name));
	jw_kv_str(w, "scope", def->scope == SETTING_HOUSE ? STR("house") : STR("org"));
	jw_kv_str(w, "org_id", org_id.len ? org_id : STR_NONE);
	jw_kv_str(w, "type", str_from(type_name(def->type)));
	jw_kv_str(w, "value", set ? set->value : str_from(def->fallback));
	jw_kv_str(w, "default", str_from(def->fallback));
	jw_kv_bool(w, "is_default", !set || str_eq(set->value, str_from(def->fallback)));
	if (def->type == SETTING_CHOICE)
		put_choices(w, def);
	if (def->type == SETTING_INT) {
		jw_kv_i64(w, "min", def->min);
		jw_kv_i64(w, "max", def->max);
	}
	jw_kv_str(w, "help", str_from(def->help));
	jw_kv_time(w, "changed_at", set ? set->changed_at_ms : 0);
	jw_kv_str(w, "changed_by", set ? set->changed_by : STR_NONE);
	jw_object_end(w);
}

/* All settings of one scope; org_id "" with SETTING_ORG prints the defaults. */
static bool put_scope(
	WebCall *call, Desk *desk, JsonWriter *w, SettingScope scope, Str org_id, Err *err)
{
	Setting rows[SETTINGS_MAX];
	size_t count = 0, defs;
	const SettingDef *table = settings_table(&defs);
	if ((scope == SETTING_HOUSE || org_id.len)
		&& !desk_setting_list(desk, org_id, &call->arena, rows, SETTINGS_MAX, &count, err))
		return false;
	for (size_t i = 0; i < defs; i++) {
		const Setting *set = NULL;
		for (size_t k = 0; k < count; k++)
			if (str_eq(rows[k].name, str_from(table[i].name)))
				set = &rows[k];
		if (table[i].scope == scope)
			put_setting(w, &table[i], org_id, set);
	}
	return true;
}

/* "settings": of the house, then of the named org, or of every org when none is named. */
static bool put_settings(
	WebCall *call, Store *store, JsonWriter *w, const OrgNames *names, Str org_id, Err *err)
{
	Desk *desk = store_desk(store);
	jw_key(w, "settings");
	jw_array_begin(w);
	if (!put_scope(call, desk, w, SETTING_HOUSE, STR(""), err))
		return false;
	if (!names->count && !put_scope(call, desk, w, SETTING_ORG, STR(""), err))
		return false;
	for (size_t i = 0; i < names->count; i++) {
		Str id = sfid_str(&names->rows[i].org_id);
		if ((!org_id.len || str_eq(id, org_id))
			&& !put_scope(call, desk, w, SETTING_ORG, id, err))
			return false;
	}
	jw_array_end(w);
	return true;
}

/* ----------------------------------------------------------------- GET */

static bool get_work(WebCall *call, Store *store, Err *err)
{
	const Str *org_id = call->input;
	OrgNames names;
	OrgRow org;
	if (!org_names_load(store_ledger(store), &names, err)
		|| (org_id->len && !org_names_pick(&names, *org_id, &org, err)))
		return false;
	JsonWriter w;
	jw_init(&w, &call->body);
	jw_object_begin(&w);
	if (!put_settings(call, store, &w, &names, *org_id, err))
		return false;
	jw_object_end(&w);
	return true;
}

void api_settings_get(void *ctx, HttpExchange *exchange)
{
	Str *org_id = arena_alloc(&exchange->arena, 1, sizeof *org_id);
	if (!web_query_org(exchange, org_id))
		return;
	WebCall *call = web_call(ctx, exchange, get_work);
	call->input = org_id;
	web_call_read(call);
}

/* --------------------------------------------------------------- PATCH */

typedef struct Change {
	const SettingDef *def;
	Str value; /* normalised */
} Change;

typedef struct PatchInput {
	Str org_id, actor;
	int64_t now_ms;
	Change changes[SETTINGS_MAX];
	size_t count;
	bool has_org_setting;
	HouseSettings house; /* as committed */
} PatchInput;

/* Strings as they are; JSON's own switches and numbers are welcome; null asks for the default. */
static bool value_text(const SettingDef *def, const JsonVal *val, Arena *arena, Str *out, Err *err)
{
	switch (json_val_type(val)) {
	case JSON_T_NULL:
		*out = str_from(def->fallback);
		return true;
	case JSON_T_BOOL:
		*out = json_as_bool(val, false) ? STR("on") : STR("off");
		return true;
	case JSON_T_INT:
		*out = arena_printf(arena, "%lld", (long long)json_as_i64(val, 0));
		return true;
	case JSON_T_STR:
		*out = json_as_str(val);
		return true;
	case JSON_T_REAL:
	case JSON_T_ARRAY:
	case JSON_T_OBJECT:
		break;
	}
	return ERR(
		err, ERR_INPUT, "%s: the value must be a text, a number, true or false", def->name);
}

static bool parse_changes(const JsonVal *object, Arena *arena, PatchInput *out, Err *err)
{
	void *iter = NULL;
	Str name, text;
	const JsonVal *val;
	while (json_object_next(object, &iter, &name, &val)) {
		const SettingDef *def = settings_find(name);
		if (!def)
			return ERR(err, ERR_INPUT,
				"there is no setting \"%.*s\"; GET /api/v1/settings lists them",
				STR_ARG(str_sub(name, 0, 80)));
		assert(out->count
			< SETTINGS_MAX); /* no name twice: JSON with duplicates is refused */
		Change *change = &out->changes[out->count++];
		change->def = def;
		out->has_org_setting |= def->scope == SETTING_ORG;
		if (!value_text(def, val, arena, &text, err)
			|| !setting_normalize(def, text, arena, &change->value, err))
			return false;
		change->value = arena_str(arena, change->value);
	}
	return out->count > 0
		|| ERR(err, ERR_INPUT, "nothing to change: send {\"name\": value, ...}");
}

static void warn(JsonWriter *w, Arena *arena, const OrgSettings *s, Str org_id)
{
	const struct {
		const char *setting, *object;
		Str field;
	} fields[] = { { "sync.field.contact", "contacts", s->field_contact },
		{ "sync.field.lead", "leads", s->field_lead } };
	if (s->mode == SETTING_MODE_STANDARD)
		return;
	/* product.md M2: the push sets Email Opt Out whatever field is selected. */
	if (!s->nightly)
		jw_str(w,
			arena_printf(arena,
				"org %.*s: while sync.nightly is off, an unsubscribe "
				"ticks Email Opt Out (HasOptedOutOfEmail) only, whatever "
				"sync.mode says; the sales opt-out field is not written",
				STR_ARG(org_id)));
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (!fields[i].field.len)
			jw_str(w,
				arena_printf(arena,
					"org %.*s: sync.mode wants a sales opt-out field, but "
					"%s is empty: %s cannot be synced until it names one",
					STR_ARG(org_id), fields[i].setting, fields[i].object));
}

static bool put_warnings(WebCall *call, Store *store, JsonWriter *w, const PatchInput *input,
	const OrgRow *org, Err *err)
{
	OrgSettings settings;
	jw_key(w, "warnings");
	jw_array_begin(w);
	/* RFC 8058 3.1: the one-click URI must be https. */
	if (str_starts(str_from(input->house.public_url), STR("http://")))
		jw_str(w,
			STR("public.url does not begin with https://, so mail programs will not "
			    "offer one-click unsubscribe"));
	if (org) {
		Str org_id = sfid_str(&org->org_id);
		if (!settings_load_org(store_desk(store), org_id, &call->arena, &settings, err))
			return false;
		warn(w, &call->arena, &settings, org_id);
	}
	jw_array_end(w);
	return true;
}

/* All or nothing: everything was checked before, and a failure here undoes the whole job. */
static bool patch_work(WebCall *call, Store *store, Err *err)
{
	PatchInput *input = call->input;
	OrgNames names;
	OrgRow org = { 0 };
	bool has_org = input->has_org_setting || input->org_id.len;
	if (!org_names_load(store_ledger(store), &names, err)
		|| (has_org && !org_names_pick(&names, input->org_id, &org, err)))
		return false;
	for (size_t i = 0; i < input->count; i++) {
		const Change *change = &input->changes[i];
		Str scope = change->def->scope == SETTING_HOUSE ? STR("") : sfid_str(&org.org_id);
		if (!desk_setting_put(store_desk(store), scope, str_from(change->def->name),
			    change->value, input->actor, input->now_ms, err))
			return false;
	}
	call->wakes = input->has_org_setting ? WAKE_SYNC : WAKE_NOBODY;
	JsonWriter w;
	jw_init(&w, &call->body);
	jw_object_begin(&w);
	if (!settings_load_house(store_desk(store), &input->house, err)
		|| !put_settings(
			call, store, &w, &names, has_org ? sfid_str(&org.org_id) : STR(""), err)
		|| !put_warnings(call, store, &w, input, has_org ? &org : NULL, err))
		return false;
	jw_object_end(&w);
	return true;
}

static void patch_answer(WebCall *call, bool ok, const Err *err)
{
	const PatchInput *input = call->input;
	if (ok)
		web_house_set(call->web, &input->house);
	web_answer_json(call, ok, err);
}

void api_settings_patch(void *ctx, HttpExchange *exchange)
{
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	Err err;
	PatchInput *input = arena_alloc(&exchange->arena, 1, sizeof *input);
	if (!web_query_org(exchange, &input->org_id) || !web_json(exchange, &doc))
		return;
	if (!parse_changes(doc.root, &exchange->arena, input, &err)) {
		reply_err(exchange, &err);
		return;
	}
	input->actor = guard_actor(exchange);
	input->now_ms = web_now_ms(ctx);
	WebCall *call = web_call(ctx, exchange, patch_work);
	call->input = input;
	call->answer = patch_answer;
	web_call_write(call);
}
