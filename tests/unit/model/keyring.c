#include "base/base.h"

#include "model/keyring.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define KEY_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KEY_B "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KEY_C "ee112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KEY_D "dd112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEAD  "master " KEY_A "\nhash " KEY_B "\n"

static void refuse(const char *text, const char *what)
{
	Keyring ring = { .link_count = 99 };
	Err err = { 0 };
	assert_false(keyring_parse(str_from(text), &ring, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	if (!strstr(err.text, what))
		fail_msg("\"%s\" does not say \"%s\"", err.text, what);
	assert_int_equal(ring.link_count, 99);
}

static void generated_ring_survives_its_text(void **state)
{
	(void)state;
	SeededRng rng;
	rng_seed(&rng, 1);
	CLEANUP(keyring_fini) Keyring made = { 0 };
	keyring_generate(&made, &rng.base);
	CLEANUP(buf_fini) Buf text = BUF_MAX(4096);
	keyring_put(&text, &made);
	CLEANUP(keyring_fini) Keyring read = { 0 };
	assert_true(keyring_parse(buf_str(&text), &read, NULL));
	assert_true(bytes_equal_ct(secret_bytes(&made.master), secret_bytes(&read.master)));
	assert_true(bytes_equal_ct(secret_bytes(&made.hash), secret_bytes(&read.hash)));
	assert_int_equal(read.link_count, 1);
	const LinkKey *link = keyring_minting_key(&read);
	assert_non_null(link);
	assert_int_equal(link->id, 1);
	assert_true(bytes_equal_ct(secret_bytes(&made.links[0].key), secret_bytes(&link->key)));
	assert_false(bytes_equal_ct(secret_bytes(&made.master), secret_bytes(&made.hash)));
	CLEANUP(buf_fini) Buf again = BUF_MAX(4096);
	keyring_put(&again, &read);
	assert_true(str_eq(buf_str(&text), buf_str(&again)));
}

static void newest_key_that_is_not_retired_mints(void **state)
{
	(void)state;
	CLEANUP(keyring_fini) Keyring ring = { 0 };
	assert_true(keyring_parse(STR("# keys of the house\r\n\n" HEAD "link 7 " KEY_C
				      "\r\nlink 200 " KEY_D "\nlink 9 " KEY_B " retired\n"),
		&ring, NULL));
	assert_int_equal(ring.link_count, 3);
	assert_int_equal(keyring_minting_key(&ring)->id, 200);
	assert_true(keyring_find_link(&ring, 9)->retired);
	assert_false(keyring_find_link(&ring, 7)->retired);
	assert_null(keyring_find_link(&ring, 8));
	CLEANUP(buf_fini) Buf text = BUF_MAX(4096);
	keyring_put(&text, &ring);
	assert_true(str_ends(buf_str(&text), STR("link 9 " KEY_B " retired\n")));
}

static void ring_whose_link_keys_are_all_retired_mints_nothing(void **state)
{
	(void)state;
	CLEANUP(keyring_fini) Keyring ring = { 0 };
	assert_true(keyring_parse(STR(HEAD "link 1 " KEY_C " retired"), &ring, NULL));
	assert_null(keyring_minting_key(&ring));
	CLEANUP(keyring_fini) Keyring bare = { 0 };
	assert_true(keyring_parse(STR(HEAD), &bare, NULL));
	assert_null(keyring_minting_key(&bare));
}

static void faults_are_named_with_their_line(void **state)
{
	(void)state;
	refuse("", "master");
	refuse("master " KEY_A "\n", "hash");
	refuse("hash " KEY_A "\n", "master");
	refuse(HEAD "master " KEY_C, "line 3: this key stands twice");
	refuse("master\n", "line 1: a key is 64 hex digits");
	refuse("master " KEY_A "00\n", "line 1");
	refuse("# x\nmaster zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
		"line 2: a key is 64 hex digits");
	refuse("hash " KEY_A " retired\n", "line 1: nothing may follow");
	refuse(HEAD "link\n", "line 3: a link key has a number");
	refuse(HEAD "link 0 " KEY_C, "line 3");
	refuse(HEAD "link 256 " KEY_C, "line 3");
	refuse(HEAD "link 1\n", "line 3: a key is");
	refuse(HEAD "link 1 " KEY_C "\nlink 1 " KEY_D, "line 4: link key 1 stands twice");
	refuse(HEAD "link 1 " KEY_C " Retired", "line 3: only \"retired\"");
	refuse(HEAD "link 1 " KEY_C " retired x", "line 3: too many words");
	refuse(HEAD "lnk 1 " KEY_C, "line 3: starts with neither");
}

static void key_text_never_shows_up_in_an_error(void **state)
{
	(void)state;
	Keyring ring = { 0 };
	Err err = { 0 };
	assert_false(keyring_parse(STR(KEY_D "\n"), &ring, &err));
	assert_null(strstr(err.text, "dd1122"));
}

static void number_of_link_keys_is_bounded(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf text = BUF_MAX(8192);
	buf_put(&text, STR(HEAD));
	for (int i = 1; i <= KEYRING_LINK_KEYS_MAX; i++)
		buf_printf(&text, "link %d " KEY_C "\n", i);
	CLEANUP(keyring_fini) Keyring full = { 0 };
	assert_true(keyring_parse(buf_str(&text), &full, NULL));
	buf_put(&text, STR("link 99 " KEY_C "\n"));
	refuse(buf_z(&text), "more than 16");
}

static int library_init(void **state)
{
	(void)state;
	return secret_library_init(NULL) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generated_ring_survives_its_text),
		cmocka_unit_test(newest_key_that_is_not_retired_mints),
		cmocka_unit_test(ring_whose_link_keys_are_all_retired_mints_nothing),
		cmocka_unit_test(faults_are_named_with_their_line),
		cmocka_unit_test(key_text_never_shows_up_in_an_error),
		cmocka_unit_test(number_of_link_keys_is_bounded),
	};
	return cmocka_run_group_tests_name("keyring", tests, library_init, NULL);
}
