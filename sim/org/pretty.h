/* pretty.h: the layout of X-PrettyPrint answers: two blanks a level, `"key" : value`, `[ {`, `},
 * {`, `[ ]`, `{ }` (recorded). */
#ifndef ORG_PRETTY_H
#define ORG_PRETTY_H

#include "base/base.h"
#include "base/buf.h"
#include "base/str.h"

/* Appends; json must be compact and well-formed. */
void pretty_json(Str json, Buf *out);

#endif
