/* Texts on their way into the log (base/redact.h): an address that stands in them does not get
 * there. The input: an address, a line feed, and the text around it, whose first '@'
 * line-break-free part stands before. */
#include "base/base.h"

#include "base/redact.h"
#include "fuzz.h"
#include "model/address.h"

static const unsigned char key[KEY_BYTES] = "0123456789abcdef0123456789abcde";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	Err err;
	MUST(secret_library_init(&err));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str text = fuzz_text(data, size);
	CLEANUP(buf_fini) Buf plain = BUF_MAX(size + 1024), shown = BUF_MAX(16 * (size + 1024));
	Address address;
	Str person = fuzz_line(&text), before = fuzz_line(&text);
	/* A short one might come out of the hash of another by chance. */
	if (!address_parse(person, &address, NULL) || address.len < 6
		|| str_find_char(address_str(&address), '.', 0) < 0)
		return 0;
	buf_put(&plain, before);
	buf_put(&plain, address_str(&address));
	buf_put(&plain, text);
	redact_text(&shown, key, buf_str(&plain));
	MUST(!shown.overflow);
	MUST(str_find(buf_str(&shown), address_str(&address)) < 0);
	return 0;
}
