/* Single situations and faults; diff_union.c has worlds at random. */
#include "base/base.h"

#include "sync/diff.h"

#include "diff_stage.h"

static World before;
static Rows rows;

static void world_reset(void)
{
	memset(&before, 0, sizeof before);
	before.fields = FIELD_STANDARD;
	before.match = before.adopt = true;
}

static int a_person(int address, bool is_unsubscribed)
{
	before.people[before.person_count] = (WPerson){ address, is_unsubscribed };
	before.owner_of[address] = ++before.person_count;
	return before.person_count - 1;
}

static int a_record(int address, unsigned flags)
{
	int r = before.record_count++;
	before.records[r] =
		(WRecord){ .sfid = make_sfid(3 * r + 1), .address = address, .flags = flags };
	return r;
}

static void plan(void)
{
	Err err = { 0 };
	DiffFigures figures;
	if (!run_diff(&before, &(Faults){ 0 }, &rows, &figures, &err))
		fail_msg("%s", err.text);
}

static void person_and_record_that_agree_need_nothing(void **state)
{
	(void)state;
	world_reset();
	add_link(&before, a_record(1, RECORD_STANDARD_NO), a_person(1, false));
	add_link(&before, a_record(2, RECORD_STANDARD_YES), a_person(2, true));
	plan();
	assert_int_equal(rows.count, 0);
}

static void unsubscribed_person_ticks_its_record(void **state)
{
	(void)state;
	world_reset();
	add_link(&before, a_record(-1, RECORD_STANDARD_NO), a_person(1, true));
	plan();
	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.rows[0].kind, PLAN_TICK);
	assert_int_equal(rows.rows[0].fields, FIELD_STANDARD);
	assert_int_equal(rows.rows[0].reason, PLAN_UNSUBSCRIBED_PERSON);
	assert_int_equal(rows.rows[0].person_id, 1);
	assert_int_equal(rows.rows[0].cause_person, 1);
	assert_int_equal(rows.rows[0].object, SF_CONTACT);
}

static void ticked_record_unsubscribes_its_person_and_ticks_the_twins(void **state)
{
	(void)state;
	world_reset();
	int p = a_person(1, false);
	int ticked = a_record(1, RECORD_STANDARD_YES);
	add_link(&before, ticked, p);
	add_link(&before, a_record(1, RECORD_STANDARD_NO), p);
	plan();
	assert_int_equal(rows.count, 2);
	assert_int_equal(rows.rows[0].kind, PLAN_UNSUBSCRIBE);
	assert_int_equal(rows.rows[0].person_id, p + 1);
	assert_true(sfid_eq(&rows.rows[0].cause_sfid, &before.records[ticked].sfid));
	assert_int_equal(rows.rows[1].kind, PLAN_TICK);
	assert_true(sfid_eq(&rows.rows[1].cause_sfid, &before.records[ticked].sfid));
}

static void field_that_nobody_can_read_is_neither_no_nor_written(void **state)
{
	(void)state;
	world_reset();
	add_link(&before, a_record(1, 0), a_person(1, true));
	add_link(&before, a_record(2, RECORD_SALES_NO), a_person(2, true));
	add_link(&before, a_record(3, RECORD_SALES_YES), a_person(3, false));
	plan();
	assert_int_equal(rows.count, 0);
}

static void converted_and_deleted_records_are_neither_read_nor_written(void **state)
{
	(void)state;
	world_reset();
	a_person(1, true);
	a_person(2, false);
	a_record(1, RECORD_STANDARD_NO | RECORD_CONVERTED);
	a_record(1, RECORD_STANDARD_NO | RECORD_DELETED);
	add_link(&before, a_record(2, RECORD_STANDARD_YES | RECORD_CONVERTED), 1);
	a_record(9, RECORD_STANDARD_YES | RECORD_DELETED);
	plan();
	assert_int_equal(rows.count, 0);
}

static void mode_both_writes_each_unticked_field_alone(void **state)
{
	(void)state;
	world_reset();
	before.fields = FIELD_ALL;
	add_link(&before, a_record(1, RECORD_STANDARD_YES | RECORD_SALES_NO), a_person(1, false));
	add_link(&before, a_record(2, RECORD_STANDARD_NO | RECORD_SALES_NO), a_person(2, true));
	add_link(&before, a_record(3, RECORD_STANDARD_NO), a_person(3, true));
	plan();
	assert_int_equal(rows.count, 4);
	unsigned fields[4] = { 0 };
	for (size_t i = 0; i < rows.count; i++)
		if (rows.rows[i].kind == PLAN_TICK)
			fields[find_record(&before, &rows.rows[i].sfid)] = rows.rows[i].fields;
	assert_int_equal(fields[0], FIELD_SALES);
	assert_int_equal(fields[1], FIELD_ALL);
	assert_int_equal(fields[2], FIELD_STANDARD);
}

static void unknown_address_of_a_ticked_record_is_adopted_with_its_twins(void **state)
{
	(void)state;
	world_reset();
	a_record(7, RECORD_STANDARD_NO);
	a_record(7, RECORD_STANDARD_YES);
	a_record(8, RECORD_STANDARD_NO);
	plan();
	assert_int_equal(rows.count, 3);
	assert_int_equal(rows.rows[0].kind, PLAN_ADOPT);
	assert_string_equal(rows.rows[0].address.text, "a7@example.com");
	assert_int_equal(rows.rows[1].kind, PLAN_TICK);
	assert_int_equal(rows.rows[1].person_id, 0);
	assert_int_equal(rows.rows[2].kind, PLAN_LINK);
	assert_int_equal(rows.rows[2].person_id, 0);
	before.adopt = false;
	plan();
	assert_int_equal(rows.count, 0);
}

static void without_matching_a_ticked_record_still_stops_the_person_of_its_address(void **state)
{
	(void)state;
	world_reset();
	before.match = false;
	a_person(1, false);
	a_record(1, RECORD_STANDARD_YES);
	a_record(1, RECORD_STANDARD_NO); /* a twin: neither linked nor ticked */
	plan();
	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.rows[0].kind, PLAN_UNSUBSCRIBE);
	assert_int_equal(rows.rows[0].person_id, 1);
	before.adopt = false;
	plan();
	assert_int_equal(rows.count, 0);
}

static void changed_address_of_an_unsubscribed_person_is_suppressed_too(void **state)
{
	(void)state;
	world_reset();
	add_link(&before, a_record(5, RECORD_STANDARD_YES), a_person(1, true));
	plan();
	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.rows[0].kind, PLAN_ADOPT);
	assert_string_equal(rows.rows[0].address.text, "a5@example.com");
}

static void record_with_the_address_of_a_person_is_linked_even_if_neither_is_stopped(void **state)
{
	(void)state;
	world_reset();
	a_person(1, false);
	a_record(1, RECORD_STANDARD_NO);
	a_record(1, 0);
	plan();
	assert_int_equal(rows.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(rows.rows[i].kind, PLAN_LINK);
		assert_int_equal(rows.rows[i].person_id, 1);
	}
	before.match = false;
	plan();
	assert_int_equal(rows.count, 0);
}

static void stop_travels_along_a_chain_to_its_end(void **state)
{
	(void)state;
	world_reset();
	enum { LENGTH = 40 };
	for (int i = 0; i < LENGTH; i++) {
		a_person(i, false);
		a_record(-1, RECORD_STANDARD_NO);
		add_link(&before, i, i);
		if (i > 0)
			add_link(&before, i - 1, i);
	}
	before.records[LENGTH - 1].flags = RECORD_STANDARD_YES;
	plan();
	size_t kinds[PLAN_KIND_COUNT] = { 0 };
	for (size_t i = 0; i < rows.count; i++)
		kinds[rows.rows[i].kind]++;
	assert_int_equal(kinds[PLAN_UNSUBSCRIBE], LENGTH);
	assert_int_equal(kinds[PLAN_TICK], LENGTH - 1);
	assert_int_equal(rows.count, LENGTH + LENGTH - 1);
}

static void links_of_records_that_were_not_read_are_left_alone(void **state)
{
	(void)state;
	world_reset();
	a_person(1, true);
	a_person(2, false);
	for (int r = 0; r < 3; r++) {
		a_record(-1, RECORD_STANDARD_NO);
		add_link(&before, r, 0);
		add_link(&before, r, 1);
	}
	/* Only the middle one is read. */
	World *partial = calloc(1, sizeof *partial);
	memcpy(partial, &before, sizeof before);
	MemFile sort_file, spool_file;
	memfile_init(&sort_file);
	memfile_init(&spool_file);
	partial->record_count = 1;
	partial->records[0] = before.records[1];
	RecordFeed records = { { feed_record }, partial, 0, 0 };
	LinkFeed links = { { feed_link }, &before, before.links, 0, 0 };
	DiffPerson people[2] = { { hash_of(1), 1, true }, { hash_of(2), 2, false } };
	qsort(people, 2, sizeof people[0], person_cmp);
	PersonFeed persons = { { feed_person }, people, 2, 0, 0 };
	AddressLookup lookup = { find_address };
	const DiffInput input = { .records = &records.base,
		.links = &links.base,
		.people = &persons.base,
		.addresses = &lookup,
		.sort_file = &sort_file.base,
		.spool_file = &spool_file.base,
		.memory_bytes = RUN_MEMORY_BYTES_MIN,
		.fields = FIELD_STANDARD,
		.read_at_ms = 1234 };
	DiffFigures figures;
	rows.count = 0;
	rows.base.put = put_row;
	rows.fail_at = 0;
	assert_true(diff_plan(&input, &rows.base, &figures, NULL));
	assert_int_equal(figures.missing, 4);
	assert_int_equal(figures.people_read, 2);
	assert_int_equal(rows.count, 2); /* person 2 and the record that was read */
	memfile_fini(&sort_file);
	memfile_fini(&spool_file);
	free(partial);
}

/* A click between reading links and reading people shows in one of them only. */
static void stop_that_came_between_the_two_readings_counts(void **state)
{
	(void)state;
	world_reset();
	int p = a_person(1, false);
	add_link(&before, a_record(1, RECORD_STANDARD_NO), p);
	add_link(&before, a_record(-1, RECORD_STANDARD_NO), p);
	World *late = calloc(1, sizeof *late);
	memcpy(late, &before, sizeof before);
	late->people[p].is_unsubscribed = true;
	MemFile sort_file, spool_file;
	memfile_init(&sort_file);
	memfile_init(&spool_file);
	RecordFeed records = { { feed_record }, &before, 0, 0 };
	LinkFeed links = { { feed_link }, &before, before.links, 0, 0 };
	const DiffPerson people[1] = { { hash_of(1), 1, true } };
	PersonFeed persons = { { feed_person }, people, 1, 0, 0 };
	AddressLookup lookup = { find_address };
	const DiffInput input = { .records = &records.base,
		.links = &links.base,
		.people = &persons.base,
		.addresses = &lookup,
		.sort_file = &sort_file.base,
		.spool_file = &spool_file.base,
		.memory_bytes = RUN_MEMORY_BYTES_MIN,
		.fields = FIELD_STANDARD,
		.match_by_address = true };
	DiffFigures figures;
	rows.count = 0;
	rows.base.put = put_row;
	rows.fail_at = 0;
	assert_true(diff_plan(&input, &rows.base, &figures, NULL));
	assert_int_equal(rows.count, 2);
	assert_int_equal(rows.rows[0].kind, PLAN_TICK);
	assert_int_equal(rows.rows[1].kind, PLAN_TICK);
	memfile_fini(&sort_file);
	memfile_fini(&spool_file);
	free(late);
}

static void refused(const Faults *faults, ErrKind kind)
{
	Err err = { 0 };
	DiffFigures figures;
	assert_false(run_diff(&before, faults, &rows, &figures, &err));
	assert_int_equal(err.kind, kind);
}

static void every_fault_of_an_input_or_output_ends_the_run(void **state)
{
	(void)state;
	make_world(&before, 2, 1800, 10);
	before.fields = FIELD_STANDARD;
	before.match = before.adopt = true;
	before.twice = false;
	Faults none = { 0 };
	DiffFigures figures;
	assert_true(run_diff(&before, &none, &rows, &figures, NULL));
	assert_true(rows.count > 1000);
	size_t count = rows.count;
	for (int i = 1; i < 40; i += 13) {
		refused(&(Faults){ .records = i }, ERR_FATAL);
		refused(&(Faults){ .links = i }, ERR_FATAL);
		refused(&(Faults){ .people = i }, ERR_FATAL);
	}
	for (size_t at = 1; at <= count; at += 97)
		refused(&(Faults){ .rows = at }, ERR_FATAL);
	refused(&(Faults){ .people = before.person_count }, ERR_FATAL);
	refused(&(Faults){ .links = before.link_count }, ERR_FATAL);
	refused(&(Faults){ .address = true }, ERR_FATAL);
	refused(&(Faults){ .sort_append = 1, .memory_bytes = RUN_MEMORY_BYTES_MIN }, ERR_FATAL);
	refused(&(Faults){ .sort_append = 9, .memory_bytes = RUN_MEMORY_BYTES_MIN }, ERR_FATAL);
	refused(&(Faults){ .spool_append = 1 }, ERR_FATAL);
	refused(&(Faults){ .spool_read = 1 }, ERR_FATAL);
	for (size_t most = 1; most < 400; most += 57)
		refused(&(Faults){ .persons_max = most }, ERR_LIMIT);
}

static void input_out_of_order_is_a_broken_promise(void **state)
{
	(void)state;
	world_reset();
	a_person(1, true);
	a_person(2, false);
	for (int r = 0; r < 3; r++)
		add_link(&before, a_record(r + 1, RECORD_STANDARD_NO), r % 2);
	WRecord swap = before.records[0];
	before.records[0] = before.records[2];
	before.records[2] = swap;
	refused(&(Faults){ 0 }, ERR_FATAL); /* records */
	before.records[1] = before.records[2];
	before.records[2] = swap;
	before.record_count = 0;
	refused(&(Faults){ 0 }, ERR_FATAL); /* links of those records */
	world_reset();
	a_person(1, true);
	a_person(1, false);
	refused(&(Faults){ 0 }, ERR_FATAL); /* one address twice */
}

static int library_init(void **state)
{
	(void)state;
	return secret_library_init(NULL) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(person_and_record_that_agree_need_nothing),
		cmocka_unit_test(unsubscribed_person_ticks_its_record),
		cmocka_unit_test(ticked_record_unsubscribes_its_person_and_ticks_the_twins),
		cmocka_unit_test(field_that_nobody_can_read_is_neither_no_nor_written),
		cmocka_unit_test(converted_and_deleted_records_are_neither_read_nor_written),
		cmocka_unit_test(mode_both_writes_each_unticked_field_alone),
		cmocka_unit_test(unknown_address_of_a_ticked_record_is_adopted_with_its_twins),
		cmocka_unit_test(
			without_matching_a_ticked_record_still_stops_the_person_of_its_address),
		cmocka_unit_test(changed_address_of_an_unsubscribed_person_is_suppressed_too),
		cmocka_unit_test(
			record_with_the_address_of_a_person_is_linked_even_if_neither_is_stopped),
		cmocka_unit_test(stop_travels_along_a_chain_to_its_end),
		cmocka_unit_test(links_of_records_that_were_not_read_are_left_alone),
		cmocka_unit_test(stop_that_came_between_the_two_readings_counts),
		cmocka_unit_test(every_fault_of_an_input_or_output_ends_the_run),
		cmocka_unit_test(input_out_of_order_is_a_broken_promise),
	};
	return cmocka_run_group_tests_name("diff", tests, library_init, NULL);
}
