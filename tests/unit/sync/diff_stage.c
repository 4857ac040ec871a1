#include "base/base.h"

#include "diff_stage.h"

/* ------------------------------------------------------------ the worlds */

SfId make_sfid(int number)
{
	char text[16];
	snprintf(text, sizeof text, "%s%012d", number % 3 ? "003" : "00Q", number);
	SfId id;
	assert_true(sfid_parse(str_from(text), &id, NULL));
	return id;
}

bool has_link(const World *world, int record, int person)
{
	for (int i = 0; i < world->link_count; i++)
		if (world->links[i].record == record && world->links[i].person == person)
			return true;
	return false;
}

bool add_link(World *world, int record, int person)
{
	if (has_link(world, record, person))
		return false;
	assert_true(world->link_count < LINKS_MAX);
	world->links[world->link_count++] = (WLink){ record, person };
	return true;
}

int find_record(const World *world, const SfId *id)
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

void make_world(World *world, uint64_t seed, int size, unsigned stop_percent)
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

/* ---------------------------------------------------- feeding diff_plan */

AddressHash hash_of(int address)
{
	unsigned char full[HASH_BYTES];
	plain_hash(full, (Str){ (const char *)&address, sizeof address });
	AddressHash hash;
	memcpy(hash.bytes, full, sizeof hash.bytes);
	return hash;
}

bool feed_record(RecordSource *base, RunRecord *out, bool *out_end, Err *err)
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

bool feed_link(LinkSource *base, DiffLink *out, bool *out_end, Err *err)
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

bool feed_person(PersonSource *base, DiffPerson *out, bool *out_end, Err *err)
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

bool find_address(AddressLookup *lookup, const RunRecord *record, Address *out, Err *err)
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

bool put_row(RowSink *base, const PlanRow *row, Err *err)
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

int person_cmp(const void *a, const void *b)
{
	const DiffPerson *left = a, *right = b;
	return address_hash_cmp(&left->hash, &right->hash);
}

bool run_diff(const World *world, const Faults *faults, Rows *rows, DiffFigures *figures, Err *err)
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
