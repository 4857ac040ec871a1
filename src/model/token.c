#include "base/base.h"

#include "model/token.h"

#include "base/enc.h"

enum {
	TOKEN_VERSION = 1,
	TOKEN_HEAD_BYTES = 2, /* version, link key id */
	TOKEN_BYTES_MIN = TOKEN_HEAD_BYTES + SEAL_OVERHEAD_BYTES + 1,
	TOKEN_BYTES_MAX = TOKEN_HEAD_BYTES + SEAL_OVERHEAD_BYTES + ADDRESS_BYTES_MAX,
};

static const Str token_context = STR_INIT("optout link v1");

bool token_mint(const Keyring *keyring, const Address *address, Rng *rng, Buf *out, Err *err)
{
	const LinkKey *link = keyring_minting_key(keyring);
	if (!link)
		return ERR(err, ERR_MISSING,
			"no link key may mint: add a line `link ID KEY` to the key file");
	CLEANUP(buf_fini) Buf bytes = BUF_MAX(TOKEN_BYTES_MAX);
	buf_put_char(&bytes, TOKEN_VERSION);
	buf_put_char(&bytes, (char)link->id);
	seal(&bytes, &link->key, token_context, address_str(address), rng);
	if (!buf_check(&bytes, "the token", err))
		return false;
	base64url_encode(out, buf_str(&bytes));
	return buf_check(out, "the link", err);
}

/* Stands in for a token that cannot even be decoded, so that it takes as long as one that can. */
static void put_decoy(Buf *bytes)
{
	buf_reset(bytes);
	for (size_t i = 0; i < TOKEN_BYTES_MIN + 20; i++)
		buf_put_char(bytes, 0);
}

bool token_verify(const Keyring *keyring, Str token, Address *out)
{
	CLEANUP(buf_fini) Buf bytes = BUF_MAX(TOKEN_BYTES_MAX + 1);
	CLEANUP(buf_fini) Buf plain = BUF_MAX(ADDRESS_BYTES_MAX);
	bool good = token.len <= TOKEN_TEXT_MAX && base64url_decode(&bytes, token)
		&& !bytes.overflow && bytes.len >= TOKEN_BYTES_MIN && bytes.len <= TOKEN_BYTES_MAX;
	if (!good)
		put_decoy(&bytes);
	Str raw = buf_str(&bytes);
	good = good && raw.ptr[0] == TOKEN_VERSION;
	const LinkKey *link = keyring_find_link(keyring, (unsigned char)raw.ptr[1]);
	good = good && link;
	if (!link && keyring->link_count > 0)
		link = &keyring->links[0];
	if (!link)
		return false;
	bool opened = unseal(
		&plain, &link->key, token_context, str_from_pos(raw, TOKEN_HEAD_BYTES));
	return opened && good && address_parse(buf_str(&plain), out, NULL);
}
