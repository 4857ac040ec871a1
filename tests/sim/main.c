/* The simulation, seed by seed.
 *
 *     sim --seeds FROM-TO       each of them; a failing one is made small and told
 *     sim --file seeds.txt      the seeds that failed once
 *     sim --seed N [--ops K]    one, telling what happens
 *     --until-failure           ends with the first that fails, as it is
 *     --log                     the program's own log, on stderr
 *
 * Exit 1 when a seed fails. */
#include "base/base.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/secret.h"
#include "sim_run.h"

#include <dirent.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 256 };

typedef struct Totals {
	int64_t seeds, simulated_ms, ops, starts, acks;
	int failed;
	const char *folder;
	bool is_brief; /* one failure is enough, and is not made small */
} Totals;

static bool is_enough(const Totals *totals)
{
	return totals->is_brief && totals->failed > 0;
}

static void add(Totals *totals, const SimVerdict *verdict)
{
	totals->seeds++;
	totals->simulated_ms += verdict->simulated_ms;
	totals->ops += (int64_t)verdict->op_count;
	totals->starts += verdict->starts;
	totals->acks += (int64_t)verdict->acks;
	totals->failed += verdict->has_failed;
}

static bool fails(const SimWish *wish, SimVerdict *out)
{
	sim_seed(wish, out);
	return out->has_failed;
}

/* The shortest prefix that fails, and of that the ops that it needs. */
static void make_small(SimWish *wish, bool *left_out, size_t op_count, SimVerdict *verdict)
{
	size_t low = 0, high = op_count;
	SimVerdict tried;
	while (low < high) {
		size_t middle = (low + high) / 2;
		wish->ops_max = middle;
		if (fails(wish, &tried)) {
			high = middle;
			*verdict = tried;
		} else {
			low = middle + 1;
		}
	}
	wish->ops_max = high;
	wish->left_out = left_out;
	for (size_t i = high; i-- > 0;) {
		left_out[i] = true;
		if (fails(wish, &tried))
			*verdict = tried;
		else
			left_out[i] = false;
	}
}

static void tell_failure(uint64_t seed, const char *folder, SimVerdict *verdict)
{
	bool left_out[SIM_OPS_MAX] = { false };
	SimWish wish = { .seed = seed, .folder = folder, .ops_max = SIZE_MAX };
	printf("seed %llu fails: %s\n", (unsigned long long)seed, verdict->why);
	fflush(stdout);
	make_small(&wish, left_out, verdict->op_count, verdict);
	size_t needed = 0;
	for (size_t i = 0; i < wish.ops_max; i++)
		needed += !left_out[i];
	printf("the shortest failing prefix has %zu ops, of which it takes %zu: %s\n", wish.ops_max,
		needed, verdict->why);
	wish.is_talking = true;
	SimVerdict again;
	sim_seed(&wish, &again);
	printf("sim --seed %llu --ops %zu shows the whole prefix\n", (unsigned long long)seed,
		wish.ops_max);
	fflush(stdout);
}

static void try_seed(uint64_t seed, Totals *totals)
{
	const SimWish wish = { .seed = seed, .folder = totals->folder, .ops_max = SIZE_MAX };
	SimVerdict verdict;
	sim_seed(&wish, &verdict);
	add(totals, &verdict);
	if (verdict.has_failed && totals->is_brief)
		printf("seed %llu fails: %s\n", (unsigned long long)seed, verdict.why);
	else if (verdict.has_failed)
		tell_failure(seed, totals->folder, &verdict);
}

static void try_file(const char *path, Totals *totals)
{
	FILE *file = fopen(path, "r");
	if (!file) {
		perror(path);
		exit(2);
	}
	char line[LINE_MAX_BYTES];
	while (fgets(line, sizeof line, file)) {
		char *end;
		unsigned long long seed = strtoull(line, &end, 10);
		if (end != line)
			try_seed(seed, totals);
	}
	fclose(file);
}

/* Plans are real files: where they cost least. */
static void make_folder(char *out, size_t size)
{
	snprintf(out, size, "%s/optout-sim-XXXXXX",
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
		char path[512];
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

static void tell_totals(const Totals *totals)
{
	printf("%lld seeds, %d failed; %lld simulated days, %lld acts, %lld starts of the process, "
	       "%lld acknowledged unsubscribes\n",
		(long long)totals->seeds, totals->failed,
		(long long)(totals->simulated_ms / MS_PER_DAY), (long long)totals->ops,
		(long long)totals->starts, (long long)totals->acks);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seeds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'o' },
		{ "ops", required_argument, NULL, 'n' },
		{ "file", required_argument, NULL, 'f' },
		{ "log", no_argument, NULL, 'l' },
		{ "until-failure", no_argument, NULL, 'u' },
		{ 0 },
	};
	unsigned long long from = 1, to = 0;
	SimWish one = { .ops_max = SIZE_MAX, .is_talking = true };
	const char *file = NULL;
	bool has_one = false, has_log = false, is_brief = false;
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		char *end = optarg;
		if (c == 's') {
			from = strtoull(optarg, &end, 10);
			to = *end == '-' ? strtoull(end + 1, &end, 10) : from;
		} else if (c == 'o') {
			one.seed = strtoull(optarg, &end, 10);
			has_one = true;
		} else if (c == 'n') {
			one.ops_max = strtoull(optarg, &end, 10);
		} else if (c == 'f') {
			file = optarg;
		} else if (c == 'l') {
			has_log = true;
		} else if (c == 'u') {
			is_brief = true;
		} else {
			return 2;
		}
	}
	Err err;
	char folder[64];
	make_folder(folder, sizeof folder);
	one.folder = folder;
	Totals totals = { .folder = folder, .is_brief = is_brief };
	log_init(&(LogOptions){ .level = has_log ? LOG_DEBUG : LOG_ERROR });
	if (!has_log && !freopen("/dev/null", "w", stderr))
		return 2;
	/* Kept open: GLib reads a zone anew each time when nobody holds it. */
	Zone *zone = NULL;
	if (!secret_library_init(&err) || !zone_open(STR("America/Los_Angeles"), &zone, &err))
		return 2;
	if (has_one) {
		SimVerdict verdict;
		sim_seed(&one, &verdict);
		add(&totals, &verdict);
		printf("%s\n", verdict.has_failed ? verdict.why : "holds");
	}
	if (file)
		try_file(file, &totals);
	for (unsigned long long seed = from; seed <= to && to > 0 && !is_enough(&totals); seed++)
		try_seed(seed, &totals);
	tell_totals(&totals);
	zone_close(&zone);
	remove_folder(folder);
	return totals.failed ? 1 : 0;
}
