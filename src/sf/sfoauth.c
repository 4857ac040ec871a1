/* What the token endpoint's refusals mean, and what an admin does about each
 * (salesforce-api.md 1.10). */
#include "base/base.h"

#include "sf/sferror.h"

static const struct {
	Str error;  /* empty: any */
	Str needle; /* part of the description, any case; empty: any */
	SfClass cls;
	const char *meaning;
	const char *advice;
} oauth_errors[] = {
	{ STR_INIT(""), STR_INIT("user hasn't approved"), SF_CLASS_ADMIN,
		"the integration user is not pre-authorised for the app",
		"In the app's policies choose \"Admin approved users are "
		"pre-authorized\" and assign the user's profile or "
		"permission set; also check that the login URL is this org's" },
	{ STR_INIT(""), STR_INIT("audience"), SF_CLASS_ADMIN,
		"the login URL does not belong to this org",
		"Use https://test.salesforce.com or the sandbox's My Domain for a sandbox, "
		"https://login.salesforce.com or My Domain for production; check this machine's "
		"clock" },
	{ STR_INIT(""), STR_INIT("assertion"), SF_CLASS_ADMIN, "the signed assertion was refused",
		"Check that the app holds the certificate of this private key, that user name and "
		"consumer key are right, and that this machine's clock is right" },
	{ STR_INIT(""), STR_INIT("ip restricted"), SF_CLASS_ADMIN,
		"the integration user may not log in from this network",
		"Relax the app's IP restrictions, or add this server's address to the profile's "
		"login IP ranges" },
	{ STR_INIT(""), STR_INIT("client identifier invalid"), SF_CLASS_ADMIN,
		"the consumer key is unknown",
		"Copy the app's consumer key again; a new app needs up to 10 minutes until it "
		"works" },
	{ STR_INIT(""), STR_INIT("request not supported on this domain"), SF_CLASS_ADMIN,
		"client credentials are accepted at the org's own address only",
		"Use the My Domain URL (https://NAME.my.salesforce.com) as login URL" },
	{ STR_INIT(""), STR_INIT("no client credentials user"), SF_CLASS_ADMIN,
		"the app has no user to run as",
		"Set a \"Run As\" user in the app's client credentials flow" },
	{ STR_INIT(""), STR_INIT("inactive user"), SF_CLASS_ADMIN,
		"the integration user is inactive", "Activate the user in Setup" },
	{ STR_INIT(""), STR_INIT("activation secret"), SF_CLASS_ADMIN,
		"the login was refused by the app's activation",
		"Remove the device activation requirement for the integration user" },
	{ STR_INIT(""), STR_INIT("revoked"), SF_CLASS_ADMIN, "access was revoked",
		"Connect the org again" },
	{ STR_INIT(""), STR_INIT("expired access/refresh token"), SF_CLASS_ADMIN,
		"access has expired or was revoked", "Connect the org again" },
	{ STR_INIT(""), STR_INIT("authentication failure"), SF_CLASS_ADMIN,
		"Salesforce does not accept the credentials",
		"Check user name, consumer key and secret, and that the app allows this flow" },
	{ STR_INIT("invalid_client_id"), STR_INIT(""), SF_CLASS_ADMIN,
		"the consumer key is unknown",
		"Copy the app's consumer key again; a new app needs up to 10 minutes until it "
		"works" },
	{ STR_INIT("invalid_client"), STR_INIT(""), SF_CLASS_ADMIN,
		"the consumer key or secret is wrong", "Copy the app's key and secret again" },
	{ STR_INIT("invalid_client_credentials"), STR_INIT(""), SF_CLASS_ADMIN,
		"the consumer secret is wrong", "Copy the app's consumer secret again" },
	{ STR_INIT("invalid_app_access"), STR_INIT(""), SF_CLASS_ADMIN,
		"the user is not approved for the app",
		"Assign the app to the integration user's profile or permission set" },
	{ STR_INIT("inactive_user"), STR_INIT(""), SF_CLASS_ADMIN,
		"the integration user is inactive", "Activate the user in Setup" },
	{ STR_INIT("inactive_org"), STR_INIT(""), SF_CLASS_ADMIN, "the org is inactive",
		"Restore the org with Salesforce, or connect another one" },
	{ STR_INIT("unsupported_grant_type"), STR_INIT(""), SF_CLASS_ADMIN,
		"the app does not offer this way of logging in",
		"Enable the client credentials or JWT bearer flow in the app" },
	{ STR_INIT("invalid_scope"), STR_INIT(""), SF_CLASS_ADMIN, "the app lacks a scope",
		"Add the OAuth scope \"api\" to the app" },
	{ STR_INIT("rate_limit_exceeded"), STR_INIT(""), SF_CLASS_AGAIN,
		"too many logins of this user within the hour", "" },
	{ STR_INIT("server_error"), STR_INIT(""), SF_CLASS_AGAIN,
		"Salesforce's login service has a problem", "" },
	{ STR_INIT("temporarily_unavailable"), STR_INIT(""), SF_CLASS_AGAIN,
		"Salesforce's login service is not available", "" },
	{ STR_INIT(""), STR_INIT(""), SF_CLASS_ADMIN, "Salesforce refused the login",
		"Check the app and the integration user; the user's login history in Setup says "
		"more" },
};

void sf_fault_set_oauth(SfFault *out, int status, Str error, Str description)
{
	size_t i = 0;
	while ((oauth_errors[i].error.len > 0 && !str_eq(oauth_errors[i].error, error))
		|| str_find_nocase(description, oauth_errors[i].needle) < 0)
		i++; /* the last entry fits everything */
	sf_fault_set(out, status, error,
		description.len > 0 ? description : str_from(oauth_errors[i].meaning));
	out->cls = status >= 500 ? SF_CLASS_AGAIN : oauth_errors[i].cls;
	out->meaning = oauth_errors[i].meaning;
	out->advice = oauth_errors[i].advice;
}
