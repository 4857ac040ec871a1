#include "cli/document.h"
#include "base/base.h"

#include "app/config.h"
#include "cli/command.h"

/* The default as an operator would write it into a file: with the folder of the service. */
static void put_default(Buf *out, const ConfigOption *option)
{
	Str text = str_from(option->default_text), folder = STR("STATE_DIR");
	ptrdiff_t at = str_find(text, folder);
	if (at < 0) {
		buf_put(out, text);
		return;
	}
	buf_put(out, str_sub(text, 0, (size_t)at));
	buf_put_z(out, config_option_find(STR("state_dir"))->default_text);
	buf_put(out, str_from_pos(text, (size_t)at + folder.len));
}

void document_put_example(Buf *out)
{
	buf_put_z(out,
		"# Configuration of Optout: optout.conf(5). What stands here is the default.\n"
		"# Each option may also be set in the environment (OPTOUT_STATE_DIR) or as a flag\n"
		"# (--state-dir); the flag wins over the "
		"environment, the environment over this file.\n");
	for (size_t i = 0; i < config_option_count(); i++) {
		const ConfigOption *option = config_option_at(i);
		CLEANUP(buf_fini) Buf range = BUF_MAX(256);
		config_put_range(&range, option);
		buf_printf(out, "\n# %s", option->help);
		if (range.len)
			buf_printf(out, " (%s%s%s)", buf_z(&range), option->unit[0] ? " " : "",
				option->unit);
		buf_printf(out, "\n#%s =%s", option->name, option->default_text[0] ? " " : "");
		put_default(out, option);
		buf_put_char(out, '\n');
	}
}

/* scdoc gives a meaning to these; everywhere else text is text. */
static void put_scdoc(Buf *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("_*\\#`[|]~<>{}", *text))
			buf_put_char(out, '\\');
		buf_put_char(out, *text);
	}
}

static void put_opts(Buf *out, const OptTable *table, bool has_json)
{
	for (size_t i = 0; i < table->count; i++) {
		const Opt *opt = &table->opts[i];
		CLEANUP(buf_fini) Buf name = BUF_MAX(256);
		opts_put_name(&name, opt);
		buf_put_z(out, "\n\t*");
		if (opt->letter)
			buf_printf(out, "-%c*, *", opt->letter);
		put_scdoc(out, buf_z(&name));
		buf_put_z(out, "*++\n\t\t");
		put_scdoc(out, opt->help);
		buf_put_char(out, '\n');
	}
	if (has_json)
		buf_put_z(out, "\n\t*--json*++\n\t\tprint the API's JSON\n");
}

/* Texts are wrapped for a terminal; a manual page wraps them itself. */
static void put_paragraph(Buf *out, const char *text, const char *end)
{
	buf_put_z(out, "\n\t");
	for (; *text; text++) {
		char one[2] = { *text == '\n' ? ' ' : *text, '\0' };
		put_scdoc(out, one);
	}
	buf_put_z(out, end);
	buf_put_char(out, '\n');
}

void document_put_commands(Buf *out)
{
	for (size_t i = 0; i < command_count(); i++) {
		const Command *command = command_at(i);
		buf_put_z(out, "\n*optout ");
		put_scdoc(out, command->name);
		buf_put_char(out, '*');
		if (command->options.count)
			buf_put_z(out, " \\[options\\]");
		if (command->args[0]) {
			buf_put_char(out, ' ');
			put_scdoc(out, command->args);
		}
		buf_put_z(out, "\n");
		put_paragraph(out, command->help, ".");
		if (command->detail[0])
			put_paragraph(out, command->detail, "");
		if (command->alias) {
			buf_put_z(out, "\n\tAlso: *optout ");
			put_scdoc(out, command->alias);
			buf_put_z(out, "*\n");
		}
		put_opts(out, &command->options, command->has_json);
	}
}

void document_put_options(Buf *out)
{
	for (size_t i = 0; i < config_option_count(); i++) {
		const ConfigOption *option = config_option_at(i);
		CLEANUP(buf_fini) Buf range = BUF_MAX(256);
		config_put_range(&range, option);
		buf_put_z(out, "\n*");
		put_scdoc(out, option->name);
		buf_put_z(out, "*\n\t");
		put_scdoc(out, option->help);
		if (range.len || option->unit[0]) {
			buf_put_z(out, "++\n\tRange: ");
			put_scdoc(out, buf_z(&range));
			buf_printf(out, "%s%s.", option->unit[0] ? " " : "", option->unit);
		}
		if (option->default_text[0]) {
			buf_put_z(out, "++\n\tDefault: ");
			put_scdoc(out, option->default_text);
			buf_put_z(out, ".");
		}
		if (option->is_reloadable)
			buf_put_z(out, "++\n\tTakes effect without a restart.");
		buf_put_char(out, '\n');
	}
}
