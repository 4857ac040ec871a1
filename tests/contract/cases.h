/* cases.h: the groups of the ledger's contract suite. Each test is given a World in *state. */
#ifndef TESTS_CONTRACT_CASES_H
#define TESTS_CONTRACT_CASES_H

#include "../lib/world.h"

int world_setup(void **state); /* *state is the driver's name before, the World after */
int world_teardown(void **state);

#define LEDGER_CASE(function_)                                                                     \
	cmocka_unit_test_setup_teardown(function_, world_setup, world_teardown)

typedef struct CaseList {
	const struct CMUnitTest *cases;
	size_t count;
} CaseList;

CaseList people_cases(void);
CaseList stop_cases(void);
CaseList removal_cases(void);
CaseList link_cases(void);
CaseList outbox_cases(void);
CaseList run_cases(void);

#endif
