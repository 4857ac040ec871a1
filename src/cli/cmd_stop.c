#include "base/base.h"
#include "cli/command.h"
#include "cli/lines.h"
#include "cli/view.h"

#include <unistd.h>

enum { PATH_BYTES_MAX = 8 * 1024, BODY_BYTES_MAX = 64 * 1024 };

/* ----------------------------------------------------------- unsubscribe */

static const Opt unsubscribe_opts[] = {
	{ .name = "reason", .value = "TEXT", .help = "why; stands in the history" },
	{ .name = "source",
		.value = "NAME",
		.help = "manual, api, form, bounce, complaint or import [manual]" },
	{ .name = "evidence", .value = "TEXT", .help = "what proves it: a message ID, a ticket" },
	{ .name = "from-file",
		.value = "FILE",
		.help = "addresses one a line; - is standard input" },
};

static void put_wish(Buf *out, const Opts *opts, Str address)
{
	JsonWriter w;
	jw_init(&w, out);
	jw_object_begin(&w);
	jw_kv_str(&w, "address", address);
	static const char *const names[] = { "source", "reason", "evidence" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (opts_has(opts, names[i]))
			jw_kv_str(&w, names[i], str_from(opts_value(opts, names[i])));
	jw_object_end(&w);
}

typedef struct Counts {
	int64_t done, failed;
} Counts;

/* One of many: a bad address is named and the others go on; anything else ends it. */
static bool unsubscribe_line(Cli *cli, const Line *line, const char *file, Counts *counts, Err *err)
{
	CLEANUP(buf_fini) Buf body = BUF_MAX(BODY_BYTES_MAX);
	put_wish(&body, &cli->opts, line->text);
	HttpReply reply;
	Err failure = { 0 };
	if (cli_call(cli, HTTP_POST, STR("/api/v1/unsubscribes"), STR("application/json"),
		    buf_str(&body), &reply, &failure)) {
		http_reply_fini(&reply);
		counts->done++;
		return true;
	}
	if (failure.kind != ERR_INPUT) {
		*err = failure;
		return false;
	}
	fprintf(stderr, "%s:%lld: %s\n", file, (long long)line->number, failure.text);
	counts->failed++;
	return true;
}

static ExitCode unsubscribe_file(Cli *cli, const char *file)
{
	Err err = { 0 };
	Counts counts = { 0 };
	CLEANUP(lines_close) Lines *lines = NULL;
	if (!lines_open(file, &lines, &err))
		return cli_fail(&err);
	bool ok = true;
	for (Line line; ok && lines_next(lines, &line, &err);)
		ok = unsubscribe_line(cli, &line, file, &counts, &err);
	CLEANUP(buf_fini) Buf text = BUF_MAX(1024);
	if (cli->is_json)
		buf_printf(&text, "{\"unsubscribed\":%lld,\"failed\":%lld}\n",
			(long long)counts.done, (long long)counts.failed);
	else
		buf_printf(&text, "%lld unsubscribed, %lld failed\n", (long long)counts.done,
			(long long)counts.failed);
	if (err.kind != ERR_NONE || !cli_print(buf_str(&text), &err))
		return cli_fail(&err);
	return counts.failed ? EXIT_PARTLY : EXIT_DONE;
}

static ExitCode run_unsubscribe(Cli *cli)
{
	const char *file = opts_value(&cli->opts, "from-file");
	if (!file == !cli->opts.arg_count)
		return cli_usage(cli, "give one ADDRESS, or --from-file FILE");
	if (file)
		return unsubscribe_file(cli, file);
	CLEANUP(buf_fini) Buf body = BUF_MAX(BODY_BYTES_MAX);
	put_wish(&body, &cli->opts, str_from(cli->opts.args[0]));
	return cli_show(
		cli, HTTP_POST, STR("/api/v1/unsubscribes"), buf_str(&body), view_unsubscribed);
}

const Command cmd_unsubscribe = {
	.name = "unsubscribe",
	.args = "ADDRESS",
	.args_max = 1,
	.options = OPTIONS(unsubscribe_opts),
	.has_json = true,
	.needs_config = true,
	.run = run_unsubscribe,
	.help = "Unsubscribe somebody, known or not",
	.detail = "It is on disk when the command ends; the boxes in Salesforce follow at once\n"
		  "while the daemon runs.",
};

/* ---------------------------------------------------------------- remove */

static const Opt remove_opts[] = {
	{ .name = "reason", .value = "TEXT", .help = "why (required); stands in the history" },
	{ .name = "yes", .letter = 'y', .help = "do not ask" },
};

static bool fetch_person(Cli *cli, const char *who, HttpReply *out, JsonDoc *out_doc, Err *err)
{
	CLEANUP(buf_fini) Buf path = BUF_MAX(PATH_BYTES_MAX);
	cli_put_person(&path, who);
	return cli_call_json(cli, HTTP_GET, buf_str(&path), STR_NONE, out, out_doc, err);
}

/* Asks on the terminal. False: no, or nobody there to ask. */
static bool confirm(void)
{
	fputs("Remove the unsubscribe here? [y/N] ", stderr);
	fflush(stderr);
	char answer[16];
	if (!fgets(answer, sizeof answer, stdin))
		return false;
	Str text = str_trim(str_from(answer));
	return str_eq_nocase(text, STR("y")) || str_eq_nocase(text, STR("yes"));
}

static void put_remove_wish(Buf *out, const JsonVal *person, const char *reason)
{
	JsonWriter w;
	jw_init(&w, out);
	jw_object_begin(&w);
	jw_kv_str(&w, "reason", str_from(reason));
	/* The newest entry that we saw: a stop that comes later must not be lifted by this. */
	jw_kv_i64(&w, "seen_event_id", json_as_i64(json_member(person, "last_event_id"), 0));
	jw_kv_i64(&w, "seen_stop_count", json_as_i64(json_member(person, "stop_count"), 0));
	jw_object_end(&w);
}

static ExitCode remove_person(Cli *cli, const JsonVal *person)
{
	CLEANUP(buf_fini) Buf body = BUF_MAX(BODY_BYTES_MAX);
	put_remove_wish(&body, person, opts_value(&cli->opts, "reason"));
	CLEANUP(buf_fini) Buf path = BUF_MAX(256);
	buf_printf(&path, "/api/v1/people/%lld/remove-unsubscribe",
		(long long)json_as_i64(json_member(person, "person_id"), 0));
	return cli_show(cli, HTTP_POST, buf_str(&path), buf_str(&body), view_removed);
}

static ExitCode confirm_and_remove(Cli *cli, const JsonVal *person)
{
	if (json_val_type(json_member(person, "unsubscribed_at")) == JSON_T_NULL) {
		Err err = { 0 };
		(void)ERR(&err, ERR_CONFLICT, "%s is not unsubscribed; nothing to remove",
			cli->opts.args[0]);
		return cli_fail(&err);
	}
	if (!opts_has(&cli->opts, "yes")) {
		CLEANUP(buf_fini) Buf text = BUF_MAX(TABLE_TEXT_MAX);
		view_before_removal(&text, person);
		fputs(buf_z(&text), stderr);
		if (!isatty(STDIN_FILENO))
			return cli_usage(cli, "nobody can be asked here; add --yes");
		if (!confirm()) {
			fputs("Nothing was changed.\n", stderr);
			return EXIT_FAILED;
		}
	}
	return remove_person(cli, person);
}

static ExitCode run_remove(Cli *cli)
{
	const char *reason = opts_value(&cli->opts, "reason");
	if (!reason || str_trim(str_from(reason)).len == 0)
		return cli_usage(cli, "--reason TEXT is required: it stands in the history");
	Err err = { 0 };
	HttpReply reply;
	JsonDoc doc;
	if (!fetch_person(cli, cli->opts.args[0], &reply, &doc, &err))
		return cli_fail(&err);
	ExitCode code = confirm_and_remove(cli, doc.root);
	json_doc_fini(&doc);
	http_reply_fini(&reply);
	return code;
}

const Command cmd_remove = {
	.name = "remove",
	.alias = "resubscribe",
	.args = "ADDRESS|ID",
	.args_min = 1,
	.args_max = 1,
	.options = OPTIONS(remove_opts),
	.has_json = true,
	.needs_config = true,
	.run = run_remove,
	.help = "Take an unsubscribe away (resubscribe)",
	.detail = "A resubscribe is never synced: as long as an opt-out box of this person is\n"
		  "ticked in Salesforce, the next night unsubscribes here again. Untick it\n"
		  "there as well. Before it asks, the command shows which boxes were ticked\n"
		  "when last seen.",
};
