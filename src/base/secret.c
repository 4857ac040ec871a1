#include "base/base.h"

#include "base/secret.h"

#include "base/alloc.h"

#include <sodium.h>

static_assert(KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key size");
static_assert(SEAL_OVERHEAD_BYTES
		== crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
			+ crypto_aead_xchacha20poly1305_ietf_ABYTES,
	"nonce and tag size");
static_assert(SHORT_HASH_KEY_BYTES == crypto_shorthash_KEYBYTES, "short hash key size");

enum { NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES };

static const unsigned char *bytes_of(Str s)
{
	return (const unsigned char *)s.ptr;
}

bool secret_library_init(Err *err)
{
	if (sodium_init() < 0)
		return ERR(err, ERR_FATAL, "libsodium does not start");
	return true;
}

static void secret_alloc(Secret *out, size_t len)
{
	assert(!out->ptr);
	if (sodium_init() < 0) {
		fprintf(stderr, "libsodium does not start\n");
		abort();
	}
	out->len = len;
	out->ptr = sodium_malloc(len ? len : 1);
	out->is_plain = !out->ptr;
	/* Guard pages need address space that a strict limit may refuse; wiping still works
	 * without. */
	if (out->is_plain)
		out->ptr = xcalloc(len, 1);
}

void secret_set(Secret *out, Str bytes)
{
	secret_alloc(out, bytes.len);
	if (bytes.len)
		memcpy(out->ptr, bytes.ptr, bytes.len);
}

void secret_random(Secret *out, size_t len, Rng *rng)
{
	secret_alloc(out, len);
	rng_fill(rng, out->ptr, len);
}

void secret_fini(Secret *secret)
{
	if (secret->is_plain) {
		sodium_memzero(secret->ptr, secret->len);
		free(secret->ptr);
	} else {
		sodium_free(secret->ptr); /* wipes; NULL is fine */
	}
	*secret = (Secret){ 0 };
}

Str secret_bytes(const Secret *secret)
{
	return (Str){ (const char *)secret->ptr, secret->len };
}

bool secret_is_set(const Secret *secret)
{
	return secret->len > 0;
}

bool bytes_equal_ct(Str a, Str b)
{
	return a.len == b.len && (a.len == 0 || sodium_memcmp(a.ptr, b.ptr, a.len) == 0);
}

void bytes_wipe(void *ptr, size_t len)
{
	if (len)
		sodium_memzero(ptr, len);
}

void buf_wipe(Buf *buf)
{
	if (buf->ptr)
		bytes_wipe(buf->ptr, buf->cap);
	buf_fini(buf);
}

void seal(Buf *out, const Secret *key, Str context, Str plain, Rng *rng)
{
	assert(key->len == KEY_BYTES);
	size_t total = plain.len + SEAL_OVERHEAD_BYTES;
	unsigned char *nonce = (unsigned char *)buf_room(out, total);
	if (!nonce)
		return;
	rng_fill(rng, nonce, NONCE_BYTES);
	int rc = crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_BYTES, NULL,
		bytes_of(plain), plain.len, bytes_of(context), context.len, NULL, nonce, key->ptr);
	assert(rc == 0);
	(void)rc;
	buf_grow(out, total);
}

bool unseal(Buf *out, const Secret *key, Str context, Str sealed)
{
	assert(key->len == KEY_BYTES);
	if (sealed.len < SEAL_OVERHEAD_BYTES)
		return false;
	size_t plain_len = sealed.len - SEAL_OVERHEAD_BYTES;
	unsigned char *plain = (unsigned char *)buf_room(out, plain_len);
	if (!plain)
		return false;
	const unsigned char *nonce = bytes_of(sealed);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, nonce + NONCE_BYTES,
		    sealed.len - NONCE_BYTES, bytes_of(context), context.len, nonce, key->ptr)
		!= 0)
		return false;
	buf_grow(out, plain_len);
	return true;
}

void keyed_hash(unsigned char out[HASH_BYTES], const Secret *key, Str data)
{
	assert(key->len >= crypto_generichash_KEYBYTES_MIN
		&& key->len <= crypto_generichash_KEYBYTES_MAX);
	crypto_generichash(out, HASH_BYTES, bytes_of(data), data.len, key->ptr, key->len);
}

void keyed_hash_raw(unsigned char out[HASH_BYTES], const unsigned char key[KEY_BYTES], Str data)
{
	crypto_generichash(out, HASH_BYTES, bytes_of(data), data.len, key, KEY_BYTES);
}

void plain_hash(unsigned char out[HASH_BYTES], Str data)
{
	crypto_generichash(out, HASH_BYTES, bytes_of(data), data.len, NULL, 0);
}

void chain_hash(unsigned char out[HASH_BYTES], const Str *parts, size_t count)
{
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
	for (size_t i = 0; i < count; i++) {
		unsigned char prefix[8]; /* little-endian, the same on every machine */
		for (size_t b = 0; b < sizeof prefix; b++)
			prefix[b] = (unsigned char)((uint64_t)parts[i].len >> (8 * b));
		crypto_generichash_update(&state, prefix, sizeof prefix);
		crypto_generichash_update(&state, bytes_of(parts[i]), parts[i].len);
	}
	crypto_generichash_final(&state, out, HASH_BYTES);
}

void derive_key(Secret *out, const Secret *master, const char *label)
{
	secret_alloc(out, KEY_BYTES);
	static_assert(KEY_BYTES == HASH_BYTES, "a derived key is one hash");
	keyed_hash(out->ptr, master, str_from(label));
}

uint64_t short_hash(const unsigned char key[SHORT_HASH_KEY_BYTES], Str data)
{
	unsigned char hash[crypto_shorthash_BYTES];
	crypto_shorthash(hash, bytes_of(data), data.len, key);
	uint64_t value;
	static_assert(sizeof value == sizeof hash, "hash size");
	memcpy(&value, hash, sizeof value);
	return value;
}
