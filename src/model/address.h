/* address.h: e-mail addresses as identities. One address, one person: compared without regard to
 * case, `+tag` never folded (product.md, "Persons and records"); an internationalised domain is
 * compared in its ASCII form (IDNA 2008, libidn2). Pure. */
#ifndef MODEL_ADDRESS_H
#define MODEL_ADDRESS_H

#include "base/base.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

enum {
	ADDRESS_BYTES_MAX = 254, /* RFC 5321 4.5.3.1.3 path limit less the angle brackets */
	ADDRESS_HASH_BYTES = 16,
	ADDRESS_PARTITIONS = 64, /* proof chains, and units of work that one machine claims */
};

typedef struct Address {
	char text[ADDRESS_BYTES_MAX + 1]; /* normalised, NUL-terminated */
	size_t len;
} Address;

/* Names an address without showing it: BLAKE2b keyed with the store's hash key, cut to 128 bits. */
typedef struct AddressHash {
	unsigned char bytes[ADDRESS_HASH_BYTES];
} AddressHash;

/* Trims, checks (one @, dot-atom or quoted local part of 1..64 bytes, host name of 1..253),
 * lower-cases, converts the domain, drops quotes that are not needed. UTF-8 before the @ is kept as
 * it is (RFC 6531), only its ASCII letters are lower-cased. False with ERR_INPUT that names the
 * fault and the byte. */
WARN_UNUSED bool address_parse(Str text, Address *out, Err *err);
Str address_str(const Address *address);
AddressHash address_hash(const Secret *hash_key, const Address *address);
int address_hash_cmp(const AddressHash *a, const AddressHash *b);
unsigned address_partition(const AddressHash *hash); /* 0 .. ADDRESS_PARTITIONS-1 */

#endif
