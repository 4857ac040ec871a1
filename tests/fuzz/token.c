/* Tokens of unsubscribe links (model/token.h): nothing verifies that we did not make. The first
 * byte says what follows: a digit: changes to the known token of that number, three bytes each;
 * 'r': bytes to be encoded as a token; anything else: the text of a token. */
#include "base/base.h"

#include "base/enc.h"
#include "fuzz.h"
#include "model/token.h"

enum { TEXT_BYTES_MAX = 4096, KNOWN = 6 };

/* Two keys may verify, one of them mints. The same two with their parts exchanged mint the others.
 */
static const char keys[] = "master "
			   "1111111111111111111111111111111111111111111111111111111111111111\n"
			   "hash "
			   "2222222222222222222222222222222222222222222222222222222222222222\n"
			   "link 1 "
			   "3333333333333333333333333333333333333333333333333333333333333333%s\n"
			   "link 2 "
			   "4444444444444444444444444444444444444444444444444444444444444444%s\n";
static const char *const people[KNOWN] = { "a@b.c", "ann@example.org", "x@xn--bcher-kva.example",
	"\"a b\"@example.com", "b@example.org",
	"a-long-local-part-that-moves-every-later-byte@department.example.com" };

static Keyring keyring;
static struct {
	char text[TOKEN_TEXT_MAX + 1];
	Address address;
} known[KNOWN];

static void read_keys(const char *after_first, const char *after_second, Keyring *out)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(1024);
	Err err;
	buf_printf(&text, keys, after_first, after_second);
	MUST(keyring_parse(buf_str(&text), out, &err));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	Err err;
	SeededRng rng;
	CLEANUP(keyring_fini) Keyring first = { 0 };
	MUST(secret_library_init(&err));
	rng_seed(&rng, 1);
	read_keys(" retired", "", &keyring);
	read_keys("", " retired", &first);
	for (size_t i = 0; i < KNOWN; i++) {
		CLEANUP(buf_fini) Buf text = BUF_MAX(TOKEN_TEXT_MAX);
		const Keyring *mint = i % 2 ? &keyring : &first;
		MUST(address_parse(str_from(people[i]), &known[i].address, &err));
		MUST(token_mint(mint, &known[i].address, &rng.base, &text, &err));
		MUST(str_copy(buf_str(&text), known[i].text, sizeof known[i].text));
	}
	return 0;
}

/* One known token, or none. */
static void check_token(Str text)
{
	Address address = { .len = 4711 };
	bool is_good = token_verify(&keyring, text, &address), is_known = false;
	for (size_t i = 0; i < KNOWN; i++) {
		if (!str_eq(text, str_from(known[i].text)))
			continue;
		is_known = true;
		MUST(is_good);
		MUST(str_eq(address_str(&address), address_str(&known[i].address)));
	}
	MUST(is_good == is_known && (is_good || address.len == 4711));
}

static void edit(char *text, size_t *len, unsigned op, size_t at, char c)
{
	at = *len ? at % *len : 0;
	switch (op % 6) {
	case 0:
		if (*len)
			text[at] = c;
		break;
	case 1:
		if (*len < TEXT_BYTES_MAX) {
			memmove(text + at + 1, text + at, *len - at);
			text[at] = c;
			++*len;
		}
		break;
	case 2:
		if (*len) {
			memmove(text + at, text + at + 1, *len - at - 1);
			--*len;
		}
		break;
	case 3:
		*len = at;
		break;
	case 4: /* the rest of another token */
		for (Str other = str_from(known[(unsigned char)c % KNOWN].text); at < other.len;
			at++) {
			text[at] = other.ptr[at];
			*len = MAX_OF(*len, at + 1);
		}
		break;
	case 5:
		if (*len)
			text[at] = (char)(text[at] ^ (1 << ((unsigned char)c % 8)));
		break;
	}
}

static void check_edited(unsigned which, Str edits)
{
	char text[TEXT_BYTES_MAX + TOKEN_TEXT_MAX];
	Str from = str_from(known[which % KNOWN].text);
	size_t len = from.len;
	memcpy(text, from.ptr, len);
	while (edits.len > 0) {
		unsigned op = fuzz_byte(&edits), at = fuzz_byte(&edits);
		/* A token has up to 400 characters: the operation's high bits reach them all. */
		edit(text, &len, op % 6, at + 43 * (op / 6), (char)fuzz_byte(&edits));
	}
	check_token((Str){ text, len });
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str input = fuzz_text(data, size), text = input;
	unsigned mode = fuzz_byte(&text);
	if (mode >= '0' && mode <= '9') {
		check_edited(mode - '0', text);
	} else if (mode == 'r') {
		CLEANUP(buf_fini) Buf encoded = BUF_MAX(TEXT_BYTES_MAX);
		base64url_encode(&encoded, text);
		check_token(buf_str(&encoded));
	} else {
		check_token(input);
	}
	return 0;
}
