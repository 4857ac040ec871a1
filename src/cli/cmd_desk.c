/* Settings, tokens, the state of the whole, and what needs somebody's attention. */
#include "base/base.h"
#include "cli/command.h"
#include "cli/view.h"

enum { PATH_BYTES_MAX = 1024, BODY_BYTES_MAX = 256 * 1024 };

static const Opt org_opts[] = {
	{ .name = "org", .value = "ID", .help = "Organization ID [the only one]" },
};

static void put_settings_path(Buf *path, const Cli *cli)
{
	buf_put_z(path, "/api/v1/settings");
	cli_put_query(path, "org", opts_value(&cli->opts, "org"));
}

/* -------------------------------------------------------------- settings */

static ExitCode run_get(Cli *cli)
{
	CLEANUP(buf_fini) Buf path = BUF_MAX(PATH_BYTES_MAX);
	put_settings_path(&path, cli);
	return cli_show(cli, HTTP_GET, buf_str(&path), STR_NONE, view_settings);
}

const Command cmd_settings_get = {
	.name = "settings get",
	.alias = "settings",
	.args = "",
	.options = OPTIONS(org_opts),
	.has_json = true,
	.needs_config = true,
	.run = run_get,
	.help = "Show the settings of the house and of an org",
	.detail = "",
};

static bool put_changes(Buf *out, const Cli *cli)
{
	JsonWriter w;
	jw_init(&w, out);
	jw_object_begin(&w);
	for (size_t i = 0; i < cli->opts.arg_count; i++) {
		Str change = str_from(cli->opts.args[i]);
		ptrdiff_t equals = str_find_char(change, '=', 0);
		char name[128];
		if (equals <= 0 || !str_copy(str_sub(change, 0, (size_t)equals), name, sizeof name))
			return false;
		jw_kv_str(&w, name, str_from_pos(change, (size_t)equals + 1));
	}
	jw_object_end(&w);
	return true;
}

static ExitCode run_set(Cli *cli)
{
	CLEANUP(buf_fini) Buf body = BUF_MAX(BODY_BYTES_MAX);
	if (!put_changes(&body, cli))
		return cli_usage(cli, "write NAME=VALUE, such as sync.nightly=on");
	CLEANUP(buf_fini) Buf path = BUF_MAX(PATH_BYTES_MAX);
	put_settings_path(&path, cli);
	return cli_show(cli, HTTP_PATCH, buf_str(&path), buf_str(&body), view_settings_saved);
}

const Command cmd_settings_set = {
	.name = "settings set",
	.args = "NAME=VALUE...",
	.args_min = 1,
	.args_max = 64,
	.options = OPTIONS(org_opts),
	.has_json = true,
	.needs_config = true,
	.run = run_set,
	.help = "Change settings: all of them, or none when one is wrong",
	.detail = "",
};

/* ---------------------------------------------------------------- tokens */

static const Opt token_opts[] = {
	{ .name = "scope", .value = "SCOPE", .help = "send, read, user or admin; may be repeated" },
};

static ExitCode run_token_add(Cli *cli)
{
	if (!opts_has(&cli->opts, "scope"))
		return cli_usage(cli, "--scope is required: send, read, user or admin");
	CLEANUP(buf_fini) Buf body = BUF_MAX(BODY_BYTES_MAX);
	JsonWriter w;
	jw_init(&w, &body);
	jw_object_begin(&w);
	jw_kv_str(&w, "name", str_from(cli->opts.args[0]));
	jw_key(&w, "scopes");
	jw_array_begin(&w);
	size_t at = 0;
	for (const char *scope; (scope = opts_next_value(&cli->opts, "scope", &at));)
		jw_str(&w, str_from(scope));
	jw_array_end(&w);
	jw_object_end(&w);
	return cli_show(cli, HTTP_POST, STR("/api/v1/tokens"), buf_str(&body), view_token);
}

const Command cmd_token_add = {
	.name = "token add",
	.args = "NAME",
	.args_min = 1,
	.args_max = 1,
	.options = OPTIONS(token_opts),
	.has_json = true,
	.needs_config = true,
	.run = run_token_add,
	.help = "Make a token for a program; it is shown once",
	.detail = "send: ask who may be mailed, get links, post unsubscribes. read: see\n"
		  "everything. user: read, and unsubscribe by hand. admin: everything.",
};

/* ----------------------------------------------------------------- state */

static ExitCode run_status(Cli *cli)
{
	return cli_show(cli, HTTP_GET, STR("/api/v1/status"), STR_NONE, view_status);
}

const Command cmd_status = {
	.name = "status",
	.args = "",
	.has_json = true,
	.needs_config = true,
	.run = run_status,
	.help = "Count people, unsubscribes and what waits for Salesforce",
	.detail = "",
};

static ExitCode run_diagnostics(Cli *cli)
{
	return cli_show(cli, HTTP_GET, STR("/api/v1/diagnostics"), STR_NONE, view_diagnostics);
}

const Command cmd_diagnostics = {
	.name = "diagnostics",
	.args = "",
	.has_json = true,
	.needs_config = true,
	.run = run_diagnostics,
	.help = "List unsubscribes that are not yet in Salesforce: why, since when, what to do",
	.detail = "",
};
