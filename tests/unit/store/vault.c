#include "base/base.h"

#include "store/vault.h"

#include "../../lib/world.h"

typedef struct Box {
	Keyring keyring;
	Vault vault;
	Arena arena;
} Box;

static void box_open(Box *box)
{
	*box = (Box){ .arena = ARENA_MAX(1024 * 1024) };
	MUST(secret_library_init(&err));
	keyring_generate(&box->keyring, rng_system());
	MUST(vault_init(&box->vault, &box->keyring, rng_system(), &err));
}

static void box_close(Box *box)
{
	vault_fini(&box->vault);
	keyring_fini(&box->keyring);
	arena_fini(&box->arena);
}

static const AddressHash ann = { .bytes = { 1 } }, bob = { .bytes = { 2 } };
static const EventText text = {
	.details = STR_INIT("by hand"),
	.actor = STR_INIT("eve"),
	.reason = STR_INIT("too many"),
	.evidence = STR_INIT("call 17"),
	.source_name = STR_INIT(""),
};

static void entry_opens_with_its_persons_key(void **state)
{
	(void)state;
	Box box;
	box_open(&box);
	unsigned char wrapped[WRAPPED_KEY_BYTES], other[WRAPPED_KEY_BYTES];
	vault_person_make(&box.vault, &ann, wrapped);
	char sealed[512];
	Str entry = vault_event_seal(&box.vault, 7, 40, &text);
	assert_true(entry.len < sizeof sealed);
	memcpy(sealed, entry.ptr, entry.len);
	entry.ptr = sealed;
	assert_true(str_find(entry, STR("too many")) < 0);
	vault_person_make(&box.vault, &bob, other); /* another key in hand */
	MUST(vault_person_use(&box.vault, &ann, (Str){ (char *)wrapped, sizeof wrapped }, &err));
	EventText out;
	MUST(vault_event_open(&box.vault, 7, 40, entry, &box.arena, &out, &err));
	assert_str_equal(out.details, text.details);
	assert_str_equal(out.actor, text.actor);
	assert_str_equal(out.reason, text.reason);
	assert_str_equal(out.evidence, text.evidence);
	assert_str_equal(out.source_name, STR(""));
	box_close(&box);
}

static void entry_is_bound_to_person_and_number(void **state)
{
	(void)state;
	Box box;
	box_open(&box);
	unsigned char wrapped[WRAPPED_KEY_BYTES];
	vault_person_make(&box.vault, &ann, wrapped);
	char sealed[512];
	Str entry = vault_event_seal(&box.vault, 7, 40, &text);
	memcpy(sealed, entry.ptr, entry.len);
	entry.ptr = sealed;
	EventText out;
	REFUSED(ERR_FATAL, vault_event_open(&box.vault, 8, 40, entry, &box.arena, &out, &err));
	REFUSED(ERR_FATAL, vault_event_open(&box.vault, 7, 41, entry, &box.arena, &out, &err));
	sealed[entry.len / 2] ^= 1;
	REFUSED(ERR_FATAL, vault_event_open(&box.vault, 7, 40, entry, &box.arena, &out, &err));
	box_close(&box);
}

static void wrapped_key_is_bound_to_its_person(void **state)
{
	(void)state;
	Box box;
	box_open(&box);
	unsigned char wrapped[WRAPPED_KEY_BYTES];
	vault_person_make(&box.vault, &ann, wrapped);
	const Str key = { (char *)wrapped, sizeof wrapped };
	assert_true(vault_person_is(&box.vault, &ann));
	REFUSED(ERR_FATAL, vault_person_use(&box.vault, &bob, key, &err));
	MUST(vault_person_use(&box.vault, &ann, key, &err));
	box_close(&box);
}

static void erased_persons_entries_are_empty(void **state)
{
	(void)state;
	Box box;
	box_open(&box);
	unsigned char wrapped[WRAPPED_KEY_BYTES];
	vault_person_make(&box.vault, &ann, wrapped);
	char sealed[512];
	Str old_entry = vault_event_seal(&box.vault, 7, 40, &text);
	memcpy(sealed, old_entry.ptr, old_entry.len);
	old_entry.ptr = sealed;
	MUST(vault_person_use(&box.vault, &ann, STR(""), &err));
	assert_int_equal(vault_event_seal(&box.vault, 7, 41, &text).len, 0);
	EventText out;
	MUST(vault_event_open(&box.vault, 7, 40, old_entry, &box.arena, &out, &err));
	assert_str_equal(out.reason, STR(""));
	assert_str_equal(out.details, STR(""));
	box_close(&box);
}

static void check_value_tells_keyrings_apart(void **state)
{
	(void)state;
	Box box, other;
	box_open(&box);
	box_open(&other);
	unsigned char value[VAULT_CHECK_BYTES];
	vault_check_value(&box.vault, value);
	const Str stored = { (char *)value, sizeof value };
	MUST(vault_check(&box.vault, stored, &err));
	REFUSED(ERR_FATAL, vault_check(&other.vault, stored, &err));
	/* A keyring put together from two is another one too. */
	secret_fini(&other.keyring.master);
	secret_set(&other.keyring.master, secret_bytes(&box.keyring.master));
	Err err = { 0 };
	assert_false(vault_check(&other.vault, stored, &err));
	assert_true(str_find(str_from(err.text), STR("hash key")) >= 0);
	box_close(&box);
	box_close(&other);
}

static void chain_depends_on_every_part(void **state)
{
	(void)state;
	MUST(secret_library_init(&err));
	const ChainLink base = { 1, 2, EVENT_ADDED, SOURCE_LINK, STR("body") };
	ChainLink changed[5] = { base, base, base, base, base };
	changed[0].person_id = 9;
	changed[1].at_ms = 9;
	changed[2].kind = EVENT_LINKED;
	changed[3].source = SOURCE_FORM;
	changed[4].ciphertext = STR("bodY");
	unsigned char head[HASH_BYTES] = { 0 }, second[HASH_BYTES];
	vault_chain_add(head, &base);
	memcpy(second, head, sizeof second);
	vault_chain_add(second, &base);
	assert_memory_not_equal(head, second, HASH_BYTES);
	for (size_t i = 0; i < ARRAY_LEN(changed); i++) {
		unsigned char other[HASH_BYTES] = { 0 };
		vault_chain_add(other, &changed[i]);
		assert_memory_not_equal(head, other, HASH_BYTES);
	}
}

static void credential_is_bound_to_its_org(void **state)
{
	(void)state;
	Box box;
	box_open(&box);
	CLEANUP(buf_fini) Buf sealed = BUF_MAX(1024);
	vault_credential_seal(&box.vault, STR("00D1"), STR("s3cret"), &sealed);
	assert_true(str_find(buf_str(&sealed), STR("s3cret")) < 0);
	Str out;
	MUST(vault_credential_open(
		&box.vault, STR("00D1"), buf_str(&sealed), &box.arena, &out, &err));
	assert_str_equal(out, STR("s3cret"));
	REFUSED(ERR_FATAL,
		vault_credential_open(
			&box.vault, STR("00D2"), buf_str(&sealed), &box.arena, &out, &err));
	box_close(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entry_opens_with_its_persons_key),
		cmocka_unit_test(entry_is_bound_to_person_and_number),
		cmocka_unit_test(wrapped_key_is_bound_to_its_person),
		cmocka_unit_test(erased_persons_entries_are_empty),
		cmocka_unit_test(check_value_tells_keyrings_apart),
		cmocka_unit_test(chain_depends_on_every_part),
		cmocka_unit_test(credential_is_bound_to_its_org),
	};
	return cmocka_run_group_tests_name("vault", tests, NULL, NULL);
}
