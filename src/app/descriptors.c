#include "base/base.h"

#include "app/descriptors.h"

#include "base/log.h"

#include <sys/resource.h>

enum {
	/* Database files of up to 33 threads (three each), calls to Salesforce, sorting at night,
	   the log: with room. */
	RESERVE = 256,
	CONNECTIONS_MIN = 8, /* as connections_max in config_table.c */
};

/* What there is after trying to have `need`. */
static size_t raise_to(size_t need)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return need; /* does not fail; if it did, descriptors would run out one by one */
	if (limit.rlim_cur < need) {
		limit.rlim_cur = MIN_OF(limit.rlim_max, (rlim_t)need);
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			(void)getrlimit(RLIMIT_NOFILE, &limit);
	}
	return (size_t)MIN_OF(limit.rlim_cur, (rlim_t)need);
}

bool descriptors_ensure(size_t listeners, size_t *connections_max, Err *err)
{
	size_t need = RESERVE + listeners * *connections_max;
	size_t have = raise_to(need);
	if (have >= need)
		return true;
	size_t fit = have > RESERVE ? (have - RESERVE) / listeners : 0;
	if (fit < CONNECTIONS_MIN)
		return ERR(err, ERR_LIMIT,
			"%zu file descriptors are too few: allow at least %zu (LimitNOFILE, or "
			"ulimit -n), better %zu",
			have, RESERVE + listeners * CONNECTIONS_MIN, need);
	log_event(LOG_WARN, "daemon.descriptors.few", LOG_INT("descriptors", have),
		LOG_INT("wanted", need), LOG_INT("connections_max", fit));
	*connections_max = fit;
	return true;
}
