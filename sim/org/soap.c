/* soap.c: login() and logout() of the partner SOAP API, enough for clients that read the answer
 * with regular expressions or a parser. The request is searched for its two elements, not
 * validated. */
#include "base/base.h"

#include "base/enc.h"
#include "org/state.h"

#define SOAP_TYPE "text/xml; charset=utf-8"
#define SOAP_BEGIN                                                                                 \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope xmlns:soapenv=\"http://"      \
	"schemas.xmlsoap.org/soap/envelope/\""
#define XSI " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>"

/* The five predefined entities; everything else stays. */
static Str xml_unescape(Arena *arena, Str text)
{
	static const struct {
		Str entity;
		char c;
	} known[] = { { STR_INIT("&amp;"), '&' }, { STR_INIT("&lt;"), '<' },
		{ STR_INIT("&gt;"), '>' }, { STR_INIT("&quot;"), '"' },
		{ STR_INIT("&apos;"), '\'' } };
	char *out = arena_alloc(arena, text.len + 1, 1);
	size_t len = 0;
	while (text.len) {
		size_t used = 1;
		out[len] = text.ptr[0];
		for (size_t i = 0; i < ARRAY_LEN(known); i++)
			if (str_starts(text, known[i].entity)) {
				out[len] = known[i].c;
				used = known[i].entity.len;
			}
		len++;
		text = str_from_pos(text, used);
	}
	return (Str){ out, len };
}

/* The text of <name> or <prefix:name>. */
static Str element(Call *call, const char *name)
{
	Str body = call->body;
	Str opening = arena_printf(call->arena, "%s>", name);
	for (;;) {
		ptrdiff_t at = str_find(body, opening);
		if (at < 0)
			return STR_NONE;
		Str text = str_from_pos(body, (size_t)at + opening.len);
		ptrdiff_t end = str_find_char(text, '<', 0);
		char before = at > 0 ? body.ptr[at - 1] : '\0';
		if (end >= 0 && (before == '<' || before == ':')) {
			return xml_unescape(call->arena, str_sub(text, 0, (size_t)end));
		}
		body = text;
	}
}

static void fault(Call *call, const char *code, const char *message)
{
	Buf xml = BUF_MAX(4096);
	buf_printf(&xml,
		SOAP_BEGIN
		" xmlns:sf=\"urn:fault.partner.soap.sforce.com\"" XSI
		"<soapenv:Fault><faultcode>sf:%s</faultcode><faultstring>%s: %s</faultstring>"
		"<detail><sf:LoginFault xsi:type=\"sf:LoginFault\">"
		"<sf:exceptionCode>%s</sf:exceptionCode>"
		"<sf:exceptionMessage>%s</sf:exceptionMessage></sf:LoginFault></detail>"
		"</soapenv:Fault></soapenv:Body></soapenv:Envelope>",
		code, code, message, code, message);
	call_text(call, 500, STR(SOAP_TYPE), buf_str(&xml));
	buf_fini(&xml);
}

static void put(Buf *xml, const char *name, Str value)
{
	if (!value.ptr) {
		buf_printf(xml, "<%s xsi:nil=\"true\"/>", name);
		return;
	}
	buf_printf(xml, "<%s>", name);
	html_escape(xml, value);
	buf_printf(xml, "</%s>", name);
}

static void put_user_info(Call *call, Buf *xml, const OrgTable *users, size_t row)
{
	OrgData *data = call_data(call);
	const OrgRow *user = &users->rows[row];
	OrgTable *named = &data->tables[ORG_USER];
	OrgId org_id = org_org_id(call->org), user_id = data_id(data, ORG_USER, row);
	const OrgTable *org = &data->tables[ORG_ORGANIZATION];
	Str first = row_text(user, users->first_name->number);
	Str last = row_text(user, users->last_name->number);
	buf_put(xml, STR("<userInfo>"));
	put(xml, "accessibilityMode", STR("false"));
	put(xml, "chatterExternal", STR("false"));
	put(xml, "currencySymbol", STR("$"));
	put(xml, "orgAttachmentFileSizeLimit", STR("26214400"));
	put(xml, "orgDefaultCurrencyIsoCode", STR("USD"));
	put(xml, "orgDefaultCurrencyLocale", STR("en_US"));
	put(xml, "orgDisallowHtmlAttachments", STR("false"));
	put(xml, "orgHasPersonAccounts", STR("false"));
	put(xml, "organizationId", org_id_str(&org_id));
	put(xml, "organizationMultiCurrency", STR("false"));
	put(xml, "organizationName",
		row_text(&org->rows[0],
			table_field(&data->tables[ORG_ORGANIZATION], STR("Name"))->number));
	put(xml, "profileId", row_text(user, table_field(named, STR("ProfileId"))->number));
	put(xml, "roleId", STR_NONE);
	put(xml, "sessionSecondsValid",
		arena_printf(call->arena, "%lld", (long long)call->org->sessions.idle_ms / 1000));
	put(xml, "userDefaultCurrencyIsoCode", STR_NONE);
	put(xml, "userEmail", row_text(user, users->email->number));
	put(xml, "userFullName",
		arena_printf(call->arena, "%.*s%s%.*s", STR_ARG(first), first.len ? " " : "",
			STR_ARG(last)));
	put(xml, "userId", org_id_str(&user_id));
	put(xml, "userLanguage", STR("en_US"));
	put(xml, "userLocale", STR("en_US"));
	put(xml, "userName", row_text(user, table_field(named, STR("Username"))->number));
	put(xml, "userTimeZone", row_text(user, table_field(named, STR("TimeZoneSidKey"))->number));
	put(xml, "userType", STR("Standard"));
	put(xml, "userUiSkin", STR("Theme3"));
	buf_put(xml, STR("</userInfo>"));
}

static void answer(Call *call, size_t row)
{
	Org *org = call->org;
	OrgId org_id = org_org_id(org), user_id = data_id(&org->data, ORG_USER, row);
	const Session *session = session_start(
		&org->sessions, &org->rng.base, org_id_short(&org_id), (uint8_t)row, call->now_ms);
	Buf xml = BUF_MAX(64 * 1024);
	buf_put(&xml,
		STR(SOAP_BEGIN " xmlns=\"urn:partner.soap.sforce.com\"" XSI
			       "<loginResponse><result>"));
	put(&xml, "metadataServerUrl",
		arena_printf(call->arena, "%.*s/services/Soap/m/%.*s/%.15s",
			STR_ARG(call->base_url), STR_ARG(call->params[0]), org_id.text));
	put(&xml, "passwordExpired", STR("false"));
	put(&xml, "sandbox",
		row_flag(&org->data.tables[ORG_ORGANIZATION].rows[0], FLAG_SANDBOX) ? STR("true")
										    : STR("false"));
	put(&xml, "serverUrl",
		arena_printf(call->arena, "%.*s/services/Soap/u/%.*s/%.15s",
			STR_ARG(call->base_url), STR_ARG(call->params[0]), org_id.text));
	put(&xml, "sessionId", str_from(session->token));
	put(&xml, "userId", org_id_str(&user_id));
	put_user_info(call, &xml, &org->data.tables[ORG_USER], row);
	buf_put(&xml, STR("</result></loginResponse></soapenv:Body></soapenv:Envelope>"));
	call_text(call, 200, STR(SOAP_TYPE), buf_str(&xml));
	buf_fini(&xml);
}

/* "66.0" of /services/Soap/u/66.0; 65.0 and later still log in here (real orgs may not; from
 * memory). */
static bool is_version(Str text)
{
	int64_t number;
	return str_ends(text, STR(".0"))
		&& str_to_i64(
			str_sub(text, 0, text.len - 2), API_VERSION_MIN, API_VERSION_MAX, &number);
}

/* Ends the session of the SessionHeader. */
static void logout(Call *call)
{
	if (!session_end(&call->org->sessions, element(call, "sessionId"))) {
		fault(call, "INVALID_SESSION_ID",
			"Invalid Session ID found in SessionHeader: Illegal Session");
		return;
	}
	call_text(call, 200, STR(SOAP_TYPE),
		STR(SOAP_BEGIN " xmlns=\"urn:partner.soap.sforce.com\"" XSI
			       "<logoutResponse/></soapenv:Body></soapenv:Envelope>"));
}

void soap_handle(Call *call)
{
	call->is_soap = true;
	Org *org = call->org;
	if (!is_version(call->params[0])) {
		fault(call, "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL");
		return;
	}
	if (str_find(call->body, STR("<logout")) >= 0) {
		logout(call);
		return;
	}
	Str username = element(call, "username"), password = element(call, "password");
	OrgTable *users = &org->data.tables[ORG_USER];
	const OrgField *field = table_field(users, STR("Username"));
	bool fits = !org->refuses_passwords && str_eq(password, str_from(org->password));
	for (size_t i = 0; fits && i < users->count; i++)
		if (str_eq_nocase(row_text(&users->rows[i], field->number), username)) {
			answer(call, i);
			return;
		}
	fault(call, "INVALID_LOGIN",
		"Invalid username, password, security token; or user locked out.");
}
