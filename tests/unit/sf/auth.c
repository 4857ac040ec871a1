#include "base/base.h"

#include "sf/auth.h"

#include "base/enc.h"
#include "expect.h"
#include "keys.h"

static const SfCredentials password_like = {
	.grant = SF_GRANT_CLIENT_CREDENTIALS,
	.login_url = STR_INIT("https://acme.my.salesforce.com/"),
	.client_id = STR_INIT("3MVG9.key"),
	.secret = STR_INIT("a+b&c=d"),
};

static const char good_answer[] =
	"{\"access_token\":\"00D58000000arpq!AQ.token\",\"scope\":\"api\",\"instance_url\":"
	"\"https://acme.my.salesforce.com\",\"id\":\"https://login.salesforce.com/id/"
	"00D58000000arpqEAA/0051a000000PSP3AAO\",\"token_type\":\"Bearer\"}";

static void client_credentials_go_into_the_form_escaped(void **state)
{
	(void)state;
	Secret secret = { 0 };
	secret_set(&secret, password_like.secret);
	CLEANUP(buf_fini) Buf url = BUF_MAX(SF_URL_MAX);
	CLEANUP(buf_fini) Buf body = BUF_MAX(4096);
	assert_true(sf_auth_request(&password_like, &secret, 0, &url, &body, NULL));
	assert_str(buf_str(&url), "https://acme.my.salesforce.com/services/oauth2/token");
	assert_str(buf_str(&body),
		"grant_type=client_credentials&client_id=3MVG9.key&client_secret=a%2Bb%26c%3Dd");
	secret_fini(&secret);
}

static void jwt_bearer_sends_an_assertion_that_lives_three_minutes(void **state)
{
	(void)state;
	EVP_PKEY *key = EVP_RSA_gen(2048);
	Secret pem = { 0 };
	key_to_pem(key, NULL, &pem);
	SfCredentials credentials = {
		.grant = SF_GRANT_JWT_BEARER,
		.login_url = STR("https://acme--box.sandbox.my.salesforce.com"),
		.client_id = STR("key"),
		.username = STR("robot@example.org.box"),
	};
	CLEANUP(buf_fini) Buf url = BUF_MAX(SF_URL_MAX);
	CLEANUP(buf_fini) Buf body = BUF_MAX(16384);
	assert_true(sf_auth_request(&credentials, &pem, 1000 * 1000, &url, &body, NULL));
	assert_str(
		buf_str(&url), "https://acme--box.sandbox.my.salesforce.com/services/oauth2/token");
	assert_true(str_starts(buf_str(&body),
		STR("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=")));
	Str rest = buf_str(&body), part;
	assert_true(str_split(&rest, '.', &part) && str_split(&rest, '.', &part));
	CLEANUP(buf_fini) Buf text = BUF_MAX(4096);
	assert_true(base64url_decode(&text, part));
	assert_str(buf_str(&text),
		"{\"iss\":\"key\",\"sub\":\"robot@example.org.box\",\"aud\":\"https://test.salesforce."
		"com\",\"exp\":1180}");
	secret_fini(&pem);
	EVP_PKEY_free(key);
}

static void audience_follows_the_login_url(void **state)
{
	(void)state;
	static const struct {
		const char *url, *audience;
	} cases[] = {
		{ "https://login.salesforce.com", "https://login.salesforce.com" },
		{ "https://login.salesforce.com/", "https://login.salesforce.com" },
		{ "https://test.salesforce.com", "https://test.salesforce.com" },
		{ "https://acme.my.salesforce.com", "https://acme.my.salesforce.com" },
		{ "https://acme--box.sandbox.my.salesforce.com", "https://test.salesforce.com" },
		{ "https://acme--box.my.salesforce.com", "https://test.salesforce.com" },
		{ "https://a-b-1-dev-ed.scratch.my.salesforce.com", "https://test.salesforce.com" },
		{ "http://127.0.0.1:18080/", "http://127.0.0.1:18080" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_fini) Buf audience = BUF_MAX(SF_URL_MAX);
		sf_auth_audience(str_from(cases[i].url), &audience);
		assert_str(buf_str(&audience), cases[i].audience);
	}
}

static void assert_unusable(SfCredentials credentials, const char *reason)
{
	Err err;
	assert_false(sf_credentials_check(&credentials, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_has(str_from(err.text), reason);
}

static void unusable_credentials_are_named(void **state)
{
	(void)state;
	assert_true(sf_credentials_check(&password_like, NULL));
	static const char *const urls[] = { "", "acme.my.salesforce.com", "ftp://acme.com",
		"https://", "https://acme.com/path", "https://acme.com?x=1",
		"https://user@acme.com", "https://acme .com", "https://acme.com\r\nX: y" };
	SfCredentials credentials = password_like;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		credentials.login_url = str_from(urls[i]);
		assert_unusable(credentials, "login URL");
	}
	credentials.login_url = STR("https://acme.lightning.force.com");
	assert_unusable(credentials, "for browsers");
	credentials.login_url = STR("https://login.salesforce.com");
	assert_unusable(credentials, "own address");
	credentials = password_like;
	credentials.secret = STR("");
	assert_unusable(credentials, "client_secret");
	credentials = password_like;
	credentials.client_id = STR("");
	assert_unusable(credentials, "client_id");
	credentials = password_like;
	credentials.grant = SF_GRANT_JWT_BEARER;
	assert_unusable(credentials, "user name");
}

static void a_session_is_read_from_the_answer(void **state)
{
	(void)state;
	TransportReply reply = answer_with(200, JSON_TYPE, good_answer);
	SfSession session = { 0 };
	SfFault fault;
	assert_true(sf_auth_answer(&reply, 0, &session, &fault));
	assert_str(secret_bytes(&session.token), "00D58000000arpq!AQ.token");
	assert_string_equal(session.instance_url, "https://acme.my.salesforce.com");
	assert_string_equal(session.org_id.text, "00D58000000arpqEAA");
	assert_string_equal(session.user_id.text, "0051a000000PSP3AAO");
	sf_session_fini(&session);
	transport_reply_fini(&reply);
}

static void answers_that_are_no_session_are_not_taken(void **state)
{
	(void)state;
	static const char *const answers[] = { "{}", "[]", "{\"access_token\":\"x\"}",
		/* a line break in the token would become a header of its own */
		"{\"access_token\":\"x\\ny\",\"instance_url\":\"https://a.com\",\"id\":\"https://a.com/"
		"id/00D58000000arpqEAA/0051a000000PSP3AAO\"}",
		"{\"access_token\":\"x\",\"instance_url\":\"https://a.com/path?\",\"id\":\"https://a."
		"com/id/00D58000000arpqEAA/0051a000000PSP3AAO\"}",
		"{\"access_token\":\"x\",\"instance_url\":\"https://a.com\",\"id\":\"https://a.com/id/"
		"0051a000000PSP3AAO/00D58000000arpqEAA\"}",
		"{\"access_token\":\"x\",\"instance_url\":\"https://a.com\",\"id\":\"\"}",
		"{\"access_tok" };
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		TransportReply reply = answer_with(200, JSON_TYPE, answers[i]);
		SfSession session = { 0 };
		SfFault fault;
		assert_false(sf_auth_answer(&reply, 0, &session, &fault));
		assert_class(fault.cls, SF_CLASS_AGAIN);
		assert_string_equal(fault.code, "BAD_ANSWER");
		transport_reply_fini(&reply);
	}
}

static SfFault fault_of(int status, const char *type, const char *body)
{
	TransportReply reply = answer_with(status, type, body);
	SfSession session = { 0 };
	SfFault fault;
	assert_false(sf_auth_answer(&reply, 0, &session, &fault));
	transport_reply_fini(&reply);
	return fault;
}

static void each_refusal_tells_the_admin_what_to_do(void **state)
{
	(void)state;
	static const struct {
		const char *error, *description, *advice;
		SfClass cls;
	} cases[] = {
		{ "invalid_grant", "user hasn't approved this consumer", "pre-authorized",
			SF_CLASS_ADMIN },
		{ "invalid_grant", "audience is invalid", "clock", SF_CLASS_ADMIN },
		{ "invalid_grant", "invalid assertion", "certificate", SF_CLASS_ADMIN },
		{ "invalid_grant", "ip restricted", "IP", SF_CLASS_ADMIN },
		{ "invalid_grant", "client identifier invalid", "consumer key", SF_CLASS_ADMIN },
		{ "invalid_client_id", "client identifier invalid", "consumer key",
			SF_CLASS_ADMIN },
		{ "invalid_client", "invalid client credentials", "secret", SF_CLASS_ADMIN },
		{ "invalid_grant", "request not supported on this domain", "My Domain",
			SF_CLASS_ADMIN },
		{ "invalid_grant", "no client credentials user enabled", "Run As", SF_CLASS_ADMIN },
		{ "invalid_grant", "inactive user", "Activate", SF_CLASS_ADMIN },
		{ "invalid_app_access", "user is not admin approved to access this app", "Assign",
			SF_CLASS_ADMIN },
		{ "unsupported_grant_type", "grant type not supported", "Enable", SF_CLASS_ADMIN },
		{ "invalid_grant", "authentication failure", "Check user name", SF_CLASS_ADMIN },
		{ "something_new", "never seen", "login history", SF_CLASS_ADMIN },
		{ "rate_limit_exceeded", "login rate exceeded", "", SF_CLASS_AGAIN },
		{ "server_error", "x", "", SF_CLASS_AGAIN },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char body[256];
		snprintf(body, sizeof body, "{\"error\":\"%s\",\"error_description\":\"%s\"}",
			cases[i].error, cases[i].description);
		SfFault fault = fault_of(400, JSON_TYPE, body);
		assert_class(fault.cls, cases[i].cls);
		assert_string_equal(fault.code, cases[i].error);
		assert_has(str_from(fault.advice), cases[i].advice);
	}
}

static void an_outage_of_the_login_host_is_no_admins_fault(void **state)
{
	(void)state;
	assert_class(fault_of(503, "text/html", "<html>").cls, SF_CLASS_AGAIN);
	assert_class(fault_of(200, "text/html", "<html>").cls, SF_CLASS_AGAIN);
	assert_class(fault_of(500, JSON_TYPE, "{\"error\":\"invalid_grant\"}").cls, SF_CLASS_AGAIN);
	/* There is no session to renew at the login. */
	assert_class(fault_of(401, NULL, "").cls, SF_CLASS_ADMIN);
}

static int set_up(void **state)
{
	(void)state;
	return secret_library_init(NULL) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_credentials_go_into_the_form_escaped),
		cmocka_unit_test(jwt_bearer_sends_an_assertion_that_lives_three_minutes),
		cmocka_unit_test(audience_follows_the_login_url),
		cmocka_unit_test(unusable_credentials_are_named),
		cmocka_unit_test(a_session_is_read_from_the_answer),
		cmocka_unit_test(answers_that_are_no_session_are_not_taken),
		cmocka_unit_test(each_refusal_tells_the_admin_what_to_do),
		cmocka_unit_test(an_outage_of_the_login_host_is_no_admins_fault),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
