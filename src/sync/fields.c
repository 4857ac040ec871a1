#include "base/base.h"

#include "sync/fields.h"

static const struct {
	SyncMode mode;
	const char *name;
	unsigned bits;
} modes[] = {
	{ SYNC_STANDARD, "standard", FIELD_STANDARD },
	{ SYNC_SALES, "sales", FIELD_SALES },
	{ SYNC_BOTH, "both", FIELD_ALL },
};

const char *sync_mode_name(SyncMode mode)
{
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (modes[i].mode == mode)
			return modes[i].name;
	return "none";
}

bool sync_mode_parse(Str name, SyncMode *out)
{
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (str_eq(name, str_from(modes[i].name))) {
			*out = modes[i].mode;
			return true;
		}
	}
	return false;
}

static unsigned mode_bits(SyncMode mode)
{
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (modes[i].mode == mode)
			return modes[i].bits;
	assert(false && "a mode that the table does not know");
	return FIELD_STANDARD;
}

static void add(FieldSet *out, unsigned bit, Str name)
{
	if (!str_copy(name, out->names[out->count].text, sizeof out->names[0].text)) {
		out->is_incomplete = true;
		return;
	}
	out->bits[out->count++] = bit;
}

/* On Account a person's custom field X__c is called X__pc (salesforce-api.md 5.6). */
static void add_person_account_field(FieldSet *out, Str contact_field)
{
	char text[FIELD_NAME_MAX + 1 + 1];
	if (!str_ends(contact_field, STR("__c")))
		return add(out, FIELD_SALES, contact_field);
	snprintf(text, sizeof text, "%.*spc", (int)contact_field.len - 1, contact_field.ptr);
	add(out, FIELD_SALES, str_from(text));
}

static void add_sales(const SyncSettings *settings, SfObject object, FieldSet *out)
{
	const FieldName *field = object == SF_LEAD ? &settings->sales_lead
						   : &settings->sales_contact;
	Str name = str_from(field->text);
	if (name.len == 0)
		out->is_incomplete = true;
	else if (object == SF_ACCOUNT)
		add_person_account_field(out, name);
	else
		add(out, FIELD_SALES, name);
}

static void choose(const SyncSettings *settings, SfObject object, unsigned bits, FieldSet *out)
{
	assert(object == SF_CONTACT || object == SF_LEAD || object == SF_ACCOUNT);
	*out = (FieldSet){ 0 };
	if (bits & FIELD_STANDARD)
		add(out, FIELD_STANDARD,
			object == SF_ACCOUNT ? STR("PersonHasOptedOutOfEmail")
					     : STR("HasOptedOutOfEmail"));
	if (bits & FIELD_SALES)
		add_sales(settings, object, out);
}

void fields_for_push(const SyncSettings *settings, SfObject object, FieldSet *out)
{
	unsigned bits = settings->enabled ? mode_bits(settings->mode) : FIELD_STANDARD;
	choose(settings, object, bits, out);
}

void fields_for_night(const SyncSettings *settings, SfObject object, FieldSet *out)
{
	choose(settings, object, mode_bits(settings->mode), out);
}

void fields_put(Buf *out, const FieldSet *fields)
{
	for (size_t i = 0; i < fields->count; i++) {
		if (i > 0)
			buf_put_char(out, ',');
		buf_put_z(out, fields->names[i].text);
	}
}
