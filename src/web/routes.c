#include "base/base.h"

#include "web/api.h"
#include "web/internal.h"
#include "web/public.h"

enum {
	RECIPIENTS = 1U << LISTENER_RECIPIENTS,
	DESK = 1U << LISTENER_ADMIN | 1U << LISTENER_LOCAL,
	EVERYWHERE = RECIPIENTS | DESK,
};

/* Method, path, handler, listeners, scopes (any one of them), operationId in doc/openapi.yaml. The
 * guard lets scopes include each other: admin all, user read. */
static const Route routes[] = {
	{ HTTP_GET, "/u/{token}", public_get_link, RECIPIENTS, 0, "showLink" },
	{ HTTP_POST, "/u/{token}", public_post_link, RECIPIENTS, 0, "useLink" },
	{ HTTP_POST, "/u", public_post_address, RECIPIENTS, 0, "typeAddress" },
	{ HTTP_GET, "/healthz", health_live, EVERYWHERE, 0, "getHealth" },
	{ HTTP_GET, "/readyz", health_ready, EVERYWHERE, 0, "getReadiness" },
	{ HTTP_GET, "/metrics", metrics_get, DESK, SCOPE_READ, "getMetrics" },
	{ HTTP_GET, "/api/v1/status", api_status_get, DESK, SCOPE_READ, "getStatus" },
	{ HTTP_GET, "/api/v1/people", api_people_list, DESK, SCOPE_READ, "listPeople" },
	{ HTTP_POST, "/api/v1/people/import", api_people_import, DESK, SCOPE_ADMIN,
		"importPeople" },
	{ HTTP_GET, "/api/v1/people/{id:int}", api_people_get, DESK, SCOPE_READ, "getPerson" },
	{ HTTP_GET, "/api/v1/people/by-address/{address}", api_people_get_by_address, DESK,
		SCOPE_READ, "getPersonByAddress" },
	{ HTTP_POST, "/api/v1/people/{id:int}/remove-unsubscribe", api_people_remove_unsubscribe,
		DESK, SCOPE_ADMIN, "removeUnsubscribe" },
	{ HTTP_POST, "/api/v1/unsubscribes", api_unsubscribes_add, DESK, SCOPE_USER | SCOPE_SEND,
		"addUnsubscribe" },
	{ HTTP_GET, "/api/v1/check", api_check_get, DESK, SCOPE_SEND | SCOPE_READ, "checkAddress" },
	{ HTTP_POST, "/api/v1/check", api_check_post, DESK, SCOPE_SEND | SCOPE_READ,
		"checkAddresses" },
	{ HTTP_POST, "/api/v1/links", api_links_add, DESK, SCOPE_SEND, "makeLinks" },
	{ HTTP_GET, "/api/v1/runs", api_runs_list, DESK, SCOPE_READ, "listRuns" },
	{ HTTP_POST, "/api/v1/runs", api_runs_add, DESK, SCOPE_ADMIN, "askForRun" },
	{ HTTP_GET, "/api/v1/runs/{id:int}", api_runs_get, DESK, SCOPE_READ, "getRun" },
	{ HTTP_POST, "/api/v1/runs/{id:int}/approve", api_runs_approve, DESK, SCOPE_ADMIN,
		"approveRun" },
	{ HTTP_POST, "/api/v1/runs/{id:int}/discard", api_runs_discard, DESK, SCOPE_ADMIN,
		"discardRun" },
	{ HTTP_GET, "/api/v1/runs/{id:int}/plan", api_runs_plan, DESK, SCOPE_READ, "getPlan" },
	{ HTTP_GET, "/api/v1/settings", api_settings_get, DESK, SCOPE_READ, "getSettings" },
	{ HTTP_PATCH, "/api/v1/settings", api_settings_patch, DESK, SCOPE_ADMIN, "changeSettings" },
	{ HTTP_GET, "/api/v1/org", api_org_list, DESK, SCOPE_READ, "listOrgs" },
	{ HTTP_POST, "/api/v1/org", api_org_connect, DESK, SCOPE_ADMIN, "connectOrg" },
	{ HTTP_GET, "/api/v1/org/status", api_org_status, DESK, SCOPE_READ, "getOrgStatus" },
	{ HTTP_POST, "/api/v1/tokens", api_tokens_add, DESK, SCOPE_ADMIN, "addToken" },
	{ HTTP_GET, "/api/v1/diagnostics", api_diagnostics_get, DESK, SCOPE_READ,
		"getDiagnostics" },
};

const Route *web_routes(size_t *out_count)
{
	*out_count = ARRAY_LEN(routes);
	return routes;
}
