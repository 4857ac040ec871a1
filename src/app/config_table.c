#include "app/config.h"
#include "base/base.h"

#define AT(member) offsetof(Config, member)

/* The reasons for the numbers stand beside them. Order: as in optout.conf(5). */
static const ConfigOption table[] = {
	{ "state_dir", CONFIG_PATH, "/var/lib/optout", 0, 0, "", false, false,
		"Folder for the database, the keys, the socket and the plans of the nights; what systemd gives, or "
		"~/.local/state/optout for ordinary users.",
		AT(state_dir) },
	{ "store_url", CONFIG_STORE_URL, "sqlite:STATE_DIR/optout.db", 0, 0, "", false, false,
		"The database: sqlite: and the path of its file.", AT(store_url) },
	{ "key_file", CONFIG_PATH, "STATE_DIR/optout.keys", 0, 0, "", false, false,
		"The key file, made by `optout key init`. Back it up apart from the database.",
		AT(key_file) },
	{ "socket", CONFIG_PATH, "STATE_DIR/optout.sock", 0, 0, "", false, false,
		"Unix socket of the local admin; whoever may open it may do everything.",
		AT(socket) },
	{ "listen_public", CONFIG_LISTEN, "127.0.0.1:8080", 0, 0, "", false, false,
		"Address for recipients: the links in mails, behind your HTTPS proxy; or off.",
		AT(listen_public) },
	{ "listen_admin", CONFIG_LISTEN, "127.0.0.1:8081", 0, 0, "", false, false,
		"Address of the API for programs and admins, with tokens; or off.",
		AT(listen_admin) },
	{ "trusted_proxies", CONFIG_CIDRS, "", 0, 0, "", false, false,
		"Proxies whose X-Forwarded-For is believed: addresses or blocks such as 10.0.0.0/8.",
		AT(trusted_proxies) },
	/* Reads are short; more threads than cores only add memory maps. */
	{ "reader_threads", CONFIG_INT, "2", 1, 32, "", false, false,
		"Threads that read the database for lists and checks.", AT(reader_threads) },
	/* About 35,000 changes a second are written in groups, so this is a quarter of a second of
	   work. */
	{ "writer_queue_max", CONFIG_INT, "8192", 16, 1000000, "", false, false,
		"Changes that may wait for the database; beyond it requests are answered 503.",
		AT(writer_queue_max) },
	/* A few milliseconds of work, so that a waiting click is never behind more than that. */
	{ "writer_group_max", CONFIG_INT, "512", 1, 4096, "", false, false,
		"Changes that are written to the disk together; 1 writes each alone.",
		AT(writer_group_max) },
	/* Each connection costs one file descriptor and up to about 50 KB. */
	{ "connections_max", CONFIG_INT, "1000", 8, 60000, "", false, false,
		"Open connections per listening address; beyond it new ones wait, or replace some that idle.",
		AT(connections_max) },
	/* Half: whoever takes all he can get leaves the other half to others. */
	{ "connections_per_client_max", CONFIG_INT, "0", 0, 60000, "", false, false,
		"Open connections, and requests in work, of one IPv4 address or /64 of IPv6; 0: half of connections_max. "
		"Of trusted_proxies their clients' requests are counted instead.",
		AT(connections_per_client_max) },
	{ "idle_timeout_ms", CONFIG_INT, "60000", 1000, 3600000, "ms", false, false,
		"A connection on which nothing happens for this long is closed.",
		AT(idle_timeout_ms) },
	/* A recipient on the worst mobile line sends 1 KB in this time; a slow drip does not live
	   on. */
	{ "request_deadline_ms", CONFIG_INT, "60000", 1000, 3600000, "ms", false, false,
		"How long a request may take to come in, and its answer to be taken; a second more for each 64 KB.",
		AT(request_deadline_ms) },
	/* Below the 90 seconds after which systemd kills by default. */
	{ "drain_ms", CONFIG_INT, "15000", 0, 600000, "ms", false, false,
		"At stop: how long requests and calls under way may still take.", AT(drain_ms) },
	/* More writers at a time lock each other's accounts (salesforce-api.md 8.3). */
	/* 50,000 is usual (salesforce-api.md 3.1): about 6 MB of our columns. */
	{ "bulk_page_rows", CONFIG_INT, "50000", 1, 1000000, "", false, false,
		"Rows that a night fetches from Salesforce in one call.", AT(bulk_page_rows) },
	{ "push_calls_in_flight_max", CONFIG_INT, "4", 1, 4, "", false, false,
		"Calls to one Salesforce org at the same time.", AT(push_calls_in_flight_max) },
	{ "sf_timeout_ms", CONFIG_INT, "60000", 1000, 600000, "ms", false, false,
		"How long one call to Salesforce may take before it counts as unknown.",
		AT(sf_timeout_ms) },
	/* 256 MiB sort about five million records at 48 bytes without touching the disk. */
	{ "sort_memory_bytes", CONFIG_BYTES, "256M", (int64_t)16 << 20, (int64_t)64 << 30, "bytes",
		false, false, "Memory for sorting at night; what does not fit is sorted on disk.",
		AT(sort_memory_bytes) },
	{ "log_level", CONFIG_LEVEL, "info", 0, 0, "", false, false,
		"What is logged: error, warn, info or debug.", AT(log_level) },
	{ "log_json", CONFIG_BOOL, "no", 0, 0, "", false, false,
		"One JSON object a line instead of key=value.", AT(log_json) },
	{ "log_clear_addresses", CONFIG_BOOL, "no", 0, 0, "", false, false,
		"Log mail addresses in clear; otherwise a keyed hash stands for them.",
		AT(log_clear_addresses) },
	{ "allow_http_orgs", CONFIG_BOOL, "no", 0, 0, "", false, false,
		"Allow http:// orgs beyond this machine. For tests: credentials travel unprotected.",
		AT(allow_http_orgs) },
};

static_assert(ARRAY_LEN(table) <= CONFIG_OPTIONS_MAX, "Config.origins is too small");

size_t config_option_count(void)
{
	return ARRAY_LEN(table);
}

const ConfigOption *config_option_at(size_t index)
{
	assert(index < ARRAY_LEN(table));
	return &table[index];
}

static bool name_eq(Str a, const char *name)
{
	if (a.len != strlen(name))
		return false;
	for (size_t i = 0; i < a.len; i++)
		if ((a.ptr[i] == '-' ? '_' : a.ptr[i]) != name[i])
			return false;
	return true;
}

const ConfigOption *config_option_find(Str name)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (name_eq(name, table[i].name))
			return &table[i];
	return NULL;
}
