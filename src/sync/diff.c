#include "base/base.h"

#include "sync/diff.h"

#include "base/alloc.h"
#include "sync/diff_spool.h"
#include "sync/merge.h"

/* A record and one person linked to it by ID (0: none): a row for each link, sorted by address. */
typedef struct JoinRow {
	RunRecord record;
	int64_t person_id;
	int64_t is_unsubscribed;
} JoinRow;

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

typedef struct Diff {
	const DiffInput *in;
	RowSink *sink;
	DiffFigures figures;
	Components *components;
	RunSorter *sorter;
	DiffSpool spool;
	int64_t adopted_count; /* negative numbers given out */
	/* one row of look-ahead for each input */
	DiffLink link;
	bool link_end;
	DiffPerson person;
	bool person_end;
	AddressHash adopted; /* hash of the last ADOPT row */
	bool has_adopted;
} Diff;

static void diff_fini(Diff *diff)
{
	components_close(&diff->components);
	run_sorter_close(&diff->sorter);
	diff_spool_fini(&diff->spool);
}

static int join_cmp(const void *a, const void *b)
{
	const JoinRow *left = a, *right = b;
	int order = address_hash_cmp(&left->record.hash, &right->record.hash);
	if (order == 0)
		order = record_cmp_id(&left->record, &right->record);
	if (order == 0)
		order = (left->person_id > right->person_id) - (left->person_id < right->person_id);
	return order;
}

/* ------------------------------------------------- inputs with look-ahead */

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

/* ------------------------------------------------------- ties and stops */

static bool stop_person(Diff *diff, int64_t person_id, Err *err)
{
	const Cause self = { .reason = PLAN_UNSUBSCRIBED_PERSON, .person_id = person_id };
	return components_stop(diff->components, person_id, &self, true, err);
}

static bool stop_by_record(Diff *diff, int64_t person_id, const RunRecord *record, Err *err)
{
	const Cause cause = { .reason = PLAN_TICKED_RECORD, .sfid = record_sfid(record) };
	return components_stop(diff->components, person_id, &cause, false, err);
}

typedef struct Tie {
	int64_t person_id;
	bool is_unsubscribed;
} Tie;

/* Two persons become one component; what is known of each goes in with it. */
static bool tie(Diff *diff, Tie a, Tie b, Err *err)
{
	/* Links and people are read one after the other: a click in between shows in one of them
	 * only. */
	if (a.person_id == b.person_id)
		return a.is_unsubscribed == b.is_unsubscribed
			|| stop_person(diff, a.person_id, err);
	return components_unite(diff->components, a.person_id, b.person_id, err)
		&& (!a.is_unsubscribed || stop_person(diff, a.person_id, err))
		&& (!b.is_unsubscribed || stop_person(diff, b.person_id, err));
}

static bool is_live(RecordRole role)
{
	return role == RECORD_CLEAR || role == RECORD_TICKED;
}

/* ------------------------------------------ 1. records against links, by ID */

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

static bool uses_addresses(const Diff *diff)
{
	return diff->in->match_by_address || diff->in->adopt_unknown;
}

/* Takes the links of this record, and passes over those of records that were not read. */
static bool take_links(Diff *diff, const RunRecord *record, RecordRole role, Linked *out, Err *err)
{
	bool joins = role != RECORD_OUT && record->flags & RECORD_HAS_ADDRESS
		&& uses_addresses(diff);
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
			else if (is_live(role) && !tie(diff, out->first, person, err))
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

/* Sets a record aside, unless no decision could give it a row. */
static bool spool(Diff *diff, const SpoolRow *row, Err *err)
{
	bool needs_nothing = row->link_to == 0
		&& merge_ticks(&row->record, diff->in->fields, true) == 0;
	return needs_nothing || diff_spool_put(&diff->spool, row, err);
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
		&& !stop_by_record(diff, linked.first.person_id, record, err))
		return false;
	bool comes_again = record->flags & RECORD_HAS_ADDRESS && uses_addresses(diff);
	if (comes_again || !is_live(role) || linked.first.person_id == 0)
		return true;
	const SpoolRow row = { .record = *record,
		.person_id = linked.first.person_id,
		.unsubscribed = linked.unsubscribed };
	return spool(diff, &row, err);
}

static bool merge_by_id(Diff *diff, Err *err)
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

/* ------------------------------------- 2. records against people, by address */

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
		bool use_linked = is_live(role) && joined->first.person_id;
		group->stand_in = use_linked ? joined->first.person_id : -++diff->adopted_count;
		group->stand_in_unsubscribed = use_linked && joined->first.is_unsubscribed;
	}
	return (Tie){ group->stand_in, group->stand_in_unsubscribed };
}

/* A ticked record stops its persons, unless the only one is stopped already: that needs no memory.
 */
static bool stop_joined(Diff *diff, const Joined *joined, Tie owner, Err *err)
{
	Tie one = joined->first.person_id ? joined->first : owner;
	if (one.person_id == 0 || one.is_unsubscribed)
		return true;
	return stop_by_record(diff, one.person_id, &joined->record, err);
}

/* Matching by address: the owner of the address belongs to the record like a linked person. */
static bool join_matched(Diff *diff, AddressGroup *group, const Joined *joined, Err *err)
{
	RecordRole role = merge_role(&joined->record, diff->in->fields);
	Tie owner = group_owner(diff, group, joined, role);
	if (is_live(role) && joined->first.person_id && owner.person_id
		&& !tie(diff, joined->first, owner, err))
		return false;
	if (role == RECORD_TICKED && !stop_joined(diff, joined, owner, err))
		return false;
	/* A blind record passes nothing on: of its persons only the owner of its address counts. */
	bool has_first = is_live(role) && joined->first.person_id;
	SpoolRow row = { .record = joined->record,
		.person_id = has_first ? joined->first.person_id : owner.person_id,
		.unsubscribed = has_first ? joined->unsubscribed : 0 };
	if (owner.is_unsubscribed && row.unsubscribed == 0)
		row.unsubscribed = owner.person_id;
	if (group->has_person && !joined->has_owner)
		row.link_to = group->person.person_id;
	else if (!group->has_person && owner.person_id)
		row.link_to = SPOOL_LINK_ADOPTED;
	return spool(diff, &row, err);
}

/* Not matching by address: only links by ID tie; an unknown address is still adopted with its own
 * record. */
static bool join_unmatched(Diff *diff, const AddressGroup *group, const Joined *joined, Err *err)
{
	RecordRole role = merge_role(&joined->record, diff->in->fields);
	if (!is_live(role))
		return true;
	SpoolRow row = { .record = joined->record,
		.person_id = joined->first.person_id,
		.unsubscribed = joined->unsubscribed };
	if (!group->has_person && diff->in->adopt_unknown)
		row.link_to = SPOOL_LINK_ADOPTED;
	return spool(diff, &row, err);
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

static bool merge_by_address(Diff *diff, Err *err)
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

/* ---------------------------------------------------------- 3. the plan */

static bool put_unsubscribes(Diff *diff, Err *err)
{
	size_t at = 0;
	int64_t person_id;
	Cause cause;
	while (components_next_new(diff->components, &at, &person_id, &cause)) {
		const PlanRow row = { .kind = PLAN_UNSUBSCRIBE,
			.reason = cause.reason,
			.person_id = person_id,
			.cause_sfid = cause.sfid,
			.cause_person = cause.person_id,
			.read_at_ms = diff->in->read_at_ms };
		if (!diff->sink->put(diff->sink, &row, err))
			return false;
	}
	return true;
}

/* Why this record's component is stopped; false when it is not. The nearest reason first. */
static bool find_cause(const Diff *diff, const SpoolRow *row, RecordRole role, Cause *out)
{
	if (role == RECORD_TICKED) {
		*out = (Cause){ .reason = PLAN_TICKED_RECORD, .sfid = record_sfid(&row->record) };
		return true;
	}
	if (row->unsubscribed) {
		*out = (Cause){ .reason = PLAN_UNSUBSCRIBED_PERSON,
			.person_id = row->unsubscribed };
		return true;
	}
	return row->person_id && components_is_stopped(diff->components, row->person_id, out);
}

static PlanRow row_of(const Diff *diff, const SpoolRow *row, PlanKind kind)
{
	return (PlanRow){ .kind = kind,
		.sfid = record_sfid(&row->record),
		.object = (SfObject)row->record.object,
		.has_hash = row->record.flags & RECORD_HAS_ADDRESS,
		.hash = row->record.hash,
		.read_at_ms = diff->in->read_at_ms };
}

static bool put_adopt(Diff *diff, const SpoolRow *row, const Cause *cause, Err *err)
{
	PlanRow out = row_of(diff, row, PLAN_ADOPT);
	out.reason = cause->reason;
	out.cause_sfid = cause->sfid;
	out.cause_person = cause->person_id;
	if (!diff->in->addresses->find(diff->in->addresses, &row->record, &out.address, err))
		return false;
	diff->adopted = row->record.hash;
	diff->has_adopted = true;
	return diff->sink->put(diff->sink, &out, err);
}

static bool put_link(Diff *diff, const SpoolRow *row, int64_t person_id, Err *err)
{
	PlanRow out = row_of(diff, row, PLAN_LINK);
	out.reason = PLAN_SAME_ADDRESS;
	out.person_id = person_id;
	return diff->sink->put(diff->sink, &out, err);
}

/* An unknown address is adopted with the first of its records that is stopped; the others are
 * linked to that person. */
static bool put_adopted(Diff *diff, const SpoolRow *row, const Cause *cause, Err *err)
{
	bool is_adopted = diff->has_adopted
		&& address_hash_cmp(&diff->adopted, &row->record.hash) == 0;
	return is_adopted ? put_link(diff, row, 0, err) : put_adopt(diff, row, cause, err);
}

static bool put_tick(Diff *diff, const SpoolRow *row, unsigned fields, const Cause *cause, Err *err)
{
	PlanRow out = row_of(diff, row, PLAN_TICK);
	out.reason = cause->reason;
	out.person_id = MAX_OF(row->person_id, 0);
	out.fields = fields;
	out.cause_sfid = cause->sfid;
	out.cause_person = cause->person_id;
	return diff->sink->put(diff->sink, &out, err);
}

static bool put_record(Diff *diff, const SpoolRow *row, Err *err)
{
	RecordRole role = merge_role(&row->record, diff->in->fields);
	Cause cause = { 0 };
	bool is_stopped = find_cause(diff, row, role, &cause);
	if (row->link_to > 0 && !put_link(diff, row, row->link_to, err))
		return false;
	if (row->link_to == SPOOL_LINK_ADOPTED && is_stopped
		&& !put_adopted(diff, row, &cause, err))
		return false;
	unsigned fields = merge_ticks(&row->record, diff->in->fields, is_stopped);
	/* A record without any person here has nobody in whose name it could be ticked. */
	bool has_person = row->person_id || row->link_to;
	return fields == 0 || !has_person || put_tick(diff, row, fields, &cause, err);
}

static bool put_plan(Diff *diff, Err *err)
{
	if (!diff_spool_rewind(&diff->spool, err) || !put_unsubscribes(diff, err))
		return false;
	for (;;) {
		SpoolRow row;
		bool is_end;
		if (!diff_spool_next(&diff->spool, &row, &is_end, err))
			return false;
		if (is_end)
			return true;
		if (!put_record(diff, &row, err))
			return false;
	}
}

bool diff_plan(const DiffInput *input, RowSink *sink, DiffFigures *out, Err *err)
{
	assert(input->fields != 0 && (input->fields & ~(unsigned)FIELD_ALL) == 0);
	CLEANUP(diff_fini) Diff diff = { .in = input, .sink = sink };
	diff.components = components_open(
		input->persons_max ? input->persons_max : DIFF_PERSONS_MAX);
	diff.sorter = run_sorter_open(&(RunSorterOptions){ .record_bytes = sizeof(JoinRow),
		.compare = join_cmp,
		.memory_bytes = input->memory_bytes,
		.file = input->sort_file });
	diff_spool_init(&diff.spool, input->spool_file);
	if (!merge_by_id(&diff, err) || !merge_by_address(&diff, err) || !put_plan(&diff, err))
		return false;
	*out = diff.figures;
	return true;
}
