#include "base/base.h"

#include "base/time.h"

enum {
	YEAR_MIN = 1601, /* Salesforce's earliest is 1700, RFC 3339's latest 9999 */
	YEAR_MAX = 9999,
	DAYS_PER_400_YEARS = 146097,
	DAYS_0000_03_01_TO_1970 = 719468,
};

/* Rounds down also below zero, where C rounds towards zero. */
static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Years are counted from March, so that the leap day is the last of its year and the days before
 * each month follow one line: (153 m + 2) / 5. */
int64_t civil_to_days(CivilDate date)
{
	int64_t year = date.month > 2 ? date.year : date.year - 1;
	int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
	int64_t cycle = floor_div(year, 400);
	int64_t year_of_cycle = year - cycle * 400;
	int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
	int64_t day_of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100
		+ day_of_year;
	return cycle * DAYS_PER_400_YEARS + day_of_cycle - DAYS_0000_03_01_TO_1970;
}

CivilDate civil_from_days(int64_t days)
{
	int64_t shifted = days + DAYS_0000_03_01_TO_1970;
	int64_t cycle = floor_div(shifted, DAYS_PER_400_YEARS);
	int64_t day = shifted - cycle * DAYS_PER_400_YEARS; /* 0..146096 */
	/* Take out the leap days before: one in 4 years (1461 days), not in 100, but in 400. */
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t day_of_year = day - (year * 365 + year / 4 - year / 100);
	int64_t month = (5 * day_of_year + 2) / 153;
	return (CivilDate){
		.year = (int)(cycle * 400 + year + (month >= 10)),
		.month = (int)(month < 10 ? month + 3 : month - 9),
		.day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
	};
}

CivilTime civil_from_ms(int64_t at_ms)
{
	int64_t days = floor_div(at_ms, MS_PER_DAY);
	int64_t rest = at_ms - days * MS_PER_DAY;
	return (CivilTime){
		.date = civil_from_days(days),
		.hour = (int)(rest / MS_PER_HOUR),
		.minute = (int)(rest / MS_PER_MINUTE % 60),
		.second = (int)(rest / MS_PER_SECOND % 60),
		.millisecond = (int)(rest % MS_PER_SECOND),
	};
}

int civil_date_cmp(CivilDate a, CivilDate b)
{
	int64_t between = civil_to_days(a) - civil_to_days(b);
	return between < 0 ? -1 : between > 0;
}

void date_put(Buf *out, CivilDate date)
{
	buf_printf(out, "%04d-%02d-%02d", date.year, date.month, date.day);
}

static void put_with_zone(Buf *out, int64_t at_ms, const char *zone)
{
	CivilTime t = civil_from_ms(at_ms);
	date_put(out, t.date);
	buf_printf(out, "T%02d:%02d:%02d.%03d%s", t.hour, t.minute, t.second, t.millisecond, zone);
}

void time_put_rfc3339(Buf *out, int64_t at_ms)
{
	put_with_zone(out, at_ms, "Z");
}

void time_put_salesforce(Buf *out, int64_t at_ms)
{
	put_with_zone(out, at_ms, "+0000");
}

void time_put_http(Buf *out, int64_t at_ms)
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	CivilTime t = civil_from_ms(at_ms);
	int64_t day = civil_to_days(t.date) + 4; /* 1970-01-01 was a Thursday */
	int64_t weekday = day - floor_div(day, 7) * 7;
	buf_printf(out, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[weekday], t.date.day,
		months[t.date.month - 1], t.date.year, t.hour, t.minute, t.second);
}

/* Cuts exactly `count` digits off *rest. */
static bool take_digits(Str *rest, size_t count, int *out)
{
	Str digits = str_sub(*rest, 0, count);
	int64_t value;
	if (digits.len != count || !ascii_is_digit(digits.ptr[0])
		|| !str_to_i64(digits, 0, YEAR_MAX, &value))
		return false;
	*out = (int)value;
	*rest = str_from_pos(*rest, count);
	return true;
}

static bool take_char(Str *rest, char c)
{
	if (rest->len == 0 || ascii_lower(rest->ptr[0]) != ascii_lower(c))
		return false;
	*rest = str_from_pos(*rest, 1);
	return true;
}

static bool date_is_real(CivilDate date)
{
	if (date.year < YEAR_MIN || date.year > YEAR_MAX || date.month < 1 || date.month > 12
		|| date.day < 1 || date.day > 31)
		return false;
	/* 31 April would come back as 1 May. */
	return civil_from_days(civil_to_days(date)).day == date.day;
}

static bool take_date(Str *rest, CivilDate *out)
{
	CivilDate date;
	if (!take_digits(rest, 4, &date.year) || !take_char(rest, '-')
		|| !take_digits(rest, 2, &date.month) || !take_char(rest, '-')
		|| !take_digits(rest, 2, &date.day) || !date_is_real(date))
		return false;
	*out = date;
	return true;
}

bool date_parse(Str text, CivilDate *out)
{
	CivilDate date;
	if (!take_date(&text, &date) || text.len > 0)
		return false;
	*out = date;
	return true;
}

/* Up to nine digits after a point; what is finer than a millisecond is cut off. */
static bool take_fraction(Str *rest, int64_t *out_ms)
{
	*out_ms = 0;
	if (!take_char(rest, '.'))
		return true;
	int64_t digit_ms = 100;
	size_t count = 0;
	while (count < rest->len && ascii_is_digit(rest->ptr[count])) {
		*out_ms += (rest->ptr[count++] - '0') * digit_ms;
		digit_ms /= 10;
	}
	*rest = str_from_pos(*rest, count);
	return count >= 1 && count <= 9;
}

static bool take_clock(Str *rest, int64_t *out_ms)
{
	int hour, minute, second;
	int64_t fraction_ms;
	/* A 60th second (RFC 3339 5.7) is the next minute's first, as everywhere in Unix time. */
	if (!take_digits(rest, 2, &hour) || !take_char(rest, ':') || !take_digits(rest, 2, &minute)
		|| !take_char(rest, ':') || !take_digits(rest, 2, &second)
		|| !take_fraction(rest, &fraction_ms) || hour > 23 || minute > 59 || second > 60)
		return false;
	*out_ms = hour * (int64_t)MS_PER_HOUR + minute * (int64_t)MS_PER_MINUTE
		+ second * (int64_t)MS_PER_SECOND + fraction_ms;
	return true;
}

/* Z, +hh:mm or +hhmm, then the end. */
static bool take_offset(Str *rest, int64_t *out_ms)
{
	*out_ms = 0;
	if (take_char(rest, 'Z'))
		return rest->len == 0;
	bool is_west = take_char(rest, '-');
	if (!is_west && !take_char(rest, '+'))
		return false;
	int hour, minute;
	if (!take_digits(rest, 2, &hour))
		return false;
	take_char(rest, ':');
	if (!take_digits(rest, 2, &minute) || rest->len > 0 || hour > 23 || minute > 59)
		return false;
	int64_t offset_ms = hour * (int64_t)MS_PER_HOUR + minute * (int64_t)MS_PER_MINUTE;
	*out_ms = is_west ? -offset_ms : offset_ms;
	return true;
}

bool time_parse(Str text, int64_t *out_ms, Err *err)
{
	Str rest = text;
	CivilDate date;
	int64_t clock_ms, offset_ms;
	if (!take_date(&rest, &date) || !take_char(&rest, 'T') || !take_clock(&rest, &clock_ms)
		|| !take_offset(&rest, &offset_ms))
		return ERR(err, ERR_INPUT,
			"\"%.*s\" is not a time such as 2026-01-02T03:04:05.678Z",
			(int)MIN_OF(text.len, (size_t)64), text.ptr ? text.ptr : "");
	int64_t at_ms = civil_to_days(date) * MS_PER_DAY + clock_ms - offset_ms;
	int year = civil_from_ms(at_ms).date.year;
	/* A zone, or a 60th second, can lead out of the years that we can write. */
	if (year < YEAR_MIN || year > YEAR_MAX)
		return ERR(err, ERR_INPUT, "\"%.*s\" is not in the years %d to %d", (int)text.len,
			text.ptr, YEAR_MIN, YEAR_MAX);
	*out_ms = at_ms;
	return true;
}
