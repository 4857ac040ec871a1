#include "base/base.h"

#include "store/mem/mem.h"

int mem_ref_cmp(const RecordRef *a, const RecordRef *b)
{
	if (a->org != b->org)
		return a->org < b->org ? -1 : 1;
	return sfid_cmp(&a->sfid, &b->sfid);
}

static size_t record_place(const Mem *mem, const RecordRef *ref)
{
	size_t low = 0, high = mem->now.records.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const MemRecord *at = mem_at(&mem->now.records, middle);
		if (mem_ref_cmp(&at->ref, ref) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

MemRecord *mem_record(const Mem *mem, const RecordRef *ref)
{
	size_t place = record_place(mem, ref);
	if (place == mem->now.records.count)
		return NULL;
	MemRecord *at = mem_at(&mem->now.records, place);
	return mem_ref_cmp(&at->ref, ref) == 0 ? at : NULL;
}

MemRecord *mem_record_put(Mem *mem, const RecordRef *ref)
{
	MemRecord *known = mem_record(mem, ref);
	const MemRecord record = { .ref = *ref };
	return known ? known : mem_insert(&mem->now.records, record_place(mem, ref), &record);
}

bool mem_link_stands(const Mem *mem, const MemLink *link)
{
	return !mem_record(mem, &link->ref)->deleted;
}

static int link_cmp(const MemLink *link, const RecordRef *ref, int64_t person_id)
{
	int order = mem_ref_cmp(&link->ref, ref);
	if (order != 0)
		return order;
	return (link->person_id > person_id) - (link->person_id < person_id);
}

static size_t link_place(const Mem *mem, const RecordRef *ref, int64_t person_id)
{
	size_t low = 0, high = mem->now.links.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (link_cmp(mem_at(&mem->now.links, middle), ref, person_id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool mem_is_linked(const Mem *mem, const RecordRef *ref, int64_t person_id)
{
	size_t place = link_place(mem, ref, person_id);
	return place < mem->now.links.count
		&& link_cmp(mem_at(&mem->now.links, place), ref, person_id) == 0;
}

bool mem_link_put(Mem *mem, const RecordRef *ref, int64_t person_id, LinkedBy by, bool *out_revived)
{
	MemRecord *record = mem_record_put(mem, ref);
	*out_revived = record->deleted;
	record->deleted = false;
	size_t place = link_place(mem, ref, person_id);
	MemLink *link = place < mem->now.links.count ? mem_at(&mem->now.links, place) : NULL;
	if (link && link_cmp(link, ref, person_id) == 0) {
		if (by == LINKED_BY_ID)
			link->by = by;
		return *out_revived;
	}
	const MemLink new_link = { .ref = *ref, .person_id = person_id, .by = by };
	mem_insert(&mem->now.links, place, &new_link);
	return true;
}

static bool note_link(Mem *mem, int64_t person_id, EventKind kind, const Details *details,
	int64_t now_ms, Err *err)
{
	int64_t event_id;
	const MemNewEvent event = {
		.person_id = person_id,
		.kind = kind,
		.text = { .details = details_str(details) },
		.now_ms = now_ms,
	};
	return mem_event_add(mem, &event, &event_id, err);
}

bool mem_revive_others(
	Mem *mem, const RecordRef *ref, int64_t except, int64_t now_ms, size_t *pushes, Err *err)
{
	Details details;
	details_relinked(&details, &ref->sfid);
	for (size_t i = 0; i < mem->now.links.count; i++) {
		const MemLink *link = mem_at(&mem->now.links, i);
		if (mem_ref_cmp(&link->ref, ref) != 0 || link->person_id == except)
			continue;
		if (!note_link(mem, link->person_id, EVENT_LINKED, &details, now_ms, err))
			return false;
		if (rules_may_push(&mem_person(mem, link->person_id)->standing))
			mem_push(mem, ref, link->person_id, now_ms, pushes);
	}
	return true;
}

bool mem_op_link(Ledger *ledger, const LinkWish *wish, bool *out_is_new, Err *err)
{
	Mem *mem = mem_for_write(ledger);
	const RecordRef *ref = &wish->record;
	if (!mem_org_check(mem, ref->org, err) || !mem_person_use(mem, wish->person_id, err))
		return false;
	bool is_revived;
	bool is_new = mem_link_put(mem, ref, wish->person_id, wish->by, &is_revived);
	if (is_new) {
		Details details;
		size_t pushes = 0;
		details_linked(&details, ref, 1, wish->by);
		if (!note_link(mem, wish->person_id, EVENT_LINKED, &details, wish->now_ms, err))
			return false;
		if (!wish->is_ticked && rules_may_push(&mem_person(mem, wish->person_id)->standing))
			mem_push(mem, ref, wish->person_id, wish->now_ms, &pushes);
		if (is_revived
			&& !mem_revive_others(
				mem, ref, wish->person_id, wish->now_ms, &pushes, err))
			return false;
	}
	*out_is_new = is_new;
	return true;
}

bool mem_unlink(Mem *mem, const RecordRef *ref, int64_t now_ms, Err *err)
{
	MemRecord *record = mem_record(mem, ref);
	if (!record || record->deleted)
		return true;
	record->deleted = true;
	Details details;
	details_unlinked(&details, &ref->sfid);
	for (size_t i = 0; i < mem->now.links.count; i++) {
		const MemLink *link = mem_at(&mem->now.links, i);
		if (mem_ref_cmp(&link->ref, ref) == 0
			&& !note_link(mem, link->person_id, EVENT_UNLINKED, &details, now_ms, err))
			return false;
	}
	for (size_t i = 0; i < mem->now.outbox.count; i++) {
		MemOutbox *row = mem_at(&mem->now.outbox, i);
		if (mem_ref_cmp(&row->ref, ref) != 0 || !outbox_is_claimable(row->state))
			continue;
		row->state = OUTBOX_CANCELLED;
	}
	return mem_removals_settle(mem, ref, now_ms, err);
}

bool mem_op_record_deleted(Ledger *ledger, const RecordRef *ref, int64_t now_ms, Err *err)
{
	return mem_unlink(mem_for_write(ledger), ref, now_ms, err);
}

bool mem_op_record_seen(
	Ledger *ledger, const RecordRef *ref, TickState seen, int64_t read_at_ms, Err *err)
{
	(void)err;
	MemRecord *record = mem_record(mem_for_write(ledger), ref);
	if (record && record->seen_at_ms <= read_at_ms) {
		record->seen = seen;
		record->seen_at_ms = read_at_ms;
	}
	return true;
}
