/* identity.c: who the token belongs to: userinfo (OpenID) and the identity URL. */
#include "base/base.h"

#include "base/time.h"
#include "org/state.h"

/* The live session of the bearer token or ?oauth_token; NULL when answered with the one-line 403.
 */
static const Session *asked_by(Call *call)
{
	Str header = http_request_header(call->request, STR("Authorization"));
	Str token = call_param(call, "oauth_token");
	if (str_starts(header, STR("Bearer ")))
		token = str_trim(str_from_pos(header, 7));
	else if (str_starts(header, STR("OAuth ")))
		token = str_trim(str_from_pos(header, 6));
	const Session *session = session_find(&call->org->sessions, token, call->now_ms);
	if (!session)
		call_text(call, 403, STR("text/html;charset=UTF-8"), STR("Bad_OAuth_Token"));
	return session;
}

static Str user_text(Call *call, uint8_t user, const char *name)
{
	OrgTable *users = &call_data(call)->tables[ORG_USER];
	const OrgField *field = table_field(users, str_from(name));
	return row_text(&users->rows[user], field->number);
}

static Str full_name(Call *call, uint8_t user)
{
	Str first = user_text(call, user, "FirstName"), last = user_text(call, user, "LastName");
	return first.len ? arena_printf(call->arena, "%.*s %.*s", STR_ARG(first), STR_ARG(last))
			 : last;
}

static void put_urls(Call *call, JsonWriter *w, uint8_t user, bool is_userinfo)
{
	static const struct {
		const char *name, *tail;
		bool with_org, only_userinfo;
	} urls[] = {
		{ "enterprise", "/services/Soap/c/{version}/", true, false },
		{ "metadata", "/services/Soap/m/{version}/", true, false },
		{ "partner", "/services/Soap/u/{version}/", true, false },
		{ "rest", "/services/data/v{version}/", false, false },
		{ "sobjects", "/services/data/v{version}/sobjects/", false, false },
		{ "search", "/services/data/v{version}/search/", false, false },
		{ "query", "/services/data/v{version}/query/", false, false },
		{ "recent", "/services/data/v{version}/recent/", false, false },
		{ "tooling_soap", "/services/Soap/T/{version}/", true, true },
		{ "tooling_rest", "/services/data/v{version}/tooling/", false, true },
		{ "profile", NULL, false, false },
		{ "feeds", "/services/data/v{version}/chatter/feeds", false, false },
		{ "groups", "/services/data/v{version}/chatter/groups", false, false },
		{ "users", "/services/data/v{version}/chatter/users", false, false },
		{ "feed_items", "/services/data/v{version}/chatter/feed-items", false, false },
		{ "feed_elements", "/services/data/v{version}/chatter/feed-elements", false, true },
		{ "custom_domain", "", false, true },
	};
	OrgId org_id = org_org_id(call->org), user_id = data_id(call_data(call), ORG_USER, user);
	jw_key(w, "urls");
	jw_object_begin(w);
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		if (urls[i].only_userinfo && !is_userinfo)
			continue;
		Str tail = urls[i].with_org ? org_id_short(&org_id) : STR("");
		Str url = urls[i].tail ? arena_printf(call->arena, "%.*s%s%.*s",
				  STR_ARG(call->base_url), urls[i].tail, STR_ARG(tail))
				       : arena_printf(call->arena, "%.*s/%s",
					       STR_ARG(call->base_url), user_id.text);
		jw_kv_str(w, urls[i].name, url);
	}
	jw_object_end(w);
}

static void put_photos(Call *call, JsonWriter *w)
{
	jw_key(w, "photos");
	jw_object_begin(w);
	jw_kv_str(w, "picture",
		arena_printf(call->arena, "%.*s/profilephoto/005/F", STR_ARG(call->base_url)));
	jw_kv_str(w, "thumbnail",
		arena_printf(call->arena, "%.*s/profilephoto/005/T", STR_ARG(call->base_url)));
	jw_object_end(w);
}

static void put_tail(JsonWriter *w)
{
	jw_kv_bool(w, "active", true);
	jw_kv_str(w, "user_type", STR("STANDARD"));
	jw_kv_str(w, "language", STR("en_US"));
	jw_kv_str(w, "locale", STR("en_US"));
	jw_kv_i64(w, "utcOffset", -28800000);
}

static int64_t changed_ms(Call *call, uint8_t user)
{
	return (int64_t)call_data(call)->tables[ORG_USER].rows[user].modified_s * MS_PER_SECOND;
}

void auth_userinfo(Call *call)
{
	const Session *session = asked_by(call);
	if (!session)
		return;
	uint8_t user = session->user;
	OrgId org_id = org_org_id(call->org), user_id = data_id(call_data(call), ORG_USER, user);
	Str base = call->base_url;
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	jw_kv_str(&w, "sub",
		arena_printf(
			call->arena, "%.*s/id/%s/%s", STR_ARG(base), org_id.text, user_id.text));
	jw_kv_str(&w, "user_id", org_id_str(&user_id));
	jw_kv_str(&w, "organization_id", org_id_str(&org_id));
	jw_kv_str(&w, "preferred_username", user_text(call, user, "Username"));
	jw_kv_str(&w, "nickname", user_text(call, user, "CommunityNickname"));
	jw_kv_str(&w, "name", full_name(call, user));
	jw_kv_str(&w, "email", user_text(call, user, "Email"));
	jw_kv_bool(&w, "email_verified", true);
	jw_kv_str(&w, "given_name", user_text(call, user, "FirstName"));
	jw_kv_str(&w, "family_name", user_text(call, user, "LastName"));
	jw_kv_str(&w, "zoneinfo", user_text(call, user, "TimeZoneSidKey"));
	put_photos(call, &w);
	jw_kv_str(&w, "profile", arena_printf(call->arena, "%.*s/%s", STR_ARG(base), user_id.text));
	jw_kv_str(
		&w, "picture", arena_printf(call->arena, "%.*s/profilephoto/005/F", STR_ARG(base)));
	jw_key(&w, "address");
	jw_object_begin(&w);
	jw_object_end(&w);
	jw_kv_bool(&w, "is_salesforce_integration_user", false);
	put_urls(call, &w, user, true);
	put_tail(&w);
	CivilTime at = civil_from_ms(changed_ms(call, user));
	jw_kv_str(&w, "updated_at",
		arena_printf(call->arena, "%04d-%02d-%02dT%02d:%02d:%02dZ", at.date.year,
			at.date.month, at.date.day, at.hour, at.minute, at.second));
	jw_object_end(&w);
}

static void put_names(Call *call, JsonWriter *w, uint8_t user)
{
	jw_kv_str(w, "username", user_text(call, user, "Username"));
	jw_kv_str(w, "nick_name", user_text(call, user, "CommunityNickname"));
	jw_kv_str(w, "display_name", full_name(call, user));
	jw_kv_str(w, "email", user_text(call, user, "Email"));
	jw_kv_bool(w, "email_verified", true);
	jw_kv_str(w, "first_name", user_text(call, user, "FirstName"));
	jw_kv_str(w, "last_name", user_text(call, user, "LastName"));
	jw_kv_str(w, "timezone", user_text(call, user, "TimeZoneSidKey"));
}

void auth_identity(Call *call)
{
	static const char *const no_address[] = { "addr_street", "addr_city", "addr_state",
		"addr_country", "addr_zip", "mobile_phone" };
	const Session *session = asked_by(call);
	if (!session)
		return;
	uint8_t user = session->user;
	OrgId org_id = org_org_id(call->org), user_id = data_id(call_data(call), ORG_USER, user);
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	jw_kv_str(&w, "id",
		arena_printf(call->arena, "%.*s/id/%s/%s", STR_ARG(call->base_url), org_id.text,
			user_id.text));
	jw_kv_bool(&w, "asserted_user", true);
	jw_kv_str(&w, "user_id", org_id_str(&user_id));
	jw_kv_str(&w, "organization_id", org_id_str(&org_id));
	put_names(call, &w, user);
	put_photos(call, &w);
	for (size_t i = 0; i < ARRAY_LEN(no_address); i++)
		jw_kv_null(&w, no_address[i]);
	jw_kv_bool(&w, "mobile_phone_verified", false);
	jw_key(&w, "status");
	jw_object_begin(&w);
	jw_kv_null(&w, "created_date");
	jw_kv_null(&w, "body");
	jw_object_end(&w);
	put_urls(call, &w, user, false);
	put_tail(&w);
	Buf date = BUF_MAX(64);
	time_put_salesforce(&date, changed_ms(call, user));
	jw_kv_str(&w, "last_modified_date", buf_str(&date));
	buf_fini(&date);
	jw_kv_bool(&w, "is_app_installed", true);
	jw_object_end(&w);
}
