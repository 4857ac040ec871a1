#include "base/base.h"

#include "web/public.h"

#include <semaphore.h>

#include "base/metric.h"
#include "house.h"
#include "web/page.h"

static Answer recipient(
	House *house, const char *method, const char *path, const char *type, const char *body)
{
	return house_ask(house,
		&(Ask){ .method = method,
			.path = path,
			.listener = LISTENER_RECIPIENTS,
			.type = type,
			.body = body,
			.agent = "TestMail/1.0",
			.client = "198.51.100.7" });
}

static void link_shows_what_stops_and_one_button(void **state)
{
	House *house = *state;
	(void)house_patch(house, 200, "/api/v1/settings", "{\"company.name\":\"Rain & Sons\"}");
	Answer answer = recipient(house, "GET", house_link(house, "ann@example.com"), NULL, NULL);
	assert_int_equal(answer.status, 200);
	assert_has(answer.body, "ann@<wbr>example.com");
	assert_has(answer.body, "Rain &amp; Sons");
	assert_has(answer.body, "<form method=\"post\">");
	assert_has(answer.body, "Nothing has changed yet");
	assert_has_not(answer.body, "<script");
	assert_true(answer.body.len < PAGE_BYTES_MAX);
}

static void get_and_head_change_nothing(void **state)
{
	House *house = *state;
	const char *link = house_link(house, "ann@example.com");
	Footprint before = house_footprint(house);
	static const char *const methods[] = { "GET", "HEAD", "GET" };
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		assert_int_equal(recipient(house, methods[i], link, NULL, NULL).status, 200);
	assert_int_equal(recipient(house, "OPTIONS", link, NULL, NULL).status, 405);
	Footprint after = house_footprint(house);
	assert_memory_equal(&before, &after, sizeof before);
	assert_int_equal(house->push_wakes, 0);
}

static void button_unsubscribes_and_says_so(void **state)
{
	House *house = *state;
	const char *link = house_link(house, "Ann@Example.com");
	int64_t counted = metric_value(M_STOPS);
	Answer answer = recipient(house, "POST", link, "application/x-www-form-urlencoded", "");
	assert_int_equal(answer.status, 200);
	assert_has(answer.body, "You are unsubscribed");
	Person person = house_person(house, "ann@example.com");
	assert_int_equal(person.unsubscribed_at_ms, HOUSE_START);
	assert_int_equal(person.source, SOURCE_LINK);
	assert_int_equal(metric_value(M_STOPS), counted + 1);
}

static void evidence_tells_method_client_agent_key_and_time(void **state)
{
	House *house = *state;
	(void)recipient(house, "POST", house_link(house, "ann@example.com"), NULL, "");
	HistoryEntry entry = house_newest(house, "ann@example.com");
	assert_int_equal(entry.kind, EVENT_UNSUBSCRIBED);
	assert_str(entry.actor, "recipient");
	assert_member(house, entry.evidence, "method", "POST");
	assert_member(house, entry.evidence, "client", "198.51.100.7");
	assert_member(house, entry.evidence, "user_agent", "TestMail/1.0");
	assert_member(house, entry.evidence, "at", "2026-01-02T03:04:05.000Z");
	const char *key = house_printf(house, "%u", house->keyring.links[0].id);
	assert_member(house, entry.evidence, "link_key", key);
}

static void both_encodings_of_one_click_unsubscribe(void **state)
{
	House *house = *state;
	Answer form = recipient(house, "POST", house_link(house, "a@example.com"),
		"application/x-www-form-urlencoded", "List-Unsubscribe=One-Click");
	Answer parts = recipient(house, "POST", house_link(house, "b@example.com"),
		"multipart/form-data; boundary=x",
		"--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n"
		"\r\nOne-Click\r\n--x--\r\n");
	assert_int_equal(form.status, 200);
	assert_int_equal(parts.status, 200);
	assert_true(form.body.len < 100);
	assert_false(http_reply_get(&form.reply, STR("Location")).ptr != NULL);
	assert_false(http_reply_get(&form.reply, STR("Set-Cookie")).ptr != NULL);
	assert_int_equal(house_person(house, "a@example.com").source, SOURCE_ONE_CLICK);
	assert_int_equal(house_person(house, "b@example.com").source, SOURCE_ONE_CLICK);
}

static void a_right_link_answers_the_same_for_known_unknown_and_unsubscribed(void **state)
{
	House *house = *state;
	(void)house_post(house, 200, "/api/v1/people/import", "email\nknown@example.com\n");
	(void)house_post(house, 200, "/api/v1/unsubscribes", "{\"address\":\"gone1@example.com\"}");
	static const char *const addresses[] = { "known@example.com", "never@example.com",
		"gone1@example.com" };
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		const char *link = house_link(house, addresses[i]);
		Answer answer = recipient(house, "POST", link, NULL, "List-Unsubscribe=One-Click");
		assert_int_equal(answer.status, 200);
		assert_str(answer.body, "unsubscribed\n");
		assert_true(house_person(house, addresses[i]).unsubscribed_at_ms > 0);
	}
}

static void second_click_is_answered_like_the_first(void **state)
{
	House *house = *state;
	const char *link = house_link(house, "ann@example.com");
	Answer first = recipient(house, "POST", link, NULL, "");
	Answer second = recipient(house, "POST", link, NULL, "");
	assert_int_equal(second.status, 200);
	assert_true(str_eq(first.body, second.body));
}

static void a_right_link_is_never_told_to_slow_down(void **state)
{
	House *house = *state;
	const char *link = house_link(house, "ann@example.com");
	for (int i = 0; i < 50; i++)
		assert_int_equal(recipient(house, "POST", link, NULL, "").status, 200);
}

static void retired_keys_are_honoured(void **state)
{
	House *house = *state;
	const char *link = house_link(house, "ann@example.com");
	house->keyring.links[0].retired = true;
	assert_int_equal(recipient(house, "POST", link, NULL, "").status, 200);
	assert_true(house_person(house, "ann@example.com").unsubscribed_at_ms > 0);
}

static void stop_of_a_linked_person_wakes_the_push(void **state)
{
	House *house = *state;
	house_connect_org(house, HOUSE_ORG);
	(void)house_post(house, 200, "/api/v1/people/import",
		"email,contact_id\nann@example.com,003000000000001\n");
	assert_int_equal(house->push_wakes, 0);
	assert_int_equal(
		recipient(house, "POST", house_link(house, "ann@example.com"), NULL, "").status,
		200);
	assert_int_equal(house->push_wakes, 1);
	assert_int_equal(house_footprint(house).counts.outbox[OUTBOX_PENDING], 1);
}

/* ----------------------------------------------------------------- busy */

/* Stands in the writer's way until it is let go. */
typedef struct Blocker {
	WriteJob job;
	sem_t entered, go;
} Blocker;

static bool blocker_run(WriteJob *job, Store *store, Err *err)
{
	(void)store;
	(void)err;
	Blocker *blocker = CONTAINER_OF(job, Blocker, job);
	sem_post(&blocker->entered);
	sem_wait(&blocker->go);
	return true;
}

static bool nothing_run(WriteJob *job, Store *store, Err *err)
{
	(void)job;
	(void)store;
	(void)err;
	return true;
}

static bool wait_run(void *ctx, Store *store, Err *err)
{
	(void)ctx;
	(void)store;
	(void)err;
	return true;
}

static void ignore_done(WriteJob *job, bool ok, const Err *err)
{
	(void)job;
	(void)ok;
	(void)err;
}

static void a_full_queue_claims_nothing_and_says_when_to_try_again(void **state)
{
	House *house = *state;
	Err err;
	static WriteJob jobs[1000];
	const char *link = house_link(house, "ann@example.com");
	Blocker blocker = { .job = { .run = blocker_run, .done = ignore_done } };
	sem_init(&blocker.entered, 0, 0);
	sem_init(&blocker.go, 0, 0);
	assert_true(writer_submit(house->writer, &blocker.job, &err));
	sem_wait(&blocker.entered);
	size_t taken = 0;
	do {
		assert_true(taken < ARRAY_LEN(jobs));
		jobs[taken] = (WriteJob){ .run = nothing_run, .done = ignore_done };
	} while (writer_submit(house->writer, &jobs[taken++], &err));
	Answer page = recipient(house, "POST", link, NULL, "");
	Answer one_click = recipient(house, "POST", link, NULL, "List-Unsubscribe=One-Click");
	Answer api = house_ask(house,
		&(Ask){ .method = "POST",
			.path = "/api/v1/unsubscribes",
			.body = "{\"address\":\"a@example.com\"}" });
	sem_post(&blocker.go);
	assert_int_equal(page.status, 503);
	assert_has(page.body, "You are not unsubscribed yet");
	assert_true(http_reply_get(&page.reply, STR("Retry-After")).len > 0);
	assert_int_equal(one_click.status, 503);
	assert_true(http_reply_get(&one_click.reply, STR("Retry-After")).len > 0);
	assert_true(writer_call(house->writer, wait_run, NULL, &err)); /* behind all of these */
	assert_int_equal(api.status, 503);
	assert_true(http_reply_get(&api.reply, STR("Retry-After")).len > 0);
}

/* ------------------------------------------------------------ bad links */

static void flip(char *text, size_t at)
{
	text[at] = text[at] == 'A' ? 'B' : 'A';
}

static void all_bad_links_get_one_honest_page(void **state)
{
	House *house = *state;
	const char *link = house_link(house, "ann@example.com");
	size_t len = strlen(link);
	char damaged[512], truncated[512], last[512];
	snprintf(damaged, sizeof damaged, "%s", link);
	flip(damaged, len / 2);
	snprintf(last, sizeof last, "%s", link);
	flip(last, 8);
	snprintf(truncated, sizeof truncated, "%.*s", (int)len - 3, link);
	Keyring foreign;
	keyring_generate(&foreign, rng_system());
	Keyring own = house->keyring;
	house->keyring.links[0] = foreign.links[0];
	const char *forged = house_link(house, "ann@example.com");
	house->keyring = own;
	keyring_fini(&foreign);
	const char *const links[] = {
		damaged, truncated, last, forged, "/u/x", "/u/", "/u/a/b", "/u/%zz", "/u/%00",
		"/u/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	};
	Footprint before = house_footprint(house);
	Str page = STR_NONE;
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		static const char *const methods[] = { "GET", "POST" };
		for (size_t m = 0; m < ARRAY_LEN(methods); m++) {
			Answer answer = recipient(
				house, methods[m], links[i], NULL, "List-Unsubscribe=One-Click");
			if (answer.status != 400)
				fail_msg("%s %s: %d", methods[m], links[i], answer.status);
			if (!page.ptr)
				page = answer.body;
			assert_true(str_eq(answer.body, page));
		}
	}
	assert_has(page, "It has not unsubscribed you");
	assert_has(page, "action=\"/u\"");
	Footprint after = house_footprint(house);
	assert_memory_equal(&before, &after, sizeof before);
}

static void a_link_whose_signs_were_escaped_on_the_way_is_right(void **state)
{
	House *house = *state;
	const char *link = house_link(house, "ann@example.com");
	CLEANUP(buf_fini) Buf path = BUF_MAX(4096);
	buf_put_z(&path, "/u/");
	for (const char *c = link + 3; *c; c++)
		buf_printf(&path, "%%%02X", (unsigned char)*c);
	assert_int_equal(recipient(house, "POST", buf_z(&path), NULL, "").status, 200);
	assert_true(house_person(house, "ann@example.com").unsubscribed_at_ms > 0);
}

static void form_stays_below_the_path_of_the_public_address(void **state)
{
	House *house = *state;
	(void)house_patch(
		house, 200, "/api/v1/settings", "{\"public.url\":\"https://example.com/mail/\"}");
	assert_has(recipient(house, "GET", "/u/x", NULL, NULL).body, "action=\"/mail/u\"");
}

/* ------------------------------------------------------- typed addresses */

static Answer typed(House *house, const char *body, const char *client)
{
	return house_ask(house,
		&(Ask){ .method = "POST",
			.path = "/u",
			.listener = LISTENER_RECIPIENTS,
			.type = "application/x-www-form-urlencoded",
			.body = body,
			.client = client });
}

static void typed_address_counts_at_once_and_does_not_tell_who_is_known(void **state)
{
	House *house = *state;
	(void)house_post(house, 200, "/api/v1/people/import", "email\nknown@example.com\n");
	Answer known = typed(house, "address=known%40example.com", "1.1.1.1");
	Answer other = typed(house, "address=+Other%40Example.com+", "1.1.1.1");
	assert_int_equal(known.status, 200);
	assert_int_equal(other.status, 200);
	ptrdiff_t at = str_find(known.body, STR("known@<wbr>"));
	assert_true(at > 0);
	assert_true(str_eq(str_sub(known.body, 0, (size_t)at), str_sub(other.body, 0, (size_t)at)));
	assert_true(str_eq(str_from_pos(known.body, (size_t)at + 5),
		str_from_pos(other.body, (size_t)at + 5)));
	assert_int_equal(house_person(house, "known@example.com").source, SOURCE_FORM);
	assert_int_equal(house_person(house, "other@example.com").source, SOURCE_FORM);
	assert_has_not(house_newest(house, "other@example.com").evidence, "link_key");
}

static void what_is_no_address_is_said_and_changes_nothing(void **state)
{
	House *house = *state;
	static const char *const bodies[] = { "", "address=", "address=ann", "address=%zz",
		"other=a%40b.de", "address=%22%3E%3Cscript%3E" };
	Footprint before = house_footprint(house);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		Answer answer = typed(house, bodies[i], "1.1.1.1");
		assert_int_equal(answer.status, 400);
		assert_has(answer.body, "role=\"alert\"");
		assert_has_not(answer.body, "<script>");
	}
	Footprint after = house_footprint(house);
	assert_memory_equal(&before, &after, sizeof before);
}

static void typing_is_limited_per_client_and_recovers(void **state)
{
	House *house = *state;
	int taken = 0;
	Answer answer = { 0 };
	for (int i = 0; i < 30; i++) {
		answer = typed(
			house, house_printf(house, "address=a%d%%40example.com", i), "1.1.1.1");
		taken += answer.status == 200;
	}
	assert_int_equal(taken, 10);
	assert_int_equal(answer.status, 429);
	assert_true(http_reply_get(&answer.reply, STR("Retry-After")).len > 0);
	assert_has(answer.body, "has not been taken");
	assert_int_equal(house_footprint(house).counts.unsubscribed, 10);
	assert_int_equal(typed(house, "address=b%40example.com", "2.2.2.2").status, 200);
	fake_clock_advance(&house->clock, 60 * 1000);
	assert_int_equal(typed(house, "address=c%40example.com", "1.1.1.1").status, 200);
}

static void all_addresses_of_one_ipv6_subscriber_count_as_one_client(void **state)
{
	House *house = *state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(typed(house, house_printf(house, "address=a%d%%40example.com", i),
					 house_printf(house, "2001:db8:0:1::%d", i + 1))
					 .status,
			200);
	assert_int_equal(typed(house, "address=b%40example.com", "2001:db8:0:1:9::1").status, 429);
	assert_int_equal(typed(house, "address=c%40example.com", "2001:db8:0:2::1").status, 200);
}

static void get_on_the_form_path_is_not_there(void **state)
{
	House *house = *state;
	assert_int_equal(recipient(house, "GET", "/u", NULL, NULL).status, 405);
}

static void the_api_is_not_on_the_recipients_listener(void **state)
{
	House *house = *state;
	static const char *const paths[] = { "/api/v1/people", "/api/v1/settings", "/metrics",
		"/api/v1/status" };
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		assert_int_equal(recipient(house, "GET", paths[i], NULL, NULL).status, 404);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, house_setup, house_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(link_shows_what_stops_and_one_button),
		TEST(get_and_head_change_nothing),
		TEST(button_unsubscribes_and_says_so),
		TEST(evidence_tells_method_client_agent_key_and_time),
		TEST(both_encodings_of_one_click_unsubscribe),
		TEST(a_right_link_answers_the_same_for_known_unknown_and_unsubscribed),
		TEST(second_click_is_answered_like_the_first),
		TEST(a_right_link_is_never_told_to_slow_down),
		TEST(retired_keys_are_honoured),
		TEST(stop_of_a_linked_person_wakes_the_push),
		TEST(a_full_queue_claims_nothing_and_says_when_to_try_again),
		TEST(all_bad_links_get_one_honest_page),
		TEST(a_link_whose_signs_were_escaped_on_the_way_is_right),
		TEST(form_stays_below_the_path_of_the_public_address),
		TEST(typed_address_counts_at_once_and_does_not_tell_who_is_known),
		TEST(what_is_no_address_is_said_and_changes_nothing),
		TEST(typing_is_limited_per_client_and_recovers),
		TEST(all_addresses_of_one_ipv6_subscriber_count_as_one_client),
		TEST(get_on_the_form_path_is_not_there),
		TEST(the_api_is_not_on_the_recipients_listener),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
