/* Random operations on the SQLite store and on the executable specification give the same answers
 * and the same state. A failing seed is printed; run it alone with: contract_differential SEED. */
#include "base/base.h"

#include "ops.h"

#include "base/alloc.h"

enum {
	SEQUENCES = 300,
	STEPS = 80,
	STEPS_IN_TRANSACTION = 20, /* each commit waits for the disk */
	TRACE_BYTES_MAX = 1024 * 1024
};

typedef struct Pair {
	World sqlite, mem;
	Buf sqlite_text, mem_text;
} Pair;

/* The first line in which the texts differ. */
static void fail_with_difference(uint64_t seed, int step, const char *what, Str a, Str b)
{
	Str line_a = STR(""), line_b = STR("");
	while (str_eq(line_a, line_b) && a.ptr && b.ptr) {
		if (!str_split(&a, '\n', &line_a))
			line_a = STR("");
		if (!str_split(&b, '\n', &line_b))
			line_b = STR("");
	}
	fail_msg("seed %llu, step %d, %s\nsqlite: %.*s\nmem:    %.*s", (unsigned long long)seed,
		step, what, STR_ARG(line_a), STR_ARG(line_b));
}

static void compare(Pair *pair, uint64_t seed, int step, const char *what)
{
	MUST(buf_check(&pair->sqlite_text, "the text", &err));
	if (!str_eq(buf_str(&pair->sqlite_text), buf_str(&pair->mem_text)))
		fail_with_difference(
			seed, step, what, buf_str(&pair->sqlite_text), buf_str(&pair->mem_text));
	buf_reset(&pair->sqlite_text);
	buf_reset(&pair->mem_text);
}

static void end_transaction(Pair *pair, Rng *sqlite_rng, Rng *mem_rng)
{
	World *worlds[] = { &pair->sqlite, &pair->mem };
	Rng *rngs[] = { sqlite_rng, mem_rng };
	for (size_t i = 0; i < ARRAY_LEN(worlds); i++) {
		if (rng_chance(rngs[i], 15))
			store_rollback(worlds[i]->store);
		else
			w_commit(worlds[i]);
	}
}

static void run_sequence(uint64_t seed)
{
	Pair *pair = xcalloc(1, sizeof *pair);
	world_open(&pair->sqlite, "sqlite", seed);
	world_open(&pair->mem, "mem", seed);
	buf_init(&pair->sqlite_text, TRACE_BYTES_MAX);
	buf_init(&pair->mem_text, TRACE_BYTES_MAX);
	SeededRng sqlite_rng, mem_rng;
	rng_seed(&sqlite_rng, seed);
	rng_seed(&mem_rng, seed);
	for (int step = 1; step <= STEPS; step++) {
		if (step % STEPS_IN_TRANSACTION == 1) {
			w_begin(&pair->sqlite);
			w_begin(&pair->mem);
		}
		ops_step(&pair->sqlite, &sqlite_rng.base, &pair->sqlite_text);
		ops_step(&pair->mem, &mem_rng.base, &pair->mem_text);
		compare(pair, seed, step, "the answers differ");
		if (step % STEPS_IN_TRANSACTION == 0) {
			end_transaction(pair, &sqlite_rng.base, &mem_rng.base);
			ops_dump(&pair->sqlite, &pair->sqlite_text);
			ops_dump(&pair->mem, &pair->mem_text);
			compare(pair, seed, step, "the states differ");
		}
	}
	buf_fini(&pair->sqlite_text);
	buf_fini(&pair->mem_text);
	world_close(&pair->sqlite);
	world_close(&pair->mem);
	free(pair);
}

static void drivers_agree_on_random_histories(void **state)
{
	const uint64_t *only = *state;
	for (uint64_t seed = only ? *only : 1; seed <= (only ? *only : SEQUENCES); seed++)
		run_sequence(seed);
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(
			drivers_agree_on_random_histories, argc > 1 ? &seed : NULL),
	};
	return cmocka_run_group_tests_name("differential", tests, NULL, NULL);
}
