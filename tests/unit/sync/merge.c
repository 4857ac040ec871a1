#include "base/base.h"

#include "base/rng.h"
#include "sync/fields.h"
#include "sync/merge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
	SY = RECORD_STANDARD_YES,
	SN = RECORD_STANDARD_NO,
	XY = RECORD_SALES_YES,
	XN = RECORD_SALES_NO,
};

/* The table of product.md, widened by what a record can be; fields: what is compared. */
static const struct {
	unsigned flags, fields;
	bool is_stopped;
	RecordRole role;
	unsigned ticks;
} table[] = {
	{ SN, FIELD_STANDARD, false, RECORD_CLEAR, 0 },
	{ SN, FIELD_STANDARD, true, RECORD_CLEAR, FIELD_STANDARD },
	{ SY, FIELD_STANDARD, false, RECORD_TICKED, 0 },
	{ SY, FIELD_STANDARD, true, RECORD_TICKED, 0 },
	{ 0, FIELD_STANDARD, true, RECORD_BLIND, 0 },
	{ XN, FIELD_STANDARD, true, RECORD_BLIND, 0 },
	{ XY, FIELD_STANDARD, true, RECORD_BLIND, 0 },
	{ SY | XN, FIELD_SALES, true, RECORD_CLEAR, FIELD_SALES },
	{ SN | XY, FIELD_SALES, true, RECORD_TICKED, 0 },
	{ SN, FIELD_SALES, true, RECORD_BLIND, 0 },
	{ SY | XN, FIELD_ALL, true, RECORD_TICKED, FIELD_SALES },
	{ SN | XY, FIELD_ALL, true, RECORD_TICKED, FIELD_STANDARD },
	{ SN | XN, FIELD_ALL, true, RECORD_CLEAR, FIELD_ALL },
	{ SN | XN, FIELD_ALL, false, RECORD_CLEAR, 0 },
	{ SY | XY, FIELD_ALL, true, RECORD_TICKED, 0 },
	{ SY, FIELD_ALL, true, RECORD_TICKED, 0 },
	{ XN, FIELD_ALL, true, RECORD_CLEAR, FIELD_SALES },
	{ SY | SN, FIELD_STANDARD, true, RECORD_TICKED, 0 },
	{ SN | RECORD_CONVERTED, FIELD_STANDARD, true, RECORD_OUT, 0 },
	{ SY | RECORD_CONVERTED, FIELD_STANDARD, true, RECORD_OUT, 0 },
	{ SN | RECORD_DELETED, FIELD_ALL, true, RECORD_OUT, 0 },
};

static void one_record_is_decided_as_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		RunRecord record = { .flags = (uint8_t)table[i].flags };
		assert_int_equal(merge_role(&record, table[i].fields), table[i].role);
		assert_int_equal(
			merge_ticks(&record, table[i].fields, table[i].is_stopped), table[i].ticks);
	}
}

static const Cause by_record = { .reason = PLAN_TICKED_RECORD,
	.sfid = { .text = "003000000000001AAA" } };

static Cause by_person(int64_t person_id)
{
	return (Cause){ .reason = PLAN_UNSUBSCRIBED_PERSON, .person_id = person_id };
}

static void stop_reaches_everybody_in_the_component(void **state)
{
	(void)state;
	CLEANUP(components_close) Components *c = components_open(100);
	assert_true(components_unite(c, 1, 2, NULL));
	assert_true(components_unite(c, 3, 4, NULL));
	assert_true(components_stop(c, 4, &by_record, false, NULL));
	Cause cause;
	assert_false(components_is_stopped(c, 1, &cause));
	assert_true(components_is_stopped(c, 3, &cause));
	assert_true(components_unite(c, 2, 3, NULL));
	assert_true(components_unite(c, 1, 4, NULL)); /* one already */
	for (int64_t p = 1; p <= 4; p++) {
		assert_true(components_is_stopped(c, p, &cause));
		assert_int_equal(cause.reason, PLAN_TICKED_RECORD);
		assert_string_equal(cause.sfid.text, by_record.sfid.text);
	}
	assert_false(components_is_stopped(c, 5, &cause));
	assert_int_equal(components_count(c), 4);
}

static void own_cause_says_more_than_one_from_afar(void **state)
{
	(void)state;
	CLEANUP(components_close) Components *c = components_open(100);
	Cause far = by_person(1), cause;
	assert_true(components_stop(c, 1, &far, true, NULL));
	assert_true(components_unite(c, 1, 2, NULL));
	assert_true(components_unite(c, 2, 3, NULL));
	assert_true(components_stop(c, 2, &by_record, false, NULL));
	assert_true(components_stop(c, 2, &far, false, NULL)); /* the first stays */
	assert_true(components_is_stopped(c, 2, &cause));
	assert_int_equal(cause.reason, PLAN_TICKED_RECORD);
	assert_true(components_is_stopped(c, 3, &cause));
	assert_int_equal(cause.person_id, 1);
}

static void only_people_not_unsubscribed_yet_are_new(void **state)
{
	(void)state;
	CLEANUP(components_close) Components *c = components_open(100);
	Cause self = by_person(7), cause;
	assert_true(components_unite(c, 9, -1, NULL));
	assert_true(components_unite(c, 9, 8, NULL));
	assert_true(components_unite(c, 5, 6, NULL)); /* nobody stops these */
	assert_true(components_stop(c, 7, &self, true, NULL));
	assert_true(components_unite(c, 7, 9, NULL));
	size_t at = 0;
	int64_t person = 0;
	assert_true(components_next_new(c, &at, &person, &cause));
	assert_int_equal(person, 9);
	assert_int_equal(cause.person_id, 7);
	assert_true(components_next_new(c, &at, &person, &cause));
	assert_int_equal(person, 8);
	assert_false(components_next_new(c, &at, &person, &cause));
}

static void number_of_people_is_bounded(void **state)
{
	(void)state;
	CLEANUP(components_close) Components *c = components_open(3);
	assert_true(components_unite(c, 1, 2, NULL));
	Err err = { 0 };
	assert_false(components_unite(c, 3, 4, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_false(components_stop(c, 5, &by_record, false, &err));
	assert_false(components_unite(c, 6, 1, &err));
	assert_true(components_stop(c, 3, &by_record, false, NULL));
}

static void many_random_ties_agree_with_a_naive_flood(void **state)
{
	(void)state;
	enum { PEOPLE = 3000, TIES = 2600 };
	static int colour[PEOPLE + 1];
	static bool stopped[PEOPLE + 1];
	SeededRng rng;
	rng_seed(&rng, 11);
	CLEANUP(components_close) Components *c = components_open(PEOPLE);
	for (int i = 1; i <= PEOPLE; i++)
		colour[i] = i;
	for (int t = 0; t < TIES; t++) {
		int a = 1 + (int)rng_below(&rng.base, PEOPLE);
		int b = 1 + (int)rng_below(&rng.base, PEOPLE);
		assert_true(components_unite(c, a, b, NULL));
		int from = colour[a], to = colour[b];
		for (int i = 1; i <= PEOPLE; i++)
			if (colour[i] == from)
				colour[i] = to;
		if (t % 20 == 0) {
			int p = 1 + (int)rng_below(&rng.base, PEOPLE);
			assert_true(components_stop(c, p, &by_record, false, NULL));
			stopped[p] = true;
		}
	}
	static bool colour_stopped[PEOPLE + 1];
	for (int i = 1; i <= PEOPLE; i++)
		colour_stopped[colour[i]] |= stopped[i];
	Cause cause;
	for (int i = 1; i <= PEOPLE; i++)
		assert_int_equal(components_is_stopped(c, i, &cause), colour_stopped[colour[i]]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_record_is_decided_as_the_table_says),
		cmocka_unit_test(stop_reaches_everybody_in_the_component),
		cmocka_unit_test(own_cause_says_more_than_one_from_afar),
		cmocka_unit_test(only_people_not_unsubscribed_yet_are_new),
		cmocka_unit_test(number_of_people_is_bounded),
		cmocka_unit_test(many_random_ties_agree_with_a_naive_flood),
	};
	return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
