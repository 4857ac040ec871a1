#include "base/base.h"
#include "cli/command.h"
#include "cli/view.h"

#include <errno.h>
#include <unistd.h>

static const Opt sync_opts[] = {
	{ .name = "dry-run", .value = NULL, .help = "make the plan, write nothing" },
	{ .name = "approve", .value = "RUN", .help = "let a held run go on" },
	{ .name = "discard", .value = "RUN", .help = "drop a held run" },
	{ .name = "org", .value = "ID", .help = "Organization ID [the only one]" },
	{ .name = "wait",
		.letter = 'w',
		.help = "until the run ends or is held; progress on stderr" },
};

enum {
	PATH_BYTES_MAX = 256,
	/* Short runs are seen to end at once, long ones cost a question a second. */
	POLL_FIRST_MS = 20,
	POLL_MAX_MS = 1000,
};

/* A run that needs nobody's patience any more. */
static bool is_settled(Str state)
{
	static const Str states[] = { STR_INIT("held"), STR_INIT("done"), STR_INIT("failed"),
		STR_INIT("discarded") };
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (str_eq(state, states[i]))
			return true;
	return false;
}

static void wait_ms(int64_t ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000 };
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

/* A line when something changed; on a terminal in place of the one before. */
static void show_progress(const JsonVal *run, Buf *last)
{
	CLEANUP(buf_fini) Buf line = BUF_MAX(4096);
	view_run_progress(&line, run);
	if (str_eq(buf_str(&line), buf_str(last)))
		return;
	bool is_terminal = isatty(STDERR_FILENO);
	if (is_terminal && last->len)
		fputs("\r\033[K", stderr);
	fprintf(stderr, "%s%s", buf_z(&line), is_terminal ? "" : "\n");
	buf_reset(last);
	buf_put(last, buf_str(&line));
}

/* Asks until the run is settled; the last answer is the caller's. */
static bool watch(Cli *cli, Str path, HttpReply *out, JsonDoc *out_doc, Err *err)
{
	CLEANUP(buf_fini) Buf last = BUF_MAX(4096);
	for (int64_t pause_ms = POLL_FIRST_MS;; pause_ms = MIN_OF(2 * pause_ms, POLL_MAX_MS)) {
		HttpReply reply;
		JsonDoc doc;
		if (!cli_call_json(cli, HTTP_GET, path, STR_NONE, &reply, &doc, err))
			return false;
		show_progress(doc.root, &last);
		if (is_settled(json_as_str(json_member(doc.root, "state")))) {
			if (isatty(STDERR_FILENO))
				fputc('\n', stderr);
			*out = reply;
			*out_doc = doc;
			return true;
		}
		json_doc_fini(&doc);
		http_reply_fini(&reply);
		wait_ms(pause_ms);
	}
}

static ExitCode print_run(const Cli *cli, const HttpReply *reply, const JsonVal *run)
{
	Err err = { 0 };
	CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
	view_run(&text, run);
	bool ok = cli->is_json ? cli_print_json(reply, &err) : cli_print(buf_str(&text), &err);
	if (!ok)
		return cli_fail(&err);
	return str_eq(json_as_str(json_member(run, "state")), STR("failed")) ? EXIT_FAILED
									     : EXIT_DONE;
}

static ExitCode watch_and_print(Cli *cli, int64_t run_id)
{
	CLEANUP(buf_fini) Buf path = BUF_MAX(PATH_BYTES_MAX);
	buf_printf(&path, "/api/v1/runs/%lld", (long long)run_id);
	Err err = { 0 };
	HttpReply reply;
	JsonDoc doc;
	if (!watch(cli, buf_str(&path), &reply, &doc, &err))
		return cli_fail(&err);
	ExitCode code = print_run(cli, &reply, doc.root);
	json_doc_fini(&doc);
	http_reply_fini(&reply);
	return code;
}

/* POSTs, and then either shows the run as it stands or stays with it. A run in this process would
 * end with the command, so there it is always waited for. */
static ExitCode start(Cli *cli, Str path, Str body, int64_t run_id)
{
	Err err = { 0 };
	HttpReply reply;
	JsonDoc doc;
	if (!cli_call_json(cli, HTTP_POST, path, body, &reply, &doc, &err))
		return cli_fail(&err);
	if (run_id == 0)
		run_id = json_as_i64(json_member(doc.root, "run_id"), 0);
	bool is_waited_for = opts_has(&cli->opts, "wait") || client_is_here(cli->client);
	ExitCode code = is_waited_for ? EXIT_DONE : print_run(cli, &reply, doc.root);
	json_doc_fini(&doc);
	http_reply_fini(&reply);
	return is_waited_for ? watch_and_print(cli, run_id) : code;
}

static ExitCode decide(Cli *cli, const char *verb)
{
	int64_t run_id;
	if (!str_to_i64(str_from(opts_value(&cli->opts, verb)), 1, INT64_MAX, &run_id))
		return cli_usage(
			cli, "--%s takes the number of a run: `optout runs` lists them", verb);
	CLEANUP(buf_fini) Buf path = BUF_MAX(PATH_BYTES_MAX);
	buf_printf(&path, "/api/v1/runs/%lld/%s", (long long)run_id, verb);
	return start(cli, buf_str(&path), STR_NONE, run_id);
}

static ExitCode run_sync(Cli *cli)
{
	bool approve = opts_has(&cli->opts, "approve"), discard = opts_has(&cli->opts, "discard");
	bool dry = opts_has(&cli->opts, "dry-run");
	if (approve + discard + dry > 1)
		return cli_usage(cli, "--dry-run, --approve and --discard exclude each other");
	if (approve || discard)
		return decide(cli, approve ? "approve" : "discard");
	CLEANUP(buf_fini) Buf body = BUF_MAX(1024);
	JsonWriter w;
	jw_init(&w, &body);
	jw_object_begin(&w);
	jw_kv_str(&w, "kind", dry ? STR("dry") : STR("now"));
	if (opts_has(&cli->opts, "org"))
		jw_kv_str(&w, "org", str_from(opts_value(&cli->opts, "org")));
	jw_object_end(&w);
	return start(cli, STR("/api/v1/runs"), buf_str(&body), 0);
}

const Command cmd_sync = {
	.name = "sync",
	.args = "",
	.options = OPTIONS(sync_opts),
	.has_json = true,
	.needs_config = true,
	.run = run_sync,
	.help = "Sync now, dry run, or decide about a held run",
	.detail = "Sync now does the night's work at once and needs the setting sync.nightly\n"
		  "on; a dry run does not. A run without a baseline, or one that would change\n"
		  "suspiciously much, is held before its first write: look at it with `optout\n"
		  "runs plan RUN`, then approve or discard.",
};

/* ------------------------------------------------------------------ runs */

static const Opt list_opts[] = {
	{ .name = "before", .value = "RUN", .help = "older ones: the next page" },
	{ .name = "limit", .value = "N", .help = "how many at most" },
};

static ExitCode run_list(Cli *cli)
{
	CLEANUP(buf_fini) Buf path = BUF_MAX(1024);
	buf_put_z(&path, "/api/v1/runs");
	cli_put_query(&path, "before", opts_value(&cli->opts, "before"));
	cli_put_query(&path, "limit", opts_value(&cli->opts, "limit"));
	return cli_show(cli, HTTP_GET, buf_str(&path), STR_NONE, view_runs);
}

const Command cmd_runs_list = {
	.name = "runs list",
	.alias = "runs",
	.args = "",
	.options = OPTIONS(list_opts),
	.has_json = true,
	.needs_config = true,
	.run = run_list,
	.help = "List the nights and runs, newest first",
	.detail = "",
};

static bool put_run_path(Buf *path, const char *arg)
{
	int64_t run_id;
	if (!str_to_i64(str_from(arg), 1, INT64_MAX, &run_id))
		return false;
	buf_printf(path, "/api/v1/runs/%lld", (long long)run_id);
	return true;
}

static ExitCode run_show(Cli *cli)
{
	CLEANUP(buf_fini) Buf path = BUF_MAX(PATH_BYTES_MAX);
	if (!put_run_path(&path, cli->opts.args[0]))
		return cli_usage(cli, "a run is named by its number: `optout runs` lists them");
	return cli_show(cli, HTTP_GET, buf_str(&path), STR_NONE, view_run);
}

const Command cmd_runs_show = {
	.name = "runs show",
	.args = "RUN",
	.args_min = 1,
	.args_max = 1,
	.has_json = true,
	.needs_config = true,
	.run = run_show,
	.help = "Show one run with its figures",
	.detail = "",
};

static const Opt plan_opts[] = {
	{ .name = "limit", .value = "N", .help = "how many rows at most" },
};

static ExitCode run_plan(Cli *cli)
{
	CLEANUP(buf_fini) Buf path = BUF_MAX(1024);
	if (!put_run_path(&path, cli->opts.args[0]))
		return cli_usage(cli, "a run is named by its number: `optout runs` lists them");
	buf_put_z(&path, "/plan");
	cli_put_query(&path, "limit", opts_value(&cli->opts, "limit"));
	return cli_show(cli, HTTP_GET, buf_str(&path), STR_NONE, view_plan);
}

const Command cmd_runs_plan = {
	.name = "runs plan",
	.args = "RUN",
	.args_min = 1,
	.args_max = 1,
	.options = OPTIONS(plan_opts),
	.has_json = true,
	.needs_config = true,
	.run = run_plan,
	.help = "Show what a run wants to write on either side, row by row, and why",
	.detail = "",
};
