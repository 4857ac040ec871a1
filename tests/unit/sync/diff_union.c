/* Worlds at random from a seed. A naive reading of the rules ("repeat until nothing changes") says
 * what both sides must become; the plan, applied, must make exactly that. */
#include "base/base.h"

#include "diff_stage.h"

/* ------------------------------------------------------------ the oracle */

static bool is_live(const World *world, const WRecord *record)
{
	unsigned known = 0;
	if (record->flags & (RECORD_STANDARD_YES | RECORD_STANDARD_NO))
		known |= FIELD_STANDARD;
	if (record->flags & (RECORD_SALES_YES | RECORD_SALES_NO))
		known |= FIELD_SALES;
	return known & world->fields && !(record->flags & (RECORD_CONVERTED | RECORD_DELETED));
}

static bool is_ticked(const World *world, const WRecord *record)
{
	return (world->fields & FIELD_STANDARD && record->flags & RECORD_STANDARD_YES)
		|| (world->fields & FIELD_SALES && record->flags & RECORD_SALES_YES);
}

static int adopt(World *world, int address)
{
	assert_true(world->person_count < PEOPLE_MAX);
	world->people[world->person_count] = (WPerson){ .address = address,
		.is_unsubscribed = true };
	world->owner_of[address] = ++world->person_count;
	return world->person_count - 1;
}

static bool tick_known(const World *world, WRecord *record)
{
	unsigned before = record->flags;
	if (world->fields & FIELD_STANDARD && record->flags & RECORD_STANDARD_NO)
		record->flags ^= RECORD_STANDARD_NO | RECORD_STANDARD_YES;
	if (world->fields & FIELD_SALES && record->flags & RECORD_SALES_NO)
		record->flags ^= RECORD_SALES_NO | RECORD_SALES_YES;
	return record->flags != before;
}

/* One record once: did anything change? known[address]: somebody had it when the run began. */
static bool oracle_record(World *world, int r, const bool *known)
{
	WRecord *record = &world->records[r];
	bool changed = false, is_out = record->flags & (RECORD_CONVERTED | RECORD_DELETED);
	int owner = record->address >= 0 ? world->owner_of[record->address] : 0;
	if (world->match && owner && !is_out)
		changed |= add_link(world, r, owner - 1);
	if (!is_live(world, record))
		return changed;
	bool is_stopped = is_ticked(world, record), has_person = false;
	for (int i = 0; i < world->link_count; i++)
		if (world->links[i].record == r)
			is_stopped |= world->people[world->links[i].person].is_unsubscribed;
	if (!is_stopped)
		return changed;
	if (world->adopt && record->address >= 0 && !known[record->address]) {
		if (!owner) {
			owner = adopt(world, record->address) + 1;
			changed = true;
		}
		changed |= add_link(world, r, owner - 1);
	}
	/* Nobody mails a known address whose record is stopped either; without a link, though. */
	if (world->adopt && owner && !world->people[owner - 1].is_unsubscribed)
		changed = world->people[owner - 1].is_unsubscribed = true;
	for (int i = 0; i < world->link_count; i++) {
		if (world->links[i].record != r)
			continue;
		WPerson *person = &world->people[world->links[i].person];
		changed |= !person->is_unsubscribed;
		person->is_unsubscribed = true;
		has_person = true;
	}
	return (has_person && tick_known(world, record)) || changed;
}

static void oracle(World *world)
{
	bool known[4 * PEOPLE_MAX] = { 0 };
	for (int i = 0; i < world->person_count; i++)
		known[world->people[i].address] = true;
	bool changed = true;
	while (changed) {
		changed = false;
		for (int r = 0; r < world->record_count; r++)
			changed |= oracle_record(world, r, known);
	}
}

/* -------------------------------------------------------- applying a plan */

static void apply_tick(World *world, const PlanRow *row)
{
	WRecord *record = &world->records[find_record(world, &row->sfid)];
	assert_true(is_live(world, record));
	assert_int_not_equal(row->fields, 0);
	assert_int_equal(row->fields & ~world->fields, 0);
	if (row->fields & FIELD_STANDARD) {
		assert_true(record->flags & RECORD_STANDARD_NO);
		record->flags ^= RECORD_STANDARD_NO | RECORD_STANDARD_YES;
	}
	if (row->fields & FIELD_SALES) {
		assert_true(record->flags & RECORD_SALES_NO);
		record->flags ^= RECORD_SALES_NO | RECORD_SALES_YES;
	}
}

/* The reason names something that was stopped before the run. */
static void check_cause(const World *before, const PlanRow *row)
{
	if (row->reason == PLAN_TICKED_RECORD) {
		const WRecord *cause = &before->records[find_record(before, &row->cause_sfid)];
		assert_true(is_live(before, cause) && is_ticked(before, cause));
	} else if (row->reason == PLAN_UNSUBSCRIBED_PERSON) {
		assert_in_range(row->cause_person, 1, before->person_count);
		assert_true(before->people[row->cause_person - 1].is_unsubscribed);
	} else {
		assert_int_equal(row->reason, PLAN_SAME_ADDRESS);
		assert_int_equal(row->kind, PLAN_LINK);
	}
}

static void apply_row(World *world, const PlanRow *row)
{
	AddressHash hash;
	int r, person;
	switch (row->kind) {
	case PLAN_UNSUBSCRIBE:
		assert_in_range(row->person_id, 1, world->person_count);
		assert_false(world->people[row->person_id - 1].is_unsubscribed);
		world->people[row->person_id - 1].is_unsubscribed = true;
		break;
	case PLAN_TICK:
		apply_tick(world, row);
		break;
	case PLAN_ADOPT:
		r = find_record(world, &row->sfid);
		assert_int_equal(world->owner_of[world->records[r].address], 0);
		hash = hash_of(world->records[r].address);
		assert_true(row->has_hash && address_hash_cmp(&hash, &row->hash) == 0);
		assert_int_equal(row->address.text[0], 'a');
		assert_true(add_link(world, r, adopt(world, world->records[r].address)));
		break;
	case PLAN_LINK:
		r = find_record(world, &row->sfid);
		person = world->owner_of[world->records[r].address] - 1;
		assert_true(person >= 0);
		if (row->person_id)
			assert_int_equal(row->person_id, person + 1);
		assert_true(add_link(world, r, person));
		break;
	case PLAN_KIND_COUNT:
		fail();
	}
	assert_int_equal(row->read_at_ms, 1234);
}

static void compare(const World *got, const World *want, uint64_t seed)
{
	if (got->person_count != want->person_count || got->link_count != want->link_count)
		fail_msg("seed %lu: %d people, %d links instead of %d, %d", seed, got->person_count,
			got->link_count, want->person_count, want->link_count);
	for (int r = 0; r < want->record_count; r++)
		if (got->records[r].flags != want->records[r].flags)
			fail_msg("seed %lu: record %d has %x instead of %x", seed, r,
				got->records[r].flags, want->records[r].flags);
	/* Adopted persons may have come in another order: compared by address. */
	for (int p = 0; p < want->person_count; p++) {
		int owner = got->owner_of[want->people[p].address];
		if (!owner
			|| got->people[owner - 1].is_unsubscribed
				!= want->people[p].is_unsubscribed)
			fail_msg("seed %lu: person of address %d", seed, want->people[p].address);
	}
	for (int i = 0; i < want->link_count; i++) {
		const WLink *link = &want->links[i];
		int owner = got->owner_of[want->people[link->person].address];
		if (!has_link(got, link->record, owner - 1))
			fail_msg("seed %lu: no link of record %d to address %d", seed, link->record,
				want->people[link->person].address);
	}
}

/* -------------------------------------------------------------- the tests */

static World before, after, wanted;
static Rows rows;

static void check_world(uint64_t seed, const Faults *faults)
{
	DiffFigures figures = { 0 };
	Err err = { 0 };
	if (!run_diff(&before, faults, &rows, &figures, &err))
		fail_msg("seed %lu: %s", seed, err.text);
	assert_int_equal(figures.records_read[SF_CONTACT] + figures.records_read[SF_LEAD],
		before.record_count);
	assert_int_equal(figures.links_read, before.link_count);
	assert_int_equal(figures.people_read, before.person_count);
	memcpy(&after, &before, sizeof after);
	memcpy(&wanted, &before, sizeof wanted);
	oracle(&wanted);
	for (size_t i = 0; i < rows.count; i++) {
		check_cause(&before, &rows.rows[i]);
		apply_row(&after, &rows.rows[i]);
	}
	compare(&after, &wanted, seed);
	assert_true(run_diff(&after, faults, &rows, &figures, NULL));
	if (rows.count != 0)
		fail_msg("seed %lu: the second plan has %zu rows, first %s", seed, rows.count,
			plan_kind_name(rows.rows[0].kind));
}

static void plan_of_any_small_world_makes_the_union_and_a_second_is_empty(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 6000; seed++) {
		make_world(&before, seed, 2 + (int)(seed % 14), 10 + (unsigned)(seed % 5) * 10);
		check_world(seed, &(Faults){ 0 });
	}
}

static void world_larger_than_memory_makes_the_union_too(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		make_world(&before, seed, 1800, 2);
		before.match = seed != 3;
		before.adopt = seed != 4;
		check_world(seed, &(Faults){ .memory_bytes = RUN_MEMORY_BYTES_MIN });
	}
}

static void chain_of_links_makes_the_union_to_its_end(void **state)
{
	(void)state;
	enum { LENGTH = 40 };
	before = (World){ .fields = FIELD_STANDARD };
	for (int i = 0; i < LENGTH; i++) {
		before.people[i] = (WPerson){ .address = i };
		before.owner_of[i] = ++before.person_count;
		before.records[before.record_count++] = (WRecord){ .sfid = make_sfid(3 * i + 1),
			.address = -1,
			.flags = i == LENGTH - 1 ? RECORD_STANDARD_YES : RECORD_STANDARD_NO };
		add_link(&before, i, i);
		if (i > 0)
			add_link(&before, i - 1, i);
	}
	check_world(0, &(Faults){ 0 });
}

static int library_init(void **state)
{
	(void)state;
	return secret_library_init(NULL) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_of_any_small_world_makes_the_union_and_a_second_is_empty),
		cmocka_unit_test(world_larger_than_memory_makes_the_union_too),
		cmocka_unit_test(chain_of_links_makes_the_union_to_its_end),
	};
	return cmocka_run_group_tests_name("diff_union", tests, library_init, NULL);
}
