#include "base/base.h"

#include "base/alloc.h"
#include "peek.h"
#include "sim.h"

enum {
	PEOPLE_LISTED_MAX = MODEL_PEOPLE_MAX,
	ROOM_BYTES = 4 * 1024 * 1024,
	HOURS_OF_ACTS = 30, /* an evening is among them */
	OPS_MIN = 8,
};

typedef struct OpDef {
	const char *name;
	unsigned weight;
	void (*act)(Sim *sim, const Op *op);
} OpDef;

static const OpDef defs[OP_KINDS];

const char *op_name(OpKind kind)
{
	return defs[kind].name;
}

/* ----------------------------------------------------------------- choosing */

static SimOrg *pick_org(Sim *sim, const Op *op)
{
	return &sim->orgs[op->random[0] % sim->org_count];
}

static SimRecord *pick_record(SimOrg *org, const Op *op)
{
	return &org->records[(op->random[0] >> 8) % org->record_count];
}

static bool is_alive(const SimRecord *record)
{
	return !record->is_deleted && !record->is_converted;
}

static const char *field_name(unsigned which)
{
	return which % 2 ? "Marketo_Sales_Opt_Out__c" : "HasOptedOutOfEmail";
}

/* ------------------------------------------------------------------ writing */

/* Something that somebody asks the house for. */
typedef struct Wish {
	WriteJob job;
	Sim *sim;
	Op op;
	void (*answered)(struct Wish *wish, bool ok);
	StopOutcome stop;
} Wish;

static void wish_done(WriteJob *job, bool ok, const Err *err)
{
	Wish *wish = CONTAINER_OF(job, Wish, job);
	sim_say(wish->sim, "%s: %s%s", op_name(wish->op.kind),
		ok ? "answered" : "refused: ", ok ? "" : err->text);
	if (wish->answered)
		wish->answered(wish, ok);
	free(wish);
}

static void ask(Sim *sim, const Op *op, bool (*run)(WriteJob *job, Store *store, Err *err),
	void (*answered)(Wish *wish, bool ok))
{
	House *house = &sim->house;
	if (!house->is_up || house_is_dead(house) || house->wants_stop || sim->net.is_draining)
		return; /* nobody answers: nothing was promised */
	Wish *wish = xcalloc(1, sizeof *wish);
	wish->job = (WriteJob){ .run = run, .done = wish_done };
	wish->sim = sim;
	wish->op = *op;
	wish->answered = answered;
	Err err = { 0 };
	if (!writer_submit(house->writer, &wish->job, &err)) {
		sim_say(sim, "%s: %s", op_name(op->kind), err.text);
		free(wish);
		return;
	}
	/* Others may join the same commit. */
	house->writer_due_ms = MIN_OF(
		house->writer_due_ms, sim->now_ms + (int64_t)(op->random[2] % 4));
}

/* One of the people, by chance; false: there is nobody. */
static bool pick_person(
	Ledger *ledger, const Op *op, PersonFilter filter, Arena *arena, Person *out)
{
	Person *people = arena_alloc(arena, PEOPLE_LISTED_MAX, sizeof *people);
	size_t count = 0;
	if (!ledger_person_list(ledger, filter, 0, arena, people, PEOPLE_LISTED_MAX, &count, NULL)
		|| count == 0)
		return false;
	*out = people[op->random[1] % count];
	return true;
}

/* -------------------------------------------------------------------- clicks */

static ModelPerson *model_of(Sim *sim, int64_t person_id)
{
	assert(person_id > 0 && person_id < MODEL_PEOPLE_MAX);
	return &sim->model.people[person_id];
}

static bool do_stop(Wish *wish, Store *store, const StopWish *stop, Err *err)
{
	if (!ledger_stop(store_ledger(store), stop, &wish->stop, err))
		return false;
	model_of(wish->sim, wish->stop.person_id)->wished_ms = wish->sim->now_ms;
	return true;
}

static void click_answered(Wish *wish, bool ok)
{
	Model *model = &wish->sim->model;
	if (!ok || wish->stop.person_id == 0)
		return;
	if (model->ack_count < SIM_ACKS_MAX)
		model->acks[model->ack_count++] = (Ack){ wish->stop.person_id,
			wish->stop.event_id };
	house_wake_push(&wish->sim->house);
}

static bool run_click(WriteJob *job, Store *store, Err *err)
{
	Wish *wish = CONTAINER_OF(job, Wish, job);
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(ROOM_BYTES);
	Person person;
	if (!pick_person(store_ledger(store), &wish->op, PERSONS_ALL, &arena, &person))
		return true;
	const StopWish stop = {
		.person_id = person.person_id,
		.source = SOURCE_ONE_CLICK,
		.now_ms = wish->sim->now_ms,
	};
	return do_stop(wish, store, &stop, err);
}

static void act_click(Sim *sim, const Op *op)
{
	ask(sim, op, run_click, click_answered);
}

/* Of a record that nobody here may know, or of nobody at all. */
static bool run_strange(WriteJob *job, Store *store, Err *err)
{
	Wish *wish = CONTAINER_OF(job, Wish, job);
	SimOrg *org = pick_org(wish->sim, &wish->op);
	SimRecord *record = pick_record(org, &wish->op);
	StopWish stop = { .source = SOURCE_FORM, .now_ms = wish->sim->now_ms };
	char made[64];
	snprintf(made, sizeof made, "stranger%d@example.net", (int)(wish->op.random[1] % 4));
	bool is_known = wish->op.random[2] % 2
		&& address_parse(str_from(record->email), &stop.address, NULL);
	if (!is_known && !address_parse(str_from(made), &stop.address, err))
		return false;
	return do_stop(wish, store, &stop, err);
}

static void act_strange(Sim *sim, const Op *op)
{
	ask(sim, op, run_strange, click_answered);
}

static void wake_push(Wish *wish, bool ok)
{
	if (ok)
		house_wake_push(&wish->sim->house);
}

static bool run_import(WriteJob *job, Store *store, Err *err)
{
	Wish *wish = CONTAINER_OF(job, Wish, job);
	SimOrg *org = pick_org(wish->sim, &wish->op);
	const SimRecord *record = pick_record(org, &wish->op);
	const RecordRef ref = { .org = org->key, .sfid = record->sfid };
	PersonPut put = {
		.records = &ref,
		.record_count = 1,
		.source = SOURCE_IMPORT,
		.actor = STR("import"),
		.now_ms = wish->sim->now_ms,
	};
	char made[64];
	snprintf(made, sizeof made, "import%d@example.org", (int)(wish->op.random[1] % 6));
	bool has_own = wish->op.random[2] % 3
		&& address_parse(str_from(record->email), &put.address, NULL);
	if (!has_own && !address_parse(str_from(made), &put.address, err))
		return false;
	PersonPutOutcome outcome;
	return ledger_person_put(store_ledger(store), &put, &outcome, err);
}

static void act_import(Sim *sim, const Op *op)
{
	ask(sim, op, run_import, wake_push);
}

/* ------------------------------------------------------------------ removals */

static bool run_remove(WriteJob *job, Store *store, Err *err)
{
	Wish *wish = CONTAINER_OF(job, Wish, job);
	Sim *sim = wish->sim;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(ROOM_BYTES);
	Person person;
	if (!pick_person(store_ledger(store), &wish->op, PERSONS_UNSUBSCRIBED, &arena, &person))
		return true;
	const RemoveWish remove = {
		.person_id = person.person_id,
		.seen_event_id = person.last_event_id,
		.seen_stop_count = person.stop_count,
		.reason = STR("asked for it"),
		.actor = STR("admin"),
		.now_ms = sim->now_ms,
	};
	RemoveOutcome outcome;
	sim->model.removals_asked++;
	model_of(sim, person.person_id)->removal_asked_ms = sim->now_ms;
	if (!ledger_remove(store_ledger(store), &remove, &outcome, err))
		return false;
	sim_say(sim, "  removal of person %lld: %s", (long long)person.person_id,
		outcome.is_waiting ? "waits" : "done");
	return true;
}

static void act_remove(Sim *sim, const Op *op)
{
	ask(sim, op, run_remove, NULL);
}

/* ------------------------------------------------------------------ settings */

static bool put_setting(
	Sim *sim, Store *store, const SimOrg *org, const char *name, const char *value, Err *err)
{
	return desk_setting_put(store_desk(store), sfid_str(&org->org_id), str_from(name),
		str_from(value), STR("admin"), sim->now_ms, err);
}

static void settings_answered(Wish *wish, bool ok)
{
	if (ok)
		house_wake_sync(&wish->sim->house);
}

static void note_settings(Sim *sim, SimOrg *org)
{
	truth_excuse_all(org);
	sim->model.mode_changed_ms = sim->now_ms;
}

static bool run_mode(WriteJob *job, Store *store, Err *err)
{
	Wish *wish = CONTAINER_OF(job, Wish, job);
	static const char *const modes[] = { "standard", "sales", "both" };
	SimOrg *org = pick_org(wish->sim, &wish->op);
	note_settings(wish->sim, org);
	return put_setting(wish->sim, store, org, "sync.mode",
		modes[wish->op.random[1] % ARRAY_LEN(modes)], err);
}

static void act_mode(Sim *sim, const Op *op)
{
	ask(sim, op, run_mode, settings_answered);
}

static bool run_switch(WriteJob *job, Store *store, Err *err)
{
	Wish *wish = CONTAINER_OF(job, Wish, job);
	SimOrg *org = pick_org(wish->sim, &wish->op);
	note_settings(wish->sim, org);
	return put_setting(
		wish->sim, store, org, "sync.nightly", wish->op.random[1] % 4 ? "on" : "off", err);
}

static void act_switch(Sim *sim, const Op *op)
{
	ask(sim, op, run_switch, settings_answered);
}

/* ---------------------------------------------------------------------- runs */

enum { RUNS_MAX = 16 };

static bool is_resting(RunState state)
{
	return state == RUN_DONE || state == RUN_FAILED || state == RUN_DISCARDED;
}

/* As the API: one at a time. */
static bool ask_for_run(Sim *sim, Store *store, const SimOrg *org, RunKind kind, Err *err)
{
	Run runs[RUNS_MAX];
	size_t count = 0;
	if (!ledger_run_list(store_ledger(store), org->key, 0, runs, RUNS_MAX, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!is_resting(runs[i].state))
			return ERR(err, ERR_CONFLICT, "a run is open already");
	Run run = {
		.org = org->key,
		.kind = kind,
		.state = RUN_ASKED,
		.asked_at_ms = sim->now_ms,
		.actor = "admin",
	};
	return ledger_run_put(store_ledger(store), &run, err);
}

static bool run_now(WriteJob *job, Store *store, Err *err)
{
	Wish *wish = CONTAINER_OF(job, Wish, job);
	return ask_for_run(wish->sim, store, pick_org(wish->sim, &wish->op),
		wish->op.kind == OP_DRY ? RUN_DRY : RUN_NOW, err);
}

static void act_now(Sim *sim, const Op *op)
{
	ask(sim, op, run_now, settings_answered);
}

static bool run_approve(WriteJob *job, Store *store, Err *err)
{
	Wish *wish = CONTAINER_OF(job, Wish, job);
	Run runs[RUNS_MAX];
	size_t count = 0;
	SimOrg *org = pick_org(wish->sim, &wish->op);
	if (!ledger_run_list(store_ledger(store), org->key, 0, runs, RUNS_MAX, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (runs[i].state != RUN_HELD)
			continue;
		runs[i].state = wish->op.random[1] % 8 ? RUN_APPROVED : RUN_DISCARDED;
		if (!ledger_run_put(store_ledger(store), &runs[i], err))
			return false;
	}
	return true;
}

static void approve(Sim *sim, size_t org, uint64_t choice)
{
	const Op op = { .kind = OP_NOW, .random = { org, choice, 0 } };
	ask(sim, &op, run_approve, settings_answered);
}

void people_see_held_runs(Sim *sim)
{
	for (size_t o = 0; o < sim->org_count; o++) {
		Run runs[RUNS_MAX];
		size_t count = 0;
		if (sim->trouble_ends_ms[o][TROUBLE_HELD_RUN] != INT64_MAX
			|| !ledger_run_list(store_ledger(sim->house.disk), sim->orgs[o].key, 0,
				runs, RUNS_MAX, &count, NULL))
			continue;
		for (size_t i = 0; i < count; i++)
			if (runs[i].state == RUN_HELD)
				sim->trouble_ends_ms[o][TROUBLE_HELD_RUN] = sim->now_ms
					+ (sim->is_quiet ? 1000
							 : (int64_t)rng_below(
								 &sim->rng.base, 20 * 60 * 1000));
	}
}

/* ------------------------------------------------------------- in the orgs */

static void act_tick(Sim *sim, const Op *op)
{
	SimOrg *org = pick_org(sim, op);
	SimRecord *record = pick_record(org, op);
	if (is_alive(record))
		truth_control(org, "/records/edit", "{\"id\":\"%s\",\"set\":{\"%s\":true}}",
			record->sfid.text, field_name((unsigned)(op->random[1] % 3 == 0)));
}

static void untick(SimOrg *org, SimRecord *record)
{
	if (!is_alive(record))
		return;
	record->excused_ms = org->sim->now_ms;
	truth_control(org, "/records/edit",
		"{\"id\":\"%s\",\"set\":{\"HasOptedOutOfEmail\":false,\"Marketo_Sales_Opt_Out__c\":false}}",
		record->sfid.text);
}

static void act_untick(Sim *sim, const Op *op)
{
	SimOrg *org = pick_org(sim, op);
	untick(org, pick_record(org, op));
}

/* A resubscribe as it should be: every box of the person, then here. */
static void act_resubscribe(Sim *sim, const Op *op)
{
	if (!sim->house.is_up || house_is_dead(&sim->house))
		return;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(ROOM_BYTES);
	Ledger *ledger = store_ledger(sim->house.disk);
	Person person;
	Record records[SIM_RECORDS_MAX];
	size_t count = 0;
	if (!pick_person(ledger, op, PERSONS_UNSUBSCRIBED, &arena, &person)
		|| !ledger_person_records(
			ledger, person.person_id, records, SIM_RECORDS_MAX, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++) {
		SimOrg *org = truth_org(sim, records[i].org);
		SimRecord *record = truth_find(org, &records[i].sfid);
		if (record)
			untick(org, record);
	}
	ask(sim, op, run_remove, NULL);
}

static void act_email(Sim *sim, const Op *op)
{
	SimOrg *org = pick_org(sim, op);
	SimRecord *record = pick_record(org, op);
	const SimRecord *other = &org->records[op->random[1] % org->record_count];
	if (!is_alive(record))
		return;
	char made[64];
	snprintf(made, sizeof made, "moved%d@example.com", (int)(op->random[2] % 5));
	bool takes_over = op->random[2] % 2 && other->email[0] && !strpbrk(other->email, "\"\\");
	record->excused_ms = sim->now_ms;
	truth_control(org, "/records/edit", "{\"id\":\"%s\",\"set\":{\"Email\":\"%s\"}}",
		record->sfid.text, takes_over ? other->email : made);
}

static void act_delete(Sim *sim, const Op *op)
{
	SimOrg *org = pick_org(sim, op);
	SimRecord *record = pick_record(org, op);
	if (is_alive(record))
		truth_control(org, "/records/delete", "{\"id\":\"%s\"}", record->sfid.text);
}

static void act_undelete(Sim *sim, const Op *op)
{
	SimOrg *org = pick_org(sim, op);
	for (size_t i = 0; i < org->record_count; i++) {
		if (!org->records[i].is_deleted)
			continue;
		org->records[i].excused_ms = sim->now_ms;
		truth_control(
			org, "/records/undelete", "{\"id\":\"%s\"}", org->records[i].sfid.text);
	}
	(void)op;
}

static void act_convert(Sim *sim, const Op *op)
{
	SimOrg *org = pick_org(sim, op);
	SimRecord *lead = pick_record(org, op), *contact = NULL;
	for (size_t i = 0; i < org->record_count; i++)
		if (sfid_object(&org->records[i].sfid) == SF_CONTACT && is_alive(&org->records[i]))
			contact = &org->records[i];
	if (contact && is_alive(lead) && sfid_object(&lead->sfid) == SF_LEAD)
		truth_control(org, "/records/convert", "{\"id\":\"%s\",\"contact\":\"%s\"}",
			lead->sfid.text, contact->sfid.text);
}

static void act_create(Sim *sim, const Op *op)
{
	SimOrg *org = pick_org(sim, op);
	const SimRecord *other = pick_record(org, op);
	if (org->record_count == SIM_RECORDS_MAX || !other->email[0]
		|| strpbrk(other->email, "\"\\"))
		return;
	truth_control(org, "/records",
		"{\"object\":\"Contact\",\"set\":{\"LastName\":\"New\",\"Email\":\"%s\","
		"\"HasOptedOutOfEmail\":%s}}",
		other->email, op->random[1] % 3 ? "false" : "true");
	org->records[org->record_count - 1].excused_ms = sim->now_ms;
}

/* -------------------------------------------------------------------- trouble */

static void set_visible(SimOrg *org, bool is_visible)
{
	static const char *const objects[] = { "Contact", "Lead" };
	org->is_blind = !is_visible;
	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		truth_control(org, "/fls",
			"{\"object\":\"%s\",\"field\":\"HasOptedOutOfEmail\",\"read\":%s,\"edit\":%s}",
			objects[i], is_visible ? "true" : "false", is_visible ? "true" : "false");
	truth_excuse_all(org);
}

static void act_hide(Sim *sim, const Op *op)
{
	SimOrg *org = pick_org(sim, op);
	set_visible(org, false);
	sim->trouble_ends_ms[org->index][TROUBLE_BLIND] = sim->now_ms
		+ (int64_t)(op->random[1] % (3 * MS_PER_HOUR));
}

static void act_expire(Sim *sim, const Op *op)
{
	truth_control(pick_org(sim, op), "/session/expire", "{}");
}

/* What a write of one record may meet: to be tried again, needing an admin, unknown. */
static void act_refuse(Sim *sim, const Op *op)
{
	static const char *const codes[] = { "UNABLE_TO_LOCK_ROW", "NOT_FOUND",
		"FIELD_CUSTOM_VALIDATION_EXCEPTION", "REQUEST_RUNNING_TOO_LONG",
		"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "A_CODE_NOBODY_KNOWS" };
	SimOrg *org = pick_org(sim, op);
	truth_control(org, "/faults",
		"{\"kind\":\"record\",\"count\":%d,\"id\":\"%s\",\"code\":\"%s\",\"message\":\"no\"}",
		1 + (int)(op->random[1] % 4), pick_record(org, op)->sfid.text,
		codes[(op->random[1] >> 8) % ARRAY_LEN(codes)]);
}

enum { CALLS_A_DAY = 115000 };

static void act_outage(Sim *sim, const Op *op)
{
	SimOrg *org = pick_org(sim, op);
	static const char *const states[] = { "maintenance", "read-only" };
	size_t which = (op->random[1] >> 8) % 4;
	int64_t used = 0, max = 0;
	peek_usage(org->org, &used, &max);
	if (which < ARRAY_LEN(states))
		truth_control(org, "/org-state", "{\"state\":\"%s\"}", states[which]);
	else /* used up, or nearly */
		truth_control(org, "/org-state", "{\"daily_limit\":%d}",
			which == ARRAY_LEN(states) ? 0 : (int)used + 10);
	sim->trouble_ends_ms[org->index][TROUBLE_OUTAGE] = sim->now_ms
		+ (int64_t)(op->random[1] % (2 * MS_PER_HOUR));
}

static void end(Sim *sim, size_t org, Trouble trouble)
{
	sim->trouble_ends_ms[org][trouble] = INT64_MAX;
	switch (trouble) {
	case TROUBLE_BLIND:
		set_visible(&sim->orgs[org], true);
		return;
	case TROUBLE_OUTAGE:
		truth_control(&sim->orgs[org], "/org-state",
			"{\"state\":\"normal\",\"daily_limit\":%d}", CALLS_A_DAY);
		return;
	case TROUBLE_HELD_RUN:
		approve(sim, org, sim->is_quiet ? 1 : rng_u64(&sim->rng.base));
		return;
	case TROUBLES:
		return;
	}
}

int64_t people_next_ms(const Sim *sim)
{
	int64_t next = INT64_MAX;
	for (size_t o = 0; o < sim->org_count; o++)
		for (int t = 0; t < TROUBLES; t++)
			next = MIN_OF(next, sim->trouble_ends_ms[o][t]);
	return next;
}

void people_end_trouble(Sim *sim)
{
	for (size_t o = 0; o < sim->org_count; o++)
		for (int t = 0; t < TROUBLES; t++)
			if (sim->trouble_ends_ms[o][t] <= sim->now_ms)
				end(sim, o, (Trouble)t);
}

void people_end_all_trouble(Sim *sim)
{
	for (size_t o = 0; o < sim->org_count; o++) {
		end(sim, o, TROUBLE_BLIND);
		end(sim, o, TROUBLE_OUTAGE);
		peek_end_faults(sim->orgs[o].org);
	}
}

/* -------------------------------------------------------------------- process */

/* Now, or at one of the next commits: before it is on the disk, or after. */
static void act_crash(Sim *sim, const Op *op)
{
	House *house = &sim->house;
	if (!house->is_up || house_is_dead(house))
		return;
	house->store.crash_after = op->random[1] % 2;
	house->store.crash_in = (int64_t)(op->random[0] % 5);
	if (house->store.crash_in == 0) {
		sim_say(sim, "the process dies");
		house_crash(house);
	}
}

static void act_stop(Sim *sim, const Op *op)
{
	(void)op;
	if (!sim->house.is_up || house_is_dead(&sim->house) || sim->net.is_draining)
		return;
	sim->house.wants_stop = true;
	stop_throw(&sim->house.stop);
}

/* ---------------------------------------------------------------------- plans */

static const OpDef defs[OP_KINDS] = {
	[OP_CLICK] = { "click", 20, act_click },
	[OP_STRANGE] = { "click of a stranger", 4, act_strange },
	[OP_IMPORT] = { "import", 6, act_import },
	[OP_REMOVE] = { "removal", 10, act_remove },
	[OP_MODE] = { "mode", 2, act_mode },
	[OP_SWITCH] = { "switch", 2, act_switch },
	[OP_NOW] = { "sync now", 8, act_now },
	[OP_DRY] = { "dry run", 1, act_now },
	[OP_TICK] = { "tick in the org", 8, act_tick },
	[OP_UNTICK] = { "untick in the org", 3, act_untick },
	[OP_UNTICK_AND_REMOVE] = { "resubscribe", 6, act_resubscribe },
	[OP_EMAIL] = { "new address in the org", 3, act_email },
	[OP_DELETE] = { "delete in the org", 2, act_delete },
	[OP_UNDELETE] = { "undelete in the org", 2, act_undelete },
	[OP_CONVERT] = { "convert in the org", 1, act_convert },
	[OP_CREATE] = { "create in the org", 3, act_create },
	[OP_HIDE] = { "hide the field", 1, act_hide },
	[OP_EXPIRE] = { "session ends", 3, act_expire },
	[OP_REFUSE] = { "refusals", 5, act_refuse },
	[OP_OUTAGE] = { "outage", 2, act_outage },
	[OP_CRASH] = { "crash", 8, act_crash },
	[OP_STOP] = { "stop", 2, act_stop },
};

void people_do(Sim *sim, const Op *op)
{
	sim_say(sim, "op %zu: %s", (size_t)(op - sim->ops), op_name(op->kind));
	defs[op->kind].act(sim, op);
}

static OpKind pick_kind(Sim *sim)
{
	unsigned all = 0;
	for (size_t i = 0; i < OP_KINDS; i++)
		all += defs[i].weight;
	uint64_t at = rng_below(&sim->rng.base, all);
	for (size_t i = 0;; i++) {
		if (at < defs[i].weight)
			return (OpKind)i;
		at -= defs[i].weight;
	}
}

static int64_t pick_gap_ms(Sim *sim)
{
	/* Most things happen on the heels of others: that is where the races are. */
	static const int64_t gaps_ms[] = { 1, 100, 2000, 2000, 20 * 1000, 120 * 1000, 3600 * 1000,
		3 * 3600 * 1000 };
	return (int64_t)rng_below(
		&sim->rng.base, (uint64_t)gaps_ms[rng_below(&sim->rng.base, ARRAY_LEN(gaps_ms))]);
}

void people_plan(Sim *sim)
{
	int64_t at_ms = sim->now_ms + 1000;
	sim->op_count = OPS_MIN + (size_t)rng_below(&sim->rng.base, SIM_OPS_MAX - OPS_MIN);
	for (size_t i = 0; i < sim->op_count; i++) {
		Op *op = &sim->ops[i];
		at_ms += pick_gap_ms(sim);
		*op = (Op){ .kind = pick_kind(sim), .at_ms = at_ms };
		for (size_t r = 0; r < ARRAY_LEN(op->random); r++)
			op->random[r] = rng_u64(&sim->rng.base);
	}
	for (size_t o = 0; o < SIM_ORGS_MAX; o++)
		for (int t = 0; t < TROUBLES; t++)
			sim->trouble_ends_ms[o][t] = INT64_MAX;
}

/* ------------------------------------------------------------------ beginning */

/* In a write of its own, before there is a process. */
static void write_down(
	Sim *sim, bool (*run)(Sim *sim, Store *store, SimOrg *org, Err *err), SimOrg *org)
{
	Err err = { 0 };
	Store *disk = sim->house.disk;
	if (!store_begin(disk, &err) || !run(sim, disk, org, &err) || !store_commit(disk, &err))
		sim_fail(sim, "settling in: %s", err.text);
}

static bool connect_org(Sim *sim, Store *store, SimOrg *org, Err *err)
{
	OrgFacts facts = org_facts(org->org);
	const OrgConnection connection = {
		.org_id = org->org_id,
		.name = STR("Simulated"),
		.login_url = str_from(org->url),
		.api_version = STR("64.0"),
		.grant = GRANT_CLIENT_CREDENTIALS,
		.client_id = facts.client_id,
		.secret = facts.client_secret,
		.connected_at_ms = sim->now_ms,
	};
	static const char *const modes[] = { "standard", "standard", "sales", "both" };
	const char *mode = modes[rng_below(&sim->rng.base, ARRAY_LEN(modes))];
	const char *nightly = rng_chance(&sim->rng.base, 80) ? "on" : "off";
	return ledger_org_put(store_ledger(store), &org->org_id, sim->now_ms, &org->key, err)
		&& desk_org_put(store_desk(store), &connection, sim->now_ms, err)
		&& put_setting(sim, store, org, "sync.nightly", nightly, err)
		&& put_setting(sim, store, org, "sync.mode", mode, err)
		&& put_setting(sim, store, org, "sync.field.contact", field_name(1), err)
		&& put_setting(sim, store, org, "sync.field.lead", field_name(1), err)
		&& put_setting(sim, store, org, "brake.percent", "100", err)
		&& put_setting(sim, store, org, "brake.rows_min", "1000000", err);
}

/* Most of the org's records are known here, some by ID, some people are unsubscribed already. */
static bool know_people(Sim *sim, Store *store, SimOrg *org, Err *err)
{
	for (size_t i = 0; i < org->record_count; i++) {
		const SimRecord *record = &org->records[i];
		const RecordRef ref = { .org = org->key, .sfid = record->sfid };
		PersonPut put = {
			.records = &ref,
			.record_count = rng_chance(&sim->rng.base, 70),
			.source = SOURCE_IMPORT,
			.actor = STR("import"),
			.now_ms = sim->now_ms,
		};
		PersonPutOutcome person;
		StopOutcome stop;
		if (rng_chance(&sim->rng.base, 25)
			|| !address_parse(str_from(record->email), &put.address, NULL))
			continue;
		if (!ledger_person_put(store_ledger(store), &put, &person, err))
			return false;
		const StopWish wish = {
			.person_id = person.person_id,
			.source = SOURCE_IMPORT,
			.now_ms = sim->now_ms,
		};
		if (!rng_chance(&sim->rng.base, 20))
			continue;
		if (!ledger_stop(store_ledger(store), &wish, &stop, err))
			return false;
		model_of(sim, person.person_id)->wished_ms = sim->now_ms;
	}
	return true;
}

void people_settle_in(Sim *sim)
{
	for (size_t i = 0; i < sim->org_count && !sim->has_failed; i++) {
		truth_look(&sim->orgs[i]);
		write_down(sim, connect_org, &sim->orgs[i]);
		write_down(sim, know_people, &sim->orgs[i]);
		truth_excuse_all(&sim->orgs[i]);
	}
}

/* ------------------------------------------------------------------------ end */

void people_tick_one(Sim *sim)
{
	SimOrg *org = &sim->orgs[0];
	SimRecord *chosen = NULL;
	for (size_t i = 0; i < org->record_count; i++) {
		SimRecord *record = &org->records[i];
		if (is_alive(record) && !record->ticked[0] && !record->ticked[1]
			&& (!chosen || rng_chance(&sim->rng.base, 40)))
			chosen = record;
	}
	if (chosen)
		truth_control(org, "/records/edit",
			"{\"id\":\"%s\",\"set\":{\"HasOptedOutOfEmail\":true,\"Marketo_Sales_Opt_Out__c\":true}}",
			chosen->sfid.text);
}

static void all_answered(Wish *wish, bool ok)
{
	if (ok)
		wish->sim->asked_ms = wish->sim->now_ms;
	settings_answered(wish, ok);
}

static bool run_sync_all(WriteJob *job, Store *store, Err *err)
{
	Wish *wish = CONTAINER_OF(job, Wish, job);
	Sim *sim = wish->sim;
	for (size_t i = 0; i < sim->org_count; i++)
		if (!put_setting(sim, store, &sim->orgs[i], "sync.nightly", "on", err)
			|| !ask_for_run(sim, store, &sim->orgs[i], RUN_NOW, err))
			return false;
	return true;
}

void people_sync_all(Sim *sim)
{
	const Op op = { .kind = OP_NOW };
	ask(sim, &op, run_sync_all, all_answered);
}
