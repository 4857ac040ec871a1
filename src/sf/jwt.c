#include "base/base.h"

#include "sf/jwt.h"

#include "base/enc.h"
#include "base/json.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

enum { RSA_BITS_MIN = 2048 };

static void free_bio(BIO **bio)
{
	BIO_free(*bio);
}

static void free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void free_digest(EVP_MD_CTX **digest)
{
	EVP_MD_CTX_free(*digest);
}

/* A key with a passphrase must fail instead of asking at the terminal. */
static int refuse_passphrase(char *out, int size, int is_writing, void *ctx)
{
	(void)out, (void)size, (void)is_writing, (void)ctx;
	return -1;
}

static bool read_key(const Secret *pem, EVP_PKEY **out, Err *err)
{
	Str bytes = secret_bytes(pem);
	CLEANUP(free_bio) BIO *bio = BIO_new_mem_buf(bytes.ptr, (int)MIN_OF(bytes.len, 65536));
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, NULL) : NULL;
	ERR_clear_error();
	if (!key)
		return ERR(err, ERR_AUTH,
			"the private key cannot be read: paste the whole PEM text, from "
			"\"-----BEGIN PRIVATE KEY-----\" on, of a key without passphrase");
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key) < RSA_BITS_MIN) {
		EVP_PKEY_free(key);
		return ERR(err, ERR_AUTH,
			"the private key must be an RSA key of %d bits or more, because Salesforce "
			"accepts RS256 only",
			RSA_BITS_MIN);
	}
	*out = key;
	return true;
}

static void put_part(Buf *out, const JwtClaims *claims)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(JWT_BYTES_MAX / 2);
	JsonWriter w;
	jw_init(&w, &text);
	jw_object_begin(&w);
	jw_kv_str(&w, "iss", claims->issuer);
	jw_kv_str(&w, "sub", claims->subject);
	jw_kv_str(&w, "aud", claims->audience);
	jw_kv_i64(&w, "exp", claims->expires_at_s);
	jw_object_end(&w);
	base64url_encode(out, STR("{\"alg\":\"RS256\",\"typ\":\"JWT\"}"));
	buf_put_char(out, '.');
	base64url_encode(out, buf_str(&text));
	out->overflow |= text.overflow;
}

static bool put_signature(Buf *out, EVP_PKEY *key, Str signed_text, Err *err)
{
	CLEANUP(free_digest) EVP_MD_CTX *digest = EVP_MD_CTX_new();
	unsigned char signature[JWT_BYTES_MAX / 4];
	size_t len = sizeof signature;
	bool done = digest && EVP_DigestSignInit(digest, NULL, EVP_sha256(), NULL, key) == 1
		&& EVP_DigestSign(digest, signature, &len, (const unsigned char *)signed_text.ptr,
			   signed_text.len)
			== 1;
	ERR_clear_error();
	if (!done)
		return ERR(err, ERR_AUTH, "the private key cannot sign with RS256");
	buf_put_char(out, '.');
	base64url_encode(out, (Str){ (const char *)signature, len });
	return true;
}

bool jwt_sign_rs256(const Secret *key_pem, const JwtClaims *claims, Buf *out, Err *err)
{
	CLEANUP(free_key) EVP_PKEY *key = NULL;
	if (!read_key(key_pem, &key, err))
		return false;
	CLEANUP(buf_fini) Buf text = BUF_MAX(JWT_BYTES_MAX);
	put_part(&text, claims);
	CLEANUP(buf_fini) Buf signature = BUF_MAX(JWT_BYTES_MAX);
	if (!put_signature(&signature, key, buf_str(&text), err))
		return false;
	buf_put(&text, buf_str(&signature));
	if (!buf_check(&text, "the login assertion", err))
		return false;
	buf_put(out, buf_str(&text));
	return true;
}
