#include "base/base.h"

#include "sf/jwt.h"

#include "base/enc.h"
#include "base/json.h"
#include "expect.h"
#include "keys.h"

#include <openssl/rsa.h>

static const JwtClaims claims = {
	.issuer = STR_INIT("3MVG9.key"),
	.subject = STR_INIT("robot@example.org"),
	.audience = STR_INIT("https://login.salesforce.com"),
	.expires_at_s = 1767225780,
};

static bool sign(const Secret *key, Buf *out, Err *err)
{
	return jwt_sign_rs256(key, &claims, out, err);
}

static void verify_signature(EVP_PKEY *key, Str signed_text, Str signature_text)
{
	CLEANUP(buf_fini) Buf signature = BUF_MAX(4096);
	assert_true(base64url_decode(&signature, signature_text));
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestVerifyInit(digest, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(
		EVP_DigestVerify(digest, (const unsigned char *)signature.ptr, signature.len,
			(const unsigned char *)signed_text.ptr, signed_text.len),
		1);
	EVP_MD_CTX_free(digest);
}

static void assertion_carries_the_claims_and_verifies(void **state)
{
	(void)state;
	EVP_PKEY *key = EVP_RSA_gen(2048);
	Secret pem = { 0 };
	key_to_pem(key, NULL, &pem);
	CLEANUP(buf_fini) Buf token = BUF_MAX(JWT_BYTES_MAX);
	Err err;
	assert_true(sign(&pem, &token, &err));

	Str rest = buf_str(&token), head, body, signature;
	assert_true(str_split(&rest, '.', &head) && str_split(&rest, '.', &body));
	assert_true(str_split(&rest, '.', &signature) && !rest.ptr);
	verify_signature(key, str_sub(buf_str(&token), 0, head.len + 1 + body.len), signature);

	CLEANUP(buf_fini) Buf text = BUF_MAX(4096);
	assert_true(base64url_decode(&text, head));
	assert_str(buf_str(&text), "{\"alg\":\"RS256\",\"typ\":\"JWT\"}");
	buf_reset(&text);
	assert_true(base64url_decode(&text, body));
	JsonDoc doc;
	assert_true(json_doc_parse(buf_str(&text), 4096, &doc, NULL));
	assert_str(json_as_str(json_member(doc.root, "iss")), "3MVG9.key");
	assert_str(json_as_str(json_member(doc.root, "sub")), "robot@example.org");
	assert_str(json_as_str(json_member(doc.root, "aud")), "https://login.salesforce.com");
	assert_int_equal(json_val_type(json_member(doc.root, "exp")), JSON_T_INT);
	assert_int_equal(json_as_i64(json_member(doc.root, "exp"), 0), 1767225780);
	json_doc_fini(&doc);
	secret_fini(&pem);
	EVP_PKEY_free(key);
}

static void assert_refused(EVP_PKEY *key, const EVP_CIPHER *cipher, const char *reason)
{
	Secret pem = { 0 };
	key_to_pem(key, cipher, &pem);
	CLEANUP(buf_fini) Buf token = BUF_MAX(JWT_BYTES_MAX);
	Err err;
	assert_false(sign(&pem, &token, &err));
	assert_int_equal(err.kind, ERR_AUTH);
	assert_has(str_from(err.text), reason);
	assert_int_equal(token.len, 0);
	secret_fini(&pem);
	EVP_PKEY_free(key);
}

static void keys_that_salesforce_refuses_are_refused_here(void **state)
{
	(void)state;
	assert_refused(EVP_RSA_gen(1024), NULL, "RSA key of 2048 bits");
	assert_refused(EVP_EC_gen("P-256"), NULL, "RSA key of 2048 bits");
}

static void a_key_with_passphrase_fails_without_asking(void **state)
{
	(void)state;
	assert_refused(EVP_RSA_gen(2048), EVP_aes_128_cbc(), "without passphrase");
}

static void text_that_is_no_key_says_what_to_paste(void **state)
{
	(void)state;
	static const char *const texts[] = { "x", "-----BEGIN PRIVATE KEY-----\nMII\n",
		"-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n" };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		Secret pem = { 0 };
		secret_set(&pem, str_from(texts[i]));
		CLEANUP(buf_fini) Buf token = BUF_MAX(JWT_BYTES_MAX);
		Err err;
		assert_false(sign(&pem, &token, &err));
		assert_has(str_from(err.text), "BEGIN PRIVATE KEY");
		secret_fini(&pem);
	}
}

static int set_up(void **state)
{
	(void)state;
	return secret_library_init(NULL) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(assertion_carries_the_claims_and_verifies),
		cmocka_unit_test(keys_that_salesforce_refuses_are_refused_here),
		cmocka_unit_test(a_key_with_passphrase_fails_without_asking),
		cmocka_unit_test(text_that_is_no_key_says_what_to_paste),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
