#include "base/base.h"

#include "web/settings.h"

#include "../../lib/expect.h"

typedef struct Case {
	const char *name, *value, *want; /* want NULL: refused */
} Case;

static const Case cases[] = {
	{ "public.url", "https://mail.example.com", "https://mail.example.com" },
	{ "public.url", " https://mail.example.com/a/ ", "https://mail.example.com/a" },
	{ "public.url", "http://127.0.0.1:8080//", "http://127.0.0.1:8080" },
	{ "public.url", "https://[::1]:8443", "https://[::1]:8443" },
	{ "public.url", "", "" },
	{ "public.url", "mail.example.com", NULL },
	{ "public.url", "ftp://mail.example.com", NULL },
	{ "public.url", "https://", NULL },
	{ "public.url", "https:///x", NULL },
	{ "public.url", "https://a.example/?q=1", NULL },
	{ "public.url", "https://a.example/#x", NULL },
	{ "public.url", "https://a.example/\"><script>", NULL },
	{ "public.url", "https://a.example/\r\nX: y", NULL },
	{ "public.url", "/", NULL },
	{ "company.name", " Example & Co ", "Example & Co" },
	{ "company.name", "a\nb", NULL },
	{ "company.name", "\xff", NULL },
	{ "sync.nightly", "ON", "on" },
	{ "sync.nightly", "true", "on" },
	{ "sync.nightly", "0", "off" },
	{ "sync.nightly", "maybe", NULL },
	{ "sync.nightly", "", NULL },
	{ "sync.mode", "Both", "both" },
	{ "sync.mode", "none", NULL },
	{ "sync.mode", "", NULL },
	{ "sync.zone", "Europe/Berlin", "Europe/Berlin" },
	{ "sync.zone", "Europe/Atlantis", NULL },
	{ "sync.zone", "../../etc/passwd", NULL },
	{ "sync.zone", "", NULL },
	{ "sync.time", "7:05", "07:05" },
	{ "sync.time", "23:59", "23:59" },
	{ "sync.time", "24:00", NULL },
	{ "sync.time", "20:60", NULL },
	{ "sync.time", "20:5", NULL },
	{ "sync.time", "-1:00", NULL },
	{ "sync.time", "20:-1", NULL },
	{ "sync.field.contact", "mkto__Sales_Opt_Out__c", "mkto__Sales_Opt_Out__c" },
	{ "sync.field.contact", "", "" },
	{ "sync.field.lead", "a b", NULL },
	{ "sync.field.lead", "a,Id", NULL },
	{ "sync.field.lead", "1abc__c", NULL },
	{ "sync.field.lead", "_abc__c", NULL },
	{ "brake.percent", "100", "100" },
	{ "brake.percent", "101", NULL },
	{ "brake.percent", "-1", NULL },
	{ "brake.percent", "ten", NULL },
	{ "brake.rows_min", "0", "0" },
};

static void values_are_normalised_or_refused_with_the_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_fini) Arena arena = ARENA_MAX(4096);
		const SettingDef *def = settings_find(str_from(cases[i].name));
		assert_non_null(def);
		Str value = STR("untouched");
		Err err = { 0 };
		bool ok = setting_normalize(def, str_from(cases[i].value), &arena, &value, &err);
		if (ok != (cases[i].want != NULL))
			fail_msg("%s = \"%s\" was %s", cases[i].name, cases[i].value,
				ok ? "taken" : err.text);
		assert_str(value, ok ? cases[i].want : "untouched");
		if (!ok) {
			assert_int_equal(err.kind, ERR_INPUT);
			assert_has(str_from(err.text), cases[i].name);
		}
	}
}

static void longest_value_is_bounded(void **state)
{
	(void)state;
	char value[SETTING_VALUE_BYTES_MAX + 1];
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(4096);
	memset(value, 'a', sizeof value);
	Str out;
	assert_false(setting_normalize(settings_find(STR("public.url")),
		(Str){ value, sizeof value }, &arena, &out, NULL));
}

static void every_default_passes_its_own_check(void **state)
{
	(void)state;
	size_t count;
	const SettingDef *table = settings_table(&count);
	for (size_t i = 0; i < count; i++) {
		CLEANUP(arena_fini) Arena arena = ARENA_MAX(4096);
		Str value;
		Err err;
		assert_true(setting_normalize(
			&table[i], str_from(table[i].fallback), &arena, &value, &err));
		assert_str(value, table[i].fallback);
		assert_true(strlen(table[i].help) > 0);
	}
}

static void no_name_stands_twice(void **state)
{
	(void)state;
	size_t count;
	const SettingDef *table = settings_table(&count);
	for (size_t i = 0; i < count; i++)
		assert_ptr_equal(settings_find(str_from(table[i].name)), &table[i]);
	assert_null(settings_find(STR("sync")));
	assert_null(settings_find(STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_normalised_or_refused_with_the_name),
		cmocka_unit_test(longest_value_is_bounded),
		cmocka_unit_test(every_default_passes_its_own_check),
		cmocka_unit_test(no_name_stands_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
