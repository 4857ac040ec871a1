#include "base/base.h"

#include "base/buf.h"
#include "base/rng.h"
#include "base/secret.h"
#include "sync/plan.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef struct MemPlan {
	PlanSink sink;
	PlanSource source;
	Buf bytes; /* own */
	size_t at;
	size_t chunk_max; /* bytes given at once, 0: all */
	size_t writes, fail_write_at, reads, fail_read_at;
} MemPlan;

static bool mem_write(PlanSink *sink, Str bytes, Err *err)
{
	MemPlan *plan = CONTAINER_OF(sink, MemPlan, sink);
	if (++plan->writes == plan->fail_write_at)
		return ERR(err, ERR_FATAL, "disk full");
	buf_put(&plan->bytes, bytes);
	return true;
}

static bool mem_read(PlanSource *source, char *out, size_t room, size_t *out_len, Err *err)
{
	MemPlan *plan = CONTAINER_OF(source, MemPlan, source);
	if (++plan->reads == plan->fail_read_at)
		return ERR(err, ERR_RETRY, "disk error");
	size_t len = MIN_OF(room, plan->bytes.len - plan->at);
	if (plan->chunk_max)
		len = MIN_OF(len, plan->chunk_max);
	memcpy(out, plan->bytes.ptr + plan->at, len);
	plan->at += len;
	*out_len = len;
	return true;
}

static void mem_init(MemPlan *plan)
{
	*plan = (MemPlan){ .sink = { mem_write }, .source = { mem_read } };
	buf_init(&plan->bytes, 64u << 20);
}

static void mem_fini(MemPlan *plan)
{
	buf_fini(&plan->bytes);
}

static SfId sfid(const char *text)
{
	SfId id;
	assert_true(sfid_parse(str_from(text), &id, NULL));
	return id;
}

static PlanHeader a_header(void)
{
	return (PlanHeader){ .run_id = 42,
		.org_id = sfid("00D58000000arpqEAA"),
		.mode = SYNC_BOTH,
		.field_contact = { "HasOptedOutOfEmail,x__Opt__c" },
		.field_lead = { "" },
		.user = "J\xc3\xb6rg\tO'Neil %\n",
		.match_by_address = true,
		.adopt_unknown = false,
		.read_at_ms = 1767225600000,
		.contacts_read = 30000000,
		.leads_read = 7,
		.people_read = INT64_MAX };
}

static PlanRow a_row(unsigned n)
{
	PlanRow row = { .kind = (PlanKind)(1 + n % 4),
		.reason = (PlanReason)(1 + n % 3),
		.read_at_ms = 1767225600000 };
	switch (row.kind) {
	case PLAN_UNSUBSCRIBE:
		row.person_id = n + 1;
		row.cause_sfid = sfid("003q000000KvQ1tAAF");
		break;
	case PLAN_TICK:
		row.person_id = INT64_MAX - n;
		row.cause_person = n;
		row.fields = 1 + n % 3;
		break;
	case PLAN_ADOPT:
		assert_true(address_parse(STR("\"a b\\\"\"@example.com"), &row.address, NULL));
		break;
	case PLAN_LINK:
		row.person_id = 0;
		break;
	case PLAN_KIND_COUNT:
		fail();
	}
	if (row.kind != PLAN_UNSUBSCRIBE) {
		row.sfid = sfid("00Q5g00000AbCdEEAV");
		row.object = SF_LEAD;
		row.has_hash = n % 2;
		if (row.has_hash)
			memset(row.hash.bytes, (int)n, sizeof row.hash.bytes);
	}
	return row;
}

static void write_plan(MemPlan *plan, unsigned rows)
{
	mem_init(plan);
	PlanHeader header = a_header();
	CLEANUP(plan_writer_close) PlanWriter *writer = NULL;
	assert_true(plan_writer_open(&plan->sink, &header, &writer, NULL));
	for (unsigned n = 0; n < rows; n++) {
		PlanRow row = a_row(n);
		assert_true(plan_write(writer, &row, NULL));
	}
	PlanCounts counts;
	assert_true(plan_writer_finish(writer, &counts, NULL));
	int64_t sum = 0;
	for (size_t k = 1; k < PLAN_KIND_COUNT; k++)
		sum += counts.rows[k];
	assert_int_equal(sum, rows);
}

static void assert_same_row(const PlanRow *a, const PlanRow *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->reason, b->reason);
	assert_int_equal(a->person_id, b->person_id);
	assert_string_equal(a->sfid.text, b->sfid.text);
	assert_int_equal(a->object, b->object);
	assert_int_equal(a->fields, b->fields);
	assert_int_equal(a->has_hash, b->has_hash);
	assert_memory_equal(a->hash.bytes, b->hash.bytes, sizeof a->hash.bytes);
	assert_string_equal(a->address.text, b->address.text);
	assert_string_equal(a->cause_sfid.text, b->cause_sfid.text);
	assert_int_equal(a->cause_person, b->cause_person);
	assert_int_equal(a->read_at_ms, b->read_at_ms);
}

static void assert_same_header(const PlanHeader *a, const PlanHeader *b)
{
	assert_int_equal(a->run_id, b->run_id);
	assert_string_equal(a->org_id.text, b->org_id.text);
	assert_int_equal(a->mode, b->mode);
	assert_string_equal(a->field_contact.text, b->field_contact.text);
	assert_string_equal(a->field_lead.text, b->field_lead.text);
	assert_string_equal(a->user, b->user);
	assert_int_equal(a->match_by_address, b->match_by_address);
	assert_int_equal(a->adopt_unknown, b->adopt_unknown);
	assert_int_equal(a->read_at_ms, b->read_at_ms);
	assert_int_equal(a->contacts_read, b->contacts_read);
	assert_int_equal(a->leads_read, b->leads_read);
	assert_int_equal(a->people_read, b->people_read);
}

static void plan_comes_back_as_it_was_written(void **state)
{
	(void)state;
	static const size_t chunks[] = { 0, 1, 7, 4096 };
	static const unsigned sizes[] = { 0, 1, 5, 2000 };
	for (size_t c = 0; c < ARRAY_LEN(chunks); c++) {
		for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
			CLEANUP(mem_fini) MemPlan plan;
			write_plan(&plan, sizes[s]);
			plan.chunk_max = chunks[c];
			CLEANUP(plan_reader_close) PlanReader *reader = NULL;
			PlanHeader got, want = a_header();
			Err err = { 0 };
			if (!plan_reader_open(&plan.source, &reader, &got, &err))
				fail_msg("%s", err.text);
			assert_same_header(&got, &want);
			bool is_end = false;
			for (unsigned n = 0;; n++) {
				PlanRow row, expected = a_row(n);
				if (!plan_read(reader, &row, &is_end, &err))
					fail_msg("%s", err.text);
				if (is_end) {
					assert_int_equal(n, sizes[s]);
					break;
				}
				assert_same_row(&row, &expected);
			}
			PlanCounts counts = plan_reader_counts(reader);
			assert_int_equal(plan_here(&counts),
				counts.rows[PLAN_UNSUBSCRIBE] + counts.rows[PLAN_ADOPT]);
			assert_int_equal(plan_there(&counts), counts.rows[PLAN_TICK]);
			assert_int_equal(plan_reader_digest(reader).len, 64);
		}
	}
}

static bool check(MemPlan *plan, Err *err)
{
	PlanHeader header;
	PlanCounts counts;
	plan->at = 0;
	return plan_check(&plan->source, &header, &counts, err);
}

static void plan_cut_at_any_byte_is_noticed(void **state)
{
	(void)state;
	CLEANUP(mem_fini) MemPlan plan;
	write_plan(&plan, 6);
	assert_true(check(&plan, NULL));
	size_t whole = plan.bytes.len;
	for (plan.bytes.len = 0; plan.bytes.len < whole; plan.bytes.len++) {
		Err err = { 0 };
		assert_false(check(&plan, &err));
		assert_true(err.kind == ERR_FATAL || err.kind == ERR_INPUT);
	}
	assert_true(check(&plan, NULL));
}

static void any_changed_byte_is_noticed(void **state)
{
	(void)state;
	CLEANUP(mem_fini) MemPlan plan;
	write_plan(&plan, 6);
	for (size_t i = 0; i < plan.bytes.len; i++) {
		for (int bit = 0; bit < 8; bit += 3) {
			plan.bytes.ptr[i] = (char)(plan.bytes.ptr[i] ^ 1 << bit);
			assert_false(check(&plan, NULL));
			plan.bytes.ptr[i] = (char)(plan.bytes.ptr[i] ^ 1 << bit);
		}
	}
	assert_true(check(&plan, NULL));
}

static void lost_or_swapped_row_is_noticed(void **state)
{
	(void)state;
	CLEANUP(mem_fini) MemPlan plan;
	write_plan(&plan, 6);
	ptrdiff_t rows = str_find(buf_str(&plan.bytes), STR("\nrows\n")) + 6;
	ptrdiff_t second = str_find_char(buf_str(&plan.bytes), '\n', (size_t)rows) + 1;
	ptrdiff_t third = str_find_char(buf_str(&plan.bytes), '\n', (size_t)second) + 1;
	CLEANUP(mem_fini) MemPlan other;
	mem_init(&other);
	Str all = buf_str(&plan.bytes);
	buf_put(&other.bytes, str_sub(all, 0, (size_t)rows));
	buf_put(&other.bytes, str_from_pos(all, (size_t)second));
	Err err = { 0 };
	assert_false(check(&other, &err));
	assert_non_null(strstr(err.text, "digest"));
	buf_reset(&other.bytes);
	buf_put(&other.bytes, str_sub(all, 0, (size_t)rows));
	buf_put(&other.bytes, str_sub(all, (size_t)second, (size_t)(third - second)));
	buf_put(&other.bytes, str_sub(all, (size_t)rows, (size_t)(second - rows)));
	buf_put(&other.bytes, str_from_pos(all, (size_t)third));
	assert_false(check(&other, &err));
	assert_non_null(strstr(err.text, "digest"));
}

static void something_after_the_trailer_is_noticed(void **state)
{
	(void)state;
	for (size_t chunk = 0; chunk < 2; chunk++) {
		CLEANUP(mem_fini) MemPlan plan;
		write_plan(&plan, 3);
		plan.chunk_max = chunk;
		buf_put_char(&plan.bytes, '\n');
		Err err = { 0 };
		assert_false(check(&plan, &err));
		assert_non_null(strstr(err.text, "follows"));
	}
}

static void faults_name_their_line(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		ErrKind kind;
		const char *what;
	} cases[] = {
		{ "", ERR_FATAL, "line 1: the file is cut" },
		{ "optout-plan 2\n", ERR_INPUT, "version 1" },
		{ "optout-plan 1\nrun\tx\n", ERR_FATAL, "line 2: not the header" },
		{ "optout-plan 1\norg\t1\n", ERR_FATAL, "line 2: not the header" },
		{ "optout-plan 1\nrun\n", ERR_FATAL, "line 2: not the header" },
		{ "optout-plan 1\nrun\t1\n", ERR_FATAL, "line 3: the file is cut" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(mem_fini) MemPlan plan;
		mem_init(&plan);
		buf_put_z(&plan.bytes, cases[i].text);
		Err err = { 0 };
		assert_false(check(&plan, &err));
		assert_int_equal(err.kind, cases[i].kind);
		if (!strstr(err.text, cases[i].what))
			fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].what);
	}
}

/* Takes the good plan, puts `text` for the first row, and expects the fault in line 15. */
static void bad_row(const char *text, const char *what)
{
	CLEANUP(mem_fini) MemPlan plan;
	write_plan(&plan, 0);
	CLEANUP(mem_fini) MemPlan bad;
	mem_init(&bad);
	ptrdiff_t rows = str_find(buf_str(&plan.bytes), STR("\nrows\n")) + 6;
	buf_put(&bad.bytes, str_sub(buf_str(&plan.bytes), 0, (size_t)rows));
	buf_put_z(&bad.bytes, text);
	buf_put(&bad.bytes, str_from_pos(buf_str(&plan.bytes), (size_t)rows));
	Err err = { 0 };
	assert_false(check(&bad, &err));
	assert_int_equal(err.kind, ERR_FATAL);
	if (!strstr(err.text, what))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, err.text, what);
}

static void rows_that_nobody_writes_are_refused(void **state)
{
	(void)state;
	bad_row("untick\tticked-record\t1\t-\tnone\t0\t-\t-\t-\t0\t0\n", "line 15: not a row");
	bad_row("tick\twhy\t1\t-\tnone\t0\t-\t-\t-\t0\t0\n", "not a row");
	bad_row("tick\tticked-record\t-1\t-\tnone\t0\t-\t-\t-\t0\t0\n", "not a row");
	bad_row("tick\tticked-record\t1\t003\tnone\t0\t-\t-\t-\t0\t0\n", "not a row");
	bad_row("tick\tticked-record\t1\t-\tCase\t0\t-\t-\t-\t0\t0\n", "not a row");
	bad_row("tick\tticked-record\t1\t-\tnone\t4\t-\t-\t-\t0\t0\n", "not a row");
	bad_row("tick\tticked-record\t1\t-\tnone\t1\tabc\t-\t-\t0\t0\n", "not a row");
	bad_row("tick\tticked-record\t1\t-\tnone\t1\t-\tnobody\t-\t0\t0\n", "not a row");
	bad_row("tick\tticked-record\t1\t-\tnone\t1\t-\t-\tx\t0\t0\n", "not a row");
	bad_row("tick\tticked-record\t1\t-\tnone\t1\t-\t-\t-\tx\t0\n", "not a row");
	bad_row("tick\tticked-record\t1\t-\tnone\t1\t-\t-\t-\t0\tx\n", "not a row");
	bad_row("tick\tticked-record\t1\t-\tnone\t1\t-\t-\t-\t0\n", "not a row");
	bad_row("tick\tticked-record\t1\t-\tnone\t1\t-\t-\t-\t0\t0\t0\n", "not a row");
	bad_row("end\t1\t2\n", "neither a row nor the trailer");
	bad_row("end\t0\t0\t0\t0\t00\n", "neither a row nor the trailer");
	char longest[1200];
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	bad_row(longest, "longer than a line");
}

static void counts_that_do_not_fit_are_noticed(void **state)
{
	(void)state;
	CLEANUP(mem_fini) MemPlan plan;
	write_plan(&plan, 0);
	ptrdiff_t end = str_find(buf_str(&plan.bytes), STR("end\t0\t0"));
	plan.bytes.ptr[end + 4] = '9';
	Err err = { 0 };
	assert_false(check(&plan, &err));
	assert_non_null(strstr(err.text, "counts"));
}

static void faults_of_sink_and_source_are_passed_on(void **state)
{
	(void)state;
	for (size_t fail_at = 1; fail_at <= 3; fail_at++) {
		CLEANUP(mem_fini) MemPlan plan;
		mem_init(&plan);
		plan.fail_write_at = fail_at;
		PlanHeader header = a_header();
		CLEANUP(plan_writer_close) PlanWriter *writer = NULL;
		Err err = { 0 };
		bool good = plan_writer_open(&plan.sink, &header, &writer, &err);
		for (unsigned n = 0; good && n < 4000; n++) {
			PlanRow row = a_row(n);
			good = plan_write(writer, &row, &err);
		}
		PlanCounts counts;
		assert_false(good && plan_writer_finish(writer, &counts, &err));
		assert_int_equal(err.kind, ERR_FATAL);
	}
	CLEANUP(mem_fini) MemPlan plan;
	write_plan(&plan, 3);
	plan.chunk_max = 100;
	size_t calls = plan.bytes.len / 100 + 2;
	for (plan.fail_read_at = 1; plan.fail_read_at <= calls; plan.fail_read_at++) {
		plan.reads = 0;
		Err err = { 0 };
		assert_false(check(&plan, &err));
		assert_int_equal(err.kind, ERR_RETRY);
	}
}

static int library_init(void **state)
{
	(void)state;
	return secret_library_init(NULL) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_comes_back_as_it_was_written),
		cmocka_unit_test(plan_cut_at_any_byte_is_noticed),
		cmocka_unit_test(any_changed_byte_is_noticed),
		cmocka_unit_test(lost_or_swapped_row_is_noticed),
		cmocka_unit_test(something_after_the_trailer_is_noticed),
		cmocka_unit_test(faults_name_their_line),
		cmocka_unit_test(rows_that_nobody_writes_are_refused),
		cmocka_unit_test(counts_that_do_not_fit_are_noticed),
		cmocka_unit_test(faults_of_sink_and_source_are_passed_on),
	};
	return cmocka_run_group_tests_name("plan", tests, library_init, NULL);
}
