/* audit.c: reads a database from end to end as an auditor would, beside the daemon or after it.
 *
 *     audit DATABASE KEYFILE
 *
 * Verifies every proof chain, opens every history entry with its person's key, and prints a line a
 * person, tabs between:
 *     ADDRESS  yes|no (unsubscribed)  UNSUBSCRIBED-ENTRIES  REPEATS  TICKED-ENTRIES
 * REPEATS are the stop wishes that were counted on those entries. Ends with 1 and a sentence when
 * something does not fit. */
#include "base/base.h"

#include "base/alloc.h"
#include "base/file.h"
#include "store/store.h"

enum {
	KEY_FILE_BYTES_MAX = 16 * 1024,
	ARENA_BYTES_MAX = 16 * 1024 * 1024,
	PEOPLE_AT_ONCE = 500,
	ENTRIES_AT_ONCE = 100,
};

typedef struct Tally {
	int64_t stops, repeats, ticks;
} Tally;

static bool count_history(Ledger *ledger, const Person *person, Tally *out, Err *err)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(ARENA_BYTES_MAX);
	HistoryEntry entries[ENTRIES_AT_ONCE];
	int64_t before_id = 0;
	for (size_t count = ENTRIES_AT_ONCE; count == ENTRIES_AT_ONCE;) {
		arena_reset(&arena);
		if (!ledger_history(ledger, person->person_id, before_id, &arena, entries,
			    ENTRIES_AT_ONCE, &count, err))
			return false;
		for (size_t i = 0; i < count; i++) {
			out->ticks += entries[i].kind == EVENT_TICKED;
			if (entries[i].kind != EVENT_UNSUBSCRIBED)
				continue;
			out->stops++;
			out->repeats += entries[i].repeat_count;
		}
		before_id = count > 0 ? entries[count - 1].event_id : 0;
	}
	return true;
}

static bool audit_people(Ledger *ledger, Err *err)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(ARENA_BYTES_MAX);
	CLEANUP(free_ptr) Person *people = xcalloc(PEOPLE_AT_ONCE, sizeof *people);
	int64_t after_id = 0;
	for (size_t count = PEOPLE_AT_ONCE; count == PEOPLE_AT_ONCE;) {
		arena_reset(&arena);
		if (!ledger_person_list(ledger, PERSONS_ALL, after_id, &arena, people,
			    PEOPLE_AT_ONCE, &count, err))
			return false;
		for (size_t i = 0; i < count; i++) {
			Tally tally = { 0 };
			if (!count_history(ledger, &people[i], &tally, err))
				return err_wrap(err, "person %lld", (long long)people[i].person_id);
			printf("%.*s\t%s\t%lld\t%lld\t%lld\n", STR_ARG(people[i].address),
				people[i].unsubscribed_at_ms ? "yes" : "no", (long long)tally.stops,
				(long long)tally.repeats, (long long)tally.ticks);
			after_id = people[i].person_id;
		}
	}
	return true;
}

static bool audit_chains(Ledger *ledger, Err *err)
{
	for (unsigned partition = 0; partition < ADDRESS_PARTITIONS; partition++)
		if (!ledger_chain_verify(ledger, partition, err))
			return false;
	return true;
}

static bool audit(const char *database, const char *key_file, Err *err)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(KEY_FILE_BYTES_MAX);
	CLEANUP(buf_fini) Buf url = BUF_MAX(KEY_FILE_BYTES_MAX);
	CLEANUP(keyring_fini) Keyring keyring = { 0 };
	CLEANUP(store_close) Store *store = NULL;
	const StoreOptions options = { .read_only = true, .keyring = &keyring };
	buf_printf(&url, "sqlite:%s", database);
	return secret_library_init(err) && file_read(key_file, &text, err)
		&& keyring_parse(buf_str(&text), &keyring, err)
		&& store_open(buf_str(&url), &options, &store, err)
		&& audit_chains(store_ledger(store), err) && audit_people(store_ledger(store), err);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fputs("usage: audit DATABASE KEYFILE\n", stderr);
		return 2;
	}
	Err err = { 0 };
	bool ok = audit(argv[1], argv[2], &err);
	if (!ok)
		fprintf(stderr, "audit: %s\n", err.text);
	return fflush(stdout) == 0 && ok ? 0 : 1;
}
