/* The key file (model/keyring.h): what is read is written and read the same, and a complaint never
 * shows a key. */
#include "base/base.h"

#include "fuzz.h"
#include "model/keyring.h"

enum { KEY_PART_CHARS = 12 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	Err err;
	MUST(secret_library_init(&err));
	return 0;
}

/* No run of hex digits as long as a part of a key. */
static bool shows_no_key(Str text)
{
	size_t run = 0;
	for (size_t i = 0; i < text.len && run < KEY_PART_CHARS; i++) {
		char c = ascii_lower(text.ptr[i]);
		run = ascii_is_digit(c) || (c >= 'a' && c <= 'f') ? run + 1 : 0;
	}
	return run < KEY_PART_CHARS;
}

static void check_same(const Keyring *a, const Keyring *b)
{
	MUST(str_eq(secret_bytes(&a->master), secret_bytes(&b->master)));
	MUST(str_eq(secret_bytes(&a->hash), secret_bytes(&b->hash)));
	MUST(a->link_count == b->link_count && a->link_count <= KEYRING_LINK_KEYS_MAX);
	for (size_t i = 0; i < a->link_count; i++) {
		const LinkKey *x = &a->links[i], *y = &b->links[i];
		MUST(x->id == y->id && x->id >= 1 && x->id <= 255 && x->retired == y->retired);
		MUST(str_eq(secret_bytes(&x->key), secret_bytes(&y->key)));
		MUST(keyring_find_link(a, x->id) == x);
	}
}

static size_t retired_lines(Str text)
{
	size_t count = 0;
	Str line;
	while (str_split(&text, '\n', &line)) {
		line = str_trim(line);
		count += !str_starts(line, STR("#")) && str_ends(line, STR("retired"));
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(keyring_fini) Keyring ring = { 0 }, again = { 0 };
	CLEANUP(buf_wipe) Buf text = BUF_MAX(64 * 1024);
	Err err = { 0 };
	if (!keyring_parse(fuzz_text(data, size), &ring, &err)) {
		MUST(fuzz_err_is(&err, 1u << ERR_INPUT));
		MUST(shows_no_key(str_from(err.text)) && !secret_is_set(&ring.master));
		return 0;
	}
	size_t retired = 0;
	for (size_t i = 0; i < ring.link_count; i++)
		retired += ring.links[i].retired;
	MUST(retired == retired_lines(fuzz_text(data, size)));
	const LinkKey *minting = keyring_minting_key(&ring);
	MUST(!minting || !minting->retired);
	keyring_put(&text, &ring);
	MUST(!text.overflow && keyring_parse(buf_str(&text), &again, &err));
	check_same(&ring, &again);
	return 0;
}
