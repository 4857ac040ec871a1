/* world.h: a fresh store of a driver, and short words for what tests do to it. A function that
 * writes runs in a transaction of its own and fails the test when the ledger refuses. */
#ifndef TESTS_LIB_WORLD_H
#define TESTS_LIB_WORLD_H

#include "base/base.h"

#include "base/arena.h"
#include "base/rng.h"
#include "model/keyring.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The call succeeds, or the test fails with its error. */
#define MUST(call_)                                                                                \
	do {                                                                                       \
		Err err = { 0 };                                                                   \
		if (!(call_))                                                                      \
			fail_msg("%s: %s", #call_, err.text);                                      \
	} while (0)

/* The call is refused with this kind. */
#define REFUSED(kind_, call_)                                                                      \
	do {                                                                                       \
		Err err = { 0 };                                                                   \
		if (call_)                                                                         \
			fail_msg("%s succeeded", #call_);                                          \
		if (err.kind != (kind_))                                                           \
			fail_msg("%s: %s (%s)", #call_, err_kind_name(err.kind), err.text);        \
	} while (0)

#define assert_str_equal(a_, b_)                                                                   \
	do {                                                                                       \
		Str a__ = (a_), b__ = (b_);                                                        \
		if (!str_eq(a__, b__))                                                             \
			fail_msg("\"%.*s\" is not \"%.*s\"", STR_ARG(a__), STR_ARG(b__));          \
	} while (0)

enum { START_MS = 1000000000, ROWS_MAX = 256 };

typedef struct World {
	const char *driver; /* "sqlite" or "mem" */
	char folder[64];
	char url[128];
	Keyring keyring;
	SeededRng rng;
	Store *store;
	Ledger *ledger;
	Arena arena;
	int64_t now_ms; /* tests move it */
	int64_t org;    /* the first org */
	int64_t org_b;  /* a second one */
} World;

void world_open(World *world, const char *driver, uint64_t seed);
void world_close(World *world);
/* Closes the handle and opens the same file again; sqlite only. */
void world_reopen(World *world);

/* cmocka's setup and teardown of a test on SQLite; *state is the World. */
int sqlite_world_up(void **state);
int sqlite_world_down(void **state);

void w_begin(World *world);
void w_commit(World *world);

Address an_address(const char *text);
/* "c1" is Contact 1, "l7" is Lead 7. */
SfId a_sfid(const char *short_name);
RecordRef a_record(int64_t org, const char *short_name);

/* A person with records of the first org, "c1 l7" or "". */
int64_t w_person(World *world, const char *address, const char *records);
PersonPutOutcome w_put(World *world, const char *address, const char *records);
StopOutcome w_stop(World *world, int64_t person_id, Source source, const char *reason);
RemoveOutcome w_remove(World *world, int64_t person_id);
bool w_link(World *world, int64_t org, const char *record, int64_t person_id, LinkedBy by);
size_t w_claim(World *world, int64_t org, OutboxRow *rows, size_t max);
void w_settle(World *world, int64_t outbox_id, OutboxState state, int64_t due_at_ms);

Person w_get(World *world, int64_t person_id);
size_t w_records(World *world, int64_t person_id, Record *rows);
size_t w_history(World *world, int64_t person_id, HistoryEntry *rows);
LedgerCounts w_counts(World *world);
size_t w_open_rows(World *world, OutboxProblem *rows);
void w_verify_chains(World *world);

#endif
