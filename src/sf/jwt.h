/* jwt.h: signed assertions for the JWT bearer grant (RFC 7523; salesforce-api.md 1.3): RS256 with
 * OpenSSL's EVP. Pure. */
#ifndef SF_JWT_H
#define SF_JWT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

enum {
	/* Header and claims of some hundred bytes, signature of an 8192-bit key: 1,366. */
	JWT_BYTES_MAX = 8 * 1024,
	/* What the server allows (salesforce-api.md 1.3). */
	JWT_LIFE_S = 180,
};

typedef struct JwtClaims {
	Str issuer;   /* consumer key */
	Str subject;  /* user name to act as */
	Str audience; /* sf_auth_audience */
	int64_t expires_at_s;
} JwtClaims;

/* Appends "header.claims.signature". The key is PEM text of an RSA private key without passphrase,
 * 2048 bits or more: ERR_AUTH that says what to paste otherwise. */
WARN_UNUSED bool jwt_sign_rs256(const Secret *key_pem, const JwtClaims *claims, Buf *out, Err *err);

#endif
