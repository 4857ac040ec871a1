/* World tables (README.md): each file is played as it is written, on the store in memory and on
 * SQLite, and replayed with something striking at every step. TAP, one line a file.
 *
 *     world FILE-OR-FOLDER...
 *     --once                  without replays
 *     --strike KIND:STEP      one replay alone, telling what happens
 *     --thorough              everything strikes at every step
 *     --brief                 everything strikes at every twelfth step: under sanitizers
 *     --talk                  tells what happens
 *     --log                   the program's own log, on stderr
 *
 * Exit 1 when a file is not what it says, 2 when it cannot be read. */
#include "base/base.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/secret.h"
#include "play.h"

#include <dirent.h>
#include <getopt.h>
#include <malloc.h>
#include <unistd.h>

enum {
	FILES_MAX = 256,
	PATH_BYTES = 512,
	REPORT_BYTES_MAX = 64 * 1024,
	MEMORY_KEPT_BYTES = 32 * 1024 * 1024,
};

typedef struct Files {
	char *paths[FILES_MAX]; /* own, in order */
	size_t count;
} Files;

static void add_file(Files *files, const char *path)
{
	if (files->count == FILES_MAX) {
		fprintf(stderr, "more than %d files\n", FILES_MAX);
		exit(2);
	}
	size_t at = files->count++;
	for (; at > 0 && strcmp(files->paths[at - 1], path) > 0; at--)
		files->paths[at] = files->paths[at - 1];
	files->paths[at] = xstrndup(path, strlen(path));
}

static void add_path(Files *files, const char *path)
{
	DIR *dir = opendir(path);
	if (!dir) {
		add_file(files, path);
		return;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		char file[PATH_BYTES];
		snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
		if (str_ends(str_from(entry->d_name), STR(".world")))
			add_file(files, file);
	}
	closedir(dir);
}

/* Plans are real files: where they cost least. */
static void make_folder(char *out, size_t size)
{
	snprintf(out, size, "%s/optout-world-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(out)) {
		perror(out);
		exit(2);
	}
}

static void remove_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		char path[PATH_BYTES];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (unlink(path) != 0)
			remove_folder(path);
	}
	if (dir)
		closedir(dir);
	rmdir(folder);
}

static bool parse_strike(Str text, Strike *out)
{
	Str rest = text, name;
	if (!str_split(&rest, ':', &name) || !rest.ptr
		|| !str_to_i64(rest, 1, INT64_MAX, &out->step))
		return false;
	for (int kind = 1; kind < STRIKES; kind++)
		if (str_eq(name, str_from(strike_name((StrikeKind)kind))))
			out->kind = (StrikeKind)kind;
	return out->kind != STRIKE_NONE;
}

static void tell(const Table *table, size_t number, const PlayVerdict *verdict, const Buf *report)
{
	const char *slash = strrchr(table->path, '/');
	Str rest = buf_str(report), line;
	while (str_split(&rest, '\n', &line))
		if (line.len)
			printf("# %.*s\n", STR_ARG(line));
	printf("%sok %zu - %s: %.*s (%lld replays)\n", verdict->has_failed ? "not " : "", number,
		slash ? slash + 1 : table->path, STR_ARG(table->title),
		(long long)verdict->replays);
	fflush(stdout);
}

static bool read_tables(const Files *files, Table *tables)
{
	bool ok = true;
	for (size_t i = 0; i < files->count; i++) {
		Err err = { 0 };
		if (table_read(files->paths[i], &tables[i], &err))
			continue;
		printf("Bail out! %s\n", err.text);
		ok = false;
	}
	return ok;
}

static int play_all(const Files *files, PlayOptions *options)
{
	CLEANUP(free_ptr) Table *tables = xcalloc(files->count + 1, sizeof *tables);
	int64_t replays = 0;
	size_t failed = 0;
	if (!read_tables(files, tables))
		return 2;
	printf("1..%zu\n", files->count);
	for (size_t i = 0; i < files->count; i++) {
		CLEANUP(buf_fini) Buf report = BUF_MAX(REPORT_BYTES_MAX);
		PlayVerdict verdict;
		options->number = i;
		play(&tables[i], options, &verdict, &report);
		tell(&tables[i], i + 1, &verdict, &report);
		replays += verdict.replays;
		failed += verdict.has_failed;
		table_fini(&tables[i]);
	}
	printf("# %zu files, %zu failed, %lld replays\n", files->count, failed, (long long)replays);
	return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "once", no_argument, NULL, 'o' },
		{ "strike", required_argument, NULL, 's' },
		{ "thorough", no_argument, NULL, 'a' },
		{ "brief", no_argument, NULL, 'b' },
		{ "talk", no_argument, NULL, 't' },
		{ "log", no_argument, NULL, 'l' },
		{ 0 },
	};
	PlayOptions options = { 0 };
	bool has_log = false;
	for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		if (c == 'o')
			options.is_once = true;
		else if (c == 't')
			options.is_talking = true;
		else if (c == 'l')
			has_log = true;
		else if (c == 's' && parse_strike(str_from(optarg), &options.only))
			options.is_talking = true;
		else if (c == 'a')
			options.is_thorough = true;
		else if (c == 'b')
			options.is_brief = true;
		else
			return 2;
	}
	/* A house and its orgs come and go thousands of times: their memory stays. */
	mallopt(M_MMAP_THRESHOLD, MEMORY_KEPT_BYTES);
	mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT_BYTES);
	Files files = { 0 };
	for (int i = optind; i < argc; i++)
		add_path(&files, argv[i]);
	Err err;
	char folder[64];
	log_init(&(LogOptions){ .level = has_log ? LOG_DEBUG : LOG_ERROR });
	if (!has_log && !freopen("/dev/null", "w", stderr))
		return 2;
	/* Kept open: GLib reads a zone anew each time when nobody holds it. */
	CLEANUP(zone_close) Zone *zone = NULL;
	if (files.count == 0 || !secret_library_init(&err)
		|| !zone_open(STR("America/Los_Angeles"), &zone, &err))
		return 2;
	make_folder(folder, sizeof folder);
	options.folder = folder;
	int code = play_all(&files, &options);
	remove_folder(folder);
	for (size_t i = 0; i < files.count; i++)
		free(files.paths[i]);
	return code;
}
