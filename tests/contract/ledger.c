/* The contract of store/ledger.h, one suite for every driver: ledger sqlite, ledger mem. */
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

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: ledger DRIVER\n", stderr);
		return 2;
	}
	const CaseList lists[] = { people_cases(), stop_cases(), removal_cases(), link_cases(),
		outbox_cases(), run_cases() };
	enum { CASES_MAX = 200 };
	struct CMUnitTest cases[CASES_MAX];
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		assert(count + lists[i].count <= CASES_MAX);
		memcpy(&cases[count], lists[i].cases, lists[i].count * sizeof cases[0]);
		count += lists[i].count;
	}
	for (size_t i = 0; i < count; i++)
		cases[i].initial_state = argv[1];
	return _cmocka_run_group_tests(argv[1], cases, count, NULL, NULL);
}
