/* temp_file.h: a nameless file in the state folder's spool/, gone when closed: what a night sorts
 * and spools. Serves as a RunFile. One thread. */
#ifndef APP_TEMP_FILE_H
#define APP_TEMP_FILE_H

#include "app/config.h"
#include "base/base.h"
#include "base/err.h"
#include "base/str.h"
#include "sync/run.h"

typedef struct TempFile {
	RunFile file;
	int fd; /* own; -1: closed */
	uint64_t bytes;
} TempFile;

#define TEMP_FILE_CLOSED                                                                           \
	{                                                                                          \
		.fd = -1                                                                           \
	}

WARN_UNUSED bool temp_file_open(const Config *config, TempFile *out, Err *err);
void temp_file_close(TempFile *file);
WARN_UNUSED bool temp_file_append(TempFile *file, Str bytes, Err *err);
/* Up to room bytes from offset; fewer only at the end of the file. */
WARN_UNUSED bool temp_file_read(
	const TempFile *file, uint64_t offset, char *out, size_t room, size_t *out_len, Err *err);

#endif
