#include "base/base.h"

#include "base/clock.h"

static int64_t now_ms(clockid_t id)
{
	struct timespec now;
	int rc = clock_gettime(id, &now);
	assert(rc == 0);
	(void)rc;
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_wall_ms(Clock *clock)
{
	(void)clock;
	return now_ms(CLOCK_REALTIME);
}

static int64_t system_mono_ms(Clock *clock)
{
	(void)clock;
	return now_ms(CLOCK_MONOTONIC);
}

static void system_sleep_ms(Clock *clock, int64_t ms)
{
	(void)clock;
	const struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	nanosleep(&left, NULL); /* a signal ends it early: callers look again */
}

Clock *clock_system(void)
{
	/* Never written to; not const only because a fake clock's functions change their own
	 * struct. */
	static Clock system_clock = {
		.wall_ms = system_wall_ms,
		.mono_ms = system_mono_ms,
		.sleep_ms = system_sleep_ms,
	};
	return &system_clock;
}

static int64_t fake_wall_ms(Clock *clock)
{
	return CONTAINER_OF(clock, FakeClock, base)->at_wall_ms;
}

static int64_t fake_mono_ms(Clock *clock)
{
	return CONTAINER_OF(clock, FakeClock, base)->at_mono_ms;
}

static void fake_sleep_ms(Clock *clock, int64_t ms)
{
	fake_clock_advance(CONTAINER_OF(clock, FakeClock, base), ms);
}

void fake_clock_init(FakeClock *clock, int64_t wall_ms)
{
	/* The monotonic clock starts elsewhere: code that mixes the two fails in a test. */
	*clock = (FakeClock){
		.base = {
			.wall_ms = fake_wall_ms,
			.mono_ms = fake_mono_ms,
			.sleep_ms = fake_sleep_ms,
		},
		.at_wall_ms = wall_ms,
		.at_mono_ms = 1000,
	};
}

void fake_clock_advance(FakeClock *clock, int64_t ms)
{
	assert(ms >= 0);
	clock->at_wall_ms += ms;
	clock->at_mono_ms += ms;
}
