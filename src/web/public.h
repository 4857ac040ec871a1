/* public.h: what recipients see and do. No cookie, no login, no script; a GET or HEAD changes
 * nothing (product.md G6). A right link is honoured whether or not we know the person, and answers
 * the same (G7); a wrong one gets one page, byte for byte the same for damaged, forged and foreign
 * links, that claims nothing and offers a form. */
#ifndef WEB_PUBLIC_H
#define WEB_PUBLIC_H

#include "base/base.h"
#include "http/message.h"
#include "web/web.h"

void public_get_link(void *web, HttpExchange *exchange);     /* GET /u/{token} */
void public_post_link(void *web, HttpExchange *exchange);    /* POST /u/{token} */
void public_post_address(void *web, HttpExchange *exchange); /* POST /u */

/* Paths below /u/ that no route matches (cut to nothing, a stray slash, a broken escape) are
 * damaged links as well: true, and they are answered as such. */
bool public_takes_damaged_link(Web *web, HttpExchange *exchange);

#endif
