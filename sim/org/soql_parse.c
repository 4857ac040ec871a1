/* soql_parse.c: the grammar, by recursive descent. Names are not looked up here: a real org reports
 * a syntax error before an unknown field. */
#include "base/base.h"

#include "base/time.h"
#include "org/soql.h"

typedef struct Parser {
	Str text;
	Token token; /* the next one, not yet taken */
	Arena *arena;
	SoqlError *error;
	unsigned depth;
} Parser;

static bool fail_at(Parser *p, size_t at, const char *code, Str text)
{
	*p->error = (SoqlError){ .code = code, .text = text, .has_place = true, .at = at };
	return false;
}

static bool unexpected(Parser *p)
{
	Str shown = p->token.kind == TOKEN_END ? STR("<EOF>") : p->token.text;
	return fail_at(p, p->token.at, "MALFORMED_QUERY",
		arena_printf(p->arena, "unexpected token: '%.*s'", STR_ARG(shown)));
}

static void advance(Parser *p)
{
	p->token = soql_token(p->text, p->token.at + p->token.text.len);
}

static bool is_word(const Parser *p, const char *word)
{
	return p->token.kind == TOKEN_WORD && str_eq_nocase(p->token.text, str_from(word));
}

static bool is_symbol(const Parser *p, const char *symbol)
{
	return p->token.kind == TOKEN_SYMBOL && str_eq(p->token.text, str_from(symbol));
}

static bool take_word(Parser *p, const char *word)
{
	if (!is_word(p, word))
		return false;
	advance(p);
	return true;
}

static bool take_symbol(Parser *p, const char *symbol)
{
	if (!is_symbol(p, symbol))
		return false;
	advance(p);
	return true;
}

static bool expect_word(Parser *p, const char *word)
{
	return take_word(p, word) || unexpected(p);
}

static bool expect_symbol(Parser *p, const char *symbol)
{
	return take_symbol(p, symbol) || unexpected(p);
}

static bool is_keyword(Str word)
{
	static const char *const keywords[] = { "SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN",
		"LIKE", "ORDER", "LIMIT", "OFFSET", "GROUP", "HAVING" };
	for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
		if (str_eq_nocase(word, str_from(keywords[i])))
			return true;
	return false;
}

static bool parse_name(Parser *p, SoqlName *out)
{
	if (p->token.kind != TOKEN_WORD || is_keyword(p->token.text))
		return unexpected(p);
	*out = (SoqlName){ .text = p->token.text, .at = p->token.at };
	advance(p);
	return true;
}

/* ---- SELECT list ---- */

static bool aggregate_of(Str word, SoqlAggregate *out)
{
	static const struct {
		const char *name;
		SoqlAggregate aggregate;
	} known[] = { { "COUNT", AGGREGATE_COUNT }, { "MIN", AGGREGATE_MIN },
		{ "MAX", AGGREGATE_MAX } };
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq_nocase(word, str_from(known[i].name))) {
			*out = known[i].aggregate;
			return true;
		}
	return false;
}

static bool parse_item(Parser *p, SoqlQuery *query, SoqlItem *out)
{
	*out = (SoqlItem){ 0 };
	if (!parse_name(p, &out->name))
		return false;
	if (!is_symbol(p, "("))
		return true;
	size_t open_at = p->token.at;
	if (!aggregate_of(out->name.text, &out->aggregate))
		return fail_at(p, open_at, "MALFORMED_QUERY", STR("unexpected token: '('"));
	advance(p);
	if (out->aggregate == AGGREGATE_COUNT && take_symbol(p, ")")) {
		query->is_count = true;
		return true;
	}
	query->has_aggregate = true;
	if (!parse_name(p, &out->name) || !expect_symbol(p, ")"))
		return false;
	if (p->token.kind == TOKEN_WORD && !is_keyword(p->token.text)) {
		out->alias = p->token.text;
		advance(p);
	}
	return true;
}

static bool parse_select(Parser *p, SoqlQuery *query)
{
	query->items = arena_alloc(p->arena, SOQL_SELECT_MAX, sizeof(SoqlItem));
	do {
		if (query->item_count == SOQL_SELECT_MAX) {
			*p->error = (SoqlError){ .code = "QUERY_TOO_COMPLICATED",
				.text = STR(
					"Query is either selecting too many fields or the filter "
					"conditions are too complicated.") };
			return false;
		}
		if (!parse_item(p, query, &query->items[query->item_count]))
			return false;
		query->item_count++;
	} while (take_symbol(p, ","));
	if (query->is_count && query->item_count > 1)
		return fail_at(p, query->items[1].name.at, "MALFORMED_QUERY",
			STR("Grouped field should not be mixed with COUNT()"));
	return true;
}

/* ---- literals ---- */

static bool parse_moment(Parser *p, SoqlLiteral *out)
{
	CivilDate day;
	if (date_parse(out->text, &day)) {
		out->kind = LITERAL_DATE;
		return true;
	}
	if (time_parse(out->text, &out->at_ms, NULL)) {
		out->kind = LITERAL_TIME;
		return true;
	}
	return unexpected(p);
}

static bool parse_number(Parser *p, SoqlLiteral *out)
{
	char *end;
	char *text = arena_z(p->arena, out->text);
	out->kind = LITERAL_NUMBER;
	out->number = strtod(text, &end);
	return *end == '\0' || unexpected(p);
}

static bool parse_word_literal(Parser *p, SoqlLiteral *out)
{
	if (str_eq_nocase(out->text, STR("null"))) {
		out->kind = LITERAL_NULL;
	} else if (str_eq_nocase(out->text, STR("true"))
		|| str_eq_nocase(out->text, STR("false"))) {
		out->kind = LITERAL_BOOL;
		out->truth = str_eq_nocase(out->text, STR("true"));
	} else if (is_keyword(out->text)) {
		return unexpected(p);
	} else {
		out->kind = LITERAL_WORD;
	}
	return true;
}

static bool parse_literal(Parser *p, bool for_like, SoqlLiteral *out)
{
	*out = (SoqlLiteral){ .text = p->token.text, .at = p->token.at };
	switch (p->token.kind) {
	case TOKEN_STRING:
		out->kind = LITERAL_STRING;
		if (!soql_unescape(p->token.text, for_like, p->arena, &out->text))
			return fail_at(p, p->token.at, "MALFORMED_QUERY",
				arena_printf(p->arena, "Illegal string literal %.*s",
					STR_ARG(p->token.text)));
		break;
	case TOKEN_NUMBER:
		if (!parse_number(p, out))
			return false;
		break;
	case TOKEN_MOMENT:
		if (!parse_moment(p, out))
			return false;
		break;
	case TOKEN_WORD:
		if (!parse_word_literal(p, out))
			return false;
		break;
	case TOKEN_SYMBOL:
	case TOKEN_END:
	case TOKEN_BAD:
		return unexpected(p);
	}
	advance(p);
	return true;
}

/* ---- WHERE ---- */

static bool parse_list(Parser *p, SoqlCond *cond)
{
	if (!expect_symbol(p, "("))
		return false;
	/* A literal with its comma has 2 characters at least. */
	size_t max = (p->text.len - p->token.at) / 2 + 1, count = 0;
	size_t commas = 1;
	for (size_t at = p->token.at; at < p->text.len; at++)
		commas += p->text.ptr[at] == ',';
	max = MIN_OF(max, commas);
	cond->values = arena_alloc(p->arena, max, sizeof(SoqlLiteral));
	do {
		assert(count < max);
		if (!parse_literal(p, false, &cond->values[count]))
			return false;
		count++;
	} while (is_symbol(p, ",") && count < max && take_symbol(p, ","));
	cond->value_count = count;
	return expect_symbol(p, ")");
}

static bool parse_operator(Parser *p, SoqlOp *out)
{
	static const struct {
		const char *symbol;
		SoqlOp op;
	} symbols[] = { { "=", OP_EQ }, { "!=", OP_NE }, { "<>", OP_NE }, { "<", OP_LT },
		{ "<=", OP_LE }, { ">", OP_GT }, { ">=", OP_GE } };
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++)
		if (take_symbol(p, symbols[i].symbol)) {
			*out = symbols[i].op;
			return true;
		}
	if (take_word(p, "LIKE"))
		*out = OP_LIKE;
	else if (take_word(p, "IN"))
		*out = OP_IN;
	else if (take_word(p, "NOT") && take_word(p, "IN"))
		*out = OP_NOT_IN;
	else
		return unexpected(p);
	return true;
}

static bool parse_comparison(Parser *p, SoqlCond **out)
{
	SoqlCond *cond = arena_alloc(p->arena, 1, sizeof *cond);
	cond->kind = COND_COMPARE;
	if (!parse_name(p, &cond->name) || !parse_operator(p, &cond->op))
		return false;
	*out = cond;
	if (cond->op == OP_IN || cond->op == OP_NOT_IN)
		return parse_list(p, cond);
	cond->values = arena_alloc(p->arena, 1, sizeof(SoqlLiteral));
	cond->value_count = 1;
	return parse_literal(p, cond->op == OP_LIKE, cond->values);
}

static bool parse_condition(Parser *p, SoqlCond **out);

static bool parse_term(Parser *p, SoqlCond **out)
{
	if (p->depth == SOQL_DEPTH_MAX) {
		*p->error = (SoqlError){ .code = "QUERY_TOO_COMPLICATED",
			.text = STR("Query is either selecting too many fields or the filter "
				    "conditions are too complicated.") };
		return false;
	}
	p->depth++;
	bool done;
	if (take_word(p, "NOT")) {
		SoqlCond *cond = arena_alloc(p->arena, 1, sizeof *cond);
		cond->kind = COND_NOT;
		*out = cond;
		done = parse_term(p, &cond->first);
	} else if (take_symbol(p, "(")) {
		done = parse_condition(p, out) && expect_symbol(p, ")");
	} else {
		done = parse_comparison(p, out);
	}
	p->depth--;
	return done;
}

/* AND and OR in one row without parentheses are refused, as Salesforce does. */
static bool parse_condition(Parser *p, SoqlCond **out)
{
	SoqlCond *first;
	if (!parse_term(p, &first))
		return false;
	bool is_or = is_word(p, "OR");
	if (!is_or && !is_word(p, "AND")) {
		*out = first;
		return true;
	}
	SoqlCond *cond = arena_alloc(p->arena, 1, sizeof *cond);
	cond->kind = is_or ? COND_OR : COND_AND;
	cond->first = first;
	SoqlCond **tail = &first->next;
	while (take_word(p, is_or ? "OR" : "AND")) {
		SoqlCond *child;
		if (!parse_term(p, &child))
			return false;
		*tail = child;
		tail = &child->next;
	}
	*out = cond;
	return true;
}

/* ---- ORDER BY, LIMIT, OFFSET ---- */

static bool parse_order(Parser *p, SoqlQuery *query)
{
	if (!take_word(p, "ORDER"))
		return true;
	if (!expect_word(p, "BY"))
		return false;
	query->sorts = arena_alloc(p->arena, SOQL_SORT_MAX, sizeof(SoqlSort));
	do {
		SoqlSort *sort = &query->sorts[query->sort_count];
		if (query->sort_count == SOQL_SORT_MAX || !parse_name(p, &sort->name))
			return query->sort_count == SOQL_SORT_MAX ? unexpected(p) : false;
		query->sort_count++;
		if (take_word(p, "DESC"))
			sort->descending = true;
		else
			(void)take_word(p, "ASC");
		if (!take_word(p, "NULLS"))
			continue;
		if (take_word(p, "LAST"))
			sort->nulls_last = true;
		else if (!expect_word(p, "FIRST"))
			return false;
	} while (take_symbol(p, ","));
	return true;
}

static bool parse_whole_number(Parser *p, int64_t *out)
{
	if (p->token.kind != TOKEN_NUMBER || !str_to_i64(p->token.text, 0, 2000000000, out))
		return unexpected(p);
	advance(p);
	return true;
}

static bool parse_tail(Parser *p, SoqlQuery *query)
{
	if (take_word(p, "LIMIT")) {
		query->has_limit = true;
		if (!parse_whole_number(p, &query->limit))
			return false;
	}
	if (take_word(p, "OFFSET") && !parse_whole_number(p, &query->offset))
		return false;
	if (take_word(p, "FOR") && !take_word(p, "VIEW") && !expect_word(p, "REFERENCE"))
		return false;
	return p->token.kind == TOKEN_END || unexpected(p);
}

static bool parse_from(Parser *p, SoqlQuery *query)
{
	if (!expect_word(p, "FROM") || !parse_name(p, &query->object))
		return false;
	bool has_alias = p->token.kind == TOKEN_WORD && !is_keyword(p->token.text)
		&& !is_word(p, "FOR") && !is_word(p, "USING");
	if (has_alias) {
		query->alias = p->token.text;
		advance(p);
	}
	return true;
}

bool soql_parse(Str text, Arena *arena, SoqlQuery *out, SoqlError *error)
{
	if (text.len > SOQL_LENGTH_MAX) {
		*error = (SoqlError){ .code = "MALFORMED_QUERY",
			.text = STR("SOQL statements can not be longer than 100000 characters") };
		return false;
	}
	Parser p = { .text = text, .arena = arena, .error = error, .token = soql_token(text, 0) };
	*out = (SoqlQuery){ .text = text };
	if (!expect_word(&p, "SELECT") || !parse_select(&p, out) || !parse_from(&p, out))
		return false;
	if (take_word(&p, "WHERE") && !parse_condition(&p, &out->where))
		return false;
	return parse_order(&p, out) && parse_tail(&p, out);
}
