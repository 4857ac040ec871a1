/* The description and the table of routes must say the same, in both directions. The description
 * keeps to a subset of YAML that these few lines read: paths at two blanks, methods at four,
 * operationId at six. */
#include "base/base.h"

#include "../../lib/expect.h"
#include "base/file.h"
#include "web/internal.h"

enum { OPENAPI_BYTES_MAX = 1024 * 1024, OPERATIONS_MAX = 200 };

typedef struct Operation {
	Str path, method, id;
} Operation;

typedef struct Description {
	Buf text;
	Operation operations[OPERATIONS_MAX];
	size_t count;
} Description;

static size_t indentation(Str line)
{
	size_t n = 0;
	while (n < line.len && line.ptr[n] == ' ')
		n++;
	return n;
}

static bool is_method(Str word)
{
	static const char *const methods[] = { "get", "post", "put", "patch", "delete" };
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (str_eq(word, str_from(methods[i])))
			return true;
	return false;
}

static int read_description(void **state)
{
	static Description d;
	Err err;
	buf_init(&d.text, OPENAPI_BYTES_MAX);
	assert_true(file_read(OPENAPI_PATH, &d.text, &err));
	Str rest = buf_str(&d.text), line, path = STR_NONE;
	bool in_paths = false;
	while (str_split(&rest, '\n', &line)) {
		size_t in = indentation(line);
		Str word = str_from_pos(line, in);
		if (in == 0 && word.len && word.ptr[0] != '#')
			in_paths = str_eq(word, STR("paths:"));
		if (!in_paths || !word.len)
			continue;
		if (in == 2)
			path = str_sub(word, 0, word.len - 1);
		if (in == 4 && is_method(str_sub(word, 0, word.len - 1))
			&& d.count < OPERATIONS_MAX)
			d.operations[d.count++] = (Operation){ .path = path,
				.method = str_sub(word, 0, word.len - 1) };
		if (in == 6 && str_starts(word, STR("operationId: ")))
			d.operations[d.count - 1].id = str_from_pos(word, 13);
	}
	*state = &d;
	return 0;
}

static int forget_description(void **state)
{
	Description *d = *state;
	buf_fini(&d->text);
	return 0;
}

/* "/a/{id:int}" is "/a/{id}" there. */
static bool same_path(Str pattern, Str path)
{
	ptrdiff_t kind;
	while ((kind = str_find(pattern, STR(":int}"))) >= 0) {
		if (!str_eq(str_sub(pattern, 0, (size_t)kind), str_sub(path, 0, (size_t)kind)))
			return false;
		pattern = str_from_pos(pattern, (size_t)kind + 4);
		path = str_from_pos(path, (size_t)kind);
	}
	return str_eq(pattern, path);
}

static bool same(const Route *route, const Operation *operation)
{
	return same_path(str_from(route->pattern), operation->path)
		&& str_eq_nocase(str_from(http_method_name(route->method)), operation->method)
		&& str_eq(str_from(route->operation), operation->id);
}

static void every_route_is_described(void **state)
{
	const Description *d = *state;
	size_t count;
	const Route *routes = web_routes(&count);
	for (size_t r = 0; r < count; r++) {
		bool found = false;
		for (size_t i = 0; i < d->count; i++)
			found |= same(&routes[r], &d->operations[i]);
		if (!found)
			fail_msg("%s %s (%s) is not in doc/openapi.yaml",
				http_method_name(routes[r].method), routes[r].pattern,
				routes[r].operation);
	}
}

static void everything_described_is_a_route(void **state)
{
	const Description *d = *state;
	size_t count;
	const Route *routes = web_routes(&count);
	assert_true(d->count > 0);
	for (size_t i = 0; i < d->count; i++) {
		bool found = false;
		for (size_t r = 0; r < count; r++)
			found |= same(&routes[r], &d->operations[i]);
		if (!found)
			fail_msg("%.*s %.*s (%.*s) is described but is no route",
				STR_ARG(d->operations[i].method), STR_ARG(d->operations[i].path),
				STR_ARG(d->operations[i].id));
	}
}

static void operation_ids_are_unique(void **state)
{
	const Description *d = *state;
	for (size_t i = 0; i < d->count; i++)
		for (size_t k = 0; k < i; k++)
			assert_false(str_eq(d->operations[i].id, d->operations[k].id));
}

static void all_but_pages_and_health_is_guarded(void **state)
{
	(void)state;
	size_t count;
	const Route *routes = web_routes(&count);
	for (size_t r = 0; r < count; r++) {
		Str pattern = str_from(routes[r].pattern);
		bool is_public = str_starts(pattern, STR("/u")) || str_eq(pattern, STR("/healthz"))
			|| str_eq(pattern, STR("/readyz"));
		assert_int_equal(is_public, routes[r].scopes == 0);
		bool for_recipients = routes[r].listeners & (1U << LISTENER_RECIPIENTS);
		assert_int_equal(is_public, for_recipients);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_is_described),
		cmocka_unit_test(everything_described_is_a_route),
		cmocka_unit_test(operation_ids_are_unique),
		cmocka_unit_test(all_but_pages_and_health_is_guarded),
	};
	return cmocka_run_group_tests(tests, read_description, forget_description);
}
