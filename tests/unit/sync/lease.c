#include "base/base.h"

#include "sync/lease.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const Str me = STR_INIT("host-a");
enum { NOW = 1000000 };

static void nobodys_lease_may_be_taken_but_does_not_lead(void **state)
{
	(void)state;
	Lease lease = { 0 };
	assert_true(lease_may_take(&lease, me, NOW));
	assert_false(lease_leads(&lease, me, NOW));
	assert_int_equal(lease_ask_at(&lease, me, NOW), NOW);
}

static void another_owner_is_waited_for_until_its_end(void **state)
{
	(void)state;
	Lease lease = { .owner = STR("host-b"), .until_ms = NOW + LEASE_MS };
	assert_false(lease_may_take(&lease, me, NOW));
	assert_false(lease_may_take(&lease, me, lease.until_ms - 1));
	assert_true(lease_may_take(&lease, me, lease.until_ms));
	assert_false(lease_leads(&lease, me, NOW));
	assert_int_equal(lease_ask_at(&lease, me, NOW), lease.until_ms);
	assert_int_equal(lease_ask_at(&lease, me, lease.until_ms + 5), lease.until_ms + 5);
}

static void own_lease_is_renewed_in_time_and_ends_early(void **state)
{
	(void)state;
	Lease lease = { .owner = me, .until_ms = NOW + LEASE_MS };
	assert_true(lease_may_take(&lease, me, NOW));
	assert_true(lease_leads(&lease, me, NOW));
	assert_true(lease_leads(&lease, me, lease.until_ms - LEASE_MARGIN_MS - 1));
	assert_false(lease_leads(&lease, me, lease.until_ms - LEASE_MARGIN_MS));
	assert_int_equal(lease_ask_at(&lease, me, NOW), NOW + LEASE_RENEW_MS);
}

static void two_machines_never_lead_at_once(void **state)
{
	(void)state;
	for (int64_t now = NOW; now < NOW + 2 * LEASE_MS; now += 500) {
		Lease lease = { .owner = STR("host-b"), .until_ms = NOW + LEASE_MS };
		bool other_leads = lease_leads(&lease, lease.owner, now);
		assert_false(other_leads && lease_may_take(&lease, me, now));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobodys_lease_may_be_taken_but_does_not_lead),
		cmocka_unit_test(another_owner_is_waited_for_until_its_end),
		cmocka_unit_test(own_lease_is_renewed_in_time_and_ends_early),
		cmocka_unit_test(two_machines_never_lead_at_once),
	};
	return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}
