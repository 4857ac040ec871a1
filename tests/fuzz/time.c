/* Times and zones as other systems write them (base/time.h). A line that begins with '@' is a local
 * date and time in a named zone: "@America/Los_Angeles 2026-03-08 02:30". */
#include "base/base.h"

#include "base/time.h"
#include "fuzz.h"

static void check_instant(int64_t at_ms)
{
	static void (*const writers[])(Buf *, int64_t) = { time_put_rfc3339, time_put_salesforce };
	CivilTime t = civil_from_ms(at_ms);
	int64_t again = 0;
	MUST(civil_to_days(t.date) * MS_PER_DAY + t.hour * (int64_t)MS_PER_HOUR
			+ t.minute * (int64_t)MS_PER_MINUTE + t.second * (int64_t)MS_PER_SECOND
			+ t.millisecond
		== at_ms);
	for (size_t i = 0; i < ARRAY_LEN(writers); i++) {
		CLEANUP(buf_fini) Buf text = BUF_MAX(64);
		Err err;
		writers[i](&text, at_ms);
		MUST(time_parse(buf_str(&text), &again, &err) && again == at_ms);
	}
	CLEANUP(buf_fini) Buf http = BUF_MAX(64);
	time_put_http(&http, at_ms);
	MUST(http.len == strlen("Thu, 01 Jan 1970 00:00:00 GMT"));
}

static void check_time(Str text)
{
	int64_t at_ms = 4711;
	Err err = { 0 };
	if (time_parse(text, &at_ms, &err))
		check_instant(at_ms);
	else
		MUST(fuzz_err_is(&err, 1u << ERR_INPUT) && at_ms == 4711);
}

static void check_date(Str text)
{
	CivilDate date, again;
	CLEANUP(buf_fini) Buf out = BUF_MAX(32);
	if (!date_parse(text, &date))
		return;
	date_put(&out, date);
	MUST(str_eq(buf_str(&out), text));
	again = civil_from_days(civil_to_days(date));
	MUST(civil_date_cmp(date, again) == 0 && again.year == date.year);
	again = civil_from_days(civil_to_days(date) + 1);
	MUST(civil_date_cmp(date, again) < 0);
}

static int64_t wall_ms(CivilTime t)
{
	return civil_to_days(t.date) * MS_PER_DAY + t.hour * (int64_t)MS_PER_HOUR
		+ t.minute * (int64_t)MS_PER_MINUTE + t.second * (int64_t)MS_PER_SECOND
		+ t.millisecond;
}

/* The promise of zone_instant: the first instant whose local time is the wanted one; in a gap the
 * first after it. */
static void check_zone_instant(const Zone *zone, CivilDate date, int hour, int minute)
{
	int64_t want = wall_ms((CivilTime){ .date = date, .hour = hour, .minute = minute });
	int64_t at_ms = zone_instant(zone, date, hour, minute);
	int64_t here = wall_ms(zone_local(zone, at_ms));
	int64_t before = wall_ms(zone_local(zone, at_ms - MS_PER_SECOND));
	MUST(here >= want && before < want);
}

static void check_zone(Str line)
{
	Str name, day;
	int64_t hour, minute;
	CivilDate date;
	Zone *zone = NULL;
	Err err = { 0 };
	(void)str_split(&line, ' ', &name);
	if (!zone_open(name, &zone, &err)) {
		MUST(fuzz_err_is(&err, 1u << ERR_INPUT) && !zone);
		return;
	}
	MUST(str_find(name, STR("..")) < 0 && name.ptr[0] != '/');
	if (str_split(&line, ' ', &day) && date_parse(day, &date) && line.len == 5
		&& str_to_i64(str_sub(line, 0, 2), 0, 23, &hour)
		&& str_to_i64(str_from_pos(line, 3), 0, 59, &minute))
		check_zone_instant(zone, date, (int)hour, (int)minute);
	zone_close(&zone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str text = fuzz_text(data, size);
	if (str_starts(text, STR("@"))) {
		check_zone(str_from_pos(text, 1));
		return 0;
	}
	check_time(text);
	check_date(text);
	return 0;
}
