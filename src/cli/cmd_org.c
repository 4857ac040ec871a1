#include "base/base.h"
#include "cli/command.h"
#include "cli/view.h"

#include "base/secret.h"

#include <termios.h>
#include <unistd.h>

enum { SECRET_BYTES_MAX = 64 * 1024, BODY_BYTES_MAX = 256 * 1024 };

static const Opt connect_opts[] = {
	{ .name = "login-url",
		.value = "URL",
		.help = "My Domain of the org: https://NAME.my.salesforce.com" },
	{ .name = "grant",
		.value = "GRANT",
		.help = "client_credentials or jwt_bearer [by the kind of secret]" },
	{ .name = "client-id", .value = "ID", .help = "consumer key of the app in Salesforce" },
	{ .name = "client-secret-file",
		.value = "FILE",
		.help = "file with the consumer secret; - is standard input [ask]" },
	{ .name = "private-key-file",
		.value = "FILE",
		.help = "file with the private key (PEM) for jwt_bearer; - is standard input" },
	{ .name = "username", .value = "NAME", .help = "jwt_bearer: the user to act as" },
	{ .name = "api-version", .value = "N.0", .help = "version of Salesforce's API" },
};

/* Asks on the terminal without showing what is typed. */
static bool ask_secret(Buf *out, Err *err)
{
	struct termios shown, hidden;
	bool is_terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
	if (!is_terminal)
		return cli_read_file("-", out, err);
	fputs("Client secret: ", stderr);
	fflush(stderr);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	char line[1024];
	bool got = fgets(line, sizeof line, stdin) != NULL;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	if (got)
		buf_put_z(out, line);
	bytes_wipe(line, sizeof line);
	return got || ERR(err, ERR_INPUT, "no secret was given");
}

static bool read_secret(const Cli *cli, bool is_jwt, Buf *out, Err *err)
{
	const char *file = opts_value(
		&cli->opts, is_jwt ? "private-key-file" : "client-secret-file");
	if (!(file ? cli_read_file(file, out, err) : ask_secret(out, err)))
		return false;
	if (str_trim(buf_str(out)).len == 0)
		return ERR(err, ERR_INPUT, "the secret is empty");
	return true;
}

static void put_wish(Buf *out, const Cli *cli, bool is_jwt, Str secret)
{
	JsonWriter w;
	jw_init(&w, out);
	jw_object_begin(&w);
	jw_kv_str(&w, "grant", is_jwt ? STR("jwt_bearer") : STR("client_credentials"));
	static const char *const names[][2] = {
		{ "login-url", "login_url" },
		{ "client-id", "client_id" },
		{ "username", "username" },
		{ "api-version", "api_version" },
	};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (opts_has(&cli->opts, names[i][0]))
			jw_kv_str(&w, names[i][1], str_from(opts_value(&cli->opts, names[i][0])));
	jw_kv_str(&w, is_jwt ? "private_key" : "client_secret", secret);
	jw_object_end(&w);
}

static ExitCode connect_org(Cli *cli, bool is_jwt)
{
	Err err = { 0 };
	/* Room from the start, so that growing leaves no copies behind. */
	CLEANUP(buf_wipe) Buf secret = BUF_MAX(SECRET_BYTES_MAX);
	CLEANUP(buf_wipe) Buf body = BUF_MAX(BODY_BYTES_MAX);
	(void)buf_room(&body, BODY_BYTES_MAX / 2);
	if (!read_secret(cli, is_jwt, &secret, &err))
		return cli_fail(&err);
	put_wish(&body, cli, is_jwt, is_jwt ? buf_str(&secret) : str_trim(buf_str(&secret)));
	if (!buf_check(&body, "the request", &err))
		return cli_fail(&err);
	return cli_show(cli, HTTP_POST, STR("/api/v1/org"), buf_str(&body), view_org_connected);
}

static ExitCode run_connect(Cli *cli)
{
	const char *grant = opts_value(&cli->opts, "grant");
	bool has_key = opts_has(&cli->opts, "private-key-file");
	bool is_jwt = grant ? strcmp(grant, "jwt_bearer") == 0 : has_key;
	if (grant && !is_jwt && strcmp(grant, "client_credentials") != 0)
		return cli_usage(cli, "--grant is client_credentials or jwt_bearer");
	if (!opts_has(&cli->opts, "login-url") || !opts_has(&cli->opts, "client-id"))
		return cli_usage(cli, "--login-url and --client-id are required");
	if (is_jwt && (!has_key || !opts_has(&cli->opts, "username")))
		return cli_usage(cli, "jwt_bearer needs --private-key-file and --username");
	if (!is_jwt && has_key)
		return cli_usage(cli, "--private-key-file belongs to --grant jwt_bearer");
	return connect_org(cli, is_jwt);
}

const Command cmd_org_connect = {
	.name = "org connect",
	.args = "",
	.options = OPTIONS(connect_opts),
	.has_json = true,
	.needs_config = true,
	.run = run_connect,
	.help = "Connect a Salesforce org, or renew its credentials",
	.detail = "Logs in and asks which org answers before anything is kept. The secret comes\n"
		  "from a file, from standard input, or is asked for; never from the command\n"
		  "line, where other users of the machine and the shell's history would see it.",
};

/* ---------------------------------------------------------- status, list */

static const Opt status_opts[] = {
	{ .name = "org", .value = "ID", .help = "Organization ID [the only one]" },
};

static ExitCode run_status(Cli *cli)
{
	CLEANUP(buf_fini) Buf path = BUF_MAX(1024);
	buf_put_z(&path, "/api/v1/org/status");
	cli_put_query(&path, "org", opts_value(&cli->opts, "org"));
	return cli_show(cli, HTTP_GET, buf_str(&path), STR_NONE, view_org_status);
}

const Command cmd_org_status = {
	.name = "org status",
	.args = "",
	.options = OPTIONS(status_opts),
	.has_json = true,
	.needs_config = true,
	.run = run_status,
	.help = "Ask the org: login, fields, rights, API calls left",
	.detail = "",
};

static ExitCode run_list(Cli *cli)
{
	return cli_show(cli, HTTP_GET, STR("/api/v1/org"), STR_NONE, view_orgs);
}

const Command cmd_org_list = {
	.name = "org list",
	.alias = "org",
	.args = "",
	.has_json = true,
	.needs_config = true,
	.run = run_list,
	.help = "List the connected orgs",
	.detail = "",
};
