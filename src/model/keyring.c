#include "base/base.h"

#include "model/keyring.h"

#include "base/enc.h"

enum {
	WORDS_MAX = 4,
	LINK_ID_MAX = 255, /* one byte of the token */
};

typedef struct Line {
	size_t number;
	Str words[WORDS_MAX];
	size_t count;
} Line;

static bool split_words(Str text, Line *line, Err *err)
{
	line->count = 0;
	Str rest = text, word;
	while (str_split(&rest, ' ', &word)) {
		word = str_trim(word);
		if (word.len == 0)
			continue;
		if (line->count == WORDS_MAX)
			return ERR(err, ERR_INPUT, "line %zu: too many words", line->number);
		line->words[line->count++] = word;
	}
	return true;
}

static bool take_key(const Line *line, size_t word, Secret *out, Err *err)
{
	CLEANUP(buf_wipe) Buf bytes = BUF_MAX(2 * KEY_BYTES);
	if (word >= line->count || line->words[word].len != 2 * (size_t)KEY_BYTES
		|| !hex_decode(&bytes, line->words[word]))
		return ERR(err, ERR_INPUT, "line %zu: a key is %d hex digits", line->number,
			2 * KEY_BYTES);
	if (secret_is_set(out))
		return ERR(err, ERR_INPUT, "line %zu: this key stands twice", line->number);
	secret_set(out, buf_str(&bytes));
	return true;
}

static bool take_single(const Line *line, Secret *out, Err *err)
{
	if (line->count > 2)
		return ERR(err, ERR_INPUT, "line %zu: nothing may follow the key", line->number);
	return take_key(line, 1, out, err);
}

static bool take_link(const Line *line, Keyring *ring, Err *err)
{
	int64_t id = 0;
	if (line->count < 2 || !str_to_i64(line->words[1], 1, LINK_ID_MAX, &id))
		return ERR(err, ERR_INPUT, "line %zu: a link key has a number of 1 to %d",
			line->number, LINK_ID_MAX);
	if (keyring_find_link(ring, (unsigned)id))
		return ERR(err, ERR_INPUT, "line %zu: link key %d stands twice", line->number,
			(int)id);
	bool retired = line->count == 4;
	if (retired && !str_eq(line->words[3], STR("retired")))
		return ERR(err, ERR_INPUT, "line %zu: only \"retired\" may follow a link key",
			line->number);
	if (ring->link_count == KEYRING_LINK_KEYS_MAX)
		return ERR(err, ERR_INPUT, "line %zu: more than %d link keys", line->number,
			KEYRING_LINK_KEYS_MAX);
	LinkKey *link = &ring->links[ring->link_count];
	if (!take_key(line, 2, &link->key, err))
		return false;
	link->id = (unsigned)id;
	link->retired = retired;
	ring->link_count++;
	return true;
}

static bool take_line(const Line *line, Keyring *ring, Err *err)
{
	if (line->count == 0)
		return true;
	if (str_eq(line->words[0], STR("master")))
		return take_single(line, &ring->master, err);
	if (str_eq(line->words[0], STR("hash")))
		return take_single(line, &ring->hash, err);
	if (str_eq(line->words[0], STR("link")))
		return take_link(line, ring, err);
	/* The word is not shown: it might be a key that lost its name. */
	return ERR(err, ERR_INPUT, "line %zu: starts with neither master, hash nor link",
		line->number);
}

static bool is_comment(Str line)
{
	return str_starts(str_trim(line), STR("#"));
}

bool keyring_parse(Str text, Keyring *out, Err *err)
{
	CLEANUP(keyring_fini) Keyring ring = { 0 };
	Line line = { 0 };
	Str rest = text, raw;
	while (str_split(&rest, '\n', &raw)) {
		line.number++;
		if (is_comment(raw))
			continue;
		if (!split_words(raw, &line, err) || !take_line(&line, &ring, err))
			return false;
	}
	if (!secret_is_set(&ring.master) || !secret_is_set(&ring.hash))
		return ERR(err, ERR_INPUT, "line %zu: the key file ends without its %s key",
			line.number, secret_is_set(&ring.master) ? "hash" : "master");
	*out = ring;
	ring = (Keyring){ 0 }; /* moved */
	return true;
}

void keyring_generate(Keyring *out, Rng *rng)
{
	*out = (Keyring){ .link_count = 1, .links = { { .id = 1 } } };
	secret_random(&out->master, KEY_BYTES, rng);
	secret_random(&out->hash, KEY_BYTES, rng);
	secret_random(&out->links[0].key, KEY_BYTES, rng);
}

void keyring_put(Buf *out, const Keyring *keyring)
{
	buf_put(out, STR("master "));
	hex_encode(out, secret_bytes(&keyring->master));
	buf_put(out, STR("\nhash "));
	hex_encode(out, secret_bytes(&keyring->hash));
	for (size_t i = 0; i < keyring->link_count; i++) {
		const LinkKey *link = &keyring->links[i];
		buf_printf(out, "\nlink %u ", link->id);
		hex_encode(out, secret_bytes(&link->key));
		if (link->retired)
			buf_put(out, STR(" retired"));
	}
	buf_put_char(out, '\n');
}

void keyring_fini(Keyring *keyring)
{
	secret_fini(&keyring->master);
	secret_fini(&keyring->hash);
	for (size_t i = 0; i < KEYRING_LINK_KEYS_MAX; i++)
		secret_fini(&keyring->links[i].key);
	*keyring = (Keyring){ 0 };
}

const LinkKey *keyring_minting_key(const Keyring *keyring)
{
	for (size_t i = keyring->link_count; i-- > 0;)
		if (!keyring->links[i].retired)
			return &keyring->links[i];
	return NULL;
}

const LinkKey *keyring_find_link(const Keyring *keyring, unsigned id)
{
	for (size_t i = 0; i < keyring->link_count; i++)
		if (keyring->links[i].id == id)
			return &keyring->links[i];
	return NULL;
}
