/* crashing_store.h: a store whose process can die at a commit: before it reaches the disk, or after
 * it did but before anybody heard. From then on every write fails and leaves no trace, so that the
 * code above unwinds without effect. The disk below stays as it is for the next start. */
#ifndef TESTS_SIM_CRASHING_STORE_H
#define TESTS_SIM_CRASHING_STORE_H

#include "base/base.h"

#include "store/driver.h"
#include "store/store.h"

typedef struct CrashingStore {
	Store base;  /* what the house is given */
	Store *disk; /* borrowed */
	bool is_dead;
	int64_t commits;
	int64_t crash_in; /* commits; 0: no crash is planned */
	bool crash_after; /* the commit that was named is on disk */
	void (*on_death)(void *ctx);
	void (*on_commit)(void *ctx); /* NULL, or called between one commit and the next write */
	void *ctx;
} CrashingStore;

void crashing_store_init(CrashingStore *store, Store *disk);

#endif
