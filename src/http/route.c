#include "base/base.h"

#include "http/route.h"

#include "base/buf.h"
#include "base/enc.h"
#include "http/reply.h"

typedef enum Match { MATCH_NO, MATCH_YES, MATCH_BAD_ESCAPE } Match;

static bool part_is_int(Str pattern)
{
	return str_ends(pattern, STR(":int}"));
}

static Match part_match(Str pattern, Str segment, Arena *arena, Str *out)
{
	int64_t number;
	if (segment.len == 0)
		return MATCH_NO;
	if (part_is_int(pattern)
		&& (!ascii_is_digit(segment.ptr[0]) || !str_to_i64(segment, 0, INT64_MAX, &number)))
		return MATCH_NO;
	CLEANUP(buf_fini) Buf decoded = BUF_MAX(segment.len + 1);
	if (!percent_decode(&decoded, segment, false)
		|| str_find_char(buf_str(&decoded), '\0', 0) >= 0)
		return MATCH_BAD_ESCAPE;
	*out = arena_str(arena, buf_str(&decoded));
	return MATCH_YES;
}

static Match pattern_match(Str pattern, HttpExchange *exchange)
{
	Str path = exchange->request.path, want, have;
	size_t parts = 0;
	while (pattern.ptr) {
		if (!path.ptr || !str_split(&pattern, '/', &want) || !str_split(&path, '/', &have))
			return MATCH_NO;
		if (!str_starts(want, STR("{"))) {
			if (!str_eq(want, have))
				return MATCH_NO;
			continue;
		}
		assert(parts < HTTP_PATH_PARAMS_MAX);
		Match match = part_match(
			want, have, &exchange->arena, &exchange->path_params[parts++]);
		if (match != MATCH_YES)
			return match;
	}
	return path.ptr ? MATCH_NO : MATCH_YES;
}

static bool method_fits(const Route *route, HttpMethod method)
{
	return route->method == method || (route->method == HTTP_GET && method == HTTP_HEAD);
}

static void allow_add(Buf *allow, HttpMethod method)
{
	Str name = str_from(http_method_name(method));
	if (str_find(buf_str(allow), name) >= 0)
		return;
	buf_put_z(allow, allow->len ? ", " : "");
	buf_put(allow, name);
	if (method == HTTP_GET)
		buf_put(allow, STR(", HEAD"));
}

static void route_call(const Router *router, const Route *route, HttpExchange *exchange)
{
	if (!router->guard || router->guard(router->ctx, route, exchange))
		route->handle(router->ctx, exchange);
}

void router_dispatch(const Router *router, HttpExchange *exchange)
{
	unsigned listener = 1U << exchange->request.listener;
	CLEANUP(buf_fini) Buf allow = BUF_MAX(128); /* all method names there are */
	for (size_t i = 0; i < router->count; i++) {
		const Route *route = &router->routes[i];
		if (!(route->listeners & listener))
			continue;
		switch (pattern_match(str_from(route->pattern), exchange)) {
		case MATCH_NO:
			break;
		case MATCH_BAD_ESCAPE:
			reply_problem(exchange, 400, "the path holds a bad percent escape");
			return;
		case MATCH_YES:
			if (method_fits(route, exchange->request.method)) {
				route_call(router, route, exchange);
				return;
			}
			allow_add(&allow, route->method);
		}
	}
	if (allow.len == 0) {
		reply_problem(exchange, 404, "nothing is here; see the API description for paths");
		return;
	}
	Str methods = arena_str(&exchange->arena, buf_str(&allow));
	reply_problem(exchange, 405, "this path answers to %.*s only", STR_ARG(methods));
	http_reply_header(&exchange->reply, STR("Allow"), methods);
}

int64_t route_int(const HttpExchange *exchange, size_t part)
{
	int64_t number = 0;
	assert(part < HTTP_PATH_PARAMS_MAX);
	bool is_number = str_to_i64(exchange->path_params[part], 0, INT64_MAX, &number);
	assert(is_number); /* the pattern did not say :int */
	(void)is_number;
	return number;
}
