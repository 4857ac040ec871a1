#include "base/base.h"

#include "sf/auth.h"

#include "base/enc.h"
#include "base/json.h"
#include "sf/jwt.h"

enum { TOKEN_ANSWER_MAX = 64 * 1024 }; /* a token in JWT form has some kilobytes */

void sf_session_fini(SfSession *session)
{
	secret_fini(&session->token);
	*session = (SfSession){ 0 };
}

/* ------------------------------------------------------------------- URLs */

/* "https://host[:port]" with nothing behind but slashes; *out_host borrows. */
static bool split_origin(Str url, Str *out_origin, Str *out_host)
{
	size_t scheme_len = 0;
	if (str_starts(url, STR("https://")))
		scheme_len = 8;
	else if (str_starts(url, STR("http://")))
		scheme_len = 7;
	else
		return false;
	while (str_ends(url, STR("/")))
		url.len--;
	if (url.len <= scheme_len || url.len >= SF_URL_MAX)
		return false;
	Str host = str_from_pos(url, scheme_len);
	for (size_t i = 0; i < host.len; i++) {
		char c = host.ptr[i];
		if (!ascii_is_alnum(c) && c != '.' && c != '-' && c != ':' && c != '[' && c != ']')
			return false;
	}
	*out_origin = url;
	*out_host = host;
	return true;
}

static bool ends_nocase(Str s, Str suffix)
{
	return s.len >= suffix.len && str_eq_nocase(str_from_pos(s, s.len - suffix.len), suffix);
}

static bool is_sandbox_host(Str host)
{
	/* "name--box.my.salesforce.com" is the older form of sandbox names. */
	bool has_old_form = ends_nocase(host, STR(".my.salesforce.com"))
		&& str_find(host, STR("--")) > 0;
	return has_old_form || str_eq_nocase(host, STR("test.salesforce.com"))
		|| ends_nocase(host, STR(".sandbox.my.salesforce.com"))
		|| ends_nocase(host, STR(".scratch.my.salesforce.com"));
}

static bool is_shared_login_host(Str host)
{
	return str_eq_nocase(host, STR("login.salesforce.com"))
		|| str_eq_nocase(host, STR("test.salesforce.com"));
}

void sf_auth_audience(Str login_url, Buf *out)
{
	Str origin, host;
	if (!split_origin(login_url, &origin, &host))
		buf_put(out, login_url);
	else if (is_sandbox_host(host))
		buf_put(out, STR("https://test.salesforce.com"));
	else
		buf_put(out, origin);
}

bool sf_credentials_check(const SfCredentials *credentials, Err *err)
{
	Str origin, host;
	if (!split_origin(credentials->login_url, &origin, &host))
		return ERR(err, ERR_INPUT,
			"login URL: expected https://NAME.my.salesforce.com, nothing behind it");
	if (ends_nocase(host, STR(".lightning.force.com")))
		return ERR(err, ERR_INPUT,
			"login URL: *.lightning.force.com is for browsers; use "
			"the org's My Domain, https://NAME.my.salesforce.com");
	if (credentials->client_id.len == 0)
		return ERR(err, ERR_INPUT, "the consumer key (client_id) is missing");
	switch (credentials->grant) {
	case SF_GRANT_CLIENT_CREDENTIALS:
		if (is_shared_login_host(host))
			return ERR(err, ERR_INPUT,
				"login URL: client credentials are accepted at the org's own "
				"address only, https://NAME.my.salesforce.com");
		if (credentials->secret.len == 0)
			return ERR(
				err, ERR_INPUT, "the consumer secret (client_secret) is missing");
		return true;
	case SF_GRANT_JWT_BEARER:
		if (credentials->username.len == 0)
			return ERR(err, ERR_INPUT, "the user name to act as is missing");
		if (credentials->secret.len == 0)
			return ERR(err, ERR_INPUT, "the private key is missing");
		return true;
	}
	return ERR(err, ERR_INPUT, "unknown way of logging in: %d", (int)credentials->grant);
}

/* --------------------------------------------------------------- requests */

static void put_form_field(Buf *out, const char *name, Str value)
{
	if (out->len > 0)
		buf_put_char(out, '&');
	buf_put_z(out, name);
	buf_put_char(out, '=');
	percent_encode(out, value);
}

static bool put_jwt_form(
	const SfCredentials *credentials, const Secret *secret, int64_t now_ms, Buf *out, Err *err)
{
	CLEANUP(buf_fini) Buf audience = BUF_MAX(SF_URL_MAX);
	sf_auth_audience(credentials->login_url, &audience);
	JwtClaims claims = {
		.issuer = credentials->client_id,
		.subject = credentials->username,
		.audience = buf_str(&audience),
		.expires_at_s = now_ms / 1000 + JWT_LIFE_S,
	};
	CLEANUP(buf_fini) Buf assertion = BUF_MAX(JWT_BYTES_MAX);
	if (!jwt_sign_rs256(secret, &claims, &assertion, err))
		return false;
	put_form_field(out, "grant_type", STR("urn:ietf:params:oauth:grant-type:jwt-bearer"));
	put_form_field(out, "assertion", buf_str(&assertion));
	return true;
}

bool sf_auth_request(const SfCredentials *credentials, const Secret *secret, int64_t now_ms,
	Buf *out_url, Buf *out_body, Err *err)
{
	Str origin, host;
	if (!split_origin(credentials->login_url, &origin, &host))
		return ERR(err, ERR_INPUT, "the login URL is unusable");
	buf_put(out_url, origin);
	buf_put(out_url, STR("/services/oauth2/token"));
	if (credentials->grant == SF_GRANT_JWT_BEARER) {
		if (!put_jwt_form(credentials, secret, now_ms, out_body, err))
			return false;
	} else {
		put_form_field(out_body, "grant_type", STR("client_credentials"));
		put_form_field(out_body, "client_id", credentials->client_id);
		put_form_field(out_body, "client_secret", secret_bytes(secret));
	}
	return buf_check(out_url, "the login URL", err)
		&& buf_check(out_body, "the login form", err);
}

/* ---------------------------------------------------------------- answers */

/* {host}/id/{orgId}/{userId}: the last two segments count, whatever stands in front. */
static bool parse_identity(Str id_url, SfSession *session)
{
	size_t end = id_url.len, slashes = 0, middle = 0, start = end;
	while (start > 0 && slashes < 2) {
		if (id_url.ptr[--start] != '/')
			continue;
		if (++slashes == 1)
			middle = start;
	}
	if (slashes < 2)
		return false;
	return sfid_parse(str_sub(id_url, start + 1, middle - start - 1), &session->org_id, NULL)
		&& sfid_parse(str_from_pos(id_url, middle + 1), &session->user_id, NULL)
		&& str_starts(sfid_str(&session->org_id), STR("00D"));
}

/* It becomes part of a header: visible ASCII only. */
static bool is_token_text(Str token)
{
	for (size_t i = 0; i < token.len; i++) {
		if (token.ptr[i] <= ' ' || token.ptr[i] > '~')
			return false;
	}
	return token.len > 0;
}

static bool session_from_json(const JsonVal *answer, SfSession *out)
{
	Str token = json_as_str(json_member(answer, "access_token"));
	Str origin, host;
	SfSession session = { 0 };
	if (!is_token_text(token)
		|| !split_origin(json_as_str(json_member(answer, "instance_url")), &origin, &host)
		|| !str_copy(origin, session.instance_url, sizeof session.instance_url)
		|| !parse_identity(json_as_str(json_member(answer, "id")), &session))
		return false;
	secret_set(&session.token, token);
	*out = session;
	return true;
}

static bool fault_of_refusal(const TransportReply *reply, SfFault *out)
{
	JsonDoc doc;
	if (!json_doc_parse(transport_reply_body(reply), TOKEN_ANSWER_MAX, &doc, NULL))
		return false;
	Str error = json_as_str(json_member(doc.root, "error"));
	if (error.len > 0)
		sf_fault_set_oauth(out, reply->status, error,
			json_as_str(json_member(doc.root, "error_description")));
	json_doc_fini(&doc);
	return error.len > 0;
}

bool sf_auth_answer(const TransportReply *reply, int64_t now_ms, SfSession *out, SfFault *out_fault)
{
	SfFault fault;
	if (sf_fault_from_reply(reply, SF_BODY_JSON, now_ms, &fault)) {
		bool is_told = reply->outcome == TRANSPORT_ANSWERED && reply->status >= 300
			&& fault_of_refusal(reply, out_fault);
		if (is_told)
			return false;
		/* There is no session to renew here: somebody must look at the credentials. */
		if (fault.cls == SF_CLASS_SESSION)
			fault.cls = SF_CLASS_ADMIN;
		*out_fault = fault;
		return false;
	}
	JsonDoc doc;
	bool is_session = false;
	if (json_doc_parse(transport_reply_body(reply), TOKEN_ANSWER_MAX, &doc, NULL)) {
		is_session = session_from_json(doc.root, out);
		json_doc_fini(&doc);
	}
	if (!is_session) {
		sf_fault_set(out_fault, reply->status, STR("BAD_ANSWER"),
			STR("the login was answered with something else than a session"));
		out_fault->cls = SF_CLASS_AGAIN;
		out_fault->meaning = "the login's answer cannot be read";
		out_fault->advice = "Check that the login URL is a Salesforce address";
	}
	return is_session;
}
