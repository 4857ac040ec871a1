#include "base/base.h"

#include "base/secret.h"

#include "base/enc.h"

#include "../../lib/expect.h"

#include <sys/resource.h>

static int start_library(void **state)
{
	(void)state;
	Err err = { 0 };
	return secret_library_init(&err) && secret_library_init(&err) ? 0 : -1;
}

static Secret test_key(char fill)
{
	char bytes[KEY_BYTES];
	memset(bytes, fill, sizeof bytes);
	Secret key = { 0 };
	secret_set(&key, (Str){ bytes, sizeof bytes });
	return key;
}

static void secret_copies_and_forgets(void **state)
{
	(void)state;
	char text[] = "hunter2";
	Secret secret = { 0 };
	assert_false(secret_is_set(&secret));
	secret_set(&secret, (Str){ text, 7 });
	memset(text, 'x', 7);
	assert_true(secret_is_set(&secret));
	assert_str(secret_bytes(&secret), "hunter2");
	secret_fini(&secret);
	assert_null(secret.ptr);
	assert_false(secret_is_set(&secret));
	secret_fini(&secret); /* twice is harmless */
	secret_set(&secret, STR(""));
	assert_false(secret_is_set(&secret));
	secret_fini(&secret);
}

static void random_secrets_differ(void **state)
{
	(void)state;
	CLEANUP(secret_fini) Secret a = { 0 };
	CLEANUP(secret_fini) Secret b = { 0 };
	secret_random(&a, 32, rng_system());
	secret_random(&b, 32, rng_system());
	assert_int_equal(a.len, 32);
	assert_false(bytes_equal_ct(secret_bytes(&a), secret_bytes(&b)));
}

static void secrets_work_without_locked_memory(void **state)
{
	(void)state;
	struct rlimit none = { 0, 0 };
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &none), 0);
	CLEANUP(secret_fini) Secret secret = { 0 };
	secret_set(&secret, STR("still here"));
	assert_str(secret_bytes(&secret), "still here");
}

/* A sanitizer itself needs the address space that is taken away here. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static void secrets_work_without_room_for_guard_pages(void **state)
{
	(void)state;
	free(malloc(64)); /* the heap has a page to give */
	struct rlimit before;
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	struct rlimit tight = { 4096, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
	Secret secret = { 0 };
	secret_set(&secret, STR("still here"));
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_true(secret.is_plain);
	assert_str(secret_bytes(&secret), "still here");
	secret_fini(&secret);
	assert_false(secret.is_plain);
}
#endif

static void comparison_sees_each_byte_and_the_length(void **state)
{
	(void)state;
	char a[20], b[20];
	memset(a, 7, sizeof a);
	memset(b, 7, sizeof b);
	assert_true(bytes_equal_ct((Str){ a, 20 }, (Str){ b, 20 }));
	assert_false(bytes_equal_ct((Str){ a, 20 }, (Str){ b, 19 }));
	assert_false(bytes_equal_ct((Str){ a, 0 }, (Str){ b, 1 }));
	assert_true(bytes_equal_ct(STR_NONE, STR("")));
	for (size_t i = 0; i < sizeof a; i++) {
		b[i] ^= 1;
		assert_false(bytes_equal_ct((Str){ a, 20 }, (Str){ b, 20 }));
		b[i] ^= 1;
	}
}

static void wiped_bytes_are_zero(void **state)
{
	(void)state;
	char bytes[9] = "password";
	bytes_wipe(bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		assert_int_equal(bytes[i], 0);
	bytes_wipe(NULL, 0);
	Buf buf = BUF_MAX(10);
	buf_put(&buf, STR("secret"));
	buf_wipe(&buf);
	assert_null(buf.ptr);
	buf_wipe(&buf);
}

static void sealed_text_opens_with_its_key_and_context_only(void **state)
{
	(void)state;
	CLEANUP(secret_fini) Secret key = test_key('k');
	CLEANUP(secret_fini) Secret other = test_key('K');
	CLEANUP(buf_fini) Buf sealed = BUF_MAX(1000);
	CLEANUP(buf_fini) Buf plain = BUF_MAX(1000);
	buf_put_z(&plain, "before ");
	seal(&sealed, &key, STR("org secret"), STR("s3cret"), rng_system());
	assert_int_equal(sealed.len, 6 + SEAL_OVERHEAD_BYTES);
	assert_has_not(buf_str(&sealed), "s3cret");
	assert_false(unseal(&plain, &other, STR("org secret"), buf_str(&sealed)));
	assert_false(unseal(&plain, &key, STR("org secreT"), buf_str(&sealed)));
	assert_false(unseal(&plain, &key, STR(""), buf_str(&sealed)));
	assert_buf(plain, "before ");
	assert_true(unseal(&plain, &key, STR("org secret"), buf_str(&sealed)));
	assert_buf(plain, "before s3cret");
}

static void nothing_can_be_sealed_too(void **state)
{
	(void)state;
	CLEANUP(secret_fini) Secret key = test_key('k');
	CLEANUP(buf_fini) Buf sealed = BUF_MAX(1000);
	CLEANUP(buf_fini) Buf plain = BUF_MAX(1000);
	seal(&sealed, &key, STR("c"), STR(""), rng_system());
	assert_int_equal(sealed.len, SEAL_OVERHEAD_BYTES);
	assert_true(unseal(&plain, &key, STR("c"), buf_str(&sealed)));
	assert_buf(plain, "");
}

static void each_flipped_bit_and_each_cut_is_noticed(void **state)
{
	(void)state;
	CLEANUP(secret_fini) Secret key = test_key('k');
	CLEANUP(buf_fini) Buf sealed = BUF_MAX(1000);
	CLEANUP(buf_fini) Buf plain = BUF_MAX(1000);
	seal(&sealed, &key, STR("c"), STR("text"), rng_system());
	for (size_t bit = 0; bit < sealed.len * 8; bit++) {
		sealed.ptr[bit / 8] = (char)(sealed.ptr[bit / 8] ^ (1 << bit % 8));
		assert_false(unseal(&plain, &key, STR("c"), buf_str(&sealed)));
		sealed.ptr[bit / 8] = (char)(sealed.ptr[bit / 8] ^ (1 << bit % 8));
	}
	for (size_t len = 0; len < sealed.len; len++)
		assert_false(unseal(&plain, &key, STR("c"), str_sub(buf_str(&sealed), 0, len)));
	assert_int_equal(plain.len, 0);
	assert_true(unseal(&plain, &key, STR("c"), buf_str(&sealed)));
}

static void sealing_twice_gives_two_texts(void **state)
{
	(void)state;
	CLEANUP(secret_fini) Secret key = test_key('k');
	CLEANUP(buf_fini) Buf a = BUF_MAX(1000);
	CLEANUP(buf_fini) Buf b = BUF_MAX(1000);
	seal(&a, &key, STR("c"), STR("text"), rng_system());
	seal(&b, &key, STR("c"), STR("text"), rng_system());
	assert_false(str_eq(buf_str(&a), buf_str(&b)));
	CLEANUP(buf_fini) Buf small = BUF_MAX(10);
	seal(&small, &key, STR("c"), STR("text"), rng_system());
	assert_true(small.overflow);
	assert_int_equal(small.len, 0);
}

static void expect_hash(const unsigned char *hash, const char *want)
{
	CLEANUP(buf_fini) Buf hex = BUF_MAX(200);
	hex_encode(&hex, (Str){ (const char *)hash, HASH_BYTES });
	assert_buf(hex, want);
}

static void plain_hash_is_blake2b_256(void **state)
{
	(void)state;
	unsigned char hash[HASH_BYTES];
	plain_hash(hash, STR(""));
	expect_hash(hash, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
	plain_hash(hash, STR("abc"));
	expect_hash(hash, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

static void keyed_hash_depends_on_key_and_data(void **state)
{
	(void)state;
	CLEANUP(secret_fini) Secret key = test_key('k');
	CLEANUP(secret_fini) Secret other = test_key('K');
	unsigned char a[HASH_BYTES], b[HASH_BYTES];
	keyed_hash(a, &key, STR("data"));
	keyed_hash(b, &other, STR("data"));
	assert_memory_not_equal(a, b, HASH_BYTES);
	keyed_hash(b, &key, STR("datA"));
	assert_memory_not_equal(a, b, HASH_BYTES);
	plain_hash(b, STR("data"));
	assert_memory_not_equal(a, b, HASH_BYTES);
	keyed_hash_raw(b, key.ptr, STR("data"));
	assert_memory_equal(a, b, HASH_BYTES);
}

static void chain_hash_knows_where_parts_end(void **state)
{
	(void)state;
	static const struct {
		Str parts[3];
		size_t count;
	} chains[] = {
		{ { STR_INIT("ab"), STR_INIT("c") }, 2 },
		{ { STR_INIT("a"), STR_INIT("bc") }, 2 },
		{ { STR_INIT("abc") }, 1 },
		{ { STR_INIT("abc"), STR_INIT("") }, 2 },
		{ { STR_INIT(""), STR_INIT("abc") }, 2 },
		{ { STR_INIT("ab"), STR_INIT("c"), STR_INIT("") }, 3 },
		{ { STR_INIT("") }, 0 },
	};
	unsigned char hashes[ARRAY_LEN(chains)][HASH_BYTES];
	for (size_t i = 0; i < ARRAY_LEN(chains); i++) {
		chain_hash(hashes[i], chains[i].parts, chains[i].count);
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(hashes[i], hashes[k], HASH_BYTES);
	}
	/* Eight bytes of length, little-endian, before each part. */
	unsigned char by_hand[HASH_BYTES];
	plain_hash(by_hand, STR("\2\0\0\0\0\0\0\0ab\1\0\0\0\0\0\0\0c"));
	assert_memory_equal(hashes[0], by_hand, HASH_BYTES);
}

static void each_label_has_its_own_key(void **state)
{
	(void)state;
	CLEANUP(secret_fini) Secret master = test_key('m');
	CLEANUP(secret_fini) Secret links = { 0 };
	CLEANUP(secret_fini) Secret tokens = { 0 };
	CLEANUP(secret_fini) Secret links_again = { 0 };
	derive_key(&links, &master, "links");
	derive_key(&tokens, &master, "tokens");
	derive_key(&links_again, &master, "links");
	assert_int_equal(links.len, KEY_BYTES);
	assert_false(bytes_equal_ct(secret_bytes(&links), secret_bytes(&tokens)));
	assert_false(bytes_equal_ct(secret_bytes(&links), secret_bytes(&master)));
	assert_true(bytes_equal_ct(secret_bytes(&links), secret_bytes(&links_again)));
}

/* Vectors of SipHash's reference implementation: key 00..0f. */
static void short_hash_is_siphash_2_4(void **state)
{
	(void)state;
	unsigned char key[SHORT_HASH_KEY_BYTES];
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (unsigned char)i;
	assert_true(short_hash(key, STR("")) == 0x726fdb47dd0e0e31u);
	assert_true(short_hash(key, STR("\x00")) == 0x74f839c593dc67fdu);
	assert_true(short_hash(key, STR("\x00\x01")) == 0x0d6c8009d9a94f5au);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secret_copies_and_forgets),
		cmocka_unit_test(random_secrets_differ),
		cmocka_unit_test(secrets_work_without_locked_memory),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
		cmocka_unit_test(secrets_work_without_room_for_guard_pages),
#endif
		cmocka_unit_test(comparison_sees_each_byte_and_the_length),
		cmocka_unit_test(wiped_bytes_are_zero),
		cmocka_unit_test(sealed_text_opens_with_its_key_and_context_only),
		cmocka_unit_test(nothing_can_be_sealed_too),
		cmocka_unit_test(each_flipped_bit_and_each_cut_is_noticed),
		cmocka_unit_test(sealing_twice_gives_two_texts),
		cmocka_unit_test(plain_hash_is_blake2b_256),
		cmocka_unit_test(keyed_hash_depends_on_key_and_data),
		cmocka_unit_test(chain_hash_knows_where_parts_end),
		cmocka_unit_test(each_label_has_its_own_key),
		cmocka_unit_test(short_hash_is_siphash_2_4),
	};
	return cmocka_run_group_tests(tests, start_library, NULL);
}
