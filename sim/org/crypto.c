#include "base/base.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "org/crypto.h"

bool crypto_key_open(Str pem, void **out, Err *err)
{
	if (!pem.len || pem.len > 64 * 1024)
		return ERR(err, ERR_INPUT, "a certificate or public key in PEM is needed");
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	EVP_PKEY *key = NULL;
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (certificate) {
		key = X509_get_pubkey(certificate);
		X509_free(certificate);
	} else {
		(void)BIO_reset(bio);
		key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	}
	BIO_free(bio);
	ERR_clear_error();
	if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
		EVP_PKEY_free(key);
		return ERR(err, ERR_INPUT, "not a certificate or public key of RSA in PEM");
	}
	*out = key;
	return true;
}

void crypto_key_close(void **key)
{
	EVP_PKEY_free(*key);
	*key = NULL;
}

bool crypto_verify_rs256(void *key, Str data, Str signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool fits = ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1
		&& EVP_DigestVerify(ctx, (const unsigned char *)signature.ptr, signature.len,
			   (const unsigned char *)data.ptr, data.len)
			== 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return fits;
}

void crypto_hmac_sha256(unsigned char out[HMAC_SHA256_BYTES], Str key, Str data)
{
	unsigned len = HMAC_SHA256_BYTES;
	const unsigned char *done = HMAC(EVP_sha256(), key.ptr, (int)key.len,
		(const unsigned char *)data.ptr, data.len, out, &len);
	assert(done && len == HMAC_SHA256_BYTES);
	(void)done;
}
