#include "base/base.h"

#include "world.h"

#include <dirent.h>
#include <unistd.h>

void world_open(World *world, const char *driver, uint64_t seed)
{
	*world = (World){ .driver = driver, .now_ms = START_MS };
	MUST(secret_library_init(&err));
	SeededRng keys;
	rng_seed(&keys, 7); /* the same keys in every world, so that worlds can be compared */
	keyring_generate(&world->keyring, &keys.base);
	rng_seed(&world->rng, seed);
	arena_init(&world->arena, 64 * 1024 * 1024);
	snprintf(world->folder, sizeof world->folder, "/tmp/optout-store-XXXXXX");
	assert_non_null(mkdtemp(world->folder));
	if (strcmp(driver, "mem") == 0)
		snprintf(world->url, sizeof world->url, "mem:");
	else
		snprintf(world->url, sizeof world->url, "%s:%s/optout.db", driver, world->folder);
	const StoreOptions options = { .keyring = &world->keyring, .rng = &world->rng.base };
	MUST(store_open(str_from(world->url), &options, &world->store, &err));
	world->ledger = store_ledger(world->store);
	SfId org_id, org_b_id;
	MUST(sfid_parse(STR("00D000000000001"), &org_id, &err));
	MUST(sfid_parse(STR("00D000000000002"), &org_b_id, &err));
	w_begin(world);
	MUST(ledger_org_put(world->ledger, &org_id, world->now_ms, &world->org, &err));
	MUST(ledger_org_put(world->ledger, &org_b_id, world->now_ms, &world->org_b, &err));
	w_commit(world);
}

static void remove_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		char path[512];
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(path);
	}
	closedir(dir);
	rmdir(folder);
}

void world_close(World *world)
{
	store_close(&world->store);
	keyring_fini(&world->keyring);
	arena_fini(&world->arena);
	remove_folder(world->folder);
}

void world_reopen(World *world)
{
	store_close(&world->store);
	const StoreOptions options = { .keyring = &world->keyring, .rng = &world->rng.base };
	MUST(store_open(str_from(world->url), &options, &world->store, &err));
	world->ledger = store_ledger(world->store);
}

int sqlite_world_up(void **state)
{
	static World world;
	world_open(&world, "sqlite", 1);
	*state = &world;
	return 0;
}

int sqlite_world_down(void **state)
{
	world_close(*state);
	return 0;
}

void w_begin(World *world)
{
	MUST(store_begin(world->store, &err));
}

void w_commit(World *world)
{
	MUST(store_commit(world->store, &err));
}

Address an_address(const char *text)
{
	Address address;
	MUST(address_parse(str_from(text), &address, &err));
	return address;
}

SfId a_sfid(const char *short_name)
{
	char text[32];
	snprintf(text, sizeof text, "%s%012ld", short_name[0] == 'c' ? "003" : "00Q",
		strtol(short_name + 1, NULL, 10));
	SfId id;
	MUST(sfid_parse(str_from(text), &id, &err));
	return id;
}

RecordRef a_record(int64_t org, const char *short_name)
{
	return (RecordRef){ .org = org, .sfid = a_sfid(short_name) };
}

static size_t parse_records(int64_t org, const char *names, RecordRef *out)
{
	size_t count = 0;
	Str rest = str_from(names), part;
	while (rest.len && str_split(&rest, ' ', &part)) {
		char name[16];
		assert_true(str_copy(part, name, sizeof name));
		out[count++] = a_record(org, name);
	}
	return count;
}

PersonPutOutcome w_put(World *world, const char *address, const char *records)
{
	RecordRef refs[LEDGER_PUT_RECORDS_MAX];
	const PersonPut put = {
		.address = an_address(address),
		.records = refs,
		.record_count = parse_records(world->org, records, refs),
		.source = SOURCE_IMPORT,
		.actor = STR("importer"),
		.now_ms = world->now_ms,
	};
	PersonPutOutcome out;
	w_begin(world);
	MUST(ledger_person_put(world->ledger, &put, &out, &err));
	w_commit(world);
	return out;
}

int64_t w_person(World *world, const char *address, const char *records)
{
	return w_put(world, address, records).person_id;
}

StopOutcome w_stop(World *world, int64_t person_id, Source source, const char *reason)
{
	const StopWish wish = {
		.person_id = person_id,
		.source = source,
		.reason = str_from(reason),
		.actor = STR("tester"),
		.now_ms = world->now_ms,
	};
	StopOutcome out;
	w_begin(world);
	MUST(ledger_stop(world->ledger, &wish, &out, &err));
	w_commit(world);
	return out;
}

RemoveOutcome w_remove(World *world, int64_t person_id)
{
	const RemoveWish wish = {
		.person_id = person_id,
		.seen_event_id = w_get(world, person_id).last_event_id,
		.reason = STR("asked by mail"),
		.actor = STR("admin"),
		.now_ms = world->now_ms,
	};
	RemoveOutcome out;
	w_begin(world);
	MUST(ledger_remove(world->ledger, &wish, &out, &err));
	w_commit(world);
	return out;
}

bool w_link(World *world, int64_t org, const char *record, int64_t person_id, LinkedBy by)
{
	const LinkWish wish = {
		.record = a_record(org, record),
		.person_id = person_id,
		.by = by,
		.now_ms = world->now_ms,
	};
	bool is_new;
	w_begin(world);
	MUST(ledger_link(world->ledger, &wish, &is_new, &err));
	w_commit(world);
	return is_new;
}

size_t w_claim(World *world, int64_t org, OutboxRow *rows, size_t max)
{
	size_t count;
	w_begin(world);
	MUST(ledger_outbox_claim(
		world->ledger, org, STR("pusher"), world->now_ms, rows, max, &count, &err));
	w_commit(world);
	return count;
}

void w_settle(World *world, int64_t outbox_id, OutboxState state, int64_t due_at_ms)
{
	const Settle settle = {
		.outbox_id = outbox_id,
		.state = state,
		.due_at_ms = due_at_ms,
		.error_code = state == OUTBOX_DONE ? STR("") : STR("UNABLE_TO_LOCK_ROW"),
		.error_text = state == OUTBOX_DONE ? STR("") : STR("the row is locked"),
		.fields_written = STR("HasOptedOutOfEmail"),
	};
	w_begin(world);
	MUST(ledger_outbox_settle(world->ledger, &settle, 1, world->now_ms, &err));
	w_commit(world);
}

Person w_get(World *world, int64_t person_id)
{
	Person person;
	MUST(ledger_person_by_id(world->ledger, person_id, &world->arena, &person, &err));
	return person;
}

size_t w_records(World *world, int64_t person_id, Record *rows)
{
	size_t count;
	MUST(ledger_person_records(world->ledger, person_id, rows, ROWS_MAX, &count, &err));
	return count;
}

size_t w_history(World *world, int64_t person_id, HistoryEntry *rows)
{
	size_t count;
	MUST(ledger_history(
		world->ledger, person_id, 0, &world->arena, rows, ROWS_MAX, &count, &err));
	return count;
}

LedgerCounts w_counts(World *world)
{
	LedgerCounts counts;
	MUST(ledger_counts(world->ledger, &counts, &err));
	return counts;
}

size_t w_open_rows(World *world, OutboxProblem *rows)
{
	size_t count;
	MUST(ledger_outbox_open_rows(world->ledger, &world->arena, rows, ROWS_MAX, &count, &err));
	return count;
}

void w_verify_chains(World *world)
{
	for (unsigned i = 0; i < ADDRESS_PARTITIONS; i++)
		MUST(ledger_chain_verify(world->ledger, i, &err));
}
