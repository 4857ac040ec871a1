/* secret.h: keys and the few cryptographic acts we need, all libsodium: memory that is locked and
 * wiped, constant-time comparison, authenticated encryption (XChaCha20-Poly1305), keyed and plain
 * hashes (BLAKE2b). A Secret cannot be printed: there is no function that turns it into log text.
 * Any thread. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/str.h"

typedef struct Secret {
	unsigned char *ptr; /* own, sodium_malloc; wiped when closed */
	size_t len;
	bool is_plain; /* sodium_malloc had no room: ordinary memory, still wiped when closed */
} Secret;

enum { KEY_BYTES = 32, HASH_BYTES = 32, SEAL_OVERHEAD_BYTES = 24 + 16 };

/* Once, before anything else here; idempotent. */
WARN_UNUSED bool secret_library_init(Err *err);

void secret_set(Secret *out, Str bytes); /* copies; out must be zeroed or finished */
void secret_random(Secret *out, size_t len, Rng *rng);
void secret_fini(Secret *secret);
Str secret_bytes(const Secret *secret); /* borrowed; for handing to another library's door only */
bool secret_is_set(const Secret *secret);

/* Constant time in the length of b; different lengths are unequal. */
bool bytes_equal_ct(Str a, Str b);
void bytes_wipe(void *ptr, size_t len);
/* buf_fini for a Buf that held a secret; copies that growing left behind are not found. */
void buf_wipe(Buf *buf);

/* out = nonce (24) || ciphertext || tag (16). `context` is authenticated, not stored: name what the
 * bytes are for. */
void seal(Buf *out, const Secret *key, Str context, Str plain, Rng *rng);
/* False when key, context or a single bit is wrong; out untouched. */
WARN_UNUSED bool unseal(Buf *out, const Secret *key, Str context, Str sealed);

/* BLAKE2b-256, keyed. */
void keyed_hash(unsigned char out[HASH_BYTES], const Secret *key, Str data);
/* The same with a key that is no Secret (KEY_BYTES of it): log hashes. */
void keyed_hash_raw(unsigned char out[HASH_BYTES], const unsigned char key[KEY_BYTES], Str data);
void plain_hash(unsigned char out[HASH_BYTES], Str data);
/* Hash of several parts, each length-prefixed so that ("ab","c") and ("a","bc") differ. */
void chain_hash(unsigned char out[HASH_BYTES], const Str *parts, size_t count);

/* SipHash-2-4 for hash tables that outsiders fill; not for anything that must resist a search. */
enum { SHORT_HASH_KEY_BYTES = 16 };
uint64_t short_hash(const unsigned char key[SHORT_HASH_KEY_BYTES], Str data);

/* A key of KEY_BYTES for one purpose, from a master key (BLAKE2b keyed with master over label). */
void derive_key(Secret *out, const Secret *master, const char *label);

#endif
