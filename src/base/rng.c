#include "base/base.h"

#include "base/rng.h"

#include <errno.h>
#include <sys/random.h>

static void system_fill(Rng *rng, void *out, size_t len)
{
	(void)rng;
	char *at = out;
	while (len > 0) {
		ssize_t got = getrandom(at, len, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			fprintf(stderr, "getrandom: %s\n", strerror(errno));
			abort();
		}
		at += got;
		len -= (size_t)got;
	}
}

Rng *rng_system(void)
{
	static Rng system_rng = { .fill = system_fill }; /* never written to */
	return &system_rng;
}

static uint64_t rotate_left(uint64_t x, int bits)
{
	return (x << bits) | (x >> (64 - bits));
}

/* xoshiro256** of Blackman and Vigna. */
static uint64_t seeded_next(SeededRng *rng)
{
	uint64_t *s = rng->state;
	uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t shifted = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = rotate_left(s[3], 45);
	return result;
}

static void seeded_fill(Rng *rng, void *out, size_t len)
{
	SeededRng *seeded = CONTAINER_OF(rng, SeededRng, base);
	char *at = out;
	while (len > 0) {
		uint64_t word = seeded_next(seeded);
		size_t part = MIN_OF(len, sizeof word);
		memcpy(at, &word, part);
		at += part;
		len -= part;
	}
}

/* splitmix64: spreads a small seed over the whole state, as the authors of xoshiro advise. */
static uint64_t spread(uint64_t *seed)
{
	uint64_t z = (*seed += 0x9E3779B97F4A7C15u);
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

void rng_seed(SeededRng *rng, uint64_t seed)
{
	rng->base.fill = seeded_fill;
	for (size_t i = 0; i < ARRAY_LEN(rng->state); i++)
		rng->state[i] = spread(&seed);
}

void rng_fill(Rng *rng, void *out, size_t len)
{
	rng->fill(rng, out, len);
}

uint64_t rng_u64(Rng *rng)
{
	uint64_t value;
	rng_fill(rng, &value, sizeof value);
	return value;
}

uint64_t rng_below(Rng *rng, uint64_t bound)
{
	assert(bound > 0);
	/* Values below 2^64 mod bound would make the low results more likely: draw again. */
	uint64_t reject_below = (0 - bound) % bound;
	for (;;) {
		uint64_t value = rng_u64(rng);
		if (value >= reject_below)
			return value % bound;
	}
}

bool rng_chance(Rng *rng, unsigned percent)
{
	return rng_below(rng, 100) < percent;
}
