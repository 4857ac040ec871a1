/* token.h: the token of an unsubscribe link. It carries the address encrypted, so that a link still
 * works after the person was forgotten (product.md "Stops, removals, imports", G7). base64url(
 * version 1 byte = 1 || link key id 1 byte || seal(link key, "optout link v1", address) )
 * Verification authenticates before it looks at anything else and takes the same path for every bad
 * token. Pure. */
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
