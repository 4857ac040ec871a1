/* soql.h: the subset of SOQL that doc/orgsim.md lists (salesforce-api.md 2.9): text to tree
 * (soql_parse.c), tree to fields and typed literals (soql_bind.c), tree to rows (soql_run.c).
 * Errors carry the place, so that the message can show the slice of the statement and the caret as
 * a real org does. */
#ifndef ORG_SOQL_H
#define ORG_SOQL_H

#include "base/arena.h"
#include "base/base.h"
#include "base/str.h"
#include "org/data.h"

enum {
	SOQL_LENGTH_MAX = 100 * 1000, /* salesforce-api.md 2.9 */
	SOQL_DEPTH_MAX = 50,          /* parentheses; keeps the recursion shallow */
	SOQL_SELECT_MAX = 500,
	SOQL_SORT_MAX = 32, /* the documented maximum of ORDER BY fields (from memory) */
};

typedef struct SoqlName {
	Str text;
	size_t at;             /* where in the statement, from 0 */
	const OrgField *via;   /* the reference of Parent.Field, or NULL */
	const OrgField *field; /* after binding */
	const OrgTable *of;    /* the field's object */
} SoqlName;

typedef enum SoqlAggregate {
	AGGREGATE_NONE,
	AGGREGATE_COUNT,
	AGGREGATE_MIN,
	AGGREGATE_MAX
} SoqlAggregate;

typedef struct SoqlItem {
	SoqlAggregate aggregate;
	SoqlName name;
	Str alias;
} SoqlItem;

typedef enum SoqlOp { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_LIKE, OP_IN, OP_NOT_IN } SoqlOp;

typedef enum LiteralKind {
	LITERAL_STRING,
	LITERAL_NUMBER,
	LITERAL_BOOL,
	LITERAL_NULL,
	LITERAL_DATE,
	LITERAL_TIME,
	LITERAL_WORD
} LiteralKind;

typedef struct SoqlLiteral {
	LiteralKind kind;
	Str text; /* without quotes, escapes resolved (LIKE: \_ and \% kept); ids in 18 characters
		     after binding */
	size_t at;
	bool truth;
	double number;
	int64_t at_ms;
} SoqlLiteral;

typedef enum CondKind { COND_AND, COND_OR, COND_NOT, COND_COMPARE } CondKind;

typedef struct SoqlCond SoqlCond;
struct SoqlCond {
	CondKind kind;
	SoqlCond *first, *next; /* children and siblings */
	SoqlName name;
	SoqlOp op;
	SoqlLiteral *values; /* sorted after binding when op is IN or NOT IN */
	size_t value_count;
	bool has_null; /* NULL stood in the IN list */
};

typedef struct SoqlSort {
	SoqlName name;
	bool descending, nulls_last;
} SoqlSort;

typedef struct SoqlQuery {
	Str text;
	SoqlName object;
	Str alias;
	OrgTable *table; /* after binding */
	bool is_count;   /* SELECT COUNT() */
	SoqlItem *items;
	size_t item_count;
	bool has_aggregate, has_long_text, has_address;
	SoqlCond *where; /* or NULL */
	SoqlSort *sorts;
	size_t sort_count;
	bool has_limit;
	int64_t limit, offset;
} SoqlQuery;

typedef struct SoqlError {
	const char *code;
	Str text;
	bool has_place;
	size_t at;
} SoqlError;

/* Everything is arena memory and borrows from text. */
WARN_UNUSED bool soql_parse(Str text, Arena *arena, SoqlQuery *out, SoqlError *error);
WARN_UNUSED bool soql_bind(SoqlQuery *query, OrgData *data, Arena *arena, SoqlError *error);
/* Both. */
WARN_UNUSED bool soql_compile(
	Str text, OrgData *data, Arena *arena, SoqlQuery *out, SoqlError *error);

/* "\n" slice "\n" blanks "^" "\n" "ERROR at Row:1:Column:N" "\n" text (recorded). */
Str soql_error_message(Str statement, const SoqlError *error, Arena *arena);

/* The rows that match, in order, LIMIT and OFFSET applied. Owner frees. */
typedef struct SoqlRows {
	uint32_t *rows;
	size_t count;
} SoqlRows;

SoqlRows soql_run(const SoqlQuery *query, const OrgData *data, bool with_deleted);

/* ---- between the soql_*.c files ---- */

typedef enum TokenKind {
	TOKEN_WORD,
	TOKEN_STRING,
	TOKEN_NUMBER,
	TOKEN_MOMENT, /* a date or a date with time */
	TOKEN_SYMBOL,
	TOKEN_END,
	TOKEN_BAD
} TokenKind;

typedef struct Token {
	TokenKind kind;
	Str text; /* as written, quotes included */
	size_t at;
} Token;

Token soql_token(Str statement, size_t at);
/* A string token's content. for_like keeps \_ and \%. False on an unknown escape. */
WARN_UNUSED bool soql_unescape(Str quoted, bool for_like, Arena *arena, Str *out);
/* Order without case (ASCII); 0 when equal. */
int soql_compare_text(Str a, Str b);
/* The comparison of literals that IN lists are sorted by, for that type of field. */
int soql_compare_literal(FieldType type, const SoqlLiteral *a, const SoqlLiteral *b);

#endif
