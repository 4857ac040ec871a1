#include "base/base.h"

#include "base/enc.h"
#include "model/token.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef struct World {
	SeededRng rng;
	Keyring ring;
	Address address;
	Buf token;
} World;

static int world_open(void **state)
{
	if (!secret_library_init(NULL))
		return -1;
	World *w = calloc(1, sizeof *w);
	rng_seed(&w->rng, 7);
	keyring_generate(&w->ring, &w->rng.base);
	buf_init(&w->token, TOKEN_TEXT_MAX);
	if (!address_parse(STR("Anna.Berg@example.com"), &w->address, NULL)
		|| !token_mint(&w->ring, &w->address, &w->rng.base, &w->token, NULL))
		return -1;
	*state = w;
	return 0;
}

static int world_close(void **state)
{
	World *w = *state;
	keyring_fini(&w->ring);
	buf_fini(&w->token);
	free(w);
	return 0;
}

static void refuse(const World *w, Str token)
{
	Address address = { .text = "untouched" };
	assert_false(token_verify(&w->ring, token, &address));
	assert_string_equal(address.text, "untouched");
}

static void token_gives_the_address_back(void **state)
{
	World *w = *state;
	Address address;
	assert_true(token_verify(&w->ring, buf_str(&w->token), &address));
	assert_string_equal(address.text, "anna.berg@example.com");
}

static void two_tokens_of_one_address_differ(void **state)
{
	World *w = *state;
	CLEANUP(buf_fini) Buf second = BUF_MAX(TOKEN_TEXT_MAX);
	assert_true(token_mint(&w->ring, &w->address, &w->rng.base, &second, NULL));
	assert_false(str_eq(buf_str(&second), buf_str(&w->token)));
	assert_true(str_find_nocase(buf_str(&second), STR("anna")) < 0);
}

static void longest_address_fits(void **state)
{
	World *w = *state;
	char text[ADDRESS_BYTES_MAX + 1] = { 0 };
	memset(text, 'a', ADDRESS_BYTES_MAX);
	text[62] = '@';
	text[126] = text[190] = '.';
	Address longest;
	assert_true(address_parse(str_from(text), &longest, NULL));
	CLEANUP(buf_fini) Buf token = BUF_MAX(TOKEN_TEXT_MAX);
	assert_true(token_mint(&w->ring, &longest, &w->rng.base, &token, NULL));
	Address back;
	assert_true(token_verify(&w->ring, buf_str(&token), &back));
	assert_string_equal(back.text, text);
	buf_put_char(&token, 'A');
	refuse(w, buf_str(&token));
}

static void every_single_flipped_bit_is_refused(void **state)
{
	World *w = *state;
	CLEANUP(buf_fini) Buf raw = BUF_MAX(1024);
	assert_true(base64url_decode(&raw, buf_str(&w->token)));
	for (size_t bit = 0; bit < raw.len * 8; bit++) {
		raw.ptr[bit / 8] = (char)(raw.ptr[bit / 8] ^ 1 << bit % 8);
		CLEANUP(buf_fini) Buf damaged = BUF_MAX(1024);
		base64url_encode(&damaged, buf_str(&raw));
		refuse(w, buf_str(&damaged));
		raw.ptr[bit / 8] = (char)(raw.ptr[bit / 8] ^ 1 << bit % 8);
	}
	for (size_t bit = 0; bit < w->token.len * 8; bit++) {
		char *c = &w->token.ptr[bit / 8];
		*c = (char)(*c ^ 1 << bit % 8);
		refuse(w, buf_str(&w->token));
		*c = (char)(*c ^ 1 << bit % 8);
	}
}

static void flipped_key_number_that_exists_is_refused_too(void **state)
{
	World *w = *state;
	w->ring.links[1].id = 3;
	secret_random(&w->ring.links[1].key, KEY_BYTES, &w->rng.base);
	w->ring.link_count = 2;
	CLEANUP(buf_fini) Buf raw = BUF_MAX(1024);
	assert_true(base64url_decode(&raw, buf_str(&w->token)));
	raw.ptr[1] = 3;
	CLEANUP(buf_fini) Buf damaged = BUF_MAX(1024);
	base64url_encode(&damaged, buf_str(&raw));
	refuse(w, buf_str(&damaged));
}

static void cut_token_is_refused(void **state)
{
	World *w = *state;
	for (size_t len = 0; len < w->token.len; len++)
		refuse(w, str_sub(buf_str(&w->token), 0, len));
	buf_put_char(&w->token, 'A');
	refuse(w, buf_str(&w->token));
}

static void token_in_another_case_is_refused(void **state)
{
	World *w = *state;
	for (size_t i = 0; i < w->token.len; i++)
		w->token.ptr[i] = ascii_lower(w->token.ptr[i]);
	refuse(w, buf_str(&w->token));
}

static void token_of_another_house_is_refused(void **state)
{
	World *w = *state;
	CLEANUP(keyring_fini) Keyring foreign = { 0 };
	keyring_generate(&foreign, &w->rng.base);
	Address address;
	assert_false(token_verify(&foreign, buf_str(&w->token), &address));
	CLEANUP(keyring_fini) Keyring empty = { 0 };
	assert_false(token_verify(&empty, buf_str(&w->token), &address));
}

static void sealed_text_that_is_no_address_is_refused(void **state)
{
	World *w = *state;
	CLEANUP(buf_fini) Buf raw = BUF_MAX(1024);
	buf_put(&raw, STR("\x01\x01"));
	seal(&raw, &w->ring.links[0].key, STR("optout link v1"), STR("not an address"),
		&w->rng.base);
	CLEANUP(buf_fini) Buf token = BUF_MAX(1024);
	base64url_encode(&token, buf_str(&raw));
	refuse(w, buf_str(&token));
}

static void retired_key_is_honoured_and_never_mints(void **state)
{
	World *w = *state;
	w->ring.links[0].retired = true;
	Address address;
	assert_true(token_verify(&w->ring, buf_str(&w->token), &address));
	CLEANUP(buf_fini) Buf token = BUF_MAX(TOKEN_TEXT_MAX);
	Err err = { 0 };
	assert_false(token_mint(&w->ring, &w->address, &w->rng.base, &token, &err));
	assert_int_equal(err.kind, ERR_MISSING);
	assert_int_equal(token.len, 0);
}

static void token_that_does_not_fit_the_buffer_is_an_error(void **state)
{
	World *w = *state;
	CLEANUP(buf_fini) Buf small = BUF_MAX(20);
	Err err = { 0 };
	assert_false(token_mint(&w->ring, &w->address, &w->rng.base, &small, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(token_gives_the_address_back),
		WORLD_TEST(two_tokens_of_one_address_differ),
		WORLD_TEST(longest_address_fits),
		WORLD_TEST(every_single_flipped_bit_is_refused),
		WORLD_TEST(flipped_key_number_that_exists_is_refused_too),
		WORLD_TEST(cut_token_is_refused),
		WORLD_TEST(token_in_another_case_is_refused),
		WORLD_TEST(token_of_another_house_is_refused),
		WORLD_TEST(sealed_text_that_is_no_address_is_refused),
		WORLD_TEST(retired_key_is_honoured_and_never_mints),
		WORLD_TEST(token_that_does_not_fit_the_buffer_is_an_error),
	};
	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
