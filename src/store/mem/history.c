#include "base/base.h"

#include "store/mem/mem.h"

bool mem_event_add(Mem *mem, const MemNewEvent *event, int64_t *out_event_id, Err *err)
{
	const MemPerson *person = mem_person(mem, event->person_id);
	if (!vault_person_is(&mem->vault, &person->hash)
		&& !mem_person_use(mem, event->person_id, err))
		return false;
	int64_t event_id = (int64_t)mem->now.events.count + 1;
	unsigned partition = address_partition(&person->hash);
	ChainHead *chain = &mem->now.chains[partition];
	MemEvent row = {
		.person_id = event->person_id,
		.partition = partition,
		.at_ms = event->now_ms,
		.kind = event->kind,
		.source = event->source,
		.body = mem_str(mem,
			vault_event_seal(&mem->vault, event->person_id, event_id, &event->text)),
	};
	vault_chain_add(chain->hash,
		&(ChainLink){ .person_id = row.person_id,
			.at_ms = row.at_ms,
			.kind = row.kind,
			.source = row.source,
			.ciphertext = row.body });
	chain->length++;
	memcpy(row.head, chain->hash, HASH_BYTES);
	*out_event_id = mem_add(&mem->now.events, &row);
	return true;
}

bool mem_entry(Mem *mem, int64_t event_id, Arena *arena, HistoryEntry *out, Err *err)
{
	const MemEvent *event = mem_by_id(&mem->now.events, event_id);
	EventText text;
	if (!mem_person_use(mem, event->person_id, err)
		|| !vault_event_open(
			&mem->vault, event->person_id, event_id, event->body, arena, &text, err))
		return false;
	*out = (HistoryEntry){
		.event_id = event_id,
		.at_ms = event->at_ms,
		.kind = event->kind,
		.source = event->source,
		.details = text.details,
		.actor = text.actor,
		.reason = text.reason,
		.evidence = text.evidence,
		.source_name = text.source_name,
		.repeat_count = event->repeat_count,
	};
	return true;
}

bool mem_op_history(Ledger *ledger, int64_t person_id, int64_t before_id, Arena *arena,
	HistoryEntry *rows, size_t max, size_t *out_count, Err *err)
{
	Mem *mem = mem_of(ledger);
	if (!mem_person_use(mem, person_id, err))
		return false;
	size_t count = 0;
	int64_t newest = (int64_t)mem->now.events.count;
	for (int64_t id = before_id ? MIN_OF(before_id - 1, newest) : newest; id > 0 && count < max;
		id--) {
		const MemEvent *event = mem_by_id(&mem->now.events, id);
		if (event->person_id == person_id
			&& !mem_entry(mem, id, arena, &rows[count++], err))
			return false;
	}
	*out_count = count;
	return true;
}

bool mem_op_chain_head(Ledger *ledger, unsigned partition, ChainHead *out, Err *err)
{
	(void)err;
	assert(partition < ADDRESS_PARTITIONS);
	*out = mem_of(ledger)->now.chains[partition];
	return true;
}

bool mem_op_chain_verify(Ledger *ledger, unsigned partition, Err *err)
{
	assert(partition < ADDRESS_PARTITIONS);
	Mem *mem = mem_of(ledger);
	ChainHead at = { .partition = partition };
	for (size_t i = 0; i < mem->now.events.count; i++) {
		const MemEvent *event = mem_at(&mem->now.events, i);
		if (event->partition != partition)
			continue;
		at.length++;
		vault_chain_add(at.hash,
			&(ChainLink){ .person_id = event->person_id,
				.at_ms = event->at_ms,
				.kind = event->kind,
				.source = event->source,
				.ciphertext = event->body });
		if (memcmp(at.hash, event->head, HASH_BYTES) != 0)
			return ERR(err, ERR_FATAL, "history entry %zu does not fit the proof chain",
				i + 1);
	}
	const ChainHead *head = &mem->now.chains[partition];
	if (at.length != head->length || memcmp(at.hash, head->hash, HASH_BYTES) != 0)
		return ERR(err, ERR_FATAL, "proof chain %u does not end in its head", partition);
	return true;
}
