#include "base/base.h"

#include "store/mem/mem.h"

/* ------------------------------------------------------------------ orgs */

bool mem_op_org_put(Ledger *ledger, const SfId *org_id, int64_t now_ms, int64_t *out_org, Err *err)
{
	(void)now_ms;
	(void)err;
	Mem *mem = mem_for_write(ledger);
	for (size_t i = 0; i < mem->now.orgs.count; i++) {
		if (sfid_eq(mem_at(&mem->now.orgs, i), org_id)) {
			*out_org = (int64_t)i + 1;
			return true;
		}
	}
	*out_org = mem_add(&mem->now.orgs, org_id);
	return true;
}

bool mem_op_org_list(Ledger *ledger, OrgRow *rows, size_t max, size_t *out_count, Err *err)
{
	(void)err;
	Mem *mem = mem_of(ledger);
	size_t count = MIN_OF(max, mem->now.orgs.count);
	for (size_t i = 0; i < count; i++) {
		const SfId *org_id = mem_at(&mem->now.orgs, i);
		rows[i] = (OrgRow){ .org = (int64_t)i + 1, .org_id = *org_id };
	}
	*out_count = count;
	return true;
}

bool mem_org_check(const Mem *mem, int64_t org, Err *err)
{
	return mem_by_id(&mem->now.orgs, org)
		|| ERR(err, ERR_MISSING, "org %lld is not connected", (long long)org);
}

/* ---------------------------------------------------------------- people */

MemPerson *mem_person(const Mem *mem, int64_t person_id)
{
	return mem_by_id(&mem->now.people, person_id);
}

/* First place whose hash is not below. */
static size_t hash_place(const Mem *mem, const AddressHash *hash)
{
	size_t low = 0, high = mem->now.hashes.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const MemHash *at = mem_at(&mem->now.hashes, middle);
		if (address_hash_cmp(&at->hash, hash) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int64_t mem_find_hash(const Mem *mem, const AddressHash *hash)
{
	size_t place = hash_place(mem, hash);
	if (place == mem->now.hashes.count)
		return 0;
	const MemHash *at = mem_at(&mem->now.hashes, place);
	return address_hash_cmp(&at->hash, hash) == 0 ? at->person_id : 0;
}

int64_t mem_person_add(Mem *mem, const Address *address, const AddressHash *hash, Str first_name,
	Str last_name, int64_t now_ms)
{
	unsigned char wrapped[WRAPPED_KEY_BYTES];
	vault_person_make(&mem->vault, hash, wrapped);
	const MemPerson person = {
		.hash = *hash,
		.address = mem_str(mem, address_str(address)),
		.first_name = mem_str(mem, first_name),
		.last_name = mem_str(mem, last_name),
		.reason = STR(""),
		.wrapped_key = mem_str(mem, (Str){ (const char *)wrapped, sizeof wrapped }),
		.created_at_ms = now_ms,
	};
	const MemHash entry = { .hash = *hash, .person_id = mem_add(&mem->now.people, &person) };
	mem_insert(&mem->now.hashes, hash_place(mem, hash), &entry);
	return entry.person_id;
}

bool mem_person_use(Mem *mem, int64_t person_id, Err *err)
{
	const MemPerson *person = mem_person(mem, person_id);
	if (!person)
		return ERR(err, ERR_MISSING, "there is no person %lld", (long long)person_id);
	return vault_person_use(&mem->vault, &person->hash, person->wrapped_key, err);
}

static bool put_links(Mem *mem, const PersonPut *put, int64_t person_id, RecordRef *linked,
	PersonPutOutcome *out, Err *err)
{
	for (size_t i = 0; i < put->record_count; i++) {
		bool is_revived;
		const RecordRef *ref = &put->records[i];
		if (!mem_link_put(mem, ref, person_id, LINKED_BY_ID, &is_revived))
			continue;
		linked[out->linked++] = *ref;
		if (rules_may_push(&mem_person(mem, person_id)->standing))
			mem_push(mem, ref, person_id, put->now_ms, &out->pushes);
		if (is_revived
			&& !mem_revive_others(mem, ref, person_id, put->now_ms, &out->pushes, err))
			return false;
	}
	return true;
}

static void put_names(Mem *mem, const PersonPut *put, int64_t person_id)
{
	MemPerson *person = mem_person(mem, person_id);
	if (!person->wrapped_key.len)
		return; /* erased */
	if (put->first_name.len)
		person->first_name = mem_str(mem, put->first_name);
	if (put->last_name.len)
		person->last_name = mem_str(mem, put->last_name);
}

bool mem_op_person_put(Ledger *ledger, const PersonPut *put, PersonPutOutcome *out, Err *err)
{
	Mem *mem = mem_for_write(ledger);
	if (!rules_check_put(put, err))
		return false;
	for (size_t i = 0; i < put->record_count; i++) {
		if (!mem_org_check(mem, put->records[i].org, err))
			return false;
	}
	AddressHash hash = vault_address_hash(&mem->vault, &put->address);
	PersonPutOutcome outcome = { .person_id = mem_find_hash(mem, &hash) };
	outcome.is_new = outcome.person_id == 0;
	if (outcome.is_new)
		outcome.person_id = mem_person_add(
			mem, &put->address, &hash, put->first_name, put->last_name, put->now_ms);
	else
		put_names(mem, put, outcome.person_id);
	outcome.is_unsubscribed = mem_person(mem, outcome.person_id)->standing.unsubscribed_at_ms
		!= 0;
	RecordRef linked[LEDGER_PUT_RECORDS_MAX];
	if (!put_links(mem, put, outcome.person_id, linked, &outcome, err))
		return false;
	if (outcome.is_new || outcome.linked) {
		Details details;
		if (outcome.is_new)
			details_added(&details, linked, outcome.linked);
		else
			details_linked(&details, linked, outcome.linked, LINKED_BY_ID);
		int64_t event_id;
		const MemNewEvent event = {
			.person_id = outcome.person_id,
			.kind = outcome.is_new ? EVENT_ADDED : EVENT_LINKED,
			.source = put->source,
			.text = { .details = details_str(&details), .actor = put->actor },
			.now_ms = put->now_ms,
		};
		if (!mem_event_add(mem, &event, &event_id, err))
			return false;
	}
	*out = outcome;
	return true;
}

/* ---------------------------------------------------------------- reading */

static size_t count_records(const Mem *mem, int64_t person_id)
{
	size_t count = 0;
	for (size_t i = 0; i < mem->now.links.count; i++) {
		const MemLink *link = mem_at(&mem->now.links, i);
		count += link->person_id == person_id && mem_link_stands(mem, link);
	}
	return count;
}

static int64_t newest_event(const Mem *mem, int64_t person_id)
{
	for (size_t id = mem->now.events.count; id > 0; id--) {
		const MemEvent *event = mem_at(&mem->now.events, id - 1);
		if (event->person_id == person_id)
			return (int64_t)id;
	}
	return 0;
}

static void read_person(const Mem *mem, int64_t person_id, Arena *arena, Person *out)
{
	const MemPerson *person = mem_person(mem, person_id);
	*out = (Person){
		.person_id = person_id,
		.hash = person->hash,
		.address = arena_str(arena, person->address),
		.first_name = arena_str(arena, person->first_name),
		.last_name = arena_str(arena, person->last_name),
		.created_at_ms = person->created_at_ms,
		.unsubscribed_at_ms = person->standing.unsubscribed_at_ms,
		.source = person->source,
		.reason = arena_str(arena, person->reason),
		.removed_at_ms = person->standing.removed_at_ms,
		.removal_waiting = person->standing.removal_asked_at_ms != 0,
		.last_event_id = newest_event(mem, person_id),
		.stop_count = mem_stop_count(mem, person_id),
		.record_count = count_records(mem, person_id),
	};
}

bool mem_op_person_by_id(Ledger *ledger, int64_t person_id, Arena *arena, Person *out, Err *err)
{
	Mem *mem = mem_of(ledger);
	if (!mem_person(mem, person_id))
		return ERR(err, ERR_MISSING, "there is no person %lld", (long long)person_id);
	read_person(mem, person_id, arena, out);
	return true;
}

bool mem_op_person_by_hash(
	Ledger *ledger, const AddressHash *hash, Arena *arena, Person *out, Err *err)
{
	Mem *mem = mem_of(ledger);
	int64_t person_id = mem_find_hash(mem, hash);
	if (!person_id)
		return ERR(err, ERR_MISSING, "nobody has this address");
	read_person(mem, person_id, arena, out);
	return true;
}

static bool is_listed(const Mem *mem, PersonFilter filter, int64_t person_id)
{
	switch (filter) {
	case PERSONS_ALL:
		return true;
	case PERSONS_UNSUBSCRIBED:
		return mem_person(mem, person_id)->standing.unsubscribed_at_ms != 0;
	case PERSONS_WITHOUT_RECORD:
		return count_records(mem, person_id) == 0;
	}
	return false;
}

bool mem_op_person_list(Ledger *ledger, PersonFilter filter, int64_t after_id, Arena *arena,
	Person *rows, size_t max, size_t *out_count, Err *err)
{
	(void)err;
	Mem *mem = mem_of(ledger);
	size_t count = 0;
	for (int64_t id = MAX_OF(after_id, (int64_t)0) + 1;
		count < max && id <= (int64_t)mem->now.people.count; id++) {
		if (is_listed(mem, filter, id))
			read_person(mem, id, arena, &rows[count++]);
	}
	*out_count = count;
	return true;
}

bool mem_op_person_records(
	Ledger *ledger, int64_t person_id, Record *rows, size_t max, size_t *out_count, Err *err)
{
	(void)err;
	Mem *mem = mem_of(ledger);
	size_t count = 0;
	for (size_t i = 0; i < mem->now.links.count && count < max; i++) {
		const MemLink *link = mem_at(&mem->now.links, i);
		if (link->person_id != person_id)
			continue;
		const MemRecord *record = mem_record(mem, &link->ref);
		rows[count++] = (Record){
			.org = link->ref.org,
			.sfid = link->ref.sfid,
			.object = sfid_object(&link->ref.sfid),
			.linked_by = link->by,
			.seen = record->seen,
			.seen_at_ms = record->seen_at_ms,
			.ticked_by_us = record->ticked_by_us,
			.deleted = record->deleted,
		};
	}
	*out_count = count;
	return true;
}

/* ------------------------------------------------------------------ scans */

bool mem_op_scan_links(Ledger *ledger, int64_t org, const SfId *after_sfid, int64_t after_person,
	LinkRow *rows, size_t max, size_t *out_count, Err *err)
{
	(void)err;
	Mem *mem = mem_of(ledger);
	size_t count = 0;
	for (size_t i = 0; i < mem->now.links.count && count < max; i++) {
		const MemLink *link = mem_at(&mem->now.links, i);
		int order = sfid_cmp(&link->ref.sfid, after_sfid);
		bool is_after = order > 0 || (order == 0 && link->person_id > after_person);
		if (link->ref.org != org || !is_after || !mem_link_stands(mem, link))
			continue;
		rows[count++] = (LinkRow){
			.sfid = link->ref.sfid,
			.person_id = link->person_id,
			.is_unsubscribed =
				mem_person(mem, link->person_id)->standing.unsubscribed_at_ms != 0,
		};
	}
	*out_count = count;
	return true;
}

bool mem_op_scan_hashes(Ledger *ledger, const AddressHash *after, HashRow *rows, size_t max,
	size_t *out_count, Err *err)
{
	(void)err;
	Mem *mem = mem_of(ledger);
	size_t count = 0;
	for (size_t i = 0; i < mem->now.hashes.count && count < max; i++) {
		const MemHash *at = mem_at(&mem->now.hashes, i);
		if (after && address_hash_cmp(&at->hash, after) <= 0)
			continue;
		rows[count++] = (HashRow){
			.hash = at->hash,
			.person_id = at->person_id,
			.is_unsubscribed =
				mem_person(mem, at->person_id)->standing.unsubscribed_at_ms != 0,
		};
	}
	*out_count = count;
	return true;
}

static void count_outbox(const Mem *mem, LedgerCounts *out)
{
	for (size_t i = 0; i < mem->now.outbox.count; i++) {
		const MemOutbox *row = mem_at(&mem->now.outbox, i);
		out->outbox[row->state]++;
		if (outbox_is_open(row->state)
			&& (!out->outbox_oldest_ms || row->created_at_ms < out->outbox_oldest_ms))
			out->outbox_oldest_ms = row->created_at_ms;
	}
}

bool mem_op_counts(Ledger *ledger, LedgerCounts *out, Err *err)
{
	(void)err;
	Mem *mem = mem_of(ledger);
	*out = (LedgerCounts){ .people = (int64_t)mem->now.people.count };
	for (int64_t id = 1; id <= out->people; id++) {
		bool is_unsubscribed = mem_person(mem, id)->standing.unsubscribed_at_ms != 0;
		bool lacks_record = count_records(mem, id) == 0;
		out->unsubscribed += is_unsubscribed;
		out->without_record += lacks_record;
		out->unsubscribed_without_record += is_unsubscribed && lacks_record;
	}
	count_outbox(mem, out);
	return true;
}
