#include "app/config.h"
#include "base/base.h"
#include "base/log.h"
#include "base/secret.h"
#include "cli/command.h"

#include <sys/stat.h>
#include <unistd.h>

/* Known everywhere, before and after the command's words. */
static const Opt common_opts[] = {
	{ .name = "config",
		.value = "FILE",
		.help = "configuration file instead of the usual places" },
	{ .name = "help", .letter = 'h', .help = "how a command is used; alone: this list" },
};
static const Opt json_opts[] = {
	{ .name = "json", .help = "print the API's JSON" },
};
static const Opt version_opts[] = {
	{ .name = "version", .letter = 'V', .help = "print the version" },
};

/* The options of the configuration as options of the command line: state_dir is --state-dir. */
typedef struct ConfigOpts {
	Opt opts[CONFIG_OPTIONS_MAX];
	char names[CONFIG_OPTIONS_MAX][32];
	char help[CONFIG_OPTIONS_MAX][256];
	size_t count;
} ConfigOpts;

static const char *value_name(ConfigType type)
{
	static const char *const names[] = {
		[CONFIG_PATH] = "PATH",
		[CONFIG_STORE_URL] = "URL",
		[CONFIG_LISTEN] = "IP:PORT",
		[CONFIG_CIDRS] = "CIDR",
		[CONFIG_INT] = "N",
		[CONFIG_BYTES] = "SIZE",
		[CONFIG_BOOL] = "YES|NO",
		[CONFIG_LEVEL] = "LEVEL",
	};
	return names[type];
}

static void config_opts_fill(ConfigOpts *out)
{
	for (size_t i = 0; i < config_option_count(); i++) {
		const ConfigOption *option = config_option_at(i);
		size_t len = strlen(option->name);
		assert(len < sizeof out->names[i]);
		for (size_t c = 0; c <= len; c++)
			out->names[i][c] = option->name[c] == '_' ? '-' : option->name[c];
		bool has_default = option->default_text[0] && option->type != CONFIG_CIDRS;
		bool is_count = has_default && option->type == CONFIG_INT && option->unit[0];
		snprintf(out->help[i], sizeof out->help[i], "%s%s%s%s%s%s", option->help,
			has_default ? " [" : "", has_default ? option->default_text : "",
			is_count ? " " : "", is_count ? option->unit : "", has_default ? "]" : "");
		out->opts[out->count++] = (Opt){
			.name = out->names[i],
			.value = value_name(option->type),
			.help = out->help[i],
			.tag = option,
		};
	}
}

static ExitCode print_and_exit(const Buf *text)
{
	Err err = { 0 };
	return cli_print(buf_str(text), &err) ? EXIT_DONE : cli_fail(&err);
}

static ExitCode show_overview(const ConfigOpts *config_opts)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
	buf_put_z(&text,
		"Optout keeps e-mail unsubscribes and Salesforce opt-outs the same.\n\n"
		"Usage: optout COMMAND [OPTIONS] [ARGUMENTS]\n\nCommands:\n");
	command_put_list(&text, STR(""));
	buf_put_z(&text, "\nOptions of all commands:\n");
	opts_put_help(&text, &(OptTable)OPTIONS(common_opts));
	buf_put_z(&text,
		"\nConfiguration (also in optout.conf, or as OPTOUT_STATE_DIR and so on):\n");
	opts_put_help(&text, &(OptTable){ config_opts->opts, config_opts->count });
	buf_put_z(&text,
		"\n`optout COMMAND -h` shows one command; "
		"optout(1) and optout.conf(5) tell more.\n");
	return print_and_exit(&text);
}

static ExitCode show_command_help(const Command *command)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
	command_put_help(&text, command);
	return print_and_exit(&text);
}

/* "optout people": the words are the beginning of commands, or nothing we know. */
static ExitCode refuse_words(const Cli *cli)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
	command_put_list(&text, str_from(cli->opts.args[0]));
	if (text.len == 0)
		return cli_usage(cli, "there is no command %s", cli->opts.args[0]);
	fprintf(stderr, "optout: %s needs one more word:\n%s", cli->opts.args[0], buf_z(&text));
	return EXIT_USAGE;
}

static size_t collect_flags(const Opts *opts, ConfigFlag flags[OPTS_GIVEN_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < opts->given_count; i++)
		if (opts->given[i].opt->tag)
			flags[count++] = (ConfigFlag){
				.option = opts->given[i].opt->tag,
				.value = opts->given[i].value,
			};
	return count;
}

/* Commands say what went wrong themselves; their log shows only what somebody asked for. */
static void start_log(const Cli *cli, const Config *config)
{
	const ConfigOption *level = config_option_find(STR("log_level"));
	bool is_default = config->origins[level - config_option_at(0)].from == CONFIG_DEFAULT;
	bool is_service = cli->command == &cmd_serve;
	log_init(&(LogOptions){
		.level = is_default && !is_service ? LOG_ERROR : config->log_level,
		.json = config->log_json,
		/* systemd sets it for what it starts; a terminal wants to see the time. */
		.journald = getenv("JOURNAL_STREAM") != NULL && !isatty(STDERR_FILENO),
		.clear_addresses = config->log_clear_addresses,
	});
}

static ExitCode run(Cli *cli)
{
	Config config = { 0 };
	Err err = { 0 };
	if (cli->command->needs_config) {
		if (!config_load(&cli->config_sources, &config, NULL, &err)) {
			cli_fail(&err);
			return EXIT_USAGE;
		}
		start_log(cli, &config);
		if (!secret_library_init(&err))
			return cli_fail(&err);
	}
	cli->config = &config;
	ExitCode code = cli->command->run(cli);
	client_close(&cli->client);
	cli->config = NULL;
	return code;
}

static bool check_arguments(const Cli *cli)
{
	return cli->opts.arg_count >= cli->command->args_min
		&& cli->opts.arg_count <= cli->command->args_max;
}

/* After the command's words: its own options, the common ones, those of the configuration. */
static bool parse_command(Cli *cli, size_t words, const ConfigOpts *config_opts, Err *err)
{
	OptTable tables[] = {
		cli->command->options,
		OPTIONS(common_opts),
		{ json_opts, cli->command->has_json ? ARRAY_LEN(json_opts) : 0 },
		{ config_opts->opts, config_opts->count },
	};
	/* getopt_long takes the first element for the program's name: the command's last word. */
	char **argv = cli->opts.args + words - 1;
	int argc = (int)(cli->opts.arg_count - words + 1);
	if (!opts_parse(tables, ARRAY_LEN(tables), argc, argv, false, &cli->opts, err))
		return false;
	cli->is_json = opts_has(&cli->opts, "json");
	return true;
}

/* "optout help people list" is "optout people list -h". */
static bool take_help_word(Opts *opts)
{
	if (opts->arg_count == 0 || strcmp(opts->args[0], "help") != 0)
		return false;
	opts->args++;
	opts->arg_count--;
	return true;
}

static ExitCode run_words(Cli *cli, size_t words, bool is_help, const ConfigOpts *config_opts)
{
	Err err = { 0 };
	if (words && !parse_command(cli, words, config_opts, &err))
		return cli_usage(cli, "%s", err.text);
	if (is_help || opts_has(&cli->opts, "help"))
		return show_command_help(cli->command);
	if (words && !check_arguments(cli))
		return cli_usage(cli, "optout %s takes %s%s", cli->command->name,
			cli->command->args[0] ? cli->command->args : "no arguments",
			cli->opts.arg_count > cli->command->args_max ? ", not more" : "");

	ConfigFlag flags[OPTS_GIVEN_MAX];
	cli->config_sources = (ConfigSources){
		.file = opts_value(&cli->opts, "config"),
		.environment = (const char *const *)environ,
		.flags = flags,
		.flag_count = collect_flags(&cli->opts, flags),
		.is_root = geteuid() == 0,
	};
	return run(cli);
}

static ExitCode dispatch(Cli *cli, int argc, char **argv, const ConfigOpts *config_opts)
{
	const OptTable before[] = { OPTIONS(common_opts), OPTIONS(version_opts),
		{ config_opts->opts, config_opts->count } };
	Err err = { 0 };
	if (!opts_parse(before, ARRAY_LEN(before), argc, argv, true, &cli->opts, &err))
		return cli_usage(cli, "%s", err.text);
	bool is_help = take_help_word(&cli->opts) || opts_has(&cli->opts, "help");
	size_t words = 0;
	cli->command = opts_has(&cli->opts, "version")
		? &cmd_version
		: command_find(cli->opts.args, cli->opts.arg_count, &words);
	if (cli->command)
		return run_words(cli, words, is_help, config_opts);
	if (cli->opts.arg_count)
		return refuse_words(cli);
	ExitCode code = show_overview(config_opts);
	return is_help ? code : EXIT_USAGE;
}

int main(int argc, char **argv)
{
	/* Whatever is made holds addresses or keys: for this user alone. */
	umask(0077);
	ConfigOpts config_opts = { 0 };
	config_opts_fill(&config_opts);
	Cli cli = { 0 };
	return (int)dispatch(&cli, argc, argv, &config_opts);
}
