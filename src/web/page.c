#include "base/base.h"

#include "web/page.h"

#include "base/enc.h"
#include "http/reply.h"

/* System fonts, one column, large targets (44 px is WCAG 2.5.5), contrast above 7:1 in both schemes
 * (WCAG 1.4.6). When this changes, so does the hash below: the unit test prints the new one. */
#define STYLE                                                                                      \
	":root{color-scheme:light dark;--back:#f3f4f6;--card:#fff;--ink:#1b1f26;"                  \
	"--soft:#4a5260;--line:#d5d9e0;--go:#0b5cab;--go-ink:#fff;--good:#1d6b3a;"                 \
	"--alert:#8f1d1d;--alert-back:#fdecec}"                                                    \
	"@media(prefers-color-scheme:dark){:root{--back:#14171c;--card:#1d2128;--ink:#eef0f4;"     \
	"--soft:#b9c0cc;--line:#3a414d;--go:#8ec5ff;--go-ink:#0b1a2b;--good:#7fd6a0;"              \
	"--alert:#ffc9c9;--alert-back:#3b1e20}}*{box-sizing:border-box}"                           \
	"body{margin:0;background:var(--back);color:var(--ink);font:1.0625rem/1.55 system-ui,"     \
	"-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif;min-height:100vh;"             \
	"display:flex;align-items:center;justify-content:center;padding:1rem}"                     \
	"main{width:100%;max-width:34rem;background:var(--card);border:1px solid var(--line);"     \
	"border-radius:.75rem;padding:clamp(1.5rem,6vw,2.75rem)}"                                  \
	"main>:last-child{margin-bottom:0}"                                                        \
	"svg{display:block;width:3rem;height:3rem;margin-bottom:1rem;fill:none;"                   \
	"stroke:var(--good);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}"            \
	"h1{font-size:clamp(1.4rem,5vw,1.75rem);line-height:1.25;margin:0 0 1rem;"                 \
	"overflow-wrap:anywhere}p{margin:0 0 1rem}bdi{overflow-wrap:anywhere}"                     \
	".who{font-weight:600}"                                                                    \
	"dl{margin:0 0 1.5rem;border-top:1px solid var(--line)}"                                   \
	"dt{font-weight:600;margin-top:1rem}dd{margin:.15rem 0 0;color:var(--soft)}"               \
	".soft{color:var(--soft);font-size:.9375rem}form{margin:1.5rem 0}"                         \
	"label{display:block;font-weight:600;margin-bottom:.4rem}"                                 \
	"input{width:100%;font:inherit;color:inherit;background:var(--card);"                      \
	"border:1px solid var(--soft);border-radius:.5rem;padding:.7rem .8rem;"                    \
	"margin-bottom:1rem}"                                                                      \
	"button{font:inherit;font-weight:600;width:100%;min-height:3rem;"                          \
	"padding:.75rem 1.5rem;border:0;border-radius:.5rem;background:var(--go);"                 \
	"color:var(--go-ink);cursor:pointer}button:hover{filter:brightness(1.1)}"                  \
	"input:focus-visible,button:focus-visible{outline:3px solid var(--go);"                    \
	"outline-offset:2px}"                                                                      \
	".alert{color:var(--alert);background:var(--alert-back);border-radius:.5rem;"              \
	"padding:.75rem 1rem}"                                                                     \
	"@media(min-width:40rem){button{width:auto}}"

#define STYLE_SHA256 "sha256-j1pBrxtCYXTAGVaqU5CHNyblOUlC7GyMUsxL7XCPDq8="

Str page_style(void)
{
	return STR(STYLE);
}

Str page_policy(void)
{
	return STR("default-src 'none'; style-src '" STYLE_SHA256
		   "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
}

void html_text(Buf *out, Str text)
{
	html_escape(out, text);
}

static void put_company(Buf *out, Str value)
{
	html_markup(out, "<bdi>");
	html_text(out, value);
	html_markup(out, "</bdi>");
}

/* A long address breaks after its '@' rather than anywhere. */
static void put_address(Buf *out, Str value)
{
	ptrdiff_t at = str_find_char(value, '@', 0);
	size_t local_len = at < 0 ? 0 : (size_t)at + 1;
	html_markup(out, "<bdi class=\"who\">");
	html_text(out, str_sub(value, 0, local_len));
	if (local_len)
		html_markup(out, "<wbr>");
	html_text(out, str_from_pos(value, local_len));
	html_markup(out, "</bdi>");
}

/* The value of a placeholder at the start of text; gives the placeholder's length, 0 when there is
 * none. */
static size_t put_place(Buf *out, Str text, const TextArgs *args, bool with_markup)
{
	const struct {
		Str mark, value;
		void (*put)(Buf *out, Str value);
	} places[] = {
		{ STR("{company}"), args->company.len ? args->company : text_get(TEXT_THE_SENDER),
			put_company },
		{ STR("{address}"), args->address, put_address },
	};
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (!str_starts(text, places[i].mark))
			continue;
		if (with_markup)
			places[i].put(out, places[i].value);
		else
			html_text(out, places[i].value);
		return places[i].mark.len;
	}
	return 0;
}

/* with_markup false for <title>, which holds text only. */
static void put_message(Buf *out, Str text, const TextArgs *args, bool with_markup)
{
	while (text.len) {
		size_t used = put_place(out, text, args, with_markup);
		if (!used) {
			ptrdiff_t brace = str_find_char(text, '{', 1);
			used = brace < 0 ? text.len : (size_t)brace;
			html_text(out, str_sub(text, 0, used));
		}
		text = str_from_pos(text, used);
	}
}

void html_message(Buf *out, TextId id, const TextArgs *args)
{
	put_message(out, text_get(id), args, true);
}

void page_begin(Buf *out, PageMark mark, TextId title, const TextArgs *args)
{
	html_markup(out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"robots\" content=\"noindex\">\n<title>");
	put_message(out, text_get(title), args, false);
	html_markup(out, "</title>\n<style>" STYLE "</style>\n</head>\n<body>\n<main>\n");
	if (mark == PAGE_TICK)
		html_markup(out,
			"<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\">"
			"<circle cx=\"12\" cy=\"12\" r=\"11\"/>"
			"<path d=\"M7 12.5l3.5 3.5 6.5-7.5\"/></svg>\n");
	html_markup(out, "<h1>");
	html_message(out, title, args);
	html_markup(out, "</h1>\n");
}

void page_end(Buf *out)
{
	html_markup(out, "</main>\n</body>\n</html>\n");
}

void page_reply(HttpExchange *exchange, int status, Buf *page)
{
	reply_html(exchange, status, page);
	http_reply_header(&exchange->reply, STR("Content-Security-Policy"), page_policy());
	http_reply_header(&exchange->reply, STR("Referrer-Policy"), STR("no-referrer"));
	http_reply_header(&exchange->reply, STR("X-Robots-Tag"), STR("noindex"));
}
