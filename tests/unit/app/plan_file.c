/* Plans on disk: an unfinished one is never taken for one, a kept one reads back row by row. */
#include "base/base.h"

#include "app/plan_file.h"
#include "app/temp_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static Config *world(void)
{
	static Config config; /* one test program, one thread */
	return &config;
}

static int setup(void **state)
{
	(void)state;
	char folder[] = "/tmp/optout-plan-XXXXXX";
	if (!mkdtemp(folder))
		return -1;
	snprintf(world()->state_dir, sizeof world()->state_dir, "%s", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	static const char *const inside[] = { "/runs/7.plan", "/runs/8.plan", "/runs", "/spool",
		"" };
	for (size_t i = 0; i < ARRAY_LEN(inside); i++) {
		char path[sizeof(Config) + 64];
		snprintf(path, sizeof path, "%s%s", world()->state_dir, inside[i]);
		remove(path);
	}
	return 0;
}

static PlanRow tick_row(void)
{
	PlanRow row = {
		.kind = PLAN_TICK,
		.reason = PLAN_UNSUBSCRIBED_PERSON,
		.person_id = 41,
		.object = SF_CONTACT,
		.fields = FIELD_STANDARD,
		.cause_person = 41,
		.read_at_ms = 1000,
	};
	assert_true(sfid_parse(STR("003q000000KvQ1tAAF"), &row.sfid, NULL));
	return row;
}

static void write_plan(int64_t run_id, bool keep)
{
	PlanHeader header = { .run_id = run_id, .mode = SYNC_STANDARD, .read_at_ms = 1000 };
	assert_true(sfid_parse(STR("00D58000000arpqEAA"), &header.org_id, NULL));
	PlanFile file;
	PlanWriter *writer = NULL;
	PlanCounts counts;
	Err err = { 0 };
	assert_true(plan_file_create(world(), run_id, &file, &err));
	assert_true(plan_writer_open(&file.sink, &header, &writer, &err));
	PlanRow row = tick_row();
	for (int i = 0; i < 3; i++)
		assert_true(plan_write(writer, &row, &err));
	assert_true(plan_writer_finish(writer, &counts, &err));
	plan_writer_close(&writer);
	if (keep)
		assert_true(plan_file_keep(&file, &err));
	plan_file_close(&file);
}

static void a_kept_plan_reads_back(void **state)
{
	(void)state;
	write_plan(7, true);
	PlanFile file;
	PlanHeader header;
	PlanCounts counts;
	Err err = { 0 };
	assert_true(plan_file_open(world(), 7, &file, &err));
	assert_true(plan_check(&file.source, &header, &counts, &err));
	plan_file_close(&file);
	assert_int_equal(header.run_id, 7);
	assert_int_equal(plan_there(&counts), 3);
	assert_int_equal(plan_here(&counts), 0);
}

static void an_unfinished_plan_leaves_nothing(void **state)
{
	(void)state;
	write_plan(8, false);
	PlanFile file;
	Err err = { 0 };
	assert_false(plan_file_open(world(), 8, &file, &err));
	assert_int_equal(err.kind, ERR_MISSING);
	char part[sizeof(Config) + 64];
	snprintf(part, sizeof part, "%s/runs/8.plan.part", world()->state_dir);
	assert_int_not_equal(access(part, F_OK), 0);
}

static void rows_are_shown_up_to_the_limit(void **state)
{
	(void)state;
	write_plan(7, true);
	CLEANUP(buf_fini) Buf rows = BUF_MAX(64 * 1024);
	Err err = { 0 };
	assert_true(plan_show(world(), 7, 2, &rows, &err));
	assert_string_equal(buf_z(&rows),
		"{\"does\":\"tick\",\"because\":\"unsubscribed-person\",\"person_id\":41,"
		"\"object\":\"Contact\",\"record_id\":\"003q000000KvQ1tAAF\","
		"\"email_opt_out\":true,\"sales_opt_out\":false,\"cause_person_id\":41},"
		"{\"does\":\"tick\",\"because\":\"unsubscribed-person\",\"person_id\":41,"
		"\"object\":\"Contact\",\"record_id\":\"003q000000KvQ1tAAF\","
		"\"email_opt_out\":true,\"sales_opt_out\":false,\"cause_person_id\":41}");
}

static void a_temporary_file_keeps_what_was_appended(void **state)
{
	(void)state;
	TempFile file;
	Err err = { 0 };
	assert_true(temp_file_open(world(), &file, &err));
	assert_true(temp_file_append(&file, STR("0123456789"), &err));
	assert_true(file.file.append(&file.file, "abc", 3, &err));
	char out[8] = "";
	assert_true(file.file.read(&file.file, 8, out, 5, &err));
	assert_memory_equal(out, "89abc", 5);
	assert_false(file.file.read(&file.file, 10, out, 5, &err));
	size_t len = 0;
	assert_true(temp_file_read(&file, 11, out, sizeof out, &len, &err));
	assert_int_equal(len, 2);
	temp_file_close(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_kept_plan_reads_back, setup, teardown),
		cmocka_unit_test_setup_teardown(an_unfinished_plan_leaves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(rows_are_shown_up_to_the_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_temporary_file_keeps_what_was_appended, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
