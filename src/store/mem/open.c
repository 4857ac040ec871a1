#include "base/base.h"

#include "store/mem/mem.h"

#include "base/alloc.h"

/* Texts of one simulated world; worlds are small and short. */
enum { POOL_BYTES_MAX = 1024 * 1024 * 1024 };

Mem *mem_of(Ledger *ledger)
{
	return CONTAINER_OF(ledger, Mem, ledger);
}

Mem *mem_for_write(Ledger *ledger)
{
	Mem *mem = mem_of(ledger);
	assert(mem->point_count > 0);
	return mem;
}

Str mem_str(Mem *mem, Str text)
{
	return text.len ? arena_str(&mem->pool, text) : STR("");
}

/* ----------------------------------------------------------------- states */

/* The tables of a state, for what is done to all of them. */
enum { TABLES = 12 };

static void tables_of(MemState *state, MemTable *out[TABLES])
{
	MemTable *const tables[TABLES] = { &state->orgs, &state->people, &state->hashes,
		&state->records, &state->links, &state->events, &state->outbox, &state->runs,
		&state->leases, &state->settings, &state->connections, &state->tokens };
	memcpy(out, tables, sizeof tables);
}

static void state_init(MemState *state)
{
	static const size_t item_bytes[TABLES] = { sizeof(SfId), sizeof(MemPerson), sizeof(MemHash),
		sizeof(MemRecord), sizeof(MemLink), sizeof(MemEvent), sizeof(MemOutbox),
		sizeof(Run), sizeof(MemLease), sizeof(Setting), sizeof(OrgConnection),
		sizeof(MemToken) };
	MemTable *tables[TABLES];
	*state = (MemState){ 0 };
	tables_of(state, tables);
	for (size_t i = 0; i < TABLES; i++)
		mem_table_init(tables[i], item_bytes[i]);
	for (unsigned i = 0; i < ADDRESS_PARTITIONS; i++)
		state->chains[i].partition = i;
}

static void state_fini(MemState *state)
{
	MemTable *tables[TABLES];
	tables_of(state, tables);
	for (size_t i = 0; i < TABLES; i++)
		mem_table_fini(tables[i]);
}

static void state_copy(MemState *out, MemState *from)
{
	MemTable *to_tables[TABLES], *from_tables[TABLES];
	tables_of(out, to_tables);
	tables_of(from, from_tables);
	for (size_t i = 0; i < TABLES; i++)
		mem_table_copy(to_tables[i], from_tables[i]);
	memcpy(out->chains, from->chains, sizeof out->chains);
}

/* ----------------------------------------------------------------- driver */

static Mem *mem_of_store(Store *store)
{
	return CONTAINER_OF(store, Mem, store);
}

static void mem_close(Store *store)
{
	Mem *mem = mem_of_store(store);
	for (size_t i = 0; i < MEM_POINTS_MAX; i++)
		state_fini(&mem->points[i]);
	state_fini(&mem->now);
	vault_fini(&mem->vault);
	arena_fini(&mem->pool);
	free(mem);
}

static bool mem_open(Str path, const StoreOptions *options, Store **out, Err *err)
{
	if (path.len)
		return ERR(err, ERR_INPUT, "mem: takes no path; every store in memory is its own");
	if (options->read_only)
		return ERR(err, ERR_INPUT, "mem: a store in memory has one handle, which writes");
	Mem *mem = xcalloc(1, sizeof *mem);
	mem->store = (Store){ .driver = &store_mem, .ledger = &mem->ledger, .desk = &mem->desk };
	mem->ledger.ops = &mem_ledger_ops;
	mem->desk.ops = &mem_desk_ops;
	arena_init(&mem->pool, POOL_BYTES_MAX);
	state_init(&mem->now);
	for (size_t i = 0; i < MEM_POINTS_MAX; i++)
		state_init(&mem->points[i]);
	if (!vault_init(&mem->vault, options->keyring, options->rng, err)) {
		mem_close(&mem->store);
		return false;
	}
	*out = &mem->store;
	return true;
}

static void point_set(Mem *mem)
{
	assert(mem->point_count < MEM_POINTS_MAX);
	state_copy(&mem->points[mem->point_count++], &mem->now);
}

static void point_drop(Mem *mem)
{
	assert(mem->point_count > 0);
	mem->point_count--;
}

static void point_return(Mem *mem)
{
	assert(mem->point_count > 0);
	state_copy(&mem->now, &mem->points[--mem->point_count]);
}

static bool mem_begin(Store *store, Err *err)
{
	(void)err;
	assert(mem_of_store(store)->point_count == 0);
	point_set(mem_of_store(store));
	return true;
}

static bool mem_commit(Store *store, Err *err)
{
	(void)err;
	Mem *mem = mem_of_store(store);
	assert(mem->point_count > 0);
	while (mem->point_count)
		point_drop(mem);
	return true;
}

static void mem_rollback(Store *store)
{
	Mem *mem = mem_of_store(store);
	while (mem->point_count)
		point_return(mem);
}

static bool mem_savepoint(Store *store, Err *err)
{
	(void)err;
	assert(mem_of_store(store)->point_count > 0);
	point_set(mem_of_store(store));
	return true;
}

static bool mem_savepoint_release(Store *store, Err *err)
{
	(void)err;
	assert(mem_of_store(store)->point_count > 1);
	point_drop(mem_of_store(store));
	return true;
}

static void mem_savepoint_rollback(Store *store)
{
	assert(mem_of_store(store)->point_count > 1);
	point_return(mem_of_store(store));
}

static bool mem_checkpoint(Store *store, Err *err)
{
	(void)store;
	(void)err;
	return true;
}

static int64_t mem_log_bytes(const Store *store)
{
	(void)store;
	return 0;
}

const StoreDriver store_mem = {
	.scheme = "mem",
	.open = mem_open,
	.close = mem_close,
	.begin = mem_begin,
	.commit = mem_commit,
	.rollback = mem_rollback,
	.savepoint = mem_savepoint,
	.savepoint_release = mem_savepoint_release,
	.savepoint_rollback = mem_savepoint_rollback,
	.checkpoint = mem_checkpoint,
	.log_bytes = mem_log_bytes,
};
