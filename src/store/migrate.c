#include "base/base.h"

#include "store/migrate.h"

void migration_checksum(const Migration *migration, unsigned char out[HASH_BYTES])
{
	plain_hash(out, str_from(migration->sql));
}

bool migrate_check(const Migration *known, size_t known_count, const AppliedMigration *applied,
	size_t applied_count, Err *err)
{
	for (size_t i = 0; i < applied_count; i++) {
		if (applied[i].number != (int64_t)i + 1)
			return ERR(err, ERR_FATAL,
				"migration %zu is missing in the database; restore a backup",
				i + 1);
		if (i >= known_count)
			return ERR(err, ERR_CONFLICT,
				"the database is from a newer version (schema "
				"%zu, this program knows %zu); use that version",
				applied_count, known_count);
		unsigned char checksum[HASH_BYTES];
		migration_checksum(&known[i], checksum);
		if (memcmp(checksum, applied[i].checksum, HASH_BYTES) != 0)
			return ERR(err, ERR_FATAL,
				"migration %zu (%s) was applied in another "
				"form; this is not a released version's database",
				i + 1, known[i].name);
	}
	return true;
}
