#include "base/base.h"

#include "cli/view.h"

#include "show.h"

static void people_are_a_table_that_names_the_next_page(void **state)
{
	(void)state;
	expect_view(view_people,
		"{\"people\":[{\"person_id\":1,\"address\":\"a@x.example\",\"first_name\":\"Ann\",\"last_name\":\"\","
		"\"unsubscribed_at\":\"2026-01-02T03:04:05.000Z\",\"source\":\"one-click\",\"reason\":null,"
		"\"record_count\":2},{\"person_id\":12,\"address\":\"b@x.example\",\"first_name\":\"\","
		"\"record_count\":0}],\"next\":12}",
		"ID  ADDRESS      FIRST NAME  RECORDS  UNSUBSCRIBED (UTC)   SOURCE\n"
		" 1  a@x.example  Ann               2  2026-01-02 03:04:05  one-click\n"
		"12  b@x.example                    0\n"
		"More: --after 12\n");
	expect_view(view_people, "{\"people\":[],\"next\":null}", "Nobody.\n");
}

static const char person[] =
	"{\"person_id\":5,\"address\":\"a@x.example\",\"first_name\":\"Ann\",\"last_name\":\"Lee\","
	"\"unsubscribed_at\":\"2026-01-02T03:04:05.000Z\",\"source\":\"manual\",\"reason\":\"by phone\","
	"\"removal_waiting\":false,\"last_event_id\":9,"
	"\"records\":[{\"record_id\":\"003000000000001AAA\",\"object\":\"Contact\",\"seen\":\"ticked\","
	"\"seen_at\":null,\"ticked_by_us\":true,\"linked_by\":\"id\",\"deleted\":false},"
	"{\"record_id\":\"00Q000000000001AAA\",\"object\":\"Lead\",\"seen\":\"ticked\",\"ticked_by_us\":false,"
	"\"linked_by\":\"address\",\"deleted\":true}],"
	"\"history\":[{\"event_id\":9,\"at\":\"2026-01-02T03:04:05.000Z\",\"kind\":\"unsubscribed\","
	"\"details\":\"Unsubscribed by hand\",\"source\":\"manual\",\"actor\":\"local admin\",\"reason\":\"by phone\","
	"\"evidence\":\"\",\"repeats\":0}]}";

static void a_person_shows_state_records_and_history(void **state)
{
	(void)state;
	expect_view(view_person, person,
		"Person:      5\n"
		"Address:     a@x.example\n"
		"First name:  Ann\n"
		"Last name:   Lee\n"
		"Unsubscribed since 2026-01-02 03:04:05 UTC, source manual: by phone\n"
		"\n"
		"Salesforce records\n"
		"OBJECT   RECORD              BOX WHEN LAST SEEN  TICKED BY US  LINKED BY  DELETED\n"
		"Contact  003000000000001AAA  ticked              yes           id         no\n"
		"Lead     00Q000000000001AAA  ticked              no            address    yes\n"
		"\n"
		"History, newest first\n"
		"DATE (UTC)           DETAILS               SOURCE  BY           REASON    REPEATS\n"
		"2026-01-02 03:04:05  Unsubscribed by hand  manual  local admin  by phone        0\n");
}

static void before_a_removal_it_says_what_the_night_will_do(void **state)
{
	(void)state;
	CLEANUP(json_doc_fini) JsonDoc doc = doc_of(person);
	CLEANUP(buf_fini) Buf text = BUF_MAX(16 * 1024);
	view_before_removal(&text, doc.root);
	/* The deleted lead does not count: nobody could untick it. */
	assert_has(buf_str(&text), "the opt-out box of 1 record above was ticked");
	assert_has(buf_str(&text), "sync unsubscribes the person here again");
	assert_has(buf_str(&text), "never unticks a box");
}

static void a_removal_that_waits_is_not_told_as_done(void **state)
{
	(void)state;
	expect_view(view_removed, "{\"waiting\":true,\"cancelled\":0,\"event_id\":3}",
		"The removal is written down and waits until no call to Salesforce can tick a record any "
		"more, which is up to 10 minutes after a call without an answer; until then the person "
		"stays unsubscribed.\n");
	expect_view(view_removed, "{\"waiting\":false,\"cancelled\":2,\"event_id\":3}",
		"The unsubscribe is removed here; taken back before they were sent: 2 ticks.\n"
		"Untick the boxes in Salesforce as well, or the next night unsubscribes again.\n");
}

static void an_unsubscribe_tells_new_from_repeated(void **state)
{
	(void)state;
	expect_view(view_unsubscribed,
		"{\"person_id\":4,\"event_id\":1,\"is_new\":true,\"pushes\":2}",
		"Unsubscribed person 4. To be ticked in Salesforce: 2 records.\n");
	expect_view(view_unsubscribed,
		"{\"person_id\":4,\"event_id\":1,\"is_new\":false,\"pushes\":0}",
		"Already unsubscribed; recorded again for person 4.\n");
}

static void a_check_says_yes_or_no_and_why(void **state)
{
	(void)state;
	expect_view(view_check,
		"{\"results\":[{\"address\":\"a@x\",\"may_mail\":false,\"state\":\"invalid\",\"since\":null,"
		"\"source\":null,\"reason\":\"no dot in the domain\"},{\"address\":\"b@x.example\",\"may_mail\":true,"
		"\"state\":\"unknown\"}]}",
		"ADDRESS      MAY MAIL  STATE    REASON\n"
		"a@x          no        invalid  no dot in the domain\n"
		"b@x.example  yes       unknown\n");
}

static void a_link_shows_its_mail_headers(void **state)
{
	(void)state;
	expect_view(view_links,
		"{\"links\":[{\"address\":\"a@x.example\",\"url\":\"https://m.example/u/T\",\"headers\":"
		"{\"List-Unsubscribe\":\"<https://m.example/u/T>\",\"List-Unsubscribe-Post\":\"List-Unsubscribe=One-Click\"}},"
		"{\"address\":\"b\",\"url\":null,\"headers\":null,\"error\":\"no @\"}]}",
		"a@x.example\n"
		"  https://m.example/u/T\n"
		"  List-Unsubscribe: <https://m.example/u/T>\n"
		"  List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
		"b\n"
		"  no link: no @\n");
}

static void an_import_is_summed_up_in_a_sentence(void **state)
{
	(void)state;
	expect_view(view_import,
		"{\"rows\":6,\"created\":3,\"updated\":0,\"unchanged\":0,\"linked\":1,\"pushes\":0,\"failed\":3,"
		"\"ignored_columns\":[\"phone\",\"x\"],\"errors\":[],\"errors_cut\":true}",
		"6 rows: 3 created, 0 updated, 0 unchanged, 3 failed. 1 record linked.\n"
		"Columns that mean nothing here: phone, x.\n"
		"There are more errors than are listed.\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_are_a_table_that_names_the_next_page),
		cmocka_unit_test(a_person_shows_state_records_and_history),
		cmocka_unit_test(before_a_removal_it_says_what_the_night_will_do),
		cmocka_unit_test(a_removal_that_waits_is_not_told_as_done),
		cmocka_unit_test(an_unsubscribe_tells_new_from_repeated),
		cmocka_unit_test(a_check_says_yes_or_no_and_why),
		cmocka_unit_test(a_link_shows_its_mail_headers),
		cmocka_unit_test(an_import_is_summed_up_in_a_sentence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
