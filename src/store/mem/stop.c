#include "base/base.h"

#include "base/planted.h"
#include "store/mem/mem.h"

/* ------------------------------------------------------------------ stop */

static bool find_person(Mem *mem, const StopWish *wish, StopOutcome *out, Err *err)
{
	if (wish->person_id) {
		out->person_id = wish->person_id;
		return mem_person_use(mem, wish->person_id, err);
	}
	AddressHash hash = vault_address_hash(&mem->vault, &wish->address);
	out->person_id = mem_find_hash(mem, &hash);
	if (out->person_id)
		return mem_person_use(mem, out->person_id, err);
	out->is_new_person = true;
	out->person_id = mem_person_add(mem, &wish->address, &hash, STR(""), STR(""), wish->now_ms);
	Details details;
	details_added(&details, NULL, 0);
	int64_t event_id;
	const MemNewEvent added = {
		.person_id = out->person_id,
		.kind = EVENT_ADDED,
		.source = wish->source,
		.text = { .details = details_str(&details), .actor = wish->actor },
		.now_ms = wish->now_ms,
	};
	return mem_event_add(mem, &added, &event_id, err);
}

/* The entry that an equal wish is counted on; 0: none. */
static bool find_repeat(
	Mem *mem, const MemNewEvent *wish, Arena *arena, int64_t *out_event_id, Err *err)
{
	size_t looked = 0;
	*out_event_id = 0;
	for (int64_t id = (int64_t)mem->now.events.count; id > 0 && looked < REPEAT_LOOK_MAX;
		id--) {
		const MemEvent *event = mem_by_id(&mem->now.events, id);
		if (event->person_id != wish->person_id)
			continue;
		looked++;
		RepeatLook look = rules_repeat_look(event->kind, event->at_ms, wish->now_ms);
		if (look == REPEAT_END)
			break;
		if (look == REPEAT_SKIP)
			continue;
		HistoryEntry entry;
		if (!mem_entry(mem, id, arena, &entry, err))
			return false;
		const EventText text = {
			.details = entry.details,
			.actor = entry.actor,
			.reason = entry.reason,
			.source_name = entry.source_name,
		};
		if (rules_repeat_equal(entry.source, &text, wish->source, &wish->text)) {
			*out_event_id = id;
			break;
		}
	}
	return true;
}

static bool note_stop(Mem *mem, const MemNewEvent *event, StopOutcome *out, Err *err)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(1024 * 1024);
	int64_t equal_id = 0;
	if (event->kind == EVENT_STOP_REPEATED && !find_repeat(mem, event, &arena, &equal_id, err))
		return false;
	if (!equal_id)
		return mem_event_add(mem, event, &out->event_id, err);
	((MemEvent *)mem_by_id(&mem->now.events, equal_id))->repeat_count++;
	out->event_id = equal_id;
	out->is_counted = true;
	return true;
}

static void push_records(Mem *mem, const StopWish *wish, StopOutcome *out)
{
	if (PLANTED(UNION_WITHOUT_OTHERS) && wish->source == SOURCE_SALESFORCE_SYNC)
		return;
	for (size_t i = 0; i < mem->now.links.count; i++) {
		const MemLink *link = mem_at(&mem->now.links, i);
		if (link->person_id == out->person_id && mem_link_stands(mem, link)
			&& mem_ref_cmp(&link->ref, &wish->cause) != 0)
			mem_push(mem, &link->ref, out->person_id, wish->now_ms, &out->pushes);
	}
}

static void set_stop(Mem *mem, const StopWish *wish, int64_t person_id)
{
	MemPerson *person = mem_person(mem, person_id);
	person->standing.unsubscribed_at_ms = wish->now_ms;
	person->source = wish->source;
	person->reason = person->wrapped_key.len ? mem_str(mem, wish->reason) : STR("");
}

bool mem_op_stop(Ledger *ledger, const StopWish *wish, StopOutcome *out, Err *err)
{
	Mem *mem = mem_for_write(ledger);
	StopOutcome outcome = { 0 };
	if (!rules_check_stop(wish, err) || !find_person(mem, wish, &outcome, err))
		return false;
	StopRule rule = rules_stop(&mem_person(mem, outcome.person_id)->standing, wish->read_at_ms);
	outcome.is_stale = rule == STOP_STALE;
	outcome.is_new_stop = rule == STOP_NEW;
	if (!outcome.is_stale) {
		if (outcome.is_new_stop)
			set_stop(mem, wish, outcome.person_id);
		Details details;
		details_stop(&details, wish);
		const MemNewEvent event = {
			.person_id = outcome.person_id,
			.kind = outcome.is_new_stop ? EVENT_UNSUBSCRIBED : EVENT_STOP_REPEATED,
			.source = wish->source,
			.text = { .details = details_str(&details),
				.actor = wish->actor,
				.reason = wish->reason,
				.evidence = wish->evidence,
				.source_name = wish->source_name },
			.now_ms = wish->now_ms,
		};
		if (!note_stop(mem, &event, &outcome, err))
			return false;
		MemPerson *person = mem_person(mem, outcome.person_id);
		person->standing.removal_asked_at_ms = 0;
		person->removal_event_id = 0;
		push_records(mem, wish, &outcome);
	}
	*out = outcome;
	return true;
}

/* ---------------------------------------------------------------- removal */

static bool add_removal_event(
	Mem *mem, const RemoveWish *wish, bool is_waiting, int64_t *out_event_id, Err *err)
{
	Details details;
	details_removed(&details, is_waiting);
	const MemNewEvent event = {
		.person_id = wish->person_id,
		.kind = is_waiting ? EVENT_REMOVAL_WAITING : EVENT_REMOVED,
		.source = SOURCE_MANUAL,
		.text = { .details = details_str(&details),
			.actor = wish->actor,
			.reason = wish->reason },
		.now_ms = wish->now_ms,
	};
	return mem_event_add(mem, &event, out_event_id, err);
}

static void lift(Mem *mem, int64_t person_id, int64_t now_ms)
{
	MemPerson *person = mem_person(mem, person_id);
	person->standing = (Standing){ .removed_at_ms = now_ms };
	person->source = SOURCE_NONE;
	person->reason = STR("");
	person->removal_event_id = 0;
}

int64_t mem_stop_count(const Mem *mem, int64_t person_id)
{
	int64_t count = 0;
	for (size_t i = 0; i < mem->now.events.count; i++) {
		const MemEvent *event = mem_at(&mem->now.events, i);
		if (event->person_id == person_id
			&& (event->kind == EVENT_UNSUBSCRIBED
				|| event->kind == EVENT_STOP_REPEATED))
			count += 1 + event->repeat_count;
	}
	return count;
}

static bool has_later_stop(const Mem *mem, const RemoveWish *wish)
{
	if (wish->seen_stop_count > 0
		&& mem_stop_count(mem, wish->person_id) > wish->seen_stop_count)
		return true;
	for (int64_t id = MAX_OF(wish->seen_event_id, (int64_t)0) + 1;
		id <= (int64_t)mem->now.events.count; id++) {
		const MemEvent *event = mem_by_id(&mem->now.events, id);
		if (event->person_id == wish->person_id
			&& (event->kind == EVENT_UNSUBSCRIBED
				|| event->kind == EVENT_STOP_REPEATED))
			return true;
	}
	return false;
}

static bool check_remove(Mem *mem, const RemoveWish *wish, Err *err)
{
	if (!rules_check_remove(wish, err) || !mem_person_use(mem, wish->person_id, err))
		return false;
	if (!mem_person(mem, wish->person_id)->standing.unsubscribed_at_ms)
		return ERR(err, ERR_MISSING, "person %lld is not unsubscribed",
			(long long)wish->person_id);
	return !has_later_stop(mem, wish)
		|| ERR(err, ERR_CONFLICT,
			"a later unsubscribe has come in; read the history again before removing");
}

/* What is asked for is in the history already: by whom and why. *out_event_id 0: it waits on. */
static bool settle_removal(
	Mem *mem, int64_t person_id, int64_t now_ms, int64_t *out_event_id, Err *err)
{
	bool is_waiting = mem_removal_due(mem, person_id) > now_ms;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(64 * 1024);
	HistoryEntry asked;
	*out_event_id = 0;
	mem_take_back(mem, person_id);
	if (is_waiting)
		return true;
	if (!mem_entry(mem, mem_person(mem, person_id)->removal_event_id, &arena, &asked, err))
		return false;
	const RemoveWish wish = { .person_id = person_id,
		.reason = asked.reason,
		.actor = asked.actor,
		.now_ms = now_ms };
	if (!add_removal_event(mem, &wish, false, out_event_id, err))
		return false;
	lift(mem, person_id, now_ms);
	return true;
}

bool mem_removals_settle(Mem *mem, const RecordRef *ref, int64_t now_ms, Err *err)
{
	for (int64_t person_id = 1; mem_person(mem, person_id); person_id++) {
		int64_t event_id;
		if (mem_person(mem, person_id)->standing.removal_asked_at_ms
			&& (!ref || mem_is_linked(mem, ref, person_id))
			&& !settle_removal(mem, person_id, now_ms, &event_id, err))
			return false;
	}
	return true;
}

static bool ask_again(Mem *mem, const RemoveWish *wish, RemoveOutcome *out, Err *err)
{
	int64_t waiting_id = mem_person(mem, wish->person_id)->removal_event_id, event_id;
	if (!settle_removal(mem, wish->person_id, wish->now_ms, &event_id, err))
		return false;
	*out = (RemoveOutcome){ .is_waiting = event_id == 0,
		.event_id = event_id ? event_id : waiting_id };
	return true;
}

bool mem_op_remove(Ledger *ledger, const RemoveWish *wish, RemoveOutcome *out, Err *err)
{
	Mem *mem = mem_for_write(ledger);
	if (!check_remove(mem, wish, err))
		return false;
	if (mem_person(mem, wish->person_id)->standing.removal_asked_at_ms)
		return ask_again(mem, wish, out, err);
	RemoveOutcome outcome = {
		.cancelled = mem_take_back(mem, wish->person_id),
		.is_waiting = mem_removal_due(mem, wish->person_id) > wish->now_ms,
	};
	if (!add_removal_event(mem, wish, outcome.is_waiting, &outcome.event_id, err))
		return false;
	if (outcome.is_waiting) {
		MemPerson *waiting = mem_person(mem, wish->person_id);
		waiting->standing.removal_asked_at_ms = wish->now_ms;
		waiting->removal_event_id = outcome.event_id;
	} else {
		lift(mem, wish->person_id, wish->now_ms);
	}
	*out = outcome;
	return true;
}
