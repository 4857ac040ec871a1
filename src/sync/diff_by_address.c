#include "base/base.h"

#include "sync/diff_parts.h"

/* The people of one address, while its records pass. */
typedef struct AddressGroup {
	AddressHash hash;
	bool has_person;
	DiffPerson person;
	/* With no such person: stands for the one that would be adopted. A person linked to the
	 * first record of the address, or a negative number. 0: no record yet. */
	int64_t stand_in;
	bool stand_in_unsubscribed;
} AddressGroup;

static bool next_person(Diff *diff, Err *err)
{
	DiffPerson next;
	bool is_first = diff->figures.people_read == 0;
	if (!diff->in->people->next(diff->in->people, &next, &diff->person_end, err))
		return false;
	if (diff->person_end)
		return true;
	if ((!is_first && address_hash_cmp(&diff->person.hash, &next.hash) >= 0)
		|| next.person_id <= 0)
		return ERR(err, ERR_FATAL, "people out of order at person %lld",
			(long long)next.person_id);
	diff->person = next;
	diff->figures.people_read++;
	return true;
}

/* One record with all that is known of its persons. */
typedef struct Joined {
	RunRecord record;
	Tie first;            /* linked by ID; person 0: none */
	int64_t unsubscribed; /* one of the linked, 0: none */
	bool has_owner;       /* the person of its address is among the linked */
} Joined;

static bool group_open(Diff *diff, const AddressHash *hash, AddressGroup *out, Err *err)
{
	*out = (AddressGroup){ .hash = *hash };
	while (!diff->person_end && address_hash_cmp(&diff->person.hash, hash) < 0)
		if (!next_person(diff, err))
			return false;
	if (!diff->person_end && address_hash_cmp(&diff->person.hash, hash) == 0) {
		out->has_person = true;
		out->person = diff->person;
	}
	return true;
}

/* Who the record's address belongs to, as a tie: the person, or the stand-in for the one to be
 * adopted. */
static Tie group_owner(Diff *diff, AddressGroup *group, const Joined *joined, RecordRole role)
{
	if (group->has_person)
		return (Tie){ group->person.person_id, group->person.is_unsubscribed };
	if (!diff->in->adopt_unknown)
		return (Tie){ 0 };
	if (group->stand_in == 0) {
		bool use_linked = diff_is_live(role) && joined->first.person_id;
		group->stand_in = use_linked ? joined->first.person_id : -++diff->adopted_count;
		group->stand_in_unsubscribed = use_linked && joined->first.is_unsubscribed;
	}
	return (Tie){ group->stand_in, group->stand_in_unsubscribed };
}

/* A ticked record stops its persons; no memory is needed when the only one is stopped already. */
static bool stop_joined(Diff *diff, const Joined *joined, Tie owner, Err *err)
{
	Tie one = joined->first.person_id ? joined->first : owner;
	if (one.person_id == 0 || one.is_unsubscribed)
		return true;
	return diff_stop_by_record(diff, one.person_id, &joined->record, err);
}

/* Matching by address: the owner of the address belongs to the record like a linked person. */
static bool join_matched(Diff *diff, AddressGroup *group, const Joined *joined, Err *err)
{
	RecordRole role = merge_role(&joined->record, diff->in->fields);
	Tie owner = group_owner(diff, group, joined, role);
	if (diff_is_live(role) && joined->first.person_id && owner.person_id
		&& !diff_tie(diff, joined->first, owner, err))
		return false;
	if (role == RECORD_TICKED && !stop_joined(diff, joined, owner, err))
		return false;
	/* A blind record passes nothing on: of its persons only the owner of its address counts. */
	bool has_first = diff_is_live(role) && joined->first.person_id;
	SpoolRow row = { .record = joined->record,
		.person_id = has_first ? joined->first.person_id : owner.person_id,
		.unsubscribed = has_first ? joined->unsubscribed : 0 };
	if (owner.is_unsubscribed && row.unsubscribed == 0)
		row.unsubscribed = owner.person_id;
	if (group->has_person && !joined->has_owner)
		row.link_to = group->person.person_id;
	else if (!group->has_person && owner.person_id)
		row.link_to = SPOOL_LINK_ADOPTED;
	return diff_set_aside(diff, &row, err);
}

/* Not matching by address: only links by ID tie. An unknown address is still adopted with its own
 * record, so that nobody mails it; nor may anybody mail a known one whose record is ticked, or will
 * be: its person heeds the record, without a link and without twins being ticked (product.md: a
 * stop beats a go, on every path; the setting is about looking up twins). */
static bool join_unmatched(Diff *diff, const AddressGroup *group, const Joined *joined, Err *err)
{
	RecordRole role = merge_role(&joined->record, diff->in->fields);
	if (!diff_is_live(role))
		return true;
	SpoolRow row = { .record = joined->record,
		.person_id = joined->first.person_id,
		.unsubscribed = joined->unsubscribed };
	if (!group->has_person && diff->in->adopt_unknown)
		row.link_to = SPOOL_LINK_ADOPTED;
	bool is_heeded = group->has_person && diff->in->adopt_unknown && !joined->has_owner
		&& !group->person.is_unsubscribed;
	if (is_heeded && role == RECORD_TICKED
		&& !diff_stop_by_record(diff, group->person.person_id, &joined->record, err))
		return false;
	if (is_heeded)
		row.heeded_by = group->person.person_id;
	return diff_set_aside(diff, &row, err);
}

static bool join(Diff *diff, AddressGroup *group, const Joined *joined, Err *err)
{
	return diff->in->match_by_address ? join_matched(diff, group, joined, err)
					  : join_unmatched(diff, group, joined, err);
}

static void joined_add(Joined *joined, const AddressGroup *group, const JoinRow *row)
{
	if (joined->first.person_id == 0)
		joined->first = (Tie){ row->person_id, row->is_unsubscribed };
	if (row->is_unsubscribed)
		joined->unsubscribed = row->person_id;
	if (group->has_person && row->person_id == group->person.person_id)
		joined->has_owner = true;
}

bool diff_merge_by_address(Diff *diff, Err *err)
{
	JoinRow row;
	bool is_end;
	if (!run_sorter_finish(diff->sorter, err) || !next_person(diff, err)
		|| !run_sorter_next(diff->sorter, &row, &is_end, err))
		return false;
	AddressGroup group;
	for (bool is_first = true; !is_end; is_first = false) {
		bool is_new_group = is_first
			|| address_hash_cmp(&group.hash, &row.record.hash) != 0;
		if (is_new_group && !group_open(diff, &row.record.hash, &group, err))
			return false;
		Joined joined = { .record = row.record };
		do {
			joined_add(&joined, &group, &row);
			if (!run_sorter_next(diff->sorter, &row, &is_end, err))
				return false;
		} while (!is_end && record_cmp_id(&joined.record, &row.record) == 0);
		if (!join(diff, &group, &joined, err))
			return false;
	}
	while (!diff->person_end)
		if (!next_person(diff, err))
			return false;
	return true;
}
