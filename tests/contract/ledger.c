/* The contract of store/ledger.h, one suite for every driver: ledger sqlite, ledger mem. */
#include "base/base.h"

#include "cases.h"

int main(int argc, char **argv)
{
	const CaseList lists[] = { people_cases(), stop_cases(), removal_cases(), link_cases(),
		outbox_cases(), run_cases() };
	return suite_main(argc, argv, lists, ARRAY_LEN(lists));
}
