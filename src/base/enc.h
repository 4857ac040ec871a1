/* enc.h: encodings of the web: base64url and base64 (RFC 4648), hex, percent-encoding (RFC 3986),
 * application/x-www-form-urlencoded (WHATWG URL 5.1), HTML text. Pure. A decoder that
 * answers false leaves out as it was; one whose result does not fit answers false and sets out's
 * overflow flag. */
#ifndef BASE_ENC_H
#define BASE_ENC_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"

void base64url_encode(Buf *out, Str bytes); /* no padding */
void base64_encode(Buf *out, Str bytes);    /* with padding */
/* Strict: no padding, no blanks, no stray bits in the last character. */
WARN_UNUSED bool base64url_decode(Buf *out, Str text);
/* Standard alphabet with padding. */
WARN_UNUSED bool base64_decode(Buf *out, Str text);

void hex_encode(Buf *out, Str bytes); /* lower case */
WARN_UNUSED bool hex_decode(Buf *out, Str text);

/* Everything but unreserved characters (A-Z a-z 0-9 - . _ ~) becomes %XX. */
void percent_encode(Buf *out, Str s);
/* False on a bad escape. plus_is_blank for query strings and forms. */
WARN_UNUSED bool percent_decode(Buf *out, Str s, bool plus_is_blank);

typedef struct FormField {
	Str name; /* both borrow from the arena that form_parse was given */
	Str value;
} FormField;

enum { FORM_FIELDS_MAX = 64 };

/* Decodes "a=1&b=2" into at most FORM_FIELDS_MAX fields. False with ERR_INPUT on a bad escape or
 * too many. */
WARN_UNUSED bool form_parse(
	Str body, Arena *arena, FormField **out_fields, size_t *out_count, Err *err);
/* The first field of that name; STR_NONE if there is none. */
Str form_get(const FormField *fields, size_t count, Str name);

/* Text for element content and quoted attribute values: & < > " ' are escaped. */
void html_escape(Buf *out, Str text);

#endif
