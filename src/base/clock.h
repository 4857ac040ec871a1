/* clock.h: the time, as a seam. Code that decides takes times as arguments; code at the edge holds
 * a Clock. Real and fake implementations behave alike (tests/unit/base/clock.c runs both). */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/base.h"

typedef struct Clock Clock;
struct Clock {
	int64_t (*wall_ms)(Clock *clock); /* milliseconds since 1970, UTC; may jump */
	int64_t (*mono_ms)(Clock *clock); /* monotonic milliseconds, arbitrary start */
	void (*sleep_ms)(Clock *clock, int64_t ms);
};

/* The machine's clock. Static, any thread. */
Clock *clock_system(void);

static inline int64_t clock_wall_ms(Clock *clock)
{
	return clock->wall_ms(clock);
}

static inline int64_t clock_mono_ms(Clock *clock)
{
	return clock->mono_ms(clock);
}

/* Waits that long, or a moment less; a fake one moves on instead. */
static inline void clock_sleep_ms(Clock *clock, int64_t ms)
{
	clock->sleep_ms(clock, ms);
}

/* A clock that stands still until moved. One thread. */
typedef struct FakeClock {
	Clock base;
	int64_t at_wall_ms;
	int64_t at_mono_ms;
} FakeClock;

void fake_clock_init(FakeClock *clock, int64_t wall_ms);
void fake_clock_advance(FakeClock *clock, int64_t ms); /* moves both */

#endif
