/* stage.h: a real server in a thread of its own, with a worker thread behind it, for tests with
 * sockets. Its paths:
 *
 *	/echo    method, listener, body      /park   as echo, from the worker thread
 *	/client  peer and client             /hold   parked until stage_release
 *	/text?n  n bytes of text             /cut?n  1000 bytes of body, cut after n
 *	/drop    reset without a reply       /close  with Connection: close
 *	/silent  neither answered nor parked   /stall  as echo; the loop stands still for 50 ms */
#ifndef TESTS_HTTP_STAGE_H
#define TESTS_HTTP_STAGE_H

#include "base/base.h"
#include "base/queue.h"
#include "http/server.h"

#include <pthread.h>
#include <stdatomic.h>

enum { STAGE_HELD_MAX = 1024 };

typedef struct Stage {
	ServerOptions options; /* change between stage_init and stage_start */
	Server *server;
	int port; /* of the first listener */
	int64_t drain_ms;
	pthread_t loop, worker;
	bool has_started, is_running;
	Queue *jobs; /* of HttpExchange */
	atomic_int handled, ticks;
	pthread_mutex_t held_lock;
	HttpExchange *held[STAGE_HELD_MAX];
	size_t held_count;
} Stage;

/* A test with a stage: *state is the Stage, initialised before and finished after. */
int stage_up(void **state);
int stage_down(void **state);
#define STAGE_TEST(function_, stage_)                                                              \
	cmocka_unit_test_prestate_setup_teardown(function_, stage_up, stage_down, stage_)

void stage_init(Stage *stage); /* one listener, tag 1, bodies to 1 MB, generous times */
void stage_start(Stage *stage);
size_t stage_held(Stage *stage);
/* Finishes everything that is held, on the worker thread. */
void stage_release(Stage *stage);
/* server_stop, and waits until server_run has returned. */
void stage_stop(Stage *stage);
void stage_fini(Stage *stage);

/* Waits until the condition holds; fails the test after 3 s. */
void stage_wait_held(Stage *stage, size_t count);
void stage_wait_connections(Stage *stage, size_t count);
void stage_wait_parked(Stage *stage, size_t count);

#endif
