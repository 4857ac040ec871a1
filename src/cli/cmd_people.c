#include "base/base.h"
#include "cli/command.h"
#include "cli/view.h"

enum { PATH_BYTES_MAX = 8 * 1024 };

/* ------------------------------------------------------------------ list */

static const Opt list_opts[] = {
	{ .name = "filter", .value = "WHICH", .help = "all, unsubscribed or without-record [all]" },
	{ .name = "after", .value = "ID", .help = "people with a higher ID: the next page" },
	{ .name = "limit", .value = "N", .help = "how many at most" },
};

static ExitCode run_list(Cli *cli)
{
	CLEANUP(buf_fini) Buf path = BUF_MAX(PATH_BYTES_MAX);
	buf_put_z(&path, "/api/v1/people");
	for (size_t i = 0; i < ARRAY_LEN(list_opts); i++)
		cli_put_query(&path, list_opts[i].name, opts_value(&cli->opts, list_opts[i].name));
	return cli_show(cli, HTTP_GET, buf_str(&path), STR_NONE, view_people);
}

const Command cmd_people_list = {
	.name = "people list",
	.alias = "people",
	.args = "",
	.options = OPTIONS(list_opts),
	.has_json = true,
	.needs_config = true,
	.run = run_list,
	.help = "List people in order of their ID",
	.detail = "",
};

/* ------------------------------------------------------------------ show */

static ExitCode run_show(Cli *cli)
{
	const char *who = cli->opts.args[0];
	CLEANUP(buf_fini) Buf path = BUF_MAX(PATH_BYTES_MAX);
	cli_put_person(&path, who);
	return cli_show(cli, HTTP_GET, buf_str(&path), STR_NONE, view_person);
}

const Command cmd_people_show = {
	.name = "people show",
	.args = "ADDRESS|ID",
	.args_min = 1,
	.args_max = 1,
	.has_json = true,
	.needs_config = true,
	.run = run_show,
	.help = "Show a person: state, Salesforce records, history",
	.detail = "",
};
