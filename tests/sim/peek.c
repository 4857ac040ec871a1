#include "base/base.h"

#include "peek.h"

#include "org/state.h"

static bool is_set(OrgTable *table, const OrgRow *row, const char *field)
{
	return row_flag(row, table_field(table, str_from(field))->def.slot);
}

size_t peek_records(Org *org, PeekRow *rows, size_t max)
{
	static const OrgKind kinds[] = { ORG_CONTACT, ORG_LEAD };
	size_t count = 0;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		OrgTable *table = &org->data.tables[kinds[k]];
		for (size_t i = 0; i < table->count && count < max; i++) {
			const OrgRow *row = &table->rows[i];
			OrgId id = data_id(&org->data, kinds[k], i);
			PeekRow *out = &rows[count++];
			*out = (PeekRow){
				.email = row_text(row, table->email->number),
				.ticked = { is_set(table, row, "HasOptedOutOfEmail"),
					is_set(table, row, "Marketo_Sales_Opt_Out__c") },
				.is_deleted = row_flag(row, FLAG_DELETED)
					|| row_flag(row, FLAG_PURGED),
				.is_converted = row_flag(row, FLAG_CONVERTED),
			};
			memcpy(out->id, id.text, sizeof out->id);
		}
	}
	return count;
}

void peek_usage(Org *org, int64_t *out_used, int64_t *out_max)
{
	*out_used = usage_used(&org->usage, org_now_ms(org));
	*out_max = org->condition == CONDITION_NORMAL ? org->usage.max : 0;
}

void peek_end_faults(Org *org)
{
	faults_fini(&org->faults);
}

static bool is_needed(const OrgField *field)
{
	static const char *const names[] = { "Id", "Email", "IsConverted", "HasOptedOutOfEmail",
		"Marketo_Sales_Opt_Out__c" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(str_from(field->def.name), str_from(names[i])))
			return true;
	return false;
}

void peek_hide_the_rest(Org *org)
{
	static const OrgKind kinds[] = { ORG_CONTACT, ORG_LEAD };
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		OrgTable *table = &org->data.tables[kinds[k]];
		for (size_t i = 0; i < table->field_count; i++)
			if (!is_needed(&table->fields[i]))
				table->fields[i].can_read = table->fields[i].can_edit = false;
	}
	org_schema_changed(org);
}
