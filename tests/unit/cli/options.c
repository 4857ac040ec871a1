#include "base/base.h"

#include "cli/options.h"

#include "../../lib/expect.h"

static const Opt own[] = {
	{ .name = "reason", .value = "TEXT", .help = "why" },
	{ .name = "yes", .letter = 'y', .help = "do not ask" },
	{ .name = "scope", .letter = 's', .value = "SCOPE", .help = "may be repeated" },
};
static const Opt common[] = {
	{ .name = "json", .help = "JSON" },
};
static const OptTable tables[] = { { own, ARRAY_LEN(own) }, { common, ARRAY_LEN(common) } };

enum { WORDS_MAX = 16 };

/* A command line as the kernel would hand it over: writable, NULL at the end. */
typedef struct Line {
	char *words[WORDS_MAX];
	int count;
} Line;

static Line line_of(const char *const *words, size_t count)
{
	Line line = { .count = (int)count };
	for (size_t i = 0; i < count; i++)
		line.words[i] = strdup(words[i]);
	return line;
}

static void line_fini(Line *line)
{
	for (int i = 0; i < line->count; i++)
		free(line->words[i]);
}

#define LINE(...)                                                                                  \
	line_of((const char *const[]){ "optout", __VA_ARGS__ },                                    \
		ARRAY_LEN(((const char *const[]){ "optout", __VA_ARGS__ })))

static bool parse(Line *line, bool stop, Opts *out, Err *err)
{
	*out = (Opts){ 0 };
	return opts_parse(tables, ARRAY_LEN(tables), line->count, line->words, stop, out, err);
}

static void options_stand_anywhere_and_dash_is_an_argument(void **state)
{
	(void)state;
	CLEANUP(line_fini) Line line = LINE("a@x", "--reason", "by phone", "-", "-y", "--json");
	Opts opts;
	Err err = { 0 };
	assert_true(parse(&line, false, &opts, &err));
	assert_string_equal(opts_value(&opts, "reason"), "by phone");
	assert_true(opts_has(&opts, "yes") && opts_has(&opts, "json"));
	assert_false(opts_has(&opts, "scope"));
	assert_int_equal(opts.arg_count, 2);
	assert_string_equal(opts.args[0], "a@x");
	assert_string_equal(opts.args[1], "-");
}

static void after_two_dashes_everything_is_an_argument(void **state)
{
	(void)state;
	CLEANUP(line_fini) Line line = LINE("--yes", "--", "--reason", "-y");
	Opts opts;
	Err err = { 0 };
	assert_true(parse(&line, false, &opts, &err));
	assert_int_equal(opts.given_count, 1);
	assert_int_equal(opts.arg_count, 2);
	assert_string_equal(opts.args[0], "--reason");
}

static void a_repeated_option_keeps_all_values_and_the_last_one_counts(void **state)
{
	(void)state;
	CLEANUP(line_fini) Line line = LINE("--scope=send", "-s", "read", "-suser");
	Opts opts;
	Err err = { 0 };
	assert_true(parse(&line, false, &opts, &err));
	size_t at = 0;
	assert_string_equal(opts_next_value(&opts, "scope", &at), "send");
	assert_string_equal(opts_next_value(&opts, "scope", &at), "read");
	assert_string_equal(opts_next_value(&opts, "scope", &at), "user");
	assert_null(opts_next_value(&opts, "scope", &at));
	assert_string_equal(opts_value(&opts, "scope"), "user");
}

static void parsing_may_stop_at_the_first_argument(void **state)
{
	(void)state;
	CLEANUP(line_fini) Line line = LINE("--json", "people", "--reason", "x");
	Opts opts;
	Err err = { 0 };
	assert_true(parse(&line, true, &opts, &err));
	assert_int_equal(opts.given_count, 1);
	assert_int_equal(opts.arg_count, 3);
	assert_string_equal(opts.args[1], "--reason");
}

static void two_passes_add_up(void **state)
{
	(void)state;
	CLEANUP(line_fini) Line first = LINE("--json");
	CLEANUP(line_fini) Line second = LINE("-y", "a");
	Opts opts = { 0 };
	Err err = { 0 };
	assert_true(opts_parse(tables, 2, first.count, first.words, true, &opts, &err));
	assert_true(opts_parse(tables, 2, second.count, second.words, false, &opts, &err));
	assert_true(opts_has(&opts, "json") && opts_has(&opts, "yes"));
	assert_int_equal(opts.arg_count, 1);
}

static void expect_refusal(Line line, const char *text)
{
	Opts opts;
	Err err = { 0 };
	assert_false(parse(&line, false, &opts, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_string_equal(err.text, text);
	line_fini(&line);
}

static void a_refusal_says_what_is_wrong(void **state)
{
	(void)state;
	expect_refusal(LINE("--unknown"), "there is no option --unknown; -h lists them");
	expect_refusal(LINE("a", "--unknown=1"), "there is no option --unknown=1; -h lists them");
	expect_refusal(LINE("-q"), "there is no option -q; -h lists them");
	expect_refusal(LINE("--reason"), "--reason needs a value: --reason TEXT");
	expect_refusal(LINE("-s"), "--scope needs a value: --scope SCOPE");
	expect_refusal(LINE("--yes=1"), "--yes takes no value");
}

static void abbreviations_are_refused_because_they_break_later(void **state)
{
	(void)state;
	expect_refusal(LINE("--ye"), "write --yes in full");
	expect_refusal(LINE("--rea", "x"), "write --reason in full");
	expect_refusal(LINE("--rea=x"), "write --reason in full");
}

static void a_value_may_look_like_its_option(void **state)
{
	(void)state;
	CLEANUP(line_fini) Line line = LINE("--reason", "--reason");
	Opts opts;
	Err err = { 0 };
	assert_true(parse(&line, false, &opts, &err));
	assert_string_equal(opts_value(&opts, "reason"), "--reason");
}

static void too_many_options_are_refused(void **state)
{
	(void)state;
	char word[] = "-y";
	char *words[OPTS_GIVEN_MAX + 3];
	for (size_t i = 0; i < OPTS_GIVEN_MAX + 2; i++)
		words[i] = word;
	words[OPTS_GIVEN_MAX + 2] = NULL;
	Opts opts = { 0 };
	Err err = { 0 };
	assert_false(opts_parse(tables, 2, OPTS_GIVEN_MAX + 2, words, false, &opts, &err));
	opts = (Opts){ 0 };
	assert_true(opts_parse(tables, 2, OPTS_GIVEN_MAX + 1, words, false, &opts, &err));
}

static void help_is_aligned(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf text = BUF_MAX(4096);
	opts_put_help(&text, &tables[0]);
	assert_buf(text,
		"      --reason TEXT  why\n"
		"  -y, --yes          do not ask\n"
		"  -s, --scope SCOPE  may be repeated\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_anywhere_and_dash_is_an_argument),
		cmocka_unit_test(after_two_dashes_everything_is_an_argument),
		cmocka_unit_test(a_repeated_option_keeps_all_values_and_the_last_one_counts),
		cmocka_unit_test(parsing_may_stop_at_the_first_argument),
		cmocka_unit_test(two_passes_add_up),
		cmocka_unit_test(a_refusal_says_what_is_wrong),
		cmocka_unit_test(abbreviations_are_refused_because_they_break_later),
		cmocka_unit_test(a_value_may_look_like_its_option),
		cmocka_unit_test(too_many_options_are_refused),
		cmocka_unit_test(help_is_aligned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
