/* A request that passed the gate, on its way to a handler: routes, query, forms, who asks
 * (http/route.h, message.h, client_ip.h, web/one_click.h). Lines of the input: the listener's
 * digit, the peer's digit, method and target, then "name: value" up to an empty line; the rest is
 * the body. */
#include "base/base.h"

#include "base/enc.h"
#include "fuzz.h"
#include "http/client_ip.h"
#include "http/route.h"
#include "web/internal.h"
#include "web/one_click.h"

enum { HEADERS_MAX = 20, ARENA_BYTES = 1024 * 1024, ROUTES_MAX = 64 };

static Route routes[ROUTES_MAX]; /* those of the product, answered here */
static size_t route_count;

typedef struct Seen {
	HttpExchange exchange;
	const Route *route; /* that the guard was asked about; NULL: none */
	bool is_handled;
} Seen;

static void handle(void *ctx, HttpExchange *exchange)
{
	(void)ctx;
	Seen *seen = CONTAINER_OF(exchange, Seen, exchange);
	seen->is_handled = true;
	exchange->reply.status = 200;
}

static bool note_route(void *ctx, const Route *route, HttpExchange *exchange)
{
	(void)ctx;
	CONTAINER_OF(exchange, Seen, exchange)->route = route;
	return true;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	const Route *product = web_routes(&route_count);
	MUST(route_count <= ROUTES_MAX);
	for (size_t i = 0; i < route_count; i++) {
		routes[i] = product[i];
		routes[i].handle = handle;
	}
	return 0;
}

/* ------------------------------------------------------------------ routes */

/* One segment against one part of a pattern; -1: it cannot be decoded. */
static int segment_fits(Str part, Str segment)
{
	CLEANUP(buf_fini) Buf plain = BUF_MAX(segment.len + 1);
	int64_t number;
	if (!str_starts(part, STR("{")))
		return str_eq(part, segment);
	if (segment.len == 0)
		return 0;
	if (str_ends(part, STR(":int}")))
		return segment.ptr[0] != '-' && str_to_i64(segment, 0, INT64_MAX, &number);
	bool is_good = percent_decode(&plain, segment, false)
		&& str_find_char(buf_str(&plain), '\0', 0) < 0;
	return is_good ? 1 : -1;
}

/* 1: the path is one of the pattern's; -1: it would be, but for a bad escape. */
static int path_fits(Str pattern, Str path)
{
	Str part, segment;
	int verdict = 1;
	while (pattern.ptr && path.ptr) {
		(void)str_split(&pattern, '/', &part);
		(void)str_split(&path, '/', &segment);
		int fits = segment_fits(part, segment);
		if (fits == 0)
			return 0;
		verdict = fits < 0 ? -1 : verdict;
	}
	return pattern.ptr || path.ptr ? 0 : verdict;
}

static void check_params(const Seen *seen)
{
	Str pattern = str_from(seen->route->pattern), path = seen->exchange.request.path;
	Str part, segment;
	size_t params = 0;
	while (str_split(&pattern, '/', &part) && str_split(&path, '/', &segment)) {
		if (!str_starts(part, STR("{")))
			continue;
		CLEANUP(buf_fini) Buf plain = BUF_MAX(segment.len + 1);
		MUST(percent_decode(&plain, segment, false));
		MUST(str_eq(seen->exchange.path_params[params], buf_str(&plain)));
		if (str_ends(part, STR(":int}")))
			MUST(route_int(&seen->exchange, params) >= 0);
		params++;
	}
}

static void check_route(Seen *seen)
{
	const HttpRequest *request = &seen->exchange.request;
	const HttpReply *reply = &seen->exchange.reply;
	bool any_fits = false, any_bad = false, any_method = false;
	for (size_t i = 0; i < route_count; i++) {
		if (!(routes[i].listeners & 1u << request->listener))
			continue;
		int fits = path_fits(str_from(routes[i].pattern), request->path);
		HttpMethod method = request->method == HTTP_HEAD ? HTTP_GET : request->method;
		any_fits |= fits > 0;
		any_bad |= fits < 0;
		any_method |= fits > 0 && routes[i].method == method;
	}
	Router router = { .routes = routes, .count = route_count, .guard = note_route };
	router_dispatch(&router, &seen->exchange);
	MUST(seen->is_handled == (seen->route != NULL));
	if (seen->is_handled) {
		MUST(any_method && (seen->route->listeners & 1u << request->listener));
		check_params(seen);
		return;
	}
	/* A bad escape may be met before it is known that no pattern fits. */
	bool is_refused = reply->status == 400
		&& (str_find_char(request->path, '%', 0) >= 0
			|| str_find_char(request->path, '\0', 0) >= 0);
	MUST(is_refused || (!any_bad && !any_method));
	MUST(is_refused || reply->status == (any_fits ? 405 : 404));
	MUST((reply->status == 405) == (http_reply_get(reply, STR("Allow")).len > 0));
}

/* ------------------------------------------------- query, form, one click */

static void check_query(const HttpRequest *request, Arena *arena)
{
	Str rest = request->query, pair, name;
	while (str_split(&rest, '&', &pair)) {
		CLEANUP(buf_fini) Buf plain = BUF_MAX(pair.len + 1);
		(void)str_split(&pair, '=', &name);
		if (!percent_decode(&plain, name, true) || plain.len == 0)
			continue;
		Str value = http_query_param(request, buf_str(&plain), arena);
		MUST(value.len <= request->query.len);
	}
	MUST(!http_query_param(request, STR("a name that stands nowhere\n"), arena).ptr
		|| request->query.len > 20);
}

static void check_one_click(const HttpRequest *request, Arena *arena)
{
	/* A click is a wish that somebody spells out: both words, or their escapes, are there. */
	if (!one_click_asked(request, arena))
		return;
	MUST(request->body.len >= strlen("List-Unsubscribe=One-Click"));
	HttpRequest empty = *request;
	empty.body = STR("");
	MUST(!one_click_asked(&empty, arena));
}

/* --------------------------------------------------------------- who asks */

static void check_client(HttpRequest *request, HttpHeader *headers, Arena *arena)
{
	static const char *const nets[] = { "10.0.0.0/8", "2001:db8::/32", "unix", "192.0.2.7" };
	IpNet trusted[ARRAY_LEN(nets)];
	IpAddress address;
	Err err;
	char text[IP_TEXT_BYTES];
	for (size_t i = 0; i < ARRAY_LEN(nets); i++)
		MUST(ip_net_parse(str_from(nets[i]), &trusted[i], &err));
	Str client = client_ip_find(trusted, ARRAY_LEN(trusted), request, arena);
	bool is_peer = str_eq(client, request->peer);
	MUST(is_peer || ip_parse(client, &address));
	MUST(is_peer || str_eq(client, str_from(ip_text(&address, text))));
	MUST(client_ip_find(trusted, 0, request, arena).ptr == request->peer.ptr);
	Str group = client_ip_group(client, arena);
	MUST(group.len > 0 && str_eq(group, client_ip_group(client, arena)));

	/* Whatever stands further left, the nearest hop that nobody vouches for is the client. */
	headers[request->header_count++] = (HttpHeader){ STR("x-forwarded-for"),
		STR("10.1.1.1 , 203.0.113.9:80,10.2.2.2") };
	Str nearest = client_ip_find(trusted, ARRAY_LEN(trusted), request, arena);
	bool is_vouched = !str_eq(request->peer, STR("198.51.100.1"));
	MUST(str_eq(nearest, is_vouched ? STR("203.0.113.9") : request->peer));
	request->header_count--;
}

static void check_net(Str text)
{
	IpNet net;
	IpAddress address;
	Err err = { 0 };
	char shown[IP_TEXT_BYTES];
	if (!ip_net_parse(text, &net, &err)) {
		MUST(fuzz_err_is(&err, 1u << ERR_INPUT));
		return;
	}
	MUST(net.bits <= 128 && (net.is_unix || ip_net_has(&net, &net.address)));
	if (ip_parse(text, &address))
		MUST(ip_parse(str_from(ip_text(&address, shown)), &net.address)
			&& memcmp(&net.address, &address, sizeof address) == 0);
}

static size_t take_headers(Str *text, HttpHeader *headers)
{
	size_t count = 0;
	while (text->len > 0) {
		Str line = fuzz_line(text), name;
		if (line.len == 0)
			break;
		(void)str_split(&line, ':', &name);
		if (count < HEADERS_MAX)
			headers[count++] = (HttpHeader){ name, str_trim(line) };
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const peers[] = { "10.0.0.1", "unix", "2001:db8::5", "198.51.100.1" };
	Str text = fuzz_text(data, size);
	HttpHeader headers[HEADERS_MAX + 1];
	Seen seen = { 0 };
	http_exchange_init(&seen.exchange);
	HttpRequest *request = &seen.exchange.request;
	request->listener = 1 + (int)(fuzz_byte(&text) % 3);
	request->peer = request->client = str_from(peers[fuzz_byte(&text) % ARRAY_LEN(peers)]);
	Str target = fuzz_line(&text);
	(void)str_split(&target, ' ', &request->method_name);
	request->method = http_method_parse(request->method_name);
	(void)str_split(&target, '?', &request->path);
	request->query = target.ptr ? target : STR("");
	request->headers = headers;
	request->header_count = take_headers(&text, headers);
	request->body = text;

	CLEANUP(arena_fini) Arena arena = ARENA_MAX(ARENA_BYTES);
	if (str_starts(request->path, STR("/")))
		check_route(&seen);
	check_query(request, &arena);
	check_one_click(request, &arena);
	check_client(request, headers, &arena);
	check_net(str_trim(request->query));
	http_exchange_fini(&seen.exchange);
	return 0;
}
