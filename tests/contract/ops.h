/* ops.h: random operations on a ledger from a seed. The same seed makes the same operations on
 * every driver, because they are chosen by what happened before, which must be the same too. */
#ifndef TESTS_CONTRACT_OPS_H
#define TESTS_CONTRACT_OPS_H

#include "../lib/world.h"
#include "base/buf.h"

/* One operation, in a transaction of its own; now and then it is rolled back. What it answered goes
 * to `trace`. */
void ops_step(World *world, Rng *rng, Buf *trace);
/* Everything that can be asked of the ledger, as text. */
void ops_dump(World *world, Buf *out);

#endif
