/* listen.h: sockets that listen, from "127.0.0.1:8080", "[::1]:0" or "unix:/path". Addresses are
 * numbers: a name could mean another machine tomorrow. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include "base/base.h"
#include "base/err.h"
#include "base/str.h"

typedef struct ListenSocket {
	int fd;          /* not blocking */
	int port;        /* the real one for ":0"; 0 for a Unix socket */
	char *unix_path; /* own; NULL for TCP */
} ListenSocket;

/* A Unix socket file has mode 0600; one that nobody listens on is replaced. ERR_CONFLICT when
 * somebody does, ERR_INPUT for a bad address. */
WARN_UNUSED bool listen_open(Str address, ListenSocket *out, Err *err);
/* Closes what is still open and removes the socket file. */
void listen_fini(ListenSocket *listening);

#endif
