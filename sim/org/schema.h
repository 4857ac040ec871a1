/* schema.h: the objects and fields of the org: what describe tells, how a value is stored, who may
 * see it. The standard fields are tables in schema_*.c, in the order of a real describe; an org
 * owns a copy, because field-level security and custom fields differ from org to org. */
#ifndef ORG_SCHEMA_H
#define ORG_SCHEMA_H

#include "base/base.h"
#include "base/str.h"

typedef enum OrgKind {
	ORG_ACCOUNT,
	ORG_CONTACT,
	ORG_LEAD,
	ORG_ORGANIZATION,
	ORG_USER,
	ORG_KINDS
} OrgKind;

typedef enum FieldType {
	TYPE_ID,
	TYPE_BOOLEAN,
	TYPE_STRING,
	TYPE_TEXTAREA,
	TYPE_PHONE,
	TYPE_URL,
	TYPE_EMAIL,
	TYPE_PICKLIST,
	TYPE_REFERENCE,
	TYPE_INT,
	TYPE_DOUBLE,
	TYPE_CURRENCY,
	TYPE_DATE,
	TYPE_DATETIME,
	TYPE_ADDRESS,
	FIELD_TYPES
} FieldType;

const char *field_type_name(FieldType type); /* "boolean" */
const char *field_soap_type(FieldType type); /* "xsd:boolean" */

/* Where a row keeps the value (table.h). */
typedef enum FieldStore {
	STORE_TEXT, /* in the row's packed texts, under the field's number */
	STORE_FLAG, /* one bit: FieldDef.slot */
	STORE_ID,
	STORE_CREATED,
	STORE_MODIFIED,
	STORE_STAMP,
	STORE_CREATED_BY,
	STORE_MODIFIED_BY,
	STORE_OWNER,
	STORE_PARENT,  /* Contact.AccountId, Lead.ConvertedContactId */
	STORE_NAME,    /* computed from FirstName and LastName */
	STORE_ADDRESS, /* computed from the parts named by compound */
	STORE_PHOTO,   /* computed from the id */
	STORE_NEVER,   /* always null here */
} FieldStore;

enum {
	FIELD_NO_CREATE = 1 << 0,
	FIELD_NO_UPDATE = 1 << 1,
	FIELD_READ_ONLY = FIELD_NO_CREATE | FIELD_NO_UPDATE,
	FIELD_REQUIRED = 1 << 2, /* nillable false */
	FIELD_DEFAULTED = 1 << 3,
	FIELD_NO_SECURITY = 1 << 4, /* permissionable false: always visible */
	FIELD_SYSTEM = FIELD_READ_ONLY | FIELD_REQUIRED | FIELD_DEFAULTED | FIELD_NO_SECURITY,
	FIELD_ID_LOOKUP = 1 << 5,
	FIELD_NAME = 1 << 6,
	FIELD_RESTRICTED = 1 << 7, /* restricted picklist */
	FIELD_PREFILTER = 1 << 8,
	FIELD_POLYMORPHIC = 1 << 9,
	FIELD_HIDDEN = 1 << 10, /* no field-level security granted in a fresh org */
	FIELD_CUSTOM = 1 << 11,
	FIELD_LONG = 1 << 12, /* long text: not filterable, smaller query pages */
};

/* Bits of a row. Custom checkboxes take the ones from FLAG_CUSTOM on. */
enum {
	FLAG_DELETED,
	FLAG_EMAIL_OPT_OUT,
	FLAG_FAX_OPT_OUT,
	FLAG_DO_NOT_CALL,
	FLAG_EMAIL_BOUNCED,
	FLAG_CONVERTED,
	FLAG_UNREAD,
	FLAG_ACTIVE,
	FLAG_SANDBOX,
	FLAG_PURGED, /* gone from the recycle bin */
	FLAG_CUSTOM = 16,
	FLAG_COUNT = 32
};

typedef struct FieldDef {
	const char *name, *label;
	FieldType type;
	FieldStore store;
	unsigned flags;
	unsigned length; /* characters; 18 for ids */
	unsigned precision, scale, digits;
	unsigned slot;
	const char *compound, *extra, *relationship;
	const char *references; /* object names separated by blanks, or NULL */
	const char *picklist;   /* values separated by '|', or NULL */
	const char *fallback;   /* default value of a picklist */
} FieldDef;

typedef struct ObjectDef {
	OrgKind kind;
	const char *name, *label, *plural, *prefix;
	unsigned able; /* ABLE_* */
	const FieldDef *fields;
	size_t field_count;
	const char *scopes;   /* "everything=All contacts|mine=My contacts" */
	const char *children; /* "Object.Field:Relationship!" ('!': cascade delete), separated by
				 blanks */
} ObjectDef;

/* Object-level properties of describe, alphabetical as there. */
enum {
	ABLE_CREATE = 1 << 0,
	ABLE_DELETE = 1 << 1,
	ABLE_FEED = 1 << 2,
	ABLE_LAYOUT = 1 << 3,
	ABLE_MERGE = 1 << 4,
	ABLE_MRU = 1 << 5,
	ABLE_SEARCH = 1 << 6,
	ABLE_TRIGGER = 1 << 7,
	ABLE_UNDELETE = 1 << 8,
	ABLE_UPDATE = 1 << 9,
};

extern const ObjectDef schema_account, schema_contact, schema_lead, schema_organization,
	schema_user;

/* A field as this org has it. */
typedef struct OrgField {
	FieldDef def;
	Str name;
	unsigned number; /* place in the object's fields; also its key in packed texts */
	bool can_read, can_edit;
	char *owned_name, *owned_label; /* custom fields: own */
} OrgField;

enum {
	ORG_FIELDS_MAX = 128
}; /* of one object; the number must fit the byte in front of a packed text */

/* Compound address parts: name prefix and the standard suffixes. */
#define CHECKBOX(name_, label_, slot_, flags_)                                                     \
	{                                                                                          \
		.name = (name_), .label = (label_), .type = TYPE_BOOLEAN, .store = STORE_FLAG,     \
		.slot = (slot_), .flags = FIELD_REQUIRED | FIELD_DEFAULTED | (flags_)              \
	}
#define TEXT_FIELD(name_, label_, type_, length_, flags_)                                          \
	{                                                                                          \
		.name = (name_), .label = (label_), .type = (type_), .store = STORE_TEXT,          \
		.length = (length_), .flags = (flags_)                                             \
	}
#define PART(name_, label_, type_, length_, compound_)                                             \
	{                                                                                          \
		.name = (name_), .label = (label_), .type = (type_), .store = STORE_TEXT,          \
		.length = (length_), .compound = (compound_),                                      \
		.extra = (type_) == TYPE_TEXTAREA ? "plaintextarea" : NULL                         \
	}
#define COORDINATE(name_, label_, compound_)                                                       \
	{                                                                                          \
		.name = (name_), .label = (label_), .type = TYPE_DOUBLE, .store = STORE_TEXT,      \
		.precision = 18, .scale = 15, .compound = (compound_)                              \
	}
#define GEOCODE(name_, label_, compound_)                                                          \
	{                                                                                          \
		.name = (name_), .label = (label_), .type = TYPE_PICKLIST, .store = STORE_TEXT,    \
		.length = 40, .compound = (compound_), .flags = FIELD_RESTRICTED,                  \
		.picklist = "Address|NearAddress|Block|Street|ExtendedZip|Zip|Neighborhood|City|"  \
			    "County|State|Unknown"                                                 \
	}
#define ADDRESS(name_, label_)                                                                     \
	{                                                                                          \
		.name = (name_), .label = (label_), .type = TYPE_ADDRESS, .store = STORE_ADDRESS,  \
		.flags = FIELD_READ_ONLY                                                           \
	}
#define PICKLIST(name_, label_, length_, flags_, values_)                                          \
	{                                                                                          \
		.name = (name_), .label = (label_), .type = TYPE_PICKLIST, .store = STORE_TEXT,    \
		.length = (length_), .flags = (flags_), .picklist = (values_)                      \
	}
#define REFERENCE(name_, label_, store_, flags_, relationship_, references_)                       \
	{                                                                                          \
		.name = (name_), .label = (label_), .type = TYPE_REFERENCE, .store = (store_),     \
		.length = 18, .flags = (flags_), .relationship = (relationship_),                  \
		.references = (references_)                                                        \
	}
#define MOMENT(name_, label_, store_, flags_)                                                      \
	{                                                                                          \
		.name = (name_), .label = (label_), .type = TYPE_DATETIME, .store = (store_),      \
		.flags = (flags_)                                                                  \
	}
#define DAY(name_, label_, flags_)                                                                 \
	{                                                                                          \
		.name = (name_), .label = (label_), .type = TYPE_DATE, .store = STORE_TEXT,        \
		.flags = (flags_)                                                                  \
	}
#define RECORD_ID(label_)                                                                          \
	{                                                                                          \
		.name = "Id", .label = (label_), .type = TYPE_ID, .store = STORE_ID, .length = 18, \
		.flags = FIELD_SYSTEM | FIELD_ID_LOOKUP                                            \
	}
#define IS_DELETED CHECKBOX("IsDeleted", "Deleted", FLAG_DELETED, FIELD_SYSTEM)
#define AUDIT_FIELDS                                                                               \
	MOMENT("CreatedDate", "Created Date", STORE_CREATED, FIELD_SYSTEM),                        \
		REFERENCE("CreatedById", "Created By ID", STORE_CREATED_BY, FIELD_SYSTEM,          \
			"CreatedBy", "User"),                                                      \
		MOMENT("LastModifiedDate", "Last Modified Date", STORE_MODIFIED, FIELD_SYSTEM),    \
		REFERENCE("LastModifiedById", "Last Modified By ID", STORE_MODIFIED_BY,            \
			FIELD_SYSTEM, "LastModifiedBy", "User"),                                   \
		MOMENT("SystemModstamp", "System Modstamp", STORE_STAMP, FIELD_SYSTEM)
#define PERSON_NAME_FIELDS                                                                         \
	{ .name = "LastName",                                                                      \
		.label = "Last Name",                                                              \
		.type = TYPE_STRING,                                                               \
		.store = STORE_TEXT,                                                               \
		.length = 80,                                                                      \
		.flags = FIELD_REQUIRED | FIELD_NO_SECURITY,                                       \
		.compound = "Name",                                                                \
		.extra = "personname" },                                                           \
		{ .name = "FirstName",                                                             \
			.label = "First Name",                                                     \
			.type = TYPE_STRING,                                                       \
			.store = STORE_TEXT,                                                       \
			.length = 40,                                                              \
			.flags = FIELD_NO_SECURITY,                                                \
			.compound = "Name",                                                        \
			.extra = "personname" },                                                   \
		{ .name = "Salutation",                                                            \
			.label = "Salutation",                                                     \
			.type = TYPE_PICKLIST,                                                     \
			.store = STORE_TEXT,                                                       \
			.length = 40,                                                              \
			.flags = FIELD_NO_SECURITY,                                                \
			.compound = "Name",                                                        \
			.extra = "personname",                                                     \
			.picklist = "Mr.|Ms.|Mrs.|Dr.|Prof.|Mx." },                                \
	{                                                                                          \
		.name = "Name", .label = "Full Name", .type = TYPE_STRING, .store = STORE_NAME,    \
		.length = 121,                                                                     \
		.flags = FIELD_READ_ONLY | FIELD_REQUIRED | FIELD_NO_SECURITY | FIELD_NAME,        \
		.extra = "personname"                                                              \
	}

#endif
