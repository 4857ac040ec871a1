/* Small worlds of people, records and links, random from a seed. A naive reading of the rules
 * ("repeat until nothing changes") says what both sides must become; the plan, applied, must make
 * exactly that. */
#include "base/base.h"

#include "base/rng.h"
#include "base/secret.h"
#include "sync/diff.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "memfile.h"

enum { PEOPLE_MAX = 9000, RECORDS_MAX = 9000, LINKS_MAX = 30000, ROWS_MAX = 60000 };

typedef struct WPerson {
	int address; /* each person has its own */
	bool is_unsubscribed;
} WPerson;

typedef struct WRecord {
	SfId sfid;
	int address; /* -1: none */
	unsigned flags;
} WRecord;

typedef struct WLink {
	int record, person;
} WLink;

typedef struct World {
	WPerson people[PEOPLE_MAX]; /* person_id is the position + 1 */
	int person_count;
	WRecord records[RECORDS_MAX]; /* in order of ID */
	int record_count;
	WLink links[LINKS_MAX];
	int link_count;
	int owner_of[4 * PEOPLE_MAX]; /* by address: position + 1 */
	unsigned fields;
	bool match, adopt;
	bool twice; /* records come twice from Salesforce */
} World;

typedef struct Rows {
	RowSink base;
	PlanRow rows[ROWS_MAX];
	size_t count;
	size_t fail_at; /* 0: never */
} Rows;

/* ---------------------------------------------------- feeding diff_plan */

static AddressHash hash_of(int address)
{
	unsigned char full[HASH_BYTES];
	plain_hash(full, (Str){ (const char *)&address, sizeof address });
	AddressHash hash;
	memcpy(hash.bytes, full, sizeof hash.bytes);
	return hash;
}

typedef struct RecordFeed {
	RecordSource base;
	const World *world;
	int at;
	int fail_at;
} RecordFeed;

static bool feed_record(RecordSource *base, RunRecord *out, bool *out_end, Err *err)
{
	RecordFeed *feed = CONTAINER_OF(base, RecordFeed, base);
	int total = feed->world->record_count * (feed->world->twice ? 2 : 1);
	*out_end = feed->at == total;
	if (*out_end)
		return true;
	if (feed->fail_at && feed->at + 1 == feed->fail_at)
		return ERR(err, ERR_FATAL, "spool");
	int at = feed->world->twice ? feed->at / 2 : feed->at;
	bool is_second = feed->world->twice && feed->at % 2;
	feed->at++;
	const WRecord *record = &feed->world->records[at];
	*out = (RunRecord){ .object = (uint8_t)sfid_object(&record->sfid),
		.flags = (uint8_t)record->flags };
	memcpy(out->sfid, record->sfid.text, SFID_LEN);
	if (record->address >= 0) {
		out->flags |= RECORD_HAS_ADDRESS;
		out->hash = hash_of(record->address);
		out->spool_offset = (uint64_t)record->address;
	}
	/* The other of the two saw the record before its address and its ticks were there. */
	if (feed->world->twice && is_second == (at % 2 == 0)) {
		out->flags &= (uint8_t)~RECORD_HAS_ADDRESS;
		out->hash = (AddressHash){ 0 };
		if (out->flags & RECORD_STANDARD_YES)
			out->flags ^= RECORD_STANDARD_YES | RECORD_STANDARD_NO;
		if (out->flags & RECORD_SALES_YES)
			out->flags ^= RECORD_SALES_YES | RECORD_SALES_NO;
	}
	return true;
}

typedef struct LinkFeed {
	LinkSource base;
	const World *world;
	const WLink *links; /* sorted */
	int at;
	int fail_at;
} LinkFeed;

static bool feed_link(LinkSource *base, DiffLink *out, bool *out_end, Err *err)
{
	LinkFeed *feed = CONTAINER_OF(base, LinkFeed, base);
	*out_end = feed->at == feed->world->link_count;
	if (*out_end)
		return true;
	if (feed->fail_at && feed->at + 1 == feed->fail_at)
		return ERR(err, ERR_FATAL, "links");
	const WLink *link = &feed->links[feed->at++];
	*out = (DiffLink){ .sfid = feed->world->records[link->record].sfid,
		.person_id = link->person + 1,
		.is_unsubscribed = feed->world->people[link->person].is_unsubscribed };
	return true;
}

typedef struct PersonFeed {
	PersonSource base;
	const DiffPerson *people; /* sorted */
	int count, at;
	int fail_at;
} PersonFeed;

static bool feed_person(PersonSource *base, DiffPerson *out, bool *out_end, Err *err)
{
	PersonFeed *feed = CONTAINER_OF(base, PersonFeed, base);
	*out_end = feed->at == feed->count;
	if (*out_end)
		return true;
	if (feed->fail_at && feed->at + 1 == feed->fail_at)
		return ERR(err, ERR_FATAL, "people");
	*out = feed->people[feed->at++];
	return true;
}

static bool find_address(AddressLookup *lookup, const RunRecord *record, Address *out, Err *err)
{
	(void)lookup;
	char text[40];
	snprintf(text, sizeof text, "a%d@example.com", (int)record->spool_offset);
	return address_parse(str_from(text), out, err);
}

static bool failing_address(AddressLookup *lookup, const RunRecord *record, Address *out, Err *err)
{
	(void)lookup;
	(void)record;
	(void)out;
	return ERR(err, ERR_FATAL, "address");
}

static bool put_row(RowSink *base, const PlanRow *row, Err *err)
{
	Rows *rows = CONTAINER_OF(base, Rows, base);
	if (rows->count + 1 == rows->fail_at)
		return ERR(err, ERR_FATAL, "plan");
	assert_true(rows->count < ROWS_MAX);
	rows->rows[rows->count++] = *row;
	return true;
}

static int link_cmp(const void *a, const void *b)
{
	const WLink *left = a, *right = b;
	if (left->record != right->record)
		return left->record - right->record;
	return left->person - right->person;
}

static int person_cmp(const void *a, const void *b)
{
	const DiffPerson *left = a, *right = b;
	return address_hash_cmp(&left->hash, &right->hash);
}

typedef struct Faults {
	int records, links, people;
	bool address;
	size_t rows, sort_append, spool_append, spool_read;
	size_t persons_max;
	size_t memory_bytes;
} Faults;

static bool run_diff(
	const World *world, const Faults *faults, Rows *rows, DiffFigures *figures, Err *err)
{
	CLEANUP(memfile_fini) MemFile sort_file;
	CLEANUP(memfile_fini) MemFile spool_file;
	memfile_init(&sort_file);
	memfile_init(&spool_file);
	sort_file.fail_append_at = faults->sort_append;
	spool_file.fail_append_at = faults->spool_append;
	spool_file.fail_read_at = faults->spool_read;
	CLEANUP(free_ptr) WLink *links = calloc((size_t)world->link_count + 1, sizeof *links);
	memcpy(links, world->links, (size_t)world->link_count * sizeof *links);
	qsort(links, (size_t)world->link_count, sizeof *links, link_cmp);
	CLEANUP(free_ptr)
	DiffPerson *people = calloc((size_t)world->person_count + 1, sizeof *people);
	for (int i = 0; i < world->person_count; i++)
		people[i] = (DiffPerson){ .hash = hash_of(world->people[i].address),
			.person_id = i + 1,
			.is_unsubscribed = world->people[i].is_unsubscribed };
	qsort(people, (size_t)world->person_count, sizeof *people, person_cmp);
	RecordFeed record_feed = { { feed_record }, world, 0, faults->records };
	LinkFeed link_feed = { { feed_link }, world, links, 0, faults->links };
	PersonFeed person_feed = { { feed_person }, people, world->person_count, 0,
		faults->people };
	AddressLookup lookup = { faults->address ? failing_address : find_address };
	const DiffInput input = { .records = &record_feed.base,
		.links = &link_feed.base,
		.people = &person_feed.base,
		.addresses = &lookup,
		.sort_file = &sort_file.base,
		.spool_file = &spool_file.base,
		.memory_bytes = faults->memory_bytes ? faults->memory_bytes : 64 * 1024,
		.fields = world->fields,
		.match_by_address = world->match,
		.adopt_unknown = world->adopt,
		.read_at_ms = 1234,
		.persons_max = faults->persons_max };
	rows->base.put = put_row;
	rows->count = 0;
	rows->fail_at = faults->rows;
	return diff_plan(&input, &rows->base, figures, err);
}

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

static bool has_link(const World *world, int record, int person)
{
	for (int i = 0; i < world->link_count; i++)
		if (world->links[i].record == record && world->links[i].person == person)
			return true;
	return false;
}

static bool add_link(World *world, int record, int person)
{
	if (has_link(world, record, person))
		return false;
	assert_true(world->link_count < LINKS_MAX);
	world->links[world->link_count++] = (WLink){ record, person };
	return true;
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

static int find_record(const World *world, const SfId *id)
{
	int low = 0, high = world->record_count;
	while (low < high) {
		int mid = (low + high) / 2;
		if (sfid_cmp(&world->records[mid].sfid, id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	assert_true(low < world->record_count && sfid_eq(&world->records[low].sfid, id));
	return low;
}

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

/* ------------------------------------------------------------ the worlds */

static SfId make_sfid(int number)
{
	char text[16];
	snprintf(text, sizeof text, "%s%012d", number % 3 ? "003" : "00Q", number);
	SfId id;
	assert_true(sfid_parse(str_from(text), &id, NULL));
	return id;
}

static int record_cmp(const void *a, const void *b)
{
	const WRecord *left = a, *right = b;
	return sfid_cmp(&left->sfid, &right->sfid);
}

static unsigned random_flags(Rng *rng, unsigned ticked_percent)
{
	unsigned flags = 0;
	if (rng_chance(rng, 85))
		flags |= rng_chance(rng, ticked_percent) ? RECORD_STANDARD_YES : RECORD_STANDARD_NO;
	if (rng_chance(rng, 70))
		flags |= rng_chance(rng, ticked_percent) ? RECORD_SALES_YES : RECORD_SALES_NO;
	if (rng_chance(rng, 5))
		flags |= RECORD_CONVERTED;
	if (rng_chance(rng, 3))
		flags |= RECORD_DELETED;
	return flags;
}

static void make_world(World *world, uint64_t seed, int size, unsigned stop_percent)
{
	SeededRng seeded;
	rng_seed(&seeded, seed);
	Rng *rng = &seeded.base;
	memset(world, 0, sizeof *world);
	world->fields = 1 + (unsigned)rng_below(rng, 3);
	world->match = rng_chance(rng, 75);
	world->adopt = rng_chance(rng, 75);
	world->twice = rng_chance(rng, 15);
	int addresses = 2 * size;
	world->person_count = (int)rng_below(rng, (uint64_t)size + 1);
	for (int i = 0; i < world->person_count; i++) {
		int address = (int)rng_below(rng, (uint64_t)addresses);
		while (world->owner_of[address])
			address = (address + 1) % addresses;
		world->people[i] = (WPerson){ address, rng_chance(rng, stop_percent) };
		world->owner_of[address] = i + 1;
	}
	world->record_count = (int)rng_below(rng, (uint64_t)size + 1);
	for (int i = 0; i < world->record_count; i++)
		world->records[i] = (WRecord){ .sfid = make_sfid(i * 7 + (int)rng_below(rng, 7)),
			.address = rng_chance(rng, 80) ? (int)rng_below(rng, (uint64_t)addresses)
						       : -1,
			.flags = random_flags(rng, stop_percent) };
	qsort(world->records, (size_t)world->record_count, sizeof world->records[0], record_cmp);
	int wanted = world->person_count ? (int)rng_below(rng, (uint64_t)size + 1) : 0;
	for (int i = 0; i < wanted && world->record_count; i++)
		add_link(world, (int)rng_below(rng, (uint64_t)world->record_count),
			(int)rng_below(rng, (uint64_t)world->person_count));
}

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

/* ------------------------------------------------------- single situations */

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
	assert_int_equal(rows.count, LENGTH + LENGTH - 1);
	check_world(0, &(Faults){ 0 });
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
		cmocka_unit_test(changed_address_of_an_unsubscribed_person_is_suppressed_too),
		cmocka_unit_test(
			record_with_the_address_of_a_person_is_linked_even_if_neither_is_stopped),
		cmocka_unit_test(stop_travels_along_a_chain_to_its_end),
		cmocka_unit_test(links_of_records_that_were_not_read_are_left_alone),
		cmocka_unit_test(stop_that_came_between_the_two_readings_counts),
		cmocka_unit_test(every_fault_of_an_input_or_output_ends_the_run),
		cmocka_unit_test(input_out_of_order_is_a_broken_promise),
		cmocka_unit_test(plan_of_any_small_world_makes_the_union_and_a_second_is_empty),
		cmocka_unit_test(world_larger_than_memory_makes_the_union_too),
	};
	return cmocka_run_group_tests_name("diff", tests, library_init, NULL);
}
