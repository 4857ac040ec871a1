#include "stage.h"

#include "base/enc.h"

/* One org for all cases: nothing here changes it. Records with known values are added to the made
 * ones. */
static Stage stage;

static const char *const known_records[] = {
	"{\"object\":\"Contact\",\"set\":{\"LastName\":\"Alpha\",\"FirstName\":\"Ann\","
	"\"Email\":\"o'neil@soql.example\",\"HasOptedOutOfEmail\":true,\"Title\":\"100% sure\"}}",
	"{\"object\":\"Contact\",\"set\":{\"LastName\":\"Beta\",\"Email\":\"Beta+Tag@SOQL.example\","
	"\"Title\":\"a_b\"}}",
	"{\"object\":\"Contact\",\"set\":{\"LastName\":\"Gamma\",\"Department\":\"Back\\\\slash\"}}",
};

static int open_stage(void **state)
{
	(void)state;
	stage_open(&stage, NULL);
	fake_clock_advance(&stage.clock, 3600 * 1000);
	for (size_t i = 0; i < ARRAY_LEN(known_records); i++) {
		(void)stage_control(&stage, "POST /records", known_records[i]);
		assert_int_equal(stage.reply.status, 201);
	}
	return 0;
}

static int close_stage(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

static void query(const char *soql)
{
	Buf request = BUF_MAX(16 * 1024);
	buf_put_z(&request, "GET /query?q=");
	percent_encode(&request, str_from(soql));
	stage_api(&stage, buf_z(&request), NULL);
	buf_fini(&request);
}

/* The LastNames of the rows, joined by blanks. */
static void expect_names(const char *soql, const char *names)
{
	query(soql);
	expect_status(&stage, 200);
	Buf got = BUF_MAX(4096);
	const JsonVal *records = json_member(stage.json.root, "records");
	for (size_t i = 0; i < json_array_len(records); i++) {
		if (i)
			buf_put_char(&got, ' ');
		buf_put(&got, json_as_str(json_member(json_array_at(records, i), "LastName")));
	}
	if (!str_eq(buf_str(&got), str_from(names)))
		fail_msg("%s\ngave %s\nnot  %s", soql, buf_z(&got), names);
	buf_fini(&got);
}

#define KNOWN "CreatedDate >= 2026-03-04T06:06:07Z"

static void conditions_select_what_they_say(void **state)
{
	(void)state;
	static const struct {
		const char *where, *names;
	} cases[] = {
		{ "", "Alpha Beta Gamma" },
		{ " AND LastName = 'beta'", "Beta" },
		{ " AND LastName != 'beta'", "Alpha Gamma" },
		{ " AND LastName <> 'beta'", "Alpha Gamma" },
		{ " AND Email = 'O\\'NEIL@soql.example'", "Alpha" },
		{ " AND Email = 'beta+tag@soql.example'", "Beta" },
		{ " AND Email = NULL", "Gamma" },
		{ " AND Email != null", "Alpha Beta" },
		{ " AND Email != 'beta+tag@soql.example'", "Alpha Gamma" },
		{ " AND HasOptedOutOfEmail = TRUE", "Alpha" },
		{ " AND HasOptedOutOfEmail = false", "Beta Gamma" },
		{ " AND (HasOptedOutOfEmail = true OR LastName = 'Gamma')", "Alpha Gamma" },
		{ " AND NOT LastName = 'Alpha'", "Beta Gamma" },
		{ " AND (NOT (LastName = 'Alpha' OR LastName = 'Beta'))", "Gamma" },
		{ " AND LastName IN ('gamma', 'ALPHA', 'nobody')", "Alpha Gamma" },
		{ " AND LastName NOT IN ('gamma', 'ALPHA')", "Beta" },
		{ " AND Email IN ('o\\'neil@soql.example')", "Alpha" },
		{ " AND Email IN (null)", "Gamma" },
		{ " AND LastName LIKE '%a'", "Alpha Beta Gamma" },
		{ " AND LastName LIKE 'b_ta'", "Beta" },
		{ " AND LastName LIKE '%mm%'", "Gamma" },
		{ " AND Title LIKE '100\\% s%'", "Alpha" },
		{ " AND Title LIKE 'a\\_b'", "Beta" },
		{ " AND Title LIKE 'x\\_b'", "" },
		{ " AND Department = 'Back\\\\slash'", "Gamma" },
		{ " AND LastName > 'alpha'", "Beta Gamma" },
		{ " AND LastName >= 'Beta'", "Beta Gamma" },
		{ " AND LastName < 'gamma'", "Alpha Beta" },
		{ " AND LastName <= 'ALPHA'", "Alpha" },
		{ " AND Name = 'Ann Alpha'", "Alpha" },
		{ " AND CreatedDate > 2026-03-04T06:06:07.000+00:00", "" },
		{ " AND SystemModstamp < 2026-03-04T07:06:08+01:00", "Alpha Beta Gamma" },
		{ " AND CreatedBy.Username = 'admin@orgsim.example'", "Alpha Beta Gamma" },
		{ " AND Account.Name = 'x'", "" },
		{ " AND AccountId = null", "Alpha Beta Gamma" },
		{ " ORDER BY LastName DESC", "Gamma Beta Alpha" },
		{ " ORDER BY Email", "Gamma Beta Alpha" },
		{ " ORDER BY Email NULLS LAST", "Beta Alpha Gamma" },
		{ " ORDER BY HasOptedOutOfEmail DESC, LastName DESC", "Alpha Gamma Beta" },
		{ " ORDER BY LastName LIMIT 2", "Alpha Beta" },
		{ " ORDER BY LastName LIMIT 1 OFFSET 1", "Beta" },
		{ " LIMIT 0", "" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char soql[512];
		(void)snprintf(soql, sizeof soql, "select LastName from contact where " KNOWN "%s",
			cases[i].where);
		expect_names(soql, cases[i].names);
	}
}

static void ids_are_found_by_15_and_18_characters(void **state)
{
	(void)state;
	char room[32], soql[256];
	Str id = stage_id(&stage, "Contact", 4, room);
	(void)snprintf(soql, sizeof soql, "SELECT Id FROM Contact WHERE Id = '%.15s'", room);
	query(soql);
	expect_status(&stage, 200);
	const JsonVal *row = json_array_at(json_member(stage.json.root, "records"), 0);
	assert_true(str_eq(json_as_str(json_member(row, "Id")), id));
	(void)snprintf(soql, sizeof soql,
		"SELECT Id FROM Contact WHERE Id IN ('%s','003000000000001','%s')", room, room);
	query(soql);
	assert_int_equal(json_as_i64(json_member(stage.json.root, "totalSize"), -1), 1);
}

#define NO_SUCH_COLUMN(name, entity)                                                               \
	"No such column '" name "' on entity '" entity "'. If you are attempting to use a custom " \
	"field, be sure to append the '__c' after the custom field name. Please reference your "   \
	"WSDL or the describe call for the appropriate names."

static void errors_point_into_the_statement(void **state)
{
	(void)state;
	static const struct {
		const char *soql, *code, *message;
	} cases[] = {
		/* The five slices that were seen on real orgs; their fields and objects do not
		   exist here. */
		{ "SELECT Id,Name,BillingCity,IsDeleted FROM Accout", "INVALID_TYPE",
			"\nName,BillingCity,IsDeleted FROM Accout\n"
			"                                ^\nERROR at Row:1:Column:43\n"
			"sObject type 'Accout' is not supported. If you are attempting to use a custom "
			"object, be sure to append the '__c' after the entity name. Please reference "
			"your WSDL or the describe call for the appropriate names." },
		{ "select count() from XYZZY", "INVALID_TYPE",
			"\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\n"
			"sObject type 'XYZZY' is not supported. If you are attempting to use a custom "
			"object, be sure to append the '__c' after the entity name. Please reference "
			"your WSDL or the describe call for the appropriate names." },
		{ "select Id, Company,Email,LastName,SF_date__c, ConvertedContactId from Lead where "
		  "Company = 'abc'",
			"INVALID_FIELD",
			"\nselect Id, Company,Email,LastName,SF_date__c, ConvertedContactId from\n"
			"                                  ^\nERROR at Row:1:Column:35\n" NO_SUCH_COLUMN(
				"SF_date__c", "Lead") },
		{ "SELECT Id, Name, Email, Title, Phone, LastReferencedDate, Jigsaw, "
		  "JigsawContactId, CleanStatusX, Description, Department, Fax FROM Contact",
			"INVALID_FIELD",
			"\nLastReferencedDate, Jigsaw, JigsawContactId, CleanStatusX, Description, "
			"Department\n                                             ^\n"
			"ERROR at Row:1:Column:84\n" NO_SUCH_COLUMN("CleanStatusX", "Contact") },
		{ "SELECT Id, Name, FirstName, LastName, Email, LastCURequestDate FROM Contact WHERE "
		  "(Id = 'somethingwonky') LIMIT 1",
			"INVALID_QUERY_FILTER_OPERATOR",
			"\nLastCURequestDate FROM Contact WHERE (Id = 'somethingwonky') LIMIT 1\n"
			"                                      ^\nERROR at Row:1:Column:84\n"
			"invalid ID field: somethingwonky" },
		{ "SELECT Id\nFROM Contact\nWHERE Nope = 1", "INVALID_FIELD",
			"\nSELECT Id FROM Contact WHERE Nope = 1\n                             ^\n"
			"ERROR at Row:3:Column:7\n" NO_SUCH_COLUMN("Nope", "Contact") },
		{ "SELECT Id FROM Contact WHERE HasOptedOutOfEmail = 'true'", "INVALID_FIELD",
			"\nSELECT Id FROM Contact WHERE HasOptedOutOfEmail = 'true'\n"
			"                             ^\nERROR at Row:1:Column:30\n"
			"value of filter criterion for field 'HasOptedOutOfEmail' must be of type boolean "
			"and should not be enclosed in quotes" },
		{ "SELECT Id FROM Contact WHERE CreatedDate > '2026-01-01'", "INVALID_FIELD",
			"\nSELECT Id FROM Contact WHERE CreatedDate > '2026-01-01'\n"
			"                             ^\nERROR at Row:1:Column:30\n"
			"value of filter criterion for field 'CreatedDate' must be of type dateTime and "
			"should not be enclosed in quotes" },
		{ "SELECT Id FROM Contact WHERE Email = 5", "INVALID_FIELD",
			"\nSELECT Id FROM Contact WHERE Email = 5\n                             ^\n"
			"ERROR at Row:1:Column:30\nvalue of filter criterion for field 'Email' must be of "
			"type string and should be enclosed in quotes" },
		{ "SELECT Id FROM Contact WHERE Email = abc", "MALFORMED_QUERY",
			"\nId FROM Contact WHERE Email = abc\n"
			"                              ^\nERROR at Row:1:Column:38\n"
			"Bind variables only allowed in Apex code" },
		{ "SELECT Id FROM Contact WHERE Description = 'x'", "INVALID_FIELD",
			"\nSELECT Id FROM Contact WHERE Description = 'x'\n"
			"                             ^\nERROR at Row:1:Column:30\n"
			"field 'Description' can not be filtered in a query call" },
		{ "SELECT Id FROM Contact WHERE", "MALFORMED_QUERY",
			"\nSELECT Id FROM Contact WHERE\n                            ^\n"
			"ERROR at Row:1:Column:29\nunexpected token: '<EOF>'" },
		{ "q=SELECT Id FROM Contact", "MALFORMED_QUERY",
			"\nq=SELECT Id FROM Contact\n^\nERROR at Row:1:Column:1\nunexpected token: 'q'" },
		{ "SELECT Id FROM Contact WHERE Email = 'a' AND Email = 'b' OR Email = 'c'",
			"MALFORMED_QUERY",
			"\nWHERE Email = 'a' AND Email = 'b' OR Email = 'c'\n"
			"                                  ^\nERROR at Row:1:Column:58\n"
			"unexpected token: 'OR'" },
		{ "SELECT Id, Id FROM Contact", "INVALID_FIELD",
			"\nSELECT Id, Id FROM Contact\n           ^\nERROR at Row:1:Column:12\n"
			"duplicate field selected: Id" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		query(cases[i].soql);
		expect_status(&stage, 400);
		const JsonVal *error = json_array_at(stage.json.root, 0);
		expect_str(json_as_str(json_member(error, "errorCode")), cases[i].code);
		expect_str(json_as_str(json_member(error, "message")), cases[i].message);
		assert_null(json_member(error, "fields"));
	}
}

static void unreadable_statements_are_malformed(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "SELECT", "SELECT FROM Contact", "SELECT Id FROM",
		"SELECT Id Contact", "SELECT Id, FROM Contact", "SELECT Id FROM Contact WHERE Id",
		"SELECT Id FROM Contact WHERE Id =", "SELECT Id FROM Contact WHERE (Id = 'a'",
		"SELECT Id FROM Contact WHERE Email = 'open",
		"SELECT Id FROM Contact WHERE Email = '\\x'",
		"SELECT Id FROM Contact WHERE Email IN ()",
		"SELECT Id FROM Contact WHERE Email IN ('a'", "SELECT Id FROM Contact LIMIT x",
		"SELECT Id FROM Contact LIMIT -1", "SELECT Id FROM Contact ORDER Id",
		"SELECT Id FROM Contact ORDER BY", "SELECT Id FROM Contact garbage here",
		"SELECT Id FROM Contact; DROP", "SELECT SUM(Id) FROM Contact",
		"SELECT Id FROM Contact WHERE CreatedDate > 2026-13-01",
		"SELECT Id FROM Contact WHERE CreatedDate > 2026-01-01T99:00:00Z", "\x01\x02", "'",
		"((((" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		query(bad[i]);
		if (stage.reply.status != 400
			|| str_find(stage_body(&stage), STR("\"errorCode\":\"MALFORMED_QUERY\""))
				< 0)
			fail_msg("%s: %d %.*s", bad[i], stage.reply.status,
				STR_ARG(stage_body(&stage)));
	}
}

static void nesting_without_end_is_refused(void **state)
{
	(void)state;
	Buf soql = BUF_MAX(16 * 1024);
	buf_put_z(&soql, "SELECT Id FROM Contact WHERE ");
	for (int i = 0; i < 2000; i++)
		buf_put_char(&soql, '(');
	query(buf_z(&soql));
	expect_status(&stage, 400);
	assert_true(str_find(stage_body(&stage), STR("QUERY_TOO_COMPLICATED")) >= 0);
	buf_fini(&soql);
}

static void answers_have_the_members_and_order_of_real_ones(void **state)
{
	(void)state;
	query("SELECT Email, LastName, Account.Name, HasOptedOutOfEmail, CreatedDate FROM Contact WHERE "
	      "LastName = 'Gamma'");
	const JsonVal *row = json_array_at(json_member(stage.json.root, "records"), 0);
	Str url = json_as_str(json_member(json_member(row, "attributes"), "url"));
	char wanted[1024];
	(void)snprintf(wanted, sizeof wanted,
		"{\"totalSize\":1,\"done\":true,\"records\":[{\"attributes\":{\"type\":\"Contact\","
		"\"url\":\"%.*s\"},\"Email\":null,\"LastName\":\"Gamma\",\"Account\":null,"
		"\"HasOptedOutOfEmail\":false,\"CreatedDate\":\"2026-03-04T06:06:07.000+0000\"}]}",
		STR_ARG(url));
	expect_body(&stage, wanted);
	query("SELECT COUNT() FROM Contact WHERE " KNOWN);
	expect_body(&stage, "{\"totalSize\":3,\"done\":true,\"records\":[]}");
	query("SELECT COUNT(Email), MAX(LastName) last, MIN(CreatedDate) FROM Contact WHERE " KNOWN);
	expect_body(&stage,
		"{\"totalSize\":1,\"done\":true,\"records\":[{\"attributes\":{\"type\":"
		"\"AggregateResult\"},\"expr0\":2,\"last\":\"Gamma\","
		"\"expr2\":\"2026-03-04T06:06:07.000+0000\"}]}");
	query("SELECT Id FROM Contact WHERE LastName = 'nobody at all'");
	expect_body(&stage, "{\"totalSize\":0,\"done\":true,\"records\":[]}");
}

static void organization_and_user_can_be_asked(void **state)
{
	(void)state;
	query("SELECT Name, InstanceName, IsSandbox, TrialExpirationDate, NamespacePrefix, "
	      "OrganizationType FROM Organization");
	expect_status(&stage, 200);
	assert_int_equal(json_as_i64(json_member(stage.json.root, "totalSize"), -1), 1);
	query("SELECT Id, Name FROM User WHERE Username = 'integration@orgsim.example' AND IsActive = "
	      "TRUE");
	const JsonVal *row = json_array_at(json_member(stage.json.root, "records"), 0);
	expect_str(json_as_str(json_member(row, "Name")), "Integration User");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_select_what_they_say),
		cmocka_unit_test(ids_are_found_by_15_and_18_characters),
		cmocka_unit_test(errors_point_into_the_statement),
		cmocka_unit_test(unreadable_statements_are_malformed),
		cmocka_unit_test(nesting_without_end_is_refused),
		cmocka_unit_test(answers_have_the_members_and_order_of_real_ones),
		cmocka_unit_test(organization_and_user_can_be_asked),
	};
	return cmocka_run_group_tests(tests, open_stage, close_stage);
}
