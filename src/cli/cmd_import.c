#include "base/base.h"
#include "cli/command.h"
#include "cli/import.h"
#include "cli/view.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

enum {
	READ_BYTES = 64 * 1024,
	ERRORS_MAX = 1000,
	SUMMARY_BYTES_MAX = 8 * 1024 * 1024,
	COLUMNS_BYTES_MAX = 256 * 1024
};

static const Opt import_opts[] = {
	{ .name = "org",
		.value = "ID",
		.help = "Organization ID that the Salesforce IDs belong to" },
};

/* Sums of the answers; the members of the API's answer in its order. */
static const char *const sum_names[] = { "rows", "created", "updated", "unchanged", "linked",
	"pushes", "failed" };
enum { SUM_FAILED = 6 };

typedef struct Import {
	Cli *cli;
	const char *name; /* of the file, for messages */
	int64_t sums[ARRAY_LEN(sum_names)];
	Buf errors; /* JSON objects with commas between */
	size_t error_count;
	bool is_cut;
	Buf ignored_columns; /* of the first answer: each chunk has the same header */
	bool is_progress_shown;
} Import;

/* The reason without "row 4 at line 4: " before and " (byte 64 of the file)" behind it, as CSV
 * errors have them: those count from the start of the request, and what we print counts from the
 * start of the file. */
static Str reason_of(const JsonVal *error)
{
	Str reason = json_as_str(json_member(error, "reason"));
	CLEANUP(buf_fini) Buf prefix = BUF_MAX(128);
	buf_printf(&prefix, "row %" PRId64 " at line %" PRId64 ": ",
		json_as_i64(json_member(error, "row"), 0),
		json_as_i64(json_member(error, "line"), 0));
	if (!str_starts(reason, buf_str(&prefix)))
		return reason;
	reason = str_from_pos(reason, prefix.len);
	ptrdiff_t byte = str_find(reason, STR(" (byte "));
	return byte >= 0 && str_ends(reason, STR(" of the file)"))
		? str_sub(reason, 0, (size_t)byte)
		: reason;
}

static void put_value(JsonWriter *w, const JsonVal *value)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(SUMMARY_BYTES_MAX);
	json_put_val(&text, value);
	jw_raw(w, buf_str(&text));
}

/* The error as it came, with the row and the line of the file. */
static void put_error(Buf *out, const JsonVal *error, const ImportChunk *chunk)
{
	JsonWriter w;
	jw_init(&w, out);
	jw_object_begin(&w);
	void *iter = NULL;
	Str name;
	const JsonVal *value;
	while (json_object_next(error, &iter, &name, &value)) {
		char key[64];
		if (!str_copy(name, key, sizeof key))
			continue;
		jw_key(&w, key);
		if (strcmp(key, "row") == 0)
			jw_i64(&w, json_as_i64(value, 0) + chunk->rows_before);
		else if (strcmp(key, "line") == 0)
			jw_i64(&w, json_as_i64(value, 0) + chunk->lines_before);
		else if (strcmp(key, "reason") == 0)
			jw_str(&w, reason_of(error));
		else
			put_value(&w, value);
	}
	jw_object_end(&w);
}

/* FILE:LINE: column NAME: reason */
static void print_error(const Import *import, const JsonVal *error, const ImportChunk *chunk)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(16 * 1024);
	buf_printf(&text, "%s:%" PRId64 ": ", import->name,
		json_as_i64(json_member(error, "line"), 0) + chunk->lines_before);
	Str column = json_as_str(json_member(error, "column"));
	if (column.len) {
		buf_put_z(&text, "column ");
		text_put_clean(&text, column);
		buf_put_z(&text, ": ");
	}
	text_put_clean(&text, reason_of(error));
	fprintf(stderr, "%s\n", buf_z(&text));
}

static void take_errors(Import *import, const JsonVal *answer, const ImportChunk *chunk)
{
	const JsonVal *errors = json_member(answer, "errors");
	import->is_cut |= json_as_bool(json_member(answer, "errors_cut"), false);
	for (size_t i = 0; i < json_array_len(errors); i++) {
		const JsonVal *error = json_array_at(errors, i);
		if (!import->cli->is_json)
			print_error(import, error, chunk);
		if (import->error_count == ERRORS_MAX) {
			import->is_cut = true;
			continue;
		}
		buf_put_z(&import->errors, import->error_count++ ? "," : "");
		put_error(&import->errors, error, chunk);
	}
}

static bool send_chunk(Import *import, const ImportChunk *chunk, Err *err)
{
	CLEANUP(buf_fini) Buf path = BUF_MAX(1024);
	buf_put_z(&path, "/api/v1/people/import");
	cli_put_query(&path, "org", opts_value(&import->cli->opts, "org"));
	HttpReply reply;
	if (!cli_call(import->cli, HTTP_POST, buf_str(&path), STR("text/csv"), chunk->csv, &reply,
		    err))
		return false;
	JsonDoc doc;
	bool ok = json_doc_parse(buf_str(&reply.body), HTTP_REPLY_BODY_MAX, &doc, err);
	if (ok) {
		for (size_t i = 0; i < ARRAY_LEN(sum_names); i++)
			import->sums[i] += json_as_i64(json_member(doc.root, sum_names[i]), 0);
		const JsonVal *ignored = json_member(doc.root, "ignored_columns");
		if (ignored && import->ignored_columns.len == 0)
			json_put_val(&import->ignored_columns, ignored);
		take_errors(import, doc.root, chunk);
		json_doc_fini(&doc);
	}
	http_reply_fini(&reply);
	if (import->is_progress_shown)
		fprintf(stderr, "\r%" PRId64 " rows ", import->sums[0]);
	return ok;
}

static bool send_chunks(Import *import, ImportSplitter *splitter, Err *err)
{
	Err trouble = { 0 };
	for (ImportChunk chunk; import_next(splitter, &chunk, &trouble);)
		if (!send_chunk(import, &chunk, err))
			return false;
	if (trouble.kind == ERR_NONE)
		return true;
	*err = trouble;
	return false;
}

static bool import_stream(Import *import, FILE *file, Err *err)
{
	ImportSplitter *splitter = import_open(IMPORT_CHUNK_BYTES);
	char bytes[READ_BYTES];
	bool ok = true;
	for (size_t got; ok && (got = fread(bytes, 1, sizeof bytes, file)) > 0;) {
		import_feed(splitter, (Str){ bytes, got });
		ok = send_chunks(import, splitter, err);
	}
	if (ok && ferror(file))
		ok = ERR_CODE(err, ERR_FATAL, errno, "%s cannot be read: %s", import->name,
			strerror(errno));
	if (ok) {
		import_end(splitter);
		ok = send_chunks(import, splitter, err);
	}
	import_close(&splitter);
	return ok;
}

/* The API's answer for the file as a whole. */
static void put_summary(Buf *out, const Import *import)
{
	JsonWriter w;
	jw_init(&w, out);
	jw_object_begin(&w);
	for (size_t i = 0; i < ARRAY_LEN(sum_names); i++)
		jw_kv_i64(&w, sum_names[i], import->sums[i]);
	if (import->ignored_columns.len) {
		jw_key(&w, "ignored_columns");
		jw_raw(&w, buf_str(&import->ignored_columns));
	}
	jw_key(&w, "errors");
	jw_array_begin(&w);
	if (import->errors.len)
		jw_raw(&w, buf_str(&import->errors));
	jw_array_end(&w);
	jw_kv_bool(&w, "errors_cut", import->is_cut);
	jw_object_end(&w);
}

static bool print_summary(const Import *import, Err *err)
{
	CLEANUP(buf_fini) Buf json = BUF_MAX(SUMMARY_BYTES_MAX);
	put_summary(&json, import);
	if (!buf_check(&json, "the summary", err))
		return false;
	if (import->cli->is_json)
		return cli_print(buf_str(&json), err) && cli_print(STR("\n"), err);
	JsonDoc doc;
	if (!json_doc_parse(buf_str(&json), SUMMARY_BYTES_MAX, &doc, err))
		return false;
	CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
	view_import(&text, doc.root);
	json_doc_fini(&doc);
	return cli_print(buf_str(&text), err);
}

static ExitCode import_file(Import *import, FILE *file)
{
	Err err = { 0 };
	bool ok = import_stream(import, file, &err);
	if (import->is_progress_shown)
		fputc('\n', stderr);
	if (!ok && import->sums[0] > 0)
		fprintf(stderr,
			"optout: the first %" PRId64
			" rows are in; the import may be run again as a "
			"whole\n",
			import->sums[0]);
	if (!ok || !print_summary(import, &err))
		return cli_fail(&err);
	return import->sums[SUM_FAILED] ? EXIT_PARTLY : EXIT_DONE;
}

static ExitCode run_import(Cli *cli)
{
	const char *path = cli->opts.args[0];
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	Err err = { 0 };
	if (!file) {
		(void)ERR_CODE(
			&err, ERR_MISSING, errno, "%s cannot be read: %s", path, strerror(errno));
		return cli_fail(&err);
	}
	Import import = {
		.cli = cli,
		.name = is_stdin ? "stdin" : path,
		.errors = BUF_MAX(SUMMARY_BYTES_MAX),
		.ignored_columns = BUF_MAX(COLUMNS_BYTES_MAX),
		.is_progress_shown = !cli->is_json && isatty(STDERR_FILENO),
	};
	ExitCode code = import_file(&import, file);
	buf_fini(&import.errors);
	buf_fini(&import.ignored_columns);
	if (!is_stdin)
		fclose(file);
	return code;
}

const Command cmd_people_import = {
	.name = "people import",
	.args = "FILE|-",
	.args_min = 1,
	.args_max = 1,
	.options = OPTIONS(import_opts),
	.has_json = true,
	.needs_config = true,
	.run = run_import,
	.help = "Import people with their Salesforce IDs from CSV",
	.detail = "Columns, in any order: email (required), first_name, last_name,\n"
		  "salesforce_id, contact_id, lead_id. Good rows go in although others are bad;\n"
		  "each bad one is named as FILE:LINE: column NAME: reason, and the exit code\n"
		  "is 3. An import never lifts an unsubscribe and may be repeated.",
};
