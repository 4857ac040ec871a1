/* migrate.h: numbered steps that bring a database to the present schema: forward only, each known
 * by the checksum of its text. Private to store/; pure: a driver reads what was applied, asks here,
 * and runs what is missing, each step and its note in one transaction, so that an interrupted one
 * is whole or not there. */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "base/base.h"
#include "base/err.h"
#include "base/secret.h"

typedef struct Migration {
	const char *name;
	const char *sql;
} Migration; /* its number is its place in the list, from 1 */

typedef struct AppliedMigration {
	int64_t number;
	unsigned char checksum[HASH_BYTES];
} AppliedMigration;

enum { MIGRATIONS_MAX = 1000 }; /* a release brings a few */

void migration_checksum(const Migration *migration, unsigned char out[HASH_BYTES]);

/* Whether the applied ones are the first of the known ones. ERR_CONFLICT when the database is from
 * a newer version; ERR_FATAL when an applied one differs from ours or is missing in between. */
WARN_UNUSED bool migrate_check(const Migration *known, size_t known_count,
	const AppliedMigration *applied, size_t applied_count, Err *err);

#endif
