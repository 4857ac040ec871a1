/* plan_line.h: the lines of a plan file, shared by its writer and its reader. Private to them. */
#ifndef SYNC_PLAN_LINE_H
#define SYNC_PLAN_LINE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/secret.h"
#include "sync/plan.h"

enum {
	PLAN_LINE_MAX = 1024, /* the longest row: 254 bytes of address and about 220 more */
	PLAN_BUFFER_BYTES = 64 * 1024, /* handed to the sink, or asked from the source, at once */
	PLAN_COLUMNS = 11,
};

#define PLAN_MAGIC "optout-plan 1"
#define PLAN_ROWS  "rows"
#define PLAN_END   "end"

/* Chains a line (without its line feed) to the digest of those before it; starts from zeros. */
void plan_digest_add(unsigned char digest[HASH_BYTES], Str line);

void plan_header_put(Buf *out, const PlanHeader *header); /* lines, each with its line feed */
enum { PLAN_HEADER_LINES = 12 };
/* Takes the n-th header line. */
WARN_UNUSED bool plan_header_take(Str line, size_t n, PlanHeader *out);

void plan_row_put(Buf *out, const PlanRow *row);
WARN_UNUSED bool plan_row_take(Str line, PlanRow *out);

void plan_end_put(Buf *out, const PlanCounts *counts, const unsigned char digest[HASH_BYTES]);
WARN_UNUSED bool plan_end_take(Str line, PlanCounts *out, unsigned char out_digest[HASH_BYTES]);

#endif
