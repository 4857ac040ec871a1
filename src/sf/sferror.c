#include "base/base.h"

#include "sf/sferror.h"

static const char *const class_names[SF_CLASS_COUNT] = {
	[SF_CLASS_NONE] = "none",
	[SF_CLASS_AGAIN] = "again",
	[SF_CLASS_SESSION] = "session",
	[SF_CLASS_BUDGET] = "budget",
	[SF_CLASS_ADMIN] = "admin",
	[SF_CLASS_RECORD] = "record",
	[SF_CLASS_DELETED] = "deleted",
	[SF_CLASS_CONVERTED] = "converted",
	[SF_CLASS_BUG] = "bug",
};

const char *sf_class_name(SfClass cls)
{
	assert(cls < SF_CLASS_COUNT);
	return class_names[cls];
}

#define NO_ADVICE ""
#define ADVICE_FLS                                                                                 \
	"Give the integration user read and edit access to the field (permission set, field "      \
	"permissions) and check that the field exists on this object"
#define ADVICE_OBJECT                                                                              \
	"Give the integration user read and edit permission on the object, and check the API "     \
	"version of the connection"
#define ADVICE_RECORD_ACCESS                                                                       \
	"Give the integration user edit access to the record: \"Modify All\" on the object, or "   \
	"sharing; also look for an approval lock"
#define ADVICE_RULE                                                                                \
	"Repair the record, or exempt the integration user from the rule that the message names"
#define ADVICE_AUTOMATION                                                                          \
	"Repair the trigger or flow that the message names, or exempt the integration user from it"
#define ADVICE_API                                                                                 \
	"Give the integration user the permission \"API Enabled\"; the org's edition must include" \
	" the API"
#define ADVICE_APP "Allow the connected app for the integration user in Setup"
#define ADVICE_POLICY                                                                              \
	"Exempt the integration user from the transaction security policy, or change the policy"
#define ADVICE_LOGIN "Check the integration user's login rules (profile, network, password, MFA)"
#define ADVICE_ORG   "Restore the org with Salesforce"
#define ADVICE_ID                                                                                  \
	"Check the Salesforce ID of this record in the import, and that it belongs to this org"
#define ADVICE_REPORT "Report this to the makers of Optout with the log lines around it"
#define ADVICE_BUDGET                                                                              \
	"Daily API calls are used up: find out which integration uses them, or buy more calls"

static const SfErrorInfo table[] = {
#define ROW(code_, cls_, meaning_, advice_)                                                        \
	{                                                                                          \
		STR_INIT(code_), SF_CLASS_##cls_, meaning_, advice_                                \
	}
	/* Retried (salesforce-api.md 4.2). */
	ROW("UNABLE_TO_LOCK_ROW", AGAIN, "somebody else is saving this record or its account",
		NO_ADVICE),
	ROW("SERVER_UNAVAILABLE", AGAIN, "Salesforce is overloaded", NO_ADVICE),
	ROW("REQUEST_RUNNING_TOO_LONG", AGAIN, "the call took too long", NO_ADVICE),
	ROW("QUERY_TIMEOUT", AGAIN, "the query took too long", NO_ADVICE),
	ROW("TOO_MANY_JOBS", AGAIN, "too many Bulk jobs are running", NO_ADVICE),
	ROW("TOO_MANY_APEX_REQUESTS", AGAIN, "too many calls are running Apex", NO_ADVICE),
	ROW("UNKNOWN_EXCEPTION", AGAIN, "Salesforce had an internal error",
		"If it stays, give Salesforce support the ErrorId of the message"),
	ROW("INTERNAL_ERROR", AGAIN, "Salesforce had an internal error",
		"If it stays, give Salesforce support the message"),
	ROW("INTERNAL_SERVER_ERROR", AGAIN, "Salesforce had an internal error",
		"If it stays, give Salesforce support the message"),
	ROW("FUNCTIONALITY_TEMPORARILY_UNAVAILABLE", AGAIN,
		"switched off by Salesforce for a while", NO_ADVICE),
	ROW("SSO_SERVICE_DOWN", AGAIN, "the single sign-on service is down", NO_ADVICE),
	ROW("ORG_IN_MAINTENANCE", AGAIN, "the org is in maintenance", NO_ADVICE),
	ROW("INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", AGAIN,
		"the org is read-only during maintenance", NO_ADVICE),
	ROW("BATCH_PROCESSING_HALTED", AGAIN, "another record stopped the batch", NO_ADVICE),
	ROW("PROCESSING_HALTED", AGAIN, "another part of the call failed", NO_ADVICE),
	ROW("ALL_OR_NONE_OPERATION_ROLLED_BACK", AGAIN, "another record of the call failed",
		NO_ADVICE),
	ROW("TXN_SECURITY_METERING_ERROR", AGAIN, "a transaction security policy took too long",
		ADVICE_POLICY),
	ROW("TXN_SECURITY_RUNTIME_ERROR", AGAIN, "a transaction security policy failed",
		ADVICE_POLICY),
	ROW("INVALID_QUERY_LOCATOR", AGAIN, "the query's cursor has expired", NO_ADVICE),
	ROW("INVALID_LOCATOR", AGAIN, "the query's cursor has expired", NO_ADVICE),
	ROW("INVALID_SESSION_ID", SESSION, "the session has ended", NO_ADVICE),
	ROW("URL_NOT_RESET", SESSION, "the org has moved to another server", NO_ADVICE),
	ROW("REQUEST_LIMIT_EXCEEDED", BUDGET, "a request limit of the org is used up",
		ADVICE_BUDGET),
	ROW("LIMIT_EXCEEDED", BUDGET, "a limit of the org is used up", ADVICE_BUDGET),
	ROW("EXCEEDED_QUOTA", BUDGET, "a daily allowance of the org is used up", ADVICE_BUDGET),
	ROW("EXCEEDEDQUOTA", BUDGET, "a daily Bulk allowance of the org is used up", ADVICE_BUDGET),

	/* An admin (4.3). Everything that is a rule of the customer's org belongs here, too. */
	ROW("INVALID_FIELD", ADMIN,
		"the field does not exist or is hidden from the integration user", ADVICE_FLS),
	ROW("INVALID_FIELD_FOR_INSERT_UPDATE", ADMIN, "the integration user may not edit the field",
		ADVICE_FLS),
	ROW("FIELD_NOT_UPDATABLE", ADMIN, "the field cannot be edited", ADVICE_FLS),
	ROW("INVALID_TYPE", ADMIN, "the object is hidden from the integration user", ADVICE_OBJECT),
	ROW("ENTITY_NOT_QUERYABLE", ADMIN, "the object cannot be queried", ADVICE_OBJECT),
	ROW("INVALID_TYPE_FOR_OPERATION", ADMIN, "the object does not allow this", ADVICE_OBJECT),
	ROW("INVALIDENTITY", ADMIN, "the object is not offered by the Bulk API", ADVICE_OBJECT),
	ROW("NOT_FOUND", ADMIN, "the address does not exist for the integration user",
		ADVICE_OBJECT),
	ROW("FORBIDDEN", ADMIN, "the integration user may not do this", ADVICE_OBJECT),
	ROW("INSUFFICIENT_ACCESS", ADMIN, "the integration user may not edit this record",
		ADVICE_RECORD_ACCESS),
	ROW("INSUFFICIENT_ACCESS_OR_READONLY", ADMIN,
		"the integration user may not edit this record", ADVICE_RECORD_ACCESS),
	ROW("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", ADMIN,
		"the integration user may not see a related record", ADVICE_RECORD_ACCESS),
	ROW("INVALID_PERSON_ACCOUNT_OPERATION", ADMIN,
		"a person account must be written through its account",
		"Import the account's ID (001...) for this person"),
	ROW("API_ERROR", ADMIN, "the Bulk API refused",
		"Give the integration user \"View All Data\""),
	ROW("API_DISABLED_FOR_ORG", ADMIN, "the API is not enabled", ADVICE_API),
	ROW("API_CURRENTLY_DISABLED", ADMIN, "the API is not enabled for this user", ADVICE_API),
	ROW("FUNCTIONALITY_NOT_ENABLED", ADMIN, "a function is not enabled in the org", ADVICE_ORG),
	ROW("FEATURENOTENABLED", ADMIN, "a function is not enabled for this user", ADVICE_OBJECT),
	ROW("PACKAGE_LICENSE_REQUIRED", ADMIN, "a package licence is missing",
		"Assign the package licence to the integration user"),
	ROW("REQUIRED_FEATURE_MISSING", ADMIN, "the org lacks a feature", ADVICE_ORG),
	ROW("CLIENT_NOT_ACCESSIBLE_FOR_USER", ADMIN, "the app is blocked for this user",
		ADVICE_APP),
	ROW("INVALID_CLIENT", ADMIN, "the app is blocked for this user", ADVICE_APP),
	ROW("LOGIN_DURING_RESTRICTED_DOMAIN", ADMIN, "login from this network is not allowed",
		"Add this server's address to the profile's trusted IP ranges"),
	ROW("LOGIN_DURING_RESTRICTED_TIME", ADMIN, "login is not allowed at this time",
		ADVICE_LOGIN),
	ROW("LOGIN_CHALLENGE_ISSUED", ADMIN, "Salesforce asks for a verification", ADVICE_LOGIN),
	ROW("LOGIN_CHALLENGE_PENDING", ADMIN, "Salesforce waits for a verification", ADVICE_LOGIN),
	ROW("PASSWORD_LOCKOUT", ADMIN, "the user is locked out", ADVICE_LOGIN),
	ROW("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", ADMIN, "the user's password has expired",
		ADVICE_LOGIN),
	ROW("INVALID_LOGIN", ADMIN, "the login was refused", ADVICE_LOGIN),
	ROW("TRIAL_EXPIRED", ADMIN, "the org's trial has expired", ADVICE_ORG),
	ROW("ORG_LOCKED", ADMIN, "the org is locked", ADVICE_ORG),
	ROW("ORG_IS_SIGNING_UP", ADMIN, "the org is not ready yet", ADVICE_ORG),
	ROW("STORAGE_LIMIT_EXCEEDED", ADMIN, "the org's storage is full",
		"Free storage in the org, or buy more"),
	ROW("TXN_SECURITY_NO_ACCESS", ADMIN, "a transaction security policy blocks the user",
		ADVICE_POLICY),
	ROW("TXN_SECURITY_TWO_FA_REQUIRED", ADMIN,
		"a transaction security policy asks for a second factor", ADVICE_POLICY),
	ROW("TXN_SECURITY_END_A_SESSION", ADMIN,
		"a transaction security policy wants a session ended", ADVICE_POLICY),
	ROW("TXN_SECURITY_FAIL_CLOSE", ADMIN, "a transaction security policy blocks the user",
		ADVICE_POLICY),
	ROW("TXN_SECURITY_APEX_ERROR", ADMIN, "a transaction security policy failed",
		ADVICE_POLICY),
	ROW("INACTIVE_OWNER_OR_USER", ADMIN, "the record's owner is inactive",
		"Give the record an active owner, or allow updates with inactive owners"),
	ROW("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", ADMIN, "a trigger failed", ADVICE_AUTOMATION),
	ROW("CANNOT_EXECUTE_FLOW_TRIGGER", ADMIN, "a flow failed", ADVICE_AUTOMATION),
	ROW("CUSTOM_APEX_ERROR", ADMIN, "Apex code failed", ADVICE_AUTOMATION),
	ROW("APEX_ERROR", ADMIN, "Apex code failed", ADVICE_AUTOMATION),
	ROW("FLOW_EXCEPTION", ADMIN, "a flow failed", ADVICE_AUTOMATION),
	ROW("APEX_DATA_ACCESS_RESTRICTION", ADMIN, "Apex code was refused access",
		ADVICE_AUTOMATION),
	ROW("UNSUPPORTED_API_VERSION", ADMIN, "the org does not offer this API version",
		"Set a newer API version for the connection"),
	ROW("OPERATION_TOO_LARGE", ADMIN, "the query is too large for this user",
		"Give the integration user \"View All Data\""),
	ROW("QUERY_TOO_COMPLICATED", ADMIN, "the query is too complicated",
		"Reduce formula fields among those that are read"),
	ROW("FIELD_CUSTOM_VALIDATION_EXCEPTION", ADMIN, "a validation rule refused the change",
		ADVICE_RULE),
	ROW("FIELD_INTEGRITY_EXCEPTION", ADMIN, "a field rule refused the change", ADVICE_RULE),
	ROW("FIELD_FILTER_VALIDATION_EXCEPTION", ADMIN, "a lookup filter refused the change",
		ADVICE_RULE),
	ROW("REQUIRED_FIELD_MISSING", ADMIN, "the record lacks a required field", ADVICE_RULE),
	ROW("STRING_TOO_LONG", ADMIN, "a field of the record is too long", ADVICE_RULE),
	ROW("NUMBER_OUTSIDE_VALID_RANGE", ADMIN, "a number of the record is out of range",
		ADVICE_RULE),
	ROW("INVALID_EMAIL_ADDRESS", ADMIN, "an e-mail field of the record is invalid",
		ADVICE_RULE),
	ROW("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ADMIN,
		"a picklist field of the record is invalid", ADVICE_RULE),
	ROW("TEXT_DATA_OUTSIDE_SUPPORTED_CHARSET", ADMIN, "a text of the record is invalid",
		ADVICE_RULE),
	ROW("DUPLICATES_DETECTED", ADMIN, "a duplicate rule refused the change", ADVICE_RULE),
	ROW("DUPLICATE_VALUE", ADMIN, "a unique field of the record is taken", ADVICE_RULE),
	ROW("DUPLICATE_EXTERNAL_ID", ADMIN, "a unique field of the record is taken", ADVICE_RULE),
	ROW("ENTITY_IS_LOCKED", ADMIN, "an approval process locks the record",
		"End the approval, or allow the integration user to edit locked records"),
	ROW("ENTITY_IS_ARCHIVED", ADMIN, "the record is archived", ADVICE_RULE),

	/* The record itself (4.4; product.md: only ENTITY_IS_DELETED unlinks). */
	ROW("ENTITY_IS_DELETED", DELETED, "the record is deleted or merged away", NO_ADVICE),
	ROW("CANNOT_UPDATE_CONVERTED_LEAD", CONVERTED, "the lead is converted; its contact counts",
		NO_ADVICE),
	ROW("MALFORMED_ID", RECORD, "the ID is malformed", ADVICE_ID),
	ROW("INVALID_CROSS_REFERENCE_KEY", RECORD, "no record has this ID in this org", ADVICE_ID),
	ROW("INVALID_ID_FIELD", RECORD, "the ID is malformed", ADVICE_ID),

	/* Ours. */
	ROW("JSON_PARSER_ERROR", BUG, "Salesforce could not read our call", ADVICE_REPORT),
	ROW("MALFORMED_QUERY", BUG, "Salesforce could not read our query", ADVICE_REPORT),
	ROW("INVALID_QUERY_FILTER_OPERATOR", BUG, "our query has an unusable filter",
		ADVICE_REPORT),
	ROW("EXCEEDED_MAX_SEMIJOIN_SUBSELECTS", BUG, "our query has too many parts", ADVICE_REPORT),
	ROW("MISSING_ARGUMENT", BUG, "our call lacks something", ADVICE_REPORT),
	ROW("ID_REQUIRED", BUG, "our call lacks an ID", ADVICE_REPORT),
	ROW("INVALID_INPUT", BUG, "our call is not understood", ADVICE_REPORT),
	ROW("EXCEEDED_ID_LIMIT", BUG, "our call has too many records", ADVICE_REPORT),
	ROW("METHOD_NOT_ALLOWED", BUG, "our call used the wrong method", ADVICE_REPORT),
	ROW("INVALID_AUTH_HEADER", BUG, "our call had a broken header", ADVICE_REPORT),
	ROW("UNSUPPORTED_MEDIA_TYPE", BUG, "our call had the wrong type", ADVICE_REPORT),
	ROW("INVALIDJOB", BUG, "the Bulk job does not allow this", ADVICE_REPORT),
	ROW("INVALIDJOBSTATE", BUG, "the Bulk job is not in the right state", ADVICE_REPORT),
	ROW("INVALIDBATCH", BUG, "the Bulk job's data was refused", ADVICE_REPORT),
#undef ROW
};

static const SfErrorInfo unknown = { STR_INIT(""), SF_CLASS_ADMIN,
	"Salesforce refused for a reason this program does not know",
	"Read the message; it is usually a rule or permission of the org" };

const SfErrorInfo *sf_error_info(Str code)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (str_eq_nocase(table[i].code, code))
			return &table[i];
	}
	return &unknown;
}

const SfErrorInfo *sf_error_info_at(size_t index)
{
	return index < ARRAY_LEN(table) ? &table[index] : NULL;
}
