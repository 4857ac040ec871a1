/* client_ip.h: who really asks. Behind a reverse proxy the socket's other end is the proxy; the
 * client stands in X-Forwarded-For, where anybody can write anything. So the header is walked from
 * the right, and each step is believed only because the hop that wrote it is on the operator's
 * list. Pure. */
#ifndef HTTP_CLIENT_IP_H
#define HTTP_CLIENT_IP_H

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "http/message.h"

typedef struct IpAddress {
	unsigned char bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
} IpAddress;

typedef struct IpNet {
	IpAddress address;
	unsigned bits; /* of the 128 */
	bool is_unix;  /* the entry "unix": whoever connects through a Unix socket */
} IpNet;

enum { IP_TEXT_BYTES = 46, TRUSTED_PROXIES_MAX = 64 }; /* INET6_ADDRSTRLEN */

/* "192.0.2.1", "2001:db8::1"; nothing around it. */
WARN_UNUSED bool ip_parse(Str text, IpAddress *out);
/* Canonical text; IPv4 in its own form. Returns out. */
const char *ip_text(const IpAddress *address, char out[IP_TEXT_BYTES]);
/* "10.0.0.0/8", "2001:db8::/32", a single address, or "unix". ERR_INPUT names the entry. */
WARN_UNUSED bool ip_net_parse(Str text, IpNet *out, Err *err);
bool ip_net_has(const IpNet *net, const IpAddress *address);
bool ip_nets_have(const IpNet *nets, size_t count, const IpAddress *address);
/* What a limit counts as one client: an IPv4 address itself, of an IPv6 address the /64 (one
 * subscriber has at least that). */
IpAddress ip_group(const IpAddress *address);

/* The client of a request whose headers and peer are set: the first address from the right that is
 * not a trusted proxy. A hop that cannot be parsed ends the walk at the last address that a trusted
 * proxy vouched for. Result in *arena, or request->peer itself. */
Str client_ip_find(
	const IpNet *trusted, size_t trusted_count, const HttpRequest *request, Arena *arena);

/* ip_group as text. */
Str client_ip_group(Str client, Arena *arena);

#endif
