/* wire.h: a client that sends exactly the bytes it is told. One thread a socket. */
#ifndef TESTS_HTTP_WIRE_H
#define TESTS_HTTP_WIRE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/str.h"

enum { WIRE_BYTES_MAX = 16 * 1024 * 1024, WIRE_PATIENCE_MS = 4000 };

int wire_connect(int port);
/* From another address of this machine, "127.0.0.2": another client. */
int wire_connect_from(const char *address, int port);
/* In two steps, for who must own the descriptor before the server takes one. */
int wire_socket(void);
void wire_connect_socket(int fd, int port);
int wire_connect_unix(const char *path);
void wire_send(int fd, Str bytes); /* fails the test */
void wire_send_z(int fd, const char *text);
bool wire_try_send(int fd, Str bytes); /* false when the other end is gone */

typedef struct WireReply {
	int status; /* 0: the connection ended before a whole head came; -1: it was reset */
	Buf head;   /* status line and headers */
	Buf body;
	bool is_whole; /* as long as Content-Length says */
} WireReply;

/* Reads one reply; 100 Continue is skipped. Waits for WIRE_PATIENCE_MS at most, then fails the
 * test. */
void wire_read(int fd, bool is_head, WireReply *out);
void wire_reply_fini(WireReply *reply);
Str wire_header(const WireReply *reply, const char *name); /* STR_NONE if there is none */
/* True when the other end has closed and nothing is left to read. Waits. */
bool wire_is_closed(int fd);
/* Reads whatever comes until the other end closes; fails the test if it does not. */
void wire_read_to_end(int fd);

/* One request on a connection of its own; gives the status. body may be NULL. */
int wire_ask(int port, const char *request, Buf *body);

#endif
