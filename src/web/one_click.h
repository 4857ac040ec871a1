/* one_click.h: is this POST the one-click unsubscribe of a mail program (RFC 8058)? The body holds
 * the field List-Unsubscribe with the value One-Click, as application/x-www-form-urlencoded or
 * multipart/form-data (3.1: "MUST" accept both). Pure. */
#ifndef WEB_ONE_CLICK_H
#define WEB_ONE_CLICK_H

#include "base/arena.h"
#include "base/base.h"
#include "http/message.h"

bool one_click_asked(const HttpRequest *request, Arena *arena);

#endif
