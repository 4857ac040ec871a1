#include "base/base.h"

#include "base/alloc.h"
#include "peek.h"
#include "sim.h"

enum {
	LINKS_MAX = 256,
	ROWS_MAX = 256,
	RUNS_LOOKED_AT = 8,
	ENTRIES_MAX = 256,
	CALLS_UNAWARE_MAX = 8, /* sent before an answer that told */
	DAY_CALLS_MAX = 3000,
};

static Ledger *ledger_of(Sim *sim)
{
	return store_ledger(sim->house.disk);
}

static long long ll(int64_t number)
{
	return (long long)number;
}

/* --------------------------------------------------------------------- ties */

static size_t node_of_person(int64_t person_id)
{
	assert(person_id > 0 && person_id < MODEL_PEOPLE_MAX);
	return (size_t)person_id;
}

static size_t record_number(const SimOrg *org, const SimRecord *record)
{
	return org->index * SIM_RECORDS_MAX + (size_t)(record - org->records);
}

static size_t node_of_record(const SimOrg *org, const SimRecord *record)
{
	return MODEL_PEOPLE_MAX + record_number(org, record);
}

static size_t node_of_address(Model *model, Str text)
{
	size_t at = 0;
	while (at < model->address_count && !str_eq(str_from(model->addresses[at]), text))
		at++;
	if (at == model->address_count) {
		assert(at < MODEL_ADDRESSES_MAX);
		(void)!str_copy(text, model->addresses[at], sizeof model->addresses[at]);
		model->address_count++;
	}
	return MODEL_PEOPLE_MAX + MODEL_RECORDS_MAX + at;
}

static size_t root_of(Model *model, size_t node)
{
	while (model->ties[node] != node) {
		model->ties[node] = model->ties[model->ties[node]];
		node = model->ties[node];
	}
	return node;
}

static void tie(Model *model, size_t a, size_t b)
{
	model->ties[root_of(model, a)] = root_of(model, b);
}

static bool has_address(const SimRecord *record, Address *out)
{
	return record->email[0] && address_parse(str_from(record->email), out, NULL);
}

/* ------------------------------------------------------------------- looking */

/* What the ledger says now. */
typedef struct Look {
	Person people[MODEL_PEOPLE_MAX];
	size_t person_count;
	LinkRow links[SIM_ORGS_MAX][LINKS_MAX];
	size_t link_count[SIM_ORGS_MAX];
	OutboxProblem rows[ROWS_MAX];
	size_t row_count;
} Look;

static Look *look_at_ledger(Sim *sim)
{
	Model *model = &sim->model;
	Ledger *ledger = ledger_of(sim);
	arena_reset(&model->arena);
	Look *look = arena_alloc(&model->arena, 1, sizeof *look);
	*look = (Look){ 0 };
	const SfId from_start = { 0 };
	Err err = { 0 };
	bool ok = ledger_person_list(ledger, PERSONS_ALL, 0, &model->arena, look->people,
			  MODEL_PEOPLE_MAX, &look->person_count, &err)
		&& ledger_outbox_open_rows(
			ledger, &model->arena, look->rows, ROWS_MAX, &look->row_count, &err);
	for (size_t o = 0; ok && o < sim->org_count; o++)
		ok = ledger_scan_links(ledger, sim->orgs[o].key, &from_start, 0, look->links[o],
			LINKS_MAX, &look->link_count[o], &err);
	if (!ok)
		sim_fail(sim, "the ledger cannot be read: %s", err.text);
	return look;
}

static bool has_open_row(const Look *look, const SimOrg *org, const SfId *sfid)
{
	for (size_t i = 0; i < look->row_count; i++)
		if (look->rows[i].row.org == org->key && sfid_eq(&look->rows[i].row.sfid, sfid))
			return true;
	return false;
}

static const Person *find_person(const Look *look, int64_t person_id)
{
	for (size_t i = 0; i < look->person_count; i++)
		if (look->people[i].person_id == person_id)
			return &look->people[i];
	return NULL;
}

static const Person *person_of_address(Look *look, const Address *address)
{
	for (size_t i = 0; i < look->person_count; i++)
		if (str_eq(look->people[i].address, address_str(address)))
			return &look->people[i];
	return NULL;
}

/* The settings that say which boxes are synced: by place in SimRecord.ticked. */
static void synced_fields(Sim *sim, const SimOrg *org, bool *out_fields, bool *out_nightly)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(1024 * 1024);
	Setting setting = { 0 };
	Desk *desk = store_desk(sim->house.disk);
	Str mode = STR("standard"), nightly = STR("off");
	if (desk_setting_get(
		    desk, sfid_str(&org->org_id), STR("sync.mode"), &arena, &setting, NULL))
		mode = setting.value;
	if (desk_setting_get(
		    desk, sfid_str(&org->org_id), STR("sync.nightly"), &arena, &setting, NULL))
		nightly = setting.value;
	*out_nightly = str_eq(nightly, STR("on"));
	out_fields[0] = !str_eq(mode, STR("sales"));
	out_fields[1] = !str_eq(mode, STR("standard"));
}

/* M2: with the switch off a push sets Email Opt Out alone. */
static void pushed_fields(Sim *sim, const SimOrg *org, bool *out_fields)
{
	bool nightly;
	synced_fields(sim, org, out_fields, &nightly);
	if (!nightly) {
		out_fields[0] = true;
		out_fields[1] = false;
	}
}

/* -------------------------------------------------------------------- people */

/* Somebody became unsubscribed: a wish, a ticked record or an unsubscribed person of the same kin
 * must have been there since he was last removed. */
static bool has_cause(Sim *sim, Model *model, const ModelPerson *person, size_t node)
{
	const int64_t since_ms = person->removed_ms;
	if (person->wished_ms > 0 && person->wished_ms >= since_ms)
		return true;
	const size_t root = root_of(model, node);
	for (size_t o = 0; o < sim->org_count; o++) {
		SimOrg *org = &sim->orgs[o];
		for (size_t i = 0; i < org->record_count; i++) {
			const SimRecord *record = &org->records[i];
			int64_t ticked_ms = MAX_OF(record->ticked_ms[0], record->ticked_ms[1]);
			if (ticked_ms > 0 && ticked_ms >= since_ms
				&& root_of(model, node_of_record(org, record)) == root)
				return true;
		}
	}
	for (int64_t id = 1; id <= model->person_count; id++) {
		const ModelPerson *other = &model->people[id];
		if (other != person && other->unsubscribed_ms > 0
			&& other->unsubscribed_ms >= since_ms
			&& root_of(model, node_of_person(id)) == root)
			return true;
	}
	return false;
}

static void check_person(Sim *sim, const Person *person)
{
	Model *model = &sim->model;
	ModelPerson *known = &model->people[node_of_person(person->person_id)];
	bool is_unsubscribed = person->unsubscribed_at_ms != 0;
	if (known->is_unsubscribed && !is_unsubscribed && known->removal_asked_ms == 0)
		sim_fail(sim, "person %lld is mailable again, and nobody removed the unsubscribe",
			ll(person->person_id));
	/* A removal that was overtaken by a new stop leaves no trace between two looks. */
	known->removed_ms = MAX_OF(known->removed_ms, person->removed_at_ms);
	if (!known->is_unsubscribed && is_unsubscribed
		&& !has_cause(sim, model, known, node_of_person(person->person_id)))
		sim_fail(sim,
			"person %lld became unsubscribed without a cause since the removal at %lld",
			ll(person->person_id), ll(known->removed_ms));
	known->is_unsubscribed = is_unsubscribed;
}

static void check_acks(Sim *sim, const Look *look)
{
	for (size_t i = 0; i < sim->model.ack_count; i++) {
		const Ack *ack = &sim->model.acks[i];
		const Person *person = find_person(look, ack->person_id);
		if (!person)
			sim_fail(sim, "acknowledged and lost: person %lld is not there",
				ll(ack->person_id));
		else if (person->last_event_id < ack->event_id)
			sim_fail(sim, "acknowledged and lost: the entry %lld of person %lld",
				ll(ack->event_id), ll(ack->person_id));
		else if (!person->unsubscribed_at_ms
			&& sim->model.people[ack->person_id].removal_asked_ms == 0)
			sim_fail(sim, "acknowledged and lost: person %lld is mailable",
				ll(ack->person_id));
	}
}

static void note_ties(Sim *sim, Look *look)
{
	Model *model = &sim->model;
	for (size_t i = 0; i < look->person_count; i++) {
		const Person *person = &look->people[i];
		model->person_count = MAX_OF(model->person_count, person->person_id);
		tie(model, node_of_person(person->person_id),
			node_of_address(model, person->address));
		if (person->unsubscribed_at_ms)
			model->people[person->person_id].unsubscribed_ms = sim->now_ms;
	}
	for (size_t o = 0; o < sim->org_count; o++) {
		SimOrg *org = &sim->orgs[o];
		for (size_t i = 0; i < org->record_count; i++) {
			Address address;
			if (has_address(&org->records[i], &address))
				tie(model, node_of_record(org, &org->records[i]),
					node_of_address(model, address_str(&address)));
		}
		for (size_t i = 0; i < look->link_count[o]; i++) {
			const LinkRow *link = &look->links[o][i];
			const SimRecord *record = truth_find(org, &link->sfid);
			if (!record)
				continue;
			tie(model, node_of_person(link->person_id), node_of_record(org, record));
			int64_t *since_ms = &model->people[link->person_id]
						     .linked_since_ms[record_number(org, record)];
			if (!*since_ms)
				*since_ms = sim->now_ms;
		}
	}
}

/* --------------------------------------------------------------------- boxes */

/* A clear box of an unsubscribed person is explained: its tick is on the way or listed, or somebody
 * in the org or a new setting made it so since the last night. */
static void check_boxes(Sim *sim, const Look *look, SimOrg *org)
{
	bool fields[SIM_FIELDS];
	pushed_fields(sim, org, fields);
	for (size_t i = 0; i < look->link_count[org->index]; i++) {
		const LinkRow *link = &look->links[org->index][i];
		const SimRecord *record = truth_find(org, &link->sfid);
		const Person *person = find_person(look, link->person_id);
		if (!record || !person || !link->is_unsubscribed || person->removal_waiting
			|| record->is_deleted || record->is_converted
			|| (org->is_blind && fields[0]) || record->excused_ms >= org->night_began_ms
			|| has_open_row(look, org, &record->sfid))
			continue;
		for (int f = 0; f < SIM_FIELDS; f++)
			if (fields[f] && !record->ticked[f])
				sim_fail(sim,
					"person %lld is unsubscribed, but field %d of %s is clear, and nothing says why",
					ll(person->person_id), f, record->sfid.text);
	}
}

/* Only what is deleted in the org is unlinked. */
static void check_unlinked(Sim *sim, const Look *look)
{
	Record records[SIM_RECORDS_MAX];
	for (size_t i = 0; i < look->person_count; i++) {
		size_t count = 0;
		if (look->people[i].record_count == 0
			&& sim->model.people[look->people[i].person_id].unsubscribed_ms == 0)
			continue;
		if (!ledger_person_records(ledger_of(sim), look->people[i].person_id, records,
			    SIM_RECORDS_MAX, &count, NULL))
			continue;
		for (size_t r = 0; r < count; r++) {
			SimOrg *org = truth_org(sim, records[r].org);
			const SimRecord *record = truth_find(org, &records[r].sfid);
			if (records[r].deleted && record && !record->was_deleted)
				sim_fail(sim, "%s was never deleted, but is unlinked",
					record->sfid.text);
		}
	}
}

void oracle_begin(Sim *sim)
{
	for (size_t i = 0; i < MODEL_NODES_MAX; i++)
		sim->model.ties[i] = i;
	sim->model.commits_seen = -1;
	Look *look = look_at_ledger(sim);
	note_ties(sim, look);
	for (size_t i = 0; i < look->person_count; i++)
		sim->model.people[look->people[i].person_id].is_unsubscribed =
			look->people[i].unsubscribed_at_ms != 0;
}

void oracle_check(Sim *sim)
{
	int64_t commits = sim->house.store.commits + sim->house.starts * 1000000;
	if (sim->has_failed || commits == sim->model.commits_seen)
		return;
	sim->model.commits_seen = commits;
	Look *look = look_at_ledger(sim);
	if (sim->has_failed)
		return;
	note_ties(sim, look);
	for (size_t i = 0; i < look->person_count; i++)
		check_person(sim, &look->people[i]);
	check_acks(sim, look);
	for (size_t o = 0; o < sim->org_count; o++)
		check_boxes(sim, look, &sim->orgs[o]);
	check_unlinked(sim, look);
}

/* --------------------------------------------------------------------- calls */

/* Nights stop reading at four fifths of the day's calls, and nobody calls in circles: one probe a
 * minute is what an outage costs. */
static void check_budget(SimOrg *org, bool is_night, Str path)
{
	int64_t used = 0, max = 0;
	peek_usage(org->org, &used, &max);
	if (is_night && str_find(path, STR("/jobs/query")) >= 0)
		org->calls_over = max > 0 && used > max * 8 / 10 ? org->calls_over + 1 : 0;
	if (org->calls_over > CALLS_UNAWARE_MAX)
		sim_fail(org->sim, "a night goes on, and %lld of %lld calls are used", ll(used),
			ll(max));
	if (org->sim->now_ms - org->day_began_ms >= MS_PER_DAY) {
		org->day_began_ms = org->sim->now_ms;
		org->day_calls = 0;
	}
	if (++org->day_calls > DAY_CALLS_MAX)
		sim_fail(org->sim, "more than %d calls in a day", DAY_CALLS_MAX);
}

void oracle_before_call(SimOrg *org, bool is_night, Str path)
{
	check_budget(org, is_night, path);
	truth_look(org);
	for (size_t i = 0; i < org->record_count; i++)
		memcpy(org->ticked_before[i], org->records[i].ticked, sizeof org->ticked_before[i]);
}

/* A tick that lands is for somebody who is unsubscribed at that moment; the record may have been in
 * the recycle bin meanwhile, which takes its links away until the next night. */
static void check_landing(SimOrg *org, const SimRecord *record)
{
	Sim *sim = org->sim;
	const size_t number = record_number(org, record);
	Look *look = look_at_ledger(sim);
	note_ties(sim, look); /* a link may be as young as the call */
	for (size_t i = 0; i < look->person_count; i++) {
		const Person *person = &look->people[i];
		const ModelPerson *known = &sim->model.people[person->person_id];
		if (person->unsubscribed_at_ms && known->linked_since_ms[number] > 0)
			return;
	}
	sim_fail(sim, "a tick lands on %s, and nobody of it is unsubscribed any more",
		record->sfid.text);
}

void oracle_after_call(SimOrg *org)
{
	truth_look(org);
	for (size_t i = 0; i < org->record_count; i++) {
		const SimRecord *record = &org->records[i];
		for (int f = 0; f < SIM_FIELDS; f++) {
			if (org->ticked_before[i][f] && !record->ticked[f])
				sim_fail(org->sim, "a call cleared field %d of %s", f,
					record->sfid.text);
			if (!org->ticked_before[i][f] && record->ticked[f])
				check_landing(org, record);
		}
	}
}

/* ---------------------------------------------------------------------- runs */

/* Who was to be found by a night that has ended: the record was ticked and theirs before it began,
 * and stayed so. */
static void check_night_found(Sim *sim, SimOrg *org, const Run *run, Look *look)
{
	bool fields[SIM_FIELDS], nightly;
	synced_fields(sim, org, fields, &nightly);
	if (sim->model.mode_changed_ms >= run->started_at_ms || !nightly)
		return;
	for (size_t i = 0; i < org->record_count; i++) {
		const SimRecord *record = &org->records[i];
		bool is_ticked = false;
		for (int f = 0; f < SIM_FIELDS; f++)
			is_ticked |= fields[f] && !(f == 0 && org->is_blind) && record->ticked[f]
				&& record->ticked_since_ms[f] < run->started_at_ms;
		if (!is_ticked || record->is_converted || record->was_deleted
			|| record->excused_ms >= run->started_at_ms)
			continue;
		const size_t number = record_number(org, record);
		for (size_t p = 0; p < look->person_count; p++) {
			const Person *person = &look->people[p];
			int64_t linked_ms =
				sim->model.people[person->person_id].linked_since_ms[number];
			if (linked_ms > 0 && linked_ms < run->started_at_ms
				&& !person->unsubscribed_at_ms
				&& person->removed_at_ms < run->started_at_ms)
				sim_fail(sim,
					"run %lld left person %lld mailable, whose %s is ticked",
					ll(run->run_id), ll(person->person_id), record->sfid.text);
		}
		Address address;
		if (record->email_since_ms < run->started_at_ms && has_address(record, &address)
			&& !person_of_address(look, &address))
			sim_fail(sim, "run %lld did not adopt the address of %s, which is ticked",
				ll(run->run_id), record->sfid.text);
	}
}

void oracle_check_runs(Sim *sim)
{
	for (size_t o = 0; o < sim->org_count; o++) {
		SimOrg *org = &sim->orgs[o];
		Run runs[RUNS_LOOKED_AT];
		size_t count = 0;
		if (!ledger_run_list(
			    ledger_of(sim), org->key, 0, runs, RUNS_LOOKED_AT, &count, NULL))
			continue;
		for (size_t i = count; i-- > 0;) {
			const Run *run = &runs[i];
			bool is_done = run->state == RUN_DONE && run->kind != RUN_DRY;
			if (run->run_id <= org->run_seen || !is_done)
				continue;
			sim_say(sim, "  run %lld is done: %lld here, %lld there, %lld skipped",
				ll(run->run_id), ll(run->done_here), ll(run->done_there),
				ll(run->skipped));
			org->run_seen = run->run_id;
			org->night_began_ms = MAX_OF(org->night_began_ms, run->started_at_ms);
			check_night_found(sim, org, run, look_at_ledger(sim));
		}
	}
}

/* ------------------------------------------------------------------- at rest */

/* The state of a person is what the history says, and each change has its reason there. */
static void check_history(Sim *sim, const Person *person)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(4 * 1024 * 1024);
	HistoryEntry entries[ENTRIES_MAX];
	size_t count = 0;
	Err err = { 0 };
	if (!ledger_history(ledger_of(sim), person->person_id, 0, &arena, entries, ENTRIES_MAX,
		    &count, &err)) {
		sim_fail(sim, "history of person %lld: %s", ll(person->person_id), err.text);
		return;
	}
	bool is_unsubscribed = false;
	for (size_t i = count; i-- > 0;) {
		const HistoryEntry *entry = &entries[i];
		if (entry->kind == EVENT_UNSUBSCRIBED && is_unsubscribed)
			sim_fail(sim, "person %lld was unsubscribed twice without a removal",
				ll(person->person_id));
		if (entry->kind == EVENT_STOP_REPEATED && entry->source == SOURCE_SALESFORCE_SYNC)
			sim_fail(sim, "a run stopped person %lld, who was unsubscribed already",
				ll(person->person_id));
		if (entry->kind == EVENT_UNSUBSCRIBED)
			is_unsubscribed = true;
		if (entry->kind == EVENT_REMOVED)
			is_unsubscribed = false;
		if (entry->kind == EVENT_REMOVED && (!entry->actor.len || !entry->reason.len))
			sim_fail(sim, "a removal of person %lld does not say who or why",
				ll(person->person_id));
		if (entry->kind == EVENT_UNSUBSCRIBED && !entry->details.len)
			sim_fail(sim, "a stop of person %lld does not say why",
				ll(person->person_id));
	}
	if (is_unsubscribed != (person->unsubscribed_at_ms != 0))
		sim_fail(sim, "person %lld is %s, the history says otherwise",
			ll(person->person_id),
			person->unsubscribed_at_ms ? "unsubscribed" : "mailable");
}

/* Every box that is ticked by us has its entry. */
static void check_chains(Sim *sim)
{
	for (unsigned i = 0; i < ADDRESS_PARTITIONS; i++) {
		Err err = { 0 };
		if (!ledger_chain_verify(ledger_of(sim), i, &err))
			sim_fail(sim, "%s", err.text);
	}
}

static void check_open_rows(Sim *sim, const Look *look)
{
	for (size_t i = 0; i < look->row_count; i++) {
		const OutboxRow *row = &look->rows[i].row;
		SimOrg *org = truth_org(sim, row->org);
		const SimRecord *record = truth_find(org, &row->sfid);
		/* A converted lead is read-only: its row stays listed, with the reason. */
		if (record && record->is_converted && row->state == OUTBOX_DEAD
			&& row->error_code[0])
			continue;
		sim_fail(sim, "row %lld of %s is still open (%d, %s) after a quiet day",
			ll(row->outbox_id), row->sfid.text, (int)row->state, row->error_code);
	}
}

static void check_agreement(Sim *sim, Look *look, SimOrg *org)
{
	bool fields[SIM_FIELDS], nightly;
	synced_fields(sim, org, fields, &nightly);
	for (size_t i = 0; i < org->record_count; i++) {
		const SimRecord *record = &org->records[i];
		Address address;
		if (record->is_deleted || record->is_converted)
			continue;
		const Person *kin[MODEL_PEOPLE_MAX];
		size_t kin_count = 0;
		for (size_t l = 0; l < look->link_count[org->index]; l++)
			if (sfid_eq(&look->links[org->index][l].sfid, &record->sfid))
				kin[kin_count++] = find_person(
					look, look->links[org->index][l].person_id);
		const Person *named = has_address(record, &address)
			? person_of_address(look, &address)
			: NULL;
		if (named)
			kin[kin_count++] = named;
		bool is_stopped = false;
		for (int f = 0; f < SIM_FIELDS; f++)
			is_stopped |= fields[f] && record->ticked[f];
		for (size_t k = 0; k < kin_count; k++)
			is_stopped |= kin[k]->unsubscribed_at_ms != 0;
		/* A ticked record without any person, and without an address to adopt, is nobody.
		 */
		if (!is_stopped || kin_count == 0)
			continue;
		for (int f = 0; f < SIM_FIELDS; f++)
			if (fields[f] && !record->ticked[f])
				sim_fail(sim, "after quiet field %d of %s is clear", f,
					record->sfid.text);
		for (size_t k = 0; k < kin_count; k++)
			if (!kin[k]->unsubscribed_at_ms)
				sim_fail(sim, "after quiet person %lld of %s is mailable",
					ll(kin[k]->person_id), record->sfid.text);
	}
}

/* The run that was asked for when all was quiet. */
static bool find_last_run(Sim *sim, const SimOrg *org, Run *out)
{
	Run runs[RUNS_LOOKED_AT];
	size_t count = 0;
	if (!ledger_run_list(ledger_of(sim), org->key, 0, runs, RUNS_LOOKED_AT, &count, NULL))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (runs[i].kind != RUN_NOW || runs[i].asked_at_ms < sim->asked_ms)
			continue;
		*out = runs[i];
		return true;
	}
	return false;
}

static void check_night_ended(Sim *sim, SimOrg *org)
{
	Run run = { 0 };
	if (!find_last_run(sim, org, &run))
		sim_fail(sim, "nobody took up the last run of org %zu", org->index);
	else if (run.state != RUN_DONE)
		sim_fail(sim, "the last run of org %zu did not come to its end: %s, %s", org->index,
			run_state_name(run.state), run.note);
}

void oracle_check_quiet(Sim *sim)
{
	Look *look = look_at_ledger(sim);
	for (size_t o = 0; o < sim->org_count; o++) {
		check_night_ended(sim, &sim->orgs[o]);
		check_agreement(sim, look, &sim->orgs[o]);
	}
	check_open_rows(sim, look);
	for (size_t i = 0; i < look->person_count; i++)
		check_history(sim, &look->people[i]);
	check_chains(sim);
}

void oracle_check_nothing_left(Sim *sim)
{
	Look *look = look_at_ledger(sim);
	for (size_t o = 0; o < sim->org_count; o++) {
		Run run = { 0 };
		check_night_ended(sim, &sim->orgs[o]);
		if (!sim->has_failed && find_last_run(sim, &sim->orgs[o], &run)
			&& (run.planned_here != 0 || run.planned_there != 0))
			sim_fail(sim, "a second night still plans %lld here and %lld there",
				ll(run.planned_here), ll(run.planned_there));
	}
	check_open_rows(sim, look);
}
