#include "base/base.h"

#include "cli/command.h"

#include "../../lib/expect.h"

static void every_row_is_complete_and_its_names_are_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count(); i++) {
		const Command *command = command_at(i);
		assert_true(command->name && command->args && command->help && command->detail);
		assert_non_null(command->run);
		assert_true(command->help[0] && command->help[strlen(command->help) - 1] != '.');
		assert_true(command->args_min <= command->args_max);
		assert_true((command->args[0] != '\0') == (command->args_max > 0));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(command->name, command_at(k)->name);
	}
}

/* Each line of --json, --config, -h and the configuration is known to every command: none may take
 * the name. */
static void no_option_of_a_command_hides_a_common_one(void **state)
{
	(void)state;
	static const char *const common[] = { "json", "config", "help", "version" };
	for (size_t i = 0; i < command_count(); i++) {
		const OptTable *table = &command_at(i)->options;
		for (size_t k = 0; k < table->count; k++) {
			const Opt *opt = &table->opts[k];
			assert_null(config_option_find(str_from(opt->name)));
			assert_true(opt->letter != 'h' && opt->letter != 'V');
			for (size_t c = 0; c < ARRAY_LEN(common); c++)
				assert_string_not_equal(opt->name, common[c]);
			for (size_t other = 0; other < k; other++)
				assert_string_not_equal(opt->name, table->opts[other].name);
		}
	}
}

#define FIND(...)                                                                                  \
	command_find((char *[]){ __VA_ARGS__ }, ARRAY_LEN(((char *[]){ __VA_ARGS__ })), &used)

static char people[] = "people", import[] = "import", runs[] = "runs", show[] = "show",
	    resubscribe[] = "resubscribe", address[] = "a@x", key[] = "key", number[] = "5";

static void the_longest_name_wins_and_aliases_stand_for_it(void **state)
{
	(void)state;
	size_t used = 0;
	assert_ptr_equal(FIND(people, import, address), &cmd_people_import);
	assert_int_equal(used, 2);
	assert_ptr_equal(FIND(people), &cmd_people_list);
	assert_int_equal(used, 1);
	assert_ptr_equal(FIND(runs, number), &cmd_runs_list);
	assert_int_equal(used, 1);
	assert_ptr_equal(FIND(runs, show, number), &cmd_runs_show);
	assert_ptr_equal(FIND(resubscribe, address), &cmd_remove);
	assert_null(FIND(key));
	assert_null(FIND(address));
	assert_null(command_find(NULL, 0, &used));
}

static void a_list_may_be_of_one_group(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
	command_put_list(&text, STR("token"));
	assert_buf(text, "  token add NAME  Make a token for a program; it is shown once\n");
	buf_reset(&text);
	command_put_list(&text, STR("peop"));
	assert_int_equal(text.len, 0);
}

static void help_shows_use_text_and_options(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
	command_put_help(&text, &cmd_remove);
	assert_has(buf_str(&text), "Usage: optout remove [OPTIONS] ADDRESS|ID\n");
	assert_has(buf_str(&text), "never synced");
	assert_has(buf_str(&text), "  -y, --yes");
	assert_has(buf_str(&text), "      --json");
	assert_has(buf_str(&text), "Also: optout resubscribe\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_complete_and_its_names_are_its_own),
		cmocka_unit_test(no_option_of_a_command_hides_a_common_one),
		cmocka_unit_test(the_longest_name_wins_and_aliases_stand_for_it),
		cmocka_unit_test(a_list_may_be_of_one_group),
		cmocka_unit_test(help_shows_use_text_and_options),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
