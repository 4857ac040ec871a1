#include "cli/options.h"
#include "base/base.h"

#include <getopt.h>

/* getopt_long's own numbers for long options: above every short letter. */
enum { LONG_BASE = 256 };

typedef struct Parser {
	const Opt *known[OPTS_KNOWN_MAX];
	size_t known_count;
	struct option longs[OPTS_KNOWN_MAX + 1];
	char shorts[2 * OPTS_KNOWN_MAX + 3];
} Parser;

static void parser_init(
	Parser *parser, const OptTable *tables, size_t table_count, bool stop_at_argument)
{
	char *shorts = parser->shorts;
	if (stop_at_argument)
		*shorts++ = '+';
	/* A missing value is told apart from an unknown option, and nothing is printed. */
	*shorts++ = ':';
	for (size_t t = 0; t < table_count; t++)
		for (size_t i = 0; i < tables[t].count; i++) {
			const Opt *opt = &tables[t].opts[i];
			size_t n = parser->known_count++;
			assert(n < OPTS_KNOWN_MAX);
			parser->known[n] = opt;
			parser->longs[n] = (struct option){
				.name = opt->name,
				.has_arg = opt->value ? required_argument : no_argument,
				.val = LONG_BASE + (int)n,
			};
			if (opt->letter)
				*shorts++ = opt->letter;
			if (opt->letter && opt->value)
				*shorts++ = ':';
		}
	*shorts = '\0';
}

static const Opt *find_letter(const Parser *parser, int letter)
{
	for (size_t i = 0; i < parser->known_count; i++)
		if (parser->known[i]->letter == letter)
			return parser->known[i];
	abort(); /* getopt_long names only letters that we gave it */
}

/* The word of argv that getopt_long has just read: before its value when that stands apart. */
static bool is_in_full(const Opt *opt, char **argv)
{
	size_t len = strlen(opt->name);
	const char *word = argv[optind - 1];
	bool value_apart = opt->value && optarg == word;
	if (value_apart)
		word = argv[optind - 2];
	return strncmp(word, "--", 2) == 0 && strncmp(word + 2, opt->name, len) == 0
		&& (word[2 + len] == '\0' || word[2 + len] == '=');
}

static bool refuse(const Parser *parser, int answer, char **argv, Err *err)
{
	if (answer == ':') {
		const Opt *opt = optopt >= LONG_BASE ? parser->known[optopt - LONG_BASE]
						     : find_letter(parser, optopt);
		return ERR(err, ERR_INPUT, "--%s needs a value: --%s %s", opt->name, opt->name,
			opt->value);
	}
	if (optopt >= LONG_BASE)
		return ERR(err, ERR_INPUT, "--%s takes no value",
			parser->known[optopt - LONG_BASE]->name);
	if (optopt)
		return ERR(err, ERR_INPUT, "there is no option -%c; -h lists them", optopt);
	return ERR(err, ERR_INPUT, "there is no option %s; -h lists them", argv[optind - 1]);
}

static bool take(Opts *out, const Opt *opt, Err *err)
{
	if (out->given_count == OPTS_GIVEN_MAX)
		return ERR(err, ERR_INPUT, "more than %d options", OPTS_GIVEN_MAX);
	out->given[out->given_count++] = (OptGiven){ .opt = opt,
		.value = opt->value ? optarg : NULL };
	return true;
}

bool opts_parse(const OptTable *tables, size_t table_count, int argc, char **argv,
	bool stop_at_argument, Opts *out, Err *err)
{
	Parser parser = { 0 };
	parser_init(&parser, tables, table_count, stop_at_argument);
	optind = 0; /* glibc: start afresh */
	opterr = 0;
	int answer;
	while ((answer = getopt_long(argc, argv, parser.shorts, parser.longs, NULL)) != -1) {
		if (answer == '?' || answer == ':')
			return refuse(&parser, answer, argv, err);
		const Opt *opt = answer >= LONG_BASE ? parser.known[answer - LONG_BASE]
						     : find_letter(&parser, answer);
		if (answer >= LONG_BASE && !is_in_full(opt, argv))
			return ERR(err, ERR_INPUT, "write --%s in full", opt->name);
		if (!take(out, opt, err))
			return false;
	}
	if (argc - optind > OPTS_ARGS_MAX)
		return ERR(err, ERR_INPUT,
			"more than %d arguments; send them through standard input", OPTS_ARGS_MAX);
	out->args = argv + optind;
	out->arg_count = (size_t)(argc - optind);
	return true;
}

const char *opts_next_value(const Opts *opts, const char *name, size_t *at)
{
	while (*at < opts->given_count) {
		const OptGiven *given = &opts->given[(*at)++];
		if (strcmp(given->opt->name, name) == 0)
			return given->value;
	}
	return NULL;
}

const char *opts_value(const Opts *opts, const char *name)
{
	const char *last = NULL;
	size_t at = 0;
	for (const char *value; (value = opts_next_value(opts, name, &at));)
		last = value;
	return last;
}

bool opts_has(const Opts *opts, const char *name)
{
	for (size_t i = 0; i < opts->given_count; i++)
		if (strcmp(opts->given[i].opt->name, name) == 0)
			return true;
	return false;
}

void opts_put_name(Buf *out, const Opt *opt)
{
	buf_printf(out, "--%s", opt->name);
	if (opt->value)
		buf_printf(out, " %s", opt->value);
}

static size_t name_width(const Opt *opt)
{
	return strlen(opt->name) + 2 + (opt->value ? strlen(opt->value) + 1 : 0);
}

void opts_put_help(Buf *out, const OptTable *table)
{
	size_t widest = 0;
	for (size_t i = 0; i < table->count; i++)
		widest = MAX_OF(widest, name_width(&table->opts[i]));
	for (size_t i = 0; i < table->count; i++) {
		const Opt *opt = &table->opts[i];
		if (opt->letter)
			buf_printf(out, "  -%c, ", opt->letter);
		else
			buf_put_z(out, "      ");
		opts_put_name(out, opt);
		buf_printf(out, "%*s  %s\n", (int)(widest - name_width(opt)), "", opt->help);
	}
}
