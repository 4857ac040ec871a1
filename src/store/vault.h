/* vault.h: what is sealed at rest, and with which key. Private to store/; shared by all drivers, so
 * that they agree to the bit. Each person has a random key, wrapped (sealed) with a key derived
 * from the keyring's master; the words of a history entry are sealed together under the person's
 * key, so that erasing that one key erases them all while the proof chain over the ciphertext stays
 * valid (product.md, "Stops, removals, imports"). One thread. */
#ifndef STORE_VAULT_H
#define STORE_VAULT_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/secret.h"
#include "model/address.h"
#include "model/keyring.h"
#include "model/stop.h"

enum {
	WRAPPED_KEY_BYTES = KEY_BYTES + SEAL_OVERHEAD_BYTES,
	VAULT_CHECK_BYTES = 2 * HASH_BYTES,
	CREDENTIAL_BYTES_MAX = 16 * 1024, /* a private key of 4096 bits as PEM is 3.2 KB */
};

typedef struct Vault {
	const Keyring *keyring; /* borrowed */
	Rng *rng;               /* borrowed */
	Secret wrap_key, credential_key, token_key;
	/* Of the person in hand. */
	Secret person_key;
	bool has_person_key; /* false: erased, or nobody */
	AddressHash person_hash;
	Buf plain;
	Buf sealed;
} Vault;

WARN_UNUSED bool vault_init(Vault *vault, const Keyring *keyring, Rng *rng, Err *err);
void vault_fini(Vault *vault);

/* Kept in the store: it tells this keyring from any other without telling anything about it. */
void vault_check_value(const Vault *vault, unsigned char out[VAULT_CHECK_BYTES]);
/* ERR_FATAL that says which key differs. */
WARN_UNUSED bool vault_check(const Vault *vault, Str stored, Err *err);

AddressHash vault_address_hash(const Vault *vault, const Address *address);

/* A new person's key: takes it in hand and gives the wrapped form to keep. */
void vault_person_make(
	Vault *vault, const AddressHash *hash, unsigned char out_wrapped[WRAPPED_KEY_BYTES]);
/* Takes a person's key in hand. An empty `wrapped` is an erased person: entries seal to nothing and
 * open to nothing. */
WARN_UNUSED bool vault_person_use(Vault *vault, const AddressHash *hash, Str wrapped, Err *err);
bool vault_person_is(const Vault *vault, const AddressHash *hash);

typedef struct EventText {
	Str details, actor, reason, evidence, source_name;
} EventText;

/* Under the key in hand, bound to person and entry. Borrowed until the next call. */
Str vault_event_seal(Vault *vault, int64_t person_id, int64_t event_id, const EventText *text);
/* ERR_FATAL when the entry was changed, or belongs elsewhere. */
WARN_UNUSED bool vault_event_open(Vault *vault, int64_t person_id, int64_t event_id, Str sealed,
	Arena *arena, EventText *out, Err *err);

typedef struct ChainLink {
	int64_t person_id;
	int64_t at_ms;
	EventKind kind;
	Source source;
	Str ciphertext;
} ChainLink;
/* head becomes the hash of itself and the entry. The chain starts at zeros. */
void vault_chain_add(unsigned char head[HASH_BYTES], const ChainLink *entry);

/* Credentials of an org, bound to its ID. */
void vault_credential_seal(Vault *vault, Str org_id, Str plain, Buf *out);
WARN_UNUSED bool vault_credential_open(
	Vault *vault, Str org_id, Str sealed, Arena *arena, Str *out, Err *err);

void vault_token_hash(const Vault *vault, Str token_text, unsigned char out[HASH_BYTES]);

#endif
