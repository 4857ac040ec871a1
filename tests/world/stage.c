#include "base/base.h"

#include "stage.h"

#include "act.h"
#include "sim/peek.h"

#include <stdarg.h>

enum {
	RESTART_MS = 1000,
	SETTLE_STEP_MS = 500,
	SETTLE_MS_MAX = 3 * 3600 * 1000,
	PEOPLE_MAX = 64,
};

/* Monday, 2026-03-02, 08:00 in Los Angeles: long before the night. */
#define BEGIN_MS INT64_C(1772467200000)

static const char *const strike_names[STRIKES] = {
	[STRIKE_NONE] = "none",
	[STRIKE_BEFORE_COMMIT] = "before-commit",
	[STRIKE_AFTER_COMMIT] = "after-commit",
	[STRIKE_BEFORE_CALL] = "before-call",
	[STRIKE_AFTER_CALL] = "after-call",
	[STRIKE_STOP] = "stop",
	[STRIKE_NO_CONNECTION] = "no-connection",
	[STRIKE_ANSWER_LOST] = "answer-lost",
};

const char *strike_name(StrikeKind kind)
{
	return strike_names[kind];
}

static Stage *stage_of(Sim *sim)
{
	return CONTAINER_OF(sim, Stage, sim);
}

static Ledger *ledger_of(Stage *stage)
{
	return store_ledger(stage->sim.house.disk);
}

/* ----------------------------------------------- what tests/sim wants of a sim */

void sim_say(Sim *sim, const char *format, ...)
{
	if (!sim->is_talking)
		return;
	CLEANUP(buf_fini) Buf at = BUF_MAX(64);
	time_put_rfc3339(&at, sim->now_ms);
	va_list args;
	va_start(args, format);
	printf("# %.*s ", STR_ARG(buf_str(&at)));
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
}

static bool is_over(const Sim *sim)
{
	return sim->has_failed || house_is_dead(&sim->house) || sim->house.wants_stop;
}

void sim_run(Sim *sim, int64_t until_ms, const bool *wake)
{
	while (!is_over(sim) && !(wake && *wake)) {
		int64_t next = MIN_OF(net_next_ms(&sim->net), house_next_ms(&sim->house));
		if (next > until_ms) {
			sim->now_ms = MAX_OF(sim->now_ms, until_ms);
			return;
		}
		sim->now_ms = MAX_OF(sim->now_ms, next);
		net_deliver(&sim->net);
		if (!is_over(sim) && sim->house.is_up)
			house_turn(&sim->house);
	}
}

/* ----------------------------------------------------- phases of a run */

static void act_waiting(Stage *stage, Phase phase)
{
	if (stage->is_acting)
		return; /* its own commit or call */
	stage->is_acting = true;
	for (size_t i = 0; i < stage->waiting_count && stage_is_up(stage); i++)
		if (stage->waiting[i] && stage->waiting[i]->phase == phase
			&& act(stage, stage->waiting[i])) {
			stage->waiting[i] = NULL;
			stage->sim.now_ms++; /* nobody else acts in the same instant */
		}
	stage->is_acting = false;
}

static void note_moment(Stage *stage)
{
	const Sim *sim = &stage->sim;
	if (++stage->commits < STAGE_COMMITS_MAX)
		stage->is_same_moment[stage->commits] = stage->last_ms == sim->now_ms
			&& stage->last_calls == stage->calls
			&& stage->last_call_id == sim->net.next_id;
	stage->last_ms = sim->now_ms;
	stage->last_calls = stage->calls;
	stage->last_call_id = sim->net.next_id;
}

static void committed(void *ctx)
{
	House *house = ctx;
	Stage *stage = stage_of(house->sim);
	note_moment(stage);
	if (stage->waiting_count == 0)
		return;
	switch (stage_last_run(stage, 0).state) {
	case RUN_READING:
		act_waiting(stage, PHASE_READING);
		break;
	case RUN_PLANNING:
		act_waiting(stage, PHASE_PLANNING);
		break;
	case RUN_APPLYING:
		act_waiting(stage, PHASE_APPLYING);
		break;
	case RUN_ASKED:
	case RUN_HELD:
	case RUN_APPROVED:
	case RUN_DONE:
	case RUN_FAILED:
	case RUN_DISCARDED:
	case RUN_STATE_COUNT:
		break;
	}
}

static bool is_push(const HttpRequest *request)
{
	return str_eq(request->method_name, STR("PATCH"));
}

static bool asks_for_leads(const HttpRequest *request)
{
	return str_eq(request->method_name, STR("POST"))
		&& str_find(request->body, STR("FROM Lead")) >= 0;
}

void oracle_before_call(SimOrg *org, bool is_night, Str path)
{
	(void)is_night;
	(void)path;
	Stage *stage = stage_of(org->sim);
	const HttpRequest *request = org->sim->net.arriving;
	if (is_push(request))
		act_waiting(stage, PHASE_PUSHING);
	if (asks_for_leads(request))
		act_waiting(stage, PHASE_READING_LEADS);
	truth_look(org);
	for (size_t i = 0; i < org->record_count; i++)
		memcpy(org->ticked_before[i], org->records[i].ticked, sizeof org->ticked_before[i]);
}

void oracle_after_call(SimOrg *org)
{
	Stage *stage = stage_of(org->sim);
	truth_look(org);
	for (size_t i = 0; i < org->record_count; i++)
		for (int f = 0; f < SIM_FIELDS; f++)
			if (org->ticked_before[i][f] && !org->records[i].ticked[f])
				sim_fail(org->sim, "a call cleared a box of %s",
					org->records[i].sfid.text);
	if (is_push(org->sim->net.arriving))
		act_waiting(stage, PHASE_PUSHED);
	House *house = &org->sim->house;
	if (++stage->calls != stage->strike.step || house_is_dead(house) || !house->is_up)
		return;
	if (stage->strike.kind == STRIKE_AFTER_CALL) {
		stage->has_struck = true;
		house_crash(house);
	} else if (stage->strike.kind == STRIKE_STOP) {
		stage->has_struck = true;
		house->wants_stop = true;
		stop_throw(&house->stop);
	}
}

void oracle_check_runs(Sim *sim)
{
	(void)sim;
}

void people_see_held_runs(Sim *sim)
{
	(void)sim;
}

/* --------------------------------------------------------------------- time */

static int64_t wall_ms(Clock *clock)
{
	return CONTAINER_OF(clock, Sim, clock)->now_ms;
}

static void sleep_ms(Clock *clock, int64_t ms)
{
	Sim *sim = CONTAINER_OF(clock, Sim, clock);
	sim_run(sim, sim->now_ms + ms, NULL);
}

static void note_strike(Stage *stage)
{
	const Sim *sim = &stage->sim;
	switch (stage->strike.kind) {
	case STRIKE_BEFORE_COMMIT:
	case STRIKE_AFTER_COMMIT:
		stage->has_struck |= sim->house.store.crash_in == 0;
		break;
	case STRIKE_BEFORE_CALL:
	case STRIKE_NO_CONNECTION:
	case STRIKE_ANSWER_LOST:
		stage->has_struck |= sim->net.strike_in == 0;
		break;
	case STRIKE_NONE:
	case STRIKE_AFTER_CALL:
	case STRIKE_STOP:
	case STRIKES:
		break;
	}
}

static void start_again(Stage *stage)
{
	Sim *sim = &stage->sim;
	if (house_is_dead(&sim->house))
		house_bury(&sim->house);
	else if (sim->house.wants_stop)
		house_stop(&sim->house);
	if (sim->house.is_up)
		return;
	sim_run(sim, sim->now_ms + RESTART_MS, NULL);
	house_start(&sim->house);
	sim->house.store.on_commit = committed;
}

void stage_run(Stage *stage, int64_t until_ms)
{
	Sim *sim = &stage->sim;
	while (!sim->has_failed && sim->now_ms < until_ms) {
		sim_run(sim, until_ms, NULL);
		note_strike(stage);
		if (!sim->has_failed)
			start_again(stage);
	}
}

bool stage_is_up(const Stage *stage)
{
	const House *house = &stage->sim.house;
	return house->is_up && !house_is_dead(house) && !house->wants_stop;
}

Run stage_last_run(Stage *stage, int64_t org)
{
	Run run = { 0 };
	size_t count = 0;
	Err err = { 0 };
	if (!ledger_run_list(ledger_of(stage), org, 0, &run, 1, &count, &err))
		sim_fail(&stage->sim, "the runs: %s", err.text);
	return run;
}

static bool is_run_open(RunState state)
{
	return state == RUN_ASKED || state == RUN_READING || state == RUN_PLANNING
		|| state == RUN_APPROVED || state == RUN_APPLYING;
}

static bool has_waiting_removal(Stage *stage)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(4 * 1024 * 1024);
	Person people[PEOPLE_MAX];
	size_t count = 0;
	Err err = { 0 };
	if (!ledger_person_list(ledger_of(stage), PERSONS_UNSUBSCRIBED, 0, &arena, people,
		    PEOPLE_MAX, &count, &err))
		sim_fail(&stage->sim, "the people: %s", err.text);
	for (size_t i = 0; i < count; i++)
		if (people[i].removal_waiting)
			return true;
	return false;
}

static bool is_settled(Stage *stage)
{
	LedgerCounts counts = { 0 };
	Err err = { 0 };
	if (!stage_is_up(stage) || net_next_ms(&stage->sim.net) != INT64_MAX
		|| is_run_open(stage_last_run(stage, 0).state))
		return false;
	if (!ledger_counts(ledger_of(stage), &counts, &err))
		sim_fail(&stage->sim, "the counts: %s", err.text);
	return counts.outbox[OUTBOX_PENDING] == 0 && counts.outbox[OUTBOX_IN_FLIGHT] == 0
		&& counts.outbox[OUTBOX_WAITING] == 0 && counts.outbox[OUTBOX_UNKNOWN] == 0
		&& !has_waiting_removal(stage);
}

void stage_settle(Stage *stage)
{
	Sim *sim = &stage->sim;
	const int64_t until_ms = sim->now_ms + SETTLE_MS_MAX;
	do {
		stage_run(stage, sim->now_ms + SETTLE_STEP_MS);
	} while (!sim->has_failed && sim->now_ms < until_ms && !is_settled(stage));
	if (sim->now_ms >= until_ms)
		sim_fail(sim, "something is still under way after %d hours",
			SETTLE_MS_MAX / 3600 / 1000);
}

/* --------------------------------------------------------------------- life */

static bool connect(Stage *stage, SimOrg *org, Err *err)
{
	static const char *const settings[][2] = {
		{ "sync.nightly", "on" },
		{ "sync.field.contact", "Marketo_Sales_Opt_Out__c" },
		{ "sync.field.lead", "Marketo_Sales_Opt_Out__c" },
		/* Only a first run is held. */
		{ "brake.percent", "100" },
		{ "brake.rows_min", "1000" },
	};
	const int64_t now_ms = stage->sim.now_ms;
	Store *disk = stage->sim.house.disk;
	OrgFacts facts = org_facts(org->org);
	const OrgConnection connection = {
		.org_id = org->org_id,
		.name = STR("Simulated"),
		.login_url = str_from(org->url),
		.api_version = STR("64.0"),
		.grant = GRANT_CLIENT_CREDENTIALS,
		.client_id = facts.client_id,
		.secret = facts.client_secret,
		.connected_at_ms = now_ms,
	};
	if (!store_begin(disk, err)
		|| !ledger_org_put(store_ledger(disk), &org->org_id, now_ms, &org->key, err)
		|| !desk_org_put(store_desk(disk), &connection, now_ms, err))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (!desk_setting_put(store_desk(disk), sfid_str(&org->org_id),
			    str_from(settings[i][0]), str_from(settings[i][1]), STR("admin"),
			    now_ms, err))
			return false;
	return store_commit(disk, err);
}

static void open_org(Stage *stage, size_t index)
{
	Sim *sim = &stage->sim;
	SimOrg *org = &sim->orgs[index];
	char client[32];
	*org = (SimOrg){ .sim = sim, .index = index };
	snprintf(org->url, sizeof org->url, "http://127.0.0.1:%zu", 8000 + index);
	snprintf(client, sizeof client, "client-%zu", index);
	const OrgOptions options = {
		.seed = index + 1,
		.clock = &sim->clock,
		.client_id = str_from(client),
		.client_secret = STR("secret"),
		.custom_checkbox = STR("Marketo_Sales_Opt_Out__c"),
		.grant_email_opt_out = true,
	};
	Err err = { 0 };
	if (!org_open(&options, &org->org, &err)
		|| !sfid_parse(org_facts(org->org).org_id, &org->org_id, &err)
		|| !connect(stage, org, &err))
		sim_fail(sim, "org: %s", err.text);
	else
		peek_hide_the_rest(org->org);
}

void stage_open(Stage *stage, const Table *table, const char *folder, const char *url)
{
	*stage = (Stage){ .table = table };
	Sim *sim = &stage->sim;
	sim->folder = folder;
	sim->url = url;
	sim->clock = (Clock){ .wall_ms = wall_ms, .mono_ms = wall_ms, .sleep_ms = sleep_ms };
	sim->now_ms = sim->begin_ms = BEGIN_MS;
	net_init(&sim->net, sim, 1);
	house_init(&sim->house, sim, 1);
	sim->org_count = MAX_OF(table->org_count, (size_t)1);
	for (size_t i = 0; i < sim->org_count && !sim->has_failed; i++)
		open_org(stage, i);
}

void stage_begin(Stage *stage, Strike strike)
{
	Sim *sim = &stage->sim;
	start_again(stage);
	stage->strike = strike;
	switch (strike.kind) {
	case STRIKE_BEFORE_COMMIT:
	case STRIKE_AFTER_COMMIT:
		sim->house.store.crash_in = strike.step;
		sim->house.store.crash_after = strike.kind == STRIKE_AFTER_COMMIT;
		break;
	case STRIKE_BEFORE_CALL:
	case STRIKE_NO_CONNECTION:
	case STRIKE_ANSWER_LOST:
		sim->net.strike_in = strike.step;
		sim->net.strike_kills = strike.kind == STRIKE_BEFORE_CALL;
		sim->net.strike_fate = strike.kind == STRIKE_NO_CONNECTION ? NET_NO_CONNECTION
			: strike.kind == STRIKE_ANSWER_LOST                ? NET_ANSWER_LOST
									   : NET_LOST;
		break;
	case STRIKE_NONE:
	case STRIKE_AFTER_CALL:
	case STRIKE_STOP:
	case STRIKES:
		break;
	}
}

void stage_disarm(Stage *stage)
{
	stage->strike.kind = STRIKE_NONE;
	stage->sim.house.store.crash_in = 0;
	stage->sim.net.strike_in = 0;
}

void stage_close(Stage *stage)
{
	Sim *sim = &stage->sim;
	house_fini(&sim->house);
	net_fini(&sim->net);
	for (size_t i = 0; i < sim->org_count; i++)
		org_close(&sim->orgs[i].org);
}
