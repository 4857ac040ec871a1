#include "base/base.h"

#include "base/json.h"
#include "org/pretty.h"

typedef struct Layout {
	Buf *out;
	unsigned depth;       /* containers we are in */
	unsigned objects;     /* of these, objects: what the indent counts */
	uint64_t object_bits; /* one bit a container, set for objects */
} Layout;

static void put_line(Layout *l)
{
	buf_put_char(l->out, '\n');
	for (unsigned i = 0; i < l->objects; i++)
		buf_put(l->out, STR("  "));
}

static bool in_object(const Layout *l)
{
	return l->depth > 0 && (l->object_bits >> (l->depth - 1)) & 1U;
}

static void open_container(Layout *l, char c, char next)
{
	assert(l->depth < JSON_DEPTH_MAX);
	uint64_t bit = (uint64_t)1 << l->depth;
	l->object_bits = c == '{' ? l->object_bits | bit : l->object_bits & ~bit;
	l->depth++;
	buf_put_char(l->out, c);
	bool is_empty = next == '}' || next == ']';
	if (c == '{')
		l->objects++;
	if (c == '{' && !is_empty)
		put_line(l);
	else if (!is_empty)
		buf_put_char(l->out, ' ');
}

static void close_container(Layout *l, char c, char before)
{
	if (c == '}')
		l->objects--;
	if (c == '}' && before != '{')
		put_line(l);
	else
		buf_put_char(l->out, ' ');
	buf_put_char(l->out, c);
	l->depth--;
}

/* Copies a string with its quotes; the position after it. */
static size_t put_string(Layout *l, Str json, size_t at)
{
	size_t end = at + 1;
	while (json.ptr[end] != '"')
		end += json.ptr[end] == '\\' ? 2 : 1;
	buf_put(l->out, str_sub(json, at, end + 1 - at));
	return end + 1;
}

void pretty_json(Str json, Buf *out)
{
	Layout l = { .out = out };
	for (size_t i = 0; i < json.len;) {
		char c = json.ptr[i], next = i + 1 < json.len ? json.ptr[i + 1] : '\0';
		if (c == '"') {
			i = put_string(&l, json, i);
			continue;
		}
		if (c == '{' || c == '[') {
			open_container(&l, c, next);
		} else if (c == '}' || c == ']') {
			close_container(&l, c, i ? json.ptr[i - 1] : '\0');
		} else if (c == ',') {
			buf_put_char(out, ',');
			if (in_object(&l))
				put_line(&l);
			else
				buf_put_char(out, ' ');
		} else if (c == ':') {
			buf_put(out, STR(" : "));
		} else {
			buf_put_char(out, c);
		}
		i++;
	}
}
