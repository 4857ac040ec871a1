/* settings.h: what admins can set, in ONE table: name, scope, type, default, range or choices,
 * help. The API, its warnings, the document of settings and the typed getters below all read that
 * table. Values are kept as text by desk.h; a setting never set has its default.
 *
 * Pure but for the Desk that is passed in: any thread that owns one (a WriteJob, a ReadJob, a
 * worker). */
#ifndef WEB_SETTINGS_H
#define WEB_SETTINGS_H

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "base/str.h"
#include "store/desk.h"

typedef enum SettingScope { SETTING_HOUSE, SETTING_ORG } SettingScope;

typedef enum SettingType {
	SETTING_TEXT,
	SETTING_SWITCH, /* on or off */
	SETTING_INT,
	SETTING_CHOICE,
	SETTING_URL,   /* http(s)://host[:port][/path], no query; kept without a trailing slash */
	SETTING_ZONE,  /* IANA name that tzdata knows */
	SETTING_TIME,  /* HH:MM, 24 hours */
	SETTING_FIELD, /* API name of a Salesforce field, or empty */
} SettingType;

enum {
	SETTING_VALUE_BYTES_MAX = 512, /* a URL is the longest */
	SETTINGS_MAX = 32,
};

typedef struct SettingDef {
	const char *name;
	SettingScope scope;
	SettingType type;
	const char *fallback;
	const char *choices; /* SETTING_CHOICE: "a|b|c" */
	int64_t min, max;    /* SETTING_INT: range; SETTING_TEXT: max is bytes */
	const char *help;
} SettingDef;

/* The table. */
const SettingDef *settings_table(size_t *out_count);
const SettingDef *settings_find(Str name); /* NULL when there is no such setting */

/* Checks a value and gives the form that is kept ("ON" -> "on"). False with ERR_INPUT that names
 * the setting, says what is wrong and what is allowed. */
WARN_UNUSED bool setting_normalize(
	const SettingDef *def, Str value, Arena *arena, Str *out, Err *err);

/* Mode of the opt-out field, product.md M7. */
typedef enum SettingMode {
	SETTING_MODE_STANDARD = 1, /* HasOptedOutOfEmail */
	SETTING_MODE_SALES,        /* the configured sales field */
	SETTING_MODE_BOTH,
} SettingMode;

typedef struct OrgSettings {
	bool nightly;
	SettingMode mode;
	Str zone; /* strings borrow from the arena */
	int hour, minute;
	Str field_contact, field_lead; /* sales opt-out field; "" when not chosen */
	bool match_by_address;
	bool adopt_unknown;
	int64_t brake_percent;
	int64_t brake_rows_min;
} OrgSettings;

WARN_UNUSED bool settings_load_org(
	Desk *desk, Str org_id, Arena *arena, OrgSettings *out, Err *err);

typedef struct HouseSettings {
	char public_url[SETTING_VALUE_BYTES_MAX + 1]; /* "" when not set */
	char company_name[SETTING_VALUE_BYTES_MAX + 1];
} HouseSettings;

WARN_UNUSED bool settings_load_house(Desk *desk, HouseSettings *out, Err *err);

#endif
