/* What the writer says when the disk fails at any one operation, once or for a while: a change that
 * was acknowledged is there, one that was refused is not, and when the disk is well again so is the
 * writer. After a sync of the database that failed the process ends, and the next start makes good
 * what the system forgot (doc/adr/007). DISK_STEP: 1 tries every operation. */
#include "base/base.h"

#include "../lib/expect.h"
#include "../lib/faultvfs.h"
#include "../lib/world.h"
#include "folder.h"

#include "base/log.h"
#include "store/writer.h"

#include <sqlite3.h>

enum {
#if defined(__SANITIZE_ADDRESS__)
	STEP = 5,
#else
	STEP = 2,
#endif
	PEOPLE_MAX = 128,
	GROUP_JOBS = 3,
	CUTS = 3,
};

/* What somebody who asked to be unsubscribed was told. */
typedef enum Told {
	TOLD_NOTHING,
	TOLD_YES,
	TOLD_NO,
	TOLD_NO_AND_RESTARTED, /* the next start may have found it in the log, whole */
} Told;

/* A house with few people on a disk with trouble. */
typedef struct Bench {
	FaultVfs *disk;
	Keyring keyring;
	SeededRng rng;
	char home[FOLDER_BYTES];
	int processes;
	Writer *writer;
	bool is_lost;
	bool is_set; /* the setting was acknowledged */
	Told people[PEOPLE_MAX];
	int asked;
} Bench;

/* All folders are below one, and used again: making and removing them costs more than the rest. */
static char root[FOLDER_BYTES], template_home[FOLDER_BYTES];

/* ------------------------------------------------------------- processes */

static void on_lost(void *ctx, const Err *err)
{
	Bench *bench = ctx;
	assert_int_equal(err->kind, ERR_FATAL);
	assert_false(bench->is_lost); /* told once */
	bench->is_lost = true;
}

static bool open_store(Bench *bench, Store **out, Err *err)
{
	char url[FOLDER_BYTES + 32];
	const StoreOptions options = { .keyring = &bench->keyring, .rng = &bench->rng.base };
	snprintf(url, sizeof url, "sqlite:%s/optout.db", bench->home);
	return store_open(str_from(url), &options, out, err);
}

/* False: not in this state of the disk. */
static bool start(Bench *bench)
{
	const WriterOptions options = {
		.queue_max = 64, .group_max = 64, .on_lost = on_lost, .ctx = bench
	};
	Store *store = NULL;
	Err err;
	if (!open_store(bench, &store, &err))
		return false;
	bench->is_lost = false;
	bench->writer = writer_open_unthreaded(&store, &options);
	return true;
}

/* Ends the process on the spot: nothing is finished, nothing closed that the disk would see. */
static void kill_process(Bench *bench)
{
	char name[16], next[FOLDER_BYTES];
	snprintf(name, sizeof name, "%d", ++bench->processes);
	folder_fresh(next, root, name);
	faultvfs_kill(bench->disk, bench->home, next);
	writer_close(&bench->writer);
	memcpy(bench->home, next, sizeof next);
	for (int i = 0; i < bench->asked; i++)
		if (bench->people[i] == TOLD_NO)
			bench->people[i] = TOLD_NO_AND_RESTARTED;
}

static void bench_open(Bench *bench, uint64_t seed)
{
	SeededRng keys;
	*bench = (Bench){ .disk = faultvfs_open(seed) };
	MUST(secret_library_init(&err));
	rng_seed(&keys, 7);
	keyring_generate(&bench->keyring, &keys.base);
	rng_seed(&bench->rng, seed);
	folder_fresh(bench->home, root, "0");
	if (template_home[0])
		folder_copy(template_home, bench->home);
}

static void bench_close(Bench *bench)
{
	writer_close(&bench->writer);
	faultvfs_close(&bench->disk);
	keyring_fini(&bench->keyring);
}

/* ----------------------------------------------------------------- asking */

typedef struct Click {
	WriteJob job;
	Bench *bench;
	int number;
	bool is_stubborn;
} Click;

static Address address_of(int number)
{
	char text[32];
	snprintf(text, sizeof text, "p%d@example.com", number);
	return an_address(text);
}

static bool click_run(WriteJob *job, Store *store, Err *err)
{
	const Click *click = CONTAINER_OF(job, Click, job);
	const StopWish wish = { .address = address_of(click->number),
		.source = SOURCE_ONE_CLICK,
		.evidence = STR("a click"),
		.now_ms = START_MS };
	StopOutcome outcome;
	LedgerCounts counts;
	bool read = ledger_counts(store_ledger(store), &counts, err);
	return (read || click->is_stubborn)
		&& ledger_stop(store_ledger(store), &wish, &outcome, err);
}

static void click_done(WriteJob *job, bool ok, const Err *err)
{
	const Click *click = CONTAINER_OF(job, Click, job);
	click->bench->people[click->number] = ok ? TOLD_YES : TOLD_NO;
	assert_true(ok || err->text[0]);
}

/* One group of people. One of them works on after a failed read, as no code of ours should. */
static void ask(Bench *bench)
{
	Click clicks[GROUP_JOBS];
	int first = bench->asked;
	assert_true(first + GROUP_JOBS <= PEOPLE_MAX);
	for (int i = 0; i < GROUP_JOBS; i++) {
		clicks[i] = (Click){ .job = { .run = click_run, .done = click_done },
			.bench = bench,
			.number = bench->asked++,
			.is_stubborn = i == 0 };
		MUST(writer_submit(bench->writer, &clicks[i].job, &err));
	}
	(void)writer_turn(bench->writer);
	for (int i = first; i < bench->asked; i++)
		assert_true(bench->people[i] != TOLD_NOTHING);
}

/* On a page that no later change touches. */
static bool put_setting(void *ctx, Store *store, Err *err)
{
	(void)ctx;
	return desk_setting_put(store_desk(store), STR(""), STR("name"), STR("value"),
		STR("tester"), START_MS, err);
}

static void set(Bench *bench)
{
	MUST(writer_call(bench->writer, put_setting, NULL, &err));
	bench->is_set = true;
}

static void idle(Bench *bench)
{
	assert_false(writer_turn(bench->writer));
}

static void all_of_the_last_group_were(const Bench *bench, Told told)
{
	for (int i = bench->asked - GROUP_JOBS; i < bench->asked; i++)
		assert_int_equal(bench->people[i], told);
}

/* ---------------------------------------------------------------- looking */

static void check_pages(const char *home)
{
	char path[FOLDER_BYTES + 16];
	sqlite3 *handle = NULL;
	sqlite3_stmt *stmt = NULL;
	snprintf(path, sizeof path, "%s/optout.db", home);
	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(handle, "PRAGMA integrity_check", -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(stmt, 0), "ok");
	sqlite3_finalize(stmt);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static void check_person(World *world, const Bench *bench, int number, bool is_after_cut)
{
	Address address = address_of(number);
	AddressHash hash = address_hash(&bench->keyring.hash, &address);
	Person person = { 0 };
	Err err = { 0 };
	bool is_there = ledger_person_by_hash(world->ledger, &hash, &world->arena, &person, &err);
	assert_true(is_there || err.kind == ERR_MISSING);
	if (bench->people[number] == TOLD_YES && !is_there)
		fail_msg("person %d was told yes and is not there", number);
	if (bench->people[number] == TOLD_NO && is_there && !is_after_cut)
		fail_msg("person %d was told no and is there", number);
	if (is_there) {
		HistoryEntry entries[ROWS_MAX];
		assert_true(person.unsubscribed_at_ms > 0);
		assert_true(w_history(world, person.person_id, entries) > 0);
	}
}

static void check_home(Bench *bench, const char *home, bool is_after_cut)
{
	World world = { .driver = "sqlite" };
	arena_init(&world.arena, 64 * 1024 * 1024);
	const StoreOptions options = { .keyring = &bench->keyring, .read_only = !is_after_cut };
	snprintf(world.url, sizeof world.url, "sqlite:%s/optout.db", home);
	MUST(store_open(str_from(world.url), &options, &world.store, &err));
	world.ledger = store_ledger(world.store);
	for (int i = 0; i < bench->asked; i++)
		check_person(&world, bench, i, is_after_cut);
	w_verify_chains(&world);
	Setting setting;
	if (bench->is_set)
		MUST(desk_setting_get(store_desk(world.store), STR(""), STR("name"), &world.arena,
			&setting, &err));
	store_close(&world.store);
	check_pages(home);
	arena_fini(&world.arena);
}

/* As it is now, and as it is when the power goes now. */
static void check(Bench *bench, uint64_t seed)
{
	check_home(bench, bench->home, false);
	for (uint64_t luck = 0; luck < CUTS; luck++) {
		char folder[FOLDER_BYTES];
		folder_fresh(folder, root, "cut");
		FaultMark mark = faultvfs_mark(bench->disk);
		faultvfs_cut(bench->disk, faultvfs_ops(bench->disk) + 1, seed * CUTS + luck,
			bench->home, folder);
		check_home(bench, folder, true);
		faultvfs_rewind(bench->disk, &mark);
	}
}

/* ----------------------------------------------------------- n-th operation */

static struct {
	DiskTrouble trouble;
	bool is_running;
} tried;

static void restart_if_lost(Bench *bench)
{
	if (!bench->is_lost)
		return;
	ask(bench);
	all_of_the_last_group_were(bench, TOLD_NO);
	kill_process(bench);
	if (start(bench))
		return;
	faultvfs_mend(bench->disk);
	assert_true(start(bench));
}

static void course(Bench *bench)
{
	if (!start(bench)) { /* the trouble hit the start: the next one is on a well disk */
		faultvfs_mend(bench->disk);
		assert_true(start(bench));
	}
	for (int i = 0; i < 4; i++) {
		ask(bench);
		if (i % 2 == 1)
			idle(bench);
		restart_if_lost(bench);
	}
}

/* True: the trouble came. */
static bool try_at(const DiskTrouble *trouble, uint64_t seed)
{
	Bench bench;
	tried.trouble = *trouble;
	tried.is_running = true;
	bench_open(&bench, seed);
	faultvfs_trouble(bench.disk, trouble);
	course(&bench);
	bool has_struck = faultvfs_struck(bench.disk) > 0;
	faultvfs_mend(bench.disk);
	ask(&bench);
	all_of_the_last_group_were(&bench, TOLD_YES);
	idle(&bench);
	restart_if_lost(&bench);
	ask(&bench);
	all_of_the_last_group_were(&bench, TOLD_YES);
	check(&bench, seed);
	bench_close(&bench);
	tried.is_running = false;
	return has_struck;
}

static int step(void)
{
	const char *text = getenv("DISK_STEP");
	int64_t number;
	return text && str_to_i64(str_from(text), 1, 1000, &number) ? (int)number : STEP;
}

static void try_everywhere(DiskFault fault, unsigned kinds)
{
	static const int counts[] = { 1, 2, DISK_FOR_EVER };
	int tries = 0;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		DiskTrouble trouble = { .fault = fault, .kinds = kinds, .count = counts[i] };
		while (try_at(&trouble, (uint64_t)trouble.skip + 1)) {
			trouble.skip += kinds == DISK_WRITE || kinds == DISK_READ ? step() : 1;
			tries++;
		}
	}
	assert_true(tries > 3);
	print_message("# %d times\n", tries);
}

static void failing_write_refuses_and_nothing_else(void **state)
{
	(void)state;
	try_everywhere(DISK_FAILS, DISK_WRITE);
}

static void short_write_refuses_and_nothing_else(void **state)
{
	(void)state;
	try_everywhere(DISK_SHORT, DISK_WRITE);
}

static void failing_sync_refuses_or_ends_the_process(void **state)
{
	(void)state;
	try_everywhere(DISK_FAILS, DISK_SYNC);
}

static void failing_truncate_refuses_nothing(void **state)
{
	(void)state;
	try_everywhere(DISK_FAILS, DISK_TRUNCATE);
}

static void failing_read_refuses_and_nothing_is_half_done(void **state)
{
	(void)state;
	try_everywhere(DISK_FAILS, DISK_READ);
}

/* ------------------------------------------------------------ failed syncs */

/* A reader in the middle of its reading. */
static sqlite3 *hold_reader(const Bench *bench)
{
	char path[FOLDER_BYTES + 16];
	sqlite3 *reader = NULL;
	snprintf(path, sizeof path, "%s/optout.db", bench->home);
	assert_int_equal(sqlite3_open_v2(path, &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM person", NULL, NULL, NULL),
		SQLITE_OK);
	return reader;
}

/* SQLite moves a part of the log without a sync and counts it as moved. The sync of the rest tells
 * that the system could not write that part, and forgets it. */
static void pages_that_the_system_forgot_are_taken_from_the_log_again(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		Bench bench;
		bench_open(&bench, seed);
		assert_true(start(&bench));
		set(&bench);
		sqlite3 *reader = hold_reader(&bench);
		ask(&bench);
		idle(&bench);
		assert_int_equal(sqlite3_close(reader), SQLITE_OK);
		faultvfs_trouble(bench.disk,
			&(DiskTrouble){ .fault = DISK_FAILS,
				.kinds = DISK_SYNC,
				.suffix = ".db",
				.count = 1 });
		idle(&bench);
		assert_true(bench.is_lost);
		if (seed % 2) {
			kill_process(&bench);
		} else { /* in order, which must not move the log either */
			ask(&bench);
			all_of_the_last_group_were(&bench, TOLD_NO);
			writer_close(&bench.writer);
		}
		assert_true(start(&bench));
		ask(&bench);
		all_of_the_last_group_were(&bench, TOLD_YES);
		idle(&bench);
		check(&bench, seed);
		bench_close(&bench);
	}
}

/* The log's sync fails, so the group is told no; the process is killed before the next commit
 * writes over it. The next one finds the group whole, in the system's cache: it may not build on it
 * until it is on disk. */
static void changes_after_a_restart_do_not_hang_on_what_the_system_forgot(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		Bench bench;
		bench_open(&bench, seed);
		assert_true(start(&bench));
		ask(&bench);
		faultvfs_trouble(bench.disk,
			&(DiskTrouble){ .fault = DISK_FAILS,
				.kinds = DISK_SYNC,
				.suffix = "-wal",
				.count = 1 });
		ask(&bench);
		all_of_the_last_group_were(&bench, TOLD_NO);
		kill_process(&bench);
		assert_true(start(&bench));
		ask(&bench);
		all_of_the_last_group_were(&bench, TOLD_YES);
		check(&bench, seed);
		bench_close(&bench);
	}
}

/* ------------------------------------------------------------------ start */

static void start_says(Bench *bench, const char *words)
{
	Store *store = NULL;
	Err err = { 0 };
	assert_false(open_store(bench, &store, &err));
	assert_has(str_from(err.text), bench->home);
	assert_has(str_from(err.text), words);
}

static void start_on_a_full_disk_says_to_make_room(void **state)
{
	(void)state;
	for (int is_new = 0; is_new <= 1; is_new++) {
		Bench bench;
		bench_open(&bench, 1);
		if (is_new)
			folder_fresh(bench.home, root, "new");
		faultvfs_trouble(bench.disk, &(DiskTrouble){ .fault = DISK_FULL });
		start_says(&bench, "make room on the disk");
		faultvfs_mend(bench.disk);
		assert_true(start(&bench));
		bench_close(&bench);
	}
}

static void start_on_a_read_only_disk_says_to_mount_it_for_writing(void **state)
{
	(void)state;
	Bench bench;
	bench_open(&bench, 1);
	faultvfs_trouble(bench.disk, &(DiskTrouble){ .fault = DISK_READ_ONLY });
	start_says(&bench, "mount the disk for writing");
	faultvfs_mend(bench.disk);
	assert_true(start(&bench));
	bench_close(&bench);
}

/* -------------------------------------------------------------------------- */

/* A house that has been there for a while: its start writes little. */
static int make_root(void **state)
{
	Bench bench;
	(void)state;
	folder_temporary(root);
	bench_open(&bench, 99);
	assert_true(start(&bench));
	writer_close(&bench.writer);
	folder_fresh(template_home, root, "home");
	folder_copy(bench.home, template_home);
	bench_close(&bench);
	return 0;
}

static int remove_root(void **state)
{
	(void)state;
	folder_remove(root);
	return 0;
}

static int tell_where(void **state)
{
	(void)state;
	if (tried.is_running)
		print_error("# fails: fault %d of kinds %x after %d, %d times\n",
			(int)tried.trouble.fault, tried.trouble.kinds, tried.trouble.skip,
			tried.trouble.count);
	tried.is_running = false;
	return 0;
}

#define EVERYWHERE(function_) cmocka_unit_test_teardown(function_, tell_where)

int main(void)
{
	log_init(&(LogOptions){ .level = LOG_ERROR });
	const struct CMUnitTest tests[] = {
		EVERYWHERE(failing_write_refuses_and_nothing_else),
		EVERYWHERE(short_write_refuses_and_nothing_else),
		EVERYWHERE(failing_sync_refuses_or_ends_the_process),
		EVERYWHERE(failing_truncate_refuses_nothing),
		EVERYWHERE(failing_read_refuses_and_nothing_is_half_done),
		cmocka_unit_test(pages_that_the_system_forgot_are_taken_from_the_log_again),
		cmocka_unit_test(changes_after_a_restart_do_not_hang_on_what_the_system_forgot),
		cmocka_unit_test(start_on_a_full_disk_says_to_make_room),
		cmocka_unit_test(start_on_a_read_only_disk_says_to_mount_it_for_writing),
	};
	return cmocka_run_group_tests_name("errors", tests, make_root, remove_root);
}
