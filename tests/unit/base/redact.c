#include "base/base.h"

#include "base/redact.h"

#include "../../lib/expect.h"

static const unsigned char key[KEY_BYTES] = "0123456789abcdef0123456789abcde";

static void hash_of(Str address, Buf *out)
{
	redact_address(out, key, address);
}

static void hash_is_twelve_hex_digits_of_the_lower_case_address(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf a = BUF_MAX(100);
	CLEANUP(buf_fini) Buf b = BUF_MAX(100);
	hash_of(STR("ann@example.com"), &a);
	assert_int_equal(a.len, 12);
	for (size_t i = 0; i < a.len; i++)
		assert_non_null(strchr("0123456789abcdef", a.ptr[i]));
	hash_of(STR("Ann@EXAMPLE.com"), &b);
	assert_true(str_eq(buf_str(&a), buf_str(&b)));
	buf_reset(&b);
	hash_of(STR("ann@example.org"), &b);
	assert_false(str_eq(buf_str(&a), buf_str(&b)));
	buf_reset(&b);
	unsigned char other[KEY_BYTES] = "another key of thirty-two bytes";
	redact_address(&b, other, STR("ann@example.com"));
	assert_false(str_eq(buf_str(&a), buf_str(&b)));
}

/* "#" stands for the hash of an address in the expected text. */
static void expect_text(const char *text, const char *want, const char *address)
{
	CLEANUP(buf_fini) Buf got = BUF_MAX(1000);
	CLEANUP(buf_fini) Buf expected = BUF_MAX(1000);
	redact_text(&got, key, str_from(text));
	for (const char *at = want; *at; at++) {
		if (*at == '#')
			hash_of(str_from(address), &expected);
		else
			buf_put_char(&expected, *at);
	}
	assert_buf(got, buf_z(&expected));
}

static void addresses_inside_text_become_their_hash(void **state)
{
	(void)state;
	static const char ann[] = "ann.o'neil+x@mail.example.com";
	expect_text("ann.o'neil+x@mail.example.com", "#", ann);
	expect_text("row 3: ann.o'neil+x@mail.example.com.", "row 3: #.", ann);
	expect_text("<ann.o'neil+x@mail.example.com>, again (ann.o'neil+x@mail.example.com)",
		"<#>, again (#)", ann);
	expect_text("\"ann.o'neil+x@mail.example.com\":", "\"#\":", ann);
	expect_text("mailto:ann.o'neil+x@mail.example.com?subject=x", "mailto:#?subject=x", ann);
	expect_text("j\xC3\xB6rg@b\xC3\xBC"
		    "cher.example",
		"#",
		"j\xC3\xB6rg@b\xC3\xBC"
		"cher.example");
	expect_text("\"ann smith\"@example.com left", "# left", "\"ann smith\"@example.com");
	expect_text("to \"ann \\\"x\\\" smith\"@example.com", "to #",
		"\"ann \\\"x\\\" smith\"@example.com");
	expect_text("to \"ann@home smith\"@example.com", "to #", "\"ann@home smith\"@example.com");
	expect_text("\\\"ann smith\"@example.com", "\\#", "\"ann smith\"@example.com");
	expect_text("root@localhost", "#", "root@localhost");
	expect_text("to=ann@example.com", "#", "to=ann@example.com"); /* rather too much */
}

static void text_without_addresses_stays(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "@", "a @ b", "at @home", "price @", "a@ b",
		"HTTP 503 from /services/data/v60.0", "key=value", "\"@x", "a \"@x", "\"\" @x" };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		CLEANUP(buf_fini) Buf got = BUF_MAX(1000);
		redact_text(&got, key, str_from(texts[i]));
		assert_buf(got, texts[i]);
	}
}

static void no_part_of_a_strange_address_stays(void **state)
{
	(void)state;
	static const char *const texts[] = { "x secret@secret.example y", "secret@@secret",
		"secret@secret@secret", "\"secret secret\"@secret.example",
		"secret=secret/secret@secret.example", "https://secret@secret.example/",
		"{\"email\":\"secret@secret.example\"}",
		"SECRET@secret.example,secret@secret.example;secret@secret.example" };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		CLEANUP(buf_fini) Buf got = BUF_MAX(1000);
		redact_text(&got, key, str_from(texts[i]));
		assert_has_not(buf_str(&got), "secret");
		assert_has_not(buf_str(&got), "SECRET");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_is_twelve_hex_digits_of_the_lower_case_address),
		cmocka_unit_test(addresses_inside_text_become_their_hash),
		cmocka_unit_test(text_without_addresses_stays),
		cmocka_unit_test(no_part_of_a_strange_address_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
