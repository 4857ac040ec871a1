/* curl.h: the Transport over the network: libcurl's multi interface, one handle per Transport and
 * therefore per thread (connections must not be shared between threads). HTTPS with certificate
 * checks; plain HTTP only to loopback hosts. No redirects, no cookies, no signals; gzip and deflate
 * accepted; connections are kept and reused.
 *
 * Outcomes: TRANSPORT_NOT_SENT when no byte of the request left (name, connect, TLS failures);
 * TRANSPORT_UNKNOWN for everything later. A truncated body, a reset, a time-out and a reply above
 * reply_bytes_max are UNKNOWN. */
#ifndef SF_CURL_H
#define SF_CURL_H

#include "base/base.h"
#include "base/err.h"
#include "sf/transport.h"

typedef struct CurlOptions {
	bool allow_plain_http;      /* http:// to any host; for test set-ups only */
	int64_t connect_timeout_ms; /* 10,000 when 0 */
	/* A transfer slower than 1 byte/s for this long is given up; 100,000 when 0 (whole
	 * seconds). Customer triggers may keep a write silent for long: the whole-call timeout is
	 * the real bound. */
	int64_t stall_timeout_ms;
} CurlOptions;

/* Once per process, before other threads start; idempotent. */
WARN_UNUSED bool curl_library_init(Err *err);

/* options may be NULL. The Transport is closed with transport_close. */
WARN_UNUSED bool curl_open(const CurlOptions *options, Transport **out, Err *err);

#endif
