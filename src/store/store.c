#include "base/base.h"

#include "store/store.h"

#include "store/driver.h"

/* The only list of drivers. */
static const StoreDriver *const drivers[] = {
	&store_sqlite,
	&store_mem,
};

/* Cuts "sqlite:PATH" into driver and path. */
static const StoreDriver *find_driver(Str url, Str *out_path, Err *err)
{
	ptrdiff_t colon = str_find_char(url, ':', 0);
	Str scheme = str_sub(url, 0, colon < 0 ? 0 : (size_t)colon);
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
		if (str_eq(scheme, str_from(drivers[i]->scheme))) {
			*out_path = str_from_pos(url, (size_t)colon + 1);
			return drivers[i];
		}
	}
	ERR(err, ERR_INPUT, "store \"%.*s\" is not of the form sqlite:PATH or mem:", STR_ARG(url));
	return NULL;
}

bool store_open(Str url, const StoreOptions *options, Store **out, Err *err)
{
	assert(options->keyring);
	Str path;
	const StoreDriver *driver = find_driver(url, &path, err);
	if (!driver)
		return false;
	StoreOptions filled = *options;
	if (!filled.rng)
		filled.rng = rng_system();
	return driver->open(path, &filled, out, err);
}

void store_close(Store **store)
{
	if (*store)
		(*store)->driver->close(*store);
	*store = NULL;
}

Ledger *store_ledger(Store *store)
{
	return store->ledger;
}

Desk *store_desk(Store *store)
{
	return store->desk;
}

bool store_begin(Store *store, Err *err)
{
	return store->driver->begin(store, err);
}

bool store_commit(Store *store, Err *err)
{
	return store->driver->commit(store, err);
}

void store_rollback(Store *store)
{
	store->driver->rollback(store);
}

bool store_savepoint(Store *store, Err *err)
{
	return store->driver->savepoint(store, err);
}

bool store_savepoint_release(Store *store, Err *err)
{
	return store->driver->savepoint_release(store, err);
}

void store_savepoint_rollback(Store *store)
{
	store->driver->savepoint_rollback(store);
}

bool store_checkpoint(Store *store, Err *err)
{
	return store->driver->checkpoint(store, err);
}

int64_t store_log_bytes(const Store *store)
{
	return store->driver->log_bytes(store);
}
