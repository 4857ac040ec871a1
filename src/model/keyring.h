/* keyring.h: the key file. Text lines, mode 0600, made by `optout key init`:
 *     master <64 hex>          wraps person keys and stored credentials
 *     hash <64 hex>            keyed hash of addresses
 *     link <id> <64 hex>       mints and verifies links; the last one not retired mints
 *     link <id> <64 hex> retired    still verified, never mints
 * Lose it and links die and history cannot be read: it must be backed up apart from the database.
 * Pure. */
#ifndef MODEL_KEYRING_H
#define MODEL_KEYRING_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/secret.h"

enum { KEYRING_LINK_KEYS_MAX = 16 };

typedef struct LinkKey {
	unsigned id; /* 1..255, goes into the token in clear */
	bool retired;
	Secret key;
} LinkKey;

typedef struct Keyring {
	Secret master;
	Secret hash;
	LinkKey links[KEYRING_LINK_KEYS_MAX];
	size_t link_count;
} Keyring;

void keyring_generate(Keyring *out, Rng *rng);
WARN_UNUSED bool keyring_parse(Str text, Keyring *out, Err *err); /* errors name the line */
void keyring_put(Buf *out, const Keyring *keyring);
void keyring_fini(Keyring *keyring);
const LinkKey *keyring_minting_key(const Keyring *keyring); /* NULL when all are retired */
const LinkKey *keyring_find_link(const Keyring *keyring, unsigned id);

#endif
