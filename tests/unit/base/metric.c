#include "base/base.h"

#include "base/metric.h"

#include "../../lib/expect.h"

#include <pthread.h>

static int reset(void **state)
{
	(void)state;
	metric_reset_all();
	return 0;
}

static void counters_gauges_and_their_heads_are_printed(void **state)
{
	(void)state;
	metric_add(M_STOPS, 2);
	metric_add(M_STOPS, 1);
	metric_set(M_OUTBOX_WAITING, 7);
	metric_add(M_HTTP_PARKED, 3);
	metric_add(M_HTTP_PARKED, -1);
	CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
	metric_put_text(&text);
	assert_has(buf_str(&text),
		"# HELP optout_unsubscribes_total Unsubscribes recorded, "
		"repeats included\n"
		"# TYPE optout_unsubscribes_total counter\n"
		"optout_unsubscribes_total 3\n");
	assert_has(buf_str(&text),
		"# TYPE optout_outbox_rows gauge\n"
		"optout_outbox_rows{state=\"waiting\"} 7\n"
		"optout_outbox_rows{state=\"in_flight\"} 0\n");
	assert_has(buf_str(&text), "optout_http_parked 2\n");
	assert_int_equal(metric_value(M_HTTP_PARKED), 2);
}

static void histogram_counts_up_to_each_bound(void **state)
{
	(void)state;
	static const int64_t seen_ms[] = { 0, 1, 2, 3, 10000, 10001, 60000 };
	for (size_t i = 0; i < ARRAY_LEN(seen_ms); i++)
		metric_observe_ms(M_COMMIT_MS, seen_ms[i]);
	CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
	metric_put_text(&text);
	assert_has(buf_str(&text),
		"# TYPE optout_store_commit_milliseconds histogram\n"
		"optout_store_commit_milliseconds_bucket{le=\"1\"} 2\n"
		"optout_store_commit_milliseconds_bucket{le=\"2\"} 3\n"
		"optout_store_commit_milliseconds_bucket{le=\"5\"} 4\n"
		"optout_store_commit_milliseconds_bucket{le=\"10\"} 4\n"
		"optout_store_commit_milliseconds_bucket{le=\"20\"} 4\n"
		"optout_store_commit_milliseconds_bucket{le=\"50\"} 4\n"
		"optout_store_commit_milliseconds_bucket{le=\"100\"} 4\n"
		"optout_store_commit_milliseconds_bucket{le=\"200\"} 4\n"
		"optout_store_commit_milliseconds_bucket{le=\"500\"} 4\n"
		"optout_store_commit_milliseconds_bucket{le=\"1000\"} 4\n"
		"optout_store_commit_milliseconds_bucket{le=\"2000\"} 4\n"
		"optout_store_commit_milliseconds_bucket{le=\"5000\"} 4\n"
		"optout_store_commit_milliseconds_bucket{le=\"10000\"} 5\n"
		"optout_store_commit_milliseconds_bucket{le=\"+Inf\"} 7\n"
		"optout_store_commit_milliseconds_sum 80007\n"
		"optout_store_commit_milliseconds_count 7\n");
	assert_int_equal(metric_value(M_COMMIT_MS), 7);
}

static size_t count_of(Str text, const char *part)
{
	size_t count = 0;
	ptrdiff_t at;
	for (; (at = str_find(text, str_from(part))) >= 0; count++)
		text = str_from_pos(text, (size_t)at + strlen(part));
	return count;
}

static bool is_name(Str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alnum(s.ptr[i]) && s.ptr[i] != '_')
			return false;
	return str_starts(s, STR("optout_"));
}

/* "name 1" or "name{label="x",le="y"} 1". */
static bool is_sample(Str line)
{
	ptrdiff_t blank = str_find_char(line, ' ', 0);
	int64_t value;
	if (blank < 0 || !str_to_i64(str_from_pos(line, (size_t)blank + 1), 0, INT64_MAX, &value))
		return false;
	Str series = str_sub(line, 0, (size_t)blank);
	ptrdiff_t brace = str_find_char(series, '{', 0);
	return brace < 0
		? is_name(series)
		: is_name(str_sub(series, 0, (size_t)brace)) && str_ends(series, STR("\"}"));
}

/* Exposition format 0.0.4: every line ends in LF, one HELP and TYPE a name, samples stand under
 * their head. */
static void whole_text_keeps_the_exposition_format(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
	metric_put_text(&text);
	assert_true(str_ends(buf_str(&text), STR("\n")));
	Str rest = str_sub(buf_str(&text), 0, text.len - 1);
	Str line, name = STR("");
	while (str_split(&rest, '\n', &line)) {
		if (str_starts(line, STR("# HELP "))) {
			Str tail = str_from_pos(line, 7);
			str_split(&tail, ' ', &name);
			assert_true(is_name(name));
			assert_true(tail.len > 0);
			CLEANUP(buf_fini) Buf head = BUF_MAX(200);
			buf_printf(&head, "# HELP %.*s ", STR_ARG(name));
			assert_int_equal(count_of(buf_str(&text), buf_z(&head)), 1);
		} else if (str_starts(line, STR("# TYPE "))) {
			assert_true(str_starts(str_from_pos(line, 7), name));
		} else {
			assert_true(is_sample(line));
			assert_true(str_starts(line, name));
		}
	}
}

static void *count_a_thousand(void *unused)
{
	(void)unused;
	for (int i = 0; i < 1000; i++) {
		metric_add(M_COMMITS, 1);
		metric_observe_ms(M_PUSH_CALL_MS, i);
	}
	return NULL;
}

static void no_update_of_any_thread_is_lost(void **state)
{
	(void)state;
	pthread_t threads[4];
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_a_thousand, NULL), 0);
	CLEANUP(buf_fini) Buf text = BUF_MAX(64 * 1024);
	metric_put_text(&text); /* while they count */
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(metric_value(M_COMMITS), 4000);
	assert_int_equal(metric_value(M_PUSH_CALL_MS), 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(counters_gauges_and_their_heads_are_printed, reset),
		cmocka_unit_test_setup(histogram_counts_up_to_each_bound, reset),
		cmocka_unit_test_setup(whole_text_keeps_the_exposition_format, reset),
		cmocka_unit_test_setup(no_update_of_any_thread_is_lost, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
