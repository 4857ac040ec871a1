#include "base/base.h"

#include "base/buf.h"
#include "base/file.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

/* Whoever holds the lock wrote its process ID into the file. */
static bool say_holder(int fd, const char *path, Err *err)
{
	char pid[32] = "";
	ssize_t len = pread(fd, pid, sizeof pid - 1, 0);
	pid[len > 0 ? len : 0] = '\0';
	pid[strcspn(pid, "\r\n")] = '\0';
	return ERR(err, ERR_CONFLICT, "process %s has the database open for writing (lock file %s)",
		pid[0] ? pid : "?", path);
}

static bool lock_fail(const char *path, Err *err)
{
	int code = errno;
	return ERR_CODE(err, ERR_FATAL, code, "lock file %s: %s%s", path, strerror(code),
		file_advice(code));
}

static bool write_holder(int fd, const char *path, Err *err)
{
	char pid[32];
	int len = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)len, 0) == len)
		return true;
	return lock_fail(path, err);
}

/* Only a file can be opened by two processes. */
static Str locked_path(Str url)
{
	Str scheme = STR("sqlite:");
	return str_starts(url, scheme) ? str_from_pos(url, scheme.len) : STR_NONE;
}

bool store_lock(Str url, int *out_fd, Err *err)
{
	enum { PATH_BYTES_MAX = 4096 };
	Str database = locked_path(url);
	if (database.len == 0)
		return ERR(err, ERR_INPUT, "store \"%.*s\" has no file to lock", STR_ARG(url));
	CLEANUP(buf_fini) Buf path = BUF_MAX(PATH_BYTES_MAX);
	buf_put(&path, database);
	buf_put_z(&path, ".lock");
	if (!buf_check(&path, "the path of the lock file", err))
		return false;
	CLEANUP(fd_close) int fd = open(buf_z(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return lock_fail(buf_z(&path), err);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return say_holder(fd, buf_z(&path), err);
	if (!write_holder(fd, buf_z(&path), err))
		return false;
	*out_fd = fd;
	fd = -1; /* the caller's now: closing it gives the lock back */
	return true;
}
