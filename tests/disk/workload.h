/* workload.h: a house's changes through the real writer and the real SQLite driver, on a disk whose
 * every operation is kept, beside the same changes in the executable specification. Group by group
 * it is noted when the disk began to see it, when it was acknowledged, and what the ledger then
 * says. So what a power cut leaves can be held against what was promised. One thread. */
#ifndef TESTS_DISK_WORKLOAD_H
#define TESTS_DISK_WORKLOAD_H

#include "../contract/ops.h"
#include "../lib/faultvfs.h"
#include "../lib/world.h"
#include "folder.h"

enum { GROUPS_MAX = 96, HOMES_MAX = 4 };

/* One group commit. */
typedef struct Group {
	int64_t begun_op, acked_op;
	char *state; /* own: ops_dump after it */
} Group;

typedef struct Workload {
	FaultVfs *disk;
	World real, mem;              /* real.store is NULL while a writer has it */
	SeededRng dice;               /* what is done */
	Group groups[GROUPS_MAX + 1]; /* [0]: before the first one */
	int group_count;
	/* The folder of each process: another one after a kill. */
	char root[FOLDER_BYTES];
	struct {
		char folder[FOLDER_BYTES];
		int64_t first_op;
	} homes[HOMES_MAX];
	int home_count;
} Workload;

/* Runs it to its end: first start with its migration, checkpoints, also beside a reader that holds
 * them up, a clean stop, a kill, more starts. */
void workload_run(Workload *load, uint64_t seed);
void workload_close(Workload *load);
const char *workload_home(const Workload *load, int64_t op);

/* Opens what is left in a folder and compares: nothing acknowledged before operation `op` is
 * missing, no group is half there, chains and pages are right, and what waits for Salesforce can be
 * taken up. Gives the number of the last group that is there. opened_op, if not NULL: the last
 * operation of the opening. */
int workload_check(Workload *load, const char *folder, int64_t op, int64_t *opened_op);
/* Which groups may be the last one there. */
void workload_bounds(const Workload *load, int64_t op, int *out_least, int *out_most);

#endif
