/* cases.h: the contract suites of the store, and the groups of the ledger's. Each test is given a
 * World in *state. */
#ifndef TESTS_CONTRACT_CASES_H
#define TESTS_CONTRACT_CASES_H

#include "../lib/world.h"

int world_setup(void **state); /* *state is the driver's name before, the World after */
int world_teardown(void **state);

#define LEDGER_CASE(function_)                                                                     \
	cmocka_unit_test_setup_teardown(function_, world_setup, world_teardown)
#define DESK_CASE(function_) LEDGER_CASE(function_)

typedef struct CaseList {
	const struct CMUnitTest *cases;
	size_t count;
} CaseList;

/* Runs the lists on the driver that the one argument names. */
int suite_main(int argc, char **argv, const CaseList *lists, size_t list_count);

CaseList people_cases(void);
CaseList stop_cases(void);
CaseList removal_cases(void);
CaseList link_cases(void);
CaseList outbox_cases(void);
CaseList run_cases(void);

#endif
