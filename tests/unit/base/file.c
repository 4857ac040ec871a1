#include "base/base.h"

#include "base/file.h"

#include "../../lib/expect.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each test runs inside a folder of its own. */
static int enter_folder(void **state)
{
	char *folder = strdup("/tmp/optout-file-XXXXXX");
	*state = folder;
	return folder && mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int leave_folder(void **state)
{
	int rc = chdir("/") || nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return rc;
}

static unsigned mode_of(const char *path)
{
	struct stat seen;
	assert_int_equal(stat(path, &seen), 0);
	return seen.st_mode & 0777;
}

static void written_file_is_read_back_and_nothing_else_is_left(void **state)
{
	(void)state;
	Err err = { 0 };
	assert_true(file_write_durable("a", STR("one\0two"), 0600, &err));
	assert_int_equal(mode_of("a"), 0600);
	CLEANUP(buf_fini) Buf got = BUF_MAX(100);
	assert_true(file_read("a", &got, &err));
	assert_true(str_eq(buf_str(&got), STR("one\0two")));
	assert_int_equal(access("a.tmp", F_OK), -1);
}

static void rewriting_replaces_the_whole_file_and_its_mode(void **state)
{
	(void)state;
	Err err = { 0 };
	assert_true(file_write_durable("a", STR("a long first content"), 0644, &err));
	assert_true(file_write_durable("a", STR("short"), 0600, &err));
	CLEANUP(buf_fini) Buf got = BUF_MAX(100);
	assert_true(file_read("a", &got, &err));
	assert_buf(got, "short");
	assert_int_equal(mode_of("a"), 0600);
	assert_true(file_write_durable("a", STR(""), 0600, &err));
	buf_reset(&got);
	assert_true(file_read("a", &got, &err));
	assert_buf(got, "");
}

static void left_over_of_a_crash_is_not_written_into(void **state)
{
	(void)state;
	Err err = { 0 };
	assert_true(file_write_durable("victim", STR("precious"), 0644, &err));
	assert_int_equal(symlink("victim", "a.tmp"), 0);
	assert_true(file_write_durable("a", STR("new"), 0600, &err));
	CLEANUP(buf_fini) Buf got = BUF_MAX(100);
	assert_true(file_read("victim", &got, &err));
	assert_buf(got, "precious");
	assert_int_equal(mode_of("a"), 0600);
}

static void failed_write_keeps_the_old_file(void **state)
{
	(void)state;
	Err err = { 0 };
	assert_false(file_write_durable("none/a", STR("x"), 0600, &err));
	assert_int_equal(err.kind, ERR_MISSING);
	assert_has(str_from(err.text), "none/a");
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_false(file_write_durable("folder", STR("x"), 0600, &err));
	assert_int_equal(err.kind, ERR_FATAL);
	assert_int_equal(access("folder.tmp", F_OK), -1);
	char path[PATH_MAX];
	memset(path, 'p', sizeof path);
	path[sizeof path - 1] = '\0';
	assert_false(file_write_durable(path, STR("x"), 0600, &err));
	assert_int_equal(err.kind, ERR_INPUT);
}

static void what_the_disk_refuses_says_what_to_do(void **state)
{
	(void)state;
	/* A file too large for the limit of this process. */
	struct rlimit before, none;
	Err err = { 0 };
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	bool ok = file_write_durable("file", STR("content"), 0600, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_false(ok);
	assert_has(
		str_from(err.text), "file.tmp: File too large; raise the limit of the file size");
	assert_string_equal(file_advice(0), "");
	assert_has(str_from(file_advice(ENOSPC)), "make room");
	assert_has(str_from(file_advice(EROFS)), "mount the disk for writing");
}

static void missing_file_is_told_from_a_broken_one(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf got = BUF_MAX(100);
	Err err = { 0 };
	assert_false(file_read("none", &got, &err));
	assert_int_equal(err.kind, ERR_MISSING);
	assert_int_equal(err.code, ENOENT);
	assert_has(str_from(err.text), "none");
	assert_false(file_read(".", &got, &err));
	assert_int_equal(err.kind, ERR_FATAL);
}

static void reading_stops_at_the_maximum_and_leaves_out_alone(void **state)
{
	(void)state;
	Err err = { 0 };
	assert_true(file_write_durable("a", STR("12345"), 0600, &err));
	CLEANUP(buf_fini) Buf got = BUF_MAX(7);
	buf_put_z(&got, "ab");
	assert_true(file_read("a", &got, &err)); /* fits to the byte */
	assert_buf(got, "ab12345");
	CLEANUP(buf_fini) Buf small = BUF_MAX(6);
	buf_put_z(&small, "ab");
	assert_false(file_read("a", &small, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_buf(small, "ab");
}

static void file_larger_than_one_read_is_whole(void **state)
{
	(void)state;
	Err err = { 0 };
	CLEANUP(buf_fini) Buf big = BUF_MAX(1024 * 1024);
	for (int i = 0; i < 50000; i++)
		buf_printf(&big, "%d,", i);
	assert_true(file_write_durable("big", buf_str(&big), 0600, &err));
	CLEANUP(buf_fini) Buf got = BUF_MAX(1024 * 1024);
	assert_true(file_read("big", &got, &err));
	assert_true(str_eq(buf_str(&got), buf_str(&big)));
}

static void folders_are_made_down_to_the_last(void **state)
{
	(void)state;
	Err err = { 0 };
	assert_true(dir_make("x/y/z", 0700, &err));
	assert_int_equal(mode_of("x/y/z"), 0700);
	assert_true(dir_make("x/y/z", 0700, &err)); /* again */
	assert_true(dir_make("x//y/w/", 0700, &err));
	assert_int_equal(access("x/y/w", F_OK), 0);
	CLEANUP(buf_fini) Buf absolute = BUF_MAX(PATH_MAX);
	buf_printf(&absolute, "%s/abs/olute", (const char *)*state);
	assert_true(dir_make(buf_z(&absolute), 0700, &err));
	assert_int_equal(access("abs/olute", F_OK), 0);
	assert_true(file_write_durable("file", STR(""), 0600, &err));
	assert_false(dir_make("file/under", 0700, &err));
	assert_int_equal(err.kind, ERR_FATAL);
	assert_false(dir_make("", 0700, &err));
	assert_int_equal(err.kind, ERR_INPUT);
}

static void closed_descriptor_is_forgotten(void **state)
{
	(void)state;
	int fd = open(".", O_RDONLY | O_CLOEXEC);
	int number = fd;
	fd_close(&fd);
	assert_int_equal(fd, -1);
	assert_int_equal(fcntl(number, F_GETFD), -1);
	fd_close(&fd);
}

static void a_sweep_takes_what_is_named_and_nothing_else(void **state)
{
	(void)state;
	Err err = { 0 };
	static const char *const names[] = { "spool/night-a", "spool/night-b", "spool/day",
		"night-c" };
	assert_true(dir_make("spool/night-folder", 0700, &err));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_true(file_write_durable(names[i], STR("x"), 0600, &err));
	assert_int_equal(dir_sweep("spool", STR("night-"), STR("")), 2);
	assert_int_equal(dir_sweep("spool", STR(""), STR("y")), 1);
	assert_int_equal(dir_sweep("missing", STR(""), STR("")), 0);
	assert_int_equal(access("night-c", F_OK), 0);
	assert_int_equal(access("spool/night-folder", F_OK), 0);
}

#define file_test(name) cmocka_unit_test_setup_teardown(name, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		file_test(a_sweep_takes_what_is_named_and_nothing_else),
		file_test(written_file_is_read_back_and_nothing_else_is_left),
		file_test(rewriting_replaces_the_whole_file_and_its_mode),
		file_test(left_over_of_a_crash_is_not_written_into),
		file_test(failed_write_keeps_the_old_file),
		file_test(what_the_disk_refuses_says_what_to_do),
		file_test(missing_file_is_told_from_a_broken_one),
		file_test(reading_stops_at_the_maximum_and_leaves_out_alone),
		file_test(file_larger_than_one_read_is_whole),
		file_test(folders_are_made_down_to_the_last),
		file_test(closed_descriptor_is_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
