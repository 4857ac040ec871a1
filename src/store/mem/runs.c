#include "base/base.h"

#include "store/mem/mem.h"

bool mem_op_run_put(Ledger *ledger, Run *run, Err *err)
{
	Mem *mem = mem_for_write(ledger);
	if (!rules_check_run(run, err) || !mem_org_check(mem, run->org, err))
		return false;
	for (size_t i = 0; run->kind == RUN_NIGHT && i < mem->now.runs.count; i++) {
		const Run *other = mem_at(&mem->now.runs, i);
		if (other->kind == RUN_NIGHT && other->org == run->org
			&& other->local_date == run->local_date && other->run_id != run->run_id)
			return ERR(err, ERR_CONFLICT, "run %lld is the night of %d already",
				(long long)other->run_id, (int)run->local_date);
	}
	if (!run->run_id) {
		run->run_id = (int64_t)mem->now.runs.count + 1;
		mem_add(&mem->now.runs, run);
		return true;
	}
	Run *known = mem_by_id(&mem->now.runs, run->run_id);
	if (!known)
		return ERR(err, ERR_MISSING, "there is no run %lld", (long long)run->run_id);
	*known = *run;
	return true;
}

bool mem_op_run_get(Ledger *ledger, int64_t run_id, Run *out, Err *err)
{
	const Run *run = mem_by_id(&mem_of(ledger)->now.runs, run_id);
	if (!run)
		return ERR(err, ERR_MISSING, "there is no run %lld", (long long)run_id);
	*out = *run;
	return true;
}

bool mem_op_run_list(Ledger *ledger, int64_t org, int64_t before_id, Run *rows, size_t max,
	size_t *out_count, Err *err)
{
	(void)err;
	Mem *mem = mem_of(ledger);
	size_t count = 0;
	int64_t newest = (int64_t)mem->now.runs.count;
	for (int64_t id = before_id ? MIN_OF(before_id - 1, newest) : newest; id > 0 && count < max;
		id--) {
		const Run *run = mem_by_id(&mem->now.runs, id);
		if (org == 0 || run->org == org)
			rows[count++] = *run;
	}
	*out_count = count;
	return true;
}

static MemLease *find_lease(const Mem *mem, Str name)
{
	for (size_t i = 0; i < mem->now.leases.count; i++) {
		MemLease *lease = mem_at(&mem->now.leases, i);
		if (str_eq(lease->name, name))
			return lease;
	}
	return NULL;
}

bool mem_op_lease_take(Ledger *ledger, Str name, Str owner, int64_t now_ms, int64_t until_ms,
	bool *out_taken, Err *err)
{
	Mem *mem = mem_for_write(ledger);
	if (!rules_check_lease(name, owner, err))
		return false;
	MemLease *lease = find_lease(mem, name);
	*out_taken = !lease || lease->until_ms <= now_ms || str_eq(lease->owner, owner);
	if (!*out_taken)
		return true;
	if (!lease) {
		const MemLease fresh = { .name = mem_str(mem, name) };
		lease = mem_insert(&mem->now.leases, mem->now.leases.count, &fresh);
	}
	lease->owner = mem_str(mem, owner);
	lease->until_ms = until_ms;
	return true;
}

bool mem_op_lease_release(Ledger *ledger, Str name, Str owner, Err *err)
{
	(void)err;
	MemLease *lease = find_lease(mem_for_write(ledger), name);
	if (lease && str_eq(lease->owner, owner))
		*lease = (MemLease){ .name = lease->name, .until_ms = INT64_MIN };
	return true;
}
