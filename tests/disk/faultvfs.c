/* The disk of these tests itself: what it keeps, loses and tears, and when it fails. */
#include "base/base.h"

#include "../lib/faultvfs.h"
#include "../lib/world.h"
#include "folder.h"

#include "base/alloc.h"

#include <sqlite3.h>
#include <unistd.h>

enum { LUCKS = 100, BLOCK = 8192 };

typedef struct Bench {
	FaultVfs *disk;
	char root[FOLDER_BYTES], home[FOLDER_BYTES], cut[FOLDER_BYTES];
	char path[FOLDER_BYTES + 16], log_path[FOLDER_BYTES + 16];
	sqlite3_file *file, *log;
	unsigned char old[BLOCK], new[BLOCK], got[BLOCK * 2];
} Bench;

static sqlite3_vfs *vfs(void)
{
	return sqlite3_vfs_find(NULL);
}

static sqlite3_file *open_file(const char *path, int kind)
{
	sqlite3_file *file = xcalloc(1, (size_t)vfs()->szOsFile);
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | kind;
	assert_int_equal(vfs()->xOpen(vfs(), path, file, flags, &flags), SQLITE_OK);
	return file;
}

static void close_file(sqlite3_file **file)
{
	if (*file)
		(*file)->pMethods->xClose(*file);
	free(*file);
	*file = NULL;
}

static int put(sqlite3_file *file, const unsigned char *bytes, sqlite3_int64 offset)
{
	return file->pMethods->xWrite(file, bytes, BLOCK, offset);
}

static int sync_file(sqlite3_file *file)
{
	return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

static int up(void **state)
{
	Bench *bench = xcalloc(1, sizeof *bench);
	bench->disk = faultvfs_open(1);
	folder_temporary(bench->root);
	folder_fresh(bench->home, bench->root, "home");
	snprintf(bench->path, sizeof bench->path, "%s/a.db", bench->home);
	snprintf(bench->log_path, sizeof bench->log_path, "%s/a.db-wal", bench->home);
	bench->file = open_file(bench->path, SQLITE_OPEN_MAIN_DB);
	bench->log = open_file(bench->log_path, SQLITE_OPEN_WAL);
	memset(bench->old, 'o', BLOCK);
	memset(bench->new, 'n', BLOCK);
	*state = bench;
	return 0;
}

static int down(void **state)
{
	Bench *bench = *state;
	close_file(&bench->file);
	close_file(&bench->log);
	faultvfs_close(&bench->disk);
	folder_remove(bench->root);
	free(bench);
	return 0;
}

/* The file's length after a cut now; -1: there is none. Its content is in got. */
static long cut_now(Bench *bench, uint64_t luck, const char *name)
{
	char path[FOLDER_BYTES + 16];
	folder_fresh(bench->cut, bench->root, "cut");
	faultvfs_cut(bench->disk, faultvfs_ops(bench->disk) + 1, luck, bench->home, bench->cut);
	snprintf(path, sizeof path, "%s/%s", bench->cut, name);
	FILE *in = fopen(path, "rb");
	if (!in)
		return -1;
	size_t len = fread(bench->got, 1, sizeof bench->got, in);
	fclose(in);
	return (long)len;
}

/* A file and its folder's entry are on disk, with old content. */
static void settle_old(Bench *bench)
{
	assert_int_equal(put(bench->file, bench->old, 0), SQLITE_OK);
	assert_int_equal(sync_file(bench->file), SQLITE_OK);
	assert_int_equal(sync_file(bench->log), SQLITE_OK); /* the log's first syncs the folder */
}

static size_t count_of(const unsigned char *bytes, size_t len, unsigned char want)
{
	size_t count = 0;
	for (size_t i = 0; i < len; i++)
		count += bytes[i] == want;
	return count;
}

static void what_was_synced_is_always_there(void **state)
{
	Bench *bench = *state;
	settle_old(bench);
	for (uint64_t luck = 0; luck < LUCKS; luck++) {
		assert_int_equal(cut_now(bench, luck, "a.db"), BLOCK);
		assert_memory_equal(bench->got, bench->old, BLOCK);
	}
}

static void what_was_not_synced_is_lost_kept_or_torn(void **state)
{
	Bench *bench = *state;
	int lost = 0, kept = 0, torn = 0;
	settle_old(bench);
	assert_int_equal(put(bench->file, bench->new, 0), SQLITE_OK);
	for (uint64_t luck = 0; luck < LUCKS; luck++) {
		assert_int_equal(cut_now(bench, luck, "a.db"), BLOCK);
		size_t new_bytes = count_of(bench->got, BLOCK, 'n');
		assert_int_equal(count_of(bench->got, BLOCK, 'o'), BLOCK - new_bytes);
		lost += new_bytes == 0;
		kept += new_bytes == BLOCK;
		torn += new_bytes > 0 && new_bytes < BLOCK;
	}
	assert_true(lost > 10 && kept > 10 && torn > 10);
	assert_int_equal(sync_file(bench->file), SQLITE_OK);
	assert_int_equal(cut_now(bench, 1, "a.db"), BLOCK);
	assert_memory_equal(bench->got, bench->new, BLOCK);
}

static void a_write_under_way_may_be_torn_and_a_sync_under_way_promises_nothing(void **state)
{
	Bench *bench = *state;
	int lost = 0;
	settle_old(bench);
	assert_int_equal(put(bench->file, bench->new, 0), SQLITE_OK);
	int64_t write_op = faultvfs_ops(bench->disk);
	assert_int_equal(sync_file(bench->file), SQLITE_OK);
	for (uint64_t luck = 0; luck < LUCKS; luck++) {
		for (int64_t op = write_op; op <= write_op + 1; op++) {
			folder_fresh(bench->cut, bench->root, "cut");
			faultvfs_cut(bench->disk, op, luck, bench->home, bench->cut);
			char path[FOLDER_BYTES + 16];
			snprintf(path, sizeof path, "%s/a.db", bench->cut);
			FILE *in = fopen(path, "rb");
			assert_non_null(in);
			assert_int_equal(fread(bench->got, 1, BLOCK, in), BLOCK);
			fclose(in);
			lost += count_of(bench->got, BLOCK, 'n') == 0;
		}
	}
	assert_true(lost > 10);
}

static void a_grown_file_may_hold_anything_where_it_was_not_synced(void **state)
{
	Bench *bench = *state;
	int shorter = 0, rubbish = 0;
	settle_old(bench);
	assert_int_equal(put(bench->file, bench->new, BLOCK), SQLITE_OK);
	for (uint64_t luck = 0; luck < LUCKS; luck++) {
		long len = cut_now(bench, luck, "a.db");
		assert_true(len >= BLOCK && len <= 2 * BLOCK);
		assert_memory_equal(bench->got, bench->old, BLOCK);
		shorter += len < 2 * BLOCK;
		rubbish += count_of(bench->got + BLOCK, (size_t)len - BLOCK, 'n')
			< (size_t)len - BLOCK;
	}
	assert_true(shorter > 10 && rubbish > 10);
}

static void a_new_name_may_be_gone_until_its_folder_is_synced(void **state)
{
	Bench *bench = *state;
	int gone = 0;
	assert_int_equal(put(bench->file, bench->new, 0), SQLITE_OK);
	assert_int_equal(sync_file(bench->file), SQLITE_OK);
	for (uint64_t luck = 0; luck < LUCKS; luck++)
		gone += cut_now(bench, luck, "a.db") < 0;
	assert_true(gone > 10 && gone < LUCKS - 10);
	assert_int_equal(sync_file(bench->log), SQLITE_OK);
	for (uint64_t luck = 0; luck < LUCKS; luck++)
		assert_int_equal(cut_now(bench, luck, "a.db"), BLOCK);
}

static void a_removed_file_may_come_back_until_its_folder_is_synced(void **state)
{
	Bench *bench = *state;
	int back = 0;
	settle_old(bench);
	close_file(&bench->file);
	assert_int_equal(vfs()->xDelete(vfs(), bench->path, 0), SQLITE_OK);
	for (uint64_t luck = 0; luck < LUCKS; luck++)
		back += cut_now(bench, luck, "a.db") == BLOCK;
	assert_true(back > 10 && back < LUCKS - 10);
	bench->file = open_file(bench->path, SQLITE_OPEN_MAIN_DB);
	close_file(&bench->file);
	assert_int_equal(vfs()->xDelete(vfs(), bench->path, 1), SQLITE_OK);
	for (uint64_t luck = 0; luck < LUCKS; luck++)
		assert_int_equal(cut_now(bench, luck, "a.db"), -1);
}

static void what_a_failed_sync_forgot_is_read_and_not_kept_until_it_is_written_again(void **state)
{
	Bench *bench = *state;
	int forgotten = 0;
	settle_old(bench);
	for (int i = 0; i < LUCKS; i++) {
		faultvfs_trouble(bench->disk,
			&(DiskTrouble){ .fault = DISK_FAILS, .kinds = DISK_SYNC, .count = 1 });
		memset(bench->new, i, BLOCK);
		assert_int_equal(put(bench->file, bench->new, 0), SQLITE_OK);
		assert_int_equal(sync_file(bench->file), SQLITE_IOERR_FSYNC);
		assert_int_equal(sync_file(bench->file), SQLITE_OK); /* nothing to do, it thinks */
		assert_int_equal(
			bench->file->pMethods->xRead(bench->file, bench->got, BLOCK, 0), SQLITE_OK);
		assert_memory_equal(bench->got, bench->new, BLOCK);
		assert_int_equal(cut_now(bench, 1, "a.db"), BLOCK);
		forgotten += memcmp(bench->got, bench->new, BLOCK) != 0;
		assert_int_equal(put(bench->file, bench->new, 0), SQLITE_OK);
		assert_int_equal(sync_file(bench->file), SQLITE_OK);
		assert_int_equal(cut_now(bench, 1, "a.db"), BLOCK);
		assert_memory_equal(bench->got, bench->new, BLOCK);
	}
	assert_true(forgotten > 10 && forgotten < LUCKS - 10);
}

static void a_killed_process_leaves_what_it_wrote_and_no_more_on_disk(void **state)
{
	Bench *bench = *state;
	int lost = 0;
	char next[FOLDER_BYTES], path[FOLDER_BYTES + 16];
	settle_old(bench);
	assert_int_equal(put(bench->file, bench->new, 0), SQLITE_OK);
	folder_fresh(next, bench->root, "next");
	faultvfs_kill(bench->disk, bench->home, next);
	assert_int_equal(put(bench->file, bench->old, 0), SQLITE_OK); /* not seen any more */
	close_file(&bench->file);
	memcpy(bench->home, next, sizeof next);
	snprintf(path, sizeof path, "%s/a.db", next);
	bench->file = open_file(path, SQLITE_OPEN_MAIN_DB);
	assert_int_equal(
		bench->file->pMethods->xRead(bench->file, bench->got, BLOCK, 0), SQLITE_OK);
	assert_memory_equal(bench->got, bench->new, BLOCK);
	for (uint64_t luck = 0; luck < LUCKS; luck++) {
		assert_int_equal(cut_now(bench, luck, "a.db"), BLOCK);
		lost += count_of(bench->got, BLOCK, 'n') == 0;
	}
	assert_true(lost > 10 && lost < LUCKS - 10);
	assert_int_equal(sync_file(bench->file), SQLITE_OK); /* of what was written before */
	assert_int_equal(cut_now(bench, 1, "a.db"), BLOCK);
	assert_memory_equal(bench->got, bench->new, BLOCK);
}

static void a_full_disk_grows_no_file_and_takes_what_has_a_place(void **state)
{
	Bench *bench = *state;
	settle_old(bench);
	faultvfs_trouble(bench->disk, &(DiskTrouble){ .fault = DISK_FULL });
	assert_int_equal(put(bench->file, bench->new, 0), SQLITE_OK);
	assert_int_equal(put(bench->file, bench->new, BLOCK), SQLITE_FULL);
	assert_int_equal(put(bench->file, bench->new, BLOCK / 2), SQLITE_FULL); /* half of it */
	assert_int_equal(faultvfs_struck(bench->disk), 2);
	sqlite3_int64 size;
	assert_int_equal(bench->file->pMethods->xFileSize(bench->file, &size), SQLITE_OK);
	assert_int_equal(size, BLOCK);
	faultvfs_mend(bench->disk);
	assert_int_equal(put(bench->file, bench->new, BLOCK), SQLITE_OK);
}

static void trouble_hits_the_file_and_the_operation_that_it_names(void **state)
{
	Bench *bench = *state;
	faultvfs_trouble(bench->disk,
		&(DiskTrouble){ .fault = DISK_FAILS,
			.kinds = DISK_WRITE,
			.suffix = "-wal",
			.skip = 1,
			.count = 2 });
	assert_int_equal(put(bench->file, bench->new, 0), SQLITE_OK);
	assert_int_equal(put(bench->log, bench->new, 0), SQLITE_OK);
	assert_int_equal(put(bench->log, bench->new, 0), SQLITE_IOERR_WRITE);
	assert_int_equal(put(bench->file, bench->new, 0), SQLITE_OK);
	assert_int_equal(sync_file(bench->log), SQLITE_OK);
	assert_int_equal(put(bench->log, bench->new, 0), SQLITE_IOERR_WRITE);
	assert_int_equal(put(bench->log, bench->new, 0), SQLITE_OK);
	assert_int_equal(faultvfs_struck(bench->disk), 2);
	faultvfs_trouble(bench->disk,
		&(DiskTrouble){ .fault = DISK_FAILS,
			.kinds = DISK_TRUNCATE | DISK_READ,
			.count = DISK_FOR_EVER });
	assert_int_equal(bench->log->pMethods->xTruncate(bench->log, 0), SQLITE_IOERR_TRUNCATE);
	assert_int_equal(
		bench->log->pMethods->xRead(bench->log, bench->got, BLOCK, 0), SQLITE_IOERR_READ);
	faultvfs_trouble(bench->disk, &(DiskTrouble){ .fault = DISK_READ_ONLY });
	assert_int_equal(put(bench->log, bench->new, 0), SQLITE_IOERR_WRITE);
	assert_int_equal(bench->log->pMethods->xTruncate(bench->log, 0), SQLITE_IOERR_TRUNCATE);
}

static void a_short_write_leaves_its_first_half(void **state)
{
	Bench *bench = *state;
	settle_old(bench);
	faultvfs_trouble(bench->disk,
		&(DiskTrouble){ .fault = DISK_SHORT, .kinds = DISK_WRITE, .count = 1 });
	assert_int_equal(put(bench->file, bench->new, 0), SQLITE_FULL);
	assert_int_equal(
		bench->file->pMethods->xRead(bench->file, bench->got, BLOCK, 0), SQLITE_OK);
	assert_int_equal(count_of(bench->got, BLOCK / 2, 'n'), BLOCK / 2);
	assert_int_equal(count_of(bench->got + BLOCK / 2, BLOCK / 2, 'o'), BLOCK / 2);
}

static void the_same_seed_cuts_the_same(void **state)
{
	Bench *bench = *state;
	unsigned char first[BLOCK * 2];
	settle_old(bench);
	assert_int_equal(put(bench->file, bench->new, BLOCK), SQLITE_OK);
	assert_int_equal(put(bench->file, bench->new, 0), SQLITE_OK);
	for (uint64_t luck = 0; luck < LUCKS; luck++) {
		memset(bench->got, 0, sizeof bench->got);
		long len = cut_now(bench, luck, "a.db");
		memcpy(first, bench->got, sizeof first);
		memset(bench->got, 0, sizeof bench->got);
		assert_int_equal(cut_now(bench, luck, "a.db"), len);
		assert_memory_equal(first, bench->got, sizeof first);
	}
}

#define DISK_CASE(function_) cmocka_unit_test_setup_teardown(function_, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DISK_CASE(what_was_synced_is_always_there),
		DISK_CASE(what_was_not_synced_is_lost_kept_or_torn),
		DISK_CASE(a_write_under_way_may_be_torn_and_a_sync_under_way_promises_nothing),
		DISK_CASE(a_grown_file_may_hold_anything_where_it_was_not_synced),
		DISK_CASE(a_new_name_may_be_gone_until_its_folder_is_synced),
		DISK_CASE(a_removed_file_may_come_back_until_its_folder_is_synced),
		DISK_CASE(what_a_failed_sync_forgot_is_read_and_not_kept_until_it_is_written_again),
		DISK_CASE(a_killed_process_leaves_what_it_wrote_and_no_more_on_disk),
		DISK_CASE(a_full_disk_grows_no_file_and_takes_what_has_a_place),
		DISK_CASE(trouble_hits_the_file_and_the_operation_that_it_names),
		DISK_CASE(a_short_write_leaves_its_first_half),
		DISK_CASE(the_same_seed_cuts_the_same),
	};
	return cmocka_run_group_tests_name("faultvfs", tests, NULL, NULL);
}
