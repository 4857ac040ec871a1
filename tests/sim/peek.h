/* peek.h: what stands in a simulated org, past its API: no call, no field-level security, no
 * session. Apart from sim.h because the org has its own words for rows and records. */
#ifndef TESTS_SIM_PEEK_H
#define TESTS_SIM_PEEK_H

#include "base/base.h"
#include "base/str.h"
#include "org/org.h"

typedef struct PeekRow {
	char id[19];
	Str email;      /* borrowed until the org changes */
	bool ticked[2]; /* Email Opt Out, the custom checkbox */
	bool is_deleted, is_converted;
} PeekRow;

/* Contacts, then Leads, in the order of their making; at most max. */
size_t peek_records(Org *org, PeekRow *rows, size_t max);
/* API calls of the last 24 hours, as Salesforce counts, and how many there may be; 0 while its
 * answers do not tell. */
void peek_usage(Org *org, int64_t *out_used, int64_t *out_max);
void peek_end_faults(Org *org);
/* Hides all fields that no opt-out needs from the API, also those that a real org always shows.
 * Describes are then an eighth as long: reading them is most of what a run costs. */
void peek_hide_the_rest(Org *org);

#endif
