/* A house on a disk with trouble: what recipients and programs are told, by the real handlers and
 * the real writer. 503 with Retry-After as long as nothing can be kept, 2xx again when it can, and
 * all that was answered with 2xx survives a power cut. */
#include "base/base.h"

#include "../lib/faultvfs.h"
#include "../unit/web/house.h"
#include "folder.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/metric.h"

#include <errno.h>

enum { CUTS = 5 };

typedef struct Intake {
	FaultVfs *disk;
	House *house;
	char root[FOLDER_BYTES];
	int asked; /* each from another client: none types too much */
	int kept;  /* clicks that were answered with 200: k0@, k1@ ... */
} Intake;

static int up(void **state)
{
	Intake *intake = xcalloc(1, sizeof *intake);
	intake->disk = faultvfs_open(1);
	folder_temporary(intake->root);
	house_setup(state);
	intake->house = *state;
	*state = intake;
	return 0;
}

static int down(void **state)
{
	Intake *intake = *state;
	void *house = intake->house;
	faultvfs_mend(intake->disk);
	house_teardown(&house);
	faultvfs_close(&intake->disk);
	folder_remove(intake->root);
	free(intake);
	return 0;
}

/* ---------------------------------------------------------------- requests */

static const char *address_of(const Intake *intake, int number)
{
	return house_printf(intake->house, "k%d@example.com", number);
}

static Answer post(
	Intake *intake, int listener, const char *path, const char *type, const char *body)
{
	return house_ask(intake->house,
		&(Ask){ .method = "POST",
			.path = path,
			.listener = listener,
			.type = type,
			.body = body,
			.client = house_printf(
				intake->house, "198.51.%d.7", intake->asked++ % 256) });
}

static Answer click(Intake *intake, const char *address)
{
	return post(intake, LISTENER_RECIPIENTS, house_link(intake->house, address),
		"application/x-www-form-urlencoded", "List-Unsubscribe=One-Click");
}

static void is_kept(Intake *intake)
{
	assert_int_equal(click(intake, address_of(intake, intake->kept)).status, 200);
	intake->kept++;
}

static void is_put_off(Answer answer)
{
	assert_int_equal(answer.status, 503);
	int64_t after_s;
	assert_true(
		str_to_i64(http_reply_get(&answer.reply, STR("Retry-After")), 1, 3600, &after_s));
}

static void all_ways_in_are_put_off(Intake *intake)
{
	const char *address = address_of(intake, intake->kept);
	Footprint before = house_footprint(intake->house);
	is_put_off(click(intake, address));
	is_put_off(post(intake, LISTENER_RECIPIENTS, house_link(intake->house, address),
		"application/x-www-form-urlencoded", ""));
	is_put_off(post(intake, LISTENER_RECIPIENTS, "/u", "application/x-www-form-urlencoded",
		house_printf(intake->house, "address=k%d%%40example.com", intake->kept)));
	is_put_off(post(intake, LISTENER_LOCAL, "/api/v1/unsubscribes", "application/json",
		house_printf(intake->house, "{\"address\":\"%s\"}", address)));
	Footprint after = house_footprint(intake->house);
	assert_memory_equal(&before, &after, sizeof before);
}

static bool write_nothing(void *ctx, Store *store, Err *err)
{
	LedgerCounts *counts = ctx;
	return ledger_counts(store_ledger(store), counts, err);
}

/* What is only read goes on. */
static void pages_are_shown(const Intake *intake)
{
	LedgerCounts counts;
	Err err;
	assert_true(writer_call(intake->house->writer, write_nothing, &counts, &err));
	Answer page = house_ask(intake->house,
		&(Ask){ .method = "GET",
			.path = house_link(intake->house, "ann@example.com"),
			.listener = LISTENER_RECIPIENTS });
	assert_int_equal(page.status, 200);
	(void)house_get(intake->house, 200, "/healthz");
	(void)house_get(intake->house, 200, "/api/v1/people");
}

/* ------------------------------------------------------------------ checks */

static void assert_kept(const Intake *intake, Store *store)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(16 * 1024 * 1024);
	for (int i = 0; i < intake->kept; i++) {
		Address address;
		Person person;
		Err err;
		assert_true(address_parse(str_from(address_of(intake, i)), &address, &err));
		AddressHash hash = address_hash(&intake->house->keyring.hash, &address);
		if (!ledger_person_by_hash(store_ledger(store), &hash, &arena, &person, &err))
			fail_msg("k%d was answered with 200: %s", i, err.text);
		assert_true(person.unsubscribed_at_ms > 0);
	}
	for (unsigned i = 0; i < ADDRESS_PARTITIONS; i++) {
		Err err;
		if (!ledger_chain_verify(store_ledger(store), i, &err))
			fail_msg("%s", err.text);
	}
}

static void all_that_was_kept_survives_a_power_cut(const Intake *intake)
{
	assert_kept(intake, intake->house->eyes);
	for (uint64_t luck = 0; luck < CUTS; luck++) {
		char cut[FOLDER_BYTES];
		Err err;
		Store *store = NULL;
		const StoreOptions options = { .keyring = &intake->house->keyring };
		folder_fresh(cut, intake->root, "cut");
		faultvfs_cut(intake->disk, faultvfs_ops(intake->disk) + 1, luck, intake->house->dir,
			cut);
		if (!store_open(arena_printf(&intake->house->arena, "sqlite:%s/optout.db", cut),
			    &options, &store, &err))
			fail_msg("%s", err.text);
		assert_kept(intake, store);
		store_close(&store);
	}
}

/* --------------------------------------------------------------- troubles */

/* The log's part of the disk: a failed sync of the database ends the process (errors.c). */
static const struct Trouble {
	DiskTrouble disk;
	const char *words; /* what /readyz says to do */
} troubles[] = {
	{ { .fault = DISK_FULL }, "make room on the disk" },
	{ { .fault = DISK_READ_ONLY }, "mount the disk for writing" },
	{ { .fault = DISK_SHORT, .kinds = DISK_WRITE, .suffix = "-wal", .count = DISK_FOR_EVER },
		"make room on the disk" },
	{ { .fault = DISK_FAILS, .kinds = DISK_WRITE, .suffix = "-wal", .count = DISK_FOR_EVER },
		"the disk fails" },
	{ { .fault = DISK_FAILS, .kinds = DISK_SYNC, .suffix = "-wal", .count = DISK_FOR_EVER },
		"the disk fails" },
};

static void clicks_are_put_off_while_the_disk_cannot_keep_them(void **state)
{
	Intake *intake = *state;
	House *house = intake->house;
	int64_t failures = metric_value(M_COMMITS_FAILED);
	for (size_t i = 0; i < 2 * ARRAY_LEN(troubles); i++) {
		const struct Trouble *trouble = &troubles[i % ARRAY_LEN(troubles)];
		is_kept(intake);
		assert_str(house_get(house, 200, "/readyz"), "ready\n");
		faultvfs_trouble(intake->disk, &trouble->disk);
		all_ways_in_are_put_off(intake);
		assert_has(house_get(house, 503, "/readyz"), trouble->words);
		pages_are_shown(intake);
		assert_has(house_get(house, 503, "/readyz"), trouble->words);
		all_ways_in_are_put_off(intake);
		faultvfs_mend(intake->disk);
		if (i < ARRAY_LEN(troubles)) /* who notices first that it is well */
			assert_str(house_get(house, 200, "/readyz"), "ready\n");
		is_kept(intake); /* the one that was put off */
		assert_str(house_get(house, 200, "/readyz"), "ready\n");
	}
	assert_true(metric_value(M_COMMITS_FAILED) >= failures + 10);
	all_that_was_kept_survives_a_power_cut(intake);
}

/* Trouble that comes and goes within the same second, at every write of a click. */
static void a_click_is_kept_or_put_off_whatever_fails_under_it(void **state)
{
	Intake *intake = *state;
	int put_off = 0;
	for (size_t i = 1; i < ARRAY_LEN(troubles); i++) {
		DiskTrouble trouble = troubles[i].disk;
		if (trouble.fault == DISK_READ_ONLY)
			continue;
		trouble.count = 1;
		for (trouble.skip = 0; trouble.skip < 40; trouble.skip++) {
			faultvfs_trouble(intake->disk, &trouble);
			Answer answer = click(intake, address_of(intake, intake->kept));
			faultvfs_mend(intake->disk);
			if (answer.status == 200) {
				intake->kept++;
				break; /* the trouble would have come later */
			}
			is_put_off(answer);
			put_off++;
			is_kept(intake);
		}
	}
	assert_true(put_off > 10);
	all_that_was_kept_survives_a_power_cut(intake);
}

#define INTAKE_CASE(function_) cmocka_unit_test_setup_teardown(function_, up, down)

int main(void)
{
	log_init(&(LogOptions){ .level = LOG_ERROR });
	const struct CMUnitTest tests[] = {
		INTAKE_CASE(clicks_are_put_off_while_the_disk_cannot_keep_them),
		INTAKE_CASE(a_click_is_kept_or_put_off_whatever_fails_under_it),
	};
	return cmocka_run_group_tests_name("intake", tests, NULL, NULL);
}
