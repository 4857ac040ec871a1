#include "base/base.h"

#include "http/client_ip.h"

#include <arpa/inet.h>

static const unsigned char mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

static bool is_v4(const IpAddress *address)
{
	return memcmp(address->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

bool ip_parse(Str text, IpAddress *out)
{
	char z[IP_TEXT_BYTES];
	IpAddress address;
	if (!str_copy(text, z, sizeof z))
		return false;
	memcpy(address.bytes, mapped_prefix, sizeof mapped_prefix);
	if (inet_pton(AF_INET, z, address.bytes + sizeof mapped_prefix) != 1
		&& inet_pton(AF_INET6, z, address.bytes) != 1)
		return false;
	*out = address;
	return true;
}

const char *ip_text(const IpAddress *address, char out[IP_TEXT_BYTES])
{
	bool v4 = is_v4(address);
	const unsigned char *bytes = v4 ? address->bytes + sizeof mapped_prefix : address->bytes;
	const char *text = inet_ntop(v4 ? AF_INET : AF_INET6, bytes, out, IP_TEXT_BYTES);
	assert(text);
	return text;
}

bool ip_net_parse(Str text, IpNet *out, Err *err)
{
	if (str_eq(text, STR("unix"))) {
		*out = (IpNet){ .is_unix = true };
		return true;
	}
	IpNet net = { .bits = 128 };
	Str rest = text, name = STR_NONE;
	int64_t bits;
	if (!str_split(&rest, '/', &name) || !ip_parse(name, &net.address))
		return ERR(
			err, ERR_INPUT, "\"%.*s\" is not an address or a network", STR_ARG(text));
	if (rest.ptr) {
		unsigned own_bits = is_v4(&net.address) ? 32 : 128;
		if (!str_to_i64(rest, 0, own_bits, &bits))
			return ERR(err, ERR_INPUT, "\"%.*s\": the prefix must be 0 to %u",
				STR_ARG(text), own_bits);
		net.bits = (unsigned)bits + 128 - own_bits;
	}
	*out = net;
	return true;
}

bool ip_net_has(const IpNet *net, const IpAddress *address)
{
	if (net->is_unix)
		return false;
	size_t whole = net->bits / 8;
	unsigned rest = net->bits % 8;
	if (memcmp(net->address.bytes, address->bytes, whole) != 0)
		return false;
	return rest == 0
		|| ((net->address.bytes[whole] ^ address->bytes[whole]) >> (8 - rest)) == 0;
}

bool ip_nets_have(const IpNet *nets, size_t count, const IpAddress *address)
{
	for (size_t i = 0; i < count; i++)
		if (ip_net_has(&nets[i], address))
			return true;
	return false;
}

IpAddress ip_group(const IpAddress *address)
{
	IpAddress group = *address;
	if (!is_v4(address))
		memset(group.bytes + 8, 0, 8);
	return group;
}

static bool peer_is_trusted(const IpNet *trusted, size_t count, Str peer)
{
	IpAddress address;
	if (ip_parse(peer, &address))
		return ip_nets_have(trusted, count, &address);
	for (size_t i = 0; i < count; i++)
		if (trusted[i].is_unix && str_eq(peer, STR("unix")))
			return true;
	return false;
}

/* Proxies write all of 192.0.2.1, 192.0.2.1:4711, 2001:db8::1, [2001:db8::1]:4711. */
static bool hop_parse(Str hop, IpAddress *out)
{
	hop = str_trim(hop);
	if (str_starts(hop, STR("["))) {
		ptrdiff_t end = str_find_char(hop, ']', 0);
		return end > 0 && ip_parse(str_sub(hop, 1, (size_t)end - 1), out);
	}
	ptrdiff_t colon = str_find_char(hop, ':', 0);
	bool has_port = colon >= 0 && str_find_char(hop, ':', (size_t)colon + 1) < 0;
	return ip_parse(has_port ? str_sub(hop, 0, (size_t)colon) : hop, out);
}

/* Cuts the last comma-separated part off *list; false when nothing is left. */
static bool last_part(Str *list, Str *out)
{
	if (!list->ptr)
		return false;
	size_t at = list->len;
	while (at > 0 && list->ptr[at - 1] != ',')
		at--;
	*out = str_from_pos(*list, at);
	*list = at > 0 ? str_sub(*list, 0, at - 1) : STR_NONE;
	return true;
}

Str client_ip_find(
	const IpNet *trusted, size_t trusted_count, const HttpRequest *request, Arena *arena)
{
	if (trusted_count == 0 || !peer_is_trusted(trusted, trusted_count, request->peer))
		return request->peer;
	IpAddress client = { 0 };
	bool is_known = false, is_end = false;
	/* Several headers of that name are one list (RFC 9110 5.3); the last is nearest to us. */
	for (size_t i = request->header_count; i-- > 0 && !is_end;) {
		if (!str_eq_nocase(request->headers[i].name, STR("X-Forwarded-For")))
			continue;
		Str list = request->headers[i].value, hop;
		while (!is_end && last_part(&list, &hop)) {
			IpAddress address;
			if (!hop_parse(hop, &address)) {
				is_end = true;
				break;
			}
			client = address;
			is_known = true;
			is_end = !ip_nets_have(trusted, trusted_count, &address);
		}
	}
	char text[IP_TEXT_BYTES];
	return is_known ? arena_str(arena, str_from(ip_text(&client, text))) : request->peer;
}

Str client_ip_group(Str client, Arena *arena)
{
	IpAddress address;
	char text[IP_TEXT_BYTES];
	if (!ip_parse(client, &address) || is_v4(&address))
		return client;
	address = ip_group(&address);
	return arena_printf(arena, "%s/64", ip_text(&address, text));
}
