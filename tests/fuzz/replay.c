/* replay.c: runs files through a fuzz target, in builds without libFuzzer. Folders are taken with
 * all files in them, in the order of their names. One test in TAP; what breaks a promise aborts,
 * after the file's name.
 *
 * usage: fuzz_NAME FILE-OR-FOLDER... */
#include "base/base.h"

#include "base/alloc.h"
#include "base/file.h"
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

enum { INPUT_BYTES_MAX = 1024 * 1024, PATH_BYTES_MAX = 4096 };

#pragma weak LLVMFuzzerInitialize

static size_t replay_file(const char *path)
{
	Err err;
	CLEANUP(buf_fini) Buf bytes = BUF_MAX(INPUT_BYTES_MAX);
	if (!file_read(path, &bytes, &err)) {
		printf("not ok 1 - %s\n", err.text);
		exit(1);
	}
	printf("# %s\n", path);
	fflush(stdout);
	/* A block of exactly this size: ASan sees a read behind it. */
	CLEANUP(free_ptr) uint8_t *exact = xcalloc(bytes.len ? bytes.len : 1, 1);
	memcpy(exact, buf_z(&bytes), bytes.len);
	LLVMFuzzerTestOneInput(exact, bytes.len);
	return 1;
}

static size_t replay_folder(const char *folder)
{
	struct dirent **entries;
	size_t files = 0;
	int count = scandir(folder, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		char path[PATH_BYTES_MAX];
		int len = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && len > 0 && (size_t)len < sizeof path)
			files += replay_file(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return files;
}

int main(int argc, char **argv)
{
	size_t files = 0;
	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	printf("1..1\n");
	for (int i = 1; i < argc; i++) {
		struct stat seen;
		bool is_folder = stat(argv[i], &seen) == 0 && S_ISDIR(seen.st_mode);
		files += is_folder ? replay_folder(argv[i]) : replay_file(argv[i]);
	}
	printf("%s 1 - %zu inputs keep their promises\n", files ? "ok" : "not ok", files);
	return files ? 0 : 1;
}
