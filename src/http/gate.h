/* gate.h: what a request must be before anything looks at it. The library below accepts requests
 * that a proxy in front may read differently (request smuggling, RFC 9112 11.2): both body lengths,
 * repeated ones, blanks in header names. The gate runs when the headers are there and before one
 * byte of the body is read. Pure. */
#ifndef HTTP_GATE_H
#define HTTP_GATE_H

#include "base/base.h"
#include "http/message.h"

typedef struct GateRefusal {
	int status; /* 0: it may pass */
	const char *reason;
} GateRefusal;

/* version "HTTP/1.1"; target as in the request line, query included; at most HTTP_HEADERS_MAX
 * headers are looked at, more are refused (431). */
GateRefusal gate_check(
	Str method, Str version, Str target, const HttpHeader *headers, size_t header_count);

/* The declared length of a body that passed the gate; 0 when none is declared (chunked, or no
 * body). */
uint64_t gate_content_length(const HttpHeader *headers, size_t header_count);

#endif
