/* play.h: plays a table: once as it is written, then again and again with something striking at the
 * first, second, ... step, until its way has no more steps. */
#ifndef TESTS_WORLD_PLAY_H
#define TESTS_WORLD_PLAY_H

#include "base/base.h"

#include "found.h"
#include "stage.h"
#include "table.h"

typedef struct PlayOptions {
	const char *folder; /* for its files; they stay */
	bool is_talking;
	bool is_once; /* no replays */
	Strike only;  /* this replay alone; kind 0: all */
	/* Dying before a call is dying after the step before it, and a process that is stopped or
	 * that loses a call does not lose its mind: these strike at every fifth step. */
	bool is_thorough; /* everything at every step */
	bool is_brief;    /* everything at every twelfth step */
	size_t number;    /* of the table among all */
} PlayOptions;

typedef struct PlayVerdict {
	bool has_failed;
	int64_t replays;
} PlayVerdict;

/* report: why it failed, lines. */
void play(const Table *table, const PlayOptions *options, PlayVerdict *out, Buf *report);

#endif
