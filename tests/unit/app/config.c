#include "base/base.h"

#include "app/config.h"
#include "app/config_value.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

/* A folder with a configuration file in it, and sources that read nothing of the machine the test
 * runs on. */
typedef struct World {
	char folder[64];
	char file[128];
	const char *environment[8];
	ConfigFlag flags[8];
	ConfigSources sources;
} World;

static int world_up(void **state)
{
	World *world = calloc(1, sizeof *world);
	snprintf(world->folder, sizeof world->folder, "/tmp/optout-config-XXXXXX");
	assert_non_null(mkdtemp(world->folder));
	snprintf(world->file, sizeof world->file, "%s/optout.conf", world->folder);
	world->environment[0] = "HOME=/nonexistent/home";
	world->sources = (ConfigSources){
		.system_file = "/nonexistent/optout.conf",
		.environment = world->environment,
		.flags = world->flags,
	};
	*state = world;
	return 0;
}

static int world_down(void **state)
{
	World *world = *state;
	unlink(world->file);
	rmdir(world->folder);
	free(world);
	return 0;
}

static void write_file(World *world, Str content)
{
	Err err = { 0 };
	if (!file_write_durable(world->file, content, 0600, &err))
		fail_msg("%s", err.text);
	world->sources.file = world->file;
}

static void set_flag(World *world, Str name, const char *value)
{
	const ConfigOption *option = config_option_find(name);
	assert_non_null(option);
	world->flags[world->sources.flag_count++] = (ConfigFlag){ option, value };
}

static Config load(const World *world)
{
	Config config = { 0 };
	Err err = { 0 };
	if (!config_load(&world->sources, &config, NULL, &err))
		fail_msg("%s", err.text);
	return config;
}

static void assert_origin(const Config *config, Str name, const char *want)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(2048);
	config_put_origin(&text, config, config_option_find(name));
	assert_string_equal(buf_z(&text), want);
}

static void assert_value(const Config *config, Str name, const char *want)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(8192);
	config_put_value(&text, config, config_option_find(name));
	assert_string_equal(buf_z(&text), want);
}

/* The file is refused with exactly these texts, FILE standing for its path. */
static void expect_faults(World *world, Str content, const char *const *texts, size_t count)
{
	write_file(world, content);
	Config config = { .drain_ms = 77 };
	ConfigFaults faults;
	Err err = { 0 };
	assert_false(config_load(&world->sources, &config, &faults, &err));
	assert_int_equal(config.drain_ms, 77);
	assert_int_equal(faults.count, count);
	for (size_t i = 0; i < count; i++) {
		char want[1024];
		snprintf(want, sizeof want, "%s:%s", world->file, texts[i]);
		assert_string_equal(faults.items[i].text, want);
	}
	assert_string_equal(err.text, faults.items[0].text);
}

static void expect_fault(World *world, Str content, const char *text)
{
	expect_faults(world, content, &text, 1);
}

static void without_any_source_the_defaults_hold_and_follow_the_state_folder(void **state)
{
	Config config = load(*state);
	assert_string_equal(config.state_dir, "/nonexistent/home/.local/state/optout");
	assert_string_equal(
		config.store_url, "sqlite:/nonexistent/home/.local/state/optout/optout.db");
	assert_string_equal(config.key_file, "/nonexistent/home/.local/state/optout/optout.keys");
	assert_string_equal(config.socket, "/nonexistent/home/.local/state/optout/optout.sock");
	assert_string_equal(config.listen_public, "127.0.0.1:8080");
	assert_int_equal(config.sort_memory_bytes, 256 * 1024 * 1024);
	assert_int_equal(config.log_level, LOG_INFO);
	assert_false(config.allow_http_orgs);
	assert_string_equal(config.file, "");
	assert_origin(&config, STR("state_dir"), "default");
}

static void flags_win_over_the_environment_and_that_over_the_file(void **state)
{
	World *world = *state;
	write_file(world, STR("drain_ms = 1\nreader_threads = 3\nwriter_queue_max=400\n"));
	world->environment[1] = "OPTOUT_DRAIN_MS=2";
	world->environment[2] = "OPTOUT_READER_THREADS=4";
	set_flag(world, STR("drain-ms"), "5");
	Config config = load(world);
	assert_int_equal(config.drain_ms, 5);
	assert_int_equal(config.reader_threads, 4);
	assert_int_equal(config.writer_queue_max, 400);
	assert_origin(&config, STR("drain_ms"), "--drain-ms");
	assert_origin(&config, STR("reader_threads"), "OPTOUT_READER_THREADS");
	char want[256];
	snprintf(want, sizeof want, "%s:3", world->file);
	assert_origin(&config, STR("writer_queue_max"), want);
	assert_origin(&config, STR("connections_max"), "default");
}

static void the_state_folder_is_what_systemd_made_or_roots_or_the_users(void **state)
{
	World *world = *state;
	world->sources.is_root = true;
	assert_string_equal(load(world).state_dir, "/var/lib/optout");
	world->environment[1] = "XDG_STATE_HOME=/nonexistent/xdg";
	world->sources.is_root = false;
	assert_string_equal(load(world).state_dir, "/nonexistent/xdg/optout");
	world->environment[2] = "STATE_DIRECTORY=/var/lib/private/optout:/other";
	assert_string_equal(load(world).state_dir, "/var/lib/private/optout");
	set_flag(world, STR("state_dir"), "/srv/o");
	Config config = load(world);
	assert_string_equal(config.socket, "/srv/o/optout.sock");
	assert_string_equal(config.store_url, "sqlite:/srv/o/optout.db");
}

static void nobody_saying_where_to_keep_data_is_a_fault(void **state)
{
	World *world = *state;
	world->environment[0] = NULL;
	Config config;
	Err err = { 0 };
	assert_false(config_load(&world->sources, &config, NULL, &err));
	assert_non_null(strstr(err.text, "state_dir must be set"));
}

static void a_file_may_have_comments_blanks_crlf_and_a_byte_order_mark(void **state)
{
	World *world = *state;
	write_file(world,
		STR("\xEF\xBB\xBF# head\r\n\r\n[optout]\r\n  \r\n; more\r\ndrain_ms = 12 ; why\r\n"
		    "log_json = YES\r\nlog_level=debug"));
	Config config = load(world);
	assert_int_equal(config.drain_ms, 12);
	assert_true(config.log_json);
	assert_int_equal(config.log_level, LOG_DEBUG);
	assert_string_equal(config.file, world->file);
}

static void a_bad_value_is_named_with_file_line_option_and_what_to_write(void **state)
{
	expect_fault(*state, STR("\n\nreader_threads = many\n"),
		"3: reader_threads cannot be \"many\"; write a whole number, 1 to 32");
	expect_fault(*state, STR("reader_threads = 33\n"),
		"1: reader_threads cannot be \"33\"; write a whole number, 1 to 32");
	expect_fault(*state, STR("log_json = maybe\n"),
		"1: log_json cannot be \"maybe\"; write yes or no");
	expect_fault(*state, STR("log_level = loud\n"),
		"1: log_level cannot be \"loud\"; write error, warn, info or debug");
	expect_fault(*state, STR("sort_memory_bytes = 1K\n"),
		"1: sort_memory_bytes cannot be \"1K\"; write a whole number, 16M to 64G");
	expect_fault(*state, STR("store_url = postgres:x\n"),
		"1: store_url cannot be \"postgres:x\"; write "
		"sqlite: and the path of the database file");
	expect_fault(*state, STR("key_file =\n"), "1: key_file is empty; write a path");
}

static void an_unknown_option_is_a_fault_because_it_would_do_nothing(void **state)
{
	expect_fault(*state, STR("drain = 5\n"),
		"1: there is no option drain; `optout config show` lists them all");
	expect_fault(*state, STR("[http]\ndrain_ms = 5\nlog_json = 1\n"),
		"2: the section [http] is unknown; write the options without a section");
}

static void an_option_that_is_set_twice_is_a_fault(void **state)
{
	expect_fault(*state, STR("drain_ms = 5\nlog_json = 1\ndrain_ms = 6\n"),
		"3: drain_ms was set on line 1 already (a line that begins with a blank continues "
		"the one before); keep one");
}

static void a_line_without_a_value_or_too_long_is_a_fault_at_its_line(void **state)
{
	expect_fault(*state, STR("log_json = 1\nnonsense\n"), "2: expected NAME = VALUE");

	CLEANUP(buf_fini) Buf text = BUF_MAX(4096);
	buf_put_z(&text, "drain_ms = 5\nkey_file = /");
	for (int i = 0; i < 300; i++)
		buf_put_char(&text, 'x');
	buf_put_z(&text, "\nlog_json = 1\n");
	expect_fault(*state, buf_str(&text),
		"2: the line is longer than 198 bytes or holds a "
		"NUL byte; lists may be spread over several lines");
}

static void every_fault_is_found_in_one_go(void **state)
{
	static const char *const texts[] = {
		"1: drain_ms cannot be \"x\"; write a whole number, 0 to 600000",
		"2: there is no option typo; `optout config show` lists them all",
		"4: log_json cannot be \"x\"; write yes or no",
	};
	expect_faults(
		*state, STR("drain_ms = x\ntypo = 1\n\nlog_json = x\n"), texts, ARRAY_LEN(texts));
}

static void faults_of_environment_and_flags_are_named_as_such(void **state)
{
	World *world = *state;
	world->environment[1] = "OPTOUT_DRAIN_MS=soon";
	set_flag(world, STR("reader_threads"), "0");
	Config config;
	ConfigFaults faults;
	Err err;
	assert_false(config_load(&world->sources, &config, &faults, &err));
	assert_int_equal(faults.count, 2);
	assert_string_equal(faults.items[0].text,
		"OPTOUT_DRAIN_MS: drain_ms cannot be \"soon\"; write a whole number, 0 to 600000");
	assert_string_equal(faults.items[1].text,
		"--reader-threads: reader_threads cannot be \"0\"; write a whole number, 1 to 32");
}

static void a_named_file_must_be_there_and_the_usual_ones_need_not(void **state)
{
	World *world = *state;
	Config config;
	Err err = { 0 };
	world->sources.file = "/nonexistent/optout.conf";
	assert_false(config_load(&world->sources, &config, NULL, &err));
	assert_int_equal(err.kind, ERR_MISSING);
	assert_non_null(strstr(err.text, "/nonexistent/optout.conf"));

	world->sources.file = NULL;
	world->environment[1] = "OPTOUT_CONFIG=/nonexistent/too.conf";
	assert_false(config_load(&world->sources, &config, NULL, &err));
	assert_non_null(strstr(err.text, "/nonexistent/too.conf"));
}

static void the_users_own_file_is_found_in_the_base_directory(void **state)
{
	World *world = *state;
	Err err = { 0 };
	char folder[128], variable[192];
	snprintf(folder, sizeof folder, "%s/optout", world->folder);
	assert_true(dir_make(folder, 0700, &err));
	snprintf(world->file, sizeof world->file, "%s/optout/optout.conf", world->folder);
	write_file(world, STR("drain_ms = 9\n"));
	world->sources.file = NULL;
	snprintf(variable, sizeof variable, "XDG_CONFIG_HOME=%s", world->folder);
	world->environment[1] = variable;
	assert_int_equal(load(world).drain_ms, 9);
	unlink(world->file);
	rmdir(folder);
}

static void proxies_are_a_list_that_lines_extend_and_a_higher_source_replaces(void **state)
{
	World *world = *state;
	write_file(world,
		STR("trusted_proxies = 10.0.0.0/8, 127.0.0.1\n"
		    "  fd00::/8\ntrusted_proxies = ::1\n"));
	Config config = load(world);
	assert_value(&config, STR("trusted_proxies"), "10.0.0.0/8 127.0.0.1 fd00::/8 ::1");
	Str views[CONFIG_PROXIES_MAX];
	assert_int_equal(config_trusted_proxies(&config, views), 4);
	assert_true(str_eq(views[3], STR("::1")));

	world->environment[1] = "OPTOUT_TRUSTED_PROXIES=192.0.2.1";
	config = load(world);
	assert_value(&config, STR("trusted_proxies"), "192.0.2.1");
}

static void what_is_no_address_or_block_is_refused_as_proxy(void **state)
{
	static const char *const bad[] = { "proxy.example.com", "10.0.0.0/33", "::/129", "10.0.0/8",
		"10.0.0.0/", "10.0.0.0/8/8", "1.2.3.4:80" };
	const ConfigOption *option = config_option_find(STR("trusted_proxies"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		Config config = { 0 };
		Err err = { 0 };
		assert_false(config_value_set(&config, option, str_from(bad[i]), &err));
		assert_non_null(strstr(err.text, bad[i]));
		assert_int_equal(config.trusted_proxy_count, 0);
	}
	(void)state;
}

static void listening_addresses_are_numeric_with_a_port_or_off(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} cases[] = {
		{ "127.0.0.1:8080", true },
		{ "0.0.0.0:0", true },
		{ "[::1]:443", true },
		{ "off", true },
		{ "localhost:8080", false },
		{ "127.0.0.1", false },
		{ "127.0.0.1:65536", false },
		{ "127.0.0.1:", false },
		{ "::1:80", false },
		{ "[]:80", false },
		{ ":80", false },
		{ "", false },
	};
	const ConfigOption *option = config_option_find(STR("listen_public"));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		Config config = { 0 };
		Err err;
		bool ok = config_value_set(&config, option, str_from(cases[i].text), &err);
		if (ok != cases[i].ok)
			fail_msg("%s", cases[i].text);
	}
	Config config = { 0 };
	Err err;
	assert_true(config_value_set(&config, option, STR("OFF"), &err));
	assert_string_equal(config.listen_public, "");
	assert_value(&config, STR("listen_public"), "off");
	(void)state;
}

static void sizes_take_units_and_are_shown_with_them(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
		const char *shown;
	} cases[] = {
		{ "16777216", 16 << 20, "16M" },
		{ "17000000", 17000000, "17000000" },
		{ "1g", (int64_t)1 << 30, "1G" },
		{ "64G", (int64_t)64 << 30, "64G" },
		{ "20480K", 20 << 20, "20M" },
	};
	static const char *const bad[] = { "65G", "15M", "M", "", "99999999999999999999G", "-1G",
		"1T" };
	const ConfigOption *option = config_option_find(STR("sort_memory_bytes"));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		Config config = { 0 };
		Err err;
		assert_true(config_value_set(&config, option, str_from(cases[i].text), &err));
		assert_int_equal(config.sort_memory_bytes, cases[i].bytes);
		assert_value(&config, STR("sort_memory_bytes"), cases[i].shown);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		Config config = { 0 };
		Err err;
		assert_false(config_value_set(&config, option, str_from(bad[i]), &err));
	}
	(void)state;
}

static void a_socket_path_that_the_kernel_refuses_is_refused_here(void **state)
{
	World *world = *state;
	char path[160];
	memset(path, 'x', sizeof path);
	path[0] = '/';
	path[CONFIG_SOCKET_MAX] = '\0';
	set_flag(world, STR("socket"), path);
	assert_int_equal(strlen(load(world).socket), CONFIG_SOCKET_MAX);

	path[CONFIG_SOCKET_MAX] = 'x';
	path[CONFIG_SOCKET_MAX + 1] = '\0';
	Config config;
	Err err;
	assert_false(config_load(&world->sources, &config, NULL, &err));
	assert_non_null(strstr(err.text, "--socket: socket has a path of 108 bytes"));
}

static void a_secret_is_never_shown(void **state)
{
	ConfigOption option = *config_option_find(STR("key_file"));
	option.is_secret = true;
	Config config = { .key_file = "hunter2" };
	CLEANUP(buf_fini) Buf text = BUF_MAX(64);
	config_put_value(&text, &config, &option);
	assert_string_equal(buf_z(&text), "***");
	(void)state;
}

/* What the table says and what the parser takes are the same: each default may be written into a
 * file. */
static void every_default_may_be_written(void **state)
{
	World *world = *state;
	CLEANUP(buf_fini) Buf file = BUF_MAX(CONFIG_FILE_MAX);
	Config defaults = load(world);
	for (size_t i = 0; i < config_option_count(); i++) {
		const ConfigOption *option = config_option_at(i);
		assert_true(option->help[0] && option->help[strlen(option->help) - 1] == '.');
		assert_ptr_equal(config_option_find(str_from(option->name)), option);
		buf_printf(&file, "%s = ", option->name);
		config_put_value(&file, &defaults, option);
		buf_put_char(&file, '\n');
	}
	write_file(world, buf_str(&file));
	Config again = load(world);
	for (size_t i = 0; i < config_option_count(); i++) {
		CLEANUP(buf_fini) Buf a = BUF_MAX(8192);
		CLEANUP(buf_fini) Buf b = BUF_MAX(8192);
		config_put_value(&a, &defaults, config_option_at(i));
		config_put_value(&b, &again, config_option_at(i));
		assert_string_equal(buf_z(&a), buf_z(&b));
	}
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(without_any_source_the_defaults_hold_and_follow_the_state_folder),
		IN_WORLD(flags_win_over_the_environment_and_that_over_the_file),
		IN_WORLD(the_state_folder_is_what_systemd_made_or_roots_or_the_users),
		IN_WORLD(nobody_saying_where_to_keep_data_is_a_fault),
		IN_WORLD(a_file_may_have_comments_blanks_crlf_and_a_byte_order_mark),
		IN_WORLD(a_bad_value_is_named_with_file_line_option_and_what_to_write),
		IN_WORLD(an_unknown_option_is_a_fault_because_it_would_do_nothing),
		IN_WORLD(an_option_that_is_set_twice_is_a_fault),
		IN_WORLD(a_line_without_a_value_or_too_long_is_a_fault_at_its_line),
		IN_WORLD(every_fault_is_found_in_one_go),
		IN_WORLD(faults_of_environment_and_flags_are_named_as_such),
		IN_WORLD(a_named_file_must_be_there_and_the_usual_ones_need_not),
		IN_WORLD(the_users_own_file_is_found_in_the_base_directory),
		IN_WORLD(proxies_are_a_list_that_lines_extend_and_a_higher_source_replaces),
		cmocka_unit_test(what_is_no_address_or_block_is_refused_as_proxy),
		cmocka_unit_test(listening_addresses_are_numeric_with_a_port_or_off),
		cmocka_unit_test(sizes_take_units_and_are_shown_with_them),
		IN_WORLD(a_socket_path_that_the_kernel_refuses_is_refused_here),
		cmocka_unit_test(a_secret_is_never_shown),
		IN_WORLD(every_default_may_be_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
