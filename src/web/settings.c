#include "web/settings.h"
#include "base/base.h"

#include "base/time.h"

static const SettingDef table[] = {
	{ "public.url", SETTING_HOUSE, SETTING_URL, "", NULL, 0, 0,
		"Address under which recipients reach this service, such as "
		"https://mail.example.com; links begin with it" },
	{ "company.name", SETTING_HOUSE, SETTING_TEXT, "", NULL, 0, 120,
		"Sender's name as recipients know it, shown on their pages" },
	{ "sync.nightly", SETTING_ORG, SETTING_SWITCH, "off", NULL, 0, 0,
		"Nightly two-way sync with this org; "
		"while off, unsubscribes still tick Email Opt Out" },
	{ "sync.mode", SETTING_ORG, SETTING_CHOICE, "standard", "standard|sales|both", 0, 0,
		"Which opt-out field is synced: Email Opt Out, the sales opt-out field, or both" },
	{ "sync.zone", SETTING_ORG, SETTING_ZONE, "America/Los_Angeles", NULL, 0, 0,
		"Time zone of sync.time, an IANA name" },
	{ "sync.time", SETTING_ORG, SETTING_TIME, "20:00", NULL, 0, 0,
		"Local time of the nightly sync, HH:MM" },
	{ "sync.field.contact", SETTING_ORG, SETTING_FIELD, "", NULL, 0, 0,
		"API name of the sales opt-out checkbox on Contact" },
	{ "sync.field.lead", SETTING_ORG, SETTING_FIELD, "", NULL, 0, 0,
		"API name of the sales opt-out checkbox on Lead" },
	{ "sync.match_by_address", SETTING_ORG, SETTING_SWITCH, "on", NULL, 0, 0,
		"Look an unsubscribe up by address as well, "
		"so that every record with that address is ticked" },
	{ "sync.adopt_unknown", SETTING_ORG, SETTING_SWITCH, "on", NULL, 0, 0,
		"A ticked record with an address unknown here "
		"becomes a person, so that nobody mails it" },
	{ "brake.percent", SETTING_ORG, SETTING_INT, "10", NULL, 0, 100,
		"A run that would change more than this "
		"share of the records is held for approval" },
	{ "brake.rows_min", SETTING_ORG, SETTING_INT, "100", NULL, 0, 1000000000,
		"A run that changes fewer rows than this is never held for its share" },
};

static_assert(ARRAY_LEN(table) <= SETTINGS_MAX, "settings are listed into arrays of SETTINGS_MAX");

const SettingDef *settings_table(size_t *out_count)
{
	*out_count = ARRAY_LEN(table);
	return table;
}

const SettingDef *settings_find(Str name)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (str_eq(name, str_from(table[i].name)))
			return &table[i];
	return NULL;
}

/* ------------------------------------------------------------ checking */

/* Prints as one line wherever it is shown. */
static bool is_plain_text(Str value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.ptr[i] < 0x20 || value.ptr[i] == 0x7f)
			return false;
	return str_is_utf8(value);
}

static bool normalize_text(const SettingDef *def, Str value, Arena *arena, Str *out, Err *err)
{
	Str trimmed = str_trim(value);
	if (trimmed.len > (size_t)def->max)
		return ERR(
			err, ERR_INPUT, "%s: at most %lld bytes", def->name, (long long)def->max);
	if (!is_plain_text(trimmed))
		return ERR(err, ERR_INPUT, "%s: plain UTF-8 text on one line", def->name);
	*out = arena_str(arena, trimmed);
	return true;
}

static bool normalize_switch(const SettingDef *def, Str value, Arena *arena, Str *out, Err *err)
{
	(void)arena;
	bool on;
	if (!str_to_bool(value, &on))
		return ERR(err, ERR_INPUT, "%s: \"%.*s\" is neither on nor off", def->name,
			STR_ARG(value));
	*out = on ? STR("on") : STR("off");
	return true;
}

static bool normalize_int(const SettingDef *def, Str value, Arena *arena, Str *out, Err *err)
{
	int64_t number;
	if (!str_to_i64(value, def->min, def->max, &number))
		return ERR(err, ERR_INPUT, "%s: \"%.*s\" is not a whole number from %lld to %lld",
			def->name, STR_ARG(value), (long long)def->min, (long long)def->max);
	*out = arena_printf(arena, "%lld", (long long)number);
	return true;
}

static bool normalize_choice(const SettingDef *def, Str value, Arena *arena, Str *out, Err *err)
{
	(void)arena;
	Str rest = str_from(def->choices), choice;
	while (str_split(&rest, '|', &choice)) {
		if (str_eq_nocase(choice, value)) {
			*out = choice;
			return true;
		}
	}
	return ERR(err, ERR_INPUT, "%s: \"%.*s\" is not one of %s", def->name, STR_ARG(value),
		def->choices);
}

/* What may stand in a URL that is printed into mail headers and pages: no blanks, quotes, angle
 * brackets or controls (RFC 3986 2), and no query or fragment because the token is appended. */
static bool is_url_char(char c)
{
	return ascii_is_alnum(c) || (c != '\0' && strchr("-._~:/[]@!$&()*+,;=%", c) != NULL);
}

static bool normalize_url(const SettingDef *def, Str value, Arena *arena, Str *out, Err *err)
{
	Str url = str_trim(value);
	while (url.len && url.ptr[url.len - 1] == '/')
		url.len--;
	if (!url.len && !str_trim(value).len) {
		*out = STR("");
		return true;
	}
	Str host = str_starts(url, STR("https://")) ? str_from_pos(url, 8)
		: str_starts(url, STR("http://"))   ? str_from_pos(url, 7)
						    : STR_NONE;
	bool ok = host.len && (ascii_is_alnum(host.ptr[0]) || host.ptr[0] == '[');
	for (size_t i = 0; ok && i < url.len; i++)
		ok = is_url_char(url.ptr[i]);
	if (!ok)
		return ERR(err, ERR_INPUT,
			"%s: \"%.*s\" is not a web address of the form https://host or "
			"https://host/path, without a query",
			def->name, STR_ARG(value));
	*out = arena_str(arena, url);
	return true;
}

static bool normalize_zone(const SettingDef *def, Str value, Arena *arena, Str *out, Err *err)
{
	Zone *zone = NULL;
	Str name = str_trim(value);
	if (!name.len || !zone_open(name, &zone, NULL))
		return ERR(err, ERR_INPUT,
			"%s: \"%.*s\" is not a time zone known here; "
			"use an IANA name such as America/Los_Angeles",
			def->name, STR_ARG(value));
	zone_close(&zone);
	*out = arena_str(arena, name);
	return true;
}

static bool parse_time(Str value, int *out_hour, int *out_minute)
{
	int64_t hour, minute;
	ptrdiff_t colon = str_find_char(value, ':', 0);
	if (colon < 1 || colon > 2 || value.len != (size_t)colon + 3
		|| !ascii_is_digit(value.ptr[0]) || !ascii_is_digit(value.ptr[colon + 1])
		|| !str_to_i64(str_sub(value, 0, (size_t)colon), 0, 23, &hour)
		|| !str_to_i64(str_from_pos(value, (size_t)colon + 1), 0, 59, &minute))
		return false;
	*out_hour = (int)hour;
	*out_minute = (int)minute;
	return true;
}

static bool normalize_time(const SettingDef *def, Str value, Arena *arena, Str *out, Err *err)
{
	int hour, minute;
	if (!parse_time(str_trim(value), &hour, &minute))
		return ERR(err, ERR_INPUT, "%s: \"%.*s\" is not a time of day from 00:00 to 23:59",
			def->name, STR_ARG(value));
	*out = arena_printf(arena, "%02d:%02d", hour, minute);
	return true;
}

/* An API name: letters, digits and underscores, beginning with a letter; a namespace and two
 * underscores may stand before, two and a "c" after (salesforce-api.md 4). It ends up in SOQL, so
 * nothing else may pass. */
enum { FIELD_NAME_MAX = 15 + 2 + 40 + 3 };

static bool normalize_field(const SettingDef *def, Str value, Arena *arena, Str *out, Err *err)
{
	Str name = str_trim(value);
	bool ok = name.len <= FIELD_NAME_MAX && (!name.len || !ascii_is_digit(name.ptr[0]));
	for (size_t i = 0; ok && i < name.len; i++)
		ok = ascii_is_alnum(name.ptr[i]) || (name.ptr[i] == '_' && i > 0);
	if (!ok)
		return ERR(err, ERR_INPUT,
			"%s: \"%.*s\" is not the API name of a field, such as Sales_Opt_Out__c",
			def->name, STR_ARG(value));
	*out = arena_str(arena, name);
	return true;
}

bool setting_normalize(const SettingDef *def, Str value, Arena *arena, Str *out, Err *err)
{
	if (value.len > SETTING_VALUE_BYTES_MAX)
		return ERR(
			err, ERR_INPUT, "%s: at most %d bytes", def->name, SETTING_VALUE_BYTES_MAX);
	switch (def->type) {
	case SETTING_TEXT:
		return normalize_text(def, value, arena, out, err);
	case SETTING_SWITCH:
		return normalize_switch(def, str_trim(value), arena, out, err);
	case SETTING_INT:
		return normalize_int(def, str_trim(value), arena, out, err);
	case SETTING_CHOICE:
		return normalize_choice(def, str_trim(value), arena, out, err);
	case SETTING_URL:
		return normalize_url(def, value, arena, out, err);
	case SETTING_ZONE:
		return normalize_zone(def, value, arena, out, err);
	case SETTING_TIME:
		return normalize_time(def, value, arena, out, err);
	case SETTING_FIELD:
		return normalize_field(def, value, arena, out, err);
	}
	return ERR(err, ERR_FATAL, "%s: a type without a check", def->name);
}

/* ------------------------------------------------------------- loading */

/* The kept value, or the default. A kept value that no longer passes (an older version wrote it)
 * counts as never set. */
static bool load(Desk *desk, Str scope, const char *name, Arena *arena, Str *out, Err *err)
{
	const SettingDef *def = settings_find(str_from(name));
	assert(def);
	Setting row;
	Err miss;
	if (!desk_setting_get(desk, scope, str_from(name), arena, &row, &miss)) {
		if (miss.kind != ERR_MISSING) {
			*err = miss;
			return false;
		}
		*out = str_from(def->fallback);
		return true;
	}
	if (!setting_normalize(def, row.value, arena, out, NULL))
		*out = str_from(def->fallback);
	return true;
}

static bool load_switch(Desk *desk, Str scope, const char *name, Arena *arena, bool *out, Err *err)
{
	Str text;
	if (!load(desk, scope, name, arena, &text, err))
		return false;
	*out = str_eq(text, STR("on"));
	return true;
}

static bool load_int(Desk *desk, Str scope, const char *name, Arena *arena, int64_t *out, Err *err)
{
	Str text;
	if (!load(desk, scope, name, arena, &text, err))
		return false;
	if (!str_to_i64(text, INT64_MIN, INT64_MAX, out))
		return ERR(err, ERR_FATAL, "setting %s: \"%.*s\" is not a number", name,
			STR_ARG(text));
	return true;
}

static SettingMode mode_parse(Str text)
{
	static const struct {
		Str name;
		SettingMode mode;
	} modes[] = {
		{ STR_INIT("standard"), SETTING_MODE_STANDARD },
		{ STR_INIT("sales"), SETTING_MODE_SALES },
		{ STR_INIT("both"), SETTING_MODE_BOTH },
	};
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (str_eq(text, modes[i].name))
			return modes[i].mode;
	return SETTING_MODE_STANDARD;
}

bool settings_load_org(Desk *desk, Str org_id, Arena *arena, OrgSettings *out, Err *err)
{
	OrgSettings s = { 0 };
	Str mode, at;
	if (!load_switch(desk, org_id, "sync.nightly", arena, &s.nightly, err)
		|| !load(desk, org_id, "sync.mode", arena, &mode, err)
		|| !load(desk, org_id, "sync.zone", arena, &s.zone, err)
		|| !load(desk, org_id, "sync.time", arena, &at, err)
		|| !load(desk, org_id, "sync.field.contact", arena, &s.field_contact, err)
		|| !load(desk, org_id, "sync.field.lead", arena, &s.field_lead, err)
		|| !load_switch(
			desk, org_id, "sync.match_by_address", arena, &s.match_by_address, err)
		|| !load_switch(desk, org_id, "sync.adopt_unknown", arena, &s.adopt_unknown, err)
		|| !load_int(desk, org_id, "brake.percent", arena, &s.brake_percent, err)
		|| !load_int(desk, org_id, "brake.rows_min", arena, &s.brake_rows_min, err))
		return false;
	s.mode = mode_parse(mode);
	if (!parse_time(at, &s.hour, &s.minute))
		return ERR(
			err, ERR_FATAL, "setting sync.time: \"%.*s\" is not a time", STR_ARG(at));
	*out = s;
	return true;
}

bool settings_load_house(Desk *desk, HouseSettings *out, Err *err)
{
	/* Two values and their rows; the sum of their maxima with room for names and actors. */
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(64 * 1024);
	HouseSettings house = { 0 };
	Str url, name;
	if (!load(desk, STR(""), "public.url", &arena, &url, err)
		|| !load(desk, STR(""), "company.name", &arena, &name, err))
		return false;
	if (!str_copy(url, house.public_url, sizeof house.public_url)
		|| !str_copy(name, house.company_name, sizeof house.company_name))
		return ERR(err, ERR_FATAL, "a house setting is longer than %d bytes",
			SETTING_VALUE_BYTES_MAX);
	*out = house;
	return true;
}
