#include "base/base.h"

#include "app/temp_file.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool fail(const char *what, Err *err)
{
	return ERR_CODE(err, ERR_FATAL, errno,
		"cannot %s a temporary file in the state folder's spool: %s", what,
		strerror(errno));
}

bool temp_file_append(TempFile *file, Str bytes, Err *err)
{
	while (bytes.len > 0) {
		ssize_t written = write(file->fd, bytes.ptr, bytes.len);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return fail("write", err);
		file->bytes += (uint64_t)written;
		bytes = str_from_pos(bytes, (size_t)written);
	}
	return true;
}

bool temp_file_read(
	const TempFile *file, uint64_t offset, char *out, size_t room, size_t *out_len, Err *err)
{
	size_t len = 0;
	while (len < room) {
		ssize_t got = pread(file->fd, out + len, room - len, (off_t)(offset + len));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail("read", err);
		if (got == 0)
			break;
		len += (size_t)got;
	}
	*out_len = len;
	return true;
}

static bool run_append(RunFile *run_file, const void *bytes, size_t len, Err *err)
{
	return temp_file_append(
		CONTAINER_OF(run_file, TempFile, file), (Str){ (const char *)bytes, len }, err);
}

static bool run_read(RunFile *run_file, uint64_t offset, void *out, size_t len, Err *err)
{
	size_t got = 0;
	if (!temp_file_read(CONTAINER_OF(run_file, TempFile, file), offset, out, len, &got, err))
		return false;
	return got == len
		|| ERR(err, ERR_FATAL, "a temporary file is shorter than what was written to it");
}

bool temp_file_open(const Config *config, TempFile *out, Err *err)
{
	char folder[CONFIG_TEXT_MAX + 16];
	snprintf(folder, sizeof folder, "%s/spool", config->state_dir);
	if (!dir_make(folder, 0700, err))
		return false;
	/* Not O_TMPFILE: network file systems do not have it. */
	char path[sizeof folder + 16];
	snprintf(path, sizeof path, "%s/night-XXXXXX", folder);
	int fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return fail("make", err);
	unlink(path);
	*out = (TempFile){ .file = { run_append, run_read }, .fd = fd };
	return true;
}

void temp_file_close(TempFile *file)
{
	fd_close(&file->fd);
}
