/* file.h: whole files with a maximum, and files that are there after a power cut. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

/* Appends the whole file to out; ERR_MISSING, ERR_LIMIT (out's maximum) or ERR_FATAL, naming the
 * path. */
WARN_UNUSED bool file_read(const char *path, Buf *out, Err *err);
/* Writes path.tmp, fsync, rename, fsync of the folder. mode as in open(2). */
WARN_UNUSED bool file_write_durable(const char *path, Str content, unsigned mode, Err *err);
/* mkdir -p with mode for new folders. */
WARN_UNUSED bool dir_make(const char *path, unsigned mode, Err *err);
/* What to do about an errno that the disk is at fault for, to be put behind its text: "; make room
 * on the disk", or "". */
const char *file_advice(int number);
/* Removes the files of a folder whose names begin and end so, and says how many went. What cannot
 * be removed stays. */
size_t dir_sweep(const char *path, Str begin, Str end);
void fd_close(int *fd); /* for CLEANUP on an int; -1 is ignored */

#endif
