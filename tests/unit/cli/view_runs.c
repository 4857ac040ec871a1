#include "base/base.h"

#include "cli/view.h"

#include "show.h"

static const char held[] =
	"{\"run_id\":3,\"org_id\":\"00D000000000001AAA\",\"kind\":\"now\",\"state\":\"held\",\"local_date\":null,"
	"\"asked_at\":\"2026-01-02T03:04:05.000Z\",\"contacts_read\":100,\"leads_read\":50,\"planned_here\":4,"
	"\"planned_there\":2,\"done_here\":0,\"done_there\":0,\"skipped\":0,\"calls\":9,\"note\":\"first run\"}";

static void runs_are_a_table(void **state)
{
	(void)state;
	expect_view(view_runs, "{\"runs\":[],\"next\":null}", "No run yet.\n");
	expect_view(view_runs,
		"{\"runs\":[{\"run_id\":3,\"kind\":\"night\",\"local_date\":\"2026-01-02\",\"state\":\"done\","
		"\"contacts_read\":100,\"leads_read\":50,\"planned_here\":4,\"done_here\":4,\"planned_there\":12,"
		"\"done_there\":11,\"note\":\"\"}],\"next\":3}",
		"RUN  KIND   NIGHT OF    STATE  CONTACTS  LEADS  HERE  OF  THERE  OF\n"
		"  3  night  2026-01-02  done        100     50     4   4     11  12\n"
		"More: --before 3\n");
}

static void a_held_run_says_how_to_go_on(void **state)
{
	(void)state;
	CLEANUP(json_doc_fini) JsonDoc doc = doc_of(held);
	CLEANUP(buf_fini) Buf text = BUF_MAX(16 * 1024);
	view_run(&text, doc.root);
	assert_has(buf_str(&text), "State:                         held\n");
	assert_has(buf_str(&text), "optout sync --approve 3");
}

static void progress_is_one_line(void **state)
{
	(void)state;
	expect_view(view_run_progress, held,
		"run 3: held, 150 records read, 0 of 4 unsubscribed here, 0 of 2 to tick there");
	expect_view(view_run_progress, "{\"run_id\":3,\"state\":\"asked\",\"contacts_read\":0}",
		"run 3: asked");
}

static void a_plan_tells_each_row_with_its_reason(void **state)
{
	(void)state;
	expect_view(view_plan,
		"{\"run_id\":3,\"state\":\"held\",\"planned_here\":1,\"planned_there\":1,\"rows\":["
		"{\"does\":\"unsubscribe\",\"because\":\"record is ticked\",\"person_id\":7,"
		"\"cause_record_id\":\"003000000000001AAA\"},"
		"{\"does\":\"tick\",\"because\":\"person is unsubscribed\",\"object\":\"Lead\","
		"\"record_id\":\"00Q000000000001AAA\",\"email_opt_out\":true,\"sales_opt_out\":false}]}",
		"Run 3: 1 to unsubscribe here, 1 to tick in Salesforce.\n"
		"\n"
		"WHAT         OBJECT  RECORD              PERSON  EMAIL OPT OUT  SALES OPT OUT  BECAUSE                 OF RECORD\n"
		"unsubscribe                                   7                                record is ticked        "
		"003000000000001AAA\n"
		"tick         Lead    00Q000000000001AAA          yes            no             person is unsubscribed\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_are_a_table),
		cmocka_unit_test(a_held_run_says_how_to_go_on),
		cmocka_unit_test(progress_is_one_line),
		cmocka_unit_test(a_plan_tells_each_row_with_its_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
