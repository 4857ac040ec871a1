#include "base/base.h"

#include "base/rng.h"
#include "sync/run.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "memfile.h"

typedef struct Item {
	uint64_t key;
	uint64_t serial;
	char rest[24];
} Item;

static int item_cmp(const void *a, const void *b)
{
	const Item *left = a, *right = b;
	if (left->key != right->key)
		return left->key < right->key ? -1 : 1;
	return (left->serial > right->serial) - (left->serial < right->serial);
}

static RunSorter *open_sorter(MemFile *file, size_t memory_bytes)
{
	memfile_init(file);
	return run_sorter_open(&(RunSorterOptions){ .record_bytes = sizeof(Item),
		.compare = item_cmp,
		.memory_bytes = memory_bytes,
		.file = &file->base });
}

/* Adds count random items and checks that they come out in order and complete. */
static size_t sort_and_check(size_t count, size_t memory_bytes, uint64_t bound)
{
	SeededRng rng;
	rng_seed(&rng, count + memory_bytes);
	CLEANUP(memfile_fini) MemFile file;
	CLEANUP(run_sorter_close) RunSorter *sorter = open_sorter(&file, memory_bytes);
	uint64_t sum = 0;
	for (size_t i = 0; i < count; i++) {
		Item item = { .key = rng_below(&rng.base, bound), .serial = i };
		sum += item.key * (i + 1);
		assert_true(run_sorter_add(sorter, &item, NULL));
	}
	assert_true(run_sorter_finish(sorter, NULL));
	assert_int_equal(run_sorter_count(sorter), count);
	Item last = { 0 }, item;
	bool is_end = false;
	size_t seen = 0;
	while (run_sorter_next(sorter, &item, &is_end, NULL) && !is_end) {
		if (seen++ > 0)
			assert_true(item_cmp(&last, &item) < 0);
		sum -= item.key * (item.serial + 1);
		last = item;
	}
	assert_true(is_end);
	assert_int_equal(seen, count);
	assert_int_equal(sum, 0);
	assert_true(run_sorter_next(sorter, &item, &is_end, NULL) && is_end);
	return run_sorter_runs(sorter);
}

static void records_that_fit_never_touch_the_file(void **state)
{
	(void)state;
	assert_int_equal(sort_and_check(0, 64 * 1024, 100), 0);
	assert_int_equal(sort_and_check(1, 64 * 1024, 100), 0);
	assert_int_equal(sort_and_check(64 * 1024 / 2 / sizeof(Item), 64 * 1024, 1000), 0);
}

static void records_that_do_not_fit_come_out_sorted_from_runs(void **state)
{
	(void)state;
	size_t per_run = RUN_MEMORY_BYTES_MIN / 2 / sizeof(Item);
	assert_int_equal(sort_and_check(per_run + 1, RUN_MEMORY_BYTES_MIN, 10), 2);
	assert_int_equal(sort_and_check(2 * per_run, RUN_MEMORY_BYTES_MIN, 1 << 20), 2);
	assert_int_equal(sort_and_check(10 * per_run + 7, RUN_MEMORY_BYTES_MIN, 3), 11);
	assert_int_equal(sort_and_check(400 * per_run, RUN_MEMORY_BYTES_MIN, UINT64_MAX), 400);
}

static void number_of_runs_is_bounded(void **state)
{
	(void)state;
	CLEANUP(memfile_fini) MemFile file;
	CLEANUP(run_sorter_close) RunSorter *sorter = open_sorter(&file, RUN_MEMORY_BYTES_MIN);
	size_t per_run = RUN_MEMORY_BYTES_MIN / 2 / sizeof(Item);
	Item item = { 0 };
	for (size_t i = 0; i < RUN_RUNS_MAX * per_run; i++) {
		item.serial = i;
		assert_true(run_sorter_add(sorter, &item, NULL));
	}
	Err err = { 0 };
	for (size_t i = 0; i < per_run; i++) {
		item.serial = RUN_RUNS_MAX * per_run + i;
		assert_true(run_sorter_add(sorter, &item, NULL));
	}
	assert_false(run_sorter_add(sorter, &item, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
}

static void disk_faults_are_reported_wherever_they_happen(void **state)
{
	(void)state;
	size_t per_run = RUN_MEMORY_BYTES_MIN / 2 / sizeof(Item);
	for (size_t fail_at = 1; fail_at <= 8; fail_at++) {
		CLEANUP(memfile_fini) MemFile file;
		CLEANUP(run_sorter_close)
		RunSorter *sorter = open_sorter(&file, RUN_MEMORY_BYTES_MIN);
		file.fail_append_at = fail_at <= 4 ? fail_at : 0;
		file.fail_read_at = fail_at > 4 ? 2 * (fail_at - 4) : 0;
		bool good = true, is_end = false;
		Err err = { 0 };
		Item item = { 0 };
		for (size_t i = 0; good && i < 3 * per_run + 5; i++) {
			item.key = (i * 7919) % 1000;
			good = run_sorter_add(sorter, &item, &err);
		}
		good = good && run_sorter_finish(sorter, &err);
		while (good && !is_end)
			good = run_sorter_next(sorter, &item, &is_end, &err);
		assert_false(good);
		assert_int_equal(err.kind, ERR_FATAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_that_fit_never_touch_the_file),
		cmocka_unit_test(records_that_do_not_fit_come_out_sorted_from_runs),
		cmocka_unit_test(number_of_runs_is_bounded),
		cmocka_unit_test(disk_faults_are_reported_wherever_they_happen),
	};
	return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
