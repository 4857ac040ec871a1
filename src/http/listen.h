/* listen.h: sockets that listen, from "127.0.0.1:8080", "[::1]:0" or "unix:/path". Addresses are
 * numbers: a name could mean another machine tomorrow. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include "base/base.h"
#include "base/err.h"
#include "base/str.h"
#include "http/client_ip.h"

#include <netinet/in.h>
#include <sys/un.h>

typedef union SocketAddress {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
} SocketAddress;

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

/* True when a client waits to be taken. */
bool listen_has_arrival(const ListenSocket *listening);

typedef struct Arrival {
	int fd; /* whoever accepted closes it; not blocking */
	bool is_ip;
	IpAddress address; /* if is_ip */
	SocketAddress socket_address;
	socklen_t socket_address_len;
} Arrival;

/* Takes one client. 0, or what errno says: EAGAIN when nobody waits. */
WARN_UNUSED int listen_accept(const ListenSocket *listening, Arrival *out);

#endif
