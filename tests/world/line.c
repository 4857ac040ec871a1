#include "base/base.h"

#include "line.h"

#include "web/settings.h"

enum { WORDS_MAX = 24, PATTERN_BYTES_MAX = 128 };

/* The patterns: small letters stand there as they are, capitals are columns, "..." takes what fits,
 * [ ] may be left out. */
static const struct {
	LineKind kind;
	const char *pattern;
} patterns[] = {
	{ LINE_ORG, "org NAME" },
	{ LINE_PERSON, "person ADDRESS [unsubscribed] [by-id RECORD...] [by-short-id RECORD...]" },
	{ LINE_SETTING, "setting SETTING VALUE" },
	{ LINE_RECORD, "record NEW EMAIL [BOX...]" },
	{ LINE_TICK, "tick RECORD BOX..." },
	{ LINE_UNTICK, "untick RECORD BOX..." },
	{ LINE_ADDRESS, "address RECORD EMAIL" },
	{ LINE_DELETE, "delete RECORD" },
	{ LINE_PURGE, "purge RECORD" },
	{ LINE_UNDELETE, "undelete RECORD" },
	{ LINE_CONVERT, "convert RECORD into RECORD" },
	{ LINE_HIDE, "hide OBJECT BOX..." },
	{ LINE_SHOW, "show OBJECT BOX..." },
	{ LINE_REFUSE, "refuse RECORD with CODE [TIMES times]" },
	{ LINE_IMPORT, "import ADDRESS [by-id RECORD...]" },
	{ LINE_STOP, "stop ADDRESS SOURCE" },
	{ LINE_REMOVE, "remove ADDRESS" },
	{ LINE_RUN, "run [in ORG]" },
	{ LINE_DRY_RUN, "dry-run [in ORG]" },
	{ LINE_NIGHT, "night [in ORG]" },
	{ LINE_APPROVE, "approve [in ORG]" },
	{ LINE_DISCARD, "discard [in ORG]" },
	{ LINE_PLAN_NOTHING, "plan nothing" },
	{ LINE_PLAN_UNSUBSCRIBE, "plan unsubscribe ADDRESS because CAUSE" },
	{ LINE_PLAN_ADOPT, "plan adopt ADDRESS with RECORD because CAUSE" },
	{ LINE_PLAN_LINK, "plan link RECORD to ADDRESS" },
	{ LINE_PLAN_TICK, "plan tick RECORD BOX... because CAUSE" },
	{ LINE_HOLDS, "holds TEXT" },
	{ LINE_FAILS, "fails TEXT" },
	{ LINE_END_UNSUBSCRIBED, "end person ADDRESS unsubscribed by SOURCE [with RECORD...]" },
	{ LINE_END_MAILABLE, "end person ADDRESS mailable [with RECORD...]" },
	{ LINE_END_CLEAR, "end record RECORD clear" },
	{ LINE_END_TICKED, "end record RECORD BOX..." },
	{ LINE_END_OPEN, "end open RECORD CODE" },
	{ LINE_END_HISTORY,
		"end history ADDRESS EVENT [by SOURCE] [because CAUSE] [RECORD...] [BOX...]" },
};

static const char *pattern_of(LineKind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		if (patterns[i].kind == kind)
			return patterns[i].pattern;
	assert(false && "a kind of line without a pattern");
	return "";
}

/* ----------------------------------------------------------------- patterns */

typedef struct Token {
	Str word;
	bool opens, closes; /* a part that may be left out */
	bool repeats;
} Token;

static bool next_token(Str *rest, Token *out)
{
	Str part;
	if (!str_split(rest, ' ', &part))
		return false;
	*out = (Token){ .word = part };
	if (str_starts(out->word, STR("["))) {
		out->opens = true;
		out->word = str_from_pos(out->word, 1);
	}
	if (str_ends(out->word, STR("]"))) {
		out->closes = true;
		out->word.len--;
	}
	if (str_ends(out->word, STR("..."))) {
		out->repeats = true;
		out->word.len -= 3;
	}
	return true;
}

static bool is_column(const Token *token)
{
	return token->word.ptr[0] >= 'A' && token->word.ptr[0] <= 'Z';
}

/* ------------------------------------------------------------------ columns */

typedef struct Reading {
	const Table *table;
	Str words[WORDS_MAX];
	size_t count, at;
	Str line;
	Line *out;
} Reading;

typedef struct Writing {
	const Table *table;
	const Line *line;
	Buf *out;
	size_t records; /* written so far */
} Writing;

/* A column: takes one word, says whether the line has anything (more) for it, writes it. */
typedef struct Column {
	const char *name;
	bool (*take)(Reading *reading, Str word);
	bool (*has)(const Writing *writing);
	void (*put)(Writing *writing);
	const char *hint;
} Column;

static bool take_name(Reading *reading, Str word)
{
	reading->out->name = word;
	return word.len < TABLE_NAME_BYTES;
}

static bool take_text(Reading *reading, Str word)
{
	/* To the end of the line, as it stands there. */
	reading->out->text = str_from_pos(reading->line, (size_t)(word.ptr - reading->line.ptr));
	reading->at = reading->count - 1;
	return true;
}

static bool take_setting(Reading *reading, Str word)
{
	const SettingDef *def = settings_find(word);
	reading->out->name = word;
	return def && def->scope == SETTING_ORG;
}

static bool take_value(Reading *reading, Str word)
{
	reading->out->text = str_eq(word, STR("-")) ? STR("") : word;
	return true;
}

/* c or l, and a number. */
static bool is_record_name(Str word)
{
	if (word.len < 2 || word.len >= TABLE_NAME_BYTES
		|| (word.ptr[0] != 'c' && word.ptr[0] != 'l'))
		return false;
	for (size_t i = 1; i < word.len; i++)
		if (!ascii_is_digit(word.ptr[i]))
			return false;
	return true;
}

static bool find_record(const Table *table, Str word, size_t *out)
{
	for (size_t i = 0; i < table->record_count; i++) {
		if (str_eq(word, str_from(table->records[i].name))) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool take_new(Reading *reading, Str word)
{
	size_t known;
	reading->out->name = word;
	return is_record_name(word) && !find_record(reading->table, word, &known);
}

static bool take_record(Reading *reading, Str word)
{
	Line *line = reading->out;
	size_t number;
	if (line->record_count == TABLE_LINE_RECORDS_MAX
		|| !find_record(reading->table, word, &number))
		return false;
	/* In the order of the file, so that equal lines are equal texts. */
	size_t at = line->record_count++;
	bool keeps_order = line->kind == LINE_CONVERT;
	for (; !keeps_order && at > 0 && line->records[at - 1] > number; at--)
		line->records[at] = line->records[at - 1];
	line->records[at] = number;
	return true;
}

static bool has_record(const Writing *writing)
{
	return writing->records < writing->line->record_count;
}

static void put_record(Writing *writing)
{
	size_t number = writing->line->records[writing->records++];
	buf_put_z(writing->out, writing->table->records[number].name);
}

static bool take_address(Reading *reading, Str word)
{
	return address_parse(word, &reading->out->address, NULL);
}

static bool has_address(const Writing *writing)
{
	return writing->line->address.len > 0;
}

static void put_address(Writing *writing)
{
	buf_put(writing->out, address_str(&writing->line->address));
}

static bool take_email(Reading *reading, Str word)
{
	reading->out->email = str_eq(word, STR("-")) ? STR("") : word;
	/* It goes into JSON as it is. */
	return str_find_char(word, '"', 0) < 0 && str_find_char(word, '\\', 0) < 0;
}

static const struct {
	const char *name;
	unsigned bit;
} boxes[] = { { "email-opt-out", BOX_EMAIL }, { "sales-opt-out", BOX_SALES } };

static bool take_box(Reading *reading, Str word)
{
	for (size_t i = 0; i < ARRAY_LEN(boxes); i++) {
		if (str_eq(word, str_from(boxes[i].name))) {
			reading->out->boxes |= boxes[i].bit;
			return true;
		}
	}
	return false;
}

static bool has_box(const Writing *writing)
{
	return writing->line->boxes != 0;
}

/* All of them at once. */
static void put_box(Writing *writing)
{
	bool is_first = true;
	for (size_t i = 0; i < ARRAY_LEN(boxes); i++) {
		if (!(writing->line->boxes & boxes[i].bit))
			continue;
		buf_printf(writing->out, "%s%s", is_first ? "" : " ", boxes[i].name);
		is_first = false;
	}
}

static bool take_cause(Reading *reading, Str word)
{
	size_t number;
	if (find_record(reading->table, word, &number)) {
		reading->out->cause_record = (int)number;
		return true;
	}
	return address_parse(word, &reading->out->cause, NULL);
}

static bool has_cause(const Writing *writing)
{
	return writing->line->cause_record != NO_RECORD || writing->line->cause.len > 0;
}

static void put_cause(Writing *writing)
{
	const Line *line = writing->line;
	if (line->cause_record != NO_RECORD)
		buf_put_z(writing->out, writing->table->records[line->cause_record].name);
	else
		buf_put(writing->out, address_str(&line->cause));
}

static bool take_source(Reading *reading, Str word)
{
	return source_parse(word, &reading->out->source);
}

static bool has_source(const Writing *writing)
{
	return writing->line->source != SOURCE_NONE;
}

static void put_source(Writing *writing)
{
	buf_put_z(writing->out, source_name(writing->line->source));
}

static bool take_event(Reading *reading, Str word)
{
	return event_kind_parse(word, &reading->out->event);
}

static bool has_event(const Writing *writing)
{
	return writing->line->event != EVENT_NONE;
}

static void put_event(Writing *writing)
{
	buf_put_z(writing->out, event_kind_name(writing->line->event));
}

static bool take_object(Reading *reading, Str word)
{
	SfObject object;
	if (!sf_object_parse(word, &object) || (object != SF_CONTACT && object != SF_LEAD))
		return false;
	reading->out->object = object;
	return true;
}

static bool take_org(Reading *reading, Str word)
{
	for (size_t i = 0; i < reading->table->org_count; i++) {
		if (str_eq(word, str_from(reading->table->orgs[i]))) {
			reading->out->org = i;
			return true;
		}
	}
	return false;
}

static bool take_code(Reading *reading, Str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!(word.ptr[i] >= 'A' && word.ptr[i] <= 'Z') && word.ptr[i] != '_')
			return false;
	reading->out->name = word;
	return true;
}

static bool has_name(const Writing *writing)
{
	return writing->line->name.len > 0;
}

static void put_name(Writing *writing)
{
	buf_put(writing->out, writing->line->name);
}

static bool take_times(Reading *reading, Str word)
{
	return str_to_i64(word, 1, 1000, &reading->out->times);
}

/* Only lines that can be found are written: `end` and `plan`. */
static const Column columns[] = {
	{ "NAME", take_name, NULL, NULL, "a short name" },
	{ "TEXT", take_text, NULL, NULL, "words of the run's note" },
	{ "SETTING", take_setting, NULL, NULL, "a setting of an org, as sync.mode" },
	{ "VALUE", take_value, NULL, NULL, "a value, - for none" },
	{ "NEW", take_new, NULL, NULL, "a new record: c1, c2, ... a Contact, l1, ... a Lead" },
	{ "RECORD", take_record, has_record, put_record, "a record named above" },
	{ "ADDRESS", take_address, has_address, put_address, "an address" },
	{ "EMAIL", take_email, NULL, NULL, "an address as Salesforce has it, - for none" },
	{ "BOX", take_box, has_box, put_box, "email-opt-out or sales-opt-out" },
	{ "CAUSE", take_cause, has_cause, put_cause, "a ticked record or an unsubscribed address" },
	{ "SOURCE", take_source, has_source, put_source, "a source, as one-click" },
	{ "EVENT", take_event, has_event, put_event, "a kind of history entry, as unsubscribed" },
	{ "OBJECT", take_object, NULL, NULL, "Contact or Lead" },
	{ "ORG", take_org, NULL, NULL, "an org named above" },
	{ "CODE", take_code, has_name, put_name, "a code of Salesforce, as NOT_FOUND" },
	{ "TIMES", take_times, NULL, NULL, "a number" },
};

static const Column *column_of(const Token *token)
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		if (str_eq(token->word, str_from(columns[i].name)))
			return &columns[i];
	assert(false && "a pattern with a column that nobody knows");
	return NULL;
}

/* ------------------------------------------------------------------- reading */

static Str word_at(const Reading *reading)
{
	return reading->at < reading->count ? reading->words[reading->at] : STR_NONE;
}

static void note_literal(Reading *reading, Str word)
{
	reading->out->unsubscribed |= str_eq(word, STR("unsubscribed"));
	reading->out->by_short_id |= str_eq(word, STR("by-short-id"));
}

/* One word, or as many as fit. */
static bool take_token(Reading *reading, const Token *token)
{
	Str word = word_at(reading);
	if (!word.ptr)
		return false;
	if (!is_column(token)) {
		if (!str_eq(word, token->word))
			return false;
		note_literal(reading, word);
		reading->at++;
		return true;
	}
	const Column *column = column_of(token);
	size_t taken = 0;
	while (word.ptr && (taken == 0 || token->repeats) && column->take(reading, word)) {
		reading->at++;
		taken++;
		word = word_at(reading);
	}
	return taken > 0;
}

static bool unfit(const Reading *reading, const Token *token, Err *err)
{
	Str word = word_at(reading);
	const char *wanted = is_column(token) ? column_of(token)->hint : NULL;
	return ERR(err, ERR_INPUT, "\"%.*s\" in place of %s%.*s", STR_ARG(word),
		wanted ? wanted : "the word ", wanted ? 0 : (int)token->word.len, token->word.ptr);
}

static bool read_as(Reading *reading, const char *pattern, Err *err)
{
	Str rest = str_from(pattern);
	bool is_skipping = false, is_inside = false;
	for (Token token; next_token(&rest, &token);) {
		if (token.opens) {
			is_inside = true;
			is_skipping = !take_token(reading, &token);
		} else if (!is_skipping && !take_token(reading, &token)) {
			return unfit(reading, &token, err);
		}
		if (token.closes)
			is_inside = is_skipping = false;
	}
	assert(!is_inside);
	if (reading->at < reading->count)
		return ERR(err, ERR_INPUT, "\"%.*s\" has no place in this line",
			STR_ARG(word_at(reading)));
	return true;
}

static bool split_words(Reading *reading, Err *err)
{
	Str rest = reading->line, word;
	while (str_split(&rest, ' ', &word)) {
		if (word.len == 0)
			continue;
		if (reading->count == WORDS_MAX)
			return ERR(err, ERR_INPUT, "more than %d words", WORDS_MAX);
		reading->words[reading->count++] = word;
	}
	return true;
}

static bool read_phase(Reading *reading, Phase *out, Err *err)
{
	*out = PHASE_NONE;
	if (!str_eq(word_at(reading), STR("during")))
		return true;
	reading->at++;
	for (int phase = 1; phase < PHASES; phase++)
		if (str_eq(word_at(reading), str_from(phase_name((Phase)phase))))
			*out = (Phase)phase;
	reading->at++;
	return *out != PHASE_NONE
		|| ERR(err, ERR_INPUT,
			"during what? reading, reading-leads, planning, applying, pushing or pushed");
}

bool line_read(const Table *table, Str text, Line *out, Err *err)
{
	Reading reading = { .table = table, .line = text };
	Phase phase;
	if (!split_words(&reading, err) || !read_phase(&reading, &phase, err))
		return false;
	const size_t begin = reading.at;
	size_t best_at = 0;
	const char *best = NULL;
	Err best_err = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		Line line = { .kind = patterns[i].kind,
			.phase = phase,
			.org = table->org_count ? table->org_count - 1 : 0,
			.cause_record = NO_RECORD };
		Err fault = { 0 };
		reading.at = begin;
		reading.out = &line;
		if (read_as(&reading, patterns[i].pattern, &fault)) {
			*out = line;
			return true;
		}
		if (reading.at > begin && reading.at >= best_at) {
			best_at = reading.at;
			best = patterns[i].pattern;
			best_err = fault;
		}
	}
	if (!best)
		return ERR(err, ERR_INPUT, "no line begins with \"%.*s\"",
			STR_ARG(begin < reading.count ? reading.words[begin] : STR("")));
	return ERR(err, ERR_INPUT, "%s; such a line reads: %s", best_err.text, best);
}

/* ------------------------------------------------------------------- writing */

static bool has_token(const Writing *writing, const Token *token)
{
	return is_column(token) && column_of(token)->has(writing);
}

/* Whether a part that may be left out has something to say: its column, or the one after its
 * word. */
static bool has_part(const Writing *writing, const Token *token, Str rest)
{
	Token next;
	return has_token(writing, token)
		|| (!token->closes && next_token(&rest, &next) && has_token(writing, &next));
}

static void put_token(Writing *writing, const Token *token)
{
	if (!is_column(token)) {
		buf_put_char(writing->out, ' ');
		buf_put(writing->out, token->word);
		return;
	}
	const Column *column = column_of(token);
	bool is_again = token->repeats && column->put == put_record;
	do {
		buf_put_char(writing->out, ' ');
		column->put(writing);
	} while (is_again && column->has(writing));
}

void line_put(Buf *out, const Table *table, const Line *line)
{
	Writing writing = { .table = table, .line = line, .out = out };
	Str rest = str_from(pattern_of(line->kind));
	size_t begin = out->len;
	bool is_skipping = false;
	for (Token token; next_token(&rest, &token);) {
		if (token.opens)
			is_skipping = !has_part(&writing, &token, rest);
		if (!is_skipping)
			put_token(&writing, &token);
		if (token.closes)
			is_skipping = false;
	}
	/* The blank before the first word. */
	memmove(out->ptr + begin, out->ptr + begin + 1, out->len - begin);
	buf_cut(out, out->len - 1);
}
