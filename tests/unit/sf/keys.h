/* keys.h: fresh keys for tests of the signing code. */
#ifndef TESTS_UNIT_SF_KEYS_H
#define TESTS_UNIT_SF_KEYS_H

#include "base/base.h"
#include "base/secret.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

static inline void key_to_pem(EVP_PKEY *key, const EVP_CIPHER *cipher, Secret *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char passphrase[] = "secret";
	int done = PEM_write_bio_PKCS8PrivateKey(
		bio, key, cipher, cipher ? passphrase : NULL, cipher ? 6 : 0, NULL, NULL);
	assert(done == 1);
	char *bytes;
	long len = BIO_get_mem_data(bio, &bytes);
	secret_set(out, (Str){ bytes, (size_t)len });
	(void)done;
	BIO_free(bio);
}

#endif
