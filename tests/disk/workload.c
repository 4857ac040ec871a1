#include "base/base.h"

#include "workload.h"

#include "base/alloc.h"
#include "store/writer.h"

#include <sqlite3.h>

enum {
	GROUP_JOBS_MAX = 6,
	STATE_BYTES_MAX = 4 * 1024 * 1024,
	FAR_MS = INT32_MAX, /* later than everything that waits for a time */
};

/* ------------------------------------------------------------------ homes */

static const char *move_home(Workload *load)
{
	assert_true(load->home_count < HOMES_MAX);
	char name[16];
	int at = load->home_count++;
	snprintf(name, sizeof name, "%d", at);
	folder_fresh(load->homes[at].folder, load->root, name);
	load->homes[at].first_op = faultvfs_ops(load->disk);
	return load->homes[at].folder;
}

const char *workload_home(const Workload *load, int64_t op)
{
	int at = load->home_count - 1;
	while (at > 0 && load->homes[at].first_op > op)
		at--;
	return load->homes[at].folder;
}

/* -------------------------------------------------------------- one group */

/* A random operation on the ledger, the two orgs, or the number of the group in a setting. */
typedef struct Change {
	WriteJob job;
	Workload *load;
	uint64_t seed;
	void (*what)(const struct Change *, World *, Buf *);
	int group;
	bool is_acked;
	Buf answer;
} Change;

static void do_orgs(const Change *change, World *world, Buf *answer)
{
	SfId a, b;
	(void)change;
	(void)answer;
	MUST(sfid_parse(STR("00D000000000001"), &a, &err));
	MUST(sfid_parse(STR("00D000000000002"), &b, &err));
	MUST(ledger_org_put(world->ledger, &a, world->now_ms, &world->org, &err));
	MUST(ledger_org_put(world->ledger, &b, world->now_ms, &world->org_b, &err));
}

static void do_step(const Change *change, World *world, Buf *answer)
{
	SeededRng rng;
	rng_seed(&rng, change->seed);
	ops_step(world, &rng.base, answer);
}

/* The other face of the store, in the same transaction; mem has none. */
static void do_number(const Change *change, World *world, Buf *answer)
{
	char number[16];
	(void)answer;
	snprintf(number, sizeof number, "%d", change->group);
	if (store_desk(world->store))
		MUST(desk_setting_put(store_desk(world->store), STR(""), STR("disk.group"),
			str_from(number), STR("tester"), world->now_ms, &err));
}

static bool change_run(WriteJob *job, Store *store, Err *err)
{
	Change *change = CONTAINER_OF(job, Change, job);
	World *world = &change->load->real;
	(void)err;
	world->store = store;
	world->ledger = store_ledger(store);
	change->what(change, world, &change->answer);
	world->store = NULL;
	return true;
}

static void change_done(WriteJob *job, bool ok, const Err *err)
{
	Change *change = CONTAINER_OF(job, Change, job);
	if (!ok)
		fail_msg("a well disk refused a change: %s", err->text);
	if (change->what == do_number) /* the last one of its group */
		change->load->groups[change->group].acked_op = faultvfs_ops(change->load->disk);
	change->is_acked = true;
}

/* The same in the specification, and what it then says. */
static void repeat_in_mem(Workload *load, Change *changes, int count)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(STATE_BYTES_MAX);
	w_begin(&load->mem);
	for (int i = 0; i < count; i++) {
		changes[i].what(&changes[i], &load->mem, &text);
		assert_str_equal(buf_str(&changes[i].answer), buf_str(&text));
		buf_reset(&text);
		buf_fini(&changes[i].answer);
	}
	w_commit(&load->mem);
	ops_dump(&load->mem, &text);
	MUST(buf_check(&text, "the state", &err));
	load->groups[load->group_count].state = xstrndup(text.ptr, text.len);
}

static void commit_group(Workload *load, Writer *writer)
{
	Change changes[GROUP_JOBS_MAX + 1] = { 0 };
	int group = ++load->group_count;
	assert_true(group <= GROUPS_MAX);
	int count = 1 + (int)rng_below(&load->dice.base, GROUP_JOBS_MAX);
	for (int i = 0; i <= count; i++) {
		changes[i] = (Change){ .job = { .run = change_run, .done = change_done },
			.load = load,
			.seed = rng_u64(&load->dice.base),
			.what = i == count   ? do_number
				: group == 1 ? do_orgs
					     : do_step,
			.group = group,
			.answer = BUF_MAX(64 * 1024) };
		MUST(writer_submit(writer, &changes[i].job, &err));
	}
	load->groups[group].begun_op = faultvfs_ops(load->disk);
	assert_true(writer_turn(writer));
	for (int i = 0; i <= count; i++)
		assert_true(changes[i].is_acked);
	repeat_in_mem(load, changes, count + 1);
}

static void commit_groups(Workload *load, Writer *writer, int count)
{
	while (count--)
		commit_group(load, writer);
}

/* Nothing to do: the writer moves its log. */
static void idle(Writer *writer)
{
	assert_false(writer_turn(writer));
}

/* -------------------------------------------------------------- its course */

static Writer *start(Workload *load, const char *folder)
{
	const StoreOptions options = { .keyring = &load->real.keyring,
		.rng = &load->real.rng.base };
	const WriterOptions writer = { .queue_max = 64, .group_max = 64 };
	Store *store = NULL;
	snprintf(load->real.url, sizeof load->real.url, "sqlite:%s/optout.db", folder);
	MUST(store_open(str_from(load->real.url), &options, &store, &err));
	return writer_open_unthreaded(&store, &writer);
}

/* A reader in the middle of its reading: what it may still need is not moved from the log. */
static sqlite3 *hold_reader(const char *folder)
{
	char path[FOLDER_BYTES + 16];
	sqlite3 *reader = NULL;
	snprintf(path, sizeof path, "%s/optout.db", folder);
	assert_int_equal(sqlite3_open_v2(path, &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM person", NULL, NULL, NULL),
		SQLITE_OK);
	return reader;
}

static void first_life(Workload *load)
{
	Writer *writer = start(load, move_home(load));
	commit_groups(load, writer, 6);
	idle(writer);
	commit_groups(load, writer, 8);
	idle(writer);
	idle(writer);
	commit_groups(load, writer, 2);
	writer_close(&writer);
}

static void second_life(Workload *load)
{
	const char *home = workload_home(load, INT64_MAX);
	Writer *writer = start(load, home);
	commit_groups(load, writer, 4);
	sqlite3 *reader = hold_reader(home);
	commit_groups(load, writer, 4);
	idle(writer); /* moves the older part */
	commit_groups(load, writer, 4);
	assert_int_equal(sqlite3_close(reader), SQLITE_OK);
	idle(writer);
	commit_groups(load, writer, 6);
	reader = hold_reader(home);
	commit_groups(load, writer, 3);
	idle(writer);
	faultvfs_kill(load->disk, home, move_home(load));
	assert_int_equal(sqlite3_close(reader), SQLITE_OK);
	writer_close(&writer); /* the dead one's handle */
}

static void later_life(Workload *load)
{
	Writer *writer = start(load, workload_home(load, INT64_MAX));
	commit_groups(load, writer, 8);
	writer_close(&writer);
}

static void world_init(World *world, const char *driver, uint64_t seed)
{
	SeededRng keys;
	*world = (World){ .driver = driver, .now_ms = START_MS };
	MUST(secret_library_init(&err));
	rng_seed(&keys, 7);
	keyring_generate(&world->keyring, &keys.base);
	rng_seed(&world->rng, seed);
	arena_init(&world->arena, 256 * 1024 * 1024);
}

static void open_mem(Workload *load)
{
	const StoreOptions options = { .keyring = &load->mem.keyring, .rng = &load->mem.rng.base };
	MUST(store_open(STR("mem:"), &options, &load->mem.store, &err));
	load->mem.ledger = store_ledger(load->mem.store);
}

void workload_run(Workload *load, uint64_t seed)
{
	*load = (Workload){ .disk = faultvfs_open(seed) };
	world_init(&load->real, "sqlite", seed);
	world_init(&load->mem, "mem", seed);
	rng_seed(&load->dice, seed);
	folder_temporary(load->root);
	open_mem(load);
	first_life(load);
	second_life(load);
	later_life(load);
	later_life(load);
}

void workload_close(Workload *load)
{
	faultvfs_close(&load->disk);
	store_close(&load->mem.store);
	for (int i = 0; i <= load->group_count; i++)
		free(load->groups[i].state);
	keyring_fini(&load->real.keyring);
	keyring_fini(&load->mem.keyring);
	arena_fini(&load->real.arena);
	arena_fini(&load->mem.arena);
	folder_remove(load->root);
}

/* ------------------------------------------------------------------ check */

void workload_bounds(const Workload *load, int64_t op, int *out_least, int *out_most)
{
	*out_least = *out_most = 0;
	for (int i = 1; i <= load->group_count; i++) {
		if (load->groups[i].acked_op < op)
			*out_least = i;
		if (load->groups[i].begun_op < op)
			*out_most = i;
	}
}

static int check_number(World *world)
{
	Setting setting;
	Err err = { 0 };
	if (desk_setting_get(store_desk(world->store), STR(""), STR("disk.group"), &world->arena,
		    &setting, &err)) {
		int64_t number;
		assert_true(str_to_i64(setting.value, 1, GROUPS_MAX, &number));
		return (int)number;
	}
	if (err.kind != ERR_MISSING)
		fail_msg("%s", err.text);
	return 0;
}

static void check_state(const Workload *load, World *world, int group)
{
	if (group == 0) {
		LedgerCounts counts = w_counts(world);
		assert_int_equal(counts.people, 0);
		return;
	}
	CLEANUP(buf_fini) Buf text = BUF_MAX(STATE_BYTES_MAX);
	ops_dump(world, &text);
	Str got = buf_str(&text), want = str_from(load->groups[group].state);
	if (str_eq(got, want))
		return;
	Str got_line = STR(""), want_line = STR("");
	while (str_eq(got_line, want_line) && str_split(&got, '\n', &got_line)
		&& str_split(&want, '\n', &want_line)) {}
	fail_msg("after group %d\ngot:  %.*s\nwant: %.*s", group, STR_ARG(got_line),
		STR_ARG(want_line));
}

static void check_pages(const char *folder)
{
	char path[FOLDER_BYTES + 16];
	sqlite3 *handle = NULL;
	sqlite3_stmt *stmt = NULL;
	snprintf(path, sizeof path, "%s/optout.db", folder);
	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(handle, "PRAGMA integrity_check", -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(stmt, 0), "ok");
	sqlite3_finalize(stmt);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static size_t settle_claimed(World *world, int64_t org)
{
	OutboxRow rows[64];
	size_t count;
	MUST(ledger_outbox_claim(
		world->ledger, org, STR("a"), world->now_ms, rows, ARRAY_LEN(rows), &count, &err));
	for (size_t i = 0; i < count; i++)
		MUST(ledger_outbox_settle(world->ledger,
			&(Settle){ .outbox_id = rows[i].outbox_id,
				.state = OUTBOX_DONE,
				.fields_written = STR("HasOptedOutOfEmail") },
			1, world->now_ms, &err));
	return count;
}

/* As the push worker does after a start. */
static void check_outbox(World *world)
{
	OutboxProblem rows[ROWS_MAX];
	size_t count;
	world->now_ms = START_MS + (int64_t)FAR_MS * 1000;
	w_begin(world);
	MUST(ledger_outbox_recover(world->ledger, STR("a"), world->now_ms, &count, &err));
	MUST(ledger_outbox_recover(world->ledger, STR("b"), world->now_ms, &count, &err));
	while (settle_claimed(world, world->org) + settle_claimed(world, world->org_b) > 0) {}
	w_commit(world);
	assert_int_equal(w_open_rows(world, rows), 0);
	w_verify_chains(world);
}

int workload_check(Workload *load, const char *folder, int64_t op, int64_t *opened_op)
{
	World world = { .driver = "sqlite", .now_ms = START_MS, .org = 1, .org_b = 2 };
	int least, most;
	SeededRng rng;
	rng_seed(&rng, (uint64_t)op);
	arena_init(&world.arena, 64 * 1024 * 1024);
	const StoreOptions options = { .keyring = &load->real.keyring, .rng = &rng.base };
	snprintf(world.url, sizeof world.url, "sqlite:%s/optout.db", folder);
	MUST(store_open(str_from(world.url), &options, &world.store, &err));
	world.ledger = store_ledger(world.store);
	if (opened_op)
		*opened_op = faultvfs_ops(load->disk);
	int group = check_number(&world);
	workload_bounds(load, op, &least, &most);
	if (group < least || group > most)
		fail_msg("group %d is the last one there; %d was acknowledged, %d had begun", group,
			least, most);
	check_state(load, &world, group);
	w_verify_chains(&world);
	check_pages(folder);
	if (group > 0)
		check_outbox(&world);
	store_close(&world.store);
	arena_fini(&world.arena);
	return group;
}
