#include "base/base.h"

#include "sf/query.h"

#include "base/enc.h"
#include "script.h"

static void assert_literal(const char *text, const char *want)
{
	CLEANUP(buf_fini) Buf out = BUF_MAX(256);
	soql_put_literal(&out, str_from(text));
	assert_str(buf_str(&out), want);
}

static void literals_cannot_break_out(void **state)
{
	(void)state;
	assert_literal("ann@example.org", "'ann@example.org'");
	assert_literal("o'neil@example.org", "'o\\'neil@example.org'");
	assert_literal("a\\' OR Name != '", "'a\\\\\\' OR Name != \\''");
	assert_literal("a\\", "'a\\\\'");
	assert_literal("\"x\"\n\r\t\b\f", "'\\\"x\\\"\\n\\r\\t\\b\\f'");
	assert_literal("", "''");
}

static void names_are_letters_digits_and_underscores(void **state)
{
	(void)state;
	assert_true(soql_is_name(STR("HasOptedOutOfEmail")));
	assert_true(soql_is_name(STR("mkto71__Sales_Opt_Out__c")));
	assert_true(soql_is_name(STR("Account.Name")));
	static const char *const bad[] = { "", "1a", "_a", "a b", "a'", "a,b", "a.", ".a", "a..b",
		"a-b" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(soql_is_name(str_from(bad[i])));
}

/* Collects the e-mail addresses of rows. */
static bool collect(void *ctx, const JsonVal *record, Err *err)
{
	Buf *out = ctx;
	(void)err;
	buf_put(out, json_as_str(json_member(record, "Email")));
	buf_put_char(out, ' ');
	return true;
}

static void all_pages_are_read(void **state)
{
	Script *script = *state;
	CLEANUP(buf_fini) Buf rows = BUF_MAX(256);
	script_answer(script, 200,
		"{\"totalSize\":3,\"done\":false,\"nextRecordsUrl\":\"/services/data/v64.0/query/"
		"0r8xx1O3zH7yo3NASQ-2\",\"records\":[{\"Email\":\"a\"},{\"Email\":\"b\"}]}");
	script_answer(
		script, 200, "{\"totalSize\":3,\"done\":true,\"records\":[{\"Email\":\"c\"}]}");
	SfQuery query = { .soql = STR("SELECT Email FROM Lead WHERE Email = 'a+b@c.de'"),
		.rows_max = 3 };
	assert_true(sf_query_each(script->client, &query, collect, &rows, NULL));
	assert_str(buf_str(&rows), "a b c ");
	assert_has(str_from(script->log),
		"/services/data/v64.0/query?q=SELECT%20Email%20FROM%20Lead%20WHERE%20Email%20%3D%20%27a"
		"%2Bb%40c.de%27\n");
	assert_has(str_from(script->log),
		"GET https://eu1.my.salesforce.com/services/data/v64.0/query/0r8xx1O3zH7yo3NASQ-2\n");
}

static void deleted_rows_need_query_all(void **state)
{
	Script *script = *state;
	CLEANUP(buf_fini) Buf rows = BUF_MAX(256);
	script_answer(script, 200, "{\"totalSize\":0,\"done\":true,\"records\":[]}");
	SfQuery query = {
		.soql = STR("SELECT Id FROM Lead"), .include_deleted = true, .rows_max = 1
	};
	assert_true(sf_query_each(script->client, &query, collect, &rows, NULL));
	assert_has(str_from(script->log), "/queryAll?q=");
}

static void more_rows_than_allowed_are_an_error(void **state)
{
	Script *script = *state;
	CLEANUP(buf_fini) Buf rows = BUF_MAX(256);
	Err err;
	script_answer(script, 200,
		"{\"totalSize\":2,\"done\":true,"
		"\"records\":[{\"Email\":\"a\"},{\"Email\":\"b\"}]}");
	SfQuery query = { .soql = STR("SELECT Email FROM Lead"), .rows_max = 1 };
	assert_false(sf_query_each(script->client, &query, collect, &rows, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
}

static void answers_that_lead_nowhere_are_tried_again(void **state)
{
	Script *script = *state;
	static const char *const bodies[] = { "[]", "{}", "{\"done\":true}",
		"{\"records\":[],\"done\":false}", "{\"records\":[{}],\"done\":false}",
		"{\"records\":[{}],\"done\":false,\"nextRecordsUrl\":\"https://evil.example/x\"}",
		("{\"records\":[],\"done\":false,"
		 "\"nextRecordsUrl\":\"/services/data/v64.0/query/0r8-1\"}"),
		"{\"records\":[{}],\"do" };
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		CLEANUP(buf_fini) Buf rows = BUF_MAX(256);
		Err err;
		script_answer(script, 200, bodies[i]);
		SfQuery query = { .soql = STR("SELECT Email FROM Lead"), .rows_max = 10 };
		assert_false(sf_query_each(script->client, &query, collect, &rows, &err));
		assert_int_equal(err.kind, ERR_RETRY);
	}
	assert_has_not(str_from(script->log), "evil");
}

static bool refuse_row(void *ctx, const JsonVal *record, Err *err)
{
	(void)ctx, (void)record;
	return ERR(err, ERR_CONFLICT, "enough");
}

static void a_callback_can_end_the_query(void **state)
{
	Script *script = *state;
	Err err;
	script_answer(script, 200, "{\"totalSize\":1,\"done\":true,\"records\":[{}]}");
	SfQuery query = { .soql = STR("SELECT Email FROM Lead"), .rows_max = 10 };
	assert_false(sf_query_each(script->client, &query, refuse_row, NULL, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
}

/* ----------------------------------------------------------------- look-up */

static Address *many_addresses(size_t count)
{
	Address *addresses = calloc(count, sizeof *addresses);
	for (size_t i = 0; i < count; i++) {
		char text[64];
		snprintf(text, sizeof text, "o'somebody.nr-%zu+x@mail.example.org", i);
		if (!address_parse(str_from(text), &addresses[i], NULL))
			fail_msg("%s", text);
	}
	return addresses;
}

static void lookup_stays_within_the_uri_budget_and_loses_nobody(void **state)
{
	(void)state;
	enum { COUNT = 200 };
	Address *addresses = many_addresses(COUNT);
	Str fields[] = { STR("HasOptedOutOfEmail") };
	SfLookup lookup = { .object = SF_LEAD,
		.addresses = addresses,
		.address_count = COUNT,
		.fields = fields,
		.field_count = 1 };
	size_t from = 0, calls = 0, found = 0;
	while (from < COUNT) {
		CLEANUP(buf_fini) Buf soql = BUF_MAX(SOQL_BYTES_MAX);
		CLEANUP(buf_fini) Buf uri = BUF_MAX(SOQL_BYTES_MAX);
		size_t to;
		assert_true(sf_lookup_soql(&lookup, from, &to, &soql, NULL));
		assert_true(to > from);
		buf_put_z(&uri, "/services/data/v64.0/query?q=");
		percent_encode(&uri, buf_str(&soql));
		assert_in_range(uri.len, 1, SF_URI_BYTES_MAX);
		assert_true(str_starts(buf_str(&soql),
			STR("SELECT Id, Email, HasOptedOutOfEmail FROM Lead WHERE "
			    "IsConverted = FALSE AND Email IN ('o\\'somebody.nr-")));
		for (; from < to; from++) {
			CLEANUP(buf_fini) Buf literal = BUF_MAX(1024);
			soql_put_literal(&literal, address_str(&addresses[from]));
			found += str_find(buf_str(&soql), buf_str(&literal)) >= 0;
		}
		calls++;
	}
	assert_int_equal(found, COUNT);
	assert_in_range(calls, 5, 12); /* 25 to 30 addresses of this length a call */
	free(addresses);
}

static void addresses_too_long_for_salesforce_are_not_asked_for(void **state)
{
	Script *script = *state;
	CLEANUP(buf_fini) Buf rows = BUF_MAX(256);
	Address address;
	assert_true(address_parse(
		STR("a-very-long-local-part-of-an-address-with-60-characters-in-it@a-long-domain."
		    "example.org"),
		&address, NULL));
	assert_true(address.len > SF_EMAIL_CHARS_MAX);
	SfLookup lookup = { .object = SF_CONTACT, .addresses = &address, .address_count = 1 };
	assert_true(sf_lookup_each(script->client, &lookup, collect, &rows, NULL));
	assert_int_equal(sf_client_calls(script->client), 0);
}

static void lookup_gives_the_rows_of_all_its_calls(void **state)
{
	Script *script = *state;
	CLEANUP(buf_fini) Buf rows = BUF_MAX(256);
	Address *addresses = many_addresses(40);
	script_answer(
		script, 200, "{\"totalSize\":1,\"done\":true,\"records\":[{\"Email\":\"a\"}]}");
	script_answer(
		script, 200, "{\"totalSize\":1,\"done\":true,\"records\":[{\"Email\":\"b\"}]}");
	SfLookup lookup = { .object = SF_CONTACT, .addresses = addresses, .address_count = 40 };
	assert_true(sf_lookup_each(script->client, &lookup, collect, &rows, NULL));
	assert_str(buf_str(&rows), "a b ");
	assert_has_not(str_from(script->log), "IsConverted");
	free(addresses);
}

static void field_names_are_checked(void **state)
{
	Script *script = *state;
	CLEANUP(buf_fini) Buf rows = BUF_MAX(256);
	Address *addresses = many_addresses(1);
	Str fields[] = { STR("Id FROM User --") };
	Err err;
	SfLookup lookup = { .object = SF_CONTACT,
		.addresses = addresses,
		.address_count = 1,
		.fields = fields,
		.field_count = 1 };
	assert_false(sf_lookup_each(script->client, &lookup, collect, &rows, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	free(addresses);
}

/* ------------------------------------------------------------ organization */

static void the_organization_is_read(void **state)
{
	Script *script = *state;
	SfOrganization org;
	Err err;
	script_answer(script, 200,
		"{\"totalSize\":1,\"done\":true,\"records\":[{\"attributes\":{},\"Id\":"
		"\"00D58000000arpqEAA\",\"Name\":\"Acme \\u00c4G\",\"IsSandbox\":true,"
		"\"InstanceName\":\"DEU46S\"}]}");
	assert_true(sf_organization_fetch(script->client, &org, &err));
	assert_string_equal(org.id.text, "00D58000000arpqEAA");
	assert_string_equal(org.name, "Acme \xC3\x84G");
	assert_string_equal(org.instance, "DEU46S");
	assert_true(org.is_sandbox);
	script_answer(script, 200, "{\"totalSize\":0,\"done\":true,\"records\":[]}");
	assert_false(sf_organization_fetch(script->client, &org, &err));
	assert_int_equal(err.kind, ERR_AUTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literals_cannot_break_out),
		cmocka_unit_test(names_are_letters_digits_and_underscores),
		script_test(all_pages_are_read),
		script_test(deleted_rows_need_query_all),
		script_test(more_rows_than_allowed_are_an_error),
		script_test(answers_that_lead_nowhere_are_tried_again),
		script_test(a_callback_can_end_the_query),
		cmocka_unit_test(lookup_stays_within_the_uri_budget_and_loses_nobody),
		script_test(addresses_too_long_for_salesforce_are_not_asked_for),
		script_test(lookup_gives_the_rows_of_all_its_calls),
		script_test(field_names_are_checked),
		script_test(the_organization_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
