/* lines.h: a file of one thing a line, read as it comes: `-` is standard input. Blank lines are
 * skipped. One thread. */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include "base/base.h"
#include "base/err.h"
#include "base/str.h"

typedef struct Lines Lines;

typedef struct Line {
	Str text; /* without the line end, trimmed; borrows until the next line */
	int64_t number;
} Line;

enum { LINE_BYTES_MAX = 4096 }; /* an address has at most 254 bytes */

WARN_UNUSED bool lines_open(const char *path, Lines **out, Err *err);
void lines_close(Lines **lines);
/* False at the end, and with err->kind set on a failure (a longer line, a broken disk). */
bool lines_next(Lines *lines, Line *out, Err *err);

#endif
