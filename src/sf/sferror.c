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

/* clang-format off: one line a code. */
static const SfErrorInfo table[] = {
#define CODE(code_, cls_, meaning_, advice_)                                                       \
	{ STR_INIT(code_), SF_CLASS_##cls_, meaning_, advice_ },
	/* Retried (salesforce-api.md 4.2). */
	CODE("UNABLE_TO_LOCK_ROW", AGAIN, "somebody else is saving this record or its account",
		NO_ADVICE) CODE("SERVER_UNAVAILABLE", AGAIN, "Salesforce is overloaded",
		NO_ADVICE) CODE("REQUEST_RUNNING_TOO_LONG", AGAIN, "the call took too long",
		NO_ADVICE) CODE("QUERY_TIMEOUT", AGAIN, "the query took too long",
		NO_ADVICE) CODE("TOO_MANY_JOBS", AGAIN, "too many Bulk jobs are running",
		NO_ADVICE) CODE("TOO_MANY_APEX_REQUESTS", AGAIN, "too many calls are running Apex",
		NO_ADVICE) CODE("UNKNOWN_EXCEPTION", AGAIN, "Salesforce had an internal error",
		"If it stays, give Salesforce support the ErrorId of the message") CODE("INTERNAL_ERROR",
		AGAIN, "Salesforce had an internal error",
		"If it stays, give Salesforce support the message") CODE("INTERNAL_SERVER_ERROR",
		AGAIN, "Salesforce had an internal error",
		"If it stays, give Salesforce support the message")
		CODE("FUNCTIONALITY_TEMPORARILY_UNAVAILABLE", AGAIN,
			"switched off by Salesforce for a while",
			NO_ADVICE) CODE("SSO_SERVICE_DOWN", AGAIN,
			"the single sign-on service is down",
			NO_ADVICE) CODE("ORG_IN_MAINTENANCE", AGAIN, "the org is in maintenance",
			NO_ADVICE) CODE("INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
			AGAIN, "the org is read-only during maintenance",
			NO_ADVICE) CODE("BATCH_PROCESSING_HALTED", AGAIN,
			"another record stopped the batch", NO_ADVICE) CODE("PROCESSING_HALTED",
			AGAIN, "another part of the call failed",
			NO_ADVICE) CODE("ALL_OR_NONE_OPERATION_ROLLED_BACK", AGAIN,
			"another record of the call failed",
			NO_ADVICE) CODE("TXN_SECURITY_METERING_ERROR", AGAIN,
			"a transaction security policy took too long",
			ADVICE_POLICY) CODE("TXN_SECURITY_RUNTIME_ERROR", AGAIN,
			"a transaction security policy failed",
			ADVICE_POLICY) CODE("INVALID_QUERY_LOCATOR", AGAIN,
			"the query's cursor has expired", NO_ADVICE) CODE("INVALID_LOCATOR", AGAIN,
			"the query's cursor has expired", NO_ADVICE)

			CODE("INVALID_SESSION_ID", SESSION, "the session has ended", NO_ADVICE)
				CODE("URL_NOT_RESET", SESSION,
					"the org has moved to another server", NO_ADVICE)

					CODE("REQUEST_LIMIT_EXCEEDED", BUDGET,
						"a request limit of the org is used up",
						ADVICE_BUDGET) CODE("LIMIT_EXCEEDED", BUDGET,
						"a limit of the org is used up",
						ADVICE_BUDGET) CODE("EXCEEDED_QUOTA", BUDGET,
						"a daily allowance of the org is used up",
						ADVICE_BUDGET) CODE("EXCEEDEDQUOTA", BUDGET,
						"a daily Bulk allowance of the org is used up",
						ADVICE_BUDGET)

	/* An admin (4.3). Everything that is a rule of the customer's org belongs here, too. */
	CODE("INVALID_FIELD", ADMIN,
		"the field does not exist or is hidden from the integration user",
		ADVICE_FLS) CODE("INVALID_FIELD_FOR_INSERT_UPDATE", ADMIN,
		"the integration user may not edit the field",
		ADVICE_FLS) CODE("FIELD_NOT_UPDATABLE", ADMIN, "the field cannot be edited",
		ADVICE_FLS) CODE("INVALID_TYPE", ADMIN,
		"the object is hidden from the integration user",
		ADVICE_OBJECT) CODE("ENTITY_NOT_QUERYABLE", ADMIN, "the object cannot be queried",
		ADVICE_OBJECT) CODE("INVALID_TYPE_FOR_OPERATION", ADMIN,
		"the object does not allow this", ADVICE_OBJECT) CODE("INVALIDENTITY", ADMIN,
		"the object is not offered by the Bulk API", ADVICE_OBJECT) CODE("NOT_FOUND", ADMIN,
		"the address does not exist for the integration user",
		ADVICE_OBJECT) CODE("FORBIDDEN", ADMIN, "the integration user may not do this",
		ADVICE_OBJECT) CODE("INSUFFICIENT_ACCESS", ADMIN,
		"the integration user may not edit this record",
		ADVICE_RECORD_ACCESS) CODE("INSUFFICIENT_ACCESS_OR_READONLY", ADMIN,
		"the integration user may not edit this record",
		ADVICE_RECORD_ACCESS) CODE("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", ADMIN,
		"the integration user may not see a related record",
		ADVICE_RECORD_ACCESS) CODE("INVALID_PERSON_ACCOUNT_OPERATION", ADMIN,
		"a person account must be written through its account",
		"Import the account's ID (001...) for this person") CODE("API_ERROR", ADMIN,
		"the Bulk API refused",
		"Give the integration user \"View All Data\"") CODE("API_DISABLED_FOR_ORG", ADMIN,
		"the API is not enabled", ADVICE_API) CODE("API_CURRENTLY_DISABLED", ADMIN,
		"the API is not enabled for this user",
		ADVICE_API) CODE("FUNCTIONALITY_NOT_ENABLED", ADMIN,
		"a function is not enabled in the org", ADVICE_ORG) CODE("FEATURENOTENABLED", ADMIN,
		"a function is not enabled for this user",
		ADVICE_OBJECT) CODE("PACKAGE_LICENSE_REQUIRED", ADMIN,
		"a package licence is missing",
		"Assign the package licence to the integration user") CODE("REQUIRED_FEATURE_MISSING",
		ADMIN, "the org lacks a feature", ADVICE_ORG) CODE("CLIENT_NOT_ACCESSIBLE_FOR_USER",
		ADMIN, "the app is blocked for this user",
		ADVICE_APP) CODE("INVALID_CLIENT", ADMIN, "the app is blocked for this user",
		ADVICE_APP) CODE("LOGIN_DURING_RESTRICTED_DOMAIN", ADMIN,
		"login from this network is not allowed",
		"Add this server's address to the profile's trusted IP ranges") CODE("LOGIN_DURING_RESTRICTED_TIME",
		ADMIN, "login is not allowed at this time",
		ADVICE_LOGIN) CODE("LOGIN_CHALLENGE_ISSUED", ADMIN,
		"Salesforce asks for a verification", ADVICE_LOGIN) CODE("LOGIN_CHALLENGE_PENDING",
		ADMIN, "Salesforce waits for a verification",
		ADVICE_LOGIN) CODE("PASSWORD_LOCKOUT", ADMIN, "the user is locked out",
		ADVICE_LOGIN) CODE("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", ADMIN,
		"the user's password has expired",
		ADVICE_LOGIN) CODE("INVALID_LOGIN", ADMIN, "the login was refused",
		ADVICE_LOGIN) CODE("TRIAL_EXPIRED", ADMIN, "the org's trial has expired",
		ADVICE_ORG) CODE("ORG_LOCKED", ADMIN, "the org is locked",
		ADVICE_ORG) CODE("ORG_IS_SIGNING_UP", ADMIN, "the org is not ready yet",
		ADVICE_ORG) CODE("STORAGE_LIMIT_EXCEEDED", ADMIN, "the org's storage is full",
		"Free storage in the org, or buy more") CODE("TXN_SECURITY_NO_ACCESS", ADMIN,
		"a transaction security policy blocks the user",
		ADVICE_POLICY) CODE("TXN_SECURITY_TWO_FA_REQUIRED", ADMIN,
		"a transaction security policy asks for a second factor",
		ADVICE_POLICY) CODE("TXN_SECURITY_END_A_SESSION", ADMIN,
		"a transaction security policy wants a session ended",
		ADVICE_POLICY) CODE("TXN_SECURITY_FAIL_CLOSE", ADMIN,
		"a transaction security policy blocks the user",
		ADVICE_POLICY) CODE("TXN_SECURITY_APEX_ERROR", ADMIN,
		"a transaction security policy failed",
		ADVICE_POLICY) CODE("INACTIVE_OWNER_OR_USER", ADMIN,
		"the record's owner is inactive",
		"Give the record an active owner, or allow updates with inactive owners")
		CODE("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", ADMIN, "a trigger failed",
			ADVICE_AUTOMATION) CODE("CANNOT_EXECUTE_FLOW_TRIGGER", ADMIN,
			"a flow failed", ADVICE_AUTOMATION) CODE("CUSTOM_APEX_ERROR", ADMIN,
			"Apex code failed", ADVICE_AUTOMATION) CODE("APEX_ERROR", ADMIN,
			"Apex code failed", ADVICE_AUTOMATION) CODE("FLOW_EXCEPTION", ADMIN,
			"a flow failed", ADVICE_AUTOMATION) CODE("APEX_DATA_ACCESS_RESTRICTION",
			ADMIN, "Apex code was refused access",
			ADVICE_AUTOMATION) CODE("UNSUPPORTED_API_VERSION", ADMIN,
			"the org does not offer this API version",
			"Set a newer API version for the connection") CODE("OPERATION_TOO_LARGE",
			ADMIN, "the query is too large for this user",
			"Give the integration user \"View All Data\"") CODE("QUERY_TOO_COMPLICATED",
			ADMIN, "the query is too complicated",
			"Reduce formula fields among those that are read")
			CODE("FIELD_CUSTOM_VALIDATION_EXCEPTION", ADMIN,
				"a validation rule refused the change",
				ADVICE_RULE) CODE("FIELD_INTEGRITY_EXCEPTION", ADMIN,
				"a field rule refused the change",
				ADVICE_RULE) CODE("FIELD_FILTER_VALIDATION_EXCEPTION", ADMIN,
				"a lookup filter refused the change",
				ADVICE_RULE) CODE("REQUIRED_FIELD_MISSING", ADMIN,
				"the record lacks a required field",
				ADVICE_RULE) CODE("STRING_TOO_LONG", ADMIN,
				"a field of the record is too long",
				ADVICE_RULE) CODE("NUMBER_OUTSIDE_VALID_RANGE", ADMIN,
				"a number of the record is out of range",
				ADVICE_RULE) CODE("INVALID_EMAIL_ADDRESS", ADMIN,
				"an e-mail field of the record is invalid",
				ADVICE_RULE) CODE("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ADMIN,
				"a picklist field of the record is invalid",
				ADVICE_RULE) CODE("TEXT_DATA_OUTSIDE_SUPPORTED_CHARSET", ADMIN,
				"a text of the record is invalid",
				ADVICE_RULE) CODE("DUPLICATES_DETECTED", ADMIN,
				"a duplicate rule refused the change",
				ADVICE_RULE) CODE("DUPLICATE_VALUE", ADMIN,
				"a unique field of the record is taken",
				ADVICE_RULE) CODE("DUPLICATE_EXTERNAL_ID", ADMIN,
				"a unique field of the record is taken",
				ADVICE_RULE) CODE("ENTITY_IS_LOCKED", ADMIN,
				"an approval process locks the record",
				"End the approval, or allow the integration user to edit locked records")
				CODE("ENTITY_IS_ARCHIVED", ADMIN, "the record is archived",
					ADVICE_RULE)

	/* The record itself (4.4; product.md: only ENTITY_IS_DELETED unlinks). */
	CODE("ENTITY_IS_DELETED", DELETED, "the record is deleted or merged away", NO_ADVICE)
		CODE("CANNOT_UPDATE_CONVERTED_LEAD", CONVERTED,
			"the lead is converted; its contact counts",
			NO_ADVICE) CODE("MALFORMED_ID", RECORD, "the ID is malformed", ADVICE_ID)
			CODE("INVALID_CROSS_REFERENCE_KEY", RECORD,
				"no record has this ID in this org", ADVICE_ID)
				CODE("INVALID_ID_FIELD", RECORD, "the ID is malformed", ADVICE_ID)

	/* Ours. */
	CODE("JSON_PARSER_ERROR", BUG, "Salesforce could not read our call", ADVICE_REPORT) CODE(
		"MALFORMED_QUERY", BUG, "Salesforce could not read our query",
		ADVICE_REPORT) CODE("INVALID_QUERY_FILTER_OPERATOR", BUG,
		"our query has an unusable filter",
		ADVICE_REPORT) CODE("EXCEEDED_MAX_SEMIJOIN_SUBSELECTS", BUG,
		"our query has too many parts", ADVICE_REPORT) CODE("MISSING_ARGUMENT", BUG,
		"our call lacks something", ADVICE_REPORT) CODE("ID_REQUIRED",
		BUG, "our call lacks an ID", ADVICE_REPORT) CODE("INVALID_INPUT", BUG,
		"our call is not understood", ADVICE_REPORT) CODE("EXCEEDED_ID_LIMIT", BUG,
		"our call has too many records", ADVICE_REPORT) CODE("METHOD_NOT_ALLOWED", BUG,
		"our call used the wrong method", ADVICE_REPORT) CODE("INVALID_AUTH_HEADER", BUG,
		"our call had a broken header", ADVICE_REPORT) CODE("UNSUPPORTED_MEDIA_TYPE", BUG,
		"our call had the wrong type", ADVICE_REPORT) CODE("INVALIDJOB", BUG,
		"the Bulk job does not allow this", ADVICE_REPORT) CODE("INVALIDJOBSTATE", BUG,
		"the Bulk job is not in the right state", ADVICE_REPORT)
		CODE("INVALIDBATCH", BUG, "the Bulk job's data was refused", ADVICE_REPORT)
#undef CODE
};
/* clang-format on */

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
