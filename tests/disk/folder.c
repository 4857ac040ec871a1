#include "base/base.h"

#include "folder.h"

#include "../lib/world.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_PATH_BYTES = 512 };

void folder_temporary(char out[FOLDER_BYTES])
{
	snprintf(out, FOLDER_BYTES, "/tmp/optout-disk-XXXXXX");
	assert_non_null(mkdtemp(out));
}

static void each_file(const char *path, const char *to, void (*act)(const char *, const char *))
{
	DIR *dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		char from_path[FILE_PATH_BYTES], to_path[FILE_PATH_BYTES];
		snprintf(from_path, sizeof from_path, "%s/%s", path, entry->d_name);
		snprintf(to_path, sizeof to_path, "%s/%s", to, entry->d_name);
		if (entry->d_name[0] != '.')
			act(from_path, to_path);
	}
	closedir(dir);
}

static void remove_file(const char *path, const char *unused)
{
	(void)unused;
	if (unlink(path) != 0)
		folder_remove(path);
}

static void copy_file(const char *from, const char *to)
{
	char room[16 * 1024];
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	assert_true(in && out);
	for (size_t got; (got = fread(room, 1, sizeof room, in)) > 0;)
		assert_int_equal(fwrite(room, 1, got, out), got);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

void folder_fresh(char out[FOLDER_BYTES], const char *root, const char *name)
{
	int len = snprintf(out, FOLDER_BYTES, "%s/%s", root, name);
	assert_in_range(len, 1, FOLDER_BYTES - 1);
	/* Emptying is faster than removing: some file systems trim at once. */
	if (mkdir(out, 0700) != 0)
		each_file(out, "", remove_file);
}

void folder_copy(const char *from, const char *to)
{
	each_file(from, to, copy_file);
}

void folder_remove(const char *path)
{
	each_file(path, "", remove_file);
	rmdir(path);
}
