/* What the program that sends mail asks: may I mail these, and which links go into the mails. */
#include "base/base.h"
#include "cli/command.h"
#include "cli/lines.h"
#include "cli/view.h"

enum {
	BATCH_MAX = 10000, /* addresses in one request: the API's limit */
	/* A page of addresses, each at most LINE_BYTES_MAX when quoted. */
	BODY_BYTES_MAX = 64 * 1024 * 1024,
};

/* Addresses that gather into one request. */
typedef struct Batch {
	Cli *cli;
	const char *path;
	CliView *view;
	Buf body;
	JsonWriter writer;
	size_t count;
} Batch;

static void batch_begin(Batch *batch)
{
	buf_reset(&batch->body);
	jw_init(&batch->writer, &batch->body);
	jw_object_begin(&batch->writer);
	jw_key(&batch->writer, "addresses");
	jw_array_begin(&batch->writer);
	batch->count = 0;
}

static ExitCode batch_send(Batch *batch)
{
	jw_array_end(&batch->writer);
	jw_object_end(&batch->writer);
	ExitCode code = cli_show(
		batch->cli, HTTP_POST, str_from(batch->path), buf_str(&batch->body), batch->view);
	batch_begin(batch);
	return code;
}

static ExitCode batch_add(Batch *batch, Str address)
{
	jw_str(&batch->writer, address);
	return ++batch->count == BATCH_MAX ? batch_send(batch) : EXIT_DONE;
}

static ExitCode add_lines(Batch *batch)
{
	Err err = { 0 };
	ExitCode code = EXIT_DONE;
	CLEANUP(lines_close) Lines *lines = NULL;
	if (!lines_open("-", &lines, &err))
		return cli_fail(&err);
	for (Line line; code == EXIT_DONE && lines_next(lines, &line, &err);)
		code = batch_add(batch, line.text);
	return err.kind != ERR_NONE ? cli_fail(&err) : code;
}

static ExitCode ask_about_addresses(Cli *cli, const char *path, CliView *view)
{
	Batch batch = { .cli = cli, .path = path, .view = view, .body = BUF_MAX(BODY_BYTES_MAX) };
	batch_begin(&batch);
	ExitCode code = EXIT_DONE;
	for (size_t i = 0; code == EXIT_DONE && i < cli->opts.arg_count; i++) {
		const char *arg = cli->opts.args[i];
		code = strcmp(arg, "-") == 0 ? add_lines(&batch) : batch_add(&batch, str_from(arg));
	}
	if (code == EXIT_DONE && batch.count > 0)
		code = batch_send(&batch);
	buf_fini(&batch.body);
	return code;
}

static ExitCode run_check(Cli *cli)
{
	return ask_about_addresses(cli, "/api/v1/check", view_check);
}

const Command cmd_check = {
	.name = "check",
	.args = "ADDRESS...|-",
	.args_min = 1,
	.args_max = ARGS_ANY,
	.has_json = true,
	.needs_config = true,
	.run = run_check,
	.help = "May these addresses be mailed?",
	.detail = "With - the addresses come from standard input, one a line. They are asked\n"
		  "about 10,000 at a time; with --json each such page is one document. An\n"
		  "address unknown here may be mailed; text that is no address may not.",
};

static ExitCode run_link(Cli *cli)
{
	return ask_about_addresses(cli, "/api/v1/links", view_links);
}

const Command cmd_link = {
	.name = "link",
	.args = "ADDRESS...|-",
	.args_min = 1,
	.args_max = ARGS_ANY,
	.has_json = true,
	.needs_config = true,
	.run = run_link,
	.help = "Make unsubscribe links and the mail headers of RFC 8058",
	.detail = "Needs the setting public.url. A link works for ever, also when the person\n"
		  "was forgotten. Both headers must be covered by the DKIM signature of the\n"
		  "mail.",
};
