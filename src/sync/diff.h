/* diff.h: walks what Salesforce holds and what the ledger holds and writes the plan that makes both
 * the union, in three steps:
 *
 * 1. records against links, both by ID: each record with the persons linked to it;
 * 2. those, sorted, against people, both by address hash: the person of its address, or one to be
 *    adopted;
 * 3. with all ties known: UNSUBSCRIBE rows, then per record ADOPT, LINK, TICK.
 *
 * Closed over links: applying the plan and running again gives no row. A row never clears anything.
 *
 * Inputs are pulled once, in order; an input out of order is ERR_FATAL. Memory: memory_bytes for
 * sorting plus merge.h's 64 bytes per tied or newly stopped person. Files: 64 bytes a record on
 * sort_file, 80 on spool_file for those that may need a row. One thread. */
#ifndef SYNC_DIFF_H
#define SYNC_DIFF_H

#include "base/base.h"
#include "base/err.h"
#include "model/address.h"
#include "model/sfid.h"
#include "sync/plan.h"
#include "sync/record.h"
#include "sync/run.h"

typedef struct DiffLink {
	SfId sfid;
	int64_t person_id; /* > 0 */
	bool is_unsubscribed;
} DiffLink;

/* Ordered by (sfid, person_id). *out_end true (out untouched) after the last. */
typedef struct LinkSource LinkSource;
struct LinkSource {
	bool (*next)(LinkSource *source, DiffLink *out, bool *out_end, Err *err);
};

typedef struct DiffPerson {
	AddressHash hash;
	int64_t person_id; /* > 0 */
	bool is_unsubscribed;
} DiffPerson;

/* Ordered by hash, each hash once. */
typedef struct PersonSource PersonSource;
struct PersonSource {
	bool (*next)(PersonSource *source, DiffPerson *out, bool *out_end, Err *err);
};

/* Finds the address of a record that is to be adopted, by its place in the spool. */
typedef struct AddressLookup AddressLookup;
struct AddressLookup {
	bool (*find)(AddressLookup *lookup, const RunRecord *record, Address *out, Err *err);
};

/* Takes the rows of the plan, usually a PlanWriter behind it. */
typedef struct RowSink RowSink;
struct RowSink {
	bool (*put)(RowSink *sink, const PlanRow *row, Err *err);
};

enum { DIFF_PERSONS_MAX = 8 * 1000 * 1000 }; /* tied or newly stopped in one run: 512 MB */

typedef struct DiffInput {
	RecordSource *records; /* by ID; one that comes twice counts as ticked if either is */
	LinkSource *links;
	PersonSource *people;
	AddressLookup *addresses;
	RunFile *sort_file;    /* empty */
	RunFile *spool_file;   /* empty */
	size_t memory_bytes;   /* for sorting; at least RUN_MEMORY_BYTES_MIN */
	unsigned fields;       /* FIELD_ bits that are compared */
	bool match_by_address; /* off: only links by ID count, but see adopt_unknown */
	/* A stopped record stops its address: an unknown one is adopted, and without matching a
	 * known one's person is unsubscribed. Off: unknown addresses stay unknown. */
	bool adopt_unknown;
	int64_t read_at_ms;
	size_t persons_max; /* 0: DIFF_PERSONS_MAX */
} DiffInput;

typedef struct DiffFigures {
	int64_t records_read[SF_ACCOUNT + 1]; /* by SfObject */
	int64_t links_read, people_read;
	int64_t blind;   /* records none of whose compared fields is known */
	int64_t missing; /* links whose record was not read: unknown, left alone */
} DiffFigures;

WARN_UNUSED bool diff_plan(const DiffInput *input, RowSink *sink, DiffFigures *out, Err *err);

#endif
