/* merge.h: the union. Persons that share a record, or that a shared address ties to one, form a
 * component; one stop in it (an unsubscribed person, a ticked record) stops all of it (product.md,
 * "The rules of the merge"). Here: the components as a sparse union-find over persons, and the
 * decision for one record. Walking the inputs is diff.h's.
 *
 * Memory: 48 bytes and up to 16 of index for each person that is tied to another person or newly
 * stopped (twice that for a moment while the arrays grow); persons with one record and no
 * difference cost nothing. One thread, no outside effects. */
#ifndef SYNC_MERGE_H
#define SYNC_MERGE_H

#include "base/base.h"
#include "base/err.h"
#include "model/sfid.h"
#include "sync/plan.h"
#include "sync/record.h"

/* Why something is stopped: a ticked record or an unsubscribed person. */
typedef struct Cause {
	PlanReason reason; /* 0: not stopped */
	SfId sfid;
	int64_t person_id;
} Cause;

typedef struct Components Components;

Components *components_open(size_t persons_max);
void components_close(Components **components);

/* Makes two persons one component. ERR_LIMIT past persons_max. Negative numbers are persons to be
 * adopted. */
WARN_UNUSED bool components_unite(Components *components, int64_t a, int64_t b, Err *err);
/* Notes that the person's component is stopped; the first cause stays. `is_unsubscribed`: this
 * person itself is so already, here and now. */
WARN_UNUSED bool components_stop(Components *components, int64_t person_id, const Cause *cause,
	bool is_unsubscribed, Err *err);
/* Whether the component of a person is stopped, and why; false for persons never mentioned. */
bool components_is_stopped(const Components *components, int64_t person_id, Cause *out_cause);
size_t components_count(const Components *components);
/* Persons (not those to be adopted) that are stopped only by others: to be unsubscribed here. In
 * order of first mention; start with *at = 0; false at the end. */
bool components_next_new(
	const Components *components, size_t *at, int64_t *out_person_id, Cause *out_cause);

/* What a record is to the union, given the FIELD_ bits that are compared. */
typedef enum RecordRole {
	RECORD_OUT = 1, /* converted or deleted: no part in anything */
	RECORD_BLIND,   /* no compared field is known: linked, but neither read nor written */
	RECORD_CLEAR,   /* known, none ticked */
	RECORD_TICKED,  /* at least one compared field is ticked */
} RecordRole;

RecordRole merge_role(const RunRecord *record, unsigned fields);
/* The FIELD_ bits to tick: known, compared, not ticked, and the record's component is stopped.
 * Never anything else: nothing here can clear a field. */
unsigned merge_ticks(const RunRecord *record, unsigned fields, bool is_stopped);

#endif
