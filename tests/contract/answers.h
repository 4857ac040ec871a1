/* answers.h: a small HTTP server in a thread, and the same answers in this process: what a
 * transport meets in tests. The path says which answer. */
#ifndef TESTS_CONTRACT_ANSWERS_H
#define TESTS_CONTRACT_ANSWERS_H

#include "base/base.h"
#include "sf/inproc.h"

#include <pthread.h>
#include <stdatomic.h>

typedef enum Manner {
	WHOLE,
	CUT,         /* the body ends before Content-Length */
	CUT_CHUNKED, /* no last chunk */
	RESET,       /* reset after the request was read, no byte of an answer */
	SILENT,      /* no answer at all, until the client gives up */
	DRIP,        /* a byte now and then */
} Manner;

typedef struct Answer {
	const char *path;
	int status;
	const char *type;
	const char *body;
	Manner manner;
	bool chunked;
	bool gzip;
	int delay_ms;
} Answer;

enum { HUGE_BYTES = 256 * 1024 }; /* of /huge and /gzip-huge */

const Answer *answer_for(Str path); /* NULL when there is none */

typedef struct Server {
	int fd;
	int port;
	pthread_t thread;
	atomic_int connections;
	atomic_bool is_closing;
	pthread_t peers[64];
} Server;

void server_open(Server *server); /* on a free port of 127.0.0.1 */
void server_close(Server *server);

/* An InprocHandler; what is not WHOLE fails as unknown. */
void answer_in_process(void *ctx, const TransportRequest *request, TransportReply *reply);

int listen_somewhere(int *out_port); /* a socket that nobody accepts from */
void pause_ms(int ms);

#endif
