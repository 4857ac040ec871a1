/* diff_stage.h: a small world of people, records and links, and diff_plan over it. A world is made
 * by hand or at random from a seed; one thread. */
#ifndef TESTS_UNIT_SYNC_DIFF_STAGE_H
#define TESTS_UNIT_SYNC_DIFF_STAGE_H

#include "base/base.h"

#include "base/rng.h"
#include "base/secret.h"
#include "sync/diff.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "memfile.h"

enum { PEOPLE_MAX = 9000, RECORDS_MAX = 9000, LINKS_MAX = 30000, ROWS_MAX = 60000 };

typedef struct WPerson {
	int address; /* each person has its own */
	bool is_unsubscribed;
} WPerson;

typedef struct WRecord {
	SfId sfid;
	int address; /* -1: none */
	unsigned flags;
} WRecord;

typedef struct WLink {
	int record, person;
} WLink;

typedef struct World {
	WPerson people[PEOPLE_MAX]; /* person_id is the position + 1 */
	int person_count;
	WRecord records[RECORDS_MAX]; /* in order of ID */
	int record_count;
	WLink links[LINKS_MAX];
	int link_count;
	int owner_of[4 * PEOPLE_MAX]; /* by address: position + 1 */
	unsigned fields;
	bool match, adopt;
	bool twice; /* records come twice from Salesforce */
} World;

typedef struct Rows {
	RowSink base;
	PlanRow rows[ROWS_MAX];
	size_t count;
	size_t fail_at; /* 0: never */
} Rows;

SfId make_sfid(int number);
int find_record(const World *world, const SfId *id); /* fails the test when there is none */
bool has_link(const World *world, int record, int person);
bool add_link(World *world, int record, int person); /* false: it stood already */
void make_world(World *world, uint64_t seed, int size, unsigned stop_percent);

AddressHash hash_of(int address);
bool put_row(RowSink *base, const PlanRow *row, Err *err);

/* What feeds diff_plan; fail_at: the n-th call fails, 0: none. */
typedef struct RecordFeed {
	RecordSource base;
	const World *world;
	int at;
	int fail_at;
} RecordFeed;

typedef struct LinkFeed {
	LinkSource base;
	const World *world;
	const WLink *links; /* sorted */
	int at;
	int fail_at;
} LinkFeed;

typedef struct PersonFeed {
	PersonSource base;
	const DiffPerson *people; /* sorted */
	int count, at;
	int fail_at;
} PersonFeed;

bool feed_record(RecordSource *base, RunRecord *out, bool *out_end, Err *err);
bool feed_link(LinkSource *base, DiffLink *out, bool *out_end, Err *err);
bool feed_person(PersonSource *base, DiffPerson *out, bool *out_end, Err *err);
bool find_address(AddressLookup *lookup, const RunRecord *record, Address *out, Err *err);
int person_cmp(const void *a, const void *b); /* DiffPerson by hash */

typedef struct Faults {
	int records, links, people;
	bool address;
	size_t rows, sort_append, spool_append, spool_read;
	size_t persons_max;
	size_t memory_bytes;
} Faults;

/* diff_plan over the whole world; the plan is left in rows. */
bool run_diff(const World *world, const Faults *faults, Rows *rows, DiffFigures *figures, Err *err);

#endif
