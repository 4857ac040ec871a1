/* crypto.h: the two things a login server needs from OpenSSL: RS256 with a registered certificate,
 * and HMAC-SHA256 for the signature of a token answer. Any thread. */
#ifndef ORG_CRYPTO_H
#define ORG_CRYPTO_H

#include "base/base.h"
#include "base/err.h"
#include "base/str.h"

enum { HMAC_SHA256_BYTES = 32 };

/* An X.509 certificate or a public key in PEM. The result is an EVP_PKEY; close it. */
WARN_UNUSED bool crypto_key_open(Str pem, void **out, Err *err);
void crypto_key_close(void **key);
bool crypto_verify_rs256(void *key, Str data, Str signature);
void crypto_hmac_sha256(unsigned char out[HMAC_SHA256_BYTES], Str key, Str data);

#endif
