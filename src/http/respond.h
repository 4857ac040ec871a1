/* respond.h: an HttpReply on its way out: compressed if that is wanted, handed to the library, or
 * broken on purpose. */
#ifndef HTTP_RESPOND_H
#define HTTP_RESPOND_H

#include "base/base.h"
#include "http/message.h"

struct MHD_Connection;

/* Replaces the body by its gzip form when the client accepts that, the type is text and it is worth
 * it. Any thread that holds the exchange. */
void respond_gzip(HttpExchange *exchange);

/* A bare refusal that the library cannot send: of a client that gets no connection, or in the
 * middle of a body. As far as the socket takes it; the caller closes. */
void respond_raw(int fd, int status);

/* Queues the reply and takes its body. False: the connection must be closed without a reply. */
WARN_UNUSED bool respond_queue(struct MHD_Connection *connection, int fd, HttpReply *reply);

#endif
