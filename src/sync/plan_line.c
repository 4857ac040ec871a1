#include "base/base.h"

#include "sync/plan_line.h"

#include "base/enc.h"

#include <inttypes.h>

void plan_digest_add(unsigned char digest[HASH_BYTES], Str line)
{
	const Str parts[] = { { (const char *)digest, HASH_BYTES }, line };
	unsigned char next[HASH_BYTES];
	chain_hash(next, parts, ARRAY_LEN(parts));
	memcpy(digest, next, sizeof next);
}

/* ---------------------------------------------------------------- values */

static void put_hash(Buf *out, bool has_hash, const AddressHash *hash)
{
	if (has_hash)
		hex_encode(out, (Str){ (const char *)hash->bytes, sizeof hash->bytes });
	else
		buf_put_char(out, '-');
}

static bool take_hex(Str text, void *out, size_t len)
{
	CLEANUP(buf_fini) Buf bytes = BUF_MAX(HASH_BYTES);
	if (text.len != 2 * len || !hex_decode(&bytes, text) || bytes.len != len)
		return false;
	memcpy(out, bytes.ptr, len);
	return true;
}

static bool take_hash(Str text, bool *out_has, AddressHash *out)
{
	*out_has = !str_eq(text, STR("-"));
	return !*out_has || take_hex(text, out->bytes, sizeof out->bytes);
}

static void put_sfid(Buf *out, const SfId *id)
{
	buf_put(out, sfid_is_set(id) ? sfid_str(id) : STR("-"));
}

static bool take_sfid(Str text, SfId *out)
{
	return str_eq(text, STR("-")) || (text.len == SFID_LEN && sfid_parse(text, out, NULL));
}

static bool take_i64(Str text, int64_t min, int64_t *out)
{
	return str_to_i64(text, min, INT64_MAX, out);
}

static bool take_text(Str text, char *out, size_t out_size)
{
	CLEANUP(buf_fini) Buf plain = BUF_MAX(PLAN_LINE_MAX);
	return percent_decode(&plain, text, false) && str_copy(buf_str(&plain), out, out_size);
}

static bool take_name(Str text, const char *(*name)(unsigned), unsigned count, unsigned *out)
{
	for (unsigned i = 1; i < count; i++) {
		if (str_eq(text, str_from(name(i)))) {
			*out = i;
			return true;
		}
	}
	return false;
}

static const char *kind_name(unsigned i)
{
	return plan_kind_name((PlanKind)i);
}

static const char *reason_name(unsigned i)
{
	return plan_reason_name((PlanReason)i);
}

/* ---------------------------------------------------------------- header */

typedef enum ValueType { V_I64, V_BOOL, V_TEXT, V_SFID, V_MODE } ValueType;

/* In the order of the file. */
static const struct {
	const char *name;
	ValueType type;
	size_t offset, size;
} header_values[PLAN_HEADER_LINES] = {
#define VALUE(name, type, member)                                                                  \
	{                                                                                          \
		name, type, offsetof(PlanHeader, member), sizeof(((PlanHeader *)0)->member)        \
	}
	VALUE("run", V_I64, run_id),
	VALUE("org", V_SFID, org_id),
	VALUE("mode", V_MODE, mode),
	VALUE("field.contact", V_TEXT, field_contact),
	VALUE("field.lead", V_TEXT, field_lead),
	VALUE("user", V_TEXT, user),
	VALUE("match-by-address", V_BOOL, match_by_address),
	VALUE("adopt-unknown", V_BOOL, adopt_unknown),
	VALUE("read-at-ms", V_I64, read_at_ms),
	VALUE("contacts-read", V_I64, contacts_read),
	VALUE("leads-read", V_I64, leads_read),
	VALUE("people-read", V_I64, people_read),
#undef VALUE
};

static void put_value(Buf *out, ValueType type, const void *value)
{
	switch (type) {
	case V_I64:
		buf_put_i64(out, *(const int64_t *)value);
		break;
	case V_BOOL:
		buf_put_char(out, *(const bool *)value ? '1' : '0');
		break;
	case V_TEXT:
		percent_encode(out, str_from(value));
		break;
	case V_SFID:
		put_sfid(out, value);
		break;
	case V_MODE:
		buf_put_z(out, sync_mode_name(*(const SyncMode *)value));
		break;
	}
}

static bool take_value(Str text, ValueType type, void *out, size_t size)
{
	switch (type) {
	case V_I64:
		return take_i64(text, INT64_MIN, out);
	case V_BOOL:
		return text.len == 1 && str_to_bool(text, out);
	case V_TEXT:
		return take_text(text, out, size);
	case V_SFID:
		return take_sfid(text, out);
	case V_MODE:
		return sync_mode_parse(text, out);
	}
	return false;
}

void plan_header_put(Buf *out, const PlanHeader *header)
{
	for (size_t i = 0; i < PLAN_HEADER_LINES; i++) {
		buf_put_z(out, header_values[i].name);
		buf_put_char(out, '\t');
		put_value(
			out, header_values[i].type, (const char *)header + header_values[i].offset);
		buf_put_char(out, '\n');
	}
}

bool plan_header_take(Str line, size_t n, PlanHeader *out)
{
	assert(n < PLAN_HEADER_LINES);
	Str rest = line, name;
	return str_split(&rest, '\t', &name) && rest.ptr
		&& str_eq(name, str_from(header_values[n].name))
		&& take_value(rest, header_values[n].type, (char *)out + header_values[n].offset,
			header_values[n].size);
}

/* ------------------------------------------------------------------ rows */

void plan_row_put(Buf *out, const PlanRow *row)
{
	buf_printf(out, "%s\t%s\t%" PRId64 "\t", plan_kind_name(row->kind),
		plan_reason_name(row->reason), row->person_id);
	put_sfid(out, &row->sfid);
	buf_printf(out, "\t%s\t%u\t", sf_object_name(row->object), row->fields);
	put_hash(out, row->has_hash, &row->hash);
	buf_put_char(out, '\t');
	buf_put(out, row->address.len ? address_str(&row->address) : STR("-"));
	buf_put_char(out, '\t');
	put_sfid(out, &row->cause_sfid);
	buf_printf(out, "\t%" PRId64 "\t%" PRId64 "\n", row->cause_person, row->read_at_ms);
}

static bool split_columns(Str line, Str columns[PLAN_COLUMNS])
{
	size_t count = 0;
	Str rest = line, part;
	while (str_split(&rest, '\t', &part)) {
		if (count == PLAN_COLUMNS)
			return false;
		columns[count++] = part;
	}
	return count == PLAN_COLUMNS;
}

static bool take_object(Str text, SfObject *out)
{
	return str_eq(text, STR("none")) || sf_object_parse(text, out);
}

static bool take_address(Str text, Address *out)
{
	return str_eq(text, STR("-")) || address_parse(text, out, NULL);
}

bool plan_row_take(Str line, PlanRow *out)
{
	Str c[PLAN_COLUMNS];
	PlanRow row = { 0 };
	unsigned kind = 0, reason = 0;
	int64_t fields = 0;
	if (!split_columns(line, c) || !take_name(c[0], kind_name, PLAN_KIND_COUNT, &kind)
		|| !take_name(c[1], reason_name, PLAN_REASON_COUNT, &reason)
		|| !take_i64(c[2], 0, &row.person_id) || !take_sfid(c[3], &row.sfid)
		|| !take_object(c[4], &row.object) || !str_to_i64(c[5], 0, FIELD_ALL, &fields)
		|| !take_hash(c[6], &row.has_hash, &row.hash) || !take_address(c[7], &row.address)
		|| !take_sfid(c[8], &row.cause_sfid) || !take_i64(c[9], 0, &row.cause_person)
		|| !take_i64(c[10], INT64_MIN, &row.read_at_ms))
		return false;
	row.kind = (PlanKind)kind;
	row.reason = (PlanReason)reason;
	row.fields = (unsigned)fields;
	*out = row;
	return true;
}

/* --------------------------------------------------------------- trailer */

void plan_end_put(Buf *out, const PlanCounts *counts, const unsigned char digest[HASH_BYTES])
{
	buf_put(out, STR(PLAN_END));
	for (size_t i = 1; i < PLAN_KIND_COUNT; i++)
		buf_printf(out, "\t%" PRId64, counts->rows[i]);
	buf_put_char(out, '\t');
	hex_encode(out, (Str){ (const char *)digest, HASH_BYTES });
	buf_put_char(out, '\n');
}

bool plan_end_take(Str line, PlanCounts *out, unsigned char out_digest[HASH_BYTES])
{
	Str rest = line, part;
	if (!str_split(&rest, '\t', &part) || !str_eq(part, STR(PLAN_END)))
		return false;
	for (size_t i = 1; i < PLAN_KIND_COUNT; i++)
		if (!str_split(&rest, '\t', &part) || !take_i64(part, 0, &out->rows[i]))
			return false;
	return rest.ptr && take_hex(rest, out_digest, HASH_BYTES);
}
