#include "base/base.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024 };

void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

const char *file_advice(int number)
{
	static const struct {
		int number;
		const char *advice;
	} known[] = {
		{ ENOSPC, "; make room on the disk" },
		{ EDQUOT, "; raise the disk quota of the user or make room" },
		{ EFBIG, "; raise the limit of the file size (ulimit -f, LimitFSIZE=)" },
		{ EROFS,
			"; mount the disk for writing, and let the user of this process write there" },
		{ EACCES, "; let the user of this process read and write it" },
		{ EIO, "; the disk fails, the system's log (dmesg) says how" },
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].number == number)
			return known[i].advice;
	return "";
}

/* ERR_MISSING for a path that is not there, else ERR_FATAL. */
static bool fail(Err *err, const char *what, const char *path)
{
	int code = errno;
	ErrKind kind = code == ENOENT || code == ENOTDIR ? ERR_MISSING : ERR_FATAL;
	return ERR_CODE(
		err, kind, code, "%s %s: %s%s", what, path, strerror(code), file_advice(code));
}

/* read(2) that goes on after signals. */
static ssize_t read_some(int fd, char *out, size_t len)
{
	for (;;) {
		ssize_t got = read(fd, out, len);
		if (got >= 0 || errno != EINTR)
			return got;
	}
}

static bool read_all(int fd, const char *path, Buf *out, Err *err)
{
	for (;;) {
		size_t left = out->bytes_max - out->len;
		char probe;
		size_t want = MIN_OF(left, (size_t)READ_BYTES);
		char *room = want ? buf_room(out, want) : &probe;
		if (!room)
			return buf_check(out, path, err);
		ssize_t got = read_some(fd, room, want ? want : 1);
		if (got < 0)
			return fail(err, "read", path);
		if (got == 0)
			return true;
		if (want == 0)
			return ERR(err, ERR_LIMIT, "%s is larger than its maximum of %zu bytes",
				path, out->bytes_max);
		buf_grow(out, (size_t)got);
	}
}

bool file_read(const char *path, Buf *out, Err *err)
{
	CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(err, "open", path);
	size_t len_before = out->len;
	if (read_all(fd, path, out, err))
		return true;
	buf_cut(out, len_before);
	return false;
}

static bool write_all(int fd, const char *path, Str content, Err *err)
{
	while (content.len > 0) {
		ssize_t put = write(fd, content.ptr, content.len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return fail(err, "write", path);
		content = str_from_pos(content, (size_t)put);
	}
	if (fsync(fd) != 0)
		return fail(err, "fsync", path);
	return true;
}

/* A rename is on disk only when its folder is. */
static bool sync_folder_of(const char *path, Err *err)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	Str name = !slash       ? STR(".")
		: slash == path ? STR("/")
				: (Str){ path, (size_t)(slash - path) };
	if (!str_copy(name, folder, sizeof folder))
		return ERR(err, ERR_INPUT, "path too long: %s", path);
	CLEANUP(fd_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(err, "open", folder);
	if (fsync(fd) != 0)
		return fail(err, "fsync", folder);
	return true;
}

static bool write_new(const char *path, Str content, unsigned mode, Err *err)
{
	/* A left-over of a crash may have a wider mode: never write into it. */
	if (unlink(path) != 0 && errno != ENOENT)
		return fail(err, "remove", path);
	CLEANUP(fd_close)
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return fail(err, "create", path);
	return write_all(fd, path, content, err);
}

bool file_write_durable(const char *path, Str content, unsigned mode, Err *err)
{
	char temporary[PATH_MAX];
	int len = snprintf(temporary, sizeof temporary, "%s.tmp", path);
	if (len < 0 || (size_t)len >= sizeof temporary)
		return ERR(err, ERR_INPUT, "path too long: %s", path);
	if (!write_new(temporary, content, mode, err)) {
		unlink(temporary);
		return false;
	}
	if (rename(temporary, path) != 0) {
		fail(err, "rename to", path);
		unlink(temporary);
		return false;
	}
	return sync_folder_of(path, err);
}

static bool make_one(const char *path, unsigned mode, Err *err)
{
	if (mkdir(path, mode) == 0)
		return true;
	struct stat seen;
	if (errno == EEXIST && stat(path, &seen) == 0) {
		if (S_ISDIR(seen.st_mode))
			return true;
		errno = ENOTDIR;
	}
	int code = errno;
	return ERR_CODE(err, ERR_FATAL, code, "make folder %s: %s%s", path, strerror(code),
		file_advice(code));
}

bool dir_make(const char *path, unsigned mode, Err *err)
{
	char part[PATH_MAX];
	if (path[0] == '\0' || !str_copy(str_from(path), part, sizeof part))
		return ERR(err, ERR_INPUT, "folder path empty or too long: %s", path);
	for (char *at = part + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (!make_one(part, mode, err))
			return false;
		*at = '/';
	}
	return make_one(part, mode, err);
}

size_t dir_sweep(const char *path, Str begin, Str end)
{
	DIR *folder = opendir(path);
	size_t count = 0;
	if (!folder)
		return 0;
	for (struct dirent *entry; (entry = readdir(folder));) {
		Str name = str_from(entry->d_name);
		if (str_starts(name, begin) && str_ends(name, end))
			count += unlinkat(dirfd(folder), entry->d_name, 0) == 0; /* not a folder */
	}
	closedir(folder);
	return count;
}
