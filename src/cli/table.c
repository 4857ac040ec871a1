#include "cli/table.h"
#include "base/base.h"

/* ------------------------------------------------------------ characters */

/* Decodes one character of valid or broken UTF-8; gives its bytes. Broken bytes are one character,
 * 0xFFFD. */
static size_t next_char(Str s, size_t at, uint32_t *out)
{
	unsigned char lead = (unsigned char)s.ptr[at];
	size_t len = lead < 0x80 ? 1
		: lead < 0xC2    ? 0
		: lead < 0xE0    ? 2
		: lead < 0xF0    ? 3
		: lead < 0xF5    ? 4
				 : 0;
	if (len == 0 || at + len > s.len || !str_is_utf8(str_sub(s, at, len))) {
		*out = 0xFFFD;
		return 1;
	}
	static const unsigned char lead_bits[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
	uint32_t code = lead & lead_bits[len];
	for (size_t i = 1; i < len; i++)
		code = code << 6 | ((unsigned char)s.ptr[at + i] & 0x3F);
	*out = code;
	return len;
}

typedef struct Range {
	uint32_t from, to;
} Range;

static bool is_in(uint32_t code, const Range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code >= ranges[i].from && code <= ranges[i].to)
			return true;
	return false;
}

/* C0, DEL, C1; line and paragraph separators; marks that turn the direction of writing around. */
static bool is_control(uint32_t code)
{
	static const Range ranges[] = { { 0, 0x1F }, { 0x7F, 0x9F }, { 0x2028, 0x202E },
		{ 0x2066, 0x2069 }, { 0x200E, 0x200F }, { 0x061C, 0x061C }, { 0xFEFF, 0xFEFF } };
	return is_in(code, ranges, ARRAY_LEN(ranges));
}

/* The blocks that matter for names: enough for alignment, not all of Unicode's East Asian Width. */
static size_t char_width(uint32_t code)
{
	static const Range none[] = { { 0x0300, 0x036F }, { 0x200B, 0x200D }, { 0x3099, 0x309A },
		{ 0xFE00, 0xFE0F } };
	static const Range two[] = { { 0x1100, 0x115F }, { 0x2E80, 0x303E }, { 0x3041, 0xA4CF },
		{ 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF }, { 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 },
		{ 0xFFE0, 0xFFE6 }, { 0x1F300, 0x1F64F }, { 0x1F900, 0x1F9FF },
		{ 0x20000, 0x3FFFD } };
	if (is_in(code, none, ARRAY_LEN(none)))
		return 0;
	return is_in(code, two, ARRAY_LEN(two)) ? 2 : 1;
}

void text_put_clean(Buf *out, Str text)
{
	for (size_t at = 0; at < text.len;) {
		uint32_t code;
		size_t len = next_char(text, at, &code);
		if (code == '\n' || code == '\t')
			buf_put_char(out, ' ');
		else if (code == 0xFFFD || is_control(code))
			buf_put(out, STR("\xEF\xBF\xBD"));
		else
			buf_put(out, str_sub(text, at, len));
		at += len;
	}
}

size_t text_width(Str text)
{
	size_t width = 0;
	for (size_t at = 0; at < text.len;) {
		uint32_t code;
		at += next_char(text, at, &code);
		width += char_width(code);
	}
	return width;
}

/* Puts as much as fits into width columns, "..." at the end when something is missing. */
static void put_cut(Buf *out, Str text, size_t width)
{
	if (text_width(text) <= width) {
		buf_put(out, text);
		return;
	}
	size_t used = 0, at = 0;
	while (at < text.len) {
		uint32_t code;
		size_t len = next_char(text, at, &code);
		if (used + char_width(code) + 3 > width)
			break;
		used += char_width(code);
		at += len;
	}
	buf_put(out, str_sub(text, 0, at));
	buf_put_z(out, "...");
}

/* ----------------------------------------------------------------- cells */

const JsonVal *json_path(const JsonVal *object, const char *path)
{
	const char *dot = strchr(path, '.');
	if (!dot)
		return json_member(object, path);
	char name[64];
	if (!str_copy((Str){ path, (size_t)(dot - path) }, name, sizeof name))
		return NULL;
	return json_member(json_member(object, name), dot + 1);
}

/* "2026-01-02T03:04:05.678Z" without the T and what follows the seconds. */
static void put_time(Buf *out, Str text)
{
	if (text.len < 19 || text.ptr[10] != 'T') {
		text_put_clean(out, text);
		return;
	}
	text_put_clean(out, str_sub(text, 0, 10));
	buf_put_char(out, ' ');
	text_put_clean(out, str_sub(text, 11, 8));
}

static void put_scalar(Buf *out, const JsonVal *val)
{
	switch (json_val_type(val)) {
	case JSON_T_NULL:
		break;
	case JSON_T_BOOL:
		buf_put_z(out, json_as_bool(val, false) ? "yes" : "no");
		break;
	case JSON_T_INT:
		buf_put_i64(out, json_as_i64(val, 0));
		break;
	case JSON_T_STR:
		text_put_clean(out, json_as_str(val));
		break;
	case JSON_T_REAL:
	case JSON_T_ARRAY:
	case JSON_T_OBJECT:
		json_put_val(out, val);
		break;
	}
}

static void put_list(Buf *out, const JsonVal *array)
{
	for (size_t i = 0; i < json_array_len(array); i++) {
		buf_put_z(out, i ? ", " : "");
		put_scalar(out, json_array_at(array, i));
	}
}

void cell_put(Buf *out, const JsonVal *row, const Column *column)
{
	const JsonVal *val = json_path(row, column->member);
	switch (column->kind) {
	case CELL_TEXT:
	case CELL_NUMBER:
	case CELL_YES_NO:
		put_scalar(out, val);
		break;
	case CELL_TIME:
		put_time(out, json_as_str(val));
		break;
	case CELL_LIST:
		put_list(out, val);
		break;
	}
}

/* ---------------------------------------------------------------- tables */

/* One cell, cleaned and cut, in a scratch buffer that is used again. */
static Str cell_text(Buf *whole, Buf *cut, const JsonVal *row, const Column *column)
{
	buf_reset(whole);
	cell_put(whole, row, column);
	if (column->width_max == 0)
		return buf_str(whole);
	buf_reset(cut);
	put_cut(cut, buf_str(whole), column->width_max);
	return buf_str(cut);
}

static void put_blanks(Buf *out, size_t count)
{
	for (; count > 0; count--)
		buf_put_char(out, ' ');
}

static void put_aligned(Buf *line, Str text, const Column *column, size_t width)
{
	size_t gap = width - MIN_OF(width, text_width(text));
	if (column->kind == CELL_NUMBER)
		put_blanks(line, gap);
	buf_put(line, text);
	if (column->kind != CELL_NUMBER)
		put_blanks(line, gap);
	buf_put_z(line, "  ");
}

/* No line ends in blanks. */
static void put_line(Buf *out, Buf *line)
{
	Str text = buf_str(line);
	while (text.len > 0 && text.ptr[text.len - 1] == ' ')
		text.len--;
	buf_put(out, text);
	buf_put_char(out, '\n');
	buf_reset(line);
}

enum { CELL_BYTES_MAX = 64 * 1024 };

/* Widths of the columns; 0: nothing in it, left out. */
static void measure(
	const JsonVal *rows, const Column *columns, size_t column_count, size_t *out_widths)
{
	CLEANUP(buf_fini) Buf whole = BUF_MAX(CELL_BYTES_MAX);
	CLEANUP(buf_fini) Buf cut = BUF_MAX(CELL_BYTES_MAX);
	for (size_t c = 0; c < column_count; c++) {
		size_t widest = 0;
		for (size_t r = 0; r < json_array_len(rows); r++) {
			Str text = cell_text(&whole, &cut, json_array_at(rows, r), &columns[c]);
			widest = MAX_OF(widest, text_width(text));
		}
		out_widths[c] = widest ? MAX_OF(widest, strlen(columns[c].title)) : 0;
	}
}

void table_put(Buf *out, const JsonVal *rows, const Column *columns, size_t column_count)
{
	size_t widths[TABLE_COLUMNS_MAX];
	assert(column_count <= TABLE_COLUMNS_MAX);
	measure(rows, columns, column_count, widths);

	CLEANUP(buf_fini) Buf whole = BUF_MAX(CELL_BYTES_MAX);
	CLEANUP(buf_fini) Buf cut = BUF_MAX(CELL_BYTES_MAX);
	CLEANUP(buf_fini) Buf line = BUF_MAX(TABLE_COLUMNS_MAX * CELL_BYTES_MAX);
	for (size_t c = 0; c < column_count; c++)
		if (widths[c])
			put_aligned(&line, str_from(columns[c].title), &columns[c], widths[c]);
	put_line(out, &line);
	for (size_t r = 0; r < json_array_len(rows); r++) {
		for (size_t c = 0; c < column_count; c++)
			if (widths[c])
				put_aligned(&line,
					cell_text(
						&whole, &cut, json_array_at(rows, r), &columns[c]),
					&columns[c], widths[c]);
		put_line(out, &line);
	}
}

void table_put_pairs(Buf *out, const JsonVal *object, const Column *columns, size_t column_count)
{
	CLEANUP(buf_fini) Buf whole = BUF_MAX(CELL_BYTES_MAX);
	CLEANUP(buf_fini) Buf cut = BUF_MAX(CELL_BYTES_MAX);
	size_t widest = 0;
	for (size_t c = 0; c < column_count; c++)
		if (cell_text(&whole, &cut, object, &columns[c]).len)
			widest = MAX_OF(widest, strlen(columns[c].title));
	for (size_t c = 0; c < column_count; c++) {
		Str text = cell_text(&whole, &cut, object, &columns[c]);
		if (text.len == 0)
			continue;
		buf_printf(out, "%s:%*s  ", columns[c].title,
			(int)(widest - strlen(columns[c].title)), "");
		buf_put(out, text);
		buf_put_char(out, '\n');
	}
}
