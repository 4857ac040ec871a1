/* stage.h: where a table is played: tests/sim's house, network and orgs, with nothing by chance. At
 * one step of its way something may strike: the process dies at a commit or at a call, is stopped,
 * or a call fails. What a house of one process does between two steps cannot be cut in two: a step
 * is all that others can see. */
#ifndef TESTS_WORLD_STAGE_H
#define TESTS_WORLD_STAGE_H

#include "base/base.h"

#include "sim/sim.h"
#include "table.h"

typedef enum StrikeKind {
	STRIKE_NONE,
	STRIKE_BEFORE_COMMIT, /* the process dies; the commit is not on disk */
	STRIKE_AFTER_COMMIT,  /* it is on disk, but nobody heard */
	STRIKE_BEFORE_CALL,   /* the process dies; the call is not sent */
	STRIKE_AFTER_CALL,    /* the org has done it, nobody heard */
	STRIKE_STOP,          /* SIGTERM while the call is answered */
	STRIKE_NO_CONNECTION, /* that call alone fails */
	STRIKE_ANSWER_LOST,   /* likewise, and the org has done it */
	STRIKES,
} StrikeKind;

const char *strike_name(StrikeKind kind);

typedef struct Strike {
	StrikeKind kind;
	int64_t step; /* commits or calls since Optout started: 1 is the first */
} Strike;

enum { STAGE_WAITING_MAX = 16, STAGE_COMMITS_MAX = 256 };

typedef struct Stage {
	Sim sim;
	const Table *table;
	SfId ids[TABLE_RECORDS_MAX]; /* by number in the table; unset: not made yet */
	Strike strike;
	bool has_struck;
	int64_t calls; /* that reached an org */
	/* By number of the commit: nothing was sent, nothing arrived and no time went by since the
	 * one before it. Dying before it is dying after that one. */
	bool is_same_moment[STAGE_COMMITS_MAX];
	int64_t commits;
	int64_t last_ms, last_calls; /* at the last commit */
	uint64_t last_call_id;
	int64_t history_floor; /* newest history entry of the beginning */
	/* What happens during the next run. */
	const Line *waiting[STAGE_WAITING_MAX]; /* NULL: it has happened */
	size_t waiting_count;
	bool is_acting;
} Stage;

/* Connects the orgs; nothing runs yet. url: of the store, NULL for one in memory. */
void stage_open(Stage *stage, const Table *table, const char *folder, const char *url);
void stage_close(Stage *stage);
/* Starts Optout; from here on steps are counted. */
void stage_begin(Stage *stage, Strike strike);
/* Nothing strikes any more. */
void stage_disarm(Stage *stage);
/* Lets time go on; a process that died or was stopped is started again. */
void stage_run(Stage *stage, int64_t until_ms);
/* Until nothing is under way: no run, no push that is still to be sent, no removal that waits. */
void stage_settle(Stage *stage);
/* Newest run of an org, or of all (0); run_id 0: none. */
Run stage_last_run(Stage *stage, int64_t org);
bool stage_is_up(const Stage *stage);

#endif
