#include "base/base.h"
#include "cli/command.h"
#include "cli/view.h"

#include "base/enc.h"
#include "base/file.h"

#include <stdarg.h>

/* -------------------------------------------------------------- messages */

ExitCode cli_fail(const Err *err)
{
	fprintf(stderr, "optout: %s\n", err->text);
	return err->kind == ERR_RETRY ? EXIT_UNREACHABLE : EXIT_FAILED;
}

ExitCode cli_usage(const Cli *cli, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("optout: ", stderr);
	vfprintf(stderr, format, args);
	va_end(args);
	if (cli->command)
		fprintf(stderr, "\noptout: `optout %s -h` shows how it is used\n",
			cli->command->name);
	else
		fputs("\noptout: `optout --help` lists the commands\n", stderr);
	return EXIT_USAGE;
}

bool cli_print(Str text, Err *err)
{
	if (fwrite(text.ptr ? text.ptr : "", 1, text.len, stdout) != text.len
		|| fflush(stdout) != 0)
		return ERR(err, ERR_FATAL, "standard output cannot be written");
	return true;
}

bool cli_print_json(const HttpReply *reply, Err *err)
{
	Str text = buf_str(&reply->body);
	return cli_print(text, err) && (str_ends(text, STR("\n")) || cli_print(STR("\n"), err));
}

/* ----------------------------------------------------------------- calls */

bool cli_call(Cli *cli, HttpMethod method, Str path_and_query, Str content_type, Str body,
	HttpReply *out, Err *err)
{
	if (!cli->client && !client_open(cli->config, &cli->client, err))
		return false;
	HttpReply reply;
	if (!client_request(cli->client, method, path_and_query, content_type, body, &reply, err))
		return false;
	if (reply.status < 200 || reply.status > 299) {
		view_problem(reply.status, buf_str(&reply.body), err);
		http_reply_fini(&reply);
		return false;
	}
	*out = reply;
	return true;
}

bool cli_call_json(Cli *cli, HttpMethod method, Str path_and_query, Str body, HttpReply *out,
	JsonDoc *out_doc, Err *err)
{
	Str type = body.len ? STR("application/json") : STR_NONE;
	HttpReply reply;
	if (!cli_call(cli, method, path_and_query, type, body, &reply, err))
		return false;
	if (!json_doc_parse(buf_str(&reply.body), HTTP_REPLY_BODY_MAX, out_doc, err)) {
		http_reply_fini(&reply);
		return err_wrap(err, "the daemon's answer is not understood");
	}
	*out = reply;
	return true;
}

ExitCode cli_show(Cli *cli, HttpMethod method, Str path_and_query, Str body, CliView *view)
{
	Err err = { 0 };
	HttpReply reply;
	JsonDoc doc;
	if (!cli_call_json(cli, method, path_and_query, body, &reply, &doc, &err))
		return cli_fail(&err);
	bool ok;
	if (cli->is_json) {
		ok = cli_print_json(&reply, &err);
	} else {
		CLEANUP(buf_fini) Buf text = BUF_MAX(TABLE_TEXT_MAX);
		view(&text, doc.root);
		ok = buf_check(&text, "the output", &err) && cli_print(buf_str(&text), &err);
	}
	json_doc_fini(&doc);
	http_reply_fini(&reply);
	return ok ? EXIT_DONE : cli_fail(&err);
}

/* ----------------------------------------------------------------- input */

static bool read_stdin(Buf *out, Err *err)
{
	enum { STEP = 64 * 1024 };
	for (;;) {
		char *room = buf_room(out, STEP);
		if (!room)
			return buf_check(out, "standard input", err);
		size_t got = fread(room, 1, STEP, stdin);
		buf_grow(out, got);
		if (got < STEP)
			break;
	}
	if (ferror(stdin))
		return ERR(err, ERR_FATAL, "standard input cannot be read");
	return true;
}

bool cli_read_file(const char *path, Buf *out, Err *err)
{
	return strcmp(path, "-") == 0 ? read_stdin(out, err) : file_read(path, out, err);
}

void cli_put_query(Buf *path, const char *name, const char *value)
{
	if (!value)
		return;
	buf_put_char(path, str_find_char(buf_str(path), '?', 0) < 0 ? '?' : '&');
	buf_printf(path, "%s=", name);
	percent_encode(path, str_from(value));
}

void cli_put_person(Buf *path, const char *who)
{
	int64_t id;
	bool is_id = str_to_i64(str_from(who), 1, INT64_MAX, &id);
	buf_put_z(path, is_id ? "/api/v1/people/" : "/api/v1/people/by-address/");
	percent_encode(path, str_from(who));
}
