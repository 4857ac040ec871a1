#include "app/config_value.h"
#include "base/base.h"

#include <arpa/inet.h>
#include <inttypes.h>

static char *text_of(Config *config, const ConfigOption *option)
{
	return (char *)config + option->offset;
}

static bool set_text(Config *config, const ConfigOption *option, Str value, Err *err)
{
	if (!str_copy(value, text_of(config, option), CONFIG_TEXT_MAX))
		return ERR(err, ERR_INPUT, "is too long (at most %d bytes)", CONFIG_TEXT_MAX - 1);
	return true;
}

static bool set_path(Config *config, const ConfigOption *option, Str value, Err *err)
{
	if (value.len == 0)
		return ERR(err, ERR_INPUT, "is empty; write a path");
	return set_text(config, option, value, err);
}

static bool set_store_url(Config *config, const ConfigOption *option, Str value, Err *err)
{
	Str scheme = STR("sqlite:");
	if (!str_starts(value, scheme) || value.len == scheme.len)
		return ERR(err, ERR_INPUT,
			"cannot be \"%.*s\"; write sqlite: and the path of the database file",
			STR_ARG(value));
	return set_text(config, option, value, err);
}

static bool is_ip(Str host, int family)
{
	unsigned char address[sizeof(struct in6_addr)];
	char text[INET6_ADDRSTRLEN];
	return str_copy(host, text, sizeof text) && inet_pton(family, text, address) == 1;
}

static bool is_listen_address(Str value)
{
	ptrdiff_t colon = -1;
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] == ':')
			colon = (ptrdiff_t)i;
	if (colon <= 0)
		return false;
	int64_t port;
	if (!str_to_i64(str_from_pos(value, (size_t)colon + 1), 0, 65535, &port))
		return false;
	Str host = str_sub(value, 0, (size_t)colon);
	if (host.ptr[0] == '[' && host.len > 2 && host.ptr[host.len - 1] == ']')
		return is_ip(str_sub(host, 1, host.len - 2), AF_INET6);
	return is_ip(host, AF_INET);
}

static bool set_listen(Config *config, const ConfigOption *option, Str value, Err *err)
{
	if (str_eq_nocase(value, STR("off")))
		value = STR("");
	else if (!is_listen_address(value))
		return ERR(err, ERR_INPUT,
			"cannot be \"%.*s\"; write a numeric address and a port such as "
			"127.0.0.1:8080 or [::1]:8080, or off",
			STR_ARG(value));
	return set_text(config, option, value, err);
}

static bool is_cidr(Str value)
{
	Str rest = value, host = STR_NONE;
	if (!str_split(&rest, '/', &host))
		return false;
	bool is_v4 = is_ip(host, AF_INET);
	if (!is_v4 && !is_ip(host, AF_INET6))
		return false;
	int64_t bits;
	return !rest.ptr || str_to_i64(rest, 0, is_v4 ? 32 : 128, &bits);
}

static bool append_cidr(Config *config, Str value, Err *err)
{
	if (!is_cidr(value) || value.len >= CONFIG_PROXY_MAX)
		return ERR(err, ERR_INPUT,
			"has \"%.*s\"; write addresses or blocks such as 10.0.0.0/8 or fd00::/8",
			STR_ARG(value));
	if (config->trusted_proxy_count == CONFIG_PROXIES_MAX)
		return ERR(err, ERR_INPUT, "has more than %d entries", CONFIG_PROXIES_MAX);
	bool fits = str_copy(
		value, config->trusted_proxies[config->trusted_proxy_count++], CONFIG_PROXY_MAX);
	assert(fits);
	return true;
}

static bool set_cidrs(Config *config, const ConfigOption *option, Str value, Err *err)
{
	(void)option;
	size_t count_before = config->trusted_proxy_count;
	size_t from = 0;
	for (size_t i = 0; i <= value.len; i++) {
		bool is_between = i == value.len || strchr(", \t", value.ptr[i]) != NULL;
		if (!is_between)
			continue;
		Str part = str_sub(value, from, i - from);
		from = i + 1;
		if (part.len > 0 && !append_cidr(config, part, err)) {
			config->trusted_proxy_count = count_before;
			return false;
		}
	}
	return true;
}

static bool refuse_number(const ConfigOption *option, Str value, Err *err)
{
	CLEANUP(buf_fini) Buf range = BUF_MAX(128);
	config_put_range(&range, option);
	return ERR(err, ERR_INPUT, "cannot be \"%.*s\"; write a whole number, %s", STR_ARG(value),
		buf_z(&range));
}

static bool set_int(Config *config, const ConfigOption *option, Str value, Err *err)
{
	int64_t number;
	if (!str_to_i64(value, option->min, option->max, &number))
		return refuse_number(option, value, err);
	memcpy(text_of(config, option), &number, sizeof number);
	return true;
}

static bool set_bytes(Config *config, const ConfigOption *option, Str value, Err *err)
{
	static const char letters[] = "KMG";
	int64_t unit = 1;
	Str digits = value;
	if (value.len > 1) {
		const char *letter = strchr(letters, value.ptr[value.len - 1] & ~0x20);
		if (letter && *letter) {
			unit = (int64_t)1 << (10 * (letter - letters + 1));
			digits = str_sub(value, 0, value.len - 1);
		}
	}
	int64_t number;
	/* max / unit: the product below cannot overflow, and cannot be above max. */
	if (!str_to_i64(digits, 0, option->max / unit, &number) || number * unit < option->min)
		return refuse_number(option, value, err);
	number *= unit;
	memcpy(text_of(config, option), &number, sizeof number);
	return true;
}

static bool set_bool(Config *config, const ConfigOption *option, Str value, Err *err)
{
	bool yes;
	if (!str_to_bool(value, &yes))
		return ERR(err, ERR_INPUT, "cannot be \"%.*s\"; write yes or no", STR_ARG(value));
	memcpy(text_of(config, option), &yes, sizeof yes);
	return true;
}

static bool set_level(Config *config, const ConfigOption *option, Str value, Err *err)
{
	LogLevel level;
	if (!log_level_parse(value, &level))
		return ERR(err, ERR_INPUT, "cannot be \"%.*s\"; write error, warn, info or debug",
			STR_ARG(value));
	memcpy(text_of(config, option), &level, sizeof level);
	return true;
}

bool config_value_set(Config *config, const ConfigOption *option, Str value, Err *err)
{
	static bool (*const setters[])(Config *, const ConfigOption *, Str, Err *) = {
		[CONFIG_PATH] = set_path,
		[CONFIG_STORE_URL] = set_store_url,
		[CONFIG_LISTEN] = set_listen,
		[CONFIG_CIDRS] = set_cidrs,
		[CONFIG_INT] = set_int,
		[CONFIG_BYTES] = set_bytes,
		[CONFIG_BOOL] = set_bool,
		[CONFIG_LEVEL] = set_level,
	};
	return setters[option->type](config, option, value, err);
}

void config_value_clear(Config *config, const ConfigOption *option)
{
	if (option->type == CONFIG_CIDRS)
		config->trusted_proxy_count = 0;
}

/* ------------------------------------------------------------- as text */

static void put_bytes(Buf *out, int64_t bytes)
{
	static const struct {
		int shift;
		const char *letter;
	} units[] = { { 30, "G" }, { 20, "M" }, { 10, "K" } };

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (bytes > 0 && bytes % ((int64_t)1 << units[i].shift) == 0) {
			buf_put_i64(out, bytes >> units[i].shift);
			buf_put_z(out, units[i].letter);
			return;
		}
	buf_put_i64(out, bytes);
}

static void put_level(Buf *out, LogLevel level)
{
	static const char *const names[] = {
		[LOG_ERROR] = "error",
		[LOG_WARN] = "warn",
		[LOG_INFO] = "info",
		[LOG_DEBUG] = "debug",
	};
	buf_put_z(out, names[level]);
}

static void put_proxies(Buf *out, const Config *config)
{
	for (size_t i = 0; i < config->trusted_proxy_count; i++) {
		buf_put_z(out, i ? " " : "");
		buf_put_z(out, config->trusted_proxies[i]);
	}
}

void config_put_value(Buf *out, const Config *config, const ConfigOption *option)
{
	const char *member = (const char *)config + option->offset;
	if (option->is_secret) {
		buf_put_z(out, member[0] ? "***" : "");
		return;
	}
	int64_t number = 0;
	bool yes = false;
	LogLevel level = LOG_ERROR;
	switch (option->type) {
	case CONFIG_PATH:
	case CONFIG_STORE_URL:
		buf_put_z(out, member);
		break;
	case CONFIG_LISTEN:
		buf_put_z(out, member[0] ? member : "off");
		break;
	case CONFIG_CIDRS:
		put_proxies(out, config);
		break;
	case CONFIG_INT:
		memcpy(&number, member, sizeof number);
		buf_put_i64(out, number);
		break;
	case CONFIG_BYTES:
		memcpy(&number, member, sizeof number);
		put_bytes(out, number);
		break;
	case CONFIG_BOOL:
		memcpy(&yes, member, sizeof yes);
		buf_put_z(out, yes ? "yes" : "no");
		break;
	case CONFIG_LEVEL:
		memcpy(&level, member, sizeof level);
		put_level(out, level);
		break;
	}
}

void config_put_range(Buf *out, const ConfigOption *option)
{
	switch (option->type) {
	case CONFIG_PATH:
		break;
	case CONFIG_STORE_URL:
		buf_put_z(out, "sqlite:PATH");
		break;
	case CONFIG_LISTEN:
		buf_put_z(out, "IP:PORT or off");
		break;
	case CONFIG_CIDRS:
		buf_put_z(out, "addresses or blocks, blanks between");
		break;
	case CONFIG_INT:
		buf_printf(out, "%" PRId64 " to %" PRId64, option->min, option->max);
		break;
	case CONFIG_BYTES:
		put_bytes(out, option->min);
		buf_put_z(out, " to ");
		put_bytes(out, option->max);
		break;
	case CONFIG_BOOL:
		buf_put_z(out, "yes or no");
		break;
	case CONFIG_LEVEL:
		buf_put_z(out, "error, warn, info or debug");
		break;
	}
}
