/* Texts on their way into the log (base/redact.h): an address that stands in them does not get
 * there. The input: an address, a line feed, and the text around it, whose first '@'
 * line-break-free part stands before. */
#include "base/base.h"

#include "base/redact.h"
#include "fuzz.h"
#include "model/address.h"

enum { PART_BYTES = 4 };

static const unsigned char key[KEY_BYTES] = "0123456789abcdef0123456789abcde";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	Err err;
	MUST(secret_library_init(&err));
	return 0;
}

/* True when the part stands in text, at another place than `at`. */
static bool stands_elsewhere(Str text, Str part, size_t at)
{
	for (size_t i = 0; i + part.len <= text.len; i++)
		if (i != at && str_eq(str_sub(text, i, part.len), part))
			return true;
	return false;
}

/* Hashes are hex digits: what has none of these cannot come out of one. */
static bool is_telling(Str part)
{
	for (size_t i = 0; i < part.len; i++)
		if (ascii_is_digit(part.ptr[i]) || (part.ptr[i] >= 'a' && part.ptr[i] <= 'f'))
			return false;
	return part.len == PART_BYTES;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str text = fuzz_text(data, size);
	CLEANUP(buf_fini) Buf plain = BUF_MAX(size + 1024), shown = BUF_MAX(16 * (size + 1024));
	Address address;
	Str person = fuzz_line(&text), before = fuzz_line(&text);
	if (!address_parse(person, &address, NULL))
		return 0;
	buf_put(&plain, before);
	buf_put(&plain, address_str(&address));
	buf_put(&plain, text);
	redact_text(&shown, key, buf_str(&plain));
	MUST(!shown.overflow);
	/* Neither the whole nor how it begins. */
	Str start = str_sub(address_str(&address), 0, PART_BYTES);
	if (is_telling(start) && !stands_elsewhere(buf_str(&plain), start, before.len))
		MUST(str_find(buf_str(&shown), start) < 0);
	return 0;
}
