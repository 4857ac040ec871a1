/* Our reader and libcsv's strict mode must agree on random input: the same rows up to the first
 * error, and whether there is one. A lone carriage return is left out: a line end for libcsv, an
 * error for us. */
#include "base/base.h"

#include "base/csv.h"

#include "base/rng.h"

#include "../../lib/expect.h"

#include <csv.h>

/* libcsv hands out fields before it knows whether their row is good. */
typedef struct Collected {
	Buf *rows; /* borrowed */
	Buf row;
} Collected;

static void on_field(void *bytes, size_t len, void *collected)
{
	Collected *to = collected;
	buf_printf(&to->row, "[%.*s]", (int)len, bytes ? (const char *)bytes : "");
}

static void on_row(int ended_by, void *collected)
{
	(void)ended_by;
	Collected *to = collected;
	buf_put(to->rows, buf_str(&to->row));
	buf_put_char(to->rows, '\n');
	buf_reset(&to->row);
}

static int no_byte_is_blank(unsigned char c)
{
	(void)c;
	return 0;
}

static void read_with_libcsv(Str text, Buf *out)
{
	struct csv_parser parser;
	assert_int_equal(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI), 0);
	csv_set_space_func(&parser, no_byte_is_blank); /* ours takes blanks as they are */
	Collected to = { .rows = out, .row = BUF_MAX(4096) };
	if (csv_parse(&parser, text.ptr, text.len, on_field, on_row, &to) != text.len
		|| csv_fini(&parser, on_field, on_row, &to) != 0)
		buf_put_z(out, "error");
	buf_fini(&to.row);
	csv_free(&parser);
}

static void read_with_ours(Str text, Buf *out)
{
	CLEANUP(csv_close) CsvReader *reader = csv_open(NULL);
	csv_feed(reader, text);
	csv_end(reader);
	CsvRow row;
	CsvStep step;
	while ((step = csv_next(reader, &row, NULL)) == CSV_ROW) {
		for (size_t i = 0; i < row.count; i++)
			buf_printf(out, "[%.*s]", STR_ARG(row.fields[i]));
		buf_put_char(out, '\n');
	}
	if (step == CSV_BAD)
		buf_put_z(out, "error");
}

static void put_random_text(Rng *rng, Buf *out)
{
	/* No newline inside brackets would confuse the cut above: fields with line breaks end in
	 * "x". */
	static const char *const parts[] = { "a", "b c", "\"", "\"", "\"\"", ",", "\n", "\r\n", " ",
		"\"q\"", "\"q,\"\"\"", "\"l\r\nx\"", "," };
	size_t count = rng_below(rng, 16);
	for (size_t i = 0; i < count; i++)
		buf_put_z(out, parts[rng_below(rng, ARRAY_LEN(parts))]);
}

static void reader_agrees_with_libcsv(void **state)
{
	(void)state;
	size_t good = 0, bad = 0;
	for (uint64_t seed = 1; seed <= 30000; seed++) {
		SeededRng rng;
		rng_seed(&rng, seed);
		CLEANUP(buf_fini) Buf text = BUF_MAX(1024);
		CLEANUP(buf_fini) Buf theirs = BUF_MAX(4096);
		CLEANUP(buf_fini) Buf ours = BUF_MAX(4096);
		put_random_text(&rng.base, &text);
		read_with_libcsv(buf_str(&text), &theirs);
		read_with_ours(buf_str(&text), &ours);
		if (!str_eq(buf_str(&ours), buf_str(&theirs)))
			fail_msg("seed %llu: \"%s\"\nours:\n%s\nlibcsv's:\n%s",
				(unsigned long long)seed, buf_z(&text), buf_z(&ours),
				buf_z(&theirs));
		if (str_ends(buf_str(&ours), STR("error")))
			bad++;
		else
			good++;
	}
	/* The generator must reach both sides. */
	assert_true(good > 5000 && bad > 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reader_agrees_with_libcsv) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
