#include "base/base.h"

#include "base/time.h"

#include "base/alloc.h"

#include <glib.h>

struct Zone {
	GTimeZone *tz; /* own; immutable, so that any thread may read it */
};

enum { ZONE_NAME_BYTES_MAX = 64 }; /* the longest IANA name has 32 */

/* GLib would also take offsets, POSIX rules and absolute paths; we take names in tzdata only. */
static bool is_zone_name(Str name)
{
	if (name.len == 0 || name.len > ZONE_NAME_BYTES_MAX || !ascii_is_alnum(name.ptr[0])
		|| ascii_is_digit(name.ptr[0]))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (!ascii_is_alnum(c) && c != '/' && c != '_' && c != '-' && c != '+')
			return false;
	}
	return str_find_char(name, '/', 0) > 0 || str_eq(name, STR("UTC"))
		|| str_eq(name, STR("GMT"));
}

bool zone_open(Str name, Zone **out, Err *err)
{
	GTimeZone *tz = NULL;
	char text[ZONE_NAME_BYTES_MAX + 1];
	if (is_zone_name(name) && str_copy(name, text, sizeof text))
		tz = g_time_zone_new_identifier(text);
	if (!tz)
		return ERR(err, ERR_INPUT,
			"\"%.*s\" is not a time zone such as America/Los_Angeles",
			(int)MIN_OF(name.len, (size_t)ZONE_NAME_BYTES_MAX),
			name.ptr ? name.ptr : "");
	Zone *zone = xcalloc(1, sizeof *zone);
	zone->tz = tz;
	*out = zone;
	return true;
}

void zone_close(Zone **zone)
{
	if (!*zone)
		return;
	g_time_zone_unref((*zone)->tz);
	free(*zone);
	*zone = NULL;
}

static int64_t floor_seconds(int64_t at_ms)
{
	return at_ms / MS_PER_SECOND - (at_ms % MS_PER_SECOND < 0);
}

/* Local time minus UTC at an instant. */
static int64_t offset_ms(const Zone *zone, int64_t at_ms)
{
	int interval = g_time_zone_find_interval(
		zone->tz, G_TIME_TYPE_UNIVERSAL, floor_seconds(at_ms));
	return (int64_t)g_time_zone_get_offset(zone->tz, interval) * MS_PER_SECOND;
}

CivilTime zone_local(const Zone *zone, int64_t at_ms)
{
	return civil_from_ms(at_ms + offset_ms(zone, at_ms));
}

/* The first second in (before, after] whose offset is not that of `before`. */
static int64_t transition_between(const Zone *zone, int64_t before_ms, int64_t after_ms)
{
	int64_t old_ms = offset_ms(zone, before_ms);
	while (after_ms - before_ms > MS_PER_SECOND) {
		int64_t seconds = (after_ms - before_ms) / MS_PER_SECOND;
		int64_t middle_ms = before_ms + seconds / 2 * MS_PER_SECOND;
		if (offset_ms(zone, middle_ms) == old_ms)
			before_ms = middle_ms;
		else
			after_ms = middle_ms;
	}
	return after_ms;
}

int64_t zone_instant(const Zone *zone, CivilDate date, int hour, int minute)
{
	assert(hour >= 0 && hour < 24 && minute >= 0 && minute < 60);
	int64_t local_ms = civil_to_days(date) * MS_PER_DAY + hour * (int64_t)MS_PER_HOUR
		+ minute * (int64_t)MS_PER_MINUTE;
	/* Offsets lie within 15 hours, so the wanted instant and a change that hides or doubles it
	 * lie between these two; no zone ever changed twice within two days. */
	int64_t before_ms = local_ms - MS_PER_DAY;
	int64_t after_ms = local_ms + MS_PER_DAY;
	int64_t with_old_ms = local_ms - offset_ms(zone, before_ms);
	int64_t with_new_ms = local_ms - offset_ms(zone, after_ms);
	/* In a double hour both hold, and the old offset gives the first. */
	if (with_old_ms + offset_ms(zone, with_old_ms) == local_ms)
		return with_old_ms;
	if (with_new_ms + offset_ms(zone, with_new_ms) == local_ms)
		return with_new_ms;
	return transition_between(zone, before_ms, after_ms);
}
