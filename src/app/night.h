/* night.h: one run: read Salesforce, plan, brake, apply. sync_worker.h decides when; here is what
 * (doc/architecture.md, "A night"). Everything that is decided is sync/'s; here are the effects,
 * each step of which may be repeated after a crash. One thread. */
#ifndef APP_NIGHT_H
#define APP_NIGHT_H

#include "app/org_client.h"
#include "app/org_settings.h"
#include "app/stop.h"
#include "app/temp_file.h"
#include "app/worker.h"
#include "base/base.h"
#include "base/err.h"
#include "store/ledger.h"
#include "store/store.h"
#include "sync/diff.h"

typedef struct Night {
	const WorkerOptions *options;
	Store *reader;    /* borrowed: the worker's read-only handle */
	StopSwitch *stop; /* borrowed */
	Run *run;         /* borrowed; written down by night_note */
	OrgSetup setup;
	Arena arena; /* of setup */
	OrgClient client;
	int64_t lease_renew_at_ms;
	int64_t calls_before; /* of this run, by earlier processes or before it was held */
	int64_t calls_of_day; /* of the org's other runs in the last 24 hours */

	/* Read. */
	TempFile spool; /* the pages as they came */
	RunSorter *sorter;
	TempFile sort_file;
	FieldSet compared[SF_ACCOUNT + 1];   /* by SfObject: the chosen fields that it shows */
	unsigned fields;                     /* FIELD_ bits that at least one object shows */
	char user[SFID_LEN + 1];             /* who reads, in Salesforce */
	size_t email_column[SF_ACCOUNT + 1]; /* by SfObject, in the spooled rows */
	int64_t read_at_ms;
	bool is_resumed; /* a crash or a stop interrupted an earlier reading */
	int64_t bad_addresses;
} Night;

/* Takes a run in state ASKED or APPROVED to its next resting state: DONE, HELD or FAILED. False
 * with ERR_RETRY, the run as it was, when stopping. Faults of the run itself end in FAILED with a
 * note. */
WARN_UNUSED bool night_run(
	const WorkerOptions *options, Store *reader, StopSwitch *stop, Run *run, Err *err);

/* Which of the chosen fields an object shows, into compared. A hidden field is unknown, never "no":
 * it is neither asked for nor written. */
WARN_UNUSED bool night_look_at_fields(Night *night, SfObject object, Err *err);

/* The steps, in their order (night_read.c, night_plan.c, night_apply.c). */
WARN_UNUSED bool night_read(Night *night, Err *err);
/* Writes the plan file; fills the run's planned_ figures. */
WARN_UNUSED bool night_plan(Night *night, Err *err);
/* Go or hold. */
WARN_UNUSED bool night_brake(Night *night, bool *out_hold, Err *err);
WARN_UNUSED bool night_apply(Night *night, Err *err);

/* Writes the run row down. */
WARN_UNUSED bool night_note(Night *night, RunState state, Err *err);
/* Between steps: renews the lease; false when stopping or when another machine leads. */
WARN_UNUSED bool night_go_on(Night *night, Err *err);
/* Before a call that reads: false with ERR_LIMIT when the day's calls are to be left to clicks and
 * to others (sync/retry.h). */
WARN_UNUSED bool night_may_call(const Night *night, Err *err);
/* Waits until then; false as night_go_on. */
WARN_UNUSED bool night_wait(Night *night, int64_t until_ms, Err *err);

#endif
