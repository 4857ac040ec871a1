#include "base/base.h"
#include "cli/command.h"
#include "cli/document.h"
#include "cli/table.h"

#include <unistd.h>

enum { TEXT_BYTES_MAX = 256 * 1024 };

static bool load(const Cli *cli, Config *out, ConfigFaults *faults, ExitCode *code)
{
	Err err = { 0 };
	if (config_load(&cli->config_sources, out, faults, &err))
		return true;
	for (size_t i = 0; i < MIN_OF(faults->count, (size_t)CONFIG_FAULTS_MAX); i++)
		fprintf(stderr, "optout: %s\n", faults->items[i].text);
	*code = EXIT_USAGE;
	return false;
}

/* ------------------------------------------------------------------ show */

static const Opt show_opts[] = {
	{ .name = "origin", .help = "say of each where it was set" },
};

/* The values as JSON; the table is made from it, like any other. */
static void put_json(Buf *out, const Config *config, bool has_origin)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(16 * 1024);
	JsonWriter w;
	jw_init(&w, out);
	jw_object_begin(&w);
	jw_key(&w, "options");
	jw_array_begin(&w);
	for (size_t i = 0; i < config_option_count(); i++) {
		const ConfigOption *option = config_option_at(i);
		jw_object_begin(&w);
		jw_kv_str(&w, "name", str_from(option->name));
		buf_reset(&text);
		config_put_value(&text, config, option);
		jw_kv_str(&w, "value", str_from(buf_z(&text)));
		if (has_origin) {
			buf_reset(&text);
			config_put_origin(&text, config, option);
			jw_kv_str(&w, "origin", buf_str(&text));
		}
		jw_object_end(&w);
	}
	jw_array_end(&w);
	jw_object_end(&w);
	buf_put_char(out, '\n');
}

static void put_table(Buf *out, const JsonVal *root)
{
	static const Column columns[] = { { "OPTION", "name", CELL_TEXT, 0 },
		{ "VALUE", "value", CELL_TEXT, 0 }, { "SET BY", "origin", CELL_TEXT, 0 } };
	table_put(out, json_member(root, "options"), columns, ARRAY_LEN(columns));
}

static ExitCode run_show(Cli *cli)
{
	Config config = { 0 };
	ConfigFaults faults = { 0 };
	ExitCode code;
	if (!load(cli, &config, &faults, &code))
		return code;
	Err err = { 0 };
	CLEANUP(buf_fini) Buf json = BUF_MAX(TEXT_BYTES_MAX);
	CLEANUP(buf_fini) Buf text = BUF_MAX(TEXT_BYTES_MAX);
	put_json(&json, &config, opts_has(&cli->opts, "origin"));
	JsonDoc doc;
	if (!json_doc_parse(buf_str(&json), TEXT_BYTES_MAX, &doc, &err))
		return cli_fail(&err);
	put_table(&text, doc.root);
	json_doc_fini(&doc);
	return cli_print(buf_str(cli->is_json ? &json : &text), &err) ? EXIT_DONE : cli_fail(&err);
}

const Command cmd_config_show = {
	.name = "config show",
	.alias = "config",
	.args = "",
	.options = OPTIONS(show_opts),
	.has_json = true,
	.run = run_show,
	.help = "Show every option of the configuration with its value",
	.detail = "",
};

/* ----------------------------------------------------------------- check */

/* OPTOUT_ variables that are no option: perhaps misspelt. Not an error, because container platforms
 * invent variables that begin with a service's name. */
static void warn_of_variables(const Cli *cli)
{
	for (const char *const *env = cli->config_sources.environment; *env; env++) {
		Str rest = str_from(*env), name = STR_NONE, prefix = STR("OPTOUT_");
		if (!str_starts(rest, prefix) || !str_split(&rest, '=', &name))
			continue;
		char lower[64];
		if (str_eq(name, STR("OPTOUT_CONFIG"))
			|| !str_copy(str_from_pos(name, prefix.len), lower, sizeof lower))
			continue;
		for (char *c = lower; *c; c++)
			*c = ascii_lower(*c);
		if (!config_option_find(str_from(lower)))
			fprintf(stderr, "optout: the environment has %.*s, which is no option\n",
				STR_ARG(name));
	}
}

static ExitCode run_check(Cli *cli)
{
	Config config = { 0 };
	ConfigFaults faults = { 0 };
	ExitCode code;
	warn_of_variables(cli);
	if (!load(cli, &config, &faults, &code))
		return code;
	Err err = { 0 };
	CLEANUP(buf_fini) Buf text = BUF_MAX(2 * CONFIG_TEXT_MAX);
	buf_printf(&text, "%s is good.\n", config.file[0] ? config.file : "The configuration");
	if (access(config.key_file, R_OK) != 0)
		buf_printf(&text, "Next: `optout key init` makes %s.\n", config.key_file);
	return cli_print(buf_str(&text), &err) ? EXIT_DONE : cli_fail(&err);
}

const Command cmd_config_check = {
	.name = "config check",
	.args = "",
	.run = run_check,
	.help = "Check file, environment and flags; name every fault",
	.detail = "",
};

/* --------------------------------------------------------------- example */

static ExitCode run_example(Cli *cli)
{
	(void)cli;
	Err err = { 0 };
	CLEANUP(buf_fini) Buf text = BUF_MAX(TEXT_BYTES_MAX);
	document_put_example(&text);
	return cli_print(buf_str(&text), &err) ? EXIT_DONE : cli_fail(&err);
}

const Command cmd_config_example = {
	.name = "config example",
	.args = "",
	.run = run_example,
	.help = "Print a configuration file with every option and its default",
	.detail = "",
};
