/* line.h: the words of one line, into a Line and back. Private to table.c. */
#ifndef TESTS_WORLD_LINE_H
#define TESTS_WORLD_LINE_H

#include "base/base.h"

#include "table.h"

/* Reads a line that is neither blank nor a comment. The text of an Err names neither file nor line.
 * Strings of *out borrow from text. */
WARN_UNUSED bool line_read(const Table *table, Str text, Line *out, Err *err);

#endif
