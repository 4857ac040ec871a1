#include "base/base.h"

#include "sf/limits.h"

#include "base/str.h"

/* "17/250(appName=x)" at the start of s; what follows the second number does not matter. */
static bool parse_fraction(Str s, int64_t *out_used, int64_t *out_max)
{
	size_t slash = 0;
	while (slash < s.len && ascii_is_digit(s.ptr[slash]))
		slash++;
	if (slash == s.len || s.ptr[slash] != '/')
		return false;
	size_t end = slash + 1;
	while (end < s.len && ascii_is_digit(s.ptr[end]))
		end++;
	return str_to_i64(str_sub(s, 0, slash), 0, INT64_MAX, out_used)
		&& str_to_i64(str_sub(s, slash + 1, end - slash - 1), 0, INT64_MAX, out_max);
}

bool sf_limit_info_parse(Str header, SfUsage *out)
{
	const Str key = STR("api-usage="), app_prefix = STR("per-app-");
	SfUsage usage = { 0 };
	bool has_org = false;
	size_t from = 0;
	for (;;) {
		ptrdiff_t found = str_find_nocase(str_from_pos(header, from), key);
		if (found < 0)
			break;
		size_t at = from + (size_t)found;
		from = at + key.len;
		bool is_app = at >= app_prefix.len
			&& str_eq_nocase(
				str_sub(header, at - app_prefix.len, app_prefix.len), app_prefix);
		Str fraction = str_from_pos(header, from);
		if (is_app)
			usage.has_app |= parse_fraction(fraction, &usage.app_used, &usage.app_max);
		else
			has_org |= parse_fraction(fraction, &usage.used, &usage.max);
	}
	if (has_org)
		*out = usage;
	return has_org;
}
