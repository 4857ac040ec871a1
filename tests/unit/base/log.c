#include "base/base.h"

#include "base/log.h"

#include "base/file.h"
#include "base/json.h"
#include "base/metric.h"
#include "base/time.h"

#include "../../lib/expect.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static const LogOptions journald = { .level = LOG_INFO, .journald = true };
static const LogOptions clear = { .level = LOG_INFO, .journald = true, .clear_addresses = true };
static const LogOptions json_only = { .level = LOG_INFO, .json = true };

/* Collects what the log writes: stderr is a file until the text is taken. */
typedef struct Capture {
	int saved_fd;
	int file_fd;
} Capture;

static Capture capture_begin(void)
{
	fflush(stderr);
	Capture capture = { .saved_fd = dup(STDERR_FILENO),
		.file_fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) };
	assert_true(capture.saved_fd >= 0 && capture.file_fd >= 0);
	assert_true(dup2(capture.file_fd, STDERR_FILENO) >= 0);
	return capture;
}

static void capture_end(Capture *capture, Buf *out)
{
	dup2(capture->saved_fd, STDERR_FILENO);
	fd_close(&capture->saved_fd);
	assert_int_equal(lseek(capture->file_fd, 0, SEEK_SET), 0);
	char chunk[4096];
	ssize_t got;
	while ((got = read(capture->file_fd, chunk, sizeof chunk)) > 0)
		buf_put(out, (Str){ chunk, (size_t)got });
	fd_close(&capture->file_fd);
}

/* Runs first: nothing has called log_init yet. */
static void default_is_info_to_stderr(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
	Capture capture = capture_begin();
	log_event(LOG_INFO, "daemon.ready", LOG_INT("port", 8080));
	log_event(LOG_DEBUG, "daemon.detail", LOG_INT("port", 8080));
	capture_end(&capture, &text);
	Str line = buf_str(&text);
	int64_t at_ms;
	assert_true(time_parse(str_sub(line, 0, 24), &at_ms, NULL));
	assert_str(str_from_pos(line, 24), " info daemon.ready port=8080\n");
}

/* What one line looks like under options, without its time. */
static void line_of(const LogOptions *options, const LogField *fields, size_t count, Buf *out)
{
	log_init(options);
	Capture capture = capture_begin();
	log_fields(LOG_WARN, "test.event", fields, count);
	capture_end(&capture, out);
}

#define LINE_OF(out, options, ...)                                                                 \
	line_of((options), (LogField[]){ __VA_ARGS__ }, ARRAY_LEN(((LogField[]){ __VA_ARGS__ })),  \
		(out))

static void values_are_quoted_where_they_need_it(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
	LINE_OF(&text, &journald, LOG_Z("plain", "a-b_c.d/e:f"), LOG_Z("blank", "two words"),
		LOG_Z("empty", ""), LOG_Z("none", NULL), LOG_Z("quote", "say \"x\""),
		LOG_Z("eq", "a=b"), LOG_STR("utf8", STR("\xC3\xA4")), LOG_INT("n", INT64_MIN));
	assert_buf(text,
		"<4>warn test.event plain=a-b_c.d/e:f blank=\"two words\" empty=\"\" "
		"none=\"\" quote=\"say \\\"x\\\"\" eq=\"a=b\" utf8=\"\xC3\xA4\" "
		"n=-9223372036854775808\n");
}

static void outsiders_cannot_forge_a_second_line(void **state)
{
	(void)state;
	for (int json = 0; json <= 1; json++) {
		CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
		LogOptions options = journald;
		options.json = json;
		LINE_OF(&text, &options, LOG_STR("v", STR("x\n<0>fake\r\x1b[2J\0\x7F")));
		assert_int_equal(str_find_char(buf_str(&text), '\n', 0), text.len - 1);
		assert_has_not(buf_str(&text), "\x1b");
		assert_has_not(buf_str(&text), "\r");
		assert_has(buf_str(&text), "x\\n<0>fake\\r\\u001b[2J\xEF\xBF\xBD");
	}
}

static void json_line_is_one_object(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
	Err failure = { 0 };
	ERR_CODE(&failure, ERR_RETRY, 503, "org \"A\" is busy");
	LINE_OF(&text, &json_only, LOG_INT("rows", 200), LOG_ERR(&failure),
		LOG_STR("none", STR_NONE));
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	assert_true(json_doc_parse(buf_str(&text), 64 * 1024, &doc, NULL));
	int64_t at_ms;
	assert_true(time_parse(json_as_str(json_member(doc.root, "at")), &at_ms, NULL));
	assert_str(json_as_str(json_member(doc.root, "level")), "warn");
	assert_str(json_as_str(json_member(doc.root, "event")), "test.event");
	assert_int_equal(json_as_i64(json_member(doc.root, "rows"), 0), 200);
	assert_str(json_as_str(json_member(doc.root, "error")), "org \"A\" is busy");
	assert_str(json_as_str(json_member(doc.root, "error_kind")), "retry");
	assert_int_equal(json_as_i64(json_member(doc.root, "error_code"), 0), 503);
	assert_has(json_as_str(json_member(doc.root, "error_at")), "log.c:");
	assert_str(json_as_str(json_member(doc.root, "none")), "");
}

static void addresses_are_hashed_wherever_they_stand(void **state)
{
	(void)state;
	unsigned char key[32] = { 1, 2, 3 };
	log_set_address_key(key);
	Err failure = { 0 };
	ERR(&failure, ERR_INPUT, "row 3: \"ann@example.com\" is no record");
	CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
	LINE_OF(&text, &journald, LOG_ADDRESS("person", STR("Ann@Example.com")),
		LOG_STR("body", STR("from ann@example.com to bob@example.com")), LOG_ERR(&failure));
	assert_has_not(buf_str(&text), "@");
	assert_has_not(buf_str(&text), "ann");
	assert_has_not(buf_str(&text), "bob");
	ptrdiff_t at = str_find(buf_str(&text), STR("person="));
	CLEANUP(buf_fini) Buf expected = BUF_MAX(200);
	Str hash = str_sub(buf_str(&text), (size_t)at + 7, 12);
	assert_int_equal(str_find_char(hash, ' ', 0), -1);
	buf_printf(&expected, "body=\"from %.*s to ", STR_ARG(hash));
	assert_has(buf_str(&text), buf_z(&expected));
	buf_reset(&expected);
	buf_printf(&expected, "error=\"row 3: \\\"%.*s\\\" is no record\"", STR_ARG(hash));
	assert_has(buf_str(&text), buf_z(&expected));

	buf_reset(&text);
	LINE_OF(&text, &journald, LOG_ADDRESS("person", STR("no address at all")));
	assert_has_not(buf_str(&text), "no address");
}

static void addresses_are_clear_only_when_the_operator_asks(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
	LINE_OF(&text, &clear, LOG_ADDRESS("person", STR("Ann@Example.com")),
		LOG_Z("body", "bob@example.com"));
	assert_buf(text, "<4>warn test.event person=Ann@Example.com body=bob@example.com\n");
}

static void long_value_is_cut_without_half_an_address(void **state)
{
	(void)state;
	/* The address begins before the cut at 1,024 bytes and its "@" stands behind it. */
	for (size_t before = 1000; before < 1030; before++) {
		CLEANUP(buf_fini) Buf value = BUF_MAX(4096);
		for (size_t i = 0; i + 1 < before; i++)
			buf_put_char(&value, 'x');
		buf_put_z(&value, " secretperson.with.name@example.com and more of it");
		CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
		LINE_OF(&text, &journald, LOG_STR("v", buf_str(&value)));
		assert_has_not(buf_str(&text), "secret");
		assert_has(buf_str(&text), "...");
		assert_true(text.len < 1100);
	}
}

static void line_that_grows_too_long_says_so_and_stays_whole(void **state)
{
	(void)state;
	char bytes[1024];
	memset(bytes, '\x01', sizeof bytes); /* six characters each when escaped */
	LogField fields[20];
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		fields[i] = LOG_STR("v", ((Str){ bytes, sizeof bytes }));
	CLEANUP(buf_fini) Buf text = BUF_MAX(256 * 1024);
	line_of(&(LogOptions){ .level = LOG_INFO, .json = true }, fields, ARRAY_LEN(fields), &text);
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	assert_true(json_doc_parse(buf_str(&text), 256 * 1024, &doc, NULL));
	assert_int_equal(json_as_i64(json_member(doc.root, "fields_cut"), 0), 20);
}

static void level_decides_and_lines_are_counted(void **state)
{
	(void)state;
	metric_reset_all();
	static const char *const want[] = { "<3>error", "<4>warn", "<6>info", "<7>debug" };
	for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
		CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
		log_init(&(LogOptions){ .level = (LogLevel)level, .journald = true });
		Capture capture = capture_begin();
		errno = EXDEV;
		for (int at = LOG_ERROR; at <= LOG_DEBUG; at++)
			log_event((LogLevel)at, "e", LOG_INT("n", 1));
		assert_int_equal(errno, EXDEV); /* a caller may still look at it */
		capture_end(&capture, &text);
		for (int at = LOG_ERROR; at <= LOG_DEBUG; at++)
			assert_int_equal(
				str_find(buf_str(&text), str_from(want[at])) >= 0, at <= level);
	}
	assert_int_equal(metric_value(M_LOG_LINES), 1 + 2 + 3 + 4);
}

static void level_names_are_read(void **state)
{
	(void)state;
	LogLevel level = LOG_INFO;
	assert_true(log_level_parse(STR("ERROR"), &level));
	assert_int_equal(level, LOG_ERROR);
	assert_true(log_level_parse(STR("debug"), &level));
	assert_int_equal(level, LOG_DEBUG);
	assert_false(log_level_parse(STR("verbose"), &level));
	assert_false(log_level_parse(STR(""), &level));
	assert_int_equal(level, LOG_DEBUG);
}

enum { LINES_EACH = 40 };

/* Each thread has an event of its own, of which that many lines are allowed. */
static void *write_lines(void *letter)
{
	static const char *const events[] = { "thread.a", "thread.b", "thread.c", "thread.d" };
	char word[200], first = *(const char *)letter;
	memset(word, first, sizeof word);
	for (int i = 0; i < LINES_EACH; i++)
		log_event(
			LOG_INFO, events[first - 'a'], LOG_STR("w", ((Str){ word, sizeof word })));
	return NULL;
}

static void lines_of_several_threads_stay_whole(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf text = BUF_MAX(1024 * 1024);
	log_init(&(LogOptions){ .level = LOG_INFO, .journald = true });
	Capture capture = capture_begin();
	pthread_t threads[4];
	static char letters[] = "abcd";
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_lines, &letters[i]), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	capture_end(&capture, &text);
	Str rest = str_sub(buf_str(&text), 0, text.len - 1);
	Str line;
	int count = 0;
	for (; str_split(&rest, '\n', &line); count++) {
		assert_true(str_starts(line, STR("<6>info thread.")));
		assert_int_equal(line.len, strlen("<6>info thread.a w=") + 200);
		for (size_t i = line.len - 200; i < line.len; i++)
			assert_int_equal(line.ptr[i], line.ptr[line.len - 1]);
	}
	assert_int_equal(count, 4 * LINES_EACH);
}

static int count_of(const Buf *text, const char *part)
{
	int count = 0;
	Str rest = buf_str(text);
	for (ptrdiff_t at; (at = str_find(rest, str_from(part))) >= 0; count++)
		rest = str_from_pos(rest, (size_t)at + strlen(part));
	return count;
}

static void flood(void)
{
	for (int i = 0; i < 500; i++)
		log_event(LOG_INFO, "flood.event", LOG_INT("i", i));
}

static void a_flood_of_one_event_is_cut_and_counted_and_hides_no_other(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf text = BUF_MAX(1024 * 1024);
	log_init(&(LogOptions){ .level = LOG_INFO, .journald = true });
	metric_reset_all();
	Capture capture = capture_begin();
	flood();
	log_event(LOG_INFO, "flood.other", LOG_INT("i", 1));
	log_flush_suppressed(); /* the second is not over */
	capture_end(&capture, &text);
	assert_int_equal(count_of(&text, " flood.event "), LOG_LINES_PER_SECOND);
	assert_int_equal(count_of(&text, " flood.other "), 1);
	assert_int_equal(count_of(&text, "log.suppressed"), 0);
	assert_int_equal(metric_value(M_LOG_SUPPRESSED), 500 - LOG_LINES_PER_SECOND);
}

/* Goes on from the flood of the test before. */
static void when_the_second_is_over_one_line_says_how_many_there_were(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf text = BUF_MAX(1024 * 1024);
	int64_t written = metric_value(M_LOG_LINES);
	Capture capture = capture_begin();
	for (int i = 0; i < 500 && metric_value(M_LOG_LINES) == written; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
		log_flush_suppressed();
	}
	log_flush_suppressed();
	flood();
	capture_end(&capture, &text);
	CLEANUP(buf_fini) Buf want = BUF_MAX(100);
	buf_printf(&want, "<4>warn log.suppressed of=flood.event lines=%d\n",
		500 - LOG_LINES_PER_SECOND);
	assert_true(str_starts(buf_str(&text), buf_str(&want)));
	assert_int_equal(count_of(&text, "log.suppressed"), 1);
	assert_int_equal(count_of(&text, " flood.event i="), LOG_LINES_PER_SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_is_info_to_stderr),
		cmocka_unit_test(values_are_quoted_where_they_need_it),
		cmocka_unit_test(outsiders_cannot_forge_a_second_line),
		cmocka_unit_test(json_line_is_one_object),
		cmocka_unit_test(addresses_are_hashed_wherever_they_stand),
		cmocka_unit_test(addresses_are_clear_only_when_the_operator_asks),
		cmocka_unit_test(long_value_is_cut_without_half_an_address),
		cmocka_unit_test(line_that_grows_too_long_says_so_and_stays_whole),
		cmocka_unit_test(level_decides_and_lines_are_counted),
		cmocka_unit_test(level_names_are_read),
		cmocka_unit_test(lines_of_several_threads_stay_whole),
		cmocka_unit_test(a_flood_of_one_event_is_cut_and_counted_and_hides_no_other),
		cmocka_unit_test(when_the_second_is_over_one_line_says_how_many_there_were),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
