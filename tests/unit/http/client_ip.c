#include "base/base.h"

#include "http/client_ip.h"

#include "../../lib/expect.h"

static void networks_are_parsed_strictly(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "::/129",
		"10.0.0.0/-1", "10.0.0.0/8/8", "example.org", "10.0.0.0 /8" };
	IpNet net;
	Err err;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(ip_net_parse(str_from(bad[i]), &net, &err));
		assert_int_equal(err.kind, ERR_INPUT);
	}
	assert_true(ip_net_parse(STR("unix"), &net, &err));
}

static bool has(const char *net_text, const char *address_text)
{
	IpNet net;
	IpAddress address;
	Err err;
	assert_true(ip_net_parse(str_from(net_text), &net, &err));
	assert_true(ip_parse(str_from(address_text), &address));
	return ip_net_has(&net, &address);
}

static void prefixes_cut_at_any_bit(void **state)
{
	(void)state;
	assert_true(has("10.0.0.0/8", "10.255.1.2"));
	assert_false(has("10.0.0.0/8", "11.0.0.0"));
	assert_true(has("192.0.2.64/27", "192.0.2.95"));
	assert_false(has("192.0.2.64/27", "192.0.2.96"));
	assert_true(has("192.0.2.7", "192.0.2.7"));
	assert_false(has("192.0.2.7", "192.0.2.6"));
	assert_true(has("0.0.0.0/0", "203.0.113.9"));
	assert_false(has("0.0.0.0/0", "2001:db8::1"));
	assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(has("::/0", "2001:db8::1"));
	assert_true(has("127.0.0.1", "::ffff:127.0.0.1"));
}

typedef struct ChainRow {
	const char *peer, *first, *second, *client;
} ChainRow;

/* trusted: 10.0.0.0/8, 2001:db8:1::/48 */
static const ChainRow chain_rows[] = {
	/* nobody before us is trusted: the header is somebody's claim */
	{ "203.0.113.5", "192.0.2.1", NULL, "203.0.113.5" },
	/* one proxy */
	{ "10.0.0.1", "203.0.113.5", NULL, "203.0.113.5" },
	/* the client wrote something itself; the proxy appended what it saw */
	{ "10.0.0.1", "127.0.0.1, 203.0.113.5", NULL, "203.0.113.5" },
	/* two proxies, with blanks and ports */
	{ "10.0.0.1", "192.0.2.1, 203.0.113.5:4711 ,10.9.9.9", NULL, "203.0.113.5" },
	/* two headers are one list */
	{ "10.0.0.1", "192.0.2.1, 203.0.113.5", "10.2.3.4", "203.0.113.5" },
	{ "10.0.0.1", "192.0.2.1", "[2001:db8:1::5]:80, 10.2.3.4", "192.0.2.1" },
	{ "2001:db8:1::9", "[2001:db8:2::1]:443", NULL, "2001:db8:2::1" },
	/* all trusted: the farthest one asks for itself */
	{ "10.0.0.1", "10.0.0.3, 10.0.0.2", NULL, "10.0.0.3" },
	/* garbage ends the walk where trust ended */
	{ "10.0.0.1", "203.0.113.5, unknown", NULL, "10.0.0.1" },
	{ "10.0.0.1", "203.0.113.5, , 10.0.0.2", NULL, "10.0.0.2" },
	{ "10.0.0.1", "", NULL, "10.0.0.1" },
	{ "10.0.0.1", NULL, NULL, "10.0.0.1" },
	{ "unix", "203.0.113.5", NULL, "unix" },
};

static void only_trusted_hops_are_believed(void **state)
{
	(void)state;
	IpNet trusted[2];
	Err err;
	assert_true(ip_net_parse(STR("10.0.0.0/8"), &trusted[0], &err));
	assert_true(ip_net_parse(STR("2001:db8:1::/48"), &trusted[1], &err));
	for (size_t i = 0; i < ARRAY_LEN(chain_rows); i++) {
		const ChainRow *row = &chain_rows[i];
		CLEANUP(arena_fini) Arena arena = ARENA_MAX(4096);
		const HttpHeader headers[] = {
			{ STR("x-forwarded-for"), str_from(row->first) },
			{ STR("X-Forwarded-For"), str_from(row->second) },
		};
		HttpRequest request = {
			.peer = str_from(row->peer),
			.headers = headers,
			.header_count = row->second ? 2
				: row->first        ? 1
						    : 0,
		};
		assert_str(client_ip_find(trusted, 2, &request, &arena), row->client);
		assert_str(client_ip_find(trusted, 0, &request, &arena), row->peer);
	}
}

static void a_unix_socket_can_be_trusted_by_name(void **state)
{
	(void)state;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(4096);
	IpNet trusted;
	Err err;
	assert_true(ip_net_parse(STR("unix"), &trusted, &err));
	const HttpHeader header = { STR("X-Forwarded-For"), STR("203.0.113.5") };
	HttpRequest request = { .peer = STR("unix"), .headers = &header, .header_count = 1 };
	assert_str(client_ip_find(&trusted, 1, &request, &arena), "203.0.113.5");
}

static void limits_count_ipv6_clients_by_their_network(void **state)
{
	(void)state;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(4096);
	assert_str(client_ip_group(STR("203.0.113.5"), &arena), "203.0.113.5");
	assert_str(client_ip_group(STR("2001:db8:1:2:3:4:5:6"), &arena), "2001:db8:1:2::/64");
	assert_str(client_ip_group(STR("unix"), &arena), "unix");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_are_parsed_strictly),
		cmocka_unit_test(prefixes_cut_at_any_bit),
		cmocka_unit_test(only_trusted_hops_are_believed),
		cmocka_unit_test(a_unix_socket_can_be_trusted_by_name),
		cmocka_unit_test(limits_count_ipv6_clients_by_their_network),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
