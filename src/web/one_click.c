#include "base/base.h"

#include "web/one_click.h"

#include "base/enc.h"

static bool is_field(Str name, Str value)
{
	return str_eq_nocase(name, STR("List-Unsubscribe"))
		&& str_eq_nocase(str_trim(value), STR("One-Click"));
}

static bool form_asks(Str body, Arena *arena)
{
	FormField *fields;
	size_t count;
	if (!form_parse(body, arena, &fields, &count, NULL))
		return false;
	for (size_t i = 0; i < count; i++)
		if (is_field(fields[i].name, fields[i].value))
			return true;
	return false;
}

/* A parameter of a header: name=value or name="value" after a semicolon (RFC 9110 5.6.6).
 * Backslashes in quotes do not occur in boundaries (RFC 2046 5.1.1) or in the one field name we
 * look for. */
static Str header_param(Str header, Str name)
{
	Str part;
	(void)str_split(&header, ';', &part);
	while (str_split(&header, ';', &part)) {
		part = str_trim(part);
		ptrdiff_t equals = str_find_char(part, '=', 0);
		if (equals < 0 || !str_eq_nocase(str_trim(str_sub(part, 0, (size_t)equals)), name))
			continue;
		Str value = str_trim(str_from_pos(part, (size_t)equals + 1));
		if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
			value = str_sub(value, 1, value.len - 2);
		return value;
	}
	return STR_NONE;
}

/* One part: headers, an empty line, the value. Lines may end in LF alone. */
static bool part_asks(Str part)
{
	Str line, name = STR_NONE;
	while (str_split(&part, '\n', &line)) {
		line = str_trim(line);
		if (!line.len)
			return part.ptr && is_field(name, part);
		if (str_eq_nocase(str_sub(line, 0, 20), STR("Content-Disposition:")))
			name = header_param(line, STR("name"));
	}
	return false;
}

/* Parts stand between "--boundary" lines (RFC 2046 5.1.1). */
static bool multipart_asks(Str content_type, Str body, Arena *arena)
{
	Str boundary = header_param(content_type, STR("boundary"));
	if (!boundary.len)
		return false;
	Str mark = arena_printf(arena, "--%.*s", STR_ARG(boundary));
	ptrdiff_t at = str_find(body, mark);
	while (at >= 0) {
		Str rest = str_from_pos(body, (size_t)at + mark.len);
		if (str_starts(rest, STR("--")))
			return false;
		/* The rest of the boundary's own line is not a header. */
		ptrdiff_t line_end = str_find_char(rest, '\n', 0);
		if (line_end < 0)
			return false;
		body = str_from_pos(rest, (size_t)line_end + 1);
		at = str_find(body, mark);
		if (part_asks(at < 0 ? body : str_sub(body, 0, (size_t)at)))
			return true;
	}
	return false;
}

bool one_click_asked(const HttpRequest *request, Arena *arena)
{
	Str type = http_request_header(request, STR("Content-Type"));
	if (str_eq_nocase(str_sub(type, 0, 20), STR("multipart/form-data;")))
		return multipart_asks(type, request->body, arena);
	return form_asks(request->body, arena);
}
