/* Salesforce IDs (model/sfid.h): 15 and 18 characters name one record, and never another one. */
#include "base/base.h"

#include "fuzz.h"
#include "model/sfid.h"

enum { SHORT_LEN = 15 };

static bool parses_to(Str text, const SfId *want)
{
	SfId got;
	return sfid_parse(text, &got, NULL) && sfid_eq(&got, want)
		&& strcmp(got.text, want->text) == 0;
}

static bool is_one_case(const SfId *id)
{
	bool has_upper = false, has_lower = false;
	for (size_t i = 0; i < SFID_LEN; i++) {
		char c = id->text[i];
		has_lower |= ascii_is_alnum(c) && !ascii_is_digit(c) && ascii_lower(c) == c;
		has_upper |= ascii_lower(c) != c;
	}
	return !has_upper || !has_lower;
}

/* One letter of the record's own in the wrong case: refused, because it may be another letter that
 * is wrong; but read as what it was when it leaves only one case. */
static void check_typo(const SfId *id, size_t at)
{
	SfId typo = *id;
	typo.text[at] = (char)(id->text[at] ^ 0x20);
	SfId got;
	bool is_good = sfid_parse(sfid_str(&typo), &got, NULL);
	MUST(!is_good || (sfid_eq(&got, id) && (at >= SHORT_LEN || is_one_case(&typo))));
}

static void check_case(const SfId *id)
{
	SfId lower = *id, upper = *id;
	for (size_t i = 0; i < SFID_LEN; i++) {
		char c = id->text[i];
		bool is_letter = ascii_is_alnum(c) && !ascii_is_digit(c);
		lower.text[i] = ascii_lower(c);
		upper.text[i] = is_letter ? (char)(c & ~0x20) : c;
		if (is_letter)
			check_typo(id, i);
	}
	MUST(parses_to(sfid_str(&lower), id));
	MUST(parses_to(sfid_str(&upper), id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str text = fuzz_text(data, size);
	SfId id = { "untouched" };
	Err err = { 0 };
	SfObject object;
	if (sf_object_parse(text, &object))
		MUST(str_eq_nocase(text, str_from(sf_object_name(object))));
	if (!sfid_parse(text, &id, &err)) {
		MUST(fuzz_err_is(&err, 1u << ERR_INPUT) && strcmp(id.text, "untouched") == 0);
		return 0;
	}
	MUST(text.len == SHORT_LEN || text.len == SFID_LEN);
	MUST(sfid_is_set(&id) && strlen(id.text) == SFID_LEN);
	MUST(str_eq_nocase(str_sub(sfid_str(&id), 0, SHORT_LEN), str_sub(text, 0, SHORT_LEN)));
	MUST(text.len == SFID_LEN || str_starts(sfid_str(&id), text));
	MUST(parses_to(sfid_str(&id), &id));
	MUST(parses_to(str_sub(sfid_str(&id), 0, SHORT_LEN), &id));
	check_case(&id);
	if (sfid_object(&id) != SF_OBJECT_NONE)
		MUST(sf_object_parse(str_from(sf_object_name(sfid_object(&id))), &object)
			&& object == sfid_object(&id));
	return 0;
}
