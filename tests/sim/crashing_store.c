#include "base/base.h"

#include "crashing_store.h"

static CrashingStore *of(Store *store)
{
	return CONTAINER_OF(store, CrashingStore, base);
}

static bool dead(Err *err)
{
	return ERR(err, ERR_FATAL, "the process is dead");
}

static void close_nothing(Store *store)
{
	(void)store; /* the disk outlives the process */
}

static bool begin(Store *store, Err *err)
{
	return of(store)->is_dead ? dead(err) : store_begin(of(store)->disk, err);
}

static bool commit(Store *store, Err *err)
{
	CrashingStore *self = of(store);
	assert(!self->is_dead);
	self->commits++;
	bool dies = self->crash_in > 0 && --self->crash_in == 0;
	if (dies && !self->crash_after)
		store_rollback(self->disk);
	else if (!store_commit(self->disk, err))
		return false;
	if (dies) {
		self->is_dead = true;
		self->on_death(self->ctx);
	} else if (self->on_commit) {
		self->on_commit(self->ctx);
	}
	/* On disk, but a process that died meanwhile tells nobody. */
	return !self->is_dead || dead(err);
}

static void rollback(Store *store)
{
	if (!of(store)->is_dead)
		store_rollback(of(store)->disk);
}

static bool savepoint(Store *store, Err *err)
{
	return store_savepoint(of(store)->disk, err);
}

static bool savepoint_release(Store *store, Err *err)
{
	return store_savepoint_release(of(store)->disk, err);
}

static void savepoint_rollback(Store *store)
{
	store_savepoint_rollback(of(store)->disk);
}

static bool checkpoint(Store *store, Err *err)
{
	return of(store)->is_dead || store_checkpoint(of(store)->disk, err);
}

static int64_t log_bytes(const Store *store)
{
	(void)store;
	return 0;
}

void crashing_store_init(CrashingStore *store, Store *disk)
{
	static const StoreDriver driver = {
		.scheme = "crashing",
		.close = close_nothing,
		.begin = begin,
		.commit = commit,
		.rollback = rollback,
		.savepoint = savepoint,
		.savepoint_release = savepoint_release,
		.savepoint_rollback = savepoint_rollback,
		.checkpoint = checkpoint,
		.log_bytes = log_bytes,
	};
	*store = (CrashingStore){ .disk = disk };
	store->base = (Store){
		.driver = &driver, .ledger = store_ledger(disk), .desk = store_desk(disk)
	};
}
