#include "base/base.h"

#include "house.h"

static Str import(House *house, int status, const char *csv)
{
	return house_post(house, status, "/api/v1/people/import", csv);
}

static void good_rows_go_in_although_others_are_bad(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	Str answer = import(house, 200,
		"\xef\xbb\xbf"
		"Email,First Name,Contact ID,Notes\r\n"
		"ann@example.com,Ann,003000000000001,ok\r\n"
		"not an address,Bob,,\r\n"
		"\"broken \"quote\",x,,\r\n"
		"cy@example.com,Cy,00Q000000000001,wrong object\r\n"
		"dee@example.com,\"Dee\r\nof two lines\",003000000000002AAA,\r\n"
		"eve@example.com,Eve,003XX,\r\n");
	assert_member(house, answer, "rows", "6");
	assert_member(house, answer, "created", "2");
	assert_member(house, answer, "linked", "2");
	assert_member(house, answer, "failed", "4");
	assert_member(house, answer, "ignored_columns.0", "Notes");
	assert_member(house, answer, "errors_cut", "false");
	assert_member(house, answer, "errors.0.row", "3");
	assert_member(house, answer, "errors.0.line", "3");
	assert_member(house, answer, "errors.0.column", "Email");
	assert_member(house, answer, "errors.0.position", "1");
	assert_member(house, answer, "errors.0.value", "not an address");
	assert_member(house, answer, "errors.1.row", "4");
	assert_member(house, answer, "errors.1.column", "null");
	assert_member(house, answer, "errors.2.column", "Contact ID");
	assert_member(house, answer, "errors.2.position", "3");
	assert_member(house, answer, "errors.3.value", "003XX");
	assert_member(house, answer, "errors.3.row", "7");
	assert_member(house, answer, "errors.3.line", "8");
	assert_int_equal(house_footprint(house).counts.people, 2);
}

static void the_same_file_again_changes_nothing(void **state)
{
	House *house = *state;
	const char *csv = "email,first_name,salesforce_id\na@example.com,Ann,003000000000001\n"
			  "b@example.com,Bo,00Q000000000001\n";
	house_connect_org(house, HOUSE_ORG);
	(void)import(house, 200, csv);
	Footprint before = house_footprint(house);
	Str answer = import(house, 200, csv);
	assert_member(house, answer, "created", "0");
	assert_member(house, answer, "updated", "0");
	assert_member(house, answer, "unchanged", "2");
	Footprint after = house_footprint(house);
	assert_memory_equal(&before, &after, sizeof before);
}

static void a_new_name_or_link_is_an_update(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	(void)import(house, 200,
		"email,first_name\na@example.com,Ann\nb@example.com,Bo\nc@example.com,Cy\n");
	Str answer = import(house, 200,
		"email,first_name,contact_id\na@example.com,Anna,\n"
		"b@example.com,,003000000000001\nc@example.com,,\n");
	assert_member(house, answer, "updated", "2");
	assert_member(house, answer, "unchanged", "1");
	assert_str(house_person(house, "a@example.com").first_name, "Anna");
	assert_str(house_person(house, "b@example.com").first_name, "Bo");
}

static void ids_of_15_and_18_characters_are_one_record(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	Str answer = import(house, 200,
		"email,contact_id\na@example.com,003000000000001\n"
		"a@example.com,003000000000001AAA\n");
	assert_member(house, answer, "linked", "1");
	assert_int_equal(house_person(house, "a@example.com").record_count, 1);
}

static void import_never_lifts_a_stop_and_pushes_new_records(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	(void)house_post(house, 200, "/api/v1/unsubscribes", "{\"address\":\"a@example.com\"}");
	assert_int_equal(house->push_wakes, 0);
	Str answer = import(
		house, 200, "email,unsubscribed,contact_id\na@example.com,false,003000000000001\n");
	assert_member(house, answer, "pushes", "1");
	assert_member(house, answer, "ignored_columns.0", "unsubscribed");
	assert_true(house_person(house, "a@example.com").unsubscribed_at_ms > 0);
	assert_int_equal(house->push_wakes, 1);
}

static void without_an_org_only_rows_with_records_fail(void **state)
{
	House *house = *state;
	Str answer = import(
		house, 200, "email,contact_id\na@example.com,\nb@example.com,003000000000001\n");
	assert_member(house, answer, "created", "1");
	assert_member(house, answer, "failed", "1");
	assert_has(answer, "no org is connected");
}

static void several_orgs_want_a_name(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	house_connect_org(house, "00D000000000002EAA");
	assert_has(import(house, 409, "email\na@example.com\n"), "?org=");
	Str answer = house_post(house, 200, "/api/v1/people/import?org=00D000000000002",
		"email,contact_id\na@example.com,003000000000001\n");
	assert_member(house, answer, "linked", "1");
	Str person = house_get(house, 200, "/api/v1/people/by-address/a%40example.com");
	assert_member(house, person, "records.0.org_id", "00D000000000002EAA");
	(void)house_post(
		house, 404, "/api/v1/people/import?org=00D000000000009", "email\na@example.com\n");
	(void)house_post(house, 400, "/api/v1/people/import?org=zzz", "email\na@example.com\n");
}

static void files_without_a_usable_header_are_refused(void **state)
{
	House *house = *state;
	assert_has(import(house, 400, ""), "empty");
	assert_has(import(house, 400, "name\nAnn\n"), "email");
	assert_has(import(house, 400, "email,Email\nx@example.com,y@example.com\n"), "same name");
	assert_member(house, import(house, 200, "email\n"), "rows", "0");
}

static void many_rows_go_in_groups_and_errors_are_cut(void **state)
{
	House *house = *state;
	CLEANUP(buf_fini) Buf csv = BUF_MAX(1024 * 1024);
	buf_put_z(&csv, "email\n");
	for (int i = 0; i < 2500; i++)
		buf_printf(&csv, i % 2 ? "bad %d\n" : "a%d@example.com\n", i);
	Str answer = import(house, 200, buf_z(&csv));
	assert_member(house, answer, "rows", "2500");
	assert_member(house, answer, "created", "1250");
	assert_member(house, answer, "failed", "1250");
	assert_member(house, answer, "errors_cut", "true");
	assert_member(house, answer, "errors.999.row", "2001");
	assert_int_equal(house_footprint(house).counts.people, 1250);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, house_setup, house_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good_rows_go_in_although_others_are_bad),
		TEST(the_same_file_again_changes_nothing),
		TEST(a_new_name_or_link_is_an_update),
		TEST(ids_of_15_and_18_characters_are_one_record),
		TEST(import_never_lifts_a_stop_and_pushes_new_records),
		TEST(without_an_org_only_rows_with_records_fail),
		TEST(several_orgs_want_a_name),
		TEST(files_without_a_usable_header_are_refused),
		TEST(many_rows_go_in_groups_and_errors_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
