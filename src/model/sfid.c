#include "base/base.h"

#include "model/sfid.h"

#include "base/str.h"

enum { BODY_LEN = 15, GROUP_LEN = 5, GROUPS = 3 };

static const char checksum_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

static const struct {
	SfObject object;
	const char *name;
	const char *prefix;
} objects[] = {
	{ SF_CONTACT, "Contact", "003" },
	{ SF_LEAD, "Lead", "00Q" },
	{ SF_ACCOUNT, "Account", "001" },
};

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static char to_upper(char c)
{
	return is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

/* One character for five: bit k is set when the k-th from the left is upper case
 * (salesforce-api.md 5.1). */
static char group_checksum(const char *group)
{
	unsigned bits = 0;
	for (unsigned k = 0; k < GROUP_LEN; k++)
		if (is_upper(group[k]))
			bits |= 1u << k;
	return checksum_alphabet[bits];
}

static bool checksum_fits(const char *body, const char *suffix)
{
	for (size_t g = 0; g < GROUPS; g++)
		if (group_checksum(body + g * GROUP_LEN) != to_upper(suffix[g]))
			return false;
	return true;
}

/* A spreadsheet that lower- or upper-cased a column did it to all letters. Only then is the case
 * taken from the checksum: a single wrong letter is a typing error, and "repairing" it would name
 * another record. */
static bool is_one_case(Str text)
{
	bool has_upper = false, has_lower = false;
	for (size_t i = 0; i < text.len; i++) {
		has_upper |= is_upper(text.ptr[i]);
		has_lower |= is_lower(text.ptr[i]);
	}
	return !(has_upper && has_lower);
}

static bool restore_case(char *body, const char *suffix)
{
	for (size_t g = 0; g < GROUPS; g++) {
		const char *at = strchr(checksum_alphabet, to_upper(suffix[g]));
		if (!at)
			return false;
		size_t bits = (size_t)(at - checksum_alphabet);
		for (size_t k = 0; k < GROUP_LEN; k++) {
			char *c = &body[g * GROUP_LEN + k];
			*c = bits >> k & 1 ? to_upper(*c) : ascii_lower(*c);
		}
	}
	return checksum_fits(body, suffix);
}

bool sfid_parse(Str text, SfId *out, Err *err)
{
	if (text.len != BODY_LEN && text.len != SFID_LEN)
		return ERR(err, ERR_INPUT, "a Salesforce ID has 15 or 18 characters, this has %zu",
			text.len);
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_alnum(text.ptr[i]))
			return ERR(err, ERR_INPUT,
				"character %zu of a Salesforce ID must be a letter or a digit",
				i + 1);
	SfId id = { 0 };
	memcpy(id.text, text.ptr, BODY_LEN);
	if (text.len == SFID_LEN && !checksum_fits(id.text, text.ptr + BODY_LEN)
		&& !(is_one_case(text) && restore_case(id.text, text.ptr + BODY_LEN)))
		return ERR(err, ERR_INPUT,
			"the last three characters of the Salesforce ID (%.3s) do "
			"not fit the rest: a letter is wrong or in the wrong case",
			text.ptr + BODY_LEN);
	for (size_t g = 0; g < GROUPS; g++)
		id.text[BODY_LEN + g] = group_checksum(id.text + g * GROUP_LEN);
	*out = id;
	return true;
}

Str sfid_str(const SfId *id)
{
	return str_from(id->text);
}

bool sfid_eq(const SfId *a, const SfId *b)
{
	return sfid_cmp(a, b) == 0;
}

int sfid_cmp(const SfId *a, const SfId *b)
{
	return memcmp(a->text, b->text, SFID_LEN);
}

bool sfid_is_set(const SfId *id)
{
	return id->text[0] != '\0';
}

SfObject sfid_object(const SfId *id)
{
	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		if (memcmp(id->text, objects[i].prefix, 3) == 0)
			return objects[i].object;
	return SF_OBJECT_NONE;
}

const char *sf_object_name(SfObject object)
{
	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		if (objects[i].object == object)
			return objects[i].name;
	return "none";
}

bool sf_object_parse(Str name, SfObject *out)
{
	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		if (str_eq_nocase(name, str_from(objects[i].name))) {
			*out = objects[i].object;
			return true;
		}
	}
	return false;
}
