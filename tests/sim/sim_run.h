/* sim_run.h: one seed of the simulation, from the beginning to quiet. */
#ifndef TESTS_SIM_SIM_RUN_H
#define TESTS_SIM_SIM_RUN_H

#include "base/base.h"

#include "sim.h"

typedef struct SimWish {
	uint64_t seed;
	const char *folder;   /* for its files; they stay */
	size_t ops_max;       /* only the first so many ops of it */
	const bool *left_out; /* and these are left out; NULL: none */
	bool is_talking;
} SimWish;

typedef struct SimVerdict {
	bool has_failed;
	char why[SIM_WHY_MAX];
	size_t op_count;
	int64_t simulated_ms;
	int starts;
	size_t acks;
} SimVerdict;

void sim_seed(const SimWish *wish, SimVerdict *out);

#endif
