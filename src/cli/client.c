#include "cli/client.h"
#include "base/base.h"

#include "app/app.h"
#include "base/alloc.h"
#include "base/file.h"

#include <curl/curl.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

enum {
	/* A daemon that starts holds the lock before it listens: migrations of a large database
	   take a while. */
	START_WAIT_MS = 5 * 1000,
	START_STEP_MS = 50,
	CONNECT_TIMEOUT_S = 5,
	/* Silence this long means that the daemon hangs; it parks no request longer than its own
	   deadline. */
	ANSWER_TIMEOUT_S = 600,
};

struct Client {
	CURL *curl; /* own; NULL when app answers */
	App *app;   /* own; NULL when a daemon answers */
	char socket[CONFIG_TEXT_MAX];
	char error[CURL_ERROR_SIZE];
};

typedef enum Knock { KNOCK_ANSWERED, KNOCK_NOBODY, KNOCK_FORBIDDEN } Knock;

/* Is somebody listening at that socket? */
static Knock knock(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (!str_copy(str_from(path), address.sun_path, sizeof address.sun_path))
		return KNOCK_NOBODY;
	CLEANUP(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return KNOCK_NOBODY;
	if (connect(fd, (const struct sockaddr *)(const void *)&address, sizeof address) == 0)
		return KNOCK_ANSWERED;
	return errno == EACCES || errno == EPERM ? KNOCK_FORBIDDEN : KNOCK_NOBODY;
}

static void wait_ms(int64_t ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000 };
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

/* Opens the program here, or sees the daemon come up that holds the lock. Both NULL: the daemon is
 * there now. */
static bool open_here(Client *client, const Config *config, Err *err)
{
	for (int64_t waited_ms = 0;; waited_ms += START_STEP_MS) {
		Err failure = { 0 };
		if (app_open(config, &client->app, &failure))
			return true;
		if (failure.kind != ERR_CONFLICT) {
			if (err)
				*err = failure;
			return false;
		}
		if (knock(config->socket) == KNOCK_ANSWERED)
			return true;
		if (waited_ms >= START_WAIT_MS)
			return ERR(err, ERR_RETRY, "%s; but nobody answers at %s", failure.text,
				config->socket);
		wait_ms(START_STEP_MS);
	}
}

bool client_open(const Config *config, Client **out, Err *err)
{
	Client *client = xcalloc(1, sizeof *client);
	bool fits = str_copy(str_from(config->socket), client->socket, sizeof client->socket);
	assert(fits);
	bool ok = true;
	switch (knock(config->socket)) {
	case KNOCK_ANSWERED:
		break;
	case KNOCK_NOBODY:
		ok = open_here(client, config, err);
		break;
	case KNOCK_FORBIDDEN:
		ok = ERR(err, ERR_RETRY,
			"you may not open %s: run this as the user of the daemon, or as root",
			config->socket);
		break;
	}
	if (ok && !client->app) {
		client->curl = curl_easy_init();
		if (!client->curl)
			ok = ERR(err, ERR_FATAL, "libcurl cannot start");
	}
	if (!ok) {
		client_close(&client);
		return false;
	}
	*out = client;
	return true;
}

void client_close(Client **client)
{
	if (!*client)
		return;
	if ((*client)->app)
		app_close(&(*client)->app);
	if ((*client)->curl)
		curl_easy_cleanup((*client)->curl);
	free(*client);
	*client = NULL;
}

bool client_is_here(const Client *client)
{
	return client->app != NULL;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
	Buf *body = user;
	buf_put(body, (Str){ bytes, size * count });
	return body->overflow ? 0 : size * count;
}

static struct curl_slist *make_headers(Str content_type)
{
	/* No "Expect: 100-continue": it costs a round trip, or a second when the other side does
	 * not know it. */
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
	if (content_type.len == 0) /* libcurl would claim that an empty POST is a form */
		return curl_slist_append(headers, "Content-Type:");
	CLEANUP(buf_fini) Buf line = BUF_MAX(256);
	buf_printf(&line, "Content-Type: %.*s", STR_ARG(content_type));
	return curl_slist_append(headers, buf_z(&line));
}

static void set_options(Client *client, HttpMethod method, const char *url,
	const struct curl_slist *headers, Str body, HttpReply *reply)
{
	CURL *curl = client->curl;
	curl_easy_reset(curl); /* keeps the connection */
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(
		curl, CURLOPT_PROXY, ""); /* http_proxy is not meant for the local socket */
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)ANSWER_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->error);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply->body);
	if (method != HTTP_GET) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.len ? body.ptr : "");
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, http_method_name(method));
	}
}

static bool request_daemon(Client *client, HttpMethod method, Str path_and_query, Str content_type,
	Str body, HttpReply *out, Err *err)
{
	CLEANUP(buf_fini) Buf url = BUF_MAX(64 * 1024);
	buf_put_z(&url, "http://localhost");
	buf_put(&url, path_and_query);
	if (!buf_check(&url, "the request's path", err))
		return false;
	struct curl_slist *headers = make_headers(content_type);
	http_reply_init(out);
	client->error[0] = '\0';
	set_options(client, method, buf_z(&url), headers, body, out);
	CURLcode code = curl_easy_perform(client->curl);
	long status = 0;
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	if (code != CURLE_OK) {
		http_reply_fini(out);
		return ERR_CODE(err, ERR_RETRY, (int)code,
			"the daemon at %s did not answer (%s); "
			"whether the request was done is not known",
			client->socket,
			client->error[0] ? client->error : curl_easy_strerror(code));
	}
	out->status = (int)status;
	return true;
}

bool client_request(Client *client, HttpMethod method, Str path_and_query, Str content_type,
	Str body, HttpReply *out, Err *err)
{
	if (client->app)
		return app_request(
			client->app, method, path_and_query, content_type, body, out, err);
	return request_daemon(client, method, path_and_query, content_type, body, out, err);
}
