/* options.h: the options of a command as a table; parsing is getopt_long's, texts and help come
 * from the table. Options may stand before or after the arguments; "--" ends them; "-" is an
 * argument (standard input). Long names are written in full: an abbreviation that works today would
 * break when a new option is added. Main thread only, because getopt_long keeps its place in
 * variables of its own. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

enum {
	OPTS_KNOWN_MAX = 96,   /* options that one command may know, of the configuration too */
	OPTS_GIVEN_MAX = 128,  /* options on one command line */
	OPTS_ARGS_MAX = 16384, /* arguments: `check` takes a page of addresses */
};

typedef struct Opt {
	const char *name;  /* "dry-run", without dashes */
	char letter;       /* short form, 0: none */
	const char *value; /* what its value is called in the help, NULL: a switch */
	const char *help;  /* one line */
	const void *tag;   /* the caller's, e.g. the ConfigOption behind it */
} Opt;

/* One table; several make up a command line: its own, the common ones, the configuration's. */
typedef struct OptTable {
	const Opt *opts;
	size_t count;
} OptTable;

typedef struct OptGiven {
	const Opt *opt;
	const char *value; /* NULL for a switch; borrows from argv */
} OptGiven;

typedef struct Opts {
	OptGiven given[OPTS_GIVEN_MAX];
	size_t given_count;
	char **args; /* borrows from argv */
	size_t arg_count;
} Opts;

/* Appends what argv[1..] holds to out->given and sets the arguments; argv is permuted.
 * stop_at_argument: everything from the first argument on is left in out->args as it is. False with
 * ERR_INPUT that says what to write instead. */
WARN_UNUSED bool opts_parse(const OptTable *tables, size_t table_count, int argc, char **argv,
	bool stop_at_argument, Opts *out, Err *err);

bool opts_has(const Opts *opts, const char *name);
/* The last value that was given; NULL when none was. */
const char *opts_value(const Opts *opts, const char *name);
/* All of them, in order; start with *at = 0, NULL at the end. */
const char *opts_next_value(const Opts *opts, const char *name, size_t *at);

/* Aligned lines: "  -y, --yes          help". */
void opts_put_help(Buf *out, const OptTable *table);
/* "--reason TEXT" */
void opts_put_name(Buf *out, const Opt *opt);

#endif
