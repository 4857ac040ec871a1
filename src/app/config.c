#include "app/config.h"
#include "app/config_value.h"
#include "base/base.h"
#include "base/file.h"

#include <ini.h>
#include <stdarg.h>

/* Where a value is being read from, for origins and for messages. */
typedef struct Place {
	ConfigFrom from;
	int line;
} Place;

typedef struct Loader {
	const ConfigSources *sources;
	Config config;
	ConfigFaults *faults; /* may be NULL */
	Err first;
	size_t fault_count;
	bool is_file_required;
} Loader;

/* ---------------------------------------------------------------- faults */

static void fault(Loader *loader, ErrKind kind, const char *format, ...) PRINTF_LIKE(3, 4);
static void fault(Loader *loader, ErrKind kind, const char *format, ...)
{
	Err err = { 0 };
	char text[sizeof err.text];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	(void)ERR(&err, kind, "%s", text);

	if (loader->fault_count++ == 0)
		loader->first = err;
	if (loader->faults && loader->faults->count++ < CONFIG_FAULTS_MAX)
		loader->faults->items[loader->faults->count - 1] = err;
}

static void put_upper(Buf *out, const char *name)
{
	for (; *name; name++)
		buf_put_char(out, *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name);
}

static void put_flag(Buf *out, const char *name)
{
	buf_put_z(out, "--");
	for (; *name; name++)
		buf_put_char(out, *name == '_' ? '-' : *name);
}

static void put_origin(Buf *out, const Config *config, const ConfigOption *option, Place place)
{
	switch (place.from) {
	case CONFIG_DEFAULT:
		buf_put_z(out, "default");
		break;
	case CONFIG_FILE:
		buf_printf(out, "%s:%d", config->file, place.line);
		break;
	case CONFIG_ENV:
		buf_put_z(out, "OPTOUT_");
		put_upper(out, option->name);
		break;
	case CONFIG_FLAG:
		put_flag(out, option->name);
		break;
	}
}

static void fault_at(Loader *loader, const ConfigOption *option, Place place, const char *text)
{
	CLEANUP(buf_fini) Buf where = BUF_MAX(CONFIG_TEXT_MAX + 64);
	put_origin(&where, &loader->config, option, place);
	fault(loader, ERR_INPUT, "%s: %s %s", buf_z(&where), option->name, text);
}

/* ---------------------------------------------------------------- values */

static ConfigOrigin *origin_of(Config *config, const ConfigOption *option)
{
	return &config->origins[option - config_option_at(0)];
}

static void take(Loader *loader, const ConfigOption *option, Str value, Place place)
{
	ConfigOrigin *origin = origin_of(&loader->config, option);
	if (origin->from != place.from)
		config_value_clear(&loader->config, option);
	Err err = { 0 };
	if (!config_value_set(&loader->config, option, value, &err)) {
		fault_at(loader, option, place, err.text);
		return;
	}
	*origin = (ConfigOrigin){ .from = place.from, .line = place.line };
}

static const char *variable(const Loader *loader, const char *name)
{
	size_t len = strlen(name);
	const char *const *env = loader->sources->environment;
	for (; env && *env; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

/* A variable that is set and says something: the base directory variables count as unset when
 * empty. */
static const char *folder_variable(const Loader *loader, const char *name)
{
	const char *value = variable(loader, name);
	return value && value[0] ? value : NULL;
}

/* ------------------------------------------------------------------ file */

typedef struct Lines {
	Loader *loader;
	Str rest;
	int line;
	bool is_in_other_section;
} Lines;

/* inih's reader: it cuts lines at `room` bytes without a word, so a longer one is a fault here and
 * read as blank. */
static char *next_line(char *out, int room, void *stream)
{
	Lines *lines = stream;
	Str line;
	if (lines->rest.len == 0 || !str_split(&lines->rest, '\n', &line))
		return NULL;
	lines->line++;
	size_t size = (size_t)room;
	if (line.len + 2 > size || !str_copy(line, out, size)) {
		fault(lines->loader, ERR_INPUT,
			"%s:%d: the line is longer than %d bytes or holds a NUL byte; lists may be "
			"spread over several lines",
			lines->loader->config.file, lines->line, room - 2);
		line.len = 0;
	}
	out[line.len] = '\n';
	out[line.len + 1] = '\0';
	return out;
}

static void take_line(Lines *lines, const char *name, Str value)
{
	Loader *loader = lines->loader;
	Place place = { .from = CONFIG_FILE, .line = lines->line };
	const ConfigOption *option = config_option_find(str_from(name));
	if (!option) {
		fault(loader, ERR_INPUT,
			"%s:%d: there is no option %s; `optout config show` lists them all",
			loader->config.file, lines->line, name);
		return;
	}
	const ConfigOrigin *origin = origin_of(&loader->config, option);
	if (origin->from == CONFIG_FILE && option->type != CONFIG_CIDRS) {
		CLEANUP(buf_fini) Buf text = BUF_MAX(160);
		buf_printf(&text,
			"was set on line %d already (a line that begins with a blank continues the "
			"one before); keep one",
			origin->line);
		fault_at(loader, option, place, buf_z(&text));
		return;
	}
	take(loader, option, value, place);
}

static int on_pair(void *user, const char *section, const char *name, const char *value)
{
	Lines *lines = user;
	bool is_ours = section[0] == '\0' || strcmp(section, "optout") == 0;
	if (!is_ours && !lines->is_in_other_section)
		fault(lines->loader, ERR_INPUT,
			"%s:%d: the section [%s] is unknown; write the options without a section",
			lines->loader->config.file, lines->line, section);
	lines->is_in_other_section = !is_ours;
	if (is_ours)
		take_line(lines, name, str_from(value));
	return 1;
}

/* The file to read, into config.file; "" when there is none and none is needed. */
static void choose_file(Loader *loader)
{
	CLEANUP(buf_fini) Buf path = BUF_MAX(CONFIG_TEXT_MAX - 1);
	const char *named = loader->sources->file;
	if (!named)
		named = folder_variable(loader, "OPTOUT_CONFIG");
	loader->is_file_required = named != NULL;
	if (named) {
		buf_put_z(&path, named);
	} else if (!loader->sources->is_root) {
		const char *home = folder_variable(loader, "XDG_CONFIG_HOME");
		if (home)
			buf_printf(&path, "%s/optout/optout.conf", home);
		else if ((home = folder_variable(loader, "HOME")))
			buf_printf(&path, "%s/.config/optout/optout.conf", home);
	}
	if (!str_copy(buf_str(&path), loader->config.file, sizeof loader->config.file)
		|| path.overflow)
		fault(loader, ERR_INPUT, "the path of the configuration file is too long");
}

static bool read_one(Loader *loader, Buf *content, Err *err)
{
	buf_reset(content);
	return file_read(loader->config.file, content, err);
}

static bool read_file(Loader *loader, Buf *content)
{
	Err err = { .kind = ERR_MISSING };
	if (loader->config.file[0] && read_one(loader, content, &err))
		return true;
	if (!loader->is_file_required && err.kind == ERR_MISSING) {
		const char *system = loader->sources->system_file;
		Str path = system ? str_from(system) : STR("/etc/optout/optout.conf");
		bool fits = str_copy(path, loader->config.file, sizeof loader->config.file);
		assert(fits);
		if (read_one(loader, content, &err))
			return true;
	}
	if (!loader->is_file_required && err.kind == ERR_MISSING)
		loader->config.file[0] = '\0';
	else
		fault(loader, err.kind, "the configuration file cannot be read: %s", err.text);
	return false;
}

static void take_file(Loader *loader)
{
	choose_file(loader);
	CLEANUP(buf_fini) Buf content = BUF_MAX(CONFIG_FILE_MAX);
	if (loader->fault_count || !read_file(loader, &content))
		return;
	Lines lines = { .loader = loader, .rest = buf_str(&content) };
	int line = ini_parse_stream(next_line, &lines, on_pair, &lines);
	if (line > 0)
		fault(loader, ERR_INPUT, "%s:%d: expected NAME = VALUE", loader->config.file, line);
	assert(line
		>= 0); /* negative: no file or no memory, which a stream on the stack cannot meet */
}

/* --------------------------------------------------- environment, flags */

static void take_environment(Loader *loader)
{
	for (size_t i = 0; i < config_option_count(); i++) {
		const ConfigOption *option = config_option_at(i);
		CLEANUP(buf_fini) Buf name = BUF_MAX(64);
		buf_put_z(&name, "OPTOUT_");
		put_upper(&name, option->name);
		const char *value = variable(loader, buf_z(&name));
		if (value)
			take(loader, option, str_trim(str_from(value)),
				(Place){ .from = CONFIG_ENV });
	}
}

static void take_flags(Loader *loader)
{
	for (size_t i = 0; i < loader->sources->flag_count; i++) {
		const ConfigFlag *flag = &loader->sources->flags[i];
		take(loader, flag->option, str_from(flag->value), (Place){ .from = CONFIG_FLAG });
	}
}

/* -------------------------------------------------------------- defaults */

/* Where nobody says: what systemd made for us; /var/lib for root; else the user's own state folder.
 */
static void put_state_dir(const Loader *loader, Buf *out)
{
	const char *folder = folder_variable(loader, "STATE_DIRECTORY");
	if (folder) {
		Str rest = str_from(folder), part = STR_NONE;
		if (str_split(
			    &rest, ':', &part)) /* systemd.exec(5): several are joined by colons */
			buf_put(out, part);
	} else if (loader->sources->is_root) {
		buf_put_z(out, "/var/lib/optout");
	} else if ((folder = folder_variable(loader, "XDG_STATE_HOME"))) {
		buf_printf(out, "%s/optout", folder);
	} else if ((folder = folder_variable(loader, "HOME"))) {
		buf_printf(out, "%s/.local/state/optout", folder);
	}
}

static void set_default(Loader *loader, const ConfigOption *option)
{
	CLEANUP(buf_fini) Buf value = BUF_MAX(2 * CONFIG_TEXT_MAX);
	Str text = str_from(option->default_text);
	Str folder = STR("STATE_DIR/");
	ptrdiff_t at = str_find(text, folder);
	if (option->offset == offsetof(Config, state_dir)) {
		put_state_dir(loader, &value);
	} else if (at >= 0) {
		buf_put(&value, str_sub(text, 0, (size_t)at));
		buf_printf(&value, "%s/", loader->config.state_dir);
		buf_put(&value, str_from_pos(text, (size_t)at + folder.len));
	} else {
		buf_put(&value, text);
	}
	if (option->type == CONFIG_PATH && value.len == 0)
		fault(loader, ERR_INPUT,
			"%s must be set: neither STATE_DIRECTORY nor HOME says where to keep data",
			option->name);
	else
		take(loader, option, buf_str(&value), (Place){ .from = CONFIG_DEFAULT });
}

/* state_dir is first in the table, so those that follow it find it set. */
static void fill_defaults(Loader *loader)
{
	for (size_t i = 0; i < config_option_count(); i++) {
		const ConfigOption *option = config_option_at(i);
		if (origin_of(&loader->config, option)->from == CONFIG_DEFAULT)
			set_default(loader, option);
	}
}

static void check_together(Loader *loader)
{
	size_t len = strlen(loader->config.socket);
	const ConfigOption *socket = config_option_find(STR("socket"));
	const ConfigOrigin *origin = origin_of(&loader->config, socket);
	if (len > CONFIG_SOCKET_MAX) {
		CLEANUP(buf_fini) Buf text = BUF_MAX(256);
		buf_printf(&text,
			"has a path of %zu bytes; Unix sockets allow %d. Set socket to a "
			"shorter one",
			len, CONFIG_SOCKET_MAX);
		fault_at(loader, socket, (Place){ .from = origin->from, .line = origin->line },
			buf_z(&text));
	}
}

bool config_load(const ConfigSources *sources, Config *out, ConfigFaults *faults, Err *err)
{
	Loader loader = { .sources = sources, .faults = faults };
	if (faults)
		faults->count = 0;
	take_file(&loader);
	take_environment(&loader);
	take_flags(&loader);
	fill_defaults(&loader);
	check_together(&loader);
	if (loader.fault_count) {
		if (err)
			*err = loader.first;
		return false;
	}
	*out = loader.config;
	return true;
}

size_t config_trusted_proxies(const Config *config, Str out[CONFIG_PROXIES_MAX])
{
	for (size_t i = 0; i < config->trusted_proxy_count; i++)
		out[i] = str_from(config->trusted_proxies[i]);
	return config->trusted_proxy_count;
}

void config_put_origin(Buf *out, const Config *config, const ConfigOption *option)
{
	const ConfigOrigin *origin = &config->origins[option - config_option_at(0)];
	put_origin(out, config, option, (Place){ .from = origin->from, .line = origin->line });
}
