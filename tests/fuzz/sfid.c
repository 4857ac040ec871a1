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

/* One wrong letter: refused, or read as what it was. */
static void check_typo(const SfId *id, size_t at, char c)
{
	SfId typo = *id, got;
	typo.text[at] = c;
	if (!sfid_parse(sfid_str(&typo), &got, NULL))
		return;
	/* Digits, and letters of the same case, have no part in the checksum. */
	bool differs_in_case = ascii_lower(c) == ascii_lower(id->text[at]);
	MUST(!differs_in_case || sfid_eq(&got, id));
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
			check_typo(id, i, (char)(c ^ 0x20));
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
