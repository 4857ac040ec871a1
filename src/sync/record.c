#include "base/base.h"

#include "sync/record.h"

#include "sync/fields.h"

SfId record_sfid(const RunRecord *record)
{
	SfId id = { 0 };
	memcpy(id.text, record->sfid, sizeof record->sfid);
	return id;
}

int record_cmp_id(const void *a, const void *b)
{
	const RunRecord *left = a, *right = b;
	return memcmp(left->sfid, right->sfid, sizeof left->sfid);
}

unsigned record_ticked(const RunRecord *record)
{
	return (record->flags & RECORD_STANDARD_YES ? FIELD_STANDARD : 0u)
		| (record->flags & RECORD_SALES_YES ? FIELD_SALES : 0u);
}

unsigned record_unticked(const RunRecord *record)
{
	return (record->flags & RECORD_STANDARD_NO ? FIELD_STANDARD : 0u)
		| (record->flags & RECORD_SALES_NO ? FIELD_SALES : 0u);
}
