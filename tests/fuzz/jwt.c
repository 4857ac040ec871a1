/* A private key as somebody pastes it (sf/jwt.h): it signs, or the complaint says what to paste and
 * shows nothing of it. */
#include "base/base.h"

#include "base/enc.h"
#include "base/json.h"
#include "fuzz.h"
#include "sf/jwt.h"

enum { PEM_BYTES_MAX = 16 * 1024, SHOWN_BYTES = 16 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	Err err;
	MUST(secret_library_init(&err));
	return 0;
}

static void check_complaint(const Err *err, Str pem)
{
	MUST(fuzz_err_is(err, 1u << ERR_AUTH));
	for (size_t at = 0; at + SHOWN_BYTES <= pem.len; at += SHOWN_BYTES) {
		Str part = str_sub(pem, at, SHOWN_BYTES);
		bool is_label = str_find(part, STR("---")) >= 0 || str_find(part, STR("KEY")) >= 0
			|| str_find(part, STR("BEGIN")) >= 0;
		MUST(is_label || str_find(str_from(err->text), part) < 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str pem = fuzz_text(data, size), part;
	CLEANUP(secret_fini) Secret key = { 0 };
	CLEANUP(buf_fini) Buf out = BUF_MAX(JWT_BYTES_MAX), plain = BUF_MAX(JWT_BYTES_MAX);
	JwtClaims claims = { .issuer = STR("key"),
		.subject = STR("user@example.com"),
		.audience = STR("https://login.salesforce.com"),
		.expires_at_s = 1767323045 };
	Err err = { 0 };
	JsonDoc doc;
	if (pem.len == 0 || pem.len > PEM_BYTES_MAX)
		return 0;
	secret_set(&key, pem);
	if (!jwt_sign_rs256(&key, &claims, &out, &err)) {
		MUST(out.len == 0);
		check_complaint(&err, pem);
		return 0;
	}
	Str rest = buf_str(&out);
	MUST(str_split(&rest, '.', &part) && base64url_decode(&plain, part));
	MUST(str_split(&rest, '.', &part));
	buf_reset(&plain);
	MUST(base64url_decode(&plain, part));
	MUST(json_doc_parse(buf_str(&plain), JWT_BYTES_MAX, &doc, &err));
	MUST(str_eq(json_as_str(json_member(doc.root, "sub")), claims.subject));
	json_doc_fini(&doc);
	buf_reset(&plain);
	MUST(base64url_decode(&plain, rest) && plain.len >= 2048 / 8);
	return 0;
}
