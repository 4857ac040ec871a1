#include "base/base.h"

#include "base/alloc.h"
#include "org/data.h"
#include "org/org.h"

enum {
	TEXT_PAGE_BYTES = 1024
		* 1024,               /* large enough that a million records need few allocations */
	FIRST_PAGE_BYTES = 16 * 1024, /* simulations make thousands of orgs of few records */
	HEADS_MIN = 1024,
};

struct TextPage {
	TextPage *next;
	size_t used, size;
	unsigned char bytes[];
};

static const ObjectDef *const objects[ORG_KINDS] = {
	[ORG_ACCOUNT] = &schema_account,
	[ORG_CONTACT] = &schema_contact,
	[ORG_LEAD] = &schema_lead,
	[ORG_ORGANIZATION] = &schema_organization,
	[ORG_USER] = &schema_user,
};

static void add_field(OrgTable *table, const FieldDef *def)
{
	assert(table->field_count < ORG_FIELDS_MAX);
	OrgField *field = &table->fields[table->field_count];
	bool visible = !(def->flags & FIELD_HIDDEN);
	*field = (OrgField){ .def = *def,
		.name = str_from(def->name),
		.number = (unsigned)table->field_count,
		.can_read = visible,
		.can_edit = visible };
	table->field_count++;
}

void data_init(OrgData *data, Str instance, uint64_t serial_base)
{
	assert(instance.len == 3);
	memcpy(data->instance, instance.ptr, 3);
	for (size_t k = 0; k < ORG_KINDS; k++) {
		OrgTable *table = &data->tables[k];
		*table = (OrgTable){ .def = objects[k],
			.name = str_from(objects[k]->name),
			.serial_base = serial_base + k * 7919,
			.heads = xcalloc(HEADS_MIN, sizeof(uint32_t)),
			.head_count = HEADS_MIN };
		for (size_t i = 0; i < objects[k]->field_count; i++)
			add_field(table, &objects[k]->fields[i]);
		table->email = table_field(table, STR("Email"));
		table->first_name = table_field(table, STR("FirstName"));
		table->last_name = table_field(table, STR("LastName"));
	}
}

void data_fini(OrgData *data)
{
	for (size_t k = 0; k < ORG_KINDS; k++) {
		OrgTable *table = &data->tables[k];
		while (table->pages) {
			TextPage *next = table->pages->next;
			free(table->pages);
			table->pages = next;
		}
		for (size_t i = 0; i < table->field_count; i++) {
			free(table->fields[i].owned_name);
			free(table->fields[i].owned_label);
		}
		free(table->rows);
		free(table->heads);
		*table = (OrgTable){ 0 };
	}
}

OrgTable *data_table(OrgData *data, Str object)
{
	for (size_t k = 0; k < ORG_KINDS; k++)
		if (str_eq_nocase(data->tables[k].name, object))
			return &data->tables[k];
	return NULL;
}

OrgField *table_field(OrgTable *table, Str name)
{
	for (size_t i = 0; i < table->field_count; i++)
		if (str_eq_nocase(table->fields[i].name, name))
			return &table->fields[i];
	return NULL;
}

const OrgField *table_visible_field(OrgTable *table, Str name)
{
	const OrgField *field = table_field(table, name);
	return field && field->can_read ? field : NULL;
}

bool table_add_checkbox(OrgTable *table, Str name, Str label, bool readable, Err *err)
{
	if (!str_ends(name, STR("__c")) || name.len > 80)
		return ERR(err, ERR_INPUT, "a custom field's API name ends in __c: \"%.*s\"",
			STR_ARG(name));
	if (table_field(table, name))
		return ERR(err, ERR_INPUT, "%s has a field \"%.*s\" already", table->def->name,
			STR_ARG(name));
	unsigned slot = FLAG_CUSTOM;
	for (size_t i = 0; i < table->field_count; i++)
		if (table->fields[i].def.flags & FIELD_CUSTOM)
			slot++;
	if (slot >= FLAG_COUNT || table->field_count == ORG_FIELDS_MAX)
		return ERR(err, ERR_LIMIT, "%s has room for %d custom checkboxes", table->def->name,
			FLAG_COUNT - FLAG_CUSTOM);
	char *owned_name = xstrndup(name.ptr, name.len);
	char *owned_label = xstrndup(label.ptr, label.len);
	FieldDef def = CHECKBOX(owned_name, owned_label, slot,
		FIELD_CUSTOM | (readable ? 0U : (unsigned)FIELD_HIDDEN));
	add_field(table, &def);
	table->fields[table->field_count - 1].owned_name = owned_name;
	table->fields[table->field_count - 1].owned_label = owned_label;
	return true;
}

/* ---- rows ---- */

void table_reserve(OrgTable *table, size_t rows)
{
	if (rows <= table->cap)
		return;
	table->rows = xrealloc(table->rows, rows, sizeof(OrgRow));
	table->cap = rows;
}

size_t table_add(OrgTable *table, uint32_t now_s, uint8_t user)
{
	assert(table->count < ORG_RECORDS_MAX);
	if (table->count == table->cap)
		table_reserve(table, MAX_OF(table->cap * 2, (size_t)64));
	table->rows[table->count] = (OrgRow){ .created_s = now_s,
		.modified_s = now_s,
		.stamp_s = now_s,
		.created_by = user,
		.modified_by = user,
		.owner = user };
	return table->count++;
}

void table_touch(OrgTable *table, size_t row, uint32_t now_s, uint8_t user)
{
	OrgRow *r = &table->rows[row];
	r->modified_s = now_s;
	r->stamp_s = now_s;
	r->modified_by = user;
}

/* ---- packed texts: total length (4 bytes), then for each text its field number, its length (7
 * bits a byte, low part first, top bit: more follow) and its bytes ---- */

static size_t get_length(const unsigned char **at)
{
	size_t value = 0;
	for (unsigned shift = 0;; shift += 7) {
		unsigned char c = *(*at)++;
		value |= (size_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return value;
	}
}

static void put_length(Buf *out, size_t value)
{
	while (value > 0x7f) {
		buf_put_char(out, (char)((value & 0x7f) | 0x80));
		value >>= 7;
	}
	buf_put_char(out, (char)value);
}

static bool next_text(const OrgRow *row, const unsigned char **at, unsigned *number, Str *text)
{
	if (!row->texts)
		return false;
	uint32_t total;
	memcpy(&total, row->texts, sizeof total);
	if (!*at)
		*at = row->texts + sizeof total;
	if (*at == row->texts + sizeof total + total)
		return false;
	*number = *(*at)++;
	text->len = get_length(at);
	text->ptr = (const char *)*at;
	*at += text->len;
	return true;
}

Str row_text(const OrgRow *row, unsigned field_number)
{
	const unsigned char *at = NULL;
	unsigned number;
	Str text;
	while (next_text(row, &at, &number, &text))
		if (number == field_number)
			return text;
	return STR_NONE;
}

static unsigned char *page_room(OrgTable *table, size_t len)
{
	if (!table->pages || table->pages->size - table->pages->used < len) {
		size_t usual = table->pages ? TEXT_PAGE_BYTES : FIRST_PAGE_BYTES;
		size_t size = MAX_OF(len, usual);
		TextPage *page = xcalloc(1, sizeof(TextPage) + size);
		page->size = size;
		page->next = table->pages;
		table->pages = page;
	}
	unsigned char *room = table->pages->bytes + table->pages->used;
	table->pages->used += len;
	return room;
}

static void put_text(Buf *packed, unsigned number, Str text)
{
	buf_put_char(packed, (char)number);
	put_length(packed, text.len);
	buf_put(packed, text);
}

static const FieldChange *find_text_change(
	const FieldChange *changes, size_t count, unsigned number)
{
	for (size_t i = count; i > 0; i--)
		if (changes[i - 1].field->number == number
			&& changes[i - 1].field->def.store == STORE_TEXT)
			return &changes[i - 1];
	return NULL;
}

static void repack(OrgTable *table, OrgRow *row, const FieldChange *changes, size_t count)
{
	/* Every text field at its maximum stays far below that. */
	CLEANUP(buf_fini) Buf packed = BUF_MAX(1024 * 1024);
	const unsigned char *at = NULL;
	unsigned number;
	Str text;
	while (next_text(row, &at, &number, &text))
		if (!find_text_change(changes, count, number))
			put_text(&packed, number, text);
	for (size_t i = 0; i < count; i++) {
		const FieldChange *change = &changes[i];
		if (change->field->def.store == STORE_TEXT && change->text.ptr && change->text.len
			&& find_text_change(changes, count, change->field->number) == change)
			put_text(&packed, change->field->number, change->text);
	}
	assert(!packed.overflow);
	uint32_t total = (uint32_t)packed.len;
	unsigned char *room = page_room(table, sizeof total + packed.len);
	memcpy(room, &total, sizeof total);
	if (packed.len)
		memcpy(room + sizeof total, packed.ptr, packed.len);
	row->texts = room;
}

/* ---- the address index ---- */

static size_t email_hash(Str address)
{
	uint64_t hash = 14695981039346656037ULL; /* FNV-1a: the simulator needs no defence against
						    chosen keys */
	for (size_t i = 0; i < address.len; i++)
		hash = (hash ^ (unsigned char)ascii_lower(address.ptr[i])) * 1099511628211ULL;
	return (size_t)(hash ^ (hash >> 29));
}

static void index_add(OrgTable *table, uint32_t row_plus_1, Str address)
{
	uint32_t *head = &table->heads[email_hash(address) & (table->head_count - 1)];
	/* Appended, so that equal addresses are found in the order of their ids. */
	while (*head)
		head = &table->rows[*head - 1].email_next;
	*head = row_plus_1;
	table->rows[row_plus_1 - 1].email_next = 0;
}

static void index_remove(OrgTable *table, uint32_t row_plus_1, Str address)
{
	uint32_t *head = &table->heads[email_hash(address) & (table->head_count - 1)];
	while (*head && *head != row_plus_1)
		head = &table->rows[*head - 1].email_next;
	if (*head)
		*head = table->rows[row_plus_1 - 1].email_next;
}

static void index_grow(OrgTable *table)
{
	if (table->count < table->head_count)
		return;
	while (table->head_count <= table->cap)
		table->head_count *= 2;
	free(table->heads);
	table->heads = xcalloc(table->head_count, sizeof(uint32_t));
	for (size_t i = 0; i < table->count; i++) {
		Str address = row_text(&table->rows[i], table->email->number);
		if (address.len)
			index_add(table, (uint32_t)i + 1, address);
	}
}

void table_set(OrgTable *table, size_t row, const FieldChange *changes, size_t count)
{
	OrgRow *r = &table->rows[row];
	bool has_texts = false, has_email = false;
	for (size_t i = 0; i < count; i++) {
		const FieldDef *def = &changes[i].field->def;
		if (def->store == STORE_FLAG)
			r->flags = (r->flags & ~(1U << def->slot))
				| ((uint32_t)changes[i].truth << def->slot);
		else if (def->store == STORE_OWNER)
			r->owner = (uint8_t)(changes[i].row - 1);
		else if (def->store == STORE_PARENT)
			r->parent = changes[i].row;
		else if (def->store == STORE_TEXT)
			has_texts = true;
		has_email = has_email || changes[i].field == table->email;
	}
	if (!has_texts)
		return;
	Str before = has_email ? row_text(r, table->email->number) : STR_NONE;
	if (before.len)
		index_remove(table, (uint32_t)row + 1, before);
	repack(table, r, changes, count);
	Str after = has_email ? row_text(r, table->email->number) : STR_NONE;
	if (!after.len)
		return;
	index_add(table, (uint32_t)row + 1, after);
	index_grow(table);
}

/* ---- finding ---- */

OrgId data_id(const OrgData *data, OrgKind kind, size_t row)
{
	const OrgTable *table = &data->tables[kind];
	return org_id_make(
		str_from(table->def->prefix), (Str){ data->instance, 3 }, table->serial_base + row);
}

bool data_find(const OrgData *data, OrgKind kind, const OrgId *id, size_t *out_row)
{
	const OrgTable *table = &data->tables[kind];
	if (memcmp(id->text, table->def->prefix, 3) != 0
		|| memcmp(id->text + 3, data->instance, 3) != 0)
		return false;
	uint64_t serial = org_id_serial(id);
	if (serial < table->serial_base || serial - table->serial_base >= table->count)
		return false;
	*out_row = (size_t)(serial - table->serial_base);
	return true;
}

OrgTable *data_table_of_id(OrgData *data, const OrgId *id)
{
	for (size_t k = 0; k < ORG_KINDS; k++)
		if (memcmp(id->text, data->tables[k].def->prefix, 3) == 0)
			return &data->tables[k];
	return NULL;
}

static uint32_t email_match(const OrgTable *table, uint32_t row_plus_1, Str address)
{
	while (row_plus_1) {
		const OrgRow *row = &table->rows[row_plus_1 - 1];
		if (str_eq_nocase(row_text(row, table->email->number), address))
			return row_plus_1;
		row_plus_1 = row->email_next;
	}
	return 0;
}

uint32_t table_first_by_email(const OrgTable *table, Str address)
{
	if (!table->email || !address.len)
		return 0;
	return email_match(
		table, table->heads[email_hash(address) & (table->head_count - 1)], address);
}

uint32_t table_next_by_email(const OrgTable *table, uint32_t row_plus_1, Str address)
{
	return email_match(table, table->rows[row_plus_1 - 1].email_next, address);
}
