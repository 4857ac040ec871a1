#include "base/base.h"

#include "web/public.h"

#include "base/enc.h"
#include "base/log.h"
#include "base/time.h"
#include "http/client_ip.h"
#include "model/token.h"
#include "web/internal.h"
#include "web/one_click.h"
#include "web/page.h"

/* ---------------------------------------------------------------- pages */

typedef struct PageCall {
	Web *web;
	HttpExchange *exchange;
	HouseSettings house;
	TextArgs args;
} PageCall;

static void page_call(PageCall *out, Web *web, HttpExchange *exchange, Str address)
{
	out->web = web;
	out->exchange = exchange;
	web_house(web, &out->house);
	out->args = (TextArgs){ .company = str_from(out->house.company_name), .address = address };
}

static void paragraph(Buf *out, TextId text, const TextArgs *args)
{
	html_markup(out, "<p>");
	html_message(out, text, args);
	html_markup(out, "</p>\n");
}

static void soft_paragraph(Buf *out, TextId text, const TextArgs *args)
{
	html_markup(out, "<p class=\"soft\">");
	html_message(out, text, args);
	html_markup(out, "</p>\n");
}

static void definition(Buf *out, TextId term, TextId text, const TextArgs *args)
{
	html_markup(out, "<dt>");
	html_message(out, term, args);
	html_markup(out, "</dt>\n<dd>");
	html_message(out, text, args);
	html_markup(out, "</dd>\n");
}

/* Behind a proxy that serves us below a path, the form must name that path. */
static Str public_path(const HouseSettings *house)
{
	Str url = str_from(house->public_url);
	ptrdiff_t host = str_find(url, STR("://"));
	ptrdiff_t slash = host < 0 ? -1 : str_find_char(url, '/', (size_t)host + 3);
	return slash < 0 ? STR("") : str_from_pos(url, (size_t)slash);
}

static void address_form(Buf *out, const PageCall *page, Str typed)
{
	html_markup(out, "<form method=\"post\" action=\"");
	html_text(out, public_path(&page->house));
	html_markup(out, "/u\">\n<label for=\"address\">");
	html_message(out, TEXT_FORM_LABEL, &page->args);
	html_markup(out,
		"</label>\n<input id=\"address\" name=\"address\" type=\"email\" "
		"required maxlength=\"254\" autocomplete=\"email\" "
		"autocapitalize=\"none\" spellcheck=\"false\" value=\"");
	html_text(out, typed);
	html_markup(out, "\">\n<button type=\"submit\">");
	html_message(out, TEXT_FORM_BUTTON, &page->args);
	html_markup(out, "</button>\n</form>\n");
}

static void landing_page(const PageCall *page)
{
	CLEANUP(buf_fini) Buf out = BUF_MAX(PAGE_BYTES_MAX);
	page_begin(&out, PAGE_PLAIN, TEXT_LANDING_TITLE, &page->args);
	paragraph(&out, TEXT_LANDING_WHO, &page->args);
	html_markup(&out, "<dl>\n");
	definition(&out, TEXT_LANDING_STOPS_LABEL, TEXT_LANDING_STOPS, &page->args);
	definition(&out, TEXT_LANDING_STAYS_LABEL, TEXT_LANDING_STAYS, &page->args);
	html_markup(&out, "</dl>\n");
	html_markup(&out, "<form method=\"post\">\n<button type=\"submit\">");
	html_message(&out, TEXT_LANDING_BUTTON, &page->args);
	html_markup(&out, "</button>\n</form>\n");
	soft_paragraph(&out, TEXT_LANDING_NOT_YET, &page->args);
	page_end(&out);
	page_reply(page->exchange, 200, &out);
}

static void done_page(const PageCall *page)
{
	CLEANUP(buf_fini) Buf out = BUF_MAX(PAGE_BYTES_MAX);
	page_begin(&out, PAGE_TICK, TEXT_DONE_TITLE, &page->args);
	paragraph(&out, TEXT_DONE_WHO, &page->args);
	paragraph(&out, TEXT_DONE_LATE, &page->args);
	soft_paragraph(&out, TEXT_DONE_CLOSE, &page->args);
	page_end(&out);
	page_reply(page->exchange, 200, &out);
}

static void honest_page(Web *web, HttpExchange *exchange)
{
	PageCall page;
	CLEANUP(buf_fini) Buf out = BUF_MAX(PAGE_BYTES_MAX);
	page_call(&page, web, exchange, STR(""));
	page_begin(&out, PAGE_PLAIN, TEXT_HONEST_TITLE, &page.args);
	paragraph(&out, TEXT_HONEST_WHY, &page.args);
	paragraph(&out, TEXT_HONEST_INSTEAD, &page.args);
	address_form(&out, &page, STR(""));
	page_end(&out);
	page_reply(exchange, 400, &out);
}

/* The form once more, with what was wrong. */
static void form_page(const PageCall *page, int status, TextId complaint, Str typed)
{
	CLEANUP(buf_fini) Buf out = BUF_MAX(PAGE_BYTES_MAX);
	page_begin(&out, PAGE_PLAIN, TEXT_FORM_TITLE, &page->args);
	html_markup(&out, "<p class=\"alert\" role=\"alert\">");
	html_message(&out, complaint, &page->args);
	html_markup(&out, "</p>\n");
	address_form(&out, page, typed);
	page_end(&out);
	page_reply(page->exchange, status, &out);
}

static void busy_page(const PageCall *page)
{
	CLEANUP(buf_fini) Buf out = BUF_MAX(PAGE_BYTES_MAX);
	page_begin(&out, PAGE_PLAIN, TEXT_BUSY_TITLE, &page->args);
	html_markup(&out, "<p class=\"alert\" role=\"alert\">");
	html_message(&out, TEXT_BUSY_AGAIN, &page->args);
	html_markup(&out, "</p>\n");
	page_end(&out);
	page_reply(page->exchange, 503, &out);
	http_reply_header(&page->exchange->reply, STR("Retry-After"), STR("60"));
}

/* ----------------------------------------------------------------- stops */

/* Enough to tell programs and versions apart; longer ones are padding. */
enum { USER_AGENT_BYTES_MAX = 200, EVIDENCE_BYTES_MAX = 2048 };

/* What shows later that it was asked for, and by which kind of click. link_key 0: no link. */
static Str evidence(HttpExchange *exchange, int64_t now_ms, unsigned link_key)
{
	const HttpRequest *request = &exchange->request;
	Str agent = str_sub(
		http_request_header(request, STR("User-Agent")), 0, USER_AGENT_BYTES_MAX);
	CLEANUP(buf_fini) Buf out = BUF_MAX(EVIDENCE_BYTES_MAX);
	JsonWriter w;
	jw_init(&w, &out);
	jw_object_begin(&w);
	jw_kv_str(&w, "method", request->method_name);
	jw_kv_str(&w, "client", str_sub(request->client, 0, 64));
	jw_kv_str(&w, "user_agent", agent);
	if (link_key)
		jw_kv_i64(&w, "link_key", link_key);
	jw_kv_time(&w, "at", now_ms);
	jw_object_end(&w);
	return arena_str(&exchange->arena, buf_str(&out));
}

static bool stop_work(WebCall *call, Store *store, Err *err)
{
	StopOutcome outcome;
	return web_stop(call, store, call->input, &outcome, err);
}

/* At most a line a second. */
static void note_lost_click(Web *web, const Err *err)
{
	int64_t now_ms = clock_mono_ms(web->options.clock);
	atomic_fetch_add(&web->lost_clicks, 1);
	int_fast64_t logged_ms = atomic_load(&web->lost_clicks_logged_mono_ms);
	if ((logged_ms && now_ms - logged_ms < MS_PER_SECOND)
		|| !atomic_compare_exchange_strong(
			&web->lost_clicks_logged_mono_ms, &logged_ms, now_ms))
		return;
	log_event(LOG_ERROR, "web.stop.failed",
		LOG_INT("clicks", atomic_exchange(&web->lost_clicks, 0)), LOG_ERR(err));
}

static void stop_answer_page(WebCall *call, bool ok, const Err *err)
{
	const StopWish *wish = call->input;
	PageCall page;
	page_call(&page, call->web, call->exchange, address_str(&wish->address));
	if (ok)
		done_page(&page);
	else
		busy_page(&page);
	if (!ok)
		note_lost_click(call->web, err);
}

/* Mail programs read the status only (RFC 8058 3.1: no redirect, no page). */
static void stop_answer_one_click(WebCall *call, bool ok, const Err *err)
{
	if (ok) {
		reply_text(call->exchange, 200, STR("unsubscribed\n"));
		return;
	}
	note_lost_click(call->web, err);
	reply_text(call->exchange, 503, STR("not saved, try again\n"));
	http_reply_header(&call->exchange->reply, STR("Retry-After"), STR("60"));
}

static void stop_submit(
	Web *web, HttpExchange *exchange, const Address *address, Source source, unsigned link_key)
{
	int64_t now_ms = web_now_ms(web);
	StopWish *wish = arena_alloc(&exchange->arena, 1, sizeof *wish);
	*wish = (StopWish){ .address = *address,
		.source = source,
		.actor = guard_actor(exchange),
		.evidence = evidence(exchange, now_ms, link_key),
		.now_ms = now_ms };
	WebCall *call = web_call(web, exchange, stop_work);
	call->input = wish;
	call->answer = source == SOURCE_ONE_CLICK ? stop_answer_one_click : stop_answer_page;
	web_call_write(call);
}

/* -------------------------------------------------------------- handlers */

/* The key id stands in clear as the second byte (model/token.h); only asked of tokens that were
 * verified. */
static unsigned token_key_id(Str token)
{
	CLEANUP(buf_fini) Buf head = BUF_MAX(8);
	return base64url_decode(&head, str_sub(token, 0, 4)) && head.len == 3
		? (unsigned char)head.ptr[1]
		: 0;
}

void public_get_link(void *ctx, HttpExchange *exchange)
{
	Web *web = ctx;
	Address address;
	PageCall page;
	if (!token_verify(web->options.keyring, exchange->path_params[0], &address)) {
		honest_page(web, exchange);
		return;
	}
	page_call(&page, web, exchange, address_str(&address));
	landing_page(&page);
}

void public_post_link(void *ctx, HttpExchange *exchange)
{
	Web *web = ctx;
	Address address;
	Str token = exchange->path_params[0];
	if (!token_verify(web->options.keyring, token, &address)) {
		honest_page(web, exchange);
		return;
	}
	/* Whatever else the body holds: a POST with a right link is a wish to stop. */
	Source source = one_click_asked(&exchange->request, &exchange->arena) ? SOURCE_ONE_CLICK
									      : SOURCE_LINK;
	stop_submit(web, exchange, &address, source, token_key_id(token));
}

void public_post_address(void *ctx, HttpExchange *exchange)
{
	Web *web = ctx;
	FormField *fields;
	size_t count;
	Address address;
	PageCall page;
	Str typed = STR("");
	if (form_parse(exchange->request.body, &exchange->arena, &fields, &count, NULL))
		typed = str_sub(form_get(fields, count, STR("address")), 0, ADDRESS_BYTES_MAX + 1);
	page_call(&page, web, exchange, STR(""));
	if (!address_parse(typed, &address, NULL)) {
		form_page(&page, 400, TEXT_FORM_INVALID, typed);
		return;
	}
	int64_t wait_ms;
	Str client = client_ip_group(exchange->request.client, &exchange->arena);
	if (!rate_limit_take(
		    web->typed_limit, client, clock_mono_ms(web->options.clock), &wait_ms)) {
		form_page(&page, 429, TEXT_FORM_SLOWER, typed);
		http_reply_header(&exchange->reply, STR("Retry-After"),
			arena_printf(&exchange->arena, "%lld",
				(long long)(wait_ms / MS_PER_SECOND + 1)));
		return;
	}
	stop_submit(web, exchange, &address, SOURCE_FORM, 0);
}

static bool is_token_text(Str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alnum(s.ptr[i]) && s.ptr[i] != '-' && s.ptr[i] != '_')
			return false;
	return s.len > 0;
}

bool public_takes_damaged_link(Web *web, HttpExchange *exchange)
{
	const HttpRequest *request = &exchange->request;
	if (request->listener != LISTENER_RECIPIENTS || !str_starts(request->path, STR("/u/")))
		return false;
	Str token = str_from_pos(request->path, 3);
	if (is_token_text(token))
		return false;
	/* Some gateways escape '-' and '_' as well: then it is a right link after all. */
	CLEANUP(buf_fini) Buf decoded = BUF_MAX(TOKEN_TEXT_MAX);
	if (percent_decode(&decoded, token, false))
		token = arena_str(&exchange->arena, buf_str(&decoded));
	exchange->path_params[0] = token;
	if (request->method == HTTP_POST)
		public_post_link(web, exchange);
	else if (request->method == HTTP_GET || request->method == HTTP_HEAD)
		public_get_link(web, exchange);
	else
		return false;
	return true;
}
