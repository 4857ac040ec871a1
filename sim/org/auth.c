/* auth.c: the OAuth token endpoint: client_credentials, JWT bearer, username-password; and revoke.
 * The order of members and the texts of errors are those of real answers where one was recorded. */
#include "base/base.h"

#include "base/enc.h"
#include "org/crypto.h"
#include "org/state.h"

enum {
	JWT_MAX = 16 * 1024,
	JWT_SKEW_S = 180, /* the three minutes of salesforce-api.md 1.3 */
	/* Some clients send exp in milliseconds and are accepted: no date in seconds is that large
	   before year 5138. */
	JWT_SECONDS_MAX = 1000 * 1000 * 1000,
};

typedef struct TokenCall {
	Call *call;
	FormField *fields;
	size_t count;
} TokenCall;

static Str form(const TokenCall *token, const char *name)
{
	return form_get(token->fields, token->count, str_from(name));
}

static void refuse(Call *call, int status, const char *error, const char *description)
{
	JsonWriter w = call_json(call, status);
	jw_object_begin(&w);
	jw_kv_str(&w, "error", str_from(error));
	jw_kv_str(&w, "error_description", str_from(description));
	jw_object_end(&w);
}

/* ---- the answer ---- */

typedef enum Shape { SHAPE_CLIENT_CREDENTIALS, SHAPE_JWT, SHAPE_PASSWORD } Shape;

static Str identity_url(Call *call, uint8_t user)
{
	OrgId org_id = org_org_id(call->org), user_id = data_id(call_data(call), ORG_USER, user);
	return arena_printf(
		call->arena, "%.*s/id/%s/%s", STR_ARG(call->base_url), org_id.text, user_id.text);
}

static Str signature_of(Call *call, Str id, Str issued_at)
{
	unsigned char mac[HMAC_SHA256_BYTES];
	Str signed_text = arena_printf(call->arena, "%.*s%.*s", STR_ARG(id), STR_ARG(issued_at));
	crypto_hmac_sha256(mac, str_from(call->org->client_secret), signed_text);
	Buf text = BUF_MAX(64);
	base64_encode(&text, (Str){ (const char *)mac, sizeof mac });
	Str out = arena_str(call->arena, buf_str(&text));
	buf_fini(&text);
	return out;
}

static void answer(Call *call, uint8_t user, Shape shape)
{
	Org *org = call->org;
	OrgId org_id = org_org_id(org);
	const Session *session = session_start(
		&org->sessions, &org->rng.base, org_id_short(&org_id), user, call->now_ms);
	Str id = identity_url(call, user);
	Str issued_at = arena_printf(call->arena, "%lld", (long long)call->now_ms);
	Str signature = signature_of(call, id, issued_at);
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	jw_kv_str(&w, "access_token", str_from(session->token));
	if (shape == SHAPE_CLIENT_CREDENTIALS)
		jw_kv_str(&w, "signature", signature);
	if (shape != SHAPE_PASSWORD)
		jw_kv_str(&w, "scope", STR("api"));
	jw_kv_str(&w, "instance_url", call->base_url);
	jw_kv_str(&w, "id", id);
	jw_kv_str(&w, "token_type", STR("Bearer"));
	if (shape != SHAPE_JWT)
		jw_kv_str(&w, "issued_at", issued_at);
	if (shape == SHAPE_PASSWORD)
		jw_kv_str(&w, "signature", signature);
	jw_object_end(&w);
}

/* ---- the client ---- */

/* From the body or the Basic header. */
static void read_client(const TokenCall *token, Str *id, Str *secret)
{
	*id = form(token, "client_id");
	*secret = form(token, "client_secret");
	Str header = http_request_header(token->call->request, STR("Authorization"));
	if (id->ptr || !str_starts(header, STR("Basic ")))
		return;
	Buf text = BUF_MAX(4096);
	if (base64_decode(&text, str_trim(str_from_pos(header, 6)))) {
		Str pair = arena_str(token->call->arena, buf_str(&text));
		ptrdiff_t colon = str_find_char(pair, ':', 0);
		if (colon >= 0) {
			*id = str_sub(pair, 0, (size_t)colon);
			*secret = str_from_pos(pair, (size_t)colon + 1);
		}
	}
	buf_fini(&text);
}

static bool check_client(const TokenCall *token)
{
	Str id = STR_NONE, secret = STR_NONE;
	read_client(token, &id, &secret);
	if (!str_eq(id, str_from(token->call->org->client_id))) {
		refuse(token->call, 400, "invalid_client_id", "client identifier invalid");
		return false;
	}
	if (!str_eq(secret, str_from(token->call->org->client_secret))) {
		/* Text from memory. */
		refuse(token->call, 400, "invalid_client", "invalid client credentials");
		return false;
	}
	return true;
}

static bool find_user(Call *call, Str username, uint8_t *out)
{
	const OrgTable *users = &call_data(call)->tables[ORG_USER];
	const OrgField *field = table_field(&call_data(call)->tables[ORG_USER], STR("Username"));
	for (size_t i = 0; i < users->count; i++)
		if (str_eq_nocase(row_text(&users->rows[i], field->number), username)) {
			*out = (uint8_t)i;
			return true;
		}
	return false;
}

/* ---- grants ---- */

static void grant_client_credentials(const TokenCall *token)
{
	if (check_client(token))
		answer(token->call, USER_INTEGRATION, SHAPE_CLIENT_CREDENTIALS);
}

static void grant_password(const TokenCall *token)
{
	Call *call = token->call;
	uint8_t user;
	if (!check_client(token))
		return;
	bool fits = !call->org->refuses_passwords && find_user(call, form(token, "username"), &user)
		&& str_eq(form(token, "password"), str_from(call->org->password));
	if (fits)
		answer(call, user, SHAPE_PASSWORD);
	else
		refuse(call, 400, "invalid_grant", "authentication failure");
}

static bool decode_part(Call *call, Str part, Str *out)
{
	Buf text = BUF_MAX(JWT_MAX);
	bool done = base64url_decode(&text, part);
	if (done)
		*out = arena_str(call->arena, buf_str(&text));
	buf_fini(&text);
	return done;
}

/* login and test hosts, and this org itself under the name the caller used. */
static bool audience_fits(Call *call, Str audience)
{
	if (str_ends(audience, STR("/")))
		audience.len--;
	return str_eq(audience, STR("https://login.salesforce.com"))
		|| str_eq(audience, STR("https://test.salesforce.com"))
		|| str_eq(audience, call->base_url);
}

static bool is_expired(const Call *call, const JsonVal *exp)
{
	int64_t at_s = json_as_i64(exp, 0);
	if (at_s > (int64_t)JWT_SECONDS_MAX * 100)
		at_s /= 1000;
	return at_s + JWT_SKEW_S < call->now_ms / 1000;
}

static const char *check_claims(Call *call, const JsonVal *claims, uint8_t *user)
{
	if (!audience_fits(call, json_as_str(json_member(claims, "aud"))))
		return "audience is invalid";
	if (is_expired(call, json_member(claims, "exp")))
		return "expired authorization code"; /* which text is from memory */
	Str subject = json_as_str(json_member(claims, "sub"));
	if (!subject.ptr)
		subject = json_as_str(json_member(claims, "prn"));
	return find_user(call, subject, user) ? NULL : "user hasn't approved this consumer";
}

static void grant_jwt(const TokenCall *token)
{
	Call *call = token->call;
	Str assertion = form(token, "assertion"), header, claims, signature;
	ptrdiff_t first = str_find_char(assertion, '.', 0);
	ptrdiff_t second = first < 0 ? -1 : str_find_char(assertion, '.', (size_t)first + 1);
	CLEANUP(json_doc_fini) JsonDoc header_doc = { 0 }, claims_doc = { 0 };
	bool readable = assertion.len <= JWT_MAX && second > 0
		&& decode_part(call, str_sub(assertion, 0, (size_t)first), &header)
		&& decode_part(call,
			str_sub(assertion, (size_t)first + 1, (size_t)(second - first - 1)),
			&claims)
		&& decode_part(call, str_from_pos(assertion, (size_t)second + 1), &signature)
		&& json_doc_parse(header, JWT_MAX, &header_doc, NULL)
		&& json_doc_parse(claims, JWT_MAX, &claims_doc, NULL);
	if (!readable || !str_eq(json_as_str(json_member(header_doc.root, "alg")), STR("RS256"))) {
		refuse(call, 400, "invalid_grant", "invalid assertion");
		return;
	}
	if (!str_eq(json_as_str(json_member(claims_doc.root, "iss")),
		    str_from(call->org->client_id))) {
		refuse(call, 400, "invalid_client_id", "client identifier invalid");
		return;
	}
	if (!call->org->public_key
		|| !crypto_verify_rs256(
			call->org->public_key, str_sub(assertion, 0, (size_t)second), signature)) {
		refuse(call, 400, "invalid_grant", "invalid assertion");
		return;
	}
	uint8_t user = 0;
	const char *wrong = check_claims(call, claims_doc.root, &user);
	if (wrong)
		refuse(call, 400, "invalid_grant", wrong);
	else
		answer(call, user, SHAPE_JWT);
}

void auth_token(Call *call)
{
	static const struct {
		const char *name;
		void (*grant)(const TokenCall *token);
	} grants[] = {
		{ "client_credentials", grant_client_credentials },
		{ "urn:ietf:params:oauth:grant-type:jwt-bearer", grant_jwt },
		{ "password", grant_password },
	};
	TokenCall token = { .call = call };
	if (!form_parse(call->body, call->arena, &token.fields, &token.count, NULL)) {
		refuse(call, 400, "invalid_request", "request could not be parsed");
		return;
	}
	Str grant_type = form(&token, "grant_type");
	for (size_t i = 0; i < ARRAY_LEN(grants); i++)
		if (str_eq(grant_type, str_from(grants[i].name))) {
			grants[i].grant(&token);
			return;
		}
	refuse(call, 400, "unsupported_grant_type", "grant type not supported");
}

void auth_revoke(Call *call)
{
	FormField *fields;
	size_t count = 0;
	Str token = call_param(call, "token");
	if (form_parse(call->body, call->arena, &fields, &count, NULL)
		&& form_get(fields, count, STR("token")).ptr)
		token = form_get(fields, count, STR("token"));
	if (session_end(&call->org->sessions, token))
		call_text(call, 200, STR_NONE, STR(""));
	else
		/* The error is form-encoded here, unlike everywhere else. */
		call_text(call, 400, STR("application/x-www-form-urlencoded"),
			STR("error=unsupported_token_type&error_description="
			    "this+token+type+is+not+supported"));
}
