#include "base/base.h"

#include "act.h"

#include "web/settings.h"

enum { ROOM_BYTES = 1024 * 1024, ROWS_MAX = 64 };

#define FOR_EVER 1000000LL

static SimOrg *org_of(Stage *stage, const Line *line)
{
	return &stage->sim.orgs[line->org];
}

static const char *id_of(const Stage *stage, size_t record)
{
	return stage->ids[record].text;
}

/* --------------------------------------------------------------- in the orgs */

static const char *truth(bool yes)
{
	return yes ? "true" : "false";
}

static const char *object_of(const Stage *stage, size_t record)
{
	return stage->table->records[record].name[0] == 'c' ? "Contact" : "Lead";
}

static void make_record(Stage *stage, const Line *line)
{
	SimOrg *org = org_of(stage, line);
	const size_t number = line->records[0];
	const bool is_lead = stage->table->records[number].name[0] == 'l';
	if (sfid_is_set(&stage->ids[number]))
		return;
	truth_control(org, "/records",
		"{\"object\":\"%s\",\"set\":{\"LastName\":\"%s\",%s\"Email\":\"%.*s\","
		"\"HasOptedOutOfEmail\":%s,\"Marketo_Sales_Opt_Out__c\":%s}}",
		object_of(stage, number), stage->table->records[number].name,
		is_lead ? "\"Company\":\"World\"," : "", STR_ARG(line->email),
		truth(line->boxes & BOX_EMAIL), truth(line->boxes & BOX_SALES));
	if (!stage->sim.has_failed)
		stage->ids[number] = org->records[org->record_count - 1].sfid;
}

static void set_boxes(Stage *stage, const Line *line, bool is_ticked)
{
	static const struct {
		unsigned bit;
		const char *field;
	} fields[] = { { BOX_EMAIL, "HasOptedOutOfEmail" },
		{ BOX_SALES, "Marketo_Sales_Opt_Out__c" } };
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (line->boxes & fields[i].bit)
			truth_control(org_of(stage, line), "/records/edit",
				"{\"id\":\"%s\",\"set\":{\"%s\":%s}}",
				id_of(stage, line->records[0]), fields[i].field, truth(is_ticked));
}

static void set_visible(Stage *stage, const Line *line, bool is_visible)
{
	static const struct {
		unsigned bit;
		const char *field;
	} fields[] = { { BOX_EMAIL, "HasOptedOutOfEmail" },
		{ BOX_SALES, "Marketo_Sales_Opt_Out__c" } };
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (line->boxes & fields[i].bit)
			truth_control(org_of(stage, line), "/fls",
				"{\"object\":\"%s\",\"field\":\"%s\",\"read\":%s,\"edit\":%s}",
				sf_object_name(line->object), fields[i].field, truth(is_visible),
				truth(is_visible));
}

static void tick(Stage *stage, const Line *line)
{
	set_boxes(stage, line, true);
}

static void untick(Stage *stage, const Line *line)
{
	set_boxes(stage, line, false);
}

static void set_address(Stage *stage, const Line *line)
{
	truth_control(org_of(stage, line), "/records/edit",
		"{\"id\":\"%s\",\"set\":{\"Email\":\"%.*s\"}}", id_of(stage, line->records[0]),
		STR_ARG(line->email));
}

static void delete_record(Stage *stage, const Line *line)
{
	truth_control(org_of(stage, line), "/records/delete", "{\"id\":\"%s\",\"hard\":%s}",
		id_of(stage, line->records[0]), truth(line->kind == LINE_PURGE));
}

static void undelete_record(Stage *stage, const Line *line)
{
	truth_control(org_of(stage, line), "/records/undelete", "{\"id\":\"%s\"}",
		id_of(stage, line->records[0]));
}

static void convert(Stage *stage, const Line *line)
{
	truth_control(org_of(stage, line), "/records/convert", "{\"id\":\"%s\",\"contact\":\"%s\"}",
		id_of(stage, line->records[0]), id_of(stage, line->records[1]));
}

static void hide(Stage *stage, const Line *line)
{
	set_visible(stage, line, false);
}

static void show(Stage *stage, const Line *line)
{
	set_visible(stage, line, true);
}

static void refuse(Stage *stage, const Line *line)
{
	truth_control(org_of(stage, line), "/faults",
		"{\"kind\":\"record\",\"count\":%lld,\"id\":\"%s\",\"code\":\"%.*s\","
		"\"message\":\"refused\"}",
		line->times ? (long long)line->times : FOR_EVER, id_of(stage, line->records[0]),
		STR_ARG(line->name));
}

/* False: this is not done in an org. */
static bool act_there(Stage *stage, const Line *line)
{
	static void (*const acts[LINE_KINDS])(Stage *, const Line *) = {
		[LINE_RECORD] = make_record,
		[LINE_TICK] = tick,
		[LINE_UNTICK] = untick,
		[LINE_ADDRESS] = set_address,
		[LINE_DELETE] = delete_record,
		[LINE_PURGE] = delete_record,
		[LINE_UNDELETE] = undelete_record,
		[LINE_CONVERT] = convert,
		[LINE_HIDE] = hide,
		[LINE_SHOW] = show,
		[LINE_REFUSE] = refuse,
	};
	if (!acts[line->kind])
		return false;
	acts[line->kind](stage, line);
	return true;
}

/* ---------------------------------------------------------------- in Optout */

typedef struct Wish Wish;
typedef bool WriteFn(Wish *wish, Store *store, Err *err);

struct Wish {
	WriteFn *write;
	Stage *stage;
	const Line *line;
	const SimOrg *org;
	RunKind run_kind;
	RunState judgement;
};

static bool find_person(
	Stage *stage, Ledger *ledger, const Address *address, Arena *arena, Person *out, Err *err)
{
	AddressHash hash = address_hash(&stage->sim.house.keyring.hash, address);
	return ledger_person_by_hash(ledger, &hash, arena, out, err);
}

static bool put_person(Wish *wish, Store *store, Err *err)
{
	const Line *line = wish->line;
	RecordRef records[TABLE_LINE_RECORDS_MAX];
	for (size_t i = 0; i < line->record_count; i++) {
		const size_t number = line->records[i];
		const size_t org = wish->stage->table->records[number].org;
		Str id = sfid_str(&wish->stage->ids[number]);
		records[i].org = wish->stage->sim.orgs[org].key;
		if (!sfid_parse(line->by_short_id ? str_sub(id, 0, 15) : id, &records[i].sfid, err))
			return false;
	}
	const PersonPut put = {
		.address = line->address,
		.records = records,
		.record_count = line->record_count,
		.source = SOURCE_IMPORT,
		.actor = STR("import"),
		.now_ms = wish->stage->sim.now_ms,
	};
	PersonPutOutcome outcome;
	return ledger_person_put(store_ledger(store), &put, &outcome, err);
}

static bool stop_person(Wish *wish, Store *store, Err *err)
{
	const Source source = wish->line->source;
	const StopWish stop = {
		.address = wish->line->address,
		.source = source ? source : SOURCE_IMPORT,
		.now_ms = wish->stage->sim.now_ms,
	};
	StopOutcome outcome;
	return ledger_stop(store_ledger(store), &stop, &outcome, err);
}

/* As the page asks: what the admin saw is the newest. */
static bool remove_stop(Wish *wish, Store *store, Err *err)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(ROOM_BYTES);
	Person person;
	if (!find_person(
		    wish->stage, store_ledger(store), &wish->line->address, &arena, &person, err))
		return false;
	if (!person.unsubscribed_at_ms || person.removal_waiting)
		return true; /* an answer was lost: it is done already */
	const RemoveWish remove = {
		.person_id = person.person_id,
		.seen_event_id = person.last_event_id,
		.seen_stop_count = person.stop_count,
		.reason = STR("asked for it"),
		.actor = STR("admin"),
		.now_ms = wish->stage->sim.now_ms,
	};
	RemoveOutcome outcome;
	return ledger_remove(store_ledger(store), &remove, &outcome, err);
}

static bool put_setting(Wish *wish, Store *store, Err *err)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(ROOM_BYTES);
	const Line *line = wish->line;
	const SimOrg *org = org_of(wish->stage, line);
	Str value;
	return setting_normalize(settings_find(line->name), line->text, &arena, &value, err)
		&& desk_setting_put(store_desk(store), sfid_str(&org->org_id), line->name, value,
			STR("admin"), wish->stage->sim.now_ms, err);
}

static bool write_down(Wish *wish, Store *store, Err *err)
{
	if (!store_begin(store, err))
		return false;
	if (!wish->write(wish, store, err)) {
		store_rollback(store);
		return false;
	}
	return store_commit(store, err);
}

static bool run_wish(void *ctx, Store *store, Err *err)
{
	Wish *wish = ctx;
	return wish->write(wish, store, err);
}

/* Between two groups the writer is not to be asked: then as a group of its own. */
static bool write_by_house(Wish *wish, Err *err)
{
	House *house = &wish->stage->sim.house;
	return wish->stage->is_acting ? write_down(wish, &house->store.base, err)
				      : writer_call(house->writer, run_wish, wish, err);
}

/* False: the process died. */
static bool ask(Wish *wish)
{
	Sim *sim = &wish->stage->sim;
	Err err = { 0 };
	if (!stage_is_up(wish->stage))
		return false;
	if (write_by_house(wish, &err)) {
		house_wake_push(&sim->house);
		return true;
	}
	if (stage_is_up(wish->stage))
		sim_fail(sim, "line %zu: %s", wish->line ? wish->line->number : 0, err.text);
	return false;
}

static WriteFn *write_of(LineKind kind)
{
	static WriteFn *const fns[LINE_KINDS] = {
		[LINE_PERSON] = put_person,
		[LINE_IMPORT] = put_person,
		[LINE_STOP] = stop_person,
		[LINE_REMOVE] = remove_stop,
		[LINE_SETTING] = put_setting,
	};
	return fns[kind];
}

bool act(Stage *stage, const Line *line)
{
	if (act_there(stage, line))
		return true;
	Wish wish = { .write = write_of(line->kind), .stage = stage, .line = line };
	sim_say(&stage->sim, "line %zu", line->number);
	if (!ask(&wish))
		return false;
	if (line->kind == LINE_SETTING)
		house_wake_sync(&stage->sim.house);
	return true;
}

/* -------------------------------------------------------------------- runs */

/* As the API: nothing comes home while the switch is off. */
static bool put_run(Wish *wish, Store *store, Err *err)
{
	Run run = {
		.org = wish->org->key,
		.kind = wish->run_kind,
		.state = RUN_ASKED,
		.asked_at_ms = wish->stage->sim.now_ms,
		.actor = "admin",
	};
	return ledger_run_put(store_ledger(store), &run, err);
}

bool act_ask_for_run(Stage *stage, const SimOrg *org, RunKind kind, int64_t last_run_id)
{
	Wish wish = { .write = put_run, .stage = stage, .org = org, .run_kind = kind };
	if (stage_last_run(stage, org->key).run_id == last_run_id && !ask(&wish))
		return false;
	house_wake_sync(&stage->sim.house);
	return true;
}

static bool put_judgement(Wish *wish, Store *store, Err *err)
{
	Run run = stage_last_run(wish->stage, wish->org->key);
	if (run.state != RUN_HELD)
		return true; /* an answer was lost: it is done already */
	run.state = wish->judgement;
	return ledger_run_put(store_ledger(store), &run, err);
}

bool act_judge_run(Stage *stage, const SimOrg *org, RunState judgement)
{
	Wish wish = { .write = put_judgement, .stage = stage, .org = org, .judgement = judgement };
	if (!ask(&wish))
		return false;
	house_wake_sync(&stage->sim.house);
	return true;
}

/* --------------------------------------------------------------- beginning */

static void do_at_once(Stage *stage, const Line *line, WriteFn *write)
{
	Wish wish = { .write = write, .stage = stage, .line = line };
	Err err = { 0 };
	if (!write_down(&wish, stage->sim.house.disk, &err))
		sim_fail(&stage->sim, "line %zu: %s", line ? line->number : 0, err.text);
}

void act_in_the_beginning(Stage *stage, const Line *line)
{
	if (line->kind == LINE_ORG || act_there(stage, line))
		return;
	do_at_once(stage, line, write_of(line->kind));
	if (line->kind == LINE_PERSON && line->unsubscribed)
		do_at_once(stage, line, stop_person);
}

static bool settle_pushes(Wish *wish, Store *store, Err *err)
{
	Ledger *ledger = store_ledger(store);
	const int64_t now_ms = wish->stage->sim.now_ms;
	for (size_t o = 0; o < wish->stage->sim.org_count; o++) {
		OutboxRow rows[ROWS_MAX];
		Settle settles[ROWS_MAX];
		size_t count = 0;
		if (!ledger_outbox_claim(ledger, wish->stage->sim.orgs[o].key, STR("beginning"),
			    now_ms, rows, ROWS_MAX, &count, err))
			return false;
		for (size_t i = 0; i < count; i++)
			settles[i] = (Settle){ .outbox_id = rows[i].outbox_id,
				.state = OUTBOX_DONE };
		if (!ledger_outbox_settle(ledger, settles, count, now_ms, err))
			return false;
	}
	return true;
}

static void note_history(Stage *stage)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(ROOM_BYTES);
	Person people[ROWS_MAX];
	size_t count = 0;
	Err err = { 0 };
	if (!ledger_person_list(store_ledger(stage->sim.house.disk), PERSONS_ALL, 0, &arena, people,
		    ROWS_MAX, &count, &err))
		sim_fail(&stage->sim, "the people: %s", err.text);
	for (size_t i = 0; i < count; i++)
		stage->history_floor = MAX_OF(stage->history_floor, people[i].last_event_id);
}

void act_end_of_beginning(Stage *stage)
{
	do_at_once(stage, NULL, settle_pushes);
	note_history(stage);
	/* Whatever happens now is later than whatever was there. */
	stage->sim.now_ms += MS_PER_HOUR;
}
