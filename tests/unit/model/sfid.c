#include "base/base.h"

#include "model/sfid.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Checked pairs of real IDs (salesforce-api.md 5.1). */
static const struct {
	const char *body, *suffix;
} pairs[] = {
	{ "0031U00001XyZaB", "QAV" },
	{ "001D000000IRFma", "IAH" },
	{ "003q000000KvQ1t", "AAF" },
	{ "003q000000KvQ2D", "AAV" },
	{ "00Q0v0000067Moi", "EAE" },
	{ "00Q5g00000AbCdE", "EAV" },
	{ "0014H00002LbR7Q", "QAV" },
	{ "00D58000000arpq", "EAA" },
	{ "750R0000000zxr8", "IAA" },
	{ "750Hn00000OUfXP", "IA1" },
	{ "701E0000000JuFH", "IA0" },
	{ "a00D0000008pQRA", "IA2" },
	{ "a0N0J00000OPSAV", "UA5" },
	{ "003000000000001", "AAA" },
	{ "00DAAAAAAAAAAAA", "255" },
};

static void parse_as(const char *text, const char *expected)
{
	SfId id = { 0 };
	Err err = { 0 };
	if (!sfid_parse(str_from(text), &id, &err))
		fail_msg("%s: %s", text, err.text);
	assert_string_equal(id.text, expected);
}

static void refuse(const char *text, const char *what)
{
	SfId id = { .text = "untouched" };
	Err err = { 0 };
	assert_false(sfid_parse(str_from(text), &id, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	if (!strstr(err.text, what))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, err.text, what);
	assert_string_equal(id.text, "untouched");
}

static void fifteen_and_eighteen_characters_are_one_record(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		char whole[SFID_LEN + 1];
		snprintf(whole, sizeof whole, "%s%s", pairs[i].body, pairs[i].suffix);
		parse_as(pairs[i].body, whole);
		parse_as(whole, whole);
	}
}

static void case_lost_in_a_spreadsheet_comes_back(void **state)
{
	(void)state;
	parse_as("003q000000kvq1taaf", "003q000000KvQ1tAAF");
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		char whole[SFID_LEN + 1], lower[SFID_LEN + 1], upper[SFID_LEN + 1];
		snprintf(whole, sizeof whole, "%s%s", pairs[i].body, pairs[i].suffix);
		for (size_t k = 0; k <= SFID_LEN; k++) {
			lower[k] = ascii_lower(whole[k]);
			upper[k] = (char)(lower[k] >= 'a' ? lower[k] - 'a' + 'A' : lower[k]);
		}
		parse_as(lower, whole);
		parse_as(upper, whole);
	}
}

static void lower_cased_suffix_of_a_good_body_is_accepted(void **state)
{
	(void)state;
	parse_as("003q000000KvQ1taaf", "003q000000KvQ1tAAF");
}

static void single_letter_in_the_wrong_case_is_refused(void **state)
{
	(void)state;
	refuse("003q000000KvQ1TAAF", "do not fit");
	refuse("003q000000kvQ1tAAF", "do not fit");
	refuse("001D000000IRFmaAAH", "do not fit");
}

static void checksum_that_marks_a_digit_is_refused(void **state)
{
	(void)state;
	refuse("003000000000001AAB", "(AAB)");
	refuse("003000000000001aa9", "(aa9)");
}

static void other_lengths_and_characters_are_refused(void **state)
{
	(void)state;
	refuse("", "has 0");
	refuse("0031U00001XyZa", "has 14");
	refuse("0031U00001XyZaBQ", "has 16");
	refuse("0031U00001XyZaBQAVx", "has 19");
	refuse("0031U00001XyZa-", "character 15");
	refuse(" 031U00001XyZaB", "character 1");
	refuse("0031U00001XyZaB\xc3\xa4Q", "character 16");
}

static void object_is_told_by_the_prefix_in_exact_case(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		SfObject object;
	} cases[] = {
		{ "003000000000001", SF_CONTACT },
		{ "00Q000000000001", SF_LEAD },
		{ "001000000000001", SF_ACCOUNT },
		{ "00q000000000001", SF_OBJECT_NONE },
		{ "00D000000000001", SF_OBJECT_NONE },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		SfId id;
		assert_true(sfid_parse(str_from(cases[i].text), &id, NULL));
		assert_int_equal(sfid_object(&id), cases[i].object);
	}
	SfId none = { 0 };
	assert_false(sfid_is_set(&none));
	assert_int_equal(sfid_object(&none), SF_OBJECT_NONE);
}

static void ids_are_compared_exactly(void **state)
{
	(void)state;
	SfId a, b;
	assert_true(sfid_parse(STR("00Q5g00000AbCdE"), &a, NULL));
	assert_true(sfid_parse(STR("00Q5g00000AbCde"), &b, NULL));
	assert_true(sfid_is_set(&a));
	assert_false(sfid_eq(&a, &b));
	assert_true(sfid_cmp(&a, &b) < 0 && sfid_cmp(&b, &a) > 0);
	assert_true(sfid_eq(&a, &a));
	assert_int_equal(sfid_str(&a).len, SFID_LEN);
}

static void object_names_go_both_ways(void **state)
{
	(void)state;
	for (int object = SF_CONTACT; object <= SF_ACCOUNT; object++) {
		SfObject back = SF_OBJECT_NONE;
		assert_true(sf_object_parse(str_from(sf_object_name((SfObject)object)), &back));
		assert_int_equal(back, object);
	}
	SfObject object = SF_LEAD;
	assert_true(sf_object_parse(STR("cOnTaCt"), &object));
	assert_int_equal(object, SF_CONTACT);
	assert_false(sf_object_parse(STR("none"), &object));
	assert_false(sf_object_parse(STR("Contacts"), &object));
	assert_int_equal(object, SF_CONTACT);
	assert_string_equal(sf_object_name(SF_OBJECT_NONE), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fifteen_and_eighteen_characters_are_one_record),
		cmocka_unit_test(case_lost_in_a_spreadsheet_comes_back),
		cmocka_unit_test(lower_cased_suffix_of_a_good_body_is_accepted),
		cmocka_unit_test(single_letter_in_the_wrong_case_is_refused),
		cmocka_unit_test(checksum_that_marks_a_digit_is_refused),
		cmocka_unit_test(other_lengths_and_characters_are_refused),
		cmocka_unit_test(object_is_told_by_the_prefix_in_exact_case),
		cmocka_unit_test(ids_are_compared_exactly),
		cmocka_unit_test(object_names_go_both_ways),
	};
	return cmocka_run_group_tests_name("sfid", tests, NULL, NULL);
}
