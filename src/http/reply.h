/* reply.h: the usual replies. Errors are RFC 9457 problem documents in JSON; every reply carries
 * the headers that keep browsers honest (nosniff, no-store unless said otherwise). */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include "base/base.h"
#include "base/err.h"
#include "http/message.h"

/* Takes the bytes out of *json (cleared). */
void reply_json(HttpExchange *exchange, int status, Buf *json);
void reply_html(HttpExchange *exchange, int status, Buf *html);
void reply_text(HttpExchange *exchange, int status, Str text);
/* {"title": status text, "status": n, "detail": ...}; detail says what to do. */
void reply_problem(HttpExchange *exchange, int status, const char *format, ...) PRINTF_LIKE(3, 4);
/* The status that fits the kind: INPUT 400, MISSING 404, CONFLICT 409, LIMIT 503 + Retry-After,
 * AUTH 502, else 500. */
void reply_err(HttpExchange *exchange, const Err *err);

#endif
