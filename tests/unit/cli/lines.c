#include "base/base.h"

#include "cli/lines.h"

#include "base/file.h"

#include "../../lib/expect.h"

#include <unistd.h>

static Lines *open_with(char *path, Str content)
{
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	Err err = { 0 };
	Lines *lines = NULL;
	assert_true(file_write_durable(path, content, 0600, &err));
	assert_true(lines_open(path, &lines, &err));
	return lines;
}

static void blank_lines_are_skipped_and_numbers_stay_right(void **state)
{
	(void)state;
	char path[] = "/tmp/optout-lines-XXXXXX";
	CLEANUP(lines_close) Lines *lines = open_with(path, STR("a@x\r\n\n   \n  b@x \nc@x"));
	static const struct {
		const char *text;
		int64_t number;
	} want[] = { { "a@x", 1 }, { "b@x", 4 }, { "c@x", 5 } };
	Err err = { 0 };
	Line line;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_true(lines_next(lines, &line, &err));
		assert_str(line.text, want[i].text);
		assert_int_equal(line.number, want[i].number);
	}
	assert_false(lines_next(lines, &line, &err));
	assert_int_equal(err.kind, ERR_NONE);
	unlink(path);
}

static void a_line_too_long_is_named_not_cut(void **state)
{
	(void)state;
	char path[] = "/tmp/optout-lines-XXXXXX";
	CLEANUP(buf_fini) Buf text = BUF_MAX(4 * LINE_BYTES_MAX);
	buf_put_z(&text, "a@x\n");
	for (size_t i = 0; i <= LINE_BYTES_MAX; i++)
		buf_put_char(&text, 'y');
	CLEANUP(lines_close) Lines *lines = open_with(path, buf_str(&text));
	Err err = { 0 };
	Line line;
	assert_true(lines_next(lines, &line, &err));
	assert_false(lines_next(lines, &line, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_has(str_from(err.text), ":2: the line is longer than 4096 bytes");
	unlink(path);
}

static void a_missing_file_is_named(void **state)
{
	(void)state;
	Err err = { 0 };
	Lines *lines = NULL;
	assert_false(lines_open("/nonexistent/addresses", &lines, &err));
	assert_int_equal(err.kind, ERR_MISSING);
	assert_has(str_from(err.text), "/nonexistent/addresses");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blank_lines_are_skipped_and_numbers_stay_right),
		cmocka_unit_test(a_line_too_long_is_named_not_cut),
		cmocka_unit_test(a_missing_file_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
