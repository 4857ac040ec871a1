/* gzip.h: Content-Encoding gzip (RFC 9110 8.4.1.3) for whole bodies. Pure. */
#ifndef HTTP_GZIP_H
#define HTTP_GZIP_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

/* Appends; false with ERR_INPUT when packed is not one whole gzip stream (or several in a row),
 * ERR_LIMIT when the text is larger than out's maximum: a small body can unpack to a thousand times
 * its size. */
WARN_UNUSED bool gzip_decode(Str packed, Buf *out, Err *err);
/* Appends, fast rather than small. False when out's maximum does not allow it. */
WARN_UNUSED bool gzip_encode(Str text, Buf *out);

/* Does an Accept-Encoding value allow gzip? (RFC 9110 12.5.3; "gzip;q=0" does not.) */
bool gzip_is_accepted(Str accept_encoding);

#endif
