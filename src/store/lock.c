#include "base/base.h"

#include "base/buf.h"
#include "base/file.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file's first line is the process ID of the holder or of the last one. The second stands there
 * once a database was made. */
#define MADE "made\n"

enum {
	DATABASE_BYTES_MIN = 512, /* SQLite's smallest page */
	PATH_BYTES_MAX = 4096,
};

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

static bool is_made(int fd)
{
	char text[64];
	ssize_t len = pread(fd, text, sizeof text, 0);
	return len > 0 && str_ends((Str){ text, (size_t)len }, STR("\n" MADE));
}

static int64_t file_bytes(Str path, const char *end)
{
	char text[PATH_BYTES_MAX];
	struct stat info;
	snprintf(text, sizeof text, "%.*s%s", STR_ARG(path), end);
	return stat(text, &info) == 0 ? info.st_size : -1;
}

/* A new database may only stand where none was: SQLite takes an empty file for a new one and throws
 * the log beside it away. */
static bool check_nothing_is_lost(int fd, Str database, Err *err)
{
	int64_t bytes = file_bytes(database, "");
	bool has_log = file_bytes(database, "-wal") > 0;
	if (bytes >= DATABASE_BYTES_MIN || (!is_made(fd) && !has_log))
		return true;
	return ERR(err, ERR_FATAL,
		"database %.*s is %s, but it was in use before; restore a backup (doc/install.md), or "
		"remove what is left of it, %.*s.lock too, to begin with nobody",
		STR_ARG(database), bytes < 0 ? "missing" : "empty", STR_ARG(database));
}

static bool write_holder(int fd, const char *path, Err *err)
{
	char pid[32];
	int len = snprintf(pid, sizeof pid, "%ld\n%s", (long)getpid(), is_made(fd) ? MADE : "");
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
	if (!check_nothing_is_lost(fd, database, err) || !write_holder(fd, buf_z(&path), err))
		return false;
	*out_fd = fd;
	fd = -1; /* the caller's now: closing it gives the lock back */
	return true;
}

bool store_lock_made(int fd, Err *err)
{
	off_t end = lseek(fd, 0, SEEK_END);
	if (is_made(fd)
		|| (end >= 0 && pwrite(fd, MADE, strlen(MADE), end) == (ssize_t)strlen(MADE)))
		return true;
	return ERR_CODE(err, ERR_FATAL, errno, "lock file: %s", strerror(errno));
}
