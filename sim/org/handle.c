/* handle.c: from a request to its handler: faults, session, limit, routes. */
#include "base/base.h"

#include "base/enc.h"
#include "http/gzip.h"
#include "org/journal.h"
#include "org/state.h"

enum {
	URI_BYTES_MAX = 16384, /* URI and headers together (salesforce-api.md 2.10) */
	SEGMENTS_MAX = 8,
};

/* ---- routes below /services/data/vNN.N/ ---- */

#define M(method) (1U << (method))

typedef struct ApiRoute {
	unsigned methods;
	const char *path; /* '*' is any segment and becomes a parameter */
	CallKind kind;
	void (*handle)(Call *call);
} ApiRoute;

static const ApiRoute api_routes[] = {
	{ M(HTTP_GET), "", CALL_RESOURCES, describe_resources },
	{ M(HTTP_GET), "sobjects", CALL_DESCRIBE, describe_global },
	{ M(HTTP_GET), "sobjects/*", CALL_DESCRIBE, describe_basic },
	{ M(HTTP_POST), "sobjects/*", CALL_RECORD, record_create },
	{ M(HTTP_GET), "sobjects/*/describe", CALL_DESCRIBE, describe_object },
	{ M(HTTP_GET), "sobjects/*/*", CALL_RECORD, record_get },
	{ M(HTTP_PATCH), "sobjects/*/*", CALL_RECORD, record_update },
	{ M(HTTP_DELETE), "sobjects/*/*", CALL_RECORD, record_delete },
	{ M(HTTP_GET), "query", CALL_QUERY, query_get },
	{ M(HTTP_GET), "query/*", CALL_QUERY, query_more },
	{ M(HTTP_GET), "queryAll", CALL_QUERY, query_all },
	{ M(HTTP_GET), "queryAll/*", CALL_QUERY, query_more },
	{ M(HTTP_POST), "composite/sobjects", CALL_COLLECTION, collection_create },
	{ M(HTTP_PATCH), "composite/sobjects", CALL_COLLECTION, collection_update },
	{ M(HTTP_DELETE), "composite/sobjects", CALL_COLLECTION, collection_delete },
	{ M(HTTP_GET) | M(HTTP_POST), "composite/sobjects/*", CALL_COLLECTION, collection_get },
	{ M(HTTP_GET), "limits", CALL_LIMITS, limits_get },
	{ M(HTTP_GET), "limits/recordCount", CALL_LIMITS, limits_record_count },
	{ M(HTTP_GET), "jobs/query", CALL_BULK_QUERY, bulk_query_list },
	{ M(HTTP_POST), "jobs/query", CALL_BULK_QUERY, bulk_query_create },
	{ M(HTTP_GET), "jobs/query/*", CALL_BULK_QUERY, bulk_query_get },
	{ M(HTTP_PATCH), "jobs/query/*", CALL_BULK_QUERY, bulk_query_abort },
	{ M(HTTP_DELETE), "jobs/query/*", CALL_BULK_QUERY, bulk_query_delete },
	{ M(HTTP_GET), "jobs/query/*/results", CALL_BULK_QUERY, bulk_query_results },
	{ M(HTTP_GET), "jobs/query/*/resultPages", CALL_BULK_QUERY, bulk_query_pages },
	{ M(HTTP_GET), "jobs/ingest", CALL_BULK_INGEST, bulk_ingest_list },
	{ M(HTTP_POST), "jobs/ingest", CALL_BULK_INGEST, bulk_ingest_create },
	{ M(HTTP_GET), "jobs/ingest/*", CALL_BULK_INGEST, bulk_ingest_get },
	{ M(HTTP_PATCH), "jobs/ingest/*", CALL_BULK_INGEST, bulk_ingest_change },
	{ M(HTTP_DELETE), "jobs/ingest/*", CALL_BULK_INGEST, bulk_ingest_delete },
	{ M(HTTP_PUT), "jobs/ingest/*/batches", CALL_BULK_INGEST, bulk_ingest_upload },
	{ M(HTTP_GET), "jobs/ingest/*/successfulResults", CALL_BULK_INGEST,
		bulk_ingest_successful },
	{ M(HTTP_GET), "jobs/ingest/*/failedResults", CALL_BULK_INGEST, bulk_ingest_failed },
	{ M(HTTP_GET), "jobs/ingest/*/unprocessedRecords", CALL_BULK_INGEST,
		bulk_ingest_unprocessed },
};

/* ---- paths ---- */

typedef struct Path {
	Str segments[SEGMENTS_MAX];
	size_t count;
	bool is_bad; /* a double slash, too many parts or a bad escape: 404 */
} Path;

static Path split_path(Call *call, Str path)
{
	Path out = { 0 };
	Str rest = str_from_pos(path, 1), part;
	if (str_ends(rest, STR("/")))
		rest.len--;
	if (!rest.len)
		return out;
	while (str_split(&rest, '/', &part)) {
		Buf text = BUF_MAX(URI_BYTES_MAX);
		if (!part.len || out.count == SEGMENTS_MAX || !percent_decode(&text, part, false))
			out.is_bad = true;
		else
			out.segments[out.count++] = arena_str(call->arena, buf_str(&text));
		buf_fini(&text);
		if (out.is_bad)
			break;
	}
	return out;
}

static bool matches(Call *call, const Path *path, size_t from, const char *pattern)
{
	Str rest = str_from(pattern), part;
	size_t at = from, params = 0;
	while (rest.len && str_split(&rest, '/', &part)) {
		if (at == path->count)
			return false;
		if (str_eq(part, STR("*")))
			call->params[params++] = path->segments[at];
		else if (!str_eq_nocase(part, path->segments[at]))
			return false;
		at++;
		if (!rest.ptr)
			break;
	}
	return at == path->count;
}

/* POST ...?_HttpMethod=PATCH is for clients without PATCH. HEAD is answered like GET. */
static HttpMethod method_of(Call *call)
{
	HttpMethod method = call->request->method;
	if (method == HTTP_HEAD)
		return HTTP_GET;
	Str other = method == HTTP_POST ? call_param(call, "_HttpMethod") : STR_NONE;
	return other.len ? http_method_parse(other) : method;
}

static void fail_method(Call *call, unsigned allowed)
{
	static const HttpMethod order[] = { HTTP_GET, HTTP_POST, HTTP_PATCH, HTTP_PUT,
		HTTP_DELETE };
	Buf list = BUF_MAX(256);
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		if (!(allowed & M(order[i])))
			continue;
		buf_printf(&list, "%s%s", list.len ? "," : "",
			order[i] == HTTP_GET ? "HEAD,GET" : http_method_name(order[i]));
	}
	fail_route(call, 405, "METHOD_NOT_ALLOWED",
		arena_printf(call->arena, "HTTP Method '%.*s' not allowed. Allowed are %.*s",
			STR_ARG(call->request->method_name), STR_ARG(buf_str(&list))));
	buf_fini(&list);
}

/* ---- a data call ---- */

static bool read_version(Call *call, Str segment)
{
	int64_t version;
	Str number = str_from_pos(segment, 1);
	bool fits = (str_starts(segment, STR("v")) || str_starts(segment, STR("V")))
		&& str_ends(number, STR(".0"))
		&& str_to_i64(str_sub(number, 0, number.len - 2), 1, 999, &version);
	if (!fits || version > API_VERSION_MAX) {
		fail_not_found(call);
		return false;
	}
	if (version < API_VERSION_MIN) {
		/* The body of a real 410 was never seen. */
		fail_route(call, 410, "GONE", STR("The requested resource is no longer available"));
		return false;
	}
	call->version = (unsigned)version;
	call->version_text = number;
	return true;
}

static void fail_session(Call *call, const char *code, Str message)
{
	fail_plain(call, 401, code, message);
	call->reply->close_connection = true;
}

static bool read_session(Call *call)
{
	Str header = http_request_header(call->request, STR("Authorization")), token = STR_NONE;
	if (str_starts(header, STR("Bearer ")))
		token = str_trim(str_from_pos(header, 7));
	else if (str_starts(header, STR("OAuth ")))
		token = str_trim(str_from_pos(header, 6));
	if (header.len && !token.len) {
		fail_session(call, "INVALID_AUTH_HEADER", STR("INVALID_HEADER_TYPE"));
		return false;
	}
	call->session = session_find(&call->org->sessions, token, call->now_ms);
	if (!call->session)
		fail_session(call, "INVALID_SESSION_ID", STR("Session expired or invalid"));
	return call->session != NULL;
}

/* The call is counted when it is let in, whatever becomes of it. */
static bool count_call(Call *call)
{
	Usage *usage = &call->org->usage;
	call->has_limit_info = true;
	if (usage_used(usage, call->now_ms) >= usage->max) {
		fail_plain(
			call, 403, "REQUEST_LIMIT_EXCEEDED", STR("TotalRequests Limit exceeded."));
		return false;
	}
	usage_count(usage, call->now_ms);
	return true;
}

static void route_api(Call *call, const Path *path)
{
	unsigned allowed = 0;
	HttpMethod method = method_of(call);
	for (size_t i = 0; i < ARRAY_LEN(api_routes); i++) {
		const ApiRoute *route = &api_routes[i];
		if (!matches(call, path, 3, route->path))
			continue;
		allowed |= route->methods;
		if (!(route->methods & M(method)))
			continue;
		call->org->usage.by_kind[route->kind]++;
		route->handle(call);
		return;
	}
	call->org->usage.by_kind[CALL_OTHER]++;
	if (allowed)
		fail_method(call, allowed);
	else
		fail_not_found(call);
}

static void handle_data(Call *call, const Path *path)
{
	if (path->count == 2) {
		call->org->usage.by_kind[CALL_VERSIONS]++;
		if (method_of(call) == HTTP_GET)
			describe_versions(call);
		else
			fail_method(call, M(HTTP_GET));
		return;
	}
	if (read_version(call, path->segments[2]) && read_session(call) && count_call(call))
		route_api(call, path);
}

/* ---- the rest of the site ---- */

static const struct {
	unsigned methods;
	const char *path;
	CallKind kind;
	void (*handle)(Call *call);
	bool is_token_call;
} site_routes[] = {
	{ M(HTTP_POST), "services/oauth2/token", CALL_LOGIN, auth_token, true },
	{ M(HTTP_POST) | M(HTTP_GET), "services/oauth2/revoke", CALL_LOGIN, auth_revoke, true },
	{ M(HTTP_POST) | M(HTTP_GET), "services/oauth2/userinfo", CALL_IDENTITY, auth_userinfo,
		false },
	{ M(HTTP_POST) | M(HTTP_GET), "id/*/*", CALL_IDENTITY, auth_identity, false },
	{ M(HTTP_POST), "services/Soap/u/*", CALL_LOGIN, soap_handle, false },
	{ M(HTTP_POST), "services/Soap/u/*/*", CALL_LOGIN, soap_handle, false },
};

static void handle_site(Call *call, const Path *path)
{
	unsigned allowed = 0;
	for (size_t i = 0; i < ARRAY_LEN(site_routes); i++) {
		if (!matches(call, path, 0, site_routes[i].path))
			continue;
		allowed |= site_routes[i].methods;
		if (!(site_routes[i].methods & M(method_of(call))))
			continue;
		call->org->usage.by_kind[site_routes[i].kind]++;
		call->is_token_call = site_routes[i].is_token_call;
		site_routes[i].handle(call);
		return;
	}
	call->org->usage.by_kind[CALL_OTHER]++;
	if (allowed)
		fail_method(call, allowed);
	else
		call_text(call, 404, STR("text/html;charset=UTF-8"),
			STR("<html><head><title>Page not found</title></head><body>"
			    "<p>URL No Longer Exists</p></body></html>"));
}

static void handle_path(Call *call)
{
	Path path = split_path(call, call->request->path);
	bool is_data = path.count >= 2 && str_eq_nocase(path.segments[0], STR("services"))
		&& str_eq_nocase(path.segments[1], STR("data"));
	if (path.is_bad)
		fail_not_found(call);
	else if (is_data)
		handle_data(call, &path);
	else
		handle_site(call, &path);
}

/* ---- what may be wrong before any path is looked at ---- */

static bool check_size(Call *call)
{
	const HttpRequest *request = call->request;
	size_t uri = request->path.len + request->query.len + 1, all = uri;
	for (size_t i = 0; i < request->header_count; i++)
		all += request->headers[i].name.len + request->headers[i].value.len + 4;
	if (uri > URI_BYTES_MAX)
		call_text(call, 414, STR("text/html;charset=iso-8859-1"),
			STR("<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>"));
	else if (all > URI_BYTES_MAX)
		call_text(call, 431, STR("text/html;charset=iso-8859-1"),
			STR("<h1>Bad Message 431</h1><pre>reason: Request Header Fields Too "
			    "Large</pre>"));
	return all <= URI_BYTES_MAX;
}

static const char maintenance_page[] =
	"<html><head><title>We are down for maintenance.</title></head><body>"
	"<h1>We are down for maintenance.</h1><p>Sorry for the inconvenience. We'll be back "
	"shortly.</p></body></html>";

static bool check_condition(Call *call)
{
	if (call->org->condition == CONDITION_MAINTENANCE) {
		call_text(call, 503, STR("text/html;charset=UTF-8"), str_from(maintenance_page));
		return false;
	}
	if (call->org->condition == CONDITION_GONE) {
		call_text(call, 200, STR("text/html;charset=UTF-8"),
			STR("<html><body><p>This organization is no longer active.</p></body></html>"));
		return false;
	}
	return true;
}

/* A body sent with Content-Encoding: gzip is unpacked into *unpacked. */
static bool read_body(Call *call, Buf *unpacked)
{
	call->body = call->request->body;
	Str encoding = http_request_header(call->request, STR("Content-Encoding"));
	/* The server may have unpacked it already; no JSON, CSV or form begins with gzip's magic.
	 */
	if (!str_eq_nocase(encoding, STR("gzip")) || !str_starts(call->body, STR("\x1f\x8b")))
		return true;
	if (!gzip_decode(call->body, unpacked, NULL)) {
		fail_plain(call, 400, "JSON_PARSER_ERROR", STR("The request body is not gzip"));
		return false;
	}
	call->body = buf_str(unpacked);
	return true;
}

/* ---- faults ---- */

/* True when the fault answers instead of the org. */
static bool fault_before(Call *call, const Fault *fault, int64_t *hold_ms)
{
	if (!fault)
		return false;
	switch (fault->kind) {
	case FAULT_DELAY:
		*hold_ms += fault->delay_ms;
		return false;
	case FAULT_RESET_BEFORE:
		call->reply->drop_connection = true;
		return true;
	case FAULT_STATUS:
		call_text(call, fault->status,
			fault->content_type ? arena_str(call->arena, str_from(fault->content_type))
					    : STR("application/json;charset=UTF-8"),
			fault->body ? str_from(fault->body) : STR(""));
		return true;
	case FAULT_HTML:
		call_text(call, fault->status, STR("text/html;charset=UTF-8"),
			fault->body ? str_from(fault->body) : str_from(maintenance_page));
		return true;
	case FAULT_RESET_AFTER:
	case FAULT_TRUNCATE:
	case FAULT_RECORD:
	case FAULT_KINDS:
		break;
	}
	return false;
}

static void fault_after(Call *call, const Fault *fault)
{
	if (fault && fault->kind == FAULT_RESET_AFTER)
		call->reply->drop_connection = true;
	if (fault && fault->kind == FAULT_TRUNCATE)
		call->reply->cut_after_bytes = (size_t)fault->bytes;
}

static Str base_url(Call *call)
{
	Str host = http_request_header(call->request, STR("Host"));
	Str scheme = http_request_header(call->request, STR("X-Forwarded-Proto"));
	return arena_printf(call->arena, "%s://%.*s",
		str_eq_nocase(scheme, STR("https")) ? "https" : "http",
		STR_ARG(host.len ? host : STR("localhost")));
}

int64_t org_handle(Org *org, const HttpRequest *request, Arena *arena, HttpReply *reply)
{
	Call call = { .org = org,
		.request = request,
		.arena = arena,
		.reply = reply,
		.now_ms = org_now_ms(org) };
	int64_t hold_ms = org->latency_ms;
	CLEANUP(buf_fini) Buf unpacked = BUF_MAX(REQUEST_BODY_MAX);
	call.base_url = base_url(&call);
	const Fault *fault = faults_take(&org->faults, request);
	if (!fault_before(&call, fault, &hold_ms) && check_condition(&call) && check_size(&call)
		&& read_body(&call, &unpacked))
		handle_path(&call);
	fault_after(&call, fault);
	if (reply->drop_connection)
		reply->status = 0;
	else
		call_finish(&call);
	journal_add(org, request, call.body, reply);
	return hold_ms;
}
