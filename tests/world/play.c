#include "base/base.h"

#include "play.h"

#include "act.h"
#include "base/alloc.h"

#include <unistd.h>

enum {
	TRIES_MAX = 3, /* something strikes once, and what it made fail is asked for again */
	SOME_STEPS = 5,
	FEW_STEPS = 12,
	LOOK_MS = 500,
	RUN_MS_MAX = 30 * 3600 * 1000, /* the next night is not farther away */
};

/* One performance. */
typedef struct Play {
	const Table *table;
	Stage stage;
	Buf *report;
	bool is_replay;
	size_t last_run;      /* number of the last line that starts a run */
	bool ends_in_nothing; /* that one only shows that nothing is left: nothing strikes it */
} Play;

static bool is_resting(RunState state)
{
	return state == RUN_HELD || state == RUN_DONE || state == RUN_FAILED
		|| state == RUN_DISCARDED;
}

/* ------------------------------------------------------------------- a run */

/* What the lines after a run say of it. */
typedef struct Outcome {
	const Line *plan;
	size_t plan_count;
	const Line *holds, *fails; /* NULL: it does not */
	size_t line_count;
} Outcome;

static void read_outcome(const Table *table, size_t at, Outcome *out)
{
	*out = (Outcome){ 0 };
	for (; at < table->line_count; at++, out->line_count++) {
		const Line *line = &table->lines[at];
		if (line_is_plan(line->kind) && out->plan_count++ == 0)
			out->plan = line;
		else if (line_is_plan(line->kind))
			continue;
		else if (line->kind == LINE_HOLDS)
			out->holds = line;
		else if (line->kind == LINE_FAILS)
			out->fails = line;
		else
			return;
	}
}

/* Until a run after this one has come to rest. */
static bool wait_for_run(Stage *stage, const SimOrg *org, int64_t after_id, Run *out)
{
	Sim *sim = &stage->sim;
	const int64_t until_ms = sim->now_ms + RUN_MS_MAX;
	while (!sim->has_failed && sim->now_ms < until_ms) {
		*out = stage_last_run(stage, org->key);
		if (stage_is_up(stage) && out->run_id > after_id && is_resting(out->state))
			return true;
		stage_run(stage, sim->now_ms + LOOK_MS);
	}
	sim_fail(sim, "no run came to rest");
	return false;
}

static bool approve(Stage *stage, const SimOrg *org, Run *out)
{
	while (!act_judge_run(stage, org, RUN_APPROVED)) {
		if (stage->sim.has_failed)
			return false;
		stage_run(stage, stage->sim.now_ms + LOOK_MS);
	}
	const int64_t until_ms = stage->sim.now_ms + RUN_MS_MAX;
	do {
		stage_run(stage, stage->sim.now_ms + LOOK_MS);
		if (!wait_for_run(stage, org, out->run_id - 1, out))
			return false;
	} while (out->state == RUN_HELD && stage->sim.now_ms < until_ms);
	if (out->state != RUN_HELD)
		return true;
	sim_fail(&stage->sim, "an approval was answered, and is not there");
	return false;
}

static bool ask_and_wait(
	Stage *stage, const SimOrg *org, RunKind kind, const Outcome *outcome, Run *out)
{
	const int64_t last_id = stage_last_run(stage, org->key).run_id;
	while (kind != RUN_NIGHT && !act_ask_for_run(stage, org, kind, last_id)) {
		if (stage->sim.has_failed)
			return false;
		stage_run(stage, stage->sim.now_ms + LOOK_MS);
	}
	if (!wait_for_run(stage, org, last_id, out))
		return false;
	return out->state != RUN_HELD || outcome->holds || approve(stage, org, out);
}

static bool has_note(const Run *run, const Line *line)
{
	return str_find(str_from(run->note), line->text) >= 0;
}

static bool check_note(Play *play, const Line *line, const Run *run, RunState state)
{
	if (run->state == state && has_note(run, line))
		return true;
	buf_printf(play->report, "%s:%zu: expected a run that %s \"%.*s\"; it is %s: %s\n",
		play->table->path, line->number, line->kind == LINE_HOLDS ? "holds" : "fails",
		STR_ARG(line->text), run_state_name(run->state), run->note);
	return false;
}

static bool check_plan(Play *play, const Outcome *outcome, const Run *run)
{
	CLEANUP(free_ptr) Found *found = xcalloc(1, sizeof *found);
	bool fits = found_plan(&play->stage, run->run_id, found)
		&& found_as_expected(
			play->table, outcome->plan, outcome->plan_count, found, play->report);
	found_fini(found);
	return fits;
}

static bool check_run(Play *play, const Line *line, const Outcome *outcome, const Run *run)
{
	if (outcome->fails)
		return check_note(play, outcome->fails, run, RUN_FAILED);
	if (run->state == RUN_FAILED) {
		buf_printf(play->report, "%s:%zu: the run failed: %s\n", play->table->path,
			line->number, run->note);
		return false;
	}
	if (outcome->holds && !check_note(play, outcome->holds, run, RUN_HELD))
		return false;
	/* What strikes on the way may make a run see what else the next one would have seen; the
	 * last one has nothing left in any case. */
	bool is_comparable = !play->is_replay || line->number == play->last_run;
	return !is_comparable || outcome->plan_count == 0 || check_plan(play, outcome, run);
}

/* People do what a crash took from them. */
static void act_late(Play *play)
{
	Stage *stage = &play->stage;
	for (size_t i = 0; i < stage->waiting_count; i++) {
		if (!stage->waiting[i])
			continue;
		if (!stage->has_struck)
			sim_fail(&stage->sim, "line %zu: the run never came to %s",
				stage->waiting[i]->number, phase_name(stage->waiting[i]->phase));
		while (!stage->sim.has_failed && !act(stage, stage->waiting[i]))
			stage_run(stage, stage->sim.now_ms + LOOK_MS);
	}
	stage->waiting_count = 0;
}

static RunKind kind_of(LineKind kind)
{
	return kind == LINE_DRY_RUN ? RUN_DRY : kind == LINE_NIGHT ? RUN_NIGHT : RUN_NOW;
}

static bool play_run(Play *play, const Line *line, const Outcome *outcome)
{
	Stage *stage = &play->stage;
	const SimOrg *org = &stage->sim.orgs[line->org];
	Run run = { 0 };
	if (line->number == play->last_run && play->ends_in_nothing)
		stage_disarm(stage);
	for (int tries = 1;; tries++) {
		run = stage_last_run(stage, org->key);
		bool ok = line->kind == LINE_APPROVE && tries == 1
			? approve(stage, org, &run)
			: ask_and_wait(stage, org, kind_of(line->kind), outcome, &run);
		if (!ok)
			return false;
		bool has_failed = run.state == RUN_FAILED
			&& !(outcome->fails && has_note(&run, outcome->fails));
		/* A run by hand that met a dead line is asked for again. */
		if (!has_failed || !stage->has_struck || tries == TRIES_MAX)
			break;
	}
	stage_settle(stage);
	act_late(play);
	stage_settle(stage);
	return !stage->sim.has_failed && check_run(play, line, outcome, &run);
}

/* ---------------------------------------------------------------- all lines */

static bool play_discard(Play *play, const Line *line)
{
	Stage *stage = &play->stage;
	while (!act_judge_run(stage, &stage->sim.orgs[line->org], RUN_DISCARDED)) {
		if (stage->sim.has_failed)
			return false;
		stage_run(stage, stage->sim.now_ms + LOOK_MS);
	}
	stage_settle(stage);
	return !stage->sim.has_failed;
}

static bool play_act(Play *play, const Line *line)
{
	Stage *stage = &play->stage;
	while (!act(stage, line)) {
		if (stage->sim.has_failed)
			return false;
		stage_run(stage, stage->sim.now_ms + LOOK_MS);
	}
	stage_settle(stage);
	return !stage->sim.has_failed;
}

static bool play_line(Play *play, size_t *at)
{
	const Line *line = &play->table->lines[(*at)++];
	if (line->phase) {
		if (play->stage.waiting_count == STAGE_WAITING_MAX) {
			sim_fail(&play->stage.sim, "too many \"during\" lines");
			return false;
		}
		play->stage.waiting[play->stage.waiting_count++] = line;
		return true;
	}
	if (!line_is_run(line->kind))
		return line->kind == LINE_DISCARD ? play_discard(play, line) : play_act(play, line);
	Outcome outcome;
	read_outcome(play->table, *at, &outcome);
	*at += outcome.line_count;
	return play_run(play, line, &outcome);
}

static bool play_lines(Play *play, Strike strike)
{
	const Table *table = play->table;
	size_t at = 0;
	while (at < table->line_count && !table->lines[at].phase
		&& !line_needs_house(table->lines[at].kind) && !line_is_end(table->lines[at].kind))
		act_in_the_beginning(&play->stage, &table->lines[at++]);
	if (play->stage.sim.has_failed)
		return false;
	act_end_of_beginning(&play->stage);
	stage_begin(&play->stage, strike);
	while (at < table->line_count && !line_is_end(table->lines[at].kind))
		if (!play_line(play, &at))
			return false;
	return true;
}

static void find_last_run(Play *play)
{
	const Table *table = play->table;
	size_t runs = 0;
	for (size_t i = 0; i < table->line_count; i++) {
		if (!line_is_run(table->lines[i].kind) || table->lines[i].kind == LINE_APPROVE)
			continue;
		play->last_run = table->lines[i].number;
		play->ends_in_nothing = runs++ > 0 && i + 1 < table->line_count
			&& table->lines[i + 1].kind == LINE_PLAN_NOTHING;
	}
}

static size_t find_end(const Table *table)
{
	size_t at = 0;
	while (at < table->line_count && !line_is_end(table->lines[at].kind))
		at++;
	return at;
}

/* ------------------------------------------------------------ performances */

typedef struct Performance {
	Strike strike;
	const char *url;
	const struct First *first; /* NULL: this is the first */
} Performance;

/* What the first one came to, and how its steps follow each other. */
typedef struct First {
	Found found;
	bool is_same_moment[STAGE_COMMITS_MAX];
} First;

/* False when the table was not played as expected. */
static bool perform(const Table *table, const PlayOptions *options, const Performance *which,
	First *out, bool *out_struck, Buf *report)
{
	CLEANUP(free_ptr) Play *play = xcalloc(1, sizeof *play);
	play->table = table;
	play->report = report;
	play->is_replay = which->strike.kind != STRIKE_NONE;
	find_last_run(play);
	Stage *stage = &play->stage;
	stage_open(stage, table, options->folder, which->url);
	stage->sim.is_talking = options->is_talking && options->only.kind == which->strike.kind;
	bool ok = !stage->sim.has_failed && play_lines(play, which->strike)
		&& found_end(stage, &out->found);
	const size_t end = find_end(table);
	if (ok && which->first)
		ok = found_as_before(&which->first->found, &out->found, report);
	else if (ok)
		ok = found_as_expected(
			table, &table->lines[end], table->line_count - end, &out->found, report);
	memcpy(out->is_same_moment, stage->is_same_moment, sizeof out->is_same_moment);
	if (stage->sim.has_failed)
		buf_printf(report, "%s: %s\n", table->path, stage->sim.why);
	*out_struck = stage->has_struck;
	stage_close(stage);
	return ok;
}

static bool replay(const Table *table, const PlayOptions *options, Strike strike,
	const First *first, bool *out_struck, Buf *report)
{
	CLEANUP(free_ptr) First *again = xcalloc(1, sizeof *again);
	const Performance which = { .strike = strike, .first = first };
	bool ok = perform(table, options, &which, again, out_struck, report);
	found_fini(&again->found);
	if (!ok)
		buf_printf(report, "%s: with %s %lld\n", table->path, strike_name(strike.kind),
			(long long)strike.step);
	return ok;
}

/* On a disk, with a handle of its own for the readers. */
static bool perform_on_sqlite(
	const Table *table, const PlayOptions *options, const First *first, Buf *report)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	CLEANUP(free_ptr) First *again = xcalloc(1, sizeof *again);
	char url[256], path[256];
	bool struck;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		snprintf(path, sizeof path, "%s/world.db%s", options->folder, ends[i]);
		unlink(path);
	}
	snprintf(url, sizeof url, "sqlite:%s/world.db", options->folder);
	const Performance which = { .url = url, .first = first };
	bool ok = perform(table, options, &which, again, &struck, report);
	found_fini(&again->found);
	if (!ok)
		buf_printf(report, "%s: on SQLite\n", table->path);
	return ok;
}

/* Of files of one kind, which go the same way, each takes others of the steps. */
static int64_t first_step(const PlayOptions *options, StrikeKind kind, int64_t *out_stride)
{
	bool is_at_every_step = kind == STRIKE_BEFORE_COMMIT || kind == STRIKE_AFTER_COMMIT
		|| kind == STRIKE_AFTER_CALL || options->is_thorough;
	*out_stride = options->is_brief ? FEW_STEPS : is_at_every_step ? 1 : SOME_STEPS;
	return 1 + (int64_t)(options->number + (size_t)kind) % *out_stride;
}

static bool is_replayed_already(const First *first, const Strike *strike)
{
	return strike->kind == STRIKE_BEFORE_COMMIT && strike->step < STAGE_COMMITS_MAX
		&& first->is_same_moment[strike->step];
}

static bool replay_all(const Table *table, const PlayOptions *options, const First *first,
	int64_t *replays, Buf *report)
{
	for (int kind = 1; kind < STRIKES; kind++) {
		int64_t stride;
		int64_t step = first_step(options, (StrikeKind)kind, &stride);
		for (;; step += stride) {
			bool struck = false;
			const Strike strike = { (StrikeKind)kind, step };
			if (is_replayed_already(first, &strike))
				continue;
			if (!replay(table, options, strike, first, &struck, report))
				return false;
			if (!struck)
				break;
			++*replays;
		}
	}
	return true;
}

void play(const Table *table, const PlayOptions *options, PlayVerdict *out, Buf *report)
{
	CLEANUP(free_ptr) First *first = xcalloc(1, sizeof *first);
	const Performance which = { 0 };
	bool struck = false;
	*out = (PlayVerdict){ 0 };
	bool ok = perform(table, options, &which, first, &struck, report);
	if (ok && options->only.kind)
		ok = replay(table, options, options->only, first, &struck, report);
	else if (ok && !options->is_once)
		ok = perform_on_sqlite(table, options, first, report)
			&& replay_all(table, options, first, &out->replays, report);
	out->has_failed = !ok;
	found_fini(&first->found);
}
