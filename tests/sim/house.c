#include "base/base.h"

#include "app/push_worker.h"
#include "sim.h"

enum {
	LOOK_EVERY_MS = 5 * 60 * 1000, /* one second in the daemon; nothing new between */
	FAILED_PAUSE_MS = 1000,
	DRAIN_MS = 10 * 1000,
	SF_TIMEOUT_MS = 120 * 1000,
	PAGE_ROWS = 3,
	QUEUE_MAX = 64,
	GROUP_MAX = 16,
	TURNS_MAX = 10000, /* of a lane at one moment: then it runs in circles */
};

static void died(void *ctx)
{
	House *house = ctx;
	sim_say(house->sim, "the process dies (%s the commit)",
		house->store.crash_after ? "after" : "before");
	house_crash(house);
}

void house_init(House *house, Sim *sim, uint64_t seed)
{
	*house = (House){ .sim = sim, .writer_due_ms = INT64_MAX };
	Err err = { 0 };
	rng_seed(&house->keys, seed); /* no secret depends on it */
	rng_seed(&house->rng, seed + 1);
	keyring_generate(&house->keyring, &house->keys.base);
	StoreOptions store = { .keyring = &house->keyring, .rng = &house->keys.base };
	Str url = sim->url ? str_from(sim->url) : STR("mem:");
	if (!store_open(url, &store, &house->disk, &err))
		sim_fail(sim, "the store: %s", err.text);
	house->reader = house->disk; /* a mem: store has one handle */
	store.read_only = true;
	if (sim->url && !store_open(url, &store, &house->reader, &err))
		sim_fail(sim, "the store: %s", err.text);
	house->config = (Config){
		.drain_ms = DRAIN_MS,
		.bulk_page_rows = PAGE_ROWS,
		.push_calls_in_flight_max = 2,
		.sf_timeout_ms = SF_TIMEOUT_MS,
		.sort_memory_bytes = 1024 * 1024,
	};
	snprintf(house->config.state_dir, sizeof house->config.state_dir, "%s", sim->folder);
	stop_init(&house->stop);
}

void house_fini(House *house)
{
	if (house->is_up)
		house_bury(house);
	stop_fini(&house->stop);
	if (house->reader != house->disk)
		store_close(&house->reader);
	store_close(&house->disk);
	keyring_fini(&house->keyring);
}

bool house_is_dead(const House *house)
{
	return house->is_up && house->store.is_dead;
}

void house_start(House *house)
{
	Sim *sim = house->sim;
	Err err = { 0 };
	sim_say(sim, "the house starts");
	house->starts++;
	crashing_store_init(&house->store, house->disk);
	house->store.on_death = died;
	house->store.ctx = house;
	Store *store = &house->store.base;
	const WriterOptions writer = { .queue_max = QUEUE_MAX, .group_max = GROUP_MAX };
	house->writer = writer_open_unthreaded(&store, &writer);
	house->options = (WorkerOptions){
		.config = &house->config,
		.keyring = &house->keyring,
		.writer = house->writer,
		.net = &sim->net.net,
		.clock = &sim->clock,
		.rng = &house->rng.base,
	};
	stop_fini(&house->stop);
	stop_init(&house->stop);
	house->is_up = true;
	if (!push_recover(&house->options, &err))
		sim_fail(sim, "recovery: %s", err.text);
	for (size_t i = 0; i < sim->org_count; i++) {
		const OrgRow row = { .org = sim->orgs[i].key, .org_id = sim->orgs[i].org_id };
		house->lanes[i] = push_lane_open(&house->options, &row, house->reader);
		house->lane_due_ms[i] = sim->now_ms;
	}
	house->look_due_ms = sim->now_ms;
	house->writer_due_ms = INT64_MAX;
}

static void take_down(House *house)
{
	house->is_up = house->wants_stop = false; /* nobody can be woken any more */
	for (size_t i = 0; i < house->sim->org_count; i++)
		push_lane_close(&house->lanes[i]);
	writer_close(&house->writer);
	house->writer_due_ms = INT64_MAX;
}

void house_stop(House *house)
{
	Sim *sim = house->sim;
	sim_say(sim, "the house stops");
	house->wants_stop = false;
	sim->net.is_draining = true;
	for (size_t i = 0; i < sim->org_count; i++)
		push_lane_stop(house->lanes[i], sim->now_ms + DRAIN_MS);
	for (size_t i = 0; i < sim->org_count && !house_is_dead(house); i++)
		push_lane_drain(house->lanes[i]);
	sim->net.is_draining = false;
	take_down(house);
}

void house_bury(House *house)
{
	take_down(house);
}

void house_crash(House *house)
{
	house->store.is_dead = true;
	stop_throw(&house->stop);
	for (size_t i = 0; i < house->sim->org_count; i++)
		if (house->lanes[i])
			push_lane_stop(house->lanes[i], 0);
}

void house_wake_push(House *house)
{
	for (size_t i = 0; house->is_up && i < house->sim->org_count; i++) {
		push_lane_wake(house->lanes[i]);
		house->lane_due_ms[i] = house->sim->now_ms;
	}
}

void house_wake_sync(House *house)
{
	house->look_due_ms = house->sim->now_ms;
	for (size_t i = 0; house->is_up && i < house->sim->org_count; i++) {
		push_lane_reload(house->lanes[i]);
		house->lane_due_ms[i] = house->sim->now_ms;
	}
}

static int64_t lane_next_ms(const House *house, size_t at)
{
	return MIN_OF(house->lane_due_ms[at], net_lane_next_ms(&house->sim->net, (int)at));
}

int64_t house_next_ms(const House *house)
{
	if (!house->is_up)
		return INT64_MAX;
	int64_t next = house->writer_due_ms;
	if (house->sim->net.is_draining)
		return next;
	for (size_t i = 0; i < house->sim->org_count; i++)
		next = MIN_OF(next, lane_next_ms(house, i));
	return house->is_looking ? next : MIN_OF(next, house->look_due_ms);
}

static void turn_lane(House *house, size_t at)
{
	Sim *sim = house->sim;
	PushLane *lane = house->lanes[at];
	for (int turns = 0; !house_is_dead(house); turns++) {
		Err err = { 0 };
		if (turns == TURNS_MAX) {
			sim_fail(sim, "a push lane runs in circles");
			return;
		}
		if (!push_lane_turn(lane, &err)) {
			house->lane_due_ms[at] = sim->now_ms + FAILED_PAUSE_MS;
			return;
		}
		int64_t sleep_ms = push_lane_sleep_ms(lane);
		house->lane_due_ms[at] = sim->now_ms + sleep_ms;
		if (lane_next_ms(house, at) > sim->now_ms)
			return;
	}
}

static void wake_push(void *ctx)
{
	house_wake_push(ctx);
}

static void look(House *house)
{
	Sim *sim = house->sim;
	Err err = { 0 };
	const SyncLook sync = {
		.options = &house->options,
		.reader = house->reader,
		.stop = &house->stop,
		.wake_push = wake_push,
		.ctx = house,
	};
	house->look_due_ms = sim->now_ms + LOOK_EVERY_MS;
	house->is_looking = true;
	if (!sync_look(&sync, &err) && !stop_is_thrown(&house->stop))
		sim_fail(sim, "a look at the runs: %s", err.text);
	house->is_looking = false;
	if (!house_is_dead(house)) {
		oracle_check_runs(sim);
		people_see_held_runs(sim);
	}
}

void house_turn(House *house)
{
	Sim *sim = house->sim;
	if (house->writer_due_ms <= sim->now_ms) {
		house->writer_due_ms = INT64_MAX;
		while (!house_is_dead(house) && writer_turn(house->writer)) {}
	}
	if (sim->net.is_draining)
		return; /* one lane is on the stack, the others have stopped */
	for (size_t i = 0; i < sim->org_count && !house_is_dead(house); i++) {
		if (lane_next_ms(house, i) > sim->now_ms)
			continue;
		sim->net.opener = (int)i;
		turn_lane(house, i);
		sim->net.opener = NET_NIGHT;
	}
	if (!house->is_looking && !house->wants_stop && !house_is_dead(house)
		&& house->look_due_ms <= sim->now_ms)
		look(house);
}
