/* time.h: instants as int64_t milliseconds since 1970 UTC, civil dates, RFC 3339 and Salesforce
 * text, and named zones through GLib's GTimeZone (reads tzdata, any zone, any thread; the
 * process-wide TZ is never used). */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
	MS_PER_SECOND = 1000,
	MS_PER_MINUTE = 60 * 1000,
	MS_PER_HOUR = 3600 * 1000,
	MS_PER_DAY = 86400 * 1000
};

typedef struct CivilDate {
	int year;  /* 1601..9999 */
	int month; /* 1..12 */
	int day;   /* 1..31 */
} CivilDate;

typedef struct CivilTime {
	CivilDate date;
	int hour, minute, second, millisecond;
} CivilTime;

/* Days since 1970-01-01 and back. */
int64_t civil_to_days(CivilDate date);
CivilDate civil_from_days(int64_t days);
CivilTime civil_from_ms(int64_t at_ms); /* in UTC */
int civil_date_cmp(CivilDate a, CivilDate b);

/* "2026-01-02T03:04:05.678Z" */
void time_put_rfc3339(Buf *out, int64_t at_ms);
/* "2026-01-02T03:04:05.000+0000", as Salesforce REST answers print it. */
void time_put_salesforce(Buf *out, int64_t at_ms);
/* "Thu, 01 Jan 1970 00:00:00 GMT" (RFC 9110 5.6.7). */
void time_put_http(Buf *out, int64_t at_ms);
void date_put(Buf *out, CivilDate date); /* "2026-01-02" */
WARN_UNUSED bool date_parse(Str text, CivilDate *out);
/* Date and time with a zone: Z, +00:00 or +0000; fraction of 0..9 digits. Both RFC 3339 and
 * Salesforce's forms. */
WARN_UNUSED bool time_parse(Str text, int64_t *out_ms, Err *err);

typedef struct Zone Zone;

/* An IANA name such as "America/Los_Angeles". False with ERR_INPUT when tzdata does not know it. */
WARN_UNUSED bool zone_open(Str name, Zone **out, Err *err);
void zone_close(Zone **zone);
CivilTime zone_local(const Zone *zone, int64_t at_ms);
/* The instant of a wall-clock time on a local date. A missing one (spring forward) gives the first
 * instant after the gap, a double one (fall back) the first of the two (product.md, "Orgs and
 * runs"). */
int64_t zone_instant(const Zone *zone, CivilDate date, int hour, int minute);

#endif
