#include "base/base.h"

#include "cli/document.h"

#include "app/config.h"
#include "base/file.h"
#include "cli/command.h"

#include "../../lib/expect.h"

#include <unistd.h>

/* "#name = value" lines without their "#"; explanations stay comments. */
static void put_uncommented(Buf *out, Str text)
{
	Str line;
	while (str_split(&text, '\n', &line)) {
		bool is_option = line.len > 1 && line.ptr[0] == '#' && line.ptr[1] != ' ';
		buf_put(out, is_option ? str_from_pos(line, 1) : line);
		buf_put_char(out, '\n');
	}
}

static void the_example_with_every_line_active_is_the_default_of_the_service(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf example = BUF_MAX(CONFIG_FILE_MAX);
	CLEANUP(buf_fini) Buf file = BUF_MAX(CONFIG_FILE_MAX);
	document_put_example(&example);
	put_uncommented(&file, buf_str(&example));

	char path[] = "/tmp/optout-example-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	Err err = { 0 };
	assert_true(file_write_durable(path, buf_str(&file), 0600, &err));
	Config from_file = { 0 }, from_nothing = { 0 };
	ConfigSources sources = { .file = path, .is_root = true };
	if (!config_load(&sources, &from_file, NULL, &err))
		fail_msg("%s", err.text);
	sources = (ConfigSources){ .system_file = "/nonexistent/optout.conf", .is_root = true };
	assert_true(config_load(&sources, &from_nothing, NULL, &err));
	for (size_t i = 0; i < config_option_count(); i++) {
		const ConfigOption *option = config_option_at(i);
		CLEANUP(buf_fini) Buf a = BUF_MAX(8192);
		CLEANUP(buf_fini) Buf b = BUF_MAX(8192);
		config_put_value(&a, &from_file, option);
		config_put_value(&b, &from_nothing, option);
		assert_string_equal(buf_z(&a), buf_z(&b));
		assert_int_equal(from_file.origins[i].from, CONFIG_FILE);
	}
	unlink(path);
}

static void the_manual_names_every_command_and_its_options(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf text = BUF_MAX(256 * 1024);
	document_put_commands(&text);
	for (size_t i = 0; i < command_count(); i++) {
		char name[128];
		snprintf(name, sizeof name, "\n*optout %s*", command_at(i)->name);
		assert_has(buf_str(&text), name);
	}
	assert_has(buf_str(&text), "\n\t*-y*, *--yes*++\n\t\tdo not ask\n");
	/* What scdoc would take for markup is text. */
	assert_has(buf_str(&text), "first\\_name");
	assert_has(buf_str(&text), "ADDRESS\\|ID");
}

static void the_manual_names_every_option_with_range_and_default(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf text = BUF_MAX(256 * 1024);
	document_put_options(&text);
	assert_has(buf_str(&text), "\n*drain\\_ms*\n\tAt stop: how long");
	assert_has(buf_str(&text), "Range: 0 to 600000 ms.");
	assert_has(buf_str(&text), "Default: 15000.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_with_every_line_active_is_the_default_of_the_service),
		cmocka_unit_test(the_manual_names_every_command_and_its_options),
		cmocka_unit_test(the_manual_names_every_option_with_range_and_default),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
