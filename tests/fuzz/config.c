/* The configuration file, the environment and flags (app/config.h), through the real parser and
 * table. Lines of the input that begin with '$' are variables, "$DRAIN_MS=1", those with '!' flags,
 * "!drain-ms=1"; the others are the file. */
#include "base/base.h"

#include "app/config.h"
#include "base/arena.h"
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

enum { VARIABLES_MAX = 8, FLAGS_MAX = 8, TEXT_BYTES_MAX = 1024 * 1024 };

/* A file without a name, the same one for all inputs. */
static int file_fd = -1;
static char file_path[64];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	file_fd = memfd_create("config", MFD_CLOEXEC);
	MUST(file_fd >= 0);
	snprintf(file_path, sizeof file_path, "/proc/self/fd/%d", file_fd);
	return 0;
}

typedef struct Input {
	Arena arena;
	Buf file;
	const char *environment[VARIABLES_MAX + 2];
	size_t variable_count;
	ConfigFlag flags[FLAGS_MAX];
	size_t flag_count;
} Input;

static void input_fini(Input *input)
{
	buf_fini(&input->file);
	arena_fini(&input->arena);
}

static void take_variable(Input *input, Str line)
{
	if (input->variable_count <= VARIABLES_MAX)
		input->environment[input->variable_count++] =
			arena_printf(&input->arena, "OPTOUT_%.*s", STR_ARG(line)).ptr;
}

static void take_flag(Input *input, Str line)
{
	Str name;
	if (input->flag_count == FLAGS_MAX || !str_split(&line, '=', &name) || !line.ptr)
		return;
	const ConfigOption *option = config_option_find(name);
	if (option)
		input->flags[input->flag_count++] = (ConfigFlag){ .option = option,
			.value = arena_z(&input->arena, line) };
}

static void split_input(Str text, Input *out)
{
	*out = (Input){ .arena = ARENA_MAX(2 * TEXT_BYTES_MAX), .file = BUF_MAX(TEXT_BYTES_MAX) };
	out->environment[out->variable_count++] = "HOME=/home/somebody";
	Str line;
	while (str_split(&text, '\n', &line)) {
		if (str_starts(line, STR("$"))) {
			take_variable(out, str_from_pos(line, 1));
		} else if (str_starts(line, STR("!"))) {
			take_flag(out, str_from_pos(line, 1));
		} else {
			buf_put(&out->file, line);
			buf_put_z(&out->file, text.ptr ? "\n" : "");
		}
	}
	MUST(ftruncate(file_fd, 0) == 0);
	MUST(pwrite(file_fd, buf_z(&out->file), out->file.len, 0) == (ssize_t)out->file.len);
}

static void put_value(Buf *out, const Config *config, size_t i)
{
	config_put_value(out, config, config_option_at(i));
}

/* Every value as it is shown, given as flags: nothing else comes out of it. */
static void check_same_from_flags(const Config *config, Arena *arena)
{
	ConfigFlag flags[CONFIG_OPTIONS_MAX];
	size_t count = config_option_count();
	for (size_t i = 0; i < count; i++) {
		CLEANUP(buf_fini) Buf value = BUF_MAX(TEXT_BYTES_MAX);
		put_value(&value, config, i);
		flags[i] = (ConfigFlag){ .option = config_option_at(i),
			.value = arena_z(arena, buf_str(&value)) };
	}
	ConfigSources sources = { .file = "/dev/null", .flags = flags, .flag_count = count };
	Config again;
	Err err;
	MUST(config_load(&sources, &again, NULL, &err));
	for (size_t i = 0; i < count; i++) {
		CLEANUP(buf_fini) Buf value = BUF_MAX(TEXT_BYTES_MAX);
		put_value(&value, &again, i);
		MUST(strcmp(buf_z(&value), flags[i].value) == 0);
	}
}

static void check_values(const Config *config)
{
	MUST(config->state_dir[0] && config->store_url[0] && config->key_file[0]);
	MUST(strlen(config->socket) <= CONFIG_SOCKET_MAX && config->socket[0]);
	Str proxies[CONFIG_PROXIES_MAX];
	size_t count = config_trusted_proxies(config, proxies);
	MUST(count <= CONFIG_PROXIES_MAX);
	for (size_t i = 0; i < count; i++)
		MUST(proxies[i].len > 0 && proxies[i].len < CONFIG_PROXY_MAX);
	for (size_t i = 0; i < config_option_count(); i++) {
		const ConfigOption *option = config_option_at(i);
		const ConfigOrigin *origin = &config->origins[i];
		int64_t number;
		MUST((origin->from == CONFIG_FILE) == (origin->line > 0));
		if (option->type != CONFIG_INT && option->type != CONFIG_BYTES)
			continue;
		memcpy(&number, (const char *)config + option->offset, sizeof number);
		MUST(number >= option->min && number <= option->max);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static ConfigFaults faults;
	CLEANUP(input_fini) Input input;
	split_input(fuzz_text(data, size), &input);
	ConfigSources sources = { .file = file_path,
		.environment = input.environment,
		.flags = input.flags,
		.flag_count = input.flag_count };
	Config config = { .drain_ms = -4711 };
	Err err = { 0 };
	if (config_load(&sources, &config, &faults, &err)) {
		MUST(faults.count == 0);
		check_values(&config);
		check_same_from_flags(&config, &input.arena);
		return 0;
	}
	const unsigned kinds = 1u << ERR_INPUT | 1u << ERR_MISSING | 1u << ERR_LIMIT;
	MUST(config.drain_ms == -4711 && faults.count >= 1 && fuzz_err_is(&err, kinds));
	for (size_t i = 0; i < MIN_OF(faults.count, (size_t)CONFIG_FAULTS_MAX); i++)
		MUST(fuzz_err_is(&faults.items[i], kinds));
	MUST(strcmp(faults.items[0].text, err.text) == 0);
	return 0;
}
