/* rng.h: randomness as a seam. System randomness is getrandom(2) and may be used for keys; a seeded
 * one repeats itself for simulations and must never make a key. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include "base/base.h"

typedef struct Rng Rng;
struct Rng {
	void (*fill)(Rng *rng, void *out, size_t len);
};

Rng *rng_system(void); /* static, any thread; aborts if the kernel has no randomness */

typedef struct SeededRng {
	Rng base;
	uint64_t state[4]; /* xoshiro256** */
} SeededRng;

void rng_seed(SeededRng *rng, uint64_t seed); /* one thread at a time */

void rng_fill(Rng *rng, void *out, size_t len);
uint64_t rng_u64(Rng *rng);
/* Uniform in [0, bound); bound > 0. */
uint64_t rng_below(Rng *rng, uint64_t bound);
/* True in percent of all calls. */
bool rng_chance(Rng *rng, unsigned percent);

#endif
