/* descriptors.h: file descriptors, which the shell or the service manager limits. The limit has two
 * parts; the lower one is often 1024, and a program may raise it to the other itself. */
#ifndef APP_DESCRIPTORS_H
#define APP_DESCRIPTORS_H

#include "base/base.h"
#include "base/err.h"

/* Makes room for `listeners` times *connections_max connections beside what the rest of the program
 * needs. Where there is less, lowers *connections_max and logs it; ERR_LIMIT when nothing useful is
 * left. */
WARN_UNUSED bool descriptors_ensure(size_t listeners, size_t *connections_max, Err *err);

#endif
