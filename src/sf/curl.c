#include "base/base.h"

#include "sf/curl.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/secret.h"

#include <curl/curl.h>
#include <stdatomic.h>

enum {
	CONNECT_TIMEOUT_MS = 10 * 1000,
	STALL_TIMEOUT_MS = 100 * 1000,
	/* Salesforce: URI and headers together (salesforce-api.md 2.10). */
	URL_BYTES_MAX = 16 * 1024,
	REPLY_HEADERS_MAX = 200, /* Salesforce sends about 20 */
	REPLY_HEADER_BYTES_MAX = 64 * 1024,
};

typedef struct CurlCall {
	ListNode node;
	uint64_t call_id;
	CURL *easy;
	struct curl_slist *headers;
	char *body; /* own; may hold a secret */
	size_t body_len;
	size_t reply_bytes_max;
	bool is_too_large;
	Buf reply_headers; /* lines of the last header block */
	Buf reply_body;
	char error[CURL_ERROR_SIZE];
} CurlCall;

typedef struct CurlTransport {
	Transport base;
	CurlOptions options;
	CURLM *multi;
	List calls;
	uint64_t calls_started;
	atomic_bool is_woken;
} CurlTransport;

static CurlTransport *curl_of(Transport *transport)
{
	return CONTAINER_OF(transport, CurlTransport, base);
}

/* -------------------------------------------------------------- callbacks */

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
	CurlCall *call = ctx;
	size_t len = size * count;
	if (len > call->reply_bytes_max - call->reply_body.len) {
		call->is_too_large = true;
		return 0;
	}
	buf_put(&call->reply_body, (Str){ bytes, len });
	return len;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
	CurlCall *call = ctx;
	Str line = { bytes, size * count };
	/* Each block begins with a status line: only the last one (after 100 Continue) counts. */
	if (str_starts(line, STR("HTTP/")))
		buf_reset(&call->reply_headers);
	else
		buf_put(&call->reply_headers, line);
	call->is_too_large |= call->reply_headers.overflow;
	return call->reply_headers.overflow ? 0 : line.len;
}

/* ------------------------------------------------------------------- start */

static bool is_loopback(Str host)
{
	return str_eq_nocase(host, STR("localhost")) || str_starts(host, STR("127."))
		|| str_eq(host, STR("[::1]"));
}

static void free_curl_text(char **text)
{
	curl_free(*text);
}

static void free_curl_url(CURLU **url)
{
	curl_url_cleanup(*url);
}

/* HTTPS anywhere, HTTP to this machine only: a token must not travel in clear. */
static bool check_url(const CurlTransport *curl, const char *url, bool *out_is_loopback, Err *err)
{
	CLEANUP(free_curl_url) CURLU *parts = curl_url();
	CLEANUP(free_curl_text) char *scheme = NULL;
	CLEANUP(free_curl_text) char *host = NULL;
	if (!parts || curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK
		|| curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK
		|| curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		return ERR(err, ERR_INPUT, "the URL of a call cannot be read");
	/* "127.example.com" is no address of this machine. */
	bool loopback = is_loopback(str_from(host))
		&& !(host[0] == '1' && strspn(host, "0123456789.") != strlen(host));
	if (strcmp(scheme, "https") != 0
		&& !(strcmp(scheme, "http") == 0 && (loopback || curl->options.allow_plain_http)))
		return ERR(
			err, ERR_INPUT, "only https:// is allowed for %s, not %s://", host, scheme);
	*out_is_loopback = loopback;
	return true;
}

static bool add_header(CurlCall *call, Str name, Str value, Err *err)
{
	if (str_find_char(name, '\n', 0) >= 0 || str_find_char(value, '\n', 0) >= 0
		|| str_find_char(value, '\r', 0) >= 0)
		return ERR(err, ERR_INPUT, "a line break in header %.*s", STR_ARG(name));
	CLEANUP(buf_fini) Buf line = BUF_MAX(URL_BYTES_MAX);
	buf_put(&line, name);
	buf_put(&line, STR(": "));
	buf_put(&line, value);
	if (!buf_check(&line, "a request header", err))
		return false;
	struct curl_slist *longer = curl_slist_append(call->headers, buf_z(&line));
	bytes_wipe(line.ptr, line.len);
	if (!longer)
		abort(); /* out of memory, as everywhere (base/alloc.h) */
	call->headers = longer;
	return true;
}

static void set_body(CurlCall *call, const TransportRequest *request)
{
	if (request->body.len > 0 || strcmp(request->method, "POST") == 0) {
		curl_easy_setopt(
			call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
		curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, call->body);
	}
	curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
}

static void set_limits(const CurlTransport *curl, CurlCall *call, const TransportRequest *request)
{
	int64_t stall_s = (curl->options.stall_timeout_ms + 999) / 1000;
	curl_easy_setopt(call->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(call->easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	curl_easy_setopt(
		call->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)curl->options.connect_timeout_ms);
	curl_easy_setopt(call->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(call->easy, CURLOPT_LOW_SPEED_TIME, (long)stall_s);
	curl_easy_setopt(call->easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(call->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(
		call->easy, CURLOPT_PROTOCOLS_STR, "http,https"); /* narrowed by check_url */
	/* One connection per call in flight; HTTP/2 only once it is measured to be better. */
	curl_easy_setopt(call->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(call->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(call->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(call->easy, CURLOPT_USERAGENT, "Optout/" OPTOUT_VERSION);
	curl_easy_setopt(call->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static void set_callbacks(CurlCall *call)
{
	curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(call->easy, CURLOPT_ERRORBUFFER, call->error);
	curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(call->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(call->easy, CURLOPT_HEADERDATA, call);
}

/* Headers and body may hold a token or a credential: they are wiped. */
static void call_free(CurlTransport *curl, CurlCall *call)
{
	if (call->node.next)
		list_remove(&curl->calls, &call->node);
	if (call->easy) {
		curl_multi_remove_handle(curl->multi, call->easy);
		curl_easy_cleanup(call->easy);
	}
	for (struct curl_slist *header = call->headers; header; header = header->next)
		bytes_wipe(header->data, strlen(header->data));
	curl_slist_free_all(call->headers);
	bytes_wipe(call->body, call->body_len);
	free(call->body);
	buf_fini(&call->reply_headers);
	buf_fini(&call->reply_body);
	free(call);
}

static bool call_prepare(
	CurlTransport *curl, CurlCall *call, const TransportRequest *request, Err *err)
{
	CLEANUP(buf_fini) Buf url = BUF_MAX(URL_BYTES_MAX);
	bool is_local;
	buf_put(&url, request->url);
	if (!buf_check(&url, "the URL of a call", err)
		|| !check_url(curl, buf_z(&url), &is_local, err))
		return false;
	for (size_t i = 0; i < request->header_count; i++) {
		if (!add_header(call, request->headers[i].name, request->headers[i].value, err))
			return false;
	}
	/* Salesforce needs no 100 Continue; waiting for one costs a second at proxies that ignore
	 * it. */
	if (!add_header(call, STR("Expect"), STR(""), err))
		return false;
	call->easy = curl_easy_init();
	if (!call->easy)
		abort();
	curl_easy_setopt(call->easy, CURLOPT_URL, buf_z(&url));
	if (is_local)
		curl_easy_setopt(
			call->easy, CURLOPT_PROXY, ""); /* never through the site's proxy */
	set_limits(curl, call, request);
	set_callbacks(call);
	set_body(call, request);
	return true;
}

static bool curl_start(
	Transport *transport, const TransportRequest *request, uint64_t *out_call_id, Err *err)
{
	CurlTransport *curl = curl_of(transport);
	CurlCall *call = xcalloc(1, sizeof *call);
	call->call_id = ++curl->calls_started;
	call->body = xstrndup(request->body.ptr ? request->body.ptr : "", request->body.len);
	call->body_len = request->body.len;
	call->reply_bytes_max = request->reply_bytes_max;
	buf_init(&call->reply_headers, REPLY_HEADER_BYTES_MAX);
	buf_init(&call->reply_body, request->reply_bytes_max);
	if (!call_prepare(curl, call, request, err)) {
		call_free(curl, call);
		return false;
	}
	CURLMcode code = curl_multi_add_handle(curl->multi, call->easy);
	if (code != CURLM_OK) {
		call_free(curl, call);
		return ERR_CODE(
			err, ERR_FATAL, (int)code, "libcurl: %s", curl_multi_strerror(code));
	}
	list_push(&curl->calls, &call->node);
	*out_call_id = call->call_id;
	return true;
}

/* -------------------------------------------------------------------- poll */

static void give_headers(const CurlCall *call, TransportReply *out)
{
	TransportHeader headers[REPLY_HEADERS_MAX];
	size_t count = 0;
	Str rest = buf_str(&call->reply_headers), line;
	while (count < REPLY_HEADERS_MAX && rest.len > 0 && str_split(&rest, '\n', &line)) {
		ptrdiff_t colon = str_find_char(line, ':', 0);
		if (colon <= 0)
			continue;
		headers[count].name = str_sub(line, 0, (size_t)colon);
		headers[count].value = str_trim(str_from_pos(line, (size_t)colon + 1));
		count++;
	}
	transport_reply_set_headers(out, headers, count);
}

/* Whether the request left this machine decides between "certainly not" and "maybe". */
static void give_failure(const CurlCall *call, CURLcode code, TransportReply *out)
{
	long bytes_sent = 0;
	curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &bytes_sent);
	out->outcome = bytes_sent > 0 ? TRANSPORT_UNKNOWN : TRANSPORT_NOT_SENT;
	if (call->is_too_large)
		ERR_CODE(&out->err, ERR_LIMIT, (int)code, "the answer is larger than %zu bytes",
			call->reply_bytes_max);
	else
		ERR_CODE(&out->err, ERR_RETRY, (int)code, "%s",
			call->error[0] ? call->error : curl_easy_strerror(code));
}

static void finish(CurlTransport *curl, CurlCall *call, CURLcode code, TransportReply *out)
{
	TransportReply reply = { .call_id = call->call_id };
	curl_off_t took_us = 0;
	curl_easy_getinfo(call->easy, CURLINFO_TOTAL_TIME_T, &took_us);
	reply.duration_ms = (int64_t)took_us / 1000;
	if (code == CURLE_OK) {
		long status = 0;
		curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
		reply.outcome = TRANSPORT_ANSWERED;
		reply.status = (int)status;
		give_headers(call, &reply);
		reply.body = buf_take(&call->reply_body, &reply.body_len);
	} else {
		give_failure(call, code, &reply);
	}
	call_free(curl, call);
	*out = reply;
}

static bool take_finished(CurlTransport *curl, TransportReply *out)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(curl->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		char *call = NULL;
		CURLcode code = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
		finish(curl, (CurlCall *)(void *)call, code, out);
		return true;
	}
	return false;
}

static bool curl_poll(
	Transport *transport, int64_t timeout_ms, TransportReply *out, bool *out_has, Err *err)
{
	CurlTransport *curl = curl_of(transport);
	int64_t deadline_ms = clock_mono_ms(clock_system()) + timeout_ms;
	for (;;) {
		int running;
		bool is_woken = atomic_exchange(&curl->is_woken, false);
		CURLMcode code = curl_multi_perform(curl->multi, &running);
		if (code == CURLM_OK && take_finished(curl, out)) {
			*out_has = true;
			return true;
		}
		int64_t left_ms = deadline_ms - clock_mono_ms(clock_system());
		if (code == CURLM_OK && !is_woken && left_ms > 0)
			code = curl_multi_poll(
				curl->multi, NULL, 0, (int)MIN_OF(left_ms, 60 * 1000), NULL);
		if (code != CURLM_OK)
			return ERR_CODE(err, ERR_FATAL, (int)code, "libcurl: %s",
				curl_multi_strerror(code));
		if (is_woken || left_ms <= 0) {
			*out_has = false;
			return true;
		}
	}
}

static void curl_wake(Transport *transport)
{
	CurlTransport *curl = curl_of(transport);
	atomic_store(&curl->is_woken, true);
	curl_multi_wakeup(curl->multi);
}

static size_t curl_in_flight(Transport *transport)
{
	return curl_of(transport)->calls.count;
}

static void curl_close(Transport *transport)
{
	CurlTransport *curl = curl_of(transport);
	LIST_FOR_EACH(&curl->calls, node)
	call_free(curl, CONTAINER_OF(node, CurlCall, node));
	curl_multi_cleanup(curl->multi);
	free(curl);
}

bool curl_library_init(Err *err)
{
	CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT); /* counts its calls */
	if (code != CURLE_OK)
		return ERR_CODE(err, ERR_FATAL, (int)code, "libcurl: %s", curl_easy_strerror(code));
	return true;
}

bool curl_open(const CurlOptions *options, Transport **out, Err *err)
{
	CURLM *multi = curl_multi_init();
	if (!multi)
		return ERR(err, ERR_FATAL, "libcurl cannot start");
	CurlTransport *curl = xcalloc(1, sizeof *curl);
	curl->base = (Transport){
		.start = curl_start,
		.poll = curl_poll,
		.wake = curl_wake,
		.in_flight = curl_in_flight,
		.close = curl_close,
	};
	if (options)
		curl->options = *options;
	if (curl->options.connect_timeout_ms == 0)
		curl->options.connect_timeout_ms = CONNECT_TIMEOUT_MS;
	if (curl->options.stall_timeout_ms == 0)
		curl->options.stall_timeout_ms = STALL_TIMEOUT_MS;
	curl->multi = multi;
	list_init(&curl->calls);
	atomic_init(&curl->is_woken, false);
	*out = &curl->base;
	return true;
}
