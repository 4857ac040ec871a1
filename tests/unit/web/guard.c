#include "base/base.h"

#include "web/guard.h"

#include "house.h"
#include "web/internal.h"

static Answer as(
	House *house, const char *token, const char *method, const char *path, const char *body)
{
	return house_ask(house,
		&(Ask){ .method = method,
			.path = path,
			.listener = LISTENER_ADMIN,
			.token = token,
			.body = body });
}

static void tokens_are_shown_once_and_look_right(void **state)
{
	House *house = *state;
	Str answer = house_post(house, 200, "/api/v1/tokens",
		"{\"name\":\"mailer\",\"scopes\":[\"send\",\"read\"]}");
	Str token = str_from(house_member(house, answer, "token"));
	assert_true(str_starts(token, STR("optout_")));
	assert_int_equal(token.len, 7 + 43);
	assert_true(atoll(house_member(house, answer, "token_id")) > 0);
}

static void wrong_token_wishes_are_refused(void **state)
{
	House *house = *state;
	static const char *const bodies[] = { "{}", "{\"name\":\"x\"}",
		"{\"name\":\"x\",\"scopes\":[]}", "{\"name\":\"x\",\"scopes\":[\"root\"]}",
		"{\"name\":\"\",\"scopes\":[\"send\"]}",
		"{\"name\":\"a\\nb\",\"scopes\":[\"send\"]}",
		"{\"name\":\"x\",\"scopes\":\"send\"}", "{\"name\":\"x\",\"scopes\":[7]}" };
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		(void)house_post(house, 400, "/api/v1/tokens", bodies[i]);
}

static void no_token_or_a_wrong_one_is_401(void **state)
{
	House *house = *state;
	static const char *const tokens[] = {
		NULL, "", "x", "optout_", "optout_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"optout_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	};
	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		Answer answer = as(house, tokens[i], "GET", "/api/v1/status", NULL);
		assert_int_equal(answer.status, 401);
		assert_has(http_reply_get(&answer.reply, STR("WWW-Authenticate")), "Bearer");
	}
}

/* What each scope may do, route by route: the handlers answer something else than 401 and 403. */
static void scopes_open_exactly_their_routes(void **state)
{
	House *house = *state;
	static const struct {
		const char *json;
		unsigned bits;
	} scopes[] = { { "\"send\"", SCOPE_SEND }, { "\"read\"", SCOPE_READ },
		{ "\"user\"", SCOPE_USER | SCOPE_READ },
		{ "\"admin\"", SCOPE_SEND | SCOPE_READ | SCOPE_USER | SCOPE_ADMIN } };
	size_t count;
	const Route *routes = web_routes(&count);
	for (size_t s = 0; s < ARRAY_LEN(scopes); s++) {
		const char *token = house_token(house, scopes[s].json);
		for (size_t r = 0; r < count; r++) {
			if (!routes[r].scopes)
				continue;
			Str rest = str_from(routes[r].pattern), part;
			CLEANUP(buf_fini) Buf path = BUF_MAX(256);
			(void)str_split(&rest, '/', &part);
			while (str_split(&rest, '/', &part)) {
				buf_put_char(&path, '/');
				buf_put(&path, part.ptr[0] == '{' ? STR("1") : part);
			}
			Answer answer = as(
				house, token, http_method_name(routes[r].method), buf_z(&path), "");
			bool may = (scopes[s].bits & routes[r].scopes) != 0;
			if ((answer.status != 403) != may || answer.status == 401)
				fail_msg("%s %s with %s: %d", http_method_name(routes[r].method),
					buf_z(&path), scopes[s].json, answer.status);
		}
	}
}

static void actors_stand_in_the_history(void **state)
{
	House *house = *state;
	const char *token = house_token(house, "\"user\"");
	assert_int_equal(
		as(house, token, "POST", "/api/v1/unsubscribes", "{\"address\":\"a@example.com\"}")
			.status,
		200);
	assert_str(house_newest(house, "a@example.com").actor, "token mailer");
	(void)house_post(house, 200, "/api/v1/unsubscribes", "{\"address\":\"b@example.com\"}");
	assert_str(house_newest(house, "b@example.com").actor, "local admin");
}

static void a_token_is_remembered_for_seconds_only(void **state)
{
	House *house = *state;
	const char *token = house_token(house, "\"read\"");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(as(house, token, "GET", "/api/v1/status", NULL).status, 200);
		fake_clock_advance(&house->clock, TOKEN_CACHE_MS - 1);
	}
	/* More tokens than the cache has places: each is still right. */
	for (int i = 0; i < TOKEN_CACHE_SLOTS + 5; i++)
		assert_int_equal(
			as(house, house_token(house, "\"read\""), "GET", "/api/v1/status", NULL)
				.status,
			200);
	assert_int_equal(as(house, token, "GET", "/api/v1/status", NULL).status, 200);
}

static void health_needs_no_token(void **state)
{
	House *house = *state;
	static const int listeners[] = { LISTENER_RECIPIENTS, LISTENER_ADMIN, LISTENER_LOCAL };
	for (size_t i = 0; i < ARRAY_LEN(listeners); i++) {
		assert_int_equal(house_ask(house,
					 &(Ask){ .method = "GET",
						 .path = "/healthz",
						 .listener = listeners[i] })
					 .status,
			200);
		assert_int_equal(house_ask(house,
					 &(Ask){ .method = "GET",
						 .path = "/readyz",
						 .listener = listeners[i] })
					 .status,
			200);
	}
}

static void recipients_pages_are_not_on_the_desk(void **state)
{
	House *house = *state;
	(void)house_get(house, 404, house_link(house, "a@example.com"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, house_setup, house_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tokens_are_shown_once_and_look_right),
		TEST(wrong_token_wishes_are_refused),
		TEST(no_token_or_a_wrong_one_is_401),
		TEST(scopes_open_exactly_their_routes),
		TEST(actors_stand_in_the_history),
		TEST(a_token_is_remembered_for_seconds_only),
		TEST(health_needs_no_token),
		TEST(recipients_pages_are_not_on_the_desk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
