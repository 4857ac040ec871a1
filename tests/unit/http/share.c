#include "base/base.h"

#include "http/share.h"

#include "../../lib/expect.h"

static Share *share_of(Shares *shares, const char *text)
{
	IpAddress address;
	assert_true(ip_parse(str_from(text), &address));
	return shares_get(shares, &address);
}

static void a_client_is_an_ipv4_address_or_a_64_of_ipv6(void **state)
{
	(void)state;
	Shares *shares = shares_open();
	Share *first = share_of(shares, "192.0.2.1");
	assert_ptr_equal(share_of(shares, "192.0.2.1"), first);
	assert_ptr_not_equal(share_of(shares, "192.0.2.2"), first);
	Share *house = share_of(shares, "2001:db8::1");
	assert_ptr_equal(share_of(shares, "2001:db8::ffff:1"), house);
	assert_ptr_not_equal(share_of(shares, "2001:db8:0:1::1"), house);
	assert_int_equal(shares_count(shares), 4);
	shares_close(&shares);
}

static void only_who_holds_something_is_remembered(void **state)
{
	(void)state;
	Shares *shares = shares_open();
	Share *share = share_of(shares, "192.0.2.1");
	share->connections = 1;
	share->parked = 1;
	share->connections--;
	shares_settle(shares, share);
	assert_int_equal(shares_count(shares), 1);
	share->parked--;
	shares_settle(shares, share);
	assert_int_equal(shares_count(shares), 0);
	shares_close(&shares);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_is_an_ipv4_address_or_a_64_of_ipv6),
		cmocka_unit_test(only_who_holds_something_is_remembered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
