#include "base/base.h"

#include "base/csv.h"

static bool has_any(Str s, const char *chars)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] != '\0' && strchr(chars, s.ptr[i]))
			return true;
	return false;
}

/* A spreadsheet takes these first characters for the start of a formula (OWASP, CSV injection). */
static bool starts_formula(Str s)
{
	return s.len > 0 && has_any(str_sub(s, 0, 1), "=+-@\t\r");
}

void csv_put(CsvWriter *writer, Str field)
{
	Buf *out = writer->out;
	bool is_first = !writer->mid_row;
	writer->mid_row = true;
	if (!is_first)
		buf_put_char(out, ',');
	bool guard = writer->guard_formulas && starts_formula(field);
	/* An empty first field is quoted: alone on its line it would read back as a blank line. So
	 * is one with a byte-order mark: at the very start it would be skipped. */
	bool quote = (is_first && (field.len == 0 || str_starts(field, STR("\xEF\xBB\xBF"))))
		|| has_any(field, ",\"\r\n");
	if (quote)
		buf_put_char(out, '"');
	if (guard)
		buf_put_char(out, '\'');
	Str part;
	for (bool again = false; str_split(&field, '"', &part); again = true) {
		if (again)
			buf_put_z(out, "\"\"");
		buf_put(out, part);
	}
	if (quote)
		buf_put_char(out, '"');
}

void csv_put_end(CsvWriter *writer)
{
	buf_put_char(writer->out, '\n');
	writer->mid_row = false;
}
