/* token.h: the token of an unsubscribe link. It carries the address encrypted, so that a link still
 * works after the person was forgotten (product.md "Stops, removals, imports", G7). Pure.
 *
 * The text is base64url of a byte 1 (the version), a byte with the link key's id, and the address
 * sealed with that key (secret.h) in the context "optout link v1".
 *
 * Verification authenticates before it looks at anything else and takes the same path for every bad
 * token. */
#ifndef MODEL_TOKEN_H
#define MODEL_TOKEN_H

#include "base/base.h"
#include "base/buf.h"
#include "base/rng.h"
#include "model/address.h"
#include "model/keyring.h"

enum { TOKEN_TEXT_MAX = 4 * (2 + SEAL_OVERHEAD_BYTES + ADDRESS_BYTES_MAX + 2) / 3 + 4 };

/* False with ERR_MISSING when no key may mint. */
WARN_UNUSED bool token_mint(
	const Keyring *keyring, const Address *address, Rng *rng, Buf *out, Err *err);
/* False for damaged, forged and foreign tokens alike; says nothing about which. Retired keys
 * verify. */
WARN_UNUSED bool token_verify(const Keyring *keyring, Str token, Address *out);

#endif
