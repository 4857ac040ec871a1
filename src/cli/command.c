#include "cli/command.h"
#include "base/base.h"

/* In the order of --help. */
static const Command *const commands[] = {
	&cmd_serve,
	&cmd_key_init,
	&cmd_org_connect,
	&cmd_org_status,
	&cmd_org_list,
	&cmd_people_import,
	&cmd_people_list,
	&cmd_people_show,
	&cmd_unsubscribe,
	&cmd_remove,
	&cmd_check,
	&cmd_link,
	&cmd_sync,
	&cmd_runs_list,
	&cmd_runs_show,
	&cmd_runs_plan,
	&cmd_settings_get,
	&cmd_settings_set,
	&cmd_token_add,
	&cmd_status,
	&cmd_diagnostics,
	&cmd_config_show,
	&cmd_config_check,
	&cmd_config_example,
	&cmd_version,
};

size_t command_count(void)
{
	return ARRAY_LEN(commands);
}

const Command *command_at(size_t index)
{
	assert(index < ARRAY_LEN(commands));
	return commands[index];
}

/* How many of the words spell the name; 0: they do not. */
static size_t words_used(const char *name, char **words, size_t count)
{
	Str rest = str_from(name), part;
	size_t used = 0;
	while (str_split(&rest, ' ', &part)) {
		if (used == count || !str_eq(part, str_from(words[used])))
			return 0;
		used++;
	}
	return used;
}

const Command *command_find(char **words, size_t count, size_t *out_used)
{
	const Command *best = NULL;
	size_t best_used = 0;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		const char *names[] = { commands[i]->name, commands[i]->alias };
		for (size_t n = 0; n < ARRAY_LEN(names); n++) {
			size_t used = names[n] ? words_used(names[n], words, count) : 0;
			if (used > best_used) {
				best = commands[i];
				best_used = used;
			}
		}
	}
	if (best)
		*out_used = best_used;
	return best;
}

static bool is_in_group(const Command *command, Str group)
{
	Str rest = str_from(command->name), first = STR_NONE;
	return group.len == 0 || (str_split(&rest, ' ', &first) && str_eq(first, group));
}

static size_t synopsis_width(const Command *command)
{
	return strlen(command->name) + (command->args[0] ? 1 + strlen(command->args) : 0);
}

void command_put_list(Buf *out, Str group)
{
	size_t widest = 0;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (is_in_group(commands[i], group))
			widest = MAX_OF(widest, synopsis_width(commands[i]));
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		const Command *command = commands[i];
		if (!is_in_group(command, group))
			continue;
		buf_printf(out, "  %s%s%s%*s  %s\n", command->name, command->args[0] ? " " : "",
			command->args, (int)(widest - synopsis_width(command)), "", command->help);
	}
}

void command_put_help(Buf *out, const Command *command)
{
	buf_printf(out, "Usage: optout %s%s%s%s\n\n%s.\n", command->name,
		command->options.count ? " [OPTIONS]" : "", command->args[0] ? " " : "",
		command->args, command->help);
	if (command->detail[0])
		buf_printf(out, "\n%s\n", command->detail);
	if (command->alias)
		buf_printf(out, "\nAlso: optout %s\n", command->alias);
	buf_put_z(out, "\nOptions:\n");
	static const Opt json = { .name = "json",
		.help = "print the API's JSON instead of a table" };
	static const Opt help = { .name = "help", .letter = 'h', .help = "this text" };
	Opt all[OPTS_KNOWN_MAX];
	size_t count = 0;
	for (size_t i = 0; i < command->options.count; i++)
		all[count++] = command->options.opts[i];
	if (command->has_json)
		all[count++] = json;
	all[count++] = help;
	opts_put_help(out, &(OptTable){ all, count });
	buf_put_z(out, "\nOptions of the configuration may be given too: `optout --help`.\n");
}
