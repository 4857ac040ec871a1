/* page.h: server-rendered pages for recipients. Everything that is not a literal of ours goes
 * through html_text or html_message, which escape; html_markup takes literals only. No script, no
 * picture, no cookie, nothing loaded from elsewhere: one small answer that also works in a text
 * browser and with a screen reader. Pure. */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/str.h"
#include "http/message.h"
#include "web/texts.h"

enum { PAGE_BYTES_MAX = 15 * 1024 }; /* loads at once on a bad line: about ten packets */

/* Markup of ours; a string literal, or it does not compile. */
#define html_markup(out, literal) buf_put((out), STR(literal))
void html_text(Buf *out, Str text);
/* A text of the table with its {company} and {address} filled in, each isolated from the direction
 * of writing around it. */
void html_message(Buf *out, TextId id, const TextArgs *args);

/* A tick above the heading; only for what is on disk. */
typedef enum PageMark { PAGE_PLAIN, PAGE_TICK } PageMark;

/* Head, style and the opening of <main>, up to and with <h1>; then the caller's markup; then
 * page_end. */
void page_begin(Buf *out, PageMark mark, TextId title, const TextArgs *args);
void page_end(Buf *out);

/* Answers with the page and the headers that belong to it: a policy that allows nothing but this
 * very style, no referrer (the link is a key), no indexing. */
void page_reply(HttpExchange *exchange, int status, Buf *page);

Str page_style(void); /* the content of <style>; its hash is in the policy (tests) */
Str page_policy(void);

#endif
