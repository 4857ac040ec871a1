/* route.h: the table of routes. A pattern is a path with {parts}: "/api/v1/people/{id}". Each row
 * names its guard class; the caller's guard decides. Parts are percent-decoded into
 * exchange->path_params in order. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "base/base.h"
#include "http/message.h"

typedef struct Route {
	HttpMethod method; /* GET routes answer HEAD as well */
	const char *pattern;
	void (*handle)(void *ctx, HttpExchange *exchange);
	unsigned listeners; /* bit (1 << listener tag) for each listener that serves it */
	unsigned scopes; /* what the caller must have one of; 0: public. The guard knows the bits */
	const char *operation; /* operationId in doc/openapi.yaml, "" for pages */
} Route;

typedef struct Router {
	const Route *routes;
	size_t count;
	void *ctx; /* given to handlers and guard */
	/* True: go on. False: it has answered (401, 403) or parked the exchange until it knows and
	 * will then call route->handle. */
	bool (*guard)(void *ctx, const Route *route, HttpExchange *exchange);
} Router;

/* Finds the route and calls it; answers 404, or 405 with Allow, itself. Trailing slashes are not
 * tolerated. */
void router_dispatch(const Router *router, HttpExchange *exchange);

/* The value of a {name:int} part. */
int64_t route_int(const HttpExchange *exchange, size_t part);

#endif
