/* The contract of sf/transport.h, for both implementations: over real sockets to a small server in
 * this program, and in the same process (answers.h). What only a network can do (refused
 * connections, gzip, keep-alive) follows below. */
#include "base/base.h"

#include "sf/transport.h"

#include "../lib/expect.h"
#include "answers.h"
#include "base/clock.h"
#include "sf/curl.h"
#include "sf/inproc.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---------------------------------------------------------------- fixture */

typedef struct Bench {
	Transport *transport;
	Server server;
	bool is_network;
	char base[64];
} Bench;

static int network_up(void **state)
{
	Bench *bench = calloc(1, sizeof *bench);
	*state = bench;
	bench->is_network = true;
	server_open(&bench->server);
	snprintf(bench->base, sizeof bench->base, "http://127.0.0.1:%d", bench->server.port);
	return curl_library_init(NULL) && curl_open(NULL, &bench->transport, NULL) ? 0 : -1;
}

static int inproc_up(void **state)
{
	Bench *bench = calloc(1, sizeof *bench);
	*state = bench;
	snprintf(bench->base, sizeof bench->base, "http://127.0.0.1:1");
	bench->transport = inproc_open(&(InprocOptions){ .handler = answer_in_process });
	return 0;
}

static int down(void **state)
{
	Bench *bench = *state;
	transport_close(&bench->transport);
	assert_null(bench->transport);
	if (bench->is_network)
		server_close(&bench->server);
	free(bench);
	return 0;
}

static uint64_t start(Bench *bench, TransportRequest request, const char *path)
{
	char url[128];
	uint64_t call_id;
	Err err;
	snprintf(url, sizeof url, "%s%s", bench->base, path);
	request.url = str_from(url);
	request.method = request.method ? request.method : "GET";
	request.timeout_ms = request.timeout_ms ? request.timeout_ms : 20000;
	request.reply_bytes_max = request.reply_bytes_max ? request.reply_bytes_max : 1024 * 1024;
	if (!transport_start(bench->transport, &request, &call_id, &err))
		fail_msg("%s: %s", path, err.text);
	return call_id;
}

static TransportReply wait_for_one(Bench *bench)
{
	TransportReply reply = { 0 };
	bool has;
	assert_true(transport_poll(bench->transport, 30000, &reply, &has, NULL));
	assert_true(has);
	return reply;
}

static TransportReply get(Bench *bench, const char *path)
{
	uint64_t call_id = start(bench, (TransportRequest){ 0 }, path);
	TransportReply reply = wait_for_one(bench);
	assert_int_equal(reply.call_id, call_id);
	return reply;
}

/* ------------------------------------------------------------- the contract */

static void a_whole_answer_is_given_as_it_came(void **state)
{
	static const char *const paths[] = { "/json", "/chunked", "/html", "/none", "/moved" };
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		const Answer *want = answer_for(str_from(paths[i]));
		if (!want)
			abort();
		TransportReply reply = get(*state, paths[i]);
		assert_int_equal(reply.outcome, TRANSPORT_ANSWERED);
		assert_int_equal(reply.status, want->status);
		assert_str(transport_reply_body(&reply), want->body);
		Str type = transport_reply_header(&reply, STR("Content-Type"));
		if (want->type)
			assert_str(type, want->type);
		else
			assert_null(type.ptr);
		transport_reply_fini(&reply);
	}
}

static void headers_keep_order_and_repetition(void **state)
{
	TransportReply reply = get(*state, "/json");
	size_t seen = 0;
	assert_str(transport_reply_header(&reply, STR("x-twice")), "one");
	assert_str(transport_reply_header(&reply, STR("X-BLANK")), "a b");
	assert_null(transport_reply_header(&reply, STR("X-Absent")).ptr);
	for (size_t i = 0; i < reply.header_count; i++) {
		if (str_eq_nocase(reply.headers[i].name, STR("X-Twice")))
			assert_str(reply.headers[i].value, seen++ == 0 ? "one" : "two");
	}
	assert_int_equal(seen, 2);
	transport_reply_fini(&reply);
}

static void method_headers_and_body_arrive(void **state)
{
	static const char *const methods[] = { "POST", "PATCH", "PUT", "DELETE", "GET" };
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		bool has_body = i < 3;
		char body[] = "{\"x\":1}", value[] = "some value", want[64];
		TransportHeader headers[] = { { STR("X-Test"), str_from(value) },
			{ STR("Content-Type"), STR("application/json") } };
		start(*state,
			(TransportRequest){ .method = methods[i],
				.headers = headers,
				.header_count = 2,
				.body = has_body ? str_from(body) : STR_NONE },
			"/echo");
		memset(body, '!', sizeof body - 1); /* start has copied everything */
		memset(value, '!', sizeof value - 1);
		TransportReply reply = wait_for_one(*state);
		snprintf(want, sizeof want, "%s|some value|%s", methods[i],
			has_body ? "{\"x\":1}" : "");
		assert_str(transport_reply_body(&reply), want);
		transport_reply_fini(&reply);
	}
}

static void a_truncated_answer_is_unknown(void **state)
{
	static const char *const paths[] = { "/cut", "/cut-chunked", "/reset" };
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		TransportReply reply = get(*state, paths[i]);
		assert_int_equal(reply.outcome, TRANSPORT_UNKNOWN);
		assert_int_equal(reply.err.kind, ERR_RETRY);
		assert_true(reply.err.text[0] != '\0');
		assert_int_equal(reply.body_len, 0);
		transport_reply_fini(&reply);
	}
}

static void a_silent_server_is_given_up_as_unknown(void **state)
{
	static const char *const paths[] = { "/silent", "/drip" };
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		int64_t before_ms = clock_mono_ms(clock_system());
		start(*state, (TransportRequest){ .timeout_ms = 200 }, paths[i]);
		TransportReply reply = wait_for_one(*state);
		assert_int_equal(reply.outcome, TRANSPORT_UNKNOWN);
		assert_true(clock_mono_ms(clock_system()) - before_ms < 15000);
		transport_reply_fini(&reply);
	}
}

static void an_answer_above_the_maximum_is_not_kept(void **state)
{
	start(*state, (TransportRequest){ .reply_bytes_max = HUGE_BYTES - 1 }, "/huge");
	TransportReply reply = wait_for_one(*state);
	assert_int_equal(reply.outcome, TRANSPORT_UNKNOWN);
	assert_int_equal(reply.err.kind, ERR_LIMIT);
	assert_int_equal(reply.body_len, 0);
	transport_reply_fini(&reply);
	start(*state, (TransportRequest){ .reply_bytes_max = HUGE_BYTES }, "/huge");
	reply = wait_for_one(*state);
	assert_int_equal(reply.outcome, TRANSPORT_ANSWERED);
	assert_int_equal(reply.body_len, HUGE_BYTES);
	transport_reply_fini(&reply);
}

static void several_calls_are_in_flight_and_each_is_answered_once(void **state)
{
	Bench *bench = *state;
	uint64_t ids[8];
	bool seen[8] = { 0 };
	for (int i = 0; i < 8; i++)
		ids[i] = start(bench, (TransportRequest){ 0 }, i % 2 ? "/json" : "/html");
	assert_int_equal(bench->transport->in_flight(bench->transport), 8);
	for (int i = 0; i < 8; i++) {
		TransportReply reply = wait_for_one(bench);
		for (int at = 0; at < 8; at++) {
			if (ids[at] != reply.call_id)
				continue;
			assert_false(seen[at]);
			seen[at] = true;
			assert_int_equal(reply.status, at % 2 ? 200 : 503);
		}
		transport_reply_fini(&reply);
	}
	assert_int_equal(bench->transport->in_flight(bench->transport), 0);
	for (int i = 0; i < 8; i++)
		assert_true(seen[i]);
}

static void poll_without_calls_ends_at_its_time(void **state)
{
	Bench *bench = *state;
	TransportReply reply;
	bool has = true;
	assert_true(transport_poll(bench->transport, 0, &reply, &has, NULL));
	assert_false(has);
	int64_t before_ms = clock_mono_ms(clock_system());
	has = true;
	assert_true(transport_poll(bench->transport, 50, &reply, &has, NULL));
	assert_false(has);
	assert_true(clock_mono_ms(clock_system()) - before_ms >= 49);
}

static void *wake_soon(void *arg)
{
	pause_ms(50);
	transport_wake(arg);
	return NULL;
}

static void another_thread_can_wake_a_waiting_poll(void **state)
{
	Bench *bench = *state;
	pthread_t waker;
	TransportReply reply;
	bool has = true;
	int64_t before_ms = clock_mono_ms(clock_system());
	pthread_create(&waker, NULL, wake_soon, bench->transport);
	assert_true(transport_poll(bench->transport, 60000, &reply, &has, NULL));
	assert_false(has);
	assert_true(clock_mono_ms(clock_system()) - before_ms < 30000);
	pthread_join(waker, NULL);
}

static void a_wake_before_the_wait_is_not_lost(void **state)
{
	Bench *bench = *state;
	TransportReply reply;
	bool has = true;
	int64_t before_ms = clock_mono_ms(clock_system());
	transport_wake(bench->transport);
	assert_true(transport_poll(bench->transport, 60000, &reply, &has, NULL));
	assert_false(has);
	assert_true(clock_mono_ms(clock_system()) - before_ms < 30000);
}

static void closing_drops_what_is_in_flight(void **state)
{
	Bench *bench = *state;
	for (int i = 0; i < 3; i++)
		start(bench, (TransportRequest){ 0 }, "/json");
	transport_close(&bench->transport); /* the sanitizers see what is forgotten */
}

/* -------------------------------------------------------- the network only */

static TransportReply call_url(Bench *bench, const char *url, int64_t timeout_ms)
{
	uint64_t call_id;
	TransportRequest request = { .method = "POST",
		.url = str_from(url),
		.timeout_ms = timeout_ms,
		.reply_bytes_max = 1000,
		.body = STR("x") };
	assert_true(transport_start(bench->transport, &request, &call_id, NULL));
	return wait_for_one(bench);
}

static void a_refused_connection_was_certainly_not_sent(void **state)
{
	Bench *bench = *state;
	int port;
	char url[64];
	close(listen_somewhere(&port)); /* nobody listens there now */
	snprintf(url, sizeof url, "http://127.0.0.1:%d/json", port);
	TransportReply reply = call_url(bench, url, 20000);
	assert_int_equal(reply.outcome, TRANSPORT_NOT_SENT);
	assert_int_equal(reply.err.kind, ERR_RETRY);
	transport_reply_fini(&reply);
}

static void a_failed_tls_handshake_was_certainly_not_sent(void **state)
{
	Bench *bench = *state;
	char url[64];
	snprintf(url, sizeof url, "https://127.0.0.1:%d/json", bench->server.port);
	TransportReply reply = call_url(bench, url, 20000);
	assert_int_equal(reply.outcome, TRANSPORT_NOT_SENT);
	transport_reply_fini(&reply);
}

/* A certificate for 127.0.0.1 that nobody but itself vouches for. */
static SSL_CTX *self_signed(void)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC, (const unsigned char *)"127.0.0.1", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	X509_set_pubkey(certificate, key);
	X509_sign(certificate, key, EVP_sha256());
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	assert_int_equal(SSL_CTX_use_certificate(context, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(context, key), 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return context;
}

typedef struct TlsServer {
	SSL_CTX *context;
	int fd;
	size_t bytes; /* of the request that it got to see */
} TlsServer;

static void *tls_main(void *arg)
{
	TlsServer *server = arg;
	int fd = accept(server->fd, NULL, NULL);
	SSL *tls = SSL_new(server->context);
	SSL_set_fd(tls, fd);
	char bytes[4096];
	int got = SSL_accept(tls) == 1 ? SSL_read(tls, bytes, sizeof bytes) : 0;
	server->bytes = got > 0 ? (size_t)got : 0;
	SSL_free(tls);
	close(fd);
	return NULL;
}

static void a_certificate_that_nobody_vouches_for_sees_no_request(void **state)
{
	Bench *bench = *state;
	TlsServer server = { .context = self_signed() };
	pthread_t thread;
	int port;
	char url[64];
	server.fd = listen_somewhere(&port);
	pthread_create(&thread, NULL, tls_main, &server);
	snprintf(url, sizeof url, "https://127.0.0.1:%d/json", port);
	TransportReply reply = call_url(bench, url, 20000);
	pthread_join(thread, NULL);
	assert_int_equal(reply.outcome, TRANSPORT_NOT_SENT);
	assert_true(str_find_nocase(str_from(reply.err.text), STR("certificate")) >= 0);
	assert_int_equal(server.bytes, 0);
	transport_reply_fini(&reply);
	SSL_CTX_free(server.context);
	close(server.fd);
}

static void a_time_out_before_anything_was_sent_is_not_sent(void **state)
{
	Bench *bench = *state;
	int port;
	char url[64];
	int fd = listen_somewhere(&port); /* the kernel connects, nobody speaks TLS */
	snprintf(url, sizeof url, "https://127.0.0.1:%d/json", port);
	TransportReply reply = call_url(bench, url, 200);
	assert_int_equal(reply.outcome, TRANSPORT_NOT_SENT);
	transport_reply_fini(&reply);
	close(fd);
}

static void plain_http_is_for_this_machine_only(void **state)
{
	Bench *bench = *state;
	static const char *const urls[] = { "http://acme.my.salesforce.com/x",
		"http://127.example.com/x", "http://10.0.0.1/x", "ftp://127.0.0.1/x",
		"file:///etc/passwd", "http://localhost.example.com/", "", "::" };
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		uint64_t call_id;
		Err err;
		TransportRequest request = { .method = "GET",
			.url = str_from(urls[i]),
			.timeout_ms = 1000,
			.reply_bytes_max = 1000 };
		if (transport_start(bench->transport, &request, &call_id, &err))
			fail_msg("%s was allowed", urls[i]);
		assert_int_equal(err.kind, ERR_INPUT);
	}
	assert_int_equal(bench->transport->in_flight(bench->transport), 0);
}

static void a_line_break_in_a_header_is_refused(void **state)
{
	Bench *bench = *state;
	uint64_t call_id;
	Err err;
	TransportHeader header = { STR("X-Test"), STR("a\r\nX-Evil: b") };
	TransportRequest request = { .method = "GET",
		.url = STR("http://127.0.0.1:9/"),
		.headers = &header,
		.header_count = 1,
		.timeout_ms = 1000,
		.reply_bytes_max = 1000 };
	assert_false(transport_start(bench->transport, &request, &call_id, &err));
	assert_int_equal(err.kind, ERR_INPUT);
}

static void gzip_is_unpacked_and_bounded(void **state)
{
	Bench *bench = *state;
	TransportReply reply = get(bench, "/gzip");
	assert_str(transport_reply_body(&reply), "gzipped");
	transport_reply_fini(&reply);
	/* The maximum counts unpacked bytes: a small answer may be a large one. */
	start(bench, (TransportRequest){ .reply_bytes_max = HUGE_BYTES / 2 }, "/gzip-huge");
	reply = wait_for_one(bench);
	assert_int_equal(reply.outcome, TRANSPORT_UNKNOWN);
	assert_int_equal(reply.err.kind, ERR_LIMIT);
	transport_reply_fini(&reply);
}

static void a_connection_is_used_again(void **state)
{
	Bench *bench = *state;
	for (int i = 0; i < 5; i++) {
		TransportReply reply = get(bench, "/json");
		assert_int_equal(reply.status, 200);
		transport_reply_fini(&reply);
	}
	assert_int_equal(atomic_load(&bench->server.connections), 1);
}

static void a_fast_answer_overtakes_a_slow_one(void **state)
{
	Bench *bench = *state;
	uint64_t slow = start(bench, (TransportRequest){ 0 }, "/slow");
	uint64_t fast = start(bench, (TransportRequest){ 0 }, "/json");
	TransportReply reply = wait_for_one(bench);
	assert_int_equal(reply.call_id, fast);
	transport_reply_fini(&reply);
	reply = wait_for_one(bench);
	assert_int_equal(reply.call_id, slow);
	assert_true(reply.duration_ms >= 290);
	transport_reply_fini(&reply);
}

#define both(name)                                                                                 \
	{ "curl_" #name, name, network_up, down, NULL },                                           \
	{                                                                                          \
		"inproc_" #name, name, inproc_up, down, NULL                                       \
	}
#define network(name)                                                                              \
	{                                                                                          \
#name, name, network_up, down, NULL                                                \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		both(a_whole_answer_is_given_as_it_came),
		both(headers_keep_order_and_repetition),
		both(method_headers_and_body_arrive),
		both(a_truncated_answer_is_unknown),
		both(a_silent_server_is_given_up_as_unknown),
		both(an_answer_above_the_maximum_is_not_kept),
		both(several_calls_are_in_flight_and_each_is_answered_once),
		both(poll_without_calls_ends_at_its_time),
		both(another_thread_can_wake_a_waiting_poll),
		both(a_wake_before_the_wait_is_not_lost),
		both(closing_drops_what_is_in_flight),
		network(a_refused_connection_was_certainly_not_sent),
		network(a_failed_tls_handshake_was_certainly_not_sent),
		network(a_certificate_that_nobody_vouches_for_sees_no_request),
		network(a_time_out_before_anything_was_sent_is_not_sent),
		network(plain_http_is_for_this_machine_only),
		network(a_line_break_in_a_header_is_refused),
		network(gzip_is_unpacked_and_bounded),
		network(a_connection_is_used_again),
		network(a_fast_answer_overtakes_a_slow_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
