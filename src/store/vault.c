#include "base/base.h"

#include "store/vault.h"

#include "store/ledger.h"

/* Five texts with a length of four bytes each. */
enum {
	EVENT_TEXTS = 5,
	EVENT_PLAIN_MAX = EVENT_TEXTS * 4 + LEDGER_DETAILS_BYTES_MAX + LEDGER_ACTOR_BYTES_MAX
		+ LEDGER_REASON_BYTES_MAX + LEDGER_EVIDENCE_BYTES_MAX
		+ LEDGER_SOURCE_NAME_BYTES_MAX,
	CONTEXT_BYTES_MAX = 64,
};

bool vault_init(Vault *vault, const Keyring *keyring, Rng *rng, Err *err)
{
	*vault = (Vault){ .keyring = keyring, .rng = rng };
	if (!secret_library_init(err))
		return false;
	derive_key(&vault->wrap_key, &keyring->master, "optout person keys v1");
	derive_key(&vault->credential_key, &keyring->master, "optout credentials v1");
	derive_key(&vault->token_key, &keyring->master, "optout api tokens v1");
	/* Locked memory is slow to get, so the key in hand has one place for the life of the
	 * handle. */
	derive_key(&vault->person_key, &keyring->master, "optout no person v1");
	buf_init(&vault->plain, MAX_OF((size_t)EVENT_PLAIN_MAX, (size_t)CREDENTIAL_BYTES_MAX));
	buf_init(&vault->sealed, EVENT_PLAIN_MAX + SEAL_OVERHEAD_BYTES);
	return true;
}

void vault_fini(Vault *vault)
{
	secret_fini(&vault->wrap_key);
	secret_fini(&vault->credential_key);
	secret_fini(&vault->token_key);
	secret_fini(&vault->person_key);
	buf_wipe(&vault->plain);
	buf_fini(&vault->sealed);
}

void vault_check_value(const Vault *vault, unsigned char out[VAULT_CHECK_BYTES])
{
	Secret key = { 0 };
	derive_key(&key, &vault->keyring->master, "optout store check v1");
	keyed_hash(out, &key, STR("master"));
	secret_fini(&key);
	derive_key(&key, &vault->keyring->hash, "optout store check v1");
	keyed_hash(out + HASH_BYTES, &key, STR("hash"));
	secret_fini(&key);
}

bool vault_check(const Vault *vault, Str stored, Err *err)
{
	unsigned char ours[VAULT_CHECK_BYTES];
	vault_check_value(vault, ours);
	if (stored.len != sizeof ours)
		return ERR(err, ERR_FATAL, "the check value of the keyring is damaged");
	if (memcmp(stored.ptr, ours, HASH_BYTES) != 0)
		return ERR(err, ERR_FATAL,
			"made with another keyring (the master key "
			"differs); restore the key file that belongs to it");
	if (memcmp(stored.ptr + HASH_BYTES, ours + HASH_BYTES, HASH_BYTES) != 0)
		return ERR(err, ERR_FATAL,
			"made with another keyring (the hash key "
			"differs); restore the key file that belongs to it");
	return true;
}

AddressHash vault_address_hash(const Vault *vault, const Address *address)
{
	return address_hash(&vault->keyring->hash, address);
}

/* ---------------------------------------------------------- person keys */

static Str wrap_context(const AddressHash *hash, char out[CONTEXT_BYTES_MAX])
{
	static const char label[] = "optout person key v1 ";
	memcpy(out, label, sizeof label - 1);
	memcpy(out + sizeof label - 1, hash->bytes, ADDRESS_HASH_BYTES);
	return (Str){ out, sizeof label - 1 + ADDRESS_HASH_BYTES };
}

void vault_person_make(
	Vault *vault, const AddressHash *hash, unsigned char out_wrapped[WRAPPED_KEY_BYTES])
{
	char context[CONTEXT_BYTES_MAX];
	rng_fill(vault->rng, vault->person_key.ptr, KEY_BYTES);
	vault->has_person_key = true;
	vault->person_hash = *hash;
	buf_reset(&vault->sealed);
	seal(&vault->sealed, &vault->wrap_key, wrap_context(hash, context),
		secret_bytes(&vault->person_key), vault->rng);
	assert(vault->sealed.len == WRAPPED_KEY_BYTES);
	memcpy(out_wrapped, vault->sealed.ptr, WRAPPED_KEY_BYTES);
}

bool vault_person_use(Vault *vault, const AddressHash *hash, Str wrapped, Err *err)
{
	vault->has_person_key = false;
	vault->person_hash = *hash;
	if (wrapped.len == 0)
		return true;
	char context[CONTEXT_BYTES_MAX];
	buf_reset(&vault->plain);
	if (!unseal(&vault->plain, &vault->wrap_key, wrap_context(hash, context), wrapped)
		|| vault->plain.len != KEY_BYTES)
		return ERR(err, ERR_FATAL, "the key of a person is damaged");
	memcpy(vault->person_key.ptr, vault->plain.ptr, KEY_BYTES);
	bytes_wipe(vault->plain.ptr, vault->plain.len);
	vault->has_person_key = true;
	return true;
}

bool vault_person_is(const Vault *vault, const AddressHash *hash)
{
	return address_hash_cmp(&vault->person_hash, hash) == 0;
}

/* --------------------------------------------------------------- entries */

static void put_u64(char *out, uint64_t value)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (char)(value >> (8 * i));
}

static Str event_context(int64_t person_id, int64_t event_id, char out[CONTEXT_BYTES_MAX])
{
	static const char label[] = "optout history v1 ";
	memcpy(out, label, sizeof label - 1);
	put_u64(out + sizeof label - 1, (uint64_t)person_id);
	put_u64(out + sizeof label - 1 + 8, (uint64_t)event_id);
	return (Str){ out, sizeof label - 1 + 16 };
}

static void put_text(Buf *out, Str text)
{
	char length[8];
	put_u64(length, text.len);
	buf_put(out, (Str){ length, 4 });
	buf_put(out, text);
}

static bool take_text(Str *rest, Arena *arena, Str *out)
{
	if (rest->len < 4)
		return false;
	size_t len = 0;
	for (unsigned i = 0; i < 4; i++)
		len |= (size_t)(unsigned char)rest->ptr[i] << (8 * i);
	if (len > rest->len - 4)
		return false;
	*out = len ? arena_str(arena, str_sub(*rest, 4, len)) : STR("");
	*rest = str_from_pos(*rest, 4 + len);
	return true;
}

Str vault_event_seal(Vault *vault, int64_t person_id, int64_t event_id, const EventText *text)
{
	buf_reset(&vault->sealed);
	if (!vault->has_person_key)
		return STR("");
	buf_reset(&vault->plain);
	const Str parts[EVENT_TEXTS] = { text->details, text->actor, text->reason, text->evidence,
		text->source_name };
	for (size_t i = 0; i < EVENT_TEXTS; i++)
		put_text(&vault->plain, parts[i]);
	char context[CONTEXT_BYTES_MAX];
	seal(&vault->sealed, &vault->person_key, event_context(person_id, event_id, context),
		buf_str(&vault->plain), vault->rng);
	/* rules.c holds every text to its maximum before it comes here. */
	assert(!vault->plain.overflow && !vault->sealed.overflow);
	return buf_str(&vault->sealed);
}

bool vault_event_open(Vault *vault, int64_t person_id, int64_t event_id, Str sealed, Arena *arena,
	EventText *out, Err *err)
{
	EventText text = { STR(""), STR(""), STR(""), STR(""), STR("") };
	if (!vault->has_person_key || sealed.len == 0) {
		*out = text;
		return true;
	}
	char context[CONTEXT_BYTES_MAX];
	buf_reset(&vault->plain);
	Str rest = STR("");
	bool ok = unseal(&vault->plain, &vault->person_key,
		event_context(person_id, event_id, context), sealed);
	if (ok)
		rest = buf_str(&vault->plain);
	ok = ok && take_text(&rest, arena, &text.details) && take_text(&rest, arena, &text.actor)
		&& take_text(&rest, arena, &text.reason) && take_text(&rest, arena, &text.evidence)
		&& take_text(&rest, arena, &text.source_name) && rest.len == 0;
	if (!ok)
		return ERR(err, ERR_FATAL,
			"history entry %lld does not open with its person's "
			"key: the database was changed or is damaged",
			(long long)event_id);
	*out = text;
	return true;
}

void vault_chain_add(unsigned char head[HASH_BYTES], const ChainLink *entry)
{
	char numbers[4][8];
	put_u64(numbers[0], (uint64_t)entry->person_id);
	put_u64(numbers[1], (uint64_t)entry->at_ms);
	put_u64(numbers[2], (uint64_t)entry->kind);
	put_u64(numbers[3], (uint64_t)entry->source);
	unsigned char next[HASH_BYTES];
	const Str parts[] = {
		{ (const char *)head, HASH_BYTES },
		{ numbers[0], 8 },
		{ numbers[1], 8 },
		{ numbers[2], 8 },
		{ numbers[3], 8 },
		entry->ciphertext,
	};
	chain_hash(next, parts, ARRAY_LEN(parts));
	memcpy(head, next, HASH_BYTES);
}

/* ----------------------------------------------------------- credentials */

void vault_credential_seal(Vault *vault, Str org_id, Str plain, Buf *out)
{
	seal(out, &vault->credential_key, org_id, plain, vault->rng);
}

bool vault_credential_open(Vault *vault, Str org_id, Str sealed, Arena *arena, Str *out, Err *err)
{
	buf_reset(&vault->plain);
	if (!unseal(&vault->plain, &vault->credential_key, org_id, sealed))
		return ERR(err, ERR_FATAL,
			"the credentials of org %.*s are damaged; connect it again",
			STR_ARG(org_id));
	*out = arena_str(arena, buf_str(&vault->plain));
	if (vault->plain.ptr)
		bytes_wipe(vault->plain.ptr, vault->plain.len);
	return true;
}

void vault_token_hash(const Vault *vault, Str token_text, unsigned char out[HASH_BYTES])
{
	keyed_hash(out, &vault->token_key, token_text);
}
