/* diff_parts.h: what the three steps of diff.h share. Private to them. */
#ifndef SYNC_DIFF_PARTS_H
#define SYNC_DIFF_PARTS_H

#include "base/base.h"
#include "sync/diff.h"
#include "sync/diff_spool.h"
#include "sync/merge.h"

/* A record and one person linked to it by ID (0: none): a row for each link, sorted by address. */
typedef struct JoinRow {
	RunRecord record;
	int64_t person_id;
	int64_t is_unsubscribed;
} JoinRow;

typedef struct Diff {
	const DiffInput *in;
	RowSink *sink;
	DiffFigures figures;
	Components *components;
	RunSorter *sorter;
	DiffSpool spool;
	int64_t adopted_count; /* negative numbers given out */
	/* one row of look-ahead for each input */
	DiffLink link;
	bool link_end;
	DiffPerson person;
	bool person_end;
	AddressHash adopted; /* hash of the last ADOPT row */
	bool has_adopted;
} Diff;

typedef struct Tie {
	int64_t person_id;
	bool is_unsubscribed;
} Tie;

/* Step 1 (diff_by_id.c): records against links; those with an address go on to the sorter. */
WARN_UNUSED bool diff_merge_by_id(Diff *diff, Err *err);
/* Step 2 (diff_by_address.c): the sorted ones against people. */
WARN_UNUSED bool diff_merge_by_address(Diff *diff, Err *err);

/* Are addresses looked at: to match, or to adopt? */
bool diff_uses_addresses(const Diff *diff);
/* Does a record of this role pass a stop on? */
bool diff_is_live(RecordRole role);
/* Two persons become one component; what is known of each goes in with it. */
WARN_UNUSED bool diff_tie(Diff *diff, Tie a, Tie b, Err *err);
/* A ticked record stops the component of one of its persons. */
WARN_UNUSED bool diff_stop_by_record(
	Diff *diff, int64_t person_id, const RunRecord *record, Err *err);
/* Sets a record aside for step 3, unless no decision could give it a row. */
WARN_UNUSED bool diff_set_aside(Diff *diff, const SpoolRow *row, Err *err);

#endif
