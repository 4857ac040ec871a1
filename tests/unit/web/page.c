#include "base/base.h"

#include "web/page.h"

#include <sodium.h>

#include "../../lib/expect.h"
#include "base/enc.h"

static void policy_names_the_hash_of_the_style_that_is_sent(void **state)
{
	(void)state;
	unsigned char hash[crypto_hash_sha256_BYTES];
	Str style = page_style();
	assert_int_equal(crypto_hash_sha256(hash, (const unsigned char *)style.ptr, style.len), 0);
	CLEANUP(buf_fini) Buf want = BUF_MAX(128);
	buf_put_z(&want, "'sha256-");
	base64_encode(&want, (Str){ (const char *)hash, sizeof hash });
	buf_put_z(&want, "'");
	assert_has(page_policy(), buf_z(&want));
}

static void policy_allows_nothing_else(void **state)
{
	(void)state;
	assert_has(page_policy(), "default-src 'none'");
	assert_has(page_policy(), "frame-ancestors 'none'");
	assert_has_not(page_policy(), "unsafe");
}

static void outside_text_is_escaped_everywhere(void **state)
{
	(void)state;
	TextArgs args = { .company = STR("<b>\"A&B'"), .address = STR("<script>@example.com") };
	CLEANUP(buf_fini) Buf out = BUF_MAX(PAGE_BYTES_MAX);
	page_begin(&out, PAGE_PLAIN, TEXT_LANDING_TITLE, &args);
	html_message(&out, TEXT_LANDING_WHO, &args);
	page_end(&out);
	Str page = buf_str(&out);
	assert_false(out.overflow);
	assert_has_not(page, "<b>");
	assert_has_not(page, "<script>");
	assert_has(page, "&lt;b&gt;");
	assert_has(page, "&lt;script&gt;@<wbr>example.com");
}

static void unnamed_company_becomes_this_sender(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf out = BUF_MAX(PAGE_BYTES_MAX);
	html_message(&out, TEXT_LANDING_TITLE, &(TextArgs){ .address = STR("a@example.com") });
	assert_str(buf_str(&out), "Stop e-mail from <bdi>this sender</bdi>?");
}

static void a_value_that_looks_like_a_placeholder_stays_as_it_is(void **state)
{
	(void)state;
	CLEANUP(buf_fini) Buf out = BUF_MAX(PAGE_BYTES_MAX);
	html_message(&out, TEXT_LANDING_TITLE,
		&(TextArgs){ .company = STR("{address} {x}"), .address = STR("a@b.c") });
	assert_str(buf_str(&out), "Stop e-mail from <bdi>{address} {x}</bdi>?");
}

static void a_reply_carries_the_policy_and_no_referrer(void **state)
{
	(void)state;
	HttpExchange exchange;
	http_exchange_init(&exchange);
	CLEANUP(buf_fini) Buf out = BUF_MAX(PAGE_BYTES_MAX);
	page_begin(&out, PAGE_PLAIN, TEXT_DONE_TITLE, &(TextArgs){ 0 });
	page_end(&out);
	page_reply(&exchange, 200, &out);
	assert_str(http_reply_get(&exchange.reply, STR("Referrer-Policy")), "no-referrer");
	assert_str(http_reply_get(&exchange.reply, STR("X-Robots-Tag")), "noindex");
	assert_str(http_reply_get(&exchange.reply, STR("Cache-Control")), "no-store");
	assert_has(http_reply_get(&exchange.reply, STR("Content-Security-Policy")), "sha256-");
	http_exchange_fini(&exchange);
}

static void every_text_is_there(void **state)
{
	(void)state;
	for (int id = 0; id < TEXT_COUNT; id++)
		assert_true(text_get((TextId)id).len > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy_names_the_hash_of_the_style_that_is_sent),
		cmocka_unit_test(policy_allows_nothing_else),
		cmocka_unit_test(outside_text_is_escaped_everywhere),
		cmocka_unit_test(unnamed_company_becomes_this_sender),
		cmocka_unit_test(a_value_that_looks_like_a_placeholder_stays_as_it_is),
		cmocka_unit_test(a_reply_carries_the_policy_and_no_referrer),
		cmocka_unit_test(every_text_is_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
