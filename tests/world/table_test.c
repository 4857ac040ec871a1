/* A line that is not understood is an error that names file, line and word. */
#include "base/base.h"

#include "base/file.h"
#include "lib/expect.h"
#include "table.h"

#include <unistd.h>

static char folder[64];

/* Reads "# title" and the lines; the text of the error, "" for none. */
static const char *refusal(const char *lines)
{
	static char text[sizeof((Err *)0)->text];
	static Table table;
	CLEANUP(buf_fini) Buf bytes = BUF_MAX(4096);
	char path[128];
	Err err = { 0 };
	snprintf(path, sizeof path, "%s/x.world", folder);
	buf_printf(&bytes, "# What is shown.\n%s", lines);
	assert_true(file_write_durable(path, buf_str(&bytes), 0600, &err));
	bool ok = table_read(path, &table, &err);
	snprintf(text, sizeof text, "%s", ok ? "" : strrchr(err.text, '/') + 1);
	if (ok)
		table_fini(&table);
	unlink(path);
	return text;
}

static void a_file_is_understood(void **state)
{
	(void)state;
	assert_str(str_from(refusal("record  c1  anna@x.example  email-opt-out\n"
				    "person  anna@x.example  by-id c1\n"
				    "\n"
				    "during  reading  stop anna@x.example one-click\n"
				    "run\n"
				    "plan    nothing\n"
				    "end     person anna@x.example  mailable  with c1\n")),
		"");
}

static void unknown_words_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *lines, *want;
	} cases[] = {
		{ "\nrecrod c1 anna@x.example\n", "x.world:3: no line begins with \"recrod\"" },
		{ "record c1 anna@x.example opted-out\n",
			"x.world:2: \"opted-out\" has no place in this line; such a line reads: "
			"record NEW EMAIL [BOX...]" },
		{ "tick c1 email-opt-out\n", "x.world:2: \"c1\" in place of a record named above" },
		{ "record x1 anna@x.example\n", "x.world:2: \"x1\" in place of a new record" },
		{ "record c1 -\nrecord c1 -\n", "x.world:3: \"c1\" in place of a new record" },
		{ "setting sync.moed both\n", "\"sync.moed\" in place of a setting" },
		{ "person anna\n", "\"anna\" in place of an address" },
		{ "stop anna@x.example clickety\n", "\"clickety\" in place of a source" },
		{ "during sleeping stop anna@x.example link\nrun\n", "during what?" },
		{ "run in east\nplan nothing\n", "\"east\" in place of an org named above" },
		{ "run\nplan nothing\tat all\n", "x.world:3: a tab" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_has(str_from(refusal(cases[i].lines)), cases[i].want);
}

static void lines_out_of_place_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *lines, *want;
	} cases[] = {
		{ "run\n", "the file ends before its run is told" },
		{ "run\nrun\n", "x.world:3: the run before this line does not say what it plans" },
		{ "plan nothing\n", "there is no run before this line" },
		{ "run\nplan nothing\nholds it\n", "x.world:4: there is no run before this line" },
		{ "stop anna@x.example link\nperson anna@x.example\n",
			"x.world:3: this stands before everything that happens" },
		{ "end person anna@x.example mailable\nrun\n", "\"end\" lines come last" },
		{ "during reading stop anna@x.example link\nstop anna@x.example link\n",
			"\"during\" lines stand before their run" },
		{ "during reading run\n", "this is nothing that happens during a run" },
		{ "record c1 -\norg east\n", "the first org stands before its records" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_has(str_from(refusal(cases[i].lines)), cases[i].want);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/optout-table-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_understood),
		cmocka_unit_test(unknown_words_are_named),
		cmocka_unit_test(lines_out_of_place_are_named),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
