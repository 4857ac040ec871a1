#include "base/base.h"

#include "sync/diff.h"

#include "sync/diff_parts.h"

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

/* --------------------------------------------------- for all three steps */

bool diff_uses_addresses(const Diff *diff)
{
	return diff->in->match_by_address || diff->in->adopt_unknown;
}

static bool stop_person(Diff *diff, int64_t person_id, Err *err)
{
	const Cause self = { .reason = PLAN_UNSUBSCRIBED_PERSON, .person_id = person_id };
	return components_stop(diff->components, person_id, &self, true, err);
}

bool diff_stop_by_record(Diff *diff, int64_t person_id, const RunRecord *record, Err *err)
{
	const Cause cause = { .reason = PLAN_TICKED_RECORD, .sfid = record_sfid(record) };
	return components_stop(diff->components, person_id, &cause, false, err);
}

bool diff_tie(Diff *diff, Tie a, Tie b, Err *err)
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

bool diff_is_live(RecordRole role)
{
	return role == RECORD_CLEAR || role == RECORD_TICKED;
}

bool diff_set_aside(Diff *diff, const SpoolRow *row, Err *err)
{
	bool needs_nothing = row->link_to == 0
		&& merge_ticks(&row->record, diff->in->fields, true) == 0;
	return needs_nothing || diff_spool_put(&diff->spool, row, err);
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
		.fields = diff->in->fields & ~record_ticked(&row->record),
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

/* One pass over the records that somebody heeds: those that this run ticks stop him too. */
static bool heed_once(Diff *diff, bool *out_changed, Err *err)
{
	*out_changed = false;
	if (!diff_spool_rewind(&diff->spool, err))
		return false;
	for (;;) {
		SpoolRow row;
		bool is_end;
		Cause cause = { 0 }, known;
		if (!diff_spool_next(&diff->spool, &row, &is_end, err))
			return false;
		if (is_end)
			return true;
		if (row.heeded_by == 0
			|| components_is_stopped(diff->components, row.heeded_by, &known)
			|| !find_cause(
				diff, &row, merge_role(&row.record, diff->in->fields), &cause))
			continue;
		*out_changed = true;
		if (!components_stop(diff->components, row.heeded_by, &cause, false, err))
			return false;
	}
}

/* To the end: each newly stopped one may have records that others heed. */
static bool heed_all(Diff *diff, Err *err)
{
	bool has_changed = !diff->in->match_by_address && diff->in->adopt_unknown;
	while (has_changed)
		if (!heed_once(diff, &has_changed, err))
			return false;
	return true;
}

static bool put_plan(Diff *diff, Err *err)
{
	if (!heed_all(diff, err) || !diff_spool_rewind(&diff->spool, err)
		|| !put_unsubscribes(diff, err))
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
	if (!diff_merge_by_id(&diff, err) || !diff_merge_by_address(&diff, err)
		|| !put_plan(&diff, err))
		return false;
	*out = diff.figures;
	return true;
}
