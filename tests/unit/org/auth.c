#include "stage.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/enc.h"

static Stage stage;

static int open_stage(void **state)
{
	(void)state;
	stage_open(&stage, NULL);
	return 0;
}

static int close_stage(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

static void ask_token(const char *body)
{
	stage_call(&stage, "POST /services/oauth2/token",
		"Content-Type: application/x-www-form-urlencoded\nAuthorization: none", body);
}

static void expect_refusal(int status, const char *error, const char *description)
{
	char wanted[256];
	expect_status(&stage, status);
	(void)snprintf(wanted, sizeof wanted, "{\"error\":\"%s\",\"error_description\":\"%s\"}",
		error, description);
	expect_body(&stage, wanted);
}

/* The members in order, joined by blanks. */
static void expect_members(const char *names)
{
	Buf got = BUF_MAX(4096);
	void *iter = NULL;
	Str name;
	const JsonVal *value;
	while (json_object_next(stage.json.root, &iter, &name, &value))
		buf_printf(&got, "%s%.*s", got.len ? " " : "", STR_ARG(name));
	expect_str(buf_str(&got), names);
	buf_fini(&got);
}

static bool token_works(Str token)
{
	char headers[400];
	(void)snprintf(headers, sizeof headers, "Authorization: Bearer %.*s", STR_ARG(token));
	stage_call(&stage, "GET /services/data/v60.0", headers, NULL);
	return stage.reply.status == 200;
}

static void client_credentials_by_body_or_basic_header_give_a_token(void **state)
{
	(void)state;
	ask_token("grant_type=client_credentials&client_id=the-client&client_secret=the-secret");
	expect_status(&stage, 200);
	expect_members("access_token signature scope instance_url id token_type issued_at");
	const JsonVal *answer = stage.json.root;
	expect_str(json_as_str(json_member(answer, "instance_url")), "http://sim.test");
	expect_str(json_as_str(json_member(answer, "issued_at")), "1772600767000");
	Str id = json_as_str(json_member(answer, "id"));
	OrgFacts facts = org_facts(stage.org);
	assert_true(str_starts(id, STR("http://sim.test/id/00D")));
	assert_true(str_find(id, facts.org_id) > 0);
	assert_null(stage_header(&stage, "Sforce-Limit-Info").ptr);
	expect_str(stage_header(&stage, "X-ReadOnlyMode"), "false");

	/* the-client:the-secret */
	stage_call(&stage, "POST /services/oauth2/token",
		"Content-Type: application/x-www-form-urlencoded\n"
		"Authorization: Basic dGhlLWNsaWVudDp0aGUtc2VjcmV0",
		"grant_type=client_credentials");
	expect_status(&stage, 200);
	Str token = json_as_str(json_member(stage.json.root, "access_token"));
	assert_true(str_starts(token, str_sub(facts.org_id, 0, 15)));
	assert_int_equal(token.ptr[15], '!');
	char copy[256];
	assert_true(str_copy(token, copy, sizeof copy));
	assert_true(token_works(str_from(copy)));
}

static void wrong_clients_and_grants_are_refused_by_name(void **state)
{
	(void)state;
	ask_token("grant_type=client_credentials&client_id=other&client_secret=the-secret");
	expect_refusal(400, "invalid_client_id", "client identifier invalid");
	ask_token("grant_type=client_credentials&client_id=the-client&client_secret=other");
	expect_refusal(400, "invalid_client", "invalid client credentials");
	ask_token("grant_type=client_credentials&client_id=the-client");
	expect_refusal(400, "invalid_client", "invalid client credentials");
	ask_token("grant_type=magic");
	expect_refusal(400, "unsupported_grant_type", "grant type not supported");
	ask_token("");
	expect_refusal(400, "unsupported_grant_type", "grant type not supported");
}

static void password_grant_wants_the_password_and_can_be_switched_off(void **state)
{
	(void)state;
	static const char good[] =
		"grant_type=password&client_id=the-client&client_secret=the-secret"
		"&username=integration%40orgsim.example&password=orgsim-password";
	ask_token(good);
	expect_status(&stage, 200);
	expect_members("access_token instance_url id token_type issued_at signature");
	ask_token("grant_type=password&client_id=the-client&client_secret=the-secret"
		  "&username=integration%40orgsim.example&password=wrong");
	expect_refusal(400, "invalid_grant", "authentication failure");
	(void)stage_control(&stage, "POST /org-state", "{\"passwords\":false}");
	ask_token(good);
	expect_refusal(400, "invalid_grant", "authentication failure");
}

/* ---- JWT bearer ---- */

typedef struct Signer {
	EVP_PKEY *key;
	char *pem; /* of the public half */
	size_t pem_len;
} Signer;

static Signer make_signer(void)
{
	Signer signer = { .key = EVP_RSA_gen(2048) };
	assert_non_null(signer.key);
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_PUBKEY(bio, signer.key), 1);
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);
	signer.pem = malloc((size_t)len);
	assert_non_null(signer.pem);
	memcpy(signer.pem, data, (size_t)len);
	signer.pem_len = (size_t)len;
	BIO_free(bio);
	return signer;
}

static void free_signer(Signer *signer)
{
	EVP_PKEY_free(signer->key);
	free(signer->pem);
}

static void put_signed(Buf *out, const Signer *signer, const char *header, const char *claims)
{
	size_t begin = out->len;
	base64url_encode(out, str_from(header));
	buf_put_char(out, '.');
	base64url_encode(out, str_from(claims));
	unsigned char signature[512];
	size_t len = sizeof signature;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, signer->key), 1);
	assert_int_equal(EVP_DigestSign(ctx, signature, &len,
				 (const unsigned char *)out->ptr + begin, out->len - begin),
		1);
	EVP_MD_CTX_free(ctx);
	buf_put_char(out, '.');
	base64url_encode(out, (Str){ (const char *)signature, len });
}

static void ask_jwt(const Signer *signer, const char *header, const char *claims)
{
	Buf body = BUF_MAX(16 * 1024);
	buf_put_z(&body,
		"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=");
	put_signed(&body, signer, header, claims);
	ask_token(buf_z(&body));
	buf_fini(&body);
}

#define RS256 "{\"alg\":\"RS256\"}"
#define CLAIMS(aud, sub, exp)                                                                      \
	"{\"iss\":\"the-client\",\"aud\":\"" aud "\",\"sub\":\"" sub "\",\"exp\":" exp "}"
#define ME           "integration@orgsim.example"
#define HERE         "http://sim.test"
#define IN_3_MINUTES "1772600947"

static void signed_assertion_gives_a_token_without_issue_time(void **state)
{
	(void)state;
	Signer signer = make_signer();
	OrgOptions options = stage_options();
	options.public_key_pem = (Str){ signer.pem, signer.pem_len };
	stage_close(&stage);
	stage_open(&stage, &options);
	static const char *const good[] = {
		CLAIMS(HERE, ME, IN_3_MINUTES),
		CLAIMS(HERE "/", ME, IN_3_MINUTES),
		CLAIMS("https://login.salesforce.com", ME, IN_3_MINUTES),
		CLAIMS("https://test.salesforce.com", ME, "\"" IN_3_MINUTES "\""), /* exp as text */
		CLAIMS(HERE, ME,
			"1772600947000"), /* in milliseconds, as the command line tool sends it */
		CLAIMS(HERE, ME, "1772600700"), /* a minute ago: within the skew */
		CLAIMS(HERE, "Admin@orgsim.example", IN_3_MINUTES),
	};
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		ask_jwt(&signer, RS256, good[i]);
		expect_status(&stage, 200);
		expect_members("access_token scope instance_url id token_type");
	}
	free_signer(&signer);
}

static void assertions_that_do_not_fit_are_invalid_grants(void **state)
{
	(void)state;
	Signer signer = make_signer(), stranger = make_signer();
	OrgOptions options = stage_options();
	options.public_key_pem = (Str){ signer.pem, signer.pem_len };
	stage_close(&stage);
	stage_open(&stage, &options);
	ask_jwt(&stranger, RS256, CLAIMS(HERE, ME, IN_3_MINUTES));
	expect_refusal(400, "invalid_grant", "invalid assertion");
	ask_jwt(&signer, "{\"alg\":\"none\"}", CLAIMS(HERE, ME, IN_3_MINUTES));
	expect_refusal(400, "invalid_grant", "invalid assertion");
	ask_jwt(&signer, RS256, CLAIMS("https://elsewhere.example", ME, IN_3_MINUTES));
	expect_refusal(400, "invalid_grant", "audience is invalid");
	ask_jwt(&signer, RS256, CLAIMS(HERE, "nobody@orgsim.example", IN_3_MINUTES));
	expect_refusal(400, "invalid_grant", "user hasn't approved this consumer");
	ask_jwt(&signer, RS256, CLAIMS(HERE, ME, "1772600500"));
	expect_status(&stage, 400);
	ask_jwt(&signer, RS256, "{\"iss\":\"other\"}");
	expect_refusal(400, "invalid_client_id", "client identifier invalid");
	ask_token(
		"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a.b.c");
	expect_refusal(400, "invalid_grant", "invalid assertion");
	free_signer(&signer);
	free_signer(&stranger);
}

/* ---- sessions ---- */

static void dead_sessions_get_401_without_limit_info(void **state)
{
	(void)state;
	static const struct {
		const char *headers, *body;
	} cases[] = {
		{ "Authorization: Bearer 00D000000000001!nothing",
			"[{\"message\":\"Session expired or invalid\",\"errorCode\":\"INVALID_SESSION_ID\"}]" },
		{ "Authorization: Token abc",
			"[{\"message\":\"INVALID_HEADER_TYPE\",\"errorCode\":\"INVALID_AUTH_HEADER\"}]" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		stage_call(&stage, "GET /services/data/v60.0/limits", cases[i].headers, NULL);
		expect_status(&stage, 401);
		expect_body(&stage, cases[i].body);
		assert_null(stage_header(&stage, "Sforce-Limit-Info").ptr);
		assert_null(stage_header(&stage, "WWW-Authenticate").ptr);
		assert_true(stage.reply.close_connection);
	}
}

static void session_lives_as_long_as_it_is_used(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		fake_clock_advance(&stage.clock, 100 * 60 * 1000);
		assert_true(token_works(stage.token));
	}
	fake_clock_advance(&stage.clock, 121 * 60 * 1000);
	assert_false(token_works(stage.token));
}

static void control_can_end_all_sessions_at_once(void **state)
{
	(void)state;
	assert_true(token_works(stage.token));
	(void)stage_control(&stage, "POST /session/expire", NULL);
	expect_status(&stage, 200);
	assert_false(token_works(stage.token));
	stage_login(&stage);
	assert_true(token_works(stage.token));
}

static void revoked_token_is_dead(void **state)
{
	(void)state;
	char body[400];
	(void)snprintf(body, sizeof body, "token=%.*s", STR_ARG(stage.token));
	stage_call(&stage, "POST /services/oauth2/revoke",
		"Content-Type: application/x-www-form-urlencoded", body);
	expect_status(&stage, 200);
	expect_body(&stage, "");
	assert_false(token_works(stage.token));
	stage_call(&stage, "POST /services/oauth2/revoke",
		"Content-Type: application/x-www-form-urlencoded", body);
	expect_status(&stage, 400);
	assert_true(str_starts(stage_body(&stage), STR("error=")));
}

static void userinfo_and_identity_tell_who_asks(void **state)
{
	(void)state;
	stage_call(&stage, "GET /services/oauth2/userinfo", NULL, NULL);
	expect_status(&stage, 200);
	expect_str(json_as_str(json_member(stage.json.root, "preferred_username")), ME);
	Str url = json_as_str(json_member(stage.json.root, "sub"));
	char request[256];
	(void)snprintf(request, sizeof request, "GET %.*s", (int)(url.len - strlen(HERE)),
		url.ptr + strlen(HERE));
	stage_call(&stage, request, NULL, NULL);
	expect_status(&stage, 200);
	expect_str(json_as_str(json_member(stage.json.root, "username")), ME);
	stage_call(&stage, request, "Authorization: Bearer dead", NULL);
	expect_status(&stage, 403);
	expect_body(&stage, "Bad_OAuth_Token");
}

/* ---- SOAP ---- */

static void soap_login(const char *path, const char *username, const char *password)
{
	char body[1024];
	(void)snprintf(body, sizeof body,
		"<se:Envelope xmlns:se=\"http://schemas.xmlsoap.org/soap/envelope/\"><se:Header/><se:Body>"
		"<login xmlns=\"urn:partner.soap.sforce.com\"><username>%s</username><password>%s"
		"</password></login></se:Body></se:Envelope>",
		username, password);
	stage_call(&stage, path, "Content-Type: text/xml\nSOAPAction: \"\"\nAuthorization: none",
		body);
}

static Str between(const char *from, const char *to)
{
	Str body = stage_body(&stage);
	ptrdiff_t begin = str_find(body, str_from(from));
	assert_true(begin >= 0);
	body = str_from_pos(body, (size_t)begin + strlen(from));
	ptrdiff_t end = str_find(body, str_from(to));
	assert_true(end >= 0);
	return str_sub(body, 0, (size_t)end);
}

static void soap_login_gives_a_session_that_works(void **state)
{
	(void)state;
	soap_login("POST /services/Soap/u/60.0", ME, "orgsim-password");
	expect_status(&stage, 200);
	expect_str(stage_header(&stage, "Content-Type"), "text/xml; charset=utf-8");
	assert_null(stage_header(&stage, "Strict-Transport-Security").ptr);
	Str server = between("<serverUrl>", "</serverUrl>");
	assert_true(str_starts(server, STR(HERE "/services/Soap/u/60.0/00D")));
	assert_int_equal(server.len, strlen(HERE "/services/Soap/u/60.0/") + 15);
	expect_str(between("<passwordExpired>", "</passwordExpired>"), "false");
	assert_int_equal(between("<userId>", "</userId>").len, 18);
	assert_int_equal(between("<organizationId>", "</organizationId>").len, 18);
	char token[256];
	assert_true(str_copy(between("<sessionId>", "</sessionId>"), token, sizeof token));
	assert_true(token_works(str_from(token)));
}

static void soap_logout_ends_the_session(void **state)
{
	(void)state;
	char token[256], body[1024];
	soap_login("POST /services/Soap/u/60.0", ME, "orgsim-password");
	assert_true(str_copy(between("<sessionId>", "</sessionId>"), token, sizeof token));
	(void)snprintf(body, sizeof body,
		"<se:Envelope><se:Header><SessionHeader><sessionId>%s</sessionId></SessionHeader>"
		"</se:Header><se:Body><logout xmlns=\"urn:partner.soap.sforce.com\"/></se:Body></se:Envelope>",
		token);
	stage_call(&stage, "POST /services/Soap/u/60.0/00D000000000001", "Content-Type: text/xml",
		body);
	expect_status(&stage, 200);
	assert_true(str_find(stage_body(&stage), STR("<logoutResponse/>")) > 0);
	assert_false(token_works(str_from(token)));
	stage_call(&stage, "POST /services/Soap/u/60.0/00D000000000001", "Content-Type: text/xml",
		body);
	expect_status(&stage, 500);
	expect_str(between("<faultcode>", "</faultcode>"), "sf:INVALID_SESSION_ID");
}

static void soap_faults_are_500_with_the_real_texts(void **state)
{
	(void)state;
	soap_login("POST /services/Soap/u/60.0", ME, "wrong");
	expect_status(&stage, 500);
	expect_str(between("<faultcode>", "</faultcode>"), "sf:INVALID_LOGIN");
	expect_str(between("<faultstring>", "</faultstring>"),
		"INVALID_LOGIN: Invalid username, password, security token; or user locked out.");
	expect_str(between("<sf:exceptionCode>", "</sf:exceptionCode>"), "INVALID_LOGIN");
	soap_login("POST /services/Soap/u/99.0", ME, "orgsim-password");
	expect_status(&stage, 500);
	expect_str(between("<faultstring>", "</faultstring>"),
		"UNSUPPORTED_API_VERSION: Invalid Api version specified on URL");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)
	const struct CMUnitTest tests[] = {
		CASE(client_credentials_by_body_or_basic_header_give_a_token),
		CASE(wrong_clients_and_grants_are_refused_by_name),
		CASE(password_grant_wants_the_password_and_can_be_switched_off),
		CASE(signed_assertion_gives_a_token_without_issue_time),
		CASE(assertions_that_do_not_fit_are_invalid_grants),
		CASE(dead_sessions_get_401_without_limit_info),
		CASE(session_lives_as_long_as_it_is_used),
		CASE(control_can_end_all_sessions_at_once),
		CASE(revoked_token_is_dead),
		CASE(userinfo_and_identity_tell_who_asks),
		CASE(soap_login_gives_a_session_that_works),
		CASE(soap_logout_ends_the_session),
		CASE(soap_faults_are_500_with_the_real_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
