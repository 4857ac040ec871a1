#include "base/base.h"

#include "app/org_client.h"

#include "sf/curl.h"

static bool open_curl(OrgNet *net, Transport **out, Err *err)
{
	const Config *config = CONTAINER_OF(net, CurlNet, net)->config;
	const CurlOptions options = { .allow_plain_http = config->allow_http_orgs };
	return curl_open(&options, out, err);
}

void curl_net_init(CurlNet *net, const Config *config)
{
	*net = (CurlNet){ .net = { open_curl }, .config = config };
}

bool org_client_open(
	OrgNet *net, Clock *clock, const OrgConnection *connection, OrgClient *out, Err *err)
{
	OrgClient made = { 0 };
	if (!net->open(net, &made.transport, err))
		return false;
	const SfClientOptions options = {
		.transport = made.transport,
		.clock = clock,
		.credentials = {
			.grant = connection->grant == GRANT_JWT_BEARER ? SF_GRANT_JWT_BEARER
								       : SF_GRANT_CLIENT_CREDENTIALS,
			.login_url = connection->login_url,
			.client_id = connection->client_id,
			.username = connection->username,
			.secret = connection->secret,
		},
		.api_version = connection->api_version,
		.org_id = connection->org_id,
	};
	if (!sf_client_open(&options, &made.sf, err)) {
		org_client_close(&made);
		return false;
	}
	*out = made;
	return true;
}

void org_client_close(OrgClient *client)
{
	if (client->sf)
		sf_client_close(&client->sf);
	if (client->transport)
		transport_close(&client->transport);
}
