/* E-mail addresses as people, files and Salesforce write them (model/address.h). */
#include "base/base.h"

#include "base/enc.h"
#include "base/json.h"
#include "fuzz.h"
#include "model/address.h"

enum { VARIANT_BYTES_MAX = 8 * 1024 };

static Secret hash_key;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	Err err;
	MUST(secret_library_init(&err));
	secret_set(&hash_key, STR("0123456789abcdef0123456789abcdef"));
	return 0;
}

static void check_same_person(Str text, const Address *want)
{
	Address got;
	Err err;
	MUST(address_parse(text, &got, &err));
	MUST(str_eq(address_str(&got), address_str(want)));
	AddressHash a = address_hash(&hash_key, &got), b = address_hash(&hash_key, want);
	MUST(address_hash_cmp(&a, &b) == 0);
	MUST(address_partition(&a) == address_partition(&b));
	MUST(address_partition(&a) < ADDRESS_PARTITIONS);
}

static char other_case(char c)
{
	return ascii_is_alnum(c) && !ascii_is_digit(c) ? (char)(c ^ 0x20) : c;
}

static void check_shape(Str text)
{
	MUST(text.len >= 3 && text.len <= ADDRESS_BYTES_MAX);
	MUST(fuzz_is_one_line(text) && str_is_utf8(text));
	size_t at = text.len;
	while (text.ptr[at - 1] != '@') {
		char c = text.ptr[--at];
		MUST(ascii_is_alnum(c) || c == '-' || c == '.');
		MUST(ascii_lower(c) == c);
	}
	MUST(at >= 2 && at < text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str text = fuzz_text(data, size);
	Address address = { .len = 4711 };
	Err err = { 0 };
	if (!address_parse(text, &address, &err)) {
		MUST(fuzz_err_is(&err, 1u << ERR_INPUT) && address.len == 4711);
		return 0;
	}
	MUST(strlen(address.text) == address.len);
	check_shape(address_str(&address));
	check_same_person(address_str(&address), &address);

	CLEANUP(buf_fini) Buf variant = BUF_MAX(VARIANT_BYTES_MAX);
	buf_put(&variant, STR("\t \r\n"));
	for (size_t i = 0; i < text.len; i++)
		buf_put_char(&variant, other_case(text.ptr[i]));
	buf_put(&variant, STR(" \n"));
	if (!variant.overflow)
		check_same_person(buf_str(&variant), &address);

	/* As the path of /api/v1/people/by-address/{address}. */
	CLEANUP(buf_fini)
	Buf path = BUF_MAX(3 * ADDRESS_BYTES_MAX), back = BUF_MAX(ADDRESS_BYTES_MAX);
	percent_encode(&path, address_str(&address));
	MUST(percent_decode(&back, buf_str(&path), false));
	check_same_person(buf_str(&back), &address);
	return 0;
}
