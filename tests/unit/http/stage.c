#include "base/base.h"

#include "stage.h"

#include "../../lib/expect.h"
#include "http/reply.h"

static void echo(HttpExchange *exchange)
{
	const HttpRequest *request = &exchange->request;
	HttpReply *reply = &exchange->reply;
	reply->status = 200;
	buf_printf(&reply->body, "%.*s on %d: ", STR_ARG(request->method_name), request->listener);
	buf_put(&reply->body, request->body);
}

static void client(Stage *stage, HttpExchange *exchange)
{
	(void)stage;
	const HttpRequest *request = &exchange->request;
	CLEANUP(buf_fini) Buf text = BUF_MAX(1000);
	buf_printf(&text, "%.*s %.*s", STR_ARG(request->peer), STR_ARG(request->client));
	reply_text(exchange, 200, buf_str(&text));
}

static void text(Stage *stage, HttpExchange *exchange)
{
	(void)stage;
	int64_t len = 0;
	assert_true(str_to_i64(exchange->request.query, 1, INT32_MAX, &len));
	CLEANUP(buf_fini) Buf body = BUF_MAX((size_t)len);
	memset(buf_room(&body, (size_t)len), 'x', (size_t)len);
	buf_grow(&body, (size_t)len);
	reply_text(exchange, 200, buf_str(&body));
}

static void cut(Stage *stage, HttpExchange *exchange)
{
	int64_t after = 0;
	assert_true(str_to_i64(exchange->request.query, 0, 1000, &after));
	exchange->request.query = STR("1000");
	text(stage, exchange);
	exchange->reply.cut_after_bytes = (size_t)after;
}

static void drop(Stage *stage, HttpExchange *exchange)
{
	(void)stage;
	exchange->reply.drop_connection = true;
}

static void close_after(Stage *stage, HttpExchange *exchange)
{
	(void)stage;
	echo(exchange);
	exchange->reply.close_connection = true;
}

static void silent(Stage *stage, HttpExchange *exchange)
{
	(void)stage, (void)exchange;
}

static void stall(Stage *stage, HttpExchange *exchange)
{
	(void)stage;
	nanosleep(&(struct timespec){ .tv_nsec = 50 * 1000 * 1000 }, NULL);
	echo(exchange);
}

static void echo_now(Stage *stage, HttpExchange *exchange)
{
	(void)stage;
	echo(exchange);
}

static void park(Stage *stage, HttpExchange *exchange)
{
	if (!http_exchange_park(exchange))
		return;
	if (!queue_put(stage->jobs, exchange)) {
		reply_problem(exchange, 503, "the queue is full");
		http_exchange_finish(exchange);
	}
}

static void hold(Stage *stage, HttpExchange *exchange)
{
	if (!http_exchange_park(exchange))
		return;
	pthread_mutex_lock(&stage->held_lock);
	assert_true(stage->held_count < STAGE_HELD_MAX);
	stage->held[stage->held_count++] = exchange;
	pthread_mutex_unlock(&stage->held_lock);
}

static const struct {
	Str path;
	void (*handle)(Stage *stage, HttpExchange *exchange);
} paths[] = {
	{ STR_INIT("/echo"), echo_now },
	{ STR_INIT("/park"), park },
	{ STR_INIT("/hold"), hold },
	{ STR_INIT("/client"), client },
	{ STR_INIT("/text"), text },
	{ STR_INIT("/cut"), cut },
	{ STR_INIT("/drop"), drop },
	{ STR_INIT("/close"), close_after },
	{ STR_INIT("/silent"), silent },
	{ STR_INIT("/stall"), stall },
};

static void handle(void *ctx, HttpExchange *exchange)
{
	Stage *stage = ctx;
	atomic_fetch_add(&stage->handled, 1);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (str_eq(paths[i].path, exchange->request.path)) {
			paths[i].handle(stage, exchange);
			return;
		}
	reply_problem(exchange, 404, "no such path");
}

static void tick(void *ctx)
{
	Stage *stage = ctx;
	atomic_fetch_add(&stage->ticks, 1);
}

static void *work(void *ctx)
{
	Stage *stage = ctx;
	void *jobs[64];
	size_t count;
	while ((count = queue_take(stage->jobs, jobs, ARRAY_LEN(jobs), -1)) > 0)
		for (size_t i = 0; i < count; i++) {
			echo(jobs[i]);
			http_exchange_finish(jobs[i]);
		}
	return NULL;
}

static void *serve(void *ctx)
{
	Stage *stage = ctx;
	server_run(stage->server, stage->drain_ms);
	return NULL;
}

void stage_init(Stage *stage)
{
	*stage = (Stage){ .drain_ms = 2000 };
	stage->options = (ServerOptions){
		.listeners = { { .address = STR("127.0.0.1:0"),
			.tag = 1,
			.body_bytes_max = 1024 * 1024 } },
		.listener_count = 1,
		.handle = handle,
		.ctx = stage,
		.connections_max = 1000,
		.parked_max = 1000,
		.idle_timeout_ms = 10 * 1000,
		.request_deadline_ms = 10 * 1000,
		.parked_deadline_ms = 10 * 1000,
		.tick = tick,
		.tick_ms = 50,
	};
	stage->jobs = queue_open(STAGE_HELD_MAX);
	pthread_mutex_init(&stage->held_lock, NULL);
}

int stage_up(void **state)
{
	stage_init(*state);
	return 0;
}

int stage_down(void **state)
{
	stage_fini(*state);
	return 0;
}

void stage_start(Stage *stage)
{
	Err err = { 0 };
	if (!server_open(&stage->options, &stage->server, &err))
		fail_msg("%s", err.text);
	stage->port = server_port(stage->server, 0);
	assert_int_equal(pthread_create(&stage->worker, NULL, work, stage), 0);
	assert_int_equal(pthread_create(&stage->loop, NULL, serve, stage), 0);
	stage->has_started = stage->is_running = true;
}

size_t stage_held(Stage *stage)
{
	pthread_mutex_lock(&stage->held_lock);
	size_t count = stage->held_count;
	pthread_mutex_unlock(&stage->held_lock);
	return count;
}

void stage_release(Stage *stage)
{
	pthread_mutex_lock(&stage->held_lock);
	for (size_t i = 0; i < stage->held_count; i++)
		assert_true(queue_put(stage->jobs, stage->held[i]));
	stage->held_count = 0;
	pthread_mutex_unlock(&stage->held_lock);
}

void stage_stop(Stage *stage)
{
	if (!stage->is_running)
		return;
	server_stop(stage->server);
	pthread_join(stage->loop, NULL);
	stage->is_running = false;
}

void stage_fini(Stage *stage)
{
	stage_stop(stage);
	queue_shut(stage->jobs);
	if (stage->has_started)
		pthread_join(stage->worker, NULL);
	queue_close(&stage->jobs);
	server_close(&stage->server);
	pthread_mutex_destroy(&stage->held_lock);
}

enum { PATIENCE_STEPS = 1500 }; /* of 2 ms */

static void step_pause(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2 * 1000 * 1000 }, NULL);
}

void stage_wait_held(Stage *stage, size_t count)
{
	for (int i = 0; i < PATIENCE_STEPS && stage_held(stage) != count; i++)
		step_pause();
	assert_int_equal(stage_held(stage), count);
}

void stage_wait_connections(Stage *stage, size_t count)
{
	for (int i = 0; i < PATIENCE_STEPS && server_stats(stage->server).connections != count; i++)
		step_pause();
	assert_int_equal(server_stats(stage->server).connections, count);
}

void stage_wait_parked(Stage *stage, size_t count)
{
	for (int i = 0; i < PATIENCE_STEPS && server_stats(stage->server).parked != count; i++)
		step_pause();
	assert_int_equal(server_stats(stage->server).parked, count);
}
