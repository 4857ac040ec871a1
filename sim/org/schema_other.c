/* schema_other.c: Account, Organization and User, only as far as clients of Contact and Lead look
 * at them; doc/orgsim.md says that the rest is missing. */
#include "base/base.h"

#include "org/schema.h"

static const FieldDef account_fields[] = {
	RECORD_ID("Account ID"),
	IS_DELETED,
	REFERENCE("MasterRecordId", "Master Record ID", STORE_TEXT,
		FIELD_READ_ONLY | FIELD_NO_SECURITY, "MasterRecord", "Account"),
	{ .name = "Name",
		.label = "Account Name",
		.type = TYPE_STRING,
		.store = STORE_TEXT,
		.length = 255,
		.flags = FIELD_REQUIRED | FIELD_NO_SECURITY | FIELD_NAME,
		.compound = "Name",
		.extra = "switchablepersonname" },
	PICKLIST("Type", "Account Type", 255, 0,
		"Prospect|Customer - Direct|Customer - Channel|Other"),
	REFERENCE(
		"ParentId", "Parent Account ID", STORE_TEXT, FIELD_PREFILTER, "Parent", "Account"),
	TEXT_FIELD("Phone", "Account Phone", TYPE_PHONE, 40, 0),
	TEXT_FIELD("AccountNumber", "Account Number", TYPE_STRING, 40, 0),
	TEXT_FIELD("Website", "Website", TYPE_URL, 255, 0),
	PICKLIST("Industry", "Industry", 255, 0,
		"Agriculture|Banking|Construction|Education|Energy|Healthcare|Manufacturing|Retail|"
		"Technology|Other"),
	{ .name = "Description",
		.label = "Account Description",
		.type = TYPE_TEXTAREA,
		.store = STORE_TEXT,
		.length = 32000,
		.flags = FIELD_LONG,
		.extra = "plaintextarea" },
	TEXT_FIELD("Site", "Account Site", TYPE_STRING, 80, 0),
	REFERENCE("OwnerId", "Owner ID", STORE_OWNER,
		FIELD_REQUIRED | FIELD_DEFAULTED | FIELD_NO_SECURITY, "Owner", "User"),
	AUDIT_FIELDS,
};

const ObjectDef schema_account = {
	.kind = ORG_ACCOUNT,
	.name = "Account",
	.label = "Account",
	.plural = "Accounts",
	.prefix = "001",
	.able = ABLE_CREATE | ABLE_DELETE | ABLE_FEED | ABLE_LAYOUT | ABLE_MERGE | ABLE_MRU
		| ABLE_SEARCH | ABLE_TRIGGER | ABLE_UNDELETE | ABLE_UPDATE,
	.fields = account_fields,
	.field_count = ARRAY_LEN(account_fields),
	.scopes = "everything=All accounts|mine=My accounts|scopingRule=Filter by scope|"
		  "team=My team's accounts",
	.children = "Contact.AccountId:Contacts! Lead.ConvertedAccountId:",
};

static const FieldDef organization_fields[] = {
	RECORD_ID("Organization ID"),
	TEXT_FIELD(
		"Name", "Name", TYPE_STRING, 80, FIELD_REQUIRED | FIELD_NO_SECURITY | FIELD_NAME),
	TEXT_FIELD("Country", "Country", TYPE_STRING, 80, 0),
	TEXT_FIELD("PrimaryContact", "Primary Contact", TYPE_STRING, 80, 0),
	PICKLIST("DefaultLocaleSidKey", "Locale", 40, FIELD_REQUIRED | FIELD_RESTRICTED,
		"en_US|en_GB|de_DE|fr_FR"),
	PICKLIST("TimeZoneSidKey", "Time Zone", 40, FIELD_REQUIRED | FIELD_RESTRICTED,
		"America/Los_Angeles|America/New_York|Europe/London|Europe/Berlin|GMT"),
	PICKLIST("LanguageLocaleKey", "Language", 40, FIELD_REQUIRED | FIELD_RESTRICTED,
		"en_US|de|fr"),
	PICKLIST("OrganizationType", "Edition", 40, FIELD_READ_ONLY,
		"Team Edition|Professional Edition|Enterprise Edition|Developer Edition|"
		"Unlimited Edition"),
	TEXT_FIELD("NamespacePrefix", "Namespace Prefix", TYPE_STRING, 15, FIELD_READ_ONLY),
	TEXT_FIELD("InstanceName", "Instance Name", TYPE_STRING, 5, FIELD_READ_ONLY),
	CHECKBOX("IsSandbox", "Is Sandbox", FLAG_SANDBOX, FIELD_READ_ONLY),
	MOMENT("TrialExpirationDate", "Trial Expiration Date", STORE_NEVER, FIELD_READ_ONLY),
	AUDIT_FIELDS,
};

const ObjectDef schema_organization = {
	.kind = ORG_ORGANIZATION,
	.name = "Organization",
	.label = "Organization",
	.plural = "Organizations",
	.prefix = "00D",
	.able = ABLE_UPDATE,
	.fields = organization_fields,
	.field_count = ARRAY_LEN(organization_fields),
	.scopes = "everything=All organizations",
	.children = "",
};

static const FieldDef user_fields[] = {
	RECORD_ID("User ID"),
	TEXT_FIELD("Username", "Username", TYPE_STRING, 80,
		FIELD_REQUIRED | FIELD_NO_SECURITY | FIELD_ID_LOOKUP),
	{ .name = "LastName",
		.label = "Last Name",
		.type = TYPE_STRING,
		.store = STORE_TEXT,
		.length = 80,
		.flags = FIELD_REQUIRED | FIELD_NO_SECURITY,
		.compound = "Name",
		.extra = "personname" },
	{ .name = "FirstName",
		.label = "First Name",
		.type = TYPE_STRING,
		.store = STORE_TEXT,
		.length = 40,
		.flags = FIELD_NO_SECURITY,
		.compound = "Name",
		.extra = "personname" },
	{ .name = "Name",
		.label = "Full Name",
		.type = TYPE_STRING,
		.store = STORE_NAME,
		.length = 121,
		.flags = FIELD_READ_ONLY | FIELD_REQUIRED | FIELD_NO_SECURITY | FIELD_NAME,
		.extra = "personname" },
	TEXT_FIELD("CompanyName", "Company Name", TYPE_STRING, 80, 0),
	TEXT_FIELD("Email", "Email", TYPE_EMAIL, 128,
		FIELD_REQUIRED | FIELD_NO_SECURITY | FIELD_ID_LOOKUP),
	TEXT_FIELD("Alias", "Alias", TYPE_STRING, 8, FIELD_REQUIRED | FIELD_NO_SECURITY),
	TEXT_FIELD("CommunityNickname", "Nickname", TYPE_STRING, 40,
		FIELD_REQUIRED | FIELD_NO_SECURITY),
	CHECKBOX("IsActive", "Active", FLAG_ACTIVE, FIELD_NO_SECURITY),
	PICKLIST("TimeZoneSidKey", "Time Zone", 40,
		FIELD_REQUIRED | FIELD_NO_SECURITY | FIELD_RESTRICTED,
		"America/Los_Angeles|America/New_York|Europe/London|Europe/Berlin|GMT"),
	PICKLIST("LocaleSidKey", "Locale", 40,
		FIELD_REQUIRED | FIELD_NO_SECURITY | FIELD_RESTRICTED, "en_US|en_GB|de_DE|fr_FR"),
	REFERENCE("ProfileId", "Profile ID", STORE_TEXT,
		FIELD_REQUIRED | FIELD_NO_SECURITY | FIELD_PREFILTER, "Profile", "Profile"),
	PICKLIST("UserType", "User Type", 40,
		FIELD_READ_ONLY | FIELD_NO_SECURITY | FIELD_RESTRICTED,
		"Standard|PowerPartner|CSPLitePortal|Guest|AutomatedProcess"),
	PICKLIST("LanguageLocaleKey", "Language", 40,
		FIELD_REQUIRED | FIELD_NO_SECURITY | FIELD_RESTRICTED, "en_US|de|fr"),
	AUDIT_FIELDS,
};

const ObjectDef schema_user = {
	.kind = ORG_USER,
	.name = "User",
	.label = "User",
	.plural = "Users",
	.prefix = "005",
	.able = ABLE_CREATE | ABLE_LAYOUT | ABLE_MRU | ABLE_SEARCH | ABLE_TRIGGER | ABLE_UPDATE,
	.fields = user_fields,
	.field_count = ARRAY_LEN(user_fields),
	.scopes = "everything=All users|mine=My users",
	.children = "",
};

static const struct {
	const char *name, *soap;
} types[FIELD_TYPES] = {
	[TYPE_ID] = { "id", "tns:ID" },
	[TYPE_BOOLEAN] = { "boolean", "xsd:boolean" },
	[TYPE_STRING] = { "string", "xsd:string" },
	[TYPE_TEXTAREA] = { "textarea", "xsd:string" },
	[TYPE_PHONE] = { "phone", "xsd:string" },
	[TYPE_URL] = { "url", "xsd:string" },
	[TYPE_EMAIL] = { "email", "xsd:string" },
	[TYPE_PICKLIST] = { "picklist", "xsd:string" },
	[TYPE_REFERENCE] = { "reference", "tns:ID" },
	[TYPE_INT] = { "int", "xsd:int" },
	[TYPE_DOUBLE] = { "double", "xsd:double" },
	[TYPE_CURRENCY] = { "currency", "xsd:double" },
	[TYPE_DATE] = { "date", "xsd:date" },
	[TYPE_DATETIME] = { "datetime", "xsd:dateTime" },
	[TYPE_ADDRESS] = { "address", "urn:address" },
};

const char *field_type_name(FieldType type)
{
	return types[type].name;
}

const char *field_soap_type(FieldType type)
{
	return types[type].soap;
}
