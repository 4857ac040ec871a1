#include "base/base.h"

#include "org/ids.h"

enum { CHECKSUM_GROUPS = 3, CHECKSUM_GROUP_LEN = 5 };

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char checksum_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

static void put_checksum(OrgId *id)
{
	for (size_t group = 0; group < CHECKSUM_GROUPS; group++) {
		unsigned bits = 0;
		for (size_t k = 0; k < CHECKSUM_GROUP_LEN; k++) {
			char c = id->text[group * CHECKSUM_GROUP_LEN + k];
			if (c >= 'A' && c <= 'Z')
				bits |= 1U << k;
		}
		id->text[ORG_ID_SHORT_LEN + group] = checksum_chars[bits];
	}
	id->text[ORG_ID_LEN] = '\0';
}

OrgId org_id_make(Str prefix, Str instance, uint64_t serial)
{
	assert(prefix.len == 3 && instance.len == 3);
	OrgId id;
	memcpy(id.text, prefix.ptr, 3);
	memcpy(id.text + 3, instance.ptr, 3);
	for (size_t i = ORG_ID_SHORT_LEN; i > ORG_ID_SHORT_LEN - ORG_ID_SERIAL_LEN; i--) {
		id.text[i - 1] = base62[serial % 62];
		serial /= 62;
	}
	assert(serial == 0);
	put_checksum(&id);
	return id;
}

Str org_id_str(const OrgId *id)
{
	return (Str){ id->text, ORG_ID_LEN };
}

Str org_id_short(const OrgId *id)
{
	return (Str){ id->text, ORG_ID_SHORT_LEN };
}

bool org_id_parse(Str text, OrgId *out)
{
	if (text.len != ORG_ID_SHORT_LEN && text.len != ORG_ID_LEN)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_alnum(text.ptr[i]))
			return false;
	OrgId id;
	memcpy(id.text, text.ptr, ORG_ID_SHORT_LEN);
	put_checksum(&id);
	if (text.len == ORG_ID_LEN
		&& memcmp(id.text + ORG_ID_SHORT_LEN, text.ptr + ORG_ID_SHORT_LEN, CHECKSUM_GROUPS)
			!= 0)
		return false;
	*out = id;
	return true;
}

static uint64_t base62_value(char c)
{
	if (c <= '9')
		return (uint64_t)(c - '0');
	return c <= 'Z' ? (uint64_t)(c - 'A') + 10 : (uint64_t)(c - 'a') + 36;
}

uint64_t org_id_serial(const OrgId *id)
{
	uint64_t serial = 0;
	for (size_t i = ORG_ID_SHORT_LEN - ORG_ID_SERIAL_LEN; i < ORG_ID_SHORT_LEN; i++)
		serial = serial * 62 + base62_value(id->text[i]);
	return serial;
}
