/* found.h: what was found, as lines of a table, and how it differs from what was expected. */
#ifndef TESTS_WORLD_FOUND_H
#define TESTS_WORLD_FOUND_H

#include "base/base.h"

#include "stage.h"

enum { FOUND_MAX = 256 };

typedef struct FoundLine {
	Str text;     /* borrows from Found.arena */
	bool is_open; /* need not be expected: somebody mailable, a clear record */
	LineKind kind;
	EventKind event;
	Address address; /* whom it is about; len 0: nobody */
} FoundLine;

typedef struct Found {
	FoundLine lines[FOUND_MAX]; /* in order of their texts */
	size_t count;
	Arena arena;
} Found;

void found_fini(Found *found);

/* The rows of a run's plan. */
WARN_UNUSED bool found_plan(Stage *stage, int64_t run_id, Found *out);
/* People, records, what is still to be sent, and the history since the beginning. */
WARN_UNUSED bool found_end(Stage *stage, Found *out);

/* False: report says which of count lines of the table were not found, and what was found instead.
 * History is compared for the people that the lines name one of. */
WARN_UNUSED bool found_as_expected(
	const Table *table, const Line *lines, size_t count, const Found *found, Buf *report);
/* After something struck. Only whether a removal had to wait may differ. */
WARN_UNUSED bool found_as_before(const Found *before, const Found *found, Buf *report);

#endif
