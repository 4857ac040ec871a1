/* What was acknowledged survives a power cut at any operation of the disk, whatever the disk kept
 * of what it had not synced. Fails with the seed and the point, and repeats one alone:
 *
 *   disk_power --seed N --point N
 *
 * Seeds from 1000 on are workload 1 with different luck, from 2000 on workload 2. DISK_POINTS: how
 * many points of each workload; DISK_ROUNDS: how many workloads. */
#include "base/base.h"

#include "workload.h"

enum {
#if defined(__SANITIZE_ADDRESS__)
	POINTS = 100, /* several times slower */
#else
	POINTS = 250,
#endif
	LUCKS = 3,         /* tries at a point */
	SEEDS_EACH = 1000, /* seeds of one workload */
	SECOND_CUT_EVERY = 5,
};

typedef struct Cuts {
	Workload load;
	int64_t points;
	int64_t rounds;
	int64_t only_seed, only_point; /* 0: all */
	/* What is being tried, for the report of a failure; 0: nothing. */
	int64_t seed, point;
} Cuts;

static Cuts cuts;

/* The power goes once more while the store is being opened again. */
static void cut_again(Workload *load, const char *first, const FaultMark *mark, int64_t opened_op,
	int64_t op, uint64_t seed, int group)
{
	char folder[FOLDER_BYTES];
	SeededRng rng;
	rng_seed(&rng, seed);
	if (opened_op <= mark->ops)
		return;
	int64_t again = 1 + mark->ops
		+ (int64_t)rng_below(&rng.base, (uint64_t)(opened_op - mark->ops));
	folder_fresh(folder, load->root, "again");
	faultvfs_cut(load->disk, again, seed, first, folder);
	assert_int_equal(workload_check(load, folder, op, NULL), group);
}

static void cut(Workload *load, int64_t op, uint64_t seed)
{
	char folder[FOLDER_BYTES];
	cuts.seed = (int64_t)seed;
	cuts.point = op;
	folder_fresh(folder, load->root, "cut");
	faultvfs_cut(load->disk, op, seed, workload_home(load, op), folder);
	FaultMark mark = faultvfs_mark(load->disk);
	int64_t opened_op;
	int group = workload_check(load, folder, op, &opened_op);
	if ((op + (int64_t)seed) % SECOND_CUT_EVERY == 0)
		cut_again(load, folder, &mark, opened_op, op, seed, group);
	faultvfs_rewind(load->disk, &mark);
	cuts.seed = 0;
}

static void cut_everywhere(int64_t round)
{
	Workload *load = &cuts.load;
	workload_run(load, (uint64_t)round);
	int64_t ops = faultvfs_ops(load->disk);
	int64_t points = MIN_OF(cuts.points, ops);
	for (int64_t i = 0; i < points; i++)
		for (int luck = 0; luck < LUCKS; luck++)
			cut(load, 1 + i * ops / points,
				(uint64_t)(round * SEEDS_EACH + (i * LUCKS + luck) % SEEDS_EACH));
	print_message("# workload %lld: %d groups, %lld operations, %lld points, %lld cuts\n",
		(long long)round, load->group_count, (long long)ops, (long long)points,
		(long long)points * LUCKS);
	workload_close(load);
}

static void acknowledged_changes_survive_a_power_cut_at_any_operation(void **state)
{
	(void)state;
	if (cuts.only_seed) {
		workload_run(&cuts.load, (uint64_t)(cuts.only_seed / SEEDS_EACH));
		cut(&cuts.load, cuts.only_point, (uint64_t)cuts.only_seed);
		workload_close(&cuts.load);
		return;
	}
	for (int64_t round = 1; round <= cuts.rounds; round++)
		cut_everywhere(round);
}

static int tell_where(void **state)
{
	(void)state;
	if (cuts.seed)
		print_error("# fails: disk_power --seed %lld --point %lld\n", (long long)cuts.seed,
			(long long)cuts.point);
	return 0;
}

static int64_t number_of(const char *text, int64_t fallback)
{
	int64_t number;
	return text && str_to_i64(str_from(text), 1, INT32_MAX, &number) ? number : fallback;
}

int main(int argc, char **argv)
{
	cuts.points = number_of(getenv("DISK_POINTS"), POINTS);
	cuts.rounds = number_of(getenv("DISK_ROUNDS"), 1);
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--seed") == 0)
			cuts.only_seed = number_of(argv[i + 1], 0);
		if (strcmp(argv[i], "--point") == 0)
			cuts.only_point = number_of(argv[i + 1], 0);
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
			acknowledged_changes_survive_a_power_cut_at_any_operation, tell_where),
	};
	return cmocka_run_group_tests_name("power", tests, NULL, NULL);
}
