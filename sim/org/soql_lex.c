/* soql_lex.c: tokens of SOQL, and the message that points into the statement. */
#include "base/base.h"

#include "org/soql.h"

static bool is_word_char(char c)
{
	return ascii_is_alnum(c) || c == '_' || c == '.';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t string_end(Str s, size_t at)
{
	for (size_t i = at + 1; i < s.len; i++) {
		if (s.ptr[i] == '\\')
			i++;
		else if (s.ptr[i] == '\'')
			return i + 1;
	}
	return 0;
}

/* Numbers, dates and date-times begin with a digit or a sign. */
static Token number_token(Str s, size_t at)
{
	size_t end = at + 1;
	bool is_moment = false;
	while (end < s.len) {
		char c = s.ptr[end];
		if (!ascii_is_alnum(c) && c != '-' && c != ':' && c != '.' && c != '+')
			break;
		is_moment = is_moment || c == '-' || c == ':';
		end++;
	}
	return (Token){ is_moment ? TOKEN_MOMENT : TOKEN_NUMBER, str_sub(s, at, end - at), at };
}

static Token symbol_token(Str s, size_t at)
{
	static const char *const symbols[] = { "!=", "<>", "<=", ">=", "(", ")", ",", "=", "<",
		">" };
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
		Str symbol = str_from(symbols[i]);
		if (str_starts(str_from_pos(s, at), symbol))
			return (Token){ TOKEN_SYMBOL, str_sub(s, at, symbol.len), at };
	}
	return (Token){ TOKEN_BAD, str_sub(s, at, 1), at };
}

Token soql_token(Str s, size_t at)
{
	while (at < s.len && is_blank(s.ptr[at]))
		at++;
	if (at >= s.len)
		return (Token){ TOKEN_END, STR(""), s.len };
	char c = s.ptr[at];
	if (c == '\'') {
		size_t end = string_end(s, at);
		if (!end)
			return (Token){ TOKEN_BAD, str_from_pos(s, at), at };
		return (Token){ TOKEN_STRING, str_sub(s, at, end - at), at };
	}
	if (ascii_is_digit(c) || c == '-' || c == '+')
		return number_token(s, at);
	if (!is_word_char(c))
		return symbol_token(s, at);
	size_t end = at;
	while (end < s.len && (is_word_char(s.ptr[end]) || s.ptr[end] == ':'))
		end++; /* LAST_N_DAYS:7 is one word */
	return (Token){ TOKEN_WORD, str_sub(s, at, end - at), at };
}

bool soql_unescape(Str quoted, bool for_like, Arena *arena, Str *out)
{
	assert(quoted.len >= 2);
	static const char from[] = "\'\"\\nrtbfNRTBF", to[] = "\'\"\\\n\r\t\b\f\n\r\t\b\f";
	Str inner = str_sub(quoted, 1, quoted.len - 2);
	char *room = arena_alloc(arena, inner.len + 1, 1);
	size_t len = 0;
	for (size_t i = 0; i < inner.len; i++) {
		char c = inner.ptr[i];
		if (c != '\\') {
			room[len++] = c;
			continue;
		}
		i++; /* the lexer saw that something follows */
		char escaped = inner.ptr[i];
		const char *known = strchr(from, escaped);
		if (escaped == '_' || escaped == '%') {
			if (for_like)
				room[len++] = '\\';
			room[len++] = escaped;
		} else if (escaped && known) {
			if (for_like && escaped == '\\')
				room[len++] = '\\';
			room[len++] = to[known - from];
		} else {
			return false;
		}
	}
	*out = (Str){ room, len };
	return true;
}

/* ---- the message: the slice runs from about 30 characters before the place to about 30 after,
 * each end moved out to the next blank or comma; this rule reproduces the five recorded and quoted
 * samples ---- */

enum { SLICE_REACH = 30 };

static bool is_separator(char c)
{
	return is_blank(c) || c == ',';
}

static void put_repeated(char *out, size_t *len, char c, size_t times)
{
	memset(out + *len, c, times);
	*len += times;
}

Str soql_error_message(Str statement, const SoqlError *error, Arena *arena)
{
	if (!error->has_place)
		return error->text;
	size_t at = MIN_OF(error->at, statement.len);
	size_t begin = at > SLICE_REACH ? at - SLICE_REACH : 0;
	while (begin > 0 && !is_separator(statement.ptr[begin - 1]))
		begin--;
	size_t end = MIN_OF(at + SLICE_REACH + 1, statement.len);
	while (end < statement.len && !is_separator(statement.ptr[end]))
		end++;
	while (begin < at && is_separator(statement.ptr[begin]))
		begin++;
	while (end > at && is_separator(statement.ptr[end - 1]))
		end--;
	size_t row = 1, column = at + 1;
	for (size_t i = 0; i < at; i++)
		if (statement.ptr[i] == '\n') {
			row++;
			column = at - i;
		}
	char *slice = arena_alloc(arena, (end - begin) + (at - begin) + 4, 1);
	size_t len = 0;
	for (size_t i = begin; i < end; i++)
		slice[len++] = is_blank(statement.ptr[i]) ? ' ' : statement.ptr[i];
	slice[len++] = '\n';
	put_repeated(slice, &len, ' ', at - begin);
	slice[len++] = '^';
	return arena_printf(arena, "\n%.*s\nERROR at Row:%zu:Column:%zu\n%.*s", (int)len, slice,
		row, column, STR_ARG(error->text));
}
