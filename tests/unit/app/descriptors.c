#include "base/base.h"

#include "app/descriptors.h"

#include "../../lib/expect.h"

#include <sys/resource.h>

static void limit_to(rlim_t soft, rlim_t hard)
{
	assert_int_equal(
		setrlimit(RLIMIT_NOFILE, &(struct rlimit){ .rlim_cur = soft, .rlim_max = hard }),
		0);
}

/* The tests lower the hard limit step by step: it cannot be raised again. */
static void the_soft_limit_is_raised_as_far_as_needed(void **state)
{
	(void)state;
	size_t connections_max = 100;
	Err err;
	struct rlimit limit;
	limit_to(300, 1000);
	assert_true(descriptors_ensure(3, &connections_max, &err));
	assert_int_equal(connections_max, 100);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(limit.rlim_cur, 256 + 300);
	assert_int_equal(limit.rlim_max, 1000);
}

static void with_fewer_descriptors_there_are_fewer_connections(void **state)
{
	(void)state;
	size_t connections_max = 100;
	Err err;
	limit_to(300, 400);
	assert_true(descriptors_ensure(3, &connections_max, &err));
	assert_int_equal(connections_max, (400 - 256) / 3);
}

static void too_few_are_refused_with_what_to_do(void **state)
{
	(void)state;
	size_t connections_max = 100;
	Err err = { 0 };
	limit_to(270, 270);
	assert_false(descriptors_ensure(3, &connections_max, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_has(str_from(err.text), "at least 280");
	assert_has(str_from(err.text), "better 556");
	assert_int_equal(connections_max, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_soft_limit_is_raised_as_far_as_needed),
		cmocka_unit_test(with_fewer_descriptors_there_are_fewer_connections),
		cmocka_unit_test(too_few_are_refused_with_what_to_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
