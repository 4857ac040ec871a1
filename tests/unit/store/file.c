/* What only a store in a file can show: other handles, other programs, damage, what is left after a
 * crash. */
#include "base/base.h"

#include "store/sqlite/db.h"

#include "../../lib/world.h"

#include "base/file.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Through a handle of its own, as somebody with another program would. */
static void run_sql(World *w, const char *sql)
{
	sqlite3 *db = NULL;
	char path[128], *message = NULL;
	snprintf(path, sizeof path, "%s/optout.db", w->folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s", message);
	sqlite3_close(db);
}

static Store *open_reader(World *w)
{
	Store *reader = NULL;
	const StoreOptions options = { .read_only = true, .keyring = &w->keyring };
	MUST(store_open(str_from(w->url), &options, &reader, &err));
	return reader;
}

static void state_survives_closing(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "why");
	world_reopen(w);
	assert_str_equal(w_get(w, ann).reason, STR("why"));
	HistoryEntry entries[ROWS_MAX];
	assert_int_equal(w_history(w, ann, entries), 2);
	assert_str_equal(entries[0].reason, STR("why"));
	w_stop(w, ann, SOURCE_FORM, "again"); /* numbers and chains go on */
	w_verify_chains(w);
}

static void reader_sees_committed_changes_only(void **state)
{
	World *w = *state;
	Store *reader = open_reader(w);
	const PersonPut put = {
		.address = an_address("ann@example.com"), .source = SOURCE_API, .now_ms = 1
	};
	PersonPutOutcome out;
	LedgerCounts counts;
	w_begin(w);
	MUST(ledger_person_put(w->ledger, &put, &out, &err));
	MUST(ledger_counts(store_ledger(reader), &counts, &err));
	assert_int_equal(counts.people, 0);
	w_commit(w);
	MUST(ledger_counts(store_ledger(reader), &counts, &err));
	assert_int_equal(counts.people, 1);
	store_close(&reader);
}

static void abandoned_transaction_leaves_nothing(void **state)
{
	World *w = *state;
	const PersonPut put = {
		.address = an_address("ann@example.com"), .source = SOURCE_API, .now_ms = 1
	};
	PersonPutOutcome out;
	w_begin(w);
	MUST(ledger_person_put(w->ledger, &put, &out, &err));
	world_reopen(w); /* as after a crash: neither committed nor rolled back */
	assert_int_equal(w_counts(w).people, 0);
}

static void acknowledged_commit_survives_sudden_death(void **state)
{
	World *w = *state;
	pid_t child = fork();
	if (child == 0) {
		/* The parent's handle is not touched; the child has one of its own. */
		Store *store = NULL;
		PersonPutOutcome out;
		const StoreOptions options = { .keyring = &w->keyring };
		PersonPut put = { .source = SOURCE_API, .now_ms = 1 };
		bool ok = address_parse(STR("ann@example.com"), &put.address, NULL)
			&& store_open(str_from(w->url), &options, &store, NULL)
			&& store_begin(store, NULL)
			&& ledger_person_put(store_ledger(store), &put, &out, NULL)
			&& store_commit(store, NULL) && store_begin(store, NULL);
		ok = ok && address_parse(STR("bob@example.com"), &put.address, NULL)
			&& ledger_person_put(store_ledger(store), &put, &out, NULL);
		_exit(ok ? 0 : 1); /* no close, no rollback */
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	world_reopen(w);
	assert_int_equal(w_counts(w).people, 1);
}

static void chain_names_a_changed_entry(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "why");
	w_verify_chains(w);
	int64_t event_id = w_get(w, ann).last_event_id;
	AddressHash hash = w_get(w, ann).hash;
	char sql[128];
	snprintf(sql, sizeof sql,
		"UPDATE event SET body = zeroblob(length(body)) WHERE event_id = %lld",
		(long long)event_id);
	run_sql(w, sql);
	Err fault = { 0 };
	assert_false(ledger_chain_verify(w->ledger, address_partition(&hash), &fault));
	assert_int_equal(fault.kind, ERR_FATAL);
	char want[32];
	snprintf(want, sizeof want, "entry %lld", (long long)event_id);
	assert_true(str_find(str_from(fault.text), str_from(want)) >= 0);
	/* And the words of a changed entry are not made up. */
	HistoryEntry entries[ROWS_MAX];
	size_t count;
	REFUSED(ERR_FATAL,
		ledger_history(w->ledger, ann, 0, &w->arena, entries, ROWS_MAX, &count, &err));
}

static void chain_notices_a_cut_tail_and_a_missing_middle(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "");
	for (int i = 0; i < 3; i++)
		w_stop(w, ann, (Source)(SOURCE_LINK + i), "");
	AddressHash hash = w_get(w, ann).hash;
	unsigned partition = address_partition(&hash);
	run_sql(w, "CREATE TABLE kept AS SELECT * FROM event");
	run_sql(w, "DELETE FROM event WHERE event_id = (SELECT max(event_id) FROM event)");
	REFUSED(ERR_FATAL, ledger_chain_verify(w->ledger, partition, &err));
	run_sql(w, "DELETE FROM event; INSERT INTO event SELECT * FROM kept");
	MUST(ledger_chain_verify(w->ledger, partition, &err));
	run_sql(w, "DELETE FROM event WHERE event_id = 2");
	REFUSED(ERR_FATAL, ledger_chain_verify(w->ledger, partition, &err));
}

static void erased_key_empties_history_and_keeps_the_chain(void **state)
{
	World *w = *state;
	int64_t ann = w_person(w, "ann@example.com", "c1");
	w_stop(w, ann, SOURCE_LINK, "why");
	run_sql(w, "UPDATE person SET address = NULL, wrapped_key = NULL, reason = ''");
	assert_str_equal(w_get(w, ann).address, STR(""));
	HistoryEntry entries[ROWS_MAX];
	assert_int_equal(w_history(w, ann, entries), 2);
	assert_str_equal(entries[0].reason, STR(""));
	assert_int_equal(entries[0].kind, EVENT_UNSUBSCRIBED);
	w_verify_chains(w);
	/* The address is still known: neither mailable nor filled in again, and its records are
	 * ticked. */
	PersonPut put = { .address = an_address("ann@example.com"),
		.first_name = STR("Ann"),
		.source = SOURCE_IMPORT,
		.now_ms = w->now_ms };
	const RecordRef ref = a_record(w->org, "l1");
	put.records = &ref;
	put.record_count = 1;
	PersonPutOutcome out;
	w_begin(w);
	MUST(ledger_person_put(w->ledger, &put, &out, &err));
	w_commit(w);
	assert_false(out.is_new);
	assert_true(out.is_unsubscribed);
	assert_int_equal(out.pushes, 1);
	assert_str_equal(w_get(w, ann).first_name, STR(""));
	w_stop(w, ann, SOURCE_LINK, "again");
	w_verify_chains(w);
}

static void another_keyring_is_refused(void **state)
{
	World *w = *state;
	Keyring other = { 0 };
	keyring_generate(&other, rng_system());
	const StoreOptions options = { .keyring = &other };
	Store *store = NULL;
	Err err = { 0 };
	assert_false(store_open(str_from(w->url), &options, &store, &err));
	assert_int_equal(err.kind, ERR_FATAL);
	assert_true(str_find(str_from(err.text), STR("another keyring")) >= 0);
	assert_true(str_find(str_from(err.text), str_from(w->folder)) >= 0);
	assert_null(store);
	keyring_fini(&other);
}

static void newer_and_foreign_files_are_refused(void **state)
{
	World *w = *state;
	const StoreOptions options = { .keyring = &w->keyring };
	Store *store = NULL;
	run_sql(w, "INSERT INTO migration VALUES (999, 'later', x'00', 0)");
	REFUSED(ERR_FATAL, store_open(str_from(w->url), &options, &store, &err)); /* a gap */
	run_sql(w, "UPDATE migration SET number = 3 WHERE number = 999");
	REFUSED(ERR_CONFLICT, store_open(str_from(w->url), &options, &store, &err));
	run_sql(w, "PRAGMA application_id = 17");
	REFUSED(ERR_FATAL, store_open(str_from(w->url), &options, &store, &err));
}

static void damaged_file_is_refused(void **state)
{
	World *w = *state;
	char path[128], url[160];
	snprintf(path, sizeof path, "%s/damaged.db", w->folder);
	snprintf(url, sizeof url, "sqlite:%s", path);
	MUST(file_write_durable(
		path, STR("this is no database, and longer than its header"), 0600, &err));
	const StoreOptions options = { .keyring = &w->keyring };
	Store *store = NULL;
	REFUSED(ERR_FATAL, store_open(str_from(url), &options, &store, &err));
}

static void reader_needs_a_database(void **state)
{
	World *w = *state;
	char url[160];
	snprintf(url, sizeof url, "sqlite:%s/none.db", w->folder);
	const StoreOptions options = { .read_only = true, .keyring = &w->keyring };
	Store *store = NULL;
	REFUSED(ERR_MISSING, store_open(str_from(url), &options, &store, &err));
	REFUSED(ERR_INPUT, store_open(STR("oracle:x"), &options, &store, &err));
	REFUSED(ERR_INPUT, store_open(STR("nonsense"), &options, &store, &err));
}

static void checkpoint_empties_the_log(void **state)
{
	World *w = *state;
	w_person(w, "ann@example.com", "c1");
	assert_true(store_log_bytes(w->store) > 0);
	MUST(store_checkpoint(w->store, &err));
	assert_int_equal(store_log_bytes(w->store), 0);
	w_person(w, "bob@example.com", "c2");
	assert_true(store_log_bytes(w->store) > 0);
}

static int64_t log_file_bytes(World *w)
{
	struct stat info;
	char path[128];
	snprintf(path, sizeof path, "%s/optout.db-wal", w->folder);
	assert_int_equal(stat(path, &info), 0);
	return info.st_size;
}

static void put_people(World *w, int first, int count)
{
	w_begin(w);
	for (int i = first; i < first + count; i++) {
		char address[64];
		PersonPutOutcome out;
		snprintf(address, sizeof address, "person%d@example.com", i);
		const PersonPut put = {
			.address = an_address(address), .source = SOURCE_IMPORT, .now_ms = 1
		};
		MUST(ledger_person_put(w->ledger, &put, &out, &err));
	}
	MUST(store_commit(w->store, &err));
}

static void long_log_is_written_over_and_cut_when_it_is_quiet_again(void **state)
{
	World *w = *state;
	enum { LONG_BYTES = 5 * 1024 * 1024, PEOPLE_EACH = 1000 };
	int people = 0;
	for (; store_log_bytes(w->store) < LONG_BYTES; people += PEOPLE_EACH)
		put_people(w, people, PEOPLE_EACH);
	int64_t long_bytes = log_file_bytes(w);
	MUST(store_checkpoint(w->store, &err));
	/* the file is as long as before, what it held is in the database */
	assert_int_equal(log_file_bytes(w), long_bytes);
	assert_in_range(store_log_bytes(w->store), 1, 1024); /* still something to do when idle */
	w_person(w, "ann@example.com", "c1");
	assert_int_equal(log_file_bytes(w), long_bytes);
	assert_true(store_log_bytes(w->store) < 1024 * 1024);
	MUST(store_checkpoint(w->store, &err));
	assert_int_equal(log_file_bytes(w), 0);
	assert_int_equal(store_log_bytes(w->store), 0);
	LedgerCounts counts;
	MUST(ledger_counts(w->ledger, &counts, &err));
	assert_int_equal(counts.people, people + 1);
}

static void files_are_the_owners_alone(void **state)
{
	World *w = *state;
	static const char *const names[] = { "optout.db", "optout.db-wal", "optout.db-shm" };
	w_person(w, "ann@example.com", "");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[128];
		struct stat info;
		snprintf(path, sizeof path, "%s/%s", w->folder, names[i]);
		assert_int_equal(stat(path, &info), 0);
		assert_int_equal(info.st_mode & 0777, 0600);
	}
}

static void second_writer_is_told_who_holds_the_lock(void **state)
{
	World *w = *state;
	int fd = -1, second = -1;
	MUST(store_lock(str_from(w->url), &fd, &err));
	Err refusal = { 0 };
	assert_false(store_lock(str_from(w->url), &second, &refusal));
	assert_int_equal(refusal.kind, ERR_CONFLICT);
	char pid[32];
	snprintf(pid, sizeof pid, "process %ld ", (long)getpid());
	assert_true(str_find(str_from(refusal.text), str_from(pid)) >= 0);
	fd_close(&fd);
	MUST(store_lock(str_from(w->url), &second, &err));
	fd_close(&second);
	REFUSED(ERR_INPUT, store_lock(STR("mem:"), &second, &err));
}

/* A file of the world's folder. */
typedef struct Path {
	char text[128];
} Path;

static Path in_folder(const World *w, const char *name)
{
	Path path;
	snprintf(path.text, sizeof path.text, "%s/%s", w->folder, name);
	return path;
}

static void put_file(const World *w, const char *name, Str content)
{
	MUST(file_write_durable(in_folder(w, name).text, content, 0600, &err));
}

static void copy_file(const World *w, const char *from, const char *to)
{
	CLEANUP(buf_fini) Buf content = BUF_MAX(64 * 1024 * 1024);
	MUST(file_read(in_folder(w, from).text, &content, &err));
	put_file(w, to, buf_str(&content));
}

static int64_t size_of(const World *w, const char *name)
{
	struct stat info;
	return stat(in_folder(w, name).text, &info) == 0 ? info.st_size : -1;
}

static void a_database_that_was_made_is_not_made_again(void **state)
{
	World *w = *state;
	char url[160];
	int fd = -1;
	snprintf(url, sizeof url, "sqlite:%s/b.db", w->folder);
	/* given: a start that was killed before it had made one */
	put_file(w, "b.db", STR(""));
	MUST(store_lock(str_from(url), &fd, &err));
	fd_close(&fd);
	/* and one that made it */
	MUST(store_lock(str_from(url), &fd, &err));
	copy_file(w, "optout.db", "b.db");
	MUST(store_lock_made(fd, &err));
	MUST(store_lock_made(fd, &err));
	fd_close(&fd);
	MUST(store_lock(str_from(url), &fd, &err));
	fd_close(&fd);
	/* then: neither an empty file nor none is taken for a first start */
	put_file(w, "b.db", STR(""));
	REFUSED(ERR_FATAL, store_lock(str_from(url), &fd, &err));
	assert_int_equal(unlink(in_folder(w, "b.db").text), 0);
	REFUSED(ERR_FATAL, store_lock(str_from(url), &fd, &err));
	/* until somebody says so; but a log that is left is changes that nobody else has */
	assert_int_equal(unlink(in_folder(w, "b.db.lock").text), 0);
	put_file(w, "b.db-wal", STR("changes"));
	REFUSED(ERR_FATAL, store_lock(str_from(url), &fd, &err));
	assert_int_equal(unlink(in_folder(w, "b.db-wal").text), 0);
	MUST(store_lock(str_from(url), &fd, &err));
	fd_close(&fd);
}

static void half_a_database_is_refused_and_its_log_is_kept(void **state)
{
	World *w = *state;
	char address[64], url[160];
	for (int i = 0; i < 200; i++) {
		snprintf(address, sizeof address, "p%d@example.com", i);
		w_person(w, address, "");
	}
	MUST(store_checkpoint(w->store, &err));
	w_person(w, "late@example.com", "");
	copy_file(w, "optout.db", "b.db");
	copy_file(w, "optout.db-wal", "b.db-wal");
	int64_t half = size_of(w, "b.db") / 2, log_bytes = size_of(w, "b.db-wal");
	assert_int_equal(truncate(in_folder(w, "b.db").text, half), 0);
	snprintf(url, sizeof url, "sqlite:%s/b.db", w->folder);
	const StoreOptions options = { .keyring = &w->keyring };
	Store *store = NULL;
	Err refusal = { 0 };
	assert_false(store_open(str_from(url), &options, &store, &refusal));
	assert_int_equal(refusal.kind, ERR_FATAL);
	assert_true(str_find(str_from(refusal.text), STR("b.db: damaged (")) >= 0);
	assert_true(str_find(str_from(refusal.text), STR("restore a backup")) >= 0);
	assert_int_equal(size_of(w, "b.db"), half);
	assert_int_equal(size_of(w, "b.db-wal"), log_bytes);
}

#define FILE_CASE(function_)                                                                       \
	cmocka_unit_test_setup_teardown(function_, sqlite_world_up, sqlite_world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_CASE(state_survives_closing),
		FILE_CASE(reader_sees_committed_changes_only),
		FILE_CASE(abandoned_transaction_leaves_nothing),
		FILE_CASE(acknowledged_commit_survives_sudden_death),
		FILE_CASE(chain_names_a_changed_entry),
		FILE_CASE(chain_notices_a_cut_tail_and_a_missing_middle),
		FILE_CASE(erased_key_empties_history_and_keeps_the_chain),
		FILE_CASE(another_keyring_is_refused),
		FILE_CASE(newer_and_foreign_files_are_refused),
		FILE_CASE(damaged_file_is_refused),
		FILE_CASE(reader_needs_a_database),
		FILE_CASE(checkpoint_empties_the_log),
		FILE_CASE(long_log_is_written_over_and_cut_when_it_is_quiet_again),
		FILE_CASE(files_are_the_owners_alone),
		FILE_CASE(second_writer_is_told_who_holds_the_lock),
		FILE_CASE(a_database_that_was_made_is_not_made_again),
		FILE_CASE(half_a_database_is_refused_and_its_log_is_kept),
	};
	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
