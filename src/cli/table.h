/* table.h: JSON into text that people like to read: aligned tables and pairs. Widths are those of a
 * terminal (East Asian characters take two columns); control characters, which could move the
 * cursor or lie about what stands there, are shown as a replacement character, because names come
 * from outside. Times are UTC. Pure. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"

typedef enum CellKind {
	CELL_TEXT,
	CELL_NUMBER, /* to the right */
	CELL_TIME,   /* RFC 3339 in JSON; "2026-01-02 03:04:05" */
	CELL_YES_NO,
	CELL_LIST, /* an array of texts, ", " between */
} CellKind;

typedef struct Column {
	const char *title;
	const char *member; /* of each row's object; "a.b" goes one level down */
	CellKind kind;
	size_t width_max; /* longer text is cut with "..."; 0: never */
} Column;

enum {
	TABLE_COLUMNS_MAX = 16,
	TABLE_TEXT_MAX = 256 * 1024 * 1024, /* printed output: as large as an answer may be */
};

/* A title line and one line a row of the array. Columns without any value are left out. */
void table_put(Buf *out, const JsonVal *rows, const Column *columns, size_t column_count);
/* "Title:  value" lines of one object; empty values are left out. */
void table_put_pairs(Buf *out, const JsonVal *object, const Column *columns, size_t column_count);

/* One value as text, cleaned. */
void cell_put(Buf *out, const JsonVal *row, const Column *column);
/* Text without control characters; bad UTF-8 is replaced as well. */
void text_put_clean(Buf *out, Str text);
/* Columns that cleaned text takes on a terminal. */
size_t text_width(Str text);

/* A member by name, or by "name.name". */
const JsonVal *json_path(const JsonVal *object, const char *path);

#endif
