#include "base/base.h"

#include "model/address.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void parse_as(const char *text, const char *expected)
{
	Address address;
	Err err = { 0 };
	if (!address_parse(str_from(text), &address, &err))
		fail_msg("%s: %s", text, err.text);
	assert_string_equal(address.text, expected);
	assert_int_equal(address.len, strlen(expected));
	Address again;
	assert_true(address_parse(address_str(&address), &again, NULL));
	assert_string_equal(again.text, expected);
}

static void refuse(const char *text, const char *what)
{
	Address address = { .text = "untouched", .len = 9 };
	Err err = { 0 };
	if (address_parse(str_from(text), &address, &err))
		fail_msg("%s became %s", text, address.text);
	assert_int_equal(err.kind, ERR_INPUT);
	if (!strstr(err.text, what))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, err.text, what);
	assert_string_equal(address.text, "untouched");
}

static void case_and_blanks_around_do_not_matter(void **state)
{
	(void)state;
	parse_as("Anna.Berg@Example.COM", "anna.berg@example.com");
	parse_as(" \t anna.berg@example.com \r\n", "anna.berg@example.com");
	parse_as("a@b", "a@b");
}

static void plus_tags_are_never_folded(void **state)
{
	(void)state;
	parse_as("Anna+News@example.com", "anna+news@example.com");
	parse_as("a.n.n.a@gmail.com", "a.n.n.a@gmail.com");
}

static void odd_but_legal_characters_are_kept(void **state)
{
	(void)state;
	parse_as("o'neil@example.com", "o'neil@example.com");
	parse_as("!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com");
	parse_as("\"two words\"@example.com", "\"two words\"@example.com");
	parse_as("\"a@b\"@example.com", "\"a@b\"@example.com");
	parse_as("\"a\\\\b\\\"c\"@example.com", "\"a\\\\b\\\"c\"@example.com");
	parse_as("\"a..b\"@example.com", "\"a..b\"@example.com");
	parse_as("J\xc3\xb6rg@example.com", "j\xc3\xb6rg@example.com");
}

static void needless_quotes_make_no_second_person(void **state)
{
	(void)state;
	parse_as("\"John.Smith\"@example.com", "john.smith@example.com");
	parse_as("\"jo\\hn\"@example.com", "john@example.com");
}

static void international_domains_are_compared_in_ascii(void **state)
{
	(void)state;
	parse_as("a@B\xc3\x9c"
		 "CHER.example",
		"a@xn--bcher-kva.example");
	parse_as("a@b\xc3\xbc"
		 "cher.example",
		"a@xn--bcher-kva.example");
	parse_as("a@bu\xcc\x88"
		 "cher.example",
		"a@xn--bcher-kva.example");
	parse_as("a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example");
	parse_as("a@\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88",
		"a@xn--r8jz45g.xn--zckzah");
	refuse("a@\xc3\xbc_\xc3\xbc.example", "byte 3");
}

static void fill(char *out, char c, size_t count)
{
	memset(out, c, count);
	out[count] = '\0';
}

static void lengths_are_those_of_the_rfc(void **state)
{
	(void)state;
	char local[80], label[80], text[1200];
	fill(local, 'a', 64);
	snprintf(text, sizeof text, "%s@example.com", local);
	parse_as(text, text);
	fill(local, 'a', 65);
	snprintf(text, sizeof text, "%s@example.com", local);
	refuse(text, "more than 64 bytes before the @");

	fill(label, 'b', 63);
	snprintf(text, sizeof text, "a@%s.com", label);
	parse_as(text, text);
	fill(label, 'b', 64);
	snprintf(text, sizeof text, "a@%s.com", label);
	refuse(text, "1 to 63");

	fill(local, 'a', 62);
	fill(label, 'b', 63);
	snprintf(text, sizeof text, "%s@%s.%s.%s", local, label, label, label);
	assert_int_equal(strlen(text), 254);
	parse_as(text, text);
	snprintf(text, sizeof text, "x%s@%s.%s.%s", local, label, label, label);
	refuse(text, "longer than 254 bytes");
	snprintf(text, sizeof text, "a@%s.%s.%s.%s", label, label, label, label);
	refuse(text, "1 to 253 bytes");
	fill(text, 'a', 1100);
	refuse(text, "longer than 254 bytes");
}

static void faults_are_named_with_their_byte(void **state)
{
	(void)state;
	static const struct {
		const char *text, *what;
	} cases[] = {
		{ "", "byte 1" },
		{ "   ", "byte 1" },
		{ "anna", "byte 4: an e-mail address needs an @" },
		{ "@example.com", "byte 1: nothing before" },
		{ "a@", "byte 3" },
		{ "a b@example.com", "byte 2: not allowed before the @" },
		{ ".a@example.com", "byte 1: a dot" },
		{ "a.@example.com", "byte 2: a dot" },
		{ "a..b@example.com", "byte 3: a dot" },
		{ "a@b@example.com", "byte 4: not allowed in a host name" },
		{ "a,b@example.com", "byte 2" },
		{ "<a@example.com>", "byte 1" },
		{ "a\\b@example.com", "byte 2" },
		{ "a@exa mple.com", "byte 6" },
		{ "a@exa_mple.com", "byte 6" },
		{ "a@-example.com", "byte 3" },
		{ "a@example-.com", "byte 10" },
		{ "a@example..com", "byte 10" },
		{ "a@example.com.", "byte 14" },
		{ "a@[127.0.0.1]", "byte 3" },
		{ "\"\"@example.com", "byte 2" },
		{ "\"a\"b@example.com", "byte 3" },
		{ "\"a@example.com", "quoted part" },
		{ "\"a\\", "quoted part" },
		{ "\"a\tb\"@example.com", "byte 3: a control" },
		{ "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"@a.b",
			"more than 64" },
		{ "a\xff@example.com", "UTF-8" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		refuse(cases[i].text, cases[i].what);
}

static void nul_in_the_middle_is_refused(void **state)
{
	(void)state;
	Address address;
	assert_false(address_parse(STR("a\0b@example.com"), &address, NULL));
	assert_false(address_parse(STR("a@exa\0mple.com"), &address, NULL));
	assert_false(address_parse(STR("a@b\xc3\xbc\0cher.example"), &address, NULL));
	assert_false(address_parse(STR("\"a\0b\"@example.com"), &address, NULL));
}

static AddressHash hash_of(const Secret *key, const char *text)
{
	Address address;
	assert_true(address_parse(str_from(text), &address, NULL));
	return address_hash(key, &address);
}

static void spellings_of_one_address_have_one_hash(void **state)
{
	(void)state;
	CLEANUP(secret_fini) Secret key = { 0 };
	CLEANUP(secret_fini) Secret other = { 0 };
	secret_set(&key, STR("0123456789abcdef0123456789abcdef"));
	secret_set(&other, STR("1123456789abcdef0123456789abcdef"));
	AddressHash a = hash_of(&key, "Anna@Example.com");
	AddressHash b = hash_of(&key, " anna@example.COM ");
	AddressHash c = hash_of(&key, "anna+x@example.com");
	AddressHash d = hash_of(&other, "anna@example.com");
	assert_int_equal(address_hash_cmp(&a, &b), 0);
	assert_int_not_equal(address_hash_cmp(&a, &c), 0);
	assert_int_not_equal(address_hash_cmp(&a, &d), 0);
	assert_true((address_hash_cmp(&a, &c) < 0) == (address_hash_cmp(&c, &a) > 0));
}

static void partitions_are_all_used_evenly(void **state)
{
	(void)state;
	CLEANUP(secret_fini) Secret key = { 0 };
	secret_set(&key, STR("0123456789abcdef0123456789abcdef"));
	int seen[ADDRESS_PARTITIONS] = { 0 };
	for (int i = 0; i < 64 * ADDRESS_PARTITIONS; i++) {
		char text[40];
		snprintf(text, sizeof text, "person%d@example.com", i);
		AddressHash hash = hash_of(&key, text);
		unsigned partition = address_partition(&hash);
		assert_true(partition < ADDRESS_PARTITIONS);
		seen[partition]++;
	}
	for (size_t i = 0; i < ADDRESS_PARTITIONS; i++)
		assert_in_range(seen[i], 24, 120);
}

static int library_init(void **state)
{
	(void)state;
	return secret_library_init(NULL) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(case_and_blanks_around_do_not_matter),
		cmocka_unit_test(plus_tags_are_never_folded),
		cmocka_unit_test(odd_but_legal_characters_are_kept),
		cmocka_unit_test(needless_quotes_make_no_second_person),
		cmocka_unit_test(international_domains_are_compared_in_ascii),
		cmocka_unit_test(lengths_are_those_of_the_rfc),
		cmocka_unit_test(faults_are_named_with_their_byte),
		cmocka_unit_test(nul_in_the_middle_is_refused),
		cmocka_unit_test(spellings_of_one_address_have_one_hash),
		cmocka_unit_test(partitions_are_all_used_evenly),
	};
	return cmocka_run_group_tests_name("address", tests, library_init, NULL);
}
