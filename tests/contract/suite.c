#include "base/base.h"

#include "cases.h"

#include "base/alloc.h"

int world_setup(void **state)
{
	const char *driver = *state;
	World *world = xcalloc(1, sizeof *world);
	world_open(world, driver, 1);
	*state = world;
	return 0;
}

int world_teardown(void **state)
{
	world_close(*state);
	free(*state);
	*state = NULL;
	return 0;
}

int suite_main(int argc, char **argv, const CaseList *lists, size_t list_count)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s DRIVER\n", argv[0]);
		return 2;
	}
	enum { CASES_MAX = 200 };
	struct CMUnitTest cases[CASES_MAX];
	size_t count = 0;
	for (size_t i = 0; i < list_count; i++) {
		assert(count + lists[i].count <= CASES_MAX);
		memcpy(&cases[count], lists[i].cases, lists[i].count * sizeof cases[0]);
		count += lists[i].count;
	}
	for (size_t i = 0; i < count; i++)
		cases[i].initial_state = argv[1];
	return _cmocka_run_group_tests(argv[1], cases, count, NULL, NULL);
}
