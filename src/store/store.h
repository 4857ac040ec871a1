/* store.h: opens the database and gives its two faces, ledger and desk. A handle belongs to one
 * thread. The URL's scheme picks the driver: "sqlite:PATH" or "mem:" (gone with its handle).
 * Exactly one handle per database may write (doc/adr/002): the writer thread's; all others are
 * opened read_only. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/base.h"
#include "base/err.h"
#include "base/rng.h"
#include "model/keyring.h"
#include "store/desk.h"
#include "store/ledger.h"

typedef struct Store Store;

typedef struct StoreOptions {
	bool read_only;
	const Keyring *keyring; /* borrowed, outlives the handle */
	Rng *rng;               /* NULL: the system's */
} StoreOptions;

/* Read-write: creates the file and runs missing migrations. ERR_CONFLICT when the file is from a
 * newer version, ERR_FATAL with the path when it is damaged or the keyring is not the one it was
 * made with. */
WARN_UNUSED bool store_open(Str url, const StoreOptions *options, Store **out, Err *err);
void store_close(Store **store);
Ledger *store_ledger(Store *store);
Desk *store_desk(Store *store);

/* One transaction, and named points inside it. commit is durable (fsync) when it returns true;
 * false means that nothing of the transaction is promised. */
WARN_UNUSED bool store_begin(Store *store, Err *err);
WARN_UNUSED bool store_commit(Store *store, Err *err);
void store_rollback(Store *store);
WARN_UNUSED bool store_savepoint(Store *store, Err *err);
WARN_UNUSED bool store_savepoint_release(Store *store, Err *err);
void store_savepoint_rollback(Store *store);

/* Writer only: moves the write-ahead log into the database, as far as no reader needs it. A long
 * log stays as a file to be written over, which counts as a few bytes; once it is short, it is cut.
 * ERR_FATAL: a sync of the database failed, and the system may have forgotten pages that it had
 * taken. Nobody may write any more, and the process should end: the next start takes them from the
 * log once more (doc/adr/007). ERR_RETRY: the log stays as it is. */
WARN_UNUSED bool store_checkpoint(Store *store, Err *err);

/* Bytes in the write-ahead log that a checkpoint would move; 0 for mem. Writer only. */
int64_t store_log_bytes(const Store *store);

/* Advisory lock file PATH.lock for "who may open this for writing". ERR_CONFLICT names the process
 * that holds it. ERR_FATAL: the database is missing or empty although one was made there, or its
 * log is left; store_open would make a new one. */
WARN_UNUSED bool store_lock(Str url, int *out_fd, Err *err);
/* Notes in the lock file that the database is there now. */
WARN_UNUSED bool store_lock_made(int fd, Err *err);

#endif
