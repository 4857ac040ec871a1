#include "base/base.h"

#include "sim_run.h"

#include <stdarg.h>
#include <stdio.h>

enum {
	RESTART_MS_MAX = 60 * 1000,
	NIGHTS_ACROSS = 3,
	STEPS_MAX = 1000 * 1000,       /* a hundred times what the longest takes */
	PUSH_REST_MS = 30 * 60 * 1000, /* after which nothing that can be pushed still waits */
};

/* ------------------------------------------------------------------- words */

void sim_say(Sim *sim, const char *format, ...)
{
	if (!sim->is_talking)
		return;
	CLEANUP(buf_fini) Buf at = BUF_MAX(64);
	time_put_rfc3339(&at, sim->now_ms);
	va_list args;
	va_start(args, format);
	printf("%.*s ", STR_ARG(buf_str(&at)));
	vprintf(format, args);
	printf("\n");
	va_end(args);
}

void sim_fail(Sim *sim, const char *format, ...)
{
	if (sim->has_failed)
		return;
	sim->has_failed = true;
	va_list args;
	va_start(args, format);
	vsnprintf(sim->why, sizeof sim->why, format, args);
	va_end(args);
	sim_say(sim, "FAILED: %s", sim->why);
	if (sim->house.is_up && !house_is_dead(&sim->house))
		house_crash(&sim->house); /* whatever is on the stack ends */
}

/* ------------------------------------------------------------------- clock */

static Sim *sim_of(Clock *clock)
{
	return CONTAINER_OF(clock, Sim, clock);
}

static int64_t wall_ms(Clock *clock)
{
	return sim_of(clock)->now_ms;
}

static int64_t mono_ms(Clock *clock)
{
	return sim_of(clock)->now_ms;
}

static void sleep_ms(Clock *clock, int64_t ms)
{
	Sim *sim = sim_of(clock);
	sim_run(sim, sim->now_ms + ms, NULL);
}

/* ------------------------------------------------------------------ events */

static int64_t next_event_ms(Sim *sim)
{
	int64_t next = MIN_OF(net_next_ms(&sim->net), house_next_ms(&sim->house));
	next = MIN_OF(next, people_next_ms(sim));
	if (sim->next_op < sim->op_count)
		next = MIN_OF(next, sim->ops[sim->next_op].at_ms);
	return next;
}

static bool is_over(const Sim *sim)
{
	return sim->has_failed || house_is_dead(&sim->house) || sim->house.wants_stop;
}

void sim_run(Sim *sim, int64_t until_ms, const bool *wake)
{
	if (++sim->steps > STEPS_MAX)
		sim_fail(sim, "it runs in circles");
	while (!is_over(sim) && !(wake && *wake)) {
		int64_t next = next_event_ms(sim);
		sim->steps++;
		if (next > until_ms) {
			sim->now_ms = MAX_OF(sim->now_ms, until_ms);
			break;
		}
		sim->now_ms = MAX_OF(sim->now_ms, next);
		net_deliver(&sim->net);
		people_end_trouble(sim);
		while (sim->next_op < sim->op_count && sim->ops[sim->next_op].at_ms <= sim->now_ms
			&& !is_over(sim)) {
			const Op *op = &sim->ops[sim->next_op++];
			if (!op->is_left_out)
				people_do(sim, op);
		}
		if (!is_over(sim) && sim->house.is_up)
			house_turn(&sim->house);
		oracle_check(sim);
	}
}

/* As sim_run, from the bottom of the stack: here a dead house is buried and starts anew. */
static void run(Sim *sim, int64_t until_ms)
{
	while (!sim->has_failed && sim->now_ms < until_ms) {
		sim_run(sim, until_ms, NULL);
		if (sim->has_failed)
			return;
		bool is_dead = house_is_dead(&sim->house);
		if (is_dead)
			house_bury(&sim->house);
		else if (sim->house.wants_stop)
			house_stop(&sim->house);
		if (!sim->house.is_up) {
			int64_t rest_ms = (int64_t)rng_below(&sim->rng.base, RESTART_MS_MAX);
			sim_run(sim, sim->now_ms + rest_ms, NULL);
			house_start(&sim->house);
		}
	}
}

/* ------------------------------------------------------------------- orgs */

static void open_org(Sim *sim, size_t index)
{
	SimOrg *org = &sim->orgs[index];
	char client[32];
	*org = (SimOrg){ .sim = sim, .index = index };
	snprintf(org->url, sizeof org->url, "http://127.0.0.1:%zu", 8000 + index);
	snprintf(client, sizeof client, "client-%zu", index);
	const OrgOptions options = {
		.seed = sim->seed * SIM_ORGS_MAX + index + 1,
		.contacts = 3 + (size_t)rng_below(&sim->rng.base, 6),
		.leads = 2 + (size_t)rng_below(&sim->rng.base, 5),
		.accounts = 2,
		.opted_out_percent = (unsigned)rng_below(&sim->rng.base, 40),
		.converted_percent = 10,
		.clock = &sim->clock,
		.bulk_delay_ms = (int64_t)rng_below(&sim->rng.base, 120 * 1000),
		.client_id = str_from(client),
		.client_secret = STR("secret"),
		.custom_checkbox = STR("Marketo_Sales_Opt_Out__c"),
		.grant_email_opt_out = true,
	};
	Err err = { 0 };
	if (!org_open(&options, &org->org, &err)
		|| !sfid_parse(org_facts(org->org).org_id, &org->org_id, &err))
		sim_fail(sim, "org: %s", err.text);
}

/* ------------------------------------------------------------------ a seed */

static void set_up(Sim *sim, const SimWish *wish)
{
	*sim = (Sim){ .seed = wish->seed, .folder = wish->folder, .is_talking = wish->is_talking };
	sim->clock = (Clock){ .wall_ms = wall_ms, .mono_ms = mono_ms, .sleep_ms = sleep_ms };
	/* Any moment of two years, so that nights meet both changes of the clock. */
	rng_seed(&sim->rng, wish->seed);
	sim->now_ms = 1767225600000 + (int64_t)rng_below(&sim->rng.base, 2 * 365) * MS_PER_DAY
		+ (int64_t)rng_below(&sim->rng.base, MS_PER_DAY);
	sim->begin_ms = sim->now_ms;
	arena_init(&sim->model.arena, 64 * 1024 * 1024);
	net_init(&sim->net, sim, rng_u64(&sim->rng.base));
	house_init(&sim->house, sim, rng_u64(&sim->rng.base));
	sim->org_count = rng_chance(&sim->rng.base, 20) ? 2 : 1;
	for (size_t i = 0; i < sim->org_count; i++)
		open_org(sim, i);
	people_settle_in(sim);
	oracle_begin(sim);
	people_plan(sim);
	for (size_t i = 0; i < sim->op_count; i++)
		sim->ops[i].is_left_out = i >= wish->ops_max
			|| (wish->left_out && wish->left_out[i]);
	static const unsigned faults[] = { 0, 5, 15, 40 };
	sim->net.fault_percent = faults[rng_below(&sim->rng.base, ARRAY_LEN(faults))];
}

/* A run of every org, and time for what it pushes; later when one is under way already. */
static void sync_all(Sim *sim)
{
	int64_t since_ms = sim->now_ms;
	while (!sim->has_failed && sim->asked_ms < since_ms) {
		people_sync_all(sim);
		run(sim, sim->now_ms + PUSH_REST_MS);
	}
}

/* One is enough, with two exceptions: opt-outs cross orgs as pushes, so that the other org's next
 * night brings home what this one's has found; and a record out of the recycle bin has its links
 * back only after the night that found it. */
static int nights_to_agree(const Sim *sim)
{
	int nights = sim->org_count == 1 ? 1 : NIGHTS_ACROSS;
	for (size_t o = 0; o < sim->org_count; o++)
		for (size_t i = 0; i < sim->orgs[o].record_count; i++)
			if (sim->orgs[o].records[i].was_deleted)
				nights = NIGHTS_ACROSS;
	return nights;
}

/* Trouble ends, nobody acts any more: everything that was lost on the way has its chance. */
static void come_to_rest(Sim *sim)
{
	sim->net.fault_percent = 0;
	people_end_all_trouble(sim);
	sim->is_quiet = true;
	/* The slow clock of a row that needs an admin has a day. */
	run(sim, sim->now_ms + 26 * MS_PER_HOUR);
	people_tick_one(sim);
	int nights = nights_to_agree(sim);
	for (int i = 0; i < nights; i++)
		sync_all(sim);
	if (!sim->has_failed)
		oracle_check_quiet(sim);
	sync_all(sim);
	if (!sim->has_failed)
		oracle_check_nothing_left(sim);
}

void sim_seed(const SimWish *wish, SimVerdict *out)
{
	static Sim sim; /* large */
	set_up(&sim, wish);
	house_start(&sim.house);
	if (sim.op_count > 0)
		run(&sim, sim.ops[sim.op_count - 1].at_ms + 1);
	if (!sim.has_failed)
		come_to_rest(&sim);
	*out = (SimVerdict){ .has_failed = sim.has_failed,
		.op_count = sim.op_count,
		.simulated_ms = sim.now_ms - sim.begin_ms,
		.starts = sim.house.starts,
		.acks = sim.model.ack_count };
	memcpy(out->why, sim.why, sizeof out->why);
	house_fini(&sim.house);
	net_fini(&sim.net);
	for (size_t i = 0; i < sim.org_count; i++)
		org_close(&sim.orgs[i].org);
	arena_fini(&sim.model.arena);
}
