/* api.h: the handlers of the JSON API, one file per resource (api_*.c), and of health and metrics.
 * What each answers is described in doc/openapi.yaml; the table that binds them to paths is in
 * routes.c. `web` is a Web. */
#ifndef WEB_API_H
#define WEB_API_H

#include "base/base.h"
#include "http/message.h"

void api_people_list(void *web, HttpExchange *exchange);
void api_people_get(void *web, HttpExchange *exchange);
void api_people_get_by_address(void *web, HttpExchange *exchange);
void api_people_remove_unsubscribe(void *web, HttpExchange *exchange);
void api_people_import(void *web, HttpExchange *exchange);
void api_unsubscribes_add(void *web, HttpExchange *exchange);
void api_check_get(void *web, HttpExchange *exchange);
void api_check_post(void *web, HttpExchange *exchange);
void api_links_add(void *web, HttpExchange *exchange);
void api_runs_list(void *web, HttpExchange *exchange);
void api_runs_get(void *web, HttpExchange *exchange);
void api_runs_add(void *web, HttpExchange *exchange);
void api_runs_approve(void *web, HttpExchange *exchange);
void api_runs_discard(void *web, HttpExchange *exchange);
void api_runs_plan(void *web, HttpExchange *exchange);
void api_settings_get(void *web, HttpExchange *exchange);
void api_settings_patch(void *web, HttpExchange *exchange);
void api_org_list(void *web, HttpExchange *exchange);
void api_org_connect(void *web, HttpExchange *exchange);
void api_org_status(void *web, HttpExchange *exchange);
void api_tokens_add(void *web, HttpExchange *exchange);
void api_diagnostics_get(void *web, HttpExchange *exchange);
void api_status_get(void *web, HttpExchange *exchange);
void health_live(void *web, HttpExchange *exchange);
void health_ready(void *web, HttpExchange *exchange);
void metrics_get(void *web, HttpExchange *exchange);

#endif
