#include "stage.h"

#include "org/ids.h"

/* salesforce-api.md 5.1: pairs seen in public sources. */
static const struct {
	const char *id, *suffix;
} pairs[] = {
	{ "001D000000IRFma", "IAH" },
	{ "003q000000KvQ1t", "AAF" },
	{ "00Q0v0000067Moi", "EAE" },
	{ "00D58000000arpq", "EAA" },
	{ "750R0000000zxr8", "IAA" },
	{ "a0N0J00000OPSAV", "UA5" },
	{ "003000000000001", "AAA" },
	{ "00DAAAAAAAAAAAA", "255" },
};

static void checksum_is_that_of_real_ids(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		OrgId id;
		assert_true(org_id_parse(str_from(pairs[i].id), &id));
		assert_string_equal(id.text + 15, pairs[i].suffix);
		assert_true(org_id_parse(org_id_str(&id), &id));
	}
}

static void wrong_checksum_and_other_shapes_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "003", "003q000000KvQ1tAAA", "003q000000KvQ1!",
		"003q000000KvQ1tAAF0", "003q000000KvQ1tAA" };
	OrgId id;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(org_id_parse(str_from(bad[i]), &id));
}

static void serial_survives_the_way_through_text(void **state)
{
	(void)state;
	static const uint64_t serials[] = { 0, 1, 61, 62, 3843, 13537086546263551ULL };
	for (size_t i = 0; i < ARRAY_LEN(serials); i++) {
		OrgId id = org_id_make(STR("003"), STR("xY0"), serials[i]), parsed;
		assert_true(org_id_parse(org_id_str(&id), &parsed));
		assert_true(org_id_serial(&parsed) == serials[i]);
	}
}

static void ids_grow_with_their_serial(void **state)
{
	(void)state;
	OrgId before = org_id_make(STR("003"), STR("xY0"), 12344);
	for (uint64_t serial = 12345; serial < 12345 + 200; serial++) {
		OrgId id = org_id_make(STR("003"), STR("xY0"), serial);
		assert_true(str_cmp(org_id_short(&before), org_id_short(&id)) < 0);
		before = id;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksum_is_that_of_real_ids),
		cmocka_unit_test(wrong_checksum_and_other_shapes_are_refused),
		cmocka_unit_test(serial_survives_the_way_through_text),
		cmocka_unit_test(ids_grow_with_their_serial),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
