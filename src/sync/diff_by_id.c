#include "base/base.h"

#include "sync/diff_parts.h"

static bool next_link(Diff *diff, Err *err)
{
	DiffLink next;
	bool is_first = diff->figures.links_read == 0;
	if (!diff->in->links->next(diff->in->links, &next, &diff->link_end, err))
		return false;
	if (diff->link_end)
		return true;
	int order = is_first ? -1 : sfid_cmp(&diff->link.sfid, &next.sfid);
	if (order > 0 || (order == 0 && diff->link.person_id >= next.person_id)
		|| next.person_id <= 0)
		return ERR(err, ERR_FATAL, "links out of order at record %s, person %lld",
			next.sfid.text, (long long)next.person_id);
	diff->link = next;
	diff->figures.links_read++;
	return true;
}

/* A record that comes twice, because pages may overlap: what either says is known. A field that one
 * of them has ticked and the other not is ticked: merge_ticks looks at ticks first. */
static void fold(RunRecord *record, const RunRecord *again)
{
	uint8_t flags = (uint8_t)(record->flags | again->flags);
	if (!(record->flags & RECORD_HAS_ADDRESS))
		*record = *again;
	record->flags = flags;
}

/* Reads up to the next record with another ID. *ahead holds it afterwards. */
static bool next_record(Diff *diff, RunRecord *ahead, bool *ahead_end, RunRecord *out, Err *err)
{
	*out = *ahead;
	for (;;) {
		RunRecord next;
		if (!diff->in->records->next(diff->in->records, &next, ahead_end, err))
			return false;
		if (*ahead_end)
			return true;
		int order = record_cmp_id(out, &next);
		if (order > 0)
			return ERR(err, ERR_FATAL, "records out of order at %.18s", next.sfid);
		*ahead = next;
		if (order < 0)
			return true;
		fold(out, &next);
	}
}

typedef struct Linked {
	Tie first;            /* person 0: no link */
	int64_t unsubscribed; /* one of the linked, 0: none */
} Linked;

static bool add_join_row(Diff *diff, const RunRecord *record, Tie person, Err *err)
{
	const JoinRow row = { .record = *record,
		.person_id = person.person_id,
		.is_unsubscribed = person.is_unsubscribed };
	return run_sorter_add(diff->sorter, &row, err);
}

/* Takes the links of this record, and passes over those of records that were not read. */
static bool take_links(Diff *diff, const RunRecord *record, RecordRole role, Linked *out, Err *err)
{
	bool joins = role != RECORD_OUT && record->flags & RECORD_HAS_ADDRESS
		&& diff_uses_addresses(diff);
	*out = (Linked){ 0 };
	while (!diff->link_end) {
		int order = memcmp(diff->link.sfid.text, record->sfid, SFID_LEN);
		if (order > 0)
			break;
		Tie person = { diff->link.person_id, diff->link.is_unsubscribed };
		diff->figures.missing += order < 0;
		if (order == 0) {
			if (joins && !add_join_row(diff, record, person, err))
				return false;
			if (out->first.person_id == 0)
				out->first = person;
			else if (diff_is_live(role) && !diff_tie(diff, out->first, person, err))
				return false;
			if (person.is_unsubscribed)
				out->unsubscribed = person.person_id;
		}
		if (!next_link(diff, err))
			return false;
	}
	if (joins && out->first.person_id == 0)
		return add_join_row(diff, record, out->first, err);
	return true;
}

static bool take_record(Diff *diff, const RunRecord *record, Err *err)
{
	assert(record->object <= SF_ACCOUNT);
	diff->figures.records_read[record->object]++;
	RecordRole role = merge_role(record, diff->in->fields);
	diff->figures.blind += role == RECORD_BLIND;
	Linked linked;
	if (!take_links(diff, record, role, &linked, err))
		return false;
	if (role == RECORD_TICKED && linked.first.person_id && !linked.unsubscribed
		&& !diff_stop_by_record(diff, linked.first.person_id, record, err))
		return false;
	bool comes_again = record->flags & RECORD_HAS_ADDRESS && diff_uses_addresses(diff);
	if (comes_again || !diff_is_live(role) || linked.first.person_id == 0)
		return true;
	const SpoolRow row = { .record = *record,
		.person_id = linked.first.person_id,
		.unsubscribed = linked.unsubscribed };
	return diff_set_aside(diff, &row, err);
}

bool diff_merge_by_id(Diff *diff, Err *err)
{
	RunRecord ahead;
	bool is_end = false;
	if (!next_link(diff, err)
		|| !diff->in->records->next(diff->in->records, &ahead, &is_end, err))
		return false;
	while (!is_end) {
		RunRecord record;
		if (!next_record(diff, &ahead, &is_end, &record, err)
			|| !take_record(diff, &record, err))
			return false;
	}
	while (!diff->link_end) {
		diff->figures.missing++;
		if (!next_link(diff, err))
			return false;
	}
	return true;
}
