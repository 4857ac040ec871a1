#include "base/base.h"

#include "faultvfs.h"

#include "faultvfs_trace.h"

#include "base/alloc.h"
#include "base/rng.h"

#include <pthread.h>
#include <sqlite3.h>
#include <unistd.h>

struct FaultVfs {
	sqlite3_vfs vfs;    /* first: SQLite's pointer is ours */
	sqlite3_vfs *under; /* foreign: for unix */
	SeededRng randomness;
	pthread_mutex_t lock; /* guards all below */
	Trace trace;
	int64_t ops;
	int process; /* raised by faultvfs_kill */
	DiskTrouble trouble;
	int struck;
};

typedef struct Handle {
	sqlite3_file base;
	FaultVfs *disk;
	size_t name; /* with inode NO_INODE: a temporary file, not followed */
	int inode;
	int process;
	int last_errno;    /* of a write */
	bool syncs_folder; /* SQLite's VFS for unix: the first sync of a journal or log */
	sqlite3_file *real;
} Handle;

/* ------------------------------------------------------------------ trace */

static size_t keep_bytes(FaultVfs *disk, const void *bytes, size_t len)
{
	size_t at = disk->trace.byte_count;
	grow((void **)&disk->trace.bytes, &disk->trace.byte_cap, at + len, 1);
	if (len)
		memcpy(disk->trace.bytes + at, bytes, len);
	disk->trace.byte_count += len;
	return at;
}

static Entry *add_entry(FaultVfs *disk, EntryKind kind, int inode, size_t name)
{
	grow((void **)&disk->trace.entries, &disk->trace.entry_cap, disk->trace.entry_count + 1,
		sizeof(Entry));
	Entry *entry = &disk->trace.entries[disk->trace.entry_count++];
	*entry = (Entry){ .kind = kind, .op = disk->ops, .inode = inode, .name = name };
	return entry;
}

static size_t find_name(FaultVfs *disk, const char *path)
{
	for (size_t i = 0; i < disk->trace.name_count; i++)
		if (strcmp(disk->trace.names[i].path, path) == 0)
			return i;
	grow((void **)&disk->trace.names, &disk->trace.name_cap, disk->trace.name_count + 1,
		sizeof(Name));
	Name *name = &disk->trace.names[disk->trace.name_count];
	NEEDS(strlen(path) < PATH_BYTES);
	snprintf(name->path, sizeof name->path, "%s", path);
	name->inode = NO_INODE;
	return disk->trace.name_count++;
}

static bool is_ours(const Handle *handle)
{
	return handle->inode != NO_INODE && handle->process == handle->disk->process;
}

/* ---------------------------------------------------------------- trouble */

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);
	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Whether this operation is to go wrong. */
static bool strikes(FaultVfs *disk, const char *path, unsigned kind)
{
	DiskTrouble *trouble = &disk->trouble;
	if (trouble->fault == DISK_WELL || !(trouble->kinds & kind)
		|| (trouble->suffix && !ends_with(path, trouble->suffix)))
		return false;
	if (trouble->skip > 0) {
		trouble->skip--;
		return false;
	}
	if (trouble->count <= 0)
		return false;
	if (trouble->count != DISK_FOR_EVER)
		trouble->count--;
	disk->struck++;
	return true;
}

static int fail(int code, int number)
{
	errno = number; /* what sqlite3_system_errno tells */
	return code;
}

/* --------------------------------------------------------------- one file */

static Handle *handle_of(sqlite3_file *file)
{
	return CONTAINER_OF(file, Handle, base);
}

static const char *path_of(const Handle *handle)
{
	return handle->disk->trace.names[handle->name].path;
}

static int file_close(sqlite3_file *file)
{
	Handle *handle = handle_of(file);
	return handle->real->pMethods ? handle->real->pMethods->xClose(handle->real) : SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *out, int len, sqlite3_int64 offset)
{
	Handle *handle = handle_of(file);
	FaultVfs *disk = handle->disk;
	pthread_mutex_lock(&disk->lock);
	bool struck = is_ours(handle) && strikes(disk, path_of(handle), DISK_READ);
	pthread_mutex_unlock(&disk->lock);
	return struck ? fail(SQLITE_IOERR_READ, EIO)
		      : handle->real->pMethods->xRead(handle->real, out, len, offset);
}

static sqlite3_int64 real_size(const Handle *handle)
{
	sqlite3_int64 size = 0;
	NEEDS(handle->real->pMethods->xFileSize(handle->real, &size) == SQLITE_OK);
	return size;
}

/* How much of a write is done, and how it ends. */
static int write_outcome(const Handle *handle, sqlite3_int64 offset, int *len)
{
	FaultVfs *disk = handle->disk;
	switch (disk->trouble.fault) {
	case DISK_FULL: {
		sqlite3_int64 room = real_size(handle) - offset;
		if (room >= *len || !strikes(disk, path_of(handle), DISK_WRITE))
			return SQLITE_OK;
		*len = (int)MAX_OF(room, 0);
		return fail(SQLITE_FULL, ENOSPC);
	}
	case DISK_SHORT:
		if (!strikes(disk, path_of(handle), DISK_WRITE))
			return SQLITE_OK;
		*len /= 2;
		return fail(SQLITE_FULL, ENOSPC);
	case DISK_FAILS:
	case DISK_READ_ONLY:
		if (!strikes(disk, path_of(handle), DISK_WRITE))
			return SQLITE_OK;
		*len = 0;
		return fail(SQLITE_IOERR_WRITE, disk->trouble.fault == DISK_FAILS ? EIO : EROFS);
	case DISK_WELL:
		break;
	}
	return SQLITE_OK;
}

static int file_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset)
{
	Handle *handle = handle_of(file);
	FaultVfs *disk = handle->disk;
	pthread_mutex_lock(&disk->lock);
	int outcome = SQLITE_OK, saved_errno = 0;
	if (is_ours(handle)) {
		disk->ops++;
		outcome = write_outcome(handle, offset, &len);
		saved_errno = errno;
		if (len > 0) {
			size_t at = keep_bytes(disk, bytes, (size_t)len);
			Entry *entry = add_entry(disk, ENTRY_WRITE, handle->inode, handle->name);
			entry->bytes_at = at;
			entry->len = (size_t)len;
			entry->offset = offset;
		}
	}
	int rc = len > 0 ? handle->real->pMethods->xWrite(handle->real, bytes, len, offset)
			 : SQLITE_OK;
	pthread_mutex_unlock(&disk->lock);
	if (outcome != SQLITE_OK) {
		handle->last_errno = saved_errno;
		return fail(outcome, saved_errno);
	}
	return rc;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	Handle *handle = handle_of(file);
	FaultVfs *disk = handle->disk;
	pthread_mutex_lock(&disk->lock);
	bool struck = false;
	if (is_ours(handle)) {
		disk->ops++;
		struck = strikes(disk, path_of(handle), DISK_TRUNCATE);
		if (!struck)
			add_entry(disk, ENTRY_TRUNCATE, handle->inode, handle->name)->offset = size;
	}
	int rc = struck ? fail(SQLITE_IOERR_TRUNCATE, EIO)
			: handle->real->pMethods->xTruncate(handle->real, size);
	pthread_mutex_unlock(&disk->lock);
	return rc;
}

/* The real disk is not asked: what would be there after a power cut stands in the trace. */
static int file_sync(sqlite3_file *file, int flags)
{
	(void)flags;
	Handle *handle = handle_of(file);
	FaultVfs *disk = handle->disk;
	int rc = SQLITE_OK;
	pthread_mutex_lock(&disk->lock);
	if (is_ours(handle)) {
		disk->ops++;
		bool struck = strikes(disk, path_of(handle), DISK_SYNC);
		Entry *entry = add_entry(
			disk, struck ? ENTRY_SYNC_FAILED : ENTRY_SYNC, handle->inode, handle->name);
		entry->folder = !struck && handle->syncs_folder;
		handle->syncs_folder &= struck;
		rc = struck ? fail(SQLITE_IOERR_FSYNC, EIO) : SQLITE_OK;
	}
	pthread_mutex_unlock(&disk->lock);
	return rc;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *out)
{
	sqlite3_file *real = handle_of(file)->real;
	return real->pMethods->xFileSize(real, out);
}

static int file_lock(sqlite3_file *file, int level)
{
	sqlite3_file *real = handle_of(file)->real;
	return real->pMethods->xLock(real, level);
}

static int file_unlock(sqlite3_file *file, int level)
{
	sqlite3_file *real = handle_of(file)->real;
	return real->pMethods->xUnlock(real, level);
}

static int file_check_lock(sqlite3_file *file, int *out)
{
	sqlite3_file *real = handle_of(file)->real;
	return real->pMethods->xCheckReservedLock(real, out);
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
	sqlite3_file *real = handle_of(file)->real;
	if (op == SQLITE_FCNTL_LAST_ERRNO) {
		*(int *)arg = handle_of(file)->last_errno;
		return SQLITE_OK;
	}
	return real->pMethods->xFileControl(real, op, arg);
}

static int file_sector(sqlite3_file *file)
{
	sqlite3_file *real = handle_of(file)->real;
	return real->pMethods->xSectorSize(real);
}

static int file_traits(sqlite3_file *file)
{
	sqlite3_file *real = handle_of(file)->real;
	return real->pMethods->xDeviceCharacteristics(real);
}

static int shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
	Handle *handle = handle_of(file);
	FaultVfs *disk = handle->disk;
	pthread_mutex_lock(&disk->lock);
	bool is_full = is_ours(handle) && disk->trouble.fault == DISK_FULL;
	pthread_mutex_unlock(&disk->lock);
	int rc = handle->real->pMethods->xShmMap(
		handle->real, page, size, is_full ? 0 : extend, out);
	return is_full && extend && rc == SQLITE_OK && !*out ? fail(SQLITE_IOERR_SHMSIZE, ENOSPC)
							     : rc;
}

static int shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	sqlite3_file *real = handle_of(file)->real;
	return real->pMethods->xShmLock(real, offset, count, flags);
}

static void shm_barrier(sqlite3_file *file)
{
	sqlite3_file *real = handle_of(file)->real;
	real->pMethods->xShmBarrier(real);
}

static int shm_unmap(sqlite3_file *file, int is_delete)
{
	sqlite3_file *real = handle_of(file)->real;
	return real->pMethods->xShmUnmap(real, is_delete);
}

/* Version 2: with shared memory, without memory-mapped content, which would pass by the trace. */
static const sqlite3_io_methods file_methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_check_lock,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_traits,
	.xShmMap = shm_map,
	.xShmLock = shm_lock,
	.xShmBarrier = shm_barrier,
	.xShmUnmap = shm_unmap,
};

/* -------------------------------------------------------------- the folder */

static FaultVfs *disk_of(sqlite3_vfs *vfs)
{
	return CONTAINER_OF(vfs, FaultVfs, vfs);
}

/* A file that the trace meets for the first time. An empty one was just made, by us or by the
 * program with open(2), and its name is not on disk yet. */
static void note_file(Handle *handle)
{
	FaultVfs *disk = handle->disk;
	Name *name = &disk->trace.names[handle->name];
	if (name->inode == NO_INODE) {
		sqlite3_int64 size = real_size(handle);
		name->inode = disk->trace.inode_count++;
		if (size == 0) {
			disk->ops++;
			add_entry(disk, ENTRY_MADE, name->inode, handle->name);
		} else {
			size_t at = keep_bytes(disk, NULL, 0);
			grow((void **)&disk->trace.bytes, &disk->trace.byte_cap, at + (size_t)size,
				1);
			NEEDS(handle->real->pMethods->xRead(
				      handle->real, disk->trace.bytes + at, (int)size, 0)
				== SQLITE_OK);
			disk->trace.byte_count += (size_t)size;
			Entry *entry = add_entry(disk, ENTRY_FOUND, name->inode, handle->name);
			entry->bytes_at = at;
			entry->len = (size_t)size;
		}
	}
	handle->inode = name->inode;
}

static int disk_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out)
{
	FaultVfs *disk = disk_of(vfs);
	Handle *handle = handle_of(file);
	*handle = (Handle){ .disk = disk, .inode = NO_INODE };
	handle->real = (sqlite3_file *)(void *)(handle + 1);
	memset(handle->real, 0, (size_t)disk->under->szOsFile);
	pthread_mutex_lock(&disk->lock);
	bool is_read_only = path && disk->trouble.fault == DISK_READ_ONLY;
	if (is_read_only && (flags & SQLITE_OPEN_READWRITE)) {
		flags &= ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
		flags |= SQLITE_OPEN_READONLY;
	}
	int rc = disk->under->xOpen(disk->under, path, handle->real, flags, out);
	if (rc == SQLITE_OK) {
		file->pMethods = &file_methods;
		handle->process = disk->process;
		handle->syncs_folder = (flags & SQLITE_OPEN_CREATE)
			&& (flags
				& (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL
					| SQLITE_OPEN_SUPER_JOURNAL));
		if (path && !(flags & SQLITE_OPEN_DELETEONCLOSE)) {
			handle->name = find_name(disk, path);
			note_file(handle);
		}
	} else if (is_read_only) {
		rc = fail(rc, EROFS);
	}
	pthread_mutex_unlock(&disk->lock);
	return rc;
}

static int disk_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
	FaultVfs *disk = disk_of(vfs);
	pthread_mutex_lock(&disk->lock);
	size_t name = find_name(disk, path);
	int rc;
	if (disk->trace.names[name].inode == NO_INODE) {
		rc = disk->under->xDelete(disk->under, path, 0);
	} else if (disk->trouble.fault == DISK_READ_ONLY) {
		rc = fail(SQLITE_IOERR_DELETE, EROFS);
	} else {
		disk->ops++;
		rc = disk->under->xDelete(disk->under, path, 0);
		disk->trace.names[name].inode = NO_INODE;
		add_entry(disk, ENTRY_DELETE, NO_INODE, name)->folder = sync_folder;
	}
	pthread_mutex_unlock(&disk->lock);
	return rc;
}

static int disk_access(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
	sqlite3_vfs *real = disk_of(vfs)->under;
	return real->xAccess(real, path, flags, out);
}

static int disk_full_path(sqlite3_vfs *vfs, const char *path, int len, char *out)
{
	sqlite3_vfs *real = disk_of(vfs)->under;
	return real->xFullPathname(real, path, len, out);
}

static int disk_randomness(sqlite3_vfs *vfs, int len, char *out)
{
	rng_fill(&disk_of(vfs)->randomness.base, out, (size_t)len);
	return len;
}

/* ----------------------------------------------------------- power and kill */

void faultvfs_cut(FaultVfs *disk, int64_t op, uint64_t seed, const char *from, const char *to)
{
	pthread_mutex_lock(&disk->lock);
	trace_cut(&disk->trace, op, seed, from, to);
	pthread_mutex_unlock(&disk->lock);
}

static void copy_file(const char *from, const char *to)
{
	char room[16 * 1024];
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	NEEDS(in && out);
	for (size_t got; (got = fread(room, 1, sizeof room, in)) > 0;)
		NEEDS(fwrite(room, got, 1, out) == 1);
	NEEDS(fclose(in) == 0 && fclose(out) == 0);
}

static void move_name(FaultVfs *disk, size_t from, const char *to_folder)
{
	char path[PATH_BYTES];
	int len = snprintf(
		path, sizeof path, "%s%s", to_folder, strrchr(disk->trace.names[from].path, '/'));
	NEEDS(len > 0 && (size_t)len < sizeof path);
	size_t to = find_name(disk, path); /* may move disk->trace.names */
	add_entry(disk, ENTRY_MOVED, NO_INODE, from)->name_to = to;
	disk->trace.names[to].inode = disk->trace.names[from].inode;
	disk->trace.names[from].inode = NO_INODE;
	if (disk->trace.names[to].inode != NO_INODE)
		copy_file(disk->trace.names[from].path, path);
}

void faultvfs_kill(FaultVfs *disk, const char *from, const char *to)
{
	pthread_mutex_lock(&disk->lock);
	disk->process++;
	for (size_t i = 0, count = disk->trace.name_count; i < count; i++)
		if (path_is_in(disk->trace.names[i].path, from))
			move_name(disk, i, to);
	pthread_mutex_unlock(&disk->lock);
}

/* ------------------------------------------------------------------ rest */

FaultMark faultvfs_mark(FaultVfs *disk)
{
	return (FaultMark){ .entries = disk->trace.entry_count,
		.names = disk->trace.name_count,
		.bytes = disk->trace.byte_count,
		.inodes = disk->trace.inode_count,
		.ops = disk->ops };
}

void faultvfs_rewind(FaultVfs *disk, const FaultMark *mark)
{
	disk->trace.entry_count = mark->entries;
	disk->trace.name_count = mark->names;
	disk->trace.byte_count = mark->bytes;
	disk->trace.inode_count = mark->inodes;
	disk->ops = mark->ops;
}

int64_t faultvfs_ops(FaultVfs *disk)
{
	pthread_mutex_lock(&disk->lock);
	int64_t ops = disk->ops;
	pthread_mutex_unlock(&disk->lock);
	return ops;
}

void faultvfs_trouble(FaultVfs *disk, const DiskTrouble *trouble)
{
	pthread_mutex_lock(&disk->lock);
	disk->trouble = *trouble;
	disk->struck = 0;
	if (trouble->fault == DISK_FULL || trouble->fault == DISK_READ_ONLY) {
		disk->trouble.kinds = DISK_WRITE
			| (trouble->fault == DISK_READ_ONLY ? DISK_TRUNCATE : 0U);
		disk->trouble.count = DISK_FOR_EVER;
	}
	pthread_mutex_unlock(&disk->lock);
}

void faultvfs_mend(FaultVfs *disk)
{
	pthread_mutex_lock(&disk->lock);
	disk->trouble = (DiskTrouble){ .fault = DISK_WELL };
	pthread_mutex_unlock(&disk->lock);
}

int faultvfs_struck(FaultVfs *disk)
{
	pthread_mutex_lock(&disk->lock);
	int struck = disk->struck;
	pthread_mutex_unlock(&disk->lock);
	return struck;
}

FaultVfs *faultvfs_open(uint64_t seed)
{
	NEEDS(sqlite3_initialize() == SQLITE_OK);
	FaultVfs *disk = xcalloc(1, sizeof *disk);
	disk->under = sqlite3_vfs_find("unix");
	NEEDS(disk->under);
	disk->vfs = *disk->under;
	disk->vfs.pNext = NULL;
	disk->vfs.zName = "fault";
	disk->vfs.pAppData = NULL;
	disk->vfs.szOsFile = (int)sizeof(Handle) + disk->under->szOsFile;
	disk->vfs.xOpen = disk_open;
	disk->vfs.xDelete = disk_delete;
	disk->vfs.xAccess = disk_access;
	disk->vfs.xFullPathname = disk_full_path;
	disk->vfs.xRandomness = disk_randomness;
	disk->trace.seed = seed;
	rng_seed(&disk->randomness, seed);
	pthread_mutex_init(&disk->lock, NULL);
	NEEDS(sqlite3_vfs_register(&disk->vfs, 1) == SQLITE_OK);
	sqlite3_randomness(0, NULL); /* begin anew, from ours */
	return disk;
}

void faultvfs_close(FaultVfs **handle)
{
	FaultVfs *disk = *handle;
	if (!disk)
		return;
	NEEDS(sqlite3_vfs_unregister(&disk->vfs) == SQLITE_OK);
	sqlite3_randomness(0, NULL);
	NEEDS(sqlite3_vfs_register(disk->under, 1) == SQLITE_OK);
	pthread_mutex_destroy(&disk->lock);
	free(disk->trace.entries);
	free(disk->trace.bytes);
	free(disk->trace.names);
	free(disk);
	*handle = NULL;
}
