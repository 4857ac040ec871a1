/* command.h: what a command is: its words, arguments, options and texts in one row; what it gets to
 * work with; and how it says what happened. --help and optout(1) are made from the same rows. Main
 * thread only. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "app/config.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "cli/client.h"
#include "cli/options.h"

/* The numbers are a promise to scripts: optout(1), EXIT STATUS. */
typedef enum ExitCode {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_PARTLY = 3,      /* an import with failed rows */
	EXIT_UNREACHABLE = 4, /* neither a daemon nor the database could be had */
} ExitCode;

typedef struct Cli Cli;

enum { ARGS_ANY = OPTS_ARGS_MAX };

typedef struct Command {
	const char *name;  /* "people import" */
	const char *alias; /* another name for the whole, or NULL */
	const char *args;  /* "FILE|-", "" */
	size_t args_min, args_max;
	OptTable options;
	bool has_json;
	bool needs_config; /* false: runs although the configuration is faulty */
	ExitCode (*run)(Cli *cli);
	const char *help;   /* one line */
	const char *detail; /* more, for -h and the man page; "" */
} Command;

#define OPTIONS(array)                                                                             \
	{                                                                                          \
		(array), ARRAY_LEN(array)                                                          \
	}

struct Cli {
	const Command *command;
	const Config *config;
	ConfigSources config_sources;
	Opts opts;
	bool is_json;
	Client *client; /* own, opened by the first cli_call; NULL before */
};

/* -------------------------------------------------------------- commands */

size_t command_count(void);
const Command *command_at(size_t index);
/* The longest name or alias that the words begin with, and how many it took; NULL when none. */
const Command *command_find(char **words, size_t count, size_t *out_used);

/* All, or those whose name begins with the word `group`. */
void command_put_list(Buf *out, Str group);
void command_put_help(Buf *out, const Command *command);

/* ------------------------------------------------------------------ work */

/* Asks the API (a daemon, or the App in this process; nobody knows which). content_type may be
 * empty for no body. False when nobody could be asked, or when the answer is a problem: err has its
 * one sentence. */
WARN_UNUSED bool cli_call(Cli *cli, HttpMethod method, Str path_and_query, Str content_type,
	Str body, HttpReply *out, Err *err);
/* A JSON body, or none when it is empty; the parsed answer borrows from *out. */
WARN_UNUSED bool cli_call_json(Cli *cli, HttpMethod method, Str path_and_query, Str body,
	HttpReply *out, JsonDoc *out_doc, Err *err);

/* Asks and prints: the JSON as it came with --json, else what view makes of it. */
typedef void CliView(Buf *out, const JsonVal *root);
ExitCode cli_show(Cli *cli, HttpMethod method, Str path_and_query, Str body, CliView *view);

/* To standard output; failing to write is a failure of the command. */
WARN_UNUSED bool cli_print(Str text, Err *err);
WARN_UNUSED bool cli_print_json(const HttpReply *reply, Err *err);

/* "optout: TEXT" on standard error, and the exit code that belongs to the kind. */
ExitCode cli_fail(const Err *err);
ExitCode cli_usage(const Cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);

/* The whole of a file; "-" is standard input. */
WARN_UNUSED bool cli_read_file(const char *path, Buf *out, Err *err);

/* Appends "/api/v1/people/ID", or ".../by-address/ADDRESS" for what is no number. */
void cli_put_person(Buf *path, const char *who);
/* Appends "?name=value" or "&name=value", encoded; nothing when value is NULL. */
void cli_put_query(Buf *path, const char *name, const char *value);

/* -------------------------------------------------------------- the rows */

extern const Command cmd_serve, cmd_key_init, cmd_org_connect, cmd_org_status, cmd_org_list,
	cmd_people_import, cmd_people_list, cmd_people_show, cmd_unsubscribe, cmd_remove, cmd_check,
	cmd_link, cmd_sync, cmd_runs_list, cmd_runs_show, cmd_runs_plan, cmd_settings_get,
	cmd_settings_set, cmd_token_add, cmd_status, cmd_diagnostics, cmd_config_show,
	cmd_config_check, cmd_config_example, cmd_version;

#endif
