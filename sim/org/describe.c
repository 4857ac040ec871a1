/* describe.c: what there is: versions, resources, objects, fields. Members stand in the order of
 * real answers (alphabetical, urls aside). */
#include "base/base.h"

#include "base/time.h"
#include "org/state.h"

/* ---- versions ---- */

void describe_versions(Call *call)
{
	static const char *const seasons[] = { "Summer", "Winter", "Spring" };
	JsonWriter w = call_json(call, 200);
	jw_array_begin(&w);
	for (unsigned v = API_VERSION_MIN; v <= API_VERSION_MAX; v++) {
		unsigned since = v - API_VERSION_MIN; /* 31.0 is Summer '14; Winter '15 is next */
		unsigned year = 14 + (since + 2) / 3;
		/* 42.0 alone is labelled with a typographic apostrophe in real orgs. */
		const char *apostrophe = v == 42 ? "\xe2\x80\x99" : "'";
		jw_object_begin(&w);
		jw_kv_str(&w, "label",
			arena_printf(
				call->arena, "%s %s%02u", seasons[since % 3], apostrophe, year));
		jw_kv_str(&w, "url", arena_printf(call->arena, "/services/data/v%u.0", v));
		jw_kv_str(&w, "version", arena_printf(call->arena, "%u.0", v));
		jw_object_end(&w);
	}
	jw_array_end(&w);
}

void describe_resources(Call *call)
{
	static const char *const names[] = { "limits", "sobjects", "query", "queryAll", "composite",
		"jobs" };
	Str path = call_api_path(call);
	OrgId org_id = org_org_id(call->org);
	OrgId user_id = data_id(call_data(call), ORG_USER, call->session->user);
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		jw_kv_str(&w, names[i],
			arena_printf(call->arena, "%.*s/%s", STR_ARG(path), names[i]));
	jw_kv_str(&w, "identity",
		arena_printf(call->arena, "%.*s/id/%s/%s", STR_ARG(call->base_url), org_id.text,
			user_id.text));
	jw_object_end(&w);
}

/* ---- validators: one stamp of the schema for every object (recorded) ---- */

static Str schema_etag(Call *call)
{
	uint64_t stamp = (uint64_t)call->org->schema_changed_ms * 2654435761U;
	return arena_printf(call->arena, "\"%08x\"", (unsigned)(stamp >> 16));
}

static Str schema_date(Call *call)
{
	Buf date = BUF_MAX(64);
	time_put_http(&date, call->org->schema_changed_ms);
	Str text = arena_str(call->arena, buf_str(&date));
	buf_fini(&date);
	return text;
}

/* 304 when the caller has it; validators are set in both cases. */
static bool is_unchanged(Call *call)
{
	Str etag = schema_etag(call), date = schema_date(call);
	call_header(call, STR("ETag"), etag);
	call_header(call, STR("Last-Modified"), date);
	Str none_match = http_request_header(call->request, STR("If-None-Match"));
	Str since = http_request_header(call->request, STR("If-Modified-Since"));
	/* A client sends back the date it was given; other dates count as older. */
	bool same = none_match.len ? str_find(none_match, str_sub(etag, 1, 8)) >= 0
				   : since.len && str_eq(since, date);
	if (same)
		call_empty(call, 304);
	return same;
}

/* ---- objects ---- */

static bool able(const OrgTable *table, unsigned what)
{
	return (table->def->able & what) != 0;
}

static void put_url(
	Call *call, JsonWriter *w, const OrgTable *table, const char *name, const char *tail)
{
	jw_kv_str(w, name,
		arena_printf(call->arena, "%.*s/sobjects/%s%s", STR_ARG(call_api_path(call)),
			table->def->name, tail));
}

/* Not alphabetical; the global list leaves out the ui members. */
static void put_urls(Call *call, JsonWriter *w, const OrgTable *table, bool with_ui)
{
	bool has_layouts = able(table, ABLE_LAYOUT);
	Str base = call->base_url;
	jw_key(w, "urls");
	jw_object_begin(w);
	if (has_layouts)
		put_url(call, w, table, "compactLayouts", "/describe/compactLayouts");
	put_url(call, w, table, "rowTemplate", "/{ID}");
	if (able(table, ABLE_MERGE))
		put_url(call, w, table, "approvalLayouts", "/describe/approvalLayouts");
	if (with_ui) {
		jw_kv_str(w, "uiDetailTemplate",
			arena_printf(call->arena, "%.*s/{ID}", STR_ARG(base)));
		jw_kv_str(w, "uiEditTemplate",
			arena_printf(call->arena, "%.*s/{ID}/e", STR_ARG(base)));
	}
	if (able(table, ABLE_MERGE))
		put_url(call, w, table, "listviews", "/listviews");
	put_url(call, w, table, "describe", "/describe");
	if (with_ui)
		jw_kv_str(w, "uiNewRecord",
			arena_printf(call->arena, "%.*s/%s/e", STR_ARG(base), table->def->prefix));
	if (has_layouts) {
		put_url(call, w, table, "quickActions", "/quickActions");
		put_url(call, w, table, "layouts", "/describe/layouts");
	}
	put_url(call, w, table, "sobject", "");
	jw_object_end(w);
}

typedef enum Detail { DETAIL_GLOBAL = 1, DETAIL_FULL = 2, DETAIL_BOTH = 3 } Detail;

typedef struct Property {
	const char *name;
	Detail detail;
	char kind; /* 'n' null, 'f' false, 't' true, 'a' ABLE_*, 's' text, 'x' written by its own
		      function */
	unsigned what;
	Str (*text)(const OrgTable *table);
	void (*put)(Call *call, JsonWriter *w, const OrgTable *table);
} Property;

static Str prefix_of(const OrgTable *table)
{
	return str_from(table->def->prefix);
}

static Str label_of(const OrgTable *table)
{
	return str_from(table->def->label);
}

static Str plural_of(const OrgTable *table)
{
	return str_from(table->def->plural);
}

static Str name_of(const OrgTable *table)
{
	return table->name;
}

static Str option_of(const OrgTable *table)
{
	(void)table;
	return STR("FULL");
}

static void put_empty_array(Call *call, JsonWriter *w, const OrgTable *table)
{
	(void)call;
	(void)table;
	jw_array_begin(w);
	jw_array_end(w);
}

/* "Object.Field:Relationship!" */
static void put_children(Call *call, JsonWriter *w, const OrgTable *table)
{
	(void)call;
	Str rest = str_from(table->def->children), child;
	jw_array_begin(w);
	while (rest.len && str_split(&rest, ' ', &child)) {
		ptrdiff_t dot = str_find_char(child, '.', 0), colon = str_find_char(child, ':', 0);
		Str name = str_from_pos(child, (size_t)colon + 1);
		bool cascade = str_ends(name, STR("!"));
		if (cascade)
			name.len--;
		jw_object_begin(w);
		jw_kv_bool(w, "cascadeDelete", cascade);
		jw_kv_str(w, "childSObject", str_sub(child, 0, (size_t)dot));
		jw_kv_bool(w, "deprecatedAndHidden", false);
		jw_kv_str(w, "field", str_sub(child, (size_t)dot + 1, (size_t)(colon - dot - 1)));
		jw_key(w, "junctionIdListNames");
		jw_array_begin(w);
		jw_array_end(w);
		jw_key(w, "junctionReferenceTo");
		jw_array_begin(w);
		jw_array_end(w);
		jw_kv_str(w, "relationshipName", name.len ? name : STR_NONE);
		jw_kv_bool(w, "restrictedDelete", false);
		jw_object_end(w);
	}
	jw_array_end(w);
}

static void put_record_types(Call *call, JsonWriter *w, const OrgTable *table)
{
	jw_array_begin(w);
	jw_object_begin(w);
	jw_kv_bool(w, "active", true);
	jw_kv_bool(w, "available", true);
	jw_kv_bool(w, "defaultRecordTypeMapping", true);
	jw_kv_str(w, "developerName", STR("Master"));
	jw_kv_bool(w, "master", true);
	jw_kv_str(w, "name", STR("Master"));
	jw_kv_str(w, "recordTypeId", STR("012000000000000AAA"));
	jw_key(w, "urls");
	jw_object_begin(w);
	put_url(call, w, table, "layout", "/describe/layouts/012000000000000AAA");
	jw_object_end(w);
	jw_object_end(w);
	jw_array_end(w);
}

static void put_scopes(Call *call, JsonWriter *w, const OrgTable *table)
{
	(void)call;
	Str rest = str_from(table->def->scopes), scope;
	jw_array_begin(w);
	while (rest.len && str_split(&rest, '|', &scope)) {
		ptrdiff_t equals = str_find_char(scope, '=', 0);
		jw_object_begin(w);
		jw_kv_str(w, "label", str_from_pos(scope, (size_t)equals + 1));
		jw_kv_str(w, "name", str_sub(scope, 0, (size_t)equals));
		jw_object_end(w);
	}
	jw_array_end(w);
}

#define ALWAYS(name_, detail_, kind_)                                                              \
	{                                                                                          \
		.name = (name_), .detail = (detail_), .kind = (kind_)                              \
	}
#define WHEN_ABLE(name_, detail_, what_)                                                           \
	{                                                                                          \
		.name = (name_), .detail = (detail_), .kind = 'a', .what = (what_)                 \
	}
#define TEXT_OF(name_, detail_, text_)                                                             \
	{                                                                                          \
		.name = (name_), .detail = (detail_), .kind = 's', .text = (text_)                 \
	}
#define PUT_BY(name_, put_)                                                                        \
	{                                                                                          \
		.name = (name_), .detail = DETAIL_FULL, .kind = 'x', .put = (put_)                 \
	}

static const Property properties[] = {
	PUT_BY("actionOverrides", put_empty_array),
	ALWAYS("activateable", DETAIL_BOTH, 'f'),
	ALWAYS("associateEntityType", DETAIL_BOTH, 'n'),
	ALWAYS("associateParentEntity", DETAIL_BOTH, 'n'),
	PUT_BY("childRelationships", put_children),
	WHEN_ABLE("compactLayoutable", DETAIL_FULL, ABLE_LAYOUT),
	WHEN_ABLE("createable", DETAIL_BOTH, ABLE_CREATE),
	ALWAYS("custom", DETAIL_BOTH, 'f'),
	ALWAYS("customSetting", DETAIL_BOTH, 'f'),
	ALWAYS("deepCloneable", DETAIL_BOTH, 'f'),
	ALWAYS("defaultImplementation", DETAIL_FULL, 'n'),
	WHEN_ABLE("deletable", DETAIL_BOTH, ABLE_DELETE),
	ALWAYS("deprecatedAndHidden", DETAIL_BOTH, 'f'),
	ALWAYS("extendedBy", DETAIL_FULL, 'n'),
	ALWAYS("extendsInterfaces", DETAIL_FULL, 'n'),
	WHEN_ABLE("feedEnabled", DETAIL_BOTH, ABLE_FEED),
	PUT_BY("fields", describe_put_fields),
	ALWAYS("hasSubtypes", DETAIL_BOTH, 'f'),
	ALWAYS("implementedBy", DETAIL_FULL, 'n'),
	ALWAYS("implementsInterfaces", DETAIL_FULL, 'n'),
	ALWAYS("isInterface", DETAIL_BOTH, 'f'),
	ALWAYS("isSubtype", DETAIL_BOTH, 'f'),
	TEXT_OF("keyPrefix", DETAIL_BOTH, prefix_of),
	TEXT_OF("label", DETAIL_BOTH, label_of),
	TEXT_OF("labelPlural", DETAIL_BOTH, plural_of),
	WHEN_ABLE("layoutable", DETAIL_BOTH, ABLE_LAYOUT),
	ALWAYS("listviewable", DETAIL_FULL, 'n'),
	ALWAYS("lookupLayoutable", DETAIL_FULL, 'n'),
	WHEN_ABLE("mergeable", DETAIL_BOTH, ABLE_MERGE),
	WHEN_ABLE("mruEnabled", DETAIL_BOTH, ABLE_MRU),
	TEXT_OF("name", DETAIL_BOTH, name_of),
	PUT_BY("namedLayoutInfos", put_empty_array),
	ALWAYS("networkScopeFieldName", DETAIL_FULL, 'n'),
	ALWAYS("queryable", DETAIL_BOTH, 't'),
	PUT_BY("recordTypeInfos", put_record_types),
	ALWAYS("replicateable", DETAIL_BOTH, 't'),
	ALWAYS("retrieveable", DETAIL_BOTH, 't'),
	WHEN_ABLE("searchLayoutable", DETAIL_FULL, ABLE_LAYOUT),
	WHEN_ABLE("searchable", DETAIL_BOTH, ABLE_SEARCH),
	TEXT_OF("sobjectDescribeOption", DETAIL_FULL, option_of),
	PUT_BY("supportedScopes", put_scopes),
	WHEN_ABLE("triggerable", DETAIL_BOTH, ABLE_TRIGGER),
	WHEN_ABLE("undeletable", DETAIL_BOTH, ABLE_UNDELETE),
	WHEN_ABLE("updateable", DETAIL_BOTH, ABLE_UPDATE),
};

static void put_property(Call *call, JsonWriter *w, const OrgTable *table, const Property *property)
{
	jw_key(w, property->name);
	switch (property->kind) {
	case 'n':
		jw_null(w);
		break;
	case 'f':
	case 't':
		jw_bool(w, property->kind == 't');
		break;
	case 'a':
		jw_bool(w, able(table, property->what));
		break;
	case 's':
		jw_str(w, property->text(table));
		break;
	default:
		property->put(call, w, table);
		break;
	}
}

static void put_object(Call *call, JsonWriter *w, const OrgTable *table, Detail detail)
{
	jw_object_begin(w);
	for (size_t i = 0; i < ARRAY_LEN(properties); i++)
		if (properties[i].detail & detail)
			put_property(call, w, table, &properties[i]);
	put_urls(call, w, table, detail == DETAIL_FULL);
	jw_object_end(w);
}

void describe_global(Call *call)
{
	if (is_unchanged(call))
		return;
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	jw_kv_str(&w, "encoding", STR("UTF-8"));
	jw_kv_i64(&w, "maxBatchSize", 200);
	jw_key(&w, "sobjects");
	jw_array_begin(&w);
	for (size_t k = 0; k < ORG_KINDS; k++) /* the kinds are in the order of their names */
		put_object(call, &w, &call_data(call)->tables[k], DETAIL_GLOBAL);
	jw_array_end(&w);
	jw_object_end(&w);
}

void describe_basic(Call *call)
{
	const OrgTable *table = data_table(call_data(call), call->params[0]);
	if (!table) {
		fail_not_found(call);
		return;
	}
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	jw_key(&w, "objectDescribe");
	put_object(call, &w, table, DETAIL_GLOBAL);
	jw_key(&w, "recentItems");
	put_empty_array(call, &w, table);
	jw_object_end(&w);
}

void describe_object(Call *call)
{
	const OrgTable *table = data_table(call_data(call), call->params[0]);
	if (!table) {
		fail_not_found(call);
		return;
	}
	if (is_unchanged(call))
		return;
	JsonWriter w = call_json(call, 200);
	put_object(call, &w, table, DETAIL_FULL);
}
