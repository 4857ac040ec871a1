#include "base/base.h"
#include "cli/command.h"

#include "app/app.h"

static ExitCode run_serve(Cli *cli)
{
	Err err = { 0 };
	return daemon_run(cli->config, &err) ? EXIT_DONE : cli_fail(&err);
}

const Command cmd_serve = {
	.name = "serve",
	.args = "",
	.needs_config = true,
	.run = run_serve,
	.help = "Run the daemon: collect, push, sync at night",
	.detail = "Runs in the foreground until SIGTERM or SIGINT; then answers what is under\n"
		  "way within drain_ms and ends. A second signal ends it at once. Logs to\n"
		  "standard error.",
};

static ExitCode run_version(Cli *cli)
{
	Err err = { 0 };
	Str text = cli->is_json ? STR("{\"version\":\"" OPTOUT_VERSION "\"}\n")
				: STR("optout " OPTOUT_VERSION "\n");
	return cli_print(text, &err) ? EXIT_DONE : cli_fail(&err);
}

const Command cmd_version = {
	.name = "version",
	.args = "",
	.has_json = true,
	.run = run_version,
	.help = "Print the version",
	.detail = "",
};
