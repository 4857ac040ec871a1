#include "base/base.h"

#include "store/details.h"

Str details_str(const Details *details)
{
	return (Str){ details->text, details->len };
}

/* Appends what fits, never half a UTF-8 character. */
static void put(Details *out, Str text)
{
	size_t len = MIN_OF(text.len, sizeof out->text - out->len);
	while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xC0) == 0x80)
		len--;
	if (len)
		memcpy(out->text + out->len, text.ptr, len);
	out->len += len;
}

static void put_record(Details *out, const SfId *sfid)
{
	SfObject object = sfid_object(sfid);
	put(out, object == SF_OBJECT_NONE ? STR("Record") : str_from(sf_object_name(object)));
	put(out, STR(" "));
	put(out, sfid_str(sfid));
}

static void put_records(Details *out, const RecordRef *records, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i)
			put(out, STR(", "));
		put_record(out, &records[i].sfid);
	}
}

void details_stop(Details *out, const StopWish *wish)
{
	static const Str words[SOURCE_COUNT] = {
		[SOURCE_LINK] = STR_INIT("Unsubscribed on the page of a link"),
		[SOURCE_ONE_CLICK] = STR_INIT("Unsubscribed by one click in the mail program"),
		[SOURCE_FORM] = STR_INIT("Typed the address into the unsubscribe form"),
		[SOURCE_MANUAL] = STR_INIT("Unsubscribed by hand"),
		[SOURCE_SALESFORCE_SYNC] = STR_INIT("Found opted out in Salesforce"),
		[SOURCE_IMPORT] = STR_INIT("Unsubscribed by an import"),
		[SOURCE_API] = STR_INIT("Unsubscribed through the API"),
		[SOURCE_BOUNCE] = STR_INIT("A mail bounced for good"),
		[SOURCE_COMPLAINT] = STR_INIT("Reported as spam"),
		[SOURCE_WEBHOOK] = STR_INIT("Unsubscribed by a webhook"),
	};
	out->len = 0;
	if (wish->details.len) {
		put(out, wish->details);
		return;
	}
	put(out, words[wish->source]);
	if (sfid_is_set(&wish->cause.sfid)) {
		put(out, STR(": "));
		put_record(out, &wish->cause.sfid);
	}
	if (wish->source_name.len) {
		put(out, STR(": "));
		put(out, wish->source_name);
	}
}

void details_added(Details *out, const RecordRef *records, size_t count)
{
	out->len = 0;
	put(out, STR("Added"));
	if (count)
		put(out, STR(" with "));
	put_records(out, records, count);
}

void details_linked(Details *out, const RecordRef *records, size_t count, LinkedBy by)
{
	out->len = 0;
	put(out, STR("Linked to "));
	put_records(out, records, count);
	put(out, by == LINKED_BY_ADDRESS ? STR(", which carries this address") : STR(" by its ID"));
}

void details_relinked(Details *out, const SfId *record)
{
	out->len = 0;
	put_record(out, record);
	put(out, STR(" is no longer deleted in Salesforce"));
}

void details_unlinked(Details *out, const SfId *record)
{
	out->len = 0;
	put_record(out, record);
	put(out, STR(" was deleted in Salesforce"));
}

void details_ticked(Details *out, const SfId *record, Str fields_written)
{
	out->len = 0;
	put(out, STR("Salesforce confirmed the opt-out of "));
	put_record(out, record);
	if (fields_written.len) {
		put(out, STR(": "));
		put(out, fields_written);
	}
}

void details_refused(Details *out, const SfId *record, Str error_code, Str error_text)
{
	out->len = 0;
	put(out, STR("Salesforce refused the opt-out of "));
	put_record(out, record);
	put(out, STR(": "));
	put(out, error_code);
	put(out, STR(" "));
	put(out, error_text);
}

void details_removed(Details *out, bool is_waiting)
{
	out->len = 0;
	put(out,
		is_waiting ? STR(
			"Unsubscribe to be removed when no call under way can tick a record any more")
			   : STR("Unsubscribe removed"));
}
