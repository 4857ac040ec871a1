/* faultvfs.h: a disk for SQLite that can lose power, fail, fill up and become read-only. A VFS over
 * SQLite's own for unix, registered as the default one, so that the code under test knows nothing
 * of it. Files are real. Beside them a trace is kept of all that was written and synced, from which
 * faultvfs_cut makes what a disk with a volatile write cache could hold after a power cut:
 *
 * - synced content is there; each unsynced write is lost, kept, or torn, sector by sector;
 * - a truncate counts as a write; a file that grew may hold zeros or rubbish where data is lost;
 * - names made and removed since the folder was last synced may or may not be;
 * - after a sync that failed, what was waiting counts as written for the system, which will not
 *   write it again: it is read as if it were there and lost by the next power cut.
 *
 * Shared memory (-shm) is volatile and only forwarded. Every create, write, truncate, sync and
 * delete is an operation, numbered from 1. Any thread, but the trace is only repeatable with one.
 */
#ifndef TESTS_LIB_FAULTVFS_H
#define TESTS_LIB_FAULTVFS_H

#include "base/base.h"

typedef struct FaultVfs FaultVfs;

/* The seed decides what a failed sync leaves, and SQLite's own randomness. One at a time. */
FaultVfs *faultvfs_open(uint64_t seed);
void faultvfs_close(FaultVfs **disk);
/* Operations so far. */
int64_t faultvfs_ops(FaultVfs *disk);

/* ------------------------------------------------------------ power loss */

/* Fills the empty folder `to` with what is left of the files of `from` when the power goes while
 * operation `op` is under way: those before it are done, it is half done. */
void faultvfs_cut(FaultVfs *disk, int64_t op, uint64_t seed, const char *from, const char *to);
/* The process is killed and starts again in `to`: copies the files as the system shows them,
 * written or not. Handles of before are the dead process's; what they do is not seen any more. */
void faultvfs_kill(FaultVfs *disk, const char *from, const char *to);

/* A place in the trace; going back forgets what came after. Files opened since must be closed, and
 * no older one may have been touched. */
typedef struct FaultMark {
	size_t entries, names, bytes;
	int inodes;
	int64_t ops;
} FaultMark;
FaultMark faultvfs_mark(FaultVfs *disk);
void faultvfs_rewind(FaultVfs *disk, const FaultMark *mark);

/* ---------------------------------------------------------------- trouble */

typedef enum DiskKind {
	DISK_WRITE = 1,
	DISK_SYNC = 2,
	DISK_TRUNCATE = 4,
	DISK_READ = 8,
} DiskKind;

typedef enum DiskFault {
	DISK_WELL,
	DISK_FAILS,     /* nothing is done: SQLITE_IOERR_* */
	DISK_SHORT,     /* half of a write is done, then there is no room */
	DISK_FULL,      /* files do not grow; also shared memory does not */
	DISK_READ_ONLY, /* writes, truncates, creates fail; files open for reading only */
} DiskFault;

enum { DISK_FOR_EVER = INT32_MAX };

typedef struct DiskTrouble {
	DiskFault fault;
	unsigned kinds;     /* DiskKind bits; of DISK_FAILS and DISK_SHORT */
	const char *suffix; /* of the files: "-wal", ".db"; NULL: all */
	int skip;           /* matching operations that still go well */
	int count;          /* then so many that do not */
} DiskTrouble;

void faultvfs_trouble(FaultVfs *disk, const DiskTrouble *trouble);
void faultvfs_mend(FaultVfs *disk);
/* Operations that failed since the trouble began. */
int faultvfs_struck(FaultVfs *disk);

#endif
